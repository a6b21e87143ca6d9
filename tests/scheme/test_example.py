"""The smallest example of each rule breaks it, and the repaired form keeps it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import MakeScheme

from reconcile.files.scheme_files import read_scheme
from reconcile.scheme.example import Example, example
from reconcile.scheme.expression import Missing, evaluate
from reconcile.scheme.provoked import PROVOKED_BY
from reconcile.scheme.rules import Rule

BUILT_IN = read_scheme(None)
RELATIONS = [rule for rule in BUILT_IN.rules if rule.expression is not None]
INDICATORS = "A|甲|人|flow\nB|乙|人|flow\nC|丙|人|flow\nR|率|%|rate|1||\nF|是否办|是否|flag\nT|材料|文字|text"


def of(make_scheme: MakeScheme, check: str, *, when: str = "", tolerance: str = "") -> Example | None:
    scheme = make_scheme(INDICATORS, rules=f"X|{check}|{when}|error|{tolerance}|||出错|改")
    return example(scheme.rules[0], scheme)


def pairs(made: Example | None) -> dict[str, list[float]]:
    assert made is not None
    return {str(one): list(pair) for one, *pair in zip(made.references, made.broken, made.repaired, strict=True)}


def verdict(rule: Rule, made: Example, figures: tuple[float, ...]) -> tuple[bool, bool]:
    """Whether the rule, where its guard holds, is proved and disproved by these figures."""
    environment = made.environment(figures)
    asked = True
    if rule.when is not None:
        guard = evaluate(rule.when, environment, missing=Missing.SKIP if rule.missing is Missing.FAIL else rule.missing)
        asked = bool(guard.true.all())
    judged = evaluate(rule.expression, environment, tolerance=rule.tolerance, missing=rule.missing)
    return asked and bool(judged.true.all()), asked and bool(judged.false.all())


@pytest.mark.parametrize("rule", RELATIONS, ids=[rule.id for rule in RELATIONS])
def test_every_relation_of_the_scheme_has_an_example_that_breaks_it_and_one_that_keeps_it(rule: Rule) -> None:
    made = example(rule, BUILT_IN)
    assert made is not None
    assert verdict(rule, made, made.broken) == (False, True)
    assert verdict(rule, made, made.repaired) == (True, False)
    assert made.least
    assert all(math.isnan(one) or (one >= 0 and one.is_integer()) for one in made.broken)


def test_every_named_check_of_the_scheme_is_provoked_by_something() -> None:
    assert [name for name in BUILT_IN.named if name not in PROVOKED_BY] == []


@pytest.mark.parametrize(
    ("check", "when", "expected"),
    [
        ("甲 <= 乙", "", {"A": [1, 1], "B": [0, 1]}),
        ("甲 = 乙 + 丙", "", {"A": [0, 1], "B": [0, 0], "C": [1, 1]}),
        ("甲 > 0", "", {"A": [0, 1]}),
        ("if 甲 > 0 then 乙 > 0", "", {"A": [1, 1], "B": [0, 1]}),
        ("甲 >= previous(甲) * 0.5", "previous(甲) >= 30", {"A": [0, 15], "previous(A)": [30, 30]}),
        ("甲 * 20 <= 乙 <= 甲 * 20000", "甲 > 0 and 乙 > 0", {"A": [1, 1], "B": [1, 20]}),
        ("是否办 >= 1", "甲 > 0", {"F": [0, 1], "A": [1, 1]}),
        ("甲 <= 3000", "", {"A": [3001, 3000]}),
        ("率 = 甲 / 乙 * 100", "乙 > 0", {"R": [0, 0], "A": [1, 0], "B": [1, 1]}),
    ],
)
def test_smallest_figures_and_nearest_repair(make_scheme: MakeScheme, check: str, when: str, expected: dict[str, list[float]]) -> None:
    assert pairs(of(make_scheme, check, when=when)) == expected


def test_a_tolerance_must_be_passed(make_scheme: MakeScheme) -> None:
    assert pairs(of(make_scheme, "甲 <= 乙", tolerance="2")) == {"A": [3, 3], "B": [0, 1]}


def test_a_figure_may_be_missing_where_the_rule_asks_for_that(make_scheme: MakeScheme) -> None:
    made = pairs(of(make_scheme, "甲 <= 乙", when="丙 is missing"))
    assert [made["A"], made["B"]] == [[1, 1], [0, 1]]
    assert np.isnan(made["C"]).all()


def test_sums_too_large_to_count_up_to_are_proved_least(make_scheme: MakeScheme) -> None:
    made = of(make_scheme, "甲 <= previous(甲) * 3", when="previous(甲) >= 1000")
    assert made is not None
    assert (made.broken, made.least) == ((3001, 1000), True)


@pytest.mark.parametrize("check", ["甲 <= 2 * mean(甲)", "材料 = '无'", "甲 >= 0", "甲 + 1 <= 甲"])
def test_no_example_where_none_can_be_told(make_scheme: MakeScheme, check: str) -> None:
    assert of(make_scheme, check) is None
