"""How findings and figures are said."""

from __future__ import annotations

import math

import pytest

from reconcile.files.scheme_files import read_scheme
from reconcile.model.finding import CellAt, Tier
from reconcile.model.indicator import Indicator, Kind
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.wording import amount, finding, listed, place, say


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{单位}报的是{值}。", "红旗村报的是35人。"),
        ("{没有的}仍在", "〔没有的〕仍在"),
        ("没有字段", "没有字段"),
        ("{ 单位 }", "红旗村"),
        ("只有半边{单位", "只有半边{单位"),
        ("{}", "〔〕"),
        ("{原文}", "{单位}"),
    ],
)
def test_say_puts_fields_in_once_and_never_raises(template: str, said: str) -> None:
    assert say(template, {"单位": "红旗村", "值": "35人", "原文": "{单位}"}) == said


@pytest.mark.parametrize(
    ("value", "kind", "measure", "decimals", "said"),
    [
        (21000.0, Kind.FLOW, "元", 0, "21000元"),
        (2.1, Kind.FLOW, "万元", 2, "2.1万元"),
        (0.123456, Kind.FLOW, "万元", 2, "0.123456万元"),
        (12.5, Kind.RATE, "%", 1, "12.5%"),
        (200 / 3, Kind.RATE, "%", 1, "66.67%"),
        (-3.0, Kind.STOCK, "人", 0, "-3人"),
        (1.0, Kind.FLAG, "是否", 0, "是"),
        (0.0, Kind.FLAG, "是否", 0, "否"),
        (3.0, Kind.STOCK, "没有这种", 0, "3没有这种"),
        (math.nan, Kind.STOCK, "人", 0, "无数据"),
    ],
)
def test_amount_carries_its_measure(scheme: Scheme, value: float, kind: Kind, measure: str, decimals: int, said: str) -> None:
    indicator = Indicator("X001", "某数", "部分", measure, kind, decimals)
    assert amount(value, indicator, scheme) == said


def test_place_names_sheet_and_cell() -> None:
    cell = CellAt("a/红旗村.xlsx", "一、组织建设", "D7", "35")
    assert place(cell) == "一、组织建设!D7"
    assert place(cell, with_file=True) == "a/红旗村.xlsx：一、组织建设!D7"
    assert place(CellAt("a.xlsx", "", "", ""), with_file=True) == "a.xlsx"


def test_listed_cuts_long_lists() -> None:
    assert listed([]) == ""
    assert listed(["甲", "乙"]) == "甲、乙"
    assert listed(["甲", "乙", "丙", "丁", "戊"], 3) == "甲、乙、丙等5个"


def test_finding_says_the_rule_with_place_and_value(scheme: Scheme) -> None:
    rule = scheme.named["negative"]
    cell = CellAt("红旗村.xlsx", "一、组织建设", "D7", "-3")
    found = finding(rule, {"指标": "职工人数"}, unit="1", unit_name="红旗村", cells=(cell,), observed="-3人")
    assert found.tier is Tier.ERROR
    assert found.rule == rule.id
    assert "一、组织建设" in found.message and "D7" in found.message and "-3人" in found.message
    assert "〔" not in found.message + found.advice
