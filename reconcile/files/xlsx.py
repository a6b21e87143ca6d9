"""Read .xlsx and .xlsm: a bounded archive, its relations, styles and shared strings. The cells are read by `sheet_xml`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from reconcile.files.active import active_content, asks_outside
from reconcile.files.familiar import Familiar
from reconcile.files.number_format import read_formats
from reconcile.files.package import MAX_ENTRIES, MAX_PART, MAX_TOTAL, SAVE_AGAIN, Package
from reconcile.files.raw import Sheet, UnreadableWorkbook, Workbook
from reconcile.files.sheet_cells import MAX_CELLS, Shared, too_many_cells
from reconcile.files.sheet_xml import read_sheet
from reconcile.files.xlsx_parts import Relation, read_book, read_relations, read_strings, relations_name
from reconcile.files.xml import UnsafeMarkup

if TYPE_CHECKING:
    from reconcile.files.number_format import FormatKind
    from reconcile.files.zip_directory import Directory

__all__ = ["MAX_CELLS", "MAX_ENTRIES", "MAX_PART", "MAX_TOTAL", "Package", "read_xlsx", "relations"]

_SPREADSHEET = re.compile(r"/worksheet$")


def read_xlsx(data: bytes, *, directory: Directory | None = None, familiar: Familiar | None = None) -> Workbook:
    """Read the worksheets of an Office Open XML workbook. Raises UnreadableWorkbook only.

    `directory`: of the archive, where somebody has read it already. `familiar`: what was met in earlier files; it changes nothing but time.
    """
    package = Package(data, directory)
    try:
        return _read(package, familiar)
    except UnsafeMarkup as error:
        raise UnreadableWorkbook("unsafe", f"工作簿内含文档类型声明等不安全内容，未读取。{SAVE_AGAIN}") from error
    except (etree.XMLSyntaxError, UnicodeDecodeError) as error:
        raise UnreadableWorkbook("damaged", f"工作簿内容已损坏，无法解析。{SAVE_AGAIN}") from error


def _read(package: Package, familiar: Familiar | None) -> Workbook:
    known = familiar or Familiar()
    main = _main_part(package, known)
    book = package.meaning(main, known.books, read_book)
    related = relations(package, main, known)
    strings = _strings(package, related, known)
    shared = Shared(
        strings=strings,
        formats=_formats(package, related, known),
        epoch1904=book.epoch1904,
        by_digits={} if familiar is None else familiar.by_digits(strings),
    )
    leading = {relation.id: relation for relation in related if not relation.external}
    sheets: list[Sheet] = []
    left, asking = MAX_CELLS, False
    for listed in book.sheets:
        relation = leading.get(listed.relation)
        if relation is None or not _SPREADSHEET.search(relation.kind):
            continue  # chart sheets and macro sheets hold no figures
        part = package.part(relation.target)
        sheet = read_sheet(part, name=listed.name, hidden=listed.hidden, shared=shared, familiar=familiar)
        left -= len(sheet.cells)
        if left < 0:
            raise too_many_cells(MAX_CELLS)
        sheets.append(sheet)
        asking = asking or (b"|" in part and any(map(asks_outside, sheet.formulas.values())))
    if not sheets:
        raise UnreadableWorkbook("damaged", f"工作簿内没有工作表。{SAVE_AGAIN}")
    active = active_content(tuple(package.names()), related, part=package.part, asking=asking)
    return Workbook(kind="xlsx", sheets=tuple(sheets), epoch1904=shared.epoch1904, active=active)


def relations(package: Package, owner: str, known: Familiar) -> tuple[Relation, ...]:
    """The relations of a part ("" for the package), external ones among them: nothing outside is ever opened."""
    name = relations_name(owner)
    return package.meaning(name, known.relations, read_relations) if name in package else ()


def _main_part(package: Package, known: Familiar) -> str:
    """The workbook part: where the package says it is, else where it always is."""
    for relation in relations(package, "", known):
        if relation.kind.endswith("/officeDocument") and not relation.external and relation.target in package:
            return relation.target
    return "xl/workbook.xml"


def _by_kind(related: tuple[Relation, ...], kind: str) -> str:
    return next((relation.target for relation in related if relation.kind.endswith(kind) and not relation.external), "")


def _strings(package: Package, related: tuple[Relation, ...], known: Familiar) -> list[str]:
    name = _by_kind(related, "/sharedStrings")
    return read_strings(package.part(name), known) if name in package else []


def _formats(package: Package, related: tuple[Relation, ...], known: Familiar) -> tuple[FormatKind, ...]:
    name = _by_kind(related, "/styles")
    return package.meaning(name, known.formats, _read_formats) if name in package else ()


def _read_formats(_: str, content: bytes) -> tuple[FormatKind, ...]:
    return tuple(read_formats(content))
