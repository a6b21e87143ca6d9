"""Periods are known by their last day."""

from __future__ import annotations

from datetime import date

import pytest

from reconcile.model.period import Period


@pytest.mark.parametrize(
    ("written", "short", "last_day", "chinese"),
    [
        ("2023H1", "2023H1", date(2023, 6, 30), "2023年上半年"),
        ("2023h2", "2023H2", date(2023, 12, 31), "2023年下半年"),
        ("2023", "2023", date(2023, 12, 31), "2023年"),
        ("2023Q2", "2023Q2", date(2023, 6, 30), "2023年二季度"),
        ("2023-06", "2023-06", date(2023, 6, 30), "2023年6月"),
        ("202402", "2024-02", date(2024, 2, 29), "2024年2月"),
        ("2023年上半年", "2023H1", date(2023, 6, 30), "2023年上半年"),
        ("2023 年 上半年", "2023H1", date(2023, 6, 30), "2023年上半年"),
        ("2023年第三季度", "2023Q3", date(2023, 9, 30), "2023年三季度"),
        ("2023年度", "2023", date(2023, 12, 31), "2023年"),
        ("2023年全年", "2023", date(2023, 12, 31), "2023年"),
        ("2023年1-6月", "2023-06", date(2023, 6, 30), "2023年6月"),
        ("２０２３年6月", "2023-06", date(2023, 6, 30), "2023年6月"),
    ],
)
def test_what_clerks_write(written: str, short: str, last_day: date, chinese: str) -> None:
    period = Period.parse(written)
    assert period is not None
    assert (str(period), period.last_day, period.chinese) == (short, last_day, chinese)


@pytest.mark.parametrize("written", ["", "上半年", "2023H3", "2023Q5", "2023-13", "1023", "23H1", "2023年13月"])
def test_what_is_no_period(written: str) -> None:
    assert Period.parse(written) is None


def test_quarter_half_and_month_carry_the_same_cumulative_figures() -> None:
    half, quarter, month, year = (Period.parse(text) for text in ("2023H1", "2023Q2", "2023-06", "2023"))
    assert half and quarter and month and year
    assert half.same_end(quarter)
    assert half.same_end(month)
    assert not half.same_end(year)


def test_neighbours() -> None:
    half = Period.parse("2023H1")
    assert half
    assert str(half.previous) == "2022H1"
    assert half.closing.last_day == date(2022, 12, 31)
