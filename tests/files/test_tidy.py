"""The round as tidy sheets: what is written is read back exactly."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    read_totals,
)
from reconcile.files.tidy_table import escape, unescape
from reconcile.files.workbook import read_workbook
from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.outcome import CHECKS_COLUMNS, DIFFERENCES_COLUMNS, TOTALS_COLUMNS, Coverage, Outcome
from reconcile.model.past import Past
from reconcile.model.period import Period
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
    ANSWERS_COLUMNS,
    LISTS_COLUMNS,
    REASONS_COLUMNS,
    RETURNS_COLUMNS,
    TEXTS_COLUMNS,
    TYPED_COLUMNS,
    Round,
    Standing,
)
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.scheme import Scheme

Recalculated = Callable[[Mapping[str, bytes]], dict[str, Workbook]]
NASTY = "=cmd|' /C calc'!A0\x01\r\n\ud800_x0041_\\u0041 \\@1 "


def table(columns: dict[str, str], *rows: tuple[Any, ...]) -> pd.DataFrame:
    """A table of the model from its rows."""
    made = {
        name: pd.array([row[place] for row in rows], dtype="str") if kind == "str" else np.array([row[place] for row in rows], dtype=kind)
        for place, (name, kind) in enumerate(columns.items())
    }
    return pd.DataFrame(made, columns=list(columns))


SCHEME = Scheme(
    name="半年报",
    version="1",
    due_days=10,
    digest_key="k",
    measures={},
    indicators={code: Indicator(code, name, "组织", "人", Kind.STOCK) for code, name in (("A001", "职工人数"), ("A002", "女职工人数"))},
    formulas={},
    rules=(),
    rosters={},
    form=(),
    tables={"indicators": [["code", "name"], ["A001", "职工人数"], ["A002", ""], []], "rules": [["id"]]},
    templates={"a.md.j2": "第一行\n第二行 " + "长" * 40_000, "b.md.j2": ""},
    hash="abc123",
)
UNITS = (
    Unit("01", "甲镇", "town"),
    Unit("0101", "一村", "village", "01", contact="138****0000", opened=date(2020, 1, 1), successors=("x", "y")),
    Unit("0102", NASTY, "village", "01", closed=date(2024, 1, 1)),
)


def outcome(text: str = NASTY, values: tuple[float, ...] = (12.0, 0.1, float("nan"), 0.0)) -> Outcome:
    """Two returns of two figures each, with one of everything beside them."""
    index = pd.Index(["r1", "r2"])
    returns = table(
        RETURNS_COLUMNS,
        (
            "甲镇/一村.xlsx",
            "f" * 64,
            "",
            "0101",
            "一村",
            "本级",
            "2023H1",
            "abc123",
            "张",
            "2023-07-01",
            "李",
            "",
            "L1",
            Standing.COUNTED,
            "",
            "",
        ),
        (text, "e" * 64, "f" * 64, "0102", text, "", "", "", "", "", "", "", "L2", Standing.SUPERSEDED, "旧版本", "town.xlsx"),
    )
    returns.index = index
    finding = Finding(
        Tier.QUERY, "R1", "0101", "一村", "2023H1", "r1", ("A001", "A002"), (CellAt("f", "s", "C7", text),), "3人", "", "", text, "请核对"
    )
    codes = ["A001", "A002"]
    found = Round(
        period=Period(2023, 6, "2023H1"),
        returns=returns,
        values=pd.DataFrame(np.array(values).reshape(2, 2), index=index, columns=codes),
        states=pd.DataFrame(np.array([[1, 1], [2, 3]], dtype=np.int8), index=index, columns=codes),
        typed=table(TYPED_COLUMNS, ("r2", "A002", "无", ""), ("r1", "A001", text, "万人")),
        texts=table(TEXTS_COLUMNS, ("r1", "T001", "长" * 32_767), ("r1", "T002", text)),
        lists=table(
            LISTS_COLUMNS, ("r1", "名册", 5, "姓名", "王**", float("nan"), "A5", "d1"), ("r1", "名册", 5, "金额", "500", 500.0, "B5", "")
        ),
        reasons=table(REASONS_COLUMNS),
        answers=table(ANSWERS_COLUMNS, ("r1", "R1", "A001;A002", "k0123", text), ("r2", "", "A002", "", "含派遣工")),
        adjustments=table(ADJUSTMENTS_COLUMNS, ("0101", "A001", 12.0, 13.5, "来函", "王", "2023-07-20")),
        layouts={"L1": {"A001": ("一、组织", "C7"), "A002": ("二", "C8")}, "L2": {}},
        intake=(finding,),
    )
    totals = table(
        TOTALS_COLUMNS,
        ("01", "A001", 0.1 + 0.2, 13.5, 1, 2, 1, 0, True, float("nan"), 1e-7),
        ("0101", "A001", 12.0, 13.5, 1, 1, 1, 0, False, float("nan"), float("nan")),
    )
    return Outcome(
        period=found.period,
        root="01",
        units=UnitTree(UNITS),
        round=found,
        totals=totals,
        findings=(finding,),
        checks=table(CHECKS_COLUMNS, ("R1", 1, 2, 3, 4)),
        differences=table(DIFFERENCES_COLUMNS),
        coverage=Coverage((), (), (), (), ()),
        past=Past(),
        edition="e1",
    )


def written(given: Outcome) -> bytes:
    """The tidy sheets behind one visible sheet."""
    book = Book()
    book.page("封面")
    add_round(book, given, SCHEME)
    return book.data()


def reread(data: bytes) -> Workbook:
    return read_workbook(data, name="summary.xlsx")


def same(one: Round, other: Round) -> None:
    """Two rounds are equal in every table, to the last digit."""
    for name in ("returns", "values", "states", "typed", "texts", "lists", "reasons", "answers", "adjustments"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert (one.period, one.layouts, one.intake) == (other.period, other.layouts, other.intake)


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
    found = read_totals(reread(written(given)))
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
    for read in (read_scheme_tables, read_totals):
        with pytest.raises(UnreadableWorkbook, match="被人改动过"):
            read(reread(again.getvalue()))


ODD = outcome("#REF!", (1 / 3, 12345678901234567.0, -0.0, 1e-7))


def test_libreoffice_saving_it_anew_changes_nothing(recalculated: Recalculated) -> None:
    for name, again in recalculated({"一.xlsx": written(outcome()), "二.xlsx": written(ODD)}).items():
        given = outcome() if name == "一.xlsx" else ODD
        found, units = read_round(again, SCHEME)
        assert units == UNITS
        assert (found.layouts, found.intake) == (given.round.layouts, given.round.intake)
        pd.testing.assert_frame_equal(found.values, given.round.values, rtol=1e-14)
        for table in ("returns", "states", "typed", "texts", "lists", "adjustments"):
            pd.testing.assert_frame_equal(getattr(found, table), getattr(given.round, table))
        assert read_scheme_tables(again) == (SCHEME.tables, SCHEME.templates)


@pytest.mark.parametrize(
    ("sheet", "cell", "value"),
    [
        ("_reconcile", "rows:_values", "1e400"),
        ("_reconcile", "rows:_values", "99999999999"),
        ("_reconcile", "rows:_typed", "-1"),
        ("_units", "H2", "[" * 100_000),
        ("_lists", "C2", 1e300),
        ("_scheme", "B2", "1e9"),
        ("_values", "B2", "s99"),
        ("_layouts", "C2", None),
        ("_long", "A1", "\\@1"),
    ],
)
def test_nothing_but_unreadable_comes_of_strange_sheets(sheet: str, cell: str, value: object) -> None:
    """Also in a summary of the format that had no digests."""
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    head = {str(row[0].value): row[1] for row in workbook["_reconcile"].iter_rows()}
    head["format"].value = "1"
    (head[cell] if sheet == "_reconcile" else workbook[sheet][cell]).value = value
    again = io.BytesIO()
    workbook.save(again)
    for read in (lambda book: read_round(book, SCHEME), read_scheme_tables, read_totals):
        with suppress(UnreadableWorkbook):
            read(reread(again.getvalue()))


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
