"""Workbooks of many cells, written fast: openpyxl makes everything but the cells, whose rows are spliced into its sheets.

openpyxl needs about 15 µs a cell; a summary of a thousand returns has half a million. Rows are made here as text (ECMA-376 part 1, 18.3.1),
the sheet's settings (widths, frozen panes, print set-up, merged ranges, links) stay openpyxl's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.files.raw import column_letters
from reconcile.files.safe import clean, packed, stored, workbook_parts
from reconcile.model.characters import ALTERED

LAST_ROW = 1_048_576
"""Excel's last row; a table that is longer goes on in another sheet, or says that it was cut."""

_MOST_LINKS = 60_000  # Excel allows 65,530 links a sheet
_LONGEST_LINK = 2_000  # and 2,079 characters each
_ROWS = re.compile(rb"<sheetData\s*/>|<sheetData>\s*</sheetData>")
_AFTER_LINKS = (b"<printOptions", b"<pageMargins", b"<pageSetup", b"<headerFooter")  # what comes after links in a sheet (CT_Worksheet)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
_NEEDS_CARE = re.compile(f"[&<>{ALTERED}]|_x")
_LONG = 10_000
_EXACT = 1e15  # whole numbers below this are written digit for digit
_MARKUP = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of our own making (never of what was read) with its result, which viewers show that calculate nothing."""

    text: str
    result: str | float


Value = str | float | int | Formula | None
"""What a cell may hold. None and NaN leave it empty."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks. `colour` and `fill` are RRGGBB; `fill` "" for none; `border` draws a thin line around."""

    font: str = "宋体"
    size: float = 10
    bold: bool = False
    underline: bool = False
    colour: str = "000000"
    fill: str = ""
    border: bool = False
    align: Literal["left", "center", "right"] = "left"
    wrap: bool = False
    indent: int = 0
    number_format: str = "General"


class Page:
    """One sheet: its settings are `sheet` (write no cells there), its rows are added from the top."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.height = 0
        self._rows: list[str] = []
        self._widest = 0
        self._links: list[tuple[str, str, str]] = []  # cell, place inside, file outside
        self._letters: list[str] = []

    def add(self, values: Sequence[Value], styles: Sequence[int] | int = 0, *, tall: float | None = None) -> int:
        """Add a row of cells from column A on; the row's number comes back. `styles` from Book.style, one for all or one a cell;
        `tall` in points."""
        self.height += 1
        row = self.height
        width = len(values)
        if width > len(self._letters):
            self._letters = [column_letters(column) for column in range(1, width + 1)]
        each = [styles] * width if isinstance(styles, int) else styles
        cells = "".join(
            [
                # The common case is decided here, for speed: most cells of a big sheet are whole numbers.
                f'<c r="{letters}{row}" s="{style}"><v>{int(value)}</v></c>'
                if style and type(value) is float and value.is_integer() and 0 < value < _EXACT
                else _cell(letters, row, value, style)
                for letters, value, style in zip(self._letters, values, each, strict=False)
                if style or value is not None
            ]
        )
        self._widest = max(self._widest, width)
        height = f' ht="{tall}" customHeight="1"' if tall else ""
        if cells or tall:
            self._rows.append(f'<row r="{row}"{height}>{cells}</row>')
        return row

    def skip(self, rows: int = 1) -> None:
        """Leave rows empty."""
        self.height += rows

    def merge(self, first: int, last: int, *, row: int | None = None, below: int = 0) -> None:
        """Merge columns `first` to `last` of a row (the one added last), `below` rows deep."""
        row = row or self.height
        self.sheet.merged_cells.add(f"{column_letters(first)}{row}:{column_letters(last)}{row + below}")

    def link(self, row: int, column: int, *, inside: str = "", target: str = "") -> None:
        """Make a cell a link to a place (`'表'!A1`) in this workbook or, with `target`, in the file at that relative address. Beyond
        Excel's limits nothing is done."""
        if len(self._links) < _MOST_LINKS and len(target) <= _LONGEST_LINK:
            self._links.append((f"{column_letters(column)}{row}", inside, target))

    def paper(self, *, edition: str = "", across: bool = True, pages_wide: int = 1) -> None:
        """Print set-up: A4, as many pages wide as said, page numbers, and the edition so that paper can be matched with its file."""
        sheet = self.sheet
        sheet.page_setup.orientation = "landscape" if across else "portrait"
        sheet.page_setup.paperSize = 9  # A4
        sheet.page_setup.fitToWidth = pages_wide
        sheet.page_setup.fitToHeight = 0
        sheet.page_setup.pageOrder = "overThenDown"
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_margins = PageMargins(left=0.5, right=0.5, top=0.7, bottom=0.7, header=0.3, footer=0.3)
        sheet.print_options.horizontalCentered = True
        footer = HeaderFooterItem(center=_HeaderFooterPart(text="第 &P 页，共 &N 页"))
        if edition:
            footer.right = _HeaderFooterPart(text=f"数据版本 {edition.replace('&', '&&')}")
        sheet.HeaderFooter.oddFooter = footer

    def xml(self, written: bytes) -> bytes:
        """The sheet's part as openpyxl wrote it, with our rows and links in it."""
        rows = ("<sheetData>" + "".join(self._rows) + "</sheetData>").encode()
        corner = f"{column_letters(max(self._widest, 1))}{max(self.height, 1)}"
        written = _DIMENSION.sub(f'<dimension ref="A1:{corner}"/>'.encode(), written, count=1)
        written = _ROWS.sub(lambda _found: rows, written, count=1)
        if not self._links:
            return written
        links = "".join(
            f'<hyperlink ref="{cell}"{_attribute("location", inside)}{_attribute("r:id", f"rId{number}" if target else "")}/>'
            for number, (cell, inside, target) in enumerate(self._links, start=1)
        )
        behind = min((at for mark in _AFTER_LINKS if (at := written.find(mark)) >= 0), default=written.find(b"</worksheet>"))
        return written[:behind] + f'<hyperlinks xmlns:r="{_OFFICE}">{links}</hyperlinks>'.encode() + written[behind:]

    def relations(self) -> bytes:
        """The part that names the files which links of the sheet point to; empty where none does."""
        outside = [(number, target) for number, (_, _, target) in enumerate(self._links, start=1) if target]
        if not outside:
            return b""
        kind = f"{_OFFICE}/hyperlink"
        lines = "".join(
            f'<Relationship Id="rId{number}" Type="{kind}"{_attribute("Target", to)} TargetMode="External"/>' for number, to in outside
        )
        return f'<Relationships xmlns="{_PACKAGE}">{lines}</Relationships>'.encode()


