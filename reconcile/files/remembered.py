"""Answers that a reader keeps, by what they were worked out from.

A key is the whole of what its answer was worked out from, so that nothing kept can change what is read. Room is bounded, so that files
that share nothing with one another cost no more than being read without it. Weights are in bytes and err on the high side: what is really
taken is less, which a test measures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

Sealed: TypeAlias = tuple[str, int, int, bytes]
"""A part as it stands in the archive: name, method, checksum, packed bytes. What it means is a function of these."""

ENTRY = 200  # bytes that an entry takes beside its key and value: its place in a dict, and the objects' own heads


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


def weigh_text(raw: bytes, text: str) -> int:
    """About how many bytes a text takes beside those that it was read from: no character takes more than four."""
    return ENTRY + len(raw) + 4 * len(text)
