"""Read one worksheet part into a Sheet, by ways that give the same: by pieces met before, by one pattern, or row by row through the parser.

The quick ways cover what Excel, WPS, LibreOffice and openpyxl write, and are accepted only where they account for every byte of the rows.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from lxml import etree

from reconcile.files.package import SAVE_AGAIN
from reconcile.files.raw import Sheet, UnreadableWorkbook, column_number
from reconcile.files.sheet_cells import (
    MAX_MERGED,
    REFERENCE,
    TRUE,
    Collector,
    Formula,
    Shared,
    read_merges,
    too_many_merged,
    whole,
)
from reconcile.files.sheet_pieces import piece_sheet
from reconcile.files.sheet_scan import scan_sheet
from reconcile.files.xlsx_parts import string_item
from reconcile.files.xml import UnsafeMarkup, check_safe, local

if TYPE_CHECKING:
    from reconcile.files.familiar import Familiar


_LONGEST_ROW = 2 << 20  # bytes between two rows; 16,384 cells of common length take half of it


def read_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared, familiar: Familiar | None = None) -> Sheet:
    """Read a worksheet part. Raises UnsafeMarkup or lxml.etree.XMLSyntaxError for parts that no reader should accept."""
    sheet = None if familiar is None else piece_sheet(data, name=name, hidden=hidden, shared=shared, known=familiar.sheets)
    sheet = sheet or scan_sheet(data, name=name, hidden=hidden, shared=shared)
    return sheet or parse_sheet(data, name=name, hidden=hidden, shared=shared)


def parse_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared) -> Sheet:
    """The sure way: every row through the parser, and freed once read, so that memory stays with the cells."""
    check_safe(data)
    _check_rows(data)
    collector = Collector(name, hidden, shared)
    row_number = 0
    events = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=("{*}row", "{*}mergeCell", "{*}col"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in events:
        kind = local(element)
        parent = element.getparent()
        above = "" if parent is None else local(parent)
        if kind == "row" and above == "sheetData":
            row_number = whole(element.get("r")) or row_number + 1
            _parse_row(element, row_number, collector)
            collector.check_room()
            element.clear()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
        elif kind == "mergeCell" and above == "mergeCells":
            collector.merged.extend(read_merges([element.get("ref", "")]))
            if len(collector.merged) > MAX_MERGED:
                raise too_many_merged()
        elif kind == "col" and above == "cols":
            collector.column(element.get("min"), element.get("max"), element.get("hidden"))
    root = events.root
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeMarkup
    return collector.sheet()


def _check_rows(data: bytes) -> None:
    """Refuse a row of many megabytes: the parser holds each row whole, at forty times its size."""
    if len(data) > 2 * _LONGEST_ROW and any(
        data.find(b"row", at, at + _LONGEST_ROW) < 0 for at in range(0, len(data) - _LONGEST_ROW, _LONGEST_ROW)
    ):
        raise UnreadableWorkbook("too_large", f"工作表中有超长的行，未读取。{SAVE_AGAIN}")


def _parse_row(row: etree._Element, number: int, collector: Collector) -> None:
    if row.get("hidden") in TRUE:
        collector.hidden_rows.add(number)
    column = 0
    for cell in row:
        if local(cell) != "c":
            continue
        found = REFERENCE.fullmatch(cell.get("r") or "")
        column = column_number(found[1].upper()) if found else column + 1
        text: str | None = None
        formula: Formula | None = None
        for part in cell:
            kind = local(part)
            if kind == "v":
                text = part.text or ""
            elif kind == "is":
                text = string_item(part)
            elif kind == "f":
                formula = Formula(part.text or "", part.get("si", "") if part.get("t") == "shared" else "")
        if text is not None or formula is not None:
            address = (int(found[2]) if found else number, column)
            collector.put(address, kind=cell.get("t", "n"), style=whole(cell.get("s")), text=text, formula=formula)
