"""Sheets whose pieces are the same hold the same cells, and only values differ: those are put in place all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconcile.files.raw import Address, LaidCells, Layout, Raw, Uncomputed, picker
from reconcile.files.remembered import ENTRY
from reconcile.files.sheet_cells import shown_value
from reconcile.files.sheet_scan import Odd, plain_text, quick_number

if TYPE_CHECKING:
    from reconcile.files.sheet_cells import Formula, Shared

_IN_NUMBERS = b"0123456789+-.eE"
_NOWHERE = (0, 0)

Placed: TypeAlias = "tuple[tuple[Address, Formula], ...]"
Beginning: TypeAlias = "tuple[Address, str, int, Formula | None, tuple[Address, ...]]"


class Piece:
    """What the bytes between two values mean, or those before the first and after the last.

    cells: those that stand wholly in the piece and hold something. `follows`: it begins where a value ended; `opens`: it ends where a value
    begins, of the cell at `address` with its declared kind, style and formula. `text`, `number`: of the usual kinds; `blank`: what stands
    there where the value is empty.
    """

    __slots__ = (
        *("cells", "formulas", "hidden", "prefix", "follows", "opens", "joins"),
        *("address", "kind", "style", "formula", "blank", "text", "number"),
    )

    def __init__(self, cells: Mapping[Address, Raw], formulas: Placed, hidden: frozenset[int], *, follows: bool) -> None:
        self.cells = cells
        self.formulas = formulas
        self.hidden = hidden
        self.follows = follows
        self.prefix = False
        self.opens = self.joins = self.text = self.number = False
        self.address: Address = (0, 0)
        self.kind = ""
        self.style = 0
        self.formula: Formula | None = None
        self.blank: Uncomputed | None = None

    def open(self, address: Address, kind: str, style: int, formula: Formula | None) -> None:
        """The cell whose value comes next."""
        self.address, self.kind, self.style, self.formula = address, kind, style, formula
        self.opens, self.joins = True, self.follows
        self.text, self.number = kind == "s" and formula is None, kind == "n"
        if formula is not None and kind != "str" and (formula.text or not formula.group):
            self.blank = Uncomputed(formula.text)

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return 2 * ENTRY + ENTRY * len(self.cells) + sum(2 * ENTRY + len(formula.text) for _, formula in self.formulas)


def fill_one_by_one(pieces: Sequence[Piece], values: Sequence[bytes], shared: Shared) -> dict[Address, Raw]:
    """The cells in their order: those of each piece, then the one that it opens. Raises Odd for what only the order of all cells tells."""
    cells: dict[Address, Raw] = {}
    strings, plain = shared.by_digits().get, shared.plain
    for piece, value in zip(pieces, values, strict=False):  # the last piece opens no cell
        if piece.cells:
            cells.update(piece.cells)
        if piece.text and (text := strings(value)) is not None:
            if text:
                cells[piece.address] = text
        elif value and piece.number and piece.style in plain:
            cells[piece.address] = quick_number(value)
        elif not value and piece.blank is not None:
            cells[piece.address] = piece.blank
        elif (shown := _shown(piece, value, shared)) is not None:
            cells[piece.address] = shown
    cells.update(pieces[-1].cells)
    return cells


def _shown(piece: Piece, value: bytes, shared: Shared) -> Raw | None:
    """What any cell holds, by the rules of `Collector.put`; None for nothing."""
    if not value and piece.kind != "str":
        if piece.blank is None and piece.formula is not None:
            raise Odd  # its text follows from another cell's
        return piece.blank
    shown = shown_value(piece.kind, piece.style, plain_text(value), shared)
    return shown if shown != "" or piece.formula is not None else None


class Filled(NamedTuple):
    """The rows of a sheet. `prefix`: some of them bear attributes with Excel's own prefix."""

    cells: Mapping[Address, Raw]
    formulas: Sequence[Placed]
    hidden: frozenset[int]
    prefix: bool


class Skeleton:
    """What pieces have in common with all sheets made of them, but for what the cells of the first piece hold: they name the unit, often.

    Usual texts and plain numbers are found by masks over the values; all others are looked at one by one. `_in_order` puts the cells of
    the first piece, texts, numbers, others and what stands wholly in pieces into the order of the sheet. `before`: the first piece and
    the texts' numbers on the sheet that was met last.
    """

    __slots__ = (
        *("_fixed", "_formulas", "_hidden", "_in_order", "_layout", "_odd", "_others", "_prefix", "_styles"),
        *("before", "numbers", "texts"),
    )

    def __init__(self, pieces: Sequence[Piece], shared: Shared) -> None:
        opening, first = pieces[:-1], tuple(pieces[0].cells)
        fixed: dict[Address, Raw] = {}
        addresses = list(first)
        for piece, after in zip(opening, pieces[1:], strict=True):
            addresses += (piece.address, *after.cells)
            fixed.update(after.cells)
        if len(set(addresses)) < len(addresses):
            raise Odd  # a cell stands twice
        self._layout = Layout(tuple(addresses))
        self._fixed = tuple(fixed.values())
        self.texts = [piece.text for piece in opening]
        self.numbers = [piece.number and piece.formula is None and piece.style in shared.plain for piece in opening]
        self._styles = frozenset(piece.style for piece in compress(opening, self.numbers))
        self._others = [not (text or number) for text, number in zip(self.texts, self.numbers, strict=True)]
        self._odd = [*compress(opening, self._others)]
        self.before: list[bytes] = []
        groups = compress(opening, self.texts), compress(opening, self.numbers), self._odd
        met = Layout((*first, *(piece.address for group in groups for piece in group), *fixed))
        self._in_order = picker(met.places(), (*addresses, _NOWHERE))
        self._formulas = [piece.formulas for piece in pieces[1:] if piece.formulas]
        self._prefix = any(piece.prefix for piece in pieces[1:])
        self._hidden = frozenset().union(*(piece.hidden for piece in pieces[1:]))

    def fill(self, first: Piece, values: Sequence[bytes], shared: Shared) -> Filled | None:
        """The rows with these values; None where some value is not of the usual kind."""
        try:
            texts = list(map(shared.by_digits().__getitem__, compress(values, self.texts)))
        except KeyError:
            return None
        return self.put(first, texts, list(compress(values, self.numbers)), list(compress(values, self._others)), shared)

    def put(self, first: Piece, texts: Sequence[str], numbers: Sequence[bytes], others: Sequence[bytes], shared: Shared) -> Filled | None:
        """The rows with these values, each kind in the order of the sheet; None where some value is not of the usual kind."""
        if not self._styles <= shared.plain or not all(texts) or b"".join(numbers).translate(None, _IN_NUMBERS):
            return None
        try:
            plain = list(map(float, numbers))
        except ValueError:
            return None
        if not all(map(isfinite, plain)):
            return None
        shown = [_shown(piece, value, shared) for piece, value in zip(self._odd, others, strict=True)]
        raws = self._in_order([*first.cells.values(), *texts, *plain, *shown, *self._fixed, None])
        cells = LaidCells(self._layout, raws, count=len(raws) - 1 - sum(one is None for one in shown))
        hidden = self._hidden | first.hidden if first.hidden else self._hidden
        formulas = [first.formulas, *self._formulas] if first.formulas else self._formulas
        return Filled(cells, formulas, hidden, first.prefix or self._prefix)


def beginning(first: Piece) -> Beginning:
    """How a sheet begins: the cell that its first piece opens, and those that stand in it, as a key."""
    return first.address, first.kind, first.style, first.formula, tuple(first.cells)
