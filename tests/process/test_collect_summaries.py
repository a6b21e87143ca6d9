"""Summaries among the sources: reading the towns' summaries is the same as reading what the towns read."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from making_returns import BIG, COUNTY, FAR, H1, OTHER_TOWN, SMALL, TOWN, UNITS, File, Filled, returned

from reconcile.files.bulk import Book
from reconcile.files.form_book import blank_book
from reconcile.files.scheme_files import read_scheme
from reconcile.files.tidy import add_round
from reconcile.model.outcome import CHECKS_COLUMNS, DIFFERENCES_COLUMNS, TOTALS_COLUMNS, Coverage, Outcome
from reconcile.model.past import Past
from reconcile.model.period import Period
from reconcile.model.round import ADJUSTMENTS_COLUMNS
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.collect import Collected, collect, edition
from reconcile.process.summaries import bring, settled_units
from reconcile.scheme.scheme import Scheme


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


def summarised(scheme: Scheme, collected: Collected, *, root: str) -> bytes:
    """The tidy sheets of a summary of what was collected."""
    empty = {name: pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in columns.items()}) for name, columns in _TABLES.items()}
    outcome = Outcome(
        period=collected.returns.period,
        root=root,
        units=collected.units,
        round=collected.returns,
        findings=(),
        coverage=Coverage((), (), (), (), ()),
        past=Past(),
        edition="",
        **empty,
    )
    book = Book()
    book.page("封面")
    add_round(book, outcome, scheme)
    return book.data()


_TABLES = {"totals": TOTALS_COLUMNS, "checks": CHECKS_COLUMNS, "differences": DIFFERENCES_COLUMNS}


def towns(scheme: Scheme) -> dict[str, list[File]]:
    person = {"帮扶职工名册": [{"姓名": "丙某", "身份证号": "99010619491231002X", "帮扶金额": "1,500元"}]}
    first = returned(scheme, SMALL, Filled({"A008": 6}, {"filled_on": "2023-07-01"}))
    answer = {"replaces": hashlib.sha256(first).hexdigest()}
    return {
        "330101": [
            File("大王庄村.xlsx", returned(scheme, BIG, Filled({"A008": "约35", "A009": -3}, rows=person, reasons={"A008": "新建企业"}))),
            File("小王庄村.xlsx", first),
            File("小王庄村改.xlsx", returned(scheme, SMALL, Filled({"A008": 7}, answer, rows=person))),
            File("小王庄村改（2）.xlsx", returned(scheme, SMALL, Filled({"A008": 7}, {**answer, "filler": "李四"}, rows=person))),
            File("城关镇.xlsx", returned(scheme, TOWN, Filled({}, {"scope": "汇总"}))),
        ],
        "330102": [
            File("柳林村.xlsx", b"PK\x03\x04cut"),
            File("柳林村（空白）.xlsx", blank_book(scheme, unit=FAR, period=H1)),
            File("河西镇.xlsx", returned(scheme, OTHER_TOWN, Filled({}, {"scope": "汇总"}))),
        ],
    }


def through_summaries(scheme: Scheme, *, units: UnitTree | None = UNITS) -> Collected:
    files = [
        File(f"{root}汇总.xlsx", summarised(scheme, collect(files, scheme, units=UNITS, period=H1), root=root))
        for root, files in towns(scheme).items()
    ]
    return collect(files, scheme, units=units, period=None)


def test_summaries_give_what_the_returns_give(scheme: Scheme) -> None:
    direct = collect([file for files in towns(scheme).values() for file in files], scheme, units=UNITS, period=None)
    through = through_summaries(scheme)
    one, two = direct.returns, through.returns
    assert two.period == one.period
    assert list(two.returns.index) == list(one.returns.index)
    columns = [column for column in one.returns.columns if column not in ("source", "note")]
    assert two.returns[columns].equals(one.returns[columns])
    assert set(two.returns["source"]) == {"330101汇总.xlsx", "330102汇总.xlsx"}
    assert two.values.equals(one.values)
    assert two.states.equals(one.states)
    for table in ("typed", "texts", "lists", "reasons", "answers"):
        assert getattr(two, table).equals(getattr(one, table)), table
    assert two.layouts == one.layouts
    assert {(finding.rule, finding.message) for finding in two.intake} == {(finding.rule, finding.message) for finding in one.intake}
    assert {finding.return_id for finding in two.intake} <= {*two.returns.index, ""}
    both = (edition(round_, scheme, units=UnitTree([]), root="", past=Past()) for round_ in (one, two))
    assert len(set(both)) == 1


def test_units_come_from_the_summaries_where_no_table_was_given(scheme: Scheme) -> None:
    through = through_summaries(scheme, units=None)
    assert through.units.known
    assert {unit.code: unit.parent for unit in through.units} == {unit.code: unit.parent for unit in UNITS}


def test_units_of_several_summaries_do_not_depend_on_their_order(scheme: Scheme) -> None:
    returns = collect([], scheme, units=UNITS, period=H1).returns
    loops = [Unit("1", "甲", "town", "2"), Unit("2", "乙", "town")], [Unit("1", "甲", "town"), Unit("2", "乙镇", "town", "1")]
    one, two = (bring(f"{number}.xlsx", returns, units=tuple(units), known=False) for number, units in enumerate(loops))
    expected = [Unit("1", "甲", "town", "2"), Unit("2", "乙镇", "town", "")]
    assert settled_units([one, two]) == settled_units([two, one]) == expected
    table = bring("表.xlsx", returns, units=(Unit("2", "乙村", "village", "1"), Unit("1", "甲镇", "town")), known=True)
    assert settled_units([one, table, two]) == [Unit("1", "甲镇", "town"), Unit("2", "乙村", "village", "1")]


def test_a_circle_between_summaries_is_cut_and_collected(scheme: Scheme) -> None:
    files = []
    for number, unit in enumerate((replace(TOWN, parent="330102"), replace(OTHER_TOWN, parent="330101"))):
        collected = collect([File("a.xlsx", returned(scheme, unit))], scheme, units=UnitTree([COUNTY, unit]), period=H1)
        files.append(File(f"{number}.xlsx", summarised(scheme, collected, root=unit.code)))
    for order in (files, files[::-1]):
        units = collect(order, scheme, units=None, period=None).units
        assert {unit.code: unit.parent for unit in units} == {"3301": "", "330101": "330102", "330102": ""}


def test_a_figure_changed_by_hand_makes_the_summary_unreadable(scheme: Scheme) -> None:
    collected = collect([File("a.xlsx", returned(scheme, BIG))], scheme, units=UNITS, period=H1)
    workbook = openpyxl.load_workbook(io.BytesIO(summarised(scheme, collected, root="3301")))
    sheet = workbook["_values"]
    column = next(cell.column for cell in sheet[1] if cell.value == "A008")
    sheet.cell(2, column).value = 350
    out = io.BytesIO()
    workbook.save(out)
    returns = collect([File("城关镇.xlsx", out.getvalue())], scheme, units=UNITS, period=H1).returns
    assert returns.returns["standing"].tolist() == ["unreadable"]
    assert "被人改动过" in returns.returns["note"].tolist()[0]


def test_a_corrected_return_supersedes_the_one_in_the_summary(scheme: Scheme) -> None:
    first = returned(scheme, BIG, Filled({"A008": "约35"}))
    town = summarised(scheme, collect([File("大王庄村.xlsx", first)], scheme, units=UNITS, period=H1), root="330101")
    second = returned(scheme, BIG, Filled({"A008": 36}, {"replaces": hashlib.sha256(first).hexdigest()}))
    returns = collect([File("城关镇.xlsx", town), File("改.xlsx", second)], scheme, units=UNITS, period=None).returns
    assert dict(zip(returns.returns["file"], returns.returns["standing"], strict=True)) == {
        "改.xlsx": "counted",
        "大王庄村.xlsx": "superseded",
    }
    approximate = scheme.named["approximate"].id
    assert [one for one in returns.intake if one.rule == approximate] == []


def test_a_return_read_directly_goes_before_the_same_one_in_a_summary(scheme: Scheme) -> None:
    files = [File("大王庄村.xlsx", returned(scheme, BIG)), File("柳林村.xlsx", returned(scheme, FAR))]
    county = summarised(scheme, collect(files, scheme, units=UNITS, period=H1), root="3301")
    returns = collect([File("汇总.xlsx", county), *files], scheme, units=UNITS, period=None).returns
    assert len(returns.counted) == 2
    assert [one for ids in returns.counted.values() for one in ids if "-" in one] == []
    assert returns.returns["standing"].tolist().count("duplicate") == 2
    assert [one for one in returns.intake if one.rule == scheme.named["duplicate_file"].id] == []


def test_a_summary_of_another_period_is_not_counted(scheme: Scheme) -> None:
    earlier = Period(2022, 6, "2022H1")
    old = summarised(
        scheme, collect([File("a.xlsx", returned(scheme, BIG, period=earlier))], scheme, units=UNITS, period=earlier), root="3301"
    )
    returns = collect([File("汇总.xlsx", old)], scheme, units=UNITS, period=H1).returns
    assert returns.returns["standing"].tolist() == ["wrong_period"]


def test_adjustments_come_along_once(scheme: Scheme) -> None:
    collected = collect([File("a.xlsx", returned(scheme, BIG))], scheme, units=UNITS, period=H1)
    line = ["33010101", "A008", 35.0, 36.0, "核对花名册", "工会专干", "2023-07-20"]
    table = pd.DataFrame(
        {name: pd.Series([cell], dtype=kind) for (name, kind), cell in zip(ADJUSTMENTS_COLUMNS.items(), line, strict=True)}
    )
    adjusted = replace(collected, returns=replace(collected.returns, adjustments=table))
    data = summarised(scheme, adjusted, root="3301")
    returns = collect([File("一.xlsx", data), File("二.xlsx", data)], scheme, units=UNITS, period=None).returns
    assert returns.adjustments.to_numpy().tolist() == [line]
    assert returns.adjustments.equals(table)


def test_what_an_own_earlier_summary_could_not_read_is_told_as_long_as_it_holds(scheme: Scheme) -> None:
    """A summary given for its 核定, beside the folder that it was made of or a part of it."""
    own = [File("大王庄村.xlsx", returned(scheme, BIG)), File("柳林村.xlsx", returned(scheme, FAR))]
    small = returned(scheme, SMALL)
    cut, unknown, scan = File("小王庄村工会.xlsx", small[:3000]), File("坏表.xlsx", small[:2000]), File("小王庄村.pdf", b"%PDF-1.7")
    last_year = File("旧.xlsx", returned(scheme, SMALL, period=Period(2022, 6, "2022H1")))
    unreadable = scheme.named["unreadable_file"].id
    for then, now, told, doubled in (
        ([*own, cut], own, 1, 2),  # nothing came in its place
        ([*own, cut], [*own, cut], 1, 3),
        ([*own, cut], [*own, last_year], 1, 2),
        ([*own, cut], [*own, File("小王庄村.xlsx", small)], 0, 3),
        ([*own, cut], own[:1], 1, 1),  # it speaks for what is not in hand
        ([*own, unknown], own, 0, 3),
        ([*own, unknown], own[:1], 1, 1),
        ([*own, scan], [*own, scan], 1, 3),
    ):
        earlier = summarised(scheme, collect(then, scheme, units=UNITS, period=H1), root="3301")
        returns = collect([*now, File("汇总.xlsx", earlier)], scheme, units=UNITS, period=H1).returns
        assert [one.rule for one in returns.intake].count(unreadable) == told, (then[-1].name, [one.name for one in now])
        assert returns.returns["standing"].tolist().count("duplicate") == doubled


def test_a_damaged_summary_is_unreadable(scheme: Scheme) -> None:
    collected = collect([File("a.xlsx", returned(scheme, BIG))], scheme, units=UNITS, period=H1)
    workbook = openpyxl.load_workbook(io.BytesIO(summarised(scheme, collected, root="3301")))
    workbook.remove(workbook["_returns"])
    out = io.BytesIO()
    workbook.save(out)
    returns = collect([File("城关镇.xlsx", out.getvalue())], scheme, units=UNITS, period=H1).returns
    assert returns.returns["standing"].tolist() == ["unreadable"]
    assert returns.returns["unit"].tolist() == ["3301"]  # as the summary itself says, whatever its file is called
    assert np.isnan(returns.values.to_numpy()).all()
