"""Comparisons as official papers word them."""

from __future__ import annotations

import pytest

from reconcile.scheme.comparison import CLOSING, PREVIOUS, compare, money, share


@pytest.mark.parametrize(
    ("now", "before", "measure", "decimals", "said"),
    [
        (112.3, 100, "万元", 2, "同比增长12.3%"),
        (1850, 2000, "人", 0, "同比下降7.5%"),
        (250, 100, "人", 0, "同比增长150.0%"),
        (12, 12, "个", 0, "与上年同期持平"),
        (12.001, 12, "万元", 2, "与上年同期持平"),  # 0.001 prints as nothing
        (12, 9, "个", 0, "比上年同期增加3个"),  # base under 10
        (2, 9, "个", 0, "比上年同期减少7个"),
        (9, 0, "个", 0, "上年同期为零"),
        (10001, 10000, "人", 0, "比上年同期增加1人"),  # 0.01 % would be rounded away
        (20000, 10, "人", 0, "比上年同期增加19990人"),
        (97.5, 96.2, "%", 1, "比上年同期提高1.3个百分点"),
        (94.05, 100, "%", 1, "比上年同期下降6个百分点"),  # 5.95, rounded once: not the difference of what is printed
    ],
)
def test_comparison_with_last_year(now: float, before: float, measure: str, decimals: int, said: str) -> None:
    found = compare(now, before, base=PREVIOUS, measure=measure, decimals=decimals)
    assert found is not None
    assert found.words + found.text == said


def test_comparison_with_the_end_of_last_year() -> None:
    grown = compare(1085, 1000, base=CLOSING, measure="人", decimals=0)
    assert grown is not None
    assert (grown.words, grown.text, grown.how, grown.value, grown.measure) == ("比上年末增长", "8.5%", "growth", 8.5, "%")


def test_what_is_unknown_is_not_compared() -> None:
    assert compare(float("nan"), 3, base=PREVIOUS, measure="人", decimals=0) is None
    assert compare(3, float("nan"), base=PREVIOUS, measure="人", decimals=0) is None


def test_share_is_rounded_once_half_up() -> None:
    assert str(share(1, 8)) == "12.5"
    assert str(share(1.115, 100)) == "1.1"
    assert share(1, 0) is None
    assert share(float("nan"), 3) is None


def test_money_says_the_same_amount() -> None:
    assert money(21000, decimals=2) == ("2.1", "万元")
    assert money(12345678900, decimals=2) == ("1234567.89", "万元")
    assert money(56149, decimals=2) == ("56149", "元")
    assert money(9999.994, decimals=2) == ("9999.99", "元")
    assert money(10000.5, decimals=2) == ("10000.5", "元")
