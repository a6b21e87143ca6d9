"""A workbook as a filled form: its cover, figures, reasons, texts and lists, found by codes, headings and labels, never by address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.files.form_cover_reader import read_cover
from reconcile.files.form_figures import Block, Figures
from reconcile.files.form_list_reader import read_rosters
from reconcile.files.form_places import read_places
from reconcile.files.form_rows import UnknownCode
from reconcile.files.known_forms import Columns, Fitted, KnownForms, SheetPlan, columns
from reconcile.files.placed import Placed, RosterRow, said
from reconcile.files.query_reader import Answer, read_answers
from reconcile.files.raw import Raw, Sheet, Uncomputed, Workbook, column_letters
from reconcile.model.indicator import Kind
from reconcile.scheme.form import MARK_SHEET, OWN_SHEETS, Role

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Scheme

__all__ = ["FilledForm", "Placed", "RosterRow", "UnknownCode", "read_form"]

_RETURNS = frozenset({"", "return", "query"})


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A form as filled. Raw cells are unparsed; `raw` is None where nobody answered.

    cover: keys unit, unit_name, scope, period, filled_on (YYYY-MM-DD where it is a date), filler, phone, head, replaces, scheme; blank: "".
    figures and texts: by code; reasons: by code, filled ones only. absent: codes that a form for this kind of unit holds but this one does
    not (known only for forms of our own making). repeated: later rows of a code met before, whose figures are not used.
    hidden: what is hidden though it holds figures, in Chinese. relabelled: rows whose code and name do not go together, in Chinese.
    layout: a key of where every figure stands; equal layouts, equal keys. answers: what a query workbook says about what was asked;
    outdated: codes whose reason was carried over from the version before while the figure changed. active: as of the workbook.
    """

    cover: Mapping[str, str]
    figures: Figures
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
    active: tuple[str, ...] = ()

    @property
    def places(self) -> dict[str, tuple[str, str]]:
        """Code -> (sheet, cell) of every figure and text: what `layout` is the key of."""
        return {code: (placed.sheet, placed.cell) for held in (self.figures, self.texts) for code, placed in held.items()}


class _Found:
    """What was found so far, while the sheets are read one after the other. `plans`: None once anything else decides where things stand."""

    def __init__(self, known: KnownForms) -> None:
        self.scheme = known.scheme
        self.known = known
        self.codes: set[str] = set()
        self.blocks: list[Block] = []
        self.texts: dict[str, Placed] = {}
        self.reasons: dict[str, str] = {}
        self.unknown: list[UnknownCode] = []
        self.repeated: list[UnknownCode] = []
        self.hidden: list[str] = []
        self.relabelled: list[str] = []
        self.plans: tuple[SheetPlan, ...] | None = ()

    def first(self, code: str, sheet: str, cell: str) -> bool:
        """Whether a code is met for the first time; a later row of it is noted, and its figure not used."""
        if code in self.codes:
            self.repeated.append(UnknownCode(code, sheet, cell))
            return False
        self.codes.add(code)
        return True

    def add(self, code: str, placed: Placed) -> None:
        """One answer, wherever it stands."""
        if self.scheme.indicators[code].kind is Kind.TEXT:
            self.texts[code] = placed
        else:
            self.blocks.append(Block(placed.sheet, (code,), (placed.cell,), [placed.raw], (placed.measure,)))


def read_form(workbook: Workbook, scheme: Scheme, known: KnownForms | None = None) -> FilledForm | None:
    """The workbook as a filled form of `scheme`; None where it is none (a foreign workbook, or a summary).

    A sheet is a form's where some row is headed by a word for the code and a word for the figure, or where form.csv says what stands where.
    `known`: what was learned from earlier forms of this scheme; it changes nothing but time.
    """
    mark = read_mark(workbook)
    if mark.get("kind", "") not in _RETURNS:
        return None
    known = known or KnownForms(scheme)
    found = _Found(known)
    for sheet in _in_order(workbook, known):
        _read_coded(sheet, found)
    placed = read_places(workbook, scheme)
    for code, cell in placed.figures.items():
        if code not in found.codes:
            found.codes.add(code)
            found.add(code, cell)
            found.plans = None
    if not found.codes and not placed.recognised and mark.get("kind") not in ("return", "query"):
        return None
    _own_formulas_are_no_answers(found, mark)
    figures = Figures(found.blocks)
    coded = {block.sheet for block in found.blocks} | {cell.sheet for cell in found.texts.values()}
    answered = read_answers(workbook)
    return FilledForm(
        cover=read_cover(workbook, known, mark=mark, placed=placed.cover),
        figures=figures,
        reasons=found.reasons,
        texts=found.texts,
        rows=read_rosters(workbook, known, coded=coded),
        absent=_absent(mark, placed.absent, found),
        unknown=tuple(found.unknown),
        repeated=tuple(found.repeated),
        relabelled=tuple(found.relabelled),
        hidden=tuple(found.hidden),
        layout=_layout_key(figures, found),
        answers=answered.answers,
        outdated=answered.outdated(found.reasons, {**figures, **found.texts}) if answered.carried else frozenset(),
        active=workbook.active,
    )


