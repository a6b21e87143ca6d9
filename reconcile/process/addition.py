"""Addition (相加): the figures of many units brought together block by block, as partials that any order and any cut leave the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reconcile.model.answers import ANSWERS
from reconcile.model.figures import Floats, Subtrees, Wholes, from_micros, micros, rows_of
from reconcile.model.gathered import Gathered, taken_of
from reconcile.model.indicator import Kind
from reconcile.model.partial import Partial, added, combined, roomy
from reconcile.model.round import Round, Standing, State
from reconcile.scheme.derived import Completed, operands, rate_of
from reconcile.scheme.scheme import Scheme

Rows = NDArray[np.int64]
Counts = NDArray[np.int64]

_ANSWERED = np.array([state in ANSWERS for state in State], dtype=np.int64)
_CELLS = 1 << 18  # figures worked on at a time: two megabytes a table


class Answered(NamedTuple):
    """What is counted of a block of units (rows: their places in the subtrees), units × codes each."""

    rows: slice
    numbers: Counts  # returns with a number
    counted: Counts  # 1 where the unit answered what it owes, or stands in for those that do
    stand_in: Counts  # returns with a number that stand in


@dataclass(frozen=True, eq=False)
class Addition:
    """Adds up what the units of `subtrees` reported, for those in `kept`: of a unit that is not kept, into the nearest kept one above."""

    scheme: Scheme
    codes: Sequence[str]
    subtrees: Subtrees
    kept: Subtrees

    def totals(self, own: Gathered) -> Floats:
        """Own figures (one record a unit of `subtrees`) with what the kind of each indicator makes of them up the tree: kept × codes."""
        partial = combined(self.partials(own))
        sums, reporters = self._up(partial.units, partial.sums), self._up(partial.units, partial.counts)
        added_up = np.where(reporters > 0, from_micros(sums), np.nan)
        alone = self._alone(own)
        made = added_up[:, : len(self.codes)].copy()
        for column, code in enumerate(self.codes):
            kind = self.scheme.indicators[code].kind
            if kind is Kind.RATE:
                computed = self._rate(code, added_up, alone)
                single = np.where(reporters[:, column] == 1, made[:, column], np.nan)  # the sum of one is that one
                made[:, column] = np.where(np.isnan(computed), single, computed)
            elif not kind.summed:
                made[:, column] = alone[:, column]
        return made

    def partials(self, own: Gathered) -> Iterator[Partial]:
        """What each block of units comes to: sums and numbers of reporters, of each code and then of what each rate is computed from."""
        for block in self.blocks():
            figures = self._figures(own, np.arange(block.start, block.stop))
            rows = self.targets[block]
            places, size = np.unique(rows, return_inverse=True)
            sums = added(micros(figures), size.reshape(-1), places.size)
            known = added((~np.isnan(figures)).astype(np.int64), size.reshape(-1), places.size)
            yield Partial.of([self.kept.codes[place] for place in places.tolist()], sums, known)

    def blocks(self) -> Iterator[slice]:
        """The units in blocks that bound what is worked on at a time."""
        size, step = len(self.subtrees.codes), max(1, _CELLS // max(1, len(self.codes)))
        return (slice(start, min(start + step, size)) for start in range(0, size, step))

    def counts(self, answered: Iterable[Answered]) -> dict[str, Counts]:
        """What is counted of all units, kept × codes: `numbers`, `counted`, `stand_in`."""
        found = {name: np.zeros((len(self.kept.codes), len(self.codes)), dtype=np.int64) for name in Answered._fields[1:]}
        for one in answered:
            places, at = np.unique(self.targets[one.rows], return_inverse=True)
            for name, counts in found.items():
                counts[places] += added(getattr(one, name), at.reshape(-1), places.size)
        return {name: self.kept.add(counts) for name, counts in found.items()}

    @cached_property
    def targets(self) -> Rows:
        """For each unit the place of the kept unit that its figures are added to: itself, or the nearest above."""
        found = np.full(len(self.subtrees.codes), -1, dtype=np.int64)
        rows = np.array([self.subtrees.rows[code] for code in self.kept.codes], dtype=np.int64)
        for place, row in enumerate(rows.tolist()):  # those above come first: those below overwrite them
            found[row : int(self.subtrees.ends[row])] = place
        return found

    @cached_property
    def _parts(self) -> tuple[tuple[str, str], ...]:
        """Each rate that can be computed with each figure that it is computed from."""
        rates = [code for code in self.codes if self.scheme.indicators[code].kind is Kind.RATE]
        known = {code: operands(code, self.scheme) for code in rates}
        return tuple((code, part) for code, parts in known.items() for part in parts if all(one in self._columns for one in parts))

    def _figures(self, own: Gathered, records: Rows) -> Floats:
        """Some units' figures, completed, and behind them those that each rate is computed from, where the unit gave all of them."""
        names = [self.subtrees.codes[record] for record in records.tolist()]
        table = Completed.of(Gathered(own.block(self.codes, records), np.arange(records.size), self._columns), names, self.scheme)
        found = np.empty((records.size, len(self.codes) + len(self._parts)))
        found[:, : len(self.codes)] = table.own.table
        for code in self.scheme.formulas:
            if code in self._columns:
                found[:, self._columns[code]] = table.column(code)
        for place, (rate, part) in enumerate(self._parts, start=len(self.codes)):
            needed = [self._columns[one] for one in operands(rate, self.scheme)]
            giving = ~np.isnan(found[:, needed]).any(axis=1)
            found[:, place] = np.where(giving, found[:, self._columns[part]], np.nan)
        return found

    def _alone(self, own: Gathered) -> Floats:
        """The kept units' own figures, as in `_figures`."""
        return self._figures(own, np.array([self.subtrees.rows[code] for code in self.kept.codes], dtype=np.int64))

    def _rate(self, code: str, sums: Floats, alone: Floats) -> Floats:
        """A rate from the sums over the units that gave all its parts; NaN where none did, or it cannot be computed."""
        figures = {}
        for place, (rate, part) in enumerate(self._parts, start=len(self.codes)):
            if rate == code:  # standards are never added: each unit has its own
                figures[part] = (sums if self.scheme.indicators[part].kind.summed else alone)[:, place]
        size = len(self.kept.codes)
        return rate_of(code, figures, self.scheme, size=size) if figures else np.full(size, np.nan)

    def _up(self, units: Sequence[str], rows: Wholes) -> Wholes:
        """What stands for some of the kept units, added up the tree: kept × anything."""
        found = np.zeros((len(self.kept.codes), rows.shape[1]), dtype=rows.dtype)
        found[[self.kept.rows[unit] for unit in units]] = rows
        return self.kept.add(roomy(found))

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {code: column for column, code in enumerate(self.codes)}


