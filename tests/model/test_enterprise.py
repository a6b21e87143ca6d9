"""Names of enterprises: one enterprise in two writings is met again, two enterprises with alike names stay two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.model.enterprise import Firm, Likeness, likeness, place_words, read_firm, spellings

PLACES = place_words(["临河县", "城关镇", "桐溪村", "大王庄村", "小王庄村"])


def firm(name: str) -> Firm:
    return read_firm(name, places=PLACES)


def alike(one: str, other: str) -> Likeness:
    return likeness(firm(one), firm(other))


def test_places_are_known_with_and_without_their_ending() -> None:
    assert place_words(["合岭镇", "泉东社区", "泗县"]) == {
        "合岭镇": "合岭",
        "合岭": "合岭",
        "泉东社区": "泉东",
        "泉东": "泉东",
        "泗县": "泗县",
    }


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("临河县兴旺制衣有限公司", Firm(("临河",), "兴旺制衣", "公司")),
        ("兴旺制衣有限责任公司", Firm((), "兴旺制衣", "公司")),
        ("浙江省临河县城关镇兴旺制衣股份有限公司", Firm(("浙江", "临河", "城关"), "兴旺制衣", "公司")),
        ("临河兴旺制衣厂", Firm(("临河",), "兴旺制衣", "厂")),
        ("兴旺制衣（临河）有限公司", Firm(("临河",), "兴旺制衣", "公司")),
        ("兴旺（华东）制衣有限公司", Firm((), "兴旺华东制衣", "公司")),
        ("Ａ＆Ｂ 制衣 有限公司", Firm((), "A&B制衣", "公司")),
        ("兴旺制衣有限公司工会委员会", Firm((), "兴旺制衣", "公司")),
        ("兴旺集团股份有限公司", Firm((), "兴旺", "集团")),
        ("兴旺农产品专业合作社", Firm((), "兴旺农产品", "合作社")),
        ("惠民超市有限公司", Firm((), "惠民超市", "公司")),
        ("兴旺公司第一分公司", Firm((), "兴旺公司第一分公司", "")),
        ("临河县", Firm((), "临河县", "")),
        ("临河砖瓦厂", Firm((), "临河砖瓦", "厂")),
        ("有限公司", Firm((), "有限公司", "")),
        ("", Firm((), "", "")),
    ],
)
def test_a_name_is_taken_apart(name: str, parts: Firm) -> None:
    assert firm(name) == parts


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("临河县兴旺制衣有限公司", "兴旺制衣有限责任公司", Likeness.SAME),
        ("兴旺制衣", "兴旺制衣厂", Likeness.SAME),
        ("兴旺制衣（临河）有限公司", "兴旺制衣(临河)有限公司", Likeness.SAME),
        ("兴旺制衣厂", "兴旺制衣有限公司", Likeness.NEAR),
        ("兴旺制衣有限公司", "兴旺制农有限公司", Likeness.NEAR),
        ("兴旺制衣有限公司", "旺兴制衣有限公司", Likeness.DIFFERENT),
        ("兴旺服装加工厂", "兴旺装服加工厂", Likeness.NEAR),
        ("兴旺制衣", "兴旺服装制衣", Likeness.NEAR),
        ("兴旺制衣", "兴隆制衣", Likeness.DIFFERENT),
        ("大王庄砖瓦厂", "小王庄砖瓦厂", Likeness.SAME),  # but their places differ: see below
        ("宏达一厂", "宏达二厂", Likeness.DIFFERENT),
        ("宏达机械东厂", "宏达机械西厂", Likeness.DIFFERENT),
        ("宏达机械第2分厂", "宏达机械第3分厂", Likeness.DIFFERENT),
        ("宏达机械", "新宏达机械", Likeness.DIFFERENT),
        ("宏达机械A厂", "宏达机械B厂", Likeness.DIFFERENT),
        ("宏达机械公司", "宏达机械分公司", Likeness.DIFFERENT),
        ("", "", Likeness.DIFFERENT),
    ],
)
def test_names_are_compared(one: str, other: str, said: Likeness) -> None:
    assert alike(one, other) is said
    assert alike(other, one) is said


def test_big_and_small_wangzhuang_are_two_places() -> None:
    assert firm("大王庄村砖瓦厂") == firm("大王庄砖瓦厂") == Firm(("大王庄",), "砖瓦", "厂")
    assert firm("小王庄村砖瓦厂").places == ("小王庄",)
    assert likeness(read_firm("大王庄砖瓦厂", places={}), read_firm("小王庄砖瓦厂", places={})) is Likeness.DIFFERENT


def test_like_cores_share_a_spelling() -> None:
    assert spellings("兴旺制衣") == {"兴旺制衣", "兴旺制", "兴旺衣", "兴制衣", "旺制衣", "兴旺"}
    assert spellings("兴旺服装加工") & spellings("兴旺装服加工") >= {"兴旺装加工", "兴旺服加工"}
    assert not spellings("兴旺制衣") & spellings("金穗粮油")


@given(st.text(max_size=30))
def test_any_text_is_read_and_is_like_itself(name: str) -> None:
    found = firm(name)
    assert likeness(found, found) is (Likeness.SAME if found.core else Likeness.DIFFERENT)
