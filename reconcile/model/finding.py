"""Finding (问题): one place where something does not hold, or could not be judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"  # 强制: must be corrected
    QUERY = "query"  # 核实: may stand with a reason
    NOTE = "note"  # 提示

    @property
    def chinese(self) -> str:
        """The tier as a clerk reads it."""
        return {"error": "强制", "query": "核实", "note": "提示"}[self.value]


@dataclass(frozen=True, slots=True)
class CellAt:
    """A cell of a received file with what stands there; `value` is the text as typed, or the number's digits, "" for blank."""

    file: str
    sheet: str
    cell: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `return_id` is "" where it is about a unit rather than a file; `observed`, `expected` and `difference` are texts with
    their measure, "" where there is none; `message` says where, what was seen and what was expected, `advice` what to do."""

    tier: Tier
    rule: str
    unit: str
    unit_name: str
    period: str
    return_id: str
    indicators: tuple[str, ...]
    cells: tuple[CellAt, ...]
    observed: str
    expected: str
    difference: str
    message: str
    advice: str
    reason: str = ""  # what the unit answered, where that settles it (说明)

    @property
    def open(self) -> bool:
        """Whether the unit has still something to do: correct an error, or answer a query."""
        return self.tier is Tier.ERROR or (self.tier is Tier.QUERY and not self.reason)

    @property
    def sort_key(self) -> tuple[int, str, str, str, tuple[tuple[str, str, str, str], ...], str]:
        """Errors first, then by unit, rule and place, so that the same round always tells in the same order."""
        rank = (Tier.ERROR, Tier.QUERY, Tier.NOTE).index(self.tier)
        places = tuple((cell.file, cell.sheet, cell.cell, cell.value) for cell in self.cells)
        return rank, self.unit, self.rule, self.return_id, places, self.message
