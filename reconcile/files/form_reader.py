"""A workbook as a filled form: its cover, figures, reasons, texts and lists, found by codes, headings and labels, never by address."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconcile.files.form_cover_reader import read_cover
from reconcile.files.form_list_reader import read_rosters
from reconcile.files.form_places import read_places
from reconcile.files.placed import Placed, RosterRow, said
from reconcile.files.query_reader import Answer, read_answers
from reconcile.files.raw import Raw, Sheet, Uncomputed, Workbook, column_letters
from reconcile.model.indicator import Kind
from reconcile.scheme.form import MARK_SHEET, OWN_SHEETS, Role, bare, role_of, squeeze

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Scheme

__all__ = ["FilledForm", "Placed", "RosterRow", "UnknownCode", "read_form"]

_RETURNS = frozenset({"", "return", "query"})
_HEADING_ROWS = 40
_LONGEST_HEADING = 20
_ENOUGH_CODES = 3

_Text: TypeAlias = tuple[int, int, str]
"""Row, column and text of a cell."""


class UnknownCode(NamedTuple):
    """Something in a code column that is no indicator's code (or an indicator's second row, where `text` says so)."""

    text: str
    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form as filled. Raw cells are unparsed; `raw` is None where nobody answered.

    cover: keys unit, unit_name, scope, period, filled_on (YYYY-MM-DD where it is a date), filler, phone, head, replaces, scheme; blank: "".
    figures and texts: by code; reasons: by code, filled ones only. absent: codes that a form for this kind of unit holds but this one does
    not (known only for forms of our own making). repeated: later rows of a code met before, whose figures are not used.
    hidden: what is hidden though it holds figures, in Chinese. relabelled: rows whose code and name do not go together, in Chinese.
    layout: a key of where every figure stands; equal layouts, equal keys. answers: what a query workbook says about what was asked;
    outdated: codes whose reason was carried over from the version before while the figure changed.
    """

    cover: Mapping[str, str]
    figures: Mapping[str, Placed]
    reasons: Mapping[str, str]
    texts: Mapping[str, Placed]
    rows: tuple[RosterRow, ...]
    absent: tuple[str, ...]
    unknown: tuple[UnknownCode, ...]
    repeated: tuple[UnknownCode, ...]
    hidden: tuple[str, ...]
    layout: str
    relabelled: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    outdated: frozenset[str] = frozenset()

    @property
    def places(self) -> dict[str, tuple[str, str]]:
        """Code -> (sheet, cell) of every figure and text: what `layout` is the key of."""
        return {code: (placed.sheet, placed.cell) for held in (self.figures, self.texts) for code, placed in held.items()}


class _Found:
    """What was found so far, while the sheets are read one after the other."""

    __slots__ = ("figures", "hidden", "reasons", "relabelled", "repeated", "scheme", "texts", "unknown")

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.figures: dict[str, Placed] = {}
        self.texts: dict[str, Placed] = {}
        self.reasons: dict[str, str] = {}
        self.unknown: list[UnknownCode] = []
        self.repeated: list[UnknownCode] = []
        self.hidden: list[str] = []
        self.relabelled: list[str] = []

    def add(self, code: str, placed: Placed, reason: Raw | None) -> bool:
        """Take one answer; False where the code was met before."""
        if code in self.figures or code in self.texts:
            self.repeated.append(UnknownCode(code, placed.sheet, placed.cell))
            return False
        (self.texts if self.scheme.indicators[code].kind is Kind.TEXT else self.figures)[code] = placed
        if reason is not None and (text := said(reason)):
            self.reasons[code] = text
        return True


def read_form(workbook: Workbook, scheme: Scheme) -> FilledForm | None:
    """The workbook as a filled form of `scheme`; None where it is none (a foreign workbook, or a summary).

    A sheet is a form's where some row is headed by a word for the code and a word for the figure, or where form.csv says what stands where.
    """
    mark = read_mark(workbook)
    if mark.get("kind", "") not in _RETURNS:
        return None
    found = _Found(scheme)
    for sheet in _in_order(workbook, scheme):
        _read_coded(sheet, found)
    placed = read_places(workbook, scheme)
    for code, cell in placed.figures.items():
        if code not in found.figures and code not in found.texts:
            found.add(code, cell, None)
    if not found.figures and not found.texts and not placed.recognised and mark.get("kind") not in ("return", "query"):
        return None
    _own_formulas_are_no_answers(found, mark)
    coded = {cell.sheet for held in (found.figures, found.texts) for cell in held.values()}
    answered = read_answers(workbook)
    return FilledForm(
        cover=read_cover(workbook, scheme, mark=mark, known=placed.cover),
        figures=found.figures,
        reasons=found.reasons,
        texts=found.texts,
        rows=read_rosters(workbook, scheme, coded=coded),
        absent=_absent(scheme, mark, placed.absent, found),
        unknown=tuple(found.unknown),
        repeated=tuple(found.repeated),
        relabelled=tuple(found.relabelled),
        hidden=tuple(found.hidden),
        layout=_layout_key(found),
        answers=answered.answers,
        outdated=answered.outdated(found.reasons, {**found.figures, **found.texts}),
    )


