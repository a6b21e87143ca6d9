"""What one reader of many files met before, and the small parts of a workbook by it: relations, shared strings, formats.

Returns made from one form share most of their bytes, and shared bytes are worked out once. Nothing here changes how a file is read, and
room is bounded: see `remembered`. All together stays under 32 MB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconcile.files.number_format import FormatKind, read_formats
from reconcile.files.remembered import ENTRY, Remembered, Sealed
from reconcile.files.sheet_pieces import KnownSheets
from reconcile.files.xlsx_parts import Book, KnownStrings, Relation, read_relations, read_strings, relations_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconcile.files.package import Package

_ROOM = 1 << 20  # bytes for each kind of part


class Familiar:
    """The memory of one reader: small parts of workbooks, shared strings, and pieces of sheets. Not to be shared between threads."""

    __slots__ = ("books", "formats", "relations", "sheets", "strings")

    def __init__(self) -> None:
        self.sheets = KnownSheets()
        self.strings = KnownStrings()
        self.formats: Remembered[Sealed, tuple[int, tuple[FormatKind, ...]]] = Remembered(_ROOM, _weigh_part)
        self.relations: Remembered[Sealed, tuple[int, tuple[Relation, ...]]] = Remembered(_ROOM, _weigh_part)
        self.books: Remembered[Sealed, tuple[int, Book]] = Remembered(_ROOM, _weigh_part)


def _weigh_part(sealed: Sealed, known: tuple[int, object]) -> int:
    """What a part means takes no more room than its own markup did."""
    return 2 * ENTRY + len(sealed[3]) + known[0]


def relations(package: Package, owner: str, known: Familiar) -> tuple[Relation, ...]:
    """The relations of a part ("" for the package), external ones among them: nothing outside is ever opened."""
    name = relations_name(owner)
    return package.meaning(name, known.relations, read_relations) if name in package else ()


def main_part(package: Package, known: Familiar) -> str:
    """The workbook part: where the package says it is, else where it always is."""
    for relation in relations(package, "", known):
        if relation.kind.endswith("/officeDocument") and not relation.external and relation.target in package:
            return relation.target
    return "xl/workbook.xml"


def strings_of(package: Package, related: Iterable[Relation], known: Familiar) -> list[str]:
    """The shared strings of a workbook; `related`: the relations of its main part. Raises what `read_strings` and the package raise."""
    name = _by_kind(related, "/sharedStrings")
    return read_strings(package.part(name), known.strings) if name in package else []


def formats_of(package: Package, related: Iterable[Relation], known: Familiar) -> tuple[FormatKind, ...]:
    """What each cell style of a workbook makes of a number. Raises what `read_formats` and the package raise."""
    name = _by_kind(related, "/styles")
    return package.meaning(name, known.formats, _read_formats) if name in package else ()


def _by_kind(related: Iterable[Relation], kind: str) -> str:
    return next((relation.target for relation in related if relation.kind.endswith(kind) and not relation.external), "")


def _read_formats(_: str, content: bytes) -> tuple[FormatKind, ...]:
    return tuple(read_formats(content))
