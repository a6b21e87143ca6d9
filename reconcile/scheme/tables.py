"""Tables of a scheme as they were written, read row by row, so that every fault is gathered with its table, row and column."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconcile.errors import Fault, SchemeError

Table = Sequence[Sequence[str]]
"""Rows of cells as text; the first row holds the column names."""

_YES = frozenset({"是", "yes", "true", "1", "y"})
_NO = frozenset({"", "否", "no", "false", "0", "n"})
_BETWEEN = re.compile(r"[;；、](?![^（(]*[）)])")  # a separator within brackets separates nothing: 县（市、区）


_SHOWN = 20  # characters of a heading that nobody knows
_MOST = 999  # decimals and days are small; a larger number is a slip of the hand


MOST_ROWS = 20_000
"""Rows of one table of a scheme; the built-in one has 300 indicators, national ones some thousands."""
LONGEST_CELL = 4_000
"""Characters of one cell, as of one expression."""
MOST_CHARACTERS = 10_000_000  # of all tables; the built-in one has 100,000


@dataclass(slots=True)
class Faults:
    """The faults met so far. `titles`: table -> what it is called where it was written (a file, a sheet)."""

    titles: Mapping[str, str] = field(default_factory=dict)
    found: list[Fault] = field(default_factory=list)

    def add(self, table: str, row: int, column: str, message: str) -> None:
        """Note one fault. `row` is 1-based with the header as row 1; 0 speaks of the whole table."""
        self.found.append(Fault(self.titles.get(table, table), row, column, message))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table. Each reader notes a fault and answers with a harmless value where the cell is wrong."""

    table: str
    number: int
    cells: Mapping[str, str]
    faults: Faults
    headings: Mapping[str, str] = field(default_factory=dict)

    def fault(self, column: str, message: str) -> None:
        """Note a fault in this row, its column named by the heading that stands in the table."""
        self.faults.add(self.table, self.number, self.headings.get(column, column), message)

    @property
    def chinese(self) -> bool:
        """Whether the table was written with Chinese headings, so that its faults are told in Chinese words."""
        return any(column != heading for column, heading in self.headings.items())

    def text(self, column: str, *, needed: bool = False) -> str:
        """The cell's text, trimmed."""
        found = self.cells.get(column, "").strip()
        if needed and not found:
            self.fault(column, "不能为空")
        return found

    def flag(self, column: str) -> bool:
        """是 or 否; blank is 否."""
        found = self.text(column).lower()
        if found not in _YES | _NO:
            self.fault(column, f"“{found}”应为 是 或 否")
        return found in _YES

    def number_or(self, column: str, default: float) -> float:
        """A plain number; `default` where blank."""
        found = self.text(column)
        if not found:
            return default
        try:
            number = float(found)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        self.fault(column, f"“{found}”应为数字")
        return default

    def whole_or(self, column: str, default: int) -> int:
        """A whole number of at least 0; `default` where blank."""
        found = self.number_or(column, default)
        if found != int(found) or not 0 <= found <= _MOST:
            self.fault(column, f"“{self.text(column)}”应为0至{_MOST}的整数")
            return default
        return int(found)

    def many(self, column: str) -> tuple[str, ...]:
        """A list joined by semicolons (also full-width, 、 and spaces around); what stands in brackets is not parted."""
        return parts_of(self.text(column))

    def day(self, column: str) -> date | None:
        """A date as 2023-06-30, 2023/6/30 or 2023年6月30日; None where blank."""
        found = self.text(column)
        if not found:
            return None
        parts = found.split(" ")[0].replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-").split("-")
        try:
            year, month, day = (int(part) for part in parts)
            return date(year, month, day)
        except ValueError:
            self.fault(column, f"“{found}”应为日期，如 2023-06-30")
            return None

    def one_of(self, column: str, allowed: Mapping[str, str] | Sequence[str], *, default: str) -> str:
        """One of the allowed words; a mapping has their Chinese faces, in which a Chinese table is told what it may say."""
        found = self.text(column) or default
        if found not in allowed:
            faces = allowed.values() if isinstance(allowed, Mapping) and self.chinese else allowed
            self.fault(column, f"“{found}”不在可用的取值中：{'、'.join(faces)}")
            return default
        return found


def check_size(tables: Mapping[str, Table], *, titles: Mapping[str, str], about: str) -> None:
    """Raise SchemeError where a table has more rows, a cell more characters, or all together more than anybody wrote: reading what is in
    them might take for ever. `titles` and `about` as in `load_scheme`.
    """
    faults = Faults(titles)
    total = 0
    for name, table in tables.items():
        if len(table) > MOST_ROWS + 1:
            faults.add(name, 0, "", f"有{len(table) - 1}行，最多{MOST_ROWS}行")
        for number, line in enumerate(table, start=1):
            size = sum(map(len, line))
            total += size
            if size > LONGEST_CELL and any(len(cell) > LONGEST_CELL for cell in line):
                longest = max(range(len(line)), key=lambda place: len(line[place]))
                heading = str(table[0][longest])[:_SHOWN] if longest < len(table[0]) else ""
                faults.add(name, number, heading, f"有{len(line[longest])}字，最多{LONGEST_CELL}字")
    if total > MOST_CHARACTERS:
        faults.add("", 0, "", f"各表共{total // 10_000}万字，最多{MOST_CHARACTERS // 10_000}万字")
    if faults.found:
        raise SchemeError(faults.found, about=about)


def parts_of(cell: str) -> tuple[str, ...]:
    """The words of a cell that holds several, joined by ; ； or 、."""
    return tuple(word for part in _BETWEEN.split(cell) if (word := part.strip()))


def rows(
    tables: Mapping[str, Table], table: str, *, columns: Sequence[str], faults: Faults, faces: Mapping[str, str] | None = None
) -> Iterator[Row]:
    """Rows of one table that are not wholly blank, after its header was checked for the `columns` it needs.

    `faces`: column -> its Chinese heading; either may stand in the table, and only one that has none but English ones is told in English
    which are missing. A missing table or column is one fault, and no row follows.
    """
    if table not in tables:
        faults.add(table, 0, "", "缺少这张表")
        return
    lines = tables[table]
    if not lines:
        faults.add(table, 0, "", "表是空的，应有表头行")
        return
    known = faces or {}
    columns_of = {face: column for column, face in known.items()}
    written = [str(cell).strip() for cell in lines[0]]
    header = [columns_of.get(cell, cell) for cell in written]
    headings = dict(zip(header, written, strict=True))
    missing = [column for column in columns if column not in header]
    if missing:
        chinese = header != written or not known.keys() & set(header)  # a table with no heading that is known is a clerk's
        faults.add(table, 1, "", f"缺少列：{'、'.join(known[column] if chinese else column for column in missing)}")
        return
    for number, line in enumerate(lines[1:], start=2):
        cells = {name: str(cell) for name, cell in zip(header, line, strict=False) if name}
        if any(cell.strip() for cell in cells.values()):
            yield Row(table, number, cells, faults, headings)
