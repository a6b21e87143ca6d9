"""Who answered, who owes, and for whom somebody else speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reconcile.model.answers import Answers
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.unit import Unit, UnitTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.model.round import Round

UNITS = [
    Unit("c", "县", "county"),
    Unit("t1", "甲镇", "town", "c"),
    Unit("t2", "乙镇", "town", "c"),
    Unit("v1", "一村", "village", "t1"),
    Unit("v2", "二村", "village", "t1"),
    Unit("v3", "三村", "village", "t2"),
]
TREE = UnitTree(UNITS)
WORKERS = Indicator("A001", "职工人数", "组织", "人", Kind.STOCK, reported_by=frozenset({"village", "town"}))


def those(answers: Answers, units: np.ndarray) -> list[str]:
    return [code for code, holds in zip(answers.subtrees.codes, units, strict=True) if holds]


def test_a_dash_is_an_answer_and_a_blank_is_none(make_round: Callable[..., Round]) -> None:
    answers = Answers(make_round({"v1": {"A001": "—"}, "v2": {"A001": "blank"}, "v3": {"A001": "nil"}}), TREE)
    assert those(answers, answers.answered("A001")) == ["v1", "v3"]
    assert those(answers, answers.answered("B001")) == []


def test_units_that_only_hold_others_together_owe_nothing(make_round: Callable[..., Round]) -> None:
    answers = Answers(make_round({"v1": {"A001": 1}, "t2": {"A001": 2}}), TREE)
    assert those(answers, answers.owing(WORKERS)) == ["v1", "v2", "t2", "v3"]


def test_a_stand_in_speaks_for_all_below_it(make_round: Callable[..., Round]) -> None:
    answers = Answers(make_round({"t1": {"A001": 9}, "v3": {"A001": 1}}, standings={"t1": "stand_in"}), TREE)
    assert those(answers, answers.owing(WORKERS)) == ["t1", "v3"]


def test_without_a_table_of_units_anybody_may_owe(make_round: Callable[..., Round]) -> None:
    answers = Answers(make_round({"v1": {"A001": 1}}), UnitTree(UNITS, known=False))
    assert answers.owing(WORKERS).all()


def test_at_or_below(make_round: Callable[..., Round]) -> None:
    answers = Answers(make_round({"v1": {"A001": 1}}), TREE)
    assert answers.at_or_below(answers.answered("A001"), ["c", "t1", "t2", "v1"]).tolist() == [True, True, False, True]
