"""Answers: which units answered what, and of which nothing was received.

Totals can be compared only as far as they speak for the same units.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.figures import Subtrees
from reconcile.model.indicator import Indicator
from reconcile.model.round import Round, Standing, State
from reconcile.model.unit import UnitTree

Truths = NDArray[np.bool_]
ANSWERS = (State.NUMBER, State.NIL, State.NOT_APPLICABLE)
"""States of a cell that was answered, if only to say that there is nothing to count."""


class Answers:
    """The answers in the returns that count, one record a unit of the table in the order of `subtrees`."""

    def __init__(self, returns: Round, units: UnitTree) -> None:
        self._returns = returns
        self._units = units
        self.subtrees = Subtrees.of(units, "")
        self._rows = {code: row for row, code in enumerate(self.subtrees.codes)}
        self._kept: dict[str, Truths] = {}

    def answered(self, indicator: str) -> Truths:
        """Which units answered an indicator themselves."""
        if indicator not in self._kept:
            found = np.zeros(len(self._rows), dtype=np.bool_)
            if indicator in self._returns.states.columns:
                column = self._returns.states[indicator].to_numpy()[self._places]
                found[self._owners[np.isin(column, ANSWERS)]] = True
            self._kept[indicator] = found
        return self._kept[indicator]

    def owing(self, indicator: Indicator) -> Truths:
        """Which units owe an indicator: they existed and are of a kind that is asked.

        Units that only hold others together answer through them, and a stand-in speaks for all below it. Every unit, where no table of
        units says who there is: then nobody can tell that all have answered.
        """
        if not self._units.known:
            return np.ones(len(self._rows), dtype=np.bool_)
        rows, kinds, places = self._due_kinds
        found = np.zeros(len(self._rows), dtype=np.bool_)
        found[rows] = np.array([indicator.asked_of(kind) for kind in kinds], dtype=np.bool_)[places] if kinds else False
        return found

    def at_or_below(self, units: Truths, codes: Sequence[str]) -> Truths:
        """Whether any of `units` (one entry a unit) is one of `codes` or below it."""
        counts = self.subtrees.add(units.astype(np.int64))
        return np.asarray(counts[[self._rows[code] for code in codes]] > 0)

    @cached_property
    def _ids(self) -> list[tuple[str, str]]:
        """Unit and return, of the returns that count."""
        return [(unit, one) for unit, parts in self._returns.counted.items() if unit in self._rows for one in parts]

    @cached_property
    def _owners(self) -> NDArray[np.int64]:
        return np.array([self._rows[unit] for unit, _ in self._ids], dtype=np.int64)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        return np.asarray(self._returns.states.index.get_indexer(pd.Index([one for _, one in self._ids])), dtype=np.int64)

    @cached_property
    def _due_kinds(self) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.int64]]:
        """Rows of the units that are due, the kinds there are, and which each of them is of."""
        kinds: dict[str, int] = {}
        places = [kinds.setdefault(self._units[code].kind, len(kinds)) for code in self._due]
        rows = np.array([self._rows[code] for code in self._due], dtype=np.int64)
        return rows, tuple(kinds), np.array(places, dtype=np.int64)

    @cached_property
    def _due(self) -> tuple[str, ...]:
        """Units from which a return was received that counts, and units without any below them from which it was due."""
        table = self._returns.returns
        standing = dict(zip(table.index.tolist(), table["standing"].to_numpy(dtype=object).tolist(), strict=True))
        spoken_for: set[str] = set()
        for unit, one in self._ids:
            if standing[one] == Standing.STAND_IN:
                spoken_for.update(self._units.subtree(unit))
        day = self._returns.period.last_day
        due = [unit.code for unit in self._units if unit.expected(day) and not self._units.children(unit.code)]
        return tuple(dict.fromkeys([unit for unit, _ in self._ids if unit] + [code for code in due if code not in spoken_for]))
