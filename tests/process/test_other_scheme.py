"""Summaries made with another scheme: figures are converted or not read, never taken for what they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from making_returns import BIG, H1, UNITS, File, Filled, returned
from test_collect_summaries import summarised

from reconcile.files.scheme_files import read_scheme
from reconcile.model.round import Round, State
from reconcile.process.collect import collect
from reconcile.process.other_scheme import compared, translated
from reconcile.scheme.loading import load_scheme
from reconcile.scheme.scheme import Scheme

Make = Callable[..., Scheme]
MakeRound = Callable[..., Round]

OURS = """
F01|帮扶资金|万元|flow
F02|职工人数|人|stock
F03|会员人数|人|stock
F04|工作小结|文字|text
F05|困难户数|人|flow
"""
THEIRS = """
F01|帮扶资金|元|flow
F02|职工人数|份|stock
F03|会员人数|人|flow
F04|工作小结|人|stock
F05|困难职工|人|flow
F09|旧指标|人|flow
"""
LISTS = "帮扶名册|金额|金额|number|{}|||"


@pytest.fixture
def ours(make_scheme: Make) -> Scheme:
    return make_scheme(OURS, lists=LISTS.format("万元"))


@pytest.fixture
def theirs(make_scheme: Make) -> Scheme:
    return make_scheme(THEIRS, lists=LISTS.format("元"))


def codes(scheme: Scheme) -> Sequence[str]:
    return list(scheme.indicators)


def test_what_differs_is_named(ours: Scheme, theirs: Scheme) -> None:
    found = compared(theirs.tables, codes(theirs), ours)
    assert set(found.turns) == {"F01", "F02", "F03", "F04"}
    assert found.said == (
        "计量单位不同，已换算：帮扶资金（F01）元→万元、帮扶名册“金额”；"
        "计量单位不能换算或指标类型不同，没有读取：职工人数（F02）、会员人数（F03）、工作小结（F04）；"
        "本制度没有，没有计入：旧指标（F09）；"
        "代码相同而名称不同，请核实是否同一指标：F05原为“困难职工”，现为“困难户数”"
    )


def test_the_same_tables_differ_in_nothing(ours: Scheme) -> None:
    found = compared(ours.tables, codes(ours), ours)
    assert (found.turns, found.columns) == ({}, {})
    assert found.said == "两版的指标及其计量单位没有不同，照常计入"


def test_a_summary_without_its_scheme_has_no_figures_that_can_be_read(ours: Scheme) -> None:
    assert {code for code, turn in compared({}, codes(ours), ours).turns.items() if turn.source is None} == set(codes(ours))


def test_figures_are_converted_exactly_or_not_read(ours: Scheme, theirs: Scheme, make_round: MakeRound) -> None:
    given = make_round(
        {"v1": {"F01": 21000.0, "F02": 5.0, "F03": 7.0, "F04": "—", "F05": 3.0}, "v2": {"F01": "nil", "F02": "blank", "F03": "—"}},
        lists=[("v1", "帮扶名册", 5, "金额", "500", 500.0)],
        adjustments=[("v1", "F01", 21000.0, 22001.0, "2023-07-20"), ("v1", "F02", 5.0, 6.0, ""), ("v1", "F05", 3.0, 4.0, "")],
    )
    found = translated(given, compared(theirs.tables, codes(theirs), ours))
    assert found.values["F01"].tolist() == [2.1, 0.0]
    assert found.states["F01"].tolist() == [State.NUMBER, State.NIL]
    assert found.states["F02"].tolist() == [State.UNREADABLE, State.BLANK]
    assert found.states["F03"].tolist() == [State.UNREADABLE, State.NOT_APPLICABLE]
    assert found.states["F04"].tolist() == [State.UNREADABLE, State.BLANK]
    assert np.isnan(found.values[["F02", "F03", "F04"]].to_numpy()).all()
    assert found.values["F05"].tolist()[0] == 3.0
    assert ("v1", "F01", "21000", "元") in list(found.typed.itertuples(index=False, name=None))
    assert found.lists["value"].tolist() == [0.05]
    assert found.adjustments["adjusted"].tolist()[0] == 2.2001
    assert np.isnan(found.adjustments["adjusted"].tolist()[1])
    assert found.adjustments["adjusted"].tolist()[2] == 4.0
    assert found.states.dtypes.unique().tolist() == [np.dtype("int8")]
    assert given.values["F01"].tolist()[0] == 21000.0


def other(scheme: Scheme, code: str, measure: str) -> Scheme:
    """The built-in scheme with another measure for one indicator."""
    tables = dict(scheme.tables)
    header, *rows = tables["indicators"]
    at = list(header).index("measure")
    tables["indicators"] = [header, *([*row[:at], measure, *row[at + 1 :]] if row[0] == code else row for row in rows)]
    return load_scheme(tables, templates=scheme.templates)


def test_a_summary_of_another_scheme_comes_in_our_measure() -> None:
    scheme = read_scheme(None)
    header, *rules = (row for row in scheme.tables["rules"] if "@other_scheme" not in row)
    line = {
        "id": "N-99",
        "check": "@other_scheme",
        "tier": "query",
        "applies_to": "*",
        "message": "文件“{文件}”：{内容}。",
        "advice": "请核对。",
    }
    told = load_scheme({**scheme.tables, "rules": [header, *rules, [line.get(name, "") for name in header]]}, templates=scheme.templates)
    silent = replace(told, rules=tuple(rule for rule in told.rules if rule.named != "other_scheme"))
    old = other(scheme, "C006", "元")
    collected = collect([File("a.xlsx", returned(old, BIG, Filled({"C006": 21000, "A008": 30})))], old, units=UNITS, period=H1)
    files = [File("城关镇.xlsx", summarised(old, collected, root="330101"))]
    for asked, messages in ((told, ["文件“城关镇.xlsx”：计量单位不同，已换算：帮扶资金（C006）元→万元。"]), (silent, [])):
        returns = collect(files, asked, units=UNITS, period=None).returns
        assert returns.values["C006"].tolist() == [2.1]
        assert returns.values["A008"].tolist() == [30.0]
        assert returns.typed[["indicator", "text", "measure"]].to_numpy().tolist() == [["C006", "21000", "元"]]
        assert [one.message for one in returns.intake if one.rule == "N-99"] == messages
