"""Search: whether some figures of a record can make all rules hold, and if not, which kept figures contradict each other.

The rows that leave no choice go into one linear program. Where its solution breaks a rule that leaves one, its branches are tried in turn;
where a count comes out broken, the whole numbers beside it. A contradiction that does not use the branch it was found under holds for
the other branches as well, and the search goes straight back. Otherwise the contradictions of all branches together are the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reconcile.errors import ReconcileError
from reconcile.scheme.program import INFINITE, THRESHOLD, Solution
from reconcile.scheme.records import Floats, Truths
from reconcile.scheme.relaxation import Relaxation
from reconcile.scheme.reported import Reported
from reconcile.scheme.row_matrix import Way, When

MOST_PROGRAMS = 2_000
_MOST_SPLITS = 40  # whole numbers tried in one trial; beyond that a broken count is let pass, as if the figure were no count
_PRESENT = 1e-7  # a multiplier below this is none: the rows are scaled to coefficients of at most 1
_BROKEN = 1e-6  # farther than this from a whole number is broken

Found: TypeAlias = "Floats | Proof"


class ExhaustedError(ReconcileError):
    """A record needed more linear programs than it was allowed."""


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
    """One trial laid out: which columns are `free`, which rows `live` (read a free column and are linear in it), the open choices."""

    free: Truths
    live: Truths
    dropped: Truths
    choices: tuple[_Choice, ...]
    lower: Floats
    upper: Floats


class Search:
    """Trials of one record. `programs` counts the linear programs; over `limit` ExhaustedError is raised.

    tight: relations that are equalities hold exactly. escapes: whether a rule may also be satisfied because its guard no longer holds.
    """

    def __init__(self, relaxation: Relaxation, record: Reported, *, limit: int, tight: bool = False, escapes: bool = True) -> None:
        self._relaxation, self.record, self.limit = relaxation, record, limit
        self.programs, self._splits, self._loaded = 0, 0, False
        self._escapes = escapes
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

    def relaxed(self, places: Iterable[int]) -> tuple[int, ...]:
        """Constraints with a row in which two of the free figures are multiplied."""
        dropped = np.flatnonzero(self._dropped(self.free(places)))
        return tuple(sorted({int(self._relaxation.rows.owner[row]) for row in dropped}))

    def trial(self, places: Iterable[int]) -> Found:
        """One way to make all rules hold: every column's figure; or why there is none."""
        setting = self._setting(places)
        if isinstance(setting, Proof):
            return setting
        self._splits = 0
        active = setting.live & self._plain
        return self._try(setting, active, setting.lower, setting.upper)

    def least(self, cost: Floats, places: Iterable[int]) -> float | None:
        """The least of `cost` · figures over all branches, whole numbers not asked for; None where the rules contradict."""
        setting = self._setting(places)
        if isinstance(setting, Proof):
            return None
        found = self._least(setting, setting.live & self._plain, cost, INFINITE)
        return None if found is None else found + float(cost @ self.record.base)

    # ---- laying out a trial

    def _setting(self, places: Iterable[int]) -> _Setting | Proof:
        record, rows = self.record, self._relaxation.rows
        free = self.free(places)
        touched: Truths = np.asarray(rows.support[:, free].any(axis=1), dtype=np.bool_)
        for row in self._plain_bad:
            if not touched[row]:
                return Proof(self._read(row), frozenset([int(row)]))
        dropped = self._dropped(free)
        live = touched & self._asked & ~dropped
        choices: list[_Choice] = []
        for constraint in self._several:
            choice = self._choice(constraint, free, touched, live)
            if isinstance(choice, Proof):
                return choice
            if choice is not None:
                choices.append(choice)
        size = record.scale
        lower = np.where(free, (self._relaxation.lower - record.base) / size, 0.0)
        upper = np.where(free, (self._relaxation.upper - record.base) / size, 0.0)
        return _Setting(free, live, dropped, tuple(choices), lower, upper)

    def _choice(self, constraint: int, free: Truths, touched: Truths, live: Truths) -> _Choice | Proof | None:
        """The branches of a constraint that are open; None where one holds as it stands, a proof where none is open."""
        open_ways: list[tuple[int, ...]] = []
        closed: set[int] = set()
        for way in self._relaxation.rows.ways[constraint]:
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
        owned = frozenset(row for way in self._relaxation.rows.ways[constraint] for row in way.rows)
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

    def _dropped(self, free: Truths) -> Truths:
        """Rows that say nothing in this trial: two free figures multiplied, or a division by a figure that is kept at 0."""
        found = np.zeros(len(self._relaxation.rows.owner), dtype=np.bool_)
        for row, products in self._relaxation.rows.products.items():
            found[row] = any(sum(bool(free[place]) for place in one.places) > 1 for one in products)
        for row, places in self.record.void.items():
            found[row] = found[row] or not free[list(places)].any()
        return found

    def _read(self, row: int | np.intp) -> frozenset[int]:
        return frozenset(np.flatnonzero(self._relaxation.rows.support[row]).tolist())

    # ---- linear programs

    def _load(self) -> None:
        """Put the record's coefficients into the program: only rows in which figures are multiplied have any of their own."""
        if not self._loaded:
            for row in self._relaxation.rows.product_rows.tolist():
                for place in np.flatnonzero(self._relaxation.rows.support[row]).tolist():
                    self._relaxation.program.set_coefficient(row, place, float(self.record.coefficients[row, place]))
            self._loaded = True

    def _ask(self, active: Truths, lower: Floats, upper: Floats) -> None:
        self.programs += 1
        if self.programs > self.limit:
            raise ExhaustedError(f"{self.limit}")
        self._load()
        program = self._relaxation.program
        program.set_columns(lower, upper)
        program.set_rows(np.where(active, self._low, -INFINITE), np.where(active, self._high, INFINITE))

    def _try(self, setting: _Setting, active: Truths, lower: Floats, upper: Floats) -> Found:
        self._ask(active, lower, upper)
        solution = self._relaxation.program.solve()
        if solution.lack > THRESHOLD:
            return self._proof(setting, solution)
        held = self._held(solution.values)
        choice = _unmet(setting, held)
        if choice is not None:
            return self._branch(setting, active, choice, (lower, upper))
        return self._whole(setting, active, solution.values, (lower, upper))

    def _proof(self, setting: _Setting, solution: Solution) -> Proof:
        rows = np.flatnonzero(np.abs(solution.row_duals) > _PRESENT).tolist()
        cells = set(np.flatnonzero((np.abs(solution.column_duals) > _PRESENT) & ~setting.free).tolist())
        for row in rows:
            if row in self._relaxation.rows.products:  # another figure of the row, once free, makes it say nothing
                cells |= {place for place in self._read(row) if not setting.free[place]}
        return Proof(frozenset(cells), frozenset(rows))

    def _held(self, moved: Floats) -> Truths:
        sums = self.record.coefficients @ moved
        return np.asarray((sums <= self._high + THRESHOLD) & (sums >= self._low - THRESHOLD))

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
        """The figures moved to, if counts come out whole or can be rounded; else the whole numbers on both sides are tried."""
        record = self.record
        figures = record.base + moved * record.scale
        rounded = np.rint(figures)
        off = np.where(setting.free & self._relaxation.whole, np.abs(figures - rounded), 0.0)
        near = np.where(setting.free & self._relaxation.whole, rounded, figures)
        if off.max(initial=0.0) <= _BROKEN * record.scale or self._splits >= _MOST_SPLITS:
            return near
        held = self._held((near - record.base) / record.scale)
        if held[active].all() and _unmet(setting, held) is None:
            return near
        self._splits += 1
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

    def _least(self, setting: _Setting, active: Truths, cost: Floats, known: float) -> float | None:
        """The least over the branches, of what is moved; `known` is a value already reached: what cannot beat it is not looked into."""
        self._ask(active, setting.lower, setting.upper)
        found = self._relaxation.program.least(cost * self.record.scale)
        if found is None or found[0] >= known:
            return None
        value, moved = found
        choice = _unmet(setting, self._held(moved)) if value > -INFINITE else next(iter(setting.choices), None)
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
    rest = tuple(one for one in setting.choices if one is not choice)
    return _Setting(setting.free, setting.live, setting.dropped, rest, setting.lower, setting.upper)
