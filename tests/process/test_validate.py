"""Rules over returns: what passes, what fails and how it is told, what cannot be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from reconcile.model.finding import CellAt, Tier
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconcile.model.outcome import Judged
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

    Figures = Mapping[str, Mapping[str, float | str]]

TREE = UnitTree(
    [
        Unit("c", "县", "county"),
        Unit("t1", "甲镇", "town", "c"),
        Unit("v1", "一村", "village", "t1"),
        Unit("v2", "二村", "village", "t1"),
        Unit("e1", "厂", "enterprise", "t1"),
    ]
)
INDICATORS = """
    A001|职工人数|人|stock|0|village;enterprise
    A002|女职工人数|人|stock|0|village;enterprise
    A003|应建未建|人|stock|0|village
    A004|已组建|人|stock|0|village
    A005|正在组建|人|stock|0|village
    A006|尚未启动|人|stock|0|village
    A007|入会率|%|rate|1|village
    C001|救助金额|万元|flow|2|village
    C002|自筹金额|万元|flow|2|village
    C003|上级金额|万元|flow|2|village
    C004|发放救济金|元|flow|2|village
    T001|主要做法|文字|text
"""
LISTS = "帮扶名册|姓名|姓名|text||是|A001:count\n帮扶名册|金额|金额|number|元||"
FORM = "封面|cover||||\n帮扶名册|list|帮扶名册|||"
IMPLIED = "N-35|@implied||query||||{指标}未填，按{算式}应为{应为}。|请补填"


@pytest.fixture(scope="module")
def judge(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Callable[..., Judged]:
    def run(rules: str, figures: Figures, *, past: Past | None = None, units: UnitTree = TREE, **round_words: object) -> Judged:
        scheme = make_scheme(INDICATORS, rules=rules, lists=LISTS, form=FORM)
        codes = [code for code, one in scheme.indicators.items() if one.kind != "text"]
        return validate(make_round(figures, codes=codes, **round_words), scheme, units=units, past=past or Past())

    return run


def counts(judged: Judged) -> list[list[int]]:
    """passed, failed, not evaluable, not applicable of each rule."""
    return judged.checks[["passed", "failed", "not_evaluable", "not_applicable"]].to_numpy().tolist()


PART = "A-1|女职工人数 <= 职工人数||error||||女职工{女职工人数}多于职工{职工人数}，多出{差}（{单位}，{文件}{单元格}）。|核对{职工人数}"


def test_a_failure_names_its_cells_and_says_by_how_much(judge: Callable[..., Judged]) -> None:
    judged = judge(PART, {"v1": {"A001": 96, "A002": 101}, "v2": {"A001": 96, "A002": 96}})
    assert counts(judged) == [[1, 1, 0, 0]]
    (finding,) = judged.findings
    assert finding.message == "女职工101人多于职工96人，多出5人（一村，v1.xlsxD5）。"
    assert finding.advice == "核对96人"
    assert (finding.observed, finding.expected, finding.difference) == ("101人", "不大于96人", "5人")
    assert (finding.tier, finding.rule, finding.unit, finding.period, finding.return_id) == (Tier.ERROR, "A-1", "v1", "2023H1", "v1")
    assert finding.indicators == ("A002", "A001")
    assert finding.cells == (CellAt("v1.xlsx", "组织", "D5", "101"), CellAt("v1.xlsx", "组织", "D4", "96"))


@pytest.mark.parametrize(
    ("women", "outcome"),
    [
        (3, [1, 0, 0, 0]),
        ("nil", [1, 0, 0, 0]),
        ("blank", [0, 0, 1, 0]),
        ("#REF!", [0, 0, 1, 0]),
        ("—", [0, 0, 0, 1]),
        ("absent", [0, 0, 0, 1]),
    ],
)
def test_four_kinds_of_nothing_are_four_answers(judge: Callable[..., Judged], women: float | str, outcome: list[int]) -> None:
    assert counts(judge(PART, {"v1": {"A001": 3, "A002": women}})) == [outcome]


@pytest.mark.parametrize(
    ("missing", "part", "outcome"),
    [
        ("skip", "blank", [0, 0, 1, 0]),
        ("zero", "blank", [0, 1, 0, 0]),
        ("zero", "#REF!", [0, 0, 1, 0]),  # something stands there: unknown is not missing
        ("skip_all", "blank", [0, 1, 0, 0]),
        ("fail", "blank", [0, 1, 0, 0]),
        ("fail", "#REF!", [0, 0, 1, 0]),
    ],
)
def test_what_a_blank_means_is_the_rules_business(judge: Callable[..., Judged], missing: str, part: str, outcome: list[int]) -> None:
    rule = f"A-2|应建未建 = 已组建 + 正在组建||error||{missing}||相差{{差}}|"
    assert counts(judge(rule, {"v1": {"A003": 15, "A004": 9, "A005": part}})) == [outcome]


def test_a_guard_narrows_where_the_rule_applies(judge: Callable[..., Judged]) -> None:
    rule = "A-3|女职工人数 > 0|职工人数 > 10|query||||{女职工人数}|"
    rows = {"v1": {"A001": 5, "A002": 0}, "v2": {"A001": 11, "A002": 0}, "e1": {"A001": "blank", "A002": 0}}
    judged = judge(rule, rows)
    assert counts(judged) == [[0, 1, 1, 1]]  # an unknown guard cannot be judged, which is not the same as not applying
    assert [finding.unit for finding in judged.findings] == ["v2"]


def test_a_guard_may_ask_whether_a_cell_is_missing(judge: Callable[..., Judged]) -> None:
    rule = "A-4|0 <= 入会率 <= 100|职工人数 is missing|error||||入会率填报{入会率}|"
    judged = judge(rule, {"v1": {"A007": 150}, "v2": {"A001": "absent", "A007": 120}, "e1": {"A001": 5, "A007": 150}})
    assert counts(judged) == [[0, 2, 0, 1]]
    assert [(one.message, one.observed, one.expected) for one in judged.findings] == [
        ("入会率填报150%", "150%", ""),
        ("入会率填报120%", "120%", ""),
    ]


def test_rules_are_for_kinds_of_unit(judge: Callable[..., Judged]) -> None:
    rule = "A-5|职工人数 >= 3||query|||enterprise|{职工人数}|"
    judged = judge(rule, {"v1": {"A001": 1}, "e1": {"A001": 1}})
    assert counts(judged) == [[0, 1, 0, 0]]
    assert judged.findings[0].unit == "e1"


def test_only_returns_that_count_or_are_compared_are_judged(judge: Callable[..., Judged]) -> None:
    bad = {"A001": 1, "A002": 2}
    standings = {"v1": "superseded", "v2": "tied", "t1": "compared"}
    judged = judge(PART, {"v1": bad, "v2": bad, "t1": bad, "e1": bad}, standings=standings)
    assert sorted(finding.unit for finding in judged.findings) == ["e1", "t1"]


def test_a_return_for_all_below_is_not_held_to_what_only_single_units_keep(judge: Callable[..., Judged]) -> None:
    rules = "A-6|职工人数 <= 50||query|||*|{职工人数}|\nA-7|职工人数 >= 女职工人数||query|||enterprise|{职工人数}|"
    rows = {"t1": {"A001": 500, "A002": 600}, "v1": {"A001": 60, "A002": 1}, "e1": {"A001": 5, "A002": 6}}
    judged = judge(rules, rows, standings={"t1": "stand_in"})
    assert [(finding.rule, finding.unit) for finding in judged.findings] == [("A-7", "e1"), ("A-6", "v1")]


def test_rounded_money_may_differ_by_half_a_digit_for_each_part(judge: Callable[..., Judged]) -> None:
    rule = "C-1|救助金额 = 自筹金额 + 上级金额||error||||相差{差}，应为{应为}|"
    rows = {
        "v1": {"C001": 1.31, "C002": 0.1, "C003": 1.2},
        "v2": {"C001": 1.33, "C002": 0.1, "C003": 1.2},
        "e1": {"C001": 0.3, "C002": 0.1, "C003": 0.2},
    }
    judged = judge(rule, rows)
    assert counts(judged) == [[2, 1, 0, 0]]
    assert judged.findings[0].message == "相差0.03万元，应为1.3万元"


def test_a_side_in_another_measure_is_told_in_that_of_the_plain_side(judge: Callable[..., Judged]) -> None:
    judged = judge("C-2|发放救济金 / 10000 <= 救助金额||error||||{发放救济金}超过{救助金额}|", {"v1": {"C004": 21000, "C001": 2}})
    (finding,) = judged.findings
    assert (finding.message, finding.observed, finding.expected, finding.difference) == (
        "21000元超过2万元",
        "2.1万元",
        "不大于2万元",
        "0.1万元",
    )


def test_figures_of_other_periods_are_looked_up_by_unit(judge: Callable[..., Judged], make_round: Callable[..., Round]) -> None:
    own = pd.DataFrame({"A001": [40.0, 30.0]}, index=["v1", "v2"])
    whole = pd.DataFrame({"A001": [90.0, 40.0]}, index=["t1", "v1"])
    period = Period.parse("2022H1")
    assert period is not None
    past = Past([Earlier(period, own, whole, make_round({}, codes=["A001"]))])
    rule = "P-1|职工人数 >= previous(职工人数) * 0.5||query||||{职工人数}，上年同期{上年同期职工人数}|"
    rows = {"v1": {"A001": 10}, "v2": {"A001": 20}, "e1": {"A001": 1}, "t1": {"A001": 30}}
    judged = judge(rule, rows, past=past, standings={"t1": "compared"})
    assert counts(judged) == [[1, 2, 1, 0]]
    assert [finding.message for finding in judged.findings] == ["30人，上年同期90人", "10人，上年同期40人"]
    assert judged.findings[1].cells == (CellAt("v1.xlsx", "组织", "D4", "10"),)


def test_the_units_directly_below_can_be_asked(judge: Callable[..., Judged]) -> None:
    rule = "A-8|职工人数 >= children(职工人数)||query||||自报{职工人数}，下级{下级合计(职工人数)}|"
    rows = {"c": {"A001": 5}, "v1": {"A001": 4}, "v2": {"A001": 2}, "e1": {"A001": "blank"}}
    judged = judge(rule, rows)
    assert counts(judged) == [[0, 1, 3, 0]]
    assert judged.findings[0].message == "自报5人，下级6人"


def test_rows_and_sums_of_lists(judge: Callable[..., Judged]) -> None:
    rules = (
        "L-1|职工人数 = count(帮扶名册)||error||||{职工人数}，名册{帮扶名册}行|\nL-2|发放救济金 = total(帮扶名册.金额)||error||||相差{差}|"
    )
    lists = [
        ("v1", "帮扶名册", 4, "姓名", "甲", float("nan")),
        ("v1", "帮扶名册", 4, "金额", "0.1", 0.1),
        ("v1", "帮扶名册", 5, "姓名", "乙", float("nan")),
        ("v1", "帮扶名册", 5, "金额", "0.2", 0.2),
        ("e1", "帮扶名册", 4, "金额", "若干", float("nan")),
    ]
    rows = {"v1": {"A001": 2, "C004": 0.3}, "v2": {"A001": 1, "C004": 5}, "e1": {"A001": 1, "C004": 3}, "c": {"A001": "absent", "C004": 1}}
    judged = judge(rules, rows, lists=lists)
    assert counts(judged) == [[2, 1, 0, 1], [1, 1, 2, 0]]  # e1: one amount unreadable; c: no such list on its form
    assert [finding.message for finding in judged.findings] == ["1人，名册0行", "相差5元"]


def test_a_rule_without_figures_of_its_own_points_at_those_of_its_guard(judge: Callable[..., Judged]) -> None:
    judged = judge("L-1|count(帮扶名册) > 0|职工人数 > 0|query||||填报{职工人数}|", {"v1": {"A001": 2}, "v2": {"A001": 0}})
    (finding,) = judged.findings
    assert (finding.message, finding.indicators) == ("填报2人", ("A001",))
    assert [cell.value for cell in finding.cells] == ["2"]


def test_a_rule_about_all_units_together_is_judged_once(judge: Callable[..., Judged]) -> None:
    judged = judge("Z-1|sum(职工人数) <= 10||query||||合计过多|", {"v1": {"A001": 6}, "v2": {"A001": 5}, "e1": {"A001": "blank"}})
    assert counts(judged) == [[0, 1, 0, 0]]
    (finding,) = judged.findings
    assert (finding.unit, finding.return_id, finding.cells) == ("t1", "", ())


SUM = "A-9|应建未建 = 已组建 + 正在组建 + 尚未启动||error||||应建未建{应建未建}，三项之和差{差}|\n" + IMPLIED


def test_a_single_blank_part_is_asked_about_by_the_value_it_must_have(judge: Callable[..., Judged]) -> None:
    judged = judge(SUM, {"v1": {"A003": 15, "A004": 9, "A005": 4, "A006": "blank"}})
    assert counts(judged) == [[0, 0, 1, 0]]
    (query,) = judged.findings
    assert (query.tier, query.rule, query.expected) == (Tier.QUERY, "N-35", "2人")
    assert query.message == "尚未启动未填，按应建未建＝已组建＋正在组建＋尚未启动应为2人。"
    assert query.cells[0] == CellAt("v1.xlsx", "组织", "D9", "")
    assert query.indicators == ("A006", "A003", "A004", "A005")


def test_the_same_with_a_zero_there_is_the_rules_own_error(judge: Callable[..., Judged]) -> None:
    judged = judge(SUM, {"v1": {"A003": 15, "A004": 9, "A005": 4, "A006": 0}})
    assert [(finding.tier, finding.rule, finding.message) for finding in judged.findings] == [
        (Tier.ERROR, "A-9", "应建未建15人，三项之和差2人")
    ]


@pytest.mark.parametrize(
    ("parts", "asked"),
    [
        ({"A003": 13, "A004": 9, "A005": 4}, []),  # implied 0: nothing to ask
        ({"A003": 12, "A004": 9, "A005": 4}, ["-1人"]),
        ({"A003": 15, "A004": 9}, []),  # two blanks
        ({"A003": 15, "A004": 9, "A005": 4, "A006": "#REF!"}, []),  # told where it was read
    ],
)
def test_what_is_implied_is_asked_only_where_it_is_certain_and_not_zero(
    judge: Callable[..., Judged], parts: dict[str, float | str], asked: list[str]
) -> None:
    assert [finding.expected for finding in judge(SUM, {"v1": parts}).findings] == asked


def test_what_would_be_below_zero_is_another_cells_fault(judge: Callable[..., Judged]) -> None:
    (found,) = judge(SUM, {"v1": {"A003": 12, "A004": 9, "A005": 4}}).findings
    assert "应为-1人，小于0，说明算式中的其他各项有误" in found.message


def test_one_question_for_one_cell(judge: Callable[..., Judged]) -> None:
    rules = SUM + "\nA-10|尚未启动 = 应建未建 - 已组建 - 正在组建||error||||{差}|"
    assert len(judge(rules, {"v1": {"A003": 15, "A004": 9, "A005": 4}}).findings) == 1


def test_queries_imply_nothing(judge: Callable[..., Judged]) -> None:
    assert judge(SUM.replace("error", "query"), {"v1": {"A003": 15, "A004": 9, "A005": 4}}).findings == ()


def test_errors_come_first_then_units_then_rules(judge: Callable[..., Judged]) -> None:
    rules = "B|女职工人数 <= 职工人数||query||||b|\nA|女职工人数 <= 职工人数||error||||a|"
    bad = {"A001": 1, "A002": 2}
    judged = judge(rules, {"v2": bad, "v1": bad})
    assert [(finding.rule, finding.unit) for finding in judged.findings] == [("A", "v1"), ("A", "v2"), ("B", "v1"), ("B", "v2")]
    assert list(judged.checks["rule"]) == ["B", "A"]


def test_a_round_without_returns_has_nothing_to_judge(judge: Callable[..., Judged]) -> None:
    judged = judge(SUM, {})
    assert (counts(judged), judged.findings) == ([[0, 0, 0, 0]], ())
