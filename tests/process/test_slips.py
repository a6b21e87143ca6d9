"""Slips: the numbers that one slip of the hand would have made what stands there of."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein

from reconcile.model.suspicion import Slip
from reconcile.process.slips import SHARES, Meant, Written, digit_slips, merged, other, sign_slips, slips, unit_slips


def kinds(value: float, meant: float, **words: object) -> set[Slip]:
    """Under which kind `meant` is among the slips that lead to `value`."""
    return {one.slip for one in slips(value, **words) if one.value == meant}  # type: ignore[arg-type] # keywords of slips


def digits(value: float, meant: float) -> set[Slip]:
    """The same of the slips of digits alone."""
    figure = Written.of(value)
    assert figure is not None
    return {one.slip for one in digit_slips(figure) if one.value == meant}


@pytest.mark.parametrize(
    ("reported", "meant", "slip"),
    [
        (36, 63, Slip.SWAPPED_DIGITS),
        (321, 123, Slip.SWAPPED_DIGITS),  # not side by side
        (135, 185, Slip.WRONG_DIGIT),
        (15, 185, Slip.LOST_DIGIT),
        (42.9, 42.59, Slip.LOST_DIGIT),  # after the point
        (42, 42.5, Slip.LOST_DIGIT),
        (1885, 185, Slip.EXTRA_DIGIT),
        (1785, 185, Slip.EXTRA_DIGIT),
        (0, 8, Slip.WRONG_DIGIT),
    ],
)
def test_digits(reported: float, meant: float, slip: Slip) -> None:
    assert slip in digits(reported, meant)


def test_what_nobody_writes_is_not_meant() -> None:
    found = {one.value for one in slips(105)}
    assert 5 not in found  # 05
    assert 501 in found
    figure = Written("21.5", negative=False, factor=Decimal(1))
    assert {one.slip for one in digit_slips(figure) if one.value == 21} == {Slip.EXTRA_DIGIT}  # 21.0 is written by nobody


def test_a_doubled_digit_is_likelier_than_any_other_digit_too_many() -> None:
    weights = {one.value: one.weight for one in slips(1885)}
    assert weights[185] > weights[885]


def test_neighbours_are_swapped_more_often_than_others() -> None:
    weights = {one.value: one.weight for one in slips(123)}
    assert weights[213] > weights[321]


@pytest.mark.parametrize(
    ("reported", "meant", "money"),
    [(21000, 2.1, True), (0.0005, 5, True), (1850, 185, False), (18, 180, False), (5, 500, False)],
)
def test_measures_and_zeros(reported: float, meant: float, money: bool) -> None:
    assert kinds(reported, meant, money=money, decimals=2) == {Slip.UNIT}


def test_money_slips_by_ten_thousand_first() -> None:
    found = sorted(unit_slips(23, money=True), key=lambda one: -one.weight)
    assert {one.value for one in found[:2]} == {0.0023, 230000}
    assert {one.value for one in sorted(unit_slips(23, money=False), key=lambda one: -one.weight)[:2]} == {2.3, 230}


def test_powers_of_ten_are_exact() -> None:
    assert 716.75 in {one.value for one in unit_slips(716750, money=True)}
    assert {one.value for one in unit_slips(0, money=True)} == set()


def test_heads_are_whole_and_not_below_zero() -> None:
    assert all(one.value >= 0 and one.value == int(one.value) for one in slips(-35))
    assert kinds(-35, 35) == {Slip.SIGN}
    assert not any(one.value < 0 for one in slips(35))
    assert kinds(35, -35, below_zero=True) == {Slip.SIGN}
    assert list(sign_slips(0)) == []


def test_digits_are_those_that_were_typed() -> None:
    """21000元 in a 万元 cell is read as 2.1; the hand that slipped wrote 21000."""
    found = {one.value for one in slips(2.1, typed="21,000元", money=True, decimals=2)}
    assert 1.2 in found
    assert 2.01 in found  # 20100元
    assert 2.2 not in {one.value for one in slips(2.1, typed="2万1千", money=True) if one.slip is Slip.SIGN}


def test_what_is_no_number_has_no_slips() -> None:
    assert slips(math.nan) == ()
    assert slips(1234567890123456789.0) == ()


def test_a_value_is_listed_once_under_its_likeliest_kind() -> None:
    one, two = Meant(5, Slip.WRONG_DIGIT, math.log(0.1)), Meant(5, Slip.UNIT, math.log(0.3))
    assert merged([one, two]) == (Meant(5, Slip.UNIT, pytest.approx(math.log(0.4))),)


def test_shares_are_shares() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)
    assert all(one.weight < 0 for one in slips(1885))
    assert other(1885) < min(one.weight for one in slips(1885) if one.slip is not Slip.UNIT)


@given(st.integers(0, 10**9))
def test_slips_of_digits_are_one_edit_away(value: int) -> None:
    figure = Written.of(float(value))
    assert figure is not None
    near = [one for one in digit_slips(figure) if one.slip is not Slip.SWAPPED_DIGITS and one.value == int(one.value)]
    assert all(DamerauLevenshtein.distance(str(value), str(int(one.value))) == 1 for one in near)


@given(st.integers(1, 10**6), st.integers(0, 6), st.sampled_from("0123456789"))
def test_every_single_wrong_digit_is_found(value: int, place: int, digit: str) -> None:
    text = str(value)
    place %= len(text)
    wrong = text[:place] + digit + text[place + 1 :]
    if wrong[0] != "0" and wrong != text:
        assert float(value) in {one.value for one in slips(float(wrong))}
