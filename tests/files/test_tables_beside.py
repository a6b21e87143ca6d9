"""A large round as Parquet files beside its summary: read back exactly, and refused in one sentence where a file is not what was written."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_round import SCHEME, UNITS, outcome, same

from reconcile.files.bulk import Book
from reconcile.files.parquet import write_parquet
from reconcile.files.raw import UnreadableWorkbook, Workbook
from reconcile.files.tables_beside import DataFiles, Opener, TablesBeside, data_folder, large_tables
from reconcile.files.tidy import add_round, read_head, read_round, read_scheme_tables
from reconcile.files.workbook import read_workbook
from reconcile.model.outcome import TOTALS_COLUMNS, Outcome
from reconcile.model.unit import UnitTree

pytest.importorskip("pyarrow")


def summary_of(given: Outcome, folder: Path) -> Workbook:
    """The summary's head, with its files beside it in `folder`."""
    name = data_folder(given)
    files = DataFiles(name, large_tables(given, SCHEME, folder / name))
    return with_head(given, files)


def with_head(given: Outcome, files: DataFiles) -> Workbook:
    book = Book()
    book.page("封面")
    add_round(book, given, SCHEME, data=files)
    return read_workbook(book.data(), name="summary.xlsx")


def opener(folder: Path) -> Opener:
    return lambda path: (folder / path).open("rb")


def test_a_round_comes_back_exactly(tmp_path: Path) -> None:
    given = outcome()
    workbook = summary_of(given, tmp_path)
    assert [sheet.name for sheet in workbook.sheets] == ["封面", "_reconcile"]
    head = read_head(workbook)
    assert head.beside is not None
    assert (head.root, head.edition, head.beside.folder) == ("01", "e1", "data/e1")
    found, units = read_round(workbook, SCHEME, opener=opener(tmp_path))
    same(found, given.round)
    assert units == UNITS
    with TablesBeside(head.beside, opener(tmp_path)) as beside:
        pd.testing.assert_frame_equal(beside.frame("totals", TOTALS_COLUMNS), given.totals.iloc[:1], check_exact=True)
    assert read_scheme_tables(workbook, opener=opener(tmp_path)) == (SCHEME.tables, SCHEME.templates)


def test_other_programs_read_the_files(tmp_path: Path) -> None:
    summary_of(outcome(), tmp_path)
    table = pd.read_parquet(tmp_path / "data" / "e1" / "values.parquet")
    assert table[["return", "A001"]].to_numpy().tolist()[0] == ["r1", 12.0]
    names = {path.stem for path in (tmp_path / "data" / "e1").iterdir()}
    assert names > {
        "returns",
        "values",
        "states",
        "texts",
        "lists",
        "units",
        "totals",
        "differences",
        "checks",
        "coverage",
        "findings",
        "scheme",
    }
    assert pd.read_parquet(tmp_path / "data" / "e1" / "coverage.parquet")["unit"].tolist() == ["01", "0101", "0102"]


def test_same_round_same_bytes(tmp_path: Path) -> None:
    assert large_tables(outcome(), SCHEME, tmp_path / "a") == large_tables(outcome(), SCHEME, tmp_path / "b")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def gone(path: Path) -> None:
    path.unlink()


def other(path: Path) -> None:
    path.write_bytes(path.with_name("states.parquet").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [(cut, "“data/e1/values.parquet”与程序写出时不同"), (gone, "“data/e1/values.parquet”没有随汇总表一起找到"), (other, "不同")],
)
def test_a_changed_or_missing_file_is_said(spoil: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    workbook = summary_of(outcome(), tmp_path)
    spoil(tmp_path / "data" / "e1" / "values.parquet")
    with pytest.raises(UnreadableWorkbook, match=said) as told:
        read_round(workbook, SCHEME, opener=opener(tmp_path))
    assert "data 文件夹" in told.value.message


def test_a_summary_alone_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableWorkbook, match="没有随汇总表一起找到"):
        read_round(summary_of(outcome(), tmp_path), SCHEME)


def test_a_summary_says_which_package_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workbook = summary_of(outcome(), tmp_path)
    monkeypatch.setattr("reconcile.files.tables_beside.installed", lambda: False)
    with pytest.raises(UnreadableWorkbook, match=r'pip install "gonghui-reconcile\[large\]"'):
        read_round(workbook, SCHEME, opener=opener(tmp_path))


