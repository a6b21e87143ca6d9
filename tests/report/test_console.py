"""What the terminal shows about queries, answers and suspicions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from small_outcome import small_outcome, small_scheme

from reconcile.model.finding import Tier
from reconcile.model.outcome import Outcome
from reconcile.model.suspicion import Suspicion
from reconcile.report.console import closing, counts, findings_text

ERROR, NOTE = small_outcome().findings
QUERY = replace(ERROR, tier=Tier.QUERY, rule="R2")
DOUBT = Suspicion("r1", "0101", ("R1", "R2"), (("A002",),), (), (), False, (), "")


def told(*findings: object) -> Outcome:
    return replace(small_outcome(), findings=findings, suspicions=(DOUBT,))  # type: ignore[arg-type]  # findings of this test


def test_answered_queries_are_counted_and_marked() -> None:
    outcome = told(QUERY, replace(QUERY, reason="含派遣工2人"), NOTE)
    assert "强制0个、核实2个（已说明1个）、提示1个" in counts(outcome)
    assert findings_text(outcome, small_scheme(), concise=True).splitlines()[1] == "a/一村.xlsx:表1!C5  核实（已说明） R2  女职工多于职工"
    assert "  已说明：含派遣工2人" in findings_text(outcome, small_scheme(), concise=False)
    assert "已说明" not in counts(told(QUERY))


def test_what_is_suspected_is_said_once() -> None:
    said = findings_text(told(ERROR, QUERY), small_scheme(), concise=False)
    assert said.count("  疑似：女职工人数（表1!C5）") == 1


def test_the_next_step_is_to_send_the_queries() -> None:
    written = [Path("out/summary.xlsx"), Path("out/findings.csv")]
    queries = [Path("out/queries/0101 一村工会.xlsx")]
    with_errors = closing(told(ERROR), written=[*written, *queries])
    assert "结果在“out”：summary.xlsx、findings.csv。" in with_errors
    assert f"查询单1份，在“{Path('out/queries')}”，可以直接发给有关单位。" in with_errors
    assert with_errors.splitlines()[-1].startswith("下一步：把查询单发给有关单位，收回后和原来的报表放在一起再运行一次")
    assert "核实后文字报告可以送审" in closing(told(QUERY), written=[*written, *queries])
    assert "送审。" in closing(told(replace(QUERY, reason="含派遣工2人")), written=written)
    assert "打开 summary.xlsx" in closing(told(ERROR), written=written)
    reminded = closing(told(ERROR), written=[*written, Path("out/reminders.txt")])
    assert reminded.splitlines()[-1] == "没有收到、或收到而不能计入的，请按 reminders.txt 催报。"


def test_of_many_files_that_do_not_count_the_first_are_shown() -> None:
    outcome = small_outcome()
    rows = outcome.round.returns
    broken = rows.iloc[[0] * 25].assign(standing="unreadable", note="打不开", file=[f"{number:02d}.xlsx" for number in range(25)])
    broken.index = [f"b{number}" for number in range(25)]
    many = replace(outcome, round=replace(outcome.round, returns=pd.concat([rows, broken])))
    lines = [line for line in closing(many, written=[Path("out/summary.xlsx")]).splitlines() if "未计入" in line]
    assert len(lines) == 21
    assert lines[19:] == ["未计入：18.xlsx（打不开）", "另有6个文件未计入，见汇总表的“收表登记”。"]  # one of the round's own came first
