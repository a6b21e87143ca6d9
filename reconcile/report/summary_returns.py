"""The summary's sheets of what was received: 上报情况, 过录表 and 收表登记."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reconcile.files.bulk import Formula, Look
from reconcile.files.raw import column_letters
from reconcile.model.figures import Floats, from_micros, micros
from reconcile.model.finding import Tier
from reconcile.model.identity import mask_contact
from reconcile.model.indicator import Kind
from reconcile.model.round import RETURNS_COLUMNS, Standing, State
from reconcile.model.unit import KINDS
from reconcile.report.summary_pages import (
    AGREES,
    CENTRE,
    DIFFERS,
    FAINT,
    FILLED,
    HEADING,
    NUMBER,
    PLAIN,
    SECTION,
    STANDINGS,
    TEXT,
    TIER_FILLS,
    UNREPORTED,
    Column,
    TablePage,
    Telling,
    figure_look,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.files.bulk import Value
    from reconcile.model.indicator import Indicator
    from reconcile.report.summary_totals import Totals

RECORDED_SHEET = "过录表"
FIXED = 4
"""Columns of 过录表 before the figures."""

_RECORDED_NOTE = (
    "红色：涉及强制性问题；黄色：需核实；“未填”“—”“无法识别”均不是0，无框为不需填报；“补算”：未填合计项的单位，汇总数按其分项相加计入"
)
_STATE_WORDS = {State.ABSENT: None, State.BLANK: "未填", State.NOT_APPLICABLE: "—", State.UNREADABLE: "无法识别"}


@dataclass(frozen=True)
class Recorded:
    """Where each return's figures stand in 过录表, so that other sheets can point there. Returns that count, in the order of the tree."""

    telling: Telling

    @cached_property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Unit and return of each row; the return is "" for a unit that owes one and sent none (left out where there are too many)."""
        outcome = self.telling.outcome
        missing = set() if self.telling.crowded else {*outcome.coverage.missing, *outcome.coverage.unreadable}
        counted = outcome.round.counted
        inside = [unit for unit in outcome.units.subtree(outcome.root) if unit]
        found = [(unit, one) for unit in inside for one in counted.get(unit, ("",) if unit in missing else ())]
        return tuple(found)

    @property
    def first(self) -> int:
        """The row of the first return: below title, edition, headings, measures, sums, totals and check."""
        return 8

    @cached_property
    def columns(self) -> dict[str, int]:
        """Indicator -> column."""
        return {one.code: number for number, one in enumerate(self.telling.numeric, start=FIXED + 1)}

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {one: row for row, (_, one) in enumerate(self.lines, start=self.first) if one}

    def place(self, return_id: str, indicator: str = "") -> str:
        """The address of a figure in this workbook; "" where it has none."""
        row = self._rows.get(return_id)
        if row is None:
            return ""
        return f"'{RECORDED_SHEET}'!{column_letters(self.columns.get(indicator, 1))}{row}"


def add_recorded(telling: Telling, totals: Totals, recorded: Recorded) -> None:
    """过录表: every figure of every return that counts, as it was read; live sums against the totals on top."""
    numeric = telling.numeric
    fixed = [Column("单位代码", 16, PLAIN), Column("单位名称", 26, PLAIN), Column("单位类型", 10, PLAIN), Column("填报日期", 12, CENTRE)]
    columns = [*fixed, *(Column(f"{one.code}\n{one.name}", 10, NUMBER) for one in numeric)]
    note = f"未报单位不列，见“上报情况”；{_RECORDED_NOTE}" if telling.crowded else _RECORDED_NOTE
    page = TablePage(telling, RECORDED_SHEET, columns, frozen=2, note=note)
    add_measures(telling, page)
    _add_sums(telling, totals, recorded=recorded, page=page)
    _add_returns(telling, recorded, page)
    sheet = page.page.sheet
    sheet.freeze_panes = f"C{recorded.first}"
    sheet.print_title_cols = "A:B"
    page.page.paper(edition=telling.outcome.edition, pages_wide=max(1, math.ceil((len(columns) - 2) / 14)))


def add_measures(telling: Telling, page: TablePage) -> None:
    """The row below the headings of 过录表: what each figure is counted in."""
    page.page.add([None, "计量单位", None, None, *(one.measure for one in telling.numeric)], telling.book.style(HEADING))


def _add_sums(telling: Telling, totals: Totals, *, recorded: Recorded, page: TablePage) -> None:
    ids = [one for _, one in recorded.lines if one]
    last = recorded.first + max(len(recorded.lines), 1) - 1
    frame = telling.outcome.round.values.reindex(index=ids)
    sums: list[Value] = []
    stated: list[Value] = []
    checks: list[Value] = []
    for indicator in telling.numeric:
        letters = column_letters(recorded.columns[indicator.code])
        span = f"{letters}{recorded.first}:{letters}{last}"
        column = frame[indicator.code].to_numpy(dtype=np.float64) if indicator.code in frame.columns else np.empty(0)
        known = column[~np.isnan(column)]
        if not indicator.kind.summed or not len(known):
            sums.append(None)
            stated.append(None)
            checks.append(None)
            continue
        added = float(from_micros(np.array([micros(known).sum()]))[0])
        total = totals.root(indicator.code).value
        agrees = math.isfinite(total) and round(abs(added - total), 4) == 0
        sums.append(Formula(f'COUNTIF({span},"是")' if indicator.kind is Kind.FLAG else f"SUM({span})", added))
        stated.append(total)
        live = Formula(f'IF(ROUND({letters}5-{letters}6,4)=0,"{AGREES}","{DIFFERS}")', AGREES if agrees else DIFFERS)
        filled = indicator.formula and not agrees and round(abs(_filled(totals, indicator, recorded) - total), 4) == 0
        checks.append(FILLED if filled else live)
    add_sum_rows(telling, page, sums=sums, stated=stated, checks=checks)


def add_sum_rows(telling: Telling, page: TablePage, *, sums: Sequence[Value], stated: Sequence[Value], checks: Sequence[Value]) -> None:
    """Three rows of 过录表: what each column adds up to now, the total it should be, and whether they agree."""
    sums = [None, "本表合计（现场公式）", None, None, *sums]
    stated = [None, "汇总数", None, None, *stated]
    checks = [None, "核对", None, None, *checks]
    numbers = [telling.book.style(Look(font="黑体", border=True, fill="F2F2F2", align="right"))] * len(sums)
    words = telling.book.style(SECTION)
    numbers[:FIXED] = [words] * FIXED
    centre = telling.book.style(Look(border=True, fill="F2F2F2", align="center"))
    for row, looks in ((sums, numbers), (stated, numbers), (checks, [words] * FIXED + [centre] * (len(sums) - FIXED))):
        page.add(row, looks)


def _filled(totals: Totals, indicator: Indicator, recorded: Recorded) -> float:
    """What a derived figure comes to with the units that left it open, each by its own parts."""
    units = list(dict.fromkeys(unit for unit, one in recorded.lines if one))
    rows = np.array([totals.derived.subtrees.rows[unit] for unit in units], dtype=np.int64)
    column = totals.own(indicator.code)[rows]
    return float(from_micros(np.array([micros(column[~np.isnan(column)]).sum()]))[0])


def _painted(telling: Telling) -> dict[tuple[str, str], Tier]:
    """Return and indicator -> the gravest tier of findings about them (errors and queries)."""
    found: dict[tuple[str, str], Tier] = {}
    for finding in telling.outcome.findings:
        if finding.tier is Tier.NOTE or not finding.return_id:
            continue
        for code in finding.indicators:
            if found.get((finding.return_id, code)) is not Tier.ERROR:
                found[finding.return_id, code] = finding.tier
    return found


def _add_returns(telling: Telling, recorded: Recorded, page: TablePage) -> None:
    """The rows of all returns. Worked out column by column, for a county has a quarter of a million of these cells."""
    returns, numeric, book = telling.outcome.round, telling.numeric, telling.book
    ids = [one for _, one in recorded.lines if one]
    codes = [one.code for one in numeric]
    values = returns.values.reindex(index=ids, columns=codes).to_numpy(dtype=np.float64)
    states = returns.states.reindex(index=ids, columns=codes, fill_value=State.ABSENT).to_numpy(dtype=np.int8)
    shown, looks = _shown(telling, values, states), _looks(telling, values, states)
    rows = {one: row for row, one in enumerate(ids)}
    for (one, code), tier in _painted(telling).items():
        if one in rows and code in recorded.columns:
            row, column = rows[one], recorded.columns[code] - FIXED - 1
            look = figure_look(numeric[column], values[row, column].item(), fill=TIER_FILLS[tier])
            looks[row][column] = book.style(look)
    register = returns.returns.loc[ids]
    facts = dict(zip(ids, zip(register["standing"], register["filled_on"].astype(str), strict=True), strict=True))
    units, faint = telling.outcome.units, book.style(FAINT)
    for unit, one in recorded.lines:
        name, kind = units.name(unit), KINDS.get(units[unit].kind, "") if unit in units else ""
        if not one:
            page.add([unit, name, kind, UNREPORTED], [*page.styles[:3], faint])
            continue
        standing, filled = facts[one]
        note = "（汇总口径代入）" if standing == Standing.STAND_IN else ""
        page.add([unit, name + note, kind, filled, *shown[rows[one]]], [*page.styles[:FIXED], *looks[rows[one]]])


def _shown(telling: Telling, values: Floats, states: NDArray[np.int8]) -> list[list[Value]]:
    """What each cell shows: its number, yes or no, or the word for its kind of nothing."""
    cells = values.astype(object)
    for state, word in _STATE_WORDS.items():
        cells[np.isnan(values) & (states == state)] = word
    for column, indicator in enumerate(telling.numeric):
        if indicator.kind is Kind.FLAG:
            cells[values[:, column] == 1, column] = "是"
            cells[values[:, column] == 0, column] = "否"
    return [list(row) for row in cells.tolist()]


def _looks(telling: Telling, values: Floats, states: NDArray[np.int8]) -> list[list[int]]:
    """How each cell looks: with its indicator's decimals, with all it has where there are more, pale where there is no number."""
    style = telling.book.style
    usual = np.array([style(figure_look(one)) for one in telling.numeric])
    scale = 10.0 ** np.array([one.decimals for one in telling.numeric])
    finer = np.abs(values * scale - np.rint(values * scale)) > 1e-6 * scale
    looks = np.where(finer, style(NUMBER), usual[None, :])
    looks[np.isnan(values)] = style(FAINT)
    looks[np.isnan(values) & (states == State.ABSENT)] = 0  # not asked of this unit: no frame
    return [list(row) for row in looks.tolist()]


