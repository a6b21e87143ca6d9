"""How a form looks: a handful of named styles, shared by all cells of a workbook, and the page."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formula.translate import Translator
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side
from openpyxl.styles.colors import Color
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.properties import PageSetupProperties

from reconcile.files.raw import column_letters
from reconcile.files.safe import put, put_formula
from reconcile.model.characters import on_one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.styles.cell_style import StyleArray
    from openpyxl.worksheet.worksheet import Worksheet

_SONG, _HEI = "宋体", "黑体"
_MOST_IN_MARGIN = 100  # characters of a header or footer: each & doubles, and all parts of one together have 255 (ECMA-376 18.3.1.46)
ENTRY_FILL = "FFFBEA"
"""The colour of cells to be filled in."""
_HEAD_FILL, _LOCKED_FILL = "E4ECF4", "F3F3F3"
LINE = "8A97A6"
"""The colour of rules."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One style: the font's face, size and colour, fill, alignment, number format, and whether the cell may be typed in."""

    face: str = _SONG
    size: float = 10.5
    bold: bool = False
    colour: str = "000000"
    fill: str = ""
    across: str = "left"
    down: str = "center"
    wrap: bool = True
    shrink: bool = False
    boxed: bool = True
    entry: bool = False
    indent: int = 0
    number: str = "General"


_LOOKS: dict[str, _Look] = {
    "标题": _Look(_HEI, 18, across="center", boxed=False, wrap=False),
    "封面题": _Look(_HEI, 22, across="center", boxed=False),
    "副题": _Look(_SONG, 14, across="center", boxed=False, wrap=False),
    "题注": _Look(boxed=False, wrap=False),
    "题注右": _Look(boxed=False, wrap=False, across="right"),
    "表头": _Look(_HEI, 10.5, fill=_HEAD_FILL, across="center"),
    "代码": _Look(colour="595959", across="center", wrap=False),
    "指标": _Look(wrap=False, shrink=True),
    "必填指标": _Look(bold=True, wrap=False, shrink=True),
    "计量": _Look(across="center", wrap=False, shrink=True),
    "填数": _Look(fill=ENTRY_FILL, across="right", wrap=False, shrink=True, entry=True),
    "填选": _Look(fill=ENTRY_FILL, across="center", wrap=False, entry=True),
    "填日期": _Look(fill=ENTRY_FILL, across="center", wrap=False, entry=True, number="yyyy\\-mm\\-dd"),
    "填文": _Look(fill=ENTRY_FILL, entry=True),
    "填长文": _Look(fill=ENTRY_FILL, down="top", entry=True),
    "填号": _Look(fill=ENTRY_FILL, wrap=False, entry=True, number="@"),
    "自动": _Look(fill=_LOCKED_FILL, across="right", wrap=False, shrink=True),
    "上年": _Look(colour="595959", fill=_LOCKED_FILL, across="right", wrap=False, shrink=True),
    "提示": _Look(colour="C00000", size=10, wrap=False, boxed=False),
    "标签": _Look(_HEI, 11, fill=_HEAD_FILL, across="center"),
    "固定": _Look(size=11, fill=_LOCKED_FILL, indent=1),
    "封面填": _Look(size=11, fill=ENTRY_FILL, entry=True, indent=1),
    "封面填号": _Look(size=11, fill=ENTRY_FILL, entry=True, indent=1, number="@"),
    "封面填日期": _Look(size=11, fill=ENTRY_FILL, entry=True, indent=1, number="yyyy\\-mm\\-dd"),
    "小标题": _Look(_HEI, 12, boxed=False),
    "正文": _Look(size=10.5, boxed=False, down="top"),
    "查语": _Look(size=11, boxed=False),
    "查中": _Look(across="center"),
    "查文": _Look(),
    "查链": _Look(colour="0563C1", across="center", wrap=False),
    "目录": _Look(colour="0563C1", wrap=False, indent=1),
    "目录数": _Look(across="center", wrap=False),
    "目录疑": _Look(across="center", wrap=False, colour="C00000"),
    "册序": _Look(colour="595959", across="center", wrap=False),
    "册数": _Look(fill=ENTRY_FILL, across="right", wrap=False, entry=True),
    "册文": _Look(fill=ENTRY_FILL, entry=True),
    "册号": _Look(fill=ENTRY_FILL, wrap=False, entry=True, number="@"),
    "册日期": _Look(fill=ENTRY_FILL, across="center", wrap=False, entry=True, number="yyyy\\-mm\\-dd"),
    "列数": _Look(across="right", wrap=False, boxed=False, entry=True),
    "列文": _Look(boxed=False, entry=True),
    "列号": _Look(boxed=False, wrap=False, entry=True, number="@"),
    "列日期": _Look(across="center", wrap=False, boxed=False, entry=True, number="yyyy\\-mm\\-dd"),
}


