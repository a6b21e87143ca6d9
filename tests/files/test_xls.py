"""Old workbooks through the worker, and the worker's limits."""

from __future__ import annotations

import datetime
import io
import time

import pytest
import xlwt

from reconcile.files import xls
from reconcile.files.raw import CellDate, Percent, Range, UnreadableWorkbook, Workbook
from reconcile.files.workbook import XlsWorker, read_workbook


def made_by_xlwt(rows: int = 3) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("基层组织")
    for row in range(rows):
        sheet.write(row, 0, "职工 & 人数")
        sheet.write(row, 1, 35 + row)
    sheet.write(rows, 1, 0.95, xlwt.easyxf(num_format_str="0.00%"))
    sheet.write(rows + 1, 1, datetime.date(2023, 6, 30), xlwt.easyxf(num_format_str='yyyy"年"m"月"'))
    sheet.write(rows + 2, 1, True)
    sheet.write(rows + 3, 1, 1850, xlwt.easyxf(num_format_str='#,##0"人"'))
    sheet.write_merge(rows + 4, rows + 4, 0, 2, "合计")
    sheet.row(1).hidden = True
    sheet.col(3).hidden = True
    other = book.add_sheet("隐藏")
    other.visibility = 1
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_an_old_workbook() -> None:
    book = read_workbook(made_by_xlwt(), name="报表.et")
    sheet, hidden = book.sheets
    assert (book.kind, sheet.name, sheet.hidden, hidden.hidden) == ("xls", "基层组织", False, True)
    assert sheet.cells == {
        **{(row, 1): "职工 & 人数" for row in (1, 2, 3)},
        **{(row, 2): 34.0 + row for row in (1, 2, 3)},
        (4, 2): Percent(0.95),
        (5, 2): CellDate(45107.0),
        (6, 2): True,
        (7, 2): 1850.0,
        (8, 1): "合计",
    }
    assert type(sheet.cells[4, 2]) is Percent
    assert type(sheet.cells[6, 2]) is bool
    assert sheet.merged == (Range(8, 1, 8, 3),)
    assert (sheet.hidden_rows, sheet.hidden_columns) == (frozenset({2}), frozenset({4}))


def test_one_worker_reads_many_files_and_survives_bad_ones() -> None:
    whole = made_by_xlwt()
    with XlsWorker() as worker:
        for _ in range(3):
            assert worker.read(whole).sheets[0].cells[1, 2] == 35.0
            with pytest.raises(UnreadableWorkbook) as caught:
                worker.read(whole[:1500])
            assert caught.value.code == "damaged"


def test_a_worker_that_died_is_replaced() -> None:
    with XlsWorker() as worker:
        assert isinstance(worker.read(made_by_xlwt()), Workbook)
        process = worker._process
        assert process is not None
        process.kill()
        process.wait()
        assert isinstance(worker.read(made_by_xlwt()), Workbook)


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    slow = made_by_xlwt(rows=20000)
    with XlsWorker(seconds=0.05) as worker:
        start = time.monotonic()
        with pytest.raises(UnreadableWorkbook) as caught:
            worker.read(slow)
        assert caught.value.code == "too_slow"
        assert "秒" in caught.value.message
        assert time.monotonic() - start < 5
        worker._seconds = 20
        assert isinstance(worker.read(made_by_xlwt()), Workbook)


def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    pytest.importorskip("resource", reason="this system cannot limit a process's memory")
    with XlsWorker(memory=64 << 20, seconds=60) as worker, pytest.raises(UnreadableWorkbook) as caught:
        worker.read(made_by_xlwt(rows=60000))
    assert caught.value.code == "too_slow"
    assert "内存" in caught.value.message


def test_a_workbook_of_too_many_cells_is_given_up_by_the_worker_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xls, "MAX_CELLS", 100)
    with XlsWorker(seconds=60) as worker, pytest.raises(UnreadableWorkbook) as caught:
        worker.read(made_by_xlwt(rows=200))
    assert caught.value.code == "too_large"


def test_a_file_over_the_cap_is_not_even_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xls, "MAX_BYTES", 1000)
    with XlsWorker() as worker:
        with pytest.raises(UnreadableWorkbook) as caught:
            worker.read(made_by_xlwt())
        assert caught.value.code == "too_large"
        assert worker._process is None
