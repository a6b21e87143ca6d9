"""Which rows of the lists of one return were added, removed or changed. A row is known by its key columns, not by where it stands."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from reconcile.model.quantity import format_number
from reconcile.process.versions import Line, apart

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Roster, RosterColumn, Scheme

_DECIMALS = 6
_Key = tuple[object, ...]


class RowChange(NamedTuple):
    """A row that one version alone has, or a cell of a row that both have; texts as in Revision."""

    roster: str
    name: str
    before_place: str
    after_place: str
    before: str
    after: str
    difference: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a list: its number on the sheet and its cells by column."""

    number: int
    cells: Mapping[str, Line]

    @property
    def place(self) -> str:
        return min((line.cell for line in self.cells.values()), default="")

    def text(self, column: str) -> str:
        return self.cells[column].text if column in self.cells else ""


def roster_changes(old: Mapping[str, Sequence[Line]], new: Mapping[str, Sequence[Line]], scheme: Scheme) -> Iterator[RowChange]:
    """What differs between the lists of two versions of a return, list by list, in the order of the newer rows, removed rows last.

    A row whose key was corrected is still that row where its first words tell which one it is.
    """
    for roster in (one for name, one in scheme.rosters.items() if name in old or name in new):
        before, after = (_rows(lines.get(roster.name, ()), roster) for lines in (old, new))
        same = {key: key for key in after if key in before} | _renamed(before, after, roster)
        for key, row in after.items():
            if key not in same:
                yield RowChange(roster.name, f"{_label(row, roster)}增加", "", row.place, "", _said(row, roster))
            else:
                yield from _cells(before[same[key]], row, roster)
        kept = set(same.values())
        for key, row in before.items():
            if key not in kept:
                yield RowChange(roster.name, f"{_label(row, roster)}减少", row.place, "", _said(row, roster), "")


def _renamed(before: Mapping[_Key, _Row], after: Mapping[_Key, _Row], roster: Roster) -> dict[_Key, _Key]:
    """Newer key -> older key of rows that only their key tells apart: their words are met in one row alone on each side."""
    words: list[dict[str, list[_Key]]] = []
    for here, there in ((before, after), (after, before)):
        met: dict[str, list[_Key]] = {}
        for key, row in here.items():
            if key not in there and (said := _words(row, roster)):
                met.setdefault(said, []).append(key)
        words.append(met)
    old, new = words
    return {keys[0]: old[said][0] for said, keys in new.items() if len(keys) == len(old.get(said, ())) == 1}


def _rows(lines: Sequence[Line], roster: Roster) -> dict[_Key, _Row]:
    """Rows by key, and which one it is of those with the same key. A row without a key is known by all that stands in it."""
    cells: dict[int, dict[str, Line]] = {}
    for line in lines:
        cells.setdefault(line.row, {})[line.column] = line
    met: Counter[tuple[str, ...]] = Counter()
    found: dict[_Key, _Row] = {}
    for number in sorted(cells):
        row = _Row(number, cells[number])
        key = tuple(line.digest or line.text for line in (row.cells.get(one.column) for one in roster.columns if one.key) if line)
        if not key:
            key = ("", *(row.text(one.column) for one in roster.columns))
        met[key] += 1
        found[(*key, met[key])] = row
    return found


def _cells(before: _Row, after: _Row, roster: Roster) -> Iterator[RowChange]:
    for column in roster.columns:
        old, new = before.cells.get(column.column), after.cells.get(column.column)
        texts = (old.text if old else "", new.text if new else "")
        if texts[0] == texts[1] and old and new and old.digest != new.digest:
            texts = (texts[0], f"{texts[1]}（隐去的几位有更正）")
        if texts[0] != texts[1]:
            name = f"{_label(after, roster)}{column.name}"
            yield RowChange(roster.name, name, old.cell if old else "", new.cell if new else "", *texts, _difference(old, new, column))


def _difference(old: Line | None, new: Line | None, column: RosterColumn) -> str:
    if old is None or new is None or column.type != "number":
        return ""
    more = apart(old.value, new.value)
    if math.isnan(more) or more == 0:
        return ""
    return f"{'+' if more > 0 else '-'}{format_number(abs(more), _DECIMALS)}{column.measure}"


def _label(row: _Row, roster: Roster) -> str:
    """Which row it is: its number, and the first words in it."""
    words = _words(row, roster)
    return f"第{row.number}行{f'（{words}）' if words else ''}"


def _words(row: _Row, roster: Roster) -> str:
    return next((text for one in roster.columns if one.type == "text" and (text := row.text(one.column))), "")


def _said(row: _Row, roster: Roster) -> str:
    """All that stands in a row."""
    return "，".join(f"{one.name}{text}" for one in roster.columns if (text := row.text(one.column)))
