"""Face (c) of an expression where it leaves a choice: the branches one of which must hold, each a conjunction of rows.

    会员人数 = 期初会员数 + 新增会员                  one branch of one row
    if 已组建企业数 > 0 then 新建工会数 > 0            two branches: 已组建企业数 <= 0, or 新建工会数 > 0
    建会率 = 已建会单位数 / 应建会单位数 * 100         one branch, multiplied by 应建会单位数 and linear once that is known

What a row means is what `evaluation` says: `==` and `<=` hold within tolerance and guard, `<` holds where the guard is cleared. Words are
numbers by a coding, so that "the answer is one of these" is a choice of equalities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Literal, TypeAlias

from reconcile.scheme import polynomial
from reconcile.scheme.polynomial import ONE, Monomial, Polynomial, Quotient
from reconcile.scheme.syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    ComparisonOperator,
    Expression,
    Implies,
    IsMissing,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Reference,
    Text,
    type_of,
    walk,
)

RowOperator: TypeAlias = Literal["==", "<=", "<"]
_OPPOSITE: dict[ComparisonOperator, ComparisonOperator] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MOST_BRANCHES = 64  # a rule of more choices is not localised but named; the built-in ones have at most four


@dataclass(frozen=True, slots=True)
class Row:
    """`terms` `operator` `right` + `tolerance` × `per`: a sum of coefficient times product of figures, almost always of single figures.

    `per` is 1 (no terms) or what the rule was multiplied by to clear a division, never negative where the row holds; `right` is then 0,
    and the row says nothing where `per` is 0. A strict row (`<`) carries no tolerance, but that which its opposite had, negative.
    """

    terms: tuple[tuple[Monomial, float], ...]
    operator: RowOperator
    right: float
    tolerance: float = 0.0
    per: tuple[tuple[Monomial, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """The figure is answered, or is not."""

    reference: Reference
    answered: bool


Branch: TypeAlias = tuple[Row | Answered, ...]
Branches: TypeAlias = tuple[Branch, ...]
_ALWAYS: Branches = ((),)
_Case: TypeAlias = tuple[Branch, Quotient]


@dataclass(frozen=True, slots=True)
class Constraint:
    """A rule as branches: one of `ways` must hold, or one of `escapes` (the rule's guard does not hold)."""

    id: str
    ways: Branches
    escapes: Branches = ()


def _unknown_sign(_: Reference) -> bool:
    return False


def branches(
    node: Expression,
    *,
    tolerance: float = 0.0,
    coding: Mapping[str, float] | None = None,
    nonnegative: Callable[[Reference], bool] = _unknown_sign,
) -> Branches | None:
    """The branches of a truth, or None where they cannot be said (figures of all records together, too many choices or factors).

    No branch at all: it never holds. One that is empty: it always does. `nonnegative` tells figures that cannot be below 0, so that a
    division by them needs no branch for each sign.
    """
    return _Reader(coding, nonnegative).truth(node, tolerance, holds=True)


def constraint(
    identity: str,
    check: Expression,
    *,
    when: Expression | None = None,
    tolerance: float = 0.0,
    coding: Mapping[str, float] | None = None,
    nonnegative: Callable[[Reference], bool] = _unknown_sign,
) -> Constraint | None:
    """A rule with its guard (judged without tolerance); None where `branches` has none for either."""
    reader = _Reader(coding, nonnegative)
    ways = reader.truth(check, tolerance, holds=True)
    escapes: Branches | None = () if when is None else reader.truth(when, 0.0, holds=False)
    if ways is None or escapes is None:
        return None
    return Constraint(identity, ways, escapes)


def coding_of(nodes: Iterable[Expression]) -> dict[str, float]:
    """A number for each word that the expressions compare with; any other word is -1."""
    met = [one for node in nodes for one in walk(node)]
    words = {one.value for one in met if isinstance(one, Text)}
    words.update(option.value for one in met if isinstance(one, Membership) for option in one.options if isinstance(option, Text))
    return {word: float(number) for number, word in enumerate(sorted(words))}


@dataclass(frozen=True, slots=True)
class _Reader:
    coding: Mapping[str, float] | None
    nonnegative: Callable[[Reference], bool]
    many: int = field(default=_MOST_BRANCHES)

    def truth(self, node: Expression, tolerance: float, *, holds: bool) -> Branches | None:  # noqa: PLR0911 - one branch for each kind of node
        match node:
            case Not(operand):
                return self.truth(operand, tolerance, holds=not holds)
            case And(parts) | Or(parts):
                found = [self.truth(part, tolerance, holds=holds) for part in parts]
                return self._all(found) if isinstance(node, And) == holds else self._any(found)
            case Implies(condition, consequence):
                given, demanded = self.truth(condition, 0.0, holds=not holds), self.truth(consequence, tolerance, holds=holds)
                return self._any([given, demanded]) if holds else self._all([given, demanded])
            case Comparison():
                return self._comparison(node, tolerance, holds=holds)
            case Membership(item, options):
                return self._among(item, options, holds=holds)
            case IsMissing(name):
                return ((Answered(name.reference, answered=not holds),),)
            case _:
                return None

    def _comparison(self, node: Comparison, tolerance: float, *, holds: bool) -> Branches | None:
        operator, left, right = node.operator, node.left, node.right
        if type_of(left) == "truth":
            alike = holds == (operator == "==")
            both = [(self.truth(left, tolerance, holds=one), self.truth(right, tolerance, holds=one == alike)) for one in (True, False)]
            return self._any([self._all(list(pair)) for pair in both])
        if isinstance(left, Text) or isinstance(right, Text):
            name, word = (right, left) if isinstance(left, Text) else (left, right)
            return self._among(name, (word,), holds=holds == (operator == "=="))
        if operator in ("<", ">"):
            tolerance = 0.0
        if not holds:
            operator = _OPPOSITE[operator]
        if operator == "!=":
            return self._any([self._ordered(left, "<", right, -tolerance), self._ordered(right, "<", left, -tolerance)])
        if operator in (">", ">="):
            left, right = right, left
        sign: RowOperator = "==" if operator == "==" else "<" if operator in ("<", ">") else "<="
        return self._ordered(left, sign, right, -tolerance if sign == "<" else tolerance)

    def _ordered(self, left: Expression, operator: RowOperator, right: Expression, tolerance: float) -> Branches | None:
        """Both sides compared; where a greatest value must stay below, or a least one above, each of its arguments must."""
        if operator != "==" and isinstance(left, Call) and not left.aggregates and left.function in ("abs", "max"):
            below = (left.arguments[0], Negative(left.arguments[0])) if left.function == "abs" else left.arguments
            return self._all([self._ordered(one, operator, right, tolerance) for one in below])
        if operator != "==" and isinstance(right, Call) and not right.aggregates and right.function == "min":
            return self._all([self._ordered(left, operator, one, tolerance) for one in right.arguments])
        here, there = self._number(left), self._number(right)
        if here is None or there is None:
            return None
        found: list[Branches | None] = []
        for (first, one), (second, other) in product(here, there):
            made = self._rows(polynomial.difference(one, other), operator, tolerance)
            found.append(self._all([((*first, *second),), made]))
        return self._any(found)

    def _rows(self, excess: Quotient, operator: RowOperator, tolerance: float) -> Branches:
        """`excess operator tolerance`, multiplied by what it is divided by: once for each sign that may have."""
        if excess.below == ONE:
            return ((_row(excess.above, operator, tolerance),),)
        positive = _per(excess.above, excess.below, operator, tolerance)
        if polynomial.never_negative(excess.below, self.nonnegative):
            return ((positive,),)
        above, below = polynomial.scaled(excess.above, -1.0), polynomial.scaled(excess.below, -1.0)
        return (positive, _row(below, "<", 0.0)), (_per(above, below, operator, tolerance), _row(excess.below, "<", 0.0))

    def _among(self, item: Expression, options: tuple[Expression, ...], *, holds: bool) -> Branches | None:
        """One of the options, or strictly between, below or above them; nothing lies between two words that follow each other."""
        worded = isinstance(options[0], Text) if options else False
        if worded and self.coding is None:
            return None
        points = sorted({self._point(option) for option in options})
        cases = self._number(item)
        if cases is None or len(cases) != 1 or cases[0][0]:
            return None
        item_is = cases[0][1]
        excesses = [polynomial.difference(item_is, polynomial.constant(point)) for point in points]
        if holds:
            return self._any([self._rows(excess, "==", 0.0) for excess in excesses])
        negatives = [polynomial.negative(excess) for excess in excesses]
        outer = [self._rows(excesses[0], "<", 0.0), self._rows(negatives[-1], "<", 0.0)] if points else [_ALWAYS]
        gaps = [
            self._all([self._rows(negatives[place], "<", 0.0), self._rows(excesses[place + 1], "<", 0.0)])
            for place, (one, other) in enumerate(pairwise(points))
            if not (worded and other - one == 1)
        ]
        return self._any([*outer, *gaps])

    def _point(self, option: Expression) -> float:
        if isinstance(option, Number):
            return option.value
        return self.coding[option.value] if isinstance(option, Text) and self.coding is not None else 0.0

    def _number(self, node: Expression) -> list[_Case] | None:
        """What a number is, with the rows that must hold for it to be that."""
        match node:
            case Number(constant):
                return [((), polynomial.constant(constant))]
            case Name(reference):
                return [((), polynomial.figure(reference))]
            case Negative(operand):
                cases = self._number(operand)
                return cases and [(rows, polynomial.negative(one)) for rows, one in cases]
            case Arithmetic(first, rest):
                found = self._number(first)
                for operator, operand in rest:
                    found = _folded(found, operator, self._number(operand))
                return found
            case Call(function, arguments) if not node.aggregates:
                parts = [self._number(argument) for argument in arguments]
                return self._called(function, [part for part in parts if part is not None]) if None not in parts else None
            case _:
                return None

    def _called(self, function: str, parts: list[list[_Case]]) -> list[_Case] | None:
        if function in ("sum", "mean"):
            found: list[_Case] | None = parts[0]
            for part in parts[1:]:
                found = _folded(found, "+", part)
            share: list[_Case] = [((), polynomial.constant(float(len(parts))))]
            return found if function == "sum" else _folded(found, "/", share)
        made: list[_Case] = []
        for chosen in product(*parts):
            given = tuple(row for rows, _ in chosen for row in rows)
            values = [one for _, one in chosen]
            if function == "abs":
                values = [values[0], polynomial.negative(values[0])]
            least = function == "min"
            for place, one in enumerate(values):
                ahead = [(one, other) if least else (other, one) for at, other in enumerate(values) if at != place]
                first = self._all([self._rows(polynomial.difference(low, high), "<=", 0.0) for low, high in ahead])
                if first is None:
                    return None
                made.extend(((*given, *rows), one) for rows in first)
        return made if len(made) <= self.many else None

    def _all(self, parts: list[Branches | None]) -> Branches | None:
        found = _ALWAYS
        for part in parts:
            if part is None or len(found) * len(part) > self.many:
                return None
            found = tuple((*one, *other) for one in found for other in part)
        return found

    def _any(self, parts: list[Branches | None]) -> Branches | None:
        found: Branches = ()
        for part in parts:
            if part is None or len(found) + len(part) > self.many:
                return None
            found += part
        return found


def _folded(left: list[_Case] | None, operator: Literal["+", "-", "*", "/"], right: list[_Case] | None) -> list[_Case] | None:
    if left is None or right is None or len(left) * len(right) > _MOST_BRANCHES:
        return None
    made: list[_Case] = []
    for (first, one), (second, other) in product(left, right):
        result = polynomial.combined(one, operator, other)
        if result is None:
            return None
        made.append(((*first, *second), result))
    return made


def _row(excess: Polynomial, operator: RowOperator, tolerance: float) -> Row:
    terms = tuple((monomial, coefficient) for monomial, coefficient in excess.items() if monomial)
    return Row(terms, operator, 0.0 - excess.get((), 0.0), tolerance)


def _per(above: Polynomial, below: Polynomial, operator: RowOperator, tolerance: float) -> Row:
    return Row(tuple(above.items()), operator, 0.0, tolerance, tuple(below.items()))
