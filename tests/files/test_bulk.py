"""Workbooks of many cells."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.files.bulk import Book, Formula, Look, Value
from reconcile.files.workbook import read_workbook


def cells(*values: Value) -> dict[tuple[int, int], object]:
    """One row of values, written and read again."""
    book = Book()
    book.page("甲").add(values)
    return dict(read_workbook(book.data(), name="甲.xlsx").sheets[0].cells)


def test_values_come_back_as_they_are() -> None:
    assert cells("甲", 3, 0.1, None, float("nan"), "", "=1+1", "#N/A", "007", 1e300, -0.5) == {
        (1, 1): "甲",
        (1, 2): 3.0,
        (1, 3): 0.1,
        (1, 7): "=1+1",
        (1, 8): "#N/A",
        (1, 9): "007",
        (1, 10): 1e300,
        (1, 11): -0.5,
    }


def test_markup_and_forbidden_characters_are_harmless() -> None:
    assert cells("<v>&amp;</v>", "a\x00b", "_x0041_", " 两端 ") == {
        (1, 1): "<v>&amp;</v>",
        (1, 2): "a\ufffdb",
        (1, 3): "_x0041_",
        (1, 4): " 两端 ",
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_number_is_exact(numbers: list[float]) -> None:
    assert cells(*numbers) == {(1, column): number for column, number in enumerate(numbers, 1)}


def test_formula_carries_its_result() -> None:
    book = Book()
    book.page("甲").add([1, 2, Formula('IF(A1<B1,"小","大")', "小"), Formula("A1+B1", 3.0)])
    sheet = read_workbook(book.data(), name="x").sheets[0]
    assert sheet.formulas == {(1, 3): 'IF(A1<B1,"小","大")', (1, 4): "A1+B1"}
    assert (sheet.cells[1, 3], sheet.cells[1, 4]) == ("小", 3.0)


def test_settings_looks_links_and_merges_are_openpyxls() -> None:
    book = Book()
    page = book.page("表")
    look = book.style(Look(bold=True, border=True, fill="FFCC00", number_format="0.00", align="right"))
    page.add([1.5, "x"], [look, 0], tall=30)
    page.skip()
    row = page.add(["去"])
    page.merge(1, 3, row=1)
    page.link(row, 1, inside="'表'!A1")
    page.link(row, 2, target="a%20b&c.xlsx", inside="'表'!C7")
    page.paper(edition="a&b", pages_wide=2)
    book.page("_藏", hidden=True).add(["x"])
    assert book.titles == ("表",)
    workbook = openpyxl.load_workbook(io.BytesIO(book.data(title="题", day=date(2023, 6, 30))))
    sheet = workbook["表"]
    assert (sheet["A1"].value, sheet["A1"].font.bold, sheet["A1"].number_format, sheet["A1"].fill.fgColor.rgb) == (
        1.5,
        True,
        "0.00",
        "00FFCC00",
    )
    assert sheet.row_dimensions[1].height == 30
    assert [str(one) for one in sheet.merged_cells.ranges] == ["A1:C1"]
    assert (sheet["A3"].value, sheet["A3"].hyperlink.location) == ("去", "'表'!A1")
    assert (sheet["B3"].hyperlink.target, sheet["B3"].hyperlink.location) == ("a%20b&c.xlsx", "'表'!C7")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.paperSize, sheet.sheet_properties.pageSetUpPr.fitToPage) == (2, 9, True)
    assert workbook["_藏"].sheet_state == "hidden"
    assert workbook.properties.title == "题"


def test_same_pages_same_bytes() -> None:
    def made() -> bytes:
        book = Book()
        book.page("甲").add(["x", 1.0], book.style(Look(border=True)))
        return book.data(day=date(2023, 6, 30))

    assert made() == made()
