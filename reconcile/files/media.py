"""What a file is, told by its bytes. Endings lie: WPS saves .et, web systems call an HTML table .xls, a zip may be a workbook."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from enum import StrEnum

from reconcile.files.zip_directory import Directory, part_name, read_directory


class Medium(StrEnum):
    """What the bytes are. The values are the words users read."""

    XLSX = "Excel 工作簿"
    XLS = "Excel 97-2003 工作簿"
    XLSB = "Excel 二进制工作簿（.xlsb）"
    ODS = "ODF 表格（.ods）"
    XML_2003 = "XML 表格 2003"
    HTML = "网页（HTML）"
    TEXT = "纯文本（CSV 之类）"
    ENCRYPTED = "加密的 Office 文件"
    WORD = "Word 文档"
    SLIDES = "演示文稿"
    OLD_OFFICE = "旧版 Office 文件（不是工作簿）"
    PDF = "PDF 文件"
    PICTURE = "图片"
    ZIP = "zip 压缩包"
    ARCHIVE = "压缩包（rar、7z 之类）"
    BROKEN_ZIP = "不完整的压缩文件"
    OTHER_XML = "XML 文件"
    EMPTY = "空文件"
    UNKNOWN = "无法识别的文件"


_MAGIC = (
    (b"%PDF", Medium.PDF),
    (b"\x89PNG", Medium.PICTURE),
    (b"\xff\xd8\xff", Medium.PICTURE),
    (b"GIF8", Medium.PICTURE),
    (b"BM", Medium.PICTURE),
    (b"II*\x00", Medium.PICTURE),
    (b"MM\x00*", Medium.PICTURE),
    (b"Rar!", Medium.ARCHIVE),
    (b"7z\xbc\xaf'\x1c", Medium.ARCHIVE),
    (b"\x1f\x8b", Medium.ARCHIVE),
    (b"{\\rtf", Medium.WORD),
)
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BIFF = re.compile(rb"\x09[\x00\x02\x04\x08][\x04-\x10]\x00")  # a bare stream of Excel 2.1 to 4.0 begins with its BOF record
_PARTS = (
    ("xl/workbook.bin", Medium.XLSB),
    ("xl/workbook.xml", Medium.XLSX),
    ("word/document.xml", Medium.WORD),
    ("ppt/presentation.xml", Medium.SLIDES),
)
_HTML = re.compile(r"<\s*(?:!doctype\s+html|html|head|meta|table|body|script|style|div)\b", re.IGNORECASE)


def opened(data: bytes) -> tuple[Medium, Directory | None]:
    """What `data` is and, of a zip archive, its directory, so that nobody reads it twice. Never raises."""
    if data[:2] != b"PK":
        kind = _unzipped(data)
        if kind is not None:
            return kind, None
    directory = read_directory(data)
    if directory is None:
        return Medium.BROKEN_ZIP, None
    return _package(directory.parts.keys(), data[:200]), directory


def _unzipped(data: bytes) -> Medium | None:
    """What a file that does not begin as a zip archive is; None where it is one nevertheless."""
    if not data.strip(b"\x00 \t\r\n"):
        return Medium.EMPTY
    if data.startswith(_COMPOUND):
        return _compound(data)
    if _BIFF.match(data):
        return Medium.XLS
    found = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    if found is not None:
        return found
    text = _text(data)
    return None if text is None and b"PK\x05\x06" in data[-65600:] else _written(text)


def package_medium(filenames: Iterable[str], *, opening: bytes) -> Medium:
    """What a zip archive is, by the names in it and its first 200 bytes."""
    return _package({part_name(name) for name in filenames}, opening)


def _package(names: Collection[str], opening: bytes) -> Medium:
    for part, kind in _PARTS:
        if part in names:
            return kind
    if "content.xml" in names and "meta-inf/manifest.xml" in names:
        if b"opendocument.text" in opening:
            return Medium.WORD
        return Medium.SLIDES if b"opendocument.presentation" in opening else Medium.ODS
    if "[content_types].xml" in names:  # an Office package; its workbook may stand elsewhere than usual
        return Medium.XLSX if any(re.search(r"(?:^|/)(?:workbook\d*\.xml|sheet\d+\.xml)$", name) for name in names) else Medium.UNKNOWN
    return Medium.ZIP


def _compound(data: bytes) -> Medium:
    """Tell compound files (OLE2) by the names of their streams, which stand in UTF-16."""

    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        return Medium.ENCRYPTED
    if any(holds(stream) for stream in ("Workbook", "Book", "WORKBOOK", "BOOK")):
        return Medium.XLS
    if holds("WordDocument"):
        return Medium.WORD
    return Medium.SLIDES if holds("PowerPoint Document") else Medium.OLD_OFFICE


def _text(data: bytes) -> str | None:
    """The opening as text, where it is text."""
    opening = data[:4096]
    if opening[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return opening[: len(opening) // 2 * 2].decode("utf-16", "replace")
    if b"\x00" in opening:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return opening.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start >= len(opening) - 4 and len(data) > len(opening):  # a character cut in two by the window
                return opening[: error.start].decode(encoding)
    return None


def _written(text: str | None) -> Medium:
    if text is None:
        return Medium.UNKNOWN
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and "<html" not in text.lower():
        return Medium.XML_2003
    if _HTML.search(text) or text.lstrip().lower().startswith("mime-version:"):
        return Medium.HTML
    if text.lstrip().startswith("<"):
        return Medium.OTHER_XML
    controls = sum(character < " " and character not in "\t\r\n\f" for character in text)
    return Medium.UNKNOWN if controls > len(text) // 50 else Medium.TEXT
