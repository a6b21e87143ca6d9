"""The parts of an Office package, inflated under caps. Everything an archive claims about itself is distrusted."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from reconcile.files.inflate import inflated, packed, window
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.zip_directory import Directory, Packed, read_directory

if TYPE_CHECKING:
    from reconcile.files.remembered import Remembered, Sealed

MAX_PART = 64 << 20  # bytes of one part once inflated
MAX_TOTAL = 200 << 20  # bytes of all parts that are read
MAX_ENTRIES = 2000
MAX_TAGS = 4_000_000  # tags in all large parts; a full workbook has six a cell, and each takes time, whatever it says
MAX_SMALL = 24 << 20  # bytes of a part that is parsed whole (styles, relations), which takes fourteen times its size
_LARGE = 4 << 20  # bytes of a part whose tags are counted
SAVE_AGAIN = "请用 Excel 或 WPS 打开后另存为 .xlsx 再报。"

_Meaning = TypeVar("_Meaning")


class Package:
    """The parts of one archive by their lower-case names with forward slashes. Raises UnreadableWorkbook for anything over a cap.

    `directory`: where somebody has read it already.
    """

    def __init__(self, data: bytes, directory: Directory | None = None) -> None:
        self._window = window(data)
        self._read = self._tags = 0
        directory = directory or read_directory(data)
        if directory is None:
            raise UnreadableWorkbook("damaged", f"文件不完整或已损坏（压缩包目录读不出）。请重新发送，或{SAVE_AGAIN[1:]}")
        if directory.entries > MAX_ENTRIES:
            raise UnreadableWorkbook("too_large", f"文件内有 {directory.entries} 个部件，超过上限 {MAX_ENTRIES} 个，未读取。{SAVE_AGAIN}")
        if len(directory.parts) < directory.entries:  # programs differ about which counts, and people would see other figures
            raise UnreadableWorkbook("damaged", f"文件内有重名的部件，不知以哪一个为准，未读取。{SAVE_AGAIN}")
        self._entries = directory.parts

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def names(self) -> Iterator[str]:
        """Names of all parts, in lower case."""
        return iter(self._entries)

    def part(self, name: str) -> bytes:
        """One part, inflated. Raises UnreadableWorkbook where it is missing, damaged, encrypted or too large."""
        entry, sealed = self._sealed(name)
        return self._opened(name, entry, sealed)

    def meaning(self, name: str, kept: Remembered[Sealed, tuple[int, _Meaning]], read: Callable[[str, bytes], _Meaning]) -> _Meaning:
        """What `read(name, content)` makes of one part. A part that was met before, byte for byte, is not even inflated.

        Raises what `part` and `read` raise.
        """
        entry, sealed = self._sealed(name)
        key = (name, entry.compress_type, entry.CRC, bytes(sealed))
        known = kept.find(key)
        if known is not None:
            self._count(known[0])
            return known[1]
        content = self._opened(name, entry, sealed)
        if len(content) > MAX_SMALL:
            raise UnreadableWorkbook("too_large", f"工作簿的部件 {name} 超过 {MAX_SMALL >> 20} MB 的上限，未读取。{SAVE_AGAIN}")
        meaning = read(name, content)
        kept.keep(key, (len(content), meaning))
        return meaning

    def _sealed(self, name: str) -> tuple[Packed, bytes | memoryview]:
        """The entry of a part, and its bytes as they stand in the archive."""
        entry = self._entries.get(name.lower())
        if entry is None:
            raise UnreadableWorkbook("damaged", f"工作簿缺少部件 {name}。{SAVE_AGAIN}")
        try:
            return entry, packed(self._window, entry, limit=MAX_PART)
        except zlib.error as error:
            raise _damaged(name) from error

    def _opened(self, name: str, entry: Packed, sealed: bytes | memoryview) -> bytes:
        try:
            content = inflated(sealed, entry, limit=MAX_PART)
        except zlib.error as error:
            raise _damaged(name) from error
        self._count(len(content))
        if len(content) > _LARGE:
            self._tags += content.count(b"<")
            if self._tags > MAX_TAGS:
                raise UnreadableWorkbook("too_large", f"工作簿的内容过多（部件 {name}），未读取。请删去无关内容后另存再报。")
        return content

    def _count(self, size: int) -> None:
        self._read += size
        if self._read > MAX_TOTAL:
            raise UnreadableWorkbook("too_large", f"工作簿展开后超过 {MAX_TOTAL >> 20} MB 的上限，未读取。请删去无关内容后另存再报。")


def _damaged(name: str) -> UnreadableWorkbook:
    return UnreadableWorkbook("damaged", f"工作簿的部件 {name} 已损坏。{SAVE_AGAIN}")
