"""The summary's sheets of what does not hold: 问题清单, 问题统计, 差额表, and 核定, where a person sets figures."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconcile.files.bulk import LAST_ROW, Formula, Look
from reconcile.files.tidy import ADJUSTMENTS_HEADING, ADJUSTMENTS_SHEET
from reconcile.model.characters import shown
from reconcile.model.finding import Tier
from reconcile.report.summary_pages import CENTRE, NUMBER, OPEN, PLAIN, TEXT, TIER_FILLS, Column, TablePage, Telling, figure_look
from reconcile.report.summary_units import MOST_LINES
from reconcile.scheme.doubts import doubted
from reconcile.scheme.expression import And, Implies, sentence
from reconcile.scheme.replies import Replies, reply_said, state_said
from reconcile.scheme.wording import place, say

if TYPE_CHECKING:
    from reconcile.files.bulk import Value
    from reconcile.model.finding import CellAt, Finding
    from reconcile.report.summary_returns import Recorded
    from reconcile.scheme.rules import Rule
    from reconcile.scheme.scheme import Scheme

_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".et", ".ods")
_NO_ADDRESS = re.compile(r"[\x00-\x20%#?\\:<>\"{}|^`\[\]\x7f]")  # no address holds these (RFC 3986); \ and : lead elsewhere
_PLACES = 5  # cells of one finding that are written out
_FINDING_COLUMNS = (
    Column("序号", 5, CENTRE),
    Column("级别", 6, CENTRE),
    Column("单位名称", 15, TEXT),
    Column("指标", 16, TEXT),
    Column("位置", 24, TEXT),
    Column("链接", 6, OPEN),
    Column("问题", 40, TEXT),
    Column("处理建议", 26, TEXT),
    Column("疑似单元格和建议值", 28, TEXT),
    Column("状态", 8, CENTRE),
    Column("单位说明", 22, TEXT),
    Column("规则", 8, CENTRE),
    Column("单位代码", 17, PLAIN),
    Column("表中内容", 14, TEXT),
    Column("实际", 14, TEXT),
    Column("应为", 14, TEXT),
    Column("差额", 12, TEXT),
)


def add_findings(telling: Telling, recorded: Recorded, *, beside: str | None) -> None:
    """问题清单: every finding in the order of the round, with a link: to the file where `beside` says where the files lie from here,
    else to the figure in 过录表."""
    outcome = telling.outcome
    page = TablePage(telling, "问题清单", _FINDING_COLUMNS, frozen=2, printed=11)
    replies = Replies(outcome.round, telling.scheme)
    tiers = {tier: telling.book.style(Look(border=True, align="center", fill=fill)) for tier, fill in TIER_FILLS.items()}
    plain = telling.book.style(TEXT)
    told, silent = _listed(telling)
    most = MOST_LINES if telling.large else LAST_ROW - 10
    left = len(told) - most
    for number, finding in enumerate(told[:most], start=1):
        target, inside = _target(finding, recorded, beside)
        looks = list(page.styles)
        looks[1] = tiers[finding.tier]
        looks[5] = looks[5] if target or inside else plain
        suspicion = outcome.suspicion(finding)
        row = page.add(
            [
                number,
                finding.tier.chinese,
                finding.unit_name,
                telling.label(finding.indicators),
                _places(finding.cells),
                "查看" if target or inside else None,
                finding.message,
                finding.advice,
                doubted(suspicion, telling.scheme, outcome.round),
                state_said(finding),
                reply_said(replies.to(finding)) if finding.tier is not Tier.NOTE else "",
                finding.rule,
                finding.unit,
                "；".join(cell.value for cell in finding.cells[:_PLACES] if cell.value),
                finding.observed,
                finding.expected,
                finding.difference,
            ],
            looks,
        )
        if target or inside:
            page.page.link(row, 6, target=target, inside=inside)
    if left > 0:
        page.section(f"以上{most}处，强制性问题在前；另有{left}处未列，全部见 findings.csv")
    if silent:
        page.section(f"另有{silent}家单位没有报送，未在此逐家列出，见“上报情况”和 findings.csv")
    page.nothing("没有发现问题")
    page.close()


def _listed(telling: Telling) -> tuple[Sequence[Finding], int]:
    """The findings without those about units that sent nothing, where these are so many that they would bury the others; how many."""
    rule = telling.scheme.named.get("missing_unit")
    findings = telling.outcome.findings
    if not telling.crowded or rule is None:
        return findings, 0
    told = [one for one in findings if one.rule != rule.id]
    silent = len(findings) - len(told)
    return (told, silent) if silent > MOST_LINES else (findings, 0)


def _places(cells: tuple[CellAt, ...]) -> str:
    """Where a finding is; the file once for all its cells."""
    files: dict[str, list[str]] = {}
    for cell in cells[:_PLACES]:
        files.setdefault(cell.file, []).append(place(cell))
    said = "；".join(f"{file}：{'、'.join(filter(None, places))}" if any(places) else file for file, places in files.items())
    return said + (f"等{len(cells)}处" if len(cells) > _PLACES else "")


def _target(finding: Finding, recorded: Recorded, beside: str | None) -> tuple[str, str]:
    """The file that the finding's link opens ("" for this workbook) and the place in it. A file inside an archive cannot be opened, and
    one that is no workbook by its name (a program, a script) must not be."""
    first = finding.cells[0] if finding.cells else None
    opens = first is not None and first.file.lower().endswith(_WORKBOOKS) and ".zip/" not in first.file.lower()
    if first is not None and beside is not None and opens:
        sheet = first.sheet.replace("'", "''")
        return _quoted(f"{beside}/{first.file}" if beside else first.file), f"'{sheet}'!{first.cell}" if first.cell else ""
    return "", recorded.place(finding.return_id, finding.indicators[0] if finding.indicators else "")


def _quoted(address: str) -> str:
    """A relative address in which nothing is taken for an anchor or an escape; Chinese stays readable."""
    return _NO_ADDRESS.sub(lambda found: quote(found[0]), shown(address))


def add_statistics(telling: Telling) -> None:
    """问题统计: how often each rule was judged and how it came out, and the findings of each unit."""
    outcome = telling.outcome
    columns = [
        Column("规则", 16, PLAIN),
        Column("级别", 8, CENTRE),
        Column("审核关系", 60, TEXT),
        Column("问题数", 9, NUMBER),
        Column("通过", 9, NUMBER),
        Column("不通过", 9, NUMBER),
        Column("无法判断", 9, NUMBER),
        Column("不适用", 9, NUMBER),
    ]
    page = TablePage(telling, "问题统计", columns, note="“无法判断”是所需数据缺报或无法识别，不算通过")
    found = Counter(finding.rule for finding in outcome.findings)
    checks = {str(row.rule): (row.passed, row.failed, row.not_evaluable, row.not_applicable) for row in outcome.checks.itertuples()}
    known = {rule.id: rule for rule in telling.scheme.rules}
    tiers = {finding.rule: finding.tier for finding in outcome.findings}
    order = [rule for rule in known if rule in checks or rule in found] + sorted((set(checks) | set(found)) - set(known))
    page.section("一、按审核关系")
    for rule in order:
        tier = known[rule].tier if rule in known else tiers.get(rule)
        check = _check(known[rule], telling.scheme) if rule in known else ""
        judged: list[Value] = [int(str(one)) for one in checks[rule]] if rule in checks else [None] * 4
        page.add([rule, tier.chinese if tier else "", check, found.get(rule, 0), *judged])
    sums = [int(outcome.checks[name].sum()) for name in ("passed", "failed", "not_evaluable", "not_applicable")]
    page.add(["合计", "", "", len(outcome.findings), *sums])
    page.section("二、按下级单位（含其所有下级）" if telling.crowded else "二、按单位")
    heading = ["单位代码", "", "单位名称", *(f"{tier.chinese}" for tier in Tier), "合计", ""]
    page.add(heading, [telling.book.style(Look(font="黑体", border=True, fill="D9D9D9", align="center"))] * len(heading))
    by_unit: dict[tuple[str, str], Counter[Tier]] = {}
    under = telling.shown.under if telling.crowded else {}
    for finding in outcome.findings:
        above = under.get(finding.unit)
        unit_of = (finding.unit, finding.unit_name) if above is None else (above, outcome.units.name(above))
        by_unit.setdefault(unit_of, Counter())[finding.tier] += 1
    place_of = {code: number for number, code in enumerate(outcome.units.subtree(outcome.root) if by_unit else ())}
    for (unit, name), counts in sorted(by_unit.items(), key=lambda item: (place_of.get(item[0][0], len(place_of)), item[0])):
        numbers = [counts.get(tier, 0) for tier in Tier]
        page.add([unit or "—", "", name or outcome.units.name(unit), *numbers, sum(numbers), None])


def _check(rule: Rule, scheme: Scheme) -> str:
    """What a rule asks, for a reader: its sentence with the condition under which it is asked, or what a named check says."""
    demanded = rule.expression
    if demanded is None:
        return say(rule.message, {})
    if rule.when is not None and isinstance(demanded, Implies):
        demanded = Implies(And((rule.when, demanded.condition)), demanded.consequence)
    elif rule.when is not None:
        demanded = Implies(rule.when, demanded)
    return sentence(demanded, scheme.label)


def add_differences(telling: Telling) -> None:
    """差额表: the totals that units reported themselves beside those computed from below, with the difference computed again."""
    outcome = telling.outcome
    columns = [
        Column("单位代码", 18, PLAIN),
        Column("单位名称", 28, TEXT),
        Column("代码", 8, CENTRE),
        Column("指标", 30, TEXT),
        Column("计量单位", 8, CENTRE),
        Column("自报汇总数", 14),
        Column("由下级汇总", 14),
        Column("差额", 12),
        Column("复算差额", 12),
        Column("文件", 44, TEXT),
    ]
    page = TablePage(telling, "差额表", columns, frozen=2, note="差额＝自报汇总数－由下级汇总；“复算差额”为现场公式")
    files = outcome.round.returns["file"]
    indicators = telling.scheme.indicators
    fields = ["unit", "indicator", "own", "computed", "difference", "return"]
    table = outcome.differences[fields]
    if telling.large:
        table = table[table["unit"].isin([unit for unit, _ in telling.shown.lines])].head(MOST_LINES)
    for unit, code, own, computed, residual, one in table.itertuples(index=False):
        row = page.page.height + 1
        known = indicators.get(str(code))
        number = telling.book.style(figure_look(known) if known else NUMBER)
        both = math.isfinite(own) and math.isfinite(computed)
        again = Formula(f"F{row}-G{row}", float(residual)) if both else None
        looks = [*page.styles[:5], *[number] * 4, page.styles[9]]
        name, measure = telling.scheme.label(str(code)), known.measure if known else ""
        file = str(files[one]) if one in files.index else ""
        page.add([str(unit), outcome.units.name(str(unit)), str(code), name, measure, own, computed, residual, again, file], looks)
    if left := len(outcome.differences) - len(table):
        page.section(f"另有{left}处差额未列；{telling.elsewhere('differences')}")
    page.nothing("没有差额：没有单位自报汇总数，或自报数与由下级汇总的数一致")
    page.close()


def add_adjustments(telling: Telling) -> None:
    """核定: figures that a person set, and room for more; the sheet is read when the workbook comes back."""
    widths = (18, 28, 9, 28, 13, 13, 40, 12, 13)
    columns = [Column(words, width, TEXT) for words, width in zip(ADJUSTMENTS_HEADING.values(), widths, strict=True)]
    note = "上报数不改动；核定数由有权限的人员填写，须写明依据、核定人和日期；填好后把本工作簿与报表一起交给程序再运行，即予采用"
    page = TablePage(telling, ADJUSTMENTS_SHEET, columns, note=note)
    table = telling.outcome.round.adjustments
    units, label = telling.outcome.units, telling.scheme.label
    number = telling.book.style(NUMBER)
    looks = [*page.styles[:4], number, number, *page.styles[6:]]
    for unit, code, reported, adjusted, basis, who, day in table.itertuples(index=False):
        names = [str(unit), units.name(str(unit)), str(code), label(str(code))]
        page.add([*names, float(reported), float(adjusted), str(basis), str(who), str(day)], looks)
    for _ in range(20):
        page.add([None] * len(columns), looks)
