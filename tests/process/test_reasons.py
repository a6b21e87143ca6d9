"""Which queries a unit has answered, and what is told about answers that do not count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.round import ANSWERS_COLUMNS, REASONS_COLUMNS, Round
from reconcile.process.reasons import answered
from reconcile.scheme.replies import values_key
from reconcile.scheme.scheme import Scheme

CELLS = (CellAt("一村.xlsx", "组织", "D4", "30"), CellAt("一村.xlsx", "组织", "D5", "35"))
QUERY = Finding(Tier.QUERY, "Q1", "01", "一村", "2023H1", "01", ("A001", "A002"), CELLS, "35人", "不大于30人", "5人", "会员多出5人", "")
RULES = """
Q1|会员 <= 职工||query||||会员多|
N1|@reason_empty||note||||说明“{说明}”没有讲清：{问题}|请写明
N2|@reason_lapsed||note||||说明“{说明}”已失效：{问题}|请重写
"""


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme("A001|职工|人|stock|0|*|\nA002|会员|人|stock|0|*|", rules=RULES)


@pytest.fixture
def said(make_round: Callable[..., Round]) -> Callable[..., Round]:
    def make(*reasons: tuple[str, str, str], answers: tuple[tuple[str, ...], ...] = ()) -> Round:
        return replace(
            make_round({"01": {"A001": 30.0, "A002": 35.0}}),
            reasons=pd.DataFrame(list(reasons), columns=list(REASONS_COLUMNS)),
            answers=pd.DataFrame(list(answers), columns=list(ANSWERS_COLUMNS)),
        )

    return make


def test_a_reason_closes_the_query_and_keeps_it_in_the_list(said: Callable[..., Round], scheme: Scheme) -> None:
    (found,) = answered([QUERY], said(("01", "A002", "含派遣工5人")), scheme)
    assert found == replace(QUERY, reason="含派遣工5人")
    assert not found.open


def test_a_reason_never_closes_an_error_nor_touches_a_note(said: Callable[..., Round], scheme: Scheme) -> None:
    error, note = replace(QUERY, tier=Tier.ERROR), replace(QUERY, tier=Tier.NOTE)
    assert answered([error, note], said(("01", "A002", "含派遣工5人")), scheme) == (error, note)
    assert error.open


def test_words_that_give_no_reason_leave_it_open_and_are_told(said: Callable[..., Round], scheme: Scheme) -> None:
    found, remark = answered([QUERY], said(("01", "A002", "核实无误。")), scheme)
    assert found == QUERY
    assert (remark.tier, remark.rule, remark.return_id, remark.cells) == (Tier.NOTE, "N1", "01", CELLS)
    assert remark.message == "说明“核实无误。”没有讲清：会员多出5人"


def test_a_reason_for_other_values_has_lapsed_and_is_told(said: Callable[..., Round], scheme: Scheme) -> None:
    older = replace(QUERY, cells=(CELLS[0], replace(CELLS[1], value="36")), observed="36人")
    answer = ("01", "Q1", "A001;A002", values_key(older, scheme), "含派遣工6人")
    found, remark = answered([QUERY], said(answers=(answer,)), scheme)
    assert found.open
    assert remark.message == "说明“含派遣工6人”已失效：会员多出5人"
    (closed,) = answered([older], said(answers=(answer,)), scheme)
    assert closed.reason == "含派遣工6人"


def test_a_reason_beside_a_figure_does_not_speak_of_other_units(said: Callable[..., Round], make_scheme: Callable[..., Scheme]) -> None:
    scheme = make_scheme("A001|职工|人|stock|0|*|\nA002|会员|人|stock|0|*|", rules=RULES + "Q3|@aided_elsewhere||query||||同一人|")
    other = replace(QUERY, rule="Q3")
    assert answered([other], said(("01", "A002", "含派遣工5人")), scheme) == (other,)
    answer = ("01", "Q3", "A001;A002", values_key(other, scheme), "本人两处都有困难")
    assert answered([other], said(answers=(answer,)), scheme)[0].reason == "本人两处都有困难"


def test_one_text_is_told_once_a_return(said: Callable[..., Round], scheme: Scheme) -> None:
    found = answered([QUERY, replace(QUERY, rule="Q2")], said(("01", "A002", "同上")), scheme)
    assert [one.rule for one in found] == ["Q1", "Q2", "N1"]


def test_a_scheme_without_these_checks_is_silent(said: Callable[..., Round], make_scheme: Callable[..., Scheme]) -> None:
    bare = make_scheme("A001|职工|人|stock|0|*|\nA002|会员|人|stock|0|*|", rules="Q1|会员 <= 职工||query||||会员多|")
    assert answered([QUERY], said(("01", "A002", "同上")), bare) == (QUERY,)