class Book:
    """A workbook made of pages."""

    def __init__(self) -> None:
        self._workbook = Workbook()
        self._workbook.remove(self._workbook.worksheets[0])
        self._workbook.calculation.fullCalcOnLoad = True
        self._pages: list[Page] = []
        self._apart = Worksheet(self._workbook)  # never part of the workbook; styles are tried on its cells
        self._styles: dict[Look, int] = {}

    def page(self, title: str, *, hidden: bool = False) -> Page:
        """A new sheet behind those there are. `title` must be one that Excel accepts, and new."""
        sheet = self._workbook.create_sheet(title)
        if hidden:
            sheet.sheet_state = "hidden"
        page = Page(sheet)
        self._pages.append(page)
        return page

    @property
    def titles(self) -> tuple[str, ...]:
        """Titles of the visible pages, in their order."""
        return tuple(page.sheet.title for page in self._pages if page.sheet.sheet_state == "visible")

    def style(self, look: Look) -> int:
        """The number of a look in this workbook, for Page.add."""
        if look not in self._styles:
            cell = Cell(self._apart, row=1, column=1)
            underline: Literal["single"] | None = "single" if look.underline else None
            cell.font = Font(name=look.font, size=look.size, bold=look.bold, color=look.colour, underline=underline)
            if look.fill:
                cell.fill = PatternFill("solid", fgColor=look.fill)
            if look.border:
                line = Side(style="thin", color="808080")
                cell.border = Border(left=line, right=line, top=line, bottom=line)
            cell.alignment = Alignment(horizontal=look.align, vertical="center", wrap_text=look.wrap, indent=look.indent)
            cell.number_format = look.number_format
            self._styles[look] = cell.style_id
        return self._styles[look]

    def data(self, *, title: str = "", day: date | None = None) -> bytes:
        """The workbook as a file; the same pages give the same bytes. `title` and `day` go into its properties."""
        self._workbook.properties.title = clean(title) or None
        parts = workbook_parts(self._workbook, day=day)
        for page in self._pages:
            name = page.sheet.path.lstrip("/")
            parts[name] = page.xml(parts[name])
            if relations := page.relations():
                folder, _, part = name.rpartition("/")
                parts[f"{folder}/_rels/{part}.rels"] = relations
        return packed(parts)


def _cell(letters: str, row: int, value: Value, style: int) -> str:
    """One cell as markup; nothing for an empty one without a style."""
    start = f'<c r="{letters}{row}" s="{style}"' if style else f'<c r="{letters}{row}"'
    if isinstance(value, str):
        return f'{start} t="inlineStr"><is><t xml:space="preserve">{_escaped(value)}</t></is></c>' if value else f"{start}/>"
    if isinstance(value, Formula):
        if isinstance(value.result, str):
            return f'{start} t="str"><f>{_escaped(value.text)}</f><v>{_escaped(value.result)}</v></c>'
        return f"{start}><f>{_escaped(value.text)}</f><v>{_digits(value.result)}</v></c>"
    if value is None or math.isnan(value):
        return f"{start}/>" if style else ""
    if math.isinf(value):
        return f'{start} t="inlineStr"><is><t>{value}</t></is></c>'
    return f"{start}><v>{_digits(value)}</v></c>"


def _digits(value: float) -> str:
    """The shortest digits that read back as the same number."""
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < _EXACT and (number or math.copysign(1, number) > 0) else repr(number)


def _attribute(name: str, text: str) -> str:
    """An attribute with a space before it; nothing where it is empty."""
    return f' {name}="{_escaped(text).replace(chr(34), "&quot;")}"' if text else ""


def _escaped(text: str) -> str:
    if len(text) < _LONG and not _NEEDS_CARE.search(text):
        return text
    return stored(text).translate(_MARKUP)
