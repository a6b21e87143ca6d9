"""Plant faults in the sample returns as a clerk makes them: by typing into cells, or by sending the wrong file."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from books import moved_book
from county import County, Planted
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from reconcile.files.safe import workbook_bytes
from reconcile.scheme.form import COLUMNS, COVER_LABELS, FIRST_ROW, Role, plan

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_TOTALLED = ("C004", "C006", "D001", "D002", "D016", "D017", "B009", "B013")


class Fault(NamedTuple):
    """A line of faults.csv: what must be found, and where; sheet and cell are "" where it is about the whole file."""

    what: str
    file: str
    sheet: str
    cell: str
    rule: str
    tier: str


def plant(books: dict[str, Workbook | bytes], county: County) -> list[Fault]:
    """Change the books (file -> workbook) as planted.csv says; what is to be found in them."""
    files = {sent.unit: sent.file for sent in county.sent}
    found = []
    for one in county.planted:
        file = files[one.unit]
        if one.at.startswith("file:"):
            places = _FILE_FAULTS[one.at.removeprefix("file:")](books, file, one, county)
        else:
            book = books[file]
            if isinstance(book, bytes):
                raise ValueError(f"{file}: no cell can be typed into")
            cell = _cell(book, one, county)
            type_into(cell, one.typed)
            whole = one.at.startswith("cover:")
            places = [(file, "", "")] if whole else [(file, str(cell.parent.title), str(cell.coordinate))]
        found.extend(Fault(one.what, *place, one.rule, one.tier) for place in places)
    return found


def type_into(cell: Cell, typed: str) -> None:
    """Leave in a cell what typing does: a number, a text, a formula, an error, a date that Excel made of 3-5."""
    cell._style = copy(cell._style)  # the form's cells share their styles; openpyxl would change the format of them all
    if typed.startswith("#"):
        cell.value, cell.data_type = typed, "e"
    elif typed.startswith("date:"):
        cell.value, cell.number_format = date.fromisoformat(typed.removeprefix("date:")), "yyyy-mm-dd"
    elif _NUMBER.fullmatch(typed):
        cell.value, cell.number_format = (int(typed) if typed.lstrip("-").isdigit() else float(typed)), "General"
    else:
        cell.value = typed


def _cell(book: Workbook, one: Planted, county: County) -> Cell:
    """The cell that a line of planted.csv speaks of."""
    laid_out = plan(county.scheme, (county.units[one.unit].kind,))
    if one.at.startswith("cover:"):
        label = COVER_LABELS[one.at.removeprefix("cover:")][0]
        found = next(cell for row in book[laid_out.cover].iter_rows() for cell in row if cell.value == label)
        return found.offset(column=1)
    if one.at.startswith("list:"):
        _, name, number, column = one.at.split(":")
        columns = [each.column for each in county.scheme.rosters[name].columns]
        place = f"{get_column_letter(columns.index(column) + 2)}{FIRST_ROW + int(number) - 1}"
        return book[laid_out.lists[name]][place]
    sheet, row = laid_out.rows[one.at]
    return book[sheet].cell(row=row, column=COLUMNS[Role.VALUE])


_Places = list[tuple[str, str, str]]
"""File, sheet and cell of what is to be found."""


def _send_twice(books: dict[str, Workbook | bytes], file: str, one: Planted, county: County) -> _Places:
    """The same return once more with another figure (`typed` is code=figure) and the same date on the cover."""
    code, _, figure = one.typed.partition("=")
    again = _copied(books[file])
    type_into(_cell(again, Planted("", one.unit, code, "", "", ""), county), figure)
    other = file.replace(".xlsx", "（2）.xlsx")
    books[other] = again
    return [(file, "", ""), (other, "", "")]


def _cut_short(books: dict[str, Workbook | bytes], file: str, _one: Planted, _county: County) -> _Places:
    """The mail was cut off: the first half of the file."""
    book = books[file]
    data = book if isinstance(book, bytes) else workbook_bytes(book)
    books[file] = data[: len(data) // 2]
    return [(file, "", "")]


def _move(books: dict[str, Workbook | bytes], file: str, _one: Planted, _county: County) -> _Places:
    """Rows and columns moved: nothing must be found."""
    book = books[file]
    if not isinstance(book, bytes):
        books[file] = moved_book(book)
    return [(file, "", "")]


def _send_total(books: dict[str, Workbook | bytes], file: str, one: Planted, county: County) -> _Places:
    """The town sends its own totals too, one of them (`typed` is code=figure) not the sum of its units."""
    code, _, figure = one.typed.partition("=")
    below = [sent.unit for sent in county.sent if sent.file and sent.unit in county.units.subtree(one.unit)]
    totals = {each: round(sum(county.figure(unit, each) for unit in below), 4) for each in _TOTALLED} | {code: float(figure)}
    other = f"{file.rsplit('/', 1)[0]}/{county.units[one.unit].name}全镇汇总.xlsx"
    books[other] = county.total_book(one.unit, filled_on="2023-07-06", figures=totals)
    kinds = {county.units[unit].kind for unit in county.units.subtree(one.unit)}
    sheet, row = plan(county.scheme, kinds).rows[code]
    return [(other, sheet, f"{get_column_letter(COLUMNS[Role.VALUE])}{row}")]


_FILE_FAULTS: dict[str, Callable[[dict[str, Workbook | bytes], str, Planted, County], _Places]] = {
    "twice": _send_twice,
    "truncated": _cut_short,
    "moved": _move,
    "total": _send_total,
}


def _copied(book: Workbook | bytes) -> Workbook:
    if isinstance(book, bytes):
        return load_workbook(BytesIO(book))
    return load_workbook(BytesIO(workbook_bytes(book)))
