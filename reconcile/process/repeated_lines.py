"""The same line of a list met twice in one unit; the same person aided by two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconcile.process.roster_lines import Columns, Line
from reconcile.process.same_enterprise import Meeting, names_differ, same_paper

BY_NUMBER = "身份证号相同"
_MANY = 300  # lines of one person that a line is compared with; more is a placeholder, not a person
_FILLED = 3  # cells that a row of a list without codes must have before equal rows are the same row


def aided_elsewhere(lines: Sequence[Line]) -> Iterator[Meeting]:
    """Lines whose person stands in the same list of another unit, told by the digest of the citizen number alone."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        if line.person:
            found.setdefault((line.list, line.person), []).append(line)
    for group in found.values():
        for line in group:
            others = tuple(other for other in group[:_MANY] if other.unit != line.unit)
            if others:
                yield Meeting(line, BY_NUMBER, others)


def aided_twice(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines of one person in one list of one unit."""
    found: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        if line.person:
            found.setdefault((line.unit, line.list, line.person), []).append(line)
    return [group for group in found.values() if len(group) > 1]


def repeated(lines: Sequence[Line], columns: Mapping[str, Columns]) -> list[list[Line]]:
    """Lines of one enterprise in one list of one unit (papers: of one paper), and rows that are equal in every cell.

    Persons are told by their numbers (`aided_twice`); equal names are no sign that two are one.
    """
    found: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        key = _key(line, columns[line.list])
        if key:
            found.setdefault((line.unit, line.list, *key), []).append(line)
    return [group for group in map(_same, found.values()) if len(group) > 1]


def _key(line: Line, has: Columns) -> tuple[str, ...]:
    """What two lines of one list share where they are the same; empty where nothing tells."""
    if has.person:
        return () if line.person else _all_cells(line)
    if line.code:
        return ("code", line.code)
    if has.code and line.firm.core:
        return ("name", *line.firm.places, line.firm.core, line.firm.form)
    return _all_cells(line)


def _all_cells(line: Line) -> tuple[str, ...]:
    texts = tuple(f"{column}={text}" for column, (text, _) in sorted(line.cells.items()))
    return ("row", *texts) if len(texts) >= _FILLED else ()


def _same(group: list[Line]) -> list[Line]:
    """Those of the lines that are the same as the first, or, where none is, as the next that another one is the same as."""
    for place, first in enumerate(group[:_MANY]):
        same = [other for other in group[place + 1 :] if same_paper(first, other) and not names_differ(first.firm, other.firm)]
        if same:
            return [first, *same]
    return group[:1]
