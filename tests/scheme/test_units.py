"""The table of units: a tree, with every fault told at once."""

from __future__ import annotations

from datetime import date

import pytest

from reconcile.errors import SchemeError
from reconcile.scheme.units import kind_of, load_units


def table(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.strip().splitlines()]


def test_chinese_and_english_headings() -> None:
    for heading in ("单位代码|单位名称|单位类型|上级代码|成立日期", "code|name|kind|parent|opened"):
        units = load_units(table(f"{heading}\nT|东镇总工会|乡镇（街道）||2020年1月5日\nV|大王庄工会|村|T|"), name="units.csv")
        assert [unit.kind for unit in units] == ["town", "village"]
        assert units["T"].opened == date(2020, 1, 5)
        assert units.children("T") == ("V",)


def test_every_fault() -> None:
    with pytest.raises(SchemeError) as caught:
        load_units(table("code|name|kind|parent|opened\nA|甲|村|B|\nB|乙|镇|A|昨天\nA|丙|星球|Z|\n|丁|村||"), name="units.csv")
    told = [str(fault) for fault in caught.value.faults]
    assert "units.csv 第4行“code”列：代码“A”重复，已用于“甲”" in told
    assert "units.csv 第3行“opened”列：“昨天”应为日期，如 2023-06-30" in told
    assert "units.csv 第5行“code”列：不能为空" in told
    assert any("“星球”不是单位类型" in line for line in told)
    assert any("上级代码“Z”不在表中" in line for line in told)


def test_a_circle_of_parents() -> None:
    with pytest.raises(SchemeError) as caught:
        load_units(table("code|name|kind|parent\nA|甲|镇|B\nB|乙|镇|C\nC|丙|镇|A\nD|丁|村|A"), name="units.csv")
    assert [fault.row for fault in caught.value.faults] == [2, 3, 4]
    assert "“甲”的上级绕回到它自己" in str(caught.value.faults[0])


def test_an_endless_line_of_parents() -> None:
    lines = "\n".join(f"U{number}|第{number}级|镇|{f'U{number - 1}' if number > 1 else ''}" for number in range(1, 10_001))
    with pytest.raises(SchemeError) as caught:
        load_units(table(f"code|name|kind|parent\n{lines}"), name="units.csv")
    assert str(caught.value.faults[0]) == "units.csv 第34行“parent”列：“第33级”上面已有32级单位，层级太多，请检查上级代码"
    assert str(caught.value).splitlines()[-1] == f"  ……其余{10_000 // 32 - 100}处从略，改正后再运行会继续列出"


def test_a_large_circle_is_found_at_once() -> None:
    lines = "\n".join(f"U{number}|第{number}家|镇|U{number % 10_000 + 1}" for number in range(1, 10_001))
    with pytest.raises(SchemeError) as caught:
        load_units(table(f"code|name|kind|parent\n{lines}"), name="units.csv")
    assert len(caught.value.faults) == 10_000


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("大王庄村工会", "village"),
        ("明月社区工会", "community"),
        ("东镇总工会", "town"),
        ("望泉县总工会", "county"),
        ("东镇机械厂工会", "enterprise"),
        ("望泉县第一中学工会", "institution"),
    ],
)
def test_a_name_tells_the_kind_as_a_last_resort(name: str, kind: str) -> None:
    assert kind_of(name, parent=False) == kind


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("A|甲|村||2020-01-01|2023-05-01|A", "“甲”的承接单位是它自己"),
        ("A|甲|村||2023-05-01|2020-01-01|", "“甲”的撤销日期早于成立日期"),
    ],
)
def test_successions_that_cannot_be(line: str, told: str) -> None:
    with pytest.raises(SchemeError) as caught:
        load_units(table(f"code|name|kind|parent|opened|closed|successors\n{line}\nB|乙|村||||"), name="units.csv")
    assert [told in str(fault) for fault in caught.value.faults] == [True]


@pytest.mark.parametrize(
    ("heading", "told"),
    [("甲|乙", "单位代码、单位名称"), ("单位代码|乙", "单位名称"), ("code|乙", "name"), ("编号|name", "code")],
)
def test_columns_that_are_missing_are_told_in_the_words_of_the_table(heading: str, told: str) -> None:
    with pytest.raises(SchemeError) as caught:
        load_units(table(heading), name="units.csv")
    assert [str(fault) for fault in caught.value.faults] == [f"units.csv 第1行：缺少列：{told}"]
