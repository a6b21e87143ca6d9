"""What one reader of many files met before. Returns made from one form share most of their bytes, and shared bytes are worked out once.

Nothing here can change how a file is read: a key is the whole of what an answer was worked out from, and the answer depends on nothing
else. Room is bounded, so that files that share nothing with one another cost no more than being read without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from reconcile.files.number_format import FormatKind
    from reconcile.files.raw import Address
    from reconcile.files.sheet_pieces import Piece
    from reconcile.files.sheet_scan import Frame
    from reconcile.files.sheet_skeleton import Skeleton
    from reconcile.files.xlsx_parts import Book, Relation

Key = TypeVar("Key")
Value = TypeVar("Value")

Sealed: TypeAlias = tuple[str, int, int, bytes]
"""A part as it stands in the archive: name, method, checksum, packed bytes. What it means is a function of these."""

Alike: TypeAlias = "tuple[list[bytes], dict[tuple[object, ...], Skeleton]]"
"""The pieces of a sheet but the first, and a skeleton for each cell that the first one opened."""

ENTRY = 200  # bytes that an entry takes beside its key and value: its place in a dict, and the objects' own heads
_PIECES, _SKELETONS, _FRAMES, _STRINGS, _SMALL = 8 << 20, 6 << 20, 3 << 20, 2 << 20, 1 << 20
"""Room in bytes: for pieces, skeletons, frames, shared strings (and as much again for texts in cells), and each of the rest. All together
stay well under 32 MB."""
_COUNTED = 10_000


class Remembered(Generic[Key, Value]):
    """Answers by what they were worked out from. Where `room` (bytes) is used up, the half that was not asked for lately is forgotten."""

    __slots__ = ("_before", "_earlier", "_room", "_used", "_weigh", "known")

    def __init__(self, room: int, weigh: Callable[[Key, Value], int]) -> None:
        self.known: dict[Key, Value] = {}
        self._earlier: dict[Key, Value] = {}
        self._room = room // 2
        self._used = self._before = 0
        self._weigh = weigh

    @property
    def weight(self) -> int:
        """How much of the room is used."""
        return self._used + self._before

    def find(self, key: Key) -> Value | None:
        """The answer; None where it is not known (any more)."""
        found = self.known.get(key)
        if found is None and (found := self._earlier.get(key)) is not None:
            self.keep(key, found)
        return found

    def keep(self, key: Key, value: Value) -> None:
        """Remember an answer; one that would fill the room by itself is not kept."""
        weight = self._weigh(key, value)
        if weight > self._room // 4:
            return
        self._used += weight
        if self._used > self._room:
            self._earlier, self._before = self.known, self._used - weight
            self.known, self._used = {}, weight
        self.known[key] = value


class Familiar:
    """The memory of one reader: parts of workbooks, shared strings, and pieces of sheets. Not to be shared between threads."""

    __slots__ = (
        *("_digits", "addresses", "books", "ends", "formats", "frames"),
        *("pieces", "relations", "skeletons", "strings", "texts"),
    )

    def __init__(self) -> None:
        self.pieces: Remembered[bytes, Piece] = Remembered(_PIECES, lambda raw, piece: len(raw) + piece.weight)
        self.skeletons: Remembered[tuple[int, bytes, bytes], list[Alike]] = Remembered(_SKELETONS, _weigh_alike)
        self.addresses: Remembered[bytes, Address] = Remembered(_SMALL, lambda _, __: ENTRY)
        self.strings: Remembered[bytes, str] = Remembered(_STRINGS, _weigh_text)
        self.texts: Remembered[bytes, str] = Remembered(_STRINGS, _weigh_text)
        self.frames: Remembered[tuple[bytes, bytes], Frame] = Remembered(_FRAMES, _weigh_frame)
        self.ends: Remembered[tuple[bytes, bytes], bool] = Remembered(_SMALL, lambda ends, _: ENTRY + len(ends[0]) + len(ends[1]))
        self.formats: Remembered[Sealed, tuple[int, tuple[FormatKind, ...]]] = Remembered(_SMALL, _weigh_part)
        self.relations: Remembered[Sealed, tuple[int, tuple[Relation, ...]]] = Remembered(_SMALL, _weigh_part)
        self.books: Remembered[Sealed, tuple[int, Book]] = Remembered(_SMALL, _weigh_part)
        self._digits: list[bytes] = []

    def by_digits(self, strings: Sequence[str]) -> dict[bytes, str]:
        """The shared strings by their numbers as cells write them. Of very many, only the first: the others are found by counting."""
        count = min(len(strings), _COUNTED)
        if len(self._digits) < count:
            self._digits = [b"%d" % number for number in range(count)]
        return dict(zip(self._digits, strings, strict=False))


def _weigh_text(raw: bytes, text: str) -> int:
    return ENTRY + len(raw) + 4 * len(text)


def _weigh_alike(_: tuple[int, bytes, bytes], alike: list[Alike]) -> int:
    """The bytes of the pieces, and for each its place in the skeleton."""
    return ENTRY + sum(ENTRY + len(raw) for raws, _ in alike for raw in raws)


def _weigh_frame(around: tuple[bytes, bytes], frame: Frame) -> int:
    return ENTRY + len(around[0]) + len(around[1]) + ENTRY * len(frame.merged) + 64 * len(frame.hidden_columns)


def _weigh_part(sealed: Sealed, known: tuple[int, object]) -> int:
    """What a part means takes no more room than its own markup did."""
    return 2 * ENTRY + len(sealed[3]) + known[0]
