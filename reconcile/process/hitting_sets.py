"""Hitting sets: the cheapest sets of cells whose change can make every rule hold again — all of them, exactly (Fellegi & Holt).

Every set of kept cells that contradict each other must be hit. So the cheapest sets that hit all contradictions known so far are put on
trial; each that fails gives another contradiction, which it does not hit. When the cheapest ones all pass, they are the optimum, and
nothing cheaper was overlooked: no big constants, no branch and bound over a solver's tolerances. The contradictions are the explanation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reconcile.scheme.expression import Reference
from reconcile.scheme.search import MOST_PROGRAMS, ExhaustedError, Proof, Search
from reconcile.scheme.system import System

MOST_CELLS = 5  # a return in which more cells must be wrong is sent back as a whole
_MOST_CANDIDATES = 5_000  # more equally cheap sets than that can neither be tried within the programs allowed nor read by anybody
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Limits:
    """When a record is given up: by counts, never by the clock."""

    cells: int = MOST_CELLS
    programs: int = MOST_PROGRAMS


@dataclass(frozen=True, slots=True)
class Located:
    """All equally cheap `sets` (in the order of the columns), what each of them weighs, and the `conflicts` that they hit, smallest first.

    No set where nothing that may change can help (`too_many` false), or where the record was given up (`too_many` true). One empty set
    where the missing figures alone can make all rules hold.
    """

    sets: tuple[tuple[Reference, ...], ...]
    weight: float
    conflicts: tuple[tuple[Reference, ...], ...]
    too_many: bool
    programs: int


class _TooManyError(Exception):
    """More candidates or cells than allowed."""


def hitting_sets(
    system: System, values: Mapping[Reference, float], *, weights: Mapping[Reference, float] | None = None, limits: Limits | None = None
) -> Located:
    """All cheapest sets of figures of a record whose change can make all rules of `system` hold.

    weights: what a change of each figure costs, above 0 and 1 where not told; infinite: it may not change. What is missing may be anything
    at no cost. Values that are impossible in themselves (below 0 where heads are counted) must change.
    """
    known = weights or {}
    costs = np.array([known.get(one, 1.0) for one in system.columns], dtype=np.float64)
    limits = limits or Limits()
    record = system.reported(values)
    search = system.search(record, limit=limits.programs)
    cuts: list[frozenset[int]] = [frozenset([place]) for place in record.outside]
    for place in np.flatnonzero(record.broken).tolist():
        cuts.append(frozenset(record.read(place)))
    try:
        found = _located(search, cuts, costs, limits)
    except (_TooManyError, ExhaustedError):
        return Located((), float("inf"), _named(system, cuts), too_many=True, programs=search.programs)
    sets = tuple(sorted((tuple(sorted(one)) for one in found)))
    weight = float(sum(costs[place] for place in sets[0])) if sets else float("inf")
    named = tuple(tuple(system.columns[place] for place in one) for one in sets)
    return Located(named, weight, _named(system, cuts), too_many=False, programs=search.programs)


def _located(search: Search, cuts: list[frozenset[int]], costs: np.ndarray[tuple[int, ...], np.dtype[np.float64]], limits: Limits) -> list[frozenset[int]]:
    fixed = frozenset(np.flatnonzero(~np.isfinite(costs)).tolist())
    weights = costs.tolist()
    held: set[frozenset[int]] = set()
    while True:
        open_cuts = [cut - fixed for cut in cuts]
        if not all(open_cuts):
            return []
        candidates = _cheapest(open_cuts, weights)
        if min((len(one) for one in candidates), default=0) > limits.cells:
            raise _TooManyError
        known = len(cuts)
        for candidate in candidates:
            if candidate in held or not all(candidate & cut for cut in cuts[known:]):
                continue
            tried = search.trial(sorted(candidate))
            if isinstance(tried, Proof):
                cuts.append(tried.cells)
            else:
                held.add(candidate)
        if len(cuts) == known:
            return candidates


def _cheapest(cuts: list[frozenset[int]], weights: list[float]) -> list[frozenset[int]]:
    """All sets of least weight that meet every cut."""
    smallest: list[frozenset[int]] = []
    for cut in sorted(set(cuts), key=lambda one: (len(one), sorted(one))):
        if not any(kept <= cut for kept in smallest):
            smallest.append(cut)
    best = [float("inf")]
    found: dict[frozenset[int], None] = {}

    def search(chosen: frozenset[int], weight: float, rest: list[frozenset[int]]) -> None:
        if weight > best[0] + _TIE:
            return
        if not rest:
            if weight < best[0] - _TIE:
                best[0] = weight
                found.clear()
            found[chosen] = None
            if len(found) > _MOST_CANDIDATES:
                raise _TooManyError
            return
        if weight + _at_least(rest, weights) > best[0] + _TIE:
            return
        tight = min(rest, key=len)
        banned: frozenset[int] = frozenset()
        for place in sorted(tight, key=lambda one: (weights[one], one)):
            left = [cut - banned for cut in rest if place not in cut]
            if all(left):
                search(chosen | {place}, weight + weights[place], left)
            banned |= {place}

    search(frozenset(), 0.0, smallest)
    return list(found)


def _at_least(cuts: list[frozenset[int]], weights: list[float]) -> float:
    """What meeting cuts costs at the least: those that share no cell cannot be met by one."""
    total, met = 0.0, set[int]()
    for cut in sorted(cuts, key=len):
        if met.isdisjoint(cut):
            met |= cut
            total += min(weights[place] for place in cut)
    return total


def _named(system: System, cuts: list[frozenset[int]]) -> tuple[tuple[Reference, ...], ...]:
    """The contradictions that contain no other, smallest first."""
    smallest: list[frozenset[int]] = []
    for cut in sorted(set(cuts), key=lambda one: (len(one), sorted(one))):
        if cut and not any(kept <= cut for kept in smallest):
            smallest.append(cut)
    return tuple(tuple(system.columns[place] for place in sorted(cut)) for cut in smallest)
