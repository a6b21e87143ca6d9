"""What counts as a reason, and for which values it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.round import ANSWERS_COLUMNS, REASONS_COLUMNS, Round
from reconcile.scheme.replies import Replies, Reply, says_something, standing_answers, value_key, values_key
from reconcile.scheme.scheme import Scheme

QUERY = Finding(
    tier=Tier.QUERY,
    rule="Q1",
    unit="01",
    unit_name="一村",
    period="2023H1",
    return_id="01",
    indicators=("A001", "A002"),
    cells=(CellAt("一村.xlsx", "组织", "D4", "30"), CellAt("一村.xlsx", "组织", "D5", "35")),
    observed="35人",
    expected="不大于30人",
    difference="5人",
    message="",
    advice="",
)


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    rules = "Q1|会员 <= 职工||query||||会员多|\nQ2|@alike||query||||像|"
    return make_scheme("A001|职工|人|stock|0|*|\nA002|会员|人|stock|0|*|", rules=rules)


def spoken(
    made: Round, *, reasons: tuple[tuple[str, str, str], ...] = (), answers: tuple[tuple[str, str, str, str, str], ...] = ()
) -> Round:
    return replace(
        made,
        reasons=pd.DataFrame(list(reasons), columns=list(REASONS_COLUMNS)),
        answers=pd.DataFrame(list(answers), columns=list(ANSWERS_COLUMNS)),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("核实无误", "无误", "情况属实", "同上", "已核实", "", " ", "　", "。", "—", "-", "/", "……"),
        *("核实无误。", "已 核 实 ，无 误！", "经核实，数据无误。", "经我单位认真核对，情况属实，数据准确", "属实", "正确", "没问题", "无"),
        *(
            "以实际为准",
            "据实填报",
            "确实如此",
            "同上条",
            "已确认，没有问题",
            "OK",
            "ＯＫ",
            "12",
            "3人",
            "请予以认可",
            "待核实",
            "数字没有变化",
        ),
        *("情况属实，同意上报", "是的", "好", "核实 无误 1"),
    ],
)
def test_words_that_give_no_reason(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize(
    "text",
    [
        *("含派遣工5人", "派遣", "多出的3人是劳务派遣工", "本年新建企业3家，职工增加120人", "情况属实：去年漏报了二分厂", "企业搬迁"),
        *("经核实，无误，系农民工返乡所致", "上年未统计退休返聘人员", "6月底撤并两个车间", "同一企业分两个车间签订", "实物慰问，没有发钱"),
        *("两份合同为区域性合同", "发放米面油，未发现金", "疫情停工"),
    ],
)
def test_words_that_give_one(text: str) -> None:
    assert says_something(text)


@pytest.mark.parametrize(("one", "other"), [("35", "35.0"), ("３５", "35"), ("1,850", "1850"), (" 约30 ", "约30"), ("-0", "0")])
def test_equal_values_have_equal_keys(one: str, other: str) -> None:
    assert value_key(one) == value_key(other)


def test_a_key_knows_values_and_not_places(scheme: Scheme) -> None:
    moved = replace(QUERY, cells=tuple(replace(cell, file="新.xlsx", sheet="表", cell=f"Z{cell.cell}") for cell in QUERY.cells))
    changed = replace(QUERY, cells=(replace(QUERY.cells[0], value="31"), QUERY.cells[1]))
    assert values_key(moved, scheme) == values_key(QUERY, scheme) != values_key(changed, scheme)


def test_an_expression_is_also_about_what_it_compared_with(scheme: Scheme) -> None:
    other_past = replace(QUERY, expected="不大于29人")
    assert values_key(other_past, scheme) != values_key(QUERY, scheme)
    named = replace(QUERY, rule="Q2")
    assert values_key(replace(named, expected="同类单位中位数3"), scheme) == values_key(named, scheme)


def test_a_reason_on_the_form_answers_what_is_asked_about_its_figure(make_round: Callable[..., Round], scheme: Scheme) -> None:
    made = make_round({"01": {"A001": 30.0, "A002": 35.0}})
    told = Replies(spoken(made, reasons=(("01", "A002", "含派遣工5人"), ("02", "A001", "别家的"))), scheme)
    assert told.to(QUERY) == Reply("含派遣工5人", usable=True, lapsed=False)
    assert told.to(replace(QUERY, indicators=("A001",))) is None
    assert told.to(replace(QUERY, return_id="")) == Reply("含派遣工5人", usable=True, lapsed=False)
    assert told.to(replace(QUERY, return_id="", unit="02")) is None


def test_an_answer_stands_for_its_values_only(make_round: Callable[..., Round], scheme: Scheme) -> None:
    made = make_round({"01": {"A001": 30.0, "A002": 36.0}})
    answer = ("01", "Q1", "A001;A002", values_key(QUERY, scheme), "含派遣工5人")
    told = Replies(spoken(made, answers=(answer,)), scheme)
    assert told.to(QUERY) == Reply("含派遣工5人", usable=True, lapsed=False)
    changed = replace(QUERY, cells=(QUERY.cells[0], replace(QUERY.cells[1], value="36")), observed="36人")
    assert told.to(changed) == Reply("含派遣工5人", usable=True, lapsed=True)
    assert told.to(replace(changed, rule="Q2")) is None


def test_the_same_text_on_the_form_lapses_with_its_answer(make_round: Callable[..., Round], scheme: Scheme) -> None:
    made = make_round({"01": {"A001": 30.0, "A002": 36.0}})
    answer = ("01", "Q1", "A002;A001", "k0", "含派遣工5人")
    reply = Replies(spoken(made, reasons=(("01", "A002", "含派遣工5人"),), answers=(answer,)), scheme).to(QUERY)
    assert reply == Reply("含派遣工5人", usable=True, lapsed=True)
    rewritten = Replies(spoken(made, reasons=(("01", "A002", "含派遣工6人"),), answers=(answer,)), scheme).to(QUERY)
    assert rewritten == Reply("含派遣工6人", usable=True, lapsed=False)


def test_a_reason_whose_own_figure_changed_has_lapsed_for_all_that_is_asked(make_round: Callable[..., Round], scheme: Scheme) -> None:
    made = make_round({"01": {"A001": 30.0, "A002": 36.0}})
    told = Replies(spoken(made, answers=(("01", "", "A002", "", "含派遣工5人"),)), scheme)
    assert told.to(QUERY) == Reply("含派遣工5人", usable=True, lapsed=True)
    assert told.to(replace(QUERY, indicators=("A001",))) is None


def test_several_reasons_are_one_reply_without_those_that_say_nothing(make_round: Callable[..., Round], scheme: Scheme) -> None:
    made = make_round({"01": {"A001": 30.0, "A002": 35.0}})
    both = Replies(spoken(made, reasons=(("01", "A001", "情况属实"), ("01", "A002", "含派遣工"))), scheme)
    assert both.to(QUERY) == Reply("含派遣工", usable=True, lapsed=False)
    neither = Replies(spoken(made, reasons=(("01", "A001", "情况属实"), ("01", "A002", "同上"))), scheme)
    assert neither.to(QUERY) == Reply("情况属实；同上", usable=False, lapsed=False)


def test_what_is_answered_goes_along(scheme: Scheme) -> None:
    answered = replace(QUERY, reason="含派遣工5人")
    assert list(standing_answers([QUERY, answered], scheme)) == [
        {"rule": "Q1", "indicators": "A001;A002", "values": values_key(QUERY, scheme), "text": "含派遣工5人"}
    ]
