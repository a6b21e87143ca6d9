"""The sheets of a large round that in a small one list every return: the units down to the second level, with all below them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reconcile.files.bulk import Formula, Look
from reconcile.files.raw import column_letters
from reconcile.model.figures import Floats, from_micros, micros
from reconcile.model.finding import Tier
from reconcile.model.round import Standing
from reconcile.model.unit import KINDS
from reconcile.report.summary_lists import titled
from reconcile.report.summary_pages import (
    AGREES,
    CENTRE,
    DIFFERS,
    FAINT,
    NUMBER,
    PLAIN,
    STANDINGS,
    TEXT,
    TIER_FILLS,
    Column,
    TablePage,
    Telling,
    figure_look,
    sheet_title,
)
from reconcile.report.summary_returns import FIXED, RECORDED_SHEET, Recorded, add_measures, add_sum_rows, coverage_line
from reconcile.report.summary_units import MOST_LINES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.files.bulk import Value
    from reconcile.report.summary_totals import Totals

_INDENT = 2


@dataclass(frozen=True)
class RecordedUnits(Recorded):
    """Where each unit's figures stand in 过录表 of a large round: a row for each part of it, so that the rows add up to the total."""

    @cached_property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Unit of each row, and whether all below it are in it ("whole") or only itself ("")."""
        counted = self.telling.outcome.round.counted
        return tuple((unit, "whole" if whole else "") for unit, whole in self.telling.shown.parts if whole or unit in counted)

    @cached_property
    def _rows(self) -> dict[str, int]:
        """Return -> the row that it went into."""
        rows = {unit: row for row, (unit, _) in enumerate(self.lines, start=self.first)}
        under = self.telling.shown.under
        counted = self.telling.outcome.round.counted
        return {one: rows[under[unit]] for unit, ids in counted.items() if under.get(unit) in rows for one in ids}


def add_recorded_units(telling: Telling, totals: Totals, recorded: RecordedUnits) -> None:
    """过录表: a row for each unit shown with all below it (a unit above them: what it reported itself); live sums against the totals."""
    numeric = telling.numeric
    fixed = [Column("单位代码", 16, PLAIN), Column("单位名称", 26, PLAIN), Column("单位类型", 10, PLAIN), Column("已报家数", 12, CENTRE)]
    columns = [*fixed, *(Column(f"{one.code}\n{one.name}", 10, NUMBER) for one in numeric)]
    note = f"每行为该单位及其所有下级的合计，红色：其中有未改正的强制性问题；{telling.elsewhere('values')}"
    page = TablePage(telling, RECORDED_SHEET, columns, frozen=2, note=note)
    add_measures(telling, page)
    values, errors = _figures(telling, totals, recorded)
    added: list[Value] = []
    checks: list[Value] = []
    for column, one in enumerate(numeric):
        known = values[~np.isnan(values[:, column]), column]
        if not one.kind.summed or not len(known):
            added.append(None)
            checks.append(None)
            continue
        sums, total = float(from_micros(np.array([micros(known).sum()]))[0]), totals.root(one.code).value
        letters = column_letters(recorded.columns[one.code])
        span = f"{letters}{recorded.first}:{letters}{recorded.first + len(recorded.lines) - 1}"
        agrees = math.isfinite(total) and round(abs(sums - total), 4) == 0
        added.append(Formula(f"SUM({span})", sums))
        checks.append(Formula(f'IF(ROUND({letters}5-{letters}6,4)=0,"{AGREES}","{DIFFERS}")', AGREES if agrees else DIFFERS))
    stated = [None if one is None else totals.root(indicator.code).value for indicator, one in zip(numeric, added, strict=True)]
    add_sum_rows(telling, page, sums=added, stated=stated, checks=checks)
    _add_units(telling, recorded, page=page, values=values, errors=errors)
    page.page.sheet.freeze_panes = f"C{recorded.first}"
    page.page.sheet.print_title_cols = "A:B"
    page.page.paper(edition=telling.outcome.edition, pages_wide=max(1, math.ceil((len(columns) - 2) / 14)))


def _figures(telling: Telling, totals: Totals, recorded: RecordedUnits) -> tuple[Floats, NDArray[np.bool_]]:
    """The figures of the rows (rows × indicators), and where an error stands in them. A leaf's total is its own figure."""
    codes = pd.Index([one.code for one in telling.numeric])
    units = pd.Index([unit for unit, _ in recorded.lines])
    places = np.array([totals.derived.subtrees.rows[unit] for unit, _ in recorded.lines], dtype=np.int64)
    leaves = np.array([not telling.outcome.units.children(unit) for unit, _ in recorded.lines], dtype=np.bool_)
    values = np.empty((len(units), len(codes)))
    for column, code in enumerate(codes):
        values[:, column] = np.where(leaves, totals.derived.leaf(code)[places], totals.own(code)[places])
    errors = np.zeros(values.shape, dtype=np.bool_)
    whole = [unit for unit, below in recorded.lines if below]
    table = telling.outcome.totals
    table = table[table["unit"].isin(whole)]
    rows, columns = units.get_indexer(pd.Index(table["unit"])), codes.get_indexer(pd.Index(table["indicator"]))
    known = columns >= 0
    values[rows[known], columns[known]] = table["value"].to_numpy(dtype=np.float64)[known]
    errors[rows[known], columns[known]] = table["open_errors"].to_numpy()[known] > 0
    return values, errors


