"""What is said of a rule about one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from reconcile.scheme.account import Account
from reconcile.scheme.environment import TotalsEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.scheme.scheme import Scheme

INDICATORS = """
    A001|职工人数|人|stock
    A002|会员人数|人|stock
    A003|入会率|%|rate|1
    C001|救助金额|万元|flow|2
    C002|救济金|元|flow|2
"""


@pytest.fixture(scope="module")
def account(make_scheme: Callable[..., Scheme]) -> Callable[..., Account]:
    def make(check: str, message: str = "", *, previous: float = float("nan"), **figures: float) -> Account:
        scheme = make_scheme(INDICATORS, rules=f"R|{check}||error||||{message}|")
        columns = {code: np.array([figure]) for code, figure in figures.items()}
        return Account(
            scheme.rules[0], scheme, TotalsEnvironment(1, {("this", "unit"): columns, ("previous", "unit"): {"A001": np.array([previous])}})
        )

    return make


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("会员人数 <= 职工人数", ("21人", "不大于12.5人", "8.5人")),
        ("会员人数 = 职工人数", ("21人", "12.5人", "8.5人")),
        ("会员人数 > 职工人数 * 2", ("21人", "大于25人", "4人")),
        ("会员人数 != 21", ("21人", "不等于21人", "")),
        ("入会率 = 会员人数 / 职工人数 * 100", ("83.33%", "168%", "84.67个百分点")),
        ("会员人数 / 职工人数 <= 1", ("1.68", "不大于1", "0.68")),
        ("救济金 / 10000 <= 救助金额", ("0.3万元", "不大于0.1万元", "0.2万元")),
        ("if 职工人数 > 0 then 会员人数 <= 职工人数", ("21人", "不大于12.5人", "8.5人")),
        ("0 <= 入会率 <= 50", ("83.33%", "", "")),
        ("会员人数 = 0 or 职工人数 = 0", ("", "", "")),
        ("会员人数 <= previous(职工人数)", ("21人", "", "")),
    ],
)
def test_both_sides_with_their_measure(account: Callable[..., Account], check: str, told: tuple[str, str, str]) -> None:
    made = account(check, A001=12.5, A002=21, A003=83.3333333, C001=0.1, C002=3000)
    assert (made.observed(0), made.expected(0), made.difference(0)) == told


def test_placeholders_are_names_or_expressions(account: Callable[..., Account]) -> None:
    message = "{会员人数}{A001}{上年同期职工人数}{previous(A001)}{会员人数 - 职工人数}{会员人数 / 职工人数}{救济金}{单位}{算式}{应为}"
    fields = account("会员人数 <= 职工人数", message, previous=7, A001=12, A002=21).fields(0)
    assert fields == {
        "差": "9人",
        "应为": "不大于12人",
        "算式": "会员人数≤职工人数",
        "会员人数": "21人",
        "A001": "12人",
        "上年同期职工人数": "7人",
        "previous(A001)": "7人",
        "会员人数 - 职工人数": "9人",
        "会员人数 / 职工人数": "1.75",
        "救济金": "未填",
    }


def test_without_sides_the_relation_itself_is_what_is_expected(account: Callable[..., Account]) -> None:
    assert account("0 <= 入会率 <= 50", A003=83).fields(0)["应为"] == "入会率应在0至50之间"


def test_an_earlier_figure_that_is_not_known_is_not_called_blank(account: Callable[..., Account]) -> None:
    assert account("会员人数 > 0", "{上年同期职工人数}", A002=1).fields(0)["上年同期职工人数"] == "无数据"


def test_sums_of_parts_are_told_exactly(account: Callable[..., Account]) -> None:
    assert account("救助金额 + 0.2 = 0.31", C001=0.1).difference(0) == "0.01万元"
