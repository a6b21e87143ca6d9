"""Proving: whether what a trial found holds where two free figures are multiplied, a row that a trial asks only by an estimate.

As soon as all but one of the figures that are multiplied are given a value, the row is linear and can be asked. So one of them is set to
what the trial made of it and the others are asked again; where they agree, the repair is proved. Where a figure can be a few values only,
because of what it counts or because the other rules leave no more, and none of them does, it is proved that there is no repair. Where
neither comes out within the programs allowed, that is the answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from reconcile.scheme.program import ExhaustedError
from reconcile.scheme.search import Allowance, Found, Proof, Search

MOST_TO_PROVE = 200  # linear programs for one set of figures; such a set is found by about ten, and a record may have some dozens of sets
_MOST_VALUES = 20  # of one figure, each tried in turn; of more only some are
_SAMPLES = 5  # values tried where there are more, to find a repair though not to rule one out
_MOST_TRIED = 3  # of the figures that are multiplied, those multiplied most often
_NEAR = 1e-6  # two programs' answers may differ by that much and still mean one value


@dataclass(frozen=True, slots=True)
class Doubt:
    """It could not be shown whether the constraints in question (their places) can hold with the others."""

    constraints: tuple[int, ...]


Proved: TypeAlias = "Found | Doubt"


class Prover:
    """Proves what the trials of one search found. `programs` counts its linear programs, at most `limit` in all."""

    def __init__(self, search: Search, *, limit: int) -> None:
        self._search, self._limit, self.programs = search, limit, 0

    def proved(self, places: frozenset[int], found: Found) -> Proved:
        """A repair that breaks no rule, with every column's figure; or why there is none; or a doubt. found: what the trial said."""
        rows = self._search.multiplied(places)
        if isinstance(found, Proof) or not rows:
            return found
        owner = self._search.relaxation.rows.owner
        doubt = Doubt(tuple(sorted({int(owner[row]) for row in rows})))
        allowance = Allowance(min(MOST_TO_PROVE, self._limit - self.programs))
        try:
            settled = _settled(self._search.again(self._search.record, allowance), places, found)
        except ExhaustedError:
            settled = None
        self.programs += min(allowance.used, allowance.limit)
        return doubt if settled is None else settled


def _settled(search: Search, places: frozenset[int], found: Found) -> Found | None:
    """What the rows say once nothing is multiplied in them any more; None where that could not be found out."""
    if isinstance(found, Proof):
        return found
    rows = search.multiplied(places)
    if not rows:
        return found
    often = Counter(place for products in rows.values() for product in products for place in set(product))
    whole = search.relaxation.whole
    order = sorted(often, key=lambda one: (-often[one], not whole[one], one))[:_MOST_TRIED]
    for place in order:
        for value in dict.fromkeys((float(found[place]), float(search.record.base[place]))):
            tried = _at(search, places, place, value) if _possible(search, place, value) else None
            if tried is not None and not isinstance(tried, Proof):
                return tried
    for place in order:
        tried = _exhausted(search, places, place)
        if tried is not None:
            return tried
    return None


def _possible(search: Search, place: int, value: float) -> bool:
    bounds = search.relaxation.bounds
    counted = not search.relaxation.whole[place] or value == round(value)
    return bool(bounds.lower[place] <= value <= bounds.upper[place]) and counted


def _at(search: Search, places: frozenset[int], place: int, value: float) -> Found | None:
    """The same question with one of the figures given a value."""
    then = search.again(search.record.changed(place, value), search.allowance)
    rest = places - {place}
    return _settled(then, rest, then.trial(rest))


def _exhausted(search: Search, places: frozenset[int], place: int) -> Found | None:
    """All values that a figure can have, one after the other, where they are few; none of them: a contradiction."""
    values, why = _values(search, places, place)
    cells, rows, open_ = set[int](), set[int](), why is None
    if why is not None:
        cells, rows = set(why.cells), set(why.rows)
    for value in values:
        tried = _at(search, places, place, value)
        if tried is None:
            open_ = True
        elif isinstance(tried, Proof):
            cells |= tried.cells
            rows |= tried.rows
        else:
            return tried
    return None if open_ else Proof(frozenset(cells - {place}), frozenset(rows))


def _values(search: Search, places: frozenset[int], place: int) -> tuple[list[float], Proof | None]:
    """The values that a figure can have as far as the linear rows know, and why it can have no other; where they are many, some of them."""
    whole, bounds = bool(search.relaxation.whole[place]), search.relaxation.bounds
    least, greatest = float(bounds.lower[place]), float(bounds.upper[place])
    if whole and greatest - least < _MOST_VALUES:
        return _between(least, greatest), Proof(frozenset(), bounds.of(place))
    cost = np.zeros(len(search.relaxation.lower))
    cost[place] = 1.0
    low, high = search.least(cost, places), search.least(-cost, places)
    least, greatest = (-np.inf if low is None else low), (np.inf if high is None else -high)
    near = _NEAR * max(1.0, search.record.scale)
    if not np.isfinite((least, greatest)).all() or greatest - least > (_MOST_VALUES if whole else 2 * near):
        return _some(least, greatest, whole=whole), None
    if whole:
        values = _between(least, greatest)
        below, above = (values[0] - 1, values[-1] + 1) if values else (np.floor(least), np.ceil(greatest))
    else:
        values, below, above = [(least + greatest) / 2], least - 2 * near, greatest + 2 * near
    under = search.trial(places, within=(place, -np.inf, float(below)))
    over = search.trial(places, within=(place, float(above), np.inf))
    if not isinstance(under, Proof) or not isinstance(over, Proof):
        return values, None
    return values, Proof(under.cells | over.cells, under.rows | over.rows)


def _some(least: float, greatest: float, *, whole: bool) -> list[float]:
    """The ends of a range that are finite, and what lies evenly between them."""
    if np.isfinite(greatest - least):
        ends = np.linspace(least, greatest, _SAMPLES)
    else:
        ends = np.array([one for one in (least, greatest) if np.isfinite(one)])
    within = np.clip(np.rint(ends), np.ceil(least - _NEAR), np.floor(greatest + _NEAR)) if whole else ends
    return [float(one) for one in dict.fromkeys(within.tolist())]


def _between(least: float, greatest: float) -> list[float]:
    """The whole numbers from the one to the other."""
    return [float(one) for one in range(int(np.ceil(least - _NEAR)), int(np.floor(greatest + _NEAR)) + 1)]
