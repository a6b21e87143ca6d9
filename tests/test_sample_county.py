"""The sample county says all that the six report systems say: every figure in its unit's narrative, in its summary, with its cells."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from reconcile.cli import app

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample_workbooks"
COUNTY = SAMPLE / "2023H1"
UNITS = COUNTY / "units.csv"

S1, S2, S3, S4, S5, S6 = "990100101", "990100102", "990101", "990100", "990102", "990103"
MISSING = "990103206"
ALONE = {S1: "物业服务中心工会半年报表（定稿）.xlsx", S2: "泉东社区工会2023年上半年报表.xlsx"}

# unit, indicator, value, as printed. Where the source rounds (~30), the sample holds the exact value given here.
STATED: tuple[tuple[str, str, float, str], ...] = (
    (S1, "C016", 6, "6人次"),
    (S1, "D008", 21, "21条"),
    (S1, "C007", 15, "15人"),
    (S1, "C008", 21000, "2.1万元"),
    (S1, "C017", 6, "6人次"),
    (S2, "C039", 15, "15人"),
    (S2, "C040", 12, "12人"),
    (S2, "C041", 1, "1人"),
    (S2, "C042", 1, "1个"),
    (S2, "C043", 1, "1人"),
    (S2, "C044", 29, "29人"),
    (S2, "C032", 399, "399户"),
    (S2, "C033", 739, "739人"),
    (S2, "C034", 56149, "56149元"),
    (S2, "C035", 56149 / 739, "75.98元"),
    (S2, "C037", 15, "15元"),
    (S3, "C013", 32, "32人"),  # ~30
    (S3, "C014", 12, "12人"),  # ~10
    (S3, "C015", 34, "34人"),  # ~30
    (S3, "F024", 3, "3家"),
    (S3, "A048", 3, "3次"),
    (S3, "E005", 4, "4篇"),
    (S3, "A050", 6, "6项"),
    (S4, "D022", 1, "1人"),
    (S4, "D023", 4, "4人"),
    (S4, "D024", 10, "10人"),
    (S4, "D026", 10, "10人"),
    (S4, "E020", 3, "3支"),
    (S4, "E021", 108, "108部"),  # ~100
    (S5, "B006", 100, "100%"),
    (S5, "B009", 10, "10家"),
    (S5, "B013", 45, "45家"),
    (S5, "B014", 5, "5家"),
    (S5, "B015", 50, "50家"),
    (S5, "B028", 46, "46家"),
    (S5, "D001", 19, "19次"),
    (S5, "D002", 1300, "1300人次"),
    (S5, "D003", 83, "83万元"),
    (S5, "D007", 211, "211条"),
    (S5, "D009", 125, "125条"),
    (S5, "D010", 66, "66万元"),
    (S5, "D011", 9, "9项"),
    (S5, "D012", 63, "63万元"),
    (S5, "D016", 103, "103期"),
    (S5, "D017", 2500, "2500人次"),
    (S5, "A034", 10, "10家"),
    (S5, "A030", 15, "15家"),
    (S5, "A031", 9, "9家"),
    (S5, "A032", 4, "4家"),
    (S5, "A023", 9, "9个"),
    (S5, "A012", 1850, "1850人"),
    (S5, "B030", 10, "10家"),
    (S5, "B038", 12, "12家"),
    (S5, "A035", 38, "38家"),
    (S6, "E004", 106, "106人次"),  # ~100
    (S6, "A052", 102, "102张"),  # ~100
    (S6, "C051", 9, "9名"),
    (S6, "C052", 52, "52亩"),  # ~50
    (S6, "C053", 310, "310亩"),  # ~300
    (S6, "E001", 520, "520份"),  # ~500
    (S6, "E002", 215, "215人次"),  # ~200
)

# The slots of S4 that are sums over all returns; 1, 11 and 16 are months, 12 and 13 the base year, 18 and 21 rates.
SLOT_SUMS = {
    2: "F003", 3: "F004", 4: "F005", 5: "F006", 6: "F007", 7: "F008", 8: "F009", 9: "F010", 10: "F011", 14: "A023", 15: "A024", 17: "C028",
    19: "G001", 20: "G002", 22: "C004", 23: "C006", 24: "C047", 25: "E022", 26: "D020",
}  # fmt: skip
SLOT_MONTHS = {1: ("F001", 6), 11: ("F002", 5), 16: ("A051", 3)}
TYPED = {"是": 1, "否": 0, "21000元": 2.1, "8600元": 0.86, "0.4万元": 0.4}
"""Figures of figures.csv that are not typed as plain digits, in the indicator's measure."""


