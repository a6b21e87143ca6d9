"""A round above the limit: its tables lie beside the summary, which is as good an input as the returns it was made from."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from reconcile.cli import app
from reconcile.files.scheme_files import read_scheme
from reconcile.model.outcome import Outcome
from reconcile.report.reminders import reminders
from reconcile.run import Request, judge

COUNTY = Path(__file__).resolve().parent.parent / "sample_workbooks" / "2023H1"
TOWNS = ("合岭镇", "铸源镇", "柳塘镇")
UNITS = ("-u", str(COUNTY / "units.csv"))
PAST = ("--past", str(COUNTY / "past.xlsx"))


@pytest.fixture(scope="module", autouse=True)
def _five_are_many() -> Iterator[None]:
    """Five returns are many here."""
    pytest.importorskip("pyarrow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconcile.model.round.LARGE", 5)
        yield


def run(*words: object) -> Result:
    result = CliRunner().invoke(app, [*map(str, words)])
    assert result.exit_code == 0, result.output
    return result


def data_of(folder: Path) -> Path:
    """The one folder of tables beside a summary."""
    (found,) = (folder / "data").iterdir()
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per town with its summary and tables, the few returns that belong to no town, and the whole county from returns."""
    root = tmp_path_factory.mktemp("large")
    for town in TOWNS:
        run("run", COUNTY / town, *UNITS, *PAST, "-o", root / town)
    run("run", COUNTY, "-o", root / "county")
    return root


def outcome(*returns: Path, past: Path | None = None) -> Outcome:
    return judge(Request(returns, units=COUNTY / "units.csv", past=(past or COUNTY / "past.xlsx",)))[0]


@pytest.fixture(scope="module")
def county() -> Outcome:
    """What the county's returns give by themselves."""
    return outcome(COUNTY)


def others() -> tuple[Path, ...]:
    return tuple(sorted(path for path in COUNTY.iterdir() if path.suffix in (".xlsx", ".xls") and path.name != "past.xlsx"))


def same(one: Outcome, two: Outcome) -> None:
    """Two outcomes say the same, whatever way the returns came."""
    assert one.edition == two.edition
    for table in ("totals", "checks", "differences"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table), check_exact=True)
    for table in ("values", "states", "typed", "texts", "lists", "reasons", "answers", "adjustments"):
        pd.testing.assert_frame_equal(getattr(one.round, table), getattr(two.round, table), check_exact=True)
    assert sorted((found.rule, found.message) for found in one.findings) == sorted((found.rule, found.message) for found in two.findings)


def test_the_closing_line_says_where_the_tables_are(tmp_path: Path) -> None:
    told = run("run", COUNTY / TOWNS[0], *UNITS, "-o", tmp_path / "out")
    assert f"逐单位数据在“{data_of(tmp_path / 'out')}”" in told.output
    assert "parquet" not in told.output


def test_summaries_give_what_the_returns_give(made: Path, county: Outcome) -> None:
    through = outcome(*(made / town / "summary.xlsx" for town in TOWNS), *others())
    assert set(through.round.returns["source"]) - {""} == {"summary.xlsx"}
    same(county, through)


def test_a_summary_and_its_tables_in_an_archive(made: Path, tmp_path: Path, county: Outcome) -> None:
    packed = tmp_path / "报送.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for town in TOWNS:
            for file in (made / town / "summary.xlsx", *data_of(made / town).iterdir()):
                archive.write(file, f"{town}/{file.relative_to(made / town).as_posix()}")
    through = outcome(packed, *others())
    same(county, through)
    assert not [name for name in through.round.returns["file"] if name.endswith(".parquet")]


def test_several_summaries_in_one_folder_keep_their_tables_apart(made: Path, tmp_path: Path, county: Outcome) -> None:
    for town in TOWNS:
        shutil.copy(made / town / "summary.xlsx", tmp_path / f"{town}汇总.xlsx")
        shutil.copytree(made / town / "data", tmp_path / "data", dirs_exist_ok=True)
    through = outcome(tmp_path, *others())
    same(county, through)
    assert not [name for name in through.round.returns["file"] if name.endswith(".parquet")]


def test_the_folder_of_results_given_itself(made: Path, tmp_path: Path) -> None:
    run("run", made / TOWNS[0], *UNITS, *PAST, "-o", tmp_path / "again")
    one, two = (pd.read_parquet(data_of(folder) / "totals.parquet") for folder in (made / TOWNS[0], tmp_path / "again"))
    pd.testing.assert_frame_equal(one[["unit", "indicator", "value"]], two[["unit", "indicator", "value"]])
    listed = pd.read_parquet(data_of(tmp_path / "again") / "returns.parquet")
    assert not listed["file"].str.endswith(".parquet").any()


