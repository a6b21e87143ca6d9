"""Estimates: a row in which free figures are multiplied, said less strictly but linearly.

Where b is 0 or more and r lies between 60 and 100, 60·b <= r·b <= 100·b: what the row demands of r·b it demands of one of the two. What
contradicts the estimate contradicts the row; what satisfies it may not satisfy the row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconcile.scheme.evaluation import GUARD, NOISE
from reconcile.scheme.records import Floats, Truths
from reconcile.scheme.relaxation import Bounds
from reconcile.scheme.reported import LARGEST_NOISE, Reported
from reconcile.scheme.row_matrix import Factors, Sense


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """`coefficients` · moved <= `high`, both scaled as the rows of the record; so because of the bounds that the rows `by` set."""

    coefficients: Floats
    high: float
    by: frozenset[int]


def multiplied(factors: Factors, free: Truths) -> list[int]:
    """The places of a product that are free, where those are more than one."""
    found = [place for place in factors.places if free[place]]
    return found if len(found) > 1 else []


def estimate(row: int, record: Reported, free: Truths, bounds: Bounds) -> Estimate | None:
    """The row for one record with some figures free; None where the bounds of the figures do not give one, or the row is an equality."""
    rows = record.rows
    if rows.sense[row] == Sense.EQUAL:
        return None
    coefficients, constant = rows.linear[row].copy(), 0.0
    by: set[int] = set()
    for factors in rows.products[row]:
        worth = factors.coefficient
        for place in factors.places:
            worth *= 1.0 if free[place] else float(record.base[place])
        loose = [place for place in factors.places if free[place]]
        if len(loose) > 1:
            found = _bounded(worth, loose, bounds)
            if found is None:
                return None
            by.update(*(bounds.of(place) for place in loose))
            worth, loose = found[0], [found[1]]
        if loose:
            coefficients[loose[0]] += worth
        else:
            constant += worth
    terms = coefficients * record.base
    right = float(rows.right[row])
    noise = min(NOISE * (float(np.abs(terms).sum()) + abs(constant) + abs(right)), LARGEST_NOISE)
    guard = 0.0 if row in rows.per else GUARD
    room = right - constant - float(terms.sum()) + float(rows.tolerance[row]) + guard + noise
    factor = float(np.abs(coefficients).max(initial=0.0)) or 1.0
    return Estimate(coefficients / factor, room / (factor * record.scale), frozenset(by))


def _bounded(worth: float, loose: list[int], bounds: Bounds) -> tuple[float, int] | None:
    """The least that `worth` times the product of the loose figures can be, as a coefficient of one of them: (coefficient, its place).

    The one of widest bounds stays; the bounds of the others say most.
    """
    lower, upper = bounds.lower, bounds.upper
    if worth == 0:
        return 0.0, loose[0]
    for kept in sorted(loose, key=lambda one: -float(upper[one] - lower[one])):
        others = list(loose)
        others.remove(kept)
        ends = [float(lower[one] if worth > 0 else upper[one]) for one in others]
        signed = len(others) == 1 or all(lower[one] >= 0 for one in others)
        if lower[kept] >= 0 and signed and np.isfinite(ends).all():
            return worth * float(np.prod(ends)), kept
    return None
