"""Reading a filled form back, however it was pulled about; and forms that exist already and have no codes."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.files.form_book import Answers, blank_book, group_book
from reconcile.files.form_reader import FilledForm, read_form
from reconcile.files.raw import CellDate, Uncomputed
from reconcile.files.workbook import read_workbook
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.scheme import Scheme

PERIOD = Period(2023, 6, "2023H1")
VILLAGE = Unit("330102001", "红旗村工会", "village")
INDICATORS = """
A001|职工人数|人|stock|0|*|
A002|女职工人数|人|stock|0|*|
A003|女职工比例|%|rate|1|*|女职工人数 / 职工人数 * 100
A004|帮扶资金|万元|flow|2|*|
A005|联合会数|份|stock|0|town|
T001|主要做法|文字|text|0|*|
"""
FORM = "封面|cover||||\n一、组织|section|组织|||\n帮扶名册|list|帮扶名册|||\n文字材料|text||||"
LISTS = "帮扶名册|姓名|姓名|text||是|A001:count\n帮扶名册|证号|身份证号|citizen_number|||\n帮扶名册|金额|帮扶金额|number|元||A004:sum"
ANSWERS = Answers(
    cover={"filler": "工会专干", "phone": "13800138000", "filled_on": "2023-07-03", "head": "乙某", "scope": "本级"},
    figures={"A001": 120, "A002": "45人", "A004": 3.5},
    reasons={"A001": "新并入一家企业"},
    texts={"T001": "一是抓组建"},
    rows={"帮扶名册": [{"姓名": "甲某", "证号": "990102199003070011", "金额": 500}, {"姓名": "乙某", "金额": 300}]},
)


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS, form=FORM, lists=LISTS)


def read(data: bytes, scheme: Scheme) -> FilledForm:
    form = read_form(read_workbook(data, name="a.xlsx"), scheme)
    assert form is not None
    return form


def changed(scheme: Scheme, change: Callable[[openpyxl.Workbook], None]) -> FilledForm:
    """The filled form of the village after somebody changed it in a spreadsheet program."""
    workbook = openpyxl.load_workbook(io.BytesIO(blank_book(scheme, unit=VILLAGE, period=PERIOD, filled=ANSWERS)))
    change(workbook)
    data = io.BytesIO()
    workbook.save(data)
    return read(data.getvalue(), scheme)


def sheet_of(workbook: openpyxl.Workbook, name: str) -> Worksheet:
    found = workbook[name]
    assert isinstance(found, Worksheet)
    return found


def test_a_filled_form_reads_back(scheme: Scheme) -> None:
    form = read(blank_book(scheme, unit=VILLAGE, period=PERIOD, filled=ANSWERS), scheme)
    assert form.relabelled == ()
    assert form.cover == {
        "unit": "330102001",
        "unit_name": "红旗村工会",
        "scope": "本级",
        "period": "2023年上半年",
        "filled_on": "2023-07-03",
        "filler": "工会专干",
        "phone": "13800138000",
        "head": "乙某",
        "replaces": "",
        "scheme": scheme.hash,
    }
    assert {code: (one.cell, one.raw, one.measure) for code, one in form.figures.items()} == {
        "A001": ("D4", 120.0, "人"),
        "A002": ("D5", "45人", "人"),
        "A003": ("D6", None, "%"),  # the form's own formula, not computed yet: nobody has answered
        "A004": ("D7", 3.5, "万元"),
    }
    assert form.reasons == {"A001": "新并入一家企业"}
    assert (form.texts["T001"].sheet, form.texts["T001"].cell, form.texts["T001"].raw) == ("文字材料", "C4", "一是抓组建")
    assert [(one.row, {name: cell.raw for name, cell in one.cells.items()}) for one in form.rows] == [
        (4, {"姓名": "甲某", "证号": "990102199003070011", "金额": 500.0}),
        (5, {"姓名": "乙某", "金额": 300.0}),
    ]
    assert (form.absent, form.unknown, form.repeated, form.hidden) == ((), (), (), ())


def test_rows_and_columns_may_be_inserted(scheme: Scheme) -> None:
    def pull(workbook: openpyxl.Workbook) -> None:
        sheet = sheet_of(workbook, "一、组织")
        sheet.insert_rows(5, 2)
        sheet.insert_cols(3)
        sheet.insert_rows(1)
        sheet_of(workbook, "封面").insert_rows(3, 2)
        sheet_of(workbook, "帮扶名册").insert_cols(2)

    form = changed(scheme, pull)
    assert (form.figures["A001"].cell, form.figures["A001"].raw) == ("E5", 120.0)
    assert (form.figures["A004"].cell, form.figures["A004"].raw) == ("E10", 3.5)
    assert form.cover["unit"] == "330102001"
    assert form.rows[0].cells["姓名"].cell == "C4"


def test_equal_layouts_have_equal_keys(scheme: Scheme) -> None:
    one = read(blank_book(scheme, unit=VILLAGE, period=PERIOD, filled=ANSWERS), scheme)
    other = read(blank_book(scheme, unit=Unit("2", "乙村", "village"), period=PERIOD), scheme)
    moved = changed(scheme, lambda workbook: sheet_of(workbook, "一、组织").insert_rows(5))
    assert one.layout == other.layout != moved.layout
    assert one.places["A001"] == ("一、组织", "D4")


def test_a_damaged_code_is_made_good_by_the_name(scheme: Scheme) -> None:
    def damage(workbook: openpyxl.Workbook) -> None:
        sheet = sheet_of(workbook, "一、组织")
        sheet["A4"], sheet["A5"], sheet["A7"] = None, " a002", "A0O4"
        sheet["B7"] = "帮扶 资金"

    form = changed(scheme, damage)
    assert {code: one.raw for code, one in form.figures.items()} == {"A001": 120.0, "A002": "45人", "A003": None, "A004": 3.5}
    assert form.unknown == ()


def test_rows_whose_code_and_name_disagree_are_told(scheme: Scheme) -> None:
    def retype(workbook: openpyxl.Workbook) -> None:
        for row in sheet_of(workbook, "一、组织").iter_rows():
            if row[0].value == "A004":
                row[0].value = "A444"
            if row[0].value == "A002":
                row[1].value = "男职工人数合计"

    form = changed(scheme, retype)
    assert set(form.figures) >= {"A001", "A002", "A004"}
    assert len(form.relabelled) == 2
    told = "；".join(form.relabelled)
    assert "代码A002是女职工人数，名称却写作“男职工人数合计”，按代码读取" in told
    assert "代码写作“A444”，按名称读作帮扶资金" in told


def test_headings_may_be_reworded_and_the_codes_heading_lost(scheme: Scheme) -> None:
    def reword(workbook: openpyxl.Workbook) -> None:
        sheet = sheet_of(workbook, "一、组织")
        sheet["A3"], sheet["D3"], sheet["E3"], sheet["F3"] = None, "本 年 累 计", "去年同期", "备注"

    form = changed(scheme, reword)
    assert form.figures["A001"].raw == 120.0
    assert form.reasons == {"A001": "新并入一家企业"}


def test_a_heading_beyond_recognition_is_told_by_its_neighbours(scheme: Scheme) -> None:
    form = changed(scheme, lambda workbook: sheet_of(workbook, "一、组织").__setitem__("D3", "上半年完成"))
    assert form.figures["A001"].raw == 120.0


def test_what_is_not_on_the_form_is_absent_unknown_or_repeated(scheme: Scheme) -> None:
    def pull(workbook: openpyxl.Workbook) -> None:
        sheet = sheet_of(workbook, "一、组织")
        sheet.delete_rows(7)
        sheet["A8"], sheet["B8"], sheet["D8"] = "Z999", "自加指标", 7
        sheet["A9"], sheet["B9"], sheet["D9"] = "A001", "职工人数", 999
        sheet["A11"] = "注：请于7月10日前报送。"

    form = changed(scheme, pull)
    assert form.absent == ("A004",)
    assert [(one.text, one.cell) for one in form.unknown] == [("Z999", "A8")]
    assert [(one.text, one.cell) for one in form.repeated] == [("A001", "D9")]
    assert form.figures["A001"].raw == 120.0


def test_hidden_figures_are_told(scheme: Scheme) -> None:
    def hide(workbook: openpyxl.Workbook) -> None:
        sheet_of(workbook, "一、组织").row_dimensions[4].hidden = True

    assert changed(scheme, hide).hidden == ("工作表“一、组织”第4行",)
    assert changed(scheme, lambda workbook: setattr(sheet_of(workbook, "一、组织"), "sheet_state", "hidden")).hidden == (
        "工作表“一、组织”",
    )


def test_a_copy_of_a_sheet_does_not_win_over_it(scheme: Scheme) -> None:
    def copy(workbook: openpyxl.Workbook) -> None:
        kept = workbook.copy_worksheet(sheet_of(workbook, "一、组织"))
        kept.title = "备份"
        kept["D4"] = 1
        workbook.move_sheet(kept, -5)

    form = changed(scheme, copy)
    assert form.figures["A001"].sheet == "一、组织"
    assert {one.sheet for one in form.repeated} == {"备份"}


def test_a_group_form_is_read_by_the_chosen_unit(scheme: Scheme) -> None:
    units = UnitTree([VILLAGE, Unit("330102100", "河东镇总工会", "town")])
    workbook = openpyxl.load_workbook(io.BytesIO(group_book(scheme, units=units, period=PERIOD)))
    sheet_of(workbook, "封面")["B4"] = "330102100 河东镇总工会"
    sheet_of(workbook, "一、组织")["D4"] = 12
    data = io.BytesIO()
    workbook.save(data)
    form = read(data.getvalue(), scheme)
    assert (form.cover["unit"], form.cover["unit_name"]) == ("330102100", "河东镇总工会")
    assert form.figures["A001"].raw == 12.0
    assert list(form.figures) == ["A001", "A002", "A003", "A004", "A005"]


def test_total_rows_under_a_list_are_no_rows(scheme: Scheme) -> None:
    def total(workbook: openpyxl.Workbook) -> None:
        sheet = sheet_of(workbook, "帮扶名册")
        sheet["B6"], sheet["D6"], sheet["A7"] = "合 计", 800, 3

    assert [one.row for one in changed(scheme, total).rows] == [4, 5]


def test_dates_on_the_cover_in_every_form(scheme: Scheme) -> None:
    for typed in ("2023年7月3日", "2023/7/3", "2023.07.03", "20230703", 20230703, 45110):
        form = changed(scheme, lambda workbook, typed=typed: sheet_of(workbook, "封面").__setitem__("B7", typed))  # type: ignore[misc]  # bound at once
        assert form.cover["filled_on"] == "2023-07-03", typed


def test_a_label_next_to_a_blank_cell_is_not_its_value(scheme: Scheme) -> None:
    form = read(blank_book(scheme, unit=VILLAGE, period=PERIOD), scheme)
    assert (form.cover["filler"], form.cover["phone"], form.cover["filled_on"], form.cover["head"]) == ("", "", "", "")


def test_foreign_workbooks_are_none(scheme: Scheme) -> None:
    workbook = openpyxl.Workbook()
    sheet = sheet_of(workbook, "Sheet")
    for line in (["单位代码", "单位名称", "数量"], ["330102001", "红旗村工会", 3]):
        sheet.append(line)
    data = io.BytesIO()
    workbook.save(data)
    assert read_form(read_workbook(data.getvalue(), name="a.xlsx"), scheme) is None


# ---- a form that exists already: two heading rows, merged heads, no codes

OLD_PLACES = """
基层表|cell|unit_name|B2||
基层表|cell|A001||职工|职工/合计
基层表|cell|A002||职工|职工/其中：女
基层表|cell|A004||二、会员|会员/合计
|cell|A006||其中：农民工|会员/合计
基层表|cell|A007||会员|会员/其中：女
"""
OLD_INDICATORS = """
A001|职工人数|人|stock|0|*|
A002|女职工人数|人|stock|0|*|
A004|会员人数|人|stock|0|*|
A006|农民工会员|人|stock|0|*|
A007|女会员|人|stock|0|*|
"""


def old_form(*, above: int = 0) -> bytes:
    """
    基层表   (rows shift down by `above`)
    1  某县工会基层表
    2  单位  红旗村工会      填报日期 2023年7月5日
    3  项目 | 人数 (B:C)     | 会员 (D:E)      | 备注
    4       | 合计 | 其中:女 | 合计 | 其中：女 |
    5  一、职工   | 120 | 45 |    |    |
    6  二、会员   |     |    | 100 | 40 |
    7    其中：农民工 |  |    | 30  | 12 |
    """
    workbook = openpyxl.Workbook()
    sheet = sheet_of(workbook, "Sheet")
    sheet.title = "基层表"
    lines: list[list[object]] = [
        ["某县工会基层表"],
        ["单 位", "红旗村工会", None, "填报日期：", "2023年7月5日"],
        ["项　目", "职工", None, "会 员", None, "备注"],
        [None, "合计", "其中:女", "合 计", "其中：女"],
        ["一、职工", 120, 45],
        ["二、会员", None, None, 100, 40],
        ["　其中：农民工", None, None, 30, 12],
    ]
    for row, line in enumerate(lines, start=1 + above):
        for column, value in enumerate(line, start=1):
            sheet.cell(row, column).value = value  # type: ignore[assignment]  # any of the values above
    for span in ("B{0}:C{0}", "D{0}:E{0}"):
        sheet.merge_cells(span.format(3 + above))
    sheet.merge_cells(f"A{3 + above}:A{4 + above}")
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


@pytest.fixture(scope="module")
def old_scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(OLD_INDICATORS, form=OLD_PLACES.strip())


def test_an_existing_form_is_read_by_its_labels(old_scheme: Scheme) -> None:
    form = read(old_form(), old_scheme)
    assert {code: (one.cell, one.raw) for code, one in form.figures.items()} == {
        "A001": ("B5", 120.0),
        "A002": ("C5", 45.0),
        "A004": ("D6", 100.0),
        "A006": ("D7", 30.0),
        "A007": ("E6", 40.0),
    }
    assert (form.cover["unit_name"], form.cover["filled_on"]) == ("红旗村工会", "2023-07-05")
    assert form.absent == ()


def test_an_existing_form_with_rows_inserted_above(old_scheme: Scheme) -> None:
    form = read(old_form(above=3), old_scheme)
    assert {code: (one.cell, one.raw) for code, one in form.figures.items()} == {
        "A001": ("B8", 120.0),
        "A002": ("C8", 45.0),
        "A004": ("D9", 100.0),
        "A006": ("D10", 30.0),
        "A007": ("E9", 40.0),
    }
    assert form.cover["unit_name"] == "红旗村工会"  # its address holds nothing now; the label tells


def test_an_ambiguous_label_is_absent_and_not_guessed(old_scheme: Scheme) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(old_form()))
    sheet = sheet_of(workbook, "基层表")
    sheet["A9"], sheet["D9"] = "其中：农民工", 5
    data = io.BytesIO()
    workbook.save(data)
    form = read(data.getvalue(), old_scheme)
    assert "A006" not in form.figures
    assert form.absent == ("A006",)


def test_dates_and_uncomputed_formulas_stay_raw(scheme: Scheme) -> None:
    def write(workbook: openpyxl.Workbook) -> None:
        sheet = sheet_of(workbook, "一、组织")
        sheet["D4"] = "=1+1"
        sheet["D5"] = 45110
        sheet["D5"].number_format = "yyyy-mm-dd"

    form = changed(scheme, write)
    assert form.figures["A001"].raw == Uncomputed("1+1")
    assert form.figures["A002"].raw == CellDate(45110.0)
