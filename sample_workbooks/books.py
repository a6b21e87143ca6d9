"""Other shapes in which a clerk sends a filled form: an old .xls, a form with rows and columns moved, two files in one archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

import xlwt
from openpyxl import Workbook

from reconcile.files.safe import put
from reconcile.scheme.form import FIRST_ROW, HEADING_ROW

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_FIXED_DAY = (2023, 7, 8, 9, 0, 0)


def old_book(workbook: Workbook) -> bytes:
    """The same sheets and values as an .xls file (Excel 97). Formulas are left out: what they would show was never typed."""
    made = xlwt.Workbook(encoding="utf-8")
    days = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for sheet in workbook.worksheets:
        copy = made.add_sheet(sheet.title)
        copy.visibility = 0 if sheet.sheet_state == "visible" else 1
        for row, column, value in _values(sheet):
            if isinstance(value, date):
                copy.write(row - 1, column - 1, datetime(value.year, value.month, value.day), days)
            else:
                copy.write(row - 1, column - 1, value)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def moved_book(workbook: Workbook) -> Workbook:
    """The same answers after a clerk rebuilt the sheets: two rows more on top, an empty column in front, and a remark between the rows."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for sheet in workbook.worksheets:
        copy = made.create_sheet(sheet.title)
        copy.sheet_state = sheet.sheet_state
        hidden = sheet.sheet_state != "visible"
        coded = sheet.cell(row=HEADING_ROW, column=1).value == "指标代码"
        if not hidden:
            put(copy, 1, 2, "本单位自用格式，请对照原表。")
        for row, column, value in _values(sheet):
            lower = 0 if hidden else 2 + (coded and row >= FIRST_ROW + 4)  # the remark stands above the fifth figure
            put(copy, row + lower, column + (not hidden), value)
        if coded and sheet.max_row >= FIRST_ROW + 4:
            put(copy, FIRST_ROW + 4 + 2, 3, "（以下由财务室提供）")
    return made


def _values(sheet: Worksheet) -> list[tuple[int, int, str | float | date]]:
    """Row, column and value of every filled cell that holds no formula."""
    return [
        (cell.row, cell.column, cell.value)
        for line in sheet.iter_rows()
        for cell in line
        if cell.value is not None and cell.data_type != "f"
    ]


def archive(members: Mapping[str, bytes]) -> bytes:
    """A .zip as Chinese Windows makes it: names in GBK without the mark for UTF-8, fixed dates."""
    buffer, names = io.BytesIO(), {}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for number, (name, data) in enumerate(members.items()):
            written = name.encode("gbk")
            # zipfile writes such names as UTF-8 only; a stand-in of the same length is replaced below.
            stand_in = f"~{number}~".ljust(len(written), "~")
            names[stand_in.encode()] = written
            packed.writestr(zipfile.ZipInfo(stand_in, _FIXED_DAY), data)
    made = buffer.getvalue()
    for stand_in_bytes, written in names.items():
        made = made.replace(stand_in_bytes, written)
    return made
