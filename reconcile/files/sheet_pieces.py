"""A worksheet part by the pieces between its values. What a piece means is worked out once: the next return made from the same form has
the same headings, formulas and blank cells, and only its values are new.

Every byte of the rows is accounted for as in `sheet_scan`: each piece is held against the same strict pattern when it is first met, and
pieces may only follow one another where the cell opened by one is closed by the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from lxml import etree

from reconcile.files.familiar import ENTRY
from reconcile.files.raw import Address, Extent, Raw, Sheet, Uncomputed
from reconcile.files.sheet_cells import Formula, Groups, Shared, read_address
from reconcile.files.sheet_scan import (
    A_CELL,
    CELL,
    FORMULA,
    GROUPS,
    OPENING,
    PREFIX,
    Frame,
    Odd,
    hidden_rows,
    only_rows,
    read_formulas,
    read_frame,
    split_sheet,
)
from reconcile.files.sheet_skeleton import Skeleton, fill_one_by_one, slot
from reconcile.files.xml import decode_texts, unescape_excel

if TYPE_CHECKING:
    from reconcile.files.familiar import Familiar

_VALUE = re.compile(rb"<v>([^<]*+)</v>")
_OPEN = re.compile(OPENING + rb">(" + FORMULA + rb")?+")
_MANY = 40_000  # pieces and values on one sheet; such a sheet is no form, and is read at once
_NEW = 3000  # pieces never met before on one sheet, from which on learning them costs more than it will save
_ALIKE = 4  # sheets of as many pieces, the first and the last of them the same, that are kept apart
_LONG = 256 << 10  # bytes of a piece that is not worth learning

_Placed: TypeAlias = tuple[tuple[Address, Formula], ...]


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

    def __init__(self, cells: Mapping[Address, Raw], formulas: _Placed, hidden: frozenset[int], *, follows: bool) -> None:
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


class WrittenFormulas(Mapping[Address, str]):
    """The formulas of a sheet by address, written out when somebody asks."""

    __slots__ = ("_placed", "_written")

    def __init__(self, placed: Sequence[_Placed]) -> None:
        self._placed = placed
        self._written: dict[Address, str] | None = None

    def _all(self) -> dict[Address, str]:
        if self._written is None:
            groups = Groups()
            self._written = {address: groups.written(address, formula) for some in self._placed for address, formula in some}
        return self._written

    def __getitem__(self, address: Address) -> str:
        """The formula in a cell, without the leading equals sign."""
        return self._all()[address]

    def __iter__(self) -> Iterator[Address]:
        """The addresses of all formulas."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many formulas there are."""
        return len(self._all())

    def __repr__(self) -> str:
        """As the dict that it stands for."""
        return repr(self._all())


def piece_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared, familiar: Familiar) -> Sheet | None:
    """The sheet by its pieces; None where they do not account for every byte of it, or where it is not worth it."""
    try:
        head, body, tail = split_sheet(data)
        frame = _framed(head, tail, familiar)
        parts = _VALUE.split(body)
        if len(parts) > _MANY:
            return None
        filled = _filled(parts[::2], parts[1::2], shared, familiar)
        if filled.prefix and not frame.prefix:
            return None
    except (Odd, UnicodeDecodeError, etree.XMLSyntaxError):
        return None
    return Sheet(
        name=name,
        hidden=hidden,
        cells=filled.cells,
        formulas=WrittenFormulas(filled.formulas),
        merged=frame.merged,
        hidden_rows=filled.hidden,
        hidden_columns=frame.hidden_columns,
        outline=filled.outline,
    )


class _Filled(NamedTuple):
    cells: dict[Address, Raw]
    formulas: list[_Placed]
    hidden: frozenset[int]
    prefix: bool
    outline: tuple[tuple[Address, ...], Extent] | None = None


def _filled(raws: list[bytes], values: Sequence[bytes], shared: Shared, familiar: Familiar) -> _Filled:
    """The pieces with their values. A row of pieces that is met again gets a skeleton. Raises Odd where pieces do not fit together."""
    learning = _Learning(familiar)
    first, rest = learning.piece(raws[0]), raws[1:]
    key = (len(rest), rest[0], rest[-1]) if rest else (0, b"", b"")
    alike = familiar.skeletons.find(key)
    met = next((one for one in alike or () if one[0] == rest), None)
    if met is not None and first.opens and not first.follows:
        skeleton = met[1].get(slot(first))
        if skeleton is None:
            skeleton = met[1][slot(first)] = Skeleton([first, *map(learning.piece, rest)], shared)
        cells = skeleton.fill(first.cells, values, shared)
        if cells is not None:
            hidden = skeleton.hidden | first.hidden if first.hidden else skeleton.hidden
            formulas = [first.formulas, *skeleton.formulas] if first.formulas else skeleton.formulas
            return _Filled(cells, formulas, hidden, first.prefix or skeleton.prefix, (tuple(first.cells), skeleton.extent))
    pieces = [first, *map(learning.piece, rest)]
    _check_joints(pieces)
    cells = fill_one_by_one(pieces, values, shared)
    if met is None and rest:
        familiar.skeletons.keep(key, [(rest, {}), *(alike or ())][:_ALIKE])
    formulas = [piece.formulas for piece in pieces if piece.formulas]
    hidden = frozenset().union(*(piece.hidden for piece in pieces if piece.hidden))
    return _Filled(cells, formulas, hidden, any(piece.prefix for piece in pieces))


def _check_joints(pieces: Sequence[Piece]) -> None:
    """Raise Odd unless each piece opens the cell that the next one closes."""
    first, last = pieces[0], pieces[-1]
    if first.follows or last.opens or not all(piece.joins for piece in pieces[1:-1]):
        raise Odd
    if len(pieces) > 1 and not (first.opens and last.follows):
        raise Odd


