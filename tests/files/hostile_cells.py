"""Hostile and odd cells: every kind of error, date, string, formula and address, with what each of them is to be read as."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hostile import HEADS, RETURN, Hostile, cover_rows, figure_rows, sheet, small_parts, small_return, text_cell, with_parts
from parts import MAIN

from reconcile.files.raw import CellDate, CellError, Percent, Raw, Uncomputed, Workbook

DAY, SERIAL = "2023-06-30", 45107.0
_ERRORS = (
    *("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"),
    *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#EXTERNAL!"),
)
_CHINESE_DATES = (*range(27, 37), *range(50, 59))
_OTHER_DATES = (*range(14, 23), 45, 46, 47)
_NO_DATES = (0, 1, 2, 3, 4, 11, 12, 13, 37, 38, 39, 40, 48, 49, 59, 81, 163)


def cells_are(wanted: Mapping[str, Raw | None], *, at: int = 1) -> object:
    """A look at the sheet `at`: these cells hold these values, of just these types."""

    def look(book: Workbook) -> None:
        cells = book.sheets[at].cells
        for address, value in wanted.items():
            letters = address.rstrip("0123456789")
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            seen = cells.get((int(address[len(letters) :]), column))
            assert (type(seen), seen) == (type(value), value), address

    return look


def case(name: str, rows: str, wanted: Mapping[str, Raw | None], *, expect: str = RETURN, styles: str = "", **others: object) -> Hostile:
    """The small return with more rows from row 5 on, and what they are read as."""
    return Hostile(name, lambda: small_return(sheet(figure_rows(rows)), styles=styles, **others), expect, facts=cells_are(wanted))  # type: ignore[arg-type] -- a look at a workbook


def _formats(numbers: tuple[int, ...]) -> str:
    return "<cellXfs>" + "".join(f'<xf numFmtId="{number}"/>' for number in numbers) + "</cellXfs>"


def _styled(numbers: tuple[int, ...], value: str) -> str:
    return "".join(f'<row r="{row}"><c r="F{row}" s="{style}"><v>{value}</v></c></row>' for style, row in enumerate(range(5, 5 + len(numbers))))


def dates() -> Iterator[Hostile]:
    for label, numbers in (("Chinese", _CHINESE_DATES), ("everybody's", _OTHER_DATES)):
        wanted: dict[str, Raw] = {f"F{row}": CellDate(SERIAL) for row in range(5, 5 + len(numbers))}
        yield case(f"{label} built-in dates", _styled(numbers, "45107"), wanted, styles=_formats(numbers))
    wanted = {f"F{row}": SERIAL for row in range(5, 5 + len(_NO_DATES))}
    yield case("formats that are no dates", _styled(_NO_DATES, "45107"), wanted, styles=_formats(_NO_DATES))
    percents = (9, 10)
    yield case("percents", _styled(percents, "0.95"), {"F5": Percent(0.95), "F6": Percent(0.95)}, styles=_formats(percents))
    book = str(small_parts()["xl/workbook.xml"])
    for said in ("1", "true"):
        epoch = book.replace("<workbookPr/>", f'<workbookPr date1904="{said}"/>')
        parts = {"xl/workbook.xml": epoch, "xl/worksheets/sheet2.xml": sheet(figure_rows(_styled(_CHINESE_DATES, "43645")))}
        wanted = {f"F{row}": CellDate(SERIAL) for row in range(5, 5 + len(_CHINESE_DATES))}
        look = cells_are(wanted)
        yield Hostile(
            f"the epoch of 1904 said as {said}",
            lambda parts=parts: with_parts(parts, styles=_formats(_CHINESE_DATES)),  # type: ignore[misc] -- bound early on purpose
            RETURN,
            facts=look,  # type: ignore[arg-type] -- a look at a workbook
        )
    odd = {"1e300": CellDate(1e300), "-1": CellDate(-1.0), "0": CellDate(0.0), "60": CellDate(60.0), "2958466": CellDate(2958466.0), "45107.75": CellDate(45107.75)}
    rows = "".join(f'<row r="{row}"><c r="F{row}" s="1"><v>{value}</v></c></row>' for row, value in enumerate(odd, start=5))
    yield case("dates that are no days", rows, {f"F{row}": value for row, value in enumerate(odd.values(), start=5)}, styles=_formats((0, 14)))
    iso = {DAY: CellDate(SERIAL), f"{DAY}T12:00:00": CellDate(SERIAL + 0.5), "0001-01-01": CellDate(-693593.0), "上周五": "上周五", "9999-99-99": "9999-99-99"}
    rows = "".join(f'<row r="{row}"><c r="F{row}" t="d"><v>{value}</v></c></row>' for row, value in enumerate(iso, start=5))
    yield case("dates in ISO 8601", rows, {f"F{row}": value for row, value in enumerate(iso.values(), start=5)})
    for value in ("1e300", "-5", "60", "99999999999"):
        cover = sheet(cover_rows().replace(text_cell("B5", "2023-07-03"), f'<c r="B5" s="1"><v>{value}</v></c>'))
        yield Hostile(f"a cover date of {value}", lambda cover=cover: small_return(cover=cover, styles=_formats((0, 14))), RETURN)  # type: ignore[misc] -- bound early
    yield Hostile("a date as a figure", lambda: small_return(sheet(figure_rows(attributes=' s="1"')), styles=_formats((0, 14))), RETURN)
    long = f'<numFmts><numFmt numFmtId="164" formatCode="{"[" * 200_000}{"yy" * 200_000}"/><numFmt numFmtId="x"/></numFmts>'
    yield Hostile("a format of 600 KB", lambda: small_return(sheet(figure_rows(attributes=' s="1"')), styles=long + _formats((0, 164))), RETURN)
    quotes = f'<numFmts><numFmt numFmtId="164" formatCode="{"&quot;" * 100_001}{"&quot;[h" * 50_000}"/></numFmts>'
    yield Hostile("a format of quotes", lambda: small_return(sheet(figure_rows(attributes=' s="1"')), styles=quotes + _formats((0, 164))), RETURN)
    yield Hostile("300000 styles", lambda: small_return(styles=_formats((14,) * 300_000)), RETURN)
    shown = '<c r="F5" s="999"><v>1</v></c><c r="G5" s="-1"><v>1</v></c><c r="H5" s="99999999999999999999"><v>1</v></c><c r="I5" s="x"><v>1</v></c>'
    yield case("styles that are not there", f'<row r="5">{shown}</row>', {"F5": 1.0, "G5": 1.0, "H5": 1.0, "I5": 1.0})


def errors() -> Iterator[Hostile]:
    rows = "".join(f'<row r="{row}"><c r="F{row}" t="e"><v>{text}</v></c></row>' for row, text in enumerate(_ERRORS, start=5))
    yield case("errors of every kind", rows, {f"F{row}": CellError(text) for row, text in enumerate(_ERRORS, start=5)})
    rows = "".join(f'<row r="{row}"><c r="F{row}" t="e"><f>A1</f><v>{text}</v></c></row>' for row, text in enumerate(_ERRORS, start=5))
    yield case("errors of formulas", rows, {f"F{row}": CellError(text) for row, text in enumerate(_ERRORS, start=5)})
    for text in _ERRORS[:7]:
        yield Hostile(f"{text} as a figure", lambda text=text: small_return(sheet(figure_rows(attributes=' t="e"', heads=f"<v>{text}</v>"))), RETURN)  # type: ignore[misc] -- bound early
    yield Hostile("an error of 100 KB", lambda: small_return(sheet(figure_rows(attributes=' t="e"', heads=f"<v>{'#' * 100_000}</v>"))), RETURN, deliver=True)


def numbers() -> Iterator[Hostile]:
    digits = {
        "a million digits": ("9" * 1_000_000, None),
        "a fraction of a million digits": ("0." + "3" * 1_000_000, 1 / 3),
        "five thousand digits": ("1" + "0" * 5_000, None),
        "an exponent of six digits": ("1e999999", None),
        "an exponent below all": ("1e-999999", 0.0),
        "NaN": ("NaN", None),
        "Infinity": ("Infinity", None),
        "minus infinity": ("-INF", None),
        "hexadecimal": ("0x10", None),
        "digits with underscores": ("1_000", None),
        "full-width digits": ("１２", None),
        "Arabic digits": ("١٢٣", None),
        "nothing but a sign": ("-", None),
        "minus zero": ("-0", 0.0),
    }
    for name, (text, value) in digits.items():
        yield Hostile(f"{name} as a figure", lambda text=text: small_return(sheet(figure_rows(heads=f"<v>{text}</v>"))), RETURN, facts=number_is(text, value))  # type: ignore[misc] -- bound early
    for kind in ("s", "b", "e", "d", "str", "inlineStr", "n", "zzz", ""):
        figure = sheet(figure_rows(attributes=f' t="{kind}"', heads=f"<v>{'9' * 5_000}</v>"))
        yield Hostile(f"5000 digits of type {kind or 'none'}", lambda figure=figure: small_return(figure), RETURN)  # type: ignore[misc] -- bound early
        figure = sheet(figure_rows(attributes=f' t="{kind}"', heads="<v/>"))
        yield Hostile(f"nothing of type {kind or 'none'}", lambda figure=figure: small_return(figure), RETURN)  # type: ignore[misc] -- bound early
    for index in ("-1", "1", "4294967296", "0.0", " 0", "x"):
        figure = sheet(figure_rows(attributes=' t="s"', heads=f"<v>{index}</v>"))
        yield Hostile(f"the shared string {index}", lambda figure=figure: small_return(figure), RETURN)  # type: ignore[misc] -- bound early
    flags = {"1": True, "0": False, "true": True, "false": False, "2": False, "是": False}
    rows = "".join(f'<row r="{row}"><c r="F{row}" t="b"><v>{text}</v></c></row>' for row, text in enumerate(flags, start=5))
    yield case("flags", rows, {f"F{row}": value for row, value in enumerate(flags.values(), start=5)})


def number_is(text: str, value: float | None) -> object:
    """A look: the figure is the number, or, where it is none that a cell can hold, its text as it stands."""

    def look(book: Workbook) -> None:
        seen = book.sheets[1].cells[2, 4]
        assert seen == (text if value is None else value), str(seen)[:50]

    return look


def strings() -> Iterator[Hostile]:
    rich = '<is><r><t>甲 </t></r><r><rPr><b/></rPr><t xml:space="preserve">乙 </t></r><rPh sb="0" eb="1"><t>jia</t></rPh><phoneticPr fontId="1"/></is>'
    plain = '<c r="F5" t="inlineStr">' + rich + '</c><c r="G5" t="inlineStr"><is/></c><c r="H5" t="inlineStr"/><c r="I5" t="str"><v>文</v></c>'
    yield case("inline and rich strings", f'<row r="5">{plain}</row>', {"F5": "甲 乙 ", "G5": None, "H5": None, "I5": "文"})
    items = (
        *("<si><t>一</t></si>", "<si><r><t>二</t></r><r><rPr><sz val='9'/></rPr><t>三</t></r><rPh><t>er</t></rPh></si>", "<si/>", "<si><t/></si>"),
        *("<si><t>_x000D__x005F_x000D_</t></si>", "<si><t>_xD800_</t></si>", "<si><t>_xD83D__xDE00_</t></si>", "<si><t>&#x1F600;&lt;b&gt;</t></si>"),
    )
    rows = "".join(f'<row r="{row}"><c r="F{row}" t="s"><v>{index}</v></c></row>' for index, row in enumerate(range(5, 5 + len(items))))
    wanted = dict(zip(("F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12"), ("一", "二三", None, None, "\r_x000D_", "\ufffd", "\U0001f600", "\U0001f600<b>"), strict=True))
    look = cells_are(wanted)
    made = {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="9" uniqueCount="999999999">{"".join(items)}</sst>', "xl/worksheets/sheet2.xml": sheet(figure_rows(rows))}
    yield Hostile("shared strings of every kind", lambda: with_parts(made), RETURN, facts=look)  # type: ignore[arg-type] -- a look at a workbook
    odd = "甲\u202e乙\u200b\ufeff丙\u2066&lt;script&gt;{{7*7}}_x0000_"
    yield Hostile("a unit's name with bidi marks", lambda: small_return(cover=sheet(cover_rows({"单位名称": "X"}).replace("X", odd))), RETURN, deliver=True)
    for field in ("单位名称", "单位代码", "填报人", "报告期", "填报日期", "填报口径", "联系电话", "单位负责人"):
        yield Hostile(f"{field} of a megabyte", lambda field=field: small_return(cover=sheet(cover_rows({field: "长" * 350_000}))), RETURN, deliver=field == "单位名称")  # type: ignore[misc] -- bound early
        yield Hostile(f"{field} of half a million digits", lambda field=field: small_return(cover=sheet(cover_rows({field: "1" * 500_000}))), RETURN)  # type: ignore[misc] -- bound early
    yield Hostile("a reason of 500 KB", lambda: small_return(sheet(figure_rows(f'<row r="4">{text_cell("A4", "A014")}{text_cell("E4", "因" * 170_000)}</row>'))), RETURN, deliver=True)
    for text in ("=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\t=1", "#REF!", "http://127.0.0.1/", "约" * 90_000, "〇" * 90_000, "1" * 90_000 + "万", "(" * 90_000, "1," * 50_000, " " * 90_000 + "1"):
        figure = sheet(figure_rows(attributes=' t="inlineStr"', heads=f"<is><t>{text}</t></is>"))
        yield Hostile(f"{text[:12].strip()}, {len(text)} letters as a figure", lambda figure=figure: small_return(figure), RETURN)  # type: ignore[misc] -- bound early


def formulas() -> Iterator[Hostile]:
    shared = '<row r="5"><c r="F5"><f t="shared" ref="F5:F8" si="0">A1+$B$2*Sheet2!C3</f><v>1</v></c></row>' + "".join(
        f'<row r="{row}"><c r="F{row}"><f t="shared" si="0"/>{"" if row == 8 else f"<v>{row}</v>"}</c></row>' for row in (6, 7, 8)
    )
    yield case("a shared formula", shared, {"F5": 1.0, "F6": 6.0, "F7": 7.0, "F8": Uncomputed("A4+$B$2*Sheet2!C6")})
    orphan = '<row r="5"><c r="F5"><f t="shared" si="7"/></c><c r="G5"><f t="shared" si="99999999999999999999"/><v>2</v></c><c r="H5"><f t="array" ref="H5">A1</f><v>3</v></c></row>'
    yield case("shared formulas without a first", orphan, {"F5": Uncomputed(""), "G5": 2.0, "H5": 3.0})
    off = '<row r="5"><c r="F5"><f t="shared" si="0">A1</f><v>1</v></c></row><row r="4"><c r="E4"><f t="shared" si="0"/></c></row>'
    yield case("a shared formula off the sheet", off, {"E4": Uncomputed("#REF!")})
    yield Hostile("100000 cells of a formula of 8400 letters", long_shared, f"{RETURN}|too_large", slow=True)
    yield Hostile("a formula of 5 MB", lambda: small_return(sheet(figure_rows(heads=f"<f>{'A1+' * 1_700_000}1</f>"))), f"{RETURN}|too_large", deliver=True)
    yield Hostile("a formula of quotes", lambda: small_return(sheet(figure_rows(f'<row r="5"><c r="F5"><f t="shared" si="0">{chr(39) * 100_001}{"A1" * 50_000}</f></c></row><row r="6"><c r="F6"><f t="shared" si="0"/></c></row>'))), RETURN)
    nested = "IF(" * 100_000
    yield Hostile("a formula of 100000 brackets", lambda: small_return(sheet(figure_rows(heads=f"<f>{nested}</f>"))), RETURN)
    kinds: dict[str, Raw] = {"str": "文", "b": True, "e": CellError("#N/A"), "n": 1.0}
    values = {"str": "文", "b": "1", "e": "#N/A", "n": "1"}
    rows = "".join(f'<row r="{row}"><c r="F{row}" t="{kind}"><f>A1</f><v>{values[kind]}</v></c></row>' for row, kind in enumerate(kinds, start=5))
    yield case("formulas with results of every kind", rows, {f"F{row}": value for row, value in enumerate(kinds.values(), start=5)})
    yield Hostile("a figure not computed", lambda: small_return(sheet(figure_rows(heads="<f>SUM(A1:A9)</f>"))), RETURN, facts=cells_are({"D2": Uncomputed("SUM(A1:A9)")}))  # type: ignore[arg-type] -- a look at a workbook


def long_shared() -> bytes:
    first = f'<row r="5"><c r="F5"><f t="shared" si="0">{"A1+" * 2_800}1</f><v>1</v></c></row>'
    others = "".join(f'<row r="{row}"><c r="F{row}"><f t="shared" si="0"/></c></row>' for row in range(6, 100_000))
    return small_return(sheet(figure_rows(first + others)))


def places() -> Iterator[Hostile]:
    far = "".join(f'<c r="{reference}"><v>1</v></c>' for reference in ("XFD5", "XFE5", "ZZZ5"))
    yield case("cells to XFD1048576", f'<row r="5">{far}</row><row r="1048576"><c r="XFD1048576"><v>7</v></c></row>', {"XFD1048576": 7.0, "XFD5": 1.0})
    odd = ("A0", "A1048577", "ZZZZ1", "A99999999999999999999", "-1", "A-1", "R1C1", "A1:B2", "$F$5", "f6", "Ａ１", "", " F7", "F7 ", "甲1", "A1\u0660")
    rows = '<row r="5">' + "".join(f'<c r="{reference}"><v>1</v></c>' for reference in odd) + "</row>"
    yield Hostile("addresses that are none", lambda: small_return(sheet(figure_rows(rows))), RETURN)
    numbered = "".join(f'<row r="{number}"><c><v>1</v></c></row>' for number in ("0", "-1", "99999999999999999999", "x", "1048577", "5"))
    yield Hostile("row numbers that are none", lambda: small_return(sheet(figure_rows(numbered))), RETURN)
    bare = small_parts()["xl/worksheets/sheet2.xml"]
    without = re.sub(r' r="[A-Z0-9]+"', "", str(bare))
    yield Hostile("no addresses at all", lambda: small_return(without), RETURN, facts=cells_are({"D2": float(HEADS), "A2": "A008"}))  # type: ignore[arg-type] -- a look at a workbook
    for name, dimension in {"small": "A1", "huge": "A1:XFD1048576", "empty": "", "nonsense": "%%%", "backwards": "Z9:A1"}.items():
        before = f'<dimension ref="{dimension}"/>'
        look = cells_are({"D2": float(HEADS)})
        yield Hostile(f"a dimension that is {name}", lambda before=before: small_return(sheet(figure_rows(), before=before)), RETURN, facts=look)  # type: ignore[misc, arg-type] -- bound early; a look
    yield Hostile("two cells at one address", lambda: small_return(sheet(figure_rows().replace("</row>", '<c r="D2"><v>77</v></c></row>', 2))), RETURN)
    turned = figure_rows()
    rows = "".join(f"<row{row}" for row in reversed(turned.split("<row")[1:]))
    yield Hostile("rows in the wrong order", lambda: small_return(sheet(rows)), RETURN, facts=cells_are({"D2": float(HEADS)}))  # type: ignore[arg-type] -- a look at a workbook
    twice = sheet(figure_rows()).replace("</worksheet>", f"<sheetData>{figure_rows(heads='<v>5</v>')}</sheetData></worksheet>")
    yield Hostile("rows given twice", lambda: small_return(twice), f"{RETURN}|damaged")
    merged = '<mergeCells><mergeCell ref="A1:XFD1048576"/><mergeCell ref="D2"/><mergeCell ref="x"/><mergeCell/><mergeCell ref="A1:B2:C3"/></mergeCells>'
    yield Hostile("merged over everything", lambda: small_return(sheet(figure_rows(), after=merged)), RETURN)
    wide = '<cols><col min="1" max="16384" hidden="1"/><col min="0" max="99999999999" hidden="1"/><col min="-5" max="x" hidden="1"/><col hidden="1"/></cols>'
    yield Hostile("every column hidden", lambda: small_return(sheet(figure_rows(), before=wide)), RETURN)


def cells() -> list[Hostile]:
    """All of this file."""
    return [*dates(), *errors(), *numbers(), *strings(), *formulas(), *places()]
