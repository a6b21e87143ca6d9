"""The one way in for files that somebody else put on disk: what is no regular file is not opened, and `read_regular` reads no more of it
than it may have.

A pipe would be waited for without end, a device has no end, and a size that the system tells holds for neither, nor for what grows.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from reconcile.files.raw import UnreadableWorkbook

_PIECE = 1 << 20
_WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)  # Windows has none, and no pipes in folders


def is_special(status: os.stat_result) -> bool:
    """Whether it is neither a file nor a folder: a pipe, a socket, a device."""
    return not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))


def not_regular() -> UnreadableWorkbook:
    """What to raise, or to tell, of what `is_special`."""
    return UnreadableWorkbook("not_workbook", "这不是普通文件，没有读取")


def open_regular(path: Path, *, buffering: int = -1) -> BinaryIO:
    """A file opened for reading its bytes, as `open` does. Raises OSError, and UnreadableWorkbook where it is no regular file."""
    if is_special(path.stat()):  # before it is opened, which some devices take for an order
        raise not_regular()
    file = open(path, "rb", buffering=buffering, opener=_without_waiting)  # noqa: SIM115 -- handed on open; Path.open takes no opener
    if is_special(os.fstat(file.fileno())):  # it was exchanged since
        file.close()
        raise not_regular()
    return file


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | _WITHOUT_WAITING)


def read_regular(path: Path, *, most: int) -> bytes:
    """The bytes of a file; one byte more than `most` where it has more than that. Raises as `open_regular`."""
    with open_regular(path, buffering=0) as file:
        data = file.read(min(os.fstat(file.fileno()).st_size, most) + 1)
        while len(data) <= most and (more := file.read(min(_PIECE, most + 1 - len(data)))):  # it grows, or comes in parts
            data += more
    return data
