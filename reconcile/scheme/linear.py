"""Face (c) of an expression: linear rows for the localiser, and the value that a single unknown figure must have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reconcile.scheme.evaluation import Environment, Floats, value
from reconcile.scheme.syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    ComparisonOperator,
    Expression,
    Implies,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Reference,
    type_of,
)

RowOperator: TypeAlias = Literal["==", "<=", "<"]
_Affine: TypeAlias = tuple[dict[Reference, float], float]
_OPPOSITE: dict[ComparisonOperator, ComparisonOperator] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
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
    return _rows(node, holds=True)


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


def _rows(node: Expression, *, holds: bool) -> tuple[Linear, ...] | None:
    match node:
        case Not(operand):
            return _rows(operand, holds=not holds)
        case And(parts) if holds:
            return _together([_rows(part, holds=True) for part in parts])
        case Or(parts) if not holds:
            return _together([_rows(part, holds=False) for part in parts])
        case Implies(condition, consequence) if not holds:
            return _together([_rows(condition, holds=True), _rows(consequence, holds=False)])
        case Comparison(operator, left, right) if type_of(left) == type_of(right) == "number":
            return _comparison(operator if holds else _OPPOSITE[operator], left, right)
        case _:
            return None


def _comparison(operator: ComparisonOperator, left: Expression, right: Expression) -> tuple[Linear, ...] | None:
    if operator == "!=":
        return None
    if operator in (">=", ">"):
        left, right = right, left
    sign: RowOperator = "==" if operator == "==" else "<" if operator in ("<", ">") else "<="
    if isinstance(left, Call) and left.function == "abs" and sign != "==":
        inner = left.arguments[0]
        return _together([_row(inner, sign, right), _row(Negative(inner), sign, right)])
    return _row(left, sign, right)


def _row(left: Expression, operator: RowOperator, right: Expression) -> tuple[Linear, ...] | None:
    one, other = _affine(left), _affine(right)
    if one is None or other is None:
        return None
    coefficients, constant = _added(one, other, -1.0)
    terms = tuple((reference, coefficient) for reference, coefficient in coefficients.items() if coefficient)
    return (Linear(terms, operator, 0.0 - constant),)


def _together(rows: list[tuple[Linear, ...] | None]) -> tuple[Linear, ...] | None:
    found: tuple[Linear, ...] = ()
    for some in rows:
        if some is None:
            return None
        found += some
    return found


def _affine(node: Expression) -> _Affine | None:
    """Coefficients and constant of a number, or None where it is not linear in its references."""
    match node:
        case Number(constant):
            return {}, constant
        case Name(reference):
            return {reference: 1.0}, 0.0
        case Negative(operand):
            return _scaled(_affine(operand), -1.0)
        case Arithmetic(first, rest):
            result = _affine(first)
            for operator, operand in rest:
                result = _combined(result, operator, _affine(operand))
            return result
        case Call(function, arguments) if function in ("sum", "mean") and not node.aggregates:
            total: _Affine | None = ({}, 0.0)
            for argument in arguments:
                total = _combined(total, "+", _affine(argument))
            return total if function == "sum" else _scaled(total, 1.0 / len(arguments))
        case _:
            return None


def _combined(left: _Affine | None, operator: str, right: _Affine | None) -> _Affine | None:
    if left is None or right is None:
        return None
    if operator in ("+", "-"):
        return _added(left, right, 1.0 if operator == "+" else -1.0)
    if operator == "*" and not left[0]:
        left, right = right, left
    if right[0] or (operator == "/" and not right[1]):
        return None
    if operator == "/":
        return {reference: coefficient / right[1] for reference, coefficient in left[0].items()}, left[1] / right[1]
    return _scaled(left, right[1])


def _added(left: _Affine, right: _Affine, factor: float) -> _Affine:
    coefficients = dict(left[0])
    for reference, coefficient in right[0].items():
        coefficients[reference] = coefficients.get(reference, 0.0) + factor * coefficient
    return coefficients, left[1] + factor * right[1]


def _scaled(affine: _Affine | None, factor: float) -> _Affine | None:
    return affine and ({reference: coefficient * factor for reference, coefficient in affine[0].items()}, affine[1] * factor)
