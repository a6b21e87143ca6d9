"""Read one worksheet part into a Sheet, by two ways that give the same.

The quick way is one strict pattern over the bytes, good for what Excel, WPS, LibreOffice and openpyxl write. It is accepted only when
what lies between the cells is nothing but row tags, so that no cell can be overlooked. Anything else is read by the parser, row by row.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite

from lxml import etree

from reconcile.files.number_format import FormatKind
from reconcile.files.raw import Address, CellDate, CellError, Percent, Range, Raw, Sheet, Uncomputed, column_number
from reconcile.files.shared_formula import shift_formula
from reconcile.files.xml import UnsafeMarkup, check_safe, decode_texts, is_plain_utf8, local, unescape_excel

DAYS_TO_1904 = 1462  # serial of 1904-01-01 in the 1900 system

_MAIN = (b'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"', b'"http://purl.oclc.org/ooxml/spreadsheetml/main"')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3}+[0-9]{1,7}+)"(?: s="([0-9]{1,6}+)")?+(?: t="([a-zA-Z]++)")?+(?: cm="[0-9]++")?+'
    rb'(?:>(?:<v>([^<]*+)</v>|<is><t(?: xml:space="preserve")?+>([^<]*+)</t></is>'
    rb"|(<f(?: [^<>]*+)?+(?:/>|>[^<]*+</f>))(?:<v>([^<]*+)</v>|(<v ?/>))?+|<v ?/>)?+</c>|/>)"
)
_GROUPS = 9  # what lies before a cell, and its eight groups
_BETWEEN = re.compile(rb'(?:<row(?: [A-Za-z0-9:]+="[^"<>]*")*+\s*+/?>|</row>|\s++)*+')
_ROW = re.compile(rb"<row ([^<>]*)>")
_ATTRIBUTE = re.compile(rb'([A-Za-z0-9:]+)="([^"<>]*)"')
_MERGES = re.compile(rb'<mergeCells[^<>]*>(?:\s*<mergeCell ref="[A-Z0-9:]+" ?/>)*+\s*</mergeCells>')
_MERGE = re.compile(rb'<mergeCell ref="([A-Z0-9:]+)"')
_COLUMN = re.compile(rb"<col ([^<>]*)/>")
_FORMULA = re.compile(rb"<f([^<>]*?)(?:/>|>([^<]*)</f>)")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_TRUE = ("1", "true")


class _Odd(Exception):  # noqa: N818 -- a signal between two functions of this module, not an error
    """The quick way does not cover this sheet."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all sheets of a workbook share: strings, what each cell style makes of a number, the epoch."""

    strings: list[str]
    formats: list[FormatKind]
    epoch1904: bool
    written: dict[bytes, str] = field(default_factory=dict)
    inline: dict[str, str] = field(default_factory=dict)
    addresses: dict[bytes, Address] = field(default_factory=dict)

    def address(self, reference: bytes) -> Address:
        """The address in a reference of capital letters and digits; the same object for the same reference."""
        letters = reference.rstrip(b"0123456789")
        found = self.addresses[reference] = (int(reference[len(letters) :]), column_number(letters.decode()))
        return found

    def once(self, text: str) -> str:
        """The same string object for the same text."""
        return self.inline.setdefault(text, text)

    def decode(self, pieces: set[bytes]) -> dict[bytes, str]:
        """Inline strings by their bytes; what was met in an earlier sheet is not decoded again."""
        new = pieces - self.written.keys()
        if new:
            self.written.update((piece, self.once(unescape_excel(text))) for piece, text in decode_texts(new).items())
        return self.written


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
        collector = _Collector(name, hidden, shared)
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


def _scan_cells(rows: list[bytes], collector: _Collector) -> None:
    """Take the cells out of the split rows. The common cases are decided here, for speed; the rest by the collector."""
    shared, cells, put = collector.shared, collector.cells, collector.put
    strings, addresses = shared.strings, shared.addresses
    written = shared.decode({inline for inline in rows[5::_GROUPS] if inline})
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
                cells[address] = float(value) if value.isdigit() else _number(value)
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
            formula=None if formula is None else _formula(formula),
        )


def _text(raw: bytes) -> str:
    """Decode the text of one value or formula."""
    return decode_texts((raw,))[raw] if b"&" in raw else raw.decode()


def _formula(raw: bytes) -> _Formula:
    """An `f` element: its text and, for shared formulas, the number of its group."""
    found = _FORMULA.fullmatch(raw)
    if found is None:
        raise _Odd
    attributes = dict(_ATTRIBUTE.findall(found[1])) if found[1] else {}
    return _Formula(_text(found[2] or b""), _text(attributes.get(b"si", b"")) if attributes.get(b"t") == b"shared" else "")


def _scan_hidden_rows(between: bytes, collector: _Collector) -> None:
    for raw in _ROW.findall(between):
        if b"hidden" not in raw:
            continue
        attributes = dict(_ATTRIBUTE.findall(raw))
        if attributes.get(b"hidden", b"0").decode() in _TRUE:
            if not attributes.get(b"r", b"").isdigit():
                raise _Odd
            collector.hidden_rows.add(int(attributes[b"r"]))


