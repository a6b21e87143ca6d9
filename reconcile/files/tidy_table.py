"""Tables in hidden sheets: any text, number or flag goes in, and the same comes out, also after Excel or WPS saved the workbook anew.

A sheet holds a heading row and plain cells. Text that a cell cannot hold as it is (control characters, lone surrogates, blanks at its
ends) is written with backslash escapes; text too long for a cell goes to the sheet `_long` in pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from reconcile.files.raw import Percent, Raw, Sheet, UnreadableWorkbook, Workbook

if TYPE_CHECKING:
    from reconcile.files.bulk import Book, Value

HEAD = "_reconcile"
_LONG = "_long"
_PIECE = 15_000  # characters; twice as many UTF-16 units still fit a cell
_NEEDS_ESCAPE = re.compile(r"[\\\x00-\x09\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)|^\s|\s$")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|(\\))")


def escape(text: str) -> str:
    """Text as every spreadsheet program keeps it; `unescape` gives it back."""
    if not _NEEDS_ESCAPE.search(text):
        return text
    return _NEEDS_ESCAPE.sub(lambda found: r"\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}", text)


def unescape(text: str) -> str:
    """The text that `escape` was given."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\\" if found[2] else chr(int(found[1], 16)), text)


class TablesOut:
    """Writes tables into hidden sheets of a book; `close` adds the head, which knows how many rows each has."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._long: list[list[Value]] = []
        self._rows: dict[str, int] = {}

    def lines(self, name: str, heading: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> None:
        """Write a table of texts and numbers, row by row."""
        page = self._book.page(name, hidden=True)
        page.add([self._text(word) for word in heading])
        for row in rows:
            page.add([self._text(value) if isinstance(value, str) else value for value in row])
        self._rows[name] = page.height - 1

    def frame(self, name: str, table: pd.DataFrame, columns: Mapping[str, str], *, index: bool = False) -> None:
        """Write a table of the model with its declared columns; with `index` its index stands in the first column."""
        names = list(columns)
        cells: list[list[Any]] = [_texts(table[name]) if columns[name] == "str" else table[name].tolist() for name in names]
        if index:
            names.insert(0, str(table.index.name or ""))
            cells.insert(0, _texts(table.index))
        self.lines(name, names, zip(*cells, strict=True))

    def close(self, facts: Mapping[str, str]) -> None:
        """Write the long texts, then the head: `facts`, and the number of rows of each table."""
        if self._long:
            page = self._book.page(_LONG, hidden=True)
            for row in self._long:
                page.add(row)
        head = self._book.page(HEAD, hidden=True)
        for key, value in facts.items():
            head.add([key, escape(value)])
        for name, count in self._rows.items():
            head.add([f"rows:{name}", count])

    def _text(self, text: str) -> str:
        written = escape(text)
        if len(written) <= _PIECE:
            return written
        self._long.append([escape(text[start : start + _PIECE // 6]) for start in range(0, len(text), _PIECE // 6)])
        return f"\\@{len(self._long)}"


class TablesIn:
    """Reads what TablesOut wrote. Raises UnreadableWorkbook where sheets are missing, cut or overwritten."""

    def __init__(self, workbook: Workbook) -> None:
        self._sheets = {sheet.name: sheet for sheet in workbook.sheets}
        self.facts = facts(workbook)
        self._long = _grid(self._sheets[_LONG], first=1) if _LONG in self._sheets else []

    def sheet(self, name: str) -> Sheet:
        """A table's sheet, whole."""
        found = self._sheets.get(name)
        wanted = self.facts.get(f"rows:{name}")
        if found is None or wanted is None or len({row for row, _ in found.cells if row > 1}) != int(float(wanted)):
            raise damaged(name)
        return found

    def lines(self, name: str) -> list[list[Raw | None]]:
        """All rows of a table below its heading; a row is as long as its last filled cell."""
        return _grid(self.sheet(name), first=2)

    def frame(self, name: str, columns: Mapping[str, str], *, index: bool = False) -> pd.DataFrame:
        """A table of the model, its columns as declared."""
        sheet = self.sheet(name)
        heading = {self.text(value): column for (row, column), value in sheet.cells.items() if row == 1}
        if not set(columns) <= set(heading):
            raise damaged(name)
        rows = sorted({row for row, _ in sheet.cells if row > 1})
        cells = sheet.cells
        made: dict[str, Any] = {}
        for column, kind in columns.items():
            raw = [cells.get((row, heading[column])) for row in rows]
            made[column] = (
                pd.array([self.text(one) for one in raw], dtype="str") if kind == "str" else [self.number(one, name) for one in raw]
            )
        table = pd.DataFrame(made, columns=list(columns)).astype({column: kind for column, kind in columns.items() if kind != "str"})
        if index:
            labels = [self.text(cells.get((row, 1))) for row in rows]
            table.index = pd.Index(pd.array(labels, dtype="str"), name=self.text(cells.get((1, 1))) or None)
        return table

    def text(self, raw: Raw | None) -> str:
        """A cell's text; also where a program made a number of it."""
        if raw is None:
            return ""
        if isinstance(raw, str):
            if raw.startswith("\\@") and raw[2:].isdigit() and int(raw[2:]) <= len(self._long):
                return "".join(self.text(piece) for piece in self._long[int(raw[2:]) - 1])
            return unescape(raw)
        if isinstance(raw, float):
            return str(int(raw)) if raw.is_integer() else repr(float(raw))
        raise damaged(HEAD)

    def number(self, raw: Raw | None, name: str) -> float:
        """A cell's number, NaN where it is blank."""
        if raw is None:
            return float("nan")
        if isinstance(raw, float) and not isinstance(raw, Percent):
            return raw
        if raw in ("inf", "-inf"):
            return float(str(raw))
        raise damaged(name)


def _texts(column: pd.Series[Any] | pd.Index[Any]) -> list[str]:
    return [str(one) for one in column.to_numpy(dtype=object).tolist()]


def facts(workbook: Workbook) -> dict[str, str]:
    """The head's keys and values; empty where the workbook has no head."""
    head = next((sheet for sheet in workbook.sheets if sheet.name == HEAD), None)
    if head is None:
        return {}
    keys = {row: str(value) for (row, column), value in head.cells.items() if column == 1}
    return {key: unescape(str(head.cells.get((row, 2), ""))) for row, key in keys.items()}


def damaged(name: str) -> UnreadableWorkbook:
    """What to raise where a hidden sheet is not as it was written."""
    return UnreadableWorkbook("damaged", f"汇总表的数据页“{name}”不完整或被改动过，无法读取，请向报送单位索取原文件。")


def _grid(sheet: Sheet, *, first: int) -> list[list[Raw | None]]:
    rows: dict[int, list[Raw | None]] = {}
    for (row, column), value in sorted(sheet.cells.items(), key=lambda cell: cell[0]):
        if row < first:
            continue
        line = rows.setdefault(row, [])
        line.extend([None] * (column - 1 - len(line)))
        line.append(value)
    return list(rows.values())
