"""Writing without harm: text stays text, the same input gives the same bytes, and a file that somebody changed is kept.

Three things can go wrong when a workbook is written from what strangers typed. Text that looks like a formula or an error would become one;
characters that XML does not know would make a file that Excel wants to repair; and a clerk's own edits would be overwritten.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from openpyxl.cell.cell import MergedCell
from openpyxl.writer.excel import ExcelWriter

from reconcile.errors import ReconcileError

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

MANIFEST = ".reconcile-out"
"""Name of the hidden file that marks a folder as our output and knows what was written there."""

LONGEST_TEXT = 32767
"""Excel's limit for the text of a cell, in UTF-16 units (ECMA-376 part 1, ST_Xstring; Excel specifications and limits)."""

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_TAKEN_FOR_OTHER = re.compile(r"[=+\-@#\t]|[\d.]")
_DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_DAY = date(2000, 1, 1)

_STARTS_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_PLAIN_QUANTITY = re.compile(r"[+-]?\d[\d.]*[\w%‰]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_LONGEST_NAME = 80
_LONGEST_BYTES = 220  # file systems allow 255 bytes; the rest is for （新2） and the temporary file's tail


def harmless(text: str) -> str:
    """`text` as a CSV may hold it, in one line and as no formula: 12, -3 and -5元 stay; =1+1 becomes '=1+1."""
    text = _CONTROL.sub(" ", text)
    if _STARTS_FORMULA.match(text.lstrip(" ")) and not _PLAIN_QUANTITY.fullmatch(text):
        return f"'{text}"
    return text


def clean(text: str) -> str:
    """`text` as a cell can hold it: what XML forbids becomes U+FFFD, what is too long is cut with an ellipsis."""
    text = _NOT_XML.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
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
    name = _UNSEEN.sub("", text)
    name = re.sub(r"\s+", " ", _FORBIDDEN.sub("_", name)).strip(" .")
    found = _EXTENSION.search(name)
    extension = found.group() if found and not found.group()[1:].isdigit() else ""
    stem = name[: len(name) - len(extension)].rstrip(" .") if extension else name
    if not stem and not extension:
        return "未命名"
    stem = _cut(stem, _LONGEST_NAME - len(extension), _LONGEST_BYTES - len(extension)).rstrip(" .")
    if _RESERVED.fullmatch(stem.split(".")[0].strip()):
        stem = f"_{stem}"[: _LONGEST_NAME - len(extension)]
    return (stem or "未命名") + extension


class Outbox:
    """A folder that results are written to.

    `write` never leaves half a file, and never overwrites one that was changed since it was written here, or that was not written here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, str] | None = None

    def write(self, name: str, data: bytes) -> Path:
        """Write `data` under `name` ("/" between folders) and return the path that was written.

        Where a file of that name was changed by somebody, it is kept and ours goes beside it as `name（新）.ext`. Raises ReconcileError
        with one sentence where the file cannot be written.
        """
        parts = [safe_name(part) for part in PurePosixPath(name).parts if part not in ("/", "..")]
        wanted = self.folder.joinpath(*parts)
        try:
            if self._known is None:
                self._known = self._read()
            target = self._free(wanted, data)
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, data)
            self._note(target, data)
        except OSError as problem:
            raise ReconcileError(_sentence(wanted, problem)) from problem
        return target

    def drop(self, name: str, *, keep: Collection[Path]) -> tuple[Path, ...]:
        """Remove what earlier runs wrote as the file or below the folder `name`, except `keep`: results that this run no longer has.

        What somebody changed since is not removed: those paths come back. Raises ReconcileError where a file cannot be removed.
        """
        changed = []
        for key, digest in self._read().items():
            path = self.folder / key
            inside = key == name or key.startswith(f"{name}/")
            if not inside or ".." in PurePosixPath(key).parts or path in keep or not path.is_file():
                continue
            try:
                if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                    changed.append(path)
                    continue
                path.unlink()
            except OSError as problem:
                raise ReconcileError(
                    f"无法删除上次运行留下的“{path}”：{problem.strerror or problem}。请关闭该文件后重新运行。"
                ) from problem
        return tuple(changed)

    def _free(self, wanted: Path, data: bytes) -> Path:
        for number in range(1, 1000):
            tail = "" if number == 1 else "（新）" if number == 2 else f"（新{number - 1}）"
            target = wanted.with_name(wanted.stem + tail + wanted.suffix)
            if not target.exists():
                return target
            there = hashlib.sha256(target.read_bytes()).hexdigest()
            if there in ((self._known or {}).get(self._key(target)), hashlib.sha256(data).hexdigest()):
                return target
        raise ReconcileError(f"“{wanted.name}”旁边已有太多改动过的副本，请先清理文件夹“{wanted.parent}”。")

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _read(self) -> dict[str, str]:
        try:
            lines = (self.folder / MANIFEST).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return {}
        found = {key: digest for digest, _, key in (line.partition(" ") for line in lines) if key}
        if len(lines) > 2 * len(found):  # one line is appended a file and run: keep the last of each
            _replace(self.folder / MANIFEST, "".join(f"{digest} {key}\n" for key, digest in found.items()).encode())
        return found

    def _note(self, path: Path, data: bytes) -> None:
        key, digest = self._key(path), hashlib.sha256(data).hexdigest()
        if self._known is None or self._known.get(key) == digest:
            return
        self._known[key] = digest
        with (self.folder / MANIFEST).open("a", encoding="utf-8", newline="\n") as manifest:
            manifest.write(f"{digest} {key}\n")


def _replace(target: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o644)  # mkstemp makes files that only their maker can read
        Path(temporary).replace(target)
    except OSError:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _sentence(path: Path, problem: OSError) -> str:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"无法写入“{path}”：磁盘空间不足，请清理磁盘或用 -o 换一个输出文件夹后重新运行。"
    if problem.errno == errno.EROFS:
        return f"无法写入“{path}”：所在磁盘是只读的，请用 -o 换一个输出文件夹后重新运行。"
    if problem.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"无法写入“{path}”：路径中有一段是文件而不是文件夹，请用 -o 换一个输出文件夹后重新运行。"
    if isinstance(problem, IsADirectoryError):
        return f"无法写入“{path}”：同名的文件夹已存在，请将它改名后重新运行。"
    if isinstance(problem, PermissionError):
        return f"无法写入“{path}”：文件可能正在 Excel 或 WPS 中打开，或者没有写入权限。请关闭该文件，或用 -o 换一个输出文件夹，再重新运行。"
    return f"无法写入“{path}”：{problem.strerror or problem}。请用 -o 换一个输出文件夹后重新运行。"
