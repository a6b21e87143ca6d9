"""Hypotheses: rules judged for many versions of one return, exactly as they were judged before."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from reconcile.model.past import Past
from reconcile.model.round import State
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Reference
from reconcile.scheme.hypothesis import Hypotheses, judged, reads

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

A, B, C = Reference("A001"), Reference("A002"), Reference("A003")
INDICATORS = "A001|职工|人|stock|0\nA002|女职工|人|stock|0\nA003|资金|万元|flow|2\nT001|说明|文字|text"
LISTS = "名册|姓名|姓名|text||是|A001:count\n名册|金额|金额|number|元||A003:sum"
FORM = "封面|cover||||\n名册|list|名册|||"
RULES = """
R1|女职工 <= 职工||error||||超出|
R2|女职工 > 0|职工 > 10|query||||没有|
R3|资金 = total(名册.金额) / 10000||error|0.01|||不符|
R4|职工 = count(名册)||error||zero||不符|
R5|女职工 is not missing||note||||空|
R6|职工 <= mean(职工) * 3||query||||偏大|
R7|如果 职工 > 10，则 女职工 = 职工||note||||不等|
"""
LINES = [("u", "名册", 2, "姓名", "甲", math.nan), ("u", "名册", 2, "金额", "300", 300.0), ("u", "名册", 3, "金额", "500", 500.0)]


@pytest.fixture
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS, rules=RULES, lists=LISTS, form=FORM)


@pytest.fixture
def versions(scheme: Scheme, make_round: Callable[..., Round]) -> Callable[..., Hypotheses]:
    """versions({reference: values}, women=…): the return has 12 workers, 30 women (unless told) and 0.08 万元."""

    def make(changed: dict[Reference, list[float]], women: float | str = 30) -> Hypotheses:
        returns = make_round(
            {"x": {"A001": 5}, "u": {"A001": 12, "A002": women, "A003": 0.08}}, lists=LINES, codes=["A001", "A002", "A003"]
        )
        environment = ReturnsEnvironment(returns, scheme, UnitTree([Unit("u", "村", "village"), Unit("x", "村", "village")]), Past())
        size = len(next(iter(changed.values()), [0.0]))
        return Hypotheses(environment, 1, size, {one: np.array(values) for one, values in changed.items()})

    return make


def standing(scheme: Scheme, rule: str, versions: Hypotheses) -> tuple[list[bool], list[bool]]:
    """Where the rule holds, and where it is broken."""
    found = judged(next(one for one in scheme.rules if one.id == rule), versions, scheme)
    return found.held.tolist(), found.broken.tolist()


def test_each_version_is_judged(scheme: Scheme, versions: Callable[..., Hypotheses]) -> None:
    made = versions({B: [math.nan, 3, 13, 12]})
    assert standing(scheme, "R1", made) == ([False, True, False, True], [True, False, True, False])


def test_a_supposed_number_is_an_answer(scheme: Scheme, versions: Callable[..., Hypotheses]) -> None:
    made = versions({B: [math.nan, 3]}, women="—")
    assert made.states("A002").tolist() == [State.NOT_APPLICABLE, State.NUMBER]
    assert standing(scheme, "R1", made) == ([False, True], [False, False])  # it does not apply as it was reported
    made = versions({B: [math.nan, 3]}, women="blank")
    assert made.absent(B).tolist() == [True, False]
    assert standing(scheme, "R5", made) == ([False, True], [True, False])


def test_the_guard_is_judged_for_each_version_too(scheme: Scheme, versions: Callable[..., Hypotheses]) -> None:
    made = versions({A: [math.nan, 9, 11], B: [0, 0, 0]})
    assert standing(scheme, "R2", made) == ([False, False, False], [True, False, True])


def test_tolerance_and_lists(scheme: Scheme, versions: Callable[..., Hypotheses]) -> None:
    made = versions({C: [math.nan, 0.09, 0.1]})
    assert standing(scheme, "R3", made) == ([True, True, False], [False, False, True])
    made = versions({Reference("名册.金额", kind="column"): [math.nan, 5000], Reference("名册", kind="list"): [math.nan, 12]})
    assert standing(scheme, "R3", made) == ([True, False], [False, True])
    assert standing(scheme, "R4", made) == ([False, True], [True, False])


def test_rules_about_all_returns_together_say_nothing_of_one(scheme: Scheme, versions: Callable[..., Hypotheses]) -> None:
    assert standing(scheme, "R6", versions({A: [1, 1000]})) == ([False, False], [False, False])


def test_what_a_rule_reads_and_demands(scheme: Scheme) -> None:
    rules = {one.id: one for one in scheme.rules}
    assert reads(rules["R3"]) == {C, Reference("名册.金额", kind="column")}
    assert reads(rules["R2"]) == {A, B}
    assert rules["R7"].demanded == rules["R7"].expression.consequence  # type: ignore[union-attr] # an if…then
