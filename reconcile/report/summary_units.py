"""Which units the sheets of a large round show: down to the second level below the root, and every unit below under one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reconcile.model.round import LARGE

if TYPE_CHECKING:
    from reconcile.model.unit import UnitTree

MOST_LINES = 1_000
"""Lines of one list in a sheet of a large round: findings, files, missing units. More is for a program, and stands in the data files."""

MANY_UNITS = 5_000
"""Units at or below the root that are still listed one by one, however few of them reported. A larger county has two thousand."""

_LEVELS = 2
_MOST_UNITS = 4 * LARGE  # a sheet of so many units still opens at once; where a level has more, the sheets stop above it


@dataclass(frozen=True)
class ShownUnits:
    """The units at most two levels below the root, one level less where that would be too many."""

    units: UnitTree
    root: str

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """The units of each level shown: the root alone, those directly below it, those below these."""
        found: list[tuple[str, ...]] = [(self.root,)]
        while len(found) <= _LEVELS:
            below = tuple(child for unit in found[-1] for child in self.units.children(unit))
            if not below or len(below) > _MOST_UNITS:
                break
            found.append(below)
        return tuple(found)

    @cached_property
    def lines(self) -> tuple[tuple[str, int], ...]:
        """Unit and level of each line, a unit before those below it."""
        found: list[tuple[str, int]] = []

        def add(unit: str, level: int) -> None:
            found.append((unit, level))
            if level + 1 < len(self.levels):
                for child in self.units.children(unit):
                    add(child, level + 1)

        add(self.root, 0)
        return tuple(found)

    @cached_property
    def under(self) -> dict[str, str]:
        """Every unit at or below the root -> the lowest unit shown at or above it."""
        deepest = len(self.levels) - 1
        found = {unit: unit for unit, _ in self.lines}
        for unit in self.levels[deepest]:
            found.update(dict.fromkeys(self.units.subtree(unit), unit))
        return found

    def counts(self, units: Iterable[str]) -> dict[str, int]:
        """How many of these stand at or below each unit shown; one that stands twice counts twice."""
        met = Counter(map(self.under.get, units))
        found = {unit: met[unit] for unit, _ in self.lines}
        for unit, level in reversed(self.lines):
            if level:
                found[self._parents[unit]] += found[unit]
        return found

    @cached_property
    def _parents(self) -> dict[str, str]:
        """The unit shown directly above each."""
        return {child: unit for unit, level in self.lines if level + 1 < len(self.levels) for child in self.units.children(unit)}

    @cached_property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """The round in parts that do not overlap: a unit with all below it (True), or only what it reported itself (False)."""
        deepest = len(self.levels) - 1
        return tuple((unit, level == deepest) for unit, level in self.lines)
