"""The form as a workbook: what it holds for whom, what may be typed, what is locked, and its live checks as formulas."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.files.form_book import Answers, blank_book, design, group_book
from reconcile.files.form_checks import live_checks
from reconcile.files.form_reader import read_form
from reconcile.files.raw import CellDate, CellError, Uncomputed
from reconcile.files.scheme_files import read_scheme
from reconcile.files.workbook import read_workbook
from reconcile.model.period import Period
from reconcile.model.unit import KINDS, Unit, UnitTree
from reconcile.scheme.expression import references
from reconcile.scheme.form import plan
from reconcile.scheme.scheme import Scheme

PERIOD = Period(2023, 6, "2023H1")
VILLAGE = Unit("330102001", "红旗村工会", "village")
TOWN = Unit("330102100", "河东镇总工会", "town")
INDICATORS = """
A001|职工人数|人|stock|0|*|
A002|女职工人数|人|stock|0|*|
A003|女职工比例|%|rate|1|*|女职工人数 / 职工人数 * 100
A004|帮扶资金|万元|flow|2|*|
A005|联合会数|份|stock|0|town|
A006|是否换届|是否|flag|0|*|
T001|主要做法|文字|text|0|*|
"""
RULES = """
R1|女职工人数 <= 职工人数||error||||女职工{女职工人数}多于职工{职工人数}，多出{差}|
R2|职工人数 <= previous(职工人数) * 2|previous(职工人数) >= 10|query||||职工{职工人数}，超过上年同期{上年同期职工人数}的两倍|
R3|职工人数 = count(名册)||error||||与“名册”的行数不符|
R4|帮扶资金 = total(名册.金额) / 10000||error|0.01|||与名册不符|
R5|职工人数 >= last(职工人数)||query||||比上期少|
R6|职工人数 >= children(职工人数)||query||||少于下级|
R7|联合会数 <= 职工人数||query|||town|联合会{联合会数}太多|
"""
LISTS = "名册|姓名|姓名|text||是|A001:count\n名册|金额|金额|number|元||A004:sum"
FORM = "封面|cover||||\n一、组织|section|组织|||\n名册|list|名册|||\n文字材料|text||||"


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS, rules=RULES.strip(), lists=LISTS, form=FORM)


@pytest.fixture(scope="module")
def built_in() -> Scheme:
    return read_scheme(None)


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def sheet_of(workbook: openpyxl.Workbook, name: str) -> Worksheet:
    found = workbook[name]
    assert isinstance(found, Worksheet)
    return found


def validation_at(sheet: Worksheet, cell: str) -> tuple[str, str]:
    """Kind of the validation at a cell, and its Chinese error message; empty where there is none."""
    found = [one for one in sheet.data_validations.dataValidation if cell in one.cells]
    return (str(found[0].type), str(found[0].error)) if found else ("", "")


def test_a_village_gets_its_own_rows_prefilled(scheme: Scheme) -> None:
    workbook = opened(blank_book(scheme, unit=VILLAGE, period=PERIOD, previous={"A001": 100.0, "A004": 2.5}))
    assert workbook.sheetnames == ["封面", "一、组织", "名册", "文字材料", "_reconcile"]
    sheet = sheet_of(workbook, "一、组织")
    rows = [tuple(cell.value for cell in line[:5]) for line in sheet.iter_rows(min_row=3, max_row=9)]
    assert rows == [
        ("指标代码", "指标名称", "计量单位", "本期数", "上年同期"),
        ("A001", "职工人数", "人", None, 100),
        ("A002", "女职工人数", "人", None, None),
        ("A003", "女职工比例", "%", '=IF(COUNT(D5,D4)<2,"",IFERROR(D5/D4*100,""))', None),
        ("A004", "帮扶资金", "万元", None, 2.5),
        ("A006", "是否换届", "是否", None, None),
        (None, None, None, None, None),
    ]
    assert sheet_of(workbook, "封面")["B4"].value == "330102001"
    assert sheet_of(workbook, "封面")["D4"].value == "红旗村工会"
    mark = {str(line[0].value): line[1].value for line in sheet_of(workbook, "_reconcile").iter_rows()}
    assert (mark["kind"], mark["scheme"], mark["period"], mark["unit_kinds"]) == ("return", scheme.hash, "2023H1", "village")
    assert workbook["_reconcile"].sheet_state == "hidden"


def test_what_may_be_typed(scheme: Scheme) -> None:
    workbook = opened(blank_book(scheme, unit=VILLAGE, period=PERIOD))
    sheet = sheet_of(workbook, "一、组织")
    kind, message = validation_at(sheet, "D4")
    assert (kind, message[:15]) == ("custom", "只填不小于0的整数（单位：人）")
    assert validation_at(sheet, "D7")[1][:15] == "只填不小于0的数（单位：万元）"
    assert validation_at(sheet, "D8") == ("list", "请填 是 或 否。")
    assert validation_at(sheet_of(workbook, "封面"), "B5")[0] == "list"
    assert validation_at(sheet_of(workbook, "封面"), "B7")[0] == "date"
    assert validation_at(sheet_of(workbook, "名册"), "C203")[0] == "decimal"


def test_only_answers_may_be_typed(scheme: Scheme) -> None:
    workbook = opened(blank_book(scheme, unit=VILLAGE, period=PERIOD))
    sheet = sheet_of(workbook, "一、组织")
    locked = {cell: sheet[cell].protection.locked for cell in ("A4", "B4", "C4", "D4", "E4", "F4", "G4", "D6")}
    assert locked == {"A4": True, "B4": True, "C4": True, "D4": False, "E4": True, "F4": False, "G4": True, "D6": True}
    assert all(one.protection.sheet and one.protection.password is None for one in workbook.worksheets if one.title != "_reconcile")
    assert sheet_of(workbook, "名册").column_dimensions["B"].protection.locked is False


def test_a_page_prints_on_a4_with_its_heads_repeated(scheme: Scheme) -> None:
    sheet = sheet_of(opened(blank_book(scheme, unit=VILLAGE, period=PERIOD)), "一、组织")
    assert (str(sheet.page_setup.paperSize), sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == ("9", 1, 0)
    assert sheet.print_title_rows == "$1:$3"
    assert str(sheet.print_area) == "'一、组织'!$A$1:$F$8"
    assert sheet.freeze_panes == "C4"
    assert sheet.oddFooter is not None
    assert sheet.oddFooter.center is not None
    assert sheet.oddFooter.center.text == "第 &P 页  共 &N 页"


def test_rules_stand_on_the_row_of_their_first_figure(scheme: Scheme) -> None:
    checks = live_checks(scheme, plan(scheme, ["village"]))
    assert checks.rules == {"R1": "A002", "R2": "A001", "R3": "A001", "R4": "A004"}
    assert checks.left_out == ("R5", "R6")  # another report of this year, and the units below, do not stand on the form
    formula = checks.formulas["A002"]
    assert '"女职工"&D5&"人"&"多于职工"&D4&"人"&"，多出"&' in formula
    assert '"。"' in formula
    assert '"，超过上年同期"&E4&"人"' in checks.formulas["A001"]
    assert "'名册'!$A$2" in checks.formulas["A001"]
    assert "'名册'!$C$2" in checks.formulas["A004"]


def test_messages_of_live_checks_hold_no_expressions() -> None:
    """Units read them in their cells."""
    scheme = read_scheme(None)
    formulas = live_checks(scheme, plan(scheme, ["village"])).formulas.values()
    told = [text for formula in formulas for text in re.findall(r'"([^"]*)"', formula)]
    assert [text for text in told if re.search(r" [-+*/<>=] |[{}]", text)] == []
    assert any('"，平均每人"&IFERROR(ROUND(' in formula for formula in formulas)


def test_a_blank_row_says_nothing_and_words_are_told(scheme: Scheme) -> None:
    formula = live_checks(scheme, plan(scheme, ["village"])).formulas["A001"]
    assert formula.startswith('=IF(ISTEXT(D4),IF(OR(D4="无",D4="—",D4="/"),"","应只填数字，不带单位和文字。"),')


def test_a_group_form_asks_whose_it_is_and_greys_what_that_unit_leaves_empty(scheme: Scheme) -> None:
    data = group_book(scheme, units=UnitTree([VILLAGE, TOWN]), period=PERIOD, previous={"330102001": {"A001": 90.0}})
    workbook = opened(data)
    units = sheet_of(workbook, "_名录")
    assert [tuple(cell.value for cell in line[:4]) for line in units.iter_rows(min_row=2)] == [
        ("330102001 红旗村工会", "330102001", "红旗村工会", "村"),
        ("330102100 河东镇总工会", "330102100", "河东镇总工会", "乡镇（街道）"),
    ]
    assert validation_at(sheet_of(workbook, "封面"), "B4")[0] == "list"
    sheet = sheet_of(workbook, "一、组织")
    assert sheet["A8"].value == "A005"
    assert str(sheet["G8"].value).startswith('=IF(OR($G$2="",$G$2="乡镇（街道）"),')
    assert str(sheet["G8"].value).endswith('IF(LEN(D8)=0,"本单位不填此项","本单位不填此项，请清空。"))')
    assert str(sheet["E4"].value).startswith("=IFERROR(IF(INDEX('_上年同期'!")
    assert sheet_of(workbook, "_上年同期")["B2"].value == 90


def test_closed_units_are_not_offered(scheme: Scheme) -> None:
    closed = Unit("3", "旧村", "village", closed=PERIOD.last_day)
    units = sheet_of(opened(group_book(scheme, units=UnitTree([VILLAGE, closed]), period=PERIOD)), "_名录")
    assert [line[1].value for line in units.iter_rows(min_row=2)] == ["330102001"]


def test_answers_are_written_as_typed(scheme: Scheme) -> None:
    answers = Answers(
        cover={"filled_on": "2023年7月3日", "replaces": "0123456789ab"},
        figures={"A001": "=1+1", "A002": CellError("#REF!"), "A004": Uncomputed("SUM(A1:A2)"), "A006": CellDate(45110.0)},
        texts={"T001": "-不是公式"},
        rows={"名册": [{"姓名": "+86", "金额": 12.5}]},
    )
    form = read_form(read_workbook(blank_book(scheme, unit=VILLAGE, period=PERIOD, filled=answers), name="a.xlsx"), scheme)
    assert form is not None
    assert {code: placed.raw for code, placed in form.figures.items()} == {
        "A001": "=1+1",
        "A002": "#REF!",
        "A003": None,
        "A004": "=SUM(A1:A2)",  # what it referred to is elsewhere now
        "A006": CellDate(45110.0),
    }
    assert form.texts["T001"].raw == "-不是公式"
    assert form.cover["replaces"] == "0123456789ab"
    assert form.rows[0].cells["姓名"].raw == "+86"


def test_a_rate_that_was_reported_stands_as_reported(scheme: Scheme) -> None:
    data = blank_book(scheme, unit=VILLAGE, period=PERIOD, filled=Answers(figures={"A003": 37.5}))
    assert sheet_of(opened(data), "一、组织")["D6"].value == 37.5


def test_a_form_may_hold_other_kinds_rows(scheme: Scheme) -> None:
    data = blank_book(scheme, unit=VILLAGE, period=PERIOD, made=design(scheme, ("village", "town")))
    assert sheet_of(opened(data), "一、组织")["A8"].value == "A005"


def test_equal_input_gives_equal_bytes(scheme: Scheme) -> None:
    assert blank_book(scheme, unit=VILLAGE, period=PERIOD) == blank_book(scheme, unit=VILLAGE, period=PERIOD)


def test_formulas_stay_within_excels_limits(built_in: Scheme) -> None:
    units = UnitTree([Unit(str(number), face, kind) for number, (kind, face) in enumerate(KINDS.items())])
    workbook = opened(group_book(built_in, units=units, period=PERIOD, previous={"0": {"A008": 1.0}}))
    formulas = [
        str(cell.value)
        for sheet in workbook.worksheets
        for line in sheet.iter_rows()
        for cell in line
        if str(cell.value).startswith("=") and cell.data_type == "f"
    ]
    assert len(formulas) > 300
    assert max(map(len, formulas)) <= 8192
    assert max(len(text) for formula in formulas for text in re.findall(r'"((?:[^"]|"")*)"', formula)) <= 255


def test_every_rule_whose_figures_stand_on_the_form_is_live(built_in: Scheme) -> None:
    for kind in KINDS:
        made = design(built_in, (kind,))
        for rule in built_in.rules:
            if kind in rule.applies_to and rule.expression is not None:
                needs = references(rule.expression) + (references(rule.when) if rule.when else ())
                stands = all(
                    one.period in ("this", "previous") and (one.name in made.plan.rows or one.kind != "indicator") for one in needs
                ) and {one.parts[0] for one in needs if one.kind != "indicator"} <= set(made.plan.lists)
                assert (rule.id in made.checks.rules) == stands, rule.check


def test_a_blank_return_is_small(built_in: Scheme) -> None:
    for kind in KINDS:
        assert len(blank_book(built_in, unit=Unit("1", "甲", kind), period=PERIOD, made=design(built_in, (kind,)))) < 60_000


def test_a_list_shows_where_to_write_and_what_may_be_chosen(built_in: Scheme) -> None:
    data = blank_book(built_in, unit=VILLAGE, period=PERIOD, previous=dict.fromkeys(built_in.indicators, 123.0))
    assert len(data) < 60_000
    sheet = sheet_of(opened(data), "帮扶职工名册")
    assert [sheet.cell(row, 1).value for row in (4, 18, 19)] == [1, 15, None]
    assert {sheet.cell(row, column).fill.fgColor.rgb for row in (4, 18) for column in range(2, 8)} == {"00FFFBEA"}
    (choices,) = [one for one in sheet.data_validations.dataValidation if one.type == "list"]
    assert (str(choices.sqref), choices.errorStyle, choices.formula1) == (
        "E4:E2003",
        "warning",
        '"低收入,患病,残疾,单亲,子女上学,意外灾害,其他"',
    )


def test_a_live_message_tells_the_rows_and_totals_of_lists(make_scheme: Callable[..., Scheme]) -> None:
    rules = "R3|职工人数 = count(名册)||error||||职工{职工人数}，名册{名册}行，金额{total(名册.金额)}元，差{差}|"
    made = make_scheme(INDICATORS, rules=rules, lists=LISTS, form=FORM)
    formula = live_checks(made, plan(made, ["village"])).formulas["A001"]
    assert """"，名册"&'名册'!$A$2&"行，金额"&'名册'!$C$2&"元，差"&""" in formula
