"""Faults as they are typed: real workbooks filled, spoilt by hand, read through the door, and put among the returns of the round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.cell.cell import Cell
from planted_draft import Draft
from planted_faults import Rng, pick
from planted_rounds import AIDED, CONTRACTS, World, replaced

from reconcile.files.form_book import Answers, FormDesign, design, form_workbook
from reconcile.files.safe import workbook_bytes
from reconcile.model.round import Round, State
from reconcile.process.collect import collect
from reconcile.scheme.form import COLUMNS, FIRST_ROW, Role

_EPOCH = date(1899, 12, 30)
_WORDS = {State.NIL: "无", State.NOT_APPLICABLE: "—"}
_NUMERALS = "〇一二三四五六七八九"


@dataclass(frozen=True)
class Sent:
    """A received file, as the door hands it on."""

    name: str
    data: bytes

    def read(self) -> bytes:
        """Its bytes."""
        return self.data


@dataclass(frozen=True)
class Typed:
    """One spoilt workbook. code: the cell, "" for the whole form; kept: the value that must be read, None where it cannot be."""

    kind: str
    unit: str
    code: str
    kept: float | None


@dataclass(frozen=True)
class Hand:
    """What a hand needs: the return's figures, the workbook, and where each figure stands."""

    draft: Draft
    one: str
    book: openpyxl.Workbook
    made: FormDesign
    rng: Rng

    def cell(self, code: str) -> Cell:
        """The cell of a figure, with a style of its own."""
        sheet, row = self.made.plan.rows[code]
        found = self.book[sheet].cell(row=row, column=COLUMNS[Role.VALUE])
        found._style = copy(found._style)  # the form's cells share their styles
        found.number_format = "General"
        return found

    def some(self, *, least: float = 1, measure: str = "", whole: bool = True) -> str | None:
        """A figure of at least so much; of this measure, or a whole number."""
        codes = self.draft.codes(self.one, holds=lambda value: value >= least, money=None if measure else not whole)
        return pick(self.rng, [code for code in codes if not measure or self.draft.measure(code) == measure])

    def write(self, code: str | None, typed: object, *, kept: float | None) -> tuple[str, float | None] | None:
        """Type something into a figure's cell."""
        if code is None:
            return None
        self.cell(code).value = typed
        return code, kept

    def value(self, code: str) -> float:
        """What the figure truly is."""
        return self.draft.get(self.one, code)


Do = Callable[[Hand], tuple[str, float | None] | None]
"""Spoils the workbook; the figure it is about ("" for the form) with what must be read of it; None where there is nothing to spoil."""


def _text(make: Callable[[float], object], **some: object) -> Do:
    """Another way of writing the same figure."""

    def do(hand: Hand) -> tuple[str, float | None] | None:
        code = hand.some(**some)  # type: ignore[arg-type]  # the words of `some`, given by name below
        return code and hand.write(code, make(hand.value(code)), kept=hand.value(code))

    return do


def _damage(make: Callable[[float], object], **some: object) -> Do:
    """Something of which no figure can be read."""

    def do(hand: Hand) -> tuple[str, float | None] | None:
        code = hand.some(**some)  # type: ignore[arg-type]  # as above
        return code and hand.write(code, make(hand.value(code)), kept=None)

    return do


def _wan(value: float) -> str:
    return f"{value / 10000:g}万"


def _chinese(value: float) -> str:
    tens, ones = divmod(int(value), 10)
    return ("" if tens == 1 else _NUMERALS[tens]) + "十" + (_NUMERALS[ones] if ones else "")


def _chinese_count(hand: Hand) -> tuple[str, float | None] | None:
    codes = hand.draft.codes(hand.one, holds=lambda value: 10 <= value <= 99, money=False)
    code = pick(hand.rng, codes)
    return code and hand.write(code, _chinese(hand.value(code)), kept=hand.value(code))


def _measure_over(hand: Hand) -> tuple[str, float | None] | None:
    """The printed 万元 struck out for 元, and 元 filled in."""
    code = hand.some(least=0.01, measure="万元")
    if code is None:
        return None
    sheet, row = hand.made.plan.rows[code]
    hand.book[sheet].cell(row=row, column=COLUMNS[Role.MEASURE], value="元")
    return hand.write(code, round(hand.value(code) * 10000, 2), kept=hand.value(code))


