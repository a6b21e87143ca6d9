"""Read .xlsx and .xlsm: a bounded archive, its relations, styles and shared strings. The cells are read by `sheet_xml`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from reconcile.files.active import active_content, asks_outside
from reconcile.files.familiar import Familiar, formats_of, main_part, relations, strings_of
from reconcile.files.package import SAVE_AGAIN, Package
from reconcile.files.raw import Sheet, UnreadableWorkbook, Workbook
from reconcile.files.sheet_cells import MAX_CELLS, Shared, too_many_cells
from reconcile.files.sheet_xml import read_sheet
from reconcile.files.tidy_table import HEAD, OPEN_SHEET, facts_of
from reconcile.files.xlsx_parts import Listed, read_book
from reconcile.files.xml import UnsafeMarkup

if TYPE_CHECKING:
    from reconcile.files.zip_directory import Directory

_SPREADSHEET = re.compile(r"/worksheet$")


def read_xlsx(data: bytes, *, directory: Directory | None = None, familiar: Familiar | None = None, whole: bool = True) -> Workbook:
    """Read the worksheets of an Office Open XML workbook. Raises UnreadableWorkbook only.

    `directory`: of the archive, where somebody has read it already. `familiar`: what was met in earlier files; it changes nothing but time.
    Unless it is to be read `whole`, of one of our own summaries only the sheets come that it is read back from.
    """
    package = Package(data, directory)
    try:
        return _read(package, familiar, whole=whole)
    except UnsafeMarkup as error:
        raise UnreadableWorkbook("unsafe", f"工作簿内含文档类型声明等不安全内容，未读取。{SAVE_AGAIN}") from error
    except (etree.XMLSyntaxError, UnicodeDecodeError) as error:
        raise UnreadableWorkbook("damaged", f"工作簿内容已损坏，无法解析。{SAVE_AGAIN}") from error


def _read(package: Package, familiar: Familiar | None, *, whole: bool) -> Workbook:
    known = familiar or Familiar()
    main = main_part(package, known)
    book = package.meaning(main, known.books, read_book)
    related = relations(package, main, known)
    strings = strings_of(package, related, known)
    shared = Shared(
        strings=strings,
        formats=formats_of(package, related, known),
        epoch1904=book.epoch1904,
        digits=() if familiar is None else familiar.strings.digits(len(strings)),
    )
    leading = {relation.id: relation for relation in related if not relation.external and _SPREADSHEET.search(relation.kind)}
    listed = [one for one in book.sheets if one.relation in leading]  # chart sheets and macro sheets hold no figures

    def read(one: Listed) -> tuple[Sheet, bool]:
        part = package.part(leading[one.relation].target)
        sheet = read_sheet(part, name=one.name, hidden=one.hidden, shared=shared, familiar=familiar)
        return sheet, b"|" in part and any(map(asks_outside, sheet.formulas.values()))

    head = next((one for one in listed if one.name == HEAD), None)
    first = None if whole or head is None else read(head)
    if first is not None and facts_of(first[0]).get("kind") == "summary":
        listed = [one for one in listed if one.name.startswith("_") or one.name == OPEN_SHEET]  # the others are for people, and long
    sheets: list[Sheet] = []
    left, asking = MAX_CELLS, False
    for one in listed:
        sheet, asks = first if first is not None and one is head else read(one)
        left -= len(sheet.cells)
        if left < 0:
            raise too_many_cells(MAX_CELLS)
        sheets.append(sheet)
        asking = asking or asks
    if not sheets:
        raise UnreadableWorkbook("damaged", f"工作簿内没有工作表。{SAVE_AGAIN}")
    active = active_content(tuple(package.names()), related, part=package.part, asking=asking)
    return Workbook(kind="xlsx", sheets=tuple(sheets), epoch1904=shared.epoch1904, active=active)
