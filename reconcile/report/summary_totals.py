"""The summary's sheets of totals: 汇总表, 分类汇总 and 同比表. Figures are values; beside them stand live formulas that check them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reconcile.files.bulk import Formula, Look
from reconcile.files.raw import column_letters
from reconcile.model.figures import Floats, Subtrees, from_micros, micros
from reconcile.model.gathered import own_of
from reconcile.model.indicator import Kind
from reconcile.model.unit import KINDS
from reconcile.report.summary_pages import (
    AGREES,
    CENTRE,
    DIFFERS,
    FAINT,
    PLAIN,
    TEXT,
    UNLIKE,
    UNREPORTED,
    Column,
    TablePage,
    Telling,
    difference,
    figure_look,
    growth,
)
from reconcile.scheme.derived import Derived
from reconcile.scheme.environment import TotalsEnvironment
from reconcile.scheme.expression import excel_value, value

if TYPE_CHECKING:
    from reconcile.files.bulk import Value
    from reconcile.model.indicator import Indicator

_NAN = float("nan")
_FEW, _A_PAGE = 4, 9  # columns of units that fit beside the totals, and on a page of their own
_MOST_PARTS = 200  # columns of units in a large round: more is no sheet to look at, and a sheet has 16,384


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the totals table, as far as the sheets print it."""

    value: float = _NAN
    approved: float = _NAN
    reported: int = 0
    expected: int = -1
    open_errors: int = 0
    stand_in: bool = False
    previous: float = _NAN
    closing: float = _NAN


@dataclass(frozen=True)
class Totals:
    """The totals of the root and of the units directly below it, and each unit's own figures."""

    telling: Telling

    @cached_property
    def children(self) -> tuple[str, ...]:
        """The units directly below the root."""
        outcome = self.telling.outcome
        return outcome.units.children(outcome.root)

    @cached_property
    def crowded(self) -> bool:
        """Whether the units directly below the root are too many for a column each."""
        return self.telling.crowded and len(self.children) > _MOST_PARTS

    @cached_property
    def below(self) -> dict[str, float]:
        """What all units directly below the root come to together, by indicator: exact sums of what is known."""
        codes = [one.code for one in self.telling.numeric]
        figures = np.array([[self.of(child, code).value for code in codes] for child in self.children], dtype=np.float64)
        return dict(zip(codes, _sums(figures).tolist(), strict=True)) if self.children else {}

    @cached_property
    def rows(self) -> dict[tuple[str, str], Row]:
        """By unit and indicator."""
        outcome = self.telling.outcome
        table = outcome.totals[outcome.totals["unit"].isin([outcome.root, *self.children])]
        columns = [
            table[name].tolist() for name in ("value", "approved", "reported", "expected", "open_errors", "stand_in", "previous", "closing")
        ]
        keys = zip(table["unit"].astype(str), table["indicator"].astype(str), strict=True)
        return {key: Row(*row) for key, row in zip(keys, zip(*columns, strict=True), strict=True)}

    @cached_property
    def derived(self) -> Derived:
        """What each unit at or below the root reported itself, derived figures completed as in the totals; read column by column."""
        outcome, scheme = self.telling.outcome, self.telling.scheme
        subtrees = Subtrees.of(outcome.units, outcome.root)
        return Derived.of(own_of(outcome.round, scheme.indicators, units=subtrees.codes), subtrees, scheme)

    def own(self, code: str) -> Floats:
        """One completed figure a unit, in the order of `derived.subtrees`."""
        return self.derived.own.column(code)

    @cached_property
    def at_root(self) -> dict[str, float]:
        """What the root reported itself, by indicator."""
        codes = [one.code for one in self.telling.numeric]
        plain = self.derived.own.own.block(codes, np.zeros(1, dtype=np.int64))[0].tolist()
        made = {code: float(self.own(code)[0]) for code in codes if code in self.telling.scheme.formulas}
        return dict(zip(codes, plain, strict=True)) | made

    def leaf(self, unit: str) -> int:
        """Where a unit with nothing below it stands in `derived.subtrees`; -1 for any other."""
        return -1 if self.telling.outcome.units.children(unit) else self.derived.subtrees.rows.get(unit, -1)

    @cached_property
    def unlike(self) -> frozenset[str]:
        """The rates of the root that some units gave only parts of: computed from fewer units than their parts' totals."""
        return frozenset(code for code in self._unlike(self.derived) if math.isfinite(self.root(code).value))

    @cached_property
    def uncompared(self) -> frozenset[str]:
        """The rates that are not set beside last year's, because either is `unlike`."""
        outcome = self.telling.outcome
        earlier = outcome.past.previous(outcome.period)
        if earlier is None:
            return self.unlike
        own = earlier.own_without(outcome.coverage.absent)
        return self.unlike | self._unlike(Derived.of(own, self.derived.subtrees, self.telling.scheme))

    def _unlike(self, derived: Derived) -> frozenset[str]:
        rates = [one.code for one in self.telling.numeric if one.kind is Kind.RATE and one.formula]
        return frozenset(code for code in rates if derived.unlike(self.telling.outcome.root, code))

    @cached_property
    def adjusted(self) -> bool:
        """Whether any figure was adjusted, so that approved figures deserve a column."""
        return not self.telling.outcome.round.adjustments.empty

    def of(self, unit: str, code: str) -> Row:
        """A unit's total; a leaf's is its own figure. An empty row where there is none."""
        found = self.rows.get((unit, code))
        return self._leaves.get((unit, code), Row()) if found is None else found

    @cached_property
    def _leaves(self) -> dict[tuple[str, str], Row]:
        """The own figures of units directly below the root that have no totals, since nothing stands below them."""
        with_totals = {unit for unit, _ in self.rows}
        rows = {unit: self.derived.subtrees.rows[unit] for unit in self.children if unit not in with_totals}
        codes = [one.code for one in self.telling.numeric] if rows else []
        figures = {code: self.derived.leaf(code) for code in codes}
        return {(unit, code): Row(own := float(figures[code][row]), own) for code in codes for unit, row in rows.items()}

    def root(self, code: str) -> Row:
        """The root's total."""
        return self.of(self.telling.outcome.root, code)


