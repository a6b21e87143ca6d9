"""The cover of a filled form: labels decide, the value is the next filled cell to the right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from reconcile.files.placed import said
from reconcile.files.raw import CellDate, Raw, Sheet, Workbook
from reconcile.scheme.form import OWN_SHEETS, printed_cover_field, squeeze

if TYPE_CHECKING:
    from reconcile.files.form_rows import Words
    from reconcile.files.known_forms import KnownForms

COVER_KEYS = ("unit", "unit_name", "scope", "period", "filled_on", "filler", "phone", "head", "replaces", "scheme")

_LONGEST_LABEL = 24
_LONGEST_INLINE = 120
_FURTHEST = 12  # columns to the right of a label in which its value may stand
_ALL_LABELS = 8  # a cover of ours with its labels as printed; on any other, labels are looked at closely
_DATE = re.compile(r"(\d{4})[-年./](\d{1,2})[-月./](\d{1,2})日?")
_CHOICE = re.compile(r"([0-9A-Za-z][0-9A-Za-z-]{2,})[\s:：、]+(\S.*)")
_EPOCH = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 32874, 109575  # from 1990 to 2200: what a cover can mean


def read_cover(workbook: Workbook, known: KnownForms, *, mark: Mapping[str, str], placed: Mapping[str, Raw | None]) -> dict[str, str]:
    """Cover fields as text, "" where blank. `mark`: the hidden sheet of our forms; `placed`: fields that form.csv places elsewhere."""
    found: dict[str, Raw] = {key: raw for key, raw in placed.items() if raw is not None}
    for sheet in _covers(workbook, known):
        for key, raw in _fields(sheet, known.words).items():
            found.setdefault(key, raw)
        if "unit" in found or "choice" in found:
            break
    cover = {key: _day(found.get(key)) if key == "filled_on" else said(found.get(key)) for key in COVER_KEYS}
    if isinstance(found.get("period"), CellDate):
        cover["period"] = _day(found["period"])[:7]
    _take_choice(cover, said(found.get("choice")))
    for key in ("replaces", "scheme", "period"):
        cover[key] = cover[key] or mark.get(key, "")
    return cover


def _covers(workbook: Workbook, known: KnownForms) -> list[Sheet]:
    """The sheet that form.csv calls the cover, then the others in their order."""
    sheets = [sheet for sheet in workbook.sheets if sheet.name not in OWN_SHEETS]
    return sorted(sheets, key=lambda sheet: (sheet.name not in known.covers_named, sheet.hidden))


def _fields(sheet: Sheet, words: Words) -> dict[str, Raw]:
    """Field -> value of every label on the sheet that has one; the first label of a field counts."""
    texts = [(row, column, raw) for (row, column), raw in sheet.cells.items() if type(raw) is str and len(raw) <= _LONGEST_INLINE]
    printed = {key for _, _, raw in texts if (key := printed_cover_field(raw))}
    field_of = printed_cover_field if len(printed) >= _ALL_LABELS else words.field
    found: dict[str, Raw] = {}
    for row, column, raw in texts:
        if len(raw) <= _LONGEST_LABEL and (key := field_of(raw)):
            value = _value_beside(sheet, row, column, words)
            if value is not None and key not in found:
                found[key] = value
        elif (inline := _inline(raw, words)) is not None:
            found.setdefault(*inline)
    return found


def _value_beside(sheet: Sheet, row: int, column: int, words: Words) -> Raw | None:
    """The next filled cell to the right; None where that is the next label, or there is none."""
    for step in range(1, _FURTHEST + 1):
        raw = sheet.cells.get((row, column + step))
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            continue
        return None if isinstance(raw, str) and len(raw) <= _LONGEST_LABEL and words.field(raw) else raw
    return None


def _inline(text: str, words: Words) -> tuple[str, str] | None:
    """Label and value in one cell: 填报单位：红旗村工会."""
    label, colon, value = text.replace(":", "：").partition("：")
    key = words.field(label) if colon and len(label) <= _LONGEST_LABEL else ""
    return (key, value.strip()) if key and value.strip() else None


def _take_choice(cover: dict[str, str], choice: str) -> None:
    """Code and name from the chosen unit (`330102001 红旗村工会`), where the cells that follow from it hold nothing."""
    if not choice or squeeze(choice).startswith("请"):
        return
    parts = _CHOICE.fullmatch(choice)
    code, name = parts.groups() if parts else ("", choice)
    cover["unit"] = cover["unit"] or code
    cover["unit_name"] = cover["unit_name"] or name


def _day(raw: Raw | None) -> str:
    """A date as YYYY-MM-DD: from a date cell, a serial, 2023年7月5日, 20230705; other text as it stands."""
    serial = raw.serial if isinstance(raw, CellDate) else raw
    if isinstance(serial, float):
        if _FIRST_SERIAL <= serial < _LAST_SERIAL:
            return (_EPOCH + timedelta(days=int(serial))).isoformat()
        raw = serial  # 20230705 typed into a date cell is no serial
    text = said(raw)
    squeezed = squeeze(text)
    found = _DATE.fullmatch(squeezed) or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", squeezed)
    if found:
        try:
            return date(*(int(part) for part in found.groups())).isoformat()
        except ValueError:
            return text
    return text
