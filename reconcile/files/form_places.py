"""Figures of a form that already exists and has no codes: form.csv says at which address, or where which row meets which heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.files.placed import Placed
from reconcile.files.raw import Address, Raw, Sheet, Workbook, column_letters, column_number
from reconcile.scheme.form import COVER_LABELS, OWN_SHEETS, bare, sheet_title, squeeze

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Place, Scheme

_ADDRESS = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_LONGEST_LABEL = 60
_MOST_ALIKE = 100  # cells with one label; beyond that it labels nothing


@dataclass(frozen=True, slots=True)
class PlacedForm:
    """What an existing form holds: figures by code, cover fields, and codes whose place was not found. `recognised`: it is that form."""

    figures: Mapping[str, Placed]
    cover: Mapping[str, Raw | None]
    absent: tuple[str, ...]
    recognised: bool


class _Labels:
    """Labels of one sheet: squeezed text -> cells; and, for labels nobody writes so, the bare text -> cells."""

    __slots__ = ("exact", "loose", "merged", "sheet", "texts")

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.texts: dict[Address, str] = {}
        self.exact: dict[str, list[Address]] = {}
        self.loose: dict[str, list[Address]] = {}
        self.merged = {(span.top, span.left): span for span in sheet.merged}
        for address, raw in sheet.cells.items():
            if type(raw) is str and len(raw) <= _LONGEST_LABEL and (text := squeeze(raw)):
                self.texts[address] = text
                self.exact.setdefault(text, []).append(address)
                self.loose.setdefault(bare(text), []).append(address)

    def at(self, label: str, *, loose: bool) -> list[Address]:
        """Cells that hold the label; `loose`: whatever numbering, 其中 or bracket stands around it."""
        text = squeeze(label)
        found = self.loose.get(bare(text), []) if loose else self.exact.get(text, [])
        return found if len(found) <= _MOST_ALIKE else []

    def spans(self, address: Address, column: int) -> bool:
        """Whether the heading at `address` stands over `column`: merged over it, or unmerged with nothing further right on its row."""
        row, left = address
        span = self.merged.get(address)
        if span is not None:
            return span.left <= column <= span.right
        return left <= column and not any((row, between) in self.sheet.cells for between in range(left + 1, column + 1))

    def covers_row(self, address: Address, row: int) -> bool:
        """Whether the label at `address` stands for `row`: merged down over it, or nothing else between in its column."""
        top, column = address
        span = self.merged.get(address)
        if span is not None and span.bottom > span.top:
            return span.top <= row <= span.bottom
        return top <= row and not any((between, column) in self.sheet.cells for between in range(top + 1, row + 1))


def read_places(workbook: Workbook, scheme: Scheme) -> PlacedForm:
    """Find every `cell` place of form.csv. The workbook is that form where at least half of the places were found."""
    wanted = [place for place in scheme.form if place.holds == "cell"]
    if not wanted:
        return PlacedForm({}, {}, (), False)
    sheets = [sheet for sheet in workbook.sheets if sheet.name not in OWN_SHEETS]
    labels: dict[str, _Labels] = {}
    figures: dict[str, Placed] = {}
    cover: dict[str, Raw | None] = {}
    absent: list[str] = []
    for place in wanted:
        found = _find(place, sheets, labels)
        code = scheme.codes.get(place.what, "")
        if found is None:
            if code:
                absent.append(code)
            continue
        sheet, (row, column) = found
        raw = sheet.cells.get((row, column))
        if code:
            figures.setdefault(code, Placed(sheet.name, f"{column_letters(column)}{row}", raw))
        elif place.what in COVER_LABELS:
            cover.setdefault(place.what, raw)
    found_all = len(figures) + len(cover)
    if 2 * found_all < len(wanted):
        return PlacedForm({}, {}, (), False)
    return PlacedForm(figures, cover, tuple(dict.fromkeys(absent)), True)


def _find(place: Place, sheets: Sequence[Sheet], labels: dict[str, _Labels]) -> tuple[Sheet, Address] | None:
    """The sheet and address of one place; None where it is not on this form, or could be two cells."""
    title = squeeze(place.sheet)
    for sheet in sheets:
        if title and squeeze(sheet.name) != title and sheet.name != sheet_title(place.sheet):
            continue
        if place.cell:
            address = _ADDRESS.fullmatch(place.cell.strip())
            if address and (title or _holds(sheet, address)):
                return sheet, _anchor(sheet, (int(address[2]), column_number(address[1].upper())))
            continue
        known = labels.get(sheet.name)
        if known is None:
            known = labels[sheet.name] = _Labels(sheet)
        met = _crossing(known, place)
        if met is not None:
            return sheet, _anchor(sheet, met)
    return None


def _holds(sheet: Sheet, address: re.Match[str]) -> bool:
    return (int(address[2]), column_number(address[1].upper())) in sheet.cells


def _anchor(sheet: Sheet, address: Address) -> Address:
    """The first cell of the merged range that `address` lies in: only that one holds a value."""
    row, column = address
    for span in sheet.merged:
        if span.top <= row <= span.bottom and span.left <= column <= span.right:
            return span.top, span.left
    return address


def _crossing(labels: _Labels, place: Place) -> Address | None:
    """Where the labelled row meets the headed column; None where they meet nowhere, or more than once.

    Labels just as written come first: a form that has both 会员 and 二、会员 means different things by them.
    """
    for loose_row, loose_column in ((False, False), (True, False), (False, True), (True, True)):
        rows = set(_rows_of(labels, _path(place.row), loose=loose_row))
        columns = set(_columns_of(labels, _path(place.column), loose=loose_column))
        met = {(row, column) for row, label_column in rows for head_row, column in columns if head_row < row and column > label_column}
        if met:
            return met.pop() if len(met) == 1 else None
    return None


def _path(written: str) -> list[str]:
    return [part for part in (one.strip() for one in written.split("/")) if part]


def _rows_of(labels: _Labels, path: Sequence[str], *, loose: bool) -> Iterator[Address]:
    """(row, column of the label) for each cell at the end of the path: each label before it stands left of it, or above in its column."""
    if not path:
        return
    for row, column in labels.at(path[-1], loose=loose):
        if len(path) == 1 or any(_row_parent(labels, parent, (row, column)) for parent in _rows_of(labels, path[:-1], loose=loose)):
            yield row, column


def _row_parent(labels: _Labels, parent: Address, child: Address) -> bool:
    """会员 merged down beside 其中：女, or 会员 with 其中：女 somewhere below it and no other unindented label between."""
    if parent[1] < child[1]:
        return labels.covers_row(parent, child[0])
    if parent[1] != child[1] or parent[0] >= child[0]:
        return False
    between = (labels.texts.get((row, child[1])) for row in range(parent[0] + 1, child[0]))
    return all(text is None or bare(text) != text for text in between)


def _columns_of(labels: _Labels, path: Sequence[str], *, loose: bool) -> Iterator[Address]:
    """(row of the last heading, column) for each heading path: every heading before it stands above and over the column."""
    if not path:
        return
    for row, column in labels.at(path[-1], loose=loose):
        if len(path) == 1 or any(
            top < row and labels.spans((top, left), column) for top, left in _columns_of(labels, path[:-1], loose=loose)
        ):
            yield row, column