class Told(NamedTuple):
    """What one run delivered: the narrative, the register of its figures by indicator, and the totals by (unit, indicator)."""

    narrative: str
    figures: dict[str, list[dict[str, object]]]
    cells: dict[int, list[tuple[str, str, str]]]
    totals: dict[tuple[str, str], float | None]


def run(*words: object) -> None:
    result = CliRunner().invoke(app, ["run", *map(str, words)])
    assert result.exit_code == 0, result.output


def told(folder: Path) -> Told:
    workbook = load_workbook(folder / "summary.xlsx", read_only=True)
    register = list(workbook["数据来源"].iter_rows(min_row=3, values_only=True))
    figures: dict[str, list[dict[str, object]]] = {}
    for line in register[1:]:
        row = dict(zip(map(str, register[0]), line, strict=True))
        figures.setdefault(str(row["指标"] or "").rpartition("（")[2].rstrip("）"), []).append(row)
    cells: dict[int, list[tuple[str, str, str]]] = {}
    for number, _, file, sheet, cell, _ in workbook["来源单元格"].iter_rows(min_row=4, values_only=True):
        cells.setdefault(int(str(number)), []).append((str(file), str(sheet), str(cell)))
    totals = {(str(line[0]), str(line[1])): line[2] for line in workbook["_totals"].iter_rows(min_row=2, values_only=True)}
    return Told((folder / "narrative.md").read_text(encoding="utf-8"), figures, cells, totals)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """Each system's report: the county through the command itself, towns with --root, single returns with the table of units."""
    out = tmp_path_factory.mktemp("reports")
    subprocess.run([sys.executable, "-m", "reconcile", "run", str(COUNTY), "-o", str(out / S4)], cwd=ROOT, check=True, capture_output=True)
    for town in (S3, S5, S6):
        run(COUNTY, "--root", town, "-o", out / town)
    for unit, file in ALONE.items():
        run(COUNTY / file, "-u", UNITS, "-o", out / unit)
    return {unit: told(out / unit) for unit in (S1, S2, S3, S4, S5, S6)}


def figures_csv() -> list[dict[str, str]]:
    with (SAMPLE / "figures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summed(code: str) -> float:
    """The sum of one indicator over all units but the missing one, from figures.csv alone."""
    found = 0.0
    for line in figures_csv():
        if line["indicator"] == code and line["unit"] != MISSING:
            value = TYPED[line["value"]] if line["value"] in TYPED else float(line["value"].strip("' ").replace(",", ""))
            found += value / 10000 if line["measure"] == "元" else value
    return round(found, 6)


def printed(report: Told, code: str) -> list[dict[str, object]]:
    return [row for row in report.figures.get(code, []) if row["性质"] in ("汇总数", "年月")]


@pytest.mark.slow
@pytest.mark.parametrize(("unit", "code", "value", "text"), STATED)
def test_every_stated_figure_is_in_the_narrative_and_the_summary(
    reports: dict[str, Told], unit: str, code: str, value: float, text: str
) -> None:
    report = reports[unit]
    rows = [row for row in printed(report, code) if row["文中数据"] == text]
    assert rows, f"{code}: {[row['文中数据'] for row in printed(report, code)]}"
    for row in rows:
        assert float(str(row["数值（未取舍）"])) == pytest.approx(value)
        assert text in str(row["所在句子"])
        assert str(row["所在句子"]).replace("~", "") in report.narrative
        assert int(str(row["单元格数"])) > 0
        assert re.fullmatch(r".+\.xlsx?：.+![A-Z]+\d+", str(row["首个单元格"]))
    if code not in ("C035", "C037"):  # a single return's norm, and its rate to all digits, are no total
        assert report.totals[unit, code] == pytest.approx(value)


@pytest.mark.slow
def test_no_slot_of_the_county_report_is_empty(reports: dict[str, Told]) -> None:
    report = reports[S4]
    for slot, code in SLOT_SUMS.items():
        expected = summed(code)
        assert expected > 0, f"slot {slot}"
        assert report.totals[S4, code] == pytest.approx(expected), f"slot {slot}"
        rows = printed(report, code)
        assert rows, f"slot {slot}"
        assert all(float(str(row["数值（未取舍）"])) == pytest.approx(expected) and int(str(row["单元格数"])) > 0 for row in rows), (
            f"slot {slot}"
        )
    for slot, (code, month) in SLOT_MONTHS.items():
        assert [row["文中数据"] for row in report.figures[code]] == [f"{month}月"], f"slot {slot}"
    assert report.narrative.count("2022年") >= 2, "slots 12 and 13"
    allowance = summed("C030") / summed("C029")
    assert [row["文中数据"] for row in printed(report, "C031")] == [f"{allowance:.2f}元"], "slot 18"
    handled = summed("G003") / summed("G002") * 100
    assert [row["文中数据"] for row in printed(report, "G004")] == [f"{handled:.1f}%"], "slot 21"


@pytest.mark.slow
def test_every_total_in_the_county_report_names_files_that_are_there(reports: dict[str, Told]) -> None:
    report = reports[S4]
    totals = [row for rows in report.figures.values() for row in rows if row["性质"] == "汇总数"]
    assert len(totals) > 100
    sheets: dict[str, set[str]] = {}
    for row in totals:
        pointed = re.fullmatch(r"第(\d+)号", str(row["单元格清单"]))
        cells = report.cells[int(pointed[1]) if pointed else int(str(row["序号"]))]
        assert len(cells) == int(str(row["单元格数"])) > 0
        for file, sheet, cell in cells:
            assert re.fullmatch(r"[A-Z]+\d+", cell)
            sheets.setdefault(file, set()).add(sheet)
    assert len(sheets) == 34
    for file in sheets:
        if ".zip/" not in file:
            assert (COUNTY / file).is_file()
    archive = {file.partition(".zip/")[0] for file in sheets if ".zip/" in file}
    assert archive == {"柳塘镇/东畈西畈两村报表"}


@pytest.mark.slow
def test_text_items_are_told(reports: dict[str, Told]) -> None:
    assert "每月10日前召开纪检例会" in reports[S1].narrative
    assert "会费收支每季度在公告栏公布一次" in reports[S1].narrative
    assert "另有1家未报，未计入，具体为茅坪村" in reports[S4].narrative
    assert "尚未启动" not in reports[S4].narrative  # one unit left it blank: the others alone would not make up the sum


@pytest.fixture(scope="module")
def findings() -> list[dict[str, str]]:
    result = CliRunner().invoke(app, ["check", str(COUNTY), "--format", "csv"])
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout.lstrip("\ufeff"))))


