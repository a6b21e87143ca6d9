"""Totals that units reported themselves against those computed from below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from reconcile.model.finding import CellAt, Tier
from reconcile.model.outcome import DIFFERENCES_COLUMNS, Tallied
from reconcile.model.past import Past
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.process.tally import tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

TREE = UnitTree(
    [Unit("c", "县", "county"), Unit("t1", "甲镇", "town", "c"), *(Unit(f"v{one}", f"{one}村", "village", "t1") for one in range(12))]
)
INDICATORS = """
    A001|职工人数|人|stock|0
    A002|会员人数|人|stock|0
    A003|入会率|%|rate|1||会员人数 / 职工人数 * 100
    A005|是否试点|是否|flag
    A006|最低工资标准|元|norm|2
    C001|救助金额|万元|flow|2
    T001|主要做法|文字|text
"""
RULE = "N-36|@difference||query||||{指标}自报汇总数{自报数}，由下级报表相加为{汇总数}，相差{差额}。|请核对{单元格}。"


@pytest.fixture(scope="module")
def compare(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Callable[..., Tallied]:
    scheme = make_scheme(INDICATORS, rules=RULE)

    def run(figures: Mapping[str, Mapping[str, float | str]], **round_words: object) -> Tallied:
        codes = [code for code, one in scheme.indicators.items() if one.kind != "text"]
        words = {"standings": {"t1": "compared"}} | round_words
        returns = make_round(figures, codes=codes, **words)
        totals = aggregate(returns, scheme, units=TREE, root="c", findings=(), past=Past())
        return tally(returns, totals, scheme, units=TREE)

    return run


def test_a_difference_is_a_row_and_a_query_at_the_units_own_cell(compare: Callable[..., Tallied]) -> None:
    found = compare({"t1": {"A001": 40, "A002": 7}, "v1": {"A001": 21, "A002": 3}, "v2": {"A001": 21, "A002": 4}})
    assert {name: str(kind) for name, kind in found.differences.dtypes.items()} == DIFFERENCES_COLUMNS
    assert found.differences.to_numpy().tolist() == [["t1", "A001", 40, 42, -2, "t1"]]
    (query,) = found.findings
    assert (query.tier, query.unit, query.return_id, query.indicators) == (Tier.QUERY, "t1", "t1", ("A001",))
    assert query.message == "职工人数自报汇总数40人，由下级报表相加为42人，相差2人。"
    assert query.advice == "请核对D4。"
    assert query.cells == (CellAt("t1.xlsx", "组织", "D4", "40"),)
    assert (query.observed, query.expected, query.difference) == ("40人", "42人", "2人")


def test_heads_know_no_tolerance(compare: Callable[..., Tallied]) -> None:
    assert len(compare({"t1": {"A001": 2}, "v1": {"A001": 1}}).findings) == 1


@pytest.mark.parametrize(
    ("own", "addends", "asked"),
    [
        (2.015, 2, False),  # (2 + 1) / 2 of 0.01
        (2.02, 2, True),
        (12.05, 12, False),  # never more than 5 of 0.01
        (12.06, 12, True),
    ],
)
def test_rounded_parts_excuse_half_a_digit_each(compare: Callable[..., Tallied], own: float, addends: int, asked: bool) -> None:
    found = compare({"t1": {"C001": own}, **{f"v{one}": {"C001": 1} for one in range(addends)}})
    assert len(found.differences) == 1
    assert bool(found.findings) is asked


def test_a_rate_may_be_rounded_to_its_last_digit(compare: Callable[..., Tallied]) -> None:
    below = {"v1": {"A001": 3, "A002": 2}}
    assert compare({"t1": {"A003": 66.7}, **below}).findings == ()
    (query,) = compare({"t1": {"A003": 66.6}, **below}).findings
    assert (query.observed, query.expected, query.difference) == ("66.6%", "66.67%", "0.07%")


def test_parts_of_ten_do_not_differ(compare: Callable[..., Tallied]) -> None:
    assert compare({"t1": {"C001": 0.3}, "v1": {"C001": 0.1}, "v2": {"C001": 0.2}}).differences.empty


def test_what_nobody_below_reported_is_not_compared(compare: Callable[..., Tallied]) -> None:
    found = compare({"t1": {"A001": 5, "A002": 0}, "v1": {"A001": "blank"}})
    assert found.differences["indicator"].tolist() == ["A001"]
    assert np.isnan(found.differences["difference"].iloc[0])
    assert found.findings == ()


def test_answers_of_yes_and_no_and_norms_are_not_compared(compare: Callable[..., Tallied]) -> None:
    assert compare({"t1": {"A005": 1, "A006": 9}, "v1": {"A005": 0, "A006": 8}}).differences.empty


def test_the_units_own_counted_return_is_part_of_what_is_computed(compare: Callable[..., Tallied]) -> None:
    figures = {"whole": {"A001": 12}, "own": {"A001": 2}, "v1": {"A001": 10}}
    assert compare(figures, owners={"whole": "t1", "own": "t1"}, standings={"whole": "compared"}).differences.empty


def test_nothing_compared_gives_an_empty_table(compare: Callable[..., Tallied]) -> None:
    found = compare({"v1": {"A001": 1}})
    assert list(found.differences.columns) == list(DIFFERENCES_COLUMNS)
    assert (len(found.differences), found.findings) == (0, ())
