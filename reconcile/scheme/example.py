"""Example: the smallest figures that break a rule, and the nearest ones that keep it.

Figures are whole numbers from 0 on (yes-or-no answers 0 or 1); one of which the rule asks whether it is missing may be missing. Smallest
means: the least sum, then the first in the order in which the rule names its figures, a missing one after every number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import ceil, comb

import numpy as np
from numpy.typing import NDArray

from reconcile.model.indicator import Kind
from reconcile.scheme.branches import constraint
from reconcile.scheme.expression import (
    Expression,
    Implies,
    IsMissing,
    Not,
    Number,
    Reference,
    Text,
    aggregates,
    evaluate,
    references,
)
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import walk
from reconcile.scheme.system import System

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

_LARGEST = 1e15  # products of a rule's numbers up to which figures are exact, and anybody would report them
_MOST_COUNTED = 150_000  # records tried one by one, smallest sums first; beyond that only figures near the rule's own numbers are
_FIRST_BATCH = 100  # records tried in one go, then four times as many: most rules are broken by figures under 10
_MOST_CHOSEN = 400_000  # records made of such figures; half a second
_ROOM = 1e-3  # a least sum found by a linear program may be off by the guards of a few rows
_LONGEST_LINE = 100_000  # values of one figure tried for the repair


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Records as an environment: rows × references; NaN where nobody answered. What the rule does not name is not answered either."""

    references: tuple[Reference, ...]
    table: Floats

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.table)

    def figure(self, reference: Reference, /) -> Floats:
        """Values of an indicator."""
        if reference not in self.references:
            return np.full(self.size, np.nan)
        return self.table[:, self.references.index(reference)]

    def absent(self, reference: Reference, /) -> Truths:
        """Where nobody answered."""
        return np.isnan(self.figure(reference))

    def rows(self, roster: str, /) -> Floats:
        """Number of rows of a list."""
        return self.figure(Reference(roster, kind="list"))

    def column_total(self, roster: str, column: str, /) -> Floats:
        """Sum of a list's column."""
        return self.figure(Reference(f"{roster}.{column}", kind="column"))


@dataclass(frozen=True, slots=True)
class Example:
    """Figures in the order of `references`; NaN missing. `least`: it is proved that no figures with a smaller sum break the rule."""

    references: tuple[Reference, ...]
    broken: tuple[float, ...]
    repaired: tuple[float, ...]
    least: bool

    def environment(self, figures: Sequence[float]) -> Figures:
        """One record that holds these figures."""
        return Figures(self.references, np.array([figures], dtype=np.float64))


