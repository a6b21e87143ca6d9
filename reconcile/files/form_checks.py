"""Live checks: the scheme's rules as Excel formulas beside the figures of a form, which say in words what does not hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.files.raw import column_letters
from reconcile.model.indicator import Kind
from reconcile.model.unit import KINDS
from reconcile.scheme.account import figure
from reconcile.scheme.expression import Arithmetic, Call, Comparison, Name, Reference, excel, excel_value, references, type_of
from reconcile.scheme.form import COLUMNS, NO_FIGURE, FormPlan, Role

if TYPE_CHECKING:
    from reconcile.model.indicator import Indicator
    from reconcile.scheme.rules import Rule
    from reconcile.scheme.scheme import Roster, Scheme

LONGEST_FORMULA = 8192
"""Excel's limit for a formula, in characters (Excel specifications and limits)."""

LIST_TOTALS_ROW = 2
LIST_FIRST_ROW = 4
LIST_LAST_ROW = 2003
"""Rows of a list sheet that its count and totals look at; far more than are prepared."""

NOT_ASKED = "本单位不填此项"

_ROOM = LONGEST_FORMULA - 700  # what stands around the rules on a row
_LONGEST_TEXT = 250  # Excel takes 255 characters in a text of a formula
_FIELD = re.compile(r"\{([^{}]*)\}")
_UNKNOWN = '"若干"'  # in place of a number that the form cannot compute
_VALUE = column_letters(COLUMNS[Role.VALUE])
_PREVIOUS = column_letters(COLUMNS[Role.PREVIOUS])


@dataclass(frozen=True, slots=True)
class Checks:
    """Formulas of a form by code, each with its leading `=`.

    rules: rule id -> code on whose row it stands. left_out: rules that have no Excel face on this form (another period's figures, units
    below, checks that are no expression, figures that are not on this form).
    """

    formulas: Mapping[str, str]
    rules: Mapping[str, str]
    left_out: tuple[str, ...]


class Addresses:
    """Where the figures of a form stand, as one of its sheets refers to them."""

    def __init__(self, scheme: Scheme, plan: FormPlan) -> None:
        self._scheme = scheme
        self._plan = plan

    def of(self, reference: Reference, *, sheet: str) -> str | None:
        """The cell of a reference, for a formula on `sheet`; None where the form does not have it."""
        if reference.of != "unit":
            return None
        if reference.kind in ("list", "column"):
            return self._of_list(reference) if reference.period == "this" else None
        if reference.name not in self._plan.rows or reference.period not in ("this", "previous"):
            return None
        cell = self.cell(reference.name, sheet=sheet, column=_VALUE if reference.period == "this" else _PREVIOUS)
        if reference.period == "this" and self._scheme.indicators[reference.name].kind is Kind.FLAG:
            return f'IF({cell}="是",1,IF({cell}="否",0,""))'
        return cell

    def cell(self, code: str, *, sheet: str, column: str = _VALUE) -> str:
        """The cell of an indicator in one of the columns."""
        own, row = self._plan.rows[code]
        return f"{column}{row}" if own == sheet else f"'{own}'!{column}{row}"

    def _of_list(self, reference: Reference) -> str | None:
        name, column = reference.parts
        sheet, roster = self._plan.lists.get(name), self._scheme.rosters.get(name)
        if sheet is None or roster is None:
            return None
        if reference.kind == "list":
            return f"'{sheet}'!$A${LIST_TOTALS_ROW}"
        at = next((number for number, one in enumerate(roster.columns, start=2) if one.column == column), 0)
        return f"'{sheet}'!${column_letters(at)}${LIST_TOTALS_ROW}" if at else None


def list_count(roster: Roster) -> str:
    """The formula for the number of rows of a list in which anything is filled in (its columns stand from B on)."""
    lengths = "+".join(f"LEN({_span(at)})" for at in range(2, len(roster.columns) + 2))
    return f"=SUMPRODUCT(--({lengths}>0))"


def list_total(column: int) -> str:
    """The formula for the total of a list's column, by its number on the sheet."""
    return f"=SUM({_span(column)})"


def _span(column: int) -> str:
    letters = column_letters(column)
    return f"{letters}${LIST_FIRST_ROW}:{letters}${LIST_LAST_ROW}"


