"""Read one worksheet part into a Sheet, by two ways that give the same.

The quick way is one strict pattern over the bytes, good for what Excel, WPS, LibreOffice and openpyxl write. It is accepted only when
what lies between the cells is nothing but row tags, so that no cell can be overlooked. Anything else is read by the parser, row by row.
"""

from __future__ import annotations

import io
import re

from lxml import etree

from reconcile.files.raw import Sheet, column_number
from reconcile.files.sheet_cells import REFERENCE, TRUE, Collector, Formula, Shared, stored_number, whole
from reconcile.files.xml import UnsafeMarkup, check_safe, decode_texts, is_plain_utf8, local

_MAIN = (b'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"', b'"http://purl.oclc.org/ooxml/spreadsheetml/main"')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3}+[0-9]{1,7}+)"(?: s="([0-9]{1,6}+)")?+(?: t="([a-zA-Z]++)")?+(?: cm="[0-9]++")?+'
    rb'(?:>(?:<v>([^<]*+)</v>|<is><t(?: xml:space="preserve")?+>([^<]*+)</t></is>'
    rb"|(<f(?: [^<>]*?)?(?:/>|>[^<]*+</f>))(?:<v>([^<]*+)</v>|(<v ?/>))?+|<v ?/>)?+</c>|/>)"
)
_GROUPS = 9  # what lies before a cell, and its eight groups
_BETWEEN = re.compile(rb'\s*+(?:<row(?: [A-Za-z0-9:]+="[^"<>]*")*+\s*+(?:/>|>\s*+</row>)\s*+)*+')
_ROW = re.compile(rb"<row ([^<>]*)>")
_ATTRIBUTE = re.compile(rb'([A-Za-z0-9:]+)="([^"<>]*)"')
_MERGES = re.compile(rb'<mergeCells[^<>]*>(?:\s*<mergeCell ref="[A-Z0-9:]+" ?/>)*+\s*</mergeCells>')
_MERGE = re.compile(rb'<mergeCell ref="([A-Z0-9:]+)"')
_COLUMN = re.compile(rb"<col ([^<>]*)/>")
_FORMULA = re.compile(rb"<f([^<>]*?)(?:/>|>([^<]*)</f>)")


class _Odd(Exception):  # noqa: N818 -- a signal between two functions of this module, not an error
    """The quick way does not cover this sheet."""


def read_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared) -> Sheet:
    """Read a worksheet part. Raises UnsafeMarkup or lxml.etree.XMLSyntaxError for parts that no reader should accept."""
    return scan_sheet(data, name=name, hidden=hidden, shared=shared) or parse_sheet(data, name=name, hidden=hidden, shared=shared)


def scan_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared) -> Sheet | None:
    """The quick way; None where it does not cover every byte of the sheet."""
    try:
        head, body, tail = _split(data)
        rows = _CELL.split(body)
        between = b"".join(rows[::_GROUPS])
        if _BETWEEN.fullmatch(between) is None:
            return None
        collector = Collector(name, hidden, shared)
        _scan_cells(rows, collector)
        if b"hidden" in between:
            _scan_hidden_rows(between, collector)
        _scan_columns(head, collector)
        if b"mergeCell" in tail:
            if _MERGES.search(tail) is None:
                return None
            collector.merges(ref.decode() for ref in _MERGE.findall(tail))
    except (_Odd, UnicodeDecodeError, etree.XMLSyntaxError):
        return None
    return collector.sheet()


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before, in and after the rows. Raises _Odd unless the part is plain UTF-8 in the default name space."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    start, end = data.find(b"<sheetData>"), data.rfind(b"</sheetData>")
    if start < 0 and data.count(b"<sheetData") == 1 and b"<sheetData/>" in data:
        start = end = data.find(b"<sheetData/>")
        head, body, tail = data[:start], b"", data[start + 12 :]
    elif start < 0 or end < start:
        raise _Odd
    else:
        head, body, tail = data[:start], data[start + 11 : end], data[end + 12 :]
    root = head[head.find(b"<worksheet ") :].partition(b">")[0]
    if not any(b"xmlns=" + space in root for space in _MAIN) or not tail.rstrip().endswith(b"</worksheet>"):
        raise _Odd
    if b"<!" in head or b"<!" in tail or not is_plain_utf8(data[:500]):
        raise _Odd
    return head, body, tail