def add_coverage(telling: Telling) -> None:
    """上报情况: every unit at or below the root, in the order of the tree, with what it sent and when."""
    outcome = telling.outcome
    due = telling.scheme.due(outcome.period)
    columns = [
        Column("序号", 6, CENTRE),
        Column("单位代码", 18, PLAIN),
        Column("单位名称", 34, TEXT),
        Column("单位类型", 12, CENTRE),
        Column("上报情况", 14, CENTRE),
        Column("填报日期", 12, CENTRE),
        Column("迟报天数", 9, CENTRE),
        Column("填报人", 10, CENTRE),
        Column("文件", 46, TEXT),
        Column("联系方式", 16, PLAIN),
    ]
    page = TablePage(telling, "上报情况", columns, frozen=3, note=f"截止日期：{due.isoformat()}　{coverage_line(telling)}")
    register = outcome.round.returns
    sent: dict[str, list[str]] = {}
    for one, unit in zip(register.index, register["unit"], strict=True):
        sent.setdefault(str(unit), []).append(str(one))
    top = len(outcome.units.ancestors(outcome.root))
    late, missing, bad = (set(group) for group in (outcome.coverage.late, outcome.coverage.missing, outcome.coverage.unreadable))
    reported, expected = set(outcome.coverage.reported), set(outcome.coverage.expected)
    for number, code in enumerate((one for one in outcome.units.subtree(outcome.root) if one in outcome.units), start=1):
        unit = outcome.units[code]
        ids = outcome.round.counted.get(code) or tuple(sent.get(code, ())[:1])
        filled = str(register.at[ids[0], "filled_on"]) if ids else ""
        fill, word = "", "不需填报" if outcome.units.known and code not in expected else ""
        if code in reported:
            word = "迟报" if code in late else "已报"
        elif code in bad:
            fill, word = TIER_FILLS[Tier.ERROR], "文件无法读取"
        elif code in missing:
            fill, word = TIER_FILLS[Tier.ERROR], "未报"
        fill = TIER_FILLS[Tier.QUERY] if code in late else fill
        days = (_day(filled) - due).days if code in late and filled else None
        indent = min(len(outcome.units.ancestors(code)) - top, 8)
        looks = list(page.styles)
        looks[2] = telling.book.style(Look(border=True, wrap=True, indent=max(indent, 0)))
        looks[4] = telling.book.style(Look(border=True, align="center", fill=fill))
        contact = mask_contact(unit.contact)
        filler, files = (str(register.at[ids[0], "filler"]), "；".join(str(register.at[one, "file"]) for one in ids)) if ids else ("", "")
        page.add([number, code, unit.name, KINDS.get(unit.kind, unit.kind), word, filled, days, filler, files, contact], looks)
    page.close()