def live_checks(scheme: Scheme, plan: FormPlan, *, kind_cell: str = "") -> Checks:
    """The check formulas of a form. `kind_cell`: on every sheet, the cell that shows the chosen unit's kind (a form for many units)."""
    addresses = Addresses(scheme, plan)
    parts: dict[str, list[str]] = {}
    stands: dict[str, str] = {}
    left_out: list[str] = []
    for rule in scheme.rules:
        if not rule.applies_to & plan.kinds:
            continue
        for code in _subjects(rule, plan):
            broken = _broken(rule, scheme, addresses, sheet=plan.rows[code][0])
            if broken is None:
                continue
            shown = f'IF({broken},{_said(rule, scheme, addresses, sheet=plan.rows[code][0])},"")'
            if kind_cell and not rule.applies_to >= plan.kinds:
                shown = f'IF({_is_kind(kind_cell, rule.applies_to & plan.kinds)},{shown},"")'
            if sum(map(len, parts.get(code, ()))) + len(shown) <= _ROOM:
                parts.setdefault(code, []).append(shown)
                stands[rule.id] = code
                break
        else:
            left_out.append(rule.id)
    formulas: dict[str, str] = {}
    for code in plan.rows:
        if formula := _row_formula(scheme.indicators[code], scheme, addresses, parts.get(code, []), plan, kind_cell):
            formulas[code] = formula
    return Checks(formulas, stands, tuple(left_out))


def derived_value(code: str, scheme: Scheme, plan: FormPlan, *, kind_cell: str = "") -> str | None:
    """The formula that computes a rate or another derived figure on the form; None where not all it needs stands on this form.

    `kind_cell`: as for `live_checks`; a chosen unit that does not report the figure sees an empty cell.
    """
    expression = scheme.formulas.get(code)
    if expression is None or code not in plan.rows:
        return None
    addresses = Addresses(scheme, plan)
    formula = excel_value(expression, lambda one: addresses.of(one, sheet=plan.rows[code][0]))
    if formula is None or not references(expression):
        return None
    asked = scheme.indicators[code].reported_by & plan.kinds
    return f'=IF({_known_kind(kind_cell, asked)},{formula[1:]},"")' if kind_cell and asked != plan.kinds else formula


def _subjects(rule: Rule, plan: FormPlan) -> list[str]:
    """Rows on which the rule may be shown: the figure it is about first, those of its condition last."""
    if rule.expression is None:
        return []
    condition = () if rule.when is None else tuple(one.name for one in references(rule.when) if one.kind == "indicator")
    return [code for code in dict.fromkeys((*rule.indicators, *condition)) if code in plan.rows]


def _broken(rule: Rule, scheme: Scheme, addresses: Addresses, *, sheet: str) -> str | None:
    """A condition that is TRUE exactly where the rule applies and is provably broken; None where it has no Excel face on this form."""
    if rule.expression is None or any(_is_word(one, scheme) for one in references(rule.expression)):
        return None

    def cell(reference: Reference) -> str | None:
        return addresses.of(reference, sheet=sheet)

    broken = excel(rule.expression, cell, tolerance=rule.tolerance, missing=rule.missing, proves=False)
    if broken is None or rule.when is None:
        return broken
    applies = excel(rule.when, cell, proves=True)
    return None if applies is None else f"IF({applies},{broken},FALSE)"


def _is_word(reference: Reference, scheme: Scheme) -> bool:
    """Texts and dates are not judged live."""
    indicator = scheme.indicators.get(reference.name)
    return reference.kind == "indicator" and indicator is not None and indicator.kind is Kind.TEXT


def _said(rule: Rule, scheme: Scheme, addresses: Addresses, *, sheet: str) -> str:
    """The rule's message as an Excel text, with the live figures in it."""
    pieces: list[str] = []
    at = 0
    message = rule.message.strip() or "与有关指标不符"
    for field in _FIELD.finditer(message):
        pieces += _texts(message[at : field.start()])
        name = field.group(1).strip()
        pieces += _difference(rule, scheme, addresses, sheet) if name == "差" else _field(name, scheme, addresses, sheet)
        at = field.end()
    pieces += _texts(message[at:] if message[-1] in "。！？" else message[at:] + "。")
    return "&".join(pieces)


def _difference(rule: Rule, scheme: Scheme, addresses: Addresses, sheet: str) -> list[str]:
    """By how much the two sides of the rule differ, in the measure of its first figure."""
    node = rule.expression
    if not isinstance(node, Comparison) or type_of(node.left) != "number" or type_of(node.right) != "number":
        return [_UNKNOWN]
    apart = Call("abs", (Arithmetic(node.left, (("-", node.right),)),))
    formula = excel_value(apart, lambda one: addresses.of(one, sheet=sheet), missing=rule.missing)
    if formula is None:
        return [_UNKNOWN]
    indicator = scheme.indicators[rule.indicators[0]] if rule.indicators else None
    if indicator is None:
        return [f"IFERROR(ROUND({formula[1:]},2),0)"]
    return [f"IFERROR(ROUND({formula[1:]},{max(indicator.decimals, 2)}),0)", *_texts(indicator.measure)]


