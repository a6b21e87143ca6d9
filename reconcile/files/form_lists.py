"""The list sheets of a form: rows made ready for detail, with their count and totals above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.datavalidation import DataValidation

from reconcile.files.form_checks import LIST_FIRST_ROW, LIST_LAST_ROW, LIST_TOTALS_ROW, list_count, list_total
from reconcile.files.form_sheets import write_answer
from reconcile.files.form_style import ENTRY_FILL, LINE, Styles, set_page
from reconcile.files.raw import column_letters
from reconcile.scheme.form import HEADING_ROW, PREPARED_ROWS

if TYPE_CHECKING:
    from openpyxl.worksheet.datavalidation import _DataValidationOperator, _DataValidationType
    from openpyxl.worksheet.worksheet import Worksheet

    from reconcile.scheme.scheme import Roster, RosterColumn, Scheme

_CELLS = {"text": "册文", "number": "册数", "date": "册日期", "credit_code": "册号", "citizen_number": "册号", "phone": "册号"}
_STYLES = {"text": "列文", "number": "列数", "date": "列日期", "credit_code": "列号", "citizen_number": "列号", "phone": "列号"}
_WIDTHS = {"text": 18, "number": 12, "date": 13, "credit_code": 23, "citizen_number": 22, "phone": 15}
_LINE = Side(style="thin", color=f"FF{LINE}")
_PRINTED_ROWS = 15  # ruled rows that stand on paper too, where nothing is filled in yet


def write_list(
    sheet: Worksheet, roster: Roster, *, scheme: Scheme, styles: Styles, rows: Sequence[Mapping[str, object]], unit: str
) -> None:
    """Write one list: column A numbers the rows, the list's columns follow from B on; the first row below the headings is row 4.

    Only the first prepared rows have cells: column styles, one validation a column and one conditional format make the others, so that
    hundreds of forms stay small. `unit` is printed above each page.
    """
    last = len(roster.columns) + 1
    styles.write(sheet, 1, 1, roster.name, "标题")
    styles.across(sheet, 1, 1, last, "标题")
    styles.formula(sheet, LIST_TOTALS_ROW, 1, list_count(roster), "自动", number='"共"0"行"')
    styles.write(sheet, HEADING_ROW, 1, "序号", "表头")
    sheet.column_dimensions["A"].width = 9
    for column, one in enumerate(roster.columns, start=2):
        _write_column(sheet, column, one, styles=styles)
    for offset in range(max(_PRINTED_ROWS, len(rows))):
        line = rows[offset] if offset < len(rows) else {}
        styles.write(sheet, LIST_FIRST_ROW + offset, 1, offset + 1, "册序")
        for column, one in enumerate(roster.columns, start=2):
            row = LIST_FIRST_ROW + offset
            write_answer(sheet, row, column, line.get(one.column), style=_CELLS[one.type], styles=styles)
    bottom = LIST_FIRST_ROW + max(PREPARED_ROWS, len(rows)) - 1
    box = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
    boxed = Rule(type="expression", formula=["TRUE"], dxf=DifferentialStyle(border=box, fill=PatternFill(bgColor=f"FF{ENTRY_FILL}")))
    sheet.conditional_formatting.add(f"B{LIST_FIRST_ROW}:{column_letters(last)}{bottom}", boxed)
    sheet.row_dimensions[1].height = 34
    sheet.row_dimensions[HEADING_ROW].height = 24
    sheet.freeze_panes = f"C{LIST_FIRST_ROW}"
    set_page(sheet, footer=scheme.name, header=f"填报单位：{unit}" if unit else "", heading_rows=f"1:{HEADING_ROW}", landscape=True)


def _write_column(sheet: Worksheet, column: int, one: RosterColumn, *, styles: Styles) -> None:
    letters = column_letters(column)
    measured = f"{one.name}（{one.measure}）" if one.type == "number" and one.measure else one.name
    styles.write(sheet, HEADING_ROW, column, measured, "表头")
    if one.type == "number":
        styles.formula(sheet, LIST_TOTALS_ROW, column, list_total(column), "自动", number='"合计"0.##')
    else:
        styles.write(sheet, LIST_TOTALS_ROW, column, None, "自动")
    dimension = sheet.column_dimensions[letters]
    dimension.width = max(_WIDTHS[one.type], 2 * len(measured) + 3)
    styles.dress(dimension, _STYLES[one.type])
    validation = _validation(one, f"{letters}{LIST_FIRST_ROW}")
    if validation is not None:
        validation.add(f"{letters}{LIST_FIRST_ROW}:{letters}{LIST_LAST_ROW}")
        sheet.add_data_validation(validation)


def _validation(one: RosterColumn, cell: str) -> DataValidation | None:
    """What may be typed into a column of a list; None for plain text. What is none of a column's choices is asked about, not refused."""
    if one.choices:
        made = DataValidation(type="list", formula1=f'"{",".join(one.choices)}"', allow_blank=True, errorStyle="warning")
        return _telling(made, one, "请从下拉列表中选择；都不合适的可以自己填写。")
    kinds: dict[str, tuple[_DataValidationType, _DataValidationOperator | None, str, str]] = {
        "number": ("decimal", "greaterThanOrEqual", "0", f"只填不小于0的数（单位：{one.measure}），不带单位和文字。"),
        "date": ("date", "greaterThan", "32874", "请填日期，如 2023-06-30。"),
        "credit_code": ("textLength", "equal", "18", "统一社会信用代码为18位，请对照证照逐位填写。"),
        "citizen_number": ("custom", None, f"OR(LEN({cell})=18,LEN({cell})=15)", "身份证号为18位，按文本填写，末位X用大写。"),
        "phone": ("custom", None, f"AND(LEN({cell})>=7,LEN({cell})<=20)", "请填手机号或带区号的电话。"),
    }
    if one.type not in kinds:
        return None
    kind, operator, formula, message = kinds[one.type]
    made = DataValidation(type=kind, formula1=formula, allow_blank=True)
    if operator is not None:
        made.operator = operator
    return _telling(made, one, message)


def _telling(made: DataValidation, one: RosterColumn, message: str) -> DataValidation:
    made.errorTitle, made.error, made.showErrorMessage = "请检查", message, True
    made.promptTitle, made.prompt, made.showInputMessage = one.name[:32], message, True
    return made
