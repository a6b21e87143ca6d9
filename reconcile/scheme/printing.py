"""The canonical spelling of an expression: what a rule book prints, and what two spellings of one rule have in common."""

from __future__ import annotations

from typing import assert_never

from reconcile.scheme.syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expression,
    Implies,
    IsMissing,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Text,
)

# How tightly a node holds together; a part that holds less tightly than its place asks for is put in brackets.
IMPLICATION, DISJUNCTION, CONJUNCTION, NEGATION, COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(9)


def binding(node: Expression) -> int:  # noqa: PLR0911 - one branch for each kind of node
    """How tightly the node's own operator binds."""
    match node:
        case Implies():
            return IMPLICATION
        case Or():
            return DISJUNCTION
        case And():
            return CONJUNCTION
        case Not(IsMissing() | Membership()) | Comparison() | Membership() | IsMissing():
            return COMPARISON
        case Not():
            return NEGATION
        case Arithmetic():
            return SUM if node.additive else PRODUCT
        case Negative():
            return SIGN
        case Number(value):
            return SIGN if value < 0 else ATOM
        case _:
            return ATOM


def text(node: Expression) -> str:  # noqa: PLR0911, PLR0912 - one branch for each kind of node
    """The canonical spelling: `parse(text(parse(x))) == parse(x)`, unless spelling it out makes it longer than `parse` reads."""
    match node:
        case Number(value):
            return number_text(value)
        case Text():
            return _quoted(node)
        case Name(reference):
            return str(reference)
        case Negative(operand):
            return "-" + _within(operand, ATOM)
        case Arithmetic(first, rest):
            level = SUM if node.additive else PRODUCT
            return "".join([_within(first, level + 1), *(f" {operator} {_within(operand, level + 1)}" for operator, operand in rest)])
        case Comparison(operator, left, right):
            return f"{_within(left, SUM)} {operator} {_within(right, SUM)}"
        case And(parts):
            return " and ".join(_within(part, NEGATION) for part in parts)
        case Or(parts):
            return " or ".join(_within(part, CONJUNCTION) for part in parts)
        case Not(IsMissing(name)):
            return f"{text(name)} is not missing"
        case Not(Membership(item, options)):
            return f"{_within(item, SUM)} not in [{_listed(options)}]"
        case Not(operand):
            return "not " + _within(operand, NEGATION)
        case Implies(condition, consequence):
            return f"if {_within(condition, DISJUNCTION)} then {text(consequence)}"
        case Membership(item, options):
            return f"{_within(item, SUM)} in [{_listed(options)}]"
        case IsMissing(name):
            return f"{text(name)} is missing"
        case Call(function, arguments):
            return f"{function}({', '.join(text(argument) for argument in arguments)})"
        case _:
            assert_never(node)


def number_text(value: float) -> str:
    """A number as short as it can be read back exactly: `3`, `0.05`, `1e+16`."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _within(node: Expression, least: int) -> str:
    """The node's spelling, in brackets if it binds less tightly than its place asks for."""
    return text(node) if binding(node) >= least else f"({text(node)})"


def _quoted(word: Text) -> str:
    return '"' + word.value.replace('"', '""') + '"'


def _listed(options: tuple[Number, ...] | tuple[Text, ...]) -> str:
    return ", ".join(text(option) for option in options)
