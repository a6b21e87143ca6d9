"""Findings as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from small_outcome import small_outcome, small_scheme

from reconcile.files.safe import harmless
from reconcile.model.finding import Tier
from reconcile.model.suspicion import Suspicion
from reconcile.report.listing import findings_csv, findings_json


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("－＝", "'－＝"),
        ("-5元", "-5元"),
        ("-3.5", "-3.5"),
        ("+2%", "+2%"),
        ("-1+1", "'-1+1"),
        ("甲=乙", "甲=乙"),
        ("一\r\n二\x00", "一 二\ufffd"),
        ("\u3000=1", "'\u3000=1"),
        ("+86区域号码不明", "'+86区域号码不明"),
        ("-0.5个百分点", "-0.5个百分点"),
        ("-1,200元", "-1,200元"),
        ("－３元", "'－３元"),
        ("", ""),
    ],
)
def test_text_is_no_formula(text: str, written: str) -> None:
    assert harmless(text) == written


def test_csv_has_the_mark_a_heading_and_a_line_a_finding() -> None:
    data = findings_csv(small_outcome(), small_scheme())
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == 3
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0][:4] == ["级别", "规则", "单位代码", "单位名称"]
    assert rows[1] == [
        "强制",
        "R1",
        "0101",
        "一村工会",
        "2023H1",
        "A002;A001",
        "a/一村.xlsx：表1!C5;a/一村.xlsx：表1!C4",
        "12;10",
        "12人",
        "不大于10人",
        "2人",
        "女职工多于职工",
        "请核对",
        "待更正",
        "",
        "",
        "",
    ]
    assert rows[2][10:] == ["-5元", "'=HYPERLINK(1) 第二行", "+1", "", "", "", ""]


def test_json_says_everything_in_plain_values() -> None:
    said = findings_json(small_outcome(), "0.1.0", small_scheme())
    assert json.loads(json.dumps(said)) == said
    assert {key: said[key] for key in ("tool", "version", "period")} == {"tool": "reconcile", "version": "0.1.0", "period": "2023H1"}
    assert said["summary"] == {
        "units_expected": 2,
        "units_reported": 2,
        "returns_read": 2,
        "findings": {"error": 1, "query": 0, "note": 1},
        "checks": {"pass": 0, "fail": 1, "not_evaluable": 1},
    }
    assert said["findings"][0] == {
        "tier": "error",
        "rule": "R1",
        "unit": "0101",
        "unit_name": "一村工会",
        "period": "2023H1",
        "indicators": ["A002", "A001"],
        "cells": [
            {"file": "a/一村.xlsx", "sheet": "表1", "cell": "C5", "value": "12"},
            {"file": "a/一村.xlsx", "sheet": "表1", "cell": "C4", "value": "10"},
        ],
        "observed": "12人",
        "expected": "不大于10人",
        "difference": "2人",
        "message": "女职工多于职工",
        "advice": "请核对",
        "open": True,
        "reason": "",
        "suspects": "",
        "suggestions": "",
    }


def test_what_was_answered_and_what_is_suspected() -> None:
    outcome = small_outcome()
    query = replace(outcome.findings[0], tier=Tier.QUERY, reason="含派遣工2人")
    doubt = Suspicion("r1", "0101", ("R1",), (("A002",),), (), (), False, (), "女职工人数可疑")
    told = replace(outcome, findings=(query,), suspicions=(doubt,))
    row = list(csv.reader(io.StringIO(findings_csv(told, small_scheme()).decode("utf-8-sig"), newline="")))[1]
    assert row[13:] == ["已说明", "含派遣工2人", "女职工人数（表1!C5）", ""]
    entry = findings_json(told, "0.1.0", small_scheme())["findings"][0]
    assert {key: entry[key] for key in ("open", "reason", "suspects", "suggestions")} == {
        "open": False,
        "reason": "含派遣工2人",
        "suspects": "女职工人数（表1!C5）",
        "suggestions": "",
    }
