"""Indicator (指标): what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How an indicator behaves in time and in totals."""

    FLOW = "flow"  # accumulates from 1 January; added
    STOCK = "stock"  # stands on the last day; added
    RATE = "rate"  # recomputed from its formula, never added
    NORM = "norm"  # a standard, never added
    FLAG = "flag"  # yes or no; the yeses are counted
    DATE = "date"  # never added
    TEXT = "text"  # gathered

    @property
    def summed(self) -> bool:
        """Whether a total is the sum over returns (a flag's total is its count of yeses)."""
        return self in (Kind.FLOW, Kind.STOCK, Kind.FLAG)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One row of indicators.csv. `formula` is the text of an expression, empty unless derived or a rate."""

    code: str
    name: str
    section: str
    measure: str
    kind: Kind
    decimals: int = 0
    required: bool = False
    reported_by: frozenset[str] = frozenset()
    formula: str = ""
    definition: str = ""
    aliases: tuple[str, ...] = ()

    def asked_of(self, unit_kind: str) -> bool:
        """Whether a unit of this kind fills the indicator in."""
        return unit_kind in self.reported_by
