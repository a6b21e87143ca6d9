"""A query as a workbook: first the query sheet (查询单), then the unit's own form as it was filled, questioned cells coloured with a note.

It is a return itself: the unit corrects right there, answers beside each question, and sends the whole file back.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.hyperlink import Hyperlink

from reconcile.files.form_style import Styles, set_page, uncover
from reconcile.files.query_reader import (
    ANSWER,
    ANSWER_HEADING,
    CARRIED,
    CARRIED_COLUMNS,
    HIDDEN_HEADINGS,
    LINE_HEADING,
    PLACE_HEADING,
    PROBLEM_HEADING,
    line_key,
)
from reconcile.files.raw import column_letters, column_number
from reconcile.files.safe import clean, packed, put, workbook_parts
from reconcile.model.finding import Tier
from reconcile.scheme.form import ANSWERS_SHEET, QUERY_SHEET

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from reconcile.files.query_reader import Answer

__all__ = ["QUERY_FILLS", "QueryHead", "QueryLine", "query_book"]

QUERY_FILLS: Mapping[Tier, str] = {Tier.ERROR: "F8CBAD", Tier.QUERY: "FFE699", Tier.NOTE: "DDEBF7"}
"""The colours of questioned cells, as those of the tiers in the summary."""

_COLUMNS = (
    *(("序号", 5), ("级别", 6), (PLACE_HEADING, 18), ("转到", 6), ("表中内容", 20)),
    *((PROBLEM_HEADING, 42), ("疑似单元格和建议值（供参考）", 30)),
)
_ANSWER_WIDTH = 30
_FORMULA = re.compile(rb'(<c r="([A-Z]+[0-9]+)"[^>]*><f>[^<]*</f>)<v ?(?:/>|></v>)')  # a cell with a formula and no result
_LINE, _LEAST, _TALLEST = 14.5, 34.0, 400.0  # points: a line of text in size 10.5, a row to write in, and less than Excel's 409
_NOTE_WIDTH, _NOTE_LINE, _NOTE_CHARACTERS = 320, 19, 24  # pixels of a cell's note, of a line in it, and the characters that fit on one
_NOTE_TALLEST = 40  # lines: about a screen


@dataclass(frozen=True, slots=True)
class QueryLine:
    """One question. `place` is shown, `target` (sheet, cell) of this workbook opens; `marked` are the cells to colour.

    rule, indicators (codes joined by ";") and values say which question it is, so that an answer finds back to it.
    """

    tier: Tier
    place: str
    shown: str
    problem: str
    doubts: str
    rule: str
    indicators: str
    values: str
    target: tuple[str, str] | None = None
    marked: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class QueryHead:
    """What stands above and below the questions. `opening`: paragraphs; `answers`: the heading of the last column."""

    title: str
    unit: str
    period: str
    edition: str
    sender: str
    opening: Sequence[str]
    footer: str
    answers: str = ANSWER_HEADING


@dataclass(frozen=True, slots=True)
class Standing:
    """What the unit said already and need not say again: answers that settle queries, and the reasons on its form with the key of the
    figure each was given for (code -> text, key)."""

    answers: Sequence[Answer] = ()
    carried: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def query_book(
    head: QueryHead,
    lines: Sequence[QueryLine],
    *,
    form: Workbook | None,
    standing: Standing | None = None,
    results: Mapping[tuple[str, str], float] | None = None,
) -> bytes:
    """The query workbook as a file. `form`: the unit's form (`form_workbook`), None for a query sheet alone.

    `results`: (sheet, cell) with a formula -> the result to store with it, for who reads the file before a program has computed it.
    """
    workbook = form or Workbook()
    styles = Styles(workbook)
    if form is None:
        sheet = workbook.worksheets[0]
        sheet.title = QUERY_SHEET
    else:
        sheet = workbook.create_sheet(QUERY_SHEET, 0)
        _mark(workbook, lines, styles)
        _keep(workbook, standing or Standing())
    workbook.active = 0
    for other in workbook.worksheets:
        other.sheet_view.tabSelected = other is sheet  # two selected sheets are edited together
    _write(sheet, head, lines, styles)
    return packed(_with_results(workbook, results or {}))


def _with_results(workbook: Workbook, results: Mapping[tuple[str, str], float]) -> dict[str, bytes]:
    """The parts of the workbook's file, with results stored beside formulas: openpyxl writes a formula or a value, never both."""
    parts = workbook_parts(workbook)
    for sheet in workbook.worksheets:
        mine = {address.encode(): b"<v>%r</v>" % float(result) for (name, address), result in results.items() if name == sheet.title}
        if mine:
            part = sheet.path.removeprefix("/")
            parts[part] = _FORMULA.sub(partial(_with_result, mine), parts[part])
    return parts


def _with_result(results: Mapping[bytes, bytes], cell: re.Match[bytes]) -> bytes:
    result = results.get(cell[2])
    return cell[0] if result is None else cell[1] + result


