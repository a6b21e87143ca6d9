"""Findings as lists for other programs and for Excel: CSV and JSON."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from reconcile.files.safe import harmless
from reconcile.model.finding import Tier
from reconcile.model.round import Standing
from reconcile.scheme.doubts import suggested, suspected
from reconcile.scheme.replies import state_said
from reconcile.scheme.wording import place

if TYPE_CHECKING:
    from reconcile.model.finding import Finding
    from reconcile.model.outcome import Outcome
    from reconcile.scheme.scheme import Scheme

_COLUMNS = ("级别", "规则", "单位代码", "单位名称", "报告期", "指标代码", "位置", "报表中的内容", "实际", "应为", "差额", "问题", "建议")
_ANSWER_COLUMNS = ("状态", "单位说明", "疑似单元格", "建议值")
_NOT_READ = (Standing.UNREADABLE, Standing.FOREIGN, Standing.DUPLICATE)


def findings_csv(outcome: Outcome, scheme: Scheme) -> bytes:
    """The findings, one a line in their order, with a Chinese heading; UTF-8 with the mark that Excel needs, lines ended as RFC 4180 says.

    Text that a spreadsheet would take for a formula is led by an apostrophe; control characters become spaces.
    """
    out = io.BytesIO()
    with io.TextIOWrapper(out, encoding="utf-8-sig", newline="") as text:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow((*_COLUMNS, *_ANSWER_COLUMNS))
        for finding in outcome.findings:
            told = (*_line(finding), state_said(finding), finding.reason, *_doubts(finding, outcome, scheme))
            writer.writerow([harmless(cell) if cell else "" for cell in told])
        text.flush()
        return out.getvalue()


def findings_json(outcome: Outcome, version: str, scheme: Scheme) -> dict[str, Any]:
    """The findings and the counts around them, for json.dumps. `version` is the program's; units_expected is None where nobody said."""
    coverage, standings = outcome.coverage, outcome.round.returns["standing"]
    return {
        "tool": "reconcile",
        "version": version,
        "period": outcome.period.written,
        "summary": {
            "units_expected": len(coverage.expected) if outcome.units.known else None,
            "units_reported": len(coverage.received),
            "returns_read": sum(standing not in _NOT_READ for standing in standings),
            "findings": {tier.value: outcome.count(tier) for tier in Tier},
            "checks": {
                "pass": int(outcome.checks["passed"].sum()),
                "fail": int(outcome.checks["failed"].sum()),
                "not_evaluable": int(outcome.checks["not_evaluable"].sum()),
            },
        },
        "findings": [_entry(finding) | _answer(finding, outcome, scheme) for finding in outcome.findings],
    }


def _doubts(finding: Finding, outcome: Outcome, scheme: Scheme) -> tuple[str, str]:
    """Suspected cells and suggested values, in words."""
    suspicion = outcome.suspicion(finding)
    return suspected(suspicion, scheme, outcome.round), suggested(suspicion, scheme)


def _answer(finding: Finding, outcome: Outcome, scheme: Scheme) -> dict[str, Any]:
    suspects, suggestions = _doubts(finding, outcome, scheme)
    return {"open": finding.open, "reason": finding.reason, "suspects": suspects, "suggestions": suggestions}


def _line(finding: Finding) -> tuple[str, ...]:
    return (
        finding.tier.chinese,
        finding.rule,
        finding.unit,
        finding.unit_name,
        finding.period,
        ";".join(finding.indicators),
        ";".join(place(cell, with_file=True) for cell in finding.cells),
        ";".join(cell.value for cell in finding.cells if cell.value),
        finding.observed,
        finding.expected,
        finding.difference,
        finding.message,
        finding.advice,
    )


def _entry(finding: Finding) -> dict[str, Any]:
    return {
        "tier": finding.tier.value,
        "rule": finding.rule,
        "unit": finding.unit,
        "unit_name": finding.unit_name,
        "period": finding.period,
        "indicators": list(finding.indicators),
        "cells": [{"file": cell.file, "sheet": cell.sheet, "cell": cell.cell, "value": cell.value} for cell in finding.cells],
        "observed": finding.observed,
        "expected": finding.expected,
        "difference": finding.difference,
        "message": finding.message,
        "advice": finding.advice,
    }
