"""Sheets that differ in nothing but figures: the bytes between these are held against the whole sheet, and only figures are taken out.

A mould is made of a sheet that was read by its pieces. What fits it is the same, byte for byte, but for what stands in some `<v>` elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from operator import itemgetter
from typing import TYPE_CHECKING

from reconcile.files.remembered import ENTRY

if TYPE_CHECKING:
    from reconcile.files.sheet_cells import Shared
    from reconcile.files.sheet_skeleton import Filled, Piece, Skeleton


class Mould:
    """A sheet of a skeleton with its texts in place: what remains open are numbers, and others that a skeleton looks at one by one."""

    __slots__ = ("_first", "_last", "_numbers", "_others", "_skeleton", "_spans", "_strings")

    def __init__(self, skeleton: Skeleton, first: Piece, raws: Sequence[bytes], values: Sequence[bytes]) -> None:
        self._skeleton, self._first = skeleton, first
        self._strings = _strings([int(value) for value in compress(values, skeleton.texts)])
        self._numbers = [number for number, text in zip(skeleton.numbers, skeleton.texts, strict=True) if not text]
        self._others = [not number for number in self._numbers]
        self._spans: list[tuple[bytes, int]] = []
        span = [raws[0], b"<v>"]
        for value, text, raw in zip(values, skeleton.texts, raws[1:], strict=True):
            if not text:
                joined = b"".join(span)
                self._spans.append((joined, len(joined)))
                span = []
            else:
                span.append(value)
            span += (b"</v>", raw, b"<v>")
        self._last = b"".join(span[:-1])

    def fill(self, body: bytes, shared: Shared) -> Filled | None:
        """The rows of a sheet; None where they are not of this mould."""
        values = self._open(body)
        if values is None:
            return None
        try:
            texts = self._strings(shared.strings)
        except IndexError:
            return None
        numbers, others = list(compress(values, self._numbers)), list(compress(values, self._others))
        return self._skeleton.put(self._first, texts, numbers, others, shared)

    def _open(self, body: bytes) -> list[bytes] | None:
        """What stands in the open places; None unless every other byte is as it should be. A span begins where the value before it ends."""
        at = 0
        values = []
        for span, length in self._spans:
            if not body.startswith(span, at):
                return None
            at += length
            end = body.find(b"<", at)
            values.append(body[at:end])
            at = end
        return values if at >= 0 and body[at:] == self._last else None

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with the skeleton that it may be the last to hold."""
        return ENTRY + len(self._last) + sum(ENTRY // 2 + length for _, length in self._spans) + ENTRY // 2 * len(self._skeleton.texts)


def _strings(numbers: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Takes the strings of these numbers out of all shared strings."""
    if len(numbers) > 1:
        return itemgetter(*numbers)
    return lambda strings: tuple([strings[number] for number in numbers])  # of one number itemgetter would not give a tuple
