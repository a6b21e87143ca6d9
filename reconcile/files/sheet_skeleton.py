"""Sheets whose pieces are the same hold the same cells, and only values differ: those are put in place all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from math import isfinite
from typing import TYPE_CHECKING

from reconcile.files.familiar import ENTRY
from reconcile.files.raw import Address, Extent, Raw
from reconcile.files.sheet_cells import shown_value
from reconcile.files.sheet_scan import Odd, plain_text, quick_number

if TYPE_CHECKING:
    from reconcile.files.sheet_cells import Formula, Shared
    from reconcile.files.sheet_pieces import Piece

_IN_NUMBERS = b"0123456789+-.eE"


def fill_one_by_one(pieces: Sequence[Piece], values: Sequence[bytes], shared: Shared) -> dict[Address, Raw]:
    """The cells in their order: those of each piece, then the one that it opens. Raises Odd for what only the order of all cells tells."""
    cells: dict[Address, Raw] = {}
    strings, plain = shared.by_digits.get, shared.plain
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


class Skeleton:
    """What pieces have in common with all sheets made of them. The cells of the first piece are left out: they name the unit, often.

    `extent`: every address at which a cell may stand. Usual texts and plain numbers are found by a mask over the values; `_others` are
    looked at one by one.
    """

    __slots__ = ("_cells", "_number_at", "_numbers", "_others", "_styles", "_text_at", "_texts", "extent", "formulas", "hidden", "prefix")

    def __init__(self, pieces: Sequence[Piece], shared: Shared) -> None:
        opening = pieces[:-1]
        cells: dict[Address, Raw | None] = {}
        for piece, after in zip(opening, pieces[1:], strict=True):
            cells[piece.address] = piece.blank  # in place of its value, to keep the order
            cells.update(after.cells)
        if len(cells) < len(opening) + sum(len(piece.cells) for piece in pieces[1:]):
            raise Odd  # a cell stands twice
        self._cells: dict[Address, Raw] = cells  # type: ignore[assignment]  # what is None is overwritten or taken out whenever it is used
        self.extent = Extent(tuple(cells))
        self._texts = [piece.text for piece in opening]
        self._numbers = [piece.number and piece.formula is None and piece.style in shared.plain for piece in opening]
        self._text_at = [piece.address for piece in compress(opening, self._texts)]
        self._number_at = [piece.address for piece in compress(opening, self._numbers)]
        self._styles = frozenset(piece.style for piece in compress(opening, self._numbers))
        usual = (text or number for text, number in zip(self._texts, self._numbers, strict=True))
        self._others = [(place, piece) for place, (piece, one) in enumerate(zip(opening, usual, strict=True)) if not one]
        self.formulas = [piece.formulas for piece in pieces[1:] if piece.formulas]
        self.prefix = any(piece.prefix for piece in pieces[1:])
        self.hidden = frozenset().union(*(piece.hidden for piece in pieces[1:]))

    def fill(self, first: Mapping[Address, Raw], values: Sequence[bytes], shared: Shared) -> dict[Address, Raw] | None:
        """The cells, those of the first piece before the others; None where some value is not of the usual kind."""
        if not self._styles <= shared.plain:
            return None
        strings = shared.by_digits
        try:
            texts = list(map(strings.__getitem__, compress(values, self._texts)))
            written = list(compress(values, self._numbers))
            numbers = list(map(float, written))
        except (KeyError, ValueError):
            return None
        if not all(texts) or b"".join(written).translate(None, _IN_NUMBERS) or not all(map(isfinite, numbers)):
            return None
        cells = {**first, **self._cells}
        if len(cells) < len(first) + len(self._cells):
            return None
        cells.update(zip(self._text_at, texts, strict=True))
        cells.update(zip(self._number_at, numbers, strict=True))
        for place, piece in self._others:
            if values[place] or piece.blank is None:
                shown = _shown(piece, values[place], shared)
                if shown is None:
                    del cells[piece.address]
                else:
                    cells[piece.address] = shown
        return cells

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return 2 * ENTRY + 150 * len(self._cells) + 8 * len(self.formulas)


def slot(piece: Piece) -> tuple[Address, str, int, Formula | None]:
    """The cell that a piece opens, as a key."""
    return piece.address, piece.kind, piece.style, piece.formula
