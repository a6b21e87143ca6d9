"""A round that may be spoilt: the clean one, copied, with a hand's moves on it; and what a fault is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from planted_rounds import Line, World, replaced

from reconcile.model.finding import Finding
from reconcile.model.indicator import Kind
from reconcile.model.round import LISTS_COLUMNS, TEXTS_COLUMNS, Round, State
from reconcile.scheme.wording import amount, finding

_COUNTED = (Kind.FLOW, Kind.STOCK)


@dataclass(frozen=True)
class Fault:
    """What was planted. truth: the cells that are wrong now, each with its true value (a list's column as `名册.列`, with its true sum).

    others: further returns that the fault is about.
    """

    kind: str
    return_id: str
    truth: dict[str, float]
    others: tuple[str, ...] = ()


class Draft:
    """A copy of a world's present round. Cells are read and set by return and code; `lists` and `texts` by return."""

    def __init__(self, world: World) -> None:
        self.world = world
        returns = world.returns
        self._columns = {str(code): place for place, code in enumerate(returns.values.columns)}
        self._rows = {str(one): place for place, one in enumerate(returns.values.index)}
        self.values = returns.values.to_numpy(dtype=np.float64, copy=True)
        self.states = returns.states.to_numpy(dtype=np.int8, copy=True)
        self.lists: dict[str, list[Line]] = {one: [] for one in self._rows}
        for line in returns.lists.itertuples(index=False, name=None):
            self.lists[line[0]].append(line[1:])
        self.texts: dict[str, list[tuple[str, str]]] = {one: [] for one in self._rows}
        for one, code, text in returns.texts.itertuples(index=False, name=None):
            self.texts[one].append((code, text))
        self._earlier = {name: getattr(world.past, name)(returns.period).own for name in ("previous", "closing", "last")}
        self.touched: set[tuple[str, str]] = set()

    def freeze(self) -> Round:
        """The round as it is now."""
        before = self.world.returns
        lists = [(one, *line) for one, lines in self.lists.items() for line in lines]
        texts = [(one, *line) for one, lines in self.texts.items() for line in lines]
        spoilt = replaced(
            before,
            values=pd.DataFrame(self.values, index=before.values.index, columns=before.values.columns),
            states=pd.DataFrame(self.states, index=before.states.index, columns=before.states.columns),
            lists=pd.DataFrame(lists, columns=list(LISTS_COLUMNS)).astype(LISTS_COLUMNS),
            texts=pd.DataFrame(texts, columns=list(TEXTS_COLUMNS)).astype(TEXTS_COLUMNS),
        )
        found = [self._met(one, code, spoilt) for one, code in sorted(self.touched)]
        return replaced(spoilt, intake=tuple(each for each in found if each is not None))

    def _met(self, one: str, code: str, spoilt: Round) -> Finding | None:
        """What reading would have said of a cell that was touched: the round was not read from files."""
        scheme, value = self.world.scheme, self.get(one, code)
        indicator = scheme.indicators[code]
        if np.isnan(value):
            check = "required_blank" if indicator.required else ""
        elif value < 0:
            check = "negative"
        else:
            check = "fraction" if scheme.measure(code).whole and not value.is_integer() else ""
        if not check:
            return None
        at, said = spoilt.cell(one, code), "" if np.isnan(value) else amount(value, indicator, scheme)
        unit = self.unit(one)
        about = {"unit": unit, "unit_name": self.world.units.name(unit), "period": spoilt.period.written, "return_id": one}
        return finding(scheme.named[check], {"指标": indicator.name}, **about, indicators=(code,), cells=(at,), observed=said)

    def unit(self, one: str) -> str:
        """The unit of a return."""
        return str(self.world.returns.returns.at[one, "unit"])

    def kind(self, one: str) -> str:
        """Its kind."""
        return self.world.units[self.unit(one)].kind

    def get(self, one: str, code: str) -> float:
        """A figure; NaN where there is none."""
        return float(self.values[self._rows[one], self._columns[code]])

    def earlier(self, one: str, code: str, when: str = "previous") -> float:
        """The unit's own figure of another period."""
        table = self._earlier[when]
        return float(table.at[self.unit(one), code]) if code in table.columns else float("nan")

    def put(self, one: str, code: str, value: float) -> None:
        """Type a figure; NaN leaves the cell blank."""
        row, column = self._rows[one], self._columns[code]
        self.touched.add((one, code))
        self.values[row, column] = value
        self.states[row, column] = State.BLANK if np.isnan(value) else State.NUMBER

    def typed(self, one: str, changes: dict[str, float]) -> dict[str, float]:
        """Type several figures; the cells that are different now, each with what stood there."""
        before = {code: self.get(one, code) for code in changes}
        for code, value in changes.items():
            self.put(one, code, value)
        return {code: value for code, value in before.items() if not _same(value, changes[code])}

    def codes(
        self, one: str, *, holds: Callable[[float], bool] = lambda _: True, money: bool | None = None, rows: bool = False
    ) -> list[str]:
        """Codes of the counts and sums with a number in this return; `money` True: of money only, False: of whole numbers only."""
        found = []
        for code in self.world.plans[self.kind(one)].rows:
            one_indicator = self.world.scheme.indicators[code]
            if one_indicator.kind not in _COUNTED or code not in self._columns:
                continue
            whole = self.world.scheme.measures[one_indicator.measure].whole
            value = self.get(one, code)
            if (np.isnan(value) and not rows) or (money is not None and whole == money):
                continue
            if rows or holds(value):
                found.append(code)
        return found

    def measure(self, code: str) -> str:
        """The indicator's measure."""
        return self.world.scheme.indicators[code].measure

    def roster_rows(self, one: str, roster: str) -> list[int]:
        """The rows of a list."""
        return sorted({line[1] for line in self.lists[one] if line[0] == roster})

    def cell(self, one: str, roster: str, row: int, column: str) -> Line | None:
        """One filled cell of a list."""
        return next((line for line in self.lists[one] if line[:3] == (roster, row, column)), None)

    def write(self, one: str, line: Line) -> None:
        """Write one cell of a list over what stood there."""
        self.lists[one] = [each for each in self.lists[one] if each[:3] != line[:3]] + [line]

    def total(self, one: str, roster: str, column: str) -> float:
        """Sum of a list's column."""
        return float(sum(line[4] for line in self.lists[one] if line[0] == roster and line[2] == column))

    def others(self, one: str, kinds: Sequence[str]) -> list[str]:
        """The returns of other units of some kinds."""
        return [other for other in self.world.leaves if other != one and self.kind(other) in kinds]


def _same(first: float, second: float) -> bool:
    return first == second or (np.isnan(first) and np.isnan(second))
