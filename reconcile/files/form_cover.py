"""The cover of a form, and the hidden sheets that mark it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.datavalidation import DataValidation

from reconcile.files.form_checks import LIST_TOTALS_ROW, NOT_ASKED
from reconcile.files.form_sheets import CHOSEN_CELL, TEXT_COLUMN
from reconcile.files.form_style import Styles, set_page
from reconcile.files.raw import column_letters
from reconcile.model.round import SCOPES
from reconcile.model.unit import KINDS
from reconcile.scheme.form import (
    COLUMNS,
    COVER_LABELS,
    FIRST_ROW,
    PAST_SHEET,
    UNITS_SHEET,
    Answers,
    FormPlan,
    FormSheet,
    Role,
)

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from reconcile.model.period import Period
    from reconcile.model.unit import Unit
    from reconcile.scheme.scheme import Scheme

CHOICE_ROW = 4
CHOICE_CELL = "$B$4"
NAME_CELL = "$D$5"
KIND_CELL = "$B$9"
_KINDS_ABOVE = ("town", "county")
_ASK_SCOPE = "请选择"  # read back as not declared
_UNSAID = DifferentialStyle(font=Font(color="FFC00000"), fill=PatternFill(bgColor="FFF8D7DA"))
_LEFT, _RIGHT = (1, 2), (3, 4)
_NOTE_LINE = 44  # characters that fit on one line of the cover
_NOTES = (
    "1. 黄色格填写，灰色格自动生成、不需填写。没有发生的填 0，不适用的填“—”，不清楚的留空，不要猜填。",
    "2. 只填数字，不带单位和文字；金额的单位以“计量单位”栏为准，注意区分元和万元、人和人次、份和家。",
    "3. “新增”等累计指标从1月1日起累计到报告期末；期末数按报告期最后一天填写。",
    "4. “审核提示”栏出现红字时，请核对本期数；确属实际情况的，在“说明”栏写明具体原因，不写“情况属实”“无误”。",
    "5. 可以插入行、调整列宽；请不要改动指标代码。名册不够用时接着往下填。",
)


@dataclass(frozen=True, slots=True)
class CoverUnit:
    """Whose form it is: one unit, or one to be chosen from many."""

    unit: Unit | None
    choices: Sequence[Unit] = ()


def write_cover(
    sheet: Worksheet, plan: FormPlan, *, scheme: Scheme, styles: Styles, period: Period, whose: CoverUnit, answers: Answers
) -> None:
    """Write the cover: title, the unit and its fields, notes for filling, and how far every sheet is filled."""
    for column, width in enumerate((25, 27, 16, 30), start=1):
        sheet.column_dimensions[column_letters(column)].width = width
    styles.write(sheet, 1, 1, scheme.name, "封面题")
    styles.across(sheet, 1, 1, 4, "封面题")
    styles.write(sheet, 2, 1, f"（{period.chinese}）", "副题")
    styles.across(sheet, 2, 1, 4, "副题")
    sheet.row_dimensions[1].height, sheet.row_dimensions[2].height = 56, 30
    row = _write_unit(sheet, styles=styles, whose=whose)
    _write_fields(sheet, row, styles=styles, period=period, whose=whose, answers=answers)
    row = _write_notes(sheet, 11, styles=styles)
    _write_progress(sheet, row + 1, plan, scheme=scheme, styles=styles, chosen=whose.unit is None)
    set_page(sheet, footer=scheme.name)


def _label(sheet: Worksheet, row: int, column: int, key: str, styles: Styles) -> None:
    styles.write(sheet, row, column, COVER_LABELS[key][0], "标签")
    sheet.row_dimensions[row].height = 26


def _write_unit(sheet: Worksheet, *, styles: Styles, whose: CoverUnit) -> int:
    """Code and name, or the dropdown they follow from; the next free row."""
    if whose.unit is not None:
        _label(sheet, CHOICE_ROW, 1, "unit", styles)
        styles.write(sheet, CHOICE_ROW, 2, whose.unit.code, "固定")
        _label(sheet, CHOICE_ROW, 3, "unit_name", styles)
        styles.write(sheet, CHOICE_ROW, 4, whose.unit.name, "固定")
        return CHOICE_ROW + 1
    _label(sheet, CHOICE_ROW, 1, "choice", styles)
    styles.write(sheet, CHOICE_ROW, 2, None, "封面填")
    styles.across(sheet, CHOICE_ROW, 2, 4, "封面填")
    _dropdown(sheet, "B4", f"'{UNITS_SHEET}'!$A$2:$A${len(whose.choices) + 1}", "请从下拉列表中选择本单位。", title="填报单位")
    found = f"INDEX('{UNITS_SHEET}'!{{column}}$2:{{column}}${len(whose.choices) + 1},{CHOSEN_CELL})"
    _label(sheet, 5, 1, "unit", styles)
    styles.formula(sheet, 5, 2, f'IFERROR({found.format(column="$B")},"")', "固定")
    _label(sheet, 5, 3, "unit_name", styles)
    styles.formula(sheet, 5, 4, f'IFERROR({found.format(column="$C")},"")', "固定")
    _label(sheet, 9, 1, "unit_kind", styles)
    styles.formula(sheet, 9, 2, f'IFERROR({found.format(column="$D")},"")', "固定")
    styles.across(sheet, 9, 2, 4, "固定")
    return 6


def _write_fields(sheet: Worksheet, row: int, *, styles: Styles, period: Period, whose: CoverUnit, answers: Answers) -> None:
    prefilled = None if whose.unit is None else _ASK_SCOPE if whose.unit.kind in _KINDS_ABOVE else SCOPES[0]
    scope = answers.cover.get("scope", prefilled)
    fields: list[tuple[str, object, str]] = [
        ("scope", scope, "封面填"),
        ("period", answers.cover.get("period", period.chinese), "固定"),
        ("filler", answers.cover.get("filler"), "封面填"),
        ("phone", answers.cover.get("phone"), "封面填号"),
        ("filled_on", _day(answers.cover.get("filled_on")), "封面填日期"),
        ("head", answers.cover.get("head"), "封面填"),
    ]
    for number, (key, value, style) in enumerate(fields):
        at = row + number // 2
        label, entry = _RIGHT if number % 2 else _LEFT
        _label(sheet, at, label, key, styles)
        styles.write(sheet, at, entry, value, style)
    if whose.unit is None and scope is None:
        styles.formula(sheet, row, 2, _scope_of_chosen(), "封面填")
    _dropdown(sheet, f"B{row}", f'"{",".join(SCOPES)}"', "本级：只填本单位的数；汇总：填本单位和所有下级单位的合计数。", title="填报口径")
    neither = ",".join(f'$B${row}<>"{scope}"' for scope in SCOPES)
    unsaid = Rule(type="expression", formula=[f"AND({neither})"], dxf=_UNSAID)
    sheet.conditional_formatting.add(f"B{row}", unsaid)
    day = DataValidation(type="date", operator="greaterThan", formula1="32874", allow_blank=True)
    day.error, day.errorTitle, day.showErrorMessage = "请填日期，如 2023-07-05。", "请检查", True
    day.add(f"B{row + 2}")
    sheet.add_data_validation(day)


def _scope_of_chosen() -> str:
    """本级 for a chosen unit that has none below it; the others are asked. A choice from the list takes the formula's place."""
    above = ",".join(f'{KIND_CELL}="{KINDS[kind]}"' for kind in _KINDS_ABOVE)
    return f'IF({KIND_CELL}="","",IF(OR({above}),"{_ASK_SCOPE}","{SCOPES[0]}"))'


