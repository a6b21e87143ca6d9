"""来源单元格 of a large round: not every cell of every figure, but the totals of the units directly below that it was added from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.files.bulk import Look
from reconcile.report.summary_pages import CENTRE, NUMBER, PLAIN, TEXT, Column, TablePage, Telling
from reconcile.report.summary_units import MOST_LINES

if TYPE_CHECKING:
    from reconcile.files.bulk import Value
    from reconcile.model.narrative import Figure
    from reconcile.report.summary_totals import Totals

SUMMED = frozenset({"total", "previous", "closing", "change", "growth", "share"})
"""Natures of figures that were added up from the units below."""

_COLUMNS = ("value", "previous", "closing")
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Parts:
    """What totals of a unit were added from. `number`: of the first figure that speaks of them; rows: unit, indicator, and its total, that
    of last year and of the end of last year."""

    number: int
    text: str
    rows: tuple[tuple[str, str, float, float, float], ...]


def parts_of(telling: Telling, totals: Totals) -> dict[tuple[str, str], Parts]:
    """By unit and indicators (as Figure has them), in the order of the figures. Left out where nothing below adds up to a figure, or too
    much would."""
    wanted: dict[tuple[str, str], Figure] = {}
    for figure in telling.narrative.figures:
        if figure.how in SUMMED and figure.cells:
            wanted.setdefault((figure.unit, figure.indicator), figure)
    children = {unit: telling.outcome.units.children(unit) for unit, _ in wanted}
    table = telling.outcome.totals
    table = table[table["unit"].isin([child for below in children.values() if len(below) <= MOST_LINES for child in below])]
    keys = zip(table["unit"].astype(str), table["indicator"].astype(str), strict=True)
    figures = dict(zip(keys, zip(*(table[name].tolist() for name in _COLUMNS), strict=True), strict=True))
    below = {child for some in children.values() if len(some) <= MOST_LINES for child in some}
    leaves = {unit: row for unit in below if (row := totals.leaf(unit)) >= 0}
    for code in dict.fromkeys(code for _, indicators in wanted for code in codes_of(indicators) if code in telling.scheme.indicators):
        own = totals.derived.leaf(code)
        figures |= {(unit, code): (float(own[row]), _NAN, _NAN) for unit, row in leaves.items() if (unit, code) not in figures}
    found: dict[tuple[str, str], Parts] = {}
    for (unit, indicators), figure in wanted.items():
        pairs = [(child, code) for code in codes_of(indicators) for child in children[unit]]
        rows = [(*pair, *figures[pair]) for pair in pairs if pair in figures and not all(map(math.isnan, figures[pair]))]
        if rows and len(rows) <= MOST_LINES:
            found[unit, indicators] = Parts(figure.number, figure.text, tuple(rows))
    return found


def codes_of(indicators: str) -> list[str]:
    """The codes of a Figure's indicators."""
    return [code for code in indicators.replace("、", ";").replace(",", ";").split(";") if code]


def add_parts(telling: Telling, title: str, parts: Iterable[Parts]) -> None:
    """The sheet, a row for each unit directly below and indicator."""
    columns = [Column("数据序号", 9, CENTRE), Column("文中数据", 14, CENTRE), Column("指标", 34, TEXT)]
    columns += [Column("下级单位代码", 18, PLAIN), Column("下级单位名称", 30, TEXT)]
    columns += [Column(words, 14, NUMBER) for words in ("汇总数", "上年同期", "上年末")]
    note = f"序号与“数据来源”一致；各数据由这些下级的汇总数相加，{telling.elsewhere('values')}"
    page = TablePage(telling, title, columns, frozen=2, note=note)
    units, label = telling.outcome.units, telling.scheme.label
    looks = [*page.styles[:5], *[telling.book.style(Look(border=True, align="right"))] * 3]
    for one in parts:
        for unit, code, *figures in one.rows:
            values: list[Value] = [one.number, one.text, f"{label(code)}（{code}）", unit, units.name(unit), *figures]
            page.add(values, looks)
    page.nothing("没有由下级汇总数相加的数据")
    page.close()