def _scan_cells(rows: list[bytes], collector: Collector) -> None:
    """Take the cells out of the split rows. The common cases are decided here, for speed; the rest by the collector."""
    shared, cells, put = collector.shared, collector.cells, collector.put
    strings, addresses = shared.strings, shared.addresses
    written = shared.decode({inline for inline in rows[5::_GROUPS] if inline})
    formulas = _formulas({raw for raw in rows[6::_GROUPS] if raw is not None})
    count = len(strings)
    plain: set[bytes | None] = {b"%d" % style for style, form in enumerate(shared.formats) if form == "plain"}
    if not shared.formats or shared.formats[0] == "plain":
        plain.add(None)
    columns = zip(*(rows[group::_GROUPS] for group in range(1, _GROUPS)), strict=True)
    for reference, style, kind, value, inline, formula, result, empty in columns:
        if value is None and inline is None and formula is None:
            continue
        address = addresses.get(reference) or shared.address(reference)
        if value:
            if kind == b"s" and value.isdigit() and (index := int(value)) < count:
                if strings[index]:
                    cells[address] = strings[index]
                continue
            if style in plain and (kind is None or kind == b"n"):
                cells[address] = float(value) if value.isdigit() else stored_number(value)
                continue
        elif inline and kind == b"inlineStr":
            cells[address] = written[inline]
            continue
        if formula is not None:
            value = b"" if empty is not None else result  # noqa: PLW2901 -- a formula's result is its value
        text = inline if value is None else value
        put(
            address,
            kind=kind.decode() if kind else "n",
            style=int(style) if style else 0,
            text=None if text is None else _text(text),
            formula=None if formula is None else formulas[formula],
        )


def _text(raw: bytes) -> str:
    """Decode the text of one value or formula."""
    return decode_texts((raw,))[raw] if b"&" in raw else raw.decode()


def _formulas(raws: set[bytes]) -> dict[bytes, Formula]:
    """`f` elements: their text and, for shared formulas, the number of their group. All texts of a sheet are decoded in one go."""
    found = {raw: _FORMULA.fullmatch(raw) for raw in raws}
    parts = {raw: match.groups() for raw, match in found.items() if match is not None}
    if len(parts) < len(raws):
        raise _Odd
    texts = decode_texts({text or b"" for _, text in parts.values()})
    made = {}
    for raw, (markup, text) in parts.items():
        attributes = dict(_ATTRIBUTE.findall(markup)) if markup else {}
        group = _text(attributes.get(b"si", b"")) if attributes.get(b"t") == b"shared" else ""
        made[raw] = Formula(texts[text or b""], group)
    return made


def _scan_hidden_rows(between: bytes, collector: Collector) -> None:
    for raw in _ROW.findall(between):
        if b"hidden" not in raw:
            continue
        attributes = dict(_ATTRIBUTE.findall(raw))
        if attributes.get(b"hidden", b"0").decode() in TRUE:
            if not attributes.get(b"r", b"").isdigit():
                raise _Odd
            collector.hidden_rows.add(int(attributes[b"r"]))


def _scan_columns(head: bytes, collector: Collector) -> None:
    columns = head[head.find(b"<cols>") :] if b"<cols>" in head else b""
    if not columns and b"<cols" in head:
        raise _Odd
    if b"hidden" in columns:
        for raw in _COLUMN.findall(columns):
            attributes = {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(raw)}
            collector.column(attributes.get("min"), attributes.get("max"), attributes.get("hidden"))


def parse_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared) -> Sheet:
    """The sure way: every row through the parser, and freed once read, so that memory stays with the cells."""
    check_safe(data)
    collector = Collector(name, hidden, shared)
    row_number = 0
    events = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=("{*}row", "{*}mergeCell", "{*}col"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    for _, element in events:
        kind = local(element)
        parent = element.getparent()
        above = "" if parent is None else local(parent)
        if kind == "row" and above == "sheetData":
            row_number = whole(element.get("r")) or row_number + 1
            _parse_row(element, row_number, collector)
            element.clear()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
        elif kind == "mergeCell" and above == "mergeCells":
            collector.merges([element.get("ref", "")])
        elif kind == "col" and above == "cols":
            collector.column(element.get("min"), element.get("max"), element.get("hidden"))
    root = events.root
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise UnsafeMarkup
    return collector.sheet()


def string_item(item: etree._Element) -> str:
    """The text of an `si` or `is` element: runs joined, readings (phonetic runs) left out."""
    texts: list[str] = []
    for child in item:
        if local(child) == "t":
            texts.append(child.text or "")
        elif local(child) == "r":
            texts.extend(run.text or "" for run in child if local(run) == "t")
    return "".join(texts)


def _parse_row(row: etree._Element, number: int, collector: Collector) -> None:
    if row.get("hidden") in TRUE:
        collector.hidden_rows.add(number)
    column = 0
    for cell in row:
        if local(cell) != "c":
            continue
        found = REFERENCE.fullmatch(cell.get("r") or "")
        column = column_number(found[1].upper()) if found else column + 1
        text: str | None = None
        formula: Formula | None = None
        for part in cell:
            kind = local(part)
            if kind == "v":
                text = part.text or ""
            elif kind == "is":
                text = string_item(part)
            elif kind == "f":
                formula = Formula(part.text or "", part.get("si", "") if part.get("t") == "shared" else "")
        if text is not None or formula is not None:
            address = (int(found[2]) if found else number, column)
            collector.put(address, kind=cell.get("t", "n"), style=whole(cell.get("s")), text=text, formula=formula)