def _texts(text: str) -> list[str]:
    """Text constants, none over Excel's limit."""
    quoted = text.replace('"', "”")
    return [f'"{quoted[at : at + _LONGEST_TEXT]}"' for at in range(0, len(quoted), _LONGEST_TEXT)]


def _field(name: str, scheme: Scheme, addresses: Addresses, sheet: str) -> list[str]:
    """A field of a message: an indicator's figure with its measure, last year's, the rows or a total of a list, or the word itself."""
    period = next((word for word in ("上年同期", "本年上期", "上年末") if name.startswith(word) and name not in scheme.codes), "")
    code = scheme.codes.get(name[len(period) :].strip("（）()的.·") if period else name)
    if code is None:
        if name == "单位":
            return ['"本单位"']
        return _computed(name, scheme, addresses, sheet)
    if period not in ("", "上年同期") or addresses.of(Reference(code), sheet=sheet) is None:
        return _texts(name)
    cell = addresses.cell(code, sheet=sheet, column=_PREVIOUS if period else _VALUE)
    indicator = scheme.indicators[code]
    rounded = f"ROUND({cell},{indicator.decimals})" if code in scheme.formulas else cell
    return [f"IFERROR({rounded},{cell})" if rounded != cell else cell, *_texts("" if indicator.kind is Kind.FLAG else indicator.measure)]


def _computed(name: str, scheme: Scheme, addresses: Addresses, sheet: str) -> list[str]:
    """A field that names the rows or the total of a list, or an expression: its figure; no number where the form cannot compute it. The
    word itself where it is none."""
    node = figure(name, scheme.codes, scheme.indicators, scheme.rosters)
    if node is None:
        return _texts(name)
    if isinstance(node, Name):
        cell = None if node.reference.kind == "indicator" else addresses.of(node.reference, sheet=sheet)
        return _texts(name) if cell is None else [cell]
    formula = excel_value(node, lambda one: addresses.of(one, sheet=sheet))
    return [_UNKNOWN] if formula is None else [f"IFERROR(ROUND({formula[1:]},2),{_UNKNOWN})"]


def _row_formula(indicator: Indicator, scheme: Scheme, addresses: Addresses, rules: list[str], plan: FormPlan, kind_cell: str) -> str:
    cell = addresses.cell(indicator.code, sheet=plan.rows[indicator.code][0])
    computed = derived_value(indicator.code, scheme, plan) is not None
    shown = "&".join([*([] if computed else _entry_check(indicator, scheme, cell)), *rules])
    asked = indicator.reported_by & plan.kinds
    if kind_cell and asked != plan.kinds:
        unasked = f'IF(LEN({cell})=0,"{NOT_ASKED}","{NOT_ASKED}，请清空。")'
        return f"=IF({_known_kind(kind_cell, asked)},{shown or _EMPTY},{unasked})"
    return f"={shown}" if shown else ""


_EMPTY = '""'


def _entry_check(indicator: Indicator, scheme: Scheme, cell: str) -> list[str]:
    """What can be said of a figure alone: words in place of a number, less than zero, not whole. Pasting passes data validation by."""
    if indicator.kind in (Kind.TEXT, Kind.FLAG) or (indicator.kind is Kind.DATE and indicator.measure == "日期"):
        return []
    words = ",".join(f'{cell}="{word}"' for word in NO_FIGURE)
    measure = scheme.measures.get(indicator.measure)
    whole = measure is not None and measure.whole
    sign = '"" ' if indicator.kind is Kind.RATE else f'IF({cell}<0,"不应小于0。","")'
    number = f'IF({cell}<0,"不应小于0。",IF({cell}<>INT({cell}),"应为整数。",""))' if whole else sign.strip()
    return [f'IF(ISTEXT({cell}),IF(OR({words}),"","应只填数字，不带单位和文字。"),{number})']


def _known_kind(kind_cell: str, kinds: Iterable[str]) -> str:
    """A condition: no unit is chosen yet, or one of these kinds."""
    return f'OR({kind_cell}="",{_is_kind(kind_cell, kinds)})'


def _is_kind(kind_cell: str, kinds: Iterable[str]) -> str:
    """A condition: the chosen unit is of one of these kinds."""
    wanted = [f'{kind_cell}="{face}"' for kind, face in KINDS.items() if kind in set(kinds)]
    return wanted[0] if len(wanted) == 1 else f"OR({','.join(wanted)})"
