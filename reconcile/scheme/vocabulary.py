"""Vocabulary: what the words in a scheme's expressions and sentences may mean, and what is wrong with those that mean nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal

from reconcile.model.indicator import Indicator
from reconcile.model.quantity import Measure
from reconcile.scheme.account import FIELDS, figure, placeholders
from reconcile.scheme.expression import Expression, ExpressionError, Reference, parse, references, rename, type_of
from reconcile.scheme.scheme import Roster
from reconcile.scheme.syntax import NAME_PATTERN
from reconcile.scheme.tables import Row

_SIGN = re.compile(r"(?<=.)(?:不大于|不小于|不等于|大于|小于|等于)")
_MOST_PLACEHOLDERS = 30  # of one sentence; the busiest built-in ones have a handful


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What words may mean. `names`: every code, name and alias -> code. `broken`: tables that could not be read, so that what they name
    is not known and may be anything."""

    names: Mapping[str, str]
    indicators: Mapping[str, Indicator]
    measures: Mapping[str, Measure]
    rosters: Mapping[str, Roster]
    broken: Set[str] = frozenset()

    def meant(self, reference: Reference) -> bool:
        """Whether the reference's name exists, once indicator names have become codes; nobody knows where its table could not be read."""
        if reference.kind == "indicator":
            return reference.name in self.indicators or "indicators" in self.broken
        name, column = reference.parts
        if "lists" in self.broken:
            return True
        return name in self.rosters and (not column or any(one.column == column for one in self.rosters[name].columns))

    def expression(self, row: Row, column: str, *, meaning: Literal["truth", "number"] = "truth") -> Expression | None:
        """The parsed cell with its names turned into codes; None, with a fault noted, where it cannot be."""
        try:
            node = parse(row.text(column))
        except ExpressionError as error:
            row.fault(column, f"第{error.column}个字符处：{error.message}")
            return None
        node = rename(node, lambda name: self.names.get(name, name))
        unknown = [one.name for one in references(node) if not self.meant(one)]
        for name in dict.fromkeys(unknown):
            sign = _SIGN.search(name)
            hint = f"；如果是要比较，请在“{sign[0]}”前面留一个空格" if sign else ""
            row.fault(column, f"“{name}”既不是指标，也不是名册或名册的列{hint}")
        if unknown:
            return None
        if type_of(node) != meaning:
            row.fault(column, "应写成能判断对错的关系，如 甲 <= 乙" if meaning == "truth" else "应写成能算出数的式子，如 甲 / 乙 * 100")
            return None
        return node

    def check_wording(self, row: Row) -> None:
        """Every {…} in a rule's sentences must be a figure that can be told, or one of the fields that every message has."""
        if self.broken & {"indicators", "lists"}:
            return
        known = {*FIELDS, *re.findall(NAME_PATTERN, row.text("check"))}  # what is unknown there was told already
        for column in ("message", "advice"):
            asked = placeholders(row.text(column))
            if len(asked) > _MOST_PLACEHOLDERS:
                row.fault(column, f"用了{len(asked)}处{{…}}，最多{_MOST_PLACEHOLDERS}处")
                continue
            for written in asked:
                if written not in known and figure(written, self.names, self.indicators, self.rosters) is None:
                    row.fault(column, f"“{{{written}}}”不认识，应为指标名称、算式，或：{'、'.join(FIELDS)}")
