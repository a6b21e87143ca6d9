"""One entry of a zip archive, bounded while it grows. What an archive claims about sizes is not believed."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable

from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.zip_directory import Packed

_MOST_GROWTH = 1032  # to how many bytes deflate can turn one

Window = Callable[[int, int], "bytes | memoryview"]
"""Gives the bytes of an archive from an offset on, at most so many."""


def window(data: bytes) -> Window:
    """An archive held in memory."""
    view = memoryview(data)
    return lambda start, size: view[start : start + size]


def inflate(archive: Window, entry: Packed, *, limit: int) -> bytes:
    """Inflate one entry, at most `limit` bytes.

    Raises zlib.error for damage, UnreadableWorkbook for a password, an unknown method or too much content.
    """
    return inflated(packed(archive, entry, limit=limit), entry, limit=limit)


def packed(archive: Window, entry: Packed, *, limit: int) -> bytes | memoryview:
    """The bytes of one entry as they stand in the archive; of a stored one not many more than `limit`. Raises as `inflate` does."""
    if entry.flag_bits & 0x1:
        raise UnreadableWorkbook("encrypted", "压缩包设了密码，无法读取。请取消密码后再报。")
    if entry.header_offset < 0:
        raise zlib.error("entry before the file begins")
    head = bytes(archive(entry.header_offset, 30))
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise zlib.error("no local header")
    start = entry.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableWorkbook("damaged", f"压缩方式（{entry.compress_type}）无法读取。请用普通 zip 方式重新压缩后再报。")
    size = entry.compress_size
    return archive(start, size if entry.compress_type == zipfile.ZIP_DEFLATED else min(size, limit + 1))


def inflated(content: bytes | memoryview, entry: Packed, *, limit: int) -> bytes:
    """What the bytes of an entry hold: a function of them, of the entry's method and of its checksum. Raises as `inflate` does."""
    if entry.compress_type == zipfile.ZIP_STORED:
        made = bytes(content)
    elif len(content) * _MOST_GROWTH <= limit:  # the common case in one call, which cannot outgrow the limit
        made = zlib.decompress(content, -zlib.MAX_WBITS, max(1, min(entry.file_size, len(content) * _MOST_GROWTH)))
    else:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        made = stream.decompress(content, limit + 1)
        if not stream.eof and len(made) <= limit:
            raise zlib.error("cut short")
    if len(made) > limit:
        raise UnreadableWorkbook("too_large", f"“{entry.filename}”展开后超过 {limit >> 20} MB 的上限，未读取。请删去无关内容后再报。")
    if zlib.crc32(made) != entry.CRC:
        raise zlib.error("wrong checksum")
    return made