def add_totals(telling: Telling, totals: Totals) -> None:
    """汇总表: every indicator with its total, last year's, coverage, open errors, a check, and a column for each unit directly below."""
    units = telling.outcome.units
    fixed = [Column("代码", 7, CENTRE), Column("指标", 26, TEXT), Column("计量单位", 7, CENTRE), Column("汇总数", 12)]
    fixed += [Column("核定后", 12)] if totals.adjusted else []
    fixed += [Column("上年同期", 12), Column("增减", 11), Column("增幅", 20, CENTRE)]
    fixed += [Column("已报/应报", 13 if telling.large else 9, CENTRE)]
    fixed += [Column("未改差错", 7, CENTRE), Column("核对", 9, CENTRE), Column("本级", 10)]
    parts = [Column("下级合计", 14)] if totals.crowded else [Column(units.name(code), 11) for code in totals.children]
    page = TablePage(telling, "汇总表", [*fixed, *parts], frozen=2, note="“核对”为汇总数与本级及各下级之和相比，率按公式复算")
    numbers = _row_numbers(telling, page.heading)
    for section in telling.scheme.sections:
        members = [one for one in telling.numeric if one.section == section]
        if members:
            page.section(section, width=len(fixed))
        for indicator in members:
            _total_row(telling, totals, page=page, indicator=indicator, fixed=len(fixed), rows=numbers)
    page.note("注：空白为不需填报；“未报”为应报而未报，未估计、未计入。率、标准和日期不相加。金额等按报表原数相加，只在显示时取舍。")
    if totals.unlike:
        page.note(UNLIKE_NOTE)
    if telling.outcome.coverage.absent:
        page.note(NARROWED)
    if any(totals.root(one.code).stand_in for one in telling.numeric):
        page.note("注：有单位的下级报表未收到，暂以该单位自报的汇总数代入，见“收表登记”。")
    sheet = page.page.sheet
    if len(parts) > _FEW:
        sheet.print_title_cols = "A:C"
        page.page.paper(edition=telling.outcome.edition, pages_wide=1 + math.ceil(len(parts) / _A_PAGE))


def _row_numbers(telling: Telling, heading: int) -> dict[str, int]:
    """The row in which each indicator of a sheet with section rows stands."""
    found: dict[str, int] = {}
    row = heading
    for section in telling.scheme.sections:
        members = [one for one in telling.numeric if one.section == section]
        row += bool(members)
        for indicator in members:
            row += 1
            found[indicator.code] = row
    return found


