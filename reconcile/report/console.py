"""What the terminal shows: findings, and the closing line that says what to do next. Text only; the command line prints it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from reconcile.files.tables_beside import DATA, NO_PYARROW
from reconcile.model.characters import on_one_line
from reconcile.model.finding import Finding, Tier
from reconcile.model.outcome import Outcome
from reconcile.model.round import Standing
from reconcile.scheme.doubts import suggested, suspected
from reconcile.scheme.scheme import Scheme

_QUERIES = "queries"  # folder of the queries among the results, as `report.queries` names it
_SHOWN_MISSING = 5
_SHOWN_ASIDE = 20
_BESIDE = re.compile(r"(.+)（新\d*）(\.\w+)")  # as `files.outbox.Outbox` names what it writes beside a changed file
_OUT_OF_REPORT = (Standing.UNASSIGNED, Standing.UNREADABLE, Standing.TIED, Standing.WRONG_PERIOD, Standing.EMPTY)


def findings_text(outcome: Outcome, scheme: Scheme, *, concise: bool) -> str:
    """All findings of a round, worst first, with a closing line; `concise` puts each on one line."""
    told = _concise(outcome.findings) if concise else _full(outcome, scheme)
    return _joined([*told, *([""] if told and not concise else []), counts(outcome)])


def closing(outcome: Outcome, *, written: Sequence[Path], left: Sequence[Path] = (), data: Path | None = None) -> str:
    """Counts, whom the report is about, where the results are (`left`: settled ones that somebody changed; `data`: the folder of a large
    round's tables), and the next step."""
    lines = [counts(outcome), *_about(outcome), *_aside(outcome)]
    missing = outcome.coverage.missing
    if missing and outcome.round.counted:
        named = "、".join(outcome.units.name(code) for code in missing[:_SHOWN_MISSING])
        lines.append(f"未报单位{len(missing)}家：{named}{'等' if len(missing) > _SHOWN_MISSING else ''}。")
    if not outcome.round.counted:
        return _joined([*lines, "没有一份报表可以计入，未写出结果。请对照上面的原因处理后重新运行。"])
    if written:
        plain = [path for path in written if path.parent.name != _QUERIES]
        lines.append(f"结果在“{written[0].parent}”：{'、'.join(path.name for path in plain)}。")
        if data is not None:
            summary = written[0].name
            lines.append(f"逐单位数据在“{data}”，上级读取 {summary} 时要用：报送时请把 {summary} 和 {DATA} 文件夹压缩成一个 zip。")
        elif outcome.round.large:
            lines.append(f"报表或名册很多，各表只列到第二级下级，逐单位数据在 {written[0].name} 的隐藏数据页中：{NO_PYARROW}")
        if len(plain) < len(written):
            lines.append(f"查询单{len(written) - len(plain)}份，在“{written[0].parent / _QUERIES}”，可以直接发给有关单位。")
        lines += [_beside(path, "新结果") for path in written if kept(path)]
        lines += [f"“{path.parent.name}/{path.name}”这次已经用不着，但写出后被改动过，没有删除；确认不需要后请自行删去。" for path in left]
        lines.append(_next_step(outcome, summary=written[0].name, asked=len(plain) < len(written)))
        if reminders := next((path.name for path in plain if path.suffix == ".txt"), ""):
            lines.append(f"没有收到、或收到而不能计入的，请按 {reminders} 催报。")
    return _joined(lines)


def _joined(lines: Iterable[str]) -> str:
    """The lines, each of them one whatever the units wrote: nobody's text can pass for a line of ours, or for a command to the terminal."""
    return "\n".join(on_one_line(line) for line in lines)


def kept(path: Path) -> str:
    """The name of the changed file beside which `path` was written; "" where it was written under the name that was meant."""
    found = _BESIDE.fullmatch(path.name)
    return f"{found[1]}{found[2]}" if found else ""


def _beside(path: Path, new: str) -> str:
    return f"“{kept(path)}”不是上次写出的样子（被改动过，或不是本程序写的），已原样保留，{new}另存为“{path.name}”。"


def _about(outcome: Outcome) -> list[str]:
    """Whom the report is about, where that may surprise."""
    if not outcome.round.counted:
        return []
    if not outcome.units.known:
        return ["没有找到单位名录（报表旁的 units.csv 或 名录.xlsx，或用 -u 指定），无法判断还有哪些单位未报。"]
    parent = outcome.units[outcome.root].parent if outcome.root in outcome.units else ""
    if len(outcome.coverage.expected) == 1 and parent in outcome.units:
        name, above = outcome.units.name(outcome.root), outcome.units.name(parent)
        return [f"本次报告只写“{name}”一个单位；要写“{above}”的汇总，请加 --root {parent}。"]
    return []


def handed_out(written: Sequence[Path], *, units: Path, scheme: Path | None, prefilled: int | None) -> str:
    """What `blank` did, and what comes next. `prefilled`: for how many units last year's figures were found; None where not asked for."""
    lines = [f"已写出{len(written)}份空白表，在“{written[0].parent}”。"] if written else ["名录中没有这一期应报的单位，没有写出空白表。"]
    lines += [_beside(path, "新表") for path in written if kept(path)]
    if prefilled is not None:
        lines.append(
            f"其中{prefilled}家预填了上年同期数。" if prefilled else "给出的往期资料中没有这些单位的上年同期数，未预填；请检查 --past。"
        )
    if written:
        lines.append(f"请发给各单位填写，收齐后运行：reconcile run 收到的文件夹 -u {units}{f' -s {scheme}' if scheme else ''}")
    return _joined(lines)


def counts(outcome: Outcome) -> str:
    """One line: period, units, files, findings by tier, rules judged."""
    if not outcome.round.counted:
        return f"收到文件{_files(outcome)}个，没有一份可以计入。"
    covered, checks = outcome.coverage, outcome.checks
    asked = f"应报{len(covered.expected)}家，" if outcome.units.known else ""
    judged = (
        f"审核关系判定{int(checks['passed'].sum() + checks['failed'].sum())}项次，因缺数无法判定{int(checks['not_evaluable'].sum())}项次"
    )
    answered = sum(finding.tier is Tier.QUERY and not finding.open for finding in outcome.findings)
    settled = {Tier.QUERY: f"（已说明{answered}个）" if answered else ""}
    tiers = "、".join(f"{tier.chinese}{outcome.count(tier)}个{settled.get(tier, '')}" for tier in Tier)
    return (
        f"{outcome.period.chinese}：{asked}实报{len(covered.received)}家，收到文件{_files(outcome)}个；问题：{tiers}；{judged}。"
    )


def _files(outcome: Outcome) -> int:
    """How many files came; one that a summary had read before is not a second one."""
    returns = outcome.round.returns
    return len(returns) - int(((returns["standing"] == Standing.DUPLICATE) & (returns["source"] != "")).sum())


def _aside(outcome: Outcome) -> list[str]:
    """Files that were received and do not count, each with its reason."""
    returns = outcome.round.returns
    out = _OUT_OF_REPORT if outcome.round.counted else (*_OUT_OF_REPORT, Standing.COMPARED, Standing.FOREIGN)
    left = returns[returns["standing"].isin([str(standing) for standing in out])]
    shown = zip(left["file"].tolist()[:_SHOWN_ASIDE], left["note"].tolist(), strict=False)
    lines = [f"未计入：{file}（{note}）" if note else f"未计入：{file}" for file, note in shown]
    if len(left) > len(lines):
        where = "，见汇总表的“收表登记”" if outcome.round.counted else ""
        lines.append(f"另有{len(left) - len(lines)}个文件未计入{where}。")
    return lines


def _next_step(outcome: Outcome, *, summary: str, asked: bool) -> str:
    """`asked`: queries were written, which the units can answer."""
    if asked and outcome.count(Tier.ERROR):
        return "下一步：把查询单发给有关单位，收回后和原来的报表放在一起再运行一次，新的自动替代旧的；改正前文字报告标为初稿。"
    if outcome.count(Tier.ERROR):
        return f"下一步：打开 {summary} 的“问题清单”，请有关单位更正后重报，再运行一次；改正前文字报告标为初稿。"
    if not outcome.units.known:
        return f"下一步：补上单位名录后再运行一次，核对是否收齐；{summary} 的“问题清单”可以先看。"
    if asked:
        return "下一步：把查询单发给有关单位核实，收回后和原来的报表放在一起再运行一次；没有强制性错误，核实后文字报告可以送审。"
    if any(finding.tier is Tier.QUERY and finding.open for finding in outcome.findings):
        return f"下一步：打开 {summary} 的“问题清单”，逐条向填报单位核实；没有强制性错误，核实后文字报告可以送审。"
    return f"下一步：打印 {summary} 封面签字，文字报告可以送审。"


def _full(outcome: Outcome, scheme: Scheme) -> list[str]:
    lines: list[str] = []
    said: set[int] = set()  # what several rules suspect together is said once
    for finding in outcome.findings:
        place = "；".join(f"{file}  {'、'.join(cells)}" if cells else file for file, cells in _by_file(finding))
        lines.append(f"[{finding.tier.chinese}] {finding.unit_name or '单位不明'}  {finding.rule}")
        if place:
            lines.append(f"  位置：{place}")
        lines.append(f"  问题：{finding.message}")
        if finding.advice:
            lines.append(f"  建议：{finding.advice}")
        suspicion = outcome.suspicion(finding)
        if suspicion is not None and id(suspicion) not in said:
            said.add(id(suspicion))
            told = (("疑似", suspected(suspicion, scheme, outcome.round)), ("建议值", suggested(suspicion, scheme)))
            lines += [f"  {head}：{words}" for head, words in told if words]
        if finding.reason:
            lines.append(f"  已说明：{finding.reason}")
    return lines


def _by_file(finding: Finding) -> list[tuple[str, list[str]]]:
    """The cells of a finding, each file named once."""
    found: dict[str, list[str]] = {}
    for cell in finding.cells:
        addresses = found.setdefault(cell.file, [])
        if cell.cell and (address := f"{cell.sheet}!{cell.cell}") not in addresses:
            addresses.append(address)
    return list(found.items())


def _concise(findings: Iterable[Finding]) -> list[str]:
    lines = []
    for finding in findings:
        first = finding.cells[0] if finding.cells else None
        place = (f"{first.file}:{first.sheet}!{first.cell}" if first.cell else first.file) if first else finding.unit_name
        settled = "（已说明）" if finding.reason else ""
        lines.append(f"{place}  {finding.tier.chinese}{settled} {finding.rule}  {finding.message}")
    return lines