@dataclass(frozen=True, slots=True, eq=False)
class Owing:
    """Which units owe what: the sort of each unit (rows as in the subtrees), and what each sort owes (sorts × codes)."""

    sorts: Rows
    table: NDArray[np.bool_]

    def counts(self, add: Addition) -> Counts:
        """How many units at or below each kept one owe each code."""
        found = np.zeros((len(add.kept.codes), len(self.table)), dtype=np.int64)
        np.add.at(found, (add.targets, self.sorts), 1)
        return add.kept.add(found) @ self.table.astype(np.int64)


def answers_of(add: Addition, returns: Round, owing: Owing | None) -> Iterator[Answered]:
    """What each unit answered in its returns that count, block by block. Where nobody knows who owes what, whoever answered counts."""
    ids = [(row, one) for row, unit in enumerate(add.subtrees.codes) for one in returns.counted.get(unit, ())]
    units, names = np.array([row for row, _ in ids], dtype=np.int64), [one for _, one in ids]
    values, states = Gathered.of(returns.values, names), _States(returns, names, add.codes)
    standing = dict(zip(returns.returns.index.tolist(), returns.returns["standing"].tolist(), strict=True))
    stands_in = np.array([standing[one] == Standing.STAND_IN for one in names], dtype=np.bool_)
    for block in add.blocks():
        here = slice(*np.searchsorted(units, (block.start, block.stop)).tolist())
        at, size = units[here] - block.start, block.stop - block.start
        number = ~np.isnan(values.block(add.codes, here))
        numbers = added(number.astype(np.int64), at, size)
        stand_in = added((number & stands_in[here, None]).astype(np.int64), at, size)
        counted = added(states.answered(here), at, size) > 0
        if owing is not None:
            counted &= owing.table[owing.sorts[block]] | (stand_in > 0)
        yield Answered(block, numbers, counted.astype(np.int64), stand_in)


class _States:
    """How some returns answered."""

    def __init__(self, returns: Round, names: Sequence[str], codes: Sequence[str]) -> None:
        known = {str(code): column for column, code in enumerate(returns.states.columns)}
        self._table = returns.states.to_numpy(dtype=np.int8)
        self._rows = rows_of(returns.states.index, names)
        self._places = [place for place, code in enumerate(codes) if code in known]
        self._columns = np.array([known[code] for code in codes if code in known], dtype=np.int64)
        self._width = len(codes)

    def answered(self, here: slice) -> Counts:
        """1 where a return answered, if only that there is nothing to count: returns × codes."""
        rows = self._rows[here]
        found = np.zeros((rows.size, self._width), dtype=np.int64)
        found[:, self._places] = _ANSWERED[taken_of(self._table, rows, self._columns)] & (rows >= 0)[:, None]
        return found
