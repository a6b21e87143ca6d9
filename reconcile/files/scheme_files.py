"""The door for schemes and tables of units: folders of CSV, or workbooks that a clerk edits."""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import date, timedelta
from pathlib import Path

from reconcile.errors import Fault, ReconcileError, SchemeError, cause
from reconcile.files.archive import exists, whole_file
from reconcile.files.outbox import Outbox
from reconcile.files.raw import CellDate, CellError, Percent, Uncomputed, column_letters
from reconcile.files.regular import read_regular
from reconcile.files.safe import put, workbook_bytes
from reconcile.files.scheme_guide import GUIDE_SHEET, write_guide
from reconcile.files.workbook import Sheet, UnreadableWorkbook, read_workbook
from reconcile.model.unit import UnitTree
from reconcile.scheme.loading import load_scheme
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.tables import Table
from reconcile.scheme.units import load_units
from reconcile.scheme.words import COLUMNS, in_chinese, table_title

BUILT_IN = "union_half_year"
_MAX_TABLE_BYTES = 32 << 20
_MAX_TEMPLATE_BYTES, _MOST_TEMPLATES = 1 << 20, 50  # the built-in scheme has five, of 20 KB at most
_EPOCH, _LAST_SERIAL = date(1899, 12, 30), 2_958_466  # the days that Excel counts, to the year 9999
_WIDE, _NARROW = 44, 16  # column widths in characters
_WIDE_COLUMNS = ("指标解释", "审核关系", "提示语", "处理建议", "计算公式", "别名", "填报单位类型")


