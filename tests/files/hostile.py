"""Files that mean harm or came to harm, made by code: what one is, the small return it hides in, and zip archives that lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from parts import MAIN, OFFICE, zipped

from reconcile.files.raw import Workbook

RETURN, FOREIGN, SUMMARY = "return", "foreign", "summary"
UNIT, UNIT_NAME = "330102001", "柳林村工会"
HEADS = 1234
"""Employees (A008) of the small return: a figure that no other test file has."""

_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file. `expect`: what may become of it, RETURN, FOREIGN, SUMMARY or causes of UnreadableWorkbook, joined by `|`; where more
    than one is named, what the bytes are is not ours to decide. `facts` looks at the workbook that was read. `slow`: over a
    second. `deliver`: everything that is written about it is part of the danger."""

    name: str
    make: Callable[[], bytes]
    expect: str
    ending: str = ".xlsx"
    facts: Callable[[Workbook], None] | None = None
    slow: bool = False
    deliver: bool = False

    @property
    def alone(self) -> bool:
        """Whether it goes the whole road by itself, and not in company."""
        return self.slow or self.deliver

    @property
    def file(self) -> str:
        """A file name of its own."""
        return f"{self.name.replace(' ', '_').replace('/', '_')}{self.ending}"


def text_cell(address: str, text: str) -> str:
    """An inline string."""
    return f'<c r="{address}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def sheet(rows: str, *, before: str = "", after: str = "", main: str = MAIN) -> str:
    """A worksheet part around its rows."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<worksheet xmlns="{main}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def cover_rows(fields: Mapping[str, str] | None = None) -> str:
    """The rows of the cover; `fields` in place of, or beside, the usual ones."""
    usual = {"单位代码": UNIT, "单位名称": UNIT_NAME, "填报口径": "本级", "报告期": "2023年上半年", "填报日期": "2023-07-03", "填报人": "王某"}
    lines = {**usual, **(fields or {})}
    return "".join(
        f'<row r="{row}">{text_cell(f"A{row}", label)}{text_cell(f"B{row}", value)}</row>'
        for row, (label, value) in enumerate(lines.items(), start=1)
    )


def figure_rows(extra: str = "", *, heads: str = f"<v>{HEADS}</v>", attributes: str = "") -> str:
    """The coded rows: heading, employees, one more figure, then whatever the case adds from row 4 on. `heads`: inside the first figure's
    cell, whose attributes after the address are `attributes`."""
    heading = "".join(text_cell(f"{column}1", word) for column, word in zip("ABCDE", ("代码", "指标名称", "计量单位", "本期数", "说明"), strict=True))
    first = text_cell("A2", "A008") + text_cell("B2", "职工人数") + text_cell("C2", "人") + f'<c r="D2"{attributes}>{heads}</c>'
    second = text_cell("A3", "A009") + text_cell("B3", "女职工人数") + text_cell("C3", "人") + '<c r="D3"><v>34</v></c>'
    return f'<row r="1">{heading}</row><row r="2">{first}</row><row r="3">{second}</row>{extra}'


def small_parts(
    figures: str | bytes | None = None, *, cover: str | bytes | None = None, more: Mapping[str, str | bytes] | None = None, styles: str = ""
) -> dict[str, str | bytes]:
    """The parts of a small return: sheet1 is the cover, sheet2 the figures; `more` are further sheets by name, from sheet3 on."""
    sheets = {"封面": cover or sheet(cover_rows()), "一、组织建设": figures or sheet(figure_rows()), **(more or {})}
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, start=1))
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in range(1, len(sheets) + 1)
    )
    return {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr/><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{links}'
        f'<Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>甲</t></si></sst>',
        **{f"xl/worksheets/sheet{n}.xml": content for n, content in enumerate(sheets.values(), start=1)},
    }


def small_return(figures: str | bytes | None = None, **others: object) -> bytes:
    """The small return as a file; arguments as for `small_parts`."""
    return zipped(small_parts(figures, **others))  # type: ignore[arg-type] -- handed through as they came


def with_parts(changes: Mapping[str, str | bytes | None], **others: object) -> bytes:
    """The small return with some parts put in, replaced, or (None) left out."""
    parts: dict[str, str | bytes | None] = {**small_parts(**others), **changes}  # type: ignore[arg-type] -- handed through as they came
    return zipped({name: content for name, content in parts.items() if content is not None})


@dataclass(slots=True)
class Entry:
    """One entry of a zip archive as bytes, with everything that it may lie about. None: as it truly is."""

    name: bytes
    content: bytes
    method: int = 8
    flags: int = 0
    crc: int | None = None
    packed: int | None = None
    size: int | None = None
    offset: int | None = None
    local_name: bytes | None = None
    extra: bytes = b""
    raw: bytes | None = None  # what stands in the archive instead of the packed content


def archive(entries: Sequence[Entry], *, count: int | None = None, before: bytes = b"", comment: bytes = b"") -> bytes:
    """A zip archive of these entries; `count` is how many it claims to have."""
    out, directory = bytearray(before), bytearray()
    for entry in entries:
        packed = entry.raw if entry.raw is not None else _packed(entry)
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        sizes = (len(packed) if entry.packed is None else entry.packed, len(entry.content) if entry.size is None else entry.size)
        offset = len(out) if entry.offset is None else entry.offset
        local = entry.name if entry.local_name is None else entry.local_name
        if entry.offset is None:
            out += struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, entry.flags, entry.method, 0, 33, crc, *sizes, len(local), 0)
            out += local + packed
        directory += struct.pack(
            *("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, entry.flags, entry.method, 0, 33, crc, *sizes),
            *(len(entry.name), len(entry.extra), 0, 0, 0, 0, offset),
        )
        directory += entry.name + entry.extra
    claimed = (len(entries) if count is None else count) & 0xFFFF
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, claimed, claimed, len(directory), len(out), len(comment))
    return bytes(out + directory + end + comment)


def _packed(entry: Entry) -> bytes:
    if entry.method != 8:
        return entry.content
    press = zlib.compressobj(1, zlib.DEFLATED, -15)
    return press.compress(entry.content) + press.flush()


def entries_of(parts: Mapping[str, str | bytes]) -> list[Entry]:
    """Honest entries for the parts of a workbook."""
    return [Entry(name.encode(), content.encode() if isinstance(content, str) else content) for name, content in parts.items()]


def lying(part: str, **lies: object) -> bytes:
    """The small return with one entry that lies about itself."""
    entries = entries_of(small_parts())
    for entry in entries:
        if entry.name.decode() == part:
            for name, value in lies.items():
                setattr(entry, name, value)
    return archive(entries)


def zeros(size: int) -> bytes:
    """A deflated run of so many zero bytes, made without holding them."""
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(1 << 20)
    return b"".join([*(press.compress(block) for _ in range(size >> 20)), press.flush()])
