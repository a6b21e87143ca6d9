"""Consolidating raw returns and consolidating the towns' summaries give the same totals: every output is an input."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from reconcile.cli import app

COUNTY = Path(__file__).resolve().parent.parent / "sample_workbooks" / "2023H1"
TOWNS = ("合岭镇", "铸源镇", "柳塘镇")


def run(*words: object) -> None:
    result = CliRunner().invoke(app, ["run", *map(str, words), "-u", str(COUNTY / "units.csv"), "--past", str(COUNTY / "past.xlsx")])
    assert result.exit_code == 0, result.output


def sheet(folder: Path, name: str) -> list[tuple[object, ...]]:
    return list(load_workbook(folder / "summary.xlsx", read_only=True)[name].iter_rows(values_only=True))


def part(folder: Path, name: str) -> bytes:
    """The bytes of one sheet as they lie in the file."""
    with zipfile.ZipFile(folder / "summary.xlsx") as archive:
        workbook = archive.read("xl/workbook.xml").decode()
        at = re.search(rf'<sheet [^>]*name="{name}"[^>]*r:id="(\w+)"', workbook)
        assert at is not None
        target = re.search(
            rf'<Relationship [^>]*Target="/?(?:xl/)?([^"]+)"[^>]*Id="{at[1]}"', archive.read("xl/_rels/workbook.xml.rels").decode()
        )
        assert target is not None
        return archive.read(f"xl/{target[1]}")


@pytest.mark.slow
def test_town_summaries_and_raw_returns_give_the_same_county(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    for town in TOWNS:
        run(COUNTY / town, "-o", tmp_path / town)
        shutil.copy(tmp_path / town / "summary.xlsx", given / f"{town}汇总.xlsx")
    for file in COUNTY.iterdir():
        if file.suffix in (".xlsx", ".xls") and file.name != "past.xlsx":
            shutil.copy(file, given)
    run(COUNTY, "-o", tmp_path / "from returns")
    run(given, "-o", tmp_path / "from summaries")
    raw, summed = tmp_path / "from returns", tmp_path / "from summaries"
    assert sheet(raw, "_totals") == sheet(summed, "_totals")
    assert sheet(raw, "_values")[0] == sheet(summed, "_values")[0]
    assert (raw / "narrative.md").read_bytes() == (summed / "narrative.md").read_bytes()
    assert part(raw, "_totals") == part(summed, "_totals")  # to the byte
    told = [sorted(str(line[6]) for line in sheet(folder, "问题清单")[3:] if line[0]) for folder in (raw, summed)]
    assert len(told[0]) > 10
    assert told[0] == told[1]
