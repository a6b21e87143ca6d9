"""What was taken from one return: answers as arrays and short tables, and a mark for everything odd about a cell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reconcile.files.raw import LONGEST_TEXT, CellDate, CellError, Percent, Raw, Uncomputed

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 1e15
"""No union counts so many: a citizen number in the wrong cell, or an endless number."""

_EPOCH = date(1899, 12, 30)
_LAST_SERIAL = 2_958_466  # the day after 9999-12-31


class Mark(NamedTuple):
    """Something odd about one cell: `check` is the named check. `code` is the indicator, "" for a list's cell, which `label` names."""

    check: str
    code: str
    sheet: str
    cell: str
    typed: str
    value: float = math.nan
    said: str = ""
    label: str = ""
    reason: str = ""


@dataclass(slots=True)
class Taken:
    """A return's answers. `values` and `states`: one number an indicator, in the scheme's order. The other tables lack the return's id.

    typed: (code, text, measure); texts, reasons: (code, text); lists, answers: the columns of their tables after the id.
    """

    cover: dict[str, str]
    layout: str
    places: Mapping[str, tuple[str, str]]
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    states: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, dtype=np.int8))
    typed: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    answers: list[tuple[str, str, str, str]] = field(default_factory=list)
    lists: list[tuple[str, int, str, str, float, str, str]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    absent: tuple[str, ...] = ()
    unknown: tuple[tuple[str, str, str], ...] = ()
    hidden: tuple[str, ...] = ()
    relabelled: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    odd_date: str = ""  # the cover's date as typed, where it is none

    @property
    def worded(self) -> bool:
        """Whether something besides figures is filled: a text, a row of a list, a reason, an answer."""
        return bool(self.texts or self.lists or self.reasons or self.answers)

    @property
    def plain(self) -> bool:
        """Whether nothing about its cells and its form is odd, blanks apart."""
        return not (self.marks or self.absent or self.unknown or self.hidden or self.relabelled or self.active)


def as_text(raw: Raw | None) -> str:  # noqa: PLR0911 - one answer for each kind of raw cell
    """A raw cell as a reader of the sheet sees it; "" for blank."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, CellDate):
        return shown_day(raw.serial)
    if isinstance(raw, CellError):
        return raw.text[:LONGEST_TEXT]
    if isinstance(raw, Uncomputed):
        return f"={raw.formula[:LONGEST_TEXT]}"
    if isinstance(raw, Percent):
        return f"{float(raw) * 100:.15g}%"
    if isinstance(raw, float):
        return f"{Decimal(f'{raw:.15g}'):f}" if raw.is_integer() else repr(raw)  # Excel keeps fifteen digits and shows zeros for the rest
    return raw.strip()[:LONGEST_TEXT]


def shown_day(serial: float) -> str:
    """A day's serial (1900 system) as YYYY-MM-DD; its digits where it is no day."""
    return (_EPOCH + timedelta(days=int(serial))).isoformat() if 1 <= serial < _LAST_SERIAL else f"{serial:.15g}"
