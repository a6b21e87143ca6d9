"""Where things stand in a form, and the words by which they are found again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconcile.scheme.form import Role, bare, cover_field, plan, role_of, sheet_title, squeeze
from reconcile.scheme.scheme import Scheme

INDICATORS = """
A001|职工人数|人|stock|0|village;town|
A002|女职工人数|人|stock|0|village|
A003|联合会数|个|stock|0|town|
T001|主要做法|文字|text|0|*|
"""
LISTS = "新会员名册|姓名|姓名|text||是|A002:count\n新会员名册|人数|人数|number|人||"


@pytest.fixture
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    form = "封面|cover||||\n一、组织|section|组织|||\n新会员名册|list|新会员名册|||\n文字材料|text||||"
    return make_scheme(INDICATORS.replace("个|", "份|"), lists=LISTS, form=form)


def test_a_unit_is_asked_only_what_its_kind_reports(scheme: Scheme) -> None:
    made = plan(scheme, ["village"])
    assert made.rows == {"A001": ("一、组织", 4), "A002": ("一、组织", 5), "T001": ("文字材料", 4)}
    assert [sheet.name for sheet in made.sheets] == ["一、组织", "新会员名册", "文字材料"]
    assert made.lists == {"新会员名册": "新会员名册"}


def test_a_list_goes_with_the_indicators_it_feeds(scheme: Scheme) -> None:
    made = plan(scheme, ["town"])
    assert made.rows == {"A001": ("一、组织", 4), "A003": ("一、组织", 5), "T001": ("文字材料", 4)}
    assert made.lists == {}


def test_a_group_gets_the_union_of_its_kinds(scheme: Scheme) -> None:
    assert list(plan(scheme, ["town", "village"]).rows) == ["A001", "A002", "A003", "T001"]


def test_sections_that_the_form_table_leaves_out_get_a_sheet_of_their_name(make_scheme: Callable[..., Scheme]) -> None:
    made = plan(make_scheme("A001|职工人数|人|stock|0|*|\nT001|做法|文字|text|0|*|", form="封面|cover||||"), ["village"])
    assert [(sheet.name, sheet.holds, sheet.codes) for sheet in made.sheets] == [("组织", "section", ("A001", "T001"))]


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("指标代码", Role.CODE),
        ("代 码", Role.CODE),
        ("本期数", Role.VALUE),
        ("本期", Role.VALUE),
        ("本年累计", Role.VALUE),
        ("本期数（人）", Role.VALUE),
        ("本期完成数", Role.VALUE),
        ("上年 同期", Role.PREVIOUS),
        ("去年同期数", Role.PREVIOUS),
        ("计量\n单位", Role.MEASURE),
        ("说　明", Role.REASON),
        ("备注：", Role.REASON),
        ("单位名称", None),
        ("统一社会信用代码", None),
        ("身份证号", None),
    ],
)
def test_headings_are_known_by_their_words(heading: str, role: Role | None) -> None:
    assert role_of(heading) is role


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("单位代码", "unit"),
        ("单位 名称：", "unit_name"),
        ("填报口径", "scope"),
        ("填　表　人:", "filler"),
        ("1. 填报日期", "filled_on"),
        ("填报单位（盖章）：", "choice"),
        ("职工人数", ""),
    ],
)
def test_cover_labels_are_known_by_their_words(label: str, field: str) -> None:
    assert cover_field(label) == field


@pytest.mark.parametrize(
    ("label", "left"),
    [
        ("一、职工人数", "职工人数"),
        ("（二）会员人数", "会员人数"),
        ("1.会员人数", "会员人数"),
        ("2、其中：女", "女"),
        ("#女职工", "女职工"),
        ("会员人数（人）", "会员人数"),
        ("三级联创单位", "三级联创单位"),
        ("90%以上", "90%以上"),
    ],
)
def test_numbering_and_of_which_are_no_part_of_a_label(label: str, left: str) -> None:
    assert bare(squeeze(label)) == left


def test_sheet_names_are_made_as_excel_allows_them() -> None:
    assert sheet_title("收入/支出[元]:*?") == "收入_支出_元____"
    assert len(sheet_title("很" * 40)) == 31
