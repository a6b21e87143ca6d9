"""Face (c) of an expression: linear rows for the localiser, and the value that a single unknown figure must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reconcile.scheme.branches import Row, RowOperator, branches
from reconcile.scheme.evaluation import value
from reconcile.scheme.records import Environment, Floats
from reconcile.scheme.syntax import Expression, Name, Reference

_KEPT_DECIMALS = 6  # figures are kept to millionths


@dataclass(frozen=True, slots=True)
class Linear:
    """One row: the sum of coefficient times figure, `operator`, `right`. The rule's tolerance is not in it; `<` is strict."""

    terms: tuple[tuple[Reference, float], ...]
    operator: RowOperator
    right: float

    @property
    def coefficients(self) -> Mapping[Reference, float]:
        """The coefficient of each reference, none of them 0."""
        return dict(self.terms)


@dataclass(frozen=True, slots=True, eq=False)
class Implied:
    """For each record `index`, the place in `references` of the one unknown figure, and the `values` it must have; -1 and NaN elsewhere."""

    references: tuple[Reference, ...]
    index: NDArray[np.intp]
    values: Floats


def linear(node: Expression) -> tuple[Linear, ...] | None:
    """The rows that must all hold, or None where the rule is not linear, or leaves a choice (or, if…then, !=)."""
    found = branches(node)
    if found is None or len(found) != 1:
        return None
    rows = [_linear(row) for row in found[0] if isinstance(row, Row)]
    known = [row for row in rows if row is not None]
    return tuple(known) if len(known) == len(found[0]) else None


def _linear(row: Row) -> Linear | None:
    if row.per or any(len(monomial) != 1 for monomial, _ in row.terms):
        return None
    return Linear(tuple((monomial[0], coefficient) for monomial, coefficient in row.terms), row.operator, row.right)


def implied(node: Expression, environment: Environment, *, of: Literal["missing", "unknown"] = "missing") -> Implied | None:
    """What the single unknown figure of an equality must be; None where the rule is not one linear equality.

    `of="missing"`: only figures nobody answered; `"unknown"`: unreadable and not applicable ones too. All others must be known. The value
    is rounded to millionths, as figures are kept.
    """
    rows = linear(node)
    if rows is None or len(rows) != 1 or rows[0].operator != "==" or not rows[0].terms:
        return None
    row = rows[0]
    unknown = np.zeros(environment.size, dtype=np.intp)
    index = np.full(environment.size, -1, dtype=np.intp)
    rest = np.full(environment.size, row.right)
    asked = np.zeros(environment.size, dtype=np.bool_)
    for place, (reference, coefficient) in enumerate(row.terms):
        figure = value(Name(reference), environment)
        gap = np.isnan(figure)
        unknown += gap
        index[gap] = place
        rest -= np.where(gap, 0.0, coefficient * figure)
        if of == "unknown":
            asked |= gap
        elif reference.kind == "indicator":
            asked |= gap & np.asarray(environment.absent(reference), dtype=np.bool_)
    found = (unknown == 1) & asked
    coefficients = np.array([coefficient for _, coefficient in row.terms])
    values = np.where(found, np.round(rest / coefficients[index], _KEPT_DECIMALS) + 0.0, np.nan)
    return Implied(tuple(reference for reference, _ in row.terms), np.where(found, index, -1), values)
