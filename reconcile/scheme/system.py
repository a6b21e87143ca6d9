"""System: rules as rows over named figures, with what each figure may be. Asked which figures can repair a record, and which follow.

    system = System(constraints, domains)           constraints from `branches.constraint`; one Domain a figure, none: any number
    system.broken(values)                           ids of the rules that these values break
    system.trial(values, free)                      can the figures in `free` (and the missing ones) make all rules hold? how, or why not
    system.determined(values, free)                 those of them that can then be one value only
    system.extremes({figure: 1.0}, values, free)    the least and the greatest that a sum can be; None where the rules contradict

`values` maps figures to numbers; what is not in it, or NaN, is missing and always free: with no values at all these are questions about
the rules themselves. Rules hold with the very tolerance, guard and allowance for binary noise of `evaluation`. Every question is put to
one linear program in HiGHS about how far the figures move from where they stand, so that a large figure costs no precision; a choice
between branches, or a count that comes out broken, is followed branch by branch. Where two free figures are multiplied, the repair found is
proved by giving one of them a value (`proving`); where that settles nothing, `Trial.relaxed` names the rules that the repair may break.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reconcile.scheme.branches import Constraint
from reconcile.scheme.evaluation import GUARD
from reconcile.scheme.program import INFINITE, ExhaustedError
from reconcile.scheme.proving import Doubt, Prover
from reconcile.scheme.records import Floats
from reconcile.scheme.relaxation import Domain, Relaxation
from reconcile.scheme.reported import Reported
from reconcile.scheme.row_matrix import RowMatrix
from reconcile.scheme.search import MOST_PROGRAMS, Allowance, Proof, Search
from reconcile.scheme.syntax import Reference

_DECIMALS = 6  # figures are kept to millionths


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether some figures can make all rules hold, the others kept.

    repair: one way to do it (the free and the missing figures' values), None where there is none or the question was `given_up`. conflict:
    kept figures that contradict each other, under the rules `proof`. relaxed: rules in which two free figures are multiplied and of which
    it is not proved that a repair can keep them.
    """

    repair: Mapping[Reference, float] | None
    conflict: frozenset[Reference]
    proof: tuple[str, ...]
    relaxed: tuple[str, ...]
    given_up: bool = False


