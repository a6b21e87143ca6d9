"""From text to tree: the grammar of the rule language, ASCII, full-width and Chinese spellings alike.

Precedence, loosest first: `if … then …`; or; and; not; comparisons (chained ones mean all of them), in, is missing; + -; * /; sign.
Nothing a text can hold makes the reader fail other than with `ExpressionError`: the length and the depth of brackets are bounded.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn, cast

from reconcile.scheme.syntax import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    Comparison,
    ComparisonOperator,
    Expression,
    ExpressionError,
    Function,
    Implies,
    IsMissing,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Period,
    Reference,
    Text,
    Type,
    type_of,
)
from reconcile.scheme.tokens import Token, tokens_of

LONGEST = 4_000  # characters
DEEPEST = 60  # brackets, signs, negations and conditions within one another

_FUNCTIONS: dict[str, str] = {
    "上年同期": "previous",
    "本年上期": "last",
    "上年末": "closing",
    "下级合计": "children",
    "行数": "count",
    "合计": "total",
    "已填": "filled",
    "缺报": "missing",
    "绝对值": "abs",
    "最小": "min",
    "最大": "max",
    "求和": "sum",
    "平均": "mean",
}
_CANONICAL = frozenset(_FUNCTIONS.values())
_TYPE_NAMES: dict[Type, str] = {"number": "数", "text": "文字", "truth": "判断"}


def parse(text: str) -> Expression:
    """The tree of an expression. Raises `ExpressionError` with the column where the text stops making sense."""
    if len(text) > LONGEST:
        raise ExpressionError(f"式子长{len(text)}字，最多{LONGEST}字", LONGEST + 1)
    return _Parser(tokens_of(text)).whole()


class _Parser:
    """Reads by precedence climbing: about three frames for each bracket."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Expression:
        node = self._expression(0)
        token = self._peek()
        if token.kind != "end":
            self._refuse(token, "运算符、“且”“或”或式子的结尾")
        if isinstance(node, Text):
            raise ExpressionError("式子应是判断或算式，这里却只有文字", 1)
        return node

    # ---- tokens

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at += token.kind != "end"
        return token

    def _met(self, value: str) -> bool:
        """Whether the next token is this operator or word; if so it is taken."""
        token = self._peek()
        if token.kind in ("operator", "word") and token.value == value:
            self._at += 1
            return True
        return False

    def _close(self, value: str, opened: Token) -> None:
        if not self._met(value):
            wanted = {")": "右括号", "]": "右方括号"}[value]
            self._refuse(self._peek(), f"与第{opened.column}列的“{opened.written}”相配的{wanted}")

    def _refuse(self, token: Token, expected: str) -> NoReturn:
        if token.kind == "end":
            raise ExpressionError(f"式子到此就结束了，还应有{expected}", token.column)
        raise ExpressionError(f"遇到“{token.written}”，应为{expected}", token.column)

    # ---- precedence

    def _expression(self, least: int) -> Expression:
        """An expression whose operators bind at least this tightly: 0 all, 1 or, 2 and, 3 not, 4 comparison, 5 sum, 6 product, 7 sign."""
        start = self._peek()
        node = self._operand()
        if least <= 6:
            node = self._chain(node, start, ("*", "/"), 6)
        if least <= 5:
            node = self._chain(node, start, ("+", "-"), 5)
        if least <= 4:
            node = self._comparisons(node, start)
        if least <= 2:
            node = self._junction(node, start, "and", 3)
        if least <= 1:
            node = self._junction(node, start, "or", 2)
        return node

    def _operand(self) -> Expression:
        token = self._take()
        self._depth += 1  # an operand within an operand is one bracket, sign, negation or condition deeper
        if self._depth > DEEPEST + 1:
            raise ExpressionError(f"括号和条件套得太深，最多{DEEPEST}层", token.column)
        node: Expression
        match token.kind, token.value:
            case "number", digits:
                node = self._number(token, float(digits))
            case "text", written:
                node = Text(written)
            case "word", "if":
                node = self._implication()
            case "word", "not":
                node = Not(self._typed(3, "truth", "“非”后面"))
            case "operator", "-":
                node = self._typed(7, "number", "负号后面")
                node = Number(0.0 - node.value) if isinstance(node, Number) else Negative(node)
            case "operator", "+":
                node = self._typed(7, "number", "正号后面")
            case "operator", "(":
                node = self._expression(0)
                self._close(")", token)
            case (("name" | "quoted" | "word"), _) if self._peek().value == "(" and self._peek().kind == "operator":
                node = self._function(token)
            case (("name" | "quoted"), _):
                node = self._name(token)
                if node.reference.kind == "column":
                    raise ExpressionError(f"名册的列“{node.reference.name}”只能写在“合计(…)”中", token.column)
            case _:
                self._refuse(token, "指标、数或括号")
        self._depth -= 1
        return node

    def _typed(self, least: int, wanted: Type, place: str) -> Expression:
        """An expression that must yield `wanted`."""
        start = self._peek()
        node = self._expression(least)
        self._require(node, wanted, place, start)
        return node

    def _require(self, node: Expression, wanted: Type, place: str, start: Token) -> None:
        met = type_of(node)
        if met != wanted:
            raise ExpressionError(f"{place}应是{_TYPE_NAMES[wanted]}，这里却是{_TYPE_NAMES[met]}", start.column)

    def _number(self, token: Token, value: float) -> Number:
        if value == float("inf"):
            raise ExpressionError(f"数“{token.written[:20]}”太大", token.column)
        return Number(value)

    def _chain(self, first: Expression, start: Token, operators: tuple[str, str], level: int) -> Expression:
        rest: list[tuple[ArithmeticOperator, Expression]] = []
        while (token := self._peek()).kind == "operator" and token.value in operators:
            place = f"“{token.written}”两边"
            if not rest:
                self._require(first, "number", place, start)
            self._take()
            rest.append((cast(ArithmeticOperator, token.value), self._typed(level + 1, "number", place)))
        if not rest:
            return first
        if isinstance(first, Arithmetic) and first.additive == (level == 5):
            return Arithmetic(first.first, (*first.rest, *rest))
        return Arithmetic(first, tuple(rest))

    def _junction(self, first: Expression, start: Token, word: str, level: int) -> Expression:
        parts = [first]
        while (token := self._peek()).kind == "word" and token.value == word:
            place = f"“{token.written}”两边"
            self._require(first, "truth", place, start)
            self._take()
            parts.append(self._typed(level, "truth", place))
        if len(parts) == 1:
            return first
        return _all_of(parts) if word == "and" else _any_of(parts)

    def _implication(self) -> Implies:
        condition = self._typed(0, "truth", "“如果”后面")
        self._met(",")
        if not self._met("then"):
            self._refuse(self._peek(), "“那么”或“则”（前面是名称时请留一个空格）")
        return Implies(condition, self._typed(0, "truth", "“那么”后面"))

    # ---- comparisons

    def _comparisons(self, left: Expression, start: Token) -> Expression:
        """One comparison; or a chain, which holds where each of its comparisons does; or a membership; or `is missing`."""
        found: list[Expression] = []
        node = left
        while (token := self._peek()).kind == "operator" and token.value in ("==", "!=", "<=", ">=", "<", ">"):
            self._take()
            right_start = self._peek()
            right = self._expression(5)
            self._require_comparable(token, (left, start), (right, right_start))
            found.append(Comparison(cast(ComparisonOperator, token.value), left, right))
            left, start = right, right_start
        if found:
            node = found[0] if len(found) == 1 else _all_of(found)
        elif token.kind == "word" and token.value in ("in", "not in", "not"):
            node = self._membership(left, start)
        elif token.kind == "word" and token.value.startswith("is"):
            node = self._missing(left, start)
        return node

    def _require_comparable(self, sign: Token, left: tuple[Expression, Token], right: tuple[Expression, Token]) -> None:
        kinds = type_of(left[0]), type_of(right[0])
        if kinds == ("number", "number"):
            return
        place = f"“{sign.written}”两边"
        if "text" in kinds:
            figure = right if kinds[0] == "text" else left
            if not isinstance(figure[0], Name):
                raise ExpressionError(f"{place}有文字时，另一边应是一个指标", figure[1].column)
        elif kinds != ("truth", "truth"):
            raise ExpressionError(f"{place}应同是数或同是判断", right[1].column)
        if sign.value not in ("==", "!="):
            compared = _TYPE_NAMES["text" if "text" in kinds else "truth"]
            raise ExpressionError(f"{compared}只能比较相等或不等，不能用“{sign.written}”", sign.column)

    def _membership(self, item: Expression, start: Token) -> Expression:
        token = self._take()
        if token.value == "not" and not self._met("in"):
            self._refuse(self._peek(), "“in”")
        self._require(item, "number", f"“{token.written}”前面", start)
        opened = self._peek()
        if not self._met("["):
            self._refuse(opened, "方括号“[”")
        first = self._peek()
        options = [self._option()]
        while self._met(","):
            options.append(self._option())
        self._close("]", opened)
        numbers = tuple(option for option in options if isinstance(option, Number))
        words = tuple(option for option in options if isinstance(option, Text))
        if numbers and words:
            raise ExpressionError("方括号里应全是数或全是文字", first.column)
        if words and not isinstance(item, Name):
            raise ExpressionError("与文字比较的应是一个指标", start.column)
        node = Membership(item, numbers or words)
        return node if token.value == "in" else Not(node)

    def _option(self) -> Number | Text:
        token = self._peek()
        option = self._expression(7)
        if not isinstance(option, Number | Text):
            raise ExpressionError(f"遇到“{token.written}”，方括号里应是数或加引号的文字", token.column)
        return option

    def _missing(self, item: Expression, start: Token) -> Expression:
        token = self._take()
        negated = token.value == "is not missing" or (token.value == "is" and self._met("not"))
        if token.value == "is" and not self._met("missing"):
            self._refuse(self._peek(), "“missing”")
        node = IsMissing(self._indicator(item, f"“{token.written}”前面", start))
        return Not(node) if negated else node

    # ---- names and functions

    def _name(self, token: Token) -> Name:
        if not token.value.strip():
            raise ExpressionError("反引号里应写名称", token.column)
        if not self._met("."):
            return Name(Reference(token.value))
        column = self._take()
        if column.kind not in ("name", "quoted"):
            self._refuse(column, "名册的列名")
        if "." in token.value:
            raise ExpressionError(f"名册的名称“{token.value}”中不能有点号", token.column)
        return Name(Reference(f"{token.value}.{column.value}", kind="column"))

    def _function(self, token: Token) -> Expression:
        opened = self._take()
        called = _FUNCTIONS.get(token.value, token.value)
        if token.kind == "quoted" or called not in _CANONICAL:
            raise ExpressionError(f"没有“{token.written}”这个函数，可用的有{'、'.join(_FUNCTIONS)}", token.column)
        place = f"“{token.written}(…)”里"
        node: Expression
        if called in ("count", "total"):
            node = self._of_list(called, place)
        elif called in ("abs", "min", "max", "sum", "mean"):
            node = Call(cast(Function, called), self._arguments(called, place))
        else:
            start = self._peek()
            node = self._of_indicator(called, self._indicator(self._expression(0), place, start), start)
        self._close(")", opened)
        return node

    def _arguments(self, called: str, place: str) -> tuple[Expression, ...]:
        arguments = [self._typed(0, "number", place)]
        while (comma := self._peek()).value == "," and self._met(","):
            if called == "abs":
                raise ExpressionError(f"{place}只应有一个数", comma.column)
            arguments.append(self._typed(0, "number", place))
        return tuple(arguments)

    def _of_list(self, called: str, place: str) -> Name:
        token = self._take()
        if token.kind not in ("name", "quoted"):
            self._refuse(token, "名册的名称")
        name = self._name(token)
        if called == "count":
            if name.reference.kind == "column":
                raise ExpressionError(f"{place}应是名册的名称，不带列名", token.column)
            return Name(replace(name.reference, kind="list"))
        if name.reference.kind != "column":
            raise ExpressionError(f"{place}应写“名册.列”，几个指标相加请用“求和”", token.column)
        return name

    def _of_indicator(self, called: str, name: Name, start: Token) -> Expression:
        reference = name.reference
        if called == "filled":
            return Not(IsMissing(name))
        if called == "missing":
            return IsMissing(name)
        if called == "children":
            if reference.of == "children":
                raise ExpressionError("“下级合计”不能套用", start.column)
            return Name(replace(reference, of="children"))
        if reference.period != "this":
            raise ExpressionError("上年同期、本年上期、上年末不能套用", start.column)
        return Name(replace(reference, period=cast(Period, called)))

    def _indicator(self, node: Expression, place: str, start: Token) -> Name:
        if not isinstance(node, Name) or node.reference.kind != "indicator":
            raise ExpressionError(f"{place}应是一个指标", start.column)
        return node


def _all_of(parts: list[Expression]) -> And:
    """Conjunction, those within it laid open."""
    return And(tuple(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,))))


def _any_of(parts: list[Expression]) -> Or:
    """Disjunction, those within it laid open."""
    return Or(tuple(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,))))
