"""What a reader remembers: bounded, and of no influence on what it reads."""

from __future__ import annotations

import gc
import os
import tracemalloc
from pathlib import Path

import pytest
from parts import sheet_xml, workbook_parts, xlsx, zipped

from reconcile.files.familiar import Familiar
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.remembered import ENTRY, Remembered
from reconcile.files.workbook import XlsWorker, read_workbook

CORPUS = Path(os.environ.get("RECONCILE_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))


def test_the_half_that_was_not_asked_for_is_forgotten() -> None:
    kept: Remembered[int, str] = Remembered(80, lambda _, __: 10)
    for number in range(4):
        kept.keep(number, f"{number}")
    assert [kept.find(number) for number in range(4)] == ["0", "1", "2", "3"]
    kept.keep(4, "4")  # the room of this half is used up
    assert kept.find(0) == "0"  # asked for: stays
    for number in range(5, 9):
        kept.keep(number, f"{number}")
    assert [kept.find(number) for number in (0, 1, 2, 3)] == ["0", None, None, None]


def test_what_would_fill_the_room_alone_is_not_kept() -> None:
    kept: Remembered[str, str] = Remembered(80, lambda key, _: len(key))
    kept.keep("a" * 11, "too long")
    assert kept.find("a" * 11) is None


def returned(number: int) -> bytes:
    """A return that shares nothing with others: every text, formula and place is its own."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>甲{number}-{row}</t></is></c><c r="B{row}"><v>{number}</v></c>'
        f'<c r="C{row}" t="s"><v>{row % 5}</v></c><c r="D{row}"><f>B{row}+{number}</f></c></row>'
        for row in range(number % 90 + 1, number % 90 + 31)
    )
    strings = "".join(f"<si><t>{number}乙{one}</t></si>" for one in range(5))
    styles = f'<numFmts><numFmt numFmtId="200" formatCode="0&quot;{number}&quot;"/></numFmts><cellXfs><xf numFmtId="200"/></cellXfs>'
    return xlsx(sheet_xml(rows, before=f'<dimension ref="A1:D{number + 1}"/>'), strings=strings, styles=styles)


@pytest.mark.parametrize("times", [1, 4])
def test_memory_is_bounded_whatever_is_read(times: int) -> None:
    """The weights that bound it are no less than what is really taken: less than 32 MB where they are used up."""
    familiar = Familiar()
    files = [returned(number) for number in range(150)]
    read_workbook(files[0], name="a", familiar=familiar)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    sheets = familiar.sheets
    kept = (sheets.pieces, sheets.skeletons, sheets.moulds, sheets.frames, sheets.texts, familiar.strings.texts)
    weight = sum(one.weight for one in kept)
    for data in files:
        for _ in range(times):
            read_workbook(data, name="a", familiar=familiar)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    weighed = sum(one.weight for one in kept) - weight
    assert weighed > 1_000_000
    assert taken < weighed, f"{taken} bytes for {weighed}"


def test_a_million_entries_do_not_outgrow_the_room() -> None:
    kept: Remembered[int, int] = Remembered(1 << 20, lambda _, __: ENTRY)
    for number in range(100_000):
        kept.keep(number, number)
    assert len(kept.known) * ENTRY <= 1 << 19


def test_equal_parts_of_different_meaning_are_not_mixed_up() -> None:
    """The same bytes under another name, another checksum, or beside other parts mean what they mean there."""
    familiar = Familiar()
    sheet = sheet_xml('<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="0"><v>45107</v></c></row>')
    plain = xlsx(sheet, strings="<si><t>甲</t></si>", styles='<cellXfs><xf numFmtId="0"/></cellXfs>')
    dated = xlsx(sheet, strings="<si><t>乙</t></si>", styles='<cellXfs><xf numFmtId="14"/></cellXfs>')
    for data in (plain, plain, dated, plain, dated):
        assert read_workbook(data, name="a", familiar=familiar) == read_workbook(data, name="a")


def test_a_damaged_part_is_damaged_although_its_bytes_were_met_whole() -> None:
    familiar = Familiar()
    parts = workbook_parts(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'), styles='<cellXfs><xf numFmtId="0"/></cellXfs>')
    whole = zipped(parts)
    read_workbook(whole, name="a", familiar=familiar)
    at = whole.rfind(b"xl/styles.xml") - 46 + 16  # its checksum in the directory
    lying = whole[:at] + b"\x00\x00\x00\x00" + whole[at + 4 :]
    for known in (None, familiar):
        with pytest.raises(UnreadableWorkbook) as caught:
            read_workbook(lying, name="a", familiar=known)
        assert caught.value.code == "damaged"


def told(data: bytes, name: str, worker: XlsWorker, familiar: Familiar | None) -> str:
    """All that reading gives, as text, so that NaN equals NaN."""
    try:
        book = read_workbook(data, name=name, worker=worker, familiar=familiar)
    except UnreadableWorkbook as error:
        return f"{error.code} {error.message}"
    return repr((book, [dict(sheet.formulas) for sheet in book.sheets]))


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of odd workbooks is not there (set RECONCILE_CORPUS)")
def test_the_corpus_reads_the_same_with_and_without_memory() -> None:
    familiar = Familiar()
    with XlsWorker() as worker:
        paths = sorted(path for path in CORPUS.rglob("*.xls[xm]") if path.is_file() and path.stat().st_size < 1 << 20)
        for path in paths:
            data = path.read_bytes()
            expected = told(data, path.name, worker, None)
            for _ in range(3):  # new, met, and by its skeleton
                assert told(data, path.name, worker, familiar) == expected, path
        for path in reversed(paths[::7]):  # another order, after all else
            data = path.read_bytes()
            assert told(data, path.name, worker, familiar) == told(data, path.name, worker, None), path
    assert len(paths) > 300
