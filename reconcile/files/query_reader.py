"""What comes back in a query workbook beside the form: answers on the query sheet, and what the version before said already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from reconcile.files.placed import said
from reconcile.files.raw import CellDate, CellError, Raw, Uncomputed
from reconcile.scheme.form import ANSWERS_SHEET, QUERY_SHEET
from reconcile.scheme.replies import value_key

if TYPE_CHECKING:
    from reconcile.files.placed import Placed
    from reconcile.files.raw import Sheet, Workbook

ANSWER_HEADING = "说明（请在此填写）"
HIDDEN_HEADINGS: Mapping[str, str] = {"rule": "_规则", "indicators": "_指标", "values": "_依据"}
"""Columns of the query sheet that nobody sees: the rule, the indicators and the key of the values that a line is about."""

ANSWER, CARRIED = "答复", "说明"
"""Lines of the hidden sheet: an answer that settled a query of the version before; a reason that stood on its form."""

CARRIED_COLUMNS = ("类别", "规则", "指标", "依据", "文字")
OUTDATED = "-"  # as the key of a carried reason: the figure had changed before already, and no value brings the reason back


class Answer(NamedTuple):
    """An answer, for the values known by their key; the columns of ANSWERS_COLUMNS after the return. `indicators`: codes joined by ";"."""

    rule: str
    indicators: str
    values: str
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a query workbook says. `carried`: code -> text of each reason that the form bore already, and the key of its figure then."""

    answers: tuple[Answer, ...] = ()
    carried: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def outdated(self, reasons: Mapping[str, str], figures: Mapping[str, Placed]) -> frozenset[str]:
        """Codes whose reason is still the one of the version before although the figure is another."""
        found = set()
        for code, (text, key) in self.carried.items():
            if reasons.get(code, "").strip() == text.strip():
                placed = figures.get(code)
                if key != raw_key(None if placed is None else placed.raw):
                    found.add(code)
        return frozenset(found)


def raw_key(raw: Raw | None) -> str:
    """What stands in a cell as it is compared with what stood there in another version."""
    if isinstance(raw, CellError):
        return raw.text
    if isinstance(raw, CellDate):
        return value_key(str(raw.serial))
    if isinstance(raw, Uncomputed):
        return f"={raw.formula}"
    return value_key(said(raw))


def read_answers(workbook: Workbook) -> Answered:
    """Answers of the query sheet and of the hidden sheet; nothing where the workbook has neither."""
    answers: list[Answer] = []
    carried: dict[str, tuple[str, str]] = {}
    for sheet in workbook.sheets:
        if sheet.name == QUERY_SHEET:
            answers[:0] = _query_lines(sheet)  # what is written now goes before what was written then
        elif sheet.name == ANSWERS_SHEET:
            for kind, rule, indicators, values, text in _lines(sheet):
                if kind == ANSWER:
                    answers.append(Answer(rule, indicators, values, text))
                elif kind == CARRIED:
                    carried[indicators] = (text, values)
    return Answered(tuple(answers), carried)


def _query_lines(sheet: Sheet) -> Iterator[Answer]:
    """The lines of the query sheet whose column for the answer is filled; found by headings, wherever rows and columns were moved."""
    headed = _heading(sheet, {ANSWER_HEADING, *HIDDEN_HEADINGS.values()})
    if headed is None:
        return
    top, columns = headed
    for row in sorted({row for row, _ in sheet.cells if row > top}):
        text = said(sheet.cells.get((row, columns[ANSWER_HEADING])))
        rule, indicators, values = (said(sheet.cells.get((row, columns[heading]))) for heading in HIDDEN_HEADINGS.values())
        if text and rule and values:
            yield Answer(rule, indicators, values, text)


def _heading(sheet: Sheet, wanted: Collection[str]) -> tuple[int, dict[str, int]] | None:
    """The row that holds all of these headings, and their columns."""
    rows: dict[int, dict[str, int]] = {}
    for (row, column), raw in sheet.cells.items():
        if isinstance(raw, str) and raw.strip() in wanted:
            rows.setdefault(row, {})[raw.strip()] = column
    return next(((row, columns) for row, columns in sorted(rows.items()) if len(columns) == len(wanted)), None)


def _lines(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    rows = sorted({row for row, _ in sheet.cells if row > 1})
    for row in rows:
        yield tuple(said(sheet.cells.get((row, column))) for column in range(1, len(CARRIED_COLUMNS) + 1))
