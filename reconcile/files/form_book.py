"""A form as a workbook: blank for one unit, blank for a group that chooses its unit from a list, or filled with answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl import Workbook

from reconcile.files.form_checks import Checks, live_checks
from reconcile.files.form_cover import KIND_CELL, NAME_CELL, CoverUnit, write_cover, write_units
from reconcile.files.form_lists import write_list
from reconcile.files.form_sheets import KIND_CELL as KIND_ON_SHEET
from reconcile.files.form_sheets import Filling, Heading, write_section, write_texts
from reconcile.files.form_style import Styles
from reconcile.files.safe import put, workbook_bytes
from reconcile.scheme.form import FORM_VERSION, MARK_SHEET, Answers, FormPlan, plan

if TYPE_CHECKING:
    from reconcile.model.period import Period
    from reconcile.model.unit import Unit, UnitTree
    from reconcile.scheme.scheme import Scheme

__all__ = ["Answers", "FormDesign", "blank_book", "design", "form_workbook", "group_book"]

_NOTHING = Answers()


@dataclass(frozen=True, slots=True)
class FormDesign:
    """What all forms for the same kinds of unit have in common, worked out once."""

    plan: FormPlan
    checks: Checks


def design(scheme: Scheme, kinds: Collection[str]) -> FormDesign:
    """The form for units of these kinds. Hundreds of forms are quicker made from one design."""
    laid_out = plan(scheme, kinds)
    return FormDesign(laid_out, live_checks(scheme, laid_out))


def blank_book(
    scheme: Scheme,
    *,
    unit: Unit,
    period: Period,
    previous: Mapping[str, float] | None = None,
    filled: Answers = _NOTHING,
    made: FormDesign | None = None,
) -> bytes:
    """The form of one unit as an .xlsx file, prefilled with its code, name and last year's figures (code -> value in its measure).

    `made`: the design, where it is not that of the unit's kind (a 汇总 return holds the indicators of the units below), or to save time.
    """
    return workbook_bytes(form_workbook(scheme, unit=unit, period=period, previous=previous, filled=filled, made=made))


def form_workbook(
    scheme: Scheme,
    *,
    unit: Unit,
    period: Period,
    previous: Mapping[str, float] | None = None,
    filled: Answers = _NOTHING,
    made: FormDesign | None = None,
    kind: str = "return",
) -> Workbook:
    """The same as a workbook in memory, for one that adds its own sheets (a query): `kind` is what the hidden sheet calls it."""
    heading = Heading(unit=unit.name, unit_formula="", kind_formula="", period=period)
    filling = Filling(answers=filled, previous=previous or {}, chosen=False)
    form = made or design(scheme, (unit.kind,))
    return _workbook(scheme, form, whose=CoverUnit(unit), heading=heading, filling=filling, kind=kind)


def group_book(scheme: Scheme, *, units: UnitTree, period: Period, previous: Mapping[str, Mapping[str, float]] | None = None) -> bytes:
    """One form for all units: each chooses itself on the cover; rows that its kind does not report turn grey.

    `previous`: unit code -> indicator code -> last year's figure.
    """
    choices = tuple(unit for unit in units if unit.expected(period.last_day))
    laid_out = plan(scheme, {unit.kind for unit in choices})
    heading = Heading(
        unit="",
        unit_formula=f"\"填报单位：\"&'{laid_out.cover}'!{NAME_CELL}",
        kind_formula=f"'{laid_out.cover}'!{KIND_CELL}",
        period=period,
    )
    filling = Filling(answers=_NOTHING, previous={}, chosen=bool(previous))
    made = FormDesign(laid_out, live_checks(scheme, laid_out, kind_cell=KIND_ON_SHEET))
    workbook = _workbook(scheme, made, whose=CoverUnit(None, choices), heading=heading, filling=filling)
    write_units(workbook, laid_out, styles=Styles(workbook), choices=choices, previous=previous or {})
    return workbook_bytes(workbook)


def _workbook(scheme: Scheme, made: FormDesign, *, whose: CoverUnit, heading: Heading, filling: Filling, kind: str = "return") -> Workbook:
    laid_out, checks = made.plan, made.checks
    workbook = Workbook()
    styles = Styles(workbook)
    cover = workbook.worksheets[0]
    cover.title = laid_out.cover
    write_cover(cover, laid_out, scheme=scheme, styles=styles, period=heading.period, whose=whose, answers=filling.answers)
    for one in laid_out.sheets:
        sheet = workbook.create_sheet(one.name)
        if one.holds == "section":
            write_section(sheet, laid_out, one, scheme=scheme, styles=styles, heading=heading, filling=filling, checks=checks)
        elif one.holds == "text":
            write_texts(sheet, one, scheme=scheme, styles=styles, heading=heading, answers=filling.answers)
        else:
            rows = filling.answers.rows.get(one.what, ())
            write_list(sheet, scheme.rosters[one.what], scheme=scheme, styles=styles, rows=rows, unit=heading.unit)
    lines = {
        "kind": kind,
        "form": FORM_VERSION,
        "scheme": scheme.hash,
        "period": heading.period.written,
        "unit_kinds": ";".join(sorted(laid_out.kinds)),
        "group": "是" if whose.unit is None else "否",
        "replaces": filling.answers.cover.get("replaces", ""),
    }
    _write_mark(workbook, lines)
    return workbook


def _write_mark(workbook: Workbook, lines: Mapping[str, object]) -> None:
    """The hidden sheet by which the workbook is known again: key in column A, value in B."""
    sheet = workbook.create_sheet(MARK_SHEET)
    sheet.sheet_state = "hidden"
    for row, (key, value) in enumerate(lines.items(), start=1):
        put(sheet, row, 1, key)
        put(sheet, row, 2, value or None)
