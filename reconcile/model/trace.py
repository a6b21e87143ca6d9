"""From a figure down to the cells it came from: totals, their addends, and where each addend stands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import eq
from typing import TYPE_CHECKING, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.figures import rows_of
from reconcile.model.finding import CellAt
from reconcile.model.round import State

if TYPE_CHECKING:
    from reconcile.model.outcome import Outcome
    from reconcile.model.past import Earlier
    from reconcile.model.round import Round
    from reconcile.model.unit import UnitTree


Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Total:
    """One row of the totals as a telling reads it, in the indicator's measure; NaN where unknown. `value` is the approved figure."""

    value: float
    previous: float
    closing: float


class _Lazy(Sequence[CellAt], ABC):
    """Cells that are looked up when they are asked for: how many there are is known before."""

    @abstractmethod
    def _at(self, place: int) -> CellAt:
        """The cell at a place that there is, counted from 0."""

    @overload
    def __getitem__(self, place: int) -> CellAt: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[CellAt, ...]: ...

    def __getitem__(self, place: int | slice) -> CellAt | tuple[CellAt, ...]:
        if isinstance(place, slice):
            return tuple(map(self._at, range(*place.indices(len(self)))))
        found = place + len(self) if place < 0 else place
        if not 0 <= found < len(self):
            raise IndexError(place)
        return self._at(found)


class Cells(_Lazy):
    """The cells that a figure came from, in order. Equal to whatever other Cells or tuple holds the same, and hashed like the tuple."""

    def __init__(self, parts: Iterable[Sequence[CellAt]]) -> None:
        self._parts = tuple(part for part in parts if len(part))
        self._size = sum(map(len, self._parts))

    def __len__(self) -> int:
        return self._size

    def _at(self, place: int) -> CellAt:
        left = place
        for part in self._parts:
            if left < len(part):
                return part[left]
            left -= len(part)
        raise IndexError(place)

    def __iter__(self) -> Iterator[CellAt]:
        return chain.from_iterable(self._parts)

    def __add__(self, other: Sequence[CellAt]) -> Cells:
        return Cells((*self._parts, *(other._parts if isinstance(other, Cells) else (other,))))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cells | tuple):
            return NotImplemented
        if len(self) != len(other):
            return False
        return (isinstance(other, Cells) and self._parts == other._parts) or all(map(eq, self, other))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(tuple(self))


class _Stretch(_Lazy):
    """The cells of one indicator in some rows of a round."""

    def __init__(self, addends: Addends, indicator: str, rows: Rows) -> None:
        self._addends, self._indicator, self._rows = addends, indicator, rows

    def __len__(self) -> int:
        return int(self._rows.size)

    def _at(self, place: int) -> CellAt:
        return self._addends.cell(int(self._rows[place]), self._indicator)

    def __iter__(self) -> Iterator[CellAt]:
        return (self._addends.cell(row, self._indicator) for row in self._rows.tolist())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Stretch):
            return NotImplemented
        same = self._addends is other._addends and self._indicator == other._indicator
        return same and np.array_equal(self._rows, other._rows)

    __hash__ = None  # type: ignore[assignment] # never a key


