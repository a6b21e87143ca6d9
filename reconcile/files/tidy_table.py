"""Tables in hidden sheets: any text, number or flag goes in, and the same comes out, also after Excel or WPS saved the workbook anew.

A sheet holds a heading row and plain cells; of a long table each cell holds some hundred rows of its column (`tidy_packed`). Text that a
cell cannot hold as it is (control characters, lone surrogates, blanks at its ends) is written with backslash escapes; text too long for a
cell goes to the sheet `_long` in pieces. The head keeps a digest of every sheet, so that a cell changed by hand does not go unnoticed.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reconcile.files.raw import Percent, Raw, Sheet, UnreadableWorkbook, Workbook
from reconcile.files.tidy_packed import LONGEST, Cells, packed, repeated, unpacked
from reconcile.model.characters import ALTERED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.files.bulk import Book, Value

HEAD = "_reconcile"
OPEN_SHEET = "核定"
"""The one visible sheet of a summary that is read back: figures that a person set."""

_LONG = "_long"
_ROWS, _DIGEST, _PACKED = "rows:", "digest:", "packed:"
_MOST_PLAIN = 20_000  # cells of a table that stands row by row; sixteen such tables still leave room below what a reader takes
_MOST_PACKED = 12_000_000  # cells of a packed table: a million and a half filled cells of lists, each of eight columns
_MOST_REPEATED = 32  # characters a cell, on average, that only repeat others: codes, names and columns of lists; LONGEST more for texts
_MOST_ENTRIES = 300_000  # rows of a packed table each of which becomes an object (units); of larger rounds they stand in files beside
_MOST_INDEXED = 50_000  # rows of one that has an index (returns); the figures of so many already fill a packed table
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


def long(rows: int, columns: int) -> bool:
    """Whether a table of this size is packed."""
    return rows * columns > _MOST_PLAIN


class TablesOut:
    """Writes tables into hidden sheets of a book; `close` adds the head, which knows how many rows each has, and its digest."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._long: list[list[Value]] = []
        self._rows: dict[str, int] = {}
        self._packed: dict[str, int] = {}
        self._digests: dict[str, str] = {}

    @property
    def packs(self) -> bool:
        """Whether any table was long enough to be packed."""
        return bool(self._packed)

    def lines(self, name: str, heading: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> None:
        """Write a table of texts and numbers, row by row."""
        written = ([self._text(value) if isinstance(value, str) else value for value in row] for row in chain([heading], rows))
        self._rows[name] = self._sheet(name, written) - 1

    def frame(self, name: str, table: pd.DataFrame, columns: Mapping[str, str], *, index: bool = False) -> None:
        """Write a table of the model with its declared columns; with `index` its index stands in the first column."""
        names = list(columns)
        cells: list[Cells] = [_texts(table[name]) if columns[name] == "str" else table[name].tolist() for name in names]
        if index:
            names.insert(0, str(table.index.name or ""))
            cells.insert(0, _texts(table.index))
        self.columns(name, names, cells)

    def texts(self, name: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a table of texts, each row as long as the heading."""
        written = list(rows)
        self.columns(name, heading, list(zip(*written, strict=True)) or [()] * len(heading))

    def columns(self, name: str, heading: Sequence[str], columns: Sequence[Cells]) -> None:
        """Write a table by its columns, each all texts or all numbers; a long one is packed."""
        rows = len(columns[0])
        if not long(rows, len(columns)):
            self.lines(name, heading, zip(*columns, strict=True))
            return
        self._packed[name] = rows
        self.lines(name, heading, zip(*map(packed, columns), strict=True))

    def close(self, facts: Mapping[str, str]) -> None:
        """Write the long texts, then the head: `facts`, and the number of rows of each table."""
        if self._long:
            self._sheet(_LONG, self._long)
        head: list[list[Value]] = [[key, escape(value)] for key, value in facts.items()]
        head += [[f"{_ROWS}{name}", count] for name, count in self._rows.items()]
        head += [[f"{_PACKED}{name}", count] for name, count in self._packed.items()]
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
        self._room = LONGEST
        self._long: list[list[Raw | None] | None] = []
        if _LONG in self._sheets:
            long = self._same(_LONG)
            self._long = [*_grid(long, sorted({row for row, _ in long.cells}))]

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

    def texts(self, name: str, *, most: int = _MOST_ENTRIES) -> list[list[str]]:
        """All rows of a table of texts, as `lines`; those of a packed table (less than `most`) all as long as its heading."""
        if self.packs(name):
            _, columns = self.unpacked(name, most=most)
            return [list(row) for row in zip(*map(texts_of, columns), strict=True)]
        return [[self.text(cell) for cell in row] for row in self.lines(name)]

    def packs(self, name: str) -> bool:
        """Whether a table is packed."""
        return f"{_PACKED}{name}" in self.facts

    def unpacked(self, name: str, *, most: int = _MOST_PACKED) -> tuple[list[str], list[list[Any]]]:
        """Heading and columns of a packed table of less than `most` rows: texts, or numbers with None for NaN. Raises ValueError where JSON
        is none of ours."""
        sheet, rows = self.sheet(name)
        cells = sheet.cells
        heading = [self.text(cells.get((1, column))) for column in range(1, max((at for row, at in cells if row == 1), default=0) + 1)]
        count = _count(self.facts.get(f"{_PACKED}{name}", ""), most=min(most, _MOST_PACKED // max(len(heading), 1)))
        if count is None or not heading:
            raise damaged(name)
        self._room += _MOST_REPEATED * count * len(heading)
        columns: list[list[Any]] = []
        for number in range(1, len(heading) + 1):
            column: list[Any] = []
            for row in rows:
                more = unpacked(self.text(cells.get((row, number))), most=count - len(column))
                self._room -= repeated(more)
                if self._room < 0:  # what is as small as a cell would be as large as a gigabyte wherever it is written again
                    raise damaged(name)
                column += more
            if len(column) != count:
                raise damaged(name)
            columns.append(column)
        return heading, columns

    def frame(self, name: str, columns: Mapping[str, str], *, index: bool = False) -> pd.DataFrame:
        """A table of the model, its columns as declared."""
        most = _MOST_INDEXED if index else _MOST_PACKED
        heading, cells = self.unpacked(name, most=most) if self.packs(name) else self._plain_columns(name, columns, index=index)
        read = dict(zip(heading, cells, strict=True))
        if not set(columns) <= set(read):
            raise damaged(name)
        made: dict[str, Any] = {
            column: pd.array(texts_of(read[column]), dtype="str") if kind == "str" else figures_of(read[column])
            for column, kind in columns.items()
        }
        table = pd.DataFrame(made, columns=list(columns)).astype({column: kind for column, kind in columns.items() if kind != "str"})
        if index:
            table.index = pd.Index(pd.array(texts_of(cells[0]), dtype="str"), name=heading[0] or None)
        return table

    def _plain_columns(self, name: str, columns: Mapping[str, str], *, index: bool) -> tuple[list[str], list[list[Any]]]:
        """Heading and columns of a table of the model that stands row by row; with `index` its first column goes before them."""
        sheet, rows = self.sheet(name)
        cells = sheet.cells
        places = {self.text(value): column for (row, column), value in cells.items() if row == 1}
        if not set(columns) <= set(places):
            raise damaged(name)
        read: list[list[Any]] = []
        for column, kind in columns.items():
            raw = [cells.get((row, places[column])) for row in rows]
            read.append([self.text(one) for one in raw] if kind == "str" else [self.number(one, name) for one in raw])
        heading = list(columns)
        if index:
            heading.insert(0, self.text(cells.get((1, 1))))
            read.insert(0, [self.text(cells.get((row, 1))) for row in rows])
        return heading, read

    def text(self, raw: Raw | None) -> str:
        """A cell's text; also where a program made a number of it."""
        if raw is None:
            return ""
        if isinstance(raw, str) and raw.startswith("\\@") and raw[2:].isdigit() and int(raw[2:]) <= len(self._long):
            pieces, self._long[int(raw[2:]) - 1] = self._long[int(raw[2:]) - 1], None
            if pieces is None:  # each long text stands for one cell; for a hundred thousand it would fill the memory
                raise damaged(_LONG)
            return "".join(map(_plain, pieces))
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


def texts_of(cells: Sequence[Any]) -> NDArray[Any]:
    """A column of texts as they were read. Raises ValueError where one is none."""
    if not set(map(type, cells)) <= {str}:
        raise ValueError("texts were expected")
    made = np.empty(len(cells), dtype=object)
    made[:] = cells
    return made


def figures_of(cells: Sequence[Any]) -> NDArray[np.float64]:
    """A column of numbers as they were read, NaN for None. Raises ValueError where one is none."""
    if not set(map(type, cells)) <= {int, float, type(None)}:
        raise ValueError("numbers were expected")
    return np.array(cells, dtype=np.float64)


def _texts(column: pd.Series[Any] | pd.Index[Any]) -> list[str]:
    return [str(one) for one in column.to_numpy(dtype=object).tolist()]


def facts(workbook: Workbook) -> dict[str, str]:
    """The head's keys and values; empty where the workbook has no head."""
    head = next((sheet for sheet in workbook.sheets if sheet.name == HEAD), None)
    return {} if head is None else facts_of(head)


def facts_of(head: Sheet) -> dict[str, str]:
    """The keys and values of a head."""
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


def _count(written: str, *, most: int = _MOST_ROWS) -> int | None:
    """How many rows the head says; None where it is no such number."""
    plain = written.removesuffix(".0")
    count = int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 9 else most
    return count if count < most else None


def _grid(sheet: Sheet, rows: Iterable[int]) -> list[list[Raw | None]]:
    """These rows of a sheet, each as long as its last filled cell."""
    lines: dict[int, list[Raw | None]] = {row: [] for row in rows}
    for (row, column), value in sorted(sheet.cells.items(), key=itemgetter(0)):
        line = lines.get(row)
        if line is not None:
            line.extend([None] * (column - 1 - len(line)))
            line.append(value)
    return list(lines.values())
