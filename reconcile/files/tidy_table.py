"""Tables in hidden sheets: any text, number or flag goes in, and the same comes out, also after Excel or WPS saved the workbook anew.

A sheet holds a heading row and plain cells. Text that a cell cannot hold as it is (control characters, lone surrogates, blanks at its
ends) is written with backslash escapes; text too long for a cell goes to the sheet `_long` in pieces. The head keeps a digest of every
sheet, so that a cell changed by hand does not go unnoticed.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pandas as pd

from reconcile.files.raw import Percent, Raw, Sheet, UnreadableWorkbook, Workbook
from reconcile.model.characters import ALTERED

if TYPE_CHECKING:
    from reconcile.files.bulk import Book, Value

HEAD = "_reconcile"
_LONG = "_long"
_ROWS, _DIGEST = "rows:", "digest:"
_BLANK_ROWS = 1_000  # at the end of a table, where its head says that there are more; a head that says a million would fill the memory
_MOST_ROWS = 1_048_576
_LAST_SHORT = 0xFFFF  # the last character that four hexadecimal digits name
_PIECE = 15_000  # characters; twice as many UTF-16 units still fit a cell
_NEEDS_ESCAPE = re.compile(rf"[\\\t{ALTERED}]|_(?=x[0-9A-Fa-f]{{4}}_)|^\s|\s$")  # whatever the door to cells would change, and blanks
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|(\\))")


def escape(text: str) -> str:
    """Text as every spreadsheet program keeps it; `unescape` gives it back."""
    if not _NEEDS_ESCAPE.search(text):
        return text
    return _NEEDS_ESCAPE.sub(lambda found: _escaped(found[0]), text)


def _escaped(sign: str) -> str:
    if sign == "\\":
        return r"\\"
    return f"\\u{ord(sign):04x}" if ord(sign) <= _LAST_SHORT else f"\\U{ord(sign):08x}"


def unescape(text: str) -> str:
    """The text that `escape` was given."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\\" if found[3] else chr(min(int(found[1] or found[2], 16), sys.maxunicode)), text)


class _Digest:
    """What a sheet says, in 32 hexadecimal digits. Taken of what a cell means, not of how a program stores it: a whole number is the same
    with and without a point, a number counts with fifteen digits (what every program keeps), and empty text is no cell.
    """

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, row: int, cells: Iterable[tuple[int, Raw | Value | None]]) -> None:
        """Add a row; its cells by column, columns from 1."""
        said = [f"{column}={text}" for column, value in cells if (text := _meaning(value))]
        if said:
            self._sum.update(f"{row}:{chr(31).join(said)}\n".encode("utf-8", "surrogatepass"))

    def __str__(self) -> str:
        return self._sum.hexdigest()[:32]


def _meaning(value: Raw | Value | None) -> str:
    if isinstance(value, str):
        return value
    if value is None or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return ""
    if isinstance(value, (int, float)):
        return f"{float(value) + 0.0:.15g}"  # + 0.0: no minus before a zero
    return repr(value)


def _digest_of(sheet: Sheet, *, without: str = "") -> str:
    """The digest of a sheet as read; rows that begin with `without` are left out."""
    found = _Digest()
    for row, cells in groupby(sorted(sheet.cells.items(), key=itemgetter(0)), key=lambda cell: cell[0][0]):
        line = [(column, value) for (_, column), value in cells]
        if not (without and line[0][1] == without):
            found.add(row, line)
    return str(found)


