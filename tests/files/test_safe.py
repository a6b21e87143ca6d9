"""Writing without harm."""

from __future__ import annotations

import errno
import hashlib
import io
import time
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from reconcile.errors import ReconcileError
from reconcile.files import safe
from reconcile.files.safe import MANIFEST, Outbox, clean, packed, put, put_formula, repacked, safe_name, workbook_bytes


def written(*values: object) -> list[object]:
    """Put the values into column A, save, read again with openpyxl."""
    workbook = openpyxl.Workbook()
    for row, value in enumerate(values, 1):
        put(workbook.worksheets[0], row, 1, value)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(workbook))).worksheets[0]
    return [sheet.cell(row, 1).value for row in range(1, len(values) + 1)]


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://x")', "+3", "-5", "@SUM(A1)", "#N/A", "#REF!", "007", "1e5", "TRUE", " 空格 ", "—"]
)
def test_text_stays_text(text: str) -> None:
    workbook = openpyxl.Workbook()
    cell = put(workbook.worksheets[0], 1, 1, text)
    assert cell.data_type == "s"
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(workbook))).worksheets[0]
    assert (sheet["A1"].value, sheet["A1"].data_type) == (text, "s")


def test_what_excel_would_reread_is_kept_as_text_when_edited() -> None:
    sheet = openpyxl.Workbook().worksheets[0]
    assert put(sheet, 1, 1, "=1+1").quotePrefix
    assert put(sheet, 2, 1, "007").quotePrefix
    assert not put(sheet, 3, 1, "甲村").quotePrefix


def test_values_by_kind() -> None:
    assert written(3, 3.5, None, float("nan"), True, "甲") == [3, 3.5, None, None, "是", "甲"]
    assert written(float("inf")) == ["inf"]
    sheet = openpyxl.Workbook().worksheets[0]
    assert put(sheet, 1, 1, date(2023, 6, 30)).number_format == "yyyy-mm-dd"


def test_characters_that_xml_forbids() -> None:
    assert written("a\x01b", "x\ud800y", "一\r\n二") == ["a\ufffdb", "x\ufffdy", "一\n二"]


def test_escape_typed_by_somebody_is_not_an_escape() -> None:
    workbook = openpyxl.Workbook()
    put(workbook.worksheets[0], 1, 1, "_x0041_")
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(workbook))) as archive:
        assert b"_x005F_x0041_" in archive.read("xl/worksheets/sheet1.xml")


def test_too_long_text_is_cut_in_utf16_units() -> None:
    assert clean("x" * 32767) == "x" * 32767
    assert clean("x" * 32768) == "x" * 32766 + "…"
    cut = clean("𠀀" * 20000)
    assert cut == "𠀀" * 16383 + "…"
    assert len(cut.encode("utf-16-le")) // 2 <= 32767


def test_formulas_only_when_asked() -> None:
    sheet = openpyxl.Workbook().worksheets[0]
    assert put_formula(sheet, 1, 1, "=SUM(B1:B2)").value == "=SUM(B1:B2)"
    assert put_formula(sheet, 2, 1, "B1=B2").value == "=B1=B2"
    assert put_formula(sheet, 2, 1, "B1").data_type == "f"


def test_writing_inside_a_merged_range_is_a_mistake_of_ours() -> None:
    sheet = openpyxl.Workbook().worksheets[0]
    sheet.merge_cells("A1:B1")
    with pytest.raises(TypeError, match="B1"):
        put(sheet, 1, 2, "x")


