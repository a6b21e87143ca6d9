"""The sheets of a form that hold figures and texts: one coded row an indicator."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.datavalidation import DataValidation

from reconcile.files.form_checks import NOT_ASKED, Checks, derived_value
from reconcile.files.form_style import Styles, set_page
from reconcile.files.raw import CellDate, CellError, Percent, Uncomputed, column_letters
from reconcile.model.indicator import Kind
from reconcile.scheme.form import (
    COLUMNS,
    FIRST_ROW,
    HEADING_ROW,
    HEADINGS,
    NO_FIGURE,
    PAST_SHEET,
    TEXT_HEADING,
    UNITS_SHEET,
    Answers,
    FormPlan,
    FormSheet,
    Role,
)

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from reconcile.model.indicator import Indicator
    from reconcile.model.period import Period
    from reconcile.scheme.scheme import Scheme

KIND_CELL = "$G$2"
"""On the sheets of a form for many units: the kind of the chosen unit."""

CHOSEN_CELL = f"'{UNITS_SHEET}'!$F$1"
"""The chosen unit's number in the hidden sheet of units."""

TEXT_COLUMN = 3
"""Where the answers stand on the sheet of texts."""

_WIDTHS = {Role.CODE: 10, Role.NAME: 27, Role.MEASURE: 9, Role.VALUE: 14, Role.PREVIOUS: 14, Role.REASON: 30, Role.CHECK: 64}
_REASON_LINE = 15  # characters that fit on one line of the column for reasons
_HINT_FONT = Font(color="FFC00000")
_FAINT_FONT = Font(color="FFA6A6A6")
_HINT_FILL = PatternFill(bgColor="FFF8D7DA")
_GREY_FILL = PatternFill(bgColor="FFD9D9D9")
_CALCULATION = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[-+*/][0-9]+(?:\.[0-9]+)?){0,20}")
"""A formula of nothing but numbers (40+28), which is safe to be written again: it refers to nothing and does nothing."""
_DAY_FORMAT = "yyyy\\-mm\\-dd"
DATE_STYLES = frozenset({"填日期", "册日期"})
"""Styles under whose number format a plain number would be taken for a day."""
_ENTRY_STYLES = {Kind.FLAG: "填选", Kind.DATE: "填日期", Kind.TEXT: "填文"}


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above every sheet: the unit (text, or a formula where it is chosen on the cover) and the period."""

    unit: str
    unit_formula: str
    kind_formula: str
    period: Period


@dataclass(frozen=True, slots=True)
class Filling:
    """What the figures' cells are filled with: answers, last year's figures by code, and whether these are looked up for a chosen unit."""

    answers: Answers
    previous: Mapping[str, float]
    chosen: bool


def write_section(
    sheet: Worksheet,
    plan: FormPlan,
    form_sheet: FormSheet,
    *,
    scheme: Scheme,
    styles: Styles,
    heading: Heading,
    filling: Filling,
    checks: Checks,
) -> None:
    """Write one sheet of coded figures: headings, rows, validation, live checks, page."""
    write_heading(sheet, form_sheet.name, styles=styles, heading=heading, last=COLUMNS[Role.REASON])
    if heading.kind_formula:
        styles.formula(sheet, 2, COLUMNS[Role.CHECK], heading.kind_formula, "题注")
    for role, column in COLUMNS.items():
        styles.write(sheet, HEADING_ROW, column, HEADINGS[role][0], "表头")
        sheet.column_dimensions[column_letters(column)].width = _WIDTHS[role]
    for row, code in enumerate(form_sheet.codes, start=FIRST_ROW):
        indicator = scheme.indicators[code]
        styles.write(sheet, row, COLUMNS[Role.CODE], code, "代码")
        styles.write(sheet, row, COLUMNS[Role.NAME], indicator.name, "必填指标" if indicator.required else "指标")
        styles.write(sheet, row, COLUMNS[Role.MEASURE], filling.answers.measures.get(code, indicator.measure), "计量")
        _write_value(
            sheet, row, indicator, scheme=scheme, plan=plan, styles=styles, answers=filling.answers, chosen=bool(heading.kind_formula)
        )
        _write_previous(sheet, row, indicator, styles=styles, filling=filling)
        reason = filling.answers.reasons.get(code, "")
        styles.write(sheet, row, COLUMNS[Role.REASON], reason or None, "填文")
        if len(reason) > _REASON_LINE:
            sheet.row_dimensions[row].height = 15.0 * -(-len(reason) // _REASON_LINE)
        if formula := checks.formulas.get(code):
            styles.formula(sheet, row, COLUMNS[Role.CHECK], formula, "提示")
    _colour(sheet, form_sheet, group=bool(heading.kind_formula))
    sheet.sheet_format.defaultRowHeight = 20
    sheet.sheet_format.customHeight = True
    sheet.row_dimensions[1].height = 34
    sheet.freeze_panes = f"C{FIRST_ROW}"
    sheet.print_area = f"A1:{column_letters(COLUMNS[Role.REASON])}{form_sheet.last_row}"
    set_page(sheet, footer=scheme.name, heading_rows=f"1:{HEADING_ROW}")


def write_texts(sheet: Worksheet, form_sheet: FormSheet, *, scheme: Scheme, styles: Styles, heading: Heading, answers: Answers) -> None:
    """Write the sheet of texts: one high cell an answer, what is wanted beside it."""
    write_heading(sheet, form_sheet.name, styles=styles, heading=heading, last=4)
    for column, (title, width) in enumerate([("指标代码", 10), ("指标名称", 16), (TEXT_HEADING, 62), ("填写要求", 26)], start=1):
        styles.write(sheet, HEADING_ROW, column, title, "表头")
        sheet.column_dimensions[column_letters(column)].width = width
    for row, code in enumerate(form_sheet.codes, start=FIRST_ROW):
        indicator = scheme.indicators[code]
        styles.write(sheet, row, 1, code, "代码")
        styles.write(sheet, row, 2, indicator.name, "必填指标" if indicator.required else "指标")
        write_answer(sheet, row, TEXT_COLUMN, answers.texts.get(code), style="填长文", styles=styles)
        styles.write(sheet, row, 4, indicator.definition, "正文")
        sheet.row_dimensions[row].height = 120
    sheet.row_dimensions[1].height = 34
    sheet.freeze_panes = f"C{FIRST_ROW}"
    set_page(sheet, footer=scheme.name, heading_rows=f"1:{HEADING_ROW}")


def write_heading(sheet: Worksheet, title: str, *, styles: Styles, heading: Heading, last: int) -> None:
    """Title over columns 1 to `last`, and below it the unit and the period."""
    styles.write(sheet, 1, 1, title, "标题")
    styles.across(sheet, 1, 1, last, "标题")
    middle = (last + 1) // 2
    if heading.unit_formula:
        styles.formula(sheet, 2, 1, heading.unit_formula, "题注")
    else:
        styles.write(sheet, 2, 1, f"填报单位：{heading.unit}", "题注")
    styles.across(sheet, 2, 1, middle, "题注")
    styles.write(sheet, 2, middle + 1, f"报告期：{heading.period.chinese}", "题注右")
    styles.across(sheet, 2, middle + 1, last, "题注右")


def _write_value(
    sheet: Worksheet, row: int, indicator: Indicator, *, scheme: Scheme, plan: FormPlan, styles: Styles, answers: Answers, chosen: bool
) -> None:
    """The cell for this period's figure: as given, or computed from the others, or empty with its validation.

    `chosen`: the unit is chosen on the cover, and what its kind does not report stays empty.
    """
    column = COLUMNS[Role.VALUE]
    answer = answers.figures.get(indicator.code)
    if indicator.kind is Kind.TEXT:
        answer = answers.texts.get(indicator.code, answer)
    formula = derived_value(indicator.code, scheme, plan, kind_cell=KIND_CELL if chosen else "")
    if formula is not None and answer is None:
        styles.formula(sheet, row, column, formula, "自动", number=number_format(indicator))
        return
    style = _ENTRY_STYLES.get(indicator.kind, "填数")
    if indicator.kind is Kind.DATE and indicator.measure != "日期":
        style = "填数"
    write_answer(sheet, row, column, answer, style=style, styles=styles)
    sheet.add_data_validation(_validation(indicator, scheme, f"{column_letters(column)}{row}"))


def number_format(indicator: Indicator) -> str:
    """Decimals as the indicator is reported."""
    return "0." + "0" * indicator.decimals if indicator.decimals else "0"


def write_answer(sheet: Worksheet, row: int, column: int, answer: object, *, style: str, styles: Styles) -> Cell:
    """Write a raw cell that was read so that it is read as the same again: a date under a date format, a percentage under %.

    An uncomputed formula stands again only where it is a mere calculation; any other is shown as text, for it could refer to anything.
    """
    if isinstance(answer, Uncomputed) and _CALCULATION.fullmatch(answer.formula):
        return styles.formula(sheet, row, column, answer.formula, style)
    number = ""
    if isinstance(answer, Percent):
        number = "0.00%"
    elif isinstance(answer, CellDate):
        number = _DAY_FORMAT
    elif isinstance(answer, float) and style in DATE_STYLES:
        number = "General"
    cell = styles.write(sheet, row, column, plain_answer(answer), style, number=number)
    if isinstance(answer, bool):
        cell.value = answer  # not the word for it: where a number is asked the two are read differently
    return cell


def plain_answer(answer: object) -> object:
    """A raw cell that was read, as it can be written again: errors and formulas without a result become what they show."""
    if isinstance(answer, CellError):
        return answer.text
    if isinstance(answer, Uncomputed):
        return "=" + answer.formula
    if isinstance(answer, CellDate):
        return answer.serial
    return float(answer) if isinstance(answer, float) else answer


def _write_previous(sheet: Worksheet, row: int, indicator: Indicator, *, styles: Styles, filling: Filling) -> None:
    column = COLUMNS[Role.PREVIOUS]
    if filling.chosen and indicator.kind is not Kind.TEXT:
        # The hidden sheet has a unit a row and this sheet's figures in columns named by code in its first row.
        found = f"INDEX('{PAST_SHEET}'!$A$1:$ZZ$9999,{CHOSEN_CELL}+1,MATCH($A{row},'{PAST_SHEET}'!$A$1:$ZZ$1,0))"
        styles.formula(sheet, row, column, f'IFERROR(IF({found}="","",{found}),"")', "上年")
        return
    value = filling.previous.get(indicator.code)
    styles.write(sheet, row, column, value if indicator.kind is not Kind.FLAG or value is None else value != 0, "上年")


def _validation(indicator: Indicator, scheme: Scheme, cell: str) -> DataValidation:
    """What may be typed into a figure's cell, with the indicator's definition as the prompt."""
    title, prompt = indicator.name[:32], indicator.definition
    if indicator.kind is Kind.FLAG:
        made = DataValidation(type="list", formula1='"是,否"', error="请填 是 或 否。")
    elif indicator.kind is Kind.DATE and indicator.measure == "日期":
        made = DataValidation(type="date", operator="greaterThan", formula1="32874", error="请填日期，如 2023-06-30。")
    elif indicator.kind is Kind.DATE:
        made = DataValidation(type="whole", operator="between", formula1="1", formula2="12", error="请填月份，1至12的整数。")
    elif indicator.kind is Kind.TEXT:
        made = DataValidation(type="textLength", operator="lessThan", formula1="2000", error="文字请控制在2000字以内。")
    else:
        measure = scheme.measures.get(indicator.measure)
        whole = measure is not None and measure.whole
        made = DataValidation(type="custom", formula1=_number_only(cell, whole=whole, signed=indicator.kind is Kind.RATE))
        what = "不小于0的整数" if whole else "数字" if indicator.kind is Kind.RATE else "不小于0的数"
        made.error = f"只填{what}（单位：{indicator.measure}），不带单位和文字。没有发生填0或“无”，不适用填“—”。"
        prompt += f"\n填{what}，单位“{indicator.measure}”；没有填0，不适用填“—”。"
    made.errorTitle, made.showErrorMessage, made.allow_blank = "请检查", True, True
    made.promptTitle, made.prompt, made.showInputMessage = title, prompt[:250], True
    made.add(cell)
    return made


def _number_only(cell: str, *, whole: bool, signed: bool) -> str:
    """A number (whole, not below zero), or one of the words that stand for none."""
    conditions = ([] if signed else [f"{cell}>=0"]) + ([f"{cell}=INT({cell})"] if whole else [])
    number = f"AND({','.join(conditions)})" if conditions else "TRUE"
    words = ",".join(f'{cell}="{word}"' for word in NO_FIGURE)
    return f"IF(ISNUMBER({cell}),{number},OR({words}))"


def _colour(sheet: Worksheet, form_sheet: FormSheet, *, group: bool) -> None:
    """Figures that a check speaks of turn red; rows that the chosen unit leaves empty turn grey."""
    check, value = column_letters(COLUMNS[Role.CHECK]), column_letters(COLUMNS[Role.VALUE])
    if group:
        area = f"A{FIRST_ROW}:{column_letters(COLUMNS[Role.REASON])}{form_sheet.last_row}"
        unasked = f'LEFT(${check}{FIRST_ROW},{len(NOT_ASKED)})="{NOT_ASKED}"'
        grey = Rule(type="expression", formula=[unasked], dxf=DifferentialStyle(fill=_GREY_FILL), stopIfTrue=True)
        sheet.conditional_formatting.add(area, grey)
        faint = Rule(type="expression", formula=[f'{check}{FIRST_ROW}="{NOT_ASKED}"'], dxf=DifferentialStyle(font=_FAINT_FONT))
        sheet.conditional_formatting.add(f"{check}{FIRST_ROW}:{check}{form_sheet.last_row}", faint)
    area = f"{value}{FIRST_ROW}:{value}{form_sheet.last_row}"
    look = DifferentialStyle(fill=_HINT_FILL, font=_HINT_FONT)
    sheet.conditional_formatting.add(area, Rule(type="expression", formula=[f"LEN(${check}{FIRST_ROW})>0"], dxf=look))
