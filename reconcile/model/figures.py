"""Figures by unit: what each unit reported itself, and exact totals up the tree.

Sums are made on whole numbers of 10⁻⁶, so that they come out the same in any order and for any way of cutting the tree in parts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.indicator import Indicator
from reconcile.model.quantity import MICRO, micro
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree

Floats = NDArray[np.float64]
Wholes = NDArray[Any]
"""Whole numbers: int64, or Python's own integers (dtype object) where 64 bits could overflow."""

_FINE = 10**9  # below this a double still tells 10⁻⁶ apart with room to spare, so scaling and rounding it is exact
_ROOM = 9 * 10**12  # a total beyond this many would leave 64 bits once it is scaled by 10⁶
_SHOWN = 0.0051  # by how much a figure may differ from what a sheet shows of it
_DOUBLE = 2**53  # whole numbers up to here are doubles without loss


@dataclass(frozen=True, eq=False)
class Subtrees:
    """Units in an order in which each subtree is one unbroken run of rows: a total is then the difference of two running sums.

    codes: the units, each before those below it. ends: int64, for each row the row after the last one of its subtree.
    """

    codes: tuple[str, ...]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, units: UnitTree, root: str) -> Subtrees:
        """The subtree of `root`; "" gives all units below an unnamed top."""
        codes = units.subtree(root)
        rows = {code: row for row, code in enumerate(codes)}
        ends = list(range(1, len(codes) + 1))
        for row in range(len(codes) - 1, 0, -1):
            parent = rows.get(units[codes[row]].parent, 0)
            ends[parent] = max(ends[parent], ends[row])
        return cls(codes, np.array(ends, dtype=np.int64))

    @cached_property
    def rows(self) -> dict[str, int]:
        """Where each unit stands."""
        return {code: row for row, code in enumerate(self.codes)}

    def of_some(self, kept: Sequence[int]) -> Subtrees:
        """The same for some of the units (their rows, rising, the first among them): those below a unit that stays are below it still."""
        rows = np.array(kept, dtype=np.int64)
        return Subtrees(tuple(self.codes[row] for row in kept), np.searchsorted(rows, self.ends[rows]).astype(np.int64))

    def add(self, own: Wholes) -> Wholes:
        """Add rows (units × anything, whole numbers) up the tree: each unit with all below it."""
        running = np.zeros((len(self.codes) + 1, *own.shape[1:]), dtype=own.dtype)
        np.cumsum(own, axis=0, out=running[1:])
        return np.asarray(running[self.ends] - running[:-1])

    def totals(self, own: Floats, *, below: bool = False) -> Floats:
        """Add figures up the tree, exactly. Units × indicators in, the same out; NaN where nobody at or below reported.

        With `below`, each unit's own figure is left out: what the units directly below it come to.
        """
        wholes, counts = micros(own), (~np.isnan(own)).astype(np.int64)
        sums, reported = self.add(wholes), self.add(counts)
        if below:
            sums, reported = sums - wholes, reported - counts
        return np.where(reported > 0, from_micros(sums), np.nan)


def micros(values: Floats) -> Wholes:
    """Figures as whole numbers of 10⁻⁶, NaN as 0; of a dtype in which their sums cannot overflow. Raises ValueError for infinities."""
    known = np.where(np.isnan(values), 0.0, values)
    sizes = np.abs(known)
    total = float(sizes.sum())
    if math.isinf(total) and np.isinf(sizes).any():
        raise ValueError("infinite figures cannot be added")
    if total >= _ROOM:
        return np.array([micro(value) for value in known.ravel().tolist()], dtype=object).reshape(values.shape)
    scaled: Wholes = np.rint(known * MICRO).astype(np.int64)
    if (large := sizes >= _FINE).any():
        scaled[large] = known[large].astype(np.int64) * MICRO  # exact where they are whole
        for place in map(tuple, np.argwhere(large & (known != np.rint(known)))):
            scaled[place] = micro(float(known[place]))
    return scaled


def from_micros(wholes: Wholes) -> Floats:
    """The doubles nearest to whole numbers of 10⁻⁶."""
    if wholes.dtype == object:
        return np.array([int(value) / MICRO for value in wholes.ravel().tolist()], dtype=np.float64).reshape(wholes.shape)
    found = np.asarray(wholes / MICRO, dtype=np.float64)
    for place in map(tuple, np.argwhere(np.abs(wholes) > _DOUBLE)):
        found[place] = int(wholes[place]) / MICRO  # dividing Python's integers rounds once, where a double would have rounded twice
    return found


