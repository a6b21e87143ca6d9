"""Series: what each unit reports now beside what it reported earlier, as matrices; the one table that all comparing starts from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reconcile.model.figures import Floats
from reconcile.model.finding import CellAt
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.round import Standing
from reconcile.model.unit import UnitTree
from reconcile.scheme.environment import ReturnsEnvironment, Truths
from reconcile.scheme.expression import Reference
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import Period
from reconcile.scheme.wording import amount

EARLIER: tuple[Period, ...] = ("previous", "closing", "last")
BASES: Mapping[Period, str] = {"previous": "上年同期", "closing": "上年末", "last": "本年上期"}
"""Earlier periods with the name a clerk knows them by, in the order in which they are told."""
YEAR = "上年全年"
_HEADS = "人"


_CELLS = 1 << 18  # figures worked on at a time: two megabytes a matrix
_TOGETHER = 8  # columns read at a time at the least: figures side by side come from memory together


@dataclass(frozen=True, eq=False)
class Series:
    """Figures that grow or stand (flows and stocks that are filled in, not computed): returns × codes.

    Rows are the returns that count or stand in; one that is only compared with what was read below is judged there. Rows of `group` -1
    have no peers. Matrices are float64, NaN where there is no figure. A series may be a part of another: some of its rows (`chosen`), so
    that whoever works on them part by part needs little room, however many there are.
    """

    environment: ReturnsEnvironment
    whole: Series | None = None
    chosen: slice = field(default_factory=lambda: slice(None))
    _before: dict[Period, Floats] = field(default_factory=dict)

    def parts(self) -> Iterator[Series]:
        """The rows, some at a time."""
        step = max(1, _CELLS // max(1, len(self.codes)))
        for start in range(0, len(self.records), step):
            yield Series(self.environment, self, slice(start, start + step))

    def stretches(self) -> Iterator[slice]:
        """The columns, some at a time."""
        step = max(_TOGETHER, _CELLS // max(1, len(self.records)))
        return (slice(start, min(start + step, len(self.codes))) for start in range(0, len(self.codes), step))

    @property
    def scheme(self) -> Scheme:
        """The scheme of the round."""
        return self.environment.scheme

    @property
    def units(self) -> UnitTree:
        """All units."""
        return self.environment.units

    @cached_property
    def records(self) -> NDArray[np.int64]:
        """The rows of the environment that are compared."""
        if self.whole is not None:
            return self.whole.records[self.chosen]
        kept = [row for row, one in enumerate(self.environment.standings) if one != Standing.COMPARED]
        return np.array(kept, dtype=np.int64)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Return of each row."""
        return tuple(self.environment.ids[record] for record in self.records.tolist())

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """Unit of each row."""
        return tuple(self.environment.codes[record] for record in self.records.tolist())

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Indicator of each column."""
        if self.whole is not None:
            return self.whole.codes
        known = {str(code) for code in self.environment.returns.values.columns}
        return tuple(
            code
            for code, one in self.scheme.indicators.items()
            if one.kind in (Kind.FLOW, Kind.STOCK) and not one.formula and code in known
        )

    @cached_property
    def now(self) -> Floats:
        """Figures of this period."""
        return self.figures("this", slice(None))

    def figures(self, period: Period, columns: slice) -> Floats:
        """Figures of some columns in this period, or in an earlier one on the comparable base."""
        codes, table = self.codes[columns], self.environment.table(period)
        if table is None:
            return np.full((len(self.records), len(codes)), np.nan)
        found = table.block(codes, self.records)
        if period != "this":
            found[self._in_parts] = np.nan
        return found

    def before(self, period: Period) -> Floats:
        """Figures of `previous`, `closing` or `last`, on the comparable base."""
        if period not in self._before:
            self._before[period] = self.figures(period, slice(None))
        return self._before[period]

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """The earlier periods of which something is known; of two names for one period (上年同期 and 上年末 of a year) the first."""
        if self.whole is not None:
            return self.whole.periods
        found = {period: self.environment.earlier(period) for period in EARLIER}
        same = found["closing"] is found["previous"]
        return tuple(period for period, earlier in found.items() if earlier is not None and not (same and period == "closing"))

    def months(self, period: Period) -> float:
        """Months that flows have run now, as a share of those in an earlier period; what it would be where that period is not known."""
        now, earlier = self.environment.returns.period, self.environment.earlier(period)
        if earlier is not None:
            return now.month / earlier.period.month
        return now.month / 12 if period == "closing" else 1.0

    @cached_property
    def blank(self) -> Truths:
        """Where the cell is on the form and nobody answered."""
        return self.environment.blanks(self.codes, self.records)

    @cached_property
    def flows(self) -> Truths:
        """Which columns accumulate from 1 January."""
        if self.whole is not None:
            return self.whole.flows
        return np.array([self.indicator(column).kind is Kind.FLOW for column in range(len(self.codes))], dtype=np.bool_)

    @cached_property
    def required(self) -> Truths:
        """Which columns must be filled in: a blank there is asked about by itself."""
        if self.whole is not None:
            return self.whole.required
        return np.array([self.indicator(column).required for column in range(len(self.codes))], dtype=np.bool_)

    @cached_property
    def money(self) -> Truths:
        """Which columns are amounts that vary without the noise of counting (money, areas): those of a measure that is not whole."""
        if self.whole is not None:
            return self.whole.money
        return np.array([not self.scheme.measure(code).whole for code in self.codes], dtype=np.bool_)

    @cached_property
    def groups(self) -> tuple[tuple[NDArray[np.int64], bool], ...]:
        """Rows of each group of peers, and whether they are peers at all: those of one kind, returns that speak for all below apart."""
        kinds = (self.units[unit].kind if unit in self.units else "" for unit in self.owners)
        found: dict[tuple[str, bool], list[int]] = {}
        for row, key in enumerate(zip(kinds, self.environment.whole[self.records].tolist(), strict=True)):
            found.setdefault(key, []).append(row)
        return tuple((np.array(rows, dtype=np.int64), bool(key[0])) for key, rows in found.items())

    @cached_property
    def group(self) -> NDArray[np.int64]:
        """The group of each row: its place in `groups` (of the whole)."""
        if self.whole is not None:
            return self.whole.group[self.chosen]
        found = np.zeros(len(self.records), dtype=np.int64)
        for place, (rows, _) in enumerate(self.groups):
            found[rows] = place
        return found

    @property
    def peers(self) -> Truths:
        """Which rows have peers at all."""
        groups = self.groups if self.whole is None else self.whole.groups
        return np.array([are_peers for _, are_peers in groups], dtype=np.bool_)[self.group]

    @cached_property
    def heads(self) -> Floats:
        """How large each unit is: its first stock counted in 人, those that must be filled in before others (职工人数); NaN without one."""
        if self.whole is not None:
            return self.whole.heads[self.chosen]
        heads = [one for one in self.scheme.indicators.values() if one.kind is Kind.STOCK and one.measure == _HEADS]
        sizes = [one.code for one in sorted(heads, key=lambda one: not one.required)]
        found = np.full(len(self.records), np.nan)
        for code in reversed(sizes):
            if code in self.codes:
                place = self.codes.index(code)
                column = self.figures("this", slice(place, place + 1))[:, 0]
                found = np.where(column > 0, column, found)
        return found

    def indicator(self, column: int) -> Indicator:
        """The indicator of a column."""
        return self.scheme.indicators[self.codes[column]]

    def said(self, value: float, column: int) -> str:
        """A figure of a column with its measure; 未填 where there is none."""
        return amount(value, self.indicator(column), self.scheme) if math.isfinite(value) else "未填"

    def said_now(self, row: int, column: int) -> str:
        """What a return reports in a cell, with its measure."""
        return self.said(float(self.now[row, column]), column)

    def told(self, row: int, column: int) -> str:
        """A cell in a list of examples: 会员人数60人（上年同期120人、上年末118人）."""
        history = self.history(row, column)
        return f"{self.indicator(column).name}{self.said_now(row, column)}{f'（{history}）' if history else ''}"

    def name(self, period: Period, column: int) -> str:
        """An earlier period as it is called for a column: 上年末 of what stands, 上年全年 of what adds up."""
        return YEAR if period == "closing" and self.flows[column] else BASES[period]

    def history(self, row: int, column: int) -> str:
        """What the unit reported for a cell earlier: 上年同期12人、上年全年30人; "" where nothing is known."""
        told = []
        for period in self.periods:
            value = float(self.before(period)[row, column])
            if math.isfinite(value):
                told.append(f"{self.name(period, column)}{self.said(value, column)}")
        base = self.base(row)
        return "、".join(told) + (base if told else "")

    def base(self, row: int) -> str:
        """Whose earlier figures are meant, where the unit took others over."""
        told = (self.environment.basis(Reference(self.codes[0], period=period), int(self.records[row])) for period in EARLIER)
        return next((one for one in told if one), "")

    def cell(self, row: int, column: int) -> CellAt:
        """Where a figure stands."""
        return self.environment.returns.cell(self.ids[row], self.codes[column])

    @cached_property
    def _in_parts(self) -> Truths:
        """Rows of units that sent several returns which are added: none of them alone compares with what the unit reported earlier."""
        if self.whole is not None:
            return self.whole._in_parts[self.chosen]
        times = Counter(self.owners)
        return np.array([times[unit] > 1 for unit in self.owners], dtype=np.bool_)
