"""Read .xlsx and .xlsm: a bounded archive, its relations, styles and shared strings. The cells are read by `sheet_xml`.

Everything an archive claims about itself is distrusted: parts are inflated here and counted while they grow.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from lxml import etree

from reconcile.files.inflate import inflate, window, zip_directory
from reconcile.files.number_format import read_formats
from reconcile.files.raw import Sheet, UnreadableWorkbook, Workbook
from reconcile.files.sheet_cells import Shared
from reconcile.files.sheet_xml import read_sheet, string_item
from reconcile.files.xml import UnsafeMarkup, decode_texts, is_plain_utf8, local, parse, unescape_excel

MAX_PART = 64 << 20  # bytes of one part once inflated
MAX_TOTAL = 200 << 20  # bytes of all parts that are read
MAX_ENTRIES = 2000
MAX_CELLS = 5_000_000

_SPREADSHEET = re.compile(r"/worksheet$")
_SIMPLE_STRING = re.compile(rb'<si><t(?: xml:space="preserve")?>([^<]*)</t>(?:<phoneticPr [^<>]*/>)?</si>')
_SAVE_AGAIN = "请用 Excel 或 WPS 打开后另存为 .xlsx 再报。"


class Package:
    """The parts of one archive by their lower-case names with forward slashes. Raises UnreadableWorkbook for anything over a cap."""

    def __init__(self, data: bytes) -> None:
        self._window = window(data)
        self._read = 0
        entries = zip_directory(data)
        if entries is None:
            raise UnreadableWorkbook("damaged", f"文件不完整或已损坏（压缩包目录读不出）。请重新发送，或{_SAVE_AGAIN[1:]}")
        if len(entries) > MAX_ENTRIES:
            raise UnreadableWorkbook("too_large", f"文件内有 {len(entries)} 个部件，超过上限 {MAX_ENTRIES} 个，未读取。{_SAVE_AGAIN}")
        self._entries = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def names(self) -> Iterator[str]:
        """Names of all parts, in lower case."""
        return iter(self._entries)

    def part(self, name: str) -> bytes:
        """One part, inflated. Raises UnreadableWorkbook where it is missing, damaged, encrypted or too large."""
        entry = self._entries.get(name.lower())
        if entry is None:
            raise UnreadableWorkbook("damaged", f"工作簿缺少部件 {name}。{_SAVE_AGAIN}")
        try:
            content = inflate(self._window, entry, limit=MAX_PART)
        except zlib.error as error:
            raise UnreadableWorkbook("damaged", f"工作簿的部件 {name} 已损坏。{_SAVE_AGAIN}") from error
        self._read += len(content)
        if self._read > MAX_TOTAL:
            raise UnreadableWorkbook("too_large", f"工作簿展开后超过 {MAX_TOTAL >> 20} MB 的上限，未读取。请删去无关内容后另存再报。")
        return content


def read_xlsx(data: bytes) -> Workbook:
    """Read the worksheets of an Office Open XML workbook. Raises UnreadableWorkbook only."""
    package = Package(data)
    try:
        return _read(package)
    except UnsafeMarkup as error:
        raise UnreadableWorkbook("unsafe", f"工作簿内含文档类型声明等不安全内容，未读取。{_SAVE_AGAIN}") from error
    except (etree.XMLSyntaxError, UnicodeDecodeError) as error:
        raise UnreadableWorkbook("damaged", f"工作簿内容已损坏，无法解析。{_SAVE_AGAIN}") from error


def _read(package: Package) -> Workbook:
    main = _main_part(package)
    book = parse(package.part(main))
    relations = _relations(package, main)
    styles = _by_kind(relations, "/styles")
    shared = Shared(
        strings=_strings(package, relations),
        formats=read_formats(package.part(styles)) if styles in package else [],
        epoch1904=any(element.get("date1904") in ("1", "true", "on") for element in book if local(element) == "workbookPr"),
    )
    sheets: list[Sheet] = []
    left = MAX_CELLS
    for element in next((child for child in book if local(child) == "sheets"), ()):
        kind, target = relations.get(_relation_id(element), ("", ""))
        if not _SPREADSHEET.search(kind):
            continue  # chart sheets and macro sheets hold no figures
        hidden = element.get("state") in ("hidden", "veryHidden")
        sheet = read_sheet(package.part(target), name=element.get("name", ""), hidden=hidden, shared=shared)
        left -= len(sheet.cells)
        if left < 0:
            raise UnreadableWorkbook("too_large", f"工作簿的单元格超过 {MAX_CELLS // 10000} 万个的上限，未读取。请删去无关内容后另存再报。")
        sheets.append(sheet)
    if not sheets:
        raise UnreadableWorkbook("damaged", f"工作簿内没有工作表。{_SAVE_AGAIN}")
    return Workbook(kind="xlsx", sheets=tuple(sheets), epoch1904=shared.epoch1904)


def _main_part(package: Package) -> str:
    """The workbook part: where the package says it is, else where it always is."""
    if "_rels/.rels" in package:
        for kind, target in _relations(package, "").values():
            if kind.endswith("/officeDocument") and target in package:
                return target
    return "xl/workbook.xml"


def _relations(package: Package, owner: str) -> dict[str, tuple[str, str]]:
    """Relations of a part: id -> (type, name of the target part). External targets are left out: nothing outside is ever opened."""
    folder, _, file = owner.rpartition("/")
    name = f"{folder}/_rels/{file}.rels".lstrip("/")
    if name not in package:
        return {}
    return {
        element.get("Id", ""): (element.get("Type", ""), _resolve(folder, element.get("Target", "")))
        for element in parse(package.part(name))
        if element.get("TargetMode") != "External"
    }


def _resolve(folder: str, target: str) -> str:
    """The part a relation points to, seen from `folder`."""
    target = target.replace("\\", "/")
    steps: list[str] = [] if target.startswith("/") else folder.split("/")
    for step in target.split("/"):
        if step == "..":
            steps[-1:] = []
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(step for step in steps if step)


def _relation_id(element: etree._Element) -> str:
    """The r:id of a sheet, in the transitional or the strict name space."""
    return str(next((value for name, value in element.attrib.items() if str(name).endswith("}id")), ""))


def _by_kind(relations: dict[str, tuple[str, str]], kind: str) -> str:
    return next((target for found, target in relations.values() if found.endswith(kind)), "")


def _strings(package: Package, relations: dict[str, tuple[str, str]]) -> list[str]:
    """The shared strings: rich text joined, readings (phonetic runs) left out."""
    name = _by_kind(relations, "/sharedStrings")
    if name not in package:
        return []
    data = package.part(name)
    quick = _simple_strings(data)
    if quick is not None:
        return quick
    return [unescape_excel(string_item(item)) for item in parse(data) if local(item) == "si"]


def _simple_strings(data: bytes) -> list[str] | None:
    """Shared strings without rich text, by one pattern; None unless that accounts for every byte between the first and the last item."""
    start, end = data.find(b"<si>"), data.rfind(b"</si>")
    if start < 0 or end < 0 or b"<!" in data[:start] or b"\r" in data or not is_plain_utf8(data[:500]):
        return None
    if not data[end + 5 :].strip().startswith(b"</sst>"):
        return None
    pieces = _SIMPLE_STRING.split(data[start : end + 5])
    if any(piece.strip() for piece in pieces[::2]):
        return None
    try:
        texts = decode_texts(set(pieces[1::2]))
    except (UnicodeDecodeError, etree.XMLSyntaxError):
        return None
    return [unescape_excel(texts[piece]) for piece in pieces[1::2]]
