"""What a workbook holds before anybody asked what it means: sheets, addresses, raw cells.

The readers (`xlsx`, `xls`) fill these; `cell` gives a raw cell its meaning. Rows and columns count from 1, as Excel shows them.
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
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


Picker = Callable[[Sequence[Raw | None]], tuple[Raw | None, ...]]
"""Takes some out of the raws of a sheet, which end with a None for whatever stands nowhere on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where cells may stand, in the order of the sheet; the same object for sheets that a reader knows to be alike."""

    addresses: tuple[Address, ...]

    def places(self) -> dict[Address, int]:
        """Which place of the column is an address's."""
        return dict(zip(self.addresses, range(len(self.addresses)), strict=True))


def picker(places: Mapping[Address, int], wanted: Iterable[Address]) -> Picker:
    """Takes what stands at the wanted addresses out of the raws of any sheet of a layout with these places."""
    found = list(map(places.get, wanted, repeat(-1)))
    if len(found) > 1:
        return itemgetter(*found)
    return lambda raws: tuple([raws[place] for place in found])  # of one place itemgetter would not give a tuple


class LaidCells(Mapping[Address, Raw]):
    """The cells of a sheet as a column beside their addresses. They are put into a dict when somebody asks for one of them.

    raws: as long as the addresses of the layout, None where nothing stands, and one None more. `count`: how many of them are cells.
    """

    __slots__ = ("_cells", "_count", "layout", "raws")

    def __init__(self, layout: Layout, raws: Sequence[Raw | None], *, count: int) -> None:
        self.layout = layout
        self.raws = raws
        self._count = count
        self._cells: dict[Address, Raw] | None = None

    def _all(self) -> dict[Address, Raw]:
        if self._cells is None:
            there = zip(self.layout.addresses, self.raws, strict=False)  # the last raw stands nowhere
            self._cells = {address: raw for address, raw in there if raw is not None}
        return self._cells

    def __getitem__(self, address: Address) -> Raw:
        """What stands in a cell."""
        return self._all()[address]

    def __iter__(self) -> Iterator[Address]:
        """The addresses of all cells that hold something."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many cells hold something."""
        return self._count

    def __repr__(self) -> str:
        """As the dict that it stands for."""
        return repr(self._all())

    def __contains__(self, address: object) -> bool:
        """Whether a cell holds something."""
        return address in self._all()

    def get(self, address: Address, default: Raw | None = None) -> Raw | None:  # type: ignore[override]  # of no other type than a cell's
        """What stands in a cell, as quickly as a dict tells."""
        return self._all().get(address, default)

    def items(self) -> ItemsView[Address, Raw]:
        """Cells with their addresses, as quickly as a dict gives them."""
        return self._all().items()


def laid(cells: Mapping[Address, Raw]) -> LaidCells:
    """The cells of any sheet as a column."""
    return cells if isinstance(cells, LaidCells) else LaidCells(Layout(tuple(cells)), (*cells.values(), None), count=len(cells))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet, sparse: cells without a value are absent from `cells`; a formula's result is in `cells`, its text in `formulas`."""

    name: str
    hidden: bool
    cells: Mapping[Address, Raw]
    formulas: Mapping[Address, str]
    merged: tuple[Range, ...]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]


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
