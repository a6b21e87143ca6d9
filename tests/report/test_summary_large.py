"""The summary of a large round: units down to the second level below the root, and where the rest is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from small_outcome import NAN, small_narrative, small_outcome, small_scheme, table

from reconcile.files.tables_beside import DataFiles
from reconcile.files.workbook import Sheet, Workbook, read_workbook
from reconcile.model.narrative import Figure
from reconcile.model.outcome import Coverage, Outcome
from reconcile.model.past import Past
from reconcile.model.round import LISTS_COLUMNS, RETURNS_COLUMNS, TEXTS_COLUMNS, Standing
from reconcile.model.trace import Cells
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.report.summary import summary
from reconcile.report.summary_units import MOST_LINES, ShownUnits

SCHEME = small_scheme()
DATA = DataFiles("data/abc123", {"values": "0" * 64})
UNITS = UnitTree(
    [
        Unit("01", "示范县总工会", "county"),
        Unit("011", "甲镇总工会", "town", "01"),
        Unit("0111", "一村工会", "village", "011"),
        Unit("01111", "一厂工会", "village", "0111"),
        Unit("01112", "二厂工会", "village", "0111"),
        Unit("0112", "二村工会", "village", "011"),
        Unit("012", "乙镇总工会", "town", "01"),
        Unit("0121", "三村工会", "village", "012"),
        Unit("0129", "四村工会", "village", "012"),
        Unit("019", "县直工会", "village", "01"),
    ]
)
REPORTED = {"0111": 1.0, "01111": 10.0, "01112": 20.0, "0112": 30.0, "012": 5.0, "0121": 40.0, "019": 7.0}


@pytest.fixture(autouse=True)
def _two_are_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("reconcile.model.round.LARGE", 2)
    yield


def large_outcome() -> Outcome:
    """Seven units of three levels reported their workers; 二厂 late, 四村 not at all, and one file cannot be read."""
    given = small_outcome()
    codes = ["A001", "A002", "A003", "B001", "B002"]
    ids = [f"r{unit}" for unit in REPORTED]
    lines = [
        (
            f"{unit}.xlsx",
            unit * 10,
            "",
            unit,
            UNITS.name(unit),
            "本级",
            "2023H1",
            "",
            "张",
            "2023-07-05",
            "",
            "",
            "L",
            Standing.COUNTED,
            "",
            "",
        )
        for unit in REPORTED
    ]
    lines.append(("坏.xlsx", "3" * 64, "", "", "", "", "", "", "", "", "", "", "", Standing.UNREADABLE, "文件已加密", ""))
    returns = table(RETURNS_COLUMNS, *lines)
    returns.index = pd.Index([*ids, "bad"], name="return")
    values = np.array([[workers, NAN, NAN, 1.0, 0.5] for workers in REPORTED.values()])
    round_ = replace(
        given.round,
        returns=returns,
        values=pd.DataFrame(values, index=ids, columns=codes),
        states=pd.DataFrame(np.where(np.isnan(values), 2, 1).astype(np.int8), index=ids, columns=codes),
        typed=given.round.typed.iloc[:0],
        texts=table(TEXTS_COLUMNS, ("r01111", "T001", "厂里的"), ("r012", "T001", "镇里的")),
        lists=table(
            LISTS_COLUMNS,
            *((f"r{unit}", "名册", row, "金额", "0.1", 0.1, "B5", "") for unit in ("01111", "01112", "0121") for row in (5, 6)),
            ("r01111", "名册", 5, "姓名", "王**", NAN, "A5", ""),
        ),
        reasons=given.round.reasons.iloc[:0],
    )
    finding = replace(given.findings[0], unit="01111", unit_name="一厂工会", return_id="r01111")
    totals = aggregate(round_, SCHEME, units=UNITS, root="01", findings=(finding,), past=Past())
    covered = Coverage((*REPORTED, "0129"), tuple(REPORTED), ("0129",), (), ("01112",))
    return replace(
        given, units=UNITS, round=round_, totals=totals, findings=(finding,), coverage=covered, differences=given.differences.iloc[:0]
    )


def told(outcome: Outcome | None = None, data: DataFiles | None = DATA) -> Workbook:
    figures = small_narrative().figures
    cells = figures[0].cells
    more = Figure(4, "10.5", "帮扶", "上年10.5万元。", "previous", "A001", "01", "2023H1", 32.0, "人", cells)
    narrative = replace(small_narrative(), figures=(*figures, more))
    return read_workbook(summary(outcome or large_outcome(), SCHEME, narrative, data=data), name="summary.xlsx")


def sheet(workbook: Workbook, name: str) -> Sheet:
    return next(one for one in workbook.sheets if one.name == name)


def lines(of: Sheet) -> list[list[Any]]:
    """All rows of a sheet, each up to its last filled cell."""
    found: list[list[Any]] = [[] for _ in range(max(row for row, _ in of.cells))]
    for (row, column), value in sorted(of.cells.items()):
        found[row - 1] += [None] * (column - 1 - len(found[row - 1])) + [value]
    return found


def test_the_same_sheets_as_ever() -> None:
    workbook = told()
    assert [one.name for one in workbook.sheets if not one.hidden] == [
        *("封面", "汇总表", "分类汇总", "同比表", "上报情况", "问题清单", "问题统计", "差额表", "过录表", "数据来源"),
        *("来源单元格", "未写入", "名册汇总-名册", "文字材料", "收表登记", "核定"),
    ]
    assert [one.name for one in workbook.sheets if one.hidden] == ["_reconcile"]
    assert any("请连同 data 文件夹一起" in str(value) for value in sheet(workbook, "封面").cells.values())


def test_without_data_files_the_round_stays_in_the_workbook_and_the_cover_says_so() -> None:
    workbook = told(data=None)
    assert "_values" in [one.name for one in workbook.sheets if one.hidden]
    assert any('pip install "gonghui-reconcile[large]"' in str(value) for value in sheet(workbook, "封面").cells.values())
    assert "其余在隐藏的数据页中" in str(sheet(workbook, "过录表").cells[2, 1])


def test_totals_with_a_column_for_each_unit_below_leaves_included() -> None:
    page = sheet(told(), "汇总表")
    assert lines(page)[4][9:] == ["相符", None, 61.0, 45.0, 7.0]
    assert page.formulas[5, 10] == 'IF(ROUND(D5-SUM(K5:N5),4)=0,"相符","不符")'


def test_too_many_columns_become_their_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.report.summary_totals._MOST_PARTS", 2)
    page = sheet(told(), "汇总表")
    assert lines(page)[2][10:] == ["本级", "下级合计"]
    assert lines(page)[4][9:] == ["相符", None, 113.0]


def test_recorded_parts_add_up_to_the_total() -> None:
    page = sheet(told(), "过录表")
    rows = lines(page)
    assert [row[:5] for row in rows[7:]] == [
        ["0111", "一村工会", "村", 3.0, 31.0],
        ["0112", "二村工会", "村", 1.0, 30.0],
        ["012", "乙镇总工会（本级）", "乡镇（街道）", 1.0, 5.0],
        ["0121", "三村工会", "村", 1.0, 40.0],
        ["0129", "四村工会", "村", 0.0],
        ["019", "县直工会", "村", 1.0, 7.0],
    ]
    assert [row[4] for row in rows[4:7]] == [113.0, 113.0, "相符"]
    assert page.formulas[5, 5] == "SUM(E8:E13)"
    assert "每行为该单位及其所有下级的合计" in str(page.cells[2, 1])
    assert "其余见数据文件 data/abc123/values.parquet" in str(page.cells[2, 1])


def test_a_finding_links_to_the_unit_that_its_return_went_into() -> None:
    shown = large_outcome()
    data = summary(shown, SCHEME, small_narrative(), data=DATA)
    assert openpyxl.load_workbook(io.BytesIO(data))["问题清单"]["F4"].hyperlink.location == "'过录表'!F8"


def test_coverage_counts_by_unit_and_names_who_is_missing() -> None:
    rows = lines(sheet(told(), "上报情况"))
    assert rows[3] == ["一、按下级单位（其余见数据文件 data/abc123/coverage.parquet）"]
    assert [row[1:3] + row[4:] for row in rows[4:9]] == [
        ["01", "示范县总工会", 8.0, 7.0, 1.0, None, 1.0],
        ["011", "甲镇总工会", 4.0, 4.0, None, None, 1.0],
        ["0111", "一村工会", 3.0, 3.0, None, None, 1.0],
        ["0112", "二村工会", 1.0, 1.0],
        ["012", "乙镇总工会", 3.0, 2.0, 1.0],
    ]
    assert rows[-2:] == [[1.0, "0129", "四村工会", "村", "未报", "属乙镇总工会"], [2.0, "01112", "二厂工会", "村", "迟报", "属一村工会"]]


def test_lists_are_cut_where_nobody_would_read_on() -> None:
    given = large_outcome()
    many = tuple(replace(given.findings[0], message=f"第{number}处") for number in range(MOST_LINES + 5))
    rows = lines(sheet(told(replace(given, findings=many)), "问题清单"))
    assert len(rows) == 3 + MOST_LINES + 1
    assert rows[-1] == [f"以上{MOST_LINES}处，强制性问题在前；另有5处未列，全部见 findings.csv"]


def test_findings_are_counted_by_the_unit_shown() -> None:
    rows = lines(sheet(told(), "问题统计"))
    assert rows[-1][:3] + rows[-1][6:] == ["0111", None, "一村工会", 1.0]


def test_sources_name_the_totals_below() -> None:
    workbook = told()
    assert [row[7:9] for row in lines(sheet(workbook, "数据来源"))[3:]] == [[2.0, "第1号"], [2.0, "第1号"], [0.0, None], [2.0, "第1号"]]
    assert [row[:6] for row in lines(sheet(workbook, "来源单元格"))[3:]] == [
        [1.0, "40", "职工人数（A001）", "011", "甲镇总工会", 61.0],
        [1.0, "40", "职工人数（A001）", "012", "乙镇总工会", 45.0],
        [1.0, "40", "职工人数（A001）", "019", "县直工会", 7.0],
    ]


def test_no_cell_of_a_large_round_is_made_for_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand returns have a million."""

    def never(_: Cells) -> int:
        raise AssertionError("the cells of a large round are not to be looked at one by one")

    monkeypatch.setattr(Cells, "__hash__", never)
    narrative = small_narrative()
    figures = tuple(replace(one, cells=Cells([tuple(one.cells)])) for one in narrative.figures)
    rows = read_workbook(summary(large_outcome(), SCHEME, replace(narrative, figures=figures), data=DATA), name="s")
    assert len(lines(sheet(rows, "数据来源"))) > 3


