"""Hostile archives: bombs, lies about sizes and places, too many entries, odd names, and files that are something else than they are called."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import xlwt
from hostile import (
    FOREIGN,
    HEADS,
    RETURN,
    Entry,
    Hostile,
    archive,
    cover_rows,
    entries_of,
    figure_rows,
    lying,
    sheet,
    small_parts,
    small_return,
    with_parts,
    zeros,
)
from parts import zipped

from reconcile.files.raw import Workbook

_FIGURES = "xl/worksheets/sheet2.xml"
_PARTS = ("_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/sharedStrings.xml", _FIGURES)
_BOMB = 200 << 20


def bomb(part: str) -> bytes:
    """A part that grows to 200 MB of zeros out of 200 KB."""
    raw = zeros(_BOMB)
    entries = [one for one in entries_of(small_parts()) if one.name.decode() != part]
    return archive([*entries, Entry(part.encode(), b"", raw=raw, packed=len(raw), size=_BOMB)])


def nested_bomb(*, ending: str) -> bytes:
    """A workbook's archive with sixteen archives in it, each of sixteen, each of a 16 MB file: 4 GB in 20 KB."""
    kernel = zipped({"0.xlsx": bytes(16 << 20)})
    middle = zipped({f"{n}{ending}": kernel for n in range(16)})
    return zipped({f"{n}{ending}": middle for n in range(16)})


def overlapping(*, claimed: int | None) -> bytes:
    """Four thousand entries that all are the same 50 MB of zeros (D. Fifield, "A better zip bomb", WOOT 2019); `claimed` is the size they say."""
    raw = zeros(50 << 20)
    first = Entry(b"0.xlsx", b"", raw=raw, packed=len(raw), size=50 << 20 if claimed is None else claimed)
    others = (
        Entry(b"%d.xlsx" % n, b"", raw=raw, packed=len(raw), size=50 << 20 if claimed is None else claimed, offset=0) for n in range(1, 4000)
    )
    return archive([first, *others])


def many_entries(count: int) -> bytes:
    return archive([*entries_of(small_parts()), *(Entry(b"xl/media/%d" % n, b"", method=0) for n in range(count))])


def huge_directory() -> bytes:
    """A directory of 1.4 million entries for one local header: a reader that lists them all needs a gigabyte."""
    entry = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    local = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 1, 0) + b"x"
    directory = entry * 1_400_000
    return local + directory + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory), len(local), 0)


def zip64(*, size: int | None = None) -> bytes:
    """Every entry with its sizes in the zip64 extra field; `size` is what they claim there."""
    entries = entries_of(small_parts())
    for one in entries:
        true = len(one.content)
        one.extra = struct.pack("<HHQ", 1, 8, true if size is None else size)
        one.size = 0xFFFFFFFF
    return archive(entries)


def doubled(name: str) -> bytes:
    """Two parts of one name: programs differ about which one counts, so that people would see another figure than the one totalled."""
    other = sheet(figure_rows(heads="<v>999999</v>")).encode()
    return archive([*entries_of(small_parts()), Entry(name.encode(), other)])


