"""Evaluation: three-valued truth, tolerance, missing answers, sides, formulas."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reconcile.scheme.expression import Missing, Reference, Verdict, evaluate, parse, sides, value

NAN = float("nan")


@dataclass
class Columns:
    """An environment over columns by canonical spelling; `answered` holds those that are NaN and yet answered ("—")."""

    columns: Mapping[str, list[float] | NDArray[np.float64]]
    answered: frozenset[str] = frozenset()
    texts: Mapping[str, list[str | None]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(next(iter((*self.columns.values(), *self.texts.values()))))

    def figure(self, reference: Reference) -> NDArray[np.float64]:
        return np.asarray(self.columns[str(reference)], dtype=np.float64)

    def absent(self, reference: Reference) -> NDArray[np.bool_]:
        if str(reference) in self.texts:
            return np.array([word is None for word in self.texts[str(reference)]])
        return np.isnan(self.figure(reference)) & (str(reference) not in self.answered)

    def rows(self, roster: str) -> NDArray[np.float64]:
        return np.asarray(self.columns[f"count({roster})"], dtype=np.float64)

    def column_total(self, roster: str, column: str) -> NDArray[np.float64]:
        return np.asarray(self.columns[f"total({roster}.{column})"], dtype=np.float64)

    def words(self, reference: Reference) -> NDArray[np.object_]:
        return np.array(self.texts[str(reference)], dtype=np.object_)


def marks(verdict: Verdict) -> str:
    """1 true, 0 false, N neither; never both."""
    assert not (verdict.true & verdict.false).any()
    assert (verdict.unknown == ~(verdict.true | verdict.false)).all()
    return "".join("1" if yes else "0" if no else "N" for yes, no in zip(verdict.true, verdict.false, strict=True))


def judged(rule: str, *, tolerance: float = 0.0, missing: Missing = Missing.SKIP, **columns: list[float]) -> str:
    return marks(evaluate(parse(rule), Columns(dict(columns)), tolerance=tolerance, missing=missing))


P = [1, 0, NAN, 1, 0, NAN, 1, 0, NAN]
Q = [1, 1, 1, 0, 0, 0, NAN, NAN, NAN]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("p == 1 and q == 1", "10N000N0N"),
        ("p == 1 or q == 1", "11110N1NN"),
        ("if p == 1 then q == 1", "11101NN1N"),
        ("not p == 1", "01N01N01N"),
        ("(p == 1) == (q == 1)", "10N01NNNN"),
        ("(p == 1) != (q == 1)", "01N10NNNN"),
        ("p in [1, 2]", "10N10N10N"),
        ("p not in [1, 2]", "01N01N01N"),
        ("p is missing", "001001001"),
        ("filled(p) and q is missing", "000000110"),
    ],
)
def test_three_valued_tables(rule: str, expected: str) -> None:
    assert judged(rule, p=P, q=Q) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("a == 10", "00111110000"),
        ("a != 10", "11000001111"),
        ("a <= 10", "11111110000"),
        ("a >= 10", "00111111111"),
        ("a < 10", "11110000000"),
        ("a > 10", "00000111111"),
        ("if a == 10 then a == 0", "11110111111"),
    ],
)
def test_tolerance_loosens_what_must_hold_but_neither_strict_comparisons_nor_conditions(rule: str, expected: str) -> None:
    a = [8, 9.4, 9.5, 9.9, 10, 10.1, 10.5, 10.6, 11, 12, 13]
    assert judged(rule, tolerance=0.5, a=a) == expected


def test_tolerance_may_differ_by_record() -> None:
    verdict = evaluate(parse("a == b"), Columns({"a": [1, 1, 1], "b": [2, 2, 2]}), tolerance=np.array([0.0, 1.0, 2.0]))
    assert marks(verdict) == "011"


def test_binary_rounding_is_no_difference() -> None:
    assert judged("a + b == c", a=[0.1], b=[0.2], c=[0.3]) == "1"
    assert judged("a + b - c == 0", a=[0.1], b=[0.2], c=[0.3]) == "1"
    assert judged("a + b <= c", a=[0.1], b=[0.2], c=[0.3]) == "1"
    assert judged("a + b > c", a=[0.1], b=[0.2], c=[0.3]) == "0"
    assert judged("a == b / 100 * 100", a=[0.07], b=[0.07]) == "1"
    # terms of 10¹¹ with cents: the difference is 1.5·10⁻⁵ in binary and nothing on paper
    assert judged("a - b - c == 0", a=[123456789012.3], b=[123456789012.2], c=[0.1]) == "1"
    assert judged("a - b - c < 0", a=[123456789012.3], b=[123456789012.2], c=[0.1]) == "0"
    # a cent, and a millionth, are differences
    assert judged("a - b - c == 0", a=[123456789012.31], b=[123456789012.2], c=[0.1]) == "0"
    assert judged("a == b", a=[0.000001], b=[0.000002]) == "0"


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_sums_of_cents_are_exact(cents: list[int]) -> None:
    names = "abcdefgh"[: len(cents)]
    columns = {name: [cent / 100] for name, cent in zip(names, cents, strict=True)} | {"t": [sum(cents) / 100]}
    assert marks(evaluate(parse(f"{'+'.join(names)} == t"), Columns(columns))) == "1"
    assert marks(evaluate(parse(f"t - {'-'.join(names)} == 0.01"), Columns(columns))) == "0"


def test_division_by_zero_is_unknown() -> None:
    assert judged("a / b <= 1", a=[1, 0, 1, 3], b=[2, 0, 0, NAN]) == "1NNN"
    assert np.isnan(value(parse("a / b * 100"), Columns({"a": [1.0], "b": [0.0]}))).all()


def test_chained_comparison_and_scalars() -> None:
    assert judged("0 <= a <= 1", a=[-1, 0, 0.5, 1, 2, NAN]) == "01110N"
    verdict = evaluate(parse("mean(a) >= 1"), Columns({"a": [1, NAN, 2]}))
    assert verdict.scalar
    assert marks(verdict) == "1"
    assert marks(evaluate(parse("mean(a) >= 1"), Columns({"a": [NAN, NAN]}))) == "N"
    mixed = evaluate(parse("a <= 1.5 * mean(a)"), Columns({"a": [1, NAN, 3]}))
    assert not mixed.scalar
    assert marks(mixed) == "1N1"
    assert marks(evaluate(parse("a == max(a) or a == min(a)"), Columns({"a": [1, 2, 3]}))) == "101"


def test_functions_of_several_figures_are_unknown_where_one_is() -> None:
    columns = Columns({"a": [1, -4, 3], "b": [2, 3, NAN], "c": [6, 5, 4]})
    np.testing.assert_array_equal(value(parse("min(a, b, c)"), columns), [1, -4, NAN])
    np.testing.assert_array_equal(value(parse("max(a, b, c)"), columns), [6, 5, NAN])
    np.testing.assert_array_equal(value(parse("sum(a, b, c)"), columns), [9, 4, NAN])
    np.testing.assert_array_equal(value(parse("mean(a, c)"), columns), [3.5, 0.5, 3.5])
    np.testing.assert_array_equal(value(parse("-abs(a)"), columns), [-1, -4, -3])
    np.testing.assert_array_equal(value(parse("12"), columns), [12, 12, 12])


def test_lists_past_periods_and_children_are_asked_for_by_their_reference() -> None:
    columns = Columns(
        {"count(名册)": [3, 2], "total(名册.金额)": [100, 50], "closing(a)": [3, 3], "previous(children(a))": [1, 5], "a": [3, 3]}
    )
    assert marks(evaluate(parse("行数(名册) == 上年末(a)"), columns)) == "10"
    assert marks(evaluate(parse("合计(名册.金额) >= 100"), columns)) == "10"
    assert marks(evaluate(parse("上年同期(下级合计(a)) <= a"), columns)) == "10"


def test_words_are_compared_where_there_are_any() -> None:
    columns = Columns({}, texts={"x": ["是", "否", None, "也许"]})
    assert marks(evaluate(parse("x in ['是', '否']"), columns)) == "11N0"
    assert marks(evaluate(parse("x == '是'"), columns)) == "10N0"
    assert marks(evaluate(parse("x != '是'"), columns)) == "01N1"
    assert marks(evaluate(parse("'是' == x"), columns)) == "10N0"


A = [5, 5, NAN, NAN]
B = [3, NAN, 3, NAN]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [(Missing.SKIP, "0NNN"), (Missing.SKIP_ALL, "01NN"), (Missing.ZERO, "0100"), (Missing.FAIL, "0000")],
)
def test_missing_answers_under_each_strategy(missing: Missing, expected: str) -> None:
    assert judged("c == a + b", missing=missing, a=A, b=B, c=[5, 5, NAN, 1]) == expected


def test_an_answer_that_is_no_number_is_never_filled_in() -> None:
    columns = Columns({"a": [NAN], "b": [NAN]}, answered=frozenset({"b"}))
    for missing in (Missing.SKIP, Missing.SKIP_ALL, Missing.ZERO):
        assert marks(evaluate(parse("b == 0"), columns, missing=missing)) == "N"
    assert marks(evaluate(parse("b == 0"), columns, missing=Missing.FAIL)) == "N"
    assert marks(evaluate(parse("b is missing"), columns)) == "0"
    assert marks(evaluate(parse("filled(b) and missing(a)"), columns)) == "1"


def test_a_past_figure_that_is_not_there_stays_unknown() -> None:
    columns = Columns({"a": [3, 3], "previous(a)": [NAN, 4]})
    for missing in Missing:
        assert marks(evaluate(parse("a >= previous(a)"), columns, missing=missing)) == "N0"


def test_failing_leaves_decided_records_alone() -> None:
    assert judged("if a > 0 then b > 0", missing=Missing.FAIL, a=[0, 1, NAN], b=[NAN, NAN, 1]) == "101"


def test_sides_of_the_comparison_that_is_demanded() -> None:
    columns = Columns({"a": [1, NAN], "b": [2, 3]})
    for rule in ("a + b == 5", "if b > 2 then a + b == 5"):
        found = sides(parse(rule), columns)
        assert found is not None
        np.testing.assert_array_equal(found[0], [3, NAN])
        np.testing.assert_array_equal(found[1], [5, 5])
    filled = sides(parse("a == b"), columns, missing=Missing.ZERO)
    assert filled is not None
    np.testing.assert_array_equal(filled[0], [1, 0])
    assert sides(parse("a > 0 and b > 0"), columns) is None
    assert sides(parse("(a > 0) == (b > 0)"), columns) is None


def test_results_are_not_views_of_the_data() -> None:
    data = np.array([1.0, 2.0])
    value(parse("a"), Columns({"a": data}))[0] = 9
    assert data[0] == 1


def test_a_number_is_no_rule_and_a_rule_no_number() -> None:
    with pytest.raises(TypeError):
        evaluate(parse("a + 1"), Columns({"a": [1.0]}))
    with pytest.raises(TypeError):
        value(parse("a > 1"), Columns({"a": [1.0]}))


def test_ten_rules_over_a_hundred_thousand_records_are_quick() -> None:
    source = np.random.default_rng(0)
    data = {name: np.where(source.random(100_000) < 0.1, np.nan, source.integers(0, 1000, 100_000)) for name in "abcdefg"}
    rules = ["a+b==c", "a<=b", "b<=c", "d==e+f-g", "if a>0 then b>0", "0<=a<=100", "a>=0", "a/b<=1", "a+b+c+d==e", "filled(a) and b<=c"]
    nodes = [parse(rule) for rule in rules]
    start = time.perf_counter()
    for node in nodes:
        evaluate(node, Columns(data))
    assert time.perf_counter() - start < 0.5  # about 0.01 s; a loop over records would take seconds