def _total_row(telling: Telling, totals: Totals, *, page: TablePage, indicator: Indicator, fixed: int, rows: Mapping[str, int]) -> None:
    code, root = indicator.code, totals.root(indicator.code)
    own = totals.at_root[code]
    parts: list[Value] = [_shown(own, owed=False)]
    if totals.crowded:
        below = [Row(totals.below[code])]
        parts.append(_shown(below[0].value, owed=False))
    else:
        below = [totals.of(child, code) for child in totals.children]
        parts += [_part(telling, child, indicator, row) for child, row in zip(totals.children, below, strict=True)]
    row = page.page.height + 1
    span = f"{column_letters(fixed)}{row}:{column_letters(fixed + len(below))}{row}"
    if indicator.kind.summed:
        check = _sum_check(f"D{row}", span, total=root.value, parts=[own, *(one.value for one in below)])
    else:
        check = _rate_check(telling, totals, indicator=indicator, rows=rows)
    change = difference(root.approved, root.previous) if indicator.kind.summed or indicator.kind is Kind.RATE else _NAN
    values: list[Value] = [code, indicator.name, _measure(indicator), _shown(root.value, owed=root.expected != 0)]
    values += [root.approved] if totals.adjusted else []
    values += [
        root.previous,
        change,
        _growth(totals, indicator) if math.isfinite(change) or root.previous != root.previous else "",
    ]
    values += [
        f"{root.reported}/{root.expected}" if root.expected >= 0 else f"{root.reported}/不详",
        root.open_errors or None,
        check,
        *parts,
    ]
    style = telling.book.style
    number, gap = style(figure_look(indicator, root.value)), style(FAINT)
    looks = list(page.styles)
    for column in range(3, len(values)):
        item = values[column]
        if isinstance(item, float):
            looks[column] = number if column < fixed - 1 else style(figure_look(indicator, item))
        elif isinstance(item, str) and (column == 3 or column >= fixed - 1):
            looks[column] = gap
    if root.open_errors:
        looks[fixed - 3] = style(Look(border=True, align="center", fill="F8CBAD"))
    if isinstance(check, Formula) and check.result == DIFFERS:
        looks[fixed - 2] = style(Look(border=True, align="center", fill="F8CBAD"))
    page.add(values, looks)


def _measure(indicator: Indicator) -> str:
    return "个（是）" if indicator.kind is Kind.FLAG else indicator.measure


def _shown(number: float, *, owed: bool) -> Value:
    return number if math.isfinite(number) else UNREPORTED if owed else None


def _part(telling: Telling, unit: str, indicator: Indicator, row: Row) -> Value:
    """A unit's figure in its column; where there is none, whether it owes one."""
    if math.isfinite(row.value):
        return row.value
    units = telling.outcome.units
    owes = row.expected > 0 or (
        row.expected < 0 and not units.children(unit) and indicator.asked_of(units[unit].kind) and indicator.required
    )
    return UNREPORTED if owes and (indicator.kind.summed or indicator.kind is Kind.RATE) else None


def _growth(totals: Totals, indicator: Indicator) -> str:
    """The change in words; a rate of other units than its parts is not compared."""
    row = totals.root(indicator.code)
    said = growth(indicator, row.approved, row.previous)
    return UNLIKE if said and indicator.code in totals.uncompared and math.isfinite(row.previous) else said


def _sum_check(cell: str, span: str, *, total: float, parts: Sequence[float]) -> Value:
    """A live formula that compares a total with its parts. None where there is nothing to compare."""
    known = [part for part in parts if math.isfinite(part)]
    if not math.isfinite(total) or not known:
        return None
    agrees = round(abs(total - math.fsum(known)), 4) == 0
    return Formula(f'IF(ROUND({cell}-SUM({span}),4)=0,"{AGREES}","{DIFFERS}")', AGREES if agrees else DIFFERS)


def _rate_check(telling: Telling, totals: Totals, *, indicator: Indicator, rows: Mapping[str, int]) -> Value:
    """A live formula that computes a rate again from the totals above and below it; words where those are not of the same units."""
    code = indicator.code
    if code in totals.unlike:
        return UNLIKE
    formula, total = telling.scheme.formulas.get(code), totals.root(code).value
    if formula is None or indicator.kind is not Kind.RATE or not math.isfinite(total):
        return None
    computed = excel_value(formula, {other: f"D{row}" for other, row in rows.items()})
    figures = {other: np.array([totals.root(other).value]) for other in rows}
    again = float(value(formula, TotalsEnvironment(1, {("this", "unit"): figures}))[0])
    if computed is None or not math.isfinite(again):
        return None
    inner = computed.removeprefix("=")
    agrees = round(abs(total - again), 4) == 0
    return Formula(f'IF(ISNUMBER({inner}),IF(ROUND(D{rows[code]}-({inner}),4)=0,"{AGREES}","{DIFFERS}"),"")', AGREES if agrees else DIFFERS)


