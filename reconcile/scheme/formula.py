"""Face (b) of an expression: a live Excel formula that agrees with `evaluate`.

A cell that holds no number is unknown (also 无 and digits typed as text, which our reader understands and Excel does not). Excel has no
third truth value, so a rule is written in one of two forms: TRUE exactly where the rule is provably kept, or TRUE exactly where it is
provably broken; both count the numbers before they compare. Tolerance and guard are those of `evaluation`; the noise of very large
figures is taken from one side of the comparison.

Where something has no face the answer is None: a figure without a cell, a function over all records, a formula beyond Excel's limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from reconcile.scheme.evaluation import GUARD, NOISE, Missing
from reconcile.scheme.printing import PRODUCT, SIGN, SUM, binding
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
    references,
    type_of,
    walk,
)

# Where each reference stands (`C5`, `'表1'!C5`): by its canonical spelling (`A001`, `previous(A001)`), or asked for.
Cells: TypeAlias = Mapping[str, str] | Callable[[Reference], str | None]

LONGEST_FORMULA = 8_192  # Excel's limits: characters of a formula, of a text in it, arguments of a function, functions in one another
LONGEST_TEXT = 255
MOST_ARGUMENTS = 255
DEEPEST = 64
_FUNCTIONS = {"abs": "ABS", "min": "MIN", "max": "MAX", "sum": "SUM", "mean": "AVERAGE"}


def excel(node: Expression, refs: Cells, *, tolerance: float = 0.0, missing: Missing = Missing.SKIP, proves: bool = True) -> str | None:
    """A boolean formula without `=`: TRUE exactly where the rule is provably kept or, with `proves=False`, provably broken."""
    try:
        return _within_limits(_Face(refs, tolerance, missing).verdict(node, proves))
    except _NoFaceError:
        return None


def excel_check(node: Expression, refs: Cells, *, tolerance: float = 0.0, message: str, missing: Missing = Missing.SKIP) -> str | None:
    """A whole formula that shows `message` where the rule is provably broken, and nothing where it is kept or cannot be judged."""
    face = _Face(refs, tolerance, missing)
    try:
        if isinstance(node, Comparison) and type_of(node.left) == type_of(node.right) == "number" and missing is Missing.SKIP:
            holds = f'IF({face.compared(node.operator, node.left, node.right, holds=True)},"",{_quoted(message)})'
            return _within_limits("=" + face.where_known((node.left, node.right), holds))
        return _within_limits(f'=IF({face.verdict(node, proves=False)},{_quoted(message)},"")')
    except _NoFaceError:
        return None


def excel_value(node: Expression, refs: Cells, *, missing: Missing = Missing.SKIP) -> str | None:
    """A whole formula for what an indicator's formula computes; empty while a figure is unknown or where a division is by zero."""
    face = _Face(refs, 0.0, missing)
    try:
        return _within_limits("=" + face.where_known((node,), face.number(node)))
    except _NoFaceError:
        return None


class _NoFaceError(Exception):
    """The expression cannot be written in Excel."""


