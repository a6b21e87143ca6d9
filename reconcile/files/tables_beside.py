"""The tables of a large round as Parquet files beside its summary, written and read back exactly.

Above LARGE returns sheets of a workbook are too slow and too small. The files lie in a folder named by the edition (数据版本), so that
those of several summaries may lie side by side; the hidden sheet `_reconcile` of the summary names the folder, and a digest of each file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pandas as pd

from reconcile.files.parquet import MAX_FILE, PART, BadParquet, Trial, installed, parquet_digest, read_matrix, read_parquet, write_parquet
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.tidy_rows import (
    FINDING_COLUMNS,
    LAYOUT_COLUMNS,
    LONG_TABLES,
    UNIT_COLUMNS,
    finding_of,
    finding_row,
    layout_rows,
    layouts_of,
    unit_of,
    unit_row,
)
from reconcile.model.outcome import CHECKS_COLUMNS, DIFFERENCES_COLUMNS, TOTALS_COLUMNS
from reconcile.model.round import ANSWERS_COLUMNS, RETURNS_COLUMNS, Round, State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.model.outcome import Outcome
    from reconcile.model.period import Period
    from reconcile.model.unit import Unit
    from reconcile.scheme.scheme import Scheme
    from reconcile.scheme.tables import Table

Opener = Callable[[str], BinaryIO]
"""Opens a file by its path relative to the summary's folder. Raises OSError or UnreadableWorkbook where it is not to be had."""

_RETURN = "return"
_COVERAGE = ("expected", "reported", "missing", "unreadable", "late")
_FOLDER = re.compile(r"data/[0-9A-Za-z]{1,40}")
_SCHEME_COLUMNS = ("table", "cells")
_TEMPLATE_COLUMNS = ("name", "text")


DATA = "data"
"""The folder beside summaries that holds a folder for each of them."""

NO_PYARROW = '没有安装 pyarrow，未另写数据文件；需要时请运行 pip install "gonghui-reconcile[large]" 后重新汇总。'
"""What is said where a large round is written without data files."""


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Parquet files beside a summary: their folder, relative to the summary's, and the sha256 of each by its table's name."""

    folder: str
    digests: Mapping[str, str]


def data_folder(outcome: Outcome) -> str:
    """Where the files of this outcome lie, relative to its summary."""
    return f"{DATA}/{outcome.edition or 0}"


def large_tables(outcome: Outcome, scheme: Scheme, folder: Path) -> dict[str, str]:
    """Write every table of the outcome as `<name>.parquet` into a folder, which is made; the sha256 of each by name. Raises OSError.

    Besides what a summary is read back from there are `findings` and `coverage`, for other programs. Totals only of units with children.
    """
    folder.mkdir(parents=True, exist_ok=True)
    returns, units = outcome.round, outcome.units
    digests: dict[str, str] = {}

    def add(name: str, columns: Mapping[str, str], parts: Iterable[Sequence[Any]]) -> None:
        digests[name] = write_parquet(folder / f"{name}.parquet", columns, parts)

    add("units", _texts(UNIT_COLUMNS), _lines(map(unit_row, units)))
    add("returns", {_RETURN: "str", **RETURNS_COLUMNS}, _frame(returns.returns.rename_axis(_RETURN).reset_index()))
    codes = [str(code) for code in returns.values.columns]
    states = returns.states.reindex(index=returns.values.index, columns=returns.values.columns)
    for name, table, kind in (("values", returns.values, "float64"), ("states", states, "int8")):
        add(name, {_RETURN: "str", **dict.fromkeys(codes, kind)}, _matrix(table, kind))
    for name, columns in {**LONG_TABLES, "answers": ANSWERS_COLUMNS}.items():
        add(name, columns, _frame(getattr(returns, name)[list(columns)]))
    add("layouts", _texts(LAYOUT_COLUMNS), _lines(layout_rows(returns.layouts)))
    add("intake", _texts(FINDING_COLUMNS), _lines(map(finding_row, returns.intake)))
    add("findings", _texts((*FINDING_COLUMNS, "reason")), _lines((*finding_row(one), one.reason) for one in outcome.findings))
    inner = [unit for unit in outcome.totals["unit"].unique() if unit == outcome.root or units.children(str(unit))]
    totals = outcome.totals[outcome.totals["unit"].isin(inner)]
    for name, table, columns in (
        ("totals", totals, TOTALS_COLUMNS),
        ("differences", outcome.differences, DIFFERENCES_COLUMNS),
        ("checks", outcome.checks, CHECKS_COLUMNS),
    ):
        add(name, columns, _frame(table[list(columns)]))
    standing = [frozenset(getattr(outcome.coverage, name)) for name in _COVERAGE]
    told = ((unit.code, unit.name, *(unit.code in one for one in standing)) for unit in units)
    add("coverage", {"unit": "str", "unit_name": "str", **dict.fromkeys(_COVERAGE, "bool")}, _lines(told))
    lines = ((name, json.dumps(line, ensure_ascii=False)) for name, table in scheme.tables.items() for line in table)
    add("scheme", _texts(_SCHEME_COLUMNS), _lines(lines))
    add("templates", _texts(_TEMPLATE_COLUMNS), _lines(scheme.templates.items()))
    return digests


def _texts(names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(names, "str")


def _lines(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Rows as parts of columns."""
    waiting = iter(rows)
    while part := list(islice(waiting, PART)):
        yield list(zip(*part, strict=True))


