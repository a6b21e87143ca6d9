"""Zip archives as bytes: their directory, and one entry, bounded while it grows. What an archive claims about sizes is not believed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable

from reconcile.files.raw import UnreadableWorkbook

Window = Callable[[int, int], "bytes | memoryview"]
"""Gives the bytes of an archive from an offset on, at most so many."""


def window(data: bytes) -> Window:
    """An archive held in memory."""
    view = memoryview(data)
    return lambda start, size: view[start : start + size]


def inflate(archive: Window, entry: zipfile.ZipInfo, *, limit: int) -> bytes:
    """Inflate one entry, at most `limit` bytes.

    Raises zlib.error for damage, UnreadableWorkbook for a password, an unknown method or too much content.
    """
    if entry.flag_bits & 0x1:
        raise UnreadableWorkbook("encrypted", "压缩包设了密码，无法读取。请取消密码后再报。")
    if entry.header_offset < 0:
        raise zlib.error("entry before the file begins")
    head = bytes(archive(entry.header_offset, 30))
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise zlib.error("no local header")
    start = entry.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    if entry.compress_type == zipfile.ZIP_STORED:
        content = bytes(archive(start, min(entry.compress_size, limit + 1)))
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        content = stream.decompress(archive(start, entry.compress_size), limit + 1)
        if not stream.eof and len(content) <= limit:
            raise zlib.error("cut short")
    else:
        raise UnreadableWorkbook("damaged", f"压缩方式（{entry.compress_type}）无法读取。请用普通 zip 方式重新压缩后再报。")
    if len(content) > limit:
        raise UnreadableWorkbook("too_large", f"“{entry.filename}”展开后超过 {limit >> 20} MB 的上限，未读取。请删去无关内容后再报。")
    if zlib.crc32(content) != entry.CRC:
        raise zlib.error("wrong checksum")
    return content


def zip_directory(data: bytes) -> list[zipfile.ZipInfo] | None:
    """The entries of a zip archive; None where its directory cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError):
        return None
