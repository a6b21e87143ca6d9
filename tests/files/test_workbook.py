"""Any workbook by its bytes: what is read, what is refused, and what the refusal says."""

from __future__ import annotations

import io
import os
import random
import struct
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from parts import MAIN, OFFICE, sheet_xml, workbook_parts, xlsx, zipped
from python_calamine import CalamineWorkbook

from reconcile.files import package as package_module
from reconcile.files import xlsx as xlsx_module
from reconcile.files.raw import CellDate, CellError, Percent, Range, Uncomputed, UnreadableWorkbook
from reconcile.files.sheet_scan import scan_sheet
from reconcile.files.sheet_xml import parse_sheet
from reconcile.files.workbook import XlsWorker, read_workbook

CORPUS = Path(os.environ.get("RECONCILE_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))


def refusal(data: bytes) -> UnreadableWorkbook:
    with pytest.raises(UnreadableWorkbook) as caught:
        read_workbook(data, name="报表.xls")
    return caught.value


def made_by_openpyxl() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "基层组织"
    sheet["A1"], sheet["B1"] = "指标 & 名称", 35
    sheet["A2"], sheet["B2"] = "增长", 0.125
    sheet["B2"].number_format = "0.0%"
    sheet["B3"] = 45107
    sheet["B3"].number_format = 'yyyy"年"m"月"'
    sheet["B4"] = "=SUM(B1:B2)"
    sheet["B5"] = True
    sheet["B6"] = 1850
    sheet["B6"].number_format = '#,##0"人"'
    sheet.merge_cells("A8:C8")
    sheet.row_dimensions[6].hidden = True
    book.create_sheet("隐藏").sheet_state = "veryHidden"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_workbook_of_openpyxl() -> None:
    book = read_workbook(made_by_openpyxl(), name="a.xlsx")
    sheet, hidden = book.sheets
    assert (book.kind, sheet.name, sheet.hidden, hidden.hidden) == ("xlsx", "基层组织", False, True)
    assert sheet.cells == {
        (1, 1): "指标 & 名称",
        (1, 2): 35.0,
        (2, 1): "增长",
        (2, 2): Percent(0.125),
        (3, 2): CellDate(45107.0),
        (4, 2): Uncomputed("SUM(B1:B2)"),
        (5, 2): True,
        (6, 2): 1850.0,
    }
    assert type(sheet.cells[2, 2]) is Percent
    assert sheet.formulas == {(4, 2): "SUM(B1:B2)"}
    assert (sheet.merged, sheet.hidden_rows) == ((Range(8, 1, 8, 3),), frozenset({6}))


def test_chinese_built_in_dates_are_dates_without_a_declaration() -> None:
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="31"/><xf numFmtId="57"/><xf numFmtId="9"/></cellXfs>'
    rows = '<row r="1"><c r="A1" s="1"><v>45107</v></c><c r="B1" s="2"><v>45107</v></c><c r="C1" s="3"><v>0.5</v></c></row>'
    assert read_workbook(xlsx(sheet_xml(rows), styles=styles), name="a").sheets[0].cells == {
        (1, 1): CellDate(45107.0),
        (1, 2): CellDate(45107.0),
        (1, 3): Percent(0.5),
    }


def test_shared_strings_plain_and_rich() -> None:
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>0</v></c></row>'
    plain = '<si><t>甲 &amp; 乙</t></si><si><t xml:space="preserve"> 丙_x000D_</t></si>'
    rich = "<si><r><t>甲 &amp;</t></r><r><rPr><b/></rPr><t> 乙</t></r><rPh><t>jia</t></rPh></si><si><t> 丙_x000D_</t></si>"
    for strings in (plain, rich):
        cells = read_workbook(xlsx(sheet_xml(rows), strings=strings), name="a").sheets[0].cells
        assert cells == {(1, 1): "甲 & 乙", (1, 2): " 丙\r", (1, 3): "甲 & 乙"}
        assert cells[1, 1] is cells[1, 3]


def test_strict_files_and_backslashes_and_odd_case_in_part_names() -> None:
    strict = "http://purl.oclc.org/ooxml"
    parts = workbook_parts(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'))
    strict_parts = {
        name: str(content).replace(MAIN, f"{strict}/spreadsheetml/main").replace(OFFICE, f"{strict}/officeDocument/relationships")
        for name, content in parts.items()
    }
    backslashed = {name.replace("/", "\\").replace("sheet1", "Sheet1"): content for name, content in parts.items()}
    for made in (strict_parts, backslashed):
        assert read_workbook(zipped(made), name="a").sheets[0].cells == {(1, 1): 1.0}


def test_a_workbook_elsewhere_in_the_package() -> None:
    parts = workbook_parts(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'))
    moved = {name.replace("xl/", "office/"): str(content).replace("xl/", "office/") for name, content in parts.items()}
    assert read_workbook(zipped(moved), name="a").sheets[0].cells == {(1, 1): 1.0}


def test_the_1904_epoch() -> None:
    styles = '<cellXfs><xf numFmtId="14"/></cellXfs>'
    book = read_workbook(
        xlsx(sheet_xml('<row r="1"><c r="A1" s="0"><v>43645</v></c></row>'), styles=styles, properties='date1904="1"'), name="a"
    )
    assert (book.epoch1904, book.sheets[0].cells) == (True, {(1, 1): CellDate(45107.0)})


def test_a_part_over_the_cap_is_refused_whatever_its_header_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_module, "MAX_PART", 5000)
    data = xlsx(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 6000))
    size = struct.pack("<I", len(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>' + " " * 6000).encode()))
    for lie in (data, data.replace(size, struct.pack("<I", 100))):
        assert refusal(lie).code == "too_large"


def test_all_parts_together_and_their_number_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    data = xlsx(sheet_xml(""))
    monkeypatch.setattr(package_module, "MAX_TOTAL", 1000)
    assert refusal(data).code == "too_large"
    monkeypatch.undo()
    monkeypatch.setattr(package_module, "MAX_ENTRIES", 6)
    assert "超过上限 6 个" in refusal(data).message


def test_cells_are_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_module, "MAX_CELLS", 1)
    assert refusal(xlsx(sheet_xml('<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>1</v></c></row>'))).code == "too_large"


def test_document_types_and_entities_are_refused() -> None:
    parts = workbook_parts(sheet_xml(""))
    bomb = '<!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    parts["xl/sharedStrings.xml"] = f'{bomb}<sst xmlns="{MAIN}"><si><t>&b;</t></si></sst>'
    assert refusal(zipped(parts)).code == "unsafe"


def test_damage_is_told_as_damage() -> None:
    whole = xlsx(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'))
    assert refusal(whole[:-40]).code == "damaged"
    assert refusal(whole.replace(b"<worksheet", b"<worksheet", 1)[: len(whole) // 2]).code == "damaged"
    assert refusal(xlsx(sheet_xml('<row r="1">'))).code == "damaged"
    parts = workbook_parts(sheet_xml(""))
    del parts["xl/worksheets/sheet1.xml"]
    assert "缺少部件" in refusal(zipped(parts)).message


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "empty", "空"),
        (b"\x00" * 600, "empty", "空"),
        (b"<html><table><tr><td>35</td></tr></table></html>", "html", "网页"),
        ("\ufeff<meta charset=utf-8><table>".encode(), "html", "网页"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "other_format", "XML 表格 2003"),
        ("单位,人数\n甲,35\n".encode("gbk"), "text", "CSV"),
        ("单位\t人数\n甲\t35\n".encode("utf-16"), "text", "CSV"),
        (b"%PDF-1.7", "not_workbook", "PDF"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "not_workbook", "图片"),
        (b"Rar!\x1a\x07\x00", "not_workbook", "压缩包"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted", "密码"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "WordDocument".encode("utf-16-le"), "not_workbook", "Word"),
        (zipped({"word/document.xml": "<w/>", "[Content_Types].xml": "<Types/>"}), "not_workbook", "Word"),
        (zipped({"content.xml": "<o/>", "META-INF/manifest.xml": "<m/>"}), "other_format", ".ods"),
        (zipped({"xl/workbook.bin": "x"}), "other_format", ".xlsb"),
        (zipped({"甲.txt": "x"}), "not_workbook", "解压"),
        (b"PK\x03\x04 cut short", "damaged", "不完整"),
        (os.urandom(16).hex().encode() * 9 + b"\x00\x01\x02", "not_workbook", "无法识别"),
    ],
)
def test_what_is_no_workbook_is_named_with_advice(data: bytes, code: str, said: str) -> None:
    error = refusal(data)
    assert error.code == code
    assert said in error.message
    assert str(error) == error.message
    assert "请" in error.message


def test_values_agree_with_calamine_on_generated_workbooks() -> None:
    chance = random.Random(7)  # noqa: S311 -- the same workbook every time, nothing secret
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in range(1, 60):
        for column in range(1, 12):
            value = chance.choice(
                [None, chance.randint(-9, 10**6), round(chance.uniform(-1e3, 1e3), 3), "职工 & <人>", "'=1+1", " 35", True, "１２"]
            )
            sheet.cell(row, column, value)
    buffer = io.BytesIO()
    book.save(buffer)
    mine = read_workbook(buffer.getvalue(), name="a").sheets[0].cells
    rows = CalamineWorkbook.from_filelike(io.BytesIO(buffer.getvalue())).get_sheet_by_index(0).to_python(skip_empty_area=False)
    theirs = {(row, column): value for row, values in enumerate(rows, 1) for column, value in enumerate(values, 1) if value != ""}
    assert {address: value.strip() if isinstance(value, str) else value for address, value in mine.items()} == {
        address: value.strip() if isinstance(value, str) else value for address, value in theirs.items()
    }


def test_errors_survive_where_calamine_shows_a_blank() -> None:
    data = xlsx(sheet_xml('<row r="1"><c r="A1" t="e"><f>B1</f><v>#REF!</v></c></row>'))
    assert read_workbook(data, name="a").sheets[0].cells == {(1, 1): CellError("#REF!")}


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of odd workbooks is not there (set RECONCILE_CORPUS)")
def test_the_corpus_gives_workbooks_or_reasons_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def twice(data: bytes, **options: object) -> object:
        nonlocal compared
        quick = scan_sheet(data, **options)  # type: ignore[arg-type] -- handed through as they came
        if quick is not None:
            compared += 1
            assert quick == parse_sheet(data, **options)  # type: ignore[arg-type] -- handed through as they came
        return quick

    monkeypatch.setattr("reconcile.files.sheet_xml.scan_sheet", twice)
    read, refused, slowest = 0, 0, 0.0
    with XlsWorker() as worker:
        for path in sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.suffix != ".md"):
            start = time.monotonic()
            try:
                read_workbook(path.read_bytes(), name=path.name, worker=worker)
                read += 1
            except UnreadableWorkbook as error:
                refused += 1
                assert error.message
            slowest = max(slowest, time.monotonic() - start)
    assert (read, refused) >= (700, 100)
    assert compared > 600
    assert slowest < 20


def test_zip_methods_that_are_not_read_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        for name, content in workbook_parts(sheet_xml("")).items():
            archive.writestr(name, content)
    assert refusal(buffer.getvalue()).code == "damaged"
