"""A sheet by its pieces is the sheet by the parser, whatever was met before."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from reconcile.files.familiar import Familiar
from reconcile.files.raw import CellDate, LaidCells, Sheet, Uncomputed
from reconcile.files.sheet_cells import Shared
from reconcile.files.sheet_pieces import piece_sheet
from reconcile.files.sheet_scan import scan_sheet
from reconcile.files.sheet_xml import parse_sheet, read_sheet
from reconcile.files.xml import UnsafeMarkup

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = ["职工", "", "甲&乙", "代码"]


def part(rows: str, *, before: str = "", after: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'.encode()


def shared(familiar: Familiar | None = None) -> Shared:
    digits = () if familiar is None else familiar.strings.digits(len(STRINGS))
    return Shared(strings=STRINGS, formats=["plain", "date", "percent"], epoch1904=False, digits=digits)


def by_pieces(data: bytes, familiar: Familiar) -> Sheet | None:
    return piece_sheet(data, name="表", hidden=False, shared=shared(familiar), known=familiar.sheets)


def same(one: Sheet, other: Sheet) -> bool:
    """Equal with the types of the cells, and in the same order."""
    return one == other and [*map(repr, one.cells.items())] == [*map(repr, other.cells.items())]


ATTRIBUTES = st.sampled_from(["", ' s="0"', ' s="1"', ' s="2"', ' s="99"'])
TEXTS = st.sampled_from(["甲", " 甲 ", "&#20057;", "a&amp;b", "&lt;v&gt;", "_x0041_", "甲\r\n乙", "", "]]&gt;", "代码"])
NUMBERS = st.one_of(
    st.integers(-5, 10**12).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["", "NaN", "1_0", " 5", "+5", "007", "1e999", "9" * 400, "INF", "１", "5.", ".5", "-0"]),
)
FORMULAS = st.sampled_from(
    ["<f>A1+1</f>", '<f aca="false">SUM(A1:B2)&amp;"x"</f>', "<f/>", '<f t="shared" ref="A1:C9" si="0">B1*2</f>', '<f t="shared" si="0"/>']
)


@st.composite
def cells(draw: st.DrawFn, reference: str) -> str:
    """One cell as some program writes it, or as one should not."""
    style, number, text = draw(ATTRIBUTES), draw(NUMBERS), draw(TEXTS)
    at = draw(st.sampled_from([f' r="{reference}"'] * 20 + ["", f' R="{reference}"']))
    formula = draw(st.one_of(st.just(""), st.just(""), FORMULAS))
    return draw(
        st.sampled_from(
            [
                f"<c{at}{style}/>",
                f"<c{at}{style}></c>",
                f"<c{at}{style}>{formula}<v>{number}</v></c>",
                f'<c{at}{style} t="n">{formula}<v>{number}</v></c>',
                f'<c{at}{style} t="s"><v>{len(text) % 6}</v></c>',
                f'<c{at}{style} t="s"><v>{number}</v></c>',
                f'<c{at}{style} t="str">{formula}<v>{text}</v></c>',
                f'<c{at}{style} t="inlineStr"><is><t>{text}</t></is></c>',
                f'<c{at} t="inlineStr"><is><r><rPr><b/></rPr><t>{text}</t></r><r><t>乙</t></r></is></c>',
                f'<c{at}{style} t="b"><v>1</v></c>',
                f'<c{at}{style} t="e">{formula}<v>#REF!</v></c>',
                f'<c{at}{style} t="d"><v>2023-06-30</v></c>',
                f"<c{at}{style}>{formula or '<f>B2</f>'}</c>",
                f"<c{at}{style}>{formula or '<f>B2</f>'}<v/></c>",
                f'<c{style} r="{reference}"><v>{number}</v></c>',
            ]
        )
    )


@st.composite
def sheets(draw: st.DrawFn) -> bytes:
    """A whole sheet: rows of cells, tags of rows as programs write them, merges and hidden columns."""
    rows = []
    for row in draw(st.lists(st.integers(1, 6), unique=True, max_size=4).map(sorted)):
        columns = draw(st.lists(st.sampled_from("ABCDEFG"), unique=True, max_size=5).map(sorted))
        content = "".join(draw(cells(f"{column}{row}")) for column in columns)
        tag = draw(
            st.sampled_from(['<row r="{}">', '<row r="{}" spans="1:3" x14ac:dyDescent="0.2">', '<row r="{}" hidden="true">', "<row>"])
        )
        space = draw(st.sampled_from(["", "", "\n", "\r\n  "]))
        rows.append(f"{tag.format(row)}{space}{content}{space}</row>{space}")
    before = draw(st.sampled_from(["", '<cols><col min="2" max="3" hidden="1"/></cols>']))
    after = draw(st.sampled_from(["", '<mergeCells count="1"><mergeCell ref="A1:B2"/></mergeCells>', "<pageMargins/>"]))
    return part("".join(rows), before=before, after=after)


@pytest.fixture(scope="module")
def familiar() -> Familiar:
    """One memory for all that is made here: whatever one sheet leaves in it must not change how another is read."""
    return Familiar()


@settings(max_examples=300, deadline=None)
@given(data=sheets())
def test_every_way_reads_the_same(familiar: Familiar, data: bytes) -> None:
    data = data.replace(b"x14ac:", b"")  # a prefix that nobody declared is no XML
    sure = parse_sheet(data, name="表", hidden=False, shared=shared())
    scanned = scan_sheet(data, name="表", hidden=False, shared=shared())
    assert scanned is None or same(scanned, sure)
    for known in (Familiar(), *[familiar] * 5):  # new; met; by its skeleton; by its mould
        pieced = by_pieces(data, known)
        assert pieced is None or same(pieced, sure)


BREAKS = st.sampled_from(
    [b"", b"<", b">", b"/", b'"', b"&", b"<v>", b"</v>", b"</c>", b"</row>", b"1", b" ", b"\x01", b"\xff", b"]]>", b" r="]
)


@settings(max_examples=300, deadline=None)
@given(data=sheets(), change=st.data())
def test_broken_bytes_are_never_read_otherwise(familiar: Familiar, data: bytes, change: st.DataObject) -> None:
    for _ in range(4):  # new; met; by its skeleton, which leaves a mould
        by_pieces(data, familiar)
    at = change.draw(st.integers(60, len(data) - 1))
    length = change.draw(st.integers(0, 12))
    broken = data[:at] + change.draw(BREAKS) + data[at + length :]
    quick = [by_pieces(broken, familiar), by_pieces(broken, Familiar()), scan_sheet(broken, name="表", hidden=False, shared=shared())]
    try:
        sure = parse_sheet(broken, name="表", hidden=False, shared=shared())
    except (UnsafeMarkup, etree.XMLSyntaxError):
        assert quick == [None, None, None]
        return
    assert all(one is None or same(one, sure) for one in quick)


@settings(max_examples=100, deadline=None)
@given(made=st.lists(sheets(), min_size=2, max_size=5))
def test_the_order_of_the_sheets_changes_nothing(made: list[bytes]) -> None:
    forward, backward = Familiar(), Familiar()
    made = [data.replace(b"x14ac:", b"") for data in made]
    there = [read_sheet(data, name="表", hidden=False, shared=shared(forward), familiar=forward) for data in made]
    back = [read_sheet(data, name="表", hidden=False, shared=shared(backward), familiar=backward) for data in reversed(made)]
    assert all(same(one, other) for one, other in zip(there, reversed(back), strict=True))


def form(unit: str, figures: tuple[str, ...]) -> bytes:
    lines = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c><c r="B{row}" s="0"><v>{figure}</v></c><c r="C{row}"><f>B{row}*2</f><v></v></c></row>'
        for row, figure in enumerate(figures, start=2)
    )
    return part(f'<row r="1"><c r="A1" t="inlineStr"><is><t>{unit}</t></is></c></row>{lines}')


def test_a_form_met_twice_is_put_together_at_once() -> None:
    familiar = Familiar()
    first = by_pieces(form("甲", ("1", "2")), familiar)
    again = by_pieces(form("丙", ("5.5", "1E3")), familiar)
    assert first is not None
    assert again is not None
    assert (type(first.cells), type(again.cells)) == (dict, LaidCells)
    assert again.cells == {
        **{(1, 1): "丙", (2, 1): "职工", (2, 2): 5.5, (2, 3): Uncomputed("B2*2")},
        **{(3, 1): "职工", (3, 2): 1000.0, (3, 3): Uncomputed("B3*2")},
    }
    assert list(again.cells) == sorted(again.cells)
    assert again.formulas == {(2, 3): "B2*2", (3, 3): "B3*2"}


@pytest.mark.parametrize("odd", ["NaN", "1_0", "1e999", " 5", "9" * 400, "0x10", "٣"])
def test_what_is_no_plain_number_is_no_number_by_a_skeleton_either(odd: str) -> None:
    familiar = Familiar()
    for figures in (("1", "2"), ("3", "4"), ("5", "6")):
        by_pieces(form("甲", figures), familiar)
    data = form("丁", ("7", odd))
    found = read_sheet(data, name="表", hidden=False, shared=shared(familiar), familiar=familiar)
    assert same(found, parse_sheet(data, name="表", hidden=False, shared=shared()))


def test_a_sheet_that_stops_in_a_cell_is_not_finished_by_what_was_met_before() -> None:
    familiar = Familiar()
    whole = form("甲", ("1", "2"))
    for _ in range(3):
        by_pieces(whole, familiar)
    for lost in (b"</c></row>", b"<c ", b"</row>", b"</v>"):
        assert by_pieces(whole.replace(lost, b"", 1), familiar) is None


def returned(*, labels: tuple[str, ...] = ("0", "2", "3"), figures: tuple[str, ...] = ("1", "2", "3")) -> bytes:
    """A sheet with a title, and labels beside figures, the last of which is a date."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>{label}</v></c><c r="B{row}" s="{int(row == 4)}"><v>{figure}</v></c></row>'
        for row, (label, figure) in enumerate(zip(labels, figures, strict=True), start=2)
    )
    return part(f'<row r="1"><c r="A1" t="s"><v>3</v></c></row>{rows}')