def _framed(head: bytes, tail: bytes, familiar: Familiar) -> Frame:
    frame = familiar.frames.find((head, tail))
    if frame is None:
        frame = read_frame(head, tail)
        familiar.frames.keep((head, tail), frame)
    return frame


class _Learning:
    """The meanings of the pieces of one sheet, learned where they are new."""

    def __init__(self, familiar: Familiar) -> None:
        self._familiar = familiar
        self._new = 0

    def piece(self, raw: bytes) -> Piece:
        """What a piece means. Raises Odd where it means nothing."""
        return self._familiar.pieces.known.get(raw) or self._met(raw)

    def _met(self, raw: bytes) -> Piece:
        """A piece that is not at hand: met long ago, or new as a whole, while most of its rows are not."""
        kept = self._familiar.pieces
        piece = kept.find(raw)
        if piece is not None:
            return piece
        rows = [row + b"</row>" for row in raw.split(b"</row>")]
        rows[-1] = rows[-1][:-6]
        if len(rows) == 1:
            return self._learned(raw)
        before = self._new
        pieces = [kept.find(row) or self._learned(row) for row in rows]
        piece = _joined(pieces)
        if self._new - before in (0, len(rows)):  # otherwise one row differs from file to file, and the whole will not come again
            kept.keep(raw, piece)
        return piece

    def _learned(self, raw: bytes) -> Piece:
        self._new += 1
        if self._new > _NEW or len(raw) > _LONG:
            raise Odd
        piece = _learn(raw, self._familiar)
        self._familiar.pieces.keep(raw, piece)
        return piece


def _joined(pieces: Sequence[Piece]) -> Piece:
    """Pieces that follow one another, between whole rows. Raises Odd where a row is cut."""
    first, last = pieces[0], pieces[-1]
    if any(piece.follows for piece in pieces[1:]) or any(piece.opens for piece in pieces[:-1]):
        raise Odd
    cells: dict[Address, Raw] = {}
    for piece in pieces:
        cells.update(piece.cells)
    formulas = tuple(placed for piece in pieces for placed in piece.formulas)
    joined = Piece(cells, formulas, frozenset().union(*(piece.hidden for piece in pieces)), follows=first.follows)
    joined.prefix = any(piece.prefix for piece in pieces)
    if last.opens:
        joined.open(last.address, last.kind, last.style, last.formula)
    return joined


def _learn(raw: bytes, familiar: Familiar) -> Piece:
    """What a piece means, by its bytes alone. Raises Odd, UnicodeDecodeError or lxml.etree.XMLSyntaxError where that cannot be told."""
    at = raw.rfind(b"<c ")
    opened = _OPEN.fullmatch(raw, at) if at >= 0 else None
    rest = raw if opened is None else raw[:at]
    follows = rest.startswith(b"</c>")
    rows = CELL.split(rest[4:] if follows else rest)
    between = A_CELL.join(rows[::GROUPS])
    if not only_rows((b"<row>" if follows else b"") + between + (b"</row>" if opened else b"")):
        raise Odd
    formulas = read_formulas({*(found for found in rows[6::GROUPS] if found is not None), *([opened[4]] if opened and opened[4] else [])})
    cells, placed = _whole_cells(rows, formulas, familiar)
    if opened is None:
        piece = Piece(cells, tuple(placed), frozenset(hidden_rows(between)), follows=follows)
        piece.prefix = PREFIX in between
        return piece
    address, formula = _address(opened[1], familiar), formulas[opened[4]] if opened[4] else None
    if formula is not None:
        placed.append((address, formula))
    piece = Piece(cells, tuple(placed), frozenset(hidden_rows(between)), follows=follows)
    piece.prefix = PREFIX in between
    piece.open(address, opened[3].decode() if opened[3] else "n", int(opened[2] or 0), formula)
    return piece


def _whole_cells(
    rows: Sequence[bytes], formulas: Mapping[bytes, Formula], familiar: Familiar
) -> tuple[dict[Address, Raw], list[tuple[Address, Formula]]]:
    """Cells without a stored value: texts written in the cell, and formulas nobody computed."""
    texts = _texts({inline for inline in rows[5::GROUPS] if inline}, familiar)
    cells: dict[Address, Raw] = {}
    placed: list[tuple[Address, Formula]] = []
    columns = (rows[group::GROUPS] for group in (1, 3, 5, 6, 8))
    for reference, kind, inline, raw, empty in zip(*columns, strict=True):
        if inline:
            if kind != b"inlineStr":
                raise Odd
            if texts[inline]:
                cells[_address(reference, familiar)] = texts[inline]
        elif raw is not None:
            formula, address = formulas[raw], _address(reference, familiar)
            if formula.group and not formula.text:
                raise Odd  # its text follows from another cell's
            cells[address] = "" if empty is not None and kind == b"str" else Uncomputed(formula.text)
            placed.append((address, formula))
    return cells, placed


def _texts(raws: set[bytes], familiar: Familiar) -> dict[bytes, str]:
    """Texts written in cells, by their bytes."""
    known = {raw: familiar.texts.find(raw) for raw in raws}
    new = decode_texts(raw for raw, text in known.items() if text is None)
    found = {raw: text for raw, text in known.items() if text is not None}
    for raw, text in new.items():
        found[raw] = unescape_excel(text)
        familiar.texts.keep(raw, found[raw])
    return found


def _address(reference: bytes, familiar: Familiar) -> Address:
    found = familiar.addresses.find(reference)
    if found is None:
        found = read_address(reference)
        familiar.addresses.keep(reference, found)
    return found