def add_kinds(telling: Telling, totals: Totals) -> None:
    """分类汇总: every indicator that is added, by kind of unit, with a check against the total."""
    units = telling.outcome.units
    reported, rows = telling.outcome.round.counted, totals.derived.subtrees.rows
    inside = [unit for unit in totals.derived.subtrees.codes if unit in reported and unit in units]
    members = {kind: np.array([rows[unit] for unit in inside if units[unit].kind == kind], dtype=np.int64) for kind in KINDS}
    kinds = [kind for kind in KINDS if members[kind].size]
    counts = {kind: members[kind].size for kind in kinds}
    columns = [
        Column("代码", 7, CENTRE),
        Column("指标", 30, TEXT),
        Column("计量单位", 8, CENTRE),
        Column("汇总数", 13),
        Column("核对", 8, CENTRE),
    ]
    columns += [Column(f"{KINDS[kind]}\n（{counts[kind]}家）", 13) for kind in kinds]
    page = TablePage(telling, "分类汇总", columns, frozen=2, note="按单位类型分列各单位本级上报数")
    for indicator in telling.numeric:
        if not indicator.kind.summed or not math.isfinite(totals.root(indicator.code).value):
            continue
        own = totals.own(indicator.code)
        parts = [float(_sums(own[members[kind], None])[0]) for kind in kinds]
        total, row = totals.root(indicator.code).value, page.page.height + 1
        span = f"F{row}:{column_letters(5 + len(kinds))}{row}"
        check = _sum_check(f"D{row}", span, total=total, parts=parts) if kinds else None
        looks = [*page.styles[:3], telling.book.style(figure_look(indicator, total)), page.styles[4]]
        looks += [telling.book.style(figure_look(indicator, part)) for part in parts]
        page.add([indicator.code, indicator.name, _measure(indicator), total, check, *parts], looks)
    page.nothing("没有可以分类相加的数据")


def _sums(figures: Floats) -> Floats:
    """Exact sums of the columns over what is known; NaN where nothing is."""
    return np.where((~np.isnan(figures)).any(axis=0), from_micros(micros(figures).sum(axis=0)), np.nan)


UNLIKE_NOTE = "注：“口径不一”的率，有单位只填了其中部分项目，率只按各项均填报的单位计算，不按本表汇总数复算，不作同比。"
NARROWED = "注：上年同期数和上年末数已扣除本期未计入的单位，比较口径一致。"


def add_comparison(telling: Telling, totals: Totals) -> None:
    """同比表: this period beside the same period of last year, stocks also beside the end of last year; a base of 0 is said in words."""
    period = telling.outcome.period
    columns = [
        Column("代码", 7, CENTRE),
        Column("指标", 32, TEXT),
        Column("计量单位", 8, CENTRE),
        Column(period.chinese, 14),
        Column(period.previous.chinese, 14),
        Column("增减", 13),
        Column("同比", 22, CENTRE),
        Column("复算增减", 11, PLAIN),
        Column(f"{period.closing.year}年末", 14),
        Column("比上年末增减", 13),
    ]
    page = TablePage(telling, "同比表", columns, frozen=2, note="“复算增减”为现场公式")
    for indicator in telling.numeric:
        if not (indicator.kind.summed or indicator.kind is Kind.RATE):
            continue
        row = totals.root(indicator.code)
        known = [math.isfinite(one) for one in (row.approved, row.previous, row.closing)]
        if not any(known):
            continue
        at, change = page.page.height + 1, difference(row.approved, row.previous)
        again = Formula(f"D{at}-E{at}", change) if math.isfinite(change) else None
        stock = indicator.kind is Kind.STOCK
        since = difference(row.approved, row.closing) if stock else _NAN
        said = _growth(totals, indicator) if known[0] else "本期未报"
        values = [indicator.code, indicator.name, _measure(indicator), _shown(row.approved, owed=True), row.previous, change, said, again]
        number = telling.book.style(figure_look(indicator))
        looks = [*page.styles[:3], *[number] * 3, page.styles[6], *[number] * 3]
        page.add([*values, row.closing if stock else None, since], looks)
    page.nothing("没有可以比较的数据")
    if totals.uncompared:
        page.note(UNLIKE_NOTE)
    if telling.outcome.coverage.absent:
        page.note(NARROWED)