def _frame(table: pd.DataFrame) -> Iterator[Sequence[Any]]:
    """A table as parts of columns; texts as objects."""
    for start in range(0, len(table), PART):
        part = table.iloc[start : start + PART]
        yield [cells.to_numpy(dtype=object) if cells.dtype.kind not in "bif" else cells.to_numpy() for _, cells in part.items()]


def _matrix(table: pd.DataFrame, kind: str) -> Iterator[Sequence[Any]]:
    """The ids and the columns of a matrix of numbers, in parts."""
    ids, numbers = table.index.to_numpy(dtype=object), table.to_numpy(dtype=kind)
    for start in range(0, len(table), PART):
        part = numbers[start : start + PART]
        yield [ids[start : start + PART], *(np.ascontiguousarray(part[:, column]) for column in range(part.shape[1]))]


class TablesBeside:
    """Reads the files beside a summary. Raises UnreadableWorkbook, which says of which file what is wrong and what to do."""

    def __init__(self, files: DataFiles, opener: Opener | None) -> None:
        if not installed():
            raise UnreadableWorkbook("other_format", _NOT_INSTALLED)
        if not _FOLDER.fullmatch(files.folder):
            raise UnreadableWorkbook("damaged", _CHANGED.format(f"{files.folder[:80]}/"))
        self._files, self._opener, self._trial = files, opener, Trial()

    def __enter__(self) -> TablesBeside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._trial.close()

    def _found(self, path: str) -> BinaryIO:
        if self._opener is None:
            raise UnreadableWorkbook("missing", _MISSING.format(path))
        try:
            return self._opener(path)
        except UnreadableWorkbook as problem:  # says what is wrong with it, but not which of the files it is
            raise UnreadableWorkbook(problem.code, f"汇总表的数据文件“{path}”：{problem.message}") from problem

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        """A file that is as it was written."""
        path = f"{self._files.folder}/{name}.parquet"
        try:
            with self._found(path) as file:
                if parquet_digest(file) != self._files.digests.get(name):
                    raise UnreadableWorkbook("damaged", _CHANGED.format(path))
                self._trial.check(file)
                yield file
        except OSError as problem:
            raise UnreadableWorkbook("missing", _MISSING.format(path)) from problem
        except BadParquet as problem:
            raise UnreadableWorkbook("damaged", _STRANGE.format(path)) from problem

    def columns(self, name: str, columns: Mapping[str, str]) -> dict[str, NDArray[Any]]:
        """A table by columns, as read_parquet gives it."""
        with self._open(name) as file:
            return read_parquet(file, columns)

    def rows(self, name: str, columns: Iterable[str]) -> Iterable[tuple[str, ...]]:
        """A table of texts by rows."""
        return zip(*(cells.tolist() for cells in self.columns(name, _texts(columns)).values()), strict=True)

    def frame(self, name: str, columns: Mapping[str, str]) -> pd.DataFrame:
        """A table of the model."""
        read = self.columns(name, columns)
        made = {name: pd.array(cells, dtype="str") if columns[name] == "str" else cells for name, cells in read.items()}
        return pd.DataFrame(made, columns=list(columns))

    def matrix(self, name: str, kind: str) -> pd.DataFrame:
        """Numbers, return × indicator."""
        with self._open(name) as file:
            first, codes, ids, numbers = read_matrix(file, kind)
            if first != _RETURN:
                raise BadParquet("other columns")
        return pd.DataFrame(numbers, index=pd.Index(pd.array(ids, dtype="str"), name=_RETURN), columns=codes)

    def round(self, period: Period) -> tuple[Round, tuple[Unit, ...]]:
        """The round as it was written, and the units it knew. Raises ValueError too, where texts are none of ours."""
        returns = self.frame("returns", {_RETURN: "str", **RETURNS_COLUMNS}).set_index(_RETURN)
        values, states = self.matrix("values", "float64"), self.matrix("states", "int8")
        alike = states.index.equals(values.index) and states.columns.equals(values.columns)
        if not alike or not np.isin(states.to_numpy(), [int(state) for state in State]).all():
            raise UnreadableWorkbook("damaged", _STRANGE.format(f"{self._files.folder}/states.parquet"))
        long = {name: self.frame(name, columns) for name, columns in LONG_TABLES.items()}
        found = Round(
            period=period,
            returns=returns,
            values=values,
            states=states,
            layouts=layouts_of(self.rows("layouts", LAYOUT_COLUMNS)),
            intake=tuple(map(finding_of, self.rows("intake", FINDING_COLUMNS))),
            answers=self.frame("answers", ANSWERS_COLUMNS),
            **long,
        )
        return found, tuple(map(unit_of, self.rows("units", UNIT_COLUMNS)))

    def scheme(self) -> tuple[dict[str, Table], dict[str, str]]:
        """The tables and narrative templates of the scheme. Raises ValueError too, where they are none."""
        lines: dict[str, list[list[str]]] = {}
        for name, cells in self.rows("scheme", _SCHEME_COLUMNS):
            lines.setdefault(name, []).append([str(cell) for cell in json.loads(cells)])
        tables: dict[str, Table] = {**lines}
        return tables, {row[0]: row[1] for row in self.rows("templates", _TEMPLATE_COLUMNS)}


_NOT_INSTALLED = (
    "这份汇总表的报表很多，数据在它旁边的 Parquet 文件中，读取它们的程序包没有安装，没有读取。"
    '请运行 pip install "gonghui-reconcile[large]"，然后重新运行。'
)
_MISSING = (
    "汇总表的数据文件“{}”没有随汇总表一起找到，没有读取。请将汇总表和它旁边的 data 文件夹一起放好（在同一文件夹或同一压缩包中）再运行。"
)
_CHANGED = "汇总表的数据文件“{}”与程序写出时不同（改动过，或没有传完整），没有读取。请向报送单位索取程序写出的汇总表和整个 data 文件夹。"
_STRANGE = (
    "汇总表的数据文件“{}”不完整，或内容不是程序写出的样子，"
    f"或大于 {MAX_FILE >> 20} MB 等上限，没有读取。"
    "请向报送单位索取程序写出的汇总表和整个 data 文件夹。"
)