def _required_blank(hand: Hand) -> tuple[str, float | None] | None:
    indicators = hand.draft.world.scheme.indicators
    code = pick(hand.rng, [code for code in hand.draft.codes(hand.one) if indicators[code].required])
    return hand.write(code, None, kept=None)


def _moved(hand: Hand) -> tuple[str, float | None] | None:
    """Rows put in: a remark of one's own above the figures, and one between them."""
    for sheet in hand.book.worksheets:
        if sheet.sheet_state == "visible" and sheet.cell(row=FIRST_ROW - 1, column=1).value == "指标代码":
            sheet.insert_rows(FIRST_ROW + int(hand.rng.integers(1, 4)))
            sheet.insert_rows(1)
    return "", None


def _hidden(hand: Hand) -> tuple[str, float | None] | None:
    code = hand.some()
    if code is None:
        return None
    sheet, row = hand.made.plan.rows[code]
    hand.book[sheet].row_dimensions[row].hidden = True
    return "", None


def _deleted(hand: Hand) -> tuple[str, float | None] | None:
    """A row taken out because the unit has no such thing."""
    code = pick(hand.rng, hand.draft.codes(hand.one, holds=lambda value: value == 0))
    if code is None:
        return None
    sheet, row = hand.made.plan.rows[code]
    hand.book[sheet].delete_rows(row)
    return code, None


def _number_in_list(roster: str, column: int, spoil: Callable[[str], str]) -> Do:
    def do(hand: Hand) -> tuple[str, float | None] | None:
        rows = hand.draft.roster_rows(hand.one, roster)
        if not rows or roster not in hand.made.plan.lists:
            return None
        cell = hand.book[hand.made.plan.lists[roster]].cell(row=rows[int(hand.rng.integers(len(rows)))], column=column)
        cell.value = spoil(str(cell.value))
        return "", None

    return do


def _digit_off(number: str) -> str:
    """One digit another: the check digit tells."""
    return number[:9] + ("1" if number[9] != "1" else "7") + number[10:]


HANDS: dict[str, tuple[str, Do]] = {
    "fullwidth": ("fullwidth", _text(lambda value: "".join(chr(0xFF10 + int(digit)) for digit in str(int(value))))),
    "text with measure": ("measure_said", _text(lambda value: f"{int(value)}人", measure="人")),
    "figure as text": ("text_number", _text(lambda value: f" {int(value)}")),
    "2.1万": ("magnitude", _text(_wan, least=1000, measure="元")),
    "21000元 in 万元": ("converted", _text(lambda value: f"{round(value * 10000, 2):g}元", least=0.01, measure="万元")),
    "measure written over": ("converted", _measure_over),
    "约30": ("approximate", _text(lambda value: f"约{int(value)}")),
    "三十五": ("chinese_numeral", _chinese_count),
    "sign": ("negative", _damage(lambda value: -value)),
    "fraction in a count": ("fraction", _damage(lambda value: value / 10 if value % 10 else value + 0.5)),
    "required blank": ("required_blank", _required_blank),
    "见附件": ("unreadable_cell", _damage(lambda _: "见附件")),
    "3-5 made a date": ("date_in_number", _damage(lambda _: date(2023, 3, 5))),
    "#REF!": ("error_value", _damage(lambda _: "#REF!")),
    "rows put in": ("", _moved),
    "hidden row": ("hidden", _hidden),
    "row taken out": ("template_changed", _deleted),
    "citizen number": ("citizen_number", _number_in_list(AIDED, 3, _digit_off)),
    "credit code": ("credit_code", _number_in_list(CONTRACTS, 3, _digit_off)),
}
"""What is planted -> the named check that must tell ("" where nothing need be told), and how."""