@dataclass(frozen=True, slots=True)
class _Face:
    refs: Cells
    tolerance: float
    missing: Missing

    # ---- truths

    def verdict(self, node: Expression, proves: bool) -> str:
        """The whole rule's truth in one of its two forms, FAIL taken into account."""
        written = self.truth(node, proves)
        blank = [f"({_length(cell)}=0)" for cell in self._fillable(node)]
        if self.missing is not Missing.FAIL or proves or not blank:
            return written
        return f"OR({written},AND(NOT({self.truth(node, True)}),{'+'.join(blank)}>0))"

    def truth(self, node: Expression, proves: bool) -> str:
        match node:
            case Comparison(operator, left, right):
                return self._comparison(operator, left, right, proves)
            case And(parts) | Or(parts):
                return _joined(isinstance(node, And) == proves, [self.truth(part, proves) for part in parts])
            case Not(operand):
                return self.truth(operand, not proves)
            case Implies(condition, consequence):
                applies = replace(self, tolerance=0.0).truth(condition, not proves)
                return _joined(not proves, [applies, self.truth(consequence, proves)])
            case Membership(item, options):
                return self._membership(item, options, proves)
            case IsMissing(name):
                return f"{_length(self.cell(name.reference))}{'=' if proves else '>'}0"
            case _:
                raise _NoFaceError

    def _comparison(self, operator: ComparisonOperator, left: Expression, right: Expression, proves: bool) -> str:
        if type_of(left) == "truth":
            same = (operator == "==") == proves
            pairs = [(True, True), (False, False)] if same else [(True, False), (False, True)]
            return _joined(False, [_joined(True, [self.truth(left, one), self.truth(right, other)]) for one, other in pairs])
        if isinstance(left, Text):
            left, right = right, left
        if isinstance(right, Text):
            return self._is_word(left, [right], (operator == "==") == proves)
        written = self.compared(operator, left, right, holds=proves)
        known = self._known((left, right))
        if any(_divides(side) for side in (left, right)):
            written = f"IFERROR({written},FALSE)"
        return f"IF({known},{written},FALSE)" if known else written

    def compared(self, operator: ComparisonOperator, left: Expression, right: Expression, *, holds: bool) -> str:
        """`excess <= bound`, or its opposite, for two known numbers."""
        strict = operator in ("<", ">")
        if operator in (">=", "<"):
            left, right = right, left
        excess = self._difference(left, right)
        if operator in ("==", "!="):
            excess = f"ABS({excess})"
        bound = _decimal(GUARD if strict else self.tolerance + GUARD)
        if any(isinstance(side, Arithmetic | Call) for side in (left, right)) and not _exact_enough(left, right):
            bound += f"+{NOISE:.0E}*{self._magnitude(left if isinstance(right, Number) else right)}"
        return f"{excess}{'<=' if (strict or operator == '!=') != holds else '>'}{bound}"

    def _difference(self, left: Expression, right: Expression) -> str:
        if right == Number(0.0):
            return self.number(left)
        subtrahend = self._bracketed(right, PRODUCT)
        return f"-{self._bracketed(right, SIGN + 1)}" if left == Number(0.0) else f"{self.number(left)}-{subtrahend}"

    def _magnitude(self, node: Expression) -> str:
        """How large the terms of one side are."""
        members = (node.first, *(operand for _, operand in node.rest)) if isinstance(node, Arithmetic) and node.additive else (node,)
        written = "+".join(f"ABS({self.number(member)})" for member in members)
        return f"({written})" if len(members) > 1 else written

    def _membership(self, item: Expression, options: tuple[Number, ...] | tuple[Text, ...], proves: bool) -> str:
        words = [option for option in options if isinstance(option, Text)]
        if words:
            return self._is_word(item, words, proves)
        exact = replace(self, tolerance=0.0)
        return _joined(not proves, [exact._comparison("==", item, option, proves) for option in options])

    def _is_word(self, item: Expression, words: list[Text], proves: bool) -> str:
        if not isinstance(item, Name):
            raise _NoFaceError
        cell = self.cell(item.reference)
        found = _joined(False, [f"IFERROR(EXACT(TRIM({cell}),{_quoted(word.value)}),FALSE)" for word in words])
        return found if proves else f"AND({_length(cell)}>0,NOT({found}))"

    # ---- what must be known first

    def where_known(self, sides: tuple[Expression, ...], written: str) -> str:
        """`written` where every figure of these sides is known and no division by zero turns up; else nothing."""
        if any(_divides(side) for side in sides):
            written = f'IFERROR({written},"")'
        cells = self._cells(sides)
        if not cells:
            return written
        if self.missing in (Missing.SKIP, Missing.FAIL):
            return f'IF(COUNT({",".join(cells)})<{len(cells)},"",{written})'
        return f'IF({self._known(sides)},{written},"")'

    def _known(self, sides: tuple[Expression, ...]) -> str:
        cells = self._cells(sides)
        if not cells:
            return ""
        counted = f"COUNT({','.join(cells)})"
        if self.missing in (Missing.ZERO, Missing.SKIP_ALL):
            blank = dict.fromkeys(cell for side in sides for cell in self._fillable(side))
            counted += "".join(f"+({_length(cell)}=0)" for cell in blank)
        known = [f"{counted}={len(cells)}"]
        if self.missing is Missing.SKIP_ALL:
            asked = [[self.cell(one) for one in references(side) if one.kind == "indicator"] for side in sides]
            known += [f"COUNT({','.join(some)})>0" for some in asked if some]
        return _joined(True, known)

    def _cells(self, sides: tuple[Expression, ...]) -> list[str]:
        cells = list(dict.fromkeys(self.cell(one) for side in sides for one in references(side)))
        if len(cells) > MOST_ARGUMENTS:
            raise _NoFaceError
        return cells

    def _fillable(self, node: Expression) -> list[str]:
        """Cells that stand for unanswered figures of this period where they are blank."""
        return list(dict.fromkeys(self.cell(one) for one in references(node) if _fillable(one)))

    # ---- numbers

    def number(self, node: Expression) -> str:
        match node:
            case Number(constant):
                return _decimal(constant)
            case Name(reference):
                cell = self.cell(reference)
                return f"N({cell})" if self.missing in (Missing.ZERO, Missing.SKIP_ALL) and _fillable(reference) else cell
            case Negative(operand):
                return "-" + self._bracketed(operand, SIGN + 1)
            case Arithmetic(first, rest):
                level = SUM if node.additive else PRODUCT
                chain = [f"{operator}{self._bracketed(operand, level + 1)}" for operator, operand in rest]
                return self._bracketed(first, level + 1, first=True) + "".join(chain)
            case Call(function, arguments) if not node.aggregates and len(arguments) <= MOST_ARGUMENTS:
                return f"{_FUNCTIONS[function]}({','.join(self.number(argument) for argument in arguments)})"
            case _:
                raise _NoFaceError

    def _bracketed(self, node: Expression, least: int, *, first: bool = False) -> str:
        bare = binding(node) >= least and (first or binding(node) != SIGN)
        return self.number(node) if bare else f"({self.number(node)})"

    def cell(self, reference: Reference) -> str:
        found = self.refs(reference) if callable(self.refs) else self.refs.get(str(reference))
        if not found:
            raise _NoFaceError
        return found