def _add_units(telling: Telling, recorded: RecordedUnits, *, page: TablePage, values: Floats, errors: NDArray[np.bool_]) -> None:
    style, units, numeric = telling.book.style, telling.outcome.units, telling.numeric
    reported = telling.shown.counts(telling.outcome.round.counted)
    usual = np.array([style(figure_look(one)) for one in numeric])
    scale = 10.0 ** np.array([one.decimals for one in numeric])
    rates = np.array([one.kind == "rate" for one in numeric])
    finer = (np.abs(values * scale - np.rint(values * scale)) > 1e-6 * scale) & ~rates
    looks = np.where(finer, style(NUMBER), usual[None, :])
    looks[np.isnan(values)] = style(FAINT)
    for row, column in np.argwhere(errors & ~np.isnan(values)).tolist():
        looks[row, column] = style(figure_look(numeric[column], float(values[row, column]), fill=TIER_FILLS[Tier.ERROR]))
    for row, (unit, whole) in enumerate(recorded.lines):
        kind = KINDS.get(units[unit].kind, "") if unit in units else ""
        own = "" if whole or not units.children(unit) else "（本级）"
        head: list[Value] = [unit, units.name(unit) + own, kind, reported[unit] if whole else 1]
        page.add([*head, *values[row].tolist()], [*page.styles[:FIXED], *looks[row].tolist()])


def add_covered_units(telling: Telling) -> None:
    """上报情况: how many of each unit shown reported, and by name those that did not, or late."""
    outcome, shown = telling.outcome, telling.shown
    due = telling.scheme.due(outcome.period)
    columns = [Column("序号", 6, CENTRE), Column("单位代码", 18, PLAIN), Column("单位名称", 34, TEXT), Column("单位类型", 12, CENTRE)]
    columns += [Column(word, 12, CENTRE) for word in ("应报", "已报", "未报", "文件无法读取", "迟报")]
    note = f"截止日期：{due.isoformat()}　{coverage_line(telling)}"
    page = TablePage(telling, "上报情况", columns, frozen=3, note=note)
    covered = outcome.coverage
    counted = [shown.counts(some) for some in (covered.expected, covered.reported, covered.missing, covered.unreadable, covered.late)]
    known = outcome.units.known
    page.section(f"一、按下级单位（{telling.elsewhere('coverage')}）")
    for number, (unit, level) in enumerate(shown.lines, start=1):
        kind = outcome.units[unit].kind if unit in outcome.units else ""
        figures: list[Value] = [one[unit] or None for one in counted]
        figures[0] = figures[0] if known else "不详"
        looks = list(page.styles)
        looks[2] = telling.book.style(Look(border=True, wrap=True, indent=level * _INDENT))
        looks[6:8] = [_painted(telling, figures[at], Tier.ERROR) for at in (2, 3)]
        looks[8] = _painted(telling, figures[4], Tier.QUERY)
        name = outcome.units.name(unit) if unit else telling.unit
        page.add([number, unit, name, KINDS.get(kind, kind), *figures], looks)
    page.section("二、未报、文件无法读取和迟报的单位")
    named = [
        (unit, word)
        for word, some in (("未报", covered.missing), ("文件无法读取", covered.unreadable), ("迟报", covered.late))
        for unit in some
    ]
    for number, (unit, word) in enumerate(named[:MOST_LINES], start=1):
        above = outcome.units.name(outcome.units[unit].parent) if unit in outcome.units else ""
        kind = outcome.units[unit].kind if unit in outcome.units else ""
        page.add(
            [number, unit, outcome.units.name(unit), KINDS.get(kind, kind), word, f"属{above}" if above else None], [*page.styles[:5], 0]
        )
    _say_left(page, len(named), "家", telling.elsewhere("coverage"))
    page.close()


def _painted(telling: Telling, count: Value, tier: Tier) -> int:
    return telling.book.style(Look(border=True, align="center", fill=TIER_FILLS[tier] if count else ""))


