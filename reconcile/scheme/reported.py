"""Reported: one record laid into the rows of a system, as distances from where its figures stand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reconcile.scheme.evaluation import GUARD, NOISE
from reconcile.scheme.records import Floats, Truths
from reconcile.scheme.row_matrix import Factors, RowMatrix, Sense, Way, When

LARGEST_NOISE = 0.5  # as in evaluation: beyond the guard by more than this nothing is noise
_SIZE = 1e6  # distances are scaled down to this, so that PRECISION of the program is 10⁻¹⁵ of the largest: what a double can hold


class Reported:
    """`figures` (NaN missing), `base` (0 for those), and for each row how far its sum may fall (`low`) or rise (`high`) from what it is.

    low and high are scaled by the row's factor and by `scale`; `exact_low` and `exact_high` are the same without tolerance. `bad`: rows
    that do not hold as reported, `broken`: constraints that do not, whatever the missing figures are. `outside`: columns impossible in
    themselves. `coefficients`: rows × columns, the products of figures taken at what the record says. `void`: rows that divide by 0, with
    the columns that they divide by; where not told, those that do so in this record.
    """

    def __init__(self, rows: RowMatrix, figures: Floats, *, outside: list[int], void: Mapping[int, tuple[int, ...]] | None = None) -> None:
        self.rows, self.figures, self.outside = rows, figures, outside
        self.missing: Truths = np.asarray(np.isnan(figures))
        self.base: Floats = np.where(self.missing, 0.0, figures)
        sums = rows.linear @ self.base
        sizes = np.abs(rows.linear) @ np.abs(self.base) + np.abs(rows.right)
        self.coefficients, self.factor = rows.normal, rows.factor
        if rows.products:
            self._multiply(sums, sizes)
        self._bound(rows.right - sums, np.minimum(NOISE * sizes, LARGEST_NOISE))
        self.void: Mapping[int, tuple[int, ...]] = self._void() if void is None else void
        self.bad[[row for row, places in self.void.items() if not self.missing[list(places)].any()]] = False
        self.unknown: Truths = np.asarray(rows.support[:, self.missing].any(axis=1))

    def _void(self) -> dict[int, tuple[int, ...]]:
        return {
            row: tuple({place for one in factors for place in one.places})
            for row, factors in self.rows.per.items()
            if sum(_worth(one, self.base) for one in factors) == 0
        }

    def changed(self, place: int, value: float) -> Reported:
        """The same record with another figure; a division by a figure that was changed to 0 is no escape from its rule."""
        figures = self.figures.copy()
        figures[place] = value
        return Reported(self.rows, figures, outside=self.outside, void={row: by for row, by in self.void.items() if place not in by})

    def _multiply(self, sums: Floats, sizes: Floats) -> None:
        rows = self.rows
        coefficients = rows.linear.copy()
        for row, factors in rows.products.items():
            for one in factors:
                worth = _worth(one, self.base)
                sums[row] += worth
                sizes[row] += abs(worth)
                for at, place in enumerate(one.places):
                    others = Factors((*one.places[:at], *one.places[at + 1 :]), one.coefficient)
                    coefficients[row, place] += _worth(others, self.base)
        largest = np.abs(coefficients).max(axis=1, initial=0.0)
        self.factor = np.where(largest > 0, largest, 1.0)
        self.coefficients = coefficients / self.factor[:, None]

    def _bound(self, room: Floats, noise: Floats) -> None:
        """Bounds of each row from the room it has left: as evaluation judges, and as the program is to be asked."""
        rows = self.rows
        strict, equal = rows.sense == Sense.BELOW, rows.sense == Sense.EQUAL
        guard = np.array([0.0 if row in rows.per else GUARD for row in range(len(rows.owner))]) if rows.per else GUARD
        held = room + rows.tolerance + np.where(strict, -guard - noise, guard + noise)
        low = np.where(equal, room - rows.tolerance - guard - noise, -np.inf)
        self.bad: Truths = (np.where(strict, held <= 0, held < 0) | (low > 0)) & (rows.when != When.EXACT)
        asked = np.where(strict, held - guard, held)
        exact = np.where(equal, room, asked)
        gridded = np.flatnonzero(rows.grid)
        if gridded.size:
            grid = rows.grid[gridded]
            bound = (rows.right + rows.tolerance)[gridded]
            sums = rows.right[gridded] - room[gridded]
            asked[gridded] = exact[gridded] = (np.ceil((bound - GUARD) / grid - GUARD) - 1) * grid - sums + GUARD
        lacking = np.maximum(-asked, low)  # how far figures must move; where they stand does not matter
        self.scale = max(1.0, float(lacking.max(initial=0.0)) / _SIZE)
        size = self.factor * self.scale
        self.high, self.low = asked / size, low / size
        self.exact_high, self.exact_low = exact / size, np.where(equal, room, -np.inf) / size

    @property
    def broken(self) -> Truths:
        """Which constraints are broken: no way is left that may hold."""
        return np.array([all(self._dead(way) for way in ways) for ways in self.rows.ways], dtype=np.bool_)

    def read(self, constraint: int) -> frozenset[int]:
        """The columns that every branch of a broken constraint reads in a row that fails: one of them must change."""
        found: set[int] = set()
        for way in self.rows.ways[constraint]:
            found |= self._blame(way)
        return frozenset(found)

    def _blame(self, way: Way) -> set[int]:
        rows = [row for row in way.rows if self.bad[row] and not self.unknown[row]]
        if rows:
            return set(np.flatnonzero(self.rows.support[rows[0]]).tolist())
        return {place for place, answered in way.answers if not answered and not self.missing[place]}

    def _dead(self, way: Way) -> bool:
        if any(self.bad[row] and not self.unknown[row] for row in way.rows):
            return True
        return any(not answered and not self.missing[place] for place, answered in way.answers)


def _worth(factors: Factors, figures: Floats) -> float:
    """A product of figures with its coefficient."""
    found = factors.coefficient
    for place in factors.places:
        found *= float(figures[place])
    return found
