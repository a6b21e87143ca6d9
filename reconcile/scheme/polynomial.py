"""Numbers of the rule language as quotients of polynomials in their figures: what is linear as soon as all but one factor is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconcile.scheme.syntax import ArithmeticOperator, Reference

Monomial: TypeAlias = tuple[Reference, ...]
Polynomial: TypeAlias = Mapping[Monomial, float]
"""Coefficient of each product of figures, none of them 0; the empty product is the constant."""

_MOST_FACTORS = 4  # a rate set against another rate has two; beyond four it is no relation that a return has
ONE: Polynomial = {(): 1.0}


@dataclass(frozen=True, slots=True, eq=False)
class Quotient:
    """`above` divided by `below`."""

    above: Polynomial
    below: Polynomial


def constant(value: float) -> Quotient:
    """A number."""
    return Quotient({(): value} if value else {}, ONE)


def figure(reference: Reference) -> Quotient:
    """One figure."""
    return Quotient({(reference,): 1.0}, ONE)


def combined(left: Quotient, operator: ArithmeticOperator, right: Quotient) -> Quotient | None:
    """The result of an operation; None for a division by the number 0, or where too many factors meet."""
    match operator:
        case "+" | "-":
            return _within(difference(left, right if operator == "-" else negative(right)))
        case "*":
            return _within(Quotient(product(left.above, right.above), product(left.below, right.below)))
        case _:
            return _within(Quotient(product(left.above, right.below), product(left.below, right.above))) if right.above else None


def difference(left: Quotient, right: Quotient) -> Quotient:
    """Left minus right, on one denominator."""
    if left.below == right.below:
        return _reduced(added(left.above, right.above, -1.0), left.below)
    return _reduced(added(product(left.above, right.below), product(right.above, left.below), -1.0), product(left.below, right.below))


def negative(one: Quotient) -> Quotient:
    """The opposite number."""
    return Quotient(scaled(one.above, -1.0), one.below)


def added(left: Polynomial, right: Polynomial, factor: float = 1.0) -> Polynomial:
    """Left plus `factor` times right."""
    found = dict(left)
    for monomial, coefficient in right.items():
        found[monomial] = found.get(monomial, 0.0) + factor * coefficient
    return {monomial: coefficient for monomial, coefficient in found.items() if coefficient}


def scaled(one: Polynomial, factor: float) -> Polynomial:
    """`factor` times a polynomial."""
    return {monomial: coefficient * factor for monomial, coefficient in one.items()} if factor else {}


def product(left: Polynomial, right: Polynomial) -> Polynomial:
    """Two polynomials multiplied out."""
    found: dict[Monomial, float] = {}
    for first, one in left.items():
        for second, other in right.items():
            monomial = tuple(sorted((*first, *second), key=str))
            found[monomial] = found.get(monomial, 0.0) + one * other
    return {monomial: coefficient for monomial, coefficient in found.items() if coefficient}


def never_negative(one: Polynomial, nonnegative: Callable[[Reference], bool]) -> bool:
    """Whether a polynomial can be told to be 0 or more, because each of its terms is."""
    return all(coefficient > 0 and all(nonnegative(reference) for reference in monomial) for monomial, coefficient in one.items())


def _reduced(above: Polynomial, below: Polynomial) -> Quotient:
    """Division by a plain number is carried out."""
    if set(below) == {()}:
        return Quotient(scaled(above, 1.0 / below[()]), ONE)
    return Quotient(above, below)


def _within(one: Quotient) -> Quotient | None:
    if any(len(monomial) > _MOST_FACTORS for part in (one.above, one.below) for monomial in part):
        return None
    return _reduced(one.above, one.below)
