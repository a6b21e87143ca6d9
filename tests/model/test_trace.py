"""From totals down to cells."""

from __future__ import annotations

from reconcile.model.finding import CellAt
from reconcile.model.trace import Addends
from reconcile.model.unit import Unit, UnitTree

UNITS = UnitTree([Unit("1", "镇", "town"), Unit("11", "甲村", "village", "1"), Unit("12", "乙村", "village", "1")])


def test_addends_are_numbers_and_nils_of_returns_that_count(make_round) -> None:  # type: ignore[no-untyped-def] # the fixture's type is a callable
    figures = {"a": {"A1": 5.0}, "b": {"A1": "nil"}, "c": {"A1": 7.0}, "d": {"A1": "—"}}
    owners, standings = {"a": "11", "b": "12", "c": "12", "d": "1"}, {"c": "superseded"}
    addends = Addends(make_round(figures, owners=owners, standings=standings), UNITS)
    assert addends.cells("1", ["A1"]) == (CellAt("a.xlsx", "组织", "D4", "5"), CellAt("b.xlsx", "组织", "D4", "0"))
    assert addends.counts("1", "A1") == (CellAt("a.xlsx", "组织", "D4", "5"),)
    assert addends.owners("1", "A1") == {"11", "12"}
    assert addends.owners("1", "A1", above_zero=True) == {"11"}
    assert addends.cells("1", ["A1"], own=True) == ()
    assert addends.cells("1", ["B9"]) == ()
    assert addends.cells("1", ["A1"], among={"12"}) == (CellAt("b.xlsx", "组织", "D4", "0"),)
    assert addends.counts("1", "A1", among={"12"}) == ()


def test_own_value_is_told_only_where_the_parts_agree(make_round) -> None:  # type: ignore[no-untyped-def] # the fixture's type is a callable
    figures = {"a": {"A1": 6.0, "A2": 5.0}, "b": {"A1": 6.0, "A2": 7.0}}
    addends = Addends(make_round(figures, owners={"a": "11", "b": "11"}), UNITS)
    assert addends.own_value("11", "A1") == 6.0
    assert str(addends.own_value("11", "A2")) == "nan"
    assert str(addends.own_value("12", "A1")) == "nan"
