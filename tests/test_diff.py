"""`reconcile diff`: two versions of a return, of a folder, of a summary; its sentences, widths and exit codes."""

from __future__ import annotations

import csv
import io
import shutil
import unicodedata
from pathlib import Path

import openpyxl
import pytest
from conftest import Reconcile

ROOT = Path(__file__).resolve().parent.parent
TOWN = ROOT / "sample_workbooks" / "2023H1" / "合岭镇"
VILLAGE = TOWN / "岭背村半年报.xlsx"
FACTORY = TOWN / "佳禾食品.xlsx"


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town once more: one village has corrected its return, one enterprise's is not there."""
    folder = tmp_path_factory.mktemp("later") / "合岭镇"
    shutil.copytree(TOWN, folder)
    (folder / FACTORY.name).unlink()
    workbook = openpyxl.load_workbook(folder / VILLAGE.name)
    sheet = workbook["一、组织建设"]
    row = next(line for line in range(1, sheet.max_row + 1) if sheet.cell(line, 1).value == "A008")
    assert sheet.cell(row, 4).value == 148
    sheet.cell(row, 4).value = 163
    workbook.save(folder / VILLAGE.name)
    return folder


def test_two_versions_of_a_return(later: Path, reconcile: Reconcile) -> None:
    result = reconcile("diff", VILLAGE, later / VILLAGE.name)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "岭背村工会（990101202）",
        "  [数据] A008 职工人数（一、组织建设!D9）：148人 → 163人（+15人）",
        "",
        "2023年上半年：1个单位有差别；数据1处。",
    ]


def test_the_same_file_twice(reconcile: Reconcile) -> None:
    result = reconcile("diff", VILLAGE, VILLAGE)
    assert (result.returncode, result.stdout) == (0, "2023年上半年：两个版本没有差别。\n")


def test_two_folders(later: Path, reconcile: Reconcile) -> None:
    units = ROOT / "sample_workbooks" / "2023H1" / "units.csv"
    result = reconcile("diff", TOWN, later, "-u", units)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "岭背村工会（990101202）"
    assert lines[1].startswith("  [报表] 换为新文件：岭背村半年报.xlsx（")
    assert "合岭佳禾食品有限公司工会（990101301）" in lines
    assert any(line.startswith("  [单位] 报表没有了：佳禾食品.xlsx（") for line in lines)
    assert "合岭镇总工会（990101）汇总数" in lines
    assert any(line.startswith("  A008 职工人数：") for line in lines)
    assert lines[-1].startswith("处。") or "2个单位有差别" in "".join(lines[-2:])
    assert max(sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line) for line in lines) <= 80


def test_summaries_tell_the_same_as_the_folders_they_were_made_of(later: Path, tmp_path: Path, reconcile: Reconcile) -> None:
    units = ROOT / "sample_workbooks" / "2023H1" / "units.csv"
    for name, folder in (("old", TOWN), ("new", later)):
        assert reconcile("run", folder, "-u", units, "-o", tmp_path / name).returncode == 0
    through = reconcile("diff", tmp_path / "old" / "summary.xlsx", tmp_path / "new" / "summary.xlsx", "--format", "csv")
    direct = reconcile("diff", TOWN, later, "-u", units, "--format", "csv")
    assert (through.returncode, direct.returncode) == (0, 0)
    assert through.stdout == direct.stdout
    table = list(csv.reader(io.StringIO(direct.stdout.lstrip("\ufeff"))))
    assert table[0] == ["单位代码", "单位名称", "类别", "代码", "名称", "旧位置", "新位置", "旧内容", "新内容", "差额"]
    place = "一、组织建设!D9"
    assert ["990101202", "岭背村工会", "数据", "A008", "职工人数", place, place, "148人", "163人", "+15人"] in table


def test_only_what_is_below_the_root_is_compared(later: Path, reconcile: Reconcile) -> None:
    units = ROOT / "sample_workbooks" / "2023H1" / "units.csv"
    result = reconcile("diff", TOWN, later, "-u", units, "--root", "岭背村工会")
    assert "岭背村工会" in result.stdout
    assert "佳禾" not in result.stdout


def test_files_that_count_nowhere_are_named(tmp_path: Path, reconcile: Reconcile) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        shutil.copy(VILLAGE, tmp_path / name / "村.xlsx")
    (tmp_path / "new" / "坏.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    result = reconcile("diff", tmp_path / "old", tmp_path / "new")
    assert result.returncode == 0
    assert "新版未参加比较：坏.xlsx（" in result.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (
            (VILLAGE, FACTORY),
            2,
            "两边不是同一个单位的报表：旧的是岭背村工会（990101202），新的是合岭佳禾食品有限公司工会（990101301），无法比较。",
        ),
        ((ROOT / "sample_workbooks/2023H1/past.xlsx", TOWN), 2, "两边不是同一个报告期：旧的是2022年上半年，新的是2023年上半年，无法比较。"),
        ((VILLAGE, "无此文件.xlsx"), 2, "找不到“无此文件.xlsx”，请检查路径。"),
        ((VILLAGE, VILLAGE, "--format", "json"), 2, "“--format”的取值不对，可用：full、csv。"),
        ((VILLAGE,), 2, "缺少参数“新版”。"),
        ((VILLAGE, ROOT / "README.md"), 3, "README.md”里没有可以比较的报表"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(words: tuple[object, ...], code: int, told: str, reconcile: Reconcile) -> None:
    result = reconcile("diff", *words)
    assert result.returncode == code
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
