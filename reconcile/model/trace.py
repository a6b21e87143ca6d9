"""From a figure down to the cells it came from: totals, their addends, and where each addend stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reconcile.model.finding import CellAt
from reconcile.model.round import State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.model.outcome import Outcome
    from reconcile.model.past import Earlier
    from reconcile.model.round import Round
    from reconcile.model.unit import UnitTree


@dataclass(frozen=True, slots=True)
class Total:
    """One row of the totals as a telling reads it, in the indicator's measure; NaN where unknown. `value` is the approved figure."""

    value: float
    previous: float
    closing: float


class Addends:
    """The cells that totals of one round were added from. Built once for a round, asked often: each answer is kept.

    `without`: units that the totals leave out.
    """

    def __init__(self, returns: Round, units: UnitTree, *, without: Collection[str] = ()) -> None:
        self._returns = returns
        self._units = units
        self._without = frozenset(without)
        self._places: dict[str, NDArray[np.int64]] = {}
        self._found: dict[tuple[str, str, bool], tuple[tuple[CellAt, float, str], ...]] = {}
        self._ids = [str(one) for one in returns.values.index]
        register = returns.returns.reindex(returns.values.index)
        self._files = [str(file) for file in register["file"]]
        self._layouts = [returns.layouts.get(str(layout), {}) for layout in register["layout"]]
        self._owners = [str(unit) for unit in register["unit"]]

    def cells(self, unit: str, indicators: Iterable[str], *, own: bool = False, among: Collection[str] | None = None) -> tuple[CellAt, ...]:
        """Where the figures of `unit` and all below it stand (with `own`: the unit's alone), for every indicator in turn.

        With `among`, only the cells of those units.
        """
        found = (line for indicator in indicators for line in self._of(unit, indicator, own))
        return tuple(cell for cell, _, owner in found if among is None or owner in among)

    def counts(self, unit: str, indicator: str, *, among: Collection[str] | None = None) -> tuple[CellAt, ...]:
        """Only the cells whose figure is above zero: what a number of units is counted from."""
        found = self._of(unit, indicator, False)
        return tuple(cell for cell, value, owner in found if value > 0 and (among is None or owner in among))

    def owners(self, unit: str, indicator: str, *, above_zero: bool = False) -> frozenset[str]:
        """The units at or below `unit` that reported a figure (above zero, if asked)."""
        values, rows = self._answers(unit, indicator, False)
        return frozenset(self._owners[row] for row in rows if not above_zero or values[row] > 0)

    def own_value(self, unit: str, indicator: str) -> float:
        """What the unit itself reported; NaN where nothing, or where its parts disagree."""
        values, rows = self._answers(unit, indicator, True)
        said = {float(values[row]) for row in rows}
        return said.pop() if len(said) == 1 else float("nan")

    def text_cell(self, return_id: str, indicator: str, text: str) -> CellAt:
        """Where a return's answer in words stands."""
        register = self._returns.returns
        sheet, cell = self._returns.layouts.get(str(register.at[return_id, "layout"]), {}).get(indicator, ("", ""))
        return CellAt(str(register.at[return_id, "file"]), sheet, cell, text)

    def _of(self, unit: str, indicator: str, own: bool) -> tuple[tuple[CellAt, float, str], ...]:
        """Cell, figure and unit of each addend."""
        key = (unit, indicator, own)
        if key not in self._found:
            values, rows = self._answers(unit, indicator, own)
            typed = self._typed(indicator) if len(rows) else {}
            self._found[key] = tuple(
                (self._cell(int(row), indicator, typed, float(values[row])), float(values[row]), self._owners[row]) for row in rows
            )
        return self._found[key]

    def _answers(self, unit: str, indicator: str, own: bool) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The indicator's whole column, and the rows of it that hold a figure (a number, or 无 for zero)."""
        table: pd.DataFrame = self._returns.values
        if indicator not in table.columns:
            return np.empty(0), np.empty(0, dtype=np.int64)
        values = table[indicator].to_numpy(dtype=np.float64)
        states = self._returns.states[indicator].to_numpy()
        rows = self._rows(unit, own)
        return values, rows[np.isin(states[rows], (State.NUMBER, State.NIL)) & ~np.isnan(values[rows])]

    def _rows(self, unit: str, own: bool) -> NDArray[np.int64]:
        key = f"{unit}\n{own}"
        if key not in self._places:
            units = (unit,) if own else self._units.subtree(unit)
            ids = [one for code in units if code not in self._without for one in self._returns.counted.get(code, ())]
            rows = self._returns.values.index.get_indexer(pd.Index(ids))
            self._places[key] = rows[rows >= 0].astype(np.int64)
        return self._places[key]

    def _typed(self, indicator: str) -> dict[str, str]:
        kept = self._returns.typed
        kept = kept[kept["indicator"] == indicator]
        return dict(zip(kept["return"].astype(str), kept["text"].astype(str), strict=True))

    def _cell(self, row: int, indicator: str, typed: Mapping[str, str], value: float) -> CellAt:
        sheet, cell = self._layouts[row].get(indicator, ("", ""))
        text = typed.get(self._ids[row])
        if text is None:
            text = str(int(value)) if value.is_integer() else repr(value)
        return CellAt(self._files[row], sheet, cell, text)


class Trace:
    """Totals of the root and of the units directly below it, and the cells behind them."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.addends = Addends(outcome.round, outcome.units)
        self._totals = _totals(outcome.totals, units=(outcome.root, *outcome.units.children(outcome.root)))

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
