"""The other side of `xls`: a process of its own that reads .xls with xlrd and answers in JSON.

It is started as a plain script and imports nothing of the package, so that it starts in a moment and can be killed at any time. Each
request is eight bytes of length (little endian) and the file; each answer eight bytes of length and a packed JSON object: `error` (memory,
cells, encrypted, refused, damaged) with `detail`, or `sheets`, `formats`, `epoch1904` and `links` (external, dde).
"""

from __future__ import annotations

import contextlib
import io
import json
import struct
import sys
import zlib
from typing import Any, BinaryIO

import xlrd
from xlrd.book import SUPBOOK_DDEOLE, SUPBOOK_EXTERNAL

# From strict to lenient. Some writers lay the file out oddly (xlrd calls that corruption, Excel opens it); some formats are broken while
# the figures are sound.
_ATTEMPTS: tuple[dict[str, bool], ...] = (
    {"formatting_info": True},
    {"formatting_info": True, "ignore_workbook_corruption": True},
    {"ignore_workbook_corruption": True},
)


_LINKS = ((SUPBOOK_EXTERNAL, "external"), (SUPBOOK_DDEOLE, "dde"))


class TooManyCells(Exception):  # noqa: N818 -- a signal within this script
    """The workbook holds more cells than the other side takes."""


def read(data: bytes, *, most: int) -> dict[str, Any]:
    """Read one .xls file of at most `most` cells into plain values."""
    failure = ""
    for attempt in _ATTEMPTS:
        try:
            return _read(data, attempt, most)
        except TooManyCells:
            return {"error": "cells", "detail": ""}
        except MemoryError:
            return {"error": "memory", "detail": ""}
        except xlrd.XLRDError as error:
            return {"error": "encrypted" if "encrypted" in str(error).lower() else "refused", "detail": str(error)}
        except Exception as error:  # noqa: BLE001 -- xlrd promises nothing about damaged files; what it raises is an answer here
            failure = type(error).__name__
    return {"error": "damaged", "detail": failure}


def _read(data: bytes, options: dict[str, bool], most: int) -> dict[str, Any]:
    book = xlrd.open_workbook(file_contents=data, ragged_rows=True, logfile=io.StringIO(), **options)
    sheets = []
    for sheet in book.sheets():
        sheets.append(_sheet(sheet, most))
        most -= len(sheets[-1]["cells"])
    return {
        "epoch1904": book.datemode == 1,
        "formats": [[xf.format_key, _format_text(book, xf.format_key)] for xf in book.xf_list],
        "sheets": sheets,
        "links": [word for kind, word in _LINKS if kind in book._supbook_types],
    }


def _format_text(book: Any, key: int) -> str | None:
    """The text of a format that the file declares; None for the built-in ones."""
    declared = book.format_map.get(key)
    return declared.format_str if declared is not None and key > 163 else None


def _sheet(sheet: Any, most: int) -> dict[str, Any]:
    cells: list[list[Any]] = []
    for row in range(sheet.nrows):
        if len(cells) > most:
            raise TooManyCells
        kinds, values = sheet.row_types(row), sheet.row_values(row)
        for column, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) or value == "":
                continue
            shown = xlrd.error_text_from_code.get(value, "#N/A") if kind == xlrd.XL_CELL_ERROR else value
            style = sheet.cell_xf_index(row, column) if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE) and sheet.formatting_info else -1
            cells.append([row + 1, column + 1, kind, shown, style])
    return {
        "name": sheet.name,
        "hidden": sheet.visibility != 0,
        "cells": cells,
        "merged": [[top + 1, left + 1, bottom, right] for top, bottom, left, right in sheet.merged_cells],
        "hidden_rows": [row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden],
        "hidden_columns": [column + 1 for column, info in sheet.colinfo_map.items() if info.hidden],
    }


def serve(requests: BinaryIO, answers: BinaryIO, *, most: int) -> None:
    """Answer until the other side closes."""
    while len(head := requests.read(8)) == 8:
        (length,) = struct.unpack("<Q", head)
        answer = zlib.compress(json.dumps(read(requests.read(length), most=most)).encode(), 1)
        answers.write(struct.pack("<Q", len(answer)) + answer)
        answers.flush()


def limit_memory(size: int) -> None:
    """Let this process have `size` bytes and no more, where the system can."""
    try:
        import resource  # absent on Windows
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    limit_memory(int(sys.argv[1]))
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing but answers on the pipe
    serve(sys.stdin.buffer, out, most=int(sys.argv[2]))
