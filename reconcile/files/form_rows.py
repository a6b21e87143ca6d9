"""Which rows of a sheet are an indicator's, and which column holds what: by headings, codes and names, never by address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconcile.files.raw import column_letters
from reconcile.files.remembered import ENTRY, Remembered
from reconcile.scheme.form import Role, bare, cover_field, role_of, squeeze

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Scheme

_HEADING_ROWS = 40
_LONGEST_HEADING = 20
_ENOUGH_CODES = 3
_ROOM = 1 << 19  # bytes for each kind of meaning of words

Text: TypeAlias = tuple[int, int, str]
"""Row, column and text of a cell."""


class UnknownCode(NamedTuple):
    """Something in a code column that is no indicator's code (or an indicator's second row, where `text` says so)."""

    text: str
    sheet: str
    cell: str


class Heading(NamedTuple):
    """The row of the headings and the column of each role. `beneath`: the row below it heads columns, too."""

    row: int
    roles: Mapping[Role, int]
    beneath: bool = False


class Words:
    """What the words on a form mean, as `scheme.form` has it, remembered: the same headings and labels stand on every return."""

    __slots__ = ("_fields", "_plain", "_roles")

    def __init__(self) -> None:
        self._roles: Remembered[str, tuple[Role | None]] = Remembered(_ROOM, _weigh)
        self._fields: Remembered[str, str] = Remembered(_ROOM, _weigh)
        self._plain: Remembered[str, str] = Remembered(_ROOM, _weigh)

    def role(self, heading: str) -> Role | None:
        """The role of a column by its heading as typed."""
        found = self._roles.find(heading)
        if found is None:
            found = (role_of(heading),)
            self._roles.keep(heading, found)
        return found[0]

    def field(self, label: str) -> str:
        """The cover field that a label as typed stands for; "" where it is none."""
        found = self._fields.find(label)
        if found is None:
            found = cover_field(label)
            self._fields.keep(label, found)
        return found

    def plain(self, label: str) -> str:
        """A label squeezed and bare."""
        found = self._plain.find(label)
        if found is None:
            found = bare(squeeze(label))
            self._plain.keep(label, found)
        return found


def _weigh(text: str, _: object) -> int:
    return ENTRY + 4 * len(text)


@dataclass(frozen=True, slots=True)
class CodedRows:
    """(row, code) of every row that is an indicator's, in the order of the rows; what is no indicator's, and what reads otherwise."""

    rows: tuple[tuple[int, str], ...]
    unknown: tuple[UnknownCode, ...]
    relabelled: tuple[str, ...]


def find_heading(texts: Sequence[Text], words: Words) -> Heading | None:
    """The first row that is headed by both a code's and a figure's word."""
    # Only a row with a word for codes is looked at closely; all such words (代码, 编码, 编号, 代号) share one of two characters.
    for row in sorted({row for row, _, raw in texts if row <= _HEADING_ROWS and heads_codes(raw, words)}):
        line = [(column, raw) for at, column, raw in texts if at == row]
        roles = _roles(line, words)
        if Role.VALUE in roles:
            return Heading(row, roles)
        below = [(column, raw) for at, column, raw in texts if at == row + 1]
        if _value_below(below, roles, words) or _value_beside(line, roles):
            return Heading(row, roles, beneath=True)
    return None


def heads_codes(text: str, words: Words) -> bool:
    """Whether a text is the heading of a column of codes."""
    return len(text) <= _LONGEST_HEADING and ("码" in text or "号" in text) and words.role(text) is Role.CODE


def heading_by_codes(texts: Sequence[Text], indicators: Collection[str], words: Words) -> Heading | None:
    """Where the code's heading was lost: the column in which most codes stand, under the nearest row that heads a figure."""
    holding = [column for _, column, raw in texts if raw in indicators]
    if len(holding) < _ENOUGH_CODES:
        return None
    columns = Counter(sorted(holding))
    if columns.most_common(1)[0][1] < _ENOUGH_CODES:
        return None
    code_column = columns.most_common(1)[0][0]
    first = min(row for row, column, raw in texts if column == code_column and raw in indicators)
    for row in sorted({row for row, _, _ in texts if row < first}, reverse=True):
        roles = _roles([(column, raw) for at, column, raw in texts if at == row], words)
        if Role.VALUE in roles:
            return Heading(row, {**roles, Role.CODE: code_column})
    return None


def _roles(line: Iterable[tuple[int, str]], words: Words) -> dict[Role, int]:
    roles: dict[Role, int] = {}
    for column, text in sorted(line):
        role = words.role(text)
        if role is not None:
            roles.setdefault(role, column)
    return roles


def _value_below(below: Iterable[tuple[int, str]], roles: dict[Role, int], words: Words) -> bool:
    """Take roles from a second heading row, where the first is merged over several columns (数据: 本期数, 上年同期)."""
    for role, column in _roles(below, words).items():
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


def coded_rows(texts: Sequence[Text], sheet: str, heading: Heading, scheme: Scheme) -> CodedRows:
    """Every row below the headings that is an indicator's, by its code or, where that is damaged, by its name."""
    code_column, name_column = heading.roles[Role.CODE], heading.roles.get(Role.NAME, 0)
    indicators, codes = scheme.indicators, scheme.codes
    rows: dict[int, str] = {}
    named: dict[int, str] = {}
    damaged: dict[int, str] = {}
    relabelled: list[str] = []
    for row, column, raw in texts:
        if row <= heading.row:
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
                relabelled.append(f"“{sheet}”表{letters}{row}格代码写作“{written}”，按名称读作{indicators[code].name}")
        elif row in rows and code != rows[row]:
            label = indicators[rows[row]].name
            if label not in squeeze(name):
                relabelled.append(f"“{sheet}”表第{row}行代码{rows[row]}是{label}，名称却写作“{name.strip()}”，按代码读取")
    # Remarks below the table stand in the code column too; a code stands beside a name.
    unknown = tuple(UnknownCode(text, sheet, f"{letters}{row}") for row, text in damaged.items() if row in named)
    return CodedRows(tuple(sorted(rows.items())), unknown, tuple(relabelled))
