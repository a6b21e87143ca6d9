"""Rows of the lists (名册) of one return: each cell read by the type of its column, personal numbers masked before they go anywhere."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from reconcile.files.cell import read_cell
from reconcile.files.raw import CellError, Uncomputed
from reconcile.model.identity import check_credit_code, citizen_number_fault, credit_code_fault, digest, mask_citizen, mask_phone, mask_text
from reconcile.model.quantity import Measure
from reconcile.model.round import State
from reconcile.process.taken import Mark, Taken, as_text, shown_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconcile.files.placed import Placed, RosterRow
    from reconcile.scheme.scheme import RosterColumn, Scheme

_PLAIN = Measure("", Decimal(1), "", whole=False, rounded=False)


class Entered(NamedTuple):
    """One cell of a list, understood: what is kept of it, and the checks it fails, each with its reason."""

    text: str
    value: float = math.nan
    digest: str = ""
    failed: tuple[tuple[str, str], ...] = ()


def take_lists(rows: Sequence[RosterRow], scheme: Scheme, *, taken: Taken) -> None:
    """Add all rows of all lists to `taken`, with a mark for every damaged cell and every number that is no one's."""
    if not rows:
        return
    columns = {(roster.name, column.column): column for roster in scheme.rosters.values() for column in roster.columns}
    for row in rows:
        for name, placed in row.cells.items():
            column = columns.get((row.list, name))
            if column is None or placed.raw is None:
                continue
            entered = _entered(placed, column, scheme)
            if not entered.text:
                continue
            at = f"{placed.sheet}!{placed.cell}"
            taken.lists.append((row.list, row.row, name, entered.text, entered.value, at, entered.digest))
            for check, reason in entered.failed:
                taken.marks.append(
                    Mark(check, "", placed.sheet, placed.cell, entered.text, entered.value, label=column.name, reason=reason)
                )


def _entered(placed: Placed, column: RosterColumn, scheme: Scheme) -> Entered:
    raw = placed.raw
    text = as_text(raw)
    if isinstance(raw, (CellError, Uncomputed)):
        return Entered(text, failed=(("list_cell", ""),))
    if column.type in ("number", "date"):
        return _measured(placed, column, scheme)
    if column.type == "credit_code":
        reason = check_credit_code(text).reason  # an early pilot code breaks the rule too, and may stand with a reason
        shown = text if credit_code_fault(text) == "" and citizen_number_fault(text) else mask_text(text)  # a right code may be all digits
        return Entered(shown, failed=(("credit_code", reason),) if reason else ())
    if column.type == "citizen_number":
        reason = citizen_number_fault(text)
        failed = (("citizen_number", reason),) if reason else ()
        return Entered(mask_citizen(text), digest=digest(text, scheme.digest_key), failed=failed)
    return Entered(mask_phone(text) if column.type == "phone" else mask_text(text))


def _measured(placed: Placed, column: RosterColumn, scheme: Scheme) -> Entered:
    """A number in the column's measure, or a date as its Excel serial, shown as YYYY-MM-DD."""
    asked = scheme.measures.get(column.measure, _PLAIN)
    day = column.type == "date"
    measure = _PLAIN if day else asked  # a date column's measure says nothing about how a day is written
    reading = read_cell(placed.raw, indicator_measure=measure, kind="date" if day else "stock", measures=scheme.measure_words)
    typed = reading.typed if reading.typed is not None else as_text(placed.raw)
    text = mask_text(typed)
    if reading.state == State.NOT_APPLICABLE:
        return Entered(text)
    if reading.state == State.UNREADABLE or text != typed or not math.isfinite(reading.value):  # a personal number is no figure
        return Entered(text, failed=(("list_cell", ""),))
    if day:
        return Entered(shown_day(reading.value), reading.value)
    return Entered(text, reading.value, failed=tuple((check, "") for check in reading.remarks))
