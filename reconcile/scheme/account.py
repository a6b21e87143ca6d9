"""Account: what is said of a rule about one record — both sides, their difference, and every placeholder of its message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from reconcile.model.figures import Floats, from_micros, micros
from reconcile.model.indicator import Indicator
from reconcile.model.quantity import format_number
from reconcile.scheme.expression import (
    Arithmetic,
    Call,
    Comparison,
    Environment,
    Expression,
    ExpressionError,
    Name,
    Negative,
    Reference,
    equation,
    parse,
    references,
    rename,
    sentence,
    sides,
    type_of,
    value,
)
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Roster, Scheme
from reconcile.scheme.wording import amount, distance

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_BOUNDS = {"==": "", "<=": "不大于", ">=": "不小于", "<": "小于", ">": "大于", "!=": "不等于"}
_PERIODS: dict[str, Literal["previous", "last", "closing"]] = {"上年同期": "previous", "本年上期": "last", "上年末": "closing"}
_ALL_DECIMALS = 6


FIELDS = ("差", "应为", "算式", "单位", "文件", "工作表", "单元格", "原文", "值")
"""What every rule that is an expression can say beside figures."""


def placeholders(template: str) -> tuple[str, ...]:
    """The {…} of a message, each once, without its braces."""
    return tuple(dict.fromkeys(written.strip() for written in _PLACEHOLDER.findall(template)))


def figure(written: str, codes: Mapping[str, str], indicators: Mapping[str, Indicator], rosters: Mapping[str, Roster]) -> Expression | None:
    """The figure that a placeholder means: an indicator by any of its names (`codes`), the rows of a list, any expression; else None.

    上年同期会员人数 needs no brackets.
    """
    if written in codes:
        return Name(Reference(codes[written]))
    if written in rosters:
        return Name(Reference(written, kind="list"))
    for prefix, period in _PERIODS.items():
        name = written.removeprefix(prefix)
        if name != written and name in codes:
            return Name(Reference(codes[name], period=period))
    try:
        node = rename(parse(written), lambda name: codes.get(name, name))
    except ExpressionError:
        return None
    columns = {f"{name}.{one.column}" for name, roster in rosters.items() for one in roster.columns}
    known = {"indicator": indicators, "list": rosters, "column": columns}
    there = references(node)
    return node if there and type_of(node) == "number" and all(one.name in known[one.kind] for one in there) else None


@runtime_checkable
class BasedEnvironment(Protocol):
    """An environment that knows on whose figures an earlier figure is based."""

    def basis(self, reference: Reference, record: int, /) -> str:
        """（含并入的甲村工会）, or ""."""


@dataclass(frozen=True, eq=False)
class Account:
    """A rule that is an expression, told over the records of an environment. Columns are computed once, texts per record."""

    rule: Rule
    scheme: Scheme
    environment: Environment
    _kept: dict[Expression, Floats] = field(default_factory=dict)

    def observed(self, record: int) -> str:
        """The left side with its measure; of a rule without sides its only figure; "" where there are several."""
        if self._sides is not None:
            return self._said(self._sides[0], record)
        if len(self.rule.indicators) != 1:
            return ""
        return self._told(Name(Reference(self.rule.indicators[0])), record)

    def expected(self, record: int) -> str:
        """The right side with its measure, and what the left must be to it (不大于96人); "" where it is not known."""
        if self._sides is None or self._comparison is None or np.isnan(self._sides[1][record]):
            return ""
        return _BOUNDS[self._comparison.operator] + self._said(self._sides[1], record)

    def difference(self, record: int) -> str:
        """How far the sides are apart, without a sign; "" where it is not known, or where they are the same and must not be."""
        if self._differences is None or not self._differences[record] > 0:
            return ""
        apart = float(self._differences[record])
        return format_number(apart, _ALL_DECIMALS) if self._indicator is None else distance(apart, self._indicator, self.scheme)

    def fields(self, record: int) -> dict[str, str]:
        """The placeholders that the rule's message and advice use: 差, 应为, 算式 and every name or expression in figures."""
        found = {"差": self.difference(record), "应为": self.expected(record) or self.relation, "算式": self._formula}
        found.update({written: self._told(node, record) for written, node in self._placeholders.items()})
        return found

    @cached_property
    def relation(self) -> str:
        """What the rule demands, as a sentence."""
        return "" if self.rule.expression is None else sentence(self.rule.expression, self.scheme.label)

    @cached_property
    def _formula(self) -> str:
        """The same as a formula with names, where it is one: 会员人数＝期初会员数＋新增会员－减少会员."""
        return "" if self.rule.expression is None else equation(self.rule.expression, self.scheme.label)

    @cached_property
    def _sides(self) -> tuple[Floats, Floats] | None:
        return None if self.rule.expression is None else sides(self.rule.expression, self.environment, missing=self.rule.missing)

    @cached_property
    def _differences(self) -> Floats | None:
        if self._sides is None:
            return None
        left, right = (np.where(np.isfinite(side), side, np.nan) for side in self._sides)
        apart = from_micros(np.abs(micros(left) - micros(right)))
        return np.where(np.isnan(left) | np.isnan(right), np.nan, apart)

    @cached_property
    def _comparison(self) -> Comparison | None:
        node = self.rule.demanded
        return node if isinstance(node, Comparison) else None

    @cached_property
    def _indicator(self) -> Indicator | None:
        """Whose measure both sides are in: that of the side of which it can be told."""
        if self._comparison is None:
            return None
        return self._measured(self._comparison.left) or self._measured(self._comparison.right)

    def _measured(self, node: Expression) -> Indicator | None:
        """The indicator whose measure a number is in; None for counts of rows, products and ratios, which are in a measure of their own."""
        match node:
            case Name(reference):
                return self.scheme.indicators.get(reference.name)
            case Negative(operand):
                return self._measured(operand)
            case Arithmetic(first, rest) if node.additive:
                return next((one for part in (first, *(part for _, part in rest)) if (one := self._measured(part))), None)
            case Call(_, arguments):
                return self._measured(arguments[0])
            case _:
                return None

    def _said(self, column: Floats, record: int) -> str:
        figure = float(column[record])
        if self._indicator is None:
            return format_number(figure, _ALL_DECIMALS)
        return amount(figure, self._indicator, self.scheme)

    @cached_property
    def _placeholders(self) -> Mapping[str, Expression]:
        """The placeholders that mean figures."""
        scheme = self.scheme
        found = {}
        for written in placeholders(self.rule.message + self.rule.advice):
            node = figure(written, scheme.codes, scheme.indicators, scheme.rosters)
            if node is not None:
                found[written] = node
        return found

    def _told(self, node: Expression, record: int) -> str:
        """A figure with its measure; 未填 where a single figure was not answered."""
        figure = float(self._column(node)[record])
        if (
            np.isnan(figure)
            and isinstance(node, Name)
            and node.reference.kind == "indicator"
            and self.environment.absent(node.reference)[record]
        ):
            return "未填" if node.reference.period == "this" else "无数据"
        indicator = self._measured(node)
        if indicator is None:
            return format_number(figure, _ALL_DECIMALS) or "无数据"
        return amount(figure, indicator, self.scheme) + self._basis(node, record)

    def _basis(self, node: Expression, record: int) -> str:
        """Whose figures an earlier figure holds besides the unit's own, in brackets; "" where it is the unit's alone."""
        if isinstance(node, Name) and isinstance(self.environment, BasedEnvironment):
            return self.environment.basis(node.reference, record)
        return ""

    def _column(self, node: Expression) -> Floats:
        if node not in self._kept:
            self._kept[node] = value(node, self.environment)
        return self._kept[node]

    def _unanswered(self, reference: Reference, record: int) -> bool:
        return reference.kind == "indicator" and bool(self.environment.absent(reference)[record])
