"""Writing without harm: text stays text, and the same input gives the same bytes.

What strangers typed must not become a formula, a link or markup, must not make a file that Excel wants to repair, and must not lead
outside our folder. Each kind of output has one door: here `put` and `stored` for cells, `clean` for Word, `harmless` for CSV,
`in_markdown`, `safe_name` and `free_name` for files; for the terminal, plain text and JSON see `model.characters`.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from openpyxl.cell.cell import MergedCell
from openpyxl.writer.excel import ExcelWriter

from reconcile.model.characters import on_one_line, shown

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

LONGEST_TEXT = 32767
"""Excel's limit for the text of a cell, in UTF-16 units (ECMA-376 part 1, ST_Xstring; Excel specifications and limits)."""

_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_TAKEN_FOR_OTHER = re.compile(r"[=+\-@#\t]|[\d.]")
_DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_DAY = date(2000, 1, 1)

_STARTS_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
# A number with a sign and at most a measure after it (个百分点): no operator, bracket or cell can stand in it, so it is no formula.
_SIGNED_QUANTITY = re.compile(r"[+-]\d+(?:,\d{3})*(?:\.\d+)?(?:[%‰]|[\u4e00-\u9fff]{1,4})?", re.ASCII)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&!$@])")
_MARKDOWN_START = re.compile(r"^([-+=]|\d+[.)])")
_BARE_LINK = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_LONGEST_NAME = 80
_LONGEST_BYTES = 220  # file systems allow 255 bytes; the rest is for （新2） and the temporary file's tail


def harmless(text: str) -> str:
    """`text` as a CSV may hold it, in one line and as no formula: 12, -3 and -5元 stay; =1+1 becomes '=1+1."""
    text = on_one_line(text)
    if _STARTS_FORMULA.match(text.lstrip()) and not _SIGNED_QUANTITY.fullmatch(text):
        return f"'{text}"
    return text


def in_markdown(text: str) -> str:
    """`text` as one line of CommonMark or GitHub's Markdown that shows just what it says: no heading, list, link, HTML or formula."""
    text = _MARKDOWN.sub(r"\\\1", on_one_line(text).strip())
    text = _BARE_LINK.sub(r"\\\g<0>", text)
    return _MARKDOWN_START.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}", text)


def clean(text: str) -> str:
    """`text` as a cell or a paragraph can hold it: as `shown`, which XML allows; what is too long is cut with an ellipsis."""
    text = shown(text)
    if len(text) * 2 > LONGEST_TEXT and len(text.encode("utf-16-le")) > LONGEST_TEXT * 2:
        text = text.encode("utf-16-le")[: (LONGEST_TEXT - 1) * 2].decode("utf-16-le", errors="ignore") + "…"
    return text


def stored(text: str) -> str:
    """`clean` text as the file stores it: `_x0041_` typed by somebody must not be read as an escape for A (ST_Xstring)."""
    text = clean(text)
    return _ESCAPE_LIKE.sub("_x005F_", text) if "_x" in text else text


def _cell(sheet: Worksheet, row: int, column: int) -> Cell:
    cell = sheet.cell(row=row, column=column)
    if isinstance(cell, MergedCell):
        raise TypeError(f"{cell.coordinate} lies inside a merged range; write to the range's first cell")
    return cell


def put(sheet: Worksheet, row: int, column: int, value: object) -> Cell:
    """Write one value into a cell (rows and columns from 1) and return the cell, to be styled.

    Text stays text whatever it looks like (`=1+1`, `#N/A`, `007`); numbers stay numbers; dates become dates; None and NaN leave the cell
    empty. Anything else is written as its text.
    """
    cell = _cell(sheet, row, column)
    if value is None or value != value:  # noqa: PLR0124 - NaN alone differs from itself
        return cell
    if isinstance(value, bool):
        value = "是" if value else "否"
    if isinstance(value, (int, float)) and abs(value) != float("inf"):
        cell.value = value
    elif isinstance(value, date):
        cell.value = value
        cell.number_format = "yyyy-mm-dd"
    else:
        text = stored(str(value))
        cell.value = text
        cell.data_type = "s"
        if _TAKEN_FOR_OTHER.match(text):
            cell.quotePrefix = True
    return cell


