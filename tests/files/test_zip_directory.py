"""The directory of an archive by the short way is the one that zipfile reads; whatever is odd is left to zipfile."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.files import zip_directory as module
from reconcile.files.zip_directory import Entry, read_directory, zip_directory


def packed(names: list[str], *, comment: bytes = b"", before: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    buffer.write(before)
    with zipfile.ZipFile(buffer, "a" if before else "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for number, name in enumerate(names):
            archive.writestr(name, b"x" * number)
    return buffer.getvalue()


def by_zipfile(data: bytes) -> dict[str, Entry] | None:
    infos = zip_directory(data)
    if infos is None:
        return None
    return {
        module.part_name(one.filename): Entry(
            one.filename, one.flag_bits, one.compress_type, one.CRC, one.compress_size, one.file_size, one.header_offset
        )
        for one in infos
    }


def test_an_office_package_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(["[Content_Types].xml", "xl/Workbook.xml", "xl\\worksheets\\sheet1.xml"])
    expected = by_zipfile(data)
    monkeypatch.setattr(module, "zip_directory", lambda _: pytest.fail("zipfile was asked"))
    found = read_directory(data)
    assert found is not None
    assert list(found.parts) == ["[content_types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"]
    assert found.parts == expected
    assert found.entries == 3


@pytest.mark.parametrize(
    "data",
    [
        packed(["a.xml"], comment=b"made by somebody"),
        packed(["a.xml"], before=b"#!/bin/sh\n"),
        packed(["报表.xml"]),
        packed([]),
    ],
    ids=["comment", "something before", "names that are not ASCII", "nothing in it"],
)
def test_odd_archives_are_read_by_zipfile(data: bytes) -> None:
    found = read_directory(data)
    expected = by_zipfile(data)
    assert expected is not None
    assert found is not None
    assert [(one.filename, one.CRC, one.header_offset) for one in found.parts.values()] == [
        (one.filename, one.CRC, one.header_offset) for one in expected.values()
    ]


def test_what_is_no_archive_has_no_directory() -> None:
    for data in (b"", b"PK", b"PK\x05\x06" + b"\xff" * 18, packed(["a.xml"])[:-5], b"PK\x05\x06" + bytes(8) + b"\xff" * 10):
        assert read_directory(data) is None


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_changed_byte_never_makes_the_two_ways_differ(at: int, byte: int) -> None:
    data = bytearray(packed(["[Content_Types].xml", "xl/workbook.xml", "xl/styles.xml"]))
    data[-1 - at % 260] = byte  # the directory and its end
    found, expected = read_directory(bytes(data)), by_zipfile(bytes(data))
    if expected is not None and found is not None:
        for name, entry in found.parts.items():
            known = expected.get(name)
            assert known is not None
            assert (entry.CRC, entry.compress_size, entry.header_offset) == (known.CRC, known.compress_size, known.header_offset)