class Styles:
    """The named styles of one workbook, applied by name. Cells share the style objects, which keeps a form small and quick to write."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._arrays: dict[str, StyleArray] = {}

    def _array(self, name: str) -> StyleArray:
        """The style as cells hold it; added to the workbook when it is first used, for a form needs half of them."""
        found = self._arrays.get(name)
        if found is None:
            style = _named_style(name, _LOOKS[name])
            if style.name in self._workbook.named_styles:
                # Only the style that the workbook knows has numbers for its font and fill.
                style = self._workbook._named_styles[style.name]  # type: ignore[attr-defined]  # openpyxl lists no more than names
            else:
                self._workbook.add_named_style(style)
            found = self._arrays[name] = style.as_tuple()
        return found

    def dress(self, styled: object, style: str) -> None:
        """Give a cell or a whole column its style."""
        _dress(styled, self._array(style))

    def write(self, sheet: Worksheet, row: int, column: int, value: object, style: str, *, number: str = "") -> Cell:
        """Put a value with its style, and a number format of its own where one is given; text stays text."""
        cell = put(sheet, row, column, value)
        if cell.quotePrefix:
            quoted = copy(self._array(style))
            quoted.quotePrefix = 1
            _dress(cell, quoted)
        else:
            self._dress_number(cell, style, number)
        return cell

    def formula(self, sheet: Worksheet, row: int, column: int, formula: str, style: str, *, number: str = "") -> Cell:
        """Put a formula of our own making with its style, and a number format of its own where one is given."""
        cell = put_formula(sheet, row, column, formula)
        self._dress_number(cell, style, number)
        return cell

    def tint(self, cell: Cell | MergedCell, colour: str) -> None:
        """Give a dressed cell another fill; everything else of its style stays."""
        # A style array is shared by its cells; the stubs leave it out.
        _dress(cell, copy(cell._style))  # type: ignore[union-attr]  # see above
        cell.fill = PatternFill("solid", fgColor=f"FF{colour}")

    def _dress_number(self, cell: Cell, style: str, number: str) -> None:
        _dress(cell, self._array(style))
        if number:
            key = f"{style} {number}"
            if key not in self._arrays:
                # A style array is shared by its cells, so another number format needs another array.
                self._arrays[key] = copy(self._array(style))
                _dress(cell, self._arrays[key])
                cell.number_format = number
            _dress(cell, self._arrays[key])

    def across(self, sheet: Worksheet, row: int, first: int, last: int, style: str) -> None:
        """Merge cells of a row; every cell of the range keeps the style, so that its border is whole."""
        for column in range(first, last + 1):
            _dress(sheet.cell(row, column), self._array(style))
        # `merge_cells` would look at every border again, which takes longer than writing the sheet.
        sheet.merged_cells.add(f"{column_letters(first)}{row}:{column_letters(last)}{row}")


def _named_style(name: str, look: _Look) -> NamedStyle:
    line = Side(style="thin", color=LINE)
    return NamedStyle(
        name=f"报表{name}",
        font=Font(name=look.face, size=look.size, bold=look.bold, color=Color(rgb=f"FF{look.colour}")),
        fill=PatternFill("solid", fgColor=look.fill) if look.fill else PatternFill(),
        border=Border(left=line, right=line, top=line, bottom=line) if look.boxed else Border(),
        alignment=Alignment(horizontal=look.across, vertical=look.down, wrap_text=look.wrap, shrink_to_fit=look.shrink, indent=look.indent),
        protection=Protection(locked=not look.entry),
        number_format=look.number,
    )


def _dress(styled: object, array: StyleArray) -> None:
    """Share a style's array. Setting `cell.style` by name would search the workbook's styles again for each of two thousand cells."""
    styled._style = array  # type: ignore[attr-defined]  # openpyxl's cells and columns hold their style so; the stubs leave it out


def uncover(sheet: Worksheet, cells: Collection[tuple[int, int]]) -> None:
    """Take cells (row, column) out of all conditional formats of a sheet, whose colours would be painted over theirs.

    A format of higher priority would do in Excel, but LibreOffice does not rank formats of different ranges.
    """
    held, sheet.conditional_formatting = sheet.conditional_formatting, ConditionalFormattingList()
    for one in held:
        for area in one.sqref.ranges:
            for part in _without(area, cells):
                for rule in one.rules:
                    moved = copy(rule)
                    moved.priority = 0  # the list gives each the next number
                    moved.formula = [_shifted(formula, area, part) for formula in rule.formula]
                    sheet.conditional_formatting.add(part.coord, moved)


def _shifted(formula: str, area: CellRange, part: CellRange) -> str:
    """A format's formula is written for the first cell of its range."""
    first, other = (f"{column_letters(one.min_col)}{one.min_row}" for one in (area, part))
    return str(Translator(f"={formula}", origin=first).translate_formula(other)).removeprefix("=")


