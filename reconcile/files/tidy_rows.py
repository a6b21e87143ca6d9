"""Units, layouts and findings as rows of texts, and back: the same rows stand in tidy sheets and in the Parquet files beside a summary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.identity import mask_contact
from reconcile.model.round import ADJUSTMENTS_COLUMNS, LISTS_COLUMNS, REASONS_COLUMNS, TEXTS_COLUMNS, TYPED_COLUMNS
from reconcile.model.unit import Unit

LONG_TABLES: dict[str, dict[str, str]] = {
    "typed": TYPED_COLUMNS,
    "texts": TEXTS_COLUMNS,
    "lists": LISTS_COLUMNS,
    "reasons": REASONS_COLUMNS,
    "adjustments": ADJUSTMENTS_COLUMNS,
}
"""The sparse tables of a Round by their names there, but the answers, which summaries of earlier programs have not."""

UNIT_COLUMNS = ("code", "name", "kind", "parent", "contact", "opened", "closed", "successors")
LAYOUT_COLUMNS = ("layout", "sheet", "cells")
FINDING_COLUMNS = (
    "tier",
    "rule",
    "unit",
    "unit_name",
    "period",
    "return",
    "indicators",
    "cells",
    "observed",
    "expected",
    "difference",
    "message",
    "advice",
)


def unit_row(unit: Unit) -> tuple[str, ...]:
    """A unit with UNIT_COLUMNS; its contact masked, its successors as JSON."""
    opened, closed = (day.isoformat() if day else "" for day in (unit.opened, unit.closed))
    successors = json.dumps(unit.successors, ensure_ascii=False) if unit.successors else "[]"
    return unit.code, unit.name, unit.kind, unit.parent, mask_contact(unit.contact), opened, closed, successors


def unit_of(row: Sequence[str]) -> Unit:
    """The unit of a row; missing cells at its end count as empty. Raises ValueError where a date or the JSON is none."""
    code, name, kind, parent, contact, opened, closed, successors = (*row, *[""] * len(UNIT_COLUMNS))[: len(UNIT_COLUMNS)]
    days = [date.fromisoformat(day) if day else None for day in (opened, closed)]
    return Unit(code, name, kind, parent, contact, days[0], days[1], _all_texts(json.loads(successors or "[]")))


def layout_rows(layouts: Mapping[str, Mapping[str, tuple[str, str]]]) -> list[tuple[str, str, str]]:
    """One row a layout and sheet (LAYOUT_COLUMNS): the cells of its indicators as JSON."""
    rows: list[tuple[str, str, str]] = []
    for layout, places in layouts.items():
        sheets: dict[str, dict[str, str]] = {} if places else {"": {}}
        for indicator, (sheet, cell) in places.items():
            sheets.setdefault(sheet, {})[indicator] = cell
        rows.extend((layout, sheet, json.dumps(cells, ensure_ascii=False, separators=(",", ":"))) for sheet, cells in sheets.items())
    return rows


def layouts_of(rows: Iterable[Sequence[str]]) -> dict[str, dict[str, tuple[str, str]]]:
    """The layouts of all rows. Raises ValueError where the JSON is none of ours."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for row in rows:
        layout, sheet, cells = (*row, *[""] * len(LAYOUT_COLUMNS))[: len(LAYOUT_COLUMNS)]
        places = json.loads(cells)
        if not isinstance(places, dict):
            raise ValueError("places of a layout are a JSON object")
        _all_texts(list(places.values()))
        found.setdefault(layout, {}).update({indicator: (sheet, cell) for indicator, cell in places.items()})
    return found


def finding_row(finding: Finding) -> tuple[str, ...]:
    """A finding with FINDING_COLUMNS; its indicators and cells as JSON."""
    cells = json.dumps([[cell.file, cell.sheet, cell.cell, cell.value] for cell in finding.cells], ensure_ascii=False)
    return (
        finding.tier.value,
        finding.rule,
        finding.unit,
        finding.unit_name,
        finding.period,
        finding.return_id,
        json.dumps(finding.indicators, ensure_ascii=False),
        cells,
        finding.observed,
        finding.expected,
        finding.difference,
        finding.message,
        finding.advice,
    )


def finding_of(row: Sequence[str]) -> Finding:
    """The finding of a row; missing cells at its end count as empty. Raises ValueError or TypeError where it is none."""
    texts = (*row, *[""] * len(FINDING_COLUMNS))[: len(FINDING_COLUMNS)]
    tier, rule, unit, unit_name, period, return_id, indicators, cells = texts[:8]
    places = tuple(CellAt(*_all_texts(place)) for place in json.loads(cells))
    return Finding(Tier(tier), rule, unit, unit_name, period, return_id, _all_texts(json.loads(indicators)), places, *texts[8:])


def _all_texts(told: Any) -> tuple[str, ...]:
    """What JSON gave, where it is a list of texts."""
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise ValueError("a list of texts was expected")
    return tuple(told)
