"""Hitting sets: the cheapest sets of cells whose change can make every rule hold again — all of them, exactly (Fellegi & Holt).

Every set of kept cells that contradict each other must be hit. So the cheapest sets that hit all contradictions known so far are put on
trial; each that fails gives another contradiction, which it does not hit. When the cheapest ones all pass, they are the optimum, and
nothing cheaper was overlooked: no big constants, no branch and bound over a solver's tolerances. The contradictions are the explanation.

Where a set frees two figures that a rule multiplies (a rate and what it is a share of), its trial asks that rule by an estimate only. What
passes is then proved, and a set proved to repair nothing is a contradiction like any other. A set of which neither can be shown stays, and
the rule is named: `Located.unproved`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from reconcile.scheme.expression import Reference
from reconcile.scheme.program import ExhaustedError
from reconcile.scheme.proving import Doubt, Prover
from reconcile.scheme.records import Floats
from reconcile.scheme.search import MOST_PROGRAMS, Proof, Search
from reconcile.scheme.system import System

MOST_CELLS = 5  # a return in which more cells must be wrong is sent back as a whole
_MOST_CANDIDATES = 5_000  # more equally cheap sets than that can neither be tried within the programs allowed nor read by anybody
_TIE = 1e-9

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Limits:
    """When a record is given up: by counts, never by the clock."""

    cells: int = MOST_CELLS
    programs: int = MOST_PROGRAMS


@dataclass(frozen=True, slots=True)
class Located:
    """All equally cheap `sets` (in the order of the columns), what each of them weighs, and the `conflicts` that they hit, smallest first.

    No set where nothing that may change can help (`too_many` false), or where the record was given up (`too_many` true). One empty set
    where the missing figures alone can make all rules hold. `unproved`: ids of rules in which a set frees figures that are multiplied, and
    of which it is not shown that they hold after the repair; without such rules every set is proved to be one. `programs`: linear programs.
    """

    sets: tuple[tuple[Reference, ...], ...]
    weight: float
    conflicts: tuple[tuple[Reference, ...], ...]
    too_many: bool
    programs: int
    unproved: tuple[str, ...] = ()


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
    prover = Prover(search, limit=limits.programs)
    cuts: list[frozenset[int]] = [frozenset([place]) for place in record.outside]
    for place in np.flatnonzero(record.broken).tolist():
        cuts.append(frozenset(record.read(place)))
    try:
        found = _located(search, prover, cuts, costs, limits)
    except (_TooManyError, ExhaustedError):
        return Located((), float("inf"), _named(system, cuts), too_many=True, programs=search.programs + prover.programs)
    sets = tuple(sorted(tuple(sorted(one)) for one in found))
    unproved = system.named(frozenset(place for one in found.values() if isinstance(one, Doubt) for place in one.constraints))
    weight = float(sum(costs[place] for place in sets[0])) if sets else float("inf")
    named = tuple(tuple(system.columns[place] for place in one) for one in sets)
    return Located(named, weight, _named(system, cuts), too_many=False, programs=search.programs + prover.programs, unproved=unproved)


def _located(
    search: Search, prover: Prover, cuts: list[frozenset[int]], costs: Floats, limits: Limits
) -> dict[frozenset[int], Floats | Doubt]:
    """The optimum, with a repair by each set or a doubt about it; `cuts` grows by what is learned on the way."""
    fixed = frozenset(np.flatnonzero(~np.isfinite(costs)).tolist())
    weights = costs.tolist()
    held: dict[frozenset[int], Floats] = {}  # what passed its trial
    shown: dict[frozenset[int], Floats | Doubt] = {}
    while True:
        open_cuts = [cut - fixed for cut in cuts]
        if not all(open_cuts):
            return {}
        candidates = _cheapest(open_cuts, weights)
        if min((len(one) for one in candidates), default=0) > limits.cells:
            raise _TooManyError
        known = len(cuts)
        for candidate in _open(candidates, held, cuts, known):
            _keep(candidate, search.trial(sorted(candidate)), held, cuts)
        if len(cuts) == known:
            for candidate in _open(candidates, shown, cuts, known):
                _keep(candidate, prover.proved(candidate, held[candidate]), shown, cuts)
        if len(cuts) == known:
            return {candidate: shown[candidate] for candidate in candidates}


def _open(
    candidates: list[frozenset[int]], kept: Mapping[frozenset[int], object], cuts: list[frozenset[int]], known: int
) -> Iterator[frozenset[int]]:
    """The candidates not yet kept that hit what was learned since there were `known` cuts, also while this goes on."""
    for candidate in candidates:
        if candidate not in kept and all(candidate & cut for cut in cuts[known:]):
            yield candidate


def _keep(
    candidate: frozenset[int], answer: _Answer | Proof, kept: MutableMapping[frozenset[int], _Answer], cuts: list[frozenset[int]]
) -> None:
    if isinstance(answer, Proof):
        cuts.append(answer.cells)
    else:
        kept[candidate] = answer


def _cheapest(cuts: list[frozenset[int]], weights: list[float]) -> list[frozenset[int]]:
    """All sets of least weight that meet every cut."""
    masks = [sum(1 << place for place in cut) for cut in _smallest(cuts)]
    found = _Master(weights, min(weights[place] for cut in cuts for place in cut)) if cuts else _Master([], 0.0)
    found.search(0, 0.0, masks)
    return [frozenset(_places(mask)) for mask in found.sets]


class _Master:
    """Depth-first search for the sets of least weight. Sets of places are the bits of a number."""

    def __init__(self, weights: list[float], lightest: float) -> None:
        self.weights, self.lightest = weights, lightest
        self.best = float("inf")
        self.sets: dict[int, None] = {}

    def search(self, chosen: int, weight: float, rest: list[int]) -> None:
        """Extend what is chosen by each place of the smallest cut that is not met yet; a place tried is not used by its later siblings."""
        if weight > self.best + _TIE:
            return
        if not rest:
            if weight < self.best - _TIE:
                self.best = weight
                self.sets.clear()
            self.sets[chosen] = None
            if len(self.sets) > _MOST_CANDIDATES:
                raise _TooManyError
            return
        met = apart = 0
        for cut in rest:  # those that share no place cannot be met by one
            if not cut & met:
                met |= cut
                apart += 1
        if weight + apart * self.lightest > self.best + _TIE:
            return
        banned = 0
        for place in sorted(_places(min(rest, key=int.bit_count)), key=lambda one: self.weights[one]):
            bit = 1 << place
            left = [cut & ~banned for cut in rest if not cut & bit]
            if all(left):
                self.search(chosen | bit, weight + self.weights[place], left)
            banned |= bit


def _places(mask: int) -> list[int]:
    """The places of a number's bits, ascending."""
    found = []
    while mask:
        bit = mask & -mask
        found.append(bit.bit_length() - 1)
        mask ^= bit
    return found


def _smallest(cuts: list[frozenset[int]]) -> list[frozenset[int]]:
    """The cuts that contain no other, smallest first."""
    kept: list[frozenset[int]] = []
    for cut in sorted(set(cuts), key=lambda one: (len(one), sorted(one))):
        if not any(smaller <= cut for smaller in kept):
            kept.append(cut)
    return kept


def _named(system: System, cuts: list[frozenset[int]]) -> tuple[tuple[Reference, ...], ...]:
    """The contradictions that contain no other, smallest first."""
    return tuple(tuple(system.columns[place] for place in sorted(cut)) for cut in _smallest([cut for cut in cuts if cut]))