class TablesOut:
    """Writes tables into hidden sheets of a book; `close` adds the head, which knows how many rows each has, and its digest."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._long: list[list[Value]] = []
        self._rows: dict[str, int] = {}
        self._digests: dict[str, str] = {}

    def lines(self, name: str, heading: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> None:
        """Write a table of texts and numbers, row by row."""
        written = ([self._text(value) if isinstance(value, str) else value for value in row] for row in chain([heading], rows))
        self._rows[name] = self._sheet(name, written) - 1

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
            self._sheet(_LONG, self._long)
        head: list[list[Value]] = [[key, escape(value)] for key, value in facts.items()]
        head += [[f"{_ROWS}{name}", count] for name, count in self._rows.items()]
        head += [[f"{_DIGEST}{name}", digest] for name, digest in self._digests.items()]
        whole = _Digest()
        for row, line in enumerate(head, start=1):
            whole.add(row, enumerate(line, start=1))
        self._sheet(HEAD, [*head, [f"{_DIGEST}{HEAD}", str(whole)]])

    def _sheet(self, name: str, rows: Iterable[Sequence[Value]]) -> int:
        """Write a sheet and remember its digest; the number of its rows comes back."""
        page, digest = self._book.page(name, hidden=True), _Digest()
        for row in rows:
            digest.add(page.add(row), enumerate(row, start=1))
        self._digests[name] = str(digest)
        return page.height

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
        self._same(HEAD)
        self._long: list[list[Raw | None]] = []
        if _LONG in self._sheets:
            long = self._same(_LONG)
            self._long = _grid(long, sorted({row for row, _ in long.cells}))

    def _same(self, name: str) -> Sheet:
        """A sheet that is as it was written."""
        found = self._sheets.get(name)
        if found is None:
            raise damaged(name)
        own = f"{_DIGEST}{HEAD}" if name == HEAD else ""
        if self.facts.get(f"{_DIGEST}{name}") != _digest_of(found, without=own):
            raise changed(name)
        return found

    def has(self, name: str) -> bool:
        """Whether such a table was written."""
        return f"{_ROWS}{name}" in self.facts

    def sheet(self, name: str) -> tuple[Sheet, range]:
        """A table's sheet, and the rows below its heading: as many as were written, be they blank."""
        count = _count(self.facts.get(f"{_ROWS}{name}", ""))
        if count is None:
            raise damaged(name)
        found = self._same(name)
        last = max((row for row, _ in found.cells), default=1)
        if last > count + 1 or last + _BLANK_ROWS < count + 1:
            raise damaged(name)
        return found, range(2, count + 2)

    def lines(self, name: str) -> list[list[Raw | None]]:
        """All rows of a table below its heading; a row is as long as its last filled cell."""
        sheet, rows = self.sheet(name)
        return _grid(sheet, rows)

    def texts(self, name: str) -> list[list[str]]:
        """All rows of a table of texts, as `lines`."""
        return [[self.text(cell) for cell in row] for row in self.lines(name)]

    def frame(self, name: str, columns: Mapping[str, str], *, index: bool = False) -> pd.DataFrame:
        """A table of the model, its columns as declared."""
        sheet, rows = self.sheet(name)
        heading = {self.text(value): column for (row, column), value in sheet.cells.items() if row == 1}
        if not set(columns) <= set(heading):
            raise damaged(name)
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
        if isinstance(raw, str) and raw.startswith("\\@") and raw[2:].isdigit() and int(raw[2:]) <= len(self._long):
            return "".join(_plain(piece) for piece in self._long[int(raw[2:]) - 1])
        return _plain(raw)

    def number(self, raw: Raw | None, name: str) -> float:
        """A cell's number, NaN where it is blank."""
        if raw is None:
            return float("nan")
        if isinstance(raw, float) and not isinstance(raw, Percent):
            return raw
        if raw in ("inf", "-inf"):
            return float(str(raw))
        raise damaged(name)


def _plain(raw: Raw | None) -> str:
    if isinstance(raw, str):
        return unescape(raw)
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(float(raw))
    raise damaged(HEAD)


def _texts(column: pd.Series[Any] | pd.Index[Any]) -> list[str]:
    return [str(one) for one in column.to_numpy(dtype=object).tolist()]


def facts(workbook: Workbook) -> dict[str, str]:
    """The head's keys and values; empty where the workbook has no head."""
    head = next((sheet for sheet in workbook.sheets if sheet.name == HEAD), None)
    if head is None:
        return {}
    keys = {row: str(value) for (row, column), value in head.cells.items() if column == 1}
    return {key: unescape(str(head.cells.get((row, 2), ""))) for row, key in keys.items()}


def changed(name: str) -> UnreadableWorkbook:
    """What to raise where a hidden sheet says something else than was written."""
    return UnreadableWorkbook(
        "damaged",
        f"汇总表的数据页“{name}”被人改动过，与程序写出时不同，没有读取。请向报送单位索取程序写出的原文件；要改数字的，请填在“核定”表中。",
    )


def damaged(name: str) -> UnreadableWorkbook:
    """What to raise where a hidden sheet is missing, cut, or holds what cannot be read."""
    return UnreadableWorkbook("damaged", f"汇总表的数据页“{name}”不完整或被改动过，无法读取，请向报送单位索取原文件。")


def _count(written: str) -> int | None:
    """How many rows the head says; None where it is no such number."""
    plain = written.removesuffix(".0")
    count = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 8 else _MOST_ROWS
    return count if count < _MOST_ROWS else None


def _grid(sheet: Sheet, rows: Iterable[int]) -> list[list[Raw | None]]:
    """These rows of a sheet, each as long as its last filled cell."""
    lines: dict[int, list[Raw | None]] = {row: [] for row in rows}
    for (row, column), value in sorted(sheet.cells.items(), key=itemgetter(0)):
        line = lines.get(row)
        if line is not None:
            line.extend([None] * (column - 1 - len(line)))
            line.append(value)
    return list(lines.values())
