"""Round (一期报表): all returns of one period, read. Columnar: tables with declared columns, not an object per cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from functools import cached_property, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from reconcile.model.finding import CellAt

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from reconcile.model.finding import Finding
    from reconcile.model.period import Period


_P = ParamSpec("_P")
_R = TypeVar("_R")


class State(IntEnum):
    """What stands in a cell. Missing is not zero, and four kinds of nothing are four different answers."""

    ABSENT = 0  # not on this return's form
    NUMBER = 1
    BLANK = 2  # missing: nobody answered
    NIL = 3  # 无: the value is zero
    NOT_APPLICABLE = 4  # — or /: answered, nothing to count
    UNREADABLE = 5  # #REF!, words, a formula without its value


class Standing(StrEnum):
    """What became of a file in the register (收表登记)."""

    COUNTED = "counted"  # 计入
    COMPARED = "compared"  # 汇总口径: against what was computed from below, never added
    STAND_IN = "stand_in"  # 汇总口径 where nothing below was read: stands in for it, marked
    SUPERSEDED = "superseded"  # a later version counts
    TIED = "tied"  # two versions, and nothing tells which one counts: neither
    UNASSIGNED = "unassigned"  # whose it is, is not known
    FOREIGN = "foreign"  # not a return
    UNREADABLE = "unreadable"  # received, but could not be read: not the same as missing
    WRONG_PERIOD = "wrong_period"
    EMPTY = "empty"  # a form on which nothing is filled: nothing was reported
    DUPLICATE = "duplicate"  # byte for byte the same as another file


LARGE = 500
"""A round of more returns is large: up to here everything is shown and kept return by return in one workbook (DESIGN §3). Above, its tables
go into Parquet files beside the summary, whose sheets show units only down to the second level below the root.
"""

LONG_LISTS = 600_000
"""A round of more filled cells in lists is large too: so many are read back from one workbook within half a gigabyte."""


def many(count: int) -> bool:
    """Whether so many files, returns or units that reported are more than LARGE. Whoever counts them asks here, so that nobody is of
    another mind than the rest."""
    return count > LARGE


SCOPES = ("本级", "汇总")
"""What a return may speak of: its unit alone, or all below it too."""

JUDGED = frozenset({Standing.COUNTED, Standing.STAND_IN, Standing.COMPARED})
"""What is judged: its figures count, stand in for others, or are compared with the computed total."""

UNREAD = frozenset({Standing.UNREADABLE, Standing.FOREIGN})
"""What nothing was read of."""

GONE = frozenset({Standing.SUPERSEDED, Standing.DUPLICATE})
"""What another file stands for."""


RETURNS_COLUMNS: dict[str, str] = {
    "file": "str",  # path as shown: relative to what was given, "/" between, archive members behind their archive
    "sha256": "str",  # of the file's bytes: a version is known by it
    "replaces": "str",  # sha256 (or its first 12 digits) of the version this one answers; "" where it answers none
    "unit": "str",  # code; "" where unknown
    "cover_name": "str",  # unit name as the cover has it
    "scope": "str",  # 本级, 汇总 or "" where undeclared
    "period": "str",  # as in Period.written; "" where the cover names none
    "scheme": "str",  # hash of the scheme the form was made from; "" where the form carries none
    "filler": "str",
    "filled_on": "str",  # cover date as YYYY-MM-DD; "" where none
    "head": "str",
    "phone": "str",  # masked
    "layout": "str",  # key of Round.layouts
    "standing": "str",  # a Standing
    "note": "str",  # why, in Chinese, where the standing is not plain
    "source": "str",  # the summary workbook it came through; "" for a file read directly
}
"""The register, one row a file; the index is the return's id (first 16 digits of sha256, with -2, -3 … for identical files)."""

TYPED_COLUMNS: dict[str, str] = {"return": "str", "indicator": "str", "text": "str", "measure": "str"}
"""Sparse: what was typed, where it is not simply the value's digits."""

TEXTS_COLUMNS: dict[str, str] = {"return": "str", "indicator": "str", "text": "str"}
"""Answers to text indicators, personal numbers masked."""

LISTS_COLUMNS: dict[str, str] = {
    "return": "str",
    "list": "str",
    "row": "int64",  # row of the sheet
    "column": "str",
    "text": "str",  # citizen and phone numbers masked
    "value": "float64",  # NaN for text
    "cell": "str",  # "sheet!A1"
    "digest": "str",  # of personal keys only
}
"""Rows of lists (a `roster` in code), one line a filled cell."""

REASONS_COLUMNS: dict[str, str] = {"return": "str", "indicator": "str", "text": "str"}
"""What the unit wrote in the reason column (说明) about the figures as they stand."""

ANSWERS_COLUMNS: dict[str, str] = {
    "return": "str",
    "rule": "str",  # id of the rule that was asked about; "" for whatever may be asked about the indicators
    "indicators": "str",  # codes, joined by ";"
    "values": "str",  # key of the values it was given for (scheme.replies.values_key); "" where they are known to have changed since
    "text": "str",
}
"""What the unit answered to queries, each for the values concerned: in a query workbook, or carried over from the version before."""