def send(world: World, *, count: int, seed: int) -> tuple[Round, list[Typed]]:
    """A round in which `count` workbooks of each kind were read from files; all other returns are as they were."""
    rng, draft = np.random.default_rng([seed, 99]), Draft(world)
    designs: dict[str, FormDesign] = {}
    waiting = rng.permutation(world.leaves).tolist()
    sources: list[Sent] = []
    typed: list[Typed] = []
    for kind, (_, do) in HANDS.items():
        planted, passed = 0, []
        while waiting and planted < count:
            one = waiting.pop()
            unit = world.units[draft.unit(one)]
            made = designs.setdefault(unit.kind, design(world.scheme, (unit.kind,)))
            hand = Hand(draft, one, _book(world, draft, one, made), made, rng)
            done = do(hand)
            if done is None:
                passed.append(one)
                continue
            planted += 1
            typed.append(Typed(kind, unit.code, *done))
            sources.append(Sent(f"{unit.name}.xlsx", workbook_bytes(hand.book)))
        waiting.extend(passed)
    collected = collect(sources, world.scheme, units=world.units, period=world.returns.period)
    return _among(world.returns, collected.returns), typed


def _book(world: World, draft: Draft, one: str, made: FormDesign) -> openpyxl.Workbook:
    """The unit's return as a workbook, truly filled."""
    unit, states = world.units[draft.unit(one)], world.returns.states.loc[one]
    figures: dict[str, object] = {}
    for code in made.plan.rows:
        state, value = State(int(states[code])), draft.get(one, code)
        if state is State.NUMBER:
            figures[code] = "是" if world.scheme.indicators[code].kind == "flag" else value
        elif state in _WORDS:
            figures[code] = _WORDS[state]
    cover = {"scope": "本级", "filler": "工会专干", "filled_on": date(2023, 7, 5)}
    answers = Answers(cover=cover, figures=figures, texts=dict(draft.texts[one]), rows=_rosters(world, draft, one))
    return form_workbook(world.scheme, unit=unit, period=world.returns.period, filled=answers, made=made)


def _rosters(world: World, draft: Draft, one: str) -> dict[str, list[dict[str, object]]]:
    found: dict[str, dict[int, dict[str, object]]] = {}
    types = {(name, column.column): column.type for name, roster in world.scheme.rosters.items() for column in roster.columns}
    for roster, row, column, text, value, _, mark in sorted(draft.lists[one], key=lambda line: line[:3]):
        cell: object = text if np.isnan(value) else value
        if types[roster, column] == "date":
            cell = _EPOCH + timedelta(days=int(value))
        elif types[roster, column] == "citizen_number":
            cell = world.numbers[mark]
        found.setdefault(roster, {}).setdefault(row, {})[column] = cell
    return {roster: list(rows.values()) for roster, rows in found.items()}


def _among(clean: Round, read: Round) -> Round:
    """The clean round with the returns that were read in place of its own of the same units."""
    kept = ~clean.returns["unit"].isin(set(read.returns["unit"]))
    ids = list(clean.returns.index[kept])

    def joined(name: str) -> pd.DataFrame:
        first, second = getattr(clean, name), getattr(read, name)
        return pd.concat([first[first["return"].isin(ids)], second], ignore_index=True)

    tables = {name: joined(name) for name in ("typed", "texts", "lists", "reasons")}
    tables |= {name: pd.concat([getattr(clean, name).loc[ids], getattr(read, name)]) for name in ("returns", "values", "states")}
    return replaced(clean, **tables, layouts={**clean.layouts, **read.layouts}, intake=read.intake)


def tell(
    world: World, outcome_findings: Mapping[str, set[str]], returns: Round, typed: list[Typed]
) -> dict[str, tuple[int, int, int, int]]:
    """Kind -> planted, told, figures that must be read, figures read right. `outcome_findings`: unit -> named checks found there."""
    owners = dict(zip(returns.returns["unit"], returns.returns.index, strict=True))
    before = dict(zip(world.returns.returns["unit"], world.returns.returns.index, strict=True))
    found: dict[str, tuple[int, int, int, int]] = {}
    for one in typed:
        check = HANDS[one.kind][0]
        told = not check or check in outcome_findings.get(one.unit, set())
        now, true = returns.values.loc[owners[one.unit]], world.returns.values.loc[before[one.unit]]
        others = now.drop(labels=one.code) if one.code else now
        same = bool(np.array_equal(others.to_numpy(), true.reindex(others.index).to_numpy(), equal_nan=True))
        right = same and (one.kept is None or bool(np.isclose(now[one.code], one.kept)))
        planted, hits, asked, read = found.get(one.kind, (0, 0, 0, 0))
        found[one.kind] = (planted + 1, hits + told, asked + 1, read + right)
    return found
