"""Clue (线索): what comparing makes of some cells of one return, before it is said as a finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Clue:
    """One clue. `check` names the row of rules.csv that words it; `row` and `columns` are places in the series, the column that it is
    mainly about first; `fields` fill the message; `expected` and `difference` go to the finding as they are."""

    check: str
    row: int
    columns: tuple[int, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    expected: str = ""
    difference: str = ""


def unclaimed(clues: Iterable[Clue]) -> list[Clue]:
    """The clues in their order without those whose every cell an earlier one spoke of: one strange cell is told once."""
    told: set[tuple[int, int]] = set()
    kept = []
    for clue in clues:
        cells = {(clue.row, column) for column in clue.columns}
        if not cells <= told:
            kept.append(clue)
            told |= cells
    return kept