def own_figures(returns: Round, indicators: Mapping[str, Indicator]) -> pd.DataFrame:
    """What each unit reported itself: index = unit code, columns = the codes of `indicators` but texts, float64, NaN where nothing.

    Read from the returns that count (a stand-in speaks for its own unit). Where a unit sent several parts, figures that are summed are
    added exactly; any other stands only where the parts agree on it.
    """
    codes = [code for code, one in indicators.items() if one.kind != "text"]
    figures = figures_of(returns, ids=[parts[0] for parts in returns.counted.values()], codes=codes)
    several = [row for row, parts in enumerate(returns.counted.values()) if len(parts) > 1]
    if several:
        some = [parts for parts in returns.counted.values() if len(parts) > 1]
        figures[several] = joined_parts(returns, some, codes=codes, indicators=indicators)
    return pd.DataFrame(figures, index=pd.Index(list(returns.counted), name="unit"), columns=codes)


def joined_parts(returns: Round, parts: Sequence[Sequence[str]], *, codes: Sequence[str], indicators: Mapping[str, Indicator]) -> Floats:
    """The figures of units that sent several returns each (`parts`: their ids), one row a unit."""
    summed = np.array([indicators[code].kind.summed for code in codes], dtype=bool)
    rows = [_join(figures_of(returns, ids=some, codes=codes), summed) for some in parts]
    return np.array(rows, dtype=np.float64).reshape(len(parts), len(codes))


def adjustments_applied(returns: Round, *, units: Container[object], indicators: Container[object]) -> list[tuple[str, str, float]]:
    """Unit, code and figure of the entries that are whole, by date: the last of those about one figure counts."""
    table = returns.adjustments
    if table.empty:
        return []
    faults = adjustment_faults(returns, units=units, indicators=indicators)
    known = table[[not fault for fault in faults]].sort_values("date", kind="stable")
    return [(str(unit), str(code), float(figure)) for unit, code, figure in known[["unit", "indicator", "adjusted"]].to_numpy().tolist()]


def adjustment_faults(returns: Round, *, units: Container[object], indicators: Container[object]) -> list[str]:
    """Why each adjustment is not applied, in Chinese; "" where it is. One that names another reported figure than the unit's own was
    made for that: of an earlier version, or of the total of all below, to which it would be added."""
    lines = returns.adjustments.to_numpy().tolist()
    met = Counter((str(unit), str(indicator), str(day)) for unit, indicator, _, _, _, _, day in lines)
    found = []
    for unit, indicator, reported, adjusted, basis, who, day in lines:
        missing = [name for name, told in (("依据", basis), ("核定人", who), ("日期", day)) if not str(told).strip()]
        if unit not in units:
            found.append(f"单位名录中没有“{unit}”")
        elif indicator not in indicators:
            found.append(f"没有指标“{indicator}”")
        elif math.isnan(adjusted):
            found.append("核定数不是数字")
        elif missing:
            found.append(f"没有写{'、'.join(missing)}")
        elif met[str(unit), str(indicator), str(day)] > 1:
            found.append("同一天核定了两次，分不清用哪一个")
        else:
            found.append(_another_figure(returns, unit, indicator, reported))
    return found


def _another_figure(returns: Round, unit: str, indicator: str, reported: float) -> str:
    """What to say where the reported figure that an adjustment names is not what the unit itself reported; "" where it names none, or
    the unit sent several returns that are added."""
    ids = returns.counted.get(unit, ())
    if math.isnan(reported) or len(ids) > 1:
        return ""
    own = float(figures_of(returns, ids=ids, codes=[indicator])[0, 0]) if ids else math.nan
    if abs(own - reported) <= _SHOWN:  # NaN: it reported none
        return ""
    told = "没有报这一项" if math.isnan(own) else f"报的是{own:.15g}"
    return f"所写的上报数是{reported:.15g}，而该单位自己{told}；核定数只代替单位自己的数，不含下级"


def rows_of(index: pd.Index, names: Iterable[str]) -> NDArray[np.int64]:
    """Where each name stands in an index; -1 where it does not."""
    wanted = pd.Index(list(names), dtype="str")
    return np.asarray(index.get_indexer(wanted), dtype=np.int64)


def figures_of(returns: Round, *, ids: Sequence[str], codes: Sequence[str]) -> Floats:
    """Values of some returns and indicators as a plain matrix; NaN where the round has no such column."""
    return returns.values.reindex(index=list(ids), columns=list(codes)).to_numpy(dtype=np.float64, copy=True)


def _join(parts: Floats, summed: NDArray[np.bool_]) -> Floats:
    """One row from the several parts that a unit sent."""
    known = ~np.isnan(parts)
    added = from_micros(micros(parts).sum(axis=0))
    highest = np.where(known, parts, -np.inf).max(axis=0)
    lowest = np.where(known, parts, np.inf).min(axis=0)
    agreed = np.where(highest == lowest, highest, np.nan)
    return np.where(known.any(axis=0), np.where(summed, added, agreed), np.nan)