def moulded() -> Familiar:
    familiar = Familiar()
    for figure in ("5", "6", "7", "8"):
        by_pieces(returned(figures=(figure, "0", "45107")), familiar)
    (mould,) = familiar.sheets.moulds.find("表") or ()
    assert mould.weight > len(returned()) - 200
    return familiar


def test_where_only_figures_differ_they_alone_are_taken_out() -> None:
    familiar = moulded()
    familiar.sheets.pieces = familiar.sheets.skeletons = None  # type: ignore[assignment]  # nothing else may be asked
    found = by_pieces(returned(figures=("-1.5E2", "007", "45108.5")), familiar)
    assert found is not None
    assert found.cells == {
        **{(1, 1): "代码", (2, 1): "职工", (2, 2): -150.0, (3, 1): "甲&乙", (3, 2): 7.0, (4, 1): "代码", (4, 2): CellDate(45108.5)},
    }
    assert list(found.cells) == sorted(found.cells)
    assert len(found.cells) == 7


@pytest.mark.parametrize(
    "data",
    [
        *(returned(figures=("9", odd, "45107")) for odd in ("", "NaN", "1_0", " 5", "1e999", "x", "&#49;", "1</v><v>2", "<v>", "9" * 400)),
        *(returned(figures=("9", "1", odd)) for odd in ("", "x", "&amp;", "-1", "1e999", "</v><v>")),
        *(returned(labels=("0", "2", odd)) for odd in ("0", "1", "4", "03", "-1", "")),
        returned().replace(b"<v>3</v></c></row></sheetData>", b"<v>3"),
        returned().replace(b"</row></sheetData>", b"</row><row/></sheetData>"),
        returned().replace(b"<sheetData>", b"<sheetData> "),
        returned().replace(b't="s"', b't="n"', 1),
        returned().replace(b"</row>", b"</row>\r\n"),
    ],
)
def test_what_is_not_of_the_mould_is_read_as_without_it(data: bytes) -> None:
    found = by_pieces(data, moulded())
    try:
        sure = parse_sheet(data, name="表", hidden=False, shared=shared())
    except etree.XMLSyntaxError:
        assert found is None
        return
    assert found is None or same(found, sure)


def test_a_mould_is_not_used_where_the_workbook_means_other_things_by_the_same_numbers() -> None:
    """Styles and strings are the workbook's; what a sheet says is worked out from its own."""
    familiar, data = moulded(), returned(figures=("1", "2", "3"))
    for strings, formats in ((STRINGS, ["date", "plain"]), (STRINGS[:3], ["plain", "date"]), (["", *STRINGS], ["percent", "plain"])):
        here = Shared(strings, formats, epoch1904=True, digits=familiar.strings.digits(len(strings)))
        found = read_sheet(data, name="表", hidden=False, shared=here, familiar=familiar)
        assert same(found, parse_sheet(data, name="表", hidden=False, shared=Shared(strings, formats, epoch1904=True)))


def test_all_that_is_kept_of_moulds_is_bounded() -> None:
    familiar = Familiar()
    for number in range(40):
        title = f'<row r="9"><c r="B9"><v>1</v></c><c r="A9" t="inlineStr"><is><t>{number}</t></is></c></row>'
        for _ in range(4):
            by_pieces(part(f'{title}<row r="10"><c r="A10" t="s"><v>0</v></c></row>'), familiar)
    assert len(familiar.sheets.moulds.find("表") or ()) == 12
