"""What a workbook holds before anybody asked what it means: sheets, addresses, raw cells.

The readers (`xlsx`, `xls`) fill these; `cell` gives a raw cell its meaning. Rows and columns count from 1, as Excel shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from reconcile.errors import ReconcileError

Cause = Literal[
    "damaged",  # cut short, broken archive, broken XML
    "empty",  # no bytes at all
    "encrypted",  # asks for a password
    "html",  # a web page called .xls
    "missing",  # vanished or not permitted since the folder was listed
    "not_workbook",  # pdf, picture, Word document, archive …
    "own_results",  # a folder that this program wrote
    "other_format",  # a workbook, in a format that is not read here (.xlsb, .ods, XML 2003)
    "text",  # CSV or other plain text called .xls
    "too_large",  # over one of the caps
    "too_slow",  # over the time or memory limit of the .xls worker
    "unsafe",  # carries a document type declaration
]


class UnreadableWorkbook(ReconcileError):  # noqa: N818 -- named in messages and by other modules for what it is
    """This one file could not be read as a workbook. `code` is for programs, `message` (Chinese) says what it is and what to do."""

    def __init__(self, code: Cause, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type["UnreadableWorkbook"], tuple[Cause, str]]:
        """Keep both parts when the error crosses a process border."""
        return type(self), (self.code, self.message)


@dataclass(frozen=True, slots=True)
class CellError:
    """An error cell; `text` as Excel shows it (#REF!, #DIV/0!, #N/A …)."""

    text: str


@dataclass(frozen=True, slots=True)
class CellDate:
    """A number under a date or time format. `serial` counts days in the 1900 system whatever epoch the workbook keeps."""

    serial: float


class Percent(float):
    """A number under a percent format: 0.95 shown as 95%. The value is the stored one (0.95)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Uncomputed:
    """A formula whose result is not stored in the file; `formula` without the leading equals sign."""

    formula: str


LONGEST_TEXT = 32_767  # characters that a cell can hold in Excel; of a longer text what follows is not kept

Raw = float | str | bool | CellError | CellDate | Percent | Uncomputed
Address = tuple[int, int]


class Range(NamedTuple):
    """A rectangle of cells, corners included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, eq=False)
class Extent:
    """Where cells may stand; the same object for sheets that a reader knows to be alike."""

    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet, sparse: cells without a value are absent from `cells`; a formula's result is in `cells`, its text in `formulas`.

    `outline`: all addresses at which cells may stand, where the reader knows other sheets with the same; else None.
    """

    name: str
    hidden: bool
    cells: dict[Address, Raw]
    formulas: Mapping[Address, str]
    merged: tuple[Range, ...]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]
    outline: tuple[tuple[Address, ...], Extent] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook as read. `kind` is `xlsx` (.xlsx, .xlsm, .xltx) or `xls` (.xls, .et); serials of dates are already in the 1900 system.

    `active`: what it carries that could run or fetch something (macros, external links, DDE …), in Chinese; nothing of it was read.
    """

    kind: Literal["xlsx", "xls"]
    sheets: tuple[Sheet, ...]
    epoch1904: bool
    active: tuple[str, ...] = ()


def column_letters(column: int) -> str:
    """Name a column: 1 -> A, 28 -> AB."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Number a column: A -> 1, AB -> 28. Letters must be A–Z."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
