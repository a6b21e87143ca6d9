"""Rules that look back, for units that took others over: the group's figure, and the message says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest

from reconcile.model.figures import own_figures
from reconcile.model.past import Earlier, Past
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.compare import compare
from reconcile.process.validate import validate

if TYPE_CHECKING:
    from reconcile.model.finding import Finding
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

MAY = date(2023, 5, 1)
BOTH = UnitTree([Unit("a", "甲村工会", "village", closed=MAY, successors=("b",)), Unit("b", "乙村工会", "village")])
OPENING = "P-01|期初会员数 = closing(会员人数)||query||||期初会员数{期初会员数}，而上年末是{上年末会员人数}，相差{差}|"
Judge = Callable[..., tuple["Finding", ...]]


@pytest.fixture
def judge(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Judge:
    def run(now: dict[str, dict[str, float]], before: dict[str, dict[str, float]], *, units: UnitTree = BOTH) -> tuple[Finding, ...]:
        scheme = make_scheme("A001|期初会员数|人|stock\nA002|会员人数|人|stock", rules=OPENING)
        past = make_round(before, codes=["A001", "A002"], period="2022")
        own = own_figures(past, scheme.indicators)
        earlier = Past([Earlier(past.period, own=own, totals=own, returns=past)])
        returns = make_round(now, codes=["A001", "A002"])
        return (*validate(returns, scheme, units=units, past=earlier).findings, *compare(returns, scheme, units=units, past=earlier))

    return run


def test_the_opening_of_a_merged_unit_is_the_closing_of_both(judge: Judge) -> None:
    before = {"a": {"A002": 40.0}, "b": {"A002": 60.0}}
    assert judge({"b": {"A001": 100}}, before) == ()
    (found,) = judge({"b": {"A001": 60}}, before)
    assert found.message == "期初会员数60人，而上年末是100人（含并入的甲村工会），相差40人"


def test_the_opening_is_not_judged_while_the_group_is_not_whole(judge: Judge) -> None:
    assert judge({"b": {"A001": 60}}, {"b": {"A002": 60.0}}) == ()


def test_openings_of_split_units_are_judged_together(judge: Judge) -> None:
    units = UnitTree(
        [
            Unit("a", "甲村工会", "village", closed=MAY, successors=("b", "c")),
            Unit("b", "乙村工会", "village", opened=MAY),
            Unit("c", "丙村工会", "village", opened=MAY),
        ]
    )
    before = {"a": {"A002": 100.0}}
    assert judge({"b": {"A001": 45}, "c": {"A001": 55}}, before, units=units) == ()
    (found,) = judge({"b": {"A001": 45}, "c": {"A001": 50}}, before, units=units)
    assert found.message == "乙村工会、丙村工会合计（由甲村工会拆分合并而来）：期初会员数95人，而上年末是100人，相差5人"
    assert (found.unit, found.difference, [cell.file for cell in found.cells]) == ("b", "5人", ["b.xlsx", "c.xlsx"])
