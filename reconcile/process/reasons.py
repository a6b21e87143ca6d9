"""Reasons (说明): which queries a unit has answered. Errors are never closed by a reason, and words that give none close nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from reconcile.model.finding import Finding, Tier
from reconcile.scheme.replies import Replies, Reply
from reconcile.scheme.wording import finding as made

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme


def answered(findings: Iterable[Finding], returns: Round, scheme: Scheme) -> tuple[Finding, ...]:
    """The findings in their order, each query with its `reason` where a usable one stands for the values it is about.

    What was written and does not count is told in findings of their own behind them: @reason_empty where it gives no reason,
    @reason_lapsed where it was given for other values; each once a return and text. A scheme without these checks is silent.
    """
    replies = Replies(returns, scheme)
    found: list[Finding] = []
    told: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        reply = replies.to(finding) if finding.tier is Tier.QUERY else None
        if reply is None:
            found.append(finding)
        elif reply.settles:
            found.append(replace(finding, reason=reply.text))
        else:
            found.append(finding)
            check = "reason_lapsed" if reply.usable else "reason_empty"
            remark = _remark(check, finding, reply, scheme)
            if remark is not None:
                told.setdefault((finding.return_id, check, reply.text), remark)
    return (*found, *told.values())


def _remark(check: str, asked: Finding, reply: Reply, scheme: Scheme) -> Finding | None:
    """Why a reply does not count, about the unit, return and cells that were asked about."""
    rule = scheme.named.get(check)
    if rule is None:
        return None
    words = {
        "说明": reply.text,
        "问题": asked.message,
        "规则": asked.rule,
        "指标": "、".join(scheme.label(code) for code in asked.indicators),
    }
    return made(
        rule,
        words,
        unit=asked.unit,
        unit_name=asked.unit_name,
        period=asked.period,
        return_id=asked.return_id,
        indicators=asked.indicators,
        cells=asked.cells,
        observed=reply.text,
    )
