"""Relaxation: the rows of a system and the bounds of its figures as one linear program, the choices between branches left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reconcile.scheme.evaluation import GUARD
from reconcile.scheme.program import INFINITE, Program
from reconcile.scheme.records import Floats, Truths
from reconcile.scheme.row_matrix import RowMatrix


@dataclass(frozen=True, slots=True)
class Domain:
    """What a figure may be: between `lower` and `upper`, and a whole number or any."""

    lower: float = -INFINITE
    upper: float = INFINITE
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """`lower` and `upper` of each column, and the rows `by` which some of them are bounded."""

    lower: Floats
    upper: Floats
    by: Mapping[int, frozenset[int]]

    def of(self, place: int) -> frozenset[int]:
        """The rows that bound a column."""
        return self.by.get(place, frozenset())


@dataclass(frozen=True, eq=False)
class Relaxation:
    """`lower`, `upper` and `whole`: one entry a column of `rows`."""

    rows: RowMatrix
    lower: Floats
    upper: Floats
    whole: Truths

    @cached_property
    def bounds(self) -> Bounds:
        """Least and greatest of each column by its domain and by the rules that speak of it alone and leave no choice."""
        rows = self.rows
        lower, upper = self.lower.copy(), self.upper.copy()
        by: dict[int, set[int]] = {}
        alone = [len(ways) == 1 and not ways[0].answers for ways in rows.ways]
        for row in np.flatnonzero(rows.support.sum(axis=1) == 1).tolist():
            if row in rows.products or row in rows.per or not alone[rows.owner[row]]:
                continue
            place = int(np.flatnonzero(rows.support[row])[0])
            coefficient, room = float(rows.linear[row, place]), float(rows.tolerance[row]) + GUARD
            ends = [(rows.right[row] + room) / coefficient]
            if rows.two_sided[row]:
                ends.append((rows.right[row] - room) / coefficient)
            by.setdefault(place, set()).add(row)
            if coefficient > 0 or rows.two_sided[row]:
                upper[place] = min(upper[place], max(ends))
            if coefficient < 0 or rows.two_sided[row]:
                lower[place] = max(lower[place], min(ends))
        return Bounds(lower, upper, {place: frozenset(some) for place, some in by.items()})

    @cached_property
    def program(self) -> Program:
        """The linear program, made when it is first needed."""
        return Program(self.rows.normal, self.rows.two_sided)