class Addends:
    """The cells that totals of one round were added from. Built once for a round, asked often; no cell is made before it is asked for.

    `without`: units that the totals leave out. Rows are those of the round's values.
    """

    def __init__(self, returns: Round, units: UnitTree, *, without: Collection[str] = ()) -> None:
        self._returns = returns
        self._units = units
        self._without = frozenset(without)
        self._places: dict[str, Rows] = {}
        self._values = returns.values.to_numpy(dtype=np.float64)
        self._states = returns.states.to_numpy()
        self._columns = {str(code): column for column, code in enumerate(returns.values.columns)}
        self._stated = {str(code): column for column, code in enumerate(returns.states.columns)}

    @cached_property
    def _ids(self) -> list[str]:
        return [str(one) for one in self._returns.values.index.tolist()]

    @cached_property
    def reporters(self) -> list[str]:
        """The unit of each row."""
        register = dict(zip(self._returns.returns.index.tolist(), self._returns.returns["unit"].tolist(), strict=True))
        return [str(register[one]) for one in self._ids]

    def cells(self, unit: str, indicators: Iterable[str], *, own: bool = False, among: Collection[str] | None = None) -> Cells:
        """Where the figures of `unit` and all below it stand (with `own`: the unit's alone), for every indicator in turn.

        With `among`, only the cells of those units.
        """
        return Cells(self.at(one, self._of(self.rows(unit, one, own=own), among)) for one in indicators)

    def counts(self, unit: str, indicator: str, *, among: Collection[str] | None = None) -> Cells:
        """Only the cells whose figure is above zero: what a number of units is counted from."""
        rows = self._of(self.rows(unit, indicator), among)
        return Cells([self.at(indicator, rows[self.figures(indicator, rows) > 0])])

    def owners(self, unit: str, indicator: str, *, above_zero: bool = False) -> frozenset[str]:
        """The units at or below `unit` that reported a figure (above zero, if asked)."""
        rows = self.rows(unit, indicator)
        return frozenset(self.reporters[row] for row in rows[(self.figures(indicator, rows) > 0) | (not above_zero)].tolist())

    def own_value(self, unit: str, indicator: str) -> float:
        """What the unit itself reported; NaN where nothing, or where its parts disagree."""
        said = set(self.figures(indicator, self.rows(unit, indicator, own=True)).tolist())
        return said.pop() if len(said) == 1 else float("nan")

    def text_cell(self, return_id: str, indicator: str, text: str) -> CellAt:
        """Where a return's answer in words stands."""
        register = self._returns.returns
        sheet, cell = self._returns.layouts.get(str(register.at[return_id, "layout"]), {}).get(indicator, ("", ""))
        return CellAt(str(register.at[return_id, "file"]), sheet, cell, text)

    def rows(self, unit: str, indicator: str, *, own: bool = False) -> Rows:
        """The rows of the round that hold a figure of the indicator (a number, or 无 for zero), of `unit` and all below it."""
        column = self._columns.get(indicator)
        if column is None:
            return np.empty(0, dtype=np.int64)
        rows = self._under(unit, own)
        states = self._states[rows, self._stated[indicator]]
        there = ((states == State.NUMBER) | (states == State.NIL)) & ~np.isnan(self._values[rows, column])
        return np.asarray(rows[there], dtype=np.int64)

    def figures(self, indicator: str, rows: Rows) -> NDArray[np.float64]:
        """The figures in some rows."""
        column = self._columns.get(indicator)
        return np.full(rows.size, np.nan) if column is None else self._values[rows, column]

    def at(self, indicator: str, rows: Rows) -> Sequence[CellAt]:
        """The cells of an indicator in some rows."""
        return _Stretch(self, indicator, rows)

    def cell(self, row: int, indicator: str) -> CellAt:
        """Where the figure of one row stands."""
        return self._returns.cell(self._ids[row], indicator)

    def _of(self, rows: Rows, among: Collection[str] | None) -> Rows:
        return rows if among is None else rows[np.array([self.reporters[row] in among for row in rows.tolist()], dtype=np.bool_)]

    def _under(self, unit: str, own: bool) -> Rows:
        key = f"{unit}\n{own}"
        if key not in self._places:
            units = (unit,) if own else self._units.subtree(unit)
            ids = [one for code in units if code not in self._without for one in self._returns.counted.get(code, ())]
            rows = rows_of(self._returns.values.index, ids)
            self._places[key] = rows[rows >= 0]
        return self._places[key]


class Trace:
    """Totals of the root and of the units directly below it, and the cells behind them."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.addends = Addends(outcome.round, outcome.units)
        self._totals = _totals(outcome.totals, units=(outcome.root, *outcome.units.children(outcome.root)))
        self._known = {unit for unit, _ in self._totals}

    def knows(self, unit: str) -> bool:
        """Whether the totals have rows of a unit."""
        return unit in self._known

    def total(self, unit: str, indicator: str) -> Total:
        """The unit's total with its comparisons; all NaN where there is none."""
        nothing = float("nan")
        return self._totals.get((unit, indicator), Total(nothing, nothing, nothing))

    def earlier(self, *, closing: bool = False) -> Earlier | None:
        """Last year: the same period, or (`closing`) the end of the year. None where nothing was given."""
        period = self.outcome.period
        return self.outcome.past.at(period.closing if closing else period.previous)

    def earlier_addends(self, earlier: Earlier) -> Addends:
        """The cells that the totals of an earlier period were added from, without the units that are absent now."""
        return Addends(earlier.returns, self.outcome.units, without=self.outcome.coverage.absent)


def _totals(table: pd.DataFrame, *, units: Iterable[str]) -> dict[tuple[str, str], Total]:
    """The rows of some units by unit and indicator."""
    kept = table[table["unit"].isin(list(units))]
    columns = (kept[name].to_numpy(dtype=np.float64).tolist() for name in ("value", "approved", "previous", "closing"))
    lines = zip(kept["unit"].astype(str), kept["indicator"].astype(str), *columns, strict=True)
    return {
        (unit, indicator): Total(value if np.isnan(approved) else approved, previous, closing)
        for unit, indicator, value, approved, previous, closing in lines
    }
