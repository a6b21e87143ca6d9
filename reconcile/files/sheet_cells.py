"""Cells on their way into a Sheet: what a declared type, a style and a formula make of a text (ECMA-376 part 1, 18.3.1.4 and 18.3.1.40)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from reconcile.files.number_format import FormatKind
from reconcile.files.raw import (
    Address,
    CellDate,
    CellError,
    Percent,
    Range,
    Raw,
    Sheet,
    Uncomputed,
    UnreadableWorkbook,
    column_letters,
    column_number,
)
from reconcile.files.xml import decode_texts, unescape_excel

MAX_CELLS = 600_000  # cells, formulas and different texts of one workbook: at some 400 bytes each they leave room in 512 MB for all else
MAX_MERGED = 100_000  # merged ranges of one sheet
DAYS_TO_1904 = 1462  # serial of 1904-01-01 in the 1900 system
MOST_SHIFTED = 1_000_000  # letters of shared formulas written out for one sheet; 100,000 cells may share one of 8,192, and what is in them
# says no more than the first one does
REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
TRUE = ("1", "true")
LAST_COLUMN = 16_384  # XFD

# Texts in double quotes and sheet names in single quotes are passed over; a reference is no part of a longer name and no function.
_TOKEN = re.compile(r"""("[^"]*"|'[^']*')|(?<![\w.$])(\$?)([A-Z]{1,3})(\$?)([0-9]{1,7})(?![\w.(!])""")


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sheets of a workbook share: strings, what each cell style makes of a number, the epoch.

    `digits`: numbers of strings as cells write them, as far as they are at hand. `plain`: styles that add nothing.
    """

    strings: Sequence[str]
    formats: Sequence[FormatKind]
    epoch1904: bool
    digits: Sequence[bytes] = ()
    plain: frozenset[int] = field(init=False)
    written: dict[bytes, str] = field(default_factory=dict)
    inline: dict[str, str] = field(default_factory=dict)
    addresses: dict[bytes, Address] = field(default_factory=dict)
    _by_digits: dict[bytes, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the plain styles; a cell that names none has style 0, which a workbook without styles need not declare."""
        plain = {style for style, form in enumerate(self.formats) if form == "plain"}
        object.__setattr__(self, "plain", frozenset(plain if self.formats else {0}))

    def by_digits(self) -> Mapping[bytes, str]:
        """Strings by their numbers as cells write them, as far as these are at hand."""
        if not self._by_digits:
            self._by_digits.update(zip(self.digits, self.strings, strict=False))
        return self._by_digits

    def address(self, reference: bytes) -> Address:
        """The address in a reference of capital letters and digits; the same object for the same reference."""
        found = self.addresses[reference] = read_address(reference)
        return found

    def once(self, text: str) -> str:
        """The same string object for the same text."""
        return self.inline.setdefault(text, text)

    def decode(self, pieces: set[bytes]) -> dict[bytes, str]:
        """Inline strings by their bytes; what was met in an earlier sheet is not decoded again."""
        new = pieces - self.written.keys()
        if new:
            self.written.update((piece, self.once(unescape_excel(text))) for piece, text in decode_texts(new).items())
        return self.written


@dataclass(frozen=True, slots=True)
class Formula:
    """The text of a formula; `group` names the shared formula it belongs to. Only the first cell of a group carries the text."""

    text: str
    group: str