def test_only_the_wanted_queries_are_asked(findings: list[dict[str, str]]) -> None:
    park, mill = "园区村工会", "柳塘粮油加工厂工会"
    assert [line for line in findings if line["级别"] == "强制"] == []
    assert sorted((line["规则"], line["单位名称"]) for line in findings if line["级别"] == "核实") == [
        ("A-09", mill),  # four dispatched workers, with a reason in the return
        ("B-04", park),  # 100 % coverage beside 5 new agreements for 9 new unions
        ("B-16", park),  # 10 new congresses, 9 new unions
        ("N-13", "茅坪村工会"),
        ("N-35", park),  # 15 against 9 + 4
    ]
    implied = next(line for line in findings if line["规则"] == "N-35")
    assert implied["应为"] == "2家"
    assert implied["位置"].split(";")[0].endswith("园区村工会2023年上半年报表.xlsx：一、组织建设!D30")


def test_odd_but_readable_figures_are_notes(findings: list[dict[str, str]]) -> None:
    typed = {(line["规则"], line["报表中的内容"]) for line in findings if line["级别"] == "提示"}
    assert typed >= {
        ("N-17", "３５"),
        ("N-18", "18,540"),
        ("N-19", "320人次"),
        ("N-20", "21000元"),
        ("N-20", "8600元"),
        ("N-20", "9600"),
        ("N-14", "2023-07-14"),
    }


@pytest.mark.slow
def test_the_same_run_twice_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("first", "second"):
        run(COUNTY, "-o", tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "first").as_posix() for path in (tmp_path / "first").rglob("*") if path.is_file())
    assert {"summary.xlsx", "narrative.docx", "narrative.md", "findings.csv"} <= set(files)
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def parts(data: bytes) -> object:
    """A file's content without what another compressor may do differently: the members of an archive, however deep."""
    if not data.startswith(b"PK"):
        return data
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return "half an archive"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: parts(archive.read(info)) for info in archive.infolist()}


@pytest.mark.slow
def test_make_writes_what_is_committed(tmp_path: Path) -> None:
    """Where this fails after a change of the scheme or of the forms: run `python sample_workbooks/make.py` and look at the difference."""
    subprocess.run([sys.executable, str(SAMPLE / "make.py"), str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    for folder in ("2023H1", "2023H1_faults"):
        names = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / folder).rglob("*") if path.is_file()}
        assert names == {path.relative_to(SAMPLE).as_posix() for path in (SAMPLE / folder).rglob("*") if path.is_file()}
        changed = [name for name in sorted(names) if parts((tmp_path / name).read_bytes()) != parts((SAMPLE / name).read_bytes())]
        assert changed == []
    assert (tmp_path / "faults.csv").read_bytes() == (SAMPLE / "faults.csv").read_bytes()
