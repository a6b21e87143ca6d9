"""来源单元格 of a large round: not every cell of every figure, but what it was added from: the unit's own return, and the totals of those
directly below."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reconcile.files.bulk import Look
from reconcile.model.gathered import Gathered, adjusted_of, without
from reconcile.model.indicator import Kind
from reconcile.report.summary_pages import CENTRE, NUMBER, PLAIN, TEXT, Column, TablePage, Telling
from reconcile.report.summary_totals import NARROWED
from reconcile.report.summary_units import MOST_LINES
from reconcile.scheme.derived import Derived, operands

if TYPE_CHECKING:
    from reconcile.files.bulk import Value
    from reconcile.model.narrative import Figure
    from reconcile.model.past import Earlier
    from reconcile.report.summary_totals import Totals

SUMMED = frozenset({"total", "previous", "closing", "change", "growth", "share"})
"""Natures of figures that were added up from the unit's own return and the units below it."""

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Parts:
    """What totals of a unit were added from. `number`: of the first figure that speaks of them; rows: unit (the unit itself for its own
    return, or one directly below with all below that), indicator, and its figure as it was approved, that of last year and of the end of
    last year."""

    number: int
    text: str
    rows: tuple[tuple[str, str, float, float, float], ...]


def parts_of(telling: Telling, totals: Totals) -> dict[tuple[str, str], Parts]:
    """By unit and indicators (as Figure has them), in the order of the figures. Left out where nothing adds up to a figure, or too much
    would."""
    wanted: dict[tuple[str, str], Figure] = {}
    for figure in telling.narrative.figures:
        if figure.how in SUMMED and figure.cells:
            wanted.setdefault((figure.unit, figure.indicator), figure)
    times = _times(telling, totals)
    found: dict[tuple[str, str], Parts] = {}
    for (unit, indicators), figure in wanted.items():
        below = telling.outcome.units.children(unit)
        if len(below) > MOST_LINES:
            continue
        rows: list[tuple[str, str, float, float, float]] = []
        for code in codes_of(indicators):
            if code in telling.scheme.indicators:
                rows += _rows([{} if time is None else _addends(time, unit, code, below=below) for time in times])
        if rows:
            found[unit, indicators] = Parts(figure.number, figure.text, tuple(rows))
    return found


def _times(telling: Telling, totals: Totals) -> tuple[Derived | None, Derived | None, Derived | None]:
    """What the units reported themselves: now, with adjusted figures in place; last year; at the end of last year."""
    outcome, scheme, subtrees = telling.outcome, telling.scheme, totals.derived.subtrees
    own = totals.derived.own.own
    codes = [one.code for one in telling.numeric]
    adjusted = adjusted_of(own, outcome.round, units=subtrees.codes, known=subtrees.rows, indicators=codes)
    absent = frozenset(outcome.coverage.absent)

    def then(earlier: Earlier | None) -> Derived | None:
        if earlier is None:
            return None
        return Derived.of(without(Gathered.of(earlier.own, subtrees.codes), subtrees.codes, absent), subtrees, scheme)

    past = outcome.past
    now = totals.derived if adjusted is own else Derived.of(adjusted, subtrees, scheme)
    return now, then(past.previous(outcome.period)), then(past.closing(outcome.period))


def _addends(derived: Derived, unit: str, code: str, *, below: Sequence[str]) -> dict[tuple[str, str], float]:
    """What the total of a unit comes from, by unit and indicator: its own figure and the totals of the units below. Of a rate, these of
    what it is computed from, as far as they are of units that gave all of it; where nobody did, the one rate that was reported."""
    if unit not in derived.subtrees.rows:
        return {}
    rows, kinds = derived.subtrees.rows, derived.scheme.indicators
    basis = derived.basis(unit, code) if kinds[code].kind is Kind.RATE else None
    if kinds[code].kind is Kind.RATE and basis is None and np.count_nonzero(derived.gives(code) & derived.inside(unit)) != 1:
        return {}
    found: dict[tuple[str, str], float] = {}
    for part in (code,) if basis is None else operands(code, derived.scheme):
        figures = derived.own.column(part)
        own = figures if basis is None else np.where(basis.giving, figures, _NAN)
        found[unit, part] = float(own[rows[unit]])
        if kinds[part].kind.summed or kinds[part].kind is Kind.RATE:  # of a standard only the unit's own
            sums = derived.subtrees.totals(own[:, None])[:, 0]
            found |= {(child, part): float(sums[rows[child]]) for child in below}
    return found


def _rows(times: Sequence[dict[tuple[str, str], float]]) -> list[tuple[str, str, float, float, float]]:
    """What a total comes from now and then, side by side; without what was never known."""
    pairs = dict.fromkeys(pair for time in times for pair in time)
    found = []
    for pair in pairs:
        now, before, closed = (time.get(pair, _NAN) for time in times)
        if not all(map(math.isnan, (now, before, closed))):
            found.append((*pair, now, before, closed))
    return found


def codes_of(indicators: str) -> list[str]:
    """The codes of a Figure's indicators."""
    return [code for code in indicators.replace("、", ";").replace(",", ";").split(";") if code]


def add_parts(telling: Telling, title: str, parts: Iterable[Parts]) -> None:
    """The sheet, a row for each unit and indicator."""
    columns = [Column("数据序号", 9, CENTRE), Column("文中数据", 14, CENTRE), Column("指标", 34, TEXT)]
    columns += [Column("单位代码", 18, PLAIN), Column("单位名称", 30, TEXT)]
    columns += [Column(words, 14, NUMBER) for words in ("汇总数", "上年同期", "上年末")]
    note = (
        f"序号与“数据来源”一致；各数由所列本级数和下级汇总数（已核定的为核定数）相加，率和占比由各项之和算出，{telling.elsewhere('values')}"
    )
    page = TablePage(telling, title, columns, frozen=2, note=note)
    units, root, label = telling.outcome.units, telling.outcome.root, telling.scheme.label
    looks = [*page.styles[:5], *[telling.book.style(Look(border=True, align="right"))] * 3]
    for one in parts:
        for unit, code, *figures in one.rows:
            name = f"{units.name(unit)}（本级）" if unit == root else units.name(unit)
            values: list[Value] = [one.number, one.text, f"{label(code)}（{code}）", unit, name, *figures]
            page.add(values, looks)
    page.nothing("没有由下级汇总数相加的数据")
    page.close()
    past, period = telling.outcome.past, telling.outcome.period
    if telling.outcome.coverage.absent and (past.previous(period) or past.closing(period)):
        page.note(NARROWED)
