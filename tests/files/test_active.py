"""What a workbook carries that could run is named, and none of it is in anything that is written."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hostile import UNIT, UNIT_NAME, figure_rows, sheet, small_return, with_parts
from hostile_active import CARRIED, SIGNS
from hostile_archives import old_workbook

from reconcile.files.active import MACROS, asks_outside
from reconcile.files.workbook import read_workbook
from reconcile.run import Request, deliver, judge


@pytest.mark.parametrize("name", CARRIED)
def test_what_a_workbook_carries_is_named(name: str) -> None:
    parts, words = CARRIED[name]
    assert read_workbook(with_parts(parts), name=name).active == words


def test_an_old_workbook_with_macros_is_named() -> None:
    made = old_workbook()
    assert read_workbook(made, name="a.xls").active == ()
    assert read_workbook(made + "_VBA_PROJECT_CUR".encode("utf-16-le") + bytes(480), name="a.xls").active == (MACROS,)


def test_a_workbook_of_nothing_but_figures_carries_nothing() -> None:
    assert read_workbook(small_return(), name="a").active == ()


@pytest.mark.parametrize(
    ("formula", "asks"),
    [
        ("cmd|'/c calc'!A0", True),
        ("-2+3+cmd|' /C calc'!A0", True),
        ("MSEXCEL|'\\..\\cmd.exe'!''", True),
        ("'DDE server'|topic!item", True),
        ("SUM(A1:A9)", False),
        ('"cmd|\'/c calc\'!A0"', False),
        ("Sheet1!A1", False),
        ("{1|2}", False),
        ("|" * 9_000, False),
        ("a" * 9_000 + "|", False),
    ],
)
def test_formulas_that_ask_another_program(formula: str, asks: bool) -> None:
    assert asks_outside(formula) is asks


@pytest.mark.slow
def test_it_is_told_and_never_copied_on(tmp_path: Path) -> None:
    returns, out = tmp_path / "returns", tmp_path / "out"
    returns.mkdir()
    figures = figure_rows(heads="<f>cmd|'/c calc'!A0</f><v>12</v>")  # fewer than the women among them: there will be a query
    parts = {**CARRIED["everything at once"][0], "xl/worksheets/sheet2.xml": sheet(figures)}
    (returns / "柳林村.xlsm").write_bytes(with_parts(parts))
    (tmp_path / "units.csv").write_text(f"code,name,kind,parent\n{UNIT},{UNIT_NAME},village,\n", encoding="utf-8")
    request = Request(returns=(returns,), units=tmp_path / "units.csv")
    outcome, scheme = judge(request)
    (told,) = [one for one in outcome.findings if one.rule == "N-68"]
    assert "带有宏、宏表（Excel 4.0）、DDE 链接、指向其他文件的外部链接" in told.message
    assert "柳林村.xlsm" in told.message
    deliver(outcome, scheme, request=request, folder=out, day=None)
    written = [path for path in out.rglob("*") if path.suffix in (".xlsx", ".docx")]
    assert {path.suffix for path in written} == {".xlsx", ".docx"}
    assert [path.name for path in written if path.parent.name == "queries"] == [f"{UNIT} {UNIT_NAME}.xlsx"]
    for path in written:
        _carries_nothing(path)


def _carries_nothing(path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        for name in archive.namelist():
            content = name.encode() + archive.read(name)
            assert not [sign for sign in SIGNS if sign.encode() in content], (path.name, name)