def example(rule: Rule, scheme: Scheme) -> Example | None:
    """The smallest example of a rule that is an expression, with its repair.

    None for a named check, for a rule that compares words, draws all returns together or reads no figure, and for one that figures of a
    reasonable size do not break, or not keep.
    """
    trial = _Trial.of(rule, scheme)
    if trial is None:
        return None
    found, least = trial.by_sum(), True
    if found is None:
        found = trial.by_choice()
        if found is None:
            return None
        least = trial.is_least(found)
    repaired = trial.nearest(found)
    return None if repaired is None else Example(trial.references, tuple(found.tolist()), tuple(repaired.tolist()), least)


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """A rule to be tried on figures. `most`: the largest value of each figure, `optional`: which may be missing."""

    rule: Rule
    check: Expression
    references: tuple[Reference, ...]
    most: tuple[float, ...]
    optional: tuple[bool, ...]
    numbers: tuple[float, ...]

    @classmethod
    def of(cls, rule: Rule, scheme: Scheme) -> _Trial | None:
        if rule.expression is None:
            return None
        nodes = [node for node in (rule.expression, rule.when) if node is not None]
        met = [part for node in nodes for part in walk(node)]
        if any(isinstance(part, Text) for part in met) or any(aggregates(node) for node in nodes):
            return None
        names = tuple(dict.fromkeys(one for node in nodes for one in references(node)))
        asked = {part.name.reference for part in met if isinstance(part, IsMissing)}
        flags = {code for code, one in scheme.indicators.items() if one.kind is Kind.FLAG}
        most = tuple(1.0 if one.name in flags and one.kind == "indicator" and one.of == "unit" else np.inf for one in names)
        numbers = tuple(sorted({abs(part.value) for part in met if isinstance(part, Number)}))
        if not names or any(number * number > _LARGEST for number in numbers):
            return None
        return cls(rule, rule.expression, names, most, tuple(one in asked for one in names), numbers)

    def judged(self, table: Floats) -> tuple[Truths, Truths]:
        """Which records keep the rule and which break it, of those to which it applies."""
        environment = Figures(self.references, table)
        verdict = evaluate(self.check, environment, tolerance=self.rule.tolerance, missing=self.rule.missing)
        true, false = (np.broadcast_to(side, len(table)) for side in (verdict.true, verdict.false))
        if self.rule.when is None:
            return true, false
        asked = np.broadcast_to(evaluate(self.rule.when, environment, missing=self.rule.guard_missing).true, len(table))
        return true & asked, false & asked

    def by_sum(self) -> Floats | None:
        """The first record that breaks the rule, all of a sum tried before those of the next."""
        total, tried, count, batch = 0, 0, len(self.references), _FIRST_BATCH
        while True:
            waiting, size = [], 0
            while size < batch and tried + size + (more := comb(total + count - 1, count - 1)) <= _MOST_COUNTED:
                waiting.append(_with_sum(total, count))
                total, size = total + 1, size + more
            if not waiting:
                return None
            table = self._possible(np.concatenate(waiting))
            broken = table[self.judged(table)[1]]
            if len(broken):
                return _first(broken)
            tried, batch = tried + size, batch * 4

    def by_choice(self) -> Floats | None:
        """The smallest record that breaks the rule, of those made of figures at the rule's own numbers and their products."""
        table = self._possible(_choices(self._near(), len(self.references), most=_MOST_CHOSEN))
        broken = table[self.judged(table)[1]]
        return _first(broken) if len(broken) else None

    def is_least(self, found: Floats) -> bool:
        """Whether no figures with a smaller sum break the rule, as a linear program proves; False also where it cannot tell."""
        broken = Not(self.check) if self.rule.when is None else Not(Implies(self.rule.when, self.check))
        asked = constraint("", broken, tolerance=self.rule.tolerance, nonnegative=lambda _: True)
        if asked is None:
            return False
        domains = {one: Domain(0.0, most, whole=True) for one, most in zip(self.references, self.most, strict=True)}
        bounds = System([asked], domains).extremes(dict.fromkeys(self.references, 1.0), {}, ())
        return bounds is not None and ceil(bounds[0] - _ROOM) >= float(np.nansum(found))

    def _near(self) -> list[float]:
        products = {one * other for one in self.numbers for other in self.numbers}
        ends = {round(number) + step for number in (*self.numbers, *products) for step in (-1, 0, 1)}
        return [float(one) for one in sorted({0, 1, 2, *ends}) if one >= 0]

    def _possible(self, table: Floats) -> Floats:
        """Records of answers that can be; each once more for every way in which optional figures may be missing."""
        kept = table[~(table > np.array(self.most)).any(axis=1)]
        made = [kept]
        for place in np.flatnonzero(self.optional).tolist():
            for some in list(made):
                without = some[some[:, place] == 0].copy()
                without[:, place] = np.nan
                made.append(without)
        return np.concatenate(made)

    def nearest(self, broken: Floats) -> Floats | None:
        """The record that keeps the rule, by changing as few figures as possible, none of another period if that can be, and as little."""
        own = [place for place, one in enumerate(self.references) if one.period == "this"]
        others = [place for place in range(len(broken)) if place not in own]
        tries = ([(place,) for place in own], [(place,) for place in others], list(combinations(own, 2)), [tuple(own)])
        for alike in tries:
            table = np.concatenate([np.empty((0, len(broken))), *(self._line(broken, group) for group in alike if group)])
            kept = table[self.judged(table)[0]]
            if len(kept):
                return _closest(kept, broken)
        return None

    def _line(self, broken: Floats, group: tuple[int, ...]) -> Floats:
        """The record with other values at the places of `group`: one figure takes every value, several those near the rule's numbers."""
        if len(group) == 1:
            far = max([*self.numbers, *np.nan_to_num(broken).tolist(), 1.0])
            values = np.arange(min(far * (far + 1) + 2, _LONGEST_LINE))[:, None]
        else:
            values = _choices(sorted({*self._near(), *np.nan_to_num(broken).tolist()}), len(group), most=_LONGEST_LINE)
        table = np.repeat(broken[None, :], len(values), axis=0)
        table[:, list(group)] = values
        return self._possible(table)


def _with_sum(total: int, count: int) -> Floats:
    """All records of `count` whole numbers with this sum, the first number rising slowest."""
    table, left = np.zeros((1, 0)), np.array([total])
    for _ in range(count - 1):
        widths = left + 1
        ends = np.cumsum(widths)
        values = np.arange(ends[-1]) - np.repeat(ends - widths, widths)
        table = np.hstack([np.repeat(table, widths, axis=0), values[:, None]])
        left = np.repeat(left, widths) - values
    return np.hstack([table, left[:, None]]).astype(np.float64)


def _choices(values: Sequence[float], count: int, *, most: int) -> Floats:
    """All records made of the values, without the largest ones where that would be too many."""
    while len(values) ** count > most:
        values = values[:-1]
    return np.array(list(product(values, repeat=count)), dtype=np.float64)


def _first(table: Floats) -> Floats:
    """The smallest record: the least sum, then figure by figure, a missing one last."""
    keys = np.where(np.isnan(table), np.inf, table)
    order = np.lexsort([*keys.T[::-1], np.nansum(table, axis=1)])
    return np.asarray(table[order[0]])


def _closest(table: Floats, start: Floats) -> Floats:
    """The record nearest to `start`; of several as near the one with the larger figures, since zeros explain little."""
    apart = np.abs(np.nan_to_num(table, nan=-1.0) - np.nan_to_num(start, nan=-1.0))
    order = np.lexsort([-np.nansum(table, axis=1), apart.sum(axis=1), (apart > 0).sum(axis=1)])
    return np.asarray(table[order[0]])
