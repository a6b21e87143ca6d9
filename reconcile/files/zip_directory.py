"""The directory of a zip archive. Archives as every office program writes them take a short way; whatever is odd is left to zipfile."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import BinaryIO, NamedTuple, Protocol

MAX_DIRECTORY = 4 << 20  # bytes: 40,000 entries with names of common length, each of which takes zipfile 700 bytes of memory

_END = struct.Struct("<4s4H2LH")
_HEADER = struct.Struct("<4s2x3H4x3L4H6xL")  # of an entry, without what nobody asks for
_NEWEST = 63  # the version of the format that zipfile knows
_IN_ZIP64 = 0xFFFFFFFF
_MOST = 0xFFFF


class CrowdedArchive(zipfile.BadZipFile):
    """The directory is larger than any archive of returns has; nobody reads it."""


class Guarded(io.RawIOBase):
    """An archive for zipfile, which believes what an archive says about the size of its directory, and would list millions of entries."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def seekable(self) -> bool:
        """Whether one can go to any place in it."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place; its offset from the beginning comes back."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place where reading goes on."""
        return self._file.tell()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; without `size` all that are left. Raises CrowdedArchive where more are asked for than a directory has."""
        if size > MAX_DIRECTORY:
            raise CrowdedArchive
        return self._file.read(size)


class Packed(Protocol):
    """One entry of an archive, as its directory has it: nothing of this is to be believed."""

    @property
    def filename(self) -> str: ...
    @property
    def flag_bits(self) -> int: ...
    @property
    def compress_type(self) -> int: ...
    @property
    def CRC(self) -> int: ...  # noqa: N802 -- the name that zipfile gave it
    @property
    def compress_size(self) -> int: ...
    @property
    def file_size(self) -> int: ...
    @property
    def header_offset(self) -> int: ...


class Entry(NamedTuple):
    """One entry, with the names that zipfile.ZipInfo has for the same things."""

    filename: str
    flag_bits: int
    compress_type: int
    CRC: int
    compress_size: int
    file_size: int
    header_offset: int


class Directory(NamedTuple):
    """`parts`: entries by name, in lower case with forward slashes, the last of equal names. `entries`: how many there are."""

    parts: Mapping[str, Packed]
    entries: int


def read_directory(data: bytes) -> Directory | None:
    """The directory of an archive; None where it cannot be read."""
    entries: Sequence[Packed] | None = _entries(data)
    if entries is None:
        entries = zip_directory(data)
    if entries is None:
        return None
    return Directory({part_name(entry.filename): entry for entry in entries}, len(entries))


def part_name(filename: str) -> str:
    """The name of a part: lower case, forward slashes, none before it."""
    return filename.replace("\\", "/").lstrip("/").lower()


def zip_directory(data: bytes) -> list[zipfile.ZipInfo] | None:
    """The entries of a zip archive by zipfile; None where its directory cannot be read."""
    try:
        with zipfile.ZipFile(Guarded(io.BytesIO(data))) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError):
        return None


def _entries(data: bytes) -> list[Entry] | None:
    """The entries of an archive that begins where the file begins and ends with its directory; None for any other, and for odd entries."""
    place = len(data) - _END.size
    if place < 0 or data[place : place + 4] != b"PK\x05\x06":
        return None
    _, disk, start_disk, here, count, size, at, comment = _END.unpack_from(data, place)
    if disk or start_disk or comment or here != count or count == _MOST or at + size != place:
        return None
    entries = []
    for _ in range(count):
        if at + _HEADER.size > place:
            return None
        head, needed, flags, method, crc, packed, size, named, extra, said, volume, offset = _HEADER.unpack_from(data, at)
        name = data[at + 46 : at + 46 + named]
        at += 46 + named + extra + said
        if head != b"PK\x01\x02" or (needed & 0xFF) > _NEWEST or _IN_ZIP64 in (packed, size, offset) or volume or at > place:
            return None
        if not name or not name.isascii() or b"\x00" in name:
            return None
        entries.append(Entry(name.decode("ascii"), flags, method, crc, packed, size, offset))
    return entries if at == place else None
