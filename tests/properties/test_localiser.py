"""The localiser against brute force: every assignment of small whole numbers tried for every set of cells."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reconcile.process.hitting_sets import Limits, hitting_sets
from reconcile.scheme.branches import constraint
from reconcile.scheme.expression import Reference, evaluate, parse
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.system import System

NAMES = ("a", "b", "c", "d")
MOST = 4  # figures are 0, 1 … 4
EVERY = np.array(list(itertools.product(range(MOST + 1), repeat=len(NAMES))), dtype=np.float64)
WIDE = Limits(cells=len(NAMES))


@dataclass
class Assignments:
    """Some assignments of all four names, one record each."""

    rows: NDArray[np.float64]

    @property
    def size(self) -> int:
        return len(self.rows)

    def figure(self, reference: Reference) -> NDArray[np.float64]:
        return self.rows[:, NAMES.index(reference.name)]

    def absent(self, reference: Reference) -> NDArray[np.bool_]:
        return np.isnan(self.figure(reference))

    def rows_of(self, roster: str) -> NDArray[np.float64]:
        raise KeyError(roster)


names = st.sampled_from(NAMES)
sums = st.one_of(
    names,
    st.tuples(names, names).map(lambda it: f"{it[0]} + {it[1]}"),
    st.tuples(names, names).map(lambda it: f"{it[0]} - {it[1]}"),
    st.tuples(st.integers(2, 3), names).map(lambda it: f"{it[0]} * {it[1]}"),
    st.tuples(names, names).map(lambda it: f"max({it[0]}, {it[1]})"),
    st.tuples(names, names).map(lambda it: f"abs({it[0]} - {it[1]})"),
    st.integers(0, MOST).map(str),
)
atoms = st.one_of(
    st.tuples(sums, st.sampled_from(["=", "=", "<=", ">=", "<", ">", "!="]), sums).map(" ".join),
    st.tuples(names, st.lists(st.integers(0, MOST), min_size=1, max_size=3)).map(lambda it: f"{it[0]} in {it[1]}"),
    st.tuples(names, st.lists(st.integers(0, MOST), min_size=1, max_size=2)).map(lambda it: f"{it[0]} not in {it[1]}"),
)
linear_rules = st.one_of(
    atoms,
    atoms,
    st.tuples(atoms, atoms).map(lambda it: f"if {it[0]} then {it[1]}"),
    st.tuples(atoms, atoms).map(lambda it: f"({it[0]}) or ({it[1]})"),
    st.tuples(atoms, atoms).map(lambda it: f"not (({it[0]}) and ({it[1]}))"),
)
rates = st.tuples(names, names, names).filter(lambda it: len(set(it)) == 3).map(lambda it: f"{it[0]} = {it[1]} / {it[2]}")
records = st.tuples(*[st.one_of(st.integers(0, MOST), st.integers(0, MOST), st.none()) for _ in NAMES])
costs = st.tuples(*[st.sampled_from([1.0, 1.0, 1.5, 2.0, math.inf]) for _ in NAMES])


def _system(rules: list[str]) -> System:
    nonnegative = [constraint(rule, parse(rule), nonnegative=lambda _: True) for rule in rules]
    made = [one for one in nonnegative if one is not None]
    assert len(made) == len(rules)
    return System(made, {Reference(name): Domain(0.0, float(MOST), whole=True) for name in NAMES})


def _allowed(rules: list[str]) -> NDArray[np.bool_]:
    """Which assignments break no rule."""
    found = np.ones(len(EVERY), dtype=np.bool_)
    for rule in rules:
        verdict = evaluate(parse(rule), Assignments(EVERY))
        found &= ~(np.broadcast_to(verdict.false, found.shape))
    return found


def _brute(rules: list[str], record: tuple[int | None, ...], weights: tuple[float, ...]) -> tuple[float, set[frozenset[str]]]:
    allowed = EVERY[_allowed(rules)]
    read = {name for rule in rules for name in NAMES if name in rule.replace("abs", "").replace("max", "").replace("and", "")}
    may = [place for place, value in enumerate(record) if value is not None and math.isfinite(weights[place]) and NAMES[place] in read]
    best, found = math.inf, set()
    for size in range(len(may) + 1):
        for chosen in itertools.combinations(may, size):
            weight = sum(weights[place] for place in chosen)
            kept = [place for place, value in enumerate(record) if value is not None and place not in chosen]
            able = (allowed[:, kept] == [record[place] for place in kept]).all(axis=1).any() if len(allowed) else False
            if able and weight < best - 1e-9:
                best, found = weight, set()
            if able and weight < best + 1e-9:
                found.add(frozenset(NAMES[place] for place in chosen))
    return best, found


def _values(record: tuple[int | None, ...]) -> dict[Reference, float]:
    return {Reference(name): math.nan if value is None else float(value) for name, value in zip(NAMES, record, strict=True)}


@settings(max_examples=150, deadline=None)
@given(st.lists(linear_rules, min_size=1, max_size=4), records, costs)
def test_all_cheapest_sets_and_no_other(rules: list[str], record: tuple[int | None, ...], weights: tuple[float, ...]) -> None:
    best, expected = _brute(rules, record, weights)
    found = hitting_sets(
        _system(rules), _values(record), weights={Reference(name): one for name, one in zip(NAMES, weights, strict=True)}, limits=WIDE
    )
    assert {frozenset(one.name for one in cells) for cells in found.sets} == expected
    assert found.weight == best


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(linear_rules, rates), min_size=1, max_size=3), records)
def test_with_divisions_all_cheapest_sets_are_proved(rules: list[str], record: tuple[int | None, ...]) -> None:
    """Where two free cells are multiplied, what a trial finds is proved: with so few values a cell nothing is left in doubt.

    A division by a cell that becomes 0 is no escape: the rule then asks for 0 above as well, as if it were multiplied out.
    """
    assume(not any("/" in rule and record[NAMES.index(rule.split(" / ")[1])] in (0, None) for rule in rules))
    multiplied = [
        f"{rule.split(' = ')[0]} * {rule.split(' / ')[1]} = {rule.split(' = ')[1].split(' / ')[0]}" for rule in rules if "/" in rule
    ]
    best, expected = _brute([rule for rule in rules if "/" not in rule] + multiplied, record, (1.0,) * 4)
    found = hitting_sets(_system(rules), _values(record), limits=WIDE)
    assert found.unproved == ()
    assert {frozenset(one.name for one in cells) for cells in found.sets} == expected
    assert found.weight == best


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(linear_rules, rates), min_size=1, max_size=3), st.tuples(*[st.integers(0, MOST)] * 4))
def test_broken_is_what_evaluation_calls_false(rules: list[str], record: tuple[int, ...]) -> None:
    expected = [rule for rule in rules if evaluate(parse(rule), Assignments(np.array([record], dtype=np.float64))).false.any()]
    assert list(_system(rules).broken(_values(record))) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(linear_rules, min_size=1, max_size=3), st.tuples(*[st.integers(0, MOST)] * 4), st.sets(names, max_size=3))
def test_what_is_determined_is_the_only_value(rules: list[str], record: tuple[int, ...], free: set[str]) -> None:
    """Each determined cell has one value in all assignments that agree with the kept cells."""
    kept = [place for place, name in enumerate(NAMES) if name not in free]
    allowed = EVERY[_allowed(rules)]
    left = allowed[(allowed[:, kept] == [record[place] for place in kept]).all(axis=1)]
    for cell, value in _system(rules).determined(_values(record), [Reference(name) for name in free]).items():
        assert set(left[:, NAMES.index(cell.name)]) <= {value}
