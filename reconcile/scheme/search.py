"""Search: whether some figures of a record can make all rules hold, and if not, which kept figures contradict each other.

The rows that leave no choice go into one linear program. Where its solution breaks a rule that leaves one, its branches are tried in turn;
where a count comes out broken, the whole numbers beside it. A contradiction that does not use the branch it was found under holds for
the other branches as well, and the search goes straight back. Otherwise the contradictions of all branches together are the answer.

A row in which two free figures are multiplied is asked by its estimate, or left out where it has none: what a trial then finds impossible
is so, what it finds possible is to be proved (`proving`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import floor, gcd
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reconcile.scheme.estimates import Estimate, estimate, multiplied
from reconcile.scheme.evaluation import GUARD
from reconcile.scheme.program import INFINITE, THRESHOLD, ExhaustedError, Solution
from reconcile.scheme.records import Floats, Truths
from reconcile.scheme.relaxation import Relaxation
from reconcile.scheme.reported import Reported
from reconcile.scheme.row_matrix import Way, When

MOST_PROGRAMS = 2_000
_MOST_SPLITS = 100  # whole numbers tried in one trial; what needs more of them is given up
_PRESENT = 1e-7  # a multiplier below this is none: the rows are scaled to coefficients of at most 1
_BROKEN = 1e-6  # farther than this from a whole number is broken

Found: TypeAlias = "Floats | Proof"


@dataclass(slots=True)
class Allowance:
    """How many linear programs may be asked, and how many were; shared by the searches of one question."""

    limit: int
    used: int = 0

    def spend(self) -> None:
        """One more. Raises ExhaustedError where that is too many."""
        self.used += 1
        if self.used > self.limit:
            raise ExhaustedError(f"求解次数超过{self.limit}次")


@dataclass(frozen=True, slots=True)
class Proof:
    """Why it cannot be: `cells`, places of kept figures that contradict each other, under `rows`."""

    cells: frozenset[int]
    rows: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    """A constraint whose branches are still open: the rows of each that remain, and the figures that closed the others."""

    constraint: int
    ways: tuple[tuple[int, ...], ...]
    closed: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class _Setting:
    """One trial laid out: which columns are `free`, which rows `live` (read a free column, linearly or by an estimate), the open choices,
    and the rows' coefficients and bounds with the `estimates` in them."""

    free: Truths
    live: Truths
    choices: tuple[_Choice, ...]
    lower: Floats
    upper: Floats
    estimates: dict[int, Estimate]
    coefficients: Floats
    high: Floats


