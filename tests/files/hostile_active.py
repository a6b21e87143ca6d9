"""Returns that carry what could run or fetch something, and what each is to be called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hostile import RETURN, Hostile, figure_rows, sheet, small_parts, with_parts
from parts import MAIN, OFFICE

from reconcile.files.active import CONNECTIONS, CONTROLS, DDE_LINKS, EMBEDDED, EXTERNAL_LINKS, MACRO_SHEETS, MACROS, OLE_LINKS, REMOTE
from reconcile.files.raw import Workbook

SIGNS = ("vbaProject", "externalLink", "cmd|", "calc'", "evil.example", "oleObject", "activeX", "connections", "macrosheet", "AUTO_OPEN", "[1]")
"""What no output made from such a return may hold."""

_BOOK = f'<externalLink xmlns="{MAIN}" xmlns:r="{OFFICE}"><externalBook r:id="rId1"><sheetNames><sheetName val="S"/></sheetNames></externalBook></externalLink>'
_DDE = f'<externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd" ddeTopic="/c calc"><ddeItems><ddeItem name="A0" advise="1"/></ddeItems></ddeLink></externalLink>'
_OLE = f'<externalLink xmlns="{MAIN}" xmlns:r="{OFFICE}"><oleLink r:id="rId1" progId="Package"/></externalLink>'


def related(kind: str, target: str, *, outside: bool = False) -> str:
    """The relations of the workbook with one more."""
    mode = ' TargetMode="External"' if outside else ""
    more = f'<Relationship Id="more" Type="{OFFICE}/{kind}" Target="{target}"{mode}/></Relationships>'
    return str(small_parts()["xl/_rels/workbook.xml.rels"]).replace("</Relationships>", more)


def _figure(formula: str) -> str:
    return sheet(figure_rows(heads=f"<f>{formula}</f><v>1234</v>"))


CARRIED: Mapping[str, tuple[Mapping[str, str | bytes], tuple[str, ...]]] = {
    "macros": ({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 AUTO_OPEN Shell calc", "xl/_rels/workbook.xml.rels": related("vbaProject", "vbaProject.bin")}, (MACROS,)),
    "macros in another place": ({"xl/other/VBAPROJECT.BIN": b"x"}, (MACROS,)),
    "a macro sheet": ({"xl/macrosheets/sheet1.xml": f'<macrosheet xmlns="{MAIN}"/>', "xl/_rels/workbook.xml.rels": related("xlMacrosheet", "macrosheets/sheet1.xml")}, (MACRO_SHEETS,)),
    "an external link": ({"xl/externalLinks/externalLink1.xml": _BOOK, "xl/externalLinks/_rels/externalLink1.xml.rels": "<x/>"}, (EXTERNAL_LINKS,)),
    "a DDE link": ({"xl/externalLinks/externalLink1.xml": _DDE}, (DDE_LINKS,)),
    "an OLE link": ({"xl/externalLinks/externalLink1.xml": _OLE}, (OLE_LINKS,)),
    "external and DDE links": ({"xl/externalLinks/externalLink1.xml": _BOOK, "xl/externalLinks/externalLink2.xml": _DDE}, (DDE_LINKS, EXTERNAL_LINKS)),
    "a link nobody can read": ({"xl/externalLinks/externalLink1.xml": b"\x00\x01 no markup"}, (EXTERNAL_LINKS,)),
    "a link with entities": ({"xl/externalLinks/externalLink1.xml": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'}, (EXTERNAL_LINKS,)),
    "a data connection": ({"xl/connections.xml": f'<connections xmlns="{MAIN}"><connection id="1" name="evil.example"/></connections>'}, (CONNECTIONS,)),
    "a query table": ({"xl/queryTables/queryTable1.xml": f'<queryTable xmlns="{MAIN}"/>'}, (CONNECTIONS,)),
    "an embedded object": ({"xl/embeddings/oleObject1.bin": b"MZ"}, (EMBEDDED,)),
    "a control": ({"xl/activeX/activeX1.bin": b"x", "xl/ctrlProps/ctrlProp1.xml": "<x/>"}, (CONTROLS,)),
    "a relation to the net": ({"xl/_rels/workbook.xml.rels": related("image", "http://evil.example/x.png", outside=True)}, (REMOTE,)),
    "a link to click on": ({"xl/_rels/workbook.xml.rels": related("hyperlink", "http://evil.example/", outside=True)}, ()),
    "a formula that asks cmd": ({"xl/worksheets/sheet2.xml": _figure("cmd|'/c calc'!A0")}, (DDE_LINKS,)),
    "a formula that asks within": ({"xl/worksheets/sheet2.xml": _figure("1+IF(1,MSEXCEL|'\\..\\..\\Windows\\System32\\cmd.exe /c calc'!'')")}, (DDE_LINKS,)),
    "a formula with a bar in a text": ({"xl/worksheets/sheet2.xml": _figure('IF(1,"a|b!","c")')}, ()),
    "a formula of another file": ({"xl/worksheets/sheet2.xml": _figure("[1]S!A1"), "xl/externalLinks/externalLink1.xml": _BOOK}, (EXTERNAL_LINKS,)),
    "a thousand links": ({f"xl/externalLinks/externalLink{n}.xml": _DDE for n in range(1000)}, (DDE_LINKS,)),
    "everything at once": (
        {
            **{"xl/vbaProject.bin": b"x", "xl/macrosheets/sheet1.xml": "<x/>", "xl/externalLinks/externalLink1.xml": _BOOK, "xl/externalLinks/externalLink2.xml": _DDE},
            **{"xl/externalLinks/externalLink3.xml": _OLE, "xl/connections.xml": "<x/>", "xl/activeX/activeX1.xml": "<x/>", "xl/embeddings/1.bin": b"x"},
            "xl/_rels/workbook.xml.rels": related("image", "http://evil.example/x.png", outside=True),
        },
        (MACROS, MACRO_SHEETS, DDE_LINKS, EXTERNAL_LINKS, OLE_LINKS, CONNECTIONS, CONTROLS, EMBEDDED, REMOTE),
    ),
}
"""By name: parts put into the small return, and what it is then said to carry."""


def active() -> Iterator[Hostile]:
    """All of this file."""
    for name, (parts, words) in CARRIED.items():

        def look(book: Workbook, words: tuple[str, ...] = words) -> None:
            assert book.active == words
            assert book.sheets[1].cells[2, 4] == 1234.0

        ending = ".xlsm" if "macro" in name else ".xlsx"
        deliver = name == "everything at once"
        yield Hostile(f"carrying {name}", lambda parts=parts: with_parts(parts), RETURN, ending, look, deliver=deliver)  # type: ignore[misc] -- bound early on purpose
