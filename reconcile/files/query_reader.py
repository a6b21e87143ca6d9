"""What comes back in a query workbook beside the form: answers on the query sheet, and what the version before said already."""

from __future__ import annotations

import hashlib
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

PLACE_HEADING, PROBLEM_HEADING = "位置", "问题和处理建议"
ANSWER_HEADING = "说明（请在此填写）"
FORWARDED_HEADING = "办理情况"
"""In place of the answers, on a query that a unit hands on to those below it."""
HIDDEN_HEADINGS: Mapping[str, str] = {"rule": "_规则", "indicators": "_指标", "values": "_依据"}
"""Columns of the query sheet that nobody sees: the rule, the indicators and the key of the values that a line is about."""

LINE_HEADING = "_行"
"""One more, with the key of what is seen on the line, by which the others are found again where they were not sorted along."""

ALONE = "只有查询单，没有报表，请把查询单所在的整个文件发回"
ALONE_FORWARDED = "只有转下级的查询单，没有报表，请收齐下级更正后的报表，重新汇总报送"
"""What is said of a query sheet that came back without its form."""

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


def line_key(place: str, problem: str) -> str:
    """What is seen on a line of the query sheet as a short key; blanks and line breaks do not count."""
    seen = "".join(f"{place}|{problem}".split())
    return "z" + hashlib.blake2b(seen.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


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


def lone_query(workbook: Workbook) -> str:
    """What to say of a workbook that is no form because only its query sheet came back, copied into another workbook; else "".

    The sheet is known by its headings whatever it is called now: by those that nobody sees, or, where only what is seen was copied, by
    those of the problems and the answers. A query workbook with its form has them too: ask only where `read_form` found none.
    """
    for sheet in workbook.sheets:
        for heading, said_of_it in ((ANSWER_HEADING, ALONE), (FORWARDED_HEADING, ALONE_FORWARDED)):
            if _heading(sheet, {PROBLEM_HEADING, heading}) is not None:
                return said_of_it
        if _heading(sheet, HIDDEN_HEADINGS.values()) is not None:
            return ALONE
    return ""


def _query_lines(sheet: Sheet) -> Iterator[Answer]:
    """The lines of the query sheet whose column for the answer is filled; found by headings, wherever rows and columns were moved."""
    headed = _heading(sheet, {ANSWER_HEADING, *HIDDEN_HEADINGS.values()}, also=(PLACE_HEADING, PROBLEM_HEADING, LINE_HEADING))
    if headed is None:
        return
    top, columns = headed
    hidden = _hidden_rows(sheet, top, columns)
    field = columns[ANSWER_HEADING]
    merged = [one for one in sheet.merged if one.left == field and one.top > top]  # one answer over several lines is given to each
    for row in sorted({row for row, _ in sheet.cells if row > top}):
        text = said(sheet.cells.get((next((one.top for one in merged if one.top <= row <= one.bottom), row), field)))
        keys = hidden.get(row, row)
        rule, indicators, values = (said(sheet.cells.get((keys, columns[heading]))) for heading in HIDDEN_HEADINGS.values())
        if text and rule and values:
            yield Answer(rule, indicators, values, text)


def _hidden_rows(sheet: Sheet, top: int, columns: Mapping[str, int]) -> dict[int, int]:
    """Lines that no longer stand beside their hidden cells, as after sorting what is seen alone -> the row where these are."""
    if not {PLACE_HEADING, PROBLEM_HEADING, LINE_HEADING} <= columns.keys():
        return {}
    rows = sorted({row for row, _ in sheet.cells if row > top})
    kept = {key: row for row in reversed(rows) if (key := said(sheet.cells.get((row, columns[LINE_HEADING]))))}
    found = {}
    for row in rows:
        place, problem = (said(sheet.cells.get((row, columns[heading]))) for heading in (PLACE_HEADING, PROBLEM_HEADING))
        key = line_key(place, problem)
        if key in kept and said(sheet.cells.get((row, columns[LINE_HEADING]))) != key:
            found[row] = kept[key]
    return found


def _heading(sheet: Sheet, wanted: Collection[str], *, also: Collection[str] = ()) -> tuple[int, dict[str, int]] | None:
    """The row that holds all headings `wanted`, with their columns, and those of the headings `also` that it holds too."""
    rows: dict[int, dict[str, int]] = {}
    for (row, column), raw in sheet.cells.items():
        if isinstance(raw, str) and raw.strip() in (*wanted, *also):
            rows.setdefault(row, {})[raw.strip()] = column
    return next(((row, columns) for row, columns in sorted(rows.items()) if columns.keys() >= set(wanted)), None)


def _lines(sheet: Sheet) -> Iterator[tuple[str, ...]]:
    rows = sorted({row for row, _ in sheet.cells if row > 1})
    for row in rows:
        yield tuple(said(sheet.cells.get((row, column))) for column in range(1, len(CARRIED_COLUMNS) + 1))
