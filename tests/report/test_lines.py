"""Lines that fit the narrowest usual console."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconcile.report.lines import WIDTH, width, wrapped


def test_a_chinese_character_takes_two_columns() -> None:
    assert (width("会员"), width("A008"), width("会员A008，")) == (4, 4, 10)


def test_what_fits_stays_in_one_line() -> None:
    assert wrapped("会员人数", indent="  ", hanging="    ") == ["  会员人数"]
    assert wrapped("") == [""]


def test_chinese_breaks_anywhere_but_before_closing_marks() -> None:
    assert wrapped("会" * 40 + "。员") == ["会" * 39, "会。员"]
    assert wrapped("会" * 41, hanging="  ") == ["会" * 40, "  会"]


def test_numbers_and_words_are_kept_whole() -> None:
    assert wrapped("会" * 38 + "123456.78元", hanging="  ") == ["会" * 38, "  123456.78元"]
    assert wrapped("x" * 100) == ["x" * 80, "x" * 20]


@given(st.text(alphabet="会员人数，。（）A1 .→", max_size=200))
def test_nothing_is_lost_and_no_line_is_longer(text: str) -> None:
    lines = wrapped(text, indent="  ", hanging="    ")
    assert all(width(line) <= WIDTH for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