def _day(written: object) -> object:
    """A date written as YYYY-MM-DD as a date, so that the cell holds one; anything else as it stands."""
    try:
        return date.fromisoformat(written) if isinstance(written, str) else written
    except ValueError:
        return written


def _dropdown(sheet: Worksheet, cell: str, source: str, message: str, *, title: str) -> None:
    made = DataValidation(type="list", formula1=source, allow_blank=True)
    made.error, made.errorTitle, made.showErrorMessage = "请从下拉列表中选择。", "请检查", True
    made.prompt, made.promptTitle, made.showInputMessage = message, title, True
    made.add(cell)
    sheet.add_data_validation(made)


def _write_notes(sheet: Worksheet, row: int, *, styles: Styles) -> int:
    """What a filler must know, in the order it matters; the next free row."""
    styles.write(sheet, row, 1, "填报须知", "小标题")
    for number, note in enumerate(_NOTES, start=1):
        styles.write(sheet, row + number, 1, note, "正文")
        styles.across(sheet, row + number, 1, 4, "正文")
        sheet.row_dimensions[row + number].height = 32 if len(note) > _NOTE_LINE else 19
    return row + len(_NOTES) + 1


def _write_progress(sheet: Worksheet, row: int, plan: FormPlan, *, scheme: Scheme, styles: Styles, chosen: bool) -> None:
    """One line a sheet: how many rows it has, how many are filled, how many a check speaks of; each line leads to its sheet.

    `chosen`: the unit is chosen on the cover, and rows that it does not report do not count.
    """
    styles.write(sheet, row, 1, "填报进度", "小标题")
    for column, title in enumerate(("工作表", "指标（行）数", "已填", "审核提示"), start=1):
        styles.write(sheet, row + 1, column, title, "表头")
    for number, one in enumerate(plan.sheets, start=row + 2):
        sheet.row_dimensions[number].height = 19
        cell = styles.write(sheet, number, 1, one.name, "目录")
        cell.hyperlink = f"#'{one.name}'!A1"
        styles.dress(cell, "目录")  # openpyxl gives a linked cell its own look
        if chosen and one.holds == "section":
            styles.formula(sheet, number, 2, f'{len(one.codes)}-COUNTIF({_checks(one)},"{NOT_ASKED}*")', "目录数")
        else:
            styles.write(sheet, number, 2, len(one.codes) if one.codes else "按实际", "目录数")
        styles.formula(sheet, number, 3, _filled(one), "目录数")
        if one.holds == "section":
            styles.formula(sheet, number, 4, _hinted(one), "目录疑")
        else:
            styles.write(sheet, number, 4, "—", "目录数")
    required = [code for code in plan.rows if scheme.indicators[code].required]
    if required:
        last = row + 2 + len(plan.sheets)
        terms = "+".join(_unanswered(plan, code, chosen=chosen) for code in required)
        styles.formula(sheet, last, 1, f'IF({terms}=0,"必填指标（粗体）已填齐。","必填指标（粗体）还有"&({terms})&"项未填。")', "提示")


