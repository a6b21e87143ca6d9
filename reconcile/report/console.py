"""What the terminal shows: findings, and the closing line that says what to do next. Text only; the command line prints it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from reconcile.model.finding import Finding, Tier
from reconcile.model.outcome import Outcome
from reconcile.model.round import Standing

_SHOWN_MISSING = 5
_OUT_OF_REPORT = (Standing.UNASSIGNED, Standing.UNREADABLE, Standing.TIED, Standing.WRONG_PERIOD)


def findings_text(outcome: Outcome, *, concise: bool) -> str:
    """All findings of a round, worst first, with a closing line; `concise` puts each on one line."""
    told = _concise(outcome.findings) if concise else _full(outcome.findings)
    return "\n".join([*told, *([""] if told and not concise else []), counts(outcome)])


def closing(outcome: Outcome, *, written: Sequence[Path]) -> str:
    """Counts, where the results are, and the next step."""
    lines = [counts(outcome)]
    aside = _aside(outcome)
    if aside:
        lines.append(aside)
    missing = outcome.coverage.missing
    if missing:
        named = "、".join(outcome.units.name(code) for code in missing[:_SHOWN_MISSING])
        lines.append(f"未报单位{len(missing)}家：{named}{'等' if len(missing) > _SHOWN_MISSING else ''}。")
    if not outcome.round.counted:
        return "\n".join([*lines, "没有一份报表可以计入，未写出结果。请对照上面的原因处理后重新运行。"])
    if written:
        lines.append(f"结果在“{written[0].parent}”：{'、'.join(path.name for path in written)}。")
        lines.append(_next_step(outcome))
    return "\n".join(lines)


def counts(outcome: Outcome) -> str:
    """One line: period, units, files, findings by tier, rules judged."""
    covered, checks = outcome.coverage, outcome.checks
    asked = f"应报{len(covered.expected)}家，" if outcome.units.known else ""
    judged = f"审核关系判定{int(checks['passed'].sum() + checks['failed'].sum())}项次，无法判定{int(checks['not_evaluable'].sum())}项次"
    tiers = "、".join(f"{tier.chinese}{outcome.count(tier)}个" for tier in Tier)
    return (
        f"{outcome.period.chinese}：{asked}实报{len(covered.reported)}家，收到文件{len(outcome.round.returns)}个；问题：{tiers}；{judged}。"
    )


def _aside(outcome: Outcome) -> str:
    """Files that were received and do not count, each with its reason."""
    returns = outcome.round.returns
    left = returns[returns["standing"].isin([str(standing) for standing in _OUT_OF_REPORT])]
    return "\n".join(
        f"未计入：{file}（{note}）" if note else f"未计入：{file}" for file, note in zip(left["file"], left["note"], strict=True)
    )


def _next_step(outcome: Outcome) -> str:
    if outcome.count(Tier.ERROR):
        return "下一步：打开 summary.xlsx 的“问题清单”，请有关单位更正后重报，再运行一次；改正前文字报告标为初稿。"
    if outcome.count(Tier.QUERY):
        return "下一步：打开 summary.xlsx 的“问题清单”，逐条向填报单位核实；没有强制性错误，文字报告可以送审。"
    return "下一步：打印 summary.xlsx 封面签字，文字报告可以送审。"


def _full(findings: Iterable[Finding]) -> list[str]:
    lines: list[str] = []
    for finding in findings:
        place = "；".join(dict.fromkeys(f"{cell.file} {cell.sheet}!{cell.cell}" if cell.cell else cell.file for cell in finding.cells))
        lines.append(f"[{finding.tier.chinese}] {finding.unit_name or '单位不明'}  {finding.rule}")
        if place:
            lines.append(f"  位置：{place}")
        lines.append(f"  问题：{finding.message}")
        if finding.advice:
            lines.append(f"  建议：{finding.advice}")
    return lines


def _concise(findings: Iterable[Finding]) -> list[str]:
    lines = []
    for finding in findings:
        first = finding.cells[0] if finding.cells else None
        place = (f"{first.file}:{first.sheet}!{first.cell}" if first.cell else first.file) if first else finding.unit_name
        lines.append(f"{place}  {finding.tier.chinese} {finding.rule}  {finding.message}")
    return lines