def test_same_returns_same_bytes(made: Path, tmp_path: Path) -> None:
    run("run", COUNTY, "-o", tmp_path / "out")
    for file in (made / "county" / "summary.xlsx", *data_of(made / "county").iterdir()):
        assert file.read_bytes() == (tmp_path / "out" / file.relative_to(made / "county")).read_bytes(), file.name


def test_as_past(tmp_path: Path, county: Outcome) -> None:
    shutil.copy(COUNTY / "past.xlsx", tmp_path / "去年.xlsx")
    run("run", tmp_path / "去年.xlsx", *UNITS, "-o", tmp_path / "past")
    assert data_of(tmp_path / "past").is_dir()
    same(county, outcome(COUNTY, past=tmp_path / "past" / "summary.xlsx"))


def test_in_diff(made: Path) -> None:
    compared = run("diff", made / "county" / "summary.xlsx", COUNTY, *UNITS)
    assert "没有" in compared.output
    assert "无法读取" not in compared.output


def test_a_missing_table_is_one_sentence(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / TOWNS[0], tmp_path / "镇")
    (data_of(tmp_path / "镇") / "values.parquet").unlink()
    told = CliRunner().invoke(app, ["check", str(tmp_path / "镇" / "summary.xlsx"), str(COUNTY / TOWNS[1]), *UNITS, *PAST])
    assert "没有随汇总表一起找到" in told.output
    assert "Traceback" not in told.output


def test_below_a_summary_without_its_tables_nobody_is_reminded(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / TOWNS[0], tmp_path / "镇", ignore=lambda _folder, _names: ["data"])
    whole = outcome(*(made / town / "summary.xlsx" for town in TOWNS), *others())
    read = outcome(tmp_path / "镇" / "summary.xlsx", *(made / town / "summary.xlsx" for town in TOWNS[1:]), *others())
    sender = next(unit.code for unit in whole.units if unit.name.startswith(TOWNS[0]))
    inside = [code for code in whole.units.subtree(sender) if code in whole.round.counted]
    assert len(inside) > 1
    assert set(read.coverage.missing) == set(whole.coverage.missing) - set(whole.units.subtree(sender))
    assert set(inside) <= set(read.coverage.unreadable)
    (told,) = [one for one in read.findings if "没有随汇总表一起找到" in one.message]
    assert told.unit == sender
    texts = reminders(read, read_scheme(None), day=None)
    assert texts.count("【发给】") == len(read.coverage.missing) + 1
    assert f"下级{len(inside) - (sender in inside)}家的数在其中，请贵单位重报，下级不必重报。" in texts


def test_without_pyarrow_the_round_stays_in_the_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.run.installed", lambda: False)
    told = run("run", COUNTY / TOWNS[0], *UNITS, *PAST, "-o", tmp_path / "out")
    assert 'pip install "gonghui-reconcile[large]"' in told.output
    assert not (tmp_path / "out" / "data").exists()
    assert "_values" in openpyxl.load_workbook(tmp_path / "out" / "summary.xlsx", read_only=True).sheetnames
    monkeypatch.setattr("reconcile.files.tables_beside.installed", lambda: False)
    same(outcome(COUNTY / TOWNS[0]), outcome(tmp_path / "out" / "summary.xlsx"))


def test_tables_of_earlier_runs_go_unless_a_kept_summary_needs_them(tmp_path: Path) -> None:
    returns, out = tmp_path / "returns", tmp_path / "out"
    shutil.copytree(COUNTY / TOWNS[0], returns)
    run("run", returns, *UNITS, "-o", out)
    first = data_of(out)
    spare = sorted(returns.rglob("*.xlsx"))
    spare[0].unlink()
    run("run", returns, *UNITS, "-o", out)
    second = data_of(out)
    assert second != first
    workbook = openpyxl.load_workbook(out / "summary.xlsx")
    sheet = workbook["核定"]
    code = pd.read_parquet(second / "values.parquet").columns[8]
    unit = pd.read_parquet(second / "returns.parquet")["unit"].iloc[1]
    for column, text in enumerate((unit, None, code, None, 1, 2, "来函", "王", "2023-07-20"), start=1):
        sheet.cell(4, column).value = text
    workbook.save(out / "summary.xlsx")
    spare[1].unlink()
    run("run", returns, *UNITS, "-o", out)
    assert {path.name for path in (out / "data").iterdir()} >= {second.name}
    assert len(list((out / "data").iterdir())) == 2
    kept = outcome(out / "summary.xlsx", past=COUNTY / "past.xlsx")
    assert kept.round.adjustments["adjusted"].tolist() == [2.0]
