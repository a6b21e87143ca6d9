"""Long tables of a summary, packed: what is written is read back exactly, whoever saved it in between, and what is forged is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_round import NASTY, SCHEME, UNITS, outcome, same, table, totals_in

from reconcile.files.bulk import Book
from reconcile.files.raw import UnreadableWorkbook, Workbook
from reconcile.files.tidy import add_round, read_head, read_round, read_scheme_tables
from reconcile.files.tidy_packed import TOGETHER, packed, repeated, unpacked
from reconcile.files.tidy_table import HEAD, TablesIn, _digest_of
from reconcile.files.workbook import read_workbook
from reconcile.model.outcome import Outcome
from reconcile.model.round import LISTS_COLUMNS

Recalculated = Callable[[Mapping[str, bytes]], dict[str, Workbook]]
ODD = outcome(NASTY, (1 / 3, 12345678901234567.0, -0.0, float("inf")))
PACKED = (
    "_units",
    "_returns",
    "_values",
    "_typed",
    "_texts",
    "_lists",
    "_adjustments",
    "_answers",
    "_layouts",
    "_intake",
    "_totals",
    "_checks",
)


@pytest.fixture(autouse=True)
def _every_table_is_long() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconcile.files.tidy_table._MOST_PLAIN", 0)
        yield


def written(given: Outcome) -> bytes:
    """The tidy sheets behind one visible sheet."""
    book = Book()
    book.page("封面").add(["给人看的"])
    add_round(book, given, SCHEME)
    return book.data()


def reread(data: bytes) -> Workbook:
    return read_workbook(data, name="summary.xlsx", whole=False)


def forged(sheet: str, cell: str, value: str | float, *, told: Mapping[str, float] | None = None) -> Workbook:
    """The packed summary with one cell changed, and digests that are right again; `told`: other facts of the head."""
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    workbook[sheet][cell] = value
    head = {str(row[0].value): row[1] for row in workbook[HEAD].iter_rows()}
    for key, said in (told or {}).items():
        head[key].value = said
    for name in (sheet, HEAD):
        own = f"digest:{HEAD}" if name == HEAD else ""
        again = io.BytesIO()
        workbook.save(again)
        found = next(one for one in reread(again.getvalue()).sheets if one.name == name)
        head[f"digest:{name}"].value = _digest_of(found, without=own)
    again = io.BytesIO()
    workbook.save(again)
    return reread(again.getvalue())


@pytest.mark.parametrize("given", [outcome(), ODD])
def test_round_comes_back_exactly(given: Outcome) -> None:
    workbook = reread(written(given))
    found, units = read_round(workbook, SCHEME)
    same(found, given.round)
    assert np.signbit(found.values.to_numpy()).tolist() == np.signbit(given.round.values.to_numpy()).tolist()
    assert units == UNITS
    assert read_head(workbook).root == "01"
    assert read_scheme_tables(workbook) == (SCHEME.tables, SCHEME.templates)
    pd.testing.assert_frame_equal(totals_in(workbook), given.totals.iloc[:1], check_exact=True)


def test_what_knows_no_packed_tables_is_told_so() -> None:
    head = {str(row[0].value): row[1].value for row in openpyxl.load_workbook(io.BytesIO(written(outcome())))[HEAD].iter_rows()}
    assert head["format"] == "3"
    assert {key.removeprefix("packed:") for key in head if str(key).startswith("packed:")} == set(PACKED)


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(), max_size=60), st.lists(st.floats(allow_nan=False), min_size=4, max_size=4))
def test_any_text_and_number_comes_back(text: str, numbers: list[float]) -> None:
    given = outcome(text, tuple(numbers))
    same(read_round(reread(written(given)), SCHEME)[0], given.round)


def test_excel_saving_it_anew_changes_nothing() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(written(outcome())))
    again = io.BytesIO()
    workbook.save(again)
    same(read_round(reread(again.getvalue()), SCHEME)[0], outcome().round)


def test_libreoffice_saving_it_anew_changes_nothing(recalculated: Recalculated) -> None:
    given = outcome("#REF!")
    found, units = read_round(recalculated({"一.xlsx": written(given)})["一.xlsx"], SCHEME)
    same(found, given.round)
    assert units == UNITS


def test_long_lists_take_few_cells_and_keep_every_address() -> None:
    rows = [("r1", "名册", row, "姓名", f"王{row}", float("nan"), f"名册!B{row}", "") for row in range(5, 2005)]
    rows += [("r2", "名册", 7, "姓名", "李", float("nan"), cell, "") for cell in ("名册!B8", "名册!#", "", "=", "名册!B7#")]
    given = outcome()
    given = replace(given, round=replace(given.round, lists=table(LISTS_COLUMNS, *rows)))
    workbook = reread(written(given))
    pd.testing.assert_frame_equal(read_round(workbook, SCHEME)[0].lists, given.round.lists)
    lists = next(sheet for sheet in workbook.sheets if sheet.name == "_lists")
    assert len(lists.cells) == 8 * (1 + -(-len(rows) // TOGETHER))
    assert sum(len(str(raw)) for (_, column), raw in lists.cells.items() if column == 7) < 8 * len(rows)


def test_of_a_summary_only_what_is_read_back_comes() -> None:
    data = written(outcome())
    assert [sheet.name for sheet in read_workbook(data, name="s").sheets if not sheet.name.startswith("_")] == ["封面"]
    assert all(sheet.name.startswith("_") for sheet in reread(data).sheets)


def test_a_workbook_that_only_looks_like_a_summary_is_read_whole() -> None:
    book = Book()
    book.page("封面").add(["报表"])
    book.page(HEAD, hidden=True).add(["kind", "return"])
    assert [sheet.name for sheet in reread(book.data()).sheets] == ["封面", HEAD]


def test_sheets_for_people_do_not_count_against_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    book = Book()
    page = book.page("过录表")
    for _ in range(300):
        page.add([1.0] * 10)
    add_round(book, outcome(), SCHEME)
    monkeypatch.setattr("reconcile.files.xlsx.MAX_CELLS", 1_000)
    same(read_round(reread(book.data()), SCHEME)[0], outcome().round)
    with pytest.raises(UnreadableWorkbook, match="上限"):
        read_workbook(book.data(), name="summary.xlsx")


@given(st.lists(st.text(st.characters()), max_size=2 * TOGETHER) | st.lists(st.floats(), max_size=20))
def test_columns_come_back(cells: list[str] | list[float]) -> None:
    back = [one for text in packed(cells) for one in unpacked(text, most=TOGETHER)]
    assert [repr(one) for one in cells] == [
        repr(one if isinstance(one, str) else float("nan") if one is None else float(one)) for one in back
    ]


def test_what_repeats_is_written_once() -> None:
    assert list(packed(["村工会", "村工会", "村工会"])) == ['{"words":["村工会"],"at":[0,0,0]}']
    assert list(packed([1.0, 0.5, float("nan")])) == ["[1,0.5,null]"]
    assert list(packed([0.0, -0.0, 0.0, 0.0])) == ["[0,-0.0,0,0]"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{oops",
        '"ab"',
        "[true]",
        '[1,"a"]',
        "[[1]]",
        '{"words":["a"],"at":[1]}',
        '{"words":["a"],"at":[-1]}',
        '{"words":["a"],"at":[0.0]}',
        '{"words":["a"],"at":"0"}',
        '{"words":[["a"]],"at":[0]}',
        '{"at":[0]}',
        json.dumps([0] * 11),
        '{"words":["a"],"at":' + json.dumps([0] * 11) + "}",
        "[" * 100_000,
        "[" + "9" * 5_000 + "]",
    ],
)
def test_a_packed_cell_that_is_none_is_refused(text: str) -> None:
    with pytest.raises((ValueError, IndexError, RecursionError)):
        unpacked(text, most=10)


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "told"),
    [
        ("_lists", "A2", '["r1"]', None),
        ("_lists", "F2", '["500",null]', None),
        ("_lists", "C2", "[null,5]", None),
        ("_values", "C2", '["1","2"]', None),
        ("_values", "B2", '["s1","s1"]', None),
        ("_values", "A2", "[1,2]", None),
        ("_units", "A2", "[1,2,3]", None),
        ("_lists", "A2", '{"words":["r1"],"at":[' + "0," * 15_000 + "0]}", {"packed:_lists": 15_001}),
        ("_lists", "A2", '["r1","r1"]', {"packed:_lists": 99_999_999}),
        ("_lists", "A2", '["r1","r1"]', {"packed:_lists": -1}),
        ("_texts", "C2", "\\@2", None),
    ],
)
def test_forged_tables_are_damage(sheet: str, cell: str, value: str, told: Mapping[str, float] | None) -> None:
    with pytest.raises(UnreadableWorkbook) as found:
        read_round(forged(sheet, cell, value, told=told), SCHEME)
    assert found.value.code == "damaged"


def test_a_text_that_repeats_does_not_grow_without_bound() -> None:
    word = "x" * 10_000
    many = json.dumps({"words": [word], "at": [0] * 4_000})
    told = {"packed:_lists": 4_000.0}
    with pytest.raises(UnreadableWorkbook, match="_lists"):
        TablesIn(forged("_lists", "A2", many, told=told)).unpacked("_lists")
    assert repeated([word] * 4_000) == 39_990_000
    assert repeated([f"{word}{number}" for number in range(4)]) == 0  # what differs stands in the file as it is
    assert repeated([1, 1, None]) == 0


def test_a_long_text_stands_for_one_cell() -> None:
    given = outcome()
    texts = given.round.texts
    given = replace(given, round=replace(given.round, texts=pd.concat([texts, texts], ignore_index=True)))
    same(read_round(reread(written(given)), SCHEME)[0], given.round)
    with pytest.raises(UnreadableWorkbook, match="_long"):
        read_round(forged("_texts", "A2", "\\@1"), SCHEME)
