"""Unit (单位): who reports. A tree by parent code; the key is the statistical code, never the name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

KINDS: dict[str, str] = {
    "enterprise": "企业",
    "village": "村",
    "community": "社区",
    "institution": "机关事业单位",
    "town": "乡镇（街道）",
    "county": "县（市、区）",
}
"""Kinds of unit and their Chinese face."""

MOST_LEVELS = 32
"""Levels of a tree of units. From the nation down to a group in an enterprise there are eight; a longer line is a slip, and would take
time that grows with its square."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One reporting unit. `parent` is a code, empty for the top; `opened` and `closed` bound the time in which it is expected to report."""

    code: str
    name: str
    kind: str
    parent: str = ""
    contact: str = ""
    opened: date | None = None
    closed: date | None = None
    successors: tuple[str, ...] = ()

    def expected(self, day: date) -> bool:
        """Whether the unit existed on `day`, the last day of a period, and so owes a return."""
        return (self.opened is None or self.opened <= day) and (self.closed is None or self.closed > day)


def over_levels(units: Mapping[str, Unit]) -> frozenset[str]:
    """Codes at which a line of parents becomes longer than `MOST_LEVELS`: cut above them, no line is. Expects a tree without circles."""
    levels: dict[str, int] = {}
    over: set[str] = set()
    for code in units:
        line = []
        here = code
        while here in units and here not in levels:
            line.append(here)
            here = units[here].parent
        level = levels.get(here, 0)
        for step in reversed(line):
            if level == MOST_LEVELS:
                over.add(step)
                level = 0
            level += 1
            levels[step] = level
    return frozenset(over)


def without_circles(units: Iterable[Unit]) -> list[Unit]:
    """The units in their order, each code once (the first).

    A parent link that would close a circle with those before it, or make a line of more than `MOST_LEVELS`, is cut.
    """
    found: dict[str, Unit] = {}
    for unit in units:
        found.setdefault(unit.code, unit)
    above = dict.fromkeys(found, "")  # a shortcut upwards from each unit, so that long lines of parents take no time

    def top(code: str) -> str:
        while above[code]:
            above[code] = above[above[code]] or above[code]
            code = above[code]
        return code

    for code, unit in found.items():
        if unit.parent not in found:
            continue
        if top(unit.parent) == code:
            found[code] = replace(unit, parent="")
        else:
            above[code] = unit.parent
    for code in over_levels(found):
        found[code] = replace(found[code], parent="")
    return list(found.values())


class UnitTree:
    """All units of a round as a tree. Followed by parent codes, never by name prefixes.

    `known` is False where no table of units was given and the units were taken from the covers: coverage is then unknown.
    Units whose parent is not in the table stand at the top. The constructor expects a tree without cycles (the loader checks).
    """

    def __init__(self, units: Iterable[Unit], *, known: bool = True) -> None:
        self.units: dict[str, Unit] = {unit.code: unit for unit in units}
        self.known = known

    def __contains__(self, code: object) -> bool:
        return code in self.units

    def __getitem__(self, code: str) -> Unit:
        return self.units[code]

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.units.values())

    def __len__(self) -> int:
        return len(self.units)

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for unit in self.units.values():
            found.setdefault(unit.parent if unit.parent in self.units else "", []).append(unit.code)
        return {code: tuple(codes) for code, codes in found.items()}

    def children(self, code: str) -> tuple[str, ...]:
        """Codes of the units directly below `code`, in the order of the table; "" gives the top units."""
        return self._children.get(code, ())

    def subtree(self, code: str) -> tuple[str, ...]:
        """`code` and every unit below it, each before its own children."""
        found, waiting = [], [code]
        while waiting:
            here = waiting.pop()
            found.append(here)
            waiting.extend(reversed(self.children(here)))
        return tuple(found)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """`code`, its parent, and so on to the top."""
        found = []
        while code in self.units:
            found.append(code)
            code = self.units[code].parent
        return tuple(found)

    def common(self, codes: Iterable[str]) -> str | None:
        """The lowest unit at or above all of `codes`; None where they share none, or there are none.

        One unit alone gives that unit; a parent counts as above itself.
        """
        shared: tuple[str, ...] | None = None
        for code in codes:
            line = self.ancestors(code)
            shared = line if shared is None else tuple(step for step in shared if step in set(line))
        return shared[0] if shared else None

    def name(self, code: str) -> str:
        """The unit's name, or the code itself where it is not in the table."""
        return self.units[code].name if code in self.units else code