def _fillable(reference: Reference) -> bool:
    return reference.kind == "indicator" and reference.period == "this"


def _length(cell: str) -> str:
    """How much is written in a cell; an error value is an answer, if an unreadable one."""
    return f"IFERROR(LEN(TRIM({cell})),1)"


def _divides(node: Expression) -> bool:
    return any(isinstance(met, Arithmetic) and any(operator == "/" for operator, _ in met.rest) for met in walk(node))


def _exact_enough(left: Expression, right: Expression) -> bool:
    """Whether one side is a number so small that the guard alone covers the noise near it, large terms not cancelling on the other."""
    constant, other = (left, right) if isinstance(left, Number) else (right, left)
    small = isinstance(constant, Number) and abs(constant.value) * NOISE < GUARD / 10
    return small and not any(isinstance(met, Arithmetic) and any(operator == "-" for operator, _ in met.rest) for met in walk(other))


def _joined(all_of: bool, parts: list[str]) -> str:
    if len(parts) > MOST_ARGUMENTS or sum(map(len, parts)) > LONGEST_FORMULA:  # early: "both or neither" doubles with each bracket
        raise _NoFaceError
    return parts[0] if len(parts) == 1 else f"{'AND' if all_of else 'OR'}({','.join(parts)})"


def _decimal(number: float) -> str:
    """Digits without an exponent; a sum with the guard is cut back to what it is meant to be."""
    return np.format_float_positional(round(number, 12) if abs(number) > 1e-10 else number, trim="-")


def _quoted(text: str) -> str:
    """A text constant, in pieces joined by & where it is longer than Excel takes."""
    pieces = [text[at : at + LONGEST_TEXT] for at in range(0, len(text), LONGEST_TEXT)] or [""]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces)


def _within_limits(formula: str) -> str:
    depth = deepest = 0
    for at, part in enumerate(formula.split('"')):
        for character in part if at % 2 == 0 else "":
            depth += (character == "(") - (character == ")")
            deepest = max(deepest, depth)
    if len(formula) > LONGEST_FORMULA or deepest > DEEPEST:
        raise _NoFaceError
    return formula
