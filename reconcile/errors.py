"""What goes wrong outside the data. Data has findings; only programs, schemes and commands have errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_MOST_TOLD = 100  # faults: a few screens


class ReconcileError(Exception):
    """One clear Chinese sentence for the user: where, what, and what to do. The command line prints it without a traceback."""


class NothingToReadError(ReconcileError):
    """There is no file at all to read; the command line ends with a code of its own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a scheme: the table it stands in, its row (1-based, the header is row 1; 0 for the whole table), its column, and why."""

    table: str
    row: int
    column: str
    message: str

    def __str__(self) -> str:
        place = self.table
        if self.row:
            place += f" 第{self.row}行"
        if self.column:
            place += f"“{self.column}”列"
        return f"{place}：{self.message}"


class SchemeError(ReconcileError):
    """All faults of a scheme (or of a table of units) at once, so that one edit mends them all. `about`: what they are faults of.

    The sentence names the first of them where they are very many: then one slip is behind them, and a terminal holds no more.
    """

    def __init__(self, faults: Iterable[Fault], *, about: str = "报表制度") -> None:
        self.faults = tuple(faults)
        lines = [f"  {fault}" for fault in self.faults[:_MOST_TOLD]]
        if len(self.faults) > _MOST_TOLD:
            lines.append(f"  ……其余{len(self.faults) - _MOST_TOLD}处从略，改正后再运行会继续列出")
        super().__init__("\n".join([f"{about}有{len(self.faults)}处错误，请改正后再运行：", *lines]))
