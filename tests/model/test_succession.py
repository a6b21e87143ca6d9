"""Units that merged or split, and their earlier figures on the comparable base."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from reconcile.model.indicator import Indicator, Kind
from reconcile.model.period import Period
from reconcile.model.succession import Group, groups, on_comparable_base, total_of
from reconcile.model.unit import Unit, UnitTree

THEN, NOW = Period(2022, 12, "2022"), Period(2023, 6, "2023H1")
NAN = float("nan")
MAY = date(2023, 5, 1)
ALL = frozenset({"village", "enterprise"})
INDICATORS = {
    "A001": Indicator("A001", "会员人数", "组织", "人", Kind.STOCK, reported_by=ALL),
    "A002": Indicator("A002", "入会率", "组织", "%", Kind.RATE, reported_by=ALL),
    "A003": Indicator("A003", "小组数", "组织", "个", Kind.STOCK, reported_by=frozenset({"enterprise"})),
}


def village(code: str, *, opened: date | None = None, closed: date | None = None, successors: tuple[str, ...] = ()) -> Unit:
    return Unit(code, code, "village", opened=opened, closed=closed, successors=successors)


def found(*units: Unit, reporting: str = "") -> tuple[Group, ...]:
    return groups(UnitTree(units), then=THEN, now=NOW, reporting=set(reporting))


def test_a_merger_and_a_split() -> None:
    assert found(village("a", closed=MAY, successors=("b",)), village("b"), village("x"), reporting="bx") == (Group(("a", "b"), ("b",)),)
    split = (village("a", closed=MAY, successors=("b", "c")), village("b", opened=MAY), village("c", opened=MAY))
    assert found(*split, reporting="bc") == (Group(("a",), ("b", "c")),)


def test_successions_outside_the_time_between_are_over() -> None:
    long_ago = date(2020, 1, 1)
    assert found(village("a", closed=long_ago, successors=("b",)), village("b"), reporting="b") == ()
    assert found(village("a"), village("b")) == ()


def test_a_unit_with_successors_and_no_return_is_closed() -> None:
    units = (village("a", successors=("b",)), village("b"))
    assert found(*units, reporting="b") == (Group(("a", "b"), ("b",)),)
    assert found(*units, reporting="ab") == ()


def test_units_joined_through_a_third_are_one_group() -> None:
    units = (village("a", closed=MAY, successors=("c",)), village("b", closed=MAY, successors=("c", "d")), village("c"), village("d"))
    assert found(*units, reporting="cd") == (Group(("a", "b", "c", "d"), ("c", "d")),)


def test_the_comparable_base() -> None:
    units = UnitTree([village("a", closed=MAY, successors=("b",)), village("b"), village("x")])
    own = pd.DataFrame({"A001": [0.1, 0.2, 9], "A002": [50, 60, 70.0], "A003": [NAN, 4, NAN]}, index=["a", "b", "x"])
    based = on_comparable_base(own, units, INDICATORS, concerned=groups(units, then=THEN, now=NOW, reporting={"b", "x"}))
    np.testing.assert_array_equal(based.loc["b"], [0.3, NAN, 4])  # added exactly; rates are not added; villages are not asked for A003
    np.testing.assert_array_equal(based.loc["x"], own.loc["x"])
    assert on_comparable_base(own, units, INDICATORS, concerned=()) is own


def test_a_group_that_is_not_whole_is_unknown() -> None:
    units = UnitTree([village("a", closed=MAY, successors=("b",)), village("b")])
    own = pd.DataFrame({"A001": [5.0]}, index=["b"])
    based = on_comparable_base(own, units, INDICATORS, concerned=groups(units, then=THEN, now=NOW, reporting={"b"}))
    assert np.isnan(based.loc["b", "A001"])


def test_units_of_a_split_have_no_figure_of_their_own_but_one_together() -> None:
    units = UnitTree([village("a", closed=MAY, successors=("b", "c")), village("b", opened=MAY), village("c", opened=MAY)])
    own = pd.DataFrame({"A001": [10.0]}, index=["a"])
    based = on_comparable_base(own, units, INDICATORS, concerned=groups(units, then=THEN, now=NOW, reporting={"b", "c"}))
    assert based.loc[["b", "c"], "A001"].isna().all()
    now = pd.DataFrame({"A001": [4.0, 7.0]}, index=["b", "c"])
    np.testing.assert_array_equal(total_of(now, ("b", "c"), units, INDICATORS), [11])
