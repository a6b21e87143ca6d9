"""The round and its scheme as tidy hidden sheets of a summary, so that every output is an input: written, and read back exactly.

The sheets are authoritative; what a reader sees in the visible sheets is made from the same round. One visible sheet is read, 核定: there a
person sets figures, and hands the workbook in again. A large round stands in Parquet files beside the workbook (`tables_beside`), and only
the head in a sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reconcile.files.archive import whole_file
from reconcile.files.raw import CellDate, Raw, UnreadableWorkbook, Workbook
from reconcile.files.tables_beside import DataFiles, Opener, TablesBeside
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
from reconcile.files.tidy_table import HEAD, OPEN_SHEET, TablesIn, TablesOut, damaged, facts, figures_of, long, texts_of
from reconcile.files.workbook import read_workbook
from reconcile.model.identity import mask_text
from reconcile.model.outcome import CHECKS_COLUMNS, DIFFERENCES_COLUMNS, TOTALS_COLUMNS
from reconcile.model.period import Period
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
    ANSWERS_COLUMNS,
    RETURNS_COLUMNS,
    Round,
    State,
    no_answers,
)
from reconcile.model.unit import Unit, without_circles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.files.bulk import Book
    from reconcile.model.outcome import Outcome
    from reconcile.scheme.scheme import Scheme
    from reconcile.scheme.tables import Table

ADJUSTMENTS_SHEET = OPEN_SHEET
ADJUSTMENTS_HEADING: dict[str, str] = {
    "unit": "单位代码",
    "unit_name": "单位名称",
    "indicator": "指标代码",
    "indicator_name": "指标名称",
    "reported": "上报数",
    "adjusted": "核定数",
    "basis": "核定依据",
    "who": "核定人",
    "date": "核定日期",
}
"""Columns of the sheet 核定; the two names are for the reader only."""

# 2: the round stands in files beside; 3: long tables are packed. What knows only 1 must not take the workbook for an empty round.
_FORMAT, _FORMAT_BESIDE, _FORMAT_PACKED = "1", "2", "3"
_FORMATS = frozenset({"1", "1.0", "2", "2.0", "3", "3.0"})  # a program that saves it anew may write a point
_FOLDER, _FILE = "data", "file:"
_WIDEST = 16_384  # columns of a sheet
_SCHEME_CELLS = 1_000_000  # cells of all tables of a scheme; 5,000 indicators and as many rules have a tenth of them
_MOST_FINDINGS = 100_000  # of one summary whose round is not large: two hundred a return
_LISTS = "lists"
_LAST_DAY = 2_958_465  # 9999-12-31
_ANSWERS = "_answers"  # summaries of earlier programs have none
_EPOCH = date(1899, 12, 30).toordinal()  # serial 0 of the 1900 system, for serials after its 29 February


@dataclass(frozen=True, slots=True)
class Head:
    """What a summary says of itself. `scheme` is the hash of the scheme it was made with; `units_known`: a table of units was given;
    `beside`: the files in which the round stands, None where it stands in the workbook."""

    root: str
    period: Period
    scheme: str
    edition: str
    units_known: bool
    beside: DataFiles | None = None


def add_round(book: Book, outcome: Outcome, scheme: Scheme, *, data: DataFiles | None = None) -> None:
    """Add the tidy sheets to a book: round, units, scheme and results. Totals only of units with children (a leaf's are its own values),
    and where these are many only those with a figure.

    With `data`, the files that `large_tables` wrote, only the head is added, which names them.
    """
    out = TablesOut(book)
    head = {
        "kind": "summary",
        "format": _FORMAT if data is None else _FORMAT_BESIDE,
        "root": outcome.root,
        "period": str(outcome.period),
        "scheme": scheme.hash,
        "scheme_name": scheme.name,
        "edition": outcome.edition,
        "units_known": "是" if outcome.units.known else "否",
    }
    if data is None:
        _add_tables(out, outcome, scheme)
        head["format"] = _FORMAT_PACKED if out.packs else _FORMAT
    else:
        head |= {_FOLDER: data.folder, **{f"{_FILE}{name}": digest for name, digest in data.digests.items()}}
    out.close(head)


def _add_tables(out: TablesOut, outcome: Outcome, scheme: Scheme) -> None:
    returns, units = outcome.round, outcome.units
    out.texts("_units", UNIT_COLUMNS, (unit_row(unit) for unit in units))
    out.frame("_returns", returns.returns, RETURNS_COLUMNS, index=True)
    _add_values(out, returns)
    for name, columns in LONG_TABLES.items():
        table = getattr(returns, name)
        short = name == _LISTS and long(len(table), len(columns))
        out.frame(f"_{name}", table.assign(cell=_short_cells(table)) if short else table, columns)
    out.frame(_ANSWERS, returns.answers, ANSWERS_COLUMNS)
    out.texts("_layouts", LAYOUT_COLUMNS, layout_rows(returns.layouts))
    out.texts("_intake", FINDING_COLUMNS, (finding_row(finding) for finding in returns.intake))
    above = [unit for unit in dict.fromkeys(outcome.totals["unit"]) if unit == outcome.root or units.children(str(unit))]
    totals = outcome.totals[outcome.totals["unit"].isin(above)]
    if long(len(totals), len(TOTALS_COLUMNS)):  # of a hundred thousand units of which three reported, hardly a row says anything
        totals = totals[totals[["value", "approved", "previous", "closing"]].notna().any(axis=1)]
    out.frame("_totals", totals, TOTALS_COLUMNS)
    out.frame("_differences", outcome.differences, DIFFERENCES_COLUMNS)
    out.frame("_checks", outcome.checks, CHECKS_COLUMNS)
    lines = ((name, str(len(line)), *line) for name, table in scheme.tables.items() for line in table)
    out.lines("_scheme", ("table", "cells"), lines)
    out.lines("_templates", ("name", "text"), scheme.templates.items())


def is_summary(workbook: Workbook) -> bool:
    """Whether the workbook is one of our summaries."""
    return facts(workbook).get("kind") == "summary"


def read_head(workbook: Workbook) -> Head:
    """What the summary says of itself. Raises UnreadableWorkbook where it is none, or was damaged."""
    return _head(TablesIn(workbook).facts)


def _head(said: Mapping[str, str]) -> Head:
    period = Period.parse(said.get("period", ""))
    if said.get("kind") != "summary" or said.get("format") not in _FORMATS or period is None:
        raise damaged(HEAD)
    beside = None
    if said["format"].startswith(_FORMAT_BESIDE):
        beside = DataFiles(said.get(_FOLDER, ""), {key.removeprefix(_FILE): text for key, text in said.items() if key.startswith(_FILE)})
    return Head(said.get("root", ""), period, said.get("scheme", ""), said.get("edition", ""), said.get("units_known") == "是", beside)


def read_round(workbook: Workbook, scheme: Scheme, *, opener: Opener | None = None) -> tuple[Round, tuple[Unit, ...]]:
    """The round as it was written, and the units it knew. Raises UnreadableWorkbook where tidy sheets, or files beside the workbook, are
    missing, cut or changed, where a unit stands there twice, and where units are their own parents.

    Columns of the values are the codes of the scheme it was made with. Adjustments are those that the sheet 核定 has now; there `scheme`
    tells which indicator a name means. An adjusted figure that is no number comes as NaN. `opener` opens the files beside the workbook.
    """
    with _as_damage():
        tables = TablesIn(workbook)
        head = _head(tables.facts)
        if head.beside is None:
            found, units = _read_round(tables, head.period)
        else:
            with TablesBeside(head.beside, opener) as beside:
                found, units = beside.round(head.period)
        if without_circles(units) != list(units):
            raise damaged("_units")
        if any(sheet.name == ADJUSTMENTS_SHEET for sheet in workbook.sheets):
            found = replace(found, adjustments=_adjustments(workbook, scheme, units))
        return found, units


@contextmanager
def _as_damage() -> Iterator[None]:
    """What a strange sheet makes of numbers, dates and JSON is told as what it is: damage."""
    try:
        yield
    except (ValueError, KeyError, IndexError, TypeError, ArithmeticError, RecursionError) as problem:
        raise damaged(HEAD) from problem


def _read_round(tables: TablesIn, period: Period) -> tuple[Round, tuple[Unit, ...]]:
    values, states = _values(tables)
    sparse = {name: tables.frame(f"_{name}", columns) for name, columns in LONG_TABLES.items()}
    if tables.packs(f"_{_LISTS}"):
        sparse[_LISTS]["cell"] = pd.array(_whole_cells(sparse[_LISTS]), dtype="str")
    found = Round(
        period=period,
        returns=tables.frame("_returns", RETURNS_COLUMNS, index=True),
        values=values,
        states=states,
        layouts=layouts_of(tables.texts("_layouts")),
        intake=tuple(map(finding_of, tables.texts("_intake", most=_MOST_FINDINGS))),
        answers=tables.frame(_ANSWERS, ANSWERS_COLUMNS) if tables.has(_ANSWERS) else no_answers(),
        **sparse,
    )
    return found, tuple(map(unit_of, tables.texts("_units")))


def _short_cells(lists: pd.DataFrame) -> list[str]:
    """The cells of a packed list without their rows, which the table has anyway, and # in their place; = behind any other cell."""
    pairs = zip(lists["cell"].tolist(), map(str, lists["row"].tolist()), strict=True)
    return [f"{cell.removesuffix(row)}#" if cell.endswith(row) else f"{cell}=" for cell, row in pairs]


def _whole_cells(lists: pd.DataFrame) -> list[str]:
    pairs = zip(lists["cell"].tolist(), map(str, lists["row"].tolist()), strict=True)
    return [cell[:-1] + row if cell.endswith("#") else cell[:-1] for cell, row in pairs]


def data_in_use(summaries: Iterable[Path]) -> frozenset[str]:
    """The folders, relative to the summaries', that these summaries read their round from. What cannot be read uses none."""
    found = set()
    for path in summaries:
        with suppress(OSError, UnreadableWorkbook):
            head = read_head(read_workbook(whole_file(path), name=path.name, whole=False))
            found.add(head.beside.folder if head.beside is not None else "")
    return frozenset(found)


def read_scheme_tables(workbook: Workbook, *, opener: Opener | None = None) -> tuple[dict[str, Table], dict[str, str]]:
    """The tables and narrative templates of the scheme that the summary was made with. Raises UnreadableWorkbook."""
    with _as_damage():
        tables = TablesIn(workbook)
        files = _head(tables.facts).beside
        if files is None:
            return _scheme_tables(tables)
        with TablesBeside(files, opener) as beside:
            return beside.scheme()


def _scheme_tables(tables: TablesIn) -> tuple[dict[str, Table], dict[str, str]]:
    found: dict[str, Table] = {}
    lines: dict[str, list[list[str]]] = {}
    room = _SCHEME_CELLS
    for row in tables.lines("_scheme"):
        cells = [tables.text(cell) for cell in row]
        width = min(int(cells[1]), _WIDEST)
        room -= width
        if room < 0:
            raise damaged("_scheme")
        lines.setdefault(cells[0], []).append((cells[2:] + [""] * width)[:width])
    found.update(lines)
    templates = {tables.text(row[0]): tables.text(row[1]) if len(row) > 1 else "" for row in tables.lines("_templates") if row}
    return found, templates


def _add_values(out: TablesOut, returns: Round) -> None:
    """Values wide, a return a row; its states as one digit a code, so that the four kinds of nothing stay apart."""
    codes = [str(code) for code in returns.values.columns]
    states = returns.states.reindex(index=returns.values.index, columns=returns.values.columns).to_numpy(dtype=np.int8)
    digits = (states + ord("0")).astype(np.uint8)
    ids = [str(one) for one in returns.values.index]
    said = [f"s{row.tobytes().decode('ascii')}" for row in digits]
    columns = returns.values.to_numpy(dtype=np.float64).T.tolist()
    out.columns("_values", (str(returns.values.index.name or ""), "states", *codes), [ids, said, *columns])


def _values(tables: TablesIn) -> tuple[pd.DataFrame, pd.DataFrame]:
    heading, ids, digits, values = _packed_values(tables) if tables.packs("_values") else _plain_values(tables)
    codes = heading[2:]
    if any(len(one) != len(codes) for one in digits):
        raise damaged("_values")
    written = np.frombuffer("".join(digits).encode("ascii", errors="replace"), dtype=np.uint8)
    states = written.reshape(values.shape).astype(np.int8) - ord("0")
    if not np.isin(states, [int(state) for state in State]).all():
        raise damaged("_values")
    index = pd.Index(pd.array(ids, dtype="str"), name=heading[0] or None)
    return pd.DataFrame(values, index=index, columns=codes), pd.DataFrame(states.astype(np.int8), index=index, columns=codes)


def _packed_values(tables: TablesIn) -> tuple[list[str], list[str], list[str], NDArray[np.float64]]:
    """Heading, ids, states as digits, and the figures (rows × codes)."""
    heading, columns = tables.unpacked("_values")
    ids, digits, *figures = columns
    values = np.empty((len(ids), len(figures)), order="F")
    for place, column in enumerate(figures):
        values[:, place] = figures_of(column)
    return heading, texts_of(ids).tolist(), [one[1:] for one in texts_of(digits).tolist()], values


def _plain_values(tables: TablesIn) -> tuple[list[str], list[str], list[str], NDArray[np.float64]]:
    """The same of a table that stands row by row."""
    sheet, lines = tables.sheet("_values")
    named = {column: tables.text(value) for (row, column), value in sheet.cells.items() if row == 1}
    heading = [named.get(column, "") for column in range(1, max(named, default=2) + 1)]
    rows = {row: number for number, row in enumerate(lines)}
    ids, digits = [""] * len(rows), [""] * len(rows)
    states_there = sum(len(raw) for (_, column), raw in sheet.cells.items() if column == 2 and isinstance(raw, str))
    if len(rows) * (len(heading) - 2) > states_there:  # each figure has its state: what claims to have more figures would fill the memory
        raise damaged("_values")
    values = np.full((len(rows), len(heading) - 2), np.nan)
    for (row, column), raw in sheet.cells.items():
        if row == 1:
            continue
        if column > 2:
            if column > len(heading):
                raise damaged("_values")
            values[rows[row], column - 3] = tables.number(raw, "_values")
        elif column == 1:
            ids[rows[row]] = tables.text(raw)
        else:
            digits[rows[row]] = tables.text(raw)[1:]
    return heading, ids, digits, values


def _adjustments(workbook: Workbook, scheme: Scheme, units: tuple[Unit, ...]) -> pd.DataFrame:
    """The rows of the sheet 核定 below its heading; units and indicators may be named instead of coded. A row that names neither is none:
    whatever else stands there is about nothing.
    """
    sheet = next(sheet for sheet in workbook.sheets if sheet.name == ADJUSTMENTS_SHEET)
    top = next((row for (row, column), value in sorted(sheet.cells.items(), key=_address) if value == ADJUSTMENTS_HEADING["unit"]), 0)
    columns = {str(value): column for (row, column), value in sheet.cells.items() if row == top}
    named = {unit.name: unit.code for unit in units}
    kept: list[list[Any]] = []
    for row in sorted({row for row, _ in sheet.cells if row > top}) if top else ():
        raw = {key: sheet.cells.get((row, columns.get(heading, 0))) for key, heading in ADJUSTMENTS_HEADING.items()}
        unit = _plain(raw["unit"]) or named.get(_plain(raw["unit_name"]), "")
        indicator = _plain(raw["indicator"]) or _plain(raw["indicator_name"])
        if not unit and not indicator:
            continue
        figures = [value if isinstance(value, float) else float("nan") for value in (raw["reported"], raw["adjusted"])]
        kept.append(
            [
                named.get(unit, unit),
                scheme.codes.get(indicator, indicator),
                *figures,
                *(mask_text(_plain(raw[key])) for key in ("basis", "who", "date")),
            ]
        )
    made: dict[str, Any] = {}
    for number, (column, kind) in enumerate(ADJUSTMENTS_COLUMNS.items()):
        cells = [line[number] for line in kept]
        made[column] = pd.array(cells, dtype="str") if kind == "str" else np.array(cells, dtype=np.float64)
    return pd.DataFrame(made, columns=list(ADJUSTMENTS_COLUMNS))


def _address(cell: tuple[tuple[int, int], Raw]) -> tuple[int, int]:
    return cell[0]


def _plain(raw: Raw | None) -> str:
    """A cell that a person filled in, as text; dates as YYYY-MM-DD, what is no day under a date format as its digits."""
    if raw is None:
        return ""
    if isinstance(raw, CellDate):
        return date.fromordinal(_EPOCH + int(raw.serial)).isoformat() if 1 <= raw.serial <= _LAST_DAY else f"{raw.serial:.15g}"
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else repr(float(raw))
    return raw.strip() if isinstance(raw, str) else ""
