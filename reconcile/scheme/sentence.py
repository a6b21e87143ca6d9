"""Face (d) of an expression: a Chinese sentence, to be read aloud in a message or the rule book.

What must hold is said with 应 and 不得, what is only supposed (the condition of an if…then) plainly. A number inside another is named as
a whole (之和, 之差), because brackets cannot be heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from reconcile.scheme.printing import ATOM, binding, number_text
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
)

_MUST: dict[ComparisonOperator, str] = {
    "==": "应等于",
    "!=": "不得等于",
    "<=": "不得大于",
    ">=": "不得小于",
    "<": "应小于",
    ">": "应大于",
}
_IS: dict[ComparisonOperator, str] = {"==": "等于", "!=": "不等于", "<=": "不大于", ">=": "不小于", "<": "小于", ">": "大于"}
_OPPOSITE: dict[ComparisonOperator, ComparisonOperator] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED: dict[ComparisonOperator, ComparisonOperator] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SPOKEN = {"+": "加上", "-": "减去", "*": "乘以", "/": "除以"}
_WHOLE = {"+": "之和", "-": "之差", "*": "之积", "/": "之比"}
_SIGNS = {"+": "＋", "-": "－", "*": "×", "/": "÷", "==": "＝", "!=": "≠", "<=": "≤", ">=": "≥", "<": "＜", ">": "＞"}
_YES_OR_NO = "是否"  # names of indicators that are answered with 是 or 否 begin so
_SAYS_YES = ((">", 0.0), (">=", 1.0), ("==", 1.0), ("!=", 0.0))
_SAYS_NO = (("<", 1.0), ("<=", 0.0), ("==", 0.0), ("!=", 1.0))
_PERIODS = {"this": "", "previous": "上年同期", "last": "本年上期", "closing": "上年末"}
_ACROSS = {"min": "中的最小值", "max": "中的最大值", "sum": "之和", "mean": "的平均值"}
_OVER_ALL = {"min": "最小值", "max": "最大值", "sum": "合计", "mean": "平均值"}


def _itself(name: str) -> str:
    return name


def sentence(node: Expression, name: Callable[[str], str] = _itself) -> str:
    """What the rule demands (or what a formula computes), in Chinese, without a full stop; `name` turns codes into names."""
    speaker = _Speaker(name)
    return speaker.noun(node) if type_of(node) == "number" else speaker.truth(node, must=True)


def supposition(node: Expression, name: Callable[[str], str] = _itself) -> str:
    """The same said of what is only supposed, as in the condition of an if…then: 职工人数大于0."""
    speaker = _Speaker(name)
    return speaker.noun(node) if type_of(node) == "number" else speaker.truth(node, must=False)


def equation(node: Expression, name: Callable[[str], str] = _itself) -> str:
    """A comparison as a formula with names, 会员人数＝期初会员数＋新增会员－减少会员; what is no comparison of numbers as a sentence."""
    if not isinstance(node, Comparison) or type_of(node.left) != "number" or type_of(node.right) != "number":
        return sentence(node, name)
    speaker = _Speaker(name)
    return speaker.signs(node.left) + _SIGNS[node.operator] + speaker.signs(node.right)


@dataclass(frozen=True, slots=True)
class _Speaker:
    name: Callable[[str], str]

    # ---- truths: what must hold, and what is supposed

    def truth(self, node: Expression, *, must: bool) -> str:  # noqa: PLR0911 - one branch for each kind of node
        match node:
            case Comparison(operator, left, right):
                return self._comparison(operator, left, right, must)
            case Or() if (pair := _together(node)) is not None:
                return self._both_or_neither(pair, must)
            case And(parts):
                return ("，且" if must else "且").join(self._ranges(parts, must))
            case Or(parts):
                return ("，或" if must else "或").join(self._part(part, must) for part in parts)
            case Implies(condition, consequence):
                said = f"如果{self.truth(condition, must=False)}，那么{self.truth(consequence, must=True)}"
                return said if must else f"“{said}”"
            case Not(operand):
                return self._negated(operand, must)
            case Membership(item, options):
                return f"{self.noun(item)}{'应' if must else ''}为{self._options(options)}"
            case IsMissing(name):
                return self.noun(name) + ("应为空" if must else "未填报")
            case _:
                return self.noun(node)

    def _negated(self, node: Expression, must: bool) -> str:
        match node:
            case Comparison(operator, left, right):
                return self._comparison(_OPPOSITE[operator], left, right, must)
            case Membership(item, options):
                return f"{self.noun(item)}{'不得为' if must else '不为'}{self._options(options)}"
            case IsMissing(name):
                return self.noun(name) + ("必须填报" if must else "已填报")
            case Not(operand):
                return self.truth(operand, must=must)
            case _:
                said = self.truth(node, must=False)
                return f"不得出现{said}的情况" if must else f"没有{said}的情况"

    def _comparison(self, operator: ComparisonOperator, left: Expression, right: Expression, must: bool) -> str:
        if operator == "==" and (pair := (_counted(left), _counted(right))) and pair[0] is not None and pair[1] is not None:
            return self._both_or_neither((pair[0], pair[1]), must)
        if type_of(left) == "truth":
            said = f"“{self.truth(left, must=False)}”与“{self.truth(right, must=False)}”{'应' if must else ''}"
            return said + ("同时成立或同时不成立" if operator == "==" else "有且只有一项成立")
        if isinstance(left, Number | Text) and not isinstance(right, Number | Text):
            operator, left, right = _MIRRORED[operator], right, left
        if isinstance(right, Text):
            equals = operator == "=="
            verb = ("应为" if equals else "不得为") if must else ("为" if equals else "不为")
            return self.noun(left) + verb + self.noun(right)
        if isinstance(left, Name) and isinstance(right, Number) and self.noun(left).startswith(_YES_OR_NO):
            word = "是" if (operator, right.value) in _SAYS_YES else "否" if (operator, right.value) in _SAYS_NO else ""
            if word:
                return f"{self.noun(left)}{'应' if must else ''}为“{word}”"
        return self.noun(left) + (_MUST if must else _IS)[operator] + self.noun(right)

    def _both_or_neither(self, pair: tuple[Expression, Expression], must: bool) -> str:
        return f"{self._listed(pair)}{'应' if must else ''}同时有数或同时为0"

    def _ranges(self, parts: tuple[Expression, ...], must: bool) -> list[str]:
        """The parts of a conjunction, two bounds of one figure said as one range."""
        said: list[str] = []
        taken = False
        for part, following in pairwise((*parts, None)):
            if taken or part is None:
                taken = False
                continue
            bounds = _bounds(part, following)
            if bounds is None:
                said.append(self._part(part, must))
            else:
                least, middle, most = (self.noun(one) for one in bounds)
                said.append(f"{middle}{'应' if must else ''}在{least}至{most}之间")
                taken = True
        return said

    def _part(self, node: Expression, must: bool) -> str:
        said = self.truth(node, must=must)
        return f"（{said}）" if isinstance(node, And | Or | Implies) and not said.startswith("“") else said

    def _options(self, options: tuple[Number, ...] | tuple[Text, ...]) -> str:
        listed = "、".join(self.noun(option) for option in options)
        return listed if len(options) == 1 else f"{listed}之一"

    # ---- numbers

    def noun(self, node: Expression) -> str:  # noqa: PLR0911 - one branch for each kind of node
        match node:
            case Number(value):
                return _spoken_number(value)
            case Text(value):
                return f"“{value}”"
            case Name(reference):
                return self._figure(reference)
            case Negative(operand):
                return "负的" + self._whole(operand)
            case Arithmetic(first, rest):
                inner = self.noun if node.additive else self._whole
                chain = [self.noun(first) if binding(first) > binding(node) else self._whole(first)]
                chain += [
                    _SPOKEN[operator] + (inner(operand) if binding(operand) > binding(node) else self._whole(operand))
                    for operator, operand in rest
                ]
                return "".join(chain)
            case Call("abs", (argument,)):
                return f"{self._whole(argument)}的绝对值"
            case Call(function, (argument,)):
                return f"各单位{self._whole(argument)}的{_OVER_ALL[function]}"
            case Call(function, arguments):
                return self._listed(arguments) + _ACROSS[function]
            case _:
                return self.truth(node, must=False)

    def signs(self, node: Expression) -> str:
        """A number with signs in place of words, in brackets where it needs them."""
        match node:
            case Arithmetic(first, rest):
                chain = [self._held(first, node)]
                for operator, operand in rest:
                    chain += [_SIGNS[operator], self._held(operand, node)]
                return "".join(chain)
            case Negative(operand):
                return "－" + self._held(operand, node)
            case _:
                return self.noun(node)

    def _held(self, part: Expression, whole: Expression) -> str:
        plain = binding(part) > binding(whole) and not isinstance(part, Negative)
        return self.signs(part) if plain else f"（{self.signs(part)}）"

    def _whole(self, node: Expression) -> str:
        """A number named as one thing, so that it can stand within another."""
        if not isinstance(node, Arithmetic):
            return self.noun(node)
        operators = {operator for operator, _ in node.rest}
        members = (node.first, *(operand for _, operand in node.rest))
        plain = all(binding(member) >= ATOM for member in members)
        if plain and len(operators) == 1 and (len(members) == 2 or operators <= {"+", "*"}):
            return self._listed(members) + _WHOLE[operators.pop()]
        return f"（{self.noun(node)}）"

    def _listed(self, members: tuple[Expression, ...]) -> str:
        said = [self._whole(member) for member in members]
        return "与".join(said) if len(said) == 2 else "、".join(said)

    def _figure(self, reference: Reference) -> str:
        name = self.name(reference.name)
        if reference.kind == "list":
            return f"{name}行数"
        if reference.kind == "column":
            return f"{name.replace('.', '中', 1)}合计"
        return _PERIODS[reference.period] + (f"下级{name}合计" if reference.of == "children" else name)


def _bounds(one: Expression, other: Expression | None) -> tuple[Expression, Expression, Expression] | None:
    """Least, middle and most of two comparisons that bound one number from both sides (a <= b <= c), where they are that."""
    match one, other:
        case Comparison("<=", least, middle), Comparison("<=", again, most) if middle == again:
            return least, middle, most
        case Comparison(">=", most, middle), Comparison(">=", again, least) if middle == again:
            return least, middle, most
    return None


def _together(node: Or) -> tuple[Expression, Expression] | None:
    """The two numbers of `(a > 0 and b > 0) or (a = 0 and b = 0)`, written either way round."""
    match node.parts:
        case And((one, other)), And((none, neither)):
            for some, no in (((one, other), (none, neither)), ((none, neither), (one, other))):
                pair = _counted(some[0]), _counted(some[1])
                if None not in pair and {_nothing(no[0]), _nothing(no[1])} == set(pair):
                    return pair  # type: ignore[return-value] # mypy does not narrow a tuple by `not in`
    return None


def _counted(node: Expression) -> Expression | None:
    """The number of which it is said that it is over 0."""
    match node:
        case Comparison(">", number, Number(0.0)) | Comparison("<", Number(0.0), number):
            return number
    return None


def _nothing(node: Expression) -> Expression | None:
    """The number of which it is said that it is 0."""
    match node:
        case Comparison("==", number, Number(0.0)) | Comparison("==", Number(0.0), number):
            return number
    return None


def _spoken_number(value: float) -> str:
    size = abs(value)
    for unit, word in ((1e8, "亿"), (1e4, "万")):
        if size >= unit and size % (unit / 100) == 0:
            return ("-" if value < 0 else "") + number_text(round(size / unit, 2)) + word
    return ("-" if value < 0 else "") + number_text(size)