class Search:
    """Trials of one record. `programs` counts the linear programs; over what is allowed ExhaustedError is raised.

    tight: relations that are equalities hold exactly. escapes: whether a rule may also be satisfied because its guard no longer holds.
    """

    def __init__(
        self, relaxation: Relaxation, record: Reported, *, allowance: Allowance, tight: bool = False, escapes: bool = True
    ) -> None:
        self.relaxation, self.record, self.allowance = relaxation, record, allowance
        self._splits, self._escapes = 0, escapes
        self._estimated: dict[int, Estimate] = {}  # those in the program now
        rows = relaxation.rows
        self._asked: Truths = rows.when != (When.TOLERANT if tight else When.EXACT)
        self._low, self._high = (record.exact_low, record.exact_high) if tight else (record.low, record.high)
        several = [len(ways) != 1 or bool(ways[0].answers) for ways in rows.ways]
        self._several = [place for place, many in enumerate(several) if many]
        self._plain: Truths = ~np.array(several, dtype=np.bool_)[rows.owner] if len(rows.owner) else np.zeros(0, dtype=np.bool_)
        self._plain_bad = np.flatnonzero(self._plain & record.bad)

    def free(self, places: Iterable[int]) -> Truths:
        """The columns that are free: those told and the missing ones."""
        found: Truths = self.record.missing.copy()
        found[list(places)] = True
        return found

    @property
    def programs(self) -> int:
        """How many linear programs were asked."""
        return self.allowance.used

    def again(self, record: Reported, allowance: Allowance) -> Search:
        """Trials of another record, or of the same on another allowance."""
        return Search(self.relaxation, record, allowance=allowance)

    def multiplied(self, places: Iterable[int]) -> dict[int, list[list[int]]]:
        """The rows in which free figures are multiplied with each other, and which: they are not asked as they are."""
        return self._multiplied(self.free(places))

    def trial(self, places: Iterable[int], *, within: tuple[int, float, float] | None = None) -> Found:
        """One way to make all rules hold: every column's figure; or why there is none. within: a free column, its least and greatest."""
        setting = self._setting(places)
        if isinstance(setting, Proof):
            return setting
        self._splits = 0
        lower, upper = setting.lower, setting.upper
        if within is not None:
            column, least, greatest = within
            lower, upper = lower.copy(), upper.copy()
            lower[column] = max(lower[column], (least - self.record.base[column]) / self.record.scale)
            upper[column] = min(upper[column], (greatest - self.record.base[column]) / self.record.scale)
            if lower[column] > upper[column]:
                return Proof(frozenset(), self.relaxation.bounds.of(column))
        return self._try(setting, setting.live & self._plain, lower, upper)

    def least(self, cost: Floats, places: Iterable[int]) -> float | None:
        """The least of `cost` · figures over all branches, whole numbers not asked for; None where the rules contradict."""
        setting = self._setting(places)
        if isinstance(setting, Proof):
            return None
        found = self._least(setting, setting.live & self._plain, cost, INFINITE)
        return None if found is None else found + float(cost @ self.record.base)

    # ---- laying out a trial

    def _setting(self, places: Iterable[int]) -> _Setting | Proof:
        record, rows = self.record, self.relaxation.rows
        free = self.free(places)
        touched: Truths = np.asarray(rows.support[:, free].any(axis=1), dtype=np.bool_)
        for row in self._plain_bad:
            if not touched[row]:
                return Proof(self._read(row), frozenset([int(row)]))
        found = {row: estimate(row, record, free, self.relaxation.bounds) for row in self._multiplied(free)}
        live = touched & self._asked
        live[[row for row, one in found.items() if one is None]] = False
        live[[row for row in record.void if self._said_nothing(row, free)]] = False
        choices: list[_Choice] = []
        for constraint in self._several:
            choice = self._choice(constraint, free, touched, live)
            if isinstance(choice, Proof):
                return choice
            if choice is not None:
                choices.append(choice)
        size = record.scale
        lower = np.where(free, (self.relaxation.lower - record.base) / size, 0.0)
        upper = np.where(free, (self.relaxation.upper - record.base) / size, 0.0)
        estimates = {place: one for place, one in found.items() if one is not None}
        coefficients, high = record.coefficients, self._high
        if estimates:
            coefficients, high = coefficients.copy(), high.copy()
            for place, one in estimates.items():
                coefficients[place], high[place] = one.coefficients, one.high
        return _Setting(free, live, tuple(choices), lower, upper, estimates, coefficients, high)

    def _choice(self, constraint: int, free: Truths, touched: Truths, live: Truths) -> _Choice | Proof | None:
        """The branches of a constraint that are open; None where one holds as it stands, a proof where none is open."""
        open_ways: list[tuple[int, ...]] = []
        closed: set[int] = set()
        for way in self.relaxation.rows.ways[constraint]:
            if way.escape and not self._escapes:
                continue
            blame = self._closed(way, free, touched)
            if blame is not None:
                closed |= blame
                continue
            remaining = tuple(row for row in way.rows if live[row])
            if not remaining:
                return None
            open_ways.append(remaining)
        if open_ways:
            return _Choice(constraint, tuple(open_ways), frozenset(closed))
        owned = frozenset(row for way in self.relaxation.rows.ways[constraint] for row in way.rows)
        return Proof(frozenset(place for place in closed if not free[place]), owned)

    def _closed(self, way: Way, free: Truths, touched: Truths) -> set[int] | None:
        """The figures that rule a branch out as they stand; None where none does."""
        for place, answered in way.answers:
            if not answered and not free[place]:
                return {place}
        for row in way.rows:
            if self.record.bad[row] and not touched[row]:
                return set(self._read(row))
        return None

    def _multiplied(self, free: Truths) -> dict[int, list[list[int]]]:
        found: dict[int, list[list[int]]] = {}
        for row, products in self.relaxation.rows.products.items():
            together = [places for places in (multiplied(one, free) for one in products) if places]
            if together and self._asked[row] and not self._said_nothing(row, free):
                found[row] = together
        return found

    def _said_nothing(self, row: int, free: Truths) -> bool:
        """Whether a row divides by a figure that is kept at 0."""
        return row in self.record.void and not free[list(self.record.void[row])].any()

    def _read(self, row: int | np.intp) -> frozenset[int]:
        return frozenset(np.flatnonzero(self.relaxation.rows.support[row]).tolist())

    # ---- linear programs

    def _load(self, setting: _Setting) -> None:
        """Put the coefficients of this record and trial into the program: only rows in which figures are multiplied have any of their own.

        Nothing of the search before may remain, not even the order in which entries were put in: a record's answer must not depend on other
        records.
        """
        rows, program = self.relaxation.rows, self.relaxation.program
        if program.user is not self:
            program.user = self
            program.clear()
            changed = rows.product_rows.tolist()
        elif setting.estimates or self._estimated:
            changed = sorted({*setting.estimates, *self._estimated})
        else:
            return
        for row in changed:
            for place in np.flatnonzero(rows.support[row]).tolist():
                program.set_coefficient(row, place, float(setting.coefficients[row, place]))
        self._estimated = setting.estimates

    def _ask(self, setting: _Setting, active: Truths, lower: Floats, upper: Floats) -> None:
        self.allowance.spend()
        self._load(setting)
        program = self.relaxation.program
        program.set_columns(lower, upper)
        program.set_rows(np.where(active, self._low, -INFINITE), np.where(active, setting.high, INFINITE))

    def _try(self, setting: _Setting, active: Truths, lower: Floats, upper: Floats) -> Found:
        self._ask(setting, active, lower, upper)
        solution = self.relaxation.program.solve()
        if solution.lack > THRESHOLD:
            return self._proof(setting, solution)
        held = self._held(setting, solution.values)
        choice = _unmet(setting, held)
        if choice is not None:
            return self._branch(setting, active, choice, (lower, upper))
        return self._whole(setting, active, solution.values, (lower, upper))

    def _proof(self, setting: _Setting, solution: Solution) -> Proof:
        rows = np.flatnonzero(np.abs(solution.row_duals) > _PRESENT).tolist()
        cells = set(np.flatnonzero((np.abs(solution.column_duals) > _PRESENT) & ~setting.free).tolist())
        for row in rows:
            if row in self.relaxation.rows.products:  # another figure of the row, once free, makes it say nothing
                cells |= {place for place in self._read(row) if not setting.free[place]}
        bounding = [setting.estimates[row].by for row in rows if row in setting.estimates]
        return Proof(frozenset(cells), frozenset(rows).union(*bounding))

    def _held(self, setting: _Setting, moved: Floats) -> Truths:
        sums = setting.coefficients @ moved
        return np.asarray((sums <= setting.high + THRESHOLD) & (sums >= self._low - THRESHOLD))

    def _branch(self, setting: _Setting, active: Truths, choice: _Choice, bounds: tuple[Floats, Floats]) -> Found:
        cells: set[int] = {place for place in choice.closed if not setting.free[place]}
        rows: set[int] = set()
        for way in choice.ways:
            more = active.copy()
            more[list(way)] = True
            found = self._try(_without(setting, choice), more, *bounds)
            if not isinstance(found, Proof):
                return found
            if found.rows.isdisjoint(way):
                return found
            cells |= found.cells
            rows |= found.rows
        return Proof(frozenset(cells), frozenset(rows))

    def _whole(self, setting: _Setting, active: Truths, moved: Floats, bounds: tuple[Floats, Floats]) -> Found:
        """The figures moved to, if counts come out whole or can be rounded; else the whole numbers on both sides are tried.

        Raises ExhaustedError after too many of them.
        """
        record = self.record
        figures = record.base + moved * record.scale
        rounded = np.rint(figures)
        off = np.where(setting.free & self.relaxation.whole, np.abs(figures - rounded), 0.0)
        near = np.where(setting.free & self.relaxation.whole, rounded, figures)
        if off.max(initial=0.0) <= _BROKEN * record.scale:
            return near
        held = self._held(setting, (near - record.base) / record.scale)
        if held[active].all() and _unmet(setting, held) is None:
            return near
        proof = self._indivisible(setting, active, bounds)
        if proof is not None:
            return proof
        self._splits += 1
        if self._splits > _MOST_SPLITS:
            raise ExhaustedError(f"整数取值分支超过{_MOST_SPLITS}次")
        place = int(off.argmax())
        lower, upper = bounds
        below, above = upper.copy(), lower.copy()
        below[place] = (np.floor(figures[place]) - record.base[place]) / record.scale
        above[place] = (np.ceil(figures[place]) - record.base[place]) / record.scale
        first = self._try(setting, active, lower, below)
        if not isinstance(first, Proof):
            return first
        second = self._try(setting, active, above, upper)
        if not isinstance(second, Proof):
            return second
        return Proof(first.cells | second.cells, first.rows | second.rows)

    def _indivisible(self, setting: _Setting, active: Truths, limits: tuple[Floats, Floats]) -> Proof | None:
        """An equality whose free figures are whole and come to multiples of a number only, none of which is what they must come to.

        Two even figures make no odd one: halving their ranges would never end.
        """
        rows, record, known = self.relaxation.rows, self.record, self.relaxation.bounds
        lower = np.maximum(np.where(setting.free, known.lower, -INFINITE), record.base + limits[0] * record.scale)
        upper = np.minimum(np.where(setting.free, known.upper, INFINITE), record.base + limits[1] * record.scale)
        single = setting.free & self.relaxation.whole & (np.ceil(lower - GUARD) == np.floor(upper + GUARD))
        given = np.where(single, np.ceil(lower - GUARD), record.base)
        for row in np.flatnonzero(active & rows.two_sided).tolist():
            loose = np.flatnonzero(rows.support[row] & setting.free & ~single)
            coefficients = rows.linear[row, loose]
            if row in rows.products or not self.relaxation.whole[loose].all() or (coefficients != np.rint(coefficients)).any():
                continue
            step = gcd(*(int(one) for one in coefficients))
            read = np.flatnonzero(rows.support[row] & single)
            size = record.factor[row] * record.scale
            now = float(coefficients @ record.base[loose]) + float(rows.linear[row, read] @ (record.base - given)[read])
            least, greatest = now + self._low[row] * size, now + setting.high[row] * size
            if step > 1 and floor((greatest + GUARD) / step) * step < least - GUARD:
                kept = np.flatnonzero(rows.support[row] & ~setting.free).tolist()
                return Proof(frozenset(kept), frozenset([row]).union(*(known.of(int(place)) for place in read)))
        return None

    def _least(self, setting: _Setting, active: Truths, cost: Floats, known: float) -> float | None:
        """The least over the branches, of what is moved; `known` is a value already reached: what cannot beat it is not looked into."""
        self._ask(setting, active, setting.lower, setting.upper)
        found = self.relaxation.program.least(cost * self.record.scale)
        if found is None or found[0] >= known:
            return None
        value, moved = found
        choice = _unmet(setting, self._held(setting, moved)) if value > -INFINITE else next(iter(setting.choices), None)
        if choice is None:
            return value
        best: float | None = None
        for way in choice.ways:
            more = active.copy()
            more[list(way)] = True
            one = self._least(_without(setting, choice), more, cost, known if best is None else best)
            best = one if one is not None and (best is None or one < best) else best
        return best


def _unmet(setting: _Setting, held: NDArray[np.bool_]) -> _Choice | None:
    """The open choice with the fewest branches of which none holds."""
    unmet = [choice for choice in setting.choices if not any(held[list(way)].all() for way in choice.ways)]
    return min(unmet, key=lambda choice: len(choice.ways)) if unmet else None


def _without(setting: _Setting, choice: _Choice) -> _Setting:
    return replace(setting, choices=tuple(one for one in setting.choices if one is not choice))
