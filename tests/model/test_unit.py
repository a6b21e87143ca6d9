"""The tree of units is followed by parent codes."""

from __future__ import annotations

from datetime import date

from reconcile.model.unit import MOST_LEVELS, Unit, UnitTree, over_levels, without_circles

TREE = UnitTree(
    [
        Unit("C", "甲县总工会", "county"),
        Unit("T1", "东镇总工会", "town", "C"),
        Unit("T2", "西镇总工会", "town", "C"),
        Unit("V1", "大王庄", "village", "T1"),
        Unit("V2", "小王庄", "village", "T1"),
        Unit("E1", "东镇机械厂", "enterprise", "T2"),
    ]
)


def test_subtree_puts_each_unit_before_its_children() -> None:
    assert TREE.subtree("C") == ("C", "T1", "V1", "V2", "T2", "E1")
    assert TREE.subtree("V1") == ("V1",)


def test_lowest_common_unit() -> None:
    assert TREE.common(["V1", "V2"]) == "T1"
    assert TREE.common(["V1", "E1"]) == "C"
    assert TREE.common(["T1", "V1"]) == "T1"
    assert TREE.common(["V2"]) == "V2"
    assert TREE.common([]) is None


def test_name_prefixes_make_no_tree() -> None:
    assert TREE.children("T2") == ("E1",)  # 东镇机械厂 stands under 西镇: only the parent code says so


def test_a_unit_is_expected_while_it_exists() -> None:
    old = Unit("V", "老村", "village", opened=date(2020, 1, 1), closed=date(2023, 3, 1))
    assert old.expected(date(2022, 6, 30))
    assert not old.expected(date(2023, 6, 30))
    assert not old.expected(date(2019, 12, 31))


def test_a_circle_of_parents_is_cut_at_its_last_link() -> None:
    units = [Unit("1", "甲", "town", "3"), Unit("2", "乙", "town", "1"), Unit("3", "丙", "town", "2"), Unit("4", "丁", "village", "3")]
    assert [unit.parent for unit in without_circles(units)] == ["3", "1", "", "3"]
    assert [unit.parent for unit in without_circles([Unit("1", "甲", "town", "1"), Unit("1", "另一", "town", "9")])] == [""]
    circle = [Unit(str(number), "村", "village", str((number + 1) % 20_000)) for number in range(20_000)]
    cut = UnitTree(without_circles(circle))
    assert all(len(cut.ancestors(unit.code)) <= MOST_LEVELS for unit in circle)


def test_an_endless_line_of_parents_is_cut() -> None:
    short = [Unit(str(number), "村", "village", str(number + 1)) for number in range(MOST_LEVELS)]
    assert without_circles(short) == short
    assert over_levels({unit.code: unit for unit in short}) == set()
    long = [Unit(str(number), "村", "village", str(number + 1)) for number in range(100_000)]
    for units in (long, long[::-1]):
        assert over_levels({unit.code: unit for unit in units}) == {
            str(100_000 - 1 - MOST_LEVELS * n) for n in range(1, 100_000 // MOST_LEVELS)
        }