class Groups:
    """The shared formulas of a sheet, met in the order of its cells."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[Address, str]] = {}
        self._room = MOST_SHIFTED

    def written(self, address: Address, formula: Formula) -> str:
        """The formula as Excel shows it in this cell."""
        if not formula.group:
            return formula.text
        if formula.text:
            self._first.setdefault(formula.group, (address, formula.text))
            return formula.text
        if formula.group not in self._first:
            return ""
        (row, column), text = self._first[formula.group]
        self._room -= len(text)
        if self._room < 0:
            return ""
        return shift_formula(text, down=address[0] - row, right=address[1] - column)


class Collector:
    """Turns what was found in a sheet into a Sheet; all ways end here."""

    def __init__(self, name: str, hidden: bool, shared: Shared) -> None:
        self.name = name
        self.hidden = hidden
        self.shared = shared
        self.cells: dict[Address, Raw] = {}
        self.formulas: dict[Address, str] = {}
        self.merged: list[Range] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.groups = Groups()

    def put(self, address: Address, *, kind: str, style: int, text: str | None, formula: Formula | None) -> None:
        """Keep one cell. A cell without text and formula stays out; a formula without a stored result is Uncomputed."""
        if formula is not None:
            written = self.groups.written(address, formula)
            self.formulas[address] = written
            if text is None or (text == "" and kind != "str"):
                self.cells[address] = Uncomputed(written)
                return
        if text is None or (text == "" and formula is None):
            return
        value = shown_value(kind, style, text, self.shared)
        if value != "" or formula is not None:
            self.cells[address] = value

    def check_room(self) -> None:
        """Raise UnreadableWorkbook where the sheet holds more than any workbook may; to be asked while it grows."""
        if len(self.cells) + len(self.formulas) + len(self.shared.inline) > MAX_CELLS:
            raise too_many_cells(MAX_CELLS)

    def column(self, first: str | None, last: str | None, hidden: str | None) -> None:
        """Keep hidden columns."""
        if hidden in TRUE and len(self.hidden_columns) < LAST_COLUMN:
            self.hidden_columns.update(range(max(whole(first), 1), min(whole(last), 16384) + 1))

    def sheet(self) -> Sheet:
        """The sheet as collected."""
        return Sheet(
            name=self.name,
            hidden=self.hidden,
            cells=self.cells,
            formulas=self.formulas,
            merged=tuple(self.merged),
            hidden_rows=frozenset(self.hidden_rows),
            hidden_columns=frozenset(self.hidden_columns),
        )


def too_many_cells(most: int) -> UnreadableWorkbook:
    """What to raise where a workbook holds more than `most` cells."""
    return UnreadableWorkbook("too_large", f"工作簿的单元格超过 {most // 10000} 万个的上限，未读取。请删去无关内容后另存再报。")


def too_many_merged() -> UnreadableWorkbook:
    """What to raise where a sheet has more than MAX_MERGED merged ranges."""
    return UnreadableWorkbook("too_large", f"工作表的合并单元格超过 {MAX_MERGED // 10000} 万处的上限，未读取。请删去无关内容后另存再报。")


def read_address(reference: bytes) -> Address:
    """The address in a reference of capital letters and digits."""
    letters = reference.rstrip(b"0123456789")
    return int(reference[len(letters) :]), column_number(letters.decode())


def read_merges(references: Iterable[str]) -> list[Range]:
    """Merged ranges; what is no range is left out, for merging changes how a sheet looks, not what it says."""
    merged = []
    for reference in references:
        corners = [REFERENCE.fullmatch(corner) for corner in reference.split(":")]
        ends = [(int(corner[2]), column_number(corner[1].upper())) for corner in corners if corner is not None]
        if ends and len(ends) == len(corners):
            merged.append(Range(*min(ends), *max(ends)))
    return merged


def shown_value(kind: str, style: int, text: str, shared: Shared) -> Raw:
    """The value of one cell by its declared type."""
    value: Raw
    if kind == "s":
        index = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        # A text that the file lost is an error in this cell, not in the whole return.
        value = shared.strings[index] if 0 <= index < len(shared.strings) else CellError("#文字丢失")
    elif kind in ("str", "inlineStr"):
        value = shared.once(unescape_excel(text))
    elif kind == "b":
        value = text.strip() in TRUE
    elif kind == "e":
        value = CellError(text)
    elif kind == "d":
        value = _iso_date(text)
    else:
        value = _number(stored_number(text.encode()), style, shared)
    return value


def _number(number: Raw, style: int, shared: Shared) -> Raw:
    """A number as its format shows it: plain, date or percentage."""
    form = shared.formats[style] if 0 <= style < len(shared.formats) else "plain"
    if not isinstance(number, float) or form == "plain":
        return number
    if form == "percent":
        return Percent(number)
    return CellDate(number + DAYS_TO_1904 if shared.epoch1904 else number)


def stored_number(text: bytes) -> Raw:
    """A stored number; the text itself where it is none (NaN, digits with underscores), for someone to look at."""
    try:
        value = float(text)
    except ValueError:
        return text.decode()
    return value if isfinite(value) and b"_" not in text else text.decode()


def _iso_date(text: str) -> Raw:
    """A date cell in ISO 8601 (t="d"), which always means the 1900 system here."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return text
    return CellDate((moment - datetime(1899, 12, 30)).total_seconds() / 86400)


def whole(text: str | None) -> int:
    """An attribute that counts something, as ASCII digits; 0 where it is absent or no count."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else 0


def shift_formula(formula: str, *, down: int, right: int) -> str:
    """Move the relative references of a formula. A reference pushed off the sheet becomes #REF!, as in Excel."""

    def moved(found: re.Match[str]) -> str:
        if found[1]:
            return found[1]
        column = column_number(found[3]) + (0 if found[2] else right)
        row = int(found[5]) + (0 if found[4] else down)
        if column < 1 or row < 1:
            return "#REF!"
        return f"{found[2]}{column_letters(column)}{found[4]}{row}"

    return _TOKEN.sub(moved, formula)
