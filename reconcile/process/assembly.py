"""From read returns to the tables of a Round: arrays stacked once, one table each at the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reconcile.model.finding import Finding
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
    ANSWERS_COLUMNS,
    JUDGED,
    LISTS_COLUMNS,
    REASONS_COLUMNS,
    RETURNS_COLUMNS,
    TEXTS_COLUMNS,
    TYPED_COLUMNS,
    Round,
    Standing,
    State,
)
from reconcile.process.intake_findings import cell_findings
from reconcile.process.summaries import Brought, findings_kept
from reconcile.process.taken import MOST
from reconcile.process.versions import answer, differing
from reconcile.scheme.wording import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.process.desk import Desk, Entry
    from reconcile.process.taken import Taken
    from reconcile.scheme.scheme import Scheme

_SHOWN = 3


@dataclass(frozen=True, slots=True, eq=False)
class Sheaf:
    """One file with its row of the register: read here (`taken`), brought by a summary (`there` is its id in it), or neither."""

    entry: Entry
    taken: Taken | None = None
    brought: Brought | None = None
    there: str = ""


def matrices(sheaves: Sequence[Sheaf], scheme: Scheme) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Values and states of all files (files × indicators, in their orders). A file without answers has NaN and ABSENT throughout."""
    codes = list(scheme.indicators)
    values = np.full((len(sheaves), len(codes)), np.nan)
    states = np.zeros((len(sheaves), len(codes)), dtype=np.int8)
    through: dict[int, list[int]] = {}
    for row, sheaf in enumerate(sheaves):
        if sheaf.taken is not None:
            values[row], states[row] = sheaf.taken.values, sheaf.taken.states
        elif sheaf.brought is not None:
            through.setdefault(id(sheaf.brought), []).append(row)
    for rows in through.values():
        content = sheaves[rows[0]].brought
        if content is not None:
            there = [sheaves[row].there for row in rows]
            values[rows] = content.round.values.reindex(index=there, columns=codes).to_numpy(dtype=np.float64)
            states[rows] = content.round.states.reindex(index=there, columns=codes, fill_value=0).to_numpy(dtype=np.int8)
    endless = np.abs(values) >= MOST  # nobody counts so many; sums could not hold it. Only a forged summary brings it
    values[endless], states[endless] = np.nan, State.UNREADABLE
    return values, states


