"""Partial (部分汇总): what some returns come to. Partials of any parts, combined in any order, give the same sums to the last digit.

Sums are whole numbers of 10⁻⁶. They are kept in 64 bits as long as every one is below 2⁶², so that two of them can be added without
leaving 64 bits; where one is larger, the whole table is kept as Python's own integers, which know no end. Which of the two it is follows
from the values alone, not from how they were brought together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reconcile.model.figures import Wholes

Counts = NDArray[np.int64]

_ROOM = 2**62
_LONG = 4  # rows a sum from which adding sum by sum is faster than all at once
_BOUND = 4.0e18  # a sum of doubles below this is a sum of integers below 2⁶² (4.6·10¹⁸), whatever the doubles lost


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """Sums and counts by unit. units: codes, rising. sums: units × figures, whole numbers of 10⁻⁶; counts: units × anything counted."""

    units: tuple[str, ...]
    sums: Wholes
    counts: Counts

    @classmethod
    def of(cls, units: Iterable[str], sums: Wholes, counts: Counts) -> Partial:
        """From rows in any order, several of which may be of one unit: those are added."""
        names = list(units)
        found = sorted(set(names))
        place = {unit: row for row, unit in enumerate(found)}
        rows = np.array([place[unit] for unit in names], dtype=np.int64)
        return cls(tuple(found), _narrow(added(roomy(sums), rows, len(found))), added(counts, rows, len(found)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Partial):
            return NotImplemented
        return self.units == other.units and np.array_equal(self.sums, other.sums) and np.array_equal(self.counts, other.counts)

    def __hash__(self) -> int:
        return hash(self.units)


def combined(partials: Iterable[Partial]) -> Partial:
    """What the returns of all come to: associative and commutative. Raises ValueError where there is none, or they count other things."""
    given = list(partials)
    several = [one for one in given if one.units] or given
    widths = {(one.sums.shape[1], one.counts.shape[1]) for one in several}
    if len(widths) != 1:
        raise ValueError("partials of the same figures are needed")
    wide = any(one.sums.dtype == object for one in several)
    sums = np.concatenate([one.sums.astype(object) if wide else one.sums for one in several])
    return Partial.of((unit for one in several for unit in one.units), sums, np.concatenate([one.counts for one in several]))


def added(rows: Wholes, at: NDArray[np.int64], size: int) -> Wholes:
    """Rows (rows × columns) added up by the place `at` that each belongs to: size × columns, zeros where none does."""
    found = np.zeros((size, rows.shape[1]), dtype=rows.dtype)
    if not at.size:
        return found
    order = np.argsort(at, kind="stable")
    places = at[order]
    starts = np.flatnonzero(np.concatenate([[True], places[1:] != places[:-1]]))
    sorted_rows = rows if (order == np.arange(order.size)).all() else rows[order]
    if starts.size == at.size:
        found[places] = sorted_rows
    elif at.size < _LONG * starts.size:
        found[places[starts]] = np.add.reduceat(sorted_rows, starts, axis=0)
    else:
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), at.size], strict=True):
            sorted_rows[start:end].sum(axis=0, out=found[places[start]])
    return found


def roomy(sums: Wholes) -> Wholes:
    """The rows in a dtype in which all of them can be added, in any order and any choice of them."""
    if sums.dtype == object or not sums.size or float(np.abs(sums.astype(np.float64)).sum(axis=0).max()) < _BOUND:
        return sums
    return sums.astype(object)


def _narrow(sums: Wholes) -> Wholes:
    """Back to 64 bits where every sum has room there, so that the dtype follows from the values."""
    if sums.dtype != object:
        return sums
    return sums.astype(np.int64) if all(-_ROOM < one < _ROOM for one in sums.ravel().tolist()) else sums
