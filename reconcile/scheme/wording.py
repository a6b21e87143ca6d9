"""How a finding or a figure is said in Chinese. The sentences themselves are data (message and advice in rules.csv)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.model.finding import CellAt, Finding
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.quantity import format_number
from reconcile.scheme.grammar import parse
from reconcile.scheme.syntax import Name, Reference
from reconcile.scheme.words import LIST_FIGURES, PERIOD_WORDS

if TYPE_CHECKING:
    from reconcile.scheme.rules import Rule
    from reconcile.scheme.scheme import Scheme

_FIELD = re.compile(r"\{([^{}]*)\}")
_ALL_DECIMALS = 6  # sums are exact to 10⁻⁶
_RATE_DECIMALS = 2


def say(template: str, fields: Mapping[str, str]) -> str:
    """Put fields into a sentence: {单位} becomes the unit's name. An unknown field stays as 〔字段〕; braces in a field are left alone."""

    def put(found: re.Match[str]) -> str:
        name = found.group(1).strip()
        return fields.get(name, f"〔{name}〕")

    return _FIELD.sub(put, template)


def amount(value: float, indicator: Indicator, scheme: Scheme) -> str:
    """A value with its measure: 21000元, 12.5%; 无数据 where there is no number. Yes/no indicators say 是 or 否.

    A rate is rounded as its indicator says, everything else shows all its digits, without separators, so that it can be found in the sheet.
    """
    if not math.isfinite(value):
        return "无数据"
    if indicator.kind is Kind.FLAG and value in (0, 1):
        return "是" if value else "否"
    decimals = max(indicator.decimals, _RATE_DECIMALS) if indicator.kind is Kind.RATE else _ALL_DECIMALS
    measure = scheme.measures.get(indicator.measure)
    return format_number(value, decimals) + (measure.name if measure is not None else indicator.measure)


def distance(value: float, indicator: Indicator, scheme: Scheme) -> str:
    """How far two values of an indicator are apart, with its measure; rates in 个百分点."""
    said = amount(value, indicator, scheme)
    return f"{said.removesuffix('%')}个百分点" if said.endswith("%") else said


def figure_said(reference: Reference, value: float, scheme: Scheme) -> str:
    """What a rule reads with its measure: 135人; the rows of a list in 行; "" for no number."""
    if math.isnan(value):
        return ""
    if reference.kind == "list":
        return f"{format_number(value, 0)}行"
    if reference.kind == "column":
        roster, column = reference.parts
        measure = next(one.measure for one in scheme.rosters[roster].columns if one.column == column)
        return format_number(value, _ALL_DECIMALS) + measure
    return amount(value, scheme.indicators[reference.name], scheme)


def figure_name(key: str, scheme: Scheme) -> str:
    """What a figure is called, by Reference.key: 会员人数; 帮扶职工名册的行数; 上年末会员人数; 会员人数下级合计."""
    if key in scheme.indicators:
        return scheme.label(key)
    node = parse(key)
    if not isinstance(node, Name):
        return key
    cell = node.reference
    if cell.kind == "indicator":
        return PERIOD_WORDS.get(cell.period, "") + scheme.label(cell.name) + ("下级合计" if cell.of == "children" else "")
    roster, column = cell.parts
    named = next((one.name for one in scheme.rosters[roster].columns if one.column == column), "")
    return say(LIST_FIGURES[cell.kind], {"名册": roster, "列": named})


def place(cell: CellAt, *, with_file: bool = False) -> str:
    """Where a cell stands: 工作表!C7, with its file before it where wanted; "" where the form does not have it."""
    address = "!".join(part for part in (cell.sheet, cell.cell) if part)
    if not with_file:
        return address
    return f"{cell.file}：{address}" if address else cell.file


def listed(items: Sequence[str], limit: int = 3) -> str:
    """Join what may be many: 甲、乙, or 甲、乙、丙等5个 where more than `limit`."""
    shown = "、".join(items[:limit])
    return f"{shown}等{len(items)}个" if len(items) > limit else shown


def finding(  # noqa: PLR0913 - a Finding has thirteen fields; every one but the rule is named at the call
    rule: Rule,
    fields: Mapping[str, str],
    *,
    unit: str = "",
    unit_name: str = "",
    period: str = "",
    return_id: str = "",
    indicators: tuple[str, ...] = (),
    cells: tuple[CellAt, ...] = (),
    observed: str = "",
    expected: str = "",
    difference: str = "",
) -> Finding:
    """A finding of `rule`, its message and advice said with `fields`.

    单位, 文件, 工作表, 单元格, 原文 and 值 are filled in from the unit, the first cell and what was observed, unless `fields` has them.
    """
    first = cells[0] if cells else CellAt("", "", "", "")
    known = {
        "单位": unit_name or unit,
        "文件": first.file,
        "工作表": first.sheet,
        "单元格": first.cell,
        "原文": first.value,
        "值": observed,
    }
    known.update(fields)
    return Finding(
        tier=rule.tier,
        rule=rule.id,
        unit=unit,
        unit_name=unit_name,
        period=period,
        return_id=return_id,
        indicators=indicators,
        cells=cells,
        observed=observed,
        expected=expected,
        difference=difference,
        message=say(rule.message, known),
        advice=say(rule.advice, known),
    )
