"""Schemes and tables of units as a clerk keeps them: workbooks that say in Chinese what is wrong, and read back what was exported."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from reconcile.errors import Fault, SchemeError
from reconcile.files.raw import CellDate, CellError, Percent, Sheet, Uncomputed
from reconcile.files.scheme_files import _plain, _sheet_table, read_scheme, read_units, write_scheme
from reconcile.scheme.scheme import Scheme


@pytest.fixture(scope="module")
def built_in() -> Scheme:
    return read_scheme(None)


@pytest.fixture(scope="module")
def exported(built_in: Scheme, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scheme(built_in, tmp_path_factory.mktemp("exported") / "制度.xlsx")


@pytest.fixture
def edited(exported: Path, tmp_path: Path) -> Callable[[Callable[[Workbook], None]], str]:
    """What is told of the exported scheme after an edit."""

    def told(edit: Callable[[Workbook], None]) -> str:
        workbook = openpyxl.load_workbook(exported)
        edit(workbook)
        workbook.save(tmp_path / "mine.xlsx")
        with pytest.raises(SchemeError) as caught:
            read_scheme(tmp_path / "mine.xlsx")
        return str(caught.value)

    return told


def test_what_is_exported_reads_back_the_same(built_in: Scheme, exported: Path) -> None:
    again = read_scheme(exported)
    assert again.indicators == built_in.indicators
    assert again.rules == built_in.rules  # tolerances among them
    assert (again.rosters, again.form, again.measures) == (built_in.rosters, built_in.form, built_in.measures)
    assert (again.tables, again.hash) == (built_in.tables, built_in.hash)


def test_the_export_is_in_chinese_and_explains_itself(exported: Path) -> None:
    workbook = openpyxl.load_workbook(exported)
    assert workbook.sheetnames == ["说明", "报表制度", "计量单位表", "指标表", "审核关系表", "名册表", "表式表"]
    assert [[cell.value for cell in row[4:8]] for row in workbook["指标表"]["A1:K2"]] == [
        ["类型", "小数位", "必填", "填报单位类型"],
        ["期末", "0", "是", "村;社区;企业;机关事业单位"],
    ]
    guide = {(row[0].value, row[1].value): row[3].value for row in workbook["说明"].iter_rows()}
    assert guide["审核关系表", "级别"] == "强制、核实、提示"
    assert guide["审核关系表", "缺报处理"] == "缺一不判、全缺不判、按零、不通过"


def test_a_deleted_column_is_one_fault(edited: Callable[..., str]) -> None:
    assert edited(lambda book: book["指标表"].delete_cols(5)) == (
        "报表制度“mine.xlsx”有1处错误，请改正后再运行：\n  指标表 第1行：缺少列：类型"
    )


def test_a_deleted_table_is_one_fault_beside_those_of_others(edited: Callable[..., str]) -> None:
    def edit(book: Workbook) -> None:
        del book["指标表"]
        book["审核关系表"]["D2"] = "严重"

    assert edited(edit).splitlines()[1:] == [
        "  指标表：缺少这张表",
        "  审核关系表 第2行“级别”列：“严重”不在可用的取值中：强制、核实、提示",
    ]


def test_a_row_that_is_there_twice_is_one_fault(edited: Callable[..., str]) -> None:
    told = edited(lambda book: book["指标表"].append([cell.value for cell in book["指标表"][2]]))
    assert told.splitlines()[1:] == ["  指标表 第291行“指标代码”列：“A001”重复"]


def test_an_error_in_a_cell_is_told_as_such(edited: Callable[..., str]) -> None:
    def edit(book: Workbook) -> None:
        book["指标表"]["B3"] = "=1/0"

    assert edited(edit).splitlines()[1:] == [
        "  指标表 第3行“指标名称”列：单元格是没有算出结果的公式，请用Excel或WPS打开后保存，或直接填写内容"
    ]


def test_cells_as_text() -> None:
    raws = [True, 3.0, 0.5, CellDate(39934.0), CellDate(45110.75), CellDate(-1.0), Percent(0.05), "甲"]
    assert [_plain(raw) for raw in raws] == ["是", "3", "0.5", "2009-05-01", "2023-07-03", "-1", "5%", "甲"]


def test_cells_without_a_value_are_faults_where_they_stand_under_a_heading() -> None:
    cells = {(1, 1): "单位代码", (2, 1): CellError("#REF!"), (3, 1): Uncomputed("A2"), (2, 2): CellError("#N/A"), (1, 3): CellError("#N/A")}
    faults: list[Fault] = []
    sheet = Sheet("名录", False, cells, {}, (), frozenset(), frozenset())
    assert _sheet_table(sheet, title="名录.xlsx", faults=faults) == [["单位代码", "", ""], ["", "", ""], ["", "", ""]]
    assert [str(fault) for fault in faults] == [
        "名录.xlsx 第2行“单位代码”列：单元格显示“#REF!”，是公式出错，请直接填写内容",
        "名录.xlsx 第3行“单位代码”列：单元格是没有算出结果的公式，请用Excel或WPS打开后保存，或直接填写内容",
        "名录.xlsx 第1行：C1格的表头：单元格显示“#N/A”，是公式出错，请直接填写内容",
    ]


def units_book(path: Path, *rows: tuple[object, ...]) -> Path:
    workbook = openpyxl.Workbook()
    for row in (("单位代码", "单位名称", "单位类型", "上级代码", "成立日期"), *rows):
        workbook.worksheets[0].append(row)
    workbook.save(path)
    return path


def test_dates_of_excel_in_a_table_of_units(tmp_path: Path) -> None:
    path = units_book(tmp_path / "名录.xlsx", ("1", "甲镇", "乡镇", "", date(2009, 5, 1)), ("2", "乙", "村", "1", datetime(2010, 1, 2, 8)))
    assert [unit.opened for unit in read_units(path)] == [date(2009, 5, 1), date(2010, 1, 2)]


def test_faults_of_a_table_of_units_name_it(tmp_path: Path) -> None:
    path = units_book(tmp_path / "名录.xlsx", ("1", "甲镇", "乡镇", "", ""), ("2", "乙", "村", "9", ""))
    with pytest.raises(SchemeError) as caught:
        read_units(path)
    assert str(caught.value) == ("单位名录“名录.xlsx”有1处错误，请改正后再运行：\n  名录.xlsx 第3行“上级代码”列：上级代码“9”不在表中")


def test_faults_in_a_folder_name_its_files(tmp_path: Path, built_in: Scheme) -> None:
    for name, table in built_in.tables.items():
        lines = [",".join(f'"{cell}"' for cell in line) for line in table]
        if name != "lists":
            text = 'name = "x"\nversion = "1"\n' if name == "scheme" else "\n".join(lines).replace('"A001"', '"1A"', 1)
            (tmp_path / ("scheme.toml" if name == "scheme" else f"{name}.csv")).write_text(text, encoding="utf-8")
    with pytest.raises(SchemeError) as caught:
        read_scheme(tmp_path)
    assert [str(fault) for fault in caught.value.faults] == [
        "indicators.csv 第2行“code”列：“1A”应由字母开头，只含字母和数字，如 A001",
        "lists.csv：缺少这张表",
    ]


def test_clerks_say_one_of_two_words_for_units_counted(built_in: Scheme) -> None:
    assert built_in.measures["个"].comparable(built_in.measures["家"])
