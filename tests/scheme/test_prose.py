"""From rendered text to blocks: punctuation, headings, numbering, marks."""

from __future__ import annotations

import pytest

from reconcile.model.narrative import Level
from reconcile.scheme.passage import absent, gone, mark, mend, plain, plain_name, settle, zero
from reconcile.scheme.prose import chinese_number, finished, page


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        ("新建9个，。", "新建9个。"),
        ("新建9个；，会员3人。", "新建9个；会员3人。"),
        ("，新建9个。", "新建9个。"),
        ("其中：，甲。", "其中：甲。"),
        ("新建9个（）。", "新建9个。"),
        ("新建9个（，其中3个联合），。", "新建9个（其中3个联合）。"),
        ("好。。", "好。"),
        ("省略……号", "省略……号"),
    ],
)
def test_punctuation_is_mended(written: str, mended: str) -> None:
    assert mend(written) == mended


def test_a_sentence_ends_with_one_stop() -> None:
    assert settle("新建9个", ending="。") == "新建9个。"
    assert settle("新建9个，", ending="。") == "新建9个。"
    assert settle("\n  新建9个，\n  会员3人。\n", ending="。") == "新建9个，会员3人。"


def test_missing_weighs_more_than_zero() -> None:
    assert settle(f"甲{absent('乙')}丙0{zero('丙')}", ending="。") == gone("未填报", ["乙"])
    assert settle(f"丙{mark(0, '0人')}{zero('丙')}") == gone("为零", ["丙"])


def test_text_from_outside_cannot_forge_marks_or_headings() -> None:
    assert plain(f"甲{mark(7, '乙')}") == "甲7乙"
    assert plain_name("## 甲\n# 乙") == "甲 # 乙"


@pytest.mark.parametrize(("number", "said"), [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五")])
def test_numbers_of_headings(number: int, said: str) -> None:
    assert chinese_number(number) == said


def test_figures_are_found_again_in_the_order_they_are_read() -> None:
    made = page(f"# 题\n## 甲\n会员{mark(5, '3人')}，工会{mark(2, '4个')}。新建{mark(5, '3人')}。")
    blocks, printed = finished(made.pieces)
    assert [(block.level, block.text) for block in blocks] == [
        (Level.TITLE, "题"),
        (Level.HEADING, "一、甲"),
        (Level.PARAGRAPH, "会员3人，工会4个。新建3人。"),
    ]
    assert blocks[2].figures == ((2, 4, 1), (7, 9, 2), (12, 14, 3))
    assert [(one.number, one.text, one.section, one.sentence) for one in printed] == [
        (5, "3人", "甲", "会员3人，工会4个。"),
        (2, "4个", "甲", "会员3人，工会4个。"),
        (5, "3人", "甲", "新建3人。"),
    ]


def test_a_paragraph_with_a_missing_figure_outside_any_sentence_is_left_out() -> None:
    made = page(f"## 甲\n会员{absent('会员人数')}。")
    assert made.pieces == []
    assert [(one.section, one.indicators, one.reason) for one in made.left_out] == [("甲", ("会员人数",), "未填报")]
