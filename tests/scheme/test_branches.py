"""A rule's branches: one of them must hold, each a conjunction of rows."""

from __future__ import annotations

import pytest

from reconcile.scheme.branches import Answered, Branches, Row, branches, coding_of, constraint
from reconcile.scheme.expression import Reference, parse


def _said(found: Branches | None) -> list[list[str]] | None:
    """Rows as texts: `a - 2 b <= 3`, with tolerance and what it is multiplied by where there is any."""
    return None if found is None else [[_row(row) for row in branch] for branch in found]


def _row(row: Row | Answered) -> str:
    if isinstance(row, Answered):
        return f"{row.reference} {'answered' if row.answered else 'blank'}"
    terms = " + ".join(f"{coefficient:g} {'·'.join(map(str, monomial))}" for monomial, coefficient in row.terms)
    per = " + ".join(f"{coefficient:g} {'·'.join(map(str, monomial))}" for monomial, coefficient in row.per)
    more = f" ±{row.tolerance:g}" if row.tolerance else ""
    return f"{terms} {row.operator} {row.right:g}{more}{f' per {per}' if per else ''}"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("a = b + c - 2", [["1 a + -1 b + -1 c == -2"]]),
        ("a >= 2 * b", [["2 b + -1 a <= 0"]]),
        ("0 <= a < 5", [["-1 a <= 0", "1 a < 5"]]),
        ("a != b", [["1 a + -1 b < 0"], ["1 b + -1 a < 0"]]),
        ("if a > 0 then b > 0", [["1 a <= 0"], ["-1 b < 0"]]),
        ("(a > 0 and b > 0) or (a = 0 and b = 0)", [["-1 a < 0", "-1 b < 0"], ["1 a == 0", "1 b == 0"]]),
        ("not (a <= b)", [["1 b + -1 a < 0"]]),
        ("(a > 0) == (b > 0)", [["-1 a < 0", "-1 b < 0"], ["1 a <= 0", "1 b <= 0"]]),
        ("abs(a - b) <= 2", [["1 a + -1 b <= 2", "-1 a + 1 b <= 2"]]),
        ("abs(a) >= 2", [["-2 a <= 0", "-1 a <= -2"], ["2 a <= 0", "1 a <= -2"]]),
        ("max(a, b) <= c", [["1 a + -1 c <= 0", "1 b + -1 c <= 0"]]),
        ("c <= max(a, b)", [["1 b + -1 a <= 0", "1 c + -1 a <= 0"], ["1 a + -1 b <= 0", "1 c + -1 b <= 0"]]),
        ("mean(a, b) = 3", [["0.5 a + 0.5 b == 3"]]),
        ("a in [1, 3]", [["1 a == 1"], ["1 a == 3"]]),
        ("a not in [1, 3]", [["1 a < 1"], ["-1 a < -3"], ["-1 a < -1", "1 a < 3"]]),
        ("a is missing or b = 1", [["a blank"], ["1 b == 1"]]),
        ("filled(a)", [["a answered"]]),
        ("previous(a) >= 30", [["-1 previous(a) <= -30"]]),
    ],
)
def test_branches(rule: str, expected: list[list[str]]) -> None:
    assert _said(branches(parse(rule))) == expected


def test_tolerance_is_of_what_must_hold_and_not_of_a_condition() -> None:
    assert _said(branches(parse("if a = 1 then b = c"), tolerance=0.5)) == [["1 a < 1"], ["-1 a < -1"], ["1 b + -1 c == 0 ±0.5"]]
    assert _said(branches(parse("a != b"), tolerance=0.5)) == [["1 a + -1 b < 0 ±-0.5"], ["1 b + -1 a < 0 ±-0.5"]]
    assert _said(branches(parse("a > b"), tolerance=0.5)) == [["1 b + -1 a < 0"]]


def test_a_division_is_multiplied_out_with_its_tolerance() -> None:
    found = branches(parse("r = a / b * 100"), tolerance=0.06, nonnegative=lambda _: True)
    assert _said(found) == [["1 b·r + -100 a == 0 ±0.06 per 1 b"]]


def test_a_divisor_of_unknown_sign_makes_a_branch_for_each() -> None:
    assert _said(branches(parse("a / b <= 1"))) == [["1 a + -1 b <= 0 per 1 b", "-1 b < 0"], ["-1 a + 1 b <= 0 per -1 b", "1 b < 0"]]


def test_words_are_numbers_by_a_coding() -> None:
    node = parse('a in ["甲", "丙"] and b != "乙"')
    coding = coding_of([node])
    assert coding == {"丙": 0.0, "乙": 1.0, "甲": 2.0}
    assert _said(branches(node, coding=coding)) == [
        ["1 a == 0", "1 b < 1"],
        ["1 a == 0", "-1 b < -1"],
        ["1 a == 2", "1 b < 1"],
        ["1 a == 2", "-1 b < -1"],
    ]
    assert branches(node) is None


@pytest.mark.parametrize(
    "rule",
    [
        *("mean(a) >= 1", "a * b * c * d * e = 1", "a <= 1 / 0", "max(a, b, c, d, e, f, g, h, i) = max(j, k, l, m, n, o, p, q, r)"),
        "x >= min(a / i, b / j, c / k, d / l, e / m, f / n, g / o, h / p)",  # which is the least: a sign for each of fifteen divisions
    ],
)
def test_what_cannot_be_said_as_rows(rule: str) -> None:
    assert branches(parse(rule)) is None


def test_a_constraint_is_satisfied_or_escaped() -> None:
    found = constraint("A-13", parse("r = 1"), when=parse("b > 0 and a > 0"), tolerance=0.06)
    assert found is not None
    assert _said(found.ways) == [["1 r == 1 ±0.06"]]
    assert _said(found.escapes) == [["1 b <= 0"], ["1 a <= 0"]]
    assert constraint("X", parse("a > 0"), when=parse("mean(a) > 1")) is None


def test_what_a_branch_reads_keeps_its_period() -> None:
    (branch,) = branches(parse("a = closing(b)")) or ()
    assert isinstance(branch[0], Row)
    assert [monomial for monomial, _ in branch[0].terms] == [(Reference("a"),), (Reference("b", period="closing"),)]