def filled(states: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which returns (rows of `states`) have any figure, mark or word in a cell for a figure."""
    return np.asarray(((states != int(State.ABSENT)) & (states != int(State.BLANK))).any(axis=1))


class Changes:
    """Says which figures and lists differ between two versions of a return."""

    def __init__(self, sheaves: Sequence[Sheaf], scheme: Scheme, *, values: NDArray[np.float64], states: NDArray[np.int8]) -> None:
        self._rows = {sheaf.entry.return_id: row for row, sheaf in enumerate(sheaves)}
        self._sheaves, self._scheme, self._values, self._states = sheaves, scheme, values, states
        self._codes = list(scheme.indicators)

    def __call__(self, older: Entry, newer: Entry) -> str:
        """In Chinese: how many figures changed, and the first few of them as 指标 旧→新."""
        before, after = self._rows[older.return_id], self._rows[newer.return_id]
        old, new = self._values[before], self._values[after]
        changed = differing((old, self._states[before]), (new, self._states[after])).tolist()
        told = []
        if changed:
            shown = listed([self._change(column, before, after) for column in changed], _SHOWN)
            told.append(f"{len(changed)}项数据有变化：{shown}")
        rosters = self._rosters(older, newer)
        told += [f"{listed([f'“{name}”' for name in rosters], len(rosters))}有变化"] if rosters else []
        return "；".join(told) or "数据没有变化"

    def none(self, one: Entry, other: Entry) -> bool:
        """Whether both say the same throughout: figures, lists, texts, reasons and answers."""
        first, second = self._rows[one.return_id], self._rows[other.return_id]
        if differing((self._values[first], self._states[first]), (self._values[second], self._states[second])).size:
            return False
        same = all(sorted(self._lines(one, table)) == sorted(self._lines(other, table)) for table in ("texts", "reasons", "answers"))
        return same and not self._rosters(one, other)

    def _rosters(self, one: Entry, other: Entry) -> list[str]:
        """Lists whose rows differ, wherever they stand."""
        found: list[Counter[tuple[str, tuple[tuple[object, ...], ...]]]] = []
        for entry in (one, other):
            rows: dict[tuple[str, int], list[tuple[object, ...]]] = {}
            for name, row, column, text, value, _, digest in self._lines(entry, "lists"):
                rows.setdefault((name, row), []).append((column, text, None if math.isnan(value) else value, digest))
            found.append(Counter((name, tuple(cells)) for (name, _), cells in rows.items()))
        return list(dict.fromkeys(name for name, _ in (found[0] - found[1]) + (found[1] - found[0])))

    def _lines(self, entry: Entry, table: str) -> list[tuple[Any, ...]]:
        """The lines of one return in a table of the round, without its id; read here or brought by a summary."""
        sheaf = self._sheaves[self._rows[entry.return_id]]
        if sheaf.taken is not None:
            return [tuple(line) for line in getattr(sheaf.taken, table)]
        if sheaf.brought is None:
            return []
        kept: pd.DataFrame = getattr(sheaf.brought.round, table)
        return [tuple(line) for line in kept[kept["return"] == sheaf.there].drop(columns="return").itertuples(index=False)]

    def _change(self, column: int, before: int, after: int) -> str:
        return f"{self._scheme.indicators[self._codes[column]].name} {self._said(before, column)}→{self._said(after, column)}"

    def _said(self, row: int, column: int) -> str:
        indicator = self._scheme.indicators[self._codes[column]]
        return answer(float(self._values[row, column]), int(self._states[row, column]), indicator, self._scheme)


def assemble(
    sheaves: Sequence[Sheaf], brought: Sequence[Brought], *, desk: Desk, values: NDArray[np.float64], states: NDArray[np.int8]
) -> Round:
    """The Round of all files. Findings about cells are made only for returns that are counted or compared."""
    codes = pd.Index(list(desk.scheme.indicators), dtype="str")
    ids = pd.Index([sheaf.entry.return_id for sheaf in sheaves], dtype="str", name="return")
    taken = [(sheaf.entry.return_id, sheaf.taken) for sheaf in sheaves if sheaf.taken is not None]
    tables = _Tables(sheaves, brought)
    return Round(
        period=desk.period,
        returns=_register(sheaves, ids),
        values=pd.DataFrame(values, index=ids, columns=codes),
        states=pd.DataFrame(states, index=ids, columns=codes),
        typed=tables.of("typed", TYPED_COLUMNS, ((one, *line) for one, answers in taken for line in answers.typed)),
        texts=tables.of("texts", TEXTS_COLUMNS, ((one, *line) for one, answers in taken for line in answers.texts)),
        lists=tables.of("lists", LISTS_COLUMNS, ((one, *line) for one, answers in taken for line in answers.lists)),
        reasons=tables.of("reasons", REASONS_COLUMNS, ((one, *line) for one, answers in taken for line in answers.reasons)),
        answers=tables.of("answers", ANSWERS_COLUMNS, ((one, *line) for one, answers in taken for line in answers.answers)),
        adjustments=_adjustments(brought),
        layouts=_layouts(sheaves, brought),
        intake=_intake(sheaves, brought, desk, left_out=_left_out(sheaves, desk, states)),
    )


def _register(sheaves: Sequence[Sheaf], ids: pd.Index[str]) -> pd.DataFrame:
    entries = [sheaf.entry for sheaf in sheaves]
    columns = {name: pd.array([str(getattr(entry, name)) for entry in entries], dtype="str") for name in RETURNS_COLUMNS}
    return pd.DataFrame(columns, index=ids)


class _Tables:
    """The sparse tables: lines read here, and lines that summaries brought, in the order of the register."""

    def __init__(self, sheaves: Sequence[Sheaf], brought: Sequence[Brought]) -> None:
        self._rows = {sheaf.entry.return_id: row for row, sheaf in enumerate(sheaves)}
        self._brought = brought

    def of(self, name: str, columns: Mapping[str, str], lines: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
        """One table with its declared columns; lines of a return keep the order in which they were read."""
        cells = list(zip(*lines, strict=True)) or [()] * len(columns)
        tables = [_table(dict(zip(columns, cells, strict=True)), columns)]
        for one in self._brought:
            table: pd.DataFrame = getattr(one.round, name)
            here = table["return"].map({there: entry.return_id for there, entry in one.entries.items()})
            kept = table.assign(**{"return": here})[here.notna().to_numpy()]
            if len(kept):
                tables.append(_table({column: kept[column].tolist() for column in columns}, columns))
        if len(tables) == 1:
            return tables[0]
        joined = pd.concat(tables, ignore_index=True)
        order = joined["return"].map(self._rows).to_numpy().argsort(kind="stable")
        return joined.iloc[order].reset_index(drop=True)


def _table(cells: Mapping[str, Sequence[Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(list(cells[name]), dtype=dtype) for name, dtype in columns.items()})


def _adjustments(brought: Sequence[Brought]) -> pd.DataFrame:
    """What people set in the summaries; the same one met twice is one."""
    lines = sorted(
        {tuple(line) for one in brought for line in one.round.adjustments[list(ADJUSTMENTS_COLUMNS)].to_numpy().tolist()}, key=str
    )
    cells = list(zip(*lines, strict=True)) or [()] * len(ADJUSTMENTS_COLUMNS)
    return _table(dict(zip(ADJUSTMENTS_COLUMNS, cells, strict=True)), ADJUSTMENTS_COLUMNS)


def _layouts(sheaves: Sequence[Sheaf], brought: Sequence[Brought]) -> dict[str, dict[str, tuple[str, str]]]:
    found = {key: dict(places) for one in brought for key, places in one.round.layouts.items()}
    for sheaf in sheaves:
        if sheaf.taken is not None and sheaf.taken.layout not in found:
            found[sheaf.taken.layout] = dict(sheaf.taken.places)
    return dict(sorted(found.items()))


def _left_out(sheaves: Sequence[Sheaf], desk: Desk, states: NDArray[np.int8]) -> list[bool]:
    """Which returns left a figure blank that their kind of unit must answer."""
    found = np.zeros(len(sheaves), dtype=np.bool_)
    rows: dict[str, list[int]] = {}
    for row, sheaf in enumerate(sheaves):
        if sheaf.taken is not None and sheaf.entry.unit in desk.units:
            rows.setdefault(desk.units[sheaf.entry.unit].kind, []).append(row)
    for kind, some in rows.items():
        found[some] = (states[np.ix_(np.array(some), np.flatnonzero(desk.required(kind)))] == int(State.BLANK)).any(axis=1)
    return list(found.tolist())


def _intake(sheaves: Sequence[Sheaf], brought: Sequence[Brought], desk: Desk, *, left_out: Sequence[bool]) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for sheaf, blank in zip(sheaves, left_out, strict=True):
        entry = sheaf.entry
        if sheaf.taken is not None and entry.standing in JUDGED:
            if blank or not sheaf.taken.plain:
                found.extend(cell_findings(sheaf.taken, entry, desk=desk))
        elif sheaf.brought is None and entry.standing == Standing.UNREADABLE:
            desk.tell("unreadable_file", entry, {"原因": entry.note.rstrip("。")})
        elif sheaf.brought is None and entry.standing == Standing.FOREIGN:
            desk.tell("foreign_file", entry, {"原因": entry.note.rstrip("。")})
    found.extend(desk.found)
    for one in brought:
        found.extend(findings_kept(one, desk.scheme))
    return tuple(sorted(found, key=lambda one: one.sort_key))
