"""A raw cell with its place: what the readers of a form hand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reconcile.files.raw import LONGEST_TEXT, CellDate, CellError, Raw, Uncomputed


class Placed(NamedTuple):
    """What stands in one cell. `raw` is None where it is blank; `measure` is the text of the measure column beside it, else ""."""

    sheet: str
    cell: str
    raw: Raw | None
    measure: str = ""


class RosterRow(NamedTuple):
    """One row of a list: `row` is the sheet's row; only filled cells are in `cells` (column -> cell)."""

    list: str
    sheet: str
    row: int
    cells: Mapping[str, Placed]


def said(raw: Raw | None) -> str:
    """A cell of the cover as text: whole numbers without a decimal point; "" for blank, errors and formulas without a result."""
    if raw is None or isinstance(raw, (CellError, Uncomputed, CellDate)):
        return ""
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(float(raw))
    return raw.strip()[:LONGEST_TEXT]