class System:
    """Some rules and the figures they read, `columns` in the order met."""

    def __init__(self, constraints: Sequence[Constraint], domains: Mapping[Reference, Domain]) -> None:
        any_number = Domain()
        self.constraints = tuple(constraints)
        rows = RowMatrix(self.constraints, lambda one: domains.get(one, any_number).whole)
        self.columns = rows.columns
        of = [domains.get(one, any_number) for one in self.columns]
        lower, upper = np.array([one.lower for one in of]), np.array([one.upper for one in of])
        self._relaxation = Relaxation(rows, lower, upper, np.array([one.whole for one in of], dtype=np.bool_))
        self.index = {one: place for place, one in enumerate(self.columns)}

    def reported(self, values: Mapping[Reference, float]) -> Reported:
        """One record laid out in this system's rows."""
        figures = np.array([values.get(one, np.nan) for one in self.columns], dtype=np.float64)
        return Reported(self._relaxation.rows, figures, outside=self._outside(figures))

    def search(self, record: Reported, *, limit: int = MOST_PROGRAMS) -> Search:
        """Trials of one record, of at most `limit` linear programs in all; one record of a system at a time."""
        return Search(self._relaxation, record, allowance=Allowance(limit))

    def broken(self, values: Mapping[Reference, float]) -> tuple[str, ...]:
        """Ids of the rules that are broken whatever the missing figures are."""
        record = self.reported(values)
        return tuple(one.id for one, bad in zip(self.constraints, record.broken, strict=True) if bad)

    def trial(self, values: Mapping[Reference, float], free: Collection[Reference], *, proving: bool = True) -> Trial:
        """Whether the figures in `free`, and the missing ones, can be chosen so that every rule holds. Unknown names are passed over.

        proving: whether to prove what is found where free figures are multiplied; contradictions are proved anyway.
        """
        search, places = self.search(self.reported(values), limit=MOST_PROGRAMS), frozenset(self._places(free))
        prover = Prover(search, limit=MOST_PROGRAMS if proving else 0)
        try:
            found = prover.proved(places, tried := search.trial(sorted(places)))
        except ExhaustedError:
            return Trial(None, frozenset(), (), (), given_up=True)
        if isinstance(found, Proof):
            rules = self.named({int(self._relaxation.rows.owner[row]) for row in found.rows})
            return Trial(None, frozenset(self.columns[place] for place in found.cells), rules, ())
        doubtful, figures = (found.constraints, tried) if isinstance(found, Doubt) else ((), found)
        if isinstance(figures, Proof):
            raise TypeError("a contradiction leaves no doubt")
        chosen = np.flatnonzero(search.free(places))
        return Trial({self.columns[place]: float(figures[place]) for place in chosen}, frozenset(), (), self.named(doubtful))

    def named(self, constraints: Collection[int]) -> tuple[str, ...]:
        """Ids of the constraints at these places, in order."""
        return tuple(self.constraints[place].id for place in sorted(constraints))

    def determined(self, values: Mapping[Reference, float], free: Collection[Reference]) -> dict[Reference, float]:
        """The free and missing figures that can be one value only, with it, to millionths; none where the rules cannot all hold.

        A relation with a tolerance counts as exact here where it can be (a rate is what its formula makes it), and a rule that applies is
        to be satisfied, not escaped by a guard that no longer holds.
        """
        try:
            return self._determined(self.reported(values), free)
        except ExhaustedError:
            return {}

    def _determined(self, record: Reported, free: Collection[Reference]) -> dict[Reference, float]:
        for tight in (True, False):
            search = Search(self._relaxation, record, allowance=Allowance(MOST_PROGRAMS), tight=tight, escapes=False)
            if not isinstance(search.trial(self._places(free)), Proof):
                break
        else:
            return {}
        found: dict[Reference, float] = {}
        for place in np.flatnonzero(search.free(self._places(free))).tolist():
            cost = np.zeros(len(self.columns))
            cost[place] = 1.0
            bounds = self._range(search, cost, free)
            value = None if bounds is None else self._single(bounds, whole=bool(self._relaxation.whole[place]), scale=record.scale)
            if value is not None:
                found[self.columns[place]] = value
        return found

    def extremes(
        self, terms: Mapping[Reference, float], values: Mapping[Reference, float], free: Collection[Reference]
    ) -> tuple[float, float] | None:
        """The least and the greatest of the sum of coefficient times figure, infinite where there is none; None where the rules contradict.

        Whole numbers are asked for in rules and trials; a bound may still lie between two of them. Infinite, too, where the question was
        given up after MOST_PROGRAMS linear programs.
        """
        cost = np.array([terms.get(one, 0.0) for one in self.columns])
        search = self.search(self.reported(values))
        try:
            return self._range(search, cost, free)
        except ExhaustedError:
            return -INFINITE, INFINITE

    def _range(self, search: Search, cost: Floats, free: Collection[Reference]) -> tuple[float, float] | None:
        least = search.least(cost, self._places(free))
        if least is None:
            return None
        greatest = search.least(-cost, self._places(free))
        return least, INFINITE if greatest is None else -greatest

    @staticmethod
    def _single(bounds: tuple[float, float], *, whole: bool, scale: float) -> float | None:
        """The one value between two bounds, where there is one only."""
        low, high = bounds
        room = 1e-6 * max(1.0, scale)  # what two programs' answers may differ by
        if not (np.isfinite(low) and np.isfinite(high)):
            return None
        if whole:
            first, last = np.ceil(low - room), np.floor(high + room)
            return float(first) if first == last else None
        return round((low + high) / 2, _DECIMALS) + 0.0 if high - low <= 2 * room else None

    def _places(self, free: Collection[Reference]) -> list[int]:
        return sorted(self.index[one] for one in free if one in self.index)

    def _outside(self, figures: Floats) -> list[int]:
        """Figures that cannot be right on their own: below or above what is possible, or broken where only whole numbers are."""
        beyond = (figures < self._relaxation.lower - GUARD) | (figures > self._relaxation.upper + GUARD)
        broken = self._relaxation.whole & (np.abs(figures - np.rint(figures)) > GUARD)
        return [int(place) for place in np.flatnonzero(beyond | broken)]
