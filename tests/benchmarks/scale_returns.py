"""Returns for the benchmark of scale: one six-sheet workbook as a template, then bytes replaced, so that 100,000 take minutes.

The workbook is what a town's own office would hand out: a cover, four sheets of figures by code, one of texts; some 700 filled cells, written
as Excel and WPS write them (UTF-8, shared strings). Every unit has its own code, name and figures, which keep every rule, so that the round
holds no open finding.
"""

from __future__ import annotations

import html
import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from reconcile.model.indicator import Kind
from reconcile.scheme.scheme import Scheme

CODE, NAME = "CODE00000000", "某某某某某某工会"
VILLAGES, TOWNS, COUNTIES = 50, 20, 10
"""Units below one: villages in a town, towns in a county, counties in a city."""

_SHEETS = (
    ("组织建设和维权", ("组织建设", "维护权益")),
    ("帮扶和建功", ("困难帮扶", "建功立业")),
    ("宣传和劳动安全", ("宣传与文化", "劳动安全")),
    ("法律和其他", ("法律与调解", "女职工、财务与服务")),
)
_HEADINGS = ("序号", "指标名称", "代码", "计量单位", "本期数", "说明")
_SLOT = 7_000_000  # the figure at place n of the template is _SLOT + n
_REFERENCE = re.compile(rb"&#(\d+);")
_XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_DOS_DAY = 0x56E5  # 2023-07-05


def figures(scheme: Scheme, number: int) -> dict[str, float]:
    """Figures of the village `number` by code: what a union of its size would count, every rule kept."""
    chance = random.Random(number)  # noqa: S311 -- figures for a benchmark
    members = 60 + int(chance.lognormvariate(5.5, 0.8))
    joined, left = chance.randint(2, 9), chance.randint(0, 2)
    workers = members + chance.randint(5, 60)
    women, migrants = int(workers * chance.uniform(0.3, 0.5)), int(workers * chance.uniform(0.2, 0.4))
    share = chance.uniform(0.8, 1) * members / workers
    named = {
        "基层工会数": 1,
        "涵盖单位数": 1,
        "职工人数": workers,
        "女职工人数": women,
        "农民工人数": migrants,
        "期初会员数": members - joined + left,
        "新增会员": joined,
        "减少会员": left,
        "会员人数": members,
        "女会员人数": int(women * share),
        "农民工会员数": int(migrants * share),
    }
    return {scheme.codes[name]: float(value) for name, value in named.items()}