def test_same_workbook_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> bytes:
        workbook = openpyxl.Workbook()
        put(workbook.worksheets[0], 1, 1, "甲")
        return workbook_bytes(workbook, day=date(2023, 6, 30))

    first = made()
    later = time.time() + 3 * 86400
    monkeypatch.setattr(time, "time", lambda: later)
    assert made() == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        names = archive.namelist()
        assert names[:2] == ["[Content_Types].xml", "_rels/.rels"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2023-06-30T00:00:00Z</dcterms:modified>" in archive.read("docProps/core.xml")


def test_repacked_is_the_same_content() -> None:
    data = packed({"b": b"2", "a": b"1"})
    assert repacked(data) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("330106001 甲村.xlsx", "330106001 甲村.xlsx"),
        ('a/b\\c:*?"<>|.xlsx', "a_b_c_______.xlsx"),
        ("CON", "_CON"),
        ("nul.xlsx", "_nul.xlsx"),
        ("COM1.tar.gz", "_COM1.tar.gz"),
        ("CONTRACT.xlsx", "CONTRACT.xlsx"),
        ("尾巴. . ", "尾巴"),
        ("..", "未命名"),
        (".xlsx", "xlsx"),
        ("一\n二\t三\x07.txt", "一二三.txt"),
        ("表\u202excod.exe", "表xcod.exe"),
        ("2023.06", "2023.06"),
    ],
)
def test_safe_name(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_safe_name_is_short_and_keeps_its_extension() -> None:
    assert safe_name("x" * 200 + ".xlsx") == "x" * 75 + ".xlsx"
    long = safe_name("王" * 200 + ".xlsx")
    assert long.endswith("王.xlsx")
    assert len(long.encode()) <= 225


def test_outbox_writes_and_overwrites_its_own(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "out").write("queries/1 甲.xlsx", b"one") == tmp_path / "out" / "queries" / "1 甲.xlsx"
    again = Outbox(tmp_path / "out").write("queries/1 甲.xlsx", b"two")
    assert again.read_bytes() == b"two"
    assert sorted(path.name for path in again.parent.iterdir()) == ["1 甲.xlsx"]
    assert (tmp_path / "out" / MANIFEST).exists()


def test_outbox_keeps_what_somebody_changed(tmp_path: Path) -> None:
    mine = Outbox(tmp_path).write("summary.xlsx", b"one")
    mine.write_bytes(b"changed by the user")
    beside = Outbox(tmp_path).write("summary.xlsx", b"two")
    assert beside.name == "summary（新）.xlsx"
    assert (mine.read_bytes(), beside.read_bytes()) == (b"changed by the user", b"two")
    assert Outbox(tmp_path).write("summary.xlsx", b"three") == beside
    beside.write_bytes(b"changed too")
    assert Outbox(tmp_path).write("summary.xlsx", b"four").name == "summary（新2）.xlsx"


def test_outbox_keeps_what_it_did_not_write(tmp_path: Path) -> None:
    (tmp_path / "summary.xlsx").write_bytes(b"somebody's")
    assert Outbox(tmp_path).write("summary.xlsx", b"ours").name == "summary（新）.xlsx"


def test_outbox_stays_inside_its_folder(tmp_path: Path) -> None:
    path = Outbox(tmp_path / "out").write("../../evil.txt", b"x")
    assert path == tmp_path / "out" / "evil.txt"


def test_outbox_drops_what_this_run_no_longer_has(tmp_path: Path) -> None:
    first = Outbox(tmp_path)
    one, two, three = (first.write(f"queries/{name}.xlsx", name.encode()) for name in "甲乙丙")
    beside = first.write("queries2.xlsx", b"x")
    two.write_bytes(b"answered by the user")
    (tmp_path / "queries" / "丁.xlsx").write_bytes(b"never ours")
    again = Outbox(tmp_path)
    again.write("queries/丙.xlsx", b"new")
    assert again.drop("queries", keep=[three]) == (two,)
    assert [path.exists() for path in (one, two, three, beside, tmp_path / "queries" / "丁.xlsx")] == [False, True, True, True, True]
    assert again.drop("queries2.xlsx", keep=[]) == ()
    assert not beside.exists()


def test_outbox_drops_nothing_outside_its_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    Outbox(out).write("a.txt", b"x")
    outside = tmp_path / "mine.txt"
    outside.write_bytes(b"mine")
    with (out / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(f"{hashlib.sha256(b'mine').hexdigest()} queries/../../mine.txt\n")
    assert Outbox(out).drop("queries", keep=[]) == ()
    assert outside.exists()


def test_manifest_does_not_grow(tmp_path: Path) -> None:
    for number in range(10):
        Outbox(tmp_path).write("a.txt", str(number).encode())
    assert len((tmp_path / MANIFEST).read_text(encoding="utf-8").splitlines()) <= 3


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "磁盘空间不足"), (errno.EROFS, "只读"), (errno.EACCES, "可能正在 Excel 或 WPS 中打开"), (errno.EIO, "无法写入")],
)
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    def refuse(target: Path, data: bytes) -> None:
        raise OSError(number, f"no {len(data)}", str(target))

    monkeypatch.setattr(safe, "_replace", refuse)
    with pytest.raises(ReconcileError, match=said):
        Outbox(tmp_path).write("summary.xlsx", b"x")


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "summary.xlsx").mkdir()
    with pytest.raises(ReconcileError, match="同名的文件夹"):
        Outbox(tmp_path).write("summary.xlsx", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["summary.xlsx"]
