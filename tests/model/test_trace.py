"""From totals down to cells."""

from __future__ import annotations

import pytest

from reconcile.model.finding import CellAt
from reconcile.model.trace import Addends, Cells
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


def test_cells_are_made_when_they_are_asked_for(make_round, monkeypatch) -> None:  # type: ignore[no-untyped-def] # fixtures
    addends = Addends(make_round({"11": {"A1": 5.0, "A2": 1.0}, "12": {"A1": 7.0}}), UNITS)
    made: list[int] = []
    cell = addends.cell
    monkeypatch.setattr(addends, "cell", lambda row, code: made.append(row) or cell(row, code))
    both = addends.cells("1", ["A1"]) + addends.cells("1", ["A2"])
    assert (len(both), bool(both), made) == (3, True, [])
    assert [both[place].value for place in (0, 2, -1)] == ["5", "1", "1"]
    assert made == [0, 0, 0]
    assert [one.value for one in both[1:]] == ["7", "1"]
    with pytest.raises(IndexError):
        both[3]
    with pytest.raises(IndexError):
        both[-4]


def test_equal_cells_are_one_list(make_round) -> None:  # type: ignore[no-untyped-def] # the fixture's type is a callable
    addends = Addends(make_round({"11": {"A1": 5.0}, "12": {"A1": 7.0}}), UNITS)
    whole, again = addends.cells("1", ["A1"]), addends.cells("1", ["A1"])
    parts = addends.cells("11", ["A1"]) + addends.cells("12", ["A1"])
    assert whole == again == parts == tuple(whole)
    assert len({whole, again, parts, tuple(whole)}) == 1
    assert hash(whole) == hash(parts) == hash(tuple(whole))
    assert whole != addends.cells("11", ["A1"])
    assert whole != parts[::-1]
    assert Cells([]) == ()
    assert hash(Cells([])) == hash(())