def plain_texts(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """While `function` runs, texts in tables are Python strings also where pyarrow is installed: pandas would hold them as UTF-8, which
    fails on the lone surrogates of odd file names, and hand them out slowly one by one."""

    @wraps(function)
    def wrapped(*given: _P.args, **named: _P.kwargs) -> _R:
        import pandas as pd

        with pd.option_context("mode.string_storage", "python"):
            return function(*given, **named)

    return wrapped


def no_answers() -> pd.DataFrame:
    """An empty table of ANSWERS_COLUMNS."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in ANSWERS_COLUMNS.items()})


ADJUSTMENTS_COLUMNS: dict[str, str] = {
    "unit": "str",
    "indicator": "str",
    "reported": "float64",
    "adjusted": "float64",
    "basis": "str",
    "who": "str",
    "date": "str",
}
"""Figures a person set instead of the reported one (核定)."""


@dataclass(frozen=True)
class Round:
    """All returns of one period.

    values: float64, index = return id, columns = indicator codes, in each indicator's own measure; NaN where there is no number.
    states: int8 (State), same shape as values.
    layouts: layout key -> indicator code -> (sheet, cell), where each figure stands; `returns.layout` names the layout.
    intake: findings made while reading, which cannot be made again from the values.
    Only rows whose standing is counted, stand_in or compared carry values that acts look at; the others stay registered.
    """

    period: Period
    returns: pd.DataFrame
    values: pd.DataFrame
    states: pd.DataFrame
    typed: pd.DataFrame
    texts: pd.DataFrame
    lists: pd.DataFrame
    reasons: pd.DataFrame
    adjustments: pd.DataFrame
    layouts: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    intake: tuple[Finding, ...] = ()
    answers: pd.DataFrame = field(default_factory=no_answers)

    @property
    def large(self) -> bool:
        """Whether more than LARGE returns were received, or lists of more than LONG_LISTS cells."""
        return many(len(self.returns)) or len(self.lists) > LONG_LISTS

    def within(self, units: Collection[str]) -> Round:
        """The part of the round that is about these units; files whose unit is unknown stay, since they may be anybody's."""
        wanted = {*units, ""}
        returns = self.returns[self.returns["unit"].isin(wanted)]
        if len(returns) == len(self.returns):
            return self
        ids = set(returns.index)

        def kept(table: pd.DataFrame) -> pd.DataFrame:
            return table[table["return"].isin(ids)].reset_index(drop=True)

        return replace(
            self,
            returns=returns,
            values=self.values[self.values.index.isin(ids)],
            states=self.states[self.states.index.isin(ids)],
            typed=kept(self.typed),
            texts=kept(self.texts),
            lists=kept(self.lists),
            reasons=kept(self.reasons),
            answers=kept(self.answers),
            adjustments=self.adjustments[self.adjustments["unit"].isin(wanted)].reset_index(drop=True),
            layouts={key: layout for key, layout in self.layouts.items() if key in set(returns["layout"])},
            intake=tuple(finding for finding in self.intake if finding.unit in wanted),
        )

    def cell(self, return_id: str, indicator: str) -> CellAt:
        """Where one figure stands and what stands there; sheet and cell are "" where the form does not have it."""
        file, layout = self._register[return_id]
        sheet, cell = self.layouts.get(layout, {}).get(indicator, ("", ""))
        return CellAt(file, sheet, cell, self.as_typed(return_id, indicator))

    def as_typed(self, return_id: str, indicator: str) -> str:
        """What the clerk typed: the text where it was kept, else the number's digits, "" for blank."""
        written = self._typed_texts.get((return_id, indicator))
        if written is not None:
            return written
        row, column = self._rows.get(return_id), self._columns.get(indicator)
        value = math.nan if row is None or column is None else float(self._figures[row, column])
        if math.isnan(value):
            return ""
        return str(int(value)) if value == int(value) else repr(value)

    @cached_property
    def _register(self) -> dict[str, tuple[str, str]]:
        """Return id -> file and layout: plain look-ups, because a round with many findings asks for many cells."""
        told = zip(self.returns["file"].tolist(), self.returns["layout"].tolist(), strict=True)
        return dict(zip(self.returns.index.tolist(), told, strict=True))

    @cached_property
    def _figures(self) -> NDArray[np.float64]:
        return self.values.to_numpy(dtype="float64")

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {str(return_id): row for row, return_id in enumerate(self.values.index.tolist())}

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {str(code): column for column, code in enumerate(self.values.columns)}

    @cached_property
    def _typed_texts(self) -> dict[tuple[str, str], str]:
        return dict(zip(zip(self.typed["return"], self.typed["indicator"], strict=True), self.typed["text"], strict=True))

    @cached_property
    def unread_summaries(self) -> frozenset[str]:
        """Units of which a summary came that could not be read."""
        unread = (self.returns["standing"] == Standing.UNREADABLE) & (self.returns["scope"] == SCOPES[1])
        return frozenset(self.returns.loc[unread, "unit"].tolist())

    @cached_property
    def counted(self) -> dict[str, tuple[str, ...]]:
        """Unit code -> ids of its returns that are added up (several only where a unit sent parts; ordinarily one)."""
        found: dict[str, list[str]] = {}
        units, standings = self.returns["unit"].tolist(), self.returns["standing"].tolist()
        for return_id, unit, standing in zip(self.returns.index.tolist(), units, standings, strict=True):
            if standing in (Standing.COUNTED, Standing.STAND_IN):
                found.setdefault(str(unit), []).append(str(return_id))
        return {unit: tuple(ids) for unit, ids in found.items()}