def shipped(folder: str) -> Path:
    """A folder that comes with the program (`templates`, `sample_workbooks`): beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    for place in (package.parent / folder, package / folder):
        if place.is_dir():
            return place
    raise ReconcileError(f"程序不完整，缺少“{folder}”文件夹，请重新安装。")


def read_scheme(path: Path | None) -> Scheme:
    """The scheme in a folder of CSV or in one workbook; None reads the built-in one. Raises SchemeError, ReconcileError."""
    built_in = shipped("templates") / BUILT_IN
    if path is None:
        return load_scheme(_folder_tables(built_in), templates=_templates(built_in))
    if not exists(path):
        raise ReconcileError(f"找不到报表制度“{path}”，请检查路径。")
    if path.is_dir():
        own = _templates(path)
        titles = {name: f"{name}.csv" for name in COLUMNS} | {"scheme": "scheme.toml"}
        about = f"报表制度“{path.name}”"
        return load_scheme(_folder_tables(path), templates=own or _templates(built_in), borrowed=not own, titles=titles, about=about)
    about = f"报表制度“{path.name}”"
    tables, titles = _workbook_tables(path, about=about)
    if "scheme" in tables:  # an exported scheme does not carry the key of the digests
        tables["scheme"] = [*tables["scheme"], *(line for line in _toml_table(built_in / "scheme.toml") if line[0] == "digest_key")]
    return load_scheme(tables, templates=_templates(built_in), borrowed=True, titles=titles, about=about)


def read_units(path: Path) -> UnitTree:
    """The table of units in a CSV file or in the first sheet of a workbook. Raises SchemeError, ReconcileError."""
    if path.suffix.lower() in (".csv", ".txt"):
        return load_units(_csv_table(path), name=path.name)
    sheets = [sheet for sheet in _open(path) if sheet.cells]
    if not sheets:
        raise ReconcileError(f"单位名录“{path.name}”是空的，第一行应为表头：单位代码、单位名称、单位类型、上级代码。")
    faults: list[Fault] = []
    table = _sheet_table(sheets[0], title=path.name, faults=faults)
    if faults:
        raise SchemeError(faults, about=f"单位名录“{path.name}”")
    return load_units(table, name=path.name)


def write_scheme(scheme: Scheme, path: Path) -> Path:
    """Write all tables as sheets of one workbook in Chinese words, to be edited and read back. Returns the path written.

    The first sheet explains the others.
    """
    from openpyxl import Workbook  # heavy, and needed by this command alone
    from openpyxl.styles import Alignment, Font, PatternFill

    workbook = Workbook()
    workbook.worksheets[0].title = GUIDE_SHEET
    write_guide(workbook.worksheets[0])
    for name, table in scheme.tables.items():
        sheet = workbook.create_sheet(table_title(name))
        for row, line in enumerate(in_chinese(name, table), start=1):
            for column, text in enumerate(line, start=1):
                cell = put(sheet, row, column, text)
                cell.alignment = Alignment(wrap_text=row > 1, vertical="top")
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="DDE7F0")
            sheet.column_dimensions[cell.column_letter].width = _WIDE if str(cell.value) in _WIDE_COLUMNS else _NARROW
        sheet.freeze_panes = "B2"
        sheet.auto_filter.ref = sheet.dimensions
    with Outbox(path.parent, marks=False) as outbox:
        outbox.write(path.name, workbook_bytes(workbook))
    return outbox.written[0]


def _folder_tables(folder: Path) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for name in COLUMNS:
        path = folder / f"{name}.csv"
        if _is_there(path):
            found[name] = _csv_table(path)
    settings = folder / "scheme.toml"
    if _is_there(settings):
        found["scheme"] = _toml_table(settings)
    return found


def _is_there(path: Path) -> bool:
    """Whether a table stands there; also what is no regular file, which reading it says."""
    return path.exists() and not path.is_dir()


def _toml_table(path: Path) -> Table:
    try:
        values = tomllib.loads(_text(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SchemeError([Fault(path.name, 0, "", f"不是有效的 TOML 文件（{error}）")]) from error
    return [["key", "value"], *([key, str(value)] for key, value in values.items() if not isinstance(value, dict | list))]


def _csv_table(path: Path) -> Table:
    text = _text(path)
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ReconcileError(f"“{path.name}”不是完整的 CSV 文件，请在 Excel 中另存为“CSV UTF-8”后再试。") from error


def _text(path: Path) -> str:
    """A text file in UTF-8 (with or without mark) or GBK, as Excel writes them on Chinese Windows."""
    try:
        data = read_regular(path, most=_MAX_TABLE_BYTES)
    except OSError as error:
        raise ReconcileError(f"打不开“{path}”：{cause(error)}，请检查文件是否存在、是否被占用。") from error
    except UnreadableWorkbook as error:
        raise ReconcileError(f"“{path.name}”：{error}") from error
    if len(data) > _MAX_TABLE_BYTES:
        raise ReconcileError(f"“{path.name}”超过32MB，不像一张表，请检查。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ReconcileError(f"“{path.name}”的文字编码无法识别，请在 Excel 中另存为“CSV UTF-8”后再试。")


def _templates(folder: Path) -> dict[str, str]:
    """The narrative templates of a scheme. Raises SchemeError where they are more or larger than anybody wrote."""
    found = sorted(path for path in (folder / "narratives").glob("*.j2") if _is_there(path))
    large = [path.name for path in found if _larger(path, _MAX_TEMPLATE_BYTES)]
    faults = [Fault(name, 0, "", f"超过{_MAX_TEMPLATE_BYTES >> 20}MB，不像报告模板") for name in large]
    if len(found) > _MOST_TEMPLATES:
        faults.append(Fault("narratives", 0, "", f"有{len(found)}个报告模板，最多{_MOST_TEMPLATES}个"))
    if faults:
        raise SchemeError(faults, about=f"报表制度“{folder.name}”")
    return {path.name: _text(path) for path in found}


def _larger(path: Path, limit: int) -> bool:
    try:
        return path.stat().st_size > limit
    except OSError:
        return False  # reading it says why


def _workbook_tables(path: Path, *, about: str) -> tuple[dict[str, Table], dict[str, str]]:
    """Tables by name, and what each is called in the workbook. Raises SchemeError where cells hold no value."""
    names = {table_title(name): name for name in COLUMNS} | {name: name for name in COLUMNS}
    titles = {name: table_title(name) for name in COLUMNS}
    tables: dict[str, Table] = {}
    faults: list[Fault] = []
    for sheet in _open(path):
        if sheet.name in names:
            titles[names[sheet.name]] = sheet.name
            tables[names[sheet.name]] = _sheet_table(sheet, title=sheet.name, faults=faults)
    if faults:
        raise SchemeError(faults, about=about)
    return tables, titles


def _open(path: Path) -> tuple[Sheet, ...]:
    try:
        return read_workbook(whole_file(path), name=path.name).sheets
    except OSError as error:
        raise ReconcileError(f"打不开“{path}”：{cause(error)}，请检查文件是否存在、是否被占用。") from error
    except UnreadableWorkbook as error:
        raise ReconcileError(f"“{path.name}”：{error}") from error


def _sheet_table(sheet: Sheet, *, title: str, faults: list[Fault]) -> Table:
    """Cells as text, row by row; whole numbers without a decimal point. Rows keep their numbers, so that a fault names the right one.

    A cell under a heading that shows an error, or a formula without a result, is added to `faults`, its table called `title`.
    """
    if not sheet.cells:
        return []
    height = max(row for row, _ in sheet.cells)
    width = min(max(column for _, column in sheet.cells), 64)
    table = [[""] * width for _ in range(min(height, 200_000))]
    for (row, column), value in sheet.cells.items():
        if row > len(table) or column > width:
            continue
        if isinstance(value, CellError | Uncomputed):
            heading = sheet.cells.get((1, column), "")
            if isinstance(heading, str) and heading.strip():
                faults.append(Fault(title, row, heading.strip(), _valueless(value)))
            elif row == 1:
                faults.append(Fault(title, row, "", f"{column_letters(column)}1格的表头：{_valueless(value)}"))
        else:
            table[row - 1][column - 1] = _plain(value)
    return table


def _valueless(value: CellError | Uncomputed) -> str:
    if isinstance(value, CellError):
        return f"单元格显示“{value.text}”，是公式出错，请直接填写内容"
    return "单元格是没有算出结果的公式，请用Excel或WPS打开后保存，或直接填写内容"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, CellDate):
        return _day(value.serial)
    if isinstance(value, Percent):
        return f"{value * 100:.12g}%"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    return str(value)


def _day(serial: float) -> str:
    """A day as YYYY-MM-DD; the number itself where it is no day."""
    if not 1 <= serial < _LAST_SERIAL:
        return f"{serial:.15g}"
    return (_EPOCH + timedelta(days=int(serial))).isoformat()