def read_mark(workbook: Workbook) -> dict[str, str]:
    """The hidden sheet `_reconcile` as key -> value; empty where the workbook is not of our making."""
    sheet = next((one for one in workbook.sheets if one.name == MARK_SHEET), None)
    if sheet is None:
        return {}
    return {key: said(sheet.cells.get((row, 2))) for (row, column), key in sheet.cells.items() if column == 1 and isinstance(key, str)}


def _in_order(workbook: Workbook, known: KnownForms) -> list[Sheet]:
    """Sheets named in the form first, then other visible ones, then hidden ones: a copy kept beside the form must not win over it."""
    sheets = [sheet for sheet in workbook.sheets if sheet.name not in OWN_SHEETS]
    return sorted(sheets, key=lambda sheet: (sheet.hidden, sheet.name not in known.sheets_named))


def _read_coded(sheet: Sheet, found: _Found) -> None:
    """Read a sheet whose rows are known by code."""
    fitted = found.known.plan(sheet)
    if fitted is None:
        return
    plan, raws = fitted.plan, fitted.cells.raws
    found.relabelled.extend(plan.coded.relabelled)
    found.unknown.extend(plan.coded.unknown)
    if plan.repeats or not found.codes.isdisjoint(plan.codes):
        figures, words = _not_repeated(sheet, fitted, found)
        found.plans = None
    else:
        figures, words = fitted.reach.figures, fitted.reach.texts
        found.codes |= plan.codes
        found.plans = (*found.plans, plan) if found.plans is not None and plan.lasting else None
    filled = _take(figures, raws, found)
    if filled:
        found.blocks.append(Block(sheet.name, figures.rows.codes, figures.rows.cells, filled, _measures(figures, raws)))
    written = _take(words, raws, found)
    for code, cell, raw, measure in zip(words.rows.codes, words.rows.cells, written, _measures(words, raws), strict=True):
        found.texts[code] = Placed(sheet.name, cell, raw, measure)
    if sheet.hidden or sheet.hidden_rows or sheet.hidden_columns:
        answered = (*zip(figures.rows.numbers, filled, strict=True), *zip(words.rows.numbers, written, strict=True))
        read = sorted(row for row, raw in answered if raw is not None)
        if read:
            _note_hidden(sheet, read, plan.heading.roles[Role.VALUE], found)


def _not_repeated(sheet: Sheet, fitted: Fitted, found: _Found) -> tuple[Columns, Columns]:
    """The rows of codes that were not met before, on this sheet or on another; the others are noted."""
    plan, places = fitted.plan, fitted.cells.layout.places()
    letters = column_letters(plan.heading.roles[Role.VALUE])
    new = {row for row, code in plan.coded.rows if found.first(code, sheet.name, f"{letters}{row}")}
    figures, words = (columns(rows.only([row in new for row in rows.numbers]), places) for rows in (plan.figures, plan.texts))
    return figures, words


def _take(taken: Columns, raws: Sequence[Raw | None], found: _Found) -> list[Raw | None]:
    """What stands in the cells of these rows; their reasons are kept."""
    for code, reason in zip(taken.reasoned, taken.reasons(raws), strict=True):
        if reason is not None and (text := said(reason)):
            found.reasons[code] = text
    return list(taken.values(raws))


def _measures(taken: Columns, raws: Sequence[Raw | None]) -> Sequence[str]:
    """What the measure column says beside the figures: mostly what it said on the form that was met first."""
    beside = taken.measures(raws)
    return taken.rows.words if beside == taken.rows.printed else [one if type(one) is str else "" for one in beside]


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
    formulas = found.scheme.formulas
    for block in found.blocks:
        for place, raw in enumerate(block.raws):
            if (type(raw) is Uncomputed or raw == "") and block.codes[place] in formulas:
                block.raws[place] = None


def _absent(mark: Mapping[str, str], by_place: tuple[str, ...], found: _Found) -> tuple[str, ...]:
    """What the form should hold and does not."""
    written = mark.get("unit_kinds", "")

    def made() -> tuple[str, ...]:
        kinds = frozenset(kind for kind in written.split(";") if kind)
        asked = [code for code, one in found.scheme.indicators.items() if not one.reported_by.isdisjoint(kinds)] if kinds else by_place
        return tuple(code for code in asked if code not in found.codes)

    return made() if found.plans is None or by_place else found.known.absent(found.plans, written, made)


def _layout_key(figures: Figures, found: _Found) -> str:
    def made() -> str:
        lines = [f"{code} {block.sheet}!{cell}" for block in figures.blocks for code, cell in zip(block.codes, block.cells, strict=True)]
        lines += [f"{code} {placed.sheet}!{placed.cell}" for code, placed in found.texts.items()]
        return hashlib.blake2b("\n".join(lines).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    return made() if found.plans is None else found.known.layout(found.plans, made)
