"""Face (a) of an expression: what it is worth, for all records at once.

Numbers are float64 columns with NaN for unknown. Truths are two boolean columns, true and false; where neither holds, nothing is known
(Kleene's strong three-valued logic). So `p or q` is true as soon as p is, and a rule is broken only where that can be proved.

**When two numbers are equal.** `l == r` holds where |l − r| <= tolerance + guard, `l <= r` where l − r <= tolerance + guard, `>=` likewise;
`!=` is the opposite of `==`. `<` and `>` know no tolerance (an amount of 0 is not "more than 0" because amounts are rounded): `l < r`
holds where l − r < −guard. The condition of an if…then is judged without tolerance: the tolerance belongs to what must hold, and must
not make a rule apply to more records.
The guard only absorbs binary floating point: `GUARD` (half of the millionth that figures are kept to), and for very large terms
`NOISE` times the sum of the magnitudes of all terms, so that 0.1 + 0.2 == 0.3 and a total of 10¹¹ 元 both come out right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from reconcile.scheme.records import Block, Environment, Floats, Truths, WordEnvironment
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
    aggregates,
    children_of,
    references,
    type_of,
)

_Pair: TypeAlias = tuple[Truths, Truths]
_Item = TypeVar("_Item", np.float64, np.bool_)

GUARD = 5e-7
NOISE = 1e-14
BLOCK = 1 << 16  # records judged at a time: half a megabyte a column, so that what is computed on the way stays in the cache
_REACH = 0.5  # beyond the guard by more than this nothing is noise: NOISE times terms of 5·10¹³


class Missing(StrEnum):
    """What an unanswered figure of this period means for a rule. Past figures that are not there are unknown under each."""

    SKIP = "skip"  # unknown
    SKIP_ALL = "skip_all"  # 0, unless all figures on that side of the comparison are unanswered: then unknown
    ZERO = "zero"  # 0
    FAIL = "fail"  # the rule is broken where it cannot be judged


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What is proved about each record: `true`, `false`, or neither. Of length 1 and `scalar` for a rule about all records together."""

    true: Truths
    false: Truths
    scalar: bool = False

    @property
    def unknown(self) -> Truths:
        """Where the rule could not be judged: never a pass."""
        return ~(self.true | self.false)


def evaluate(node: Expression, environment: Environment, *, tolerance: float | Floats = 0.0, missing: Missing = Missing.SKIP) -> Verdict:
    """Judge a rule for every record; `tolerance` is one number or one for each record. Raises TypeError if the expression is no truth."""
    size = environment.size
    with np.errstate(all="ignore"):
        if size > BLOCK and references(node) and not aggregates(node):
            return _by_blocks(node, environment, missing, tolerance)
        true, false = _truth(node, environment, missing, tolerance)
    if true.ndim == 0 and false.ndim == 0:
        return Verdict(true.reshape(1), false.reshape(1), scalar=True)
    return Verdict(_column(true, size), _column(false, size))


def _by_blocks(node: Expression, environment: Environment, missing: Missing, tolerance: float | Floats) -> Verdict:
    size, block = environment.size, Block(environment)
    verdict = Verdict(np.empty(size, dtype=np.bool_), np.empty(size, dtype=np.bool_))
    for start in range(0, size, BLOCK):
        here = slice(start, min(start + BLOCK, size))
        block.size, block.here = here.stop - start, here
        within = tolerance[here] if isinstance(tolerance, np.ndarray) and tolerance.ndim else tolerance
        verdict.true[here], verdict.false[here] = _truth(node, block, missing, within)
    return verdict


def _truth(node: Expression, environment: Environment, missing: Missing, tolerance: float | Floats) -> _Pair:
    true, false = _Judge(environment, missing, tolerance).truth(node)
    if missing is Missing.FAIL:
        false = false | (~true & _any(_absences(node, environment)))
    return true, false


def value(node: Expression, environment: Environment, *, missing: Missing = Missing.SKIP) -> Floats:
    """Compute a formula for every record; NaN where a figure is unknown or a division is by zero. Raises TypeError if it is no number."""
    with np.errstate(all="ignore"):
        return np.array(_column(_Judge(environment, missing).side(node), environment.size))  # a copy: a bare name is a view


def sides(node: Expression, environment: Environment, *, missing: Missing = Missing.SKIP) -> tuple[Floats, Floats] | None:
    """Both sides of the comparison of numbers that a rule is, or that its if…then demands; None for other rules."""
    node = node.demanded if isinstance(node, Implies) else node
    if not isinstance(node, Comparison) or type_of(node.left) != "number" or type_of(node.right) != "number":
        return None
    return value(node.left, environment, missing=missing), value(node.right, environment, missing=missing)


