"""A worksheet part by the pieces between its values. What a piece means is worked out once: the next return made from the same form has
the same headings, formulas and blank cells, and only its values are new.

Every byte of the rows is accounted for as in `sheet_scan`: each piece is held against the same strict pattern when it is first met, and
pieces may only follow one another where the cell opened by one is closed by the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from typing import TypeAlias

from lxml import etree

from reconcile.files.raw import Address, Raw, Sheet, Uncomputed
from reconcile.files.remembered import ENTRY, Remembered, weigh_text
from reconcile.files.sheet_cells import Formula, Groups, Shared, read_address
from reconcile.files.sheet_mould import Mould
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
from reconcile.files.sheet_skeleton import Beginning, Filled, Piece, Placed, Skeleton, beginning, fill_one_by_one
from reconcile.files.xml import decode_texts, unescape_excel

_VALUE = re.compile(rb"<v>([^<]*+)</v>")
_OPEN = re.compile(OPENING + rb">(" + FORMULA + rb")?+")
_MANY = 40_000  # pieces and values on one sheet; such a sheet is no form, and is read at once
_NEW = 3000  # pieces never met before on one sheet, from which on learning them costs more than it will save
_ALIKE = 4  # sheets of as many pieces, the first and the last of them the same, that are kept apart
_MOULDS = 12  # of sheets of one name: a form for each kind of unit, and how the numbers of its texts shift with those on the cover
_BEGINNINGS = 2  # ways in which such sheets begin that are kept apart
_LONG = 256 << 10  # bytes of a piece that is not worth learning
_PIECES, _SKELETONS, _MOULDED, _FRAMES, _TEXTS, _ADDRESSES = 8 << 20, 5 << 20, 6 << 20, 3 << 20, 2 << 20, 1 << 20
"""Bytes of what is kept of each."""

_Alike: TypeAlias = tuple[list[bytes], dict[Beginning, Skeleton]]
"""The pieces of a sheet but the first, and a skeleton for each way in which it began."""


class KnownSheets:
    """What was met on earlier sheets: pieces, and what is made of whole rows of them; frames; texts in cells, and references."""

    __slots__ = ("addresses", "frames", "moulds", "pieces", "skeletons", "texts")

    def __init__(self) -> None:
        self.pieces: Remembered[bytes, Piece] = Remembered(_PIECES, lambda raw, piece: len(raw) + piece.weight)
        self.skeletons: Remembered[tuple[int, bytes, bytes], list[_Alike]] = Remembered(_SKELETONS, _weigh_alike)
        self.moulds: Remembered[str, list[Mould]] = Remembered(_MOULDED, lambda _, moulds: ENTRY + sum(one.weight for one in moulds))
        self.frames: Remembered[tuple[bytes, bytes], Frame] = Remembered(_FRAMES, _weigh_frame)
        self.texts: Remembered[bytes, str] = Remembered(_TEXTS, weigh_text)
        self.addresses: Remembered[bytes, Address] = Remembered(_ADDRESSES, lambda _, __: ENTRY)


def _weigh_alike(_: tuple[int, bytes, bytes], alike: list[_Alike]) -> int:
    """The bytes of the pieces, and for each its place in the skeletons."""
    return ENTRY + sum(ENTRY + len(raw) for raws, _ in alike for raw in raws)


def _weigh_frame(around: tuple[bytes, bytes], frame: Frame) -> int:
    return ENTRY + len(around[0]) + len(around[1]) + ENTRY * len(frame.merged) + 64 * len(frame.hidden_columns)


class WrittenFormulas(Mapping[Address, str]):
    """The formulas of a sheet by address, written out when somebody asks."""

    __slots__ = ("_placed", "_written")

    def __init__(self, placed: Sequence[Placed]) -> None:
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


def piece_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared, known: KnownSheets) -> Sheet | None:
    """The sheet by its pieces; None where they do not account for every byte of it, or where it is not worth it."""
    try:
        head, body, tail = split_sheet(data)
        frame = _framed(head, tail, known)
        filled = _moulded(body, name, shared, known) or _pieced(body, name, shared, known)
        if filled is None or (filled.prefix and not frame.prefix):
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
    )


def _moulded(body: bytes, name: str, shared: Shared, known: KnownSheets) -> Filled | None:
    """The rows as another sheet of this name had them, but for figures."""
    for mould in known.moulds.find(name) or ():
        filled = mould.fill(body, shared)
        if filled is not None:
            return filled
    return None


def _pieced(body: bytes, name: str, shared: Shared, known: KnownSheets) -> Filled | None:
    """The rows by their pieces; None for too many. A row of pieces that is met again gets a skeleton. Raises Odd where they do not fit."""
    parts = _VALUE.split(body)
    if len(parts) > _MANY:
        return None
    raws, values = parts[::2], parts[1::2]
    learning = _Learning(known)
    first, rest = learning.piece(raws[0]), raws[1:]
    key = (len(rest), rest[0], rest[-1]) if rest else (0, b"", b"")
    alike = known.skeletons.find(key)
    met = next((one for one in alike or () if one[0] == rest), None)
    if met is not None and first.opens and not first.follows:
        skeleton = _skeleton(met, first, learning, shared)
        filled = skeleton.fill(first, values, shared)
        if filled is not None:
            labels = [raws[0], *compress(values, skeleton.texts)]
            if labels == skeleton.before:
                known.moulds.keep(name, [Mould(skeleton, first, raws, values), *(known.moulds.find(name) or ())][:_MOULDS])
            skeleton.before = labels
            return filled
    pieces = [first, *map(learning.piece, rest)]
    _check_joints(pieces)
    cells = fill_one_by_one(pieces, values, shared)
    if met is None and rest:
        known.skeletons.keep(key, [(rest, {}), *(alike or ())][:_ALIKE])
    formulas = [piece.formulas for piece in pieces if piece.formulas]
    hidden = frozenset().union(*(piece.hidden for piece in pieces if piece.hidden))
    return Filled(cells, formulas, hidden, any(piece.prefix for piece in pieces))


def _skeleton(met: _Alike, first: Piece, learning: _Learning, shared: Shared) -> Skeleton:
    """What a sheet that begins with the piece `first` has in common with others. Raises Odd where a cell stands twice."""
    rest, skeletons = met
    key = beginning(first)
    skeleton = skeletons.get(key)
    if skeleton is None:
        if len(skeletons) >= _BEGINNINGS:
            skeletons.clear()
        skeleton = skeletons[key] = Skeleton([first, *map(learning.piece, rest)], shared)
    return skeleton


def _check_joints(pieces: Sequence[Piece]) -> None:
    """Raise Odd unless each piece opens the cell that the next one closes."""
    first, last = pieces[0], pieces[-1]
    if first.follows or last.opens or not all(piece.joins for piece in pieces[1:-1]):
        raise Odd
    if len(pieces) > 1 and not (first.opens and last.follows):
        raise Odd


def _framed(head: bytes, tail: bytes, known: KnownSheets) -> Frame:
    frame = known.frames.find((head, tail))
    if frame is None:
        frame = read_frame(head, tail)
        known.frames.keep((head, tail), frame)
    return frame


class _Learning:
    """The meanings of the pieces of one sheet, learned where they are new."""

    def __init__(self, known: KnownSheets) -> None:
        self._known = known
        self._new = 0

    def piece(self, raw: bytes) -> Piece:
        """What a piece means. Raises Odd where it means nothing."""
        return self._known.pieces.known.get(raw) or self._met(raw)

    def _met(self, raw: bytes) -> Piece:
        """A piece that is not at hand: met long ago, or new as a whole, while most of its rows are not."""
        kept = self._known.pieces
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
        piece = _learn(raw, self._known)
        self._known.pieces.keep(raw, piece)
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


def _learn(raw: bytes, known: KnownSheets) -> Piece:
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
    cells, placed = _whole_cells(rows, formulas, known)
    if opened is None:
        piece = Piece(cells, tuple(placed), frozenset(hidden_rows(between)), follows=follows)
        piece.prefix = PREFIX in between
        return piece
    address, formula = _address(opened[1], known), formulas[opened[4]] if opened[4] else None
    if formula is not None:
        placed.append((address, formula))
    piece = Piece(cells, tuple(placed), frozenset(hidden_rows(between)), follows=follows)
    piece.prefix = PREFIX in between
    piece.open(address, opened[3].decode() if opened[3] else "n", int(opened[2] or 0), formula)
    return piece


def _whole_cells(
    rows: Sequence[bytes], formulas: Mapping[bytes, Formula], known: KnownSheets
) -> tuple[dict[Address, Raw], list[tuple[Address, Formula]]]:
    """Cells without a stored value: texts written in the cell, and formulas nobody computed."""
    texts = _texts({inline for inline in rows[5::GROUPS] if inline}, known)
    cells: dict[Address, Raw] = {}
    placed: list[tuple[Address, Formula]] = []
    columns = (rows[group::GROUPS] for group in (1, 3, 5, 6, 8))
    for reference, kind, inline, raw, empty in zip(*columns, strict=True):
        if inline:
            if kind != b"inlineStr":
                raise Odd
            if texts[inline]:
                cells[_address(reference, known)] = texts[inline]
        elif raw is not None:
            formula, address = formulas[raw], _address(reference, known)
            if formula.group and not formula.text:
                raise Odd  # its text follows from another cell's
            cells[address] = "" if empty is not None and kind == b"str" else Uncomputed(formula.text)
            placed.append((address, formula))
    return cells, placed


def _texts(raws: set[bytes], known: KnownSheets) -> dict[bytes, str]:
    """Texts written in cells, by their bytes."""
    met = {raw: known.texts.find(raw) for raw in raws}
    new = decode_texts(raw for raw, text in met.items() if text is None)
    found = {raw: text for raw, text in met.items() if text is not None}
    for raw, text in new.items():
        found[raw] = unescape_excel(text)
        known.texts.keep(raw, found[raw])
    return found


def _address(reference: bytes, known: KnownSheets) -> Address:
    found = known.addresses.find(reference)
    if found is None:
        found = read_address(reference)
        known.addresses.keep(reference, found)
    return found