def test_lists_and_texts_by_unit() -> None:
    workbook = told()
    assert lines(sheet(workbook, "名册汇总-名册"))[2:] == [
        ["单位代码", "单位名称", "行数", "金额（万元）合计"],
        ["0111", "一村工会", 4.0, 0.4],
        ["0121", "三村工会", 2.0, 0.2],
    ]
    texts = lines(sheet(workbook, "文字材料"))[3:]
    assert texts[0][1:4] == ["012", "乙镇总工会", "镇里的"]
    assert texts[1] == ["以上为本级和所列各级单位的文字材料，另有1条未列；其余见数据文件 data/abc123/texts.parquet"]


def test_register_counts_by_unit_and_lists_what_is_not_plainly_counted() -> None:
    rows = lines(sheet(told(), "收表登记"))
    assert [row[2:4] + row[5:] for row in rows[4:7]] == [
        ["示范县总工会", "01", "计入汇总7"],
        ["甲镇总工会", "011", "计入汇总4"],
        ["一村工会", "0111", "计入汇总3"],
    ]
    assert rows[-1] == [1.0, "坏.xlsx", None, None, "无法读取", "文件已加密"]
    assert ["单位不明", None, None, "无法读取1"] in [row[2:] for row in rows if len(row) > 5]


def test_same_input_same_bytes() -> None:
    one, two = (summary(large_outcome(), SCHEME, small_narrative(), data=DATA) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(("most", "levels"), [(2000, 3), (3, 2), (2, 1)])
def test_levels_stop_where_a_sheet_would_be_too_long(most: int, levels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.report.summary_units._MOST_UNITS", most)
    shown = ShownUnits(UNITS, "01")
    assert len(shown.levels) == levels
    assert shown.counts(REPORTED)["01"] == 7
    inside = [unit for unit, whole in shown.parts for unit in (UNITS.subtree(unit) if whole else (unit,))]
    assert sorted(inside) == sorted(UNITS.units)  # no unit twice, none left out


def test_units_without_a_common_top() -> None:
    apart = UnitTree([replace(unit, parent="" if unit.parent == "01" else unit.parent) for unit in UNITS if unit.code != "01"])
    given = large_outcome()
    totals = aggregate(given.round, SCHEME, units=apart, root="", findings=(), past=Past())
    workbook = told(replace(given, units=apart, root="", totals=totals))
    assert [row[4] for row in lines(sheet(workbook, "过录表"))[4:7]] == [113.0, 113.0, "相符"]


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """The same units, of which only one reported: a round that is not large, of more units than are listed one by one."""
    monkeypatch.setattr("reconcile.model.round.LARGE", 500)
    monkeypatch.setattr("reconcile.report.summary_pages.MANY_UNITS", 5)
    monkeypatch.setattr("reconcile.report.summary_findings.MOST_LINES", 3)
    given = large_outcome()
    silent = tuple(unit for unit in REPORTED if unit != "0121")
    rule = next(iter(SCHEME.named.values()), None)
    assert rule is not None
    monkeypatch.setitem(SCHEME.named, "missing_unit", rule)
    told = tuple(replace(given.findings[0], rule=rule.id, unit=unit, return_id="", message=f"{unit}没有收到") for unit in silent)
    one = replace(given.findings[0], rule="X-1", unit="0121", unit_name="三村工会", return_id="r0121", message="此处有误")
    kept = given.round.returns.loc[["r0121"]]
    round_ = replace(given.round, returns=kept, values=given.round.values.loc[["r0121"]], states=given.round.states.loc[["r0121"]])
    covered = Coverage(tuple(REPORTED), ("0121",), silent, (), ())
    return replace(given, round=round_, findings=(*told, one), coverage=covered)


def test_many_units_that_sent_nothing_do_not_bury_what_is_wrong(crowded: Outcome) -> None:
    workbook = told(crowded, None)
    rows = lines(sheet(workbook, "问题清单"))
    assert [row[6] for row in rows[3:-1]] == ["此处有误"]
    assert rows[-1] == ["另有6家单位没有报送，未在此逐家列出，见“上报情况”和 findings.csv"]
    recorded = lines(sheet(workbook, "过录表"))
    assert [row[0] for row in recorded if row[0] in REPORTED] == ["0121"]
    assert "未报单位不列" in str(recorded[1])
    assert lines(sheet(workbook, "上报情况"))[4][1:3] == ["01", "示范县总工会"]
    assert "二、按下级单位（含其所有下级）" in [row[0] for row in lines(sheet(workbook, "问题统计"))]


def test_a_few_more_units_are_listed_each(crowded: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.report.summary_pages.MANY_UNITS", len(UNITS))
    workbook = told(crowded, None)
    assert len(lines(sheet(workbook, "问题清单"))) == 3 + 7
    assert sum(row[3:4] == ["未报"] for row in lines(sheet(workbook, "过录表"))) == 6
    assert sum("未报" in row for row in lines(sheet(workbook, "上报情况"))) == 6


def test_long_lists_make_a_round_large_too(crowded: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not crowded.round.large
    monkeypatch.setattr("reconcile.model.round.LONG_LISTS", len(crowded.round.lists) - 1)
    assert crowded.round.large
    assert "名册内容超过60万格，各表只列到第二级下级" in str(lines(sheet(told(crowded), "封面")))