@pytest.mark.parametrize("folder", ["../../etc", "data/../..", "/etc", "data/e1/x", "", "data/", "DATA/e1", "data/e1\n"])
def test_only_a_folder_beside_is_ever_opened(folder: str) -> None:
    opened: list[str] = []

    def open_nothing(path: str) -> io.BytesIO:
        opened.append(path)
        raise FileNotFoundError(path)

    with pytest.raises(UnreadableWorkbook):
        read_round(with_head(outcome(), DataFiles(folder, {})), SCHEME, opener=open_nothing)
    assert opened == []


def forged(folder: Path, given: Outcome, name: str, columns: dict[str, str], rows: list[tuple[Any, ...]]) -> Workbook:
    """A summary somebody made to do harm: its digests fit."""
    files = DataFiles(data_folder(given), large_tables(given, SCHEME, folder / data_folder(given)))
    cells = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    digest = write_parquet(folder / data_folder(given) / f"{name}.parquet", columns, [cells])
    return with_head(given, replace(files, digests={**files.digests, name: digest}))


TEXTS = {
    "layouts": ("layout", "sheet", "cells"),
    "units": ("code", "name", "kind", "parent", "contact", "opened", "closed", "successors"),
    "intake": (
        "tier",
        "rule",
        "unit",
        "unit_name",
        "period",
        "return",
        "indicators",
        "cells",
        "observed",
        "expected",
        "difference",
        "message",
        "advice",
    ),
    "scheme": ("table", "cells"),
}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("layouts", ("L1", "s", "5")),
        ("layouts", ("L1", "s", '{"A001": 5}')),
        ("layouts", ("L1", "s", "[" * 100_000)),
        ("units", ("01", "甲", "town", "", "", "昨天", "", "[]")),
        ("units", ("01", "甲", "town", "", "", "", "", "7")),
        ("units", ("01", "甲", "town", "01", "", "", "", "[]")),
        ("intake", ("worst", *[""] * 5, "[]", "[]", *[""] * 5)),
        ("intake", ("note", *[""] * 5, "[]", "[[1, 2, 3, 4]]", *[""] * 5)),
        ("intake", ("note", *[""] * 5, "[]", '[["f"]]', *[""] * 5)),
    ],
)
def test_texts_that_mean_nothing_are_refused(name: str, row: tuple[str, ...], tmp_path: Path) -> None:
    workbook = forged(tmp_path, outcome(), name, dict.fromkeys(TEXTS[name], "str"), [row])
    with pytest.raises(UnreadableWorkbook):
        read_round(workbook, SCHEME, opener=opener(tmp_path))


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ({"return": "str", "A001": "int8", "A002": "int8"}, [("r1", 1, 9), ("r2", 1, 1)]),  # no such state
        ({"return": "str", "A001": "int8", "A002": "int8"}, [("r1", 1, 1)]),  # a row is missing
        ({"return": "str", "A001": "int8", "A003": "int8"}, [("r1", 1, 1), ("r2", 1, 1)]),  # another indicator
        ({"return": "str", "A001": "int64"}, [("r1", 1)]),  # other numbers
        ({"A001": "int8", "return": "str"}, [(1, "r1")]),  # no ids
    ],
)
def test_states_that_do_not_fit_are_refused(columns: dict[str, str], rows: list[tuple[Any, ...]], tmp_path: Path) -> None:
    with pytest.raises(UnreadableWorkbook, match="不是程序写出的样子"):
        read_round(forged(tmp_path, outcome(), "states", columns, rows), SCHEME, opener=opener(tmp_path))


def test_a_strange_scheme_is_refused(tmp_path: Path) -> None:
    for cells in ("5", "{", "null"):
        workbook = forged(tmp_path, outcome(), "scheme", dict.fromkeys(TEXTS["scheme"], "str"), [("rules", cells)])
        with pytest.raises(UnreadableWorkbook):
            read_scheme_tables(workbook, opener=opener(tmp_path))
    workbook = forged(tmp_path, outcome(), "scheme", dict.fromkeys(TEXTS["scheme"], "str"), [("rules", json.dumps(["id", 1]))])
    assert read_scheme_tables(workbook, opener=opener(tmp_path))[0] == {"rules": [["id", "1"]]}


def test_contacts_are_masked_in_the_files(tmp_path: Path) -> None:
    units = UnitTree((*UNITS[:2], replace(UNITS[2], contact="王某 13800138000")))
    workbook = summary_of(replace(outcome(), units=units), tmp_path)
    assert read_round(workbook, SCHEME, opener=opener(tmp_path))[1][2].contact == "王某 138****8000"
    assert b"13800138000" not in b"".join(path.read_bytes() for path in (tmp_path / "data" / "e1").iterdir())
