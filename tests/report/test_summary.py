"""The summary workbook, sheet by sheet."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import openpyxl
import pandas as pd
import pytest
from small_outcome import NAN, UNITS, small_narrative, small_outcome, small_scheme

from reconcile.files.tidy import read_round
from reconcile.files.workbook import Sheet, Workbook, read_workbook
from reconcile.model.outcome import Coverage, Outcome
from reconcile.model.unit import UnitTree
from reconcile.report.summary import summary
from reconcile.report.summary_pages import difference, growth, sheet_title

SCHEME = small_scheme()


def told(outcome: Outcome | None = None) -> Workbook:
    """The summary of an outcome, read again."""
    return read_workbook(summary(outcome or small_outcome(), SCHEME, small_narrative()), name="summary.xlsx")


@pytest.fixture(scope="module")
def workbook() -> Workbook:
    return told()


def sheet(workbook: Workbook, name: str) -> Sheet:
    return next(one for one in workbook.sheets if one.name == name)


def line(of: Sheet, row: int) -> list[Any]:
    """The cells of a row up to its last filled one."""
    filled = {column: value for (at, column), value in of.cells.items() if at == row}
    return [filled.get(column) for column in range(1, max(filled, default=0) + 1)]


def test_sheets_in_their_order(workbook: Workbook) -> None:
    assert [one.name for one in workbook.sheets if not one.hidden] == [
        "封面",
        "汇总表",
        "分类汇总",
        "同比表",
        "上报情况",
        "问题清单",
        "问题统计",
        "差额表",
        "过录表",
        "数据来源",
        "来源单元格",
        "未写入",
        "名册汇总-名册",
        "文字材料",
        "收表登记",
        "核定",
    ]


def test_cover_says_what_the_figures_rest_on(workbook: Workbook) -> None:
    said = [str(value) for value in sheet(workbook, "封面").cells.values()]
    assert {"示范县总工会", "2023年上半年半年报汇总表", "（初稿：尚有1处强制性问题未改正）", "abc123", "应报2家，已报2家，迟报1家"} <= set(
        said
    )
    assert {"填报人：", "审核人：", "负责人：", "汇总表", "核定"} <= set(said)


def test_totals_with_their_parts_and_a_live_check(workbook: Workbook) -> None:
    page = sheet(workbook, "汇总表")
    assert line(page, 3)[:11] == ["代码", "指标", "计量单位", "汇总数", "上年同期", "增减", "增幅", "已报/应报", "未改差错", "核对", "本级"]
    assert line(page, 3)[11:] == ["一村工会", "二村工会"]
    assert line(page, 4) == ["组织"]
    assert line(page, 5) == ["A001", "职工人数", "人", 40.0, 32.0, 8.0, "增长25.0%", "2/2", 1.0, "相符", None, 10.0, 30.0]
    assert line(page, 6) == ["A002", "女职工人数", "人", 12.0, 0.0, 12.0, "上年同期为零", "1/2", 1.0, "相符", None, 12.0, "未报"]
    assert line(page, 9)[2:10] == ["个（是）", 1.0, None, None, "无上年数", "2/2", None, "相符"]
    assert line(page, 10)[3:7] == [0.35, 10.5, -10.15, "下降96.7%"]
    assert page.formulas[5, 10] == 'IF(ROUND(D5-SUM(K5:M5),4)=0,"相符","不符")'


def test_a_rate_is_checked_by_its_formula() -> None:
    page = sheet(told(both_gave_women()), "汇总表")
    assert line(page, 7)[:10] == ["A003", "女职工占比", "%", 30.0, 28.8, 1.2, "提高1.2个百分点", "2/2", None, "相符"]
    assert "D6" in page.formulas[7, 10]
    assert "SUM(K7" not in page.formulas[7, 10]


def both_gave_women() -> Outcome:
    """二村 reported its women too (none), so that the share speaks for both."""
    given = small_outcome()
    values = given.round.values.copy()
    values.loc["r2", "A002"] = 0.0
    return replace(given, round=replace(given.round, values=values))


def test_a_rate_of_fewer_units_than_its_parts_is_not_checked_and_not_compared(workbook: Workbook) -> None:
    page = sheet(workbook, "汇总表")
    assert line(page, 7)[6:10] == ["口径不一", "2/2", None, "口径不一"]
    assert (7, 10) not in page.formulas
    assert any("只按各项均填报的单位计算" in str(value) for value in page.cells.values())
    compared = sheet(workbook, "同比表")
    assert line(compared, 6)[3:7] == [30.0, 28.8, 1.2, "口径不一"]
    assert "只按各项均填报的单位计算" not in str(sheet(told(both_gave_women()), "汇总表").cells)


def test_a_total_that_is_not_its_parts_is_shown_as_such() -> None:
    given = small_outcome()
    totals = given.totals.copy()
    totals.loc[0, "value"] = 41.0
    assert sheet(told(replace(given, totals=totals)), "汇总表").cells[5, 10] == "不符"


def test_totals_by_kind_of_unit(workbook: Workbook) -> None:
    page = sheet(workbook, "分类汇总")
    assert line(page, 3)[5:] == ["村\n（2家）"]
    assert line(page, 4) == ["A001", "职工人数", "人", 40.0, "相符", 40.0]
    assert [line(page, row)[0] for row in (5, 6, 7)] == ["A002", "B001", "B002"]


def test_comparison_says_in_words_what_has_no_rate(workbook: Workbook) -> None:
    page = sheet(workbook, "同比表")
    assert line(page, 4) == ["A001", "职工人数", "人", 40.0, 32.0, 8.0, "增长25.0%", 8.0, 35.0, 5.0]
    assert line(page, 5)[6] == "上年同期为零"
    assert line(page, 7)[3:7] == [1.0, None, None, "无上年数"]


def test_coverage_in_the_order_of_the_tree(workbook: Workbook) -> None:
    page = sheet(workbook, "上报情况")
    assert "截止日期：2023-07-10" in str(page.cells[2, 1])
    assert line(page, 4)[:5] == [1.0, "01", "示范县总工会", "县（市、区）", "不需填报"]
    assert line(page, 6) == [3.0, "0102", "二村工会", "村", "迟报", "2023-07-15", 5.0, "=王", "a/二 村.xlsx"]


def test_missing_units_are_named() -> None:
    given = small_outcome()
    covered = Coverage(("0101", "0102", "0103"), ("0101", "0102"), ("0103",), (), ())
    units = UnitTree([*UNITS, replace(UNITS[1], code="0103", name="三村工会")])
    workbook = told(replace(given, coverage=covered, units=units))
    assert line(sheet(workbook, "上报情况"), 7)[1:5] == ["0103", "三村工会", "村", "未报"]
    assert line(sheet(workbook, "过录表"), 10) == ["0103", "三村工会", "村", "未报"]
    assert "未报1家（三村工会）" in str(sheet(workbook, "上报情况").cells[2, 1])


def test_findings_with_place_reason_and_link(workbook: Workbook) -> None:
    page = sheet(workbook, "问题清单")
    assert line(page, 4) == [
        1.0,
        "强制",
        "一村工会",
        "女职工人数（A002）、职工人数（A001）",
        "a/一村.xlsx：表1!C5、表1!C4",
        "查看",
        "女职工多于职工",
        "请核对",
        None,
        "待更正",
        "含派遣",
        "R1",
        "0101",
        "12；10",
        "12人",
        "不大于10人",
        "2人",
    ]
    assert line(page, 5)[6] == "=HYPERLINK(1)\n第二行"
    assert not page.formulas


def test_links_to_the_figure_or_to_the_file() -> None:
    def link(beside: str | None) -> Any:
        data = summary(small_outcome(), SCHEME, small_narrative(), beside=beside)
        return openpyxl.load_workbook(io.BytesIO(data))["问题清单"]["F4"].hyperlink

    assert (link(None).target, link(None).location) == (None, "'过录表'!F8")
    assert (link("../2023H1").target, link("../2023H1").location) == ("../2023H1/a/一村.xlsx", "'表1'!C5")


def test_statistics_by_rule_and_unit(workbook: Workbook) -> None:
    page = sheet(workbook, "问题统计")
    assert line(page, 5) == ["R1", "强制", "女职工人数不得大于职工人数", 1.0, 0.0, 1.0, 1.0, 0.0]
    assert line(page, 6)[:4] == ["R9", "提示", None, 1.0]
    assert line(page, 7) == ["合计", None, None, 2.0, 0.0, 1.0, 1.0, 0.0]
    assert line(page, 10) == ["0101", None, "一村工会", 1.0, 0.0, 0.0, 1.0]


def test_differences_are_computed_again(workbook: Workbook) -> None:
    page = sheet(workbook, "差额表")
    assert line(page, 4) == ["0101", "一村工会", "A001", "职工人数", "人", 11.0, 10.0, 1.0, 1.0, "a/一村.xlsx"]
    assert page.formulas[4, 9] == "F4-G4"


def test_recorded_figures_keep_four_kinds_of_nothing_apart(workbook: Workbook) -> None:
    page = sheet(workbook, "过录表")
    assert line(page, 5)[4:] == [40.0, 12.0, None, 1.0, 0.35]
    assert line(page, 7)[4:] == ["相符", "相符", None, "相符", "相符"]
    assert line(page, 8) == ["0101", "一村工会", "村", "2023-07-05", 10.0, 12.0, 120.0, "是", 0.1]
    assert line(page, 9)[4:] == [30.0, "未填", "—", "否", 0.25]
    assert (page.formulas[5, 5], page.formulas[5, 8]) == ("SUM(E8:E9)", 'COUNTIF(H8:H9,"是")')


def test_cells_that_findings_touch_are_painted() -> None:
    page = openpyxl.load_workbook(io.BytesIO(summary(small_outcome(), SCHEME, small_narrative())))["过录表"]
    assert page["F8"].fill.fgColor.rgb == "00F8CBAD"
    assert page["E9"].fill.fill_type is None
    assert page["I8"].number_format == "0.00"


def test_every_figure_of_the_narrative_names_its_cells(workbook: Workbook) -> None:
    page = sheet(workbook, "数据来源")
    assert line(page, 4)[:9] == [1.0, "40", "职工40人，增长25%。", "汇总数", "职工人数（A001）", 40.0, "人", 2.0, "第1号"]
    assert line(page, 5)[8] == "第1号"
    assert line(page, 6)[7:9] == [0.0, None]
    cells = sheet(workbook, "来源单元格")
    assert [line(cells, row) for row in (4, 5)] == [
        [1.0, "40", "a/一村.xlsx", "表1", "C4", 10.0],
        [1.0, "40", "a/二 村.xlsx", "表1", "C4", 30.0],
    ]
    assert line(sheet(workbook, "未写入"), 4) == [1.0, "帮扶", "救助金额（B002）", "无人填报"]


def test_every_nature_of_a_figure_is_said_in_chinese() -> None:
    natures = {"total", "previous", "change", "growth", "share", "leading", "count", "date", "text"}
    figures = tuple(replace(small_narrative().figures[0], number=number, how=how) for number, how in enumerate(sorted(natures), start=1))
    book = read_workbook(summary(small_outcome(), SCHEME, replace(small_narrative(), figures=figures)), name="summary.xlsx")
    said = [str(line(sheet(book, "数据来源"), row)[3]) for row in range(4, 4 + len(natures))]
    assert not [word for word in said if word.isascii()]


def test_units_without_a_common_top_have_no_empty_name() -> None:
    given = small_outcome()
    apart = replace(given, root="", units=UnitTree([replace(unit, parent="") for unit in UNITS]))
    assert "各单位" in [str(value) for value in sheet(told(apart), "封面").cells.values()]
    assert "示范县总工会" in [str(value) for value in sheet(told(replace(given, root="")), "封面").cells.values()]


def test_lists_texts_and_register(workbook: Workbook) -> None:
    assert line(sheet(workbook, "名册汇总-名册"), 3)[3:5] == ["姓名", "金额（万元）"]
    assert line(sheet(workbook, "名册汇总-名册"), 4) == [1.0, "0101", "一村工会", "王**", 0.1, "a/一村.xlsx", 5.0]
    assert [line(sheet(workbook, "文字材料"), row)[1:4] for row in (4, 5)] == [
        ["0101", "一村工会", "抓组建"],
        ["0102", "二村工会", "=抓落实"],
    ]
    assert line(sheet(workbook, "收表登记"), 6)[1:8] == ["坏.xlsx", None, None, None, None, "无法读取", "文件已加密"]


def test_summary_is_an_input(workbook: Workbook) -> None:
    found, units = read_round(workbook, SCHEME)
    given = small_outcome().round
    pd.testing.assert_frame_equal(found.values, given.values, check_exact=True)
    pd.testing.assert_frame_equal(found.adjustments, given.adjustments)
    assert units == UNITS


def test_same_input_same_bytes() -> None:
    assert summary(small_outcome(), SCHEME, small_narrative()) == summary(small_outcome(), SCHEME, small_narrative())


def test_nothing_received_is_still_a_workbook() -> None:
    given = small_outcome()
    bare = replace(
        given,
        round=replace(
            given.round,
            **{name: getattr(given.round, name).iloc[:0] for name in ("returns", "values", "states", "typed", "texts", "lists")},
        ),
        totals=given.totals.iloc[:0],
        findings=(),
        checks=given.checks.iloc[:0],
        differences=given.differences.iloc[:0],
        coverage=Coverage(("0101", "0102"), (), ("0101", "0102"), (), ()),
    )
    workbook = told(bare)
    assert line(sheet(workbook, "问题清单"), 4) == ["没有发现问题"]
    assert line(sheet(workbook, "名册汇总"), 4) == ["本期没有收到名册"]


@pytest.mark.parametrize(
    ("code", "value", "base", "said"),
    [
        ("A001", 40.0, 32.0, "增长25.0%"),
        ("A001", 30.0, 40.0, "下降25.0%"),
        ("A001", 40.0, 40.0, "持平"),
        ("A001", 9.0, 8.0, "增加1人"),
        ("A001", 9.0, 0.0, "上年同期为零"),
        ("A001", 9.0, NAN, "无上年数"),
        ("A001", NAN, 9.0, ""),
        ("A001", 1005.0, 1000.0, "增长0.5%"),
        ("A001", 1000.5, 1000.0, "增长0.1%"),
        ("A003", 30.0, 28.8, "提高1.2个百分点"),
        ("A003", 28.8, 30.0, "下降1.2个百分点"),
        ("A003", 87.94, 87.066, "提高0.9个百分点"),  # 0.874: not the difference of what is printed
        ("A003", 30.02, 30.04, "持平"),
    ],
)
def test_growth_in_words(code: str, value: float, base: float, said: str) -> None:
    assert growth(SCHEME.indicators[code], value, base) == said


def test_difference_is_decimal() -> None:
    assert difference(0.3, 0.1) == 0.2
    assert difference(NAN, 1.0) != difference(NAN, 1.0)


@pytest.mark.parametrize(("text", "title"), [("名册[1]:a/b", "名册_1__a_b"), ("x" * 40, "x" * 31), ("''", "表")])
def test_sheet_titles_that_excel_accepts(text: str, title: str) -> None:
    assert sheet_title(text) == title


def test_contacts_are_shown_masked() -> None:
    units = UnitTree([UNITS[0], replace(UNITS[1], contact="王某 13800138000、87654321"), UNITS[2]])
    found = told(replace(small_outcome(), units=units))
    assert line(sheet(found, "上报情况"), 5)[9] == "王某 138****8000、****4321"
    assert "13800138000" not in str(found)
    assert "87654321" not in str(found)
