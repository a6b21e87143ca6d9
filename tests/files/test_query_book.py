"""A query workbook: its sheet, its marks on the form, and what is read back from it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.files.form_book import Answers, form_workbook
from reconcile.files.form_reader import FilledForm, read_form
from reconcile.files.query_book import QueryHead, QueryLine, Standing, query_book
from reconcile.files.query_reader import (
    ALONE,
    ALONE_FORWARDED,
    ANSWER_HEADING,
    FORWARDED_HEADING,
    OUTDATED,
    Answer,
    line_key,
    lone_query,
    raw_key,
    read_answers,
)
from reconcile.files.raw import CellDate, CellError, Percent, Uncomputed
from reconcile.files.workbook import read_workbook
from reconcile.model.finding import Tier
from reconcile.model.period import Period
from reconcile.model.unit import Unit
from reconcile.scheme.scheme import Scheme

PERIOD = Period(2023, 6, "2023H1")
VILLAGE = Unit("330102001", "红旗村工会", "village")
HEAD = QueryHead("半年报数据查询单", "红旗村工会", "2023年上半年", "abc123", "红山县总工会", ("　　请办理：", "　　1. 请更正。"), "小报表")
ERROR = QueryLine(
    Tier.ERROR,
    "组织!D4",
    "职工：=35",
    "多出5人。\n→ 请核对",
    "疑似：职工",
    "R1",
    "A001;A002",
    "k12",
    ("组织", "D4"),
    (("组织", "D4"), ("组织", "D5")),
)
QUERY = QueryLine(Tier.QUERY, "组织!D5", "女工：40", "比上年多。", "", "R2", "A002", "k34", ("组织", "D5"), (("组织", "D5"),))
FIELD = len("序级位转表问疑") + 1  # the column for answers


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme("A001|职工|人|stock|0|*|\nA002|女工|人|stock|0|*|\nA003|是否试点|是否|flag|0|*|")


def made(scheme: Scheme, *, standing: Standing | None = None, filled: Answers | None = None) -> bytes:
    answers = filled or Answers(figures={"A001": "35人", "A002": 40.0}, reasons={"A002": "含派遣工"}, cover={"replaces": "f" * 64})
    form = form_workbook(scheme, unit=VILLAGE, period=PERIOD, filled=answers, kind="query")
    return query_book(HEAD, [ERROR, QUERY], form=form, standing=standing)


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def back(data: bytes, scheme: Scheme, change: Callable[[openpyxl.Workbook], None] | None = None) -> FilledForm:
    workbook = opened(data)
    if change is not None:
        change(workbook)
    out = io.BytesIO()
    workbook.save(out)
    form = read_form(read_workbook(out.getvalue(), name="a.xlsx"), scheme)
    assert form is not None
    return form


def row_of(sheet: Worksheet, text: str) -> int:
    return next(row[0].row for row in sheet.iter_rows() for cell in row if cell.value == text and row[0].row)


def test_the_query_sheet_comes_first_and_says_what_is_asked(scheme: Scheme) -> None:
    workbook = opened(made(scheme))
    sheet = workbook.worksheets[0]
    assert [one.title for one in workbook.worksheets] == ["查询单", "封面", "组织", "_reconcile", "_说明"]
    assert [one.title for one in workbook.worksheets if one.sheet_view.tabSelected] == ["查询单"]
    assert sheet["A1"].value == "半年报数据查询单"
    assert (sheet["A2"].value, sheet["F2"].value) == ("填报单位：红旗村工会", "报告期：2023年上半年　数据版本：abc123")
    assert [sheet["A3"].value, sheet["A4"].value] == ["　　请办理：", "　　1. 请更正。"]
    headings = [
        "序号",
        "级别",
        "位置",
        "转到",
        "表中内容",
        "问题和处理建议",
        "疑似单元格和建议值（供参考）",
        ANSWER_HEADING,
        "_规则",
        "_指标",
        "_依据",
        "_行",
    ]
    assert [cell.value for cell in sheet[5]] == headings
    assert [cell.value for cell in sheet[6]] == [
        *(1, "强制", "组织!D4", "查看", "职工：=35", "多出5人。\n→ 请核对", "疑似：职工", None),
        *("R1", "A001;A002", "k12", line_key("组织!D4", "多出5人。→ 请核对")),
    ]
    assert sheet["D6"].hyperlink.location == "'组织'!D4"
    assert [sheet.column_dimensions[letters].hidden for letters in "HIJKL"] == [False, True, True, True, True]
    assert not sheet["H6"].protection.locked and sheet["F6"].protection.locked


def test_it_is_ready_for_paper(scheme: Scheme) -> None:
    sheet = opened(made(scheme)).worksheets[0]
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.print_title_rows) == ("landscape", 1, "$5:$5")
    assert sheet.print_area == "'查询单'!$A$1:$H$11"
    assert "单位负责人：____" in str(sheet["A11"].value)


def test_questioned_cells_are_coloured_by_their_gravest_question_and_say_it(scheme: Scheme) -> None:
    sheet = opened(made(scheme))["组织"]
    assert [sheet[at].fill.fgColor.rgb for at in ("D4", "D5", "D6")] == ["FFF8CBAD", "FFF8CBAD", "00FFFBEA"]
    assert sheet["D5"].comment.text == "查询单第1条（强制）：多出5人。\n查询单第2条（核实）：比上年多。"
    assert sheet["D6"].comment is None
    assert not sheet["D4"].protection.locked


def test_it_is_a_return_that_names_the_version_it_answers(scheme: Scheme) -> None:
    form = back(made(scheme), scheme)
    assert {code: placed.raw for code, placed in form.figures.items()} == {"A001": "35人", "A002": 40.0, "A003": None}
    assert (form.cover["unit"], form.cover["replaces"]) == ("330102001", "f" * 64)
    assert (form.answers, form.outdated, form.reasons) == ((), frozenset(), {"A002": "含派遣工"})


def test_answers_are_read_wherever_their_line_went(scheme: Scheme) -> None:
    def answer(workbook: openpyxl.Workbook) -> None:
        sheet = workbook["查询单"]
        sheet.insert_rows(3, 2)
        sheet.insert_cols(1)
        row = row_of(sheet, "比上年多。")
        sheet.cell(row, FIELD + 1).value = " 新建企业3家 "
        sheet.cell(row + 1, FIELD + 1).value = "（不是一行）"

    assert back(made(scheme), scheme, answer).answers == (Answer("R2", "A002", "k34", "新建企业3家"),)


def test_what_is_written_now_goes_before_what_was_said_then(scheme: Scheme) -> None:
    then = Answer("R2", "A002", "k34", "旧的")
    data = made(scheme, standing=Standing(answers=(then,)))

    def answer(workbook: openpyxl.Workbook) -> None:
        workbook["查询单"].cell(row_of(workbook["查询单"], "比上年多。"), FIELD).value = "新的"

    assert back(data, scheme, answer).answers == (then._replace(text="新的"), then)


@pytest.mark.parametrize(
    ("figure", "reason", "outdated"),
    [
        (40.0, "含派遣工", set()),
        ("40 ", "含派遣工", set()),
        (41.0, "含派遣工", {"A002"}),
        (41.0, "含派遣工1人", set()),
        (None, "含派遣工", {"A002"}),
    ],
)
def test_a_reason_carried_over_is_outdated_when_its_figure_changed(scheme: Scheme, figure: object, reason: str, outdated: set[str]) -> None:
    data = made(scheme, standing=Standing(carried={"A002": ("含派遣工", raw_key(40.0))}))

    def change(workbook: openpyxl.Workbook) -> None:
        workbook["组织"]["D5"].value = figure
        workbook["组织"]["F5"].value = reason

    assert back(data, scheme, change).outdated == outdated


def test_no_value_brings_a_reason_back_that_was_outdated_before(scheme: Scheme) -> None:
    assert back(made(scheme, standing=Standing(carried={"A002": ("含派遣工", OUTDATED)})), scheme).outdated == {"A002"}


def test_a_sheet_alone_is_no_return(scheme: Scheme) -> None:
    data = query_book(replace(HEAD, answers="办理情况"), [replace(QUERY, target=None, marked=())], form=None)
    workbook = read_workbook(data, name="a.xlsx")
    assert [sheet.name for sheet in workbook.sheets] == ["查询单"]
    assert read_form(workbook, scheme) is None
    assert read_answers(workbook).answers == ()


def test_the_same_query_gives_the_same_bytes(scheme: Scheme) -> None:
    assert made(scheme) == made(scheme)


def test_text_stays_text(scheme: Scheme) -> None:
    sheet = opened(made(scheme)).worksheets[0]
    assert (sheet["E6"].value, sheet["E6"].data_type) == ("职工：=35", "s")
    evil = query_book(HEAD, [replace(QUERY, shown="=HYPERLINK(1)", target=None)], form=None)
    assert opened(evil).worksheets[0]["E6"].data_type == "s"


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (None, ""),
        (35.0, "35"),
        ("３５", "35"),
        (True, "是"),
        (CellError("#REF!"), "#REF!"),
        (CellDate(45110.0), "45110"),
        (Uncomputed("A1"), "=A1"),
    ],
)
def test_keys_of_raw_cells(raw: object, key: str) -> None:
    assert raw_key(raw) == key  # type: ignore[arg-type]  # raw cells of this test


def test_odd_cells_are_read_as_the_same_again(scheme: Scheme) -> None:
    filled = Answers(figures={"A001": CellDate(45110.0), "A002": Percent(0.125), "A003": True}, measures={"A001": "万人"})
    form = back(made(scheme, filled=filled), scheme)
    assert form.figures["A001"].raw == CellDate(45110.0)
    assert form.figures["A001"].measure == "万人"
    assert (form.figures["A002"].raw, type(form.figures["A002"].raw)) == (Percent(0.125), Percent)
    assert form.figures["A003"].raw is True


@pytest.mark.parametrize("formula", ["40+28", "-3.5*2", "68"])
def test_a_calculation_without_its_result_stays_one(scheme: Scheme, formula: str) -> None:
    form = back(made(scheme, filled=Answers(figures={"A001": Uncomputed(formula)})), scheme)
    assert form.figures["A001"].raw == Uncomputed(formula)


@pytest.mark.parametrize("formula", ["HYPERLINK(1)", "D5+1", "cmd|' /C calc'!A0", "40+", "1+1" * 30])
def test_any_other_formula_without_its_result_is_shown_as_text(scheme: Scheme, formula: str) -> None:
    form = back(made(scheme, filled=Answers(figures={"A001": Uncomputed(formula)})), scheme)
    assert form.figures["A001"].raw == f"={formula}"


def test_a_result_is_stored_with_its_formula(make_scheme: Callable[..., Scheme]) -> None:
    rates = make_scheme("A001|职工|人|stock|0|*|\nA002|女职工|人|stock|0|*|\nA003|女职工比例|%|rate|1|*|女职工 / 职工 * 100")
    filled = Answers(figures={"A001": 40.0, "A002": 10.0})
    form = form_workbook(rates, unit=VILLAGE, period=PERIOD, filled=filled, kind="query")
    data = query_book(HEAD, [ERROR], form=form, results={("组织", "D6"): 25.0})
    read = read_form(read_workbook(data, name="a.xlsx"), rates)
    assert read is not None
    assert read.figures["A003"].raw == 25.0
    assert str(opened(data)["组织"]["D6"].value).startswith("=IF(COUNT(D5,D4)<2")


def painted(sheet: Worksheet) -> dict[str, list[str]]:
    """Ranges of the conditional formats with their formulas."""
    return {str(one.sqref): [text for rule in one.rules for text in rule.formula] for one in sheet.conditional_formatting}


def test_no_colour_of_the_form_covers_that_of_a_question(make_scheme: Callable[..., Scheme]) -> None:
    lists = "名册|姓名|姓名|text||是|A001:count\n名册|金额|金额|number|元||\n名册|日期|日期|date|||"
    listed = make_scheme("A001|职工|人|stock|0|*|\nA002|女职工|人|stock|0|*|\nA003|是否试点|是否|flag|0|*|", lists=lists)
    form = form_workbook(listed, unit=VILLAGE, period=PERIOD, filled=Answers(rows={"名册": [{"姓名": "甲"}, {"金额": 1.0}]}), kind="query")
    line = replace(QUERY, target=None, marked=(("组织", "D4"), ("名册", "C5"), ("名册", "D7")))
    workbook = opened(query_book(HEAD, [line], form=form))
    assert painted(workbook["组织"]) == {"D5:D6": ["LEN($G5)>0"]}
    assert workbook["名册"]["C5"].fill.fgColor.rgb == "FFFFE699"
    assert painted(workbook["名册"]) == {area: ["TRUE"] for area in ("B4:D4", "B5", "D5", "B6:D6", "B7:C7", "B8:D203")}


@pytest.mark.parametrize("columns", [12, 8])
def test_a_query_sheet_that_came_back_without_its_form_is_known(scheme: Scheme, columns: int) -> None:
    copied = openpyxl.Workbook()
    sheet = copied.worksheets[0]
    for row in opened(made(scheme)).worksheets[0].iter_rows(max_col=columns):
        for cell in row:
            sheet.cell(cell.row, cell.column).value = cell.value
    out = io.BytesIO()
    copied.save(out)
    workbook = read_workbook(out.getvalue(), name="a.xlsx")
    assert read_form(workbook, scheme) is None
    assert lone_query(workbook) == ALONE


def test_a_query_to_hand_on_is_told_from_one_to_answer() -> None:
    data = query_book(replace(HEAD, answers=FORWARDED_HEADING), [replace(QUERY, target=None, marked=())], form=None)
    assert lone_query(read_workbook(data, name="a.xlsx")) == ALONE_FORWARDED
    other = openpyxl.Workbook()
    other.worksheets[0].append(["序号", "说明（请在此填写）"])
    out = io.BytesIO()
    other.save(out)
    assert lone_query(read_workbook(out.getvalue(), name="a.xlsx")) == ""


def test_an_answer_in_merged_cells_is_given_to_each_of_their_lines(scheme: Scheme) -> None:
    def answer(workbook: openpyxl.Workbook) -> None:
        sheet = workbook["查询单"]
        sheet.merge_cells(start_row=6, end_row=7, start_column=FIELD, end_column=FIELD)
        sheet.cell(6, FIELD).value = "新建企业3家"

    assert [one.rule for one in back(made(scheme), scheme, answer).answers] == ["R1", "R2"]
    assert {one.text for one in back(made(scheme), scheme, answer).answers} == {"新建企业3家"}


@pytest.mark.parametrize("columns", [12, 8])
def test_an_answer_belongs_to_its_question_when_lines_were_sorted(scheme: Scheme, columns: int) -> None:
    """With the hidden columns, as spreadsheets sort, or with what was selected only."""

    def answer(workbook: openpyxl.Workbook) -> None:
        sheet = workbook["查询单"]
        sheet.cell(7, FIELD).value = "新建企业3家"
        for column in range(1, columns + 1):
            above, below = sheet.cell(6, column), sheet.cell(7, column)
            above.value, below.value = below.value, above.value

    assert back(made(scheme), scheme, answer).answers == (Answer("R2", "A002", "k34", "新建企业3家"),)


def test_a_query_of_a_version_before_is_answered_by_its_hidden_columns(scheme: Scheme) -> None:
    def answer(workbook: openpyxl.Workbook) -> None:
        sheet = workbook["查询单"]
        sheet.delete_cols(FIELD + 4)
        sheet.cell(7, FIELD).value = "新建企业3家"

    assert back(made(scheme), scheme, answer).answers == (Answer("R2", "A002", "k34", "新建企业3家"),)
