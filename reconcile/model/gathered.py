"""Gathered figures: rows of a large table in another order, read column by column or block by block, and never copied whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from reconcile.model.figures import Floats, adjustments_applied, joined_parts, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.model.indicator import Indicator
    from reconcile.model.round import Round

Rows = NDArray[np.int64]
Cell = TypeVar("Cell", np.float64, np.int8)
_NOWHERE: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Figures by record and code, in the indicators' own measures; NaN where there is none.

    rows: for each record its row in `table` (-1: none); columns: code -> column of `table`. Where a record's figures are others than the
    table's, its place stands in `at` (rising) and they stand in `put` (code -> one figure a place; NaN for a code that is not there).
    """

    table: Floats
    rows: Rows
    columns: Mapping[str, int]
    at: Rows = field(default_factory=_NOWHERE.copy)
    put: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, table: pd.DataFrame, index: Sequence[str]) -> Gathered:
        """The rows of `index` in a table of figures (float64 throughout); what the table does not have is NaN."""
        rows = rows_of(table.index, index)
        columns = {str(code): column for column, code in enumerate(table.columns)}
        return cls(table.to_numpy(dtype=np.float64), rows, columns)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, code: str) -> Floats:
        """One figure a record."""
        return self.block((code,))[:, 0]

    def block(self, codes: Sequence[str], records: Rows | slice | None = None) -> Floats:
        """Records × codes, freshly made; all records where none are named, and else these (rising, where they are a slice)."""
        chosen = slice(None) if records is None else records
        rows = self.rows[chosen]
        if self.table.shape[0]:
            found = taken_of(self.table, rows, [self.columns.get(code) for code in codes], without=np.nan)
            missing = rows < 0
            if missing.any():
                found[missing] = np.nan
        else:
            found = np.full((rows.size, len(codes)), np.nan)
        return self._put_in(found, codes, chosen)

    def with_rows(self, at: Sequence[int], put: Mapping[str, Floats]) -> Gathered:
        """The same with the figures of the records `at` (rising) replaced whole."""
        return replace(self, at=np.array(at, dtype=np.int64), put=put)

    def _put_in(self, found: Floats, codes: Sequence[str], chosen: Rows | slice) -> Floats:
        if not self.at.size:
            return found
        place = np.full(len(self.rows), -1, dtype=np.int64)
        place[self.at] = np.arange(self.at.size)
        which = place[chosen]
        met = np.flatnonzero(which >= 0)
        for column, code in enumerate(codes):
            put = self.put.get(code)
            found[met, column] = np.nan if put is None else put[which[met]]
        return found


def taken_of(table: NDArray[Cell], rows: Rows, columns: Iterable[int | None], *, without: float = 0) -> NDArray[Cell]:
    """Some rows and columns of a table; `without` for a column that it does not have. One column after the other, as tables lie in
    memory: both sides at once take many times as long."""
    asked = list(columns)
    found = np.empty((rows.size, len(asked)), dtype=table.dtype, order="F")
    for place, column in enumerate(asked):
        found[:, place] = without if column is None else table[:, column][rows]
    return found


def own_of(returns: Round, indicators: Mapping[str, Indicator], *, units: Sequence[str]) -> Gathered:
    """What each of `units` reported itself (see `own_figures`), one record a unit; NaN throughout for a unit of which nothing counts."""
    parts = [returns.counted.get(unit, ()) for unit in units]
    gathered = Gathered.of(returns.values, [some[0] if some else "" for some in parts])
    texts = {code for code, one in indicators.items() if one.kind == "text"}
    columns = {code: column for code, column in gathered.columns.items() if code in indicators and code not in texts}
    gathered = replace(gathered, columns=columns)
    several = [record for record, some in enumerate(parts) if len(some) > 1]
    if not several:
        return gathered
    codes = list(columns)
    joined = joined_parts(returns, [parts[record] for record in several], codes=codes, indicators=indicators)
    return gathered.with_rows(several, {code: joined[:, column] for column, code in enumerate(codes)})


def adjusted_of(
    own: Gathered, returns: Round, *, units: Sequence[str], known: Collection[str], indicators: Collection[str]
) -> Gathered:
    """Own figures of `units` with the adjusted ones in place, of entries that are whole and units that are `known`; where one was adjusted
    twice, the later date counts, and on one day neither. `own` itself where none applies."""
    place = {unit: record for record, unit in enumerate(units) if unit in known} if len(returns.adjustments) else {}
    applied = adjustments_applied(returns, units=place, indicators=indicators)
    if not applied:
        return own
    at = sorted({*own.at.tolist(), *(place[unit] for unit, _, _ in applied)})
    where = {record: number for number, record in enumerate(at)}
    codes = list(dict.fromkeys([*own.columns, *(code for _, code, _ in applied)]))
    put = own.block(codes, np.array(at, dtype=np.int64))
    column = {code: number for number, code in enumerate(codes)}
    for unit, code, figure in applied:
        put[where[place[unit]], column[code]] = figure
    return own.with_rows(at, {code: put[:, number] for number, code in enumerate(codes)})


def without(own: Gathered, units: Sequence[str], absent: Collection[str]) -> Gathered:
    """Own figures with those of some units unknown."""
    gone = np.array([unit in absent for unit in units], dtype=np.bool_) if absent else np.zeros(len(units), dtype=np.bool_)
    if not gone.any():
        return own
    kept = ~gone[own.at]
    return replace(own, rows=np.where(gone, -1, own.rows), at=own.at[kept], put={code: one[kept] for code, one in own.put.items()})
