"""Figures against the unit's own earlier ones and against units of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

import pytest

from reconcile.model.figures import own_figures
from reconcile.model.finding import Finding, Tier
from reconcile.model.past import Earlier, Past
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.compare import compare

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

Figures = Mapping[str, Mapping[str, float | str]]
Judge = Callable[..., tuple[Finding, ...]]

INDICATORS = """
A001|职工人数|人|stock
A002|会员人数|人|stock
A003|新增会员|人|flow
A004|培训人数|人|flow
A005|帮扶资金|万元|flow|2
A006|助学金额|万元|flow|2
A007|救济金|元|flow|2
A008|宣传资料|份|flow
"""
CHECKS = {
    "cumulative_falls": ("query", "{例}，{项数}比上一期少{口径}"),
    "whole_year": ("query", "{项数}项{程度}：{例}{口径}"),
    "jump": ("query", "{指标}填报{值}，{以往}，{倍数}{同类}{猜测}"),
    "jump_weak": ("note", "{指标}填报{值}，{以往}，{倍数}{同类}{猜测}"),
    "jump_many": ("query", "{项数}项{方向}{口径}：{例}"),
    "sudden_zero": ("query", "{指标}{现填}，而{以往}"),
    "sudden_zero_weak": ("note", "{指标}{现填}，而{以往}"),
    "copied": ("query", "{项数}项{程度}{口径}，如{例}"),
    "unit_slip": ("query", "{指标}填报{值}，{依据}，大约是其{倍数}{猜测}"),
    "column_slip": ("query", "{范围}有{项数}项大约是往期或同类水平的{倍数}{猜测}：{例}"),
    "outlier": ("query", "{指标}填报{值}，{一般}{程度}"),
    "outlier_weak": ("note", "{指标}填报{值}，{一般}{程度}"),
}
RULES = "".join(f"{name}|@{name}||{tier}||||{said}|\n" for name, (tier, said) in CHECKS.items())
RULES += "R-1|职工人数 = previous(职工人数)||query||||职工人数{职工人数}，上年同期{上年同期职工人数}，相差{差}|"
USUAL = {"A001": 200.0, "A002": 180.0, "A003": 12.0, "A004": 60.0, "A005": 2.1, "A006": 0.6, "A007": 5200.0, "A008": 150.0}


def village(number: int) -> str:
    return f"v{number:02d}"


def peers(now: Mapping[str, float | str] | None = None, *, count: int = 12, shift: float = 1.0) -> dict[str, dict[str, float | str]]:
    """Villages whose figures differ a little among each other; `now` changes those of the first. `shift` scales all."""
    made: dict[str, dict[str, float | str]] = {}
    for number in range(count):
        sway = shift * (1 + 0.03 * ((number * 7) % 5 - 2))
        made[village(number)] = {
            code: round(value * sway * (1 + 0.02 * ((number * 3 + place) % 4)), 2 if code in ("A005", "A006", "A007") else 0)
            for place, (code, value) in enumerate(USUAL.items())
        }
    made[village(0)] |= now or {}
    return made


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS.strip(), rules=RULES)


@pytest.fixture
def judge(scheme: Scheme, make_round: Callable[..., Round]) -> Judge:
    def run(now: Figures, *, units: UnitTree | None = None, **past: Figures) -> tuple[Finding, ...]:
        names = {"previous": "2022H1", "closing": "2022", "last": "2023Q1"}
        earlier = []
        for when, figures in past.items():
            returns = make_round(figures, codes=tuple(USUAL), period=names[when])
            own = own_figures(returns, scheme.indicators)
            earlier.append(Earlier(returns.period, own=own, totals=own, returns=returns))
        tree = units or UnitTree([Unit(code, f"{code}村工会", "village") for code in now])
        return compare(make_round(now, codes=tuple(USUAL)), scheme, units=tree, past=Past(earlier))

    return run


def told(found: tuple[Finding, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.rule, one.unit, one.indicators) for one in found]


def test_nothing_strange(judge: Judge) -> None:
    assert judge(peers(shift=1.05), previous=peers()) == ()
    assert judge(peers()) == ()
    assert judge({}) == ()


def test_ten_times_too_many(judge: Judge) -> None:
    (found,) = judge(peers({"A004": 610}), previous=peers())
    assert (found.rule, found.tier, found.unit, found.indicators) == ("jump", Tier.QUERY, "v00", ("A004",))
    assert found.message.startswith("培训人数填报610人，上年同期60人，是上年同期的10.2倍，同类单位一般为")
    assert found.message.endswith("倍，像是多写了一位")
    assert [(cell.cell, cell.value) for cell in found.cells] == [("D7", "610")]
    assert (found.observed, found.expected, found.difference) == ("610人", "60人", "550人")


def test_a_jump_is_seen_in_a_single_return_too(judge: Judge) -> None:
    before = {"v00": {code: round(value * 1.1, 1) for code, value in USUAL.items()}}
    (found,) = judge({"v00": dict(USUAL, A001=90.0)}, previous=before)
    assert found.message == "职工人数填报90人，上年同期220人，只有上年同期的40.9%"
    assert judge({"v00": dict(USUAL, A001=140.0)}, previous=before) == ()


def test_what_fits_one_of_two_earlier_periods_is_not_asked(judge: Judge) -> None:
    odd_year = peers({"A001": 20})
    assert judge(peers(), previous=odd_year, closing=peers()) == ()
    assert told(judge(peers(), previous=odd_year)) == [("jump", "v00", ("A001",))]


def test_many_jumps_of_one_return_are_one_event(judge: Judge) -> None:
    (found,) = judge(
        peers({code: round(value / 4) for code, value in USUAL.items() if code not in ("A005", "A006", "A007")}), previous=peers()
    )
    assert (found.rule, set(found.indicators)) == ("jump_many", {"A001", "A002", "A003", "A004", "A008"} & set(found.indicators))
    assert len(found.indicators) >= 4
    assert "大幅减少" in found.message


def test_sudden_zero(judge: Judge) -> None:
    assert told(judge(peers({"A008": 0}), previous=peers())) == [("sudden_zero", "v00", ("A008",))]
    (blank,) = judge(peers({"A008": "blank"}), previous=peers())
    assert blank.message == "宣传资料没有填写，而上年同期149份"
    assert judge(peers({"A008": "—"}), previous=peers()) == ()
    assert judge(peers({"A003": 0}), previous=peers()) == ()  # too few to wonder


def test_a_zero_that_many_have_is_none(judge: Judge) -> None:
    now = peers()
    for number in range(4):
        now[village(number)]["A008"] = 0
    assert judge(now, previous=peers()) == ()


def test_cumulative_figures_do_not_fall(judge: Judge) -> None:
    (found,) = judge(peers({"A003": 5}), last=peers(shift=0.5) | {"v00": {"A003": 8}})
    assert (found.rule, found.expected, found.difference) == ("cumulative_falls", "不小于8人", "3人")
    assert found.message == "新增会员5人，本年上一期报表是8人，比上一期少"
    assert judge(peers({"A005": 1.24}), last={"v00": {"A005": 1.25}}) == ()  # rounding


def test_several_that_fall_are_told_at_once(judge: Judge) -> None:
    falling = {"A003": 5.0, "A004": 20.0, "A005": 0.9}
    (found,) = judge(peers(falling), last={"v00": {"A003": 8, "A004": 33, "A005": 1.1}})
    assert (found.rule, found.indicators) == ("cumulative_falls", ("A003", "A004", "A005"))


def test_one_sum_in_the_wrong_measure(judge: Judge) -> None:
    (found,) = judge(peers({"A005": 21000}), previous=peers())
    assert (found.rule, found.expected) == ("unit_slip", "约2.1万元")
    assert found.message == "帮扶资金填报21000万元，上年同期1.97万元，大约是其1万倍，像是以元填报（表中单位是万元）"
    (down,) = judge(peers({"A007": 0.52}), previous=peers())
    assert "大约是其万分之一，像是以万元填报（表中单位是元）" in down.message


def test_a_whole_column_in_the_wrong_measure(judge: Judge) -> None:
    (found,) = judge(peers({"A005": 21000, "A006": 6000}), previous=peers())
    assert (found.rule, found.indicators) == ("column_slip", ("A005", "A006"))
    assert found.message.startswith(
        "整张表以万元为单位的金额有2项大约是往期或同类水平的1万倍，像是以元填报（表中单位是万元）：帮扶资金21000万元（上年同期"
    )


def test_a_slip_shows_against_the_peers_where_nothing_earlier_is_known(judge: Judge) -> None:
    found = judge(peers({"A005": 21000, "A006": 6000}))
    assert told(found) == [("column_slip", "v00", ("A005", "A006"))]
    assert "按同类单位的一般水平约" in found[0].message


def test_copied_from_last_year(judge: Judge) -> None:
    before = peers()
    found = judge(peers(dict(before["v00"], A001=207), shift=1.17), previous=before)
    assert [one.rule for one in found] == ["copied"]
    assert "A001" not in found[0].indicators
    assert {"A003", "A004", "A008"} <= set(found[0].indicators)
    assert "与上年同期完全相同" in found[0].message


def test_stocks_that_stand_still_are_no_copies(judge: Judge) -> None:
    still = {village(number): {"A001": 100.0 + number, "A002": 90.0 + number} for number in range(12)}
    assert judge(still, previous=still) == ()


def test_small_figures_are_no_copies(judge: Judge) -> None:
    small: Figures = {"v00": dict.fromkeys(("A003", "A004", "A008"), 2.0) | {"A001": 200.0, "A002": 180.0}}
    assert judge(small, previous=small) == ()


def test_the_whole_of_last_year_in_half_a_year(judge: Judge) -> None:
    year = peers(shift=2.0)
    for number in range(12):
        year[village(number)] |= {"A001": USUAL["A001"], "A002": USUAL["A002"]}
    found = judge(peers({code: year["v00"][code] for code in USUAL}), previous=peers(), closing=year)
    assert "whole_year" in [one.rule for one in found]
    assert all(one.unit == "v00" for one in found)
    cells = [code for one in found for code in one.indicators]
    assert len(cells) == len(set(cells))  # each cell once


def test_outliers_of_which_nothing_earlier_is_known(judge: Judge) -> None:
    (found,) = judge(peers({"A004": 6100}, count=14))
    assert (found.rule, found.indicators) == ("outlier", ("A004",))
    assert found.message.startswith("培训人数填报6100人，按同类单位的一般水平约")
    assert judge(peers({"A004": 6100}, count=7)) == ()  # seven units say nothing of a level


MAY = date(2023, 5, 1)
MERGED = UnitTree(
    [Unit("a", "甲村工会", "village", closed=MAY, successors=("v00",)), *(Unit(village(n), f"村{n}工会", "village") for n in range(12))]
)


def test_a_unit_that_took_another_over_is_compared_with_both(judge: Judge) -> None:
    before = peers()
    twice = {code: 2 * float(value) for code, value in peers()["v00"].items()}
    past = before | {"a": dict(before["v00"])}
    assert judge(peers(twice), units=MERGED, previous=past) == ()
    (found,) = judge(peers(twice | {"A001": 20}), units=MERGED, previous=past)
    assert found.message.startswith("职工人数填报20人，上年同期376人（含并入的甲村工会），只有上年同期的5.3%")


def test_a_unit_that_took_over_one_that_never_reported_is_not_compared(judge: Judge) -> None:
    assert judge(peers({"A001": 2000}), units=MERGED, previous=peers()) == ()


def test_units_of_a_split_are_compared_together(judge: Judge) -> None:
    units = UnitTree(
        [
            Unit("a", "甲村工会", "village", closed=MAY, successors=("b", "c")),
            *(Unit(code, f"{code}村工会", "village", opened=MAY) for code in "bc"),
        ]
    )
    before = {"a": {"A001": 200.0}}
    assert judge({"b": {"A001": 120.0}, "c": {"A001": 80.0}}, units=units, previous=before) == ()
    (found,) = judge({"b": {"A001": 120.0}, "c": {"A001": 70.0}}, units=units, previous=before)
    assert found.message == "b村工会、c村工会合计（由甲村工会拆分合并而来）：职工人数190人，上年同期200人，相差10人"
    assert [cell.value for cell in found.cells] == ["120", "70"]
    assert judge({"b": {"A001": 120.0}, "c": {"A001": "blank"}}, units=units, previous=before) == ()
