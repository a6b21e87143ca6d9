"""Tables of a scheme as they were written, read row by row, so that every fault is gathered with its table, row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from reconcile.errors import Fault

Table = Sequence[Sequence[str]]
"""Rows of cells as text; the first row holds the column names."""

_YES = frozenset({"是", "yes", "true", "1", "y"})
_NO = frozenset({"", "否", "no", "false", "0", "n"})


@dataclass(slots=True)
class Faults:
    """The faults met so far."""

    found: list[Fault] = field(default_factory=list)

    def add(self, table: str, row: int, column: str, message: str) -> None:
        """Note one fault. `row` is 1-based with the header as row 1; 0 speaks of the whole table."""
        self.found.append(Fault(table, row, column, message))


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
            return float(found)
        except ValueError:
            self.fault(column, f"“{found}”应为数字")
            return default

    def whole_or(self, column: str, default: int) -> int:
        """A whole number of at least 0; `default` where blank."""
        found = self.number_or(column, default)
        if found != int(found) or found < 0:
            self.fault(column, f"“{self.text(column)}”应为不小于0的整数")
            return default
        return int(found)

    def many(self, column: str) -> tuple[str, ...]:
        """A list joined by semicolons (also full-width, 、 and spaces around)."""
        raw = self.text(column).replace("；", ";").replace("、", ";")
        return tuple(part.strip() for part in raw.split(";") if part.strip())

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

    def one_of(self, column: str, allowed: Mapping[str, object] | Sequence[str], *, default: str) -> str:
        """One of the allowed words."""
        found = self.text(column) or default
        if found not in allowed:
            self.fault(column, f"“{found}”不在可用的取值中：{'、'.join(allowed)}")
            return default
        return found


def rows(
    tables: Mapping[str, Table], table: str, *, columns: Sequence[str], faults: Faults, alias: Callable[[str], str] = str
) -> Iterator[Row]:
    """Rows of one table that are not wholly blank, after its header was checked for the `columns` it needs.

    `alias` turns a header as written into a column name. A missing table or column is one fault, and no row follows.
    """
    if table not in tables:
        faults.add(table, 0, "", "缺少这张表")
        return
    lines = tables[table]
    if not lines:
        faults.add(table, 0, "", "表是空的，应有表头行")
        return
    header = [alias(str(cell).strip()) for cell in lines[0]]
    headings = {column: str(cell).strip() for column, cell in zip(header, lines[0], strict=True)}
    missing = [column for column in columns if column not in header]
    if missing:
        faults.add(table, 1, "", f"缺少列：{'、'.join(missing)}")
        return
    for number, line in enumerate(lines[1:], start=2):
        cells = {name: str(cell) for name, cell in zip(header, line, strict=False) if name}
        if any(cell.strip() for cell in cells.values()):
            yield Row(table, number, cells, faults, headings)