def _write(sheet: Worksheet, head: QueryHead, lines: Sequence[QueryLine], styles: Styles) -> None:
    columns = (*_COLUMNS, (head.answers, _ANSWER_WIDTH))
    last = len(columns)
    for column, (_, width) in enumerate(columns, start=1):
        sheet.column_dimensions[column_letters(column)].width = width
    hidden = (*HIDDEN_HEADINGS.values(), LINE_HEADING)
    for column in range(last + 1, last + 1 + len(hidden)):
        sheet.column_dimensions[column_letters(column)].hidden = True
    styles.write(sheet, 1, 1, head.title, "标题")
    styles.across(sheet, 1, 1, last, "标题")
    sheet.row_dimensions[1].height = 36
    styles.write(sheet, 2, 1, f"填报单位：{head.unit}", "题注")
    styles.across(sheet, 2, 1, 5, "题注")
    styles.write(sheet, 2, 6, f"报告期：{head.period}　数据版本：{head.edition}", "题注右")
    styles.across(sheet, 2, 6, last, "题注右")
    sheet.row_dimensions[2].height = 20
    row, room = 3, sum(width for _, width in columns)
    for words in head.opening:
        styles.write(sheet, row, 1, words, "查语")
        styles.across(sheet, row, 1, last, "查语")
        sheet.row_dimensions[row].height = _LINE * _lines(words, room) + 4
        row += 1
    headings = [*(heading for heading, _ in columns), *hidden]
    for column, heading in enumerate(headings, start=1):
        styles.write(sheet, row, column, heading, "表头")
    sheet.row_dimensions[row].height = 30
    sheet.freeze_panes = f"A{row + 1}"
    heading_row = row
    for number, line in enumerate(lines, start=1):
        row += 1
        _write_line(sheet, row, line, number=number, styles=styles)
    _sign(sheet, row + 2, head, styles, last=last)
    sheet.print_area = f"A1:{column_letters(last)}{row + 4}"
    set_page(sheet, footer=head.footer, header=f"{QUERY_SHEET}　{head.unit}", heading_rows=f"{heading_row}:{heading_row}", landscape=True)


def _write_line(sheet: Worksheet, row: int, line: QueryLine, *, number: int, styles: Styles) -> None:
    styles.write(sheet, row, 1, number, "查中")
    tier = styles.write(sheet, row, 2, line.tier.chinese, "查中")
    styles.tint(tier, QUERY_FILLS[line.tier])
    link = styles.write(sheet, row, 4, "查看" if line.target else None, "查链")  # a short word: LibreOffice wraps no links
    if line.target:
        name, cell = line.target
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{name}'!{cell}")
        styles.dress(link, "查链")  # openpyxl gives a linked cell its own look
    texts = {3: line.place, 5: line.shown, 6: line.problem, 7: line.doubts}
    for column, text in texts.items():
        styles.write(sheet, row, column, text, "查文")
    styles.write(sheet, row, len(_COLUMNS) + 1, None, "填长文")
    keys = (line.rule, line.indicators, line.values, line_key(line.place, line.problem))
    for column, key in enumerate(keys, start=len(_COLUMNS) + 2):
        styles.write(sheet, row, column, key, "查文")
    tall = max(_lines(text, _COLUMNS[column - 1][1]) for column, text in texts.items())
    sheet.row_dimensions[row].height = min(max(_LINE * tall + 6, _LEAST), _TALLEST)


def _sign(sheet: Worksheet, row: int, head: QueryHead, styles: Styles, *, last: int) -> None:
    """Who asks, and lines for who answers, for those who work on paper."""
    styles.write(sheet, row, 1, f"发出单位：{head.sender}", "查语")
    styles.across(sheet, row, 1, last, "查语")
    line = "填报人：________________　　单位负责人：________________　　日期：______年____月____日　　（盖章）"
    styles.write(sheet, row + 2, 1, line, "查语")
    styles.across(sheet, row + 2, 1, last, "查语")
    for at in (row, row + 2):
        sheet.row_dimensions[at].height = 22


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column `width` wide; Chinese characters are two wide."""
    room = max(width - 2, 1)
    return sum(max(1, math.ceil(len(line.encode("gb18030", "replace")) / room)) for line in text.split("\n"))


def _mark(workbook: Workbook, lines: Sequence[QueryLine], styles: Styles) -> None:
    """Colour the questioned cells, each by its gravest question, and say in a note what is asked about it."""
    asked: dict[tuple[str, str], list[tuple[int, QueryLine]]] = {}
    for number, line in enumerate(lines, start=1):
        for at in line.marked:
            asked.setdefault(at, []).append((number, line))
    marked: dict[str, set[tuple[int, int]]] = {}
    for (name, address), questions in asked.items():
        sheet = workbook[name]
        letters = address.rstrip("0123456789")
        row, column = int(address.removeprefix(letters)), column_number(letters)
        marked.setdefault(name, set()).add((row, column))
        cell = sheet.cell(row, column)
        tiers = {line.tier for _, line in questions}
        styles.tint(cell, QUERY_FILLS[next(tier for tier in Tier if tier in tiers)])
        words = "\n".join(f"查询单第{number}条（{line.tier.chinese}）：{line.problem.splitlines()[0]}" for number, line in questions)
        tall = min(sum(math.ceil(len(part) / _NOTE_CHARACTERS) for part in words.splitlines()) + 1, _NOTE_TALLEST)
        cell.comment = Comment(clean(words), QUERY_SHEET, height=_NOTE_LINE * tall, width=_NOTE_WIDTH)
    for name, cells in marked.items():
        uncover(workbook[name], cells)  # what is asked about a cell goes before what the form itself says of it


def _keep(workbook: Workbook, standing: Standing) -> None:
    """The hidden sheet by which the next version is known to say the same again."""
    sheet = workbook.create_sheet(ANSWERS_SHEET)
    sheet.sheet_state = "hidden"
    rows: list[tuple[str, ...]] = [CARRIED_COLUMNS]
    rows += [(ANSWER, *answer) for answer in standing.answers]
    rows += [(CARRIED, "", code, key, text) for code, (text, key) in standing.carried.items()]
    for row, cells in enumerate(rows, start=1):
        for column, text in enumerate(cells, start=1):
            put(sheet, row, column, text or None)