def _scan_columns(head: bytes, collector: _Collector) -> None:
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
    collector = _Collector(name, hidden, shared)
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
            row_number = _whole(element.get("r")) or row_number + 1
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


def _parse_row(row: etree._Element, number: int, collector: _Collector) -> None:
    if row.get("hidden") in _TRUE:
        collector.hidden_rows.add(number)
    column = 0
    for cell in row:
        if local(cell) != "c":
            continue
        found = _REFERENCE.fullmatch(cell.get("r") or "")
        column = column_number(found[1].upper()) if found else column + 1
        text: str | None = None
        formula: _Formula | None = None
        for part in cell:
            kind = local(part)
            if kind == "v":
                text = part.text or ""
            elif kind == "is":
                text = string_item(part)
            elif kind == "f":
                formula = _Formula(part.text or "", part.get("si", "") if part.get("t") == "shared" else "")
        if text is not None or formula is not None:
            address = (int(found[2]) if found else number, column)
            collector.put(address, kind=cell.get("t", "n"), style=_whole(cell.get("s")), text=text, formula=formula)


@dataclass(frozen=True, slots=True)
class _Formula:
    """The text of a formula; `group` names the shared formula it belongs to. Only the first cell of a group carries the text."""

    text: str
    group: str


class _Collector:
    """Turns what was found in a sheet into a Sheet; both ways end here."""

    def __init__(self, name: str, hidden: bool, shared: Shared) -> None:
        self.name = name
        self.hidden = hidden
        self.shared = shared
        self.cells: dict[Address, Raw] = {}
        self.formulas: dict[Address, str] = {}
        self.merged: list[Range] = []
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.groups: dict[str, tuple[Address, str]] = {}

    def put(self, address: Address, *, kind: str, style: int, text: str | None, formula: _Formula | None) -> None:
        """Keep one cell. A cell without text and formula stays out; a formula without a stored result is Uncomputed."""
        if formula is not None:
            written = self._written(address, formula)
            self.formulas[address] = written
            if text is None or (text == "" and kind != "str"):
                self.cells[address] = Uncomputed(written)
                return
        if text is None or (text == "" and formula is None):
            return
        value = self._value(kind, style, text)
        if value != "" or formula is not None:
            self.cells[address] = value

    def _written(self, address: Address, formula: _Formula) -> str:
        """The formula as Excel shows it in this cell."""
        if not formula.group:
            return formula.text
        if formula.text:
            self.groups.setdefault(formula.group, (address, formula.text))
            return formula.text
        if formula.group not in self.groups:
            return ""
        (row, column), text = self.groups[formula.group]
        return shift_formula(text, down=address[0] - row, right=address[1] - column)

    def _value(self, kind: str, style: int, text: str) -> Raw:
        """The value of one cell by its declared type."""
        value: Raw
        if kind == "s":
            index = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
            # A text that the file lost is an error in this cell, not in the whole return.
            value = self.shared.strings[index] if 0 <= index < len(self.shared.strings) else CellError("#文字丢失")
        elif kind in ("str", "inlineStr"):
            value = self.shared.once(unescape_excel(text))
        elif kind == "b":
            value = text.strip() in _TRUE
        elif kind == "e":
            value = CellError(text)
        elif kind == "d":
            value = _iso_date(text)
        else:
            value = self._shown(_number(text.encode()), style)
        return value

    def _shown(self, number: Raw, style: int) -> Raw:
        """A number as its format shows it: plain, date or percentage."""
        form = self.shared.formats[style] if 0 <= style < len(self.shared.formats) else "plain"
        if not isinstance(number, float) or form == "plain":
            return number
        if form == "percent":
            return Percent(number)
        return CellDate(number + DAYS_TO_1904 if self.shared.epoch1904 else number)

    def merges(self, references: Iterable[str]) -> None:
        """Keep merged ranges; what is no range is left out, for merging changes how a sheet looks, not what it says."""
        for reference in references:
            corners = [_REFERENCE.fullmatch(corner) for corner in reference.split(":")]
            ends = [(int(corner[2]), column_number(corner[1].upper())) for corner in corners if corner is not None]
            if ends and len(ends) == len(corners):
                self.merged.append(Range(*min(ends), *max(ends)))

    def column(self, first: str | None, last: str | None, hidden: str | None) -> None:
        """Keep hidden columns."""
        if hidden in _TRUE:
            self.hidden_columns.update(range(max(_whole(first), 1), min(_whole(last), 16384) + 1))

    def sheet(self) -> Sheet:
        """The sheet as collected."""
        return Sheet(
            name=self.name,
            hidden=self.hidden,
            cells=self.cells,
            formulas=self.formulas,
            merged=tuple(self.merged),
            hidden_rows=frozenset(self.hidden_rows),
            hidden_columns=frozenset(self.hidden_columns),
        )


def _number(text: bytes) -> Raw:
    """A stored number; the text itself where it is none (NaN, digits with underscores), for someone to look at."""
    try:
        value = float(text)
    except ValueError:
        return text.decode()
    return value if isfinite(value) and b"_" not in text else text.decode()


def _iso_date(text: str) -> Raw:
    """A date cell in ISO 8601 (t="d"), which always means the 1900 system here."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return text
    return CellDate((moment - datetime(1899, 12, 30)).total_seconds() / 86400)


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else 0