class Template:
    """One filled workbook, ready to be made another unit's in a fraction of a millisecond: only parts that differ are packed again."""

    def __init__(self, scheme: Scheme, kind: str) -> None:
        self._scheme = scheme
        self._slots: dict[bytes, str] = {}
        parts = _parts(self._book(kind))
        slot = re.compile(rb"<v>(%d\d{3})</v>" % (_SLOT // 1000))
        self._fixed = {name: _packed(part) for name, part in parts.items() if not slot.search(part) and CODE.encode() not in part}
        self._open = {name: _pieces(part, slot) for name, part in parts.items() if name not in self._fixed}

    def _book(self, kind: str) -> Workbook:
        book = Workbook()
        cover = book.worksheets[0]
        cover.title = "封面"
        _cover(cover)
        held = {section for _, sections in _SHEETS for section in sections}
        asked = list(self._scheme.asked_of(kind))
        if {one.section for one in asked} - held - {"文字材料"}:
            raise SystemExit(f"a section has no sheet: {sorted({one.section for one in asked} - held)}")
        for title, sections in _SHEETS:
            rows = [one for one in asked if one.section in sections and one.kind is not Kind.TEXT]
            self._sheet(book, title, rows)
        texts = book.create_sheet("文字材料")
        for column, heading in enumerate(("代码", "材料名称", "内容"), 1):
            texts.cell(1, column, heading).font = Font(bold=True)
        for row, one in enumerate((one for one in asked if one.kind is Kind.TEXT), 2):
            for column, written in enumerate((one.code, one.name, ""), 1):
                texts.cell(row, column, written or None).alignment = Alignment(wrap_text=True)
        return book

    def _sheet(self, book: Workbook, title: str, rows: Sequence[object]) -> None:
        sheet = book.create_sheet(title)
        line = Border(*(Side(style="thin"),) * 4)
        sheet.cell(1, 1, title).font = Font(name="黑体", size=16)
        sheet.merge_cells("A1:F1")
        for column, heading in enumerate(_HEADINGS, 1):
            cell = sheet.cell(2, column, heading)
            cell.font, cell.border, cell.fill = Font(bold=True), line, PatternFill("solid", "FFEEEEEE")
        for row, one in enumerate(rows, 3):
            written: list[object] = [row - 2, one.name, one.code, one.measure]  # type: ignore[attr-defined]  # an Indicator
            if one.kind in (Kind.FLOW, Kind.STOCK) and not one.formula:  # type: ignore[attr-defined]  # an Indicator
                slot = _SLOT + len(self._slots)
                self._slots[str(slot).encode()] = one.code  # type: ignore[attr-defined]  # an Indicator
                written.append(slot)
            for column in range(1, len(_HEADINGS) + 1):
                cell = sheet.cell(row, column, written[column - 1] if column <= len(written) else None)
                cell.border = line
        sheet.column_dimensions["B"].width = 40

    def filled(self, code: str, name: str, figures: Mapping[str, float]) -> bytes:
        """The workbook of one unit: its code, name and figures; 0 where none is given."""
        words = {CODE.encode(): code.encode(), NAME.encode(): name.encode()}
        made = dict(self._fixed)
        for part, pieces in self._open.items():
            again = list(pieces)
            again[1::2] = [words.get(piece) or b"<v>%d</v>" % int(figures.get(self._slots[piece[3:-4]], 0)) for piece in pieces[1::2]]
            made[part] = _packed(b"".join(again))
        return _archive(made)


def _cover(cover: object) -> None:
    """Fields as label and value, the way the reader finds them on any form."""
    fields = (
        ("工会工作半年报", None),
        ("单位代码", CODE),
        ("单位名称", NAME),
        ("填报口径", "本级"),
        ("报告期", "2023H1"),
        ("填报日期", "2023-07-05"),
        ("填报人", "测算员"),
        ("单位负责人", "测算主席"),
    )
    for row, (label, value) in enumerate(fields, 1):
        cover.cell(row, 1, label)  # type: ignore[attr-defined]  # a worksheet
        cover.cell(row, 2, value)  # type: ignore[attr-defined]  # a worksheet


def _parts(book: Workbook) -> dict[str, bytes]:
    """The parts as Excel would have written them: texts in a table of shared strings, nothing declared that goes without saying."""
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        parts = {info.filename: _plain(archive.read(info)) for info in archive.infolist()}
    texts: dict[bytes, int] = {}

    def shared(found: re.Match[bytes]) -> bytes:
        return b'%s t="s"><v>%d</v></c>' % (found[1], texts.setdefault(found[2], len(texts)))

    for name, written in parts.items():
        if name.startswith("xl/worksheets/"):
            part = re.sub(rb'(<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?) t="inlineStr"><is><t>([^<]*)</t></is></c>', shared, written)
            parts[name] = part.replace(b' t="n"></c>', b"/>").replace(b' t="n">', b">")
    if any(b"inlineStr" in part for part in parts.values()):
        raise SystemExit("a text stayed inline")
    items = b"".join(b"<si><t>%s</t></si>" % text for text in texts)
    parts["xl/sharedStrings.xml"] = b'%s<sst xmlns="%s" count="%d" uniqueCount="%d">%s</sst>' % (_XML, _MAIN, len(texts), len(texts), items)
    relation = b'<Relationship Id="rIdTexts" Type="%s" Target="sharedStrings.xml"/></Relationships>' % _RELATION
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", relation)
    declared = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % _TYPE
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", declared)
    return parts


def _plain(part: bytes) -> bytes:
    """openpyxl writes Chinese characters as references; Excel and WPS write them as they are."""
    return _REFERENCE.sub(lambda found: html.unescape(found[0].decode()).encode(), part)


def _pieces(part: bytes, slot: re.Pattern[bytes]) -> list[bytes]:
    """The part cut at what differs between units, which stands at the odd places."""
    return re.split(rb"(%s|%s|%s)" % (CODE.encode(), NAME.encode(), slot.pattern.replace(b"(", b"(?:")), part)


def _packed(part: bytes) -> tuple[int, int, bytes]:
    """Checksum, size and packed bytes of a part."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return zlib.crc32(part), len(part), packer.compress(part) + packer.flush()


def _archive(parts: Mapping[str, tuple[int, int, bytes]]) -> bytes:
    """A zip archive of packed parts (APPNOTE 4.3.7, 4.3.12, 4.3.16)."""
    bodies, directory, at = [], [], 0
    for name, (crc, size, packed) in parts.items():
        written = name.encode()
        facts = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, _DOS_DAY, crc, len(packed), size, len(written), 0)
        bodies += [b"PK\x03\x04", facts, written, packed]
        directory += [b"PK\x01\x02", struct.pack("<H", 20), facts, struct.pack("<HHHII", 0, 0, 0, 0, at), written]
        at += 4 + len(facts) + len(written) + len(packed)
    listed = b"".join(directory)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(listed), at, 0)
    return b"".join((*bodies, listed, end))


def tree(count: int) -> Iterator[tuple[str, str, str, str]]:
    """Code, name, kind and parent of every unit above and of `count` villages: towns of 50, counties of 20 towns, cities of 10 counties."""
    towns = -(-count // VILLAGES)
    counties = -(-towns // TOWNS)
    cities = -(-counties // COUNTIES)
    top = ""
    if cities > 1:
        top = "P"
        yield "P", "测算省总工会", "县（市、区）", ""
    for city in range(cities if counties > 1 else 0):
        yield f"S{city:02d}", f"第{city + 1}测算市总工会", "县（市、区）", top
    for county in range(counties):
        yield f"X{county:03d}", f"第{county + 1}测算县总工会", "县（市、区）", f"S{county // COUNTIES:02d}" if counties > 1 else ""
    for town in range(towns):
        yield f"T{town:05d}", f"第{town + 1}测算镇总工会", "乡镇（街道）", f"X{town // TOWNS:03d}"
    for village in range(count):
        yield village_code(village), f"测算第{village + 1}村工会", "村", f"T{village // VILLAGES:05d}"


def village_code(number: int) -> str:
    """Code of a village."""
    return f"U{number:08d}"


def make(folder: Path, count: int, scheme: Scheme) -> None:
    """`count` returns in a folder per county and town, and their table of units (towns and above send none)."""
    template = Template(scheme, "village")
    lines = ["单位代码,单位名称,单位类型,上级代码,成立日期"]
    for code, name, kind, parent in tree(count):
        lines.append(f"{code},{name},{kind},{parent},{'' if kind == '村' else '2023-07-01'}")
    for number in range(count):
        town = number // VILLAGES
        at = folder / f"{town // TOWNS:03d}" / f"{town:05d}"
        if number % VILLAGES == 0:
            at.mkdir(parents=True, exist_ok=True)
        code = village_code(number)
        (at / f"{code}.xlsx").write_bytes(template.filled(code, f"测算第{number + 1}村工会", figures(scheme, number)))
    (folder / "units.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