def _day(written: str) -> date:
    return date.fromisoformat(written)


def coverage_line(telling: Telling) -> str:
    """Who reported, in one line; the names of those who did not, as far as they are few."""
    coverage = telling.outcome.coverage
    if not telling.outcome.units.known:
        return f"已报{len(coverage.reported)}家（未提供单位名录，应报家数不详）"
    said = f"应报{len(coverage.expected)}家，已报{len(coverage.received)}家"
    names = [telling.outcome.units.name(code) for code in coverage.missing]
    if names:
        said += f"，未报{len(names)}家（{'、'.join(names[:5])}{'等' if len(names) > 5 else ''}）"
    if coverage.unreadable:
        said += f"，文件无法读取{len(coverage.unreadable)}家"
    return said + (f"，迟报{len(coverage.late)}家" if coverage.late else "")


def add_register(telling: Telling) -> None:
    """收表登记: every file that was received and what became of it."""
    outcome = telling.outcome
    columns = [
        Column("序号", 6, CENTRE),
        Column("文件", 42, TEXT),
        Column("单位名称", 24, TEXT),
        Column("口径", 6, CENTRE),
        Column("报告期", 9, CENTRE),
        Column("填报日期", 12, CENTRE),
        Column("处理", 16, CENTRE),
        Column("说明", 34, TEXT),
        Column("单位代码", 18, PLAIN),
        Column("封面单位名称", 26, PLAIN),
        Column("填报人", 10, CENTRE),
        Column("负责人", 10, CENTRE),
        Column("电话", 14, CENTRE),
        Column("文件指纹（前12位）", 16, CENTRE),
        Column("答复的版本", 16, CENTRE),
        Column("经由汇总表", 28, PLAIN),
    ]
    page = TablePage(telling, "收表登记", columns, frozen=2, printed=8)
    table = outcome.round.returns
    columns_of = {name: [str(one) for one in table[name].to_numpy(dtype=object).tolist()] for name in RETURNS_COLUMNS}
    for number in range(len(table)):
        row = {name: values[number] for name, values in columns_of.items()}
        name = outcome.units.name(row["unit"]) if row["unit"] else ""
        standing = STANDINGS[Standing(row["standing"])]
        values: list[Value] = [
            number + 1,
            row["file"],
            name,
            row["scope"],
            row["period"],
            row["filled_on"],
            standing,
            row["note"],
            row["unit"],
            row["cover_name"],
        ]
        page.add([*values, row["filler"], row["head"], row["phone"], row["sha256"][:12], row["replaces"][:12], row["source"]])
    page.close()
