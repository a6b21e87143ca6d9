"""The quick way through a worksheet part: one strict pattern over the bytes, good for what Excel, WPS, LibreOffice and openpyxl write.

It is accepted only when what lies between the cells is nothing but row tags, so that no cell can be overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from reconcile.files.raw import Range, Raw, Sheet
from reconcile.files.sheet_cells import (
    MAX_MERGED,
    TRUE,
    Collector,
    Formula,
    Shared,
    read_merges,
    stored_number,
    too_many_merged,
)
from reconcile.files.xml import decode_texts, is_plain_utf8, local, parse

OPENING = rb'<c r="([A-Z]{1,3}+[0-9]{1,7}+)"(?: s="([0-9]{1,6}+)")?+(?: t="([a-zA-Z]++)")?+(?: cm="[0-9]++")?+'
FORMULA = rb'<f(?: (?:xml:space|[A-Za-z0-9]++)="[A-Za-z0-9.:$, -]*+")*+ ?(?:/>|>[^<]*+</f>)'
CELL = re.compile(
    OPENING + rb'(?:>(?:<v>([^<]*+)</v>|<is><t(?: xml:space="preserve")?+>([^<]*+)</t></is>'
    rb"|(" + FORMULA + rb")(?:<v>([^<]*+)</v>|(<v ?/>))?+|<v ?/>)?+</c>|/>)"
)
PREFIX, PREFIX_NAME = b"x14ac:", "x14ac"
LONG = 10  # digits from which on a number is looked at twice
GROUPS = 9  # what lies before a cell, and its eight groups
A_CELL = b"<c/>"
"""Stands for a cell in what lies between the cells: without it, the two halves of a broken tag could join over a cell."""

_MAIN = (b'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"', b'"http://purl.oclc.org/ooxml/spreadsheetml/main"')
_ROWS = re.compile(
    rb'[ \t\n]*+(?:<row(?: (?:[A-Za-z]++|x14ac:dyDescent)="[A-Za-z0-9.:, -]*+")*+ ?'
    rb"(?:/>|>[ \t\n]*+(?:<c/>[ \t\n]*+)*+</row>)[ \t\n]*+)*+"
)
_ROW = re.compile(rb"<row ([^<>]*)>")
_ATTRIBUTE = re.compile(rb'([A-Za-z0-9:]+)="([^"<>]*)"')
_FORMULA = re.compile(rb"<f([^<>]*?)(?:/>|>([^<]*)</f>)")
_LONGEST_FRAME = 4 << 20  # bytes around the rows; the parser makes a tree of them
_SLAB = 4 << 20  # bytes of rows that are split into cells at once, so that memory stays with the cells that hold something


class Odd(Exception):  # noqa: N818 -- a signal between the functions of the quick way, not an error
    """The quick way does not cover this sheet."""


def scan_sheet(data: bytes, *, name: str, hidden: bool, shared: Shared) -> Sheet | None:
    """The whole sheet at once; None where the pattern does not cover every byte of it."""
    try:
        head, body, tail = split_sheet(data)
        frame = read_frame(head, tail)
        collector = Collector(name, hidden, shared)
        collector.hidden_columns.update(frame.hidden_columns)
        collector.merged.extend(frame.merged)
        for slab in _slabs(body):
            rows = CELL.split(slab)
            between = A_CELL.join(rows[::GROUPS])
            if not only_rows(between):
                return None
            _scan_cells(rows, collector)
            collector.check_room()
            collector.hidden_rows.update(hidden_rows(between))
            if not frame.prefix and PREFIX in between:
                return None
    except (Odd, UnicodeDecodeError, etree.XMLSyntaxError):
        return None
    return collector.sheet()


def split_sheet(data: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before, in and after the rows, ends of lines as the standard reads them. Raises Odd where no rows are to be found."""
    start, end = data.find(b"<sheetData>"), data.rfind(b"</sheetData>")
    if start < 0 and data.count(b"<sheetData") == 1 and b"<sheetData/>" in data:
        start = data.find(b"<sheetData/>")
        return with_plain_lines(data[:start]), b"", with_plain_lines(data[start + 12 :])
    if start < 0 or end < start:
        raise Odd
    return with_plain_lines(data[:start]), with_plain_lines(data[start + 11 : end]), with_plain_lines(data[end + 12 :])


