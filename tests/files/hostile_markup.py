"""Hostile markup: document types and entities in every part and encoding, endless depth and width, odd but lawful XML, relations that lead astray."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from hostile import (
    FOREIGN,
    HEADS,
    RETURN,
    Hostile,
    cover_rows,
    figure_rows,
    sheet,
    small_parts,
    small_return,
    text_cell,
    with_parts,
)
from parts import MAIN, OFFICE

from reconcile.files.raw import Workbook

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_FIGURES = "xl/worksheets/sheet2.xml"
_PARTS = {
    "rels of the package": "_rels/.rels",
    "workbook": "xl/workbook.xml",
    "rels of the workbook": "xl/_rels/workbook.xml.rels",
    "styles": "xl/styles.xml",
    "strings": "xl/sharedStrings.xml",
    "sheet": _FIGURES,
}
_BOMB = "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
_DECLARED = {
    "an entity bomb": f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{_BOMB}]>',
    "an outside entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "an outside type": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/evil.dtd">',
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/hostname"><!ENTITY b "1">%a;]>',
    "no entity": "<!DOCTYPE x>",
}
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "cp500", "gb18030", "big5")
_LABELS = {"utf-8-sig": "utf-8", "cp037": "ebcdic-cp-us", "cp500": "IBM500"}


def declared(part: str, doctype: str, encoding: str = "utf-8", *, before: str = "") -> bytes:
    """The small return with a document type in one part, which is encoded and says so. `before`: what stands before the type."""
    content = small_parts()[part]
    body = (content if isinstance(content, str) else content.decode()).partition("?>\n")
    text = f'<?xml version="1.0" encoding="{_LABELS.get(encoding, encoding)}"?>{before}{doctype}{body[2] or body[0]}'
    return with_parts({part: _encoded(text, encoding)})


def _encoded(text: str, encoding: str) -> bytes:
    """In UTF-7 every character that may be is written in base 64, so that no markup is in view; EBCDIC has no Chinese."""
    if encoding == "utf-7":
        head, end, rest = text.partition("?>")
        return (head + end).encode() + b"".join(b"+" + codecs.encode(one.encode("utf-16-be"), "base64").strip().rstrip(b"=") + b"-" for one in rest)
    return text.encode(encoding, "replace")


def types() -> Iterator[Hostile]:
    for label, part in _PARTS.items():
        for name, doctype in _DECLARED.items():
            yield Hostile(f"{name} in the {label}", lambda part=part, doctype=doctype: declared(part, doctype), "unsafe")  # type: ignore[misc] -- bound early
        for encoding in _ENCODINGS[1:]:
            yield Hostile(
                f"an entity bomb in {encoding} in the {label}",
                lambda part=part, encoding=encoding: declared(part, _DECLARED["an entity bomb"], encoding),  # type: ignore[misc] -- bound early
                "unsafe|damaged",
            )
    yield Hostile("a type behind a megabyte of comment", lambda: declared(_FIGURES, "<!DOCTYPE x>", before="<!-- " + "x" * 1_000_000 + " -->"), "unsafe")
    yield Hostile("a type behind a megabyte of blanks", lambda: declared(_FIGURES, "<!DOCTYPE x>", before=" \n" * 500_000), "unsafe")
    yield Hostile("a type in small letters", lambda: declared(_FIGURES, "<!doctype x>"), "damaged")
    yield Hostile("an entity nobody declared", lambda: small_return(sheet(figure_rows(heads="<v>&lol;</v>"))), "damaged")
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    yield Hostile("an inclusion", lambda: small_return(sheet(figure_rows(heads=f"<v>{include}</v>"))), RETURN, facts=no_passwords)
    style = '<?xml-stylesheet href="http://127.0.0.1:9/x.xsl" type="text/xsl"?>'
    yield Hostile("a style sheet", lambda: small_return(sheet(figure_rows()).replace("<worksheet", f"{style}<worksheet", 1)), RETURN, facts=reads_the_figure)


def endless() -> Iterator[Hostile]:
    yield Hostile("250000 deep in a cell", lambda: small_return(sheet(figure_rows(heads=deep()))), "damaged")
    yield Hostile("250000 deep before the rows", lambda: small_return(sheet(figure_rows(), before=deep())), "damaged|return")
    yield Hostile("250000 deep after the rows", lambda: small_return(sheet(figure_rows(), after=deep())), "damaged|return")
    yield Hostile("250000 deep in the strings", lambda: with_parts({"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si>{deep()}</si></sst>'}), "damaged")
    yield Hostile("250000 deep in the styles", lambda: with_parts({"xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{deep()}</styleSheet>'}), "damaged")
    yield Hostile("250000 deep in the workbook", lambda: with_parts({"xl/workbook.xml": f'<workbook xmlns="{MAIN}">{deep()}</workbook>'}), "damaged")
    yield Hostile("250000 deep without ends", lambda: small_return("<a>" * 250_000), "damaged")
    yield Hostile("300 deep", lambda: small_return(sheet(figure_rows(heads="<v>1</v>" + "<a>" * 300 + "</a>" * 300))), "damaged|return")
    yield Hostile("100000 attributes", lambda: small_return(sheet(figure_rows(attributes=wide(100_000, 'a{n}="1"')))), "damaged|return")
    yield Hostile("30000 name spaces", lambda: small_return(sheet(figure_rows(attributes=wide(30_000, 'xmlns:a{n}="u{n}"')))), "damaged|return")
    yield Hostile("a name of a million letters", lambda: small_return(sheet(figure_rows(heads=f"<{'v' * 1_000_000}/>"))), "damaged|return|too_large")
    yield Hostile("an attribute of 20 MB", lambda: small_return(sheet(figure_rows(attributes=f' x="{"1" * 20_000_000}"'))), "damaged|return|too_large")
    yield Hostile("a text of 20 MB", lambda: small_return(sheet(figure_rows('<row r="4">' + text_cell("F4", "一" * 7_000_000) + "</row>"))), "damaged|return|too_large")
    yield Hostile("a million comments", lambda: small_return(sheet(figure_rows(heads="<v>1</v>" + "<!---->" * 1_000_000))), "damaged|return|too_large")
    yield Hostile("a million instructions", lambda: small_return(sheet(figure_rows("<?x?>" * 1_000_000))), "damaged|return|too_large")
    yield Hostile("a million unknown elements", lambda: small_return(sheet(figure_rows(), after="<x/>" * 1_000_000)), "damaged|return|too_large")
    yield Hostile("a million empty rows", lambda: small_return(sheet(figure_rows("<row/>" * 1_000_000))), f"{RETURN}|too_large", facts=reads_the_figure)
    yield Hostile("half a million references", lambda: small_return(sheet(figure_rows(f'<row r="4">{text_cell("F4", "X")}</row>'.replace("X", "&#65;" * 500_000)))), RETURN)


def deep() -> str:
    return "<a>" * 250_000 + "</a>" * 250_000


def wide(count: int, one: str) -> str:
    return "".join(f" {one}".replace("{n}", str(n)) for n in range(count))


def lawful() -> Iterator[Hostile]:
    """XML as nobody writes it, which means what it means."""
    for name, cell in {
        "a comment within a figure": "<v>12<!-- not 99 -->34</v>",
        "a figure as character data": "<v><![CDATA[1234]]></v>",
        "a figure in references": "<v>&#49;&#x32;34</v>",
        "a figure with an instruction": "<v>12<?x?>34</v>",
        "a figure with a sign and an exponent": "<v>+1.234E+03</v>",
        "a figure with blanks around": "<v> 1234\n</v>",
    }.items():
        yield Hostile(name, lambda cell=cell: small_return(sheet(figure_rows(heads=cell))), RETURN, facts=reads_the_figure)  # type: ignore[misc] -- bound early
    prefixed = sheet(figure_rows()).replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    yield Hostile("every element with a prefix", lambda: small_return(prefixed), RETURN, facts=reads_the_figure)
    plain = sheet(figure_rows())
    for encoding in ("utf-16", "utf-8-sig", "gb18030", "utf-32"):
        body = plain.replace("UTF-8", _LABELS.get(encoding, encoding)).encode(encoding)
        yield Hostile(f"a lawful sheet in {encoding}", lambda body=body: small_return(body), f"{RETURN}|damaged", facts=reads_the_figure)  # type: ignore[misc] -- bound early
    nested = '<v>1234</v><c r="D2"><v>999</v></c>'
    yield Hostile("a cell within a cell", lambda: small_return(sheet(figure_rows(heads=nested))), RETURN, facts=reads_the_figure)
    yield Hostile("a sheet in no name space", lambda: small_return(sheet(figure_rows(), main="")), f"{RETURN}|{FOREIGN}")
    yield Hostile("a sheet that is HTML", lambda: small_return("<html><body>1</body></html>"), f"{RETURN}|{FOREIGN}")
    yield Hostile("a sheet that is empty", lambda: small_return(b""), f"damaged|{FOREIGN}|{RETURN}")
    yield Hostile("a sheet of nothing but zeros", lambda: small_return(bytes(1000)), f"damaged|unsafe|{FOREIGN}|{RETURN}")
    yield Hostile("a sheet with a zero in it", lambda: small_return(sheet(figure_rows(heads="<v>1\x00</v>"))), "damaged")
    yield Hostile("a sheet in broken UTF-8", lambda: small_return(sheet(figure_rows(heads="<v>1</v>")).encode().replace(b"A008", b"\xff\xfe\xc0")), "damaged")
    yield Hostile("a sheet in overlong UTF-8", lambda: small_return(sheet(figure_rows()).encode().replace(b"A008", b"A\xc0\xb008")), "damaged")
    yield Hostile("a surrogate in UTF-8", lambda: small_return(sheet(figure_rows()).encode().replace(b"A008", b"\xed\xa0\x80")), "damaged")


def astray() -> Iterator[Hostile]:
    """Relations that lead in circles, outside, or to parts of another kind."""

    def related(target: str, *, mode: str = "", kind: str = "worksheet") -> bytes:
        rels = str(small_parts()["xl/_rels/workbook.xml.rels"]).replace(
            f'Type="{OFFICE}/worksheet" Target="worksheets/sheet2.xml"', f'Type="{OFFICE}/{kind}" Target="{target}"{mode}'
        )
        return with_parts({"xl/_rels/workbook.xml.rels": rels})

    outside = ' TargetMode="External"'
    cases = {
        "an absolute target": ("/xl/worksheets/sheet2.xml", "", RETURN),
        "a target by backslashes": ("worksheets\\sheet2.xml", "", RETURN),
        "a target round about": ("../../../../xl/./worksheets/../worksheets/sheet2.xml", "", RETURN),
        "a target that is the workbook": ("workbook.xml", "", f"{FOREIGN}|{RETURN}"),
        "a target that is the relations": ("_rels/workbook.xml.rels", "", f"{FOREIGN}|{RETURN}"),
        "a target that is the strings": ("sharedStrings.xml", "", f"{FOREIGN}|{RETURN}"),
        "a target that is missing": ("worksheets/sheet9.xml", "", "damaged"),
        "a target on disk": ("file:///etc/passwd", "", "damaged"),
        "a target on disk, said to be outside": ("file:///etc/passwd", outside, f"{FOREIGN}|{RETURN}|damaged"),
        "a target on the net": ("http://127.0.0.1:9/x.xml", outside, f"{FOREIGN}|{RETURN}|damaged"),
        "a target of a megabyte": ("a/" * 500_000, "", "damaged"),
        "no target": ("", "", "damaged"),
    }
    for name, (target, mode, expect) in cases.items():
        yield Hostile(name, lambda target=target, mode=mode: related(target, mode=mode), expect)  # type: ignore[misc] -- bound early on purpose
    own = f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r" Type="{OFFICE}/officeDocument" Target="_rels/.rels"/></Relationships>'
    yield Hostile("a package that is its own workbook", lambda: with_parts({"_rels/.rels": own}), "damaged")
    for part in ("_rels/.rels", "[Content_Types].xml", "xl/styles.xml", "xl/sharedStrings.xml"):
        yield Hostile(f"without {part}", lambda part=part: with_parts({part: None}), f"{RETURN}|{FOREIGN}|not_workbook")  # type: ignore[misc] -- bound early
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels", _FIGURES):
        yield Hostile(f"without {part}", lambda part=part: with_parts({part: None}), "damaged|not_workbook")  # type: ignore[misc] -- bound early
    many = "".join(f'<sheet name="表{n}" sheetId="{n}" r:id="rId2"/>' for n in range(2000))
    book = str(small_parts()["xl/workbook.xml"])
    yield Hostile("2000 sheets that are one part", lambda: with_parts({"xl/workbook.xml": book.replace("</sheets>", f"{many}</sheets>")}), f"{RETURN}|too_large")
    yield Hostile(
        "2000 sheets that are one big part",
        lambda: with_parts({"xl/workbook.xml": book.replace("</sheets>", f"{many.replace('rId2', 'rId1')}</sheets>")}, cover=big()),
        "too_large",
        slow=True,
    )
    same = book.replace('name="一、组织建设"', 'name="封面"')
    yield Hostile("two sheets of one name", lambda: with_parts({"xl/workbook.xml": same}), RETURN, facts=both_sheets)
    yield Hostile("sheets without names", lambda: with_parts({"xl/workbook.xml": book.replace(' name="封面"', "").replace("一、组织建设", "")}), RETURN)
    yield Hostile("a sheet name of a megabyte", lambda: with_parts({"xl/workbook.xml": book.replace("一、组织建设", "长" * 350_000)}), RETURN)
    odd = book.replace("一、组织建设", "=cmd|&apos;/c calc&apos;!A0&#10;../..\\&lt;b&gt;{{7*7}}")
    yield Hostile("a sheet name that is an attack", lambda: with_parts({"xl/workbook.xml": odd}), RETURN)
    hidden = book.replace('name="一、组织建设"', 'name="一、组织建设" state="veryHidden"')
    yield Hostile("a very hidden sheet", lambda: with_parts({"xl/workbook.xml": hidden}), RETURN, facts=is_hidden)
    strict = "http://purl.oclc.org/ooxml"
    remade = {
        name: str(content).replace(MAIN, f"{strict}/spreadsheetml/main").replace(OFFICE, f"{strict}/officeDocument/relationships")
        for name, content in small_parts().items()
    }
    yield Hostile("a strict file", lambda: with_parts(remade), RETURN, facts=reads_the_figure)
    shuffled = sheet(cover_rows())
    yield Hostile("a cover that is every sheet", lambda: small_return(shuffled, cover=shuffled), f"{FOREIGN}|{RETURN}")


def big() -> str:
    return sheet("".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 60_000)))


def reads_the_figure(book: Workbook) -> None:
    assert book.sheets[1].cells[2, 4] == HEADS


def no_passwords(book: Workbook) -> None:
    assert not any("root:" in str(value) for one in book.sheets for value in one.cells.values())


def both_sheets(book: Workbook) -> None:
    assert [one.name for one in book.sheets] == ["封面", "封面"]
    reads_the_figure(book)


def is_hidden(book: Workbook) -> None:
    assert [one.hidden for one in book.sheets] == [False, True]


def markup() -> list[Hostile]:
    """All of this file."""
    return [*types(), *endless(), *lawful(), *astray()]