def read_mark(workbook: Workbook) -> dict[str, str]:
    """The hidden sheet `_reconcile` as key -> value; empty where the workbook is not of our making."""
    sheet = next((one for one in workbook.sheets if one.name == MARK_SHEET), None)
    if sheet is None:
        return {}
    return {key: said(sheet.cells.get((row, 2))) for (row, column), key in sheet.cells.items() if column == 1 and isinstance(key, str)}


def _in_order(workbook: Workbook, scheme: Scheme) -> list[Sheet]:
    """Sheets named in the form first, then other visible ones, then hidden ones: a copy kept beside the form must not win over it."""
    named = {place.sheet for place in scheme.form}
    sheets = [sheet for sheet in workbook.sheets if sheet.name not in OWN_SHEETS]
    return sorted(sheets, key=lambda sheet: (sheet.hidden, sheet.name not in named))


def _read_coded(sheet: Sheet, found: _Found) -> None:
    """Read a sheet whose rows are known by code."""
    cells = sheet.cells
    texts = [(row, column, raw) for (row, column), raw in cells.items() if type(raw) is str]
    headed = _headings(texts) or _headings_by_codes(texts, found.scheme.indicators)
    if headed is None:
        return
    heading_row, roles = headed
    value, measure = roles[Role.VALUE], roles.get(Role.MEASURE, 0)
    reason = roles.get(Role.REASON, 0)
    letters, name = column_letters(value), sheet.name
    read: list[int] = []
    for row, code in _coded_rows(texts, sheet.name, heading_row, roles, found):
        beside = cells.get((row, measure)) if measure else None
        placed = Placed(name, f"{letters}{row}", cells.get((row, value)), beside if type(beside) is str else "")
        if found.add(code, placed, cells.get((row, reason)) if reason else None) and placed.raw is not None:
            read.append(row)
    if read and (sheet.hidden or sheet.hidden_rows or sheet.hidden_columns):
        _note_hidden(sheet, read, value, found)


def _headings(texts: Sequence[_Text]) -> tuple[int, dict[Role, int]] | None:
    """The row of the headings and the column of each role; None where no row is headed by both a code's and a figure's word."""
    # Only a row with a word for codes is looked at closely; all such words (代码, 编码, 编号, 代号) share one of two characters.
    for row in dict.fromkeys(row for row, _, raw in texts if row <= _HEADING_ROWS and ("码" in raw or "号" in raw) and _heads_codes(raw)):
        line = [(column, raw) for at, column, raw in texts if at == row]
        roles = _roles(line)
        if Role.CODE not in roles:
            continue
        below = [(column, raw) for at, column, raw in texts if at == row + 1]
        if Role.VALUE in roles or _value_below(below, roles) or _value_beside(line, roles):
            return row, roles
    return None


def _heads_codes(text: str) -> bool:
    return len(text) <= _LONGEST_HEADING and role_of(text) is Role.CODE


def _headings_by_codes(texts: Sequence[_Text], indicators: Collection[str]) -> tuple[int, dict[Role, int]] | None:
    """Where the code's heading was lost: the column in which most codes stand, under the nearest row that heads a figure."""
    columns = Counter(column for _, column, raw in texts if raw in indicators)
    if not columns or columns.most_common(1)[0][1] < _ENOUGH_CODES:
        return None
    code_column = columns.most_common(1)[0][0]
    first = min(row for row, column, raw in texts if column == code_column and raw in indicators)
    for row in sorted({row for row, _, _ in texts if row < first}, reverse=True):
        roles = _roles([(column, raw) for at, column, raw in texts if at == row])
        if Role.VALUE in roles:
            return row, {**roles, Role.CODE: code_column}
    return None


def _roles(line: Iterable[tuple[int, str]]) -> dict[Role, int]:
    roles: dict[Role, int] = {}
    for column, text in sorted(line):
        role = role_of(text)
        if role is not None:
            roles.setdefault(role, column)
    return roles