def _column(array: NDArray[_Item], size: int) -> NDArray[_Item]:
    """One entry for each record."""
    return array if array.ndim else np.full(size, array, dtype=array.dtype)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Evaluates nodes; arrays are columns, or 0-dimensional where nothing of a single record is read."""

    environment: Environment
    missing: Missing
    tolerance: float | Floats = 0.0

    def truth(self, node: Expression) -> _Pair:  # noqa: PLR0911 - one branch for each kind of node
        match node:
            case Comparison(operator, left, right):
                return self._comparison(operator, left, right)
            case And(parts):
                judged = [self.truth(part) for part in parts]
                return reduce(np.logical_and, [true for true, _ in judged]), _any([false for _, false in judged])
            case Or(parts):
                judged = [self.truth(part) for part in parts]
                return _any([true for true, _ in judged]), reduce(np.logical_and, [false for _, false in judged])
            case Not(operand):
                true, false = self.truth(operand)
                return false, true
            case Implies(condition, consequence):
                given, given_not = replace(self, tolerance=0.0).truth(condition)
                holds, holds_not = self.truth(consequence)
                return given_not | holds, given & holds_not
            case Membership(item, options):
                return self._membership(item, options)
            case IsMissing(name):
                absent = np.array(self.environment.absent(name.reference), dtype=np.bool_)  # a copy: the caller owns its verdict
                return absent, ~absent
            case _:
                raise TypeError(f"not a truth: {node!r}")

    def _comparison(self, operator: ComparisonOperator, left: Expression, right: Expression) -> _Pair:
        if type_of(left) == "truth":
            (p, not_p), (q, not_q) = self.truth(left), self.truth(right)
            same, different = (p & q) | (not_p & not_q), (p & not_q) | (not_p & q)
        elif isinstance(left, Text) or isinstance(right, Text):
            word, name = (left, right) if isinstance(left, Text) else (right, left)
            same, different = self._is_word(name, {word.value} if isinstance(word, Text) else set())
        else:
            return self._compare(operator, left, right)
        return (same, different) if operator == "==" else (different, same)

    def _compare(self, operator: ComparisonOperator, left: Expression, right: Expression) -> _Pair:
        """Every comparison is `excess <= bound`, or its opposite; what is unknown is NaN and neither."""
        strict = operator in ("<", ">")
        excess = _excess(operator, self.side(left), self.side(right))
        bound = GUARD if strict else self.tolerance + GUARD
        within, beyond = excess <= bound, excess > bound
        if np.count_nonzero(excess <= bound + _REACH) > np.count_nonzero(within):
            noise = NOISE * self._magnitudes(np.asarray(beyond & (excess <= bound + _REACH)), left, right)
            within = within | (beyond & (excess <= bound + np.minimum(noise, _REACH)))
            beyond = beyond & ~within
        return (beyond, within) if strict or operator == "!=" else (within, beyond)

    def _magnitudes(self, wanted: Truths, left: Expression, right: Expression) -> Floats:
        """How large the terms of both sides were, for the few records where it may matter; 0 for the others."""
        if not wanted.ndim or aggregates(left) or aggregates(right):
            return np.asarray(self.magnitude(left) + self.magnitude(right))
        few = np.flatnonzero(wanted)
        judge = replace(self, environment=Block(self.environment, few.size, few))
        found = np.zeros(wanted.shape)
        found[few] = judge.magnitude(left) + judge.magnitude(right)
        return found

    def _membership(self, item: Expression, options: tuple[Number, ...] | tuple[Text, ...]) -> _Pair:
        words = {option.value for option in options if isinstance(option, Text)}
        if words:
            return self._is_word(item, words)
        figure = self.side(item)
        found = _any([np.abs(figure - option.value) <= GUARD for option in options if isinstance(option, Number)])
        return found, ~found & ~np.isnan(figure)

    def _is_word(self, item: Expression, words: set[str]) -> _Pair:
        if not isinstance(item, Name) or not isinstance(self.environment, WordEnvironment):
            raise TypeError("words can only be compared with a name, in an environment that has words")
        known = ~np.asarray(self.environment.absent(item.reference), dtype=np.bool_)
        met = np.asarray(self.environment.words(item.reference), dtype=np.object_)
        found = _any([np.asarray(met == word, dtype=np.bool_) for word in sorted(words)])
        return found & known, ~found & known

    def side(self, node: Expression) -> Floats:
        """A number that stands alone or on one side of a comparison: here SKIP_ALL asks whether anything was answered."""
        number = np.asarray(self.number(node))
        if self.missing is Missing.SKIP_ALL and (absences := _absences(node, self.environment, past=True)):
            return np.where(reduce(np.logical_and, absences), np.nan, number)
        return number

    def number(self, node: Expression) -> Floats:
        match node:
            case Number(constant):
                return np.asarray(constant, dtype=np.float64)
            case Name(reference):
                return self._figure(reference)
            case Negative(operand):
                return -self.number(operand)
            case Arithmetic(first, rest):
                result = self.number(first)
                for operator, operand in rest:
                    result = _applied(operator, result, self.number(operand))
                return result
            case Call(function, arguments):
                numbers = [self.number(argument) for argument in arguments]
                return np.asarray(_aggregate(function, numbers[0]) if node.aggregates else _across(function, numbers))
            case _:
                raise TypeError(f"not a number: {node!r}")

    def _figure(self, reference: Reference) -> Floats:
        if reference.kind == "list":
            return np.asarray(self.environment.rows(reference.name), dtype=np.float64)
        if reference.kind == "column":
            return np.asarray(self.environment.column_total(*reference.parts), dtype=np.float64)
        figure = np.asarray(self.environment.figure(reference), dtype=np.float64)
        if reference.period == "this" and self.missing in (Missing.ZERO, Missing.SKIP_ALL):
            return np.where(self.environment.absent(reference), 0.0, figure)
        return figure

    def magnitude(self, node: Expression) -> Floats:
        """How large the terms were that a number was made of: its rounding error is a tiny part of that."""
        match node:
            case Negative(operand):
                return self.magnitude(operand)
            case Arithmetic(first, rest):
                total, size = self.number(first), self.magnitude(first)
                for operator, operand in rest:
                    other = self.number(operand)
                    size = _grown(operator, (total, size), (other, self.magnitude(operand)))
                    total = _applied(operator, total, other)
                return size
            case Call(_, arguments) if not node.aggregates:
                return reduce(np.add, [self.magnitude(argument) for argument in arguments])
            case Call(_, arguments):
                return np.asarray(np.nansum(np.abs(self.number(arguments[0]))))
            case _:
                return np.abs(self.number(node))


def _excess(operator: ComparisonOperator, left: Floats, right: Floats) -> Floats:
    """By how much the left side differs (==), or is too large (<=, >) or too small (>=, <)."""
    if operator in (">=", "<"):
        return np.asarray(right - left)
    difference = np.asarray(left - right)
    return np.abs(difference, out=difference) if operator in ("==", "!=") else difference


def _applied(operator: str, left: Floats, right: Floats) -> Floats:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return _divided(left, right)


def _divided(left: Floats, right: Floats) -> Floats:
    """Left by right; unknown where that is 0."""
    ratio, none = np.asarray(np.divide(left, right)), right == 0
    if np.any(none):
        ratio[np.broadcast_to(none, ratio.shape)] = np.nan
    return ratio


def _grown(operator: str, left: tuple[Floats, Floats], right: tuple[Floats, Floats]) -> Floats:
    """Magnitude of a result from (value, magnitude) of both operands."""
    (total, size), (other, other_size) = left, right
    match operator:
        case "+" | "-":
            return size + other_size
        case "*":
            return size * other_size
        case _:
            return (size + np.abs(total / other) * other_size) / np.abs(other)


def _across(function: str, numbers: list[Floats]) -> Floats:
    """A function of several numbers, record by record; unknown where one is."""
    match function:
        case "abs":
            return np.abs(numbers[0])
        case "min":
            return reduce(np.minimum, numbers)
        case "max":
            return reduce(np.maximum, numbers)
        case "sum":
            return reduce(np.add, numbers)
        case _:
            return reduce(np.add, numbers) / len(numbers)


def _aggregate(function: str, numbers: Floats) -> Floats:
    """A function of all records, those unknown left out; unknown where none is known."""
    known = numbers[~np.isnan(numbers)] if numbers.ndim else numbers.reshape(1)
    if known.size == 0:
        return np.asarray(np.nan)
    draw: dict[str, Callable[[Floats], np.float64]] = {"min": np.min, "max": np.max, "sum": np.sum, "mean": np.mean}
    return np.asarray(draw[function](known))


def _any(arrays: list[Truths]) -> Truths:
    return reduce(np.logical_or, arrays) if arrays else np.asarray(False)


def _absences(node: Expression, environment: Environment, *, past: bool = False) -> list[Truths]:
    """Where each indicator read record by record was not answered, those of past periods only if asked for."""
    found: dict[Reference, Truths] = {}
    waiting = [node]
    while waiting:
        met = waiting.pop()
        if isinstance(met, Name) and met.reference.kind == "indicator" and (past or met.reference.period == "this"):
            found[met.reference] = np.asarray(environment.absent(met.reference), dtype=np.bool_)
        if not (isinstance(met, Call) and met.aggregates):
            waiting.extend(children_of(met))
    return list(found.values())
