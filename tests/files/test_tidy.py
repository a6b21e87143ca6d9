"""The round as tidy sheets: what is written is read back exactly."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_round import SCHEME, UNITS, outcome, same, table, totals_in

from reconcile.files.bulk import Book
from reconcile.files.raw import UnreadableWorkbook, Workbook
from reconcile.files.tidy import (
    ADJUSTMENTS_HEADING,
    ADJUSTMENTS_SHEET,
    Head,
    add_round,
    is_summary,
    read_head,
    read_round,
    read_scheme_tables,
)
from reconcile.files.tidy_table import escape, unescape
from reconcile.files.workbook import read_workbook
from reconcile.model.outcome import Outcome
from reconcile.model.period import Period
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
)
from reconcile.model.unit import UnitTree

Recalculated = Callable[[Mapping[str, bytes]], dict[str, Workbook]]


def written(given: Outcome) -> bytes:
    """The tidy sheets behind one visible sheet."""
    book = Book()
    book.page("封面")
    add_round(book, given, SCHEME)
    return book.data()


def reread(data: bytes) -> Workbook:
    return read_workbook(data, name="summary.xlsx")


def test_round_comes_back_exactly() -> None:
    given = outcome()
    found, units = read_round(reread(written(given)), SCHEME)
    same(found, given.round)
    assert units == UNITS


def test_head_tells_what_it_is() -> None:
    workbook = reread(written(outcome()))
    assert is_summary(workbook)
    assert read_head(workbook) == Head("01", Period(2023, 6, "2023H1"), "abc123", "e1", units_known=True)
    plain = Book()
    plain.page("封面").add(["x"])
    assert not is_summary(reread(plain.data()))
    with pytest.raises(UnreadableWorkbook):
        read_head(reread(plain.data()))


def test_totals_of_units_with_children_are_kept_exactly() -> None:
    given = outcome()
    found = totals_in(reread(written(given)))
    pd.testing.assert_frame_equal(found, given.totals.iloc[:1], check_exact=True)
    assert found.at[0, "value"] == 0.1 + 0.2


def test_scheme_travels_with_the_summary() -> None:
    tables, templates = read_scheme_tables(reread(written(outcome())))
    assert tables == SCHEME.tables
    assert templates == SCHEME.templates


def test_hidden_but_not_out_of_reach() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    assert {sheet.sheet_state for sheet in workbook.worksheets if sheet.title.startswith("_")} == {"hidden"}


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(), max_size=60), st.lists(st.floats(allow_nan=False), min_size=4, max_size=4))
def test_any_text_and_number_comes_back(text: str, numbers: list[float]) -> None:
    given = outcome(text, tuple(numbers))
    same(read_round(reread(written(given)), SCHEME)[0], given.round)


@given(st.text(st.characters(), max_size=40))
def test_escape_and_back(text: str) -> None:
    assert unescape(escape(text)) == text


def test_excel_saving_it_anew_changes_nothing() -> None:
    given = outcome()
    workbook = openpyxl.load_workbook(io.BytesIO(written(given)))
    again = io.BytesIO()
    workbook.save(again)
    same(read_round(reread(again.getvalue()), SCHEME)[0], given.round)


@pytest.mark.parametrize(
    ("sheet", "cell", "value"),
    [
        ("_values", "D2", "十二"),
        ("_values", "C2", 13),
        ("_values", "B2", "s1"),
        ("_values", "Z9", "x"),
        ("_returns", "A3", None),
        ("_intake", "H2", "[oops"),
        ("_units", "F3", "昨天"),
        ("_long", "A1", "x"),
        ("_reconcile", "B3", "0101"),
    ],
)
def test_a_changed_data_sheet_is_said_not_guessed(sheet: str, cell: str, value: object) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    if value is None:
        workbook[sheet].delete_rows(3)
    else:
        workbook[sheet][cell] = value
    again = io.BytesIO()
    workbook.save(again)
    with pytest.raises(UnreadableWorkbook, match=f"数据页“{sheet}”被人改动过.*原文件") as told:
        read_round(reread(again.getvalue()), SCHEME)
    assert told.value.code == "damaged"


def test_a_changed_scheme_or_total_is_said() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    workbook["_scheme"]["C2"] = "x"
    workbook["_totals"]["C2"] = 1
    again = io.BytesIO()
    workbook.save(again)
    with pytest.raises(UnreadableWorkbook, match="数据页“_scheme”被人改动过"):
        read_scheme_tables(reread(again.getvalue()))
    with pytest.raises(UnreadableWorkbook, match="数据页“_totals”被人改动过"):
        totals_in(reread(again.getvalue()))


ODD = outcome("#REF!", (1 / 3, 12345678901234567.0, -0.0, 1e-7))


def test_libreoffice_saving_it_anew_changes_nothing(recalculated: Recalculated) -> None:
    for file, again in recalculated({"一.xlsx": written(outcome()), "二.xlsx": written(ODD)}).items():
        given = outcome() if file == "一.xlsx" else ODD
        found, units = read_round(again, SCHEME)
        assert units == UNITS
        assert (found.layouts, found.intake) == (given.round.layouts, given.round.intake)
        pd.testing.assert_frame_equal(found.values, given.round.values, rtol=1e-14)
        for name in ("returns", "states", "typed", "texts", "lists", "adjustments"):
            pd.testing.assert_frame_equal(getattr(found, name), getattr(given.round, name))
        assert read_scheme_tables(again) == (SCHEME.tables, SCHEME.templates)


def test_units_that_stand_above_themselves_are_no_summary() -> None:
    for units in (
        (UNITS[0], replace(UNITS[1], parent="0102"), replace(UNITS[2], parent="0101")),
        (UNITS[0], replace(UNITS[1], parent="0101")),
    ):
        tree = UnitTree(units)
        given = replace(outcome(), units=tree, totals=outcome().totals.iloc[:0])
        with pytest.raises(UnreadableWorkbook, match="_units"):
            read_round(reread(written(given)), SCHEME)


def test_contacts_are_masked_in_the_sheet() -> None:
    units = (*UNITS[:2], replace(UNITS[2], contact="王某 13800138000 / 87654321"))
    data = written(replace(outcome(), units=UnitTree(units)))
    assert read_round(reread(data), SCHEME)[1][2].contact == "王某 138****8000 / ****4321"


def test_a_missing_data_sheet_is_said() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    del workbook["_typed"]
    again = io.BytesIO()
    workbook.save(again)
    with pytest.raises(UnreadableWorkbook, match="_typed"):
        read_round(reread(again.getvalue()), SCHEME)


def test_figures_set_by_a_person_are_read_from_the_visible_sheet() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    sheet = workbook.create_sheet(ADJUSTMENTS_SHEET)
    sheet.append(["核定表"])
    sheet.append(list(ADJUSTMENTS_HEADING.values()))
    sheet.append(["0101", None, "A001", None, 12, 14, "来函", "王", date(2023, 7, 21)])
    sheet.append([None, "一村", None, "女职工人数", None, 5, "电话", "王", "2023-07-22"])
    sheet.append(["0101", None, "A002", None, None, "五", "", "", ""])
    sheet.append([None, None, None, None, None, None, "以上核定数待复核", None, None])
    sheet.append([None, None, None, None, None, 5, None, None, None])
    sheet.append(["0101", None, "A001", None, 12, 15, "来电13800138000", "王", 1e12])
    sheet.cell(sheet.max_row, 9).number_format = "yyyy-mm-dd"
    again = io.BytesIO()
    workbook.save(again)
    found = read_round(reread(again.getvalue()), SCHEME)[0].adjustments
    nothing = float("nan")
    expected = table(
        ADJUSTMENTS_COLUMNS,
        ("0101", "A001", 12.0, 14.0, "来函", "王", "2023-07-21"),
        ("0101", "A002", nothing, 5.0, "电话", "王", "2023-07-22"),
        ("0101", "A002", nothing, nothing, "", "", ""),
        ("0101", "A001", 12.0, 15.0, "来电138****8000", "王", "1000000000000"),
    )
    pd.testing.assert_frame_equal(found, expected)


def test_blank_rows_of_a_table_do_not_cost_the_summary() -> None:
    given = outcome()
    nothing = float("nan")
    blank = table(ADJUSTMENTS_COLUMNS, ("", "", nothing, nothing, "", "", ""), ("0101", "A001", 1.0, 2.0, "", "", ""))
    blank = pd.concat([blank, blank.iloc[:1]], ignore_index=True)
    given = replace(given, round=replace(given.round, adjustments=blank))
    same(read_round(reread(written(given)), SCHEME)[0], given.round)


def test_units_taken_from_covers_are_told_so() -> None:
    given = replace(outcome(), units=UnitTree(UNITS, known=False))
    assert not read_head(reread(written(given))).units_known
