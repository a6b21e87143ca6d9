"""The lists of a filled form: a sheet is a list's when its headings are; rows are read until the last filled one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from reconcile.files.placed import Placed, RosterRow
from reconcile.files.raw import Address, Raw, Sheet, UnreadableWorkbook, Workbook, column_letters
from reconcile.scheme.form import OWN_SHEETS, squeeze

if TYPE_CHECKING:
    from reconcile.files.known_forms import KnownForms
    from reconcile.scheme.scheme import Roster

MAX_LINES = 10_000  # rows in all lists of one return: each is written again in the summary and in a query workbook, with its cells
_HEADING_ROWS = 20
_LONGEST_HEADING = 24
_TOTALS_REACH = 3  # columns before the list's first in which 合计 may stand
_TOTALS = frozenset({"合计", "总计", "小计", "共计", "总合计"})


def read_rosters(workbook: Workbook, known: KnownForms, *, coded: Collection[str]) -> tuple[RosterRow, ...]:
    """Rows of every list of the scheme, in the order of the sheets. `coded`: names of the sheets that hold coded rows and so no list.

    Raises UnreadableWorkbook where there are more than MAX_LINES.
    """
    found: list[RosterRow] = []
    for sheet in workbook.sheets:
        if sheet.name in OWN_SHEETS or sheet.name in coded:
            continue
        rows = _heading_rows(sheet, known)
        best = _best(rows, known, wanted=known.list_titles.get(sheet.name, sheet.name)) if rows else None
        if best is not None:
            found.extend(_rows(sheet, best.row, best.roster, best.columns))
            if len(found) > MAX_LINES:
                raise UnreadableWorkbook("too_large", f"名册超过 {MAX_LINES // 10000} 万行的上限，未读取。请删去无关的行后再报。")
    return tuple(found)


class _Headed(NamedTuple):
    """A list met on a sheet: its heading row, and which of its columns stand where. The higher the score, the better it fits."""

    score: int
    row: int
    roster: Roster
    columns: dict[int, str]


def _heading_rows(sheet: Sheet, known: KnownForms) -> dict[int, dict[int, str]]:
    """Row -> column -> word, for rows near the top in which words for columns stand."""
    top = [
        (row, column, raw)
        for (row, column), raw in sheet.cells.items()
        if row <= _HEADING_ROWS and type(raw) is str and len(raw) <= _LONGEST_HEADING
    ]
    columns, plain = known.columns, known.words.plain
    # Headings are mostly as printed; a row with two of them is looked at closely, and every row only where there is none.
    once: set[int] = set()
    likely: set[int] = set()
    for row in [row for row, _, raw in top if raw in columns]:
        (likely if row in once else once).add(row)
    rows: dict[int, dict[int, str]] = {}
    for row, column, raw in top:
        if not likely or row in likely:
            word = raw if raw in columns else plain(raw)
            if word in columns:
                rows.setdefault(row, {})[column] = word
    return rows


def _best(rows: Mapping[int, Mapping[int, str]], known: KnownForms, *, wanted: str) -> _Headed | None:
    """The list whose columns the headings name, at least half of them; on a tie the one that the sheet is named after, else the first."""
    best: _Headed | None = None
    for roster in known.scheme.rosters.values():
        for row, texts in rows.items():
            columns: dict[int, str] = {}
            for column, text in sorted(texts.items()):
                name = known.list_words[roster.name].get(text)
                if name is not None and name not in columns.values():
                    columns[column] = name
            if 2 * len(columns) < len(roster.columns) or (len(columns) < 2 and roster.name != wanted):
                continue
            score = 2 * len(columns) + (roster.name == wanted)
            if best is None or score > best.score:
                best = _Headed(score, row, roster, columns)
    return best


def _rows(sheet: Sheet, heading_row: int, roster: Roster, columns: Mapping[int, str]) -> list[RosterRow]:
    letters = {column: column_letters(column) for column in columns}
    rows: dict[int, dict[str, Placed]] = {}
    for address, raw in sheet.cells.items():
        row, column = address
        name = columns.get(column)
        if name is None or row <= heading_row or (isinstance(raw, str) and not raw.strip()):
            continue
        rows.setdefault(row, {})[name] = Placed(sheet.name, f"{letters[column]}{row}", raw)
    first = min(columns)
    return [RosterRow(roster.name, sheet.name, row, rows[row]) for row in sorted(rows) if not _is_total(sheet.cells, row, first, rows[row])]


def _is_total(cells: Mapping[Address, Raw], row: int, first: int, filled: Mapping[str, Placed]) -> bool:
    """Whether the row is a total under the list and no row of it."""
    texts = [placed.raw for placed in filled.values()] + [
        cells.get((row, column)) for column in range(max(1, first - _TOTALS_REACH), first)
    ]
    return any(isinstance(text, str) and squeeze(text) in _TOTALS for text in texts)
