"""The county with planted faults: every one is found at its cell, and nothing else is an error."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconcile.cli import app

SAMPLE = Path(__file__).resolve().parent.parent / "sample_workbooks"
CHINESE = {"error": "强制", "query": "核实", "note": "提示"}
WANTED_IN_BOTH = {("A-09", "柳塘粮油加工厂工会"), ("B-04", "园区村工会"), ("B-16", "园区村工会"), ("N-13", "茅坪村工会")}
BESIDE_A_FAULT = {
    ("A-10", "炉前村工会"),  # more women members than women workers, too
    ("C-07", "岭背村工会"),  # 3600 万元 for four workers
    ("D-11", "西畈村工会"),  # three courses, nobody there
    ("N-13", "上湾村工会"),  # its file is of another year
    ("N-45", "柳塘粮油加工厂工会"),  # 约30 where 3 was meant
    ("N-45", "炉前村工会"),  # 600 women members, 213 the year before
    ("N-51", "岭背村工会"),  # 3600 万元, 0.32 the year before
}
"""Queries that the planted faults bring along."""


def planted() -> list[dict[str, str]]:
    with (SAMPLE / "faults.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def findings() -> list[dict[str, str]]:
    result = CliRunner().invoke(app, ["check", str(SAMPLE / "2023H1_faults"), "--format", "csv"])
    assert result.exit_code == 1, result.output
    return list(csv.DictReader(io.StringIO(result.stdout.lstrip("\ufeff"))))


def where(file: str, sheet: str, cell: str) -> str:
    return f"{file}：{sheet}!{cell}" if sheet else file


def test_the_table_of_faults_is_worth_its_name() -> None:
    found = [fault for fault in planted() if fault["rule"]]
    assert len({fault["rule"] for fault in found if fault["tier"] == "error"}) >= 15
    assert len([fault for fault in found if fault["tier"] == "query"]) >= 4


@pytest.mark.parametrize("fault", [fault for fault in planted() if fault["rule"]], ids=lambda fault: f"{fault['rule']} {fault['what']}")
def test_fault_is_found_at_its_cell(findings: list[dict[str, str]], fault: dict[str, str]) -> None:
    place = where(fault["file"], fault["sheet"], fault["cell"])
    told = [line for line in findings if line["规则"] == fault["rule"] and place in line["位置"].split(";")]
    assert len(told) == 1, [line["位置"] for line in findings if line["规则"] == fault["rule"]]
    assert told[0]["级别"] == CHINESE[fault["tier"]]


def test_nothing_else_is_an_error(findings: list[dict[str, str]]) -> None:
    places = [(line["规则"], place.partition("：")[0]) for line in findings if line["级别"] == "强制" for place in line["位置"].split(";")]
    assert sorted(set(places)) == sorted({(fault["rule"], fault["file"]) for fault in planted() if fault["tier"] == "error"})


def test_no_query_is_asked_without_cause(findings: list[dict[str, str]]) -> None:
    files = {(fault["rule"], fault["file"]) for fault in planted() if fault["tier"] == "query"}
    asked = [line for line in findings if line["级别"] == "核实"]
    others = {(line["规则"], line["单位名称"]) for line in asked if (line["规则"], line["位置"].partition("：")[0]) not in files}
    assert others <= WANTED_IN_BOTH | BESIDE_A_FAULT
    assert others >= WANTED_IN_BOTH


def test_a_return_with_rows_and_columns_moved_is_read_as_it_was(findings: list[dict[str, str]]) -> None:
    moved = next(fault for fault in planted() if fault["what"].startswith("行列都移动过"))
    assert [line["问题"] for line in findings if moved["file"] in line["位置"]] == []
