"""Series: what each unit reports now beside what it reported earlier, as matrices; the one table that all comparing starts from."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from reconcile.model.figures import Floats
from reconcile.model.finding import CellAt
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.round import Standing, State
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


@dataclass(frozen=True, eq=False)
class Series:
    """Figures that grow or stand (flows and stocks that are filled in, not computed): returns × codes.

    Rows are the returns that count or stand in; one that is only compared with what was read below is judged there. Rows of `group` -1
    have no peers. Matrices are float64, NaN where there is no figure.
    """

    environment: ReturnsEnvironment
    _before: dict[Period, Floats] = field(default_factory=dict)

    @property
    def scheme(self) -> Scheme:
        """The scheme of the round."""
        return self.environment.scheme

    @property
    def units(self) -> UnitTree:
        """All units."""
        return self.environment.units

    @cached_property
    def records(self) -> list[int]:
        """The rows of the environment that are compared."""
        standing = self.environment.returns.returns["standing"].to_dict()
        return [row for row, one in enumerate(self.environment.ids) if standing[one] != Standing.COMPARED]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Return of each row."""
        return tuple(self.environment.ids[record] for record in self.records)

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """Unit of each row."""
        return tuple(self.environment.codes[record] for record in self.records)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Indicator of each column."""
        known = {str(code) for code in self.environment.returns.values.columns}
        return tuple(
            code
            for code, one in self.scheme.indicators.items()
            if one.kind in (Kind.FLOW, Kind.STOCK) and not one.formula and code in known
        )

    @cached_property
    def now(self) -> Floats:
        """Figures of this period."""
        return self._matrix("this")

    def before(self, period: Period) -> Floats:
        """Figures of `previous`, `closing` or `last`, on the comparable base."""
        if period not in self._before:
            self._before[period] = self._matrix(period)
        return self._before[period]

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """The earlier periods of which something is known; of two names for one period (上年同期 and 上年末 of a year) the first."""
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
        states = [self.environment.states(code)[self.records] == State.BLANK for code in self.codes]
        return np.array(states, dtype=np.bool_).T.reshape(len(self.records), len(self.codes))

    @cached_property
    def flows(self) -> Truths:
        """Which columns accumulate from 1 January."""
        return np.array([self.indicator(column).kind is Kind.FLOW for column in range(len(self.codes))], dtype=np.bool_)

    @cached_property
    def required(self) -> Truths:
        """Which columns must be filled in: a blank there is asked about by itself."""
        return np.array([self.indicator(column).required for column in range(len(self.codes))], dtype=np.bool_)

    @cached_property
    def money(self) -> Truths:
        """Which columns are amounts that vary without the noise of counting (money, areas): those of a measure that is not whole."""
        return np.array([not self.scheme.measure(code).whole for code in self.codes], dtype=np.bool_)

    @cached_property
    def group(self) -> tuple[tuple[str, bool], ...]:
        """What each row's peers have in common: the kind of unit, and whether the return speaks for all below; ("", …) has no peers."""
        kinds = (self.units[unit].kind if unit in self.units else "" for unit in self.owners)
        return tuple(zip(kinds, self.environment.whole[self.records].tolist(), strict=True))

    @cached_property
    def groups(self) -> tuple[tuple[np.ndarray, bool], ...]:
        """Rows of each group of peers, and whether they are peers at all."""
        found: dict[tuple[str, bool], list[int]] = {}
        for row, key in enumerate(self.group):
            found.setdefault(key, []).append(row)
        return tuple((np.array(rows, dtype=np.int64), bool(key[0])) for key, rows in found.items())

    @cached_property
    def heads(self) -> Floats:
        """How large each unit is: its first stock counted in 人, those that must be filled in before others (职工人数); NaN without one."""
        heads = [one for one in self.scheme.indicators.values() if one.kind is Kind.STOCK and one.measure == _HEADS]
        sizes = [one.code for one in sorted(heads, key=lambda one: not one.required)]
        found = np.full(len(self.records), np.nan)
        for code in reversed(sizes):
            if code in self.codes:
                column = self.now[:, self.codes.index(code)]
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
        told = (self.environment.basis(Reference(self.codes[0], period=period), self.records[row]) for period in EARLIER)
        return next((one for one in told if one), "")

    def cell(self, row: int, column: int) -> CellAt:
        """Where a figure stands."""
        return self.environment.returns.cell(self.ids[row], self.codes[column])

    def _matrix(self, period: Period) -> Floats:
        columns = [self.environment.figure(Reference(code, period=period))[self.records] for code in self.codes]
        found = np.array(columns, dtype=np.float64).T.reshape(len(self.records), len(self.codes))
        if period != "this":
            found[self._in_parts] = np.nan
        return found

    @cached_property
    def _in_parts(self) -> Truths:
        """Rows of units that sent several returns which are added: none of them alone compares with what the unit reported earlier."""
        times = Counter(self.owners)
        return np.array([times[unit] > 1 for unit in self.owners], dtype=np.bool_)