def put_formula(sheet: Worksheet, row: int, column: int, formula: str) -> Cell:
    """Write a formula of our own making, with or without its leading equals sign. Never pass anything that was read."""
    cell = _cell(sheet, row, column)
    cell.value = "=" + formula.removeprefix("=")
    return cell


def workbook_parts(workbook: Workbook, *, day: date | None = None) -> dict[str, bytes]:
    """The parts of a workbook file by name, without a trace of the moment; `day` is its date of creation (a fixed one if None)."""
    stamp = day or _DAY
    workbook.properties.creator = "reconcile"
    workbook.properties.lastModifiedBy = "reconcile"
    workbook.properties.created = datetime(stamp.year, stamp.month, stamp.day)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        ExcelWriter(workbook, archive).write_data()
    with zipfile.ZipFile(buffer) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    # openpyxl stamps the present moment over `modified` while it saves.
    modified = rb"(<dcterms:modified[^>]*>)[^<]*"
    parts["docProps/core.xml"] = re.sub(modified, rb"\g<1>" + f"{stamp.isoformat()}T00:00:00Z".encode(), parts["docProps/core.xml"])
    return parts


def packed(parts: Mapping[str, bytes]) -> bytes:
    """A zip archive of the parts in a fixed order with fixed dates: the same parts give the same bytes on every system."""

    def place(name: str) -> tuple[int, str]:
        return (0 if name in ("[Content_Types].xml", "mimetype") else 1 if name == "_rels/.rels" else 2), name

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(parts, key=place):
            info = zipfile.ZipInfo(name, date_time=_DAY_OF_ZIP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 0
            archive.writestr(info, parts[name], compresslevel=6)
    return buffer.getvalue()


def repacked(data: bytes) -> bytes:
    """An Office file as saved by a library -> the same parts with fixed order and dates."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return packed({name: archive.read(name) for name in archive.namelist()})


def workbook_bytes(workbook: Workbook, *, day: date | None = None) -> bytes:
    """The workbook as a file; the same workbook gives the same bytes, today and next year."""
    return packed(workbook_parts(workbook, day=day))


def _cut(text: str, characters: int, size: int) -> str:
    text = text[:characters]
    return text.encode("utf-8")[:size].decode("utf-8", errors="ignore")


def safe_name(text: str) -> str:
    """`text` as one file name that Windows, macOS and Linux accept: at most 80 characters, its extension kept."""
    name = _UNSEEN.sub("", shown(text))
    name = re.sub(r"\s+", " ", _FORBIDDEN.sub("_", name)).strip(" .").lstrip("~$ .")  # ~$ begins the names of Excel's lock files
    found = _EXTENSION.search(name)
    extension = found.group() if found and not found.group()[1:].isdigit() else ""
    stem = name[: len(name) - len(extension)].rstrip(" .") if extension else name
    if not stem and not extension:
        return "未命名"
    stem = _cut(stem, _LONGEST_NAME - len(extension), _LONGEST_BYTES - len(extension)).rstrip(" .")
    if _RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"_{stem}"[: _LONGEST_NAME - len(extension)]
    return (stem or "未命名") + extension


def free_name(name: str, taken: set[str]) -> str:
    """`name` made safe, with a number before its ending where `taken` has it already; what it comes to is added to `taken`.

    Windows tells no case apart, and macOS no way in which an accent is written.
    """
    safe = safe_name(name)
    stem, dot, ending = safe.rpartition(".")
    number, free = 1, safe
    while (key := unicodedata.normalize("NFC", unicodedata.normalize("NFC", free).casefold())) in taken:
        number += 1
        free = f"{stem}（{number}）.{ending}" if dot else f"{safe}（{number}）"
    taken.add(key)
    return free