def method(number: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", number) as made:
        for name, content in small_parts().items():
            made.writestr(name, content)
    return buffer.getvalue()


def reads_the_figure(book: Workbook) -> None:
    assert book.sheets[1].cells[2, 4] == HEADS


def bombs() -> Iterator[Hostile]:
    for part in _PARTS:
        yield Hostile(f"bomb in {part}", lambda part=part: bomb(part), "too_large")  # type: ignore[misc] -- bound early on purpose
    yield Hostile("bomb in a picture", lambda: bomb("xl/media/image1.png"), RETURN, facts=reads_the_figure)
    yield Hostile("nested bomb called xlsx", lambda: nested_bomb(ending=".zip"), "not_workbook|too_large")
    yield Hostile("nested bomb of zip", lambda: nested_bomb(ending=".zip"), "not_workbook|too_large", ".zip")
    yield Hostile("nested bomb of xlsx", lambda: nested_bomb(ending=".xlsx"), "not_workbook|too_large", ".zip")
    yield Hostile("overlapping entries", lambda: overlapping(claimed=None), "too_large", ".zip")
    yield Hostile("overlapping entries that lie", lambda: overlapping(claimed=1000), "damaged|too_large", ".zip")
    yield Hostile("twelve inner archives of 160 MB", inner_archives, "too_large|damaged|not_workbook|empty", ".zip", slow=True)


def inner_archives() -> bytes:
    """Looking into each inner archive means inflating it: the sum must be bounded, not only each."""
    raw = zeros(160 << 20)
    return archive([Entry(b"%d.zip" % n, b"", raw=raw, packed=len(raw), size=160 << 20) for n in range(12)])


def lies() -> Iterator[Hostile]:
    told: tuple[tuple[str, dict[str, object], str], ...] = (
        ("size of nothing", {"size": 0}, RETURN),
        ("size of 4 GB", {"size": 0xFFFFFFFE}, RETURN),
        ("packed size of 4 GB", {"packed": 0xFFFFFFFE}, RETURN),
        ("packed size too small", {"packed": 10}, "damaged"),
        ("packed size of nothing", {"packed": 0}, "damaged"),
        ("wrong checksum", {"crc": 1}, "damaged"),
        ("offset behind the end", {"offset": 0x7FFFFFF0}, "damaged"),
        ("offset into another entry", {"offset": 5}, "damaged"),
        ("another name before the content", {"local_name": b"xl/evil.xml"}, RETURN),
        ("encrypted by its flag", {"flags": 1}, "encrypted"),
        ("strongly encrypted by its flag", {"flags": 0x41}, "encrypted"),
        ("unknown method", {"method": 99}, "damaged"),
        ("stored though it says deflated", {"raw": b"<worksheet/>", "method": 8}, "damaged"),
        ("extra field cut short", {"extra": b"\x01\x00\xff\xff12"}, f"{RETURN}|damaged"),
        ("zip64 extra field of one byte", {"extra": b"\x01\x00\x01\x001", "size": 0xFFFFFFFF}, "damaged"),
    )
    for name, how, expect in told:
        yield Hostile(f"lie, {name}", lambda how=how: lying(_FIGURES, **how), expect)  # type: ignore[misc] -- bound early on purpose
    yield Hostile("lie, 3 entries counted", lambda: archive(entries_of(small_parts()), count=3), RETURN)
    yield Hostile("lie, 60000 entries counted", lambda: archive(entries_of(small_parts()), count=60_000), RETURN)
    yield Hostile("zip64 true", zip64, RETURN, facts=reads_the_figure)
    yield Hostile("zip64 of 2^63 bytes", lambda: zip64(size=1 << 63), RETURN, facts=reads_the_figure)
    yield Hostile("60 KB before the archive", lambda: archive(entries_of(small_parts()), before=b"MZ" + bytes(60_000)), f"{RETURN}|not_workbook|damaged")
    yield Hostile("64 KB comment", lambda: archive(entries_of(small_parts()), comment=b"PK\x05\x06" * 16_000), f"{RETURN}|damaged|not_workbook")
    yield Hostile("two archives one after the other", lambda: small_return() * 2, f"{RETURN}|damaged")
    for name, number in (("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)):
        yield Hostile(f"method {name}", lambda number=number: method(number), "damaged")  # type: ignore[misc] -- bound early on purpose


def names() -> Iterator[Hostile]:
    yield Hostile("2001 entries", lambda: many_entries(2001), "too_large")
    yield Hostile("60000 entries", lambda: many_entries(60_000), "too_large", slow=True)
    yield Hostile("60000 entries called zip", lambda: many_entries(60_000), "too_large", ".zip", slow=True)
    yield Hostile("directory of 1.4 million", huge_directory, "too_large|damaged", slow=True)
    yield Hostile("directory of 1.4 million called zip", huge_directory, "too_large|damaged", ".zip", slow=True)
    yield Hostile("doubled sheet", lambda: doubled(_FIGURES), "damaged")
    yield Hostile("doubled sheet in capitals", lambda: doubled("XL/Worksheets/SHEET2.xml"), "damaged")
    yield Hostile("doubled sheet with a backslash", lambda: doubled(_FIGURES.replace("/", "\\")), "damaged")
    backslashed = {name.replace("/", "\\"): content for name, content in small_parts().items()}
    yield Hostile("backslashes in part names", lambda: zipped(backslashed), RETURN, facts=reads_the_figure)
    yield Hostile("part names in capitals", lambda: zipped({k.upper(): v for k, v in small_parts().items()}), RETURN, facts=reads_the_figure)
    yield Hostile("a name with NUL", lambda: archive([*entries_of(small_parts()), Entry(b"xl/a\x00b.xml", b"x")]), RETURN, facts=reads_the_figure)
    yield Hostile("names that climb out", lambda: with_parts({"../../../etc/cron.d/x": "x", "/etc/passwd": "x"}), RETURN, facts=reads_the_figure)
    yield Hostile("names in a zip that climb out", lambda: zipped({"../../甲.xlsx": small_return(), "C:\\乙.xlsx": small_return()}), RETURN, ".zip")
    yield Hostile("an empty name", lambda: archive([*entries_of(small_parts()), Entry(b"", b"x")]), RETURN, facts=reads_the_figure)
    yield Hostile("a name of 65000 bytes", lambda: archive([*entries_of(small_parts()), Entry(b"x" * 65_000, b"x")]), RETURN, facts=reads_the_figure)


def old_workbook() -> bytes:
    book = xlwt.Workbook()
    cover, figures = book.add_sheet("封面"), book.add_sheet("组织")
    for row, (label, value) in enumerate((("单位代码", "330102001"), ("报告期", "2023H1"), ("填报口径", "本级"))):
        cover.write(row, 0, label)
        cover.write(row, 1, value)
    for row, line in enumerate((("代码", "指标名称", "计量单位", "本期数"), ("A008", "职工人数", "人", HEADS))):
        for column, value in enumerate(line):
            figures.write(row, column, value)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def compound(*streams: str, tail: bytes = b"") -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + b"".join(one.encode("utf-16-le") for one in streams) + tail


def wrong_endings() -> Iterator[Hostile]:
    text = "代码,指标名称,本期数\nA008,职工人数,35\n"
    page = f"<html><table>{text}</table></html>"
    others: tuple[tuple[str, bytes, str, str], ...] = (
        ("html called xls", page.encode(), "html", ".xls"),
        ("html in gbk called xls", page.encode("gbk"), "html", ".xls"),
        ("html in utf-16 called xls", page.encode("utf-16"), "html", ".xls"),
        ("mhtml called xls", b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n" + page.encode(), "html", ".xls"),
        ("csv called xls", text.encode("gbk"), "text", ".xls"),
        ("csv in utf-8 called xlsx", text.encode("utf-8-sig"), "text", ".xlsx"),
        ("xml 2003 called xls", b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "other_format", ".xls"),
        ("xml with entities called xls", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "not_workbook|other_format", ".xls"),
        ("gzip called xlsx", gzip.compress(small_return()), "not_workbook", ".xlsx"),
        ("gzip bomb called xlsx", gzip.compress(bytes(30 << 20)), "not_workbook", ".xlsx"),
        ("7z called xlsx", b"7z\xbc\xaf'\x1c" + bytes(500), "not_workbook", ".xlsx"),
        ("rar called xlsx", b"Rar!\x1a\x07\x01\x00" + bytes(500), "not_workbook", ".xlsx"),
        ("pdf called xlsx", b"%PDF-1.7\n" + bytes(500), "not_workbook", ".xlsx"),
        ("png called xlsx", b"\x89PNG\r\n\x1a\n" + bytes(500), "not_workbook", ".xlsx"),
        ("docx called xlsx", zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}), "not_workbook", ".xlsx"),
        ("program called xlsx", b"MZ\x90\x00" + bytes(range(256)) * 20, "not_workbook", ".xlsx"),
        ("shell script called xlsx", b"#!/bin/sh\nrm -rf /\n", "text", ".xlsx"),
        ("link of Windows called xlsx", b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(200), "not_workbook|text|empty", ".xlsx"),
        ("nothing", b"", "empty", ".xlsx"),
        ("nothing but zeros", bytes(70_000), "empty", ".xlsx"),
        ("one byte", b"P", "text|not_workbook", ".xlsx"),
        ("PK alone", b"PK", "damaged", ".xlsx"),
        ("encrypted", compound("EncryptionInfo", "EncryptedPackage"), "encrypted", ".xlsx"),
        ("encrypted called xls", compound("EncryptedPackage"), "encrypted", ".xls"),
        ("word 97 called xls", compound("WordDocument"), "not_workbook", ".xls"),
        ("workbook in a broken compound file", compound("Workbook", tail=bytes(9000)), "damaged|not_workbook", ".xls"),
        ("random bytes behind a compound header", compound("Workbook", tail=zlib.compress(text.encode()) * 900), "damaged|not_workbook", ".xls"),
    )
    for name, data, expect, ending in others:
        yield Hostile(name, lambda data=data: data, expect, ending)  # type: ignore[misc] -- bound early on purpose
    yield Hostile("xlsx called xls", small_return, RETURN, ".xls", reads_the_figure)
    yield Hostile("xls called xlsx", old_workbook, RETURN, ".xlsx", lambda book: _is(book.kind, "xls"))
    yield Hostile("xls called txt", old_workbook, RETURN, ".txt", lambda book: _is(book.kind, "xls"))
    yield Hostile("a workbook of nothing of ours", lambda: with_parts({_FIGURES: sheet("")}, cover=sheet(cover_rows({"单位代码": ""}))), f"{FOREIGN}|{RETURN}")


def _is(seen: object, wanted: object) -> None:
    assert seen == wanted


def truncated(whole: bytes, *, step: int = 1024) -> list[bytes]:
    """The file cut at every `step` bytes, from nothing to one step short."""
    return [whole[:end] for end in range(0, len(whole), step)]


def archives() -> list[Hostile]:
    """All of this file."""
    return [*bombs(), *lies(), *names(), *wrong_endings()]