def _without(area: CellRange, cells: Collection[tuple[int, int]]) -> Iterator[CellRange]:
    """An area cut into rectangles around the cells: rows above, what is left and right of the cells in a row, rows below."""
    top = area.min_row
    inside = sorted({at for at in cells if area.min_row <= at[0] <= area.max_row and area.min_col <= at[1] <= area.max_col})
    for row in sorted({row for row, _ in inside}):
        if top < row:
            yield CellRange(min_row=top, max_row=row - 1, min_col=area.min_col, max_col=area.max_col)
        left = area.min_col
        for column in [column for at, column in inside if at == row] + [area.max_col + 1]:
            if left < column:
                yield CellRange(min_row=row, max_row=row, min_col=left, max_col=column - 1)
            left = column + 1
        top = row + 1
    if top <= area.max_row:
        yield CellRange(min_row=top, max_row=area.max_row, min_col=area.min_col, max_col=area.max_col)


def set_page(sheet: Worksheet, *, footer: str, header: str = "", heading_rows: str = "", landscape: bool = False) -> None:
    """A4, fitted to the page's width, headings repeated on each page, page numbers below; protected without a password."""
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.6
    margins.top = margins.bottom = 0.75
    if heading_rows:
        sheet.print_title_rows = heading_rows
    above, below = sheet.oddHeader, sheet.oddFooter
    if above is not None and above.left is not None and header:
        above.left.text, above.left.size = _in_margin(header), 9
    if below is not None and below.left is not None and below.center is not None and below.right is not None:
        below.left.text, below.left.size = _in_margin(footer), 9
        below.center.text, below.center.size = "第 &P 页  共 &N 页", 9
        below.right.text, below.right.size = "&A", 9
    sheet.sheet_view.showGridLines = False
    _protect(sheet)


def _in_margin(text: str) -> str:
    """Text for a header or footer, where & begins a command."""
    return on_one_line(text)[:_MOST_IN_MARGIN].replace("&", "&&")


def _protect(sheet: Worksheet) -> None:
    """Lock what is not to be typed; widths, heights, new rows and sorting stay allowed (openpyxl: False means allowed)."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
    sheet.protection.insertRows = False
    sheet.protection.sort = False
    sheet.protection.autoFilter = False
