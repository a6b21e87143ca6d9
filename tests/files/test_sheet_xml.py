"""One worksheet part, read by two ways that must give the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from reconcile.files.raw import CellDate, CellError, Percent, Range, Raw, Sheet, Uncomputed
from reconcile.files.sheet_cells import Shared
from reconcile.files.sheet_scan import scan_sheet
from reconcile.files.sheet_xml import parse_sheet
from reconcile.files.xml import UnsafeMarkup

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def part(rows: str, *, before: str = "", after: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'.encode()


def shared(*, epoch1904: bool = False) -> Shared:
    return Shared(strings=["职工", "", "甲&乙"], formats=["plain", "date", "percent"], epoch1904=epoch1904)


def both(data: bytes, *, epoch1904: bool = False) -> Sheet:
    """The sheet by the sure way, which the quick way must match."""
    sure = parse_sheet(data, name="表", hidden=False, shared=shared(epoch1904=epoch1904))
    assert scan_sheet(data, name="表", hidden=False, shared=shared(epoch1904=epoch1904)) == sure
    return sure


def sure_only(data: bytes) -> Sheet:
    """The sheet where the quick way must step back."""
    assert scan_sheet(data, name="表", hidden=False, shared=shared()) is None
    return parse_sheet(data, name="表", hidden=False, shared=shared())


@pytest.mark.parametrize(
    ("cell", "raw"),
    [
        ('<c r="A1"><v>35</v></c>', 35.0),
        ('<c r="A1" t="n"><v>-1.5E3</v></c>', -1500.0),
        ('<c r="A1" t="s"><v>0</v></c>', "职工"),
        ('<c r="A1" t="s"><v>7</v></c>', CellError("#文字丢失")),
        ('<c r="A1" t="str"><f>B1</f><v>甲</v></c>', "甲"),
        ('<c r="A1" t="str"><f>B1</f><v></v></c>', ""),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> 甲 &amp; &#20057;&#x4e59; </t></is></c>', " 甲 & 乙乙 "),
        ('<c r="A1" t="inlineStr"><is><t>_x0041__x005F_</t></is></c>', "A_"),
        ('<c r="A1" t="b"><v>1</v></c>', True),
        ('<c r="A1" t="e"><v>#REF!</v></c>', CellError("#REF!")),
        ('<c r="A1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', CellError("#DIV/0!")),
        ('<c r="A1" t="d"><v>2023-06-30</v></c>', CellDate(45107.0)),
        ('<c r="A1" s="1"><v>45107</v></c>', CellDate(45107.0)),
        ('<c r="A1" s="2"><v>0.95</v></c>', Percent(0.95)),
        ('<c r="A1" s="99"><v>5</v></c>', 5.0),
        ('<c r="A1"><f>B1+1</f></c>', Uncomputed("B1+1")),
        ('<c r="A1"><f>B1+1</f><v></v></c>', Uncomputed("B1+1")),
        ('<c r="A1"><f>B1&amp;"x"</f><v/></c>', Uncomputed('B1&"x"')),
    ],
)
def test_values_keep_what_they_are(cell: str, raw: Raw) -> None:
    found = both(part(f'<row r="1">{cell}</row>')).cells[1, 1]
    assert (found, type(found)) == (raw, type(raw))


@pytest.mark.parametrize("written", ["NaN", "1_0", "1e999", "9" * 400])
def test_what_is_no_number_is_kept_as_it_stands(written: str) -> None:
    assert both(part(f'<row r="1"><c r="A1"><v>{written}</v></c></row>')).cells == {(1, 1): written}


def test_cells_without_a_value_are_absent() -> None:
    sheet = both(
        part(
            '<row r="1"><c r="A1" s="1"/><c r="B1" t="s"><v>1</v></c><c r="C1"><v></v></c><c r="D1" t="inlineStr"><is><t></t></is></c></row><row r="2"/>'
        )
    )
    assert sheet.cells == {}


def test_addresses_come_from_the_cells_whatever_the_dimension_says() -> None:
    sheet = both(
        part(
            '<row r="3"><c r="AB3"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>', before='<dimension ref="A1"/>'
        )
    )
    assert sheet.cells == {(3, 28): 1.0, (1048576, 16384): 2.0}


def test_rows_and_cells_without_addresses_are_counted() -> None:
    sheet = sure_only(
        part('<row><c><v>1</v></c><c><v>2</v></c></row><row r="5"><c r="C5"><v>3</v></c><c><v>4</v></c></row><row><c><v>5</v></c></row>')
    )
    assert sheet.cells == {(1, 1): 1.0, (1, 2): 2.0, (5, 3): 3.0, (5, 4): 4.0, (6, 1): 5.0}


def test_rich_text_is_joined_and_readings_are_left_out() -> None:
    sheet = sure_only(
        part(
            '<row r="1"><c r="A1" t="inlineStr"><is><r><rPr/><t>职</t></r><r><t>工</t></r><rPh sb="0" eb="1"><t>zhi</t></rPh></is></c></row>'
        )
    )
    assert sheet.cells == {(1, 1): "职工"}


def test_shared_formulas_are_written_out_for_each_cell() -> None:
    rows = (
        '<row r="1"><c r="B1"><f t="shared" ref="B1:B2" si="0">A1*$C$1+SUM(A1:A1)&amp;"A1"</f><v>1</v></c></row>'
        '<row r="2"><c r="B2"><f t="shared" si="0"/><v>2</v></c><c r="C2"><f t="shared" si="9"/><v>3</v></c></row>'
    )
    sheet = both(part(rows))
    assert sheet.formulas == {(1, 2): 'A1*$C$1+SUM(A1:A1)&"A1"', (2, 2): 'A2*$C$1+SUM(A2:A2)&"A1"', (2, 3): ""}
    assert sheet.cells == {(1, 2): 1.0, (2, 2): 2.0, (2, 3): 3.0}


def test_merged_ranges_and_hidden_rows_and_columns() -> None:
    data = part(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="4" spans="1:2" hidden="1" ht="0"/><row r="5" hidden="0"/>',
        before='<cols><col min="2" max="3" width="9" hidden="1"/><col min="5" max="5" width="9"/></cols>',
        after='<mergeCells count="2"><mergeCell ref="A1:D2"/><mergeCell ref="B5"/></mergeCells>',
    )
    sheet = both(data)
    assert sheet.merged == (Range(1, 1, 2, 4), Range(5, 2, 5, 2))
    assert (sheet.hidden_rows, sheet.hidden_columns) == (frozenset({4}), frozenset({2, 3}))


def test_line_ends_read_as_the_standard_says() -> None:
    assert both(part('<row r="1"><c r="A1" t="inlineStr"><is><t>甲\r\n乙\r丙</t></is></c></row>')).cells == {(1, 1): "甲\n乙\n丙"}


def test_the_1904_epoch_is_taken_out() -> None:
    assert both(part('<row r="1"><c r="A1" s="1"><v>43645</v></c></row>'), epoch1904=True).cells == {(1, 1): CellDate(45107.0)}


def test_an_empty_sheet() -> None:
    assert both(f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>'.encode()).cells == {}


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[<c r="B1"><v>9</v></c>]]></t></is></c></row>',
        '<row r="1"><!-- <c r="B1"><v>9</v></c> --><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" ph="1"><v>1</v></c></row>',
        '<row r="1"><c  r="A1"><v>1</v></c></row>',
        "<row r='1'><c r='A1'><v>1</v></c></row>",
        '<row r="1"><c r="A1"><v xml:space="preserve">1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v><extLst/></c></row>',
    ],
)
def test_the_quick_way_steps_back_from_what_it_does_not_know(rows: str) -> None:
    assert sure_only(part(rows)).cells.keys() == {(1, 1)}


@pytest.mark.parametrize(
    "data",
    [
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>'.encode(),
        part('<row r="1"><c r="A1"><v>1</v></c></row>').decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    ],
)
def test_other_name_spaces_and_encodings(data: bytes) -> None:
    assert sure_only(data).cells == {(1, 1): 1.0}


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE worksheet [<!ENTITY x "y">]>' + part("")[38:],
        part("").decode().replace("UTF-8", "UTF-16").replace("<worksheet", "<!DOCTYPE w><worksheet").encode("utf-16"),
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE w+AD4-',
    ],
)
def test_document_types_are_refused_in_any_encoding(data: bytes) -> None:
    with pytest.raises(UnsafeMarkup):
        parse_sheet(data, name="表", hidden=False, shared=shared())


@pytest.mark.parametrize(
    "data", [part('<row r="1"><c r="A1" t="str"><v>&nbsp;</v></c></row>'), part('<row r="1"><c r="A1"><v>1</v></c></row>')[:-30], b""]
)
def test_broken_markup_is_left_to_the_parser_which_refuses_it(data: bytes) -> None:
    assert scan_sheet(data, name="表", hidden=False, shared=shared()) is None
    with pytest.raises(etree.XMLSyntaxError):
        parse_sheet(data, name="表", hidden=False, shared=shared())


_TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=6)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@st.composite
def _cells(draw: st.DrawFn) -> str:
    reference = f"{draw(st.sampled_from(['A', 'C', 'Z', 'AA', 'XFD']))}{draw(st.integers(1, 30))}"
    style = draw(st.sampled_from(["", ' s="0"', ' s="1"', ' s="2"', ' s="7"']))
    kind = draw(st.sampled_from(["", "n", "s", "str", "b", "e", "d", "inlineStr", "odd"]))
    value = draw(st.one_of(st.integers(-99, 99).map(str), st.floats().map(str), _TEXT.map(_escaped)))
    formula = draw(st.sampled_from(["", "<f>A1+1</f>", '<f t="shared" ref="A1:A9" si="0">B2</f>', '<f t="shared" si="0"/>', "<f/>"]))
    content = draw(st.sampled_from([f"<v>{value}</v>", "<v/>", "<v></v>", ""]))
    if kind == "inlineStr":
        formula, content = "", f"<is><t>{value}</t></is>"
    typed = f' t="{kind}"' if kind else ""
    return f'<c r="{reference}"{style}{typed}>{formula}{content}</c>'


@given(st.lists(_cells(), max_size=8), st.lists(st.sampled_from(['<row r="1">', '<row r="2" hidden="1">']), min_size=1, max_size=2))
def test_both_ways_give_the_same_sheet(cells: list[str], rows: list[str]) -> None:
    both(part("".join(f"{row}{''.join(cells)}</row>" for row in rows)))
