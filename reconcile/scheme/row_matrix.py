"""Row matrix: the rows of some rules' branches as arrays, once for all records.

A row with a division was multiplied by what it is divided by; its tolerance then depends on that figure, and goes into the row itself:
|a − r·b| <= t·b becomes a − (r + t)·b <= 0 and (r − t)·b − a <= 0. Where figures must follow exactly, a third row without tolerance
stands in for the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from math import gcd

import numpy as np
from numpy.typing import NDArray

from reconcile.scheme import polynomial
from reconcile.scheme.branches import Answered, Constraint, Row
from reconcile.scheme.evaluation import GUARD
from reconcile.scheme.polynomial import Monomial, Polynomial
from reconcile.scheme.records import Floats, Truths
from reconcile.scheme.syntax import Reference


class Sense(IntEnum):
    """What a row demands of its sum."""

    EQUAL = 0
    MOST = 1  # at most
    BELOW = 2  # strictly less


class When(IntEnum):
    """Whether a row stands where tolerances count, where relations are taken as exact, or in both."""

    BOTH = 0
    TOLERANT = 1
    EXACT = 2


@dataclass(frozen=True, slots=True)
class Way:
    """One branch of a constraint: its rows' places, the columns that must be answered or not, and whether it is an escape."""

    rows: tuple[int, ...]
    answers: tuple[tuple[int, bool], ...]
    escape: bool


@dataclass(frozen=True, slots=True)
class Factors:
    """A product of columns with its coefficient."""

    places: tuple[int, ...]
    coefficient: float


@dataclass(frozen=True, slots=True)
class _Line:
    """A row on its way into the arrays."""

    terms: Polynomial
    sense: Sense
    right: float
    tolerance: float
    when: When
    per: tuple[tuple[Monomial, float], ...]


class RowMatrix:
    """Arrays over rows (× columns): `linear` coefficients of single figures, `normal` the same scaled to a greatest of 1, `support` which
    columns a row reads, `sense`, `right`, `tolerance` (guard not included), `when`, `owner` (place of the constraint), `grid` (what the sum
    is a multiple of, 0 where of nothing), `products` and `per` of the rows that have any, `ways` of each constraint."""

    def __init__(self, constraints: Sequence[Constraint], whole: Callable[[Reference], bool]) -> None:
        lines: list[_Line] = []
        owners: list[int] = []
        columns: dict[Reference, int] = {}
        self.ways: list[tuple[Way, ...]] = []
        for place, one in enumerate(constraints):
            found = []
            for escape, branch in [*((False, way) for way in one.ways), *((True, way) for way in one.escapes)]:
                made = [line for row in branch if isinstance(row, Row) for line in _lines(row)]
                answers = [(_column(columns, item.reference), item.answered) for item in branch if isinstance(item, Answered)]
                found.append(Way(tuple(range(len(lines), len(lines) + len(made))), tuple(answers), escape))
                lines.extend(made)
                owners.extend([place] * len(made))
            self.ways.append(tuple(found))
        for line in lines:
            for monomial in (*line.terms, *(monomial for monomial, _ in line.per)):
                for reference in monomial:
                    _column(columns, reference)
        self.columns = tuple(columns)
        self.owner = np.array(owners, dtype=np.intp)
        self.sense = np.array([line.sense for line in lines], dtype=np.int8)
        self.when = np.array([line.when for line in lines], dtype=np.int8)
        self.right = np.array([line.right for line in lines], dtype=np.float64)
        self.tolerance = np.array([line.tolerance for line in lines], dtype=np.float64)
        self.two_sided: Truths = self.sense == Sense.EQUAL
        self._fill(lines, columns, whole)

    def _fill(self, lines: list[_Line], columns: dict[Reference, int], whole: Callable[[Reference], bool]) -> None:
        shape = (len(lines), len(columns))
        self.linear: Floats = np.zeros(shape)
        self.support: Truths = np.zeros(shape, dtype=np.bool_)
        self.grid: Floats = np.zeros(len(lines))
        self.products: dict[int, tuple[Factors, ...]] = {}
        self.per: dict[int, tuple[Factors, ...]] = {}
        for row, line in enumerate(lines):
            several = []
            for monomial, coefficient in line.terms.items():
                places = tuple(columns[reference] for reference in monomial)
                self.support[row, list(places)] = True
                if len(places) == 1 and not line.per:
                    self.linear[row, places[0]] = coefficient
                else:
                    several.append(Factors(places, coefficient))
            if line.per:
                self.per[row] = tuple(Factors(tuple(columns[one] for one in monomial), coefficient) for monomial, coefficient in line.per)
                for factors in self.per[row]:
                    self.support[row, list(factors.places)] = True
            if several:
                self.products[row] = tuple(several)
            self.grid[row] = _grid(line, whole)
        largest = np.abs(self.linear).max(axis=1, initial=0.0)
        self.factor: Floats = np.where(largest > 0, largest, 1.0)
        self.normal: Floats = self.linear / self.factor[:, None]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        return len(self.owner), len(self.columns)

    @property
    def product_rows(self) -> NDArray[np.intp]:
        """Rows in which figures are multiplied."""
        return np.array(sorted(self.products), dtype=np.intp)


def _lines(row: Row) -> list[_Line]:
    sense = {"==": Sense.EQUAL, "<=": Sense.MOST, "<": Sense.BELOW}[row.operator]
    above = dict(row.terms)
    if not row.per:
        return [_Line(above, sense, row.right, row.tolerance, When.BOTH, ())]
    below = dict(row.per)
    if sense is Sense.BELOW:  # two guards: one that evaluation asks for, one so that the program's answer clears it
        return [_Line(polynomial.added(above, below, 2 * GUARD - row.tolerance), Sense.MOST, 0.0, 0.0, When.BOTH, row.per)]
    within = row.tolerance + GUARD
    upper = _Line(polynomial.added(above, below, -within), Sense.MOST, 0.0, 0.0, When.BOTH, row.per)
    if sense is Sense.MOST:
        return [upper]
    lower = _Line(polynomial.added(polynomial.scaled(above, -1.0), below, -within), Sense.MOST, 0.0, 0.0, When.TOLERANT, row.per)
    exact = _Line(above, Sense.EQUAL, 0.0, 0.0, When.EXACT, row.per)
    return [_Line(upper.terms, Sense.MOST, 0.0, 0.0, When.TOLERANT, row.per), lower, exact]


def _column(columns: dict[Reference, int], reference: Reference) -> int:
    return columns.setdefault(reference, len(columns))


def _grid(line: _Line, whole: Callable[[Reference], bool]) -> float:
    """What a strict sum of whole numbers with whole coefficients is a multiple of; 0 where it is of nothing."""
    if line.sense is not Sense.BELOW or not line.terms or line.per:
        return 0.0
    counted = all(coefficient == int(coefficient) and all(map(whole, monomial)) for monomial, coefficient in line.terms.items())
    return float(reduce(gcd, [abs(int(coefficient)) for coefficient in line.terms.values()])) if counted else 0.0
