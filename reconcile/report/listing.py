"""Findings as lists for other programs and for Excel: CSV and JSON."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from reconcile.model.finding import Tier
from reconcile.model.round import Standing
from reconcile.scheme.wording import place

if TYPE_CHECKING:
    from reconcile.model.finding import Finding
    from reconcile.model.outcome import Outcome

_COLUMNS = ("级别", "规则", "单位代码", "单位名称", "报告期", "指标代码", "位置", "报表中的内容", "实际", "应为", "差额", "问题", "建议")
_STARTS_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_PLAIN_QUANTITY = re.compile(r"[+-]?\d[\d.]*[\w%‰]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_READ = (Standing.UNREADABLE, Standing.FOREIGN, Standing.DUPLICATE)


def findings_csv(outcome: Outcome) -> bytes:
    """The findings, one a line in their order, with a Chinese heading; UTF-8 with the mark that Excel needs, lines ended as RFC 4180 says.

    Text that a spreadsheet would take for a formula is led by an apostrophe; control characters become spaces.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for finding in outcome.findings:
        writer.writerow([harmless(text) for text in _line(finding)])
    return out.getvalue().encode("utf-8-sig", errors="replace")


def harmless(text: str) -> str:
    """`text` in one line and as no formula: 12, -3 and -5元 stay; =1+1 becomes '=1+1."""
    text = _CONTROL.sub(" ", text)
    if _STARTS_FORMULA.match(text.lstrip(" ")) and not _PLAIN_QUANTITY.fullmatch(text):
        return f"'{text}"
    return text


def findings_json(outcome: Outcome, version: str) -> dict[str, Any]:
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
        "findings": [_entry(finding) for finding in outcome.findings],
    }


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