def _value_below(below: Iterable[tuple[int, str]], roles: dict[Role, int]) -> bool:
    """Take roles from a second heading row, where the first is merged over several columns (数据: 本期数, 上年同期)."""
    for role, column in _roles(below).items():
        if role in (Role.VALUE, Role.PREVIOUS):
            roles.setdefault(role, column)
    return Role.VALUE in roles


def _value_beside(headings: Iterable[tuple[int, str]], roles: dict[Role, int]) -> bool:
    """The figure's heading was retyped beyond recognition: it is the one unknown heading between the measure and last year's figure."""
    if Role.MEASURE not in roles or Role.PREVIOUS not in roles:
        return False
    low, high = roles[Role.MEASURE], roles[Role.PREVIOUS]
    between = [column for column, _ in headings if low < column < high and column not in roles.values()]
    if len(between) != 1:
        return False
    roles[Role.VALUE] = between[0]
    return True


def _coded_rows(texts: Sequence[_Text], sheet: str, heading_row: int, roles: Mapping[Role, int], found: _Found) -> list[tuple[int, str]]:
    """(row, code) of every row below the headings that is an indicator's, by its code or, where that is damaged, by its name."""
    code_column, name_column = roles[Role.CODE], roles.get(Role.NAME, 0)
    indicators, codes = found.scheme.indicators, found.scheme.codes
    rows: dict[int, str] = {}
    named: dict[int, str] = {}
    damaged: dict[int, str] = {}
    for row, column, raw in texts:
        if row <= heading_row:
            continue
        if column == name_column:
            named[row] = raw
        elif column == code_column:
            code = raw if raw in indicators else squeeze(raw).upper()
            if code in indicators:
                rows[row] = code
            elif code:
                damaged[row] = raw.strip()
    taken = set(rows.values())
    letters = column_letters(code_column)
    for row, name in named.items():
        code = codes.get(name) or codes.get(squeeze(name)) or codes.get(bare(squeeze(name)), "")
        if row not in rows and code and code not in taken:
            rows[row] = code
            written = damaged.pop(row, "")
            if taken:  # a form that bears codes: this row lost its own
                found.relabelled.append(f"“{sheet}”表{letters}{row}格代码写作“{written}”，按名称读作{indicators[code].name}")
        elif row in rows and code != rows[row]:
            label = indicators[rows[row]].name
            if label not in squeeze(name):
                found.relabelled.append(f"“{sheet}”表第{row}行代码{rows[row]}是{label}，名称却写作“{name.strip()}”，按代码读取")
    # Remarks below the table stand in the code column too; a code stands beside a name.
    found.unknown.extend(UnknownCode(text, sheet, f"{letters}{row}") for row, text in damaged.items() if row in named)
    return sorted(rows.items())


def _note_hidden(sheet: Sheet, rows: list[int], value: int, found: _Found) -> None:
    if sheet.hidden:
        found.hidden.append(f"工作表“{sheet.name}”")
        return
    if value in sheet.hidden_columns:
        found.hidden.append(f"工作表“{sheet.name}”{column_letters(value)}列")
    hidden = [str(row) for row in rows if row in sheet.hidden_rows]
    if hidden:
        found.hidden.append(f"工作表“{sheet.name}”第{'、'.join(hidden)}行")


def _own_formulas_are_no_answers(found: _Found, mark: Mapping[str, str]) -> None:
    """Rates on our form are computed by a formula; where no program has computed it yet nobody has answered."""
    if not mark:
        return
    for code in found.scheme.formulas:
        placed = found.figures.get(code)
        if placed is not None and (isinstance(placed.raw, Uncomputed) or placed.raw == ""):
            found.figures[code] = placed._replace(raw=None)


def _absent(scheme: Scheme, mark: Mapping[str, str], by_place: tuple[str, ...], found: _Found) -> tuple[str, ...]:
    """What the form should hold and does not."""
    kinds = frozenset(kind for kind in mark.get("unit_kinds", "").split(";") if kind)
    expected = [code for code, one in scheme.indicators.items() if not one.reported_by.isdisjoint(kinds)] if kinds else by_place
    return tuple(code for code in expected if code not in found.figures and code not in found.texts)


def _layout_key(found: _Found) -> str:
    written = "\n".join(f"{code} {placed.sheet}!{placed.cell}" for held in (found.figures, found.texts) for code, placed in held.items())
    return hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
