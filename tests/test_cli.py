"""The command line as a clerk meets it: one sentence instead of a traceback, results on stdout, exit codes as the README says."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from conftest import Reconcile

ROOT = Path(__file__).resolve().parent.parent
COUNTY = ROOT / "sample_workbooks" / "2023H1"
TOWN = COUNTY / "铸源镇"
TIERS = {"error", "query", "note"}


@pytest.mark.parametrize(
    "command", [(), ("run",), ("check",), ("blank",), ("diff",), ("rules",), ("scheme",), ("scheme", "export"), ("scheme", "check")]
)
def test_help_is_in_chinese(command: tuple[str, ...], reconcile: Reconcile) -> None:
    result = reconcile(*command, "--help")
    assert result.returncode == 0
    assert "显示这份说明" in result.stdout
    assert "Show this message" not in result.stdout
    assert max(sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line) for line in result.stdout.splitlines()) <= 80


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("run", "check", "diff", "blank", "rules", "scheme export", "scheme check"):
        assert f"`reconcile {command}" in readme


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("fly",), "没有这个命令：'fly'。用法见 reconcile --help。"),
        (("run",), "缺少参数“RETURNS”。用法见 reconcile run --help。"),
        (("check", "--colour", "x"), "没有选项“--colour”。用法见 reconcile check --help。"),
        (("run", "无此文件夹"), "找不到“无此文件夹”，请检查路径。"),
        (("run", TOWN, "-p", "去年"), "看不懂报告期“去年”"),
        (("run", TOWN, "-s", "无此制度"), "找不到报表制度“无此制度”"),
        (("run", TOWN, "--root", "无此单位"), "单位名录中没有“无此单位”"),
        (("blank", "-u", "无此名录.csv", "-p", "2023H1"), "无此名录.csv"),
        (("rules", "Z-99"), "没有编号为“Z-99”的审核关系"),
        (("scheme", "check", "无此制度"), "找不到报表制度“无此制度”"),
    ],
)
def test_wrong_use_is_one_sentence(words: tuple[object, ...], told: str, tmp_path: Path, reconcile: Reconcile) -> None:
    result = reconcile(*words, cwd=tmp_path)
    assert result.returncode == 2
    assert told in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_nothing_to_read_is_exit_3(tmp_path: Path, reconcile: Reconcile) -> None:
    (tmp_path / "会议通知.txt").write_text("请参加", encoding="utf-8")
    result = reconcile("run", tmp_path, "-o", tmp_path / "out")
    assert result.returncode == 3
    assert "没有一份报表可以计入" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_folder(tmp_path: Path, reconcile: Reconcile) -> None:
    result = reconcile("run", tmp_path)
    assert (result.returncode, result.stderr.strip()) == (3, "没有找到任何报表文件，请检查给出的文件或文件夹。")


def test_run_tells_where_the_results_are(tmp_path: Path, reconcile: Reconcile) -> None:
    result = reconcile("run", TOWN, "-o", tmp_path / "结果")
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "结果").iterdir() if not path.name.startswith(".")) == [
        "findings.csv",
        "narrative.docx",
        "narrative.md",
        "queries",
        "summary.xlsx",
    ]
    assert "下一步：" in result.stdout
    assert str(tmp_path / "结果") in result.stdout


def test_json_has_the_declared_shape(reconcile: Reconcile) -> None:
    result = reconcile("check", TOWN, "--format", "json")
    told = json.loads(result.stdout)
    assert list(told) == ["tool", "version", "period", "summary", "findings"]
    assert told["period"] == "2023H1"
    assert list(told["summary"]) == ["units_expected", "units_reported", "returns_read", "findings", "checks"]
    assert set(told["summary"]["findings"]) == TIERS
    assert set(told["summary"]["checks"]) == {"pass", "fail", "not_evaluable"}
    assert told["summary"]["checks"]["pass"] > 0
    for finding in told["findings"]:
        assert list(finding) == [
            "tier",
            "rule",
            "unit",
            "unit_name",
            "period",
            "indicators",
            "cells",
            "observed",
            "expected",
            "difference",
            "message",
            "advice",
            "open",
            "reason",
            "suspects",
            "suggestions",
        ]
        assert finding["tier"] in TIERS
        assert all(list(cell) == ["file", "sheet", "cell", "value"] for cell in finding["cells"])


def test_the_formats_tell_the_same_findings(reconcile: Reconcile) -> None:
    as_json = json.loads(reconcile("check", TOWN, "--format", "json").stdout)["findings"]
    as_csv = list(csv.DictReader(io.StringIO(reconcile("check", TOWN, "--format", "csv").stdout.lstrip("\ufeff"))))
    concise = reconcile("check", TOWN, "--format", "concise").stdout.strip().splitlines()
    assert len(as_json) == len(as_csv) == len(concise) - 1
    assert as_json
    for finding, line in zip(as_json, concise, strict=False):
        assert finding["rule"] in line


def test_fail_on_chooses_the_exit_code(tmp_path: Path, reconcile: Reconcile) -> None:
    told = json.loads(reconcile("check", TOWN, "--format", "json").stdout)["summary"]["findings"]
    assert told["error"] == 0
    assert told["query"] + told["note"] > 0
    assert reconcile("check", TOWN).returncode == 0
    assert reconcile("check", TOWN, "--fail-on", "note").returncode == 1
    assert reconcile("run", TOWN, "-o", tmp_path / "out", "--fail-on", "error").returncode == 0


def test_a_gbk_console_survives() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "reconcile", "check", str(TOWN)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
    )
    assert result.returncode == 0, result.stderr.decode("gbk", "replace")
    assert "2023年上半年" in result.stdout.decode("gbk")


def test_blank_returns_for_every_unit_and_for_the_group(tmp_path: Path, reconcile: Reconcile) -> None:
    result = reconcile("blank", "-u", COUNTY / "units.csv", "-p", "2023H1", "-o", tmp_path / "各单位", "--past", COUNTY / "past.xlsx")
    assert result.returncode == 0, result.stderr
    expected = len((COUNTY / "units.csv").read_text(encoding="utf-8-sig").strip().splitlines()) - 1
    assert len(list((tmp_path / "各单位").glob("*.xlsx"))) == expected
    result = reconcile("blank", "-u", COUNTY / "units.csv", "-p", "2023H1", "-o", tmp_path / "群", "--group")
    assert result.returncode == 0, result.stderr
    assert len(list((tmp_path / "群").glob("*.xlsx"))) == 1


def test_a_scheme_exported_is_the_same_scheme(tmp_path: Path, reconcile: Reconcile) -> None:
    exported = reconcile("scheme", "export", tmp_path / "制度.xlsx")
    assert exported.returncode == 0, exported.stderr
    told = [reconcile("scheme", "check", path).stdout for path in (ROOT / "templates" / "union_half_year", tmp_path / "制度.xlsx")]
    assert told[0].split("：")[1] == told[1].split("：")[1]
    assert reconcile("check", TOWN, "-s", tmp_path / "制度.xlsx").returncode == 0


def test_rules_explains_each_rule(reconcile: Reconcile) -> None:
    book = reconcile("rules").stdout
    codes = [line.split()[0] for line in book.splitlines() if line.startswith("  ") and line.strip()[:1].isalpha()]
    assert len(codes) > 100
    page = reconcile("rules", codes[0]).stdout
    assert page.startswith(f"{codes[0]}（强制）")
    assert "要求：" in page
    assert "建议：" in page


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_what_cannot_be_printed_is_one_sentence() -> None:
    for words in (("rules",), ("rules", "A-05"), ("--help",), ("check", str(COUNTY), "--format", "csv")):
        with open("/dev/full", "w") as full:  # noqa: PTH123 -- a device
            told = subprocess.run([sys.executable, "-m", "reconcile", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert told.returncode == 2
        assert "Traceback" not in told.stderr
        assert [line for line in told.stderr.splitlines() if line] == [told.stderr.strip()]
        assert "无法输出文字" in told.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="closes streams as a shell does")
def test_streams_that_were_closed_before_cost_nothing(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m reconcile run '{TOWN}' -u '{COUNTY}/units.csv' -o '{tmp_path}/out' >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0
    assert (tmp_path / "out" / "summary.xlsx").exists()
