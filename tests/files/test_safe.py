"""Writing without harm."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date

import openpyxl
import pytest

from reconcile.files.safe import clean, free_name, in_markdown, packed, put, put_formula, repacked, safe_name, workbook_bytes


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


def test_names_that_some_system_takes_for_one_are_told_apart() -> None:
    taken: set[str] = set()
    names = [
        "01 Abc.xlsx",
        "01 ABC.xlsx",
        "01 caf\u00e9.xlsx",
        "01 cafe\u0301.xlsx",
        "01 甲/乙.xlsx",
        "01 甲\\乙.xlsx",
        "01 甲\u202e_乙.xlsx",
    ]
    assert [free_name(name, taken) for name in names] == [
        *("01 Abc.xlsx", "01 ABC（2）.xlsx", "01 caf\u00e9.xlsx", "01 cafe\u0301（2）.xlsx"),
        *("01 甲_乙.xlsx", "01 甲_乙（2）.xlsx", "01 甲_乙（3）.xlsx"),
    ]
    long = "一" * 86
    assert free_name(f"{long}甲.xlsx", taken) != free_name(f"{long}乙.xlsx", taken)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("会员115人，增长2.5%。", "会员115人，增长2.5%。"),
        ("# 标题", "\\# 标题"),
        ("1. 列表", "1\\. 列表"),
        ("- 列表\n# 标题", "\\- 列表 \\# 标题"),
        ("[点](http://x)", "\\[点\\](http\\://x)"),
        ("www.x.cn，a@x.cn", "www\\.x.cn，a\\@x.cn"),
        ("<b>&amp;", "\\<b\\>\\&amp;"),
        ("    代码\u202e", "代码"),
        ("一|二`三`$四$", "一\\|二\\`三\\`\\$四\\$"),
    ],
)
def test_markdown_shows_what_was_written(text: str, written: str) -> None:
    assert in_markdown(text) == written
