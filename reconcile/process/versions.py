"""Versions: the answers of one version of a round, what differs between two, and how it is said. One way for all who compare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reconcile.model.indicator import Kind
from reconcile.model.quantity import exact, round_half_up
from reconcile.model.round import JUDGED, State
from reconcile.scheme.wording import amount, distance, place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from reconcile.model.indicator import Indicator
    from reconcile.model.round import Round
    from reconcile.model.unit import UnitTree
    from reconcile.scheme.scheme import Scheme

Answers = tuple["NDArray[np.float64]", "NDArray[np.int8]"]
"""Values and states of one return, an entry an indicator."""

_STATE_WORDS = {State.ABSENT: "表中没有", State.BLANK: "空", State.NIL: "无", State.NOT_APPLICABLE: "不适用", State.UNREADABLE: "读不出"}
_RATE_DECIMALS = 2  # as `amount` says rates


class Line(NamedTuple):
    """One filled cell of a list, as in LISTS_COLUMNS after return and list."""

    row: int
    column: str
    text: str
    value: float
    cell: str
    digest: str


@dataclass(frozen=True, eq=False)
class Version:
    """One of two versions of a round. `totals` has TOTALS_COLUMNS; None where nothing was totalled."""

    returns: Round
    units: UnitTree
    totals: pd.DataFrame | None = None

    @cached_property
    def ids(self) -> Mapping[str, Mapping[bool, str]]:
        """Unit -> whether the return speaks for all below it as well (汇总) -> the return that counts or is compared."""
        table = self.returns.returns
        found: dict[str, dict[bool, str]] = {}
        for one, unit, scope, standing in zip(table.index, table["unit"], table["scope"], table["standing"], strict=True):
            if standing in JUDGED:
                found.setdefault(str(unit), {})[scope == "汇总"] = str(one)
        return found

    def register(self, one: str, column: str) -> str:
        """A field of the register about one return."""
        return str(self.returns.returns.at[one, column])

    def answers(self, one: str, codes: Sequence[str]) -> Answers:
        """What the return says of each indicator."""
        values = self.returns.values.reindex(columns=list(codes)).loc[one].to_numpy(dtype=np.float64)
        states = self.returns.states.reindex(columns=list(codes), fill_value=State.ABSENT).loc[one].to_numpy(dtype=np.int8)
        return values, states

    def place(self, one: str, code: str) -> str:
        """Where an indicator stands: 工作表!格; "" where the form does not have it."""
        return place(self.returns.cell(one, code))

    def written(self, table: str, one: str) -> Mapping[str, str]:
        """What was written in words, by indicator; `table` is texts or reasons."""
        return self._written.get((table, one), {})

    def lists(self, one: str) -> Mapping[str, Sequence[Line]]:
        """The list lines of a return, by list."""
        return self._lists.get(one, {})

    @cached_property
    def _written(self) -> Mapping[tuple[str, str], Mapping[str, str]]:
        found: dict[tuple[str, str], dict[str, str]] = {}
        for name, table in (("texts", self.returns.texts), ("reasons", self.returns.reasons)):
            for one, code, text in zip(table["return"], table["indicator"], table["text"], strict=True):
                found.setdefault((name, str(one)), {})[str(code)] = str(text)
        return found

    @cached_property
    def _lists(self) -> Mapping[str, Mapping[str, Sequence[Line]]]:
        found: dict[str, dict[str, list[Line]]] = {}
        table = self.returns.lists
        columns = [table[name] for name in ("return", "list", "row", "column", "text", "value", "cell", "digest")]
        for one, roster, row, column, text, value, cell, digest in zip(*columns, strict=True):
            line = Line(int(row), str(column), str(text), float(value), str(cell), str(digest))
            found.setdefault(str(one), {}).setdefault(str(roster), []).append(line)
        return found


def differing(before: Answers, after: Answers) -> NDArray[np.intp]:
    """The places where two versions answered otherwise: another number, or the same number in another way (无 for 0)."""
    (old, old_states), (new, new_states) = before, after
    same = ((old == new) | (np.isnan(old) & np.isnan(new))) & (old_states == new_states)
    return np.flatnonzero(~same)


def answer(value: float, state: int, indicator: Indicator, scheme: Scheme) -> str:
    """An answer as a reader understands it: a figure with its measure, or what stands there instead."""
    met = State(state)
    return amount(value, indicator, scheme) if met is State.NUMBER else _STATE_WORDS[met]


def apart(before: float, after: float) -> float:
    """After − before, as a person would work it out; NaN where one of them is no number."""
    return float(exact(after) - exact(before)) if math.isfinite(before) and math.isfinite(after) else math.nan


def more_or_less(before: float, after: float, indicator: Indicator, scheme: Scheme) -> str:
    """After − before with its sign and measure; "" where nothing is to be said. Between rates, those printed, in percentage points."""
    if indicator.kind is Kind.FLAG:
        return ""
    if indicator.kind is Kind.RATE and math.isfinite(before) and math.isfinite(after):
        decimals = max(indicator.decimals, _RATE_DECIMALS)
        before, after = float(round_half_up(before, decimals)), float(round_half_up(after, decimals))
    difference = apart(before, after)
    if math.isnan(difference) or difference == 0:
        return ""
    return f"{'+' if difference > 0 else '-'}{distance(abs(difference), indicator, scheme)}"
