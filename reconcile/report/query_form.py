"""A unit's own form filled again with exactly what it reported, and where each cell of the return stands on it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reconcile.files.form_checks import LIST_FIRST_ROW, derived_value
from reconcile.files.form_sheets import TEXT_COLUMN, plain_answer
from reconcile.files.query_reader import OUTDATED, raw_key
from reconcile.files.raw import Percent, column_letters
from reconcile.scheme.environment import TotalsEnvironment
from reconcile.scheme.expression import Missing, value
from reconcile.scheme.form import COLUMNS, Answers, FormPlan, Role
from reconcile.scheme.replies import says_something

if TYPE_CHECKING:
    from reconcile.files.form_reader import FilledForm
    from reconcile.files.placed import RosterRow
    from reconcile.scheme.scheme import Scheme

_COVER = ("scope", "filler", "phone", "filled_on", "head")
_SAME = 1e-9  # relative: a spreadsheet and this program compute the same formula to the last digits of a double (15.9 decimals)

Place = tuple[str, str]
"""Sheet and cell."""


@dataclass(frozen=True, slots=True)
class Refilled:
    """Answers to fill the form with; `places`: cell of the return -> the same cell on the refilled form; `carried`: the reasons that the
    form bears already, code -> text and key of the figure each was given for; `results`: cell of the refilled form whose formula stands
    again -> the figure as reported."""

    answers: Answers
    places: Mapping[Place, Place]
    carried: Mapping[str, tuple[str, str]]
    results: Mapping[Place, float]


def kinds_held(form: FilledForm, scheme: Scheme, *, kind: str, below: Collection[str]) -> frozenset[str]:
    """The kinds of unit whose indicators a form must hold for all that was answered to stand on it: the unit's own; else those below it
    too (a 汇总 return); else of every kind that is asked for what else was answered."""
    answered = {code for held in (form.figures, form.texts) for code, placed in held.items() if placed.raw is not None}
    kinds = frozenset({kind})
    for wider in (kinds, kinds | frozenset(below)):
        kinds = wider
        if all(any(scheme.indicators[code].asked_of(one) for one in kinds) for code in answered):
            return kinds
    asked = (scheme.indicators[code].reported_by for code in answered)
    return kinds.union(*(reported_by for reported_by in asked if not kinds & reported_by))


def refilled(form: FilledForm, scheme: Scheme, plan: FormPlan, *, values: Mapping[str, float], replaces: str) -> Refilled:
    """What a return said, to be written on the form of `plan` as a version that answers the one with the sha256 `replaces`.

    `values`: the figures as read (code -> value), by which a rate is known to be the form's own: there the formula stands again, so that
    it follows when a figure is corrected.
    """
    derived = [code for code in scheme.formulas if derived_value(code, scheme, plan) is not None]
    computed = {code: figure for code in derived if (figure := _follows(code, form, scheme, values)) is not None}
    figures = {code: placed.raw for code, placed in form.figures.items() if placed.raw is not None and code not in computed}
    measures = {code: placed.measure for code, placed in form.figures.items() if placed.measure.strip()}
    answers = Answers(
        cover={**{key: form.cover[key] for key in _COVER if form.cover[key]}, "replaces": replaces},
        figures=figures,
        reasons=form.reasons,
        texts={code: plain_answer(placed.raw) for code, placed in form.texts.items() if placed.raw is not None},
        rows=_rows(form.rows),
        measures=measures,
    )
    results = {_at(code, plan): figure for code, figure in computed.items()}
    return Refilled(answers, _places(form, scheme, plan), _carried(form), results)


def _at(code: str, plan: FormPlan) -> Place:
    """Where a figure stands on the refilled form."""
    sheet, row = plan.rows[code]
    return sheet, f"{column_letters(COLUMNS[Role.VALUE])}{row}"


def _follows(code: str, form: FilledForm, scheme: Scheme, values: Mapping[str, float]) -> float | None:
    """A derived figure as reported, where it is just what its formula makes of the others as reported; else None."""
    placed = form.figures.get(code)
    if placed is None or not isinstance(placed.raw, float) or isinstance(placed.raw, Percent):
        return None
    known = {name: np.array([figure]) for name, figure in values.items()}
    made = float(value(scheme.formulas[code], TotalsEnvironment(1, {("this", "unit"): known}), missing=Missing.SKIP)[0])
    return placed.raw if math.isclose(made, placed.raw, rel_tol=_SAME, abs_tol=_SAME) else None


def _rows(rows: tuple[RosterRow, ...]) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        found.setdefault(row.list, []).append({column: placed.raw for column, placed in row.cells.items()})
    return found


def _places(form: FilledForm, scheme: Scheme, plan: FormPlan) -> dict[Place, Place]:
    texts = {sheet.name for sheet in plan.sheets if sheet.holds == "text"}
    found: dict[Place, Place] = {}
    for held in (form.figures, form.texts):
        for code, placed in held.items():
            if code in plan.rows:
                sheet, row = plan.rows[code]
                column = TEXT_COLUMN if sheet in texts else COLUMNS[Role.VALUE]
                found[placed.sheet, placed.cell] = (sheet, f"{column_letters(column)}{row}")
    counted: dict[str, int] = {}
    for line in form.rows:
        number = counted[line.list] = counted.get(line.list, -1) + 1
        columns = {one.column: place for place, one in enumerate(scheme.rosters[line.list].columns, start=2)}
        for name, placed in line.cells.items():
            if line.list in plan.lists:
                found[placed.sheet, placed.cell] = (plan.lists[line.list], f"{column_letters(columns[name])}{LIST_FIRST_ROW + number}")
    return found


def _carried(form: FilledForm) -> dict[str, tuple[str, str]]:
    """Reasons that count, with the key of their figure; one whose figure had changed before keeps no value that could bring it back."""
    held = {**form.figures, **form.texts}
    return {
        code: (text, OUTDATED if code in form.outdated else raw_key(held[code].raw if code in held else None))
        for code, text in form.reasons.items()
        if says_something(text)
    }
