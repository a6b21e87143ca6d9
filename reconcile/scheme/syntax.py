"""The syntax tree of the rule language: what an expression is, before anybody asks what it is worth.

A reference to a figure carries its period and whose figure it is, so `previous(children(x))` is one leaf and not three nodes: every face
(evaluation, Excel, linear rows, Chinese) meets the same leaf. Chains are flat (`a + b - c`, `p and q and r`), so the height of a tree is
bounded by its brackets and never by its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, assert_never

from reconcile.errors import ReconcileError

Period: TypeAlias = Literal["this", "previous", "last", "closing"]
Of: TypeAlias = Literal["unit", "children"]
Kind: TypeAlias = Literal["indicator", "list", "column"]
ArithmeticOperator: TypeAlias = Literal["+", "-", "*", "/"]
ComparisonOperator: TypeAlias = Literal["==", "!=", "<=", ">=", "<", ">"]
Function: TypeAlias = Literal["abs", "min", "max", "sum", "mean"]
Type: TypeAlias = Literal["number", "text", "truth"]

# Written in capitals or not, these words are operators; a name spelled like one stands in backquotes.
KEYWORDS: dict[str, str] = {
    "and": "and",
    "且": "and",
    "并且": "and",
    "or": "or",
    "或": "or",
    "或者": "or",
    "not": "not",
    "非": "not",
    "if": "if",
    "如果": "if",
    "then": "then",
    "则": "then",
    "那么": "then",
    "in": "in",
    "属于": "in",
    "不属于": "not in",
    "is": "is",
    "missing": "missing",
    "为空": "is missing",
    "不为空": "is not missing",
}
# Chinese is written without spaces: at the start of a word these are read as operators (`且女会员` is 且 and 女会员). 或 and 非
# are left out, because names begin with them (或有负债, 非公企业会员).
LEADING_KEYWORDS: tuple[str, ...] = ("不属于", "如果", "那么", "并且", "或者", "属于", "则", "且")
_CJK = "〇々㐀-䶿一-鿿豈-\ufaff\U00020000-\U0003ffff"
NAME_PATTERN = rf"[A-Za-z_{_CJK}][A-Za-z0-9_{_CJK}]*"
_PLAIN = re.compile(NAME_PATTERN)


class ExpressionError(ReconcileError):
    """A text is not an expression of the rule language.

    `message`: one Chinese sentence, what was met and what was expected; `column`: where, counted from 1 in the text as written.
    """

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message, column)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        """The sentence with its place before it."""
        return f"第{self.column}列：{self.message}"


@dataclass(frozen=True, slots=True)
class Reference:
    """One figure an expression reads.

    `name` as written (an indicator; a list; or `list.column` for kind `column`), the `period` it is taken from, and `of` whom: the unit
    itself or the sum of the units directly below it.
    """

    name: str
    period: Period = "this"
    of: Of = "unit"
    kind: Kind = "indicator"

    @property
    def parts(self) -> tuple[str, str]:
        """List and column of a reference of kind `column`; the name and an empty text for the others."""
        if self.kind != "column":
            return self.name, ""
        roster, _, column = self.name.partition(".")
        return roster, column

    @property
    def key(self) -> str:
        """The bare name of an indicator of the return itself; of anything else its canonical spelling."""
        return self.name if self.kind == "indicator" and self.period == "this" and self.of == "unit" else str(self)

    def __str__(self) -> str:
        """The canonical spelling, e.g. `previous(A001)`; the key of this reference wherever one is needed as text."""
        if self.kind == "list":
            return f"count({_quoted(self.name)})"
        if self.kind == "column":
            roster, column = self.parts
            return f"total({_quoted(roster)}.{_quoted(column)})"
        spelled = _quoted(self.name) if self.of == "unit" else f"children({_quoted(self.name)})"
        return spelled if self.period == "this" else f"{self.period}({spelled})"


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A word in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """A figure read from the return."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class Negative:
    """The opposite number."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A chain of one precedence, from left to right: `first` and then each operator with its operand."""

    first: Expression
    rest: tuple[tuple[ArithmeticOperator, Expression], ...]

    @property
    def additive(self) -> bool:
        """Whether the chain is of + and -, not of * and /."""
        return self.rest[0][0] in ("+", "-")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two numbers, or a name and a word (== and != only), or two truths (== and != only: both or neither)."""

    operator: ComparisonOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more truths."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more truths."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite truth."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Implies:
    """If the condition holds, the consequence must."""

    condition: Expression
    consequence: Expression

    @property
    def demanded(self) -> Expression:
        """What must hold once all conditions do: the consequence, without conditions of its own."""
        return self.consequence.demanded if isinstance(self.consequence, Implies) else self.consequence


@dataclass(frozen=True, slots=True)
class Membership:
    """The item is one of the options: all numbers, or all words."""

    item: Expression
    options: tuple[Number, ...] | tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class IsMissing:
    """Nobody answered this figure."""

    name: Name


@dataclass(frozen=True, slots=True)
class Call:
    """A function of numbers. `sum mean min max` of one argument run over all records, of several over the arguments."""

    function: Function
    arguments: tuple[Expression, ...]

    @property
    def aggregates(self) -> bool:
        """Whether the call draws all records together into one number."""
        return self.function != "abs" and len(self.arguments) == 1


Expression: TypeAlias = Number | Text | Name | Negative | Arithmetic | Comparison | And | Or | Not | Implies | Membership | IsMissing | Call


def children_of(node: Expression) -> tuple[Expression, ...]:  # noqa: PLR0911 - one branch for each kind of node
    """The nodes directly below, from left to right."""
    match node:
        case Number() | Text() | Name():
            return ()
        case Negative(operand) | Not(operand):
            return (operand,)
        case Arithmetic(first, rest):
            return (first, *(operand for _, operand in rest))
        case Comparison(_, left, right) | Implies(left, right):
            return (left, right)
        case And(parts) | Or(parts):
            return parts
        case Membership(item):
            return (item,)
        case IsMissing(name):
            return (name,)
        case Call(_, arguments):
            return arguments
        case _:
            assert_never(node)


def rebuilt(  # noqa: PLR0911, PLR0912 - one branch for each kind of node
    node: Expression, change: Callable[[Reference], Reference]
) -> Expression:
    """The same tree with every reference changed."""

    def again(below: Expression) -> Expression:
        return rebuilt(below, change)

    match node:
        case Number() | Text():
            return node
        case Name(reference):
            return Name(change(reference))
        case Negative(operand):
            return Negative(again(operand))
        case Not(operand):
            return Not(again(operand))
        case Arithmetic(first, rest):
            return Arithmetic(again(first), tuple((operator, again(operand)) for operator, operand in rest))
        case Comparison(operator, left, right):
            return Comparison(operator, again(left), again(right))
        case Implies(condition, consequence):
            return Implies(again(condition), again(consequence))
        case And(parts):
            return And(tuple(again(part) for part in parts))
        case Or(parts):
            return Or(tuple(again(part) for part in parts))
        case Membership(item, options):
            return Membership(again(item), options)
        case IsMissing(name):
            return IsMissing(Name(change(name.reference)))
        case Call(function, arguments):
            return Call(function, tuple(again(argument) for argument in arguments))
        case _:
            assert_never(node)


def walk(node: Expression) -> Iterator[Expression]:
    """Every node of the tree, each before those below it, from left to right."""
    waiting = [node]
    while waiting:
        met = waiting.pop()
        yield met
        waiting.extend(reversed(children_of(met)))


def type_of(node: Expression) -> Type:
    """What the expression yields. A rule's check and guard must be `truth`, an indicator's formula `number`."""
    match node:
        case Comparison() | And() | Or() | Not() | Implies() | Membership() | IsMissing():
            return "truth"
        case Text():
            return "text"
        case _:
            return "number"


def references(node: Expression) -> tuple[Reference, ...]:
    """The figures the expression reads, each once, in order of first appearance."""
    return tuple(dict.fromkeys(met.reference for met in walk(node) if isinstance(met, Name)))


def aggregates(node: Expression) -> bool:
    """Whether the expression draws all records together somewhere, so that it cannot be judged part by part."""
    return any(isinstance(met, Call) and met.aggregates for met in walk(node))


def rename(node: Expression, mapping: Callable[[str], str], *, kinds: tuple[Kind, ...] = ("indicator",)) -> Expression:
    """The tree with names replaced. Only indicators' unless told otherwise, because a list may bear an indicator's name; a column's name is
    `list.column`, before and after.
    """

    def change(reference: Reference) -> Reference:
        return replace(reference, name=mapping(reference.name)) if reference.kind in kinds else reference

    return rebuilt(node, change)


def _quoted(name: str) -> str:
    """The name as the grammar reads it back: bare where it can be, else in backquotes."""
    bare = _PLAIN.fullmatch(name) and name.lower() not in KEYWORDS and not name.startswith(LEADING_KEYWORDS)
    return name if bare else "`" + name.replace("`", "``") + "`"
