"""Reads .xls with xlrd and answers in JSON: what a `Deputy` does in the stead of `xls`.

It imports nothing of the package. Each answer is a packed JSON object: `error` (memory, cells, encrypted, refused, damaged) with `detail`,
or `sheets`, `formats`, `epoch1904` and `links` (external, dde).
"""

from __future__ import annotations

import io
import json
import zlib
from typing import Any

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


def answer(data: bytes, most: str) -> bytes:
    """What there is in one .xls file of at most `most` cells, or why it is not told."""
    return zlib.compress(json.dumps(read(data, most=int(most))).encode(), 1)


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