def with_plain_lines(data: bytes) -> bytes:
    """The same with the ends of lines that a parser would hand on."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def only_rows(between: bytes) -> bool:
    """Whether what lies between the cells (each of which `A_CELL` stands for) is nothing but rows, no attribute of which stands twice."""
    if _ROWS.fullmatch(between) is None:
        return False
    met = {tuple(raw.split(b'"')[::2]) for raw in _ROW.findall(between)}
    return all(len(set(names)) == len(names) for names in met)


def hidden_rows(between: bytes) -> set[int]:
    """The hidden rows by their tags. Raises Odd for one that does not say its number."""
    hidden: set[int] = set()
    for raw in _ROW.findall(between) if b"hidden" in between else ():
        if b"hidden" not in raw:
            continue
        attributes = dict(_ATTRIBUTE.findall(raw))
        if attributes.get(b"hidden", b"0").decode() in TRUE:
            if not 0 < len(attributes.get(b"r", b"")) < LONG or not attributes[b"r"].isdigit():
                raise Odd
            hidden.add(int(attributes[b"r"]))
    return hidden


class Frame(NamedTuple):
    """What stands around the rows. `prefix`: rows may bear attributes with Excel's own prefix, which the sheet declares."""

    hidden_columns: frozenset[int]
    merged: tuple[Range, ...]
    prefix: bool


def read_frame(head: bytes, tail: bytes) -> Frame:
    """What stands before and after the rows, by the parser.

    Raises Odd unless that is plain UTF-8 in the default name space without comments; lxml.etree.XMLSyntaxError; over a cap
    UnreadableWorkbook.
    """
    root = head[head.find(b"<worksheet ") :].partition(b">")[0]
    if not any(b"xmlns=" + space in root for space in _MAIN) or not is_plain_utf8(head[:500]):
        raise Odd
    if b"<!" in head or b"<!" in tail or len(head) + len(tail) > _LONGEST_FRAME:
        raise Odd
    if tail.count(b"<mergeCell ") > MAX_MERGED:
        raise too_many_merged()
    collector = Collector("", False, Shared((), (), epoch1904=False))
    tree = parse(head + b"<sheetData/>" + tail)
    for element in tree.iter("{*}row", "{*}col", "{*}mergeCell"):
        kind, parent = local(element), element.getparent()
        above = "" if parent is None else local(parent)
        if kind == "row":
            raise Odd
        if kind == "mergeCell" and above == "mergeCells":
            collector.merged.extend(read_merges([element.get("ref", "")]))
        elif kind == "col" and above == "cols":
            collector.column(element.get("min"), element.get("max"), element.get("hidden"))
    return Frame(frozenset(collector.hidden_columns), tuple(collector.merged), PREFIX_NAME in tree.nsmap)


def _slabs(body: bytes) -> Iterator[bytes]:
    """The rows, some megabytes at a time."""
    start = 0
    while len(body) - start > _SLAB:
        end = body.rfind(b"</row>", start, start + _SLAB)
        if end < 0:
            break
        yield body[start : end + 6]
        start = end + 6
    yield body[start:] if start else body


def _scan_cells(rows: list[bytes], collector: Collector) -> None:
    """Take the cells out of the split rows. The common cases are decided here, for speed; the rest by the collector."""
    shared, cells, put = collector.shared, collector.cells, collector.put
    strings, addresses, plain = shared.strings, shared.addresses, shared.plain
    written = shared.decode({inline for inline in rows[5::GROUPS] if inline})
    formulas = read_formulas({raw for raw in rows[6::GROUPS] if raw is not None})
    count = len(strings)
    columns = zip(*(rows[group::GROUPS] for group in range(1, GROUPS)), strict=True)
    for reference, style, kind, value, inline, formula, result, empty in columns:
        if value is None and inline is None and formula is None:
            continue
        address = addresses.get(reference) or shared.address(reference)
        if value:
            if kind == b"s" and len(value) < LONG and value.isdigit() and (index := int(value)) < count:
                if strings[index]:
                    cells[address] = strings[index]
                continue
            if (kind is None or kind == b"n") and (int(style) if style else 0) in plain:
                cells[address] = float(value) if len(value) < LONG and value.isdigit() else quick_number(value)
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
            text=None if text is None else plain_text(text),
            formula=None if formula is None else formulas[formula],
        )


def quick_number(value: bytes) -> Raw:
    """A stored number, or the text of what is none. Raises Odd for references, UnicodeDecodeError for what is not allowed in XML."""
    number = stored_number(value)
    if isinstance(number, float):
        return number
    if b"&" in value:
        raise Odd
    return plain_text(value)


def plain_text(raw: bytes) -> str:
    """Decode the text of one value or formula."""
    return decode_texts((raw,))[raw]


def read_formulas(raws: set[bytes]) -> dict[bytes, Formula]:
    """`f` elements: their text and, for shared formulas, the number of their group. All texts are decoded in one go. Raises Odd."""
    found = {raw: _FORMULA.fullmatch(raw) for raw in raws}
    parts = {raw: match.groups() for raw, match in found.items() if match is not None}
    if len(parts) < len(raws):
        raise Odd
    texts = decode_texts({text or b"" for _, text in parts.values()})
    made = {}
    for raw, (markup, text) in parts.items():
        named = _ATTRIBUTE.findall(markup)
        attributes = dict(named)
        if len(attributes) < len(named):
            raise Odd
        group = plain_text(attributes.get(b"si", b"")) if attributes.get(b"t") == b"shared" else ""
        made[raw] = Formula(texts[text or b""], group)
    return made
