"""Rules over totals: only where no return below breaks the same rule, and only where the totals can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from reconcile.model.finding import Tier
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.process.validate import validate
from reconcile.process.validate_totals import validate_totals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconcile.model.outcome import Judged
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

UNITS = [
    Unit("c", "县", "county"),
    Unit("t1", "甲镇", "town", "c"),
    Unit("t2", "乙镇", "town", "c"),
    Unit("v1", "一村", "village", "t1"),
    Unit("v2", "二村", "village", "t1"),
    Unit("v3", "三村", "village", "t2"),
]
TREE = UnitTree(UNITS)
INDICATORS = """
    A001|职工人数|人|stock|0|village
    A002|女职工人数|人|stock|0|village
    A003|会员人数|人|stock|0|village
    A005|是否试点|是否|flag|0|village
    A006|入会率|%|rate|1||会员人数 / 职工人数 * 100
"""
PART = "A-1|女职工人数 <= 职工人数||error||||{单位}女职工{女职工人数}多于职工{职工人数}，多出{差}|请核对"
FALL = "P-1|会员人数 >= previous(会员人数) * 0.5|previous(会员人数) >= 30|query||||{会员人数}，上年同期{上年同期会员人数}|请核对"


@pytest.fixture(scope="module")
def judge(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Callable[..., Judged]:
    def run(
        rules: str,
        figures: Mapping[str, Mapping[str, float | str]],
        *,
        previous: Mapping[str, float] | None = None,
        units: UnitTree = TREE,
        **round_words: object,
    ) -> Judged:
        scheme = make_scheme(INDICATORS, rules=rules)
        returns = make_round(figures, codes=list(scheme.indicators), **round_words)
        before, period = pd.DataFrame({"A003": dict(previous or {"c": float("nan")})}), Period.parse("2022H1")
        assert period is not None
        past = Past([Earlier(period, before.filter(like="v", axis=0), before, returns)])
        judged = validate(returns, scheme, units=units, past=past)
        totals = aggregate(returns, scheme, units=units, root="c", findings=judged.findings, past=past)
        return validate_totals(totals, returns, scheme, units=units, findings=judged.findings)

    return run


def counts(judged: Judged) -> list[list[int]]:
    return judged.checks[["passed", "failed", "not_evaluable", "not_applicable"]].to_numpy().tolist()


def test_a_total_may_fail_where_every_return_passes(judge: Callable[..., Judged]) -> None:
    previous = {"v1": 20, "v2": 20, "v3": 100, "t1": 40, "t2": 100, "c": 140}
    judged = judge(FALL, {"v1": {"A003": 9}, "v2": {"A003": 9}, "v3": {"A003": 100}}, previous=previous)
    (finding,) = judged.findings
    assert finding.message == "汇总数：18人，上年同期40人"
    assert (finding.unit, finding.unit_name, finding.return_id) == ("t1", "甲镇", "")
    assert [(cell.file, cell.value) for cell in finding.cells] == [("v1.xlsx", "9"), ("v2.xlsx", "9")]
    assert (finding.tier, finding.observed, finding.expected, finding.difference) == (Tier.QUERY, "18人", "不小于20人", "2人")
    assert counts(judged) == [[2, 1, 0, 0]]


def test_what_a_return_below_breaks_is_told_there(judge: Callable[..., Judged]) -> None:
    judged = judge(PART, {"v1": {"A001": 1, "A002": 100}, "v2": {"A001": 2, "A002": 2}, "v3": {"A001": 3, "A002": 3}})
    assert counts(judged) == [[1, 2, 0, 0]]  # 乙镇 passes, 甲镇 and the county fail
    assert judged.findings == ()


def test_it_is_told_at_the_lowest_total_that_shows_it(judge: Callable[..., Judged]) -> None:
    previous = {"v1": 20, "v2": 20, "v3": 20, "t1": 40, "t2": 20, "c": 60}
    judged = judge(FALL, {"v1": {"A003": 9}, "v2": {"A003": 9}, "v3": {"A003": 9}}, previous=previous)
    assert counts(judged) == [[0, 2, 0, 1]]
    assert [finding.unit for finding in judged.findings] == ["t1"]


def test_figures_that_fewer_units_answered_are_not_compared(judge: Callable[..., Judged]) -> None:
    judged = judge(PART, {"v1": {"A001": "blank", "A002": 100}, "v2": {"A001": 2, "A002": 2}, "v3": {"A001": 3, "A002": "blank"}})
    assert counts(judged) == [[0, 0, 3, 0]]  # 乙镇 has no women reported; 甲镇 lacks the workers of 一村, and so does the county


def test_what_does_not_apply_to_a_unit_is_not_compared_either(judge: Callable[..., Judged]) -> None:
    rows: dict[str, dict[str, float | str]] = {"v1": {"A001": "—", "A002": 1}, "v2": {"A001": 3, "A002": 3}, "v3": {"A001": 5, "A002": "—"}}
    judged = judge(PART, rows)
    assert counts(judged) == [[0, 0, 3, 0]]  # 甲镇 has 4 women of 3 workers, one of them of 一村; 乙镇 has no women reported
    assert judged.findings == ()


def test_a_total_that_fails_names_at_most_twenty_cells_unit_by_unit(judge: Callable[..., Judged]) -> None:
    units = UnitTree([Unit("c", "县", "county"), *(Unit(f"v{number}", f"{number}村", "village", "c") for number in range(15))])
    rows = {f"v{number}": {"A001": 10, "A003": 10 + 2 * (number == 0)} for number in range(15)}
    judged = judge("R|会员人数 = 职工人数||query|1.5|||会员{会员人数}|", rows, units=units)
    assert judged.findings == ()  # told at the return
    judged = judge("R|会员人数 <= 职工人数|职工人数 > 100|query||||会员{会员人数}|", rows, units=units)
    (finding,) = judged.findings
    assert len(finding.cells) == 20
    assert [(cell.file, cell.cell) for cell in finding.cells[:3]] == [("v0.xlsx", "D6"), ("v0.xlsx", "D4"), ("v1.xlsx", "D6")]


def test_of_a_part_and_its_whole_the_whole_may_be_answered_by_more(judge: Callable[..., Judged]) -> None:
    judged = judge(PART, {"v1": {"A001": 5, "A002": "blank"}, "v2": {"A001": 2, "A002": 2}, "v3": {"A001": 3, "A002": 1}})
    assert counts(judged) == [[3, 0, 0, 0]]


def test_a_fall_is_not_asked_about_while_a_unit_is_missing(judge: Callable[..., Judged]) -> None:
    previous = {"v1": 20, "v2": 20, "v3": 100, "t1": 40, "t2": 100, "c": 140}
    judged = judge(FALL, {"v1": {"A003": 9}, "v3": {"A003": 60}}, previous=previous)
    assert counts(judged) == [[1, 0, 2, 0]]
    guessed = judge(FALL, {"v1": {"A003": 9}, "v2": {"A003": 9}}, previous=previous, units=UnitTree(UNITS, known=False))
    assert guessed.findings == ()


def test_a_stand_in_speaks_for_those_below(judge: Callable[..., Judged]) -> None:
    rows = {"t1": {"A003": 90}, "v3": {"A003": 9}, "c": {"A003": "blank"}}
    judged = judge(FALL, rows, previous={"t1": 100, "t2": 20, "c": 220}, standings={"t1": "stand_in"})
    assert [finding.unit for finding in judged.findings] == ["c"]


@pytest.mark.parametrize(
    "rule",
    [
        "X|职工人数 <= 10||error||||{职工人数}|",  # a size that a single unit keeps
        "X|是否试点 <= 职工人数||error||||{是否试点}|",  # yes and no
        "X|职工人数 <= mean(职工人数)||error||||{职工人数}|",  # all units together
        "X|职工人数 <= children(职工人数) * 0||error||||{职工人数}|",
        "X|职工人数 <= 0||error|||enterprise|{职工人数}|",  # for units that do not report it
    ],
)
def test_rules_that_make_no_sense_for_sums_are_not_asked(judge: Callable[..., Judged], rule: str) -> None:
    rows = {"v1": {"A001": 8, "A005": 1}, "v2": {"A001": 8, "A005": 1}, "v3": {"A001": 8, "A005": 1}}
    judged = judge(rule, rows)
    assert (counts(judged), judged.findings) == ([], ())


def test_rates_of_totals_keep_their_bounds(judge: Callable[..., Judged]) -> None:
    rows = {"v1": {"A001": 10, "A003": 10}, "v2": {"A001": 10, "A003": 20}, "v3": {"A001": 10, "A003": 1}}
    judged = judge("R|入会率 <= 100||query||||入会率{入会率}|", rows)
    assert [(finding.unit, finding.message) for finding in judged.findings] == [("t1", "汇总数：入会率150%")]


def test_a_rate_of_figures_from_different_units_is_not_judged(judge: Callable[..., Judged]) -> None:
    rows = {"v1": {"A001": "blank", "A003": 20}, "v2": {"A001": 10, "A003": 10}, "v3": {"A001": 10, "A003": 1}}
    judged = judge("R|入会率 <= 100||query||||入会率{入会率}|", rows)
    assert counts(judged) == [[1, 0, 2, 0]]


def test_a_fall_is_not_asked_about_while_a_cell_is_blank(judge: Callable[..., Judged]) -> None:
    rows = {"v1": {"A003": 9}, "v2": {"A003": "blank"}, "v3": {"A003": 60}}
    judged = judge(FALL, rows, previous={"t1": 40, "t2": 100, "c": 140})
    assert counts(judged) == [[1, 0, 2, 0]]


def test_blanks_are_not_broken_rules_of_a_total(judge: Callable[..., Judged]) -> None:
    judged = judge(PART.replace("||||{", "||fail||{"), {"v1": {"A001": "blank", "A002": "blank"}})
    assert judged.findings == ()


def test_a_round_without_totals_has_nothing_to_judge(judge: Callable[..., Judged]) -> None:
    assert judge(PART, {}).findings == ()