def _unanswered(plan: FormPlan, code: str, *, chosen: bool) -> str:
    """1 where the figure's cell is empty though the unit reports it, else 0."""
    name, row = plan.rows[code]
    held = next(sheet for sheet in plan.sheets if sheet.name == name)
    column = column_letters(TEXT_COLUMN if held.holds == "text" else COLUMNS[Role.VALUE])
    empty = f"(LEN('{name}'!{column}{row})=0)"
    if not chosen or held.holds == "text":
        return empty
    return f"{empty}*('{name}'!{column_letters(COLUMNS[Role.CHECK])}{row}<>\"{NOT_ASKED}\")"


def _filled(sheet: FormSheet) -> str:
    if sheet.holds == "list":
        return f"='{sheet.name}'!$A${LIST_TOTALS_ROW}"
    column = column_letters(TEXT_COLUMN if sheet.holds == "text" else COLUMNS[Role.VALUE])
    return f"=SUMPRODUCT(--(LEN('{sheet.name}'!{column}{FIRST_ROW}:{column}{sheet.last_row})>0))"


def _checks(sheet: FormSheet) -> str:
    column = column_letters(COLUMNS[Role.CHECK])
    return f"'{sheet.name}'!{column}{FIRST_ROW}:{column}{sheet.last_row}"


def _hinted(sheet: FormSheet) -> str:
    """Rows of which a check says more than that this unit does not report them."""
    area = _checks(sheet)
    return f'=SUMPRODUCT((LEN({area})>0)*({area}<>"{NOT_ASKED}"))'


def write_units(
    workbook: Workbook, plan: FormPlan, *, styles: Styles, choices: Sequence[Unit], previous: Mapping[str, Mapping[str, float]]
) -> None:
    """Hidden sheets of a form for many units: the units to choose from, and their figures of last year."""
    units = workbook.create_sheet(UNITS_SHEET)
    units.sheet_state = "hidden"
    for column, title in enumerate(("选项", "单位代码", "单位名称", "单位类型"), start=1):
        styles.write(units, 1, column, title, "表头")
    for row, unit in enumerate(choices, start=2):
        for column, text in enumerate((choice(unit), unit.code, unit.name, KINDS.get(unit.kind, unit.kind)), start=1):
            styles.write(units, row, column, text, "列文")
    styles.formula(units, 1, 6, f"IFERROR(MATCH('{plan.cover}'!{CHOICE_CELL},$A$2:$A${len(choices) + 1},0),\"\")", "列数")
    past = workbook.create_sheet(PAST_SHEET)
    past.sheet_state = "hidden"
    codes = [code for code in plan.rows if any(code in figures for figures in previous.values())]
    for column, code in enumerate(codes, start=2):
        styles.write(past, 1, column, code, "表头")
    for row, unit in enumerate(choices, start=2):
        styles.write(past, row, 1, unit.code, "列号")
        for column, code in enumerate(codes, start=2):
            styles.write(past, row, column, previous.get(unit.code, {}).get(code), "列数")


def choice(unit: Unit) -> str:
    """A unit as it stands in the dropdown."""
    return f"{unit.code} {unit.name}"