def _say_left(page: TablePage, count: int, measure: str, elsewhere: str) -> None:
    """Say below a list how much of it was left out, and that there was none."""
    if count > MOST_LINES:
        page.section(f"以上{MOST_LINES}{measure}，另有{count - MOST_LINES}{measure}未列；{elsewhere}")
    elif not count:
        page.section("没有")


def add_registered_units(telling: Telling) -> None:
    """收表登记: how many files of each unit shown were dealt with in which way, and each file that is not plainly counted."""
    outcome, shown = telling.outcome, telling.shown
    table = outcome.round.returns
    standings, units = table["standing"].astype(str).tolist(), table["unit"].astype(str).tolist()
    met = [one for one in Standing if one.value in set(standings)]
    columns = [Column("序号", 6, CENTRE), Column("文件", 42, TEXT), Column("单位名称", 28, TEXT), Column("单位代码", 18, PLAIN)]
    columns += [Column("处理", 18, CENTRE), Column("说明", 40, TEXT), Column("填报日期", 12, CENTRE), Column("经由汇总表", 28, PLAIN)]
    page = TablePage(telling, "收表登记", columns, frozen=3, note=f"共收到{len(table)}个文件")
    page.section(f"一、按下级单位（{telling.elsewhere('returns')}）")
    said = [shown.counts(unit for unit, standing in zip(units, standings, strict=True) if standing == one) for one in met]
    for number, (unit, _) in enumerate(shown.lines, start=1):
        told = "，".join(f"{STANDINGS[one]}{counts[unit]}" for one, counts in zip(met, said, strict=True) if counts[unit])
        page.add([number, None, outcome.units.name(unit) if unit else telling.unit, unit, None, told or "没有收到文件", None, None])
    apart = Counter(standing for unit, standing in zip(units, standings, strict=True) if unit not in shown.under)
    if apart:
        told = "，".join(f"{STANDINGS[Standing(one)]}{count}" for one, count in sorted(apart.items()))
        page.add([len(shown.lines) + 1, None, "单位不明", None, None, told, None, None])
    page.section("二、没有直接计入汇总的文件和有说明的文件")
    odd = table[(table["standing"] != Standing.COUNTED.value) | (table["note"] != "")]
    facts = odd[["file", "unit", "standing", "note", "filled_on", "source"]].head(MOST_LINES)
    for number, (file, unit, standing, note, day, source) in enumerate(facts.itertuples(index=False), start=1):
        name = outcome.units.name(str(unit)) if unit else ""
        page.add([number, str(file), name, str(unit), STANDINGS[Standing(str(standing))], str(note), str(day), str(source)])
    _say_left(page, len(odd), "个", telling.elsewhere("returns"))
    page.close()


def add_roster_units(telling: Telling) -> None:
    """名册汇总: how many rows of each list came from each unit shown, and what its numbers add up to."""
    outcome, shown = telling.outcome, telling.shown
    counted = {one: shown.under.get(unit) for unit, ids in outcome.round.counted.items() for one in ids}
    lists = outcome.round.lists
    told = False
    for roster in telling.scheme.rosters.values():
        rows = lists[lists["list"] == roster.name]
        rows = rows.assign(unit=rows["return"].map(counted)).dropna(subset=["unit"])
        if rows.empty:
            continue
        told = True
        numbers = [one for one in roster.columns if one.type == "number"]
        columns = [Column("单位代码", 18, PLAIN), Column("单位名称", 34, TEXT), Column("行数", 12, NUMBER)]
        columns += [Column(f"{titled(one.name, one.measure)}合计", 20, NUMBER) for one in numbers]
        page = TablePage(telling, sheet_title(f"名册汇总-{roster.name}"), columns, frozen=2, note=telling.elsewhere("lists"))
        each = rows.drop_duplicates(["return", "row"]).groupby("unit").size()
        sums = {one.column: _added(rows[rows["column"] == one.column]) for one in numbers}
        for unit, _ in shown.lines:
            if unit in each.index:
                name = outcome.units.name(unit) if unit else telling.unit
                page.add([unit, name, int(each[unit]), *(sums[one.column].get(unit) for one in numbers)])
        page.close()
    if not told:
        TablePage(telling, "名册汇总", [Column("说明", 60)]).nothing("本期没有收到名册")


def _added(rows: pd.DataFrame) -> dict[str, float]:
    """Exact sums of a list's numbers by unit."""
    known = rows.dropna(subset=["value"])
    return {
        str(unit): float(from_micros(np.array([micros(some.to_numpy(dtype=np.float64)).sum()]))[0])
        for unit, some in known.groupby("unit")["value"]
    }
