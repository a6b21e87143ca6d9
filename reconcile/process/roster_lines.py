"""Rows of lists (名册) as what they say of whom: an enterprise by its credit code or name, a person by the digest of the citizen number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconcile.model.enterprise import Firm, place_words, read_firm
from reconcile.model.finding import CellAt
from reconcile.model.identity import check_credit_code, plain_number
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.process.whose import plain_name
from reconcile.scheme.scheme import Roster, RosterColumn, Scheme

_PLACES = frozenset({"village", "community", "town", "county"})
_MASKED = re.compile(r"\d{4}\*+\d{3}[\dX]")  # what masking leaves of a citizen number
_NUMBERS = frozenset({15, 18})  # digits of a citizen number, the old and the new
_CUT_OFF = "000"  # Excel keeps fifteen digits of a number: strangers born on one day end alike


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One row of a list in one return.

    cells: column -> (text, "sheet!A1"). `code`: the credit code where it can be right, else ""; `firm`: the enterprise's name taken apart;
    `person`: the digest of a citizen number that is whole, else ""; `told`: what tells two papers of one enterprise apart.
    """

    return_id: str
    unit: str
    list: str
    row: int
    cells: Mapping[str, tuple[str, str]]
    code: str = ""
    name: str = ""
    firm: Firm = field(default=Firm((), "", ""))
    person: str = ""
    told: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Unit, return, list, row: one order for all lines, whatever order they were read in."""
        return self.unit, self.return_id, self.list, self.row


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a list say what; "" where it has none. `told`: columns that tell two papers of one enterprise apart, the first
    `kinds` of them by their kind."""

    code: str
    name: str
    person: str
    told: tuple[str, ...]
    kinds: int

    @property
    def shown(self) -> tuple[str, ...]:
        """Columns whose cell may be shown for a line, the most telling first."""
        return tuple(column for column in (self.code, self.person, self.name) if column)


def columns_of(roster: Roster) -> Columns:
    """What a list's columns say, by their types.

    A list of enterprises with a column of choices (kinds of contract) is a list of papers: one enterprise may stand in it once for each
    choice and date. The name is the first text column without choices, one called 名称 before others.
    """
    typed: dict[str, list[RosterColumn]] = {}
    for column in roster.columns:
        typed.setdefault(column.type, []).append(column)
    names = sorted((one for one in typed.get("text", []) if not one.choices), key=lambda one: "名称" not in one.name)
    code = next((one.column for one in typed.get("credit_code", [])), "")
    person = next((one.column for one in typed.get("citizen_number", [])), "")
    choices = tuple(one.column for one in typed.get("text", []) if one.choices)
    told = (*choices, *(one.column for one in typed.get("date", []))) if choices and not person else ()
    return Columns(code, names[0].column if names and not person else "", person, told, len(choices) if told else 0)


def lines_of(returns: Round, scheme: Scheme, *, units: UnitTree) -> list[Line]:
    """Every row of a list in the returns that are added up, in one order whatever order the files had."""
    if returns.lists.empty:
        return []
    places = place_words(plain_name(unit.name) for unit in units if unit.kind in _PLACES)
    owner = {return_id: unit for unit, ids in returns.counted.items() for return_id in ids}
    wrong = _wrong_numbers(returns, scheme)
    columns = {name: columns_of(roster) for name, roster in scheme.rosters.items()}
    firms: dict[str, Firm] = {}
    codes: dict[str, str] = {}
    found = []
    for (return_id, name, row), cells in _rows(returns):
        if return_id not in owner or name not in columns:
            continue
        has = columns[name]
        texts = {column: text for column, (text, _, _) in cells.items()}
        written, number = texts.get(has.name, ""), texts.get(has.code, "")
        if written not in firms:
            firms[written] = read_firm(written, places=places)
        if number not in codes:
            codes[number] = plain_number(number) if check_credit_code(number).tier != "error" else ""
        found.append(
            Line(
                return_id,
                owner[return_id],
                name,
                row,
                {column: (text, at) for column, (text, at, _) in cells.items()},
                code=codes[number],
                name=written,
                firm=firms[written],
                person=_person(cells.get(has.person), return_id, wrong),
                told=tuple(texts.get(column, "") for column in has.told),
            )
        )
    return sorted(found, key=lambda line: line.key)


def place_of(returns: Round, line: Line, columns: Columns) -> CellAt:
    """Where a line stands: the cell that tells most of whom it is about."""
    shown = (line.cells[column] for column in columns.shown if column in line.cells)
    text, at = next(shown, None) or min(line.cells.values(), key=lambda cell: (len(cell[1]), cell[1]))
    sheet, _, cell = at.rpartition("!")
    return CellAt(returns.cell(line.return_id, "").file, sheet, cell, text)


def _rows(returns: Round) -> Iterator[tuple[tuple[str, str, int], dict[str, tuple[str, str, str]]]]:
    """(return, list, row) -> column -> text, cell, digest."""
    found: dict[tuple[str, str, int], dict[str, tuple[str, str, str]]] = {}
    table = returns.lists
    texts = (table[name].tolist() for name in ("return", "list", "row", "column", "text", "cell", "digest"))
    for return_id, name, row, column, text, cell, digest in zip(*texts, strict=True):
        found.setdefault((return_id, name, row), {})[column] = (text, cell, digest)
    yield from found.items()


def _person(cell: tuple[str, str, str] | None, return_id: str, wrong: frozenset[tuple[str, str]]) -> str:
    """The digest, where the number is whole: a dash, or a number that Excel cut off, is the same for many persons."""
    if cell is None or (return_id, cell[1]) in wrong:
        return ""
    text, _, digest = cell
    plain = plain_number(text.replace("*", "0"))
    whole = len(plain) in _NUMBERS and _MASKED.fullmatch(text.strip()) is not None and not text.endswith(_CUT_OFF)
    return digest if whole else ""


def _wrong_numbers(returns: Round, scheme: Scheme) -> frozenset[tuple[str, str]]:
    """Cells whose citizen number is asked about already (@citizen_number): nobody is told by them."""
    rule = scheme.named.get("citizen_number")
    asked = (one for one in returns.intake if rule is not None and one.rule == rule.id)
    return frozenset((one.return_id, f"{cell.sheet}!{cell.cell}") for one in asked for cell in one.cells)
