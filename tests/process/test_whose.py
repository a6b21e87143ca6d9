"""Whose a file is, where its code does not say: exact names decide, likeness only suggests."""

from __future__ import annotations

import pytest

from reconcile.model.unit import Unit, UnitTree
from reconcile.process.whose import Names, plain_name

UNITS = UnitTree(
    [
        Unit("3301", "红山县总工会", "county"),
        Unit("330101", "城关镇总工会", "town", "3301"),
        Unit("33010101", "大王庄村工会委员会", "village", "330101"),
        Unit("33010102", "小王庄村工会委员会", "village", "330101"),
        Unit("330102", "河西镇总工会", "town", "3301"),
        Unit("33010201", "大王庄村工会联合会", "village", "330102"),
        Unit("33010202", "王庄村工会", "village", "330102"),
        Unit("33010203", "红山机械（集团）有限公司工会", "enterprise", "330102"),
    ]
)


@pytest.mark.parametrize(
    ("cover_name", "file", "unit"),
    [
        ("小王庄村", "1.xlsx", "33010102"),
        ("小王庄村工会委员会", "1.xlsx", "33010102"),
        ("红山机械(集团) 有限公司", "1.xlsx", "33010203"),
        ("河西镇大王庄村工会", "1.xlsx", "33010201"),
        ("大王庄村", "1.xlsx", ""),  # two villages bear the name
        ("大王庄村", "城关镇/1.xlsx", "33010101"),
        ("大王庄村", "河西镇.zip/1.xlsx", "33010201"),
        ("", "小王庄村2023年上半年报表.xlsx", "33010102"),
        ("", "2023H1/城关镇/1.小王庄村（更正）.xlsx", "33010102"),
        ("", "城关镇_大王庄村.xlsx", "33010101"),
        ("", "33010203 红山.xlsx", "33010203"),
        ("", "河西镇总工会_2023H1.xls", "330102"),
        ("", "河西镇/王庄村/1.xlsx", "33010202"),
        ("", "城关镇/报表.xlsx", ""),  # a town's folder holds its villages' returns
        ("王庄", "王庄村.xlsx", "33010202"),
        ("大王庄村", "王庄村.xlsx", ""),  # the cover names another place
        ("东王庄村", "1.xlsx", ""),
        ("", "", ""),
    ],
)
def test_exact_names_propose_a_unit(cover_name: str, file: str, unit: str) -> None:
    assert Names(UNITS).propose(cover_name=cover_name, file=file).unit == unit


def test_a_near_name_is_only_a_suggestion() -> None:
    proposal = Names(UNITS).propose(cover_name="东王庄村", file="1.xlsx")
    assert proposal.unit == ""
    assert proposal.basis.startswith("名称相近：")
    assert "王庄村工会（33010202）" in proposal.basis


def test_names_are_compared_without_the_words_for_a_union() -> None:
    assert plain_name("大王庄村工会委员会") == plain_name("大 王 庄 村 工会联合会") == "大王庄村"
    assert plain_name("红山机械（集团）公司") == plain_name("红山机械(集团)公司工会")
    assert plain_name("大王庄") != plain_name("小王庄")
    assert plain_name("工会") == "工会"


def test_codes_are_compared_without_full_width_and_spaces() -> None:
    names = Names(UNITS)
    assert names.code("３３０１０１ ") == "330101"
    assert names.code("3301 01") == "330101"
    assert names.code("330199") == ""
