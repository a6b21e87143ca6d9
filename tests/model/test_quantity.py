"""Numerals as clerks write them, exact sums, rounding once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.model.quantity import Measure, convert, format_number, micro, read_number, round_half_up

YUAN = Measure("元", Decimal(1), "元", whole=False, rounded=False)
WAN_YUAN = Measure("万元", Decimal(10000), "元", whole=False, rounded=True)
PEOPLE = Measure("人", Decimal(1), "人", whole=True, rounded=False)


@pytest.mark.parametrize(
    ("text", "value", "word", "met"),
    [
        ("35", "35", "", ""),
        ("３５", "35", "", "fullwidth"),
        ("1,850", "1850", "", "thousands"),
        ("1，850", "1850", "", "fullwidth thousands"),
        ("1 850", "1850", "", "thousands"),
        ("1,850.50", "1850.50", "", "thousands"),
        (" 35 ", "35", "", "spaces"),
        ("35\xa0", "35", "", "spaces"),
        ("35 人", "35", "人", "word"),
        ("35人（次）", "35", "人（次）", "word"),
        ("3元/人", "3", "元/人", "word"),
        ("2.1万", "21000", "", "magnitude"),
        ("2.1万元", "21000", "元", "magnitude word"),
        ("3亿", "300000000", "", "magnitude"),
        ("20百分点", "20", "百分点", "word"),
        ("95%", "95", "", "percent"),
        ("95％", "95", "", "fullwidth percent"),
        ("百分之九十五", "95", "", "chinese percent"),
        ("-5", "-5", "", ""),
        ("−5", "-5", "", ""),
        ("－5", "-5", "", "fullwidth"),
        ("+5", "5", "", ""),
        ("35。", "35", "", ""),
        ("贰拾", "20", "", "chinese"),
        ("壹佰元整", "100", "元", "chinese word"),
        ("一百二十三", "123", "", "chinese"),
        ("三万五", "35000", "", "chinese"),
        ("三点五万", "35000", "", "chinese magnitude"),
        ("3万5千", "35000", "", "chinese"),
        ("二〇二三", "2023", "", "chinese"),
        ("两", "2", "", "chinese"),
        ("十五", "15", "", "chinese"),
        ("廿三", "23", "", "chinese"),
        ("卅", "30", "", "chinese"),
    ],
)
def test_a_number_is_read_exactly_and_tells_what_was_met(text: str, value: str, word: str, met: str) -> None:
    numeral = read_number(text)
    assert numeral is not None
    assert (numeral.value, numeral.word, numeral.met) == (Decimal(value), word, frozenset(met.split()))


@pytest.mark.parametrize(
    ("text", "value", "roughly"),
    [
        ("约30", 30, "about"),
        ("30左右", 30, "about"),
        ("30人左右", 30, "about"),
        ("30余", 30, "more"),
        ("30多", 30, "more"),
        ("30余万元", 300000, "more"),
        ("三十多万", 300000, "more"),
        ("十余人", 10, "more"),
        ("近30", 30, "nearly"),
        ("不足30", 30, "under"),
        ("30以上", 30, "at_least"),
        ("30+", 30, "at_least"),
        ("上百", 100, "at_least"),
        ("上千人", 1000, "at_least"),
    ],
)
def test_a_hedged_number_keeps_its_hedge(text: str, value: int, roughly: str) -> None:
    numeral = read_number(text)
    assert numeral is not None
    assert (numeral.value, numeral.roughly) == (value, roughly)
    assert "approximate" in numeral.met


@pytest.mark.parametrize(
    "text",
    [
        "",
        "O",
        "见附件",
        "3 5",
        "30-40",
        "1,85",
        "12345,678",
        "1,850,",
        "12.5.3",
        "1e5",
        "2023年6月",
        "第三",
        "数十",
        "十几",
        "三四十",
        "五六",
        "三分之一",
        "万元",
        "千万",
        "约",
        "9" * 41,
    ],
)
def test_what_is_not_one_number_is_none(text: str) -> None:
    assert read_number(text) is None


@given(st.text(alphabet="0123456789０１.,，-−%＋ 约近上余多左右以一二两三十百千万亿零〇点负元人贰拾廿　\xa0", max_size=12))
def test_reading_never_raises(text: str) -> None:
    numeral = read_number(text)
    assert numeral is None or numeral.value.is_finite()


@given(st.integers(min_value=0, max_value=10**12))
def test_digits_come_back_however_they_are_grouped(number: int) -> None:
    for text in (str(number), f"{number:,}", f"{number:,}".replace(",", "，"), f" {number}人"):
        numeral = read_number(text)
        assert numeral is not None
        assert numeral.value == number


def test_micro_is_exact_and_independent_of_order() -> None:
    assert [micro(value) for value in (0.1, 35.0, -2.5, 1e-7, 5e-7, Decimal("0.1234565"), 1e20)] == [
        100000,
        35000000,
        -2500000,
        0,
        1,
        123457,
        10**26,
    ]
    assert micro(0.1) + micro(0.2) == micro(0.3)
    with pytest.raises(ValueError, match="nan"):
        micro(float("nan"))


@given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=6)))
def test_sums_of_micro_lose_nothing(values: list[Decimal]) -> None:
    assert sum(micro(float(value)) for value in values) == int(sum(values, Decimal(0)) * 10**6)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (12.3, 1, "12.3"),
        (100.0, 2, "100"),
        (5.6149, 2, "5.61"),
        (2.675, 2, "2.68"),
        (0.125, 2, "0.13"),
        (1.005, 2, "1.01"),
        (-0.001, 2, "0"),
        (-2.5, 0, "-3"),
        (1e22, 0, "1" + "0" * 22),
        (1e-7, 4, "0"),
        (1850, 0, "1850"),
        (float("nan"), 1, ""),
        (float("inf"), 1, ""),
    ],
)
def test_figures_are_rounded_once_on_their_decimals(value: float, decimals: int, text: str) -> None:
    assert format_number(value, decimals) == text


def test_half_even_is_an_option() -> None:
    assert round_half_up(0.125, 2) == Decimal("0.13")
    assert round_half_up(0.125, 2, half_even=True) == Decimal("0.12")


def test_measures_of_one_base_convert_exactly() -> None:
    assert convert(56149, YUAN, WAN_YUAN) == Decimal("5.6149")
    assert convert(2.1, WAN_YUAN, YUAN) == 21000
    assert not YUAN.comparable(PEOPLE)
    with pytest.raises(ValueError, match="人"):
        convert(1, PEOPLE, YUAN)
