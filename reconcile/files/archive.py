"""Find what was handed in: files, folders searched through, and zip archives, one archive inside another at most."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from reconcile.errors import cause
from reconcile.files.inflate import Window, inflate, window
from reconcile.files.media import Medium, package_medium
from reconcile.files.outbox import MANIFEST, WINDOWS_PATH
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.regular import is_special, not_regular, open_regular, read_regular
from reconcile.files.zip_directory import CrowdedArchive, Guarded, zip_directory

MAX_FILE = 100 << 20  # bytes of one file; held whole, and its parts beside it, in the 512 MB that reading one file may take
MAX_MEMBERS = 5000  # entries of one archive, those of the archives in it included
MAX_ARCHIVE = 2 << 30  # bytes of all entries of one archive once inflated
MAX_INNER = 512 << 20  # bytes to be inflated because archives stand in an archive: for looking into them, and again for each file in them

_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et")
_JUNK = frozenset(("thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"))
EDITION = r"(?:0|[0-9a-f]{12})"
"""A 数据版本 as the name of a folder of tables."""
_TABLE = re.compile(rf"(?:(.*)/)?data/{EDITION}/[a-z]+\.parquet", re.DOTALL)
_BOOK = ".xlsx"  # what a summary's name ends with, whatever it was renamed to
_SURROGATE = re.compile("[\ud800-\udfff]")
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT of Windows

_SHOWN = 100  # characters of the beginning, and of the end, that tell which folder it is

_CROWDED = f"压缩包内的文件数远超上限 {MAX_MEMBERS} 个，未打开。请分成几个压缩包。"
_NESTED = "压缩包里又套着过大或过多的压缩包，未打开。请把里面的压缩包解压后再报。"
_OWN_RESULTS = "这是以前运行写出的结果文件夹，没有读取；要用其中的汇总表，请直接给出那个 summary.xlsx"


@dataclass(frozen=True, slots=True)
class Source:
    """One file handed in, not yet read. It can be sent to another process.

    name: path relative to what was given, with `/`; a member of an archive stands behind it (town.zip/village.xlsx). size: in bytes, as
    claimed. file: the file on disk. members: the way through the archives, outermost first, empty for a plain file.
    problem: why it cannot be read, where that is known already.
    """

    name: str
    size: int
    file: Path
    members: tuple[zipfile.ZipInfo, ...] = ()
    problem: UnreadableWorkbook | None = None

    def read(self) -> bytes:
        """The bytes. Raises UnreadableWorkbook where they cannot be had, or are too many."""
        if self.problem is not None:
            raise self.problem
        try:
            if not self.members:
                return whole_file(self.file)
            archive = _file_window(self.file)
            for member in self.members[:-1]:
                archive = window(inflate(archive, member, limit=min(MAX_FILE, member.file_size)))
            last = self.members[-1]
            return inflate(archive, last, limit=min(MAX_FILE, last.file_size))
        except OSError as error:
            raise _gone(error) from error
        except zlib.error as error:
            raise UnreadableWorkbook("damaged", "压缩包内的这个文件已损坏，无法取出。请重新压缩后发送。") from error

    def open_beside(self, path: str) -> BinaryIO:
        """A file by its path relative to the folder of this one: on disk, or in the same archive. Raises OSError or UnreadableWorkbook
        where it is not to be had."""
        if not self.members:
            return open_regular(self.file.parent / path)
        wanted = str(PurePosixPath(_member_name(self.members[-1])).parent / path)
        if len(self.members) > 1:
            entries = zip_directory(Source(self.name, self.size, self.file, self.members[:-1]).read()) or []
        else:
            with open_regular(self.file) as handle, zipfile.ZipFile(Guarded(handle)) as archive:
                entries = archive.infolist()
        found = next((entry for entry in entries if _member_name(entry) == wanted), None)
        if found is None:
            raise FileNotFoundError(wanted)
        return io.BytesIO(Source(wanted, found.file_size, self.file, (*self.members[:-1], found)).read())


def find_files(paths: Sequence[Path], *, exclude: Callable[[Path], bool]) -> Iterator[Source]:
    """Every file under `paths`, in the order of their names; each once, although given twice.

    Folders are searched through, links in them are not followed, zip archives are opened (told by content: a workbook is a zip archive,
    too; but what is called a workbook is not looked into before it is read, see `inside`). A folder of results of an earlier run is told,
    not searched, unless it was given itself: its summary would bring back what was corrected since. Left out: what `exclude` says (a
    folder with all in it), Office's lock files, hidden files, leftovers of the system, and the tables that belong to a summary.
    Everything else is yielded, workbook or not, so that it can be registered; what cannot be read is a Source that says so. Never raises.
    Where several paths are given, a folder's own name leads the names of its files.
    """
    seen: set[Path] = set()
    for given in paths:
        lead = f"{given.resolve().name}/" if len(paths) > 1 and given.is_dir() else ""
        for file, name in _walk(given, exclude):
            if len(paths) > 1:
                real = _real(file)
                if real in seen:
                    continue
                seen.add(real)
            yield from _opened(file, _written(lead + name))


def inside(source: Source) -> list[Source]:
    """What is in a file that is called a workbook and may be an archive; nothing where it is none, or known not to be readable."""
    if source.members or source.problem is not None:
        return []
    return [one for one in _looked_into(source.file, source.name) if one.members or one.problem is not None]


def _real(file: Path) -> Path:
    try:
        return file.resolve()
    except (OSError, RuntimeError):
        return file


def _written(name: str) -> str:
    """A file's name as text: where it is not in the system's code page, its bytes are taken for GBK, as of old archives. Windows has names
    with surrogates that stand for no byte: these are told as what they are, no characters."""
    if _SURROGATE.search(name) is None:
        return name
    try:
        return name.encode(errors="surrogateescape").decode("gb18030", errors="replace")
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", name)


def _is_table(name: str, *, beside: Callable[[str], bool]) -> bool:
    """Whether a file is a table of a summary's, which reads it. Such tables are told only by where they lie: two folders below a workbook
    (`beside`: whether there is one in a folder). The name and that folder are relative to what was given."""
    found = _TABLE.fullmatch(name)
    return found is not None and beside(found[1] or "")


def _holds_book(folder: Path) -> bool:
    try:
        return any(one.name.lower().endswith(_BOOK) and not _is_junk(one.name) for one in folder.iterdir())
    except OSError:
        return False


def _walk(given: Path, exclude: Callable[[Path], bool]) -> Iterator[tuple[Path, str]]:
    """Files under a path given, with their names relative to it. The path itself is taken whatever it is called."""
    if exclude(given):
        return
    if not given.is_dir():
        yield given, given.name
        return
    closed: list[OSError] = []
    beside = cache(lambda folder: _holds_book(given / folder))
    for here, folders, files in _folders(given, closed):
        if MANIFEST in files and here != given:  # results of an earlier run: reading them again would bring back what was corrected since
            folders.clear()
            yield here, here.relative_to(given).as_posix()
            continue
        folders[:] = sorted(name for name in folders if not _is_junk(name) and not exclude(here / name))
        lead = "" if here == given else f"{here.relative_to(given).as_posix()}/"
        for name in sorted(files):
            path = here / name
            if not _is_junk(name) and not exclude(path) and not _is_table(lead + name, beside=beside):
                yield path, lead + name
    for path in sorted(Path(str(error.filename)) for error in closed):  # folders that do not let us in: reading them says so
        name = path.relative_to(given).as_posix() if path != given else given.name
        yield path, name if len(name) <= 2 * _SHOWN else f"{name[:_SHOWN]}…{name[-_SHOWN:]}"


def _folders(given: Path, closed: list[OSError]) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As os.walk, links and junctions left out; but that goes down by recursion before Python 3.12, and so not into a thousand folders."""
    waiting = [given]
    while waiting:
        here = waiting.pop()
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    if not (entry.is_symlink() or _is_junction(entry)):
                        (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
        except OSError as error:
            closed.append(error)
            continue
        yield here, folders, files
        waiting.extend(here / name for name in reversed(folders))


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder of Windows that only leads to another one. Before Python 3.12 that is no link, nor is there `is_junction`."""
    if not entry.is_dir(follow_symlinks=False):
        return False
    try:
        return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION
    except OSError:
        return False  # it is gone: whoever looks into it will say


def _is_junk(name: str) -> bool:
    """Lock files of Excel and WPS (~$…, .~…), hidden files, leftovers of the system."""
    return name.startswith((".", "~$")) or name.lower() in _JUNK


def _opened(file: Path, name: str) -> Iterator[Source]:
    """The file itself or, for an archive, what is in it."""
    try:
        known = file.stat()
        results = stat.S_ISDIR(known.st_mode) and (file / MANIFEST).is_file()
    except OSError as error:
        yield Source(name, 0, file, problem=_gone(error))
        return
    if results:
        yield Source(name, 0, file, problem=UnreadableWorkbook("own_results", _OWN_RESULTS))
    elif is_special(known):
        yield Source(name, 0, file, problem=not_regular())
    elif stat.S_ISREG(known.st_mode) and name.lower().endswith(_WORKBOOKS):
        yield Source(name, known.st_size, file)
    else:
        yield from _looked_into(file, name)


def _looked_into(file: Path, name: str) -> Iterator[Source]:
    try:
        size = file.stat().st_size
        with open_regular(file) as handle:
            if handle.read(2) != b"PK":
                yield Source(name, size, file)
                return
            handle.seek(0)
            opening = handle.read(200)
            with zipfile.ZipFile(Guarded(handle)) as archive:
                entries = archive.infolist()
    except CrowdedArchive:
        yield Source(name, size, file, problem=UnreadableWorkbook("too_large", _CROWDED))
        return
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError):
        yield Source(name, size, file)  # a broken workbook or a broken archive: whoever reads it will say
        return
    except OSError as error:
        yield Source(name, 0, file, problem=_gone(error))
        return
    except UnreadableWorkbook as error:
        yield Source(name, 0, file, problem=error)
        return
    if package_medium((entry.filename for entry in entries), opening=opening) is not Medium.ZIP:
        yield Source(name, size, file)
    else:
        yield from _members(Source(name, size, file), entries, _Allowance())


def _members(outer: Source, entries: Sequence[zipfile.ZipInfo], allowance: _Allowance) -> Iterator[Source]:
    """The files of an archive in the order of their names; archives among them are opened in turn, one level deep."""
    problem = _over_cap(entries) or allowance.over(outer, entries)
    if problem is not None:
        yield Source(outer.name, outer.size, outer.file, outer.members, problem)
        return
    named = sorted(((_member_name(entry), entry) for entry in entries if not entry.is_dir()), key=lambda one: one[0])
    books = {name.rpartition("/")[0] for name, _ in named if name.lower().endswith(_BOOK)}
    for name, entry in named:
        if not name or any(_is_junk(step) for step in PurePosixPath(name).parts) or _is_table(name, beside=books.__contains__):
            continue
        member = Source(f"{outer.name}/{name}", entry.file_size, outer.file, (*outer.members, entry))
        try:
            inner = _inner_archive(member, allowance)
        except UnreadableWorkbook as error:
            told = UnreadableWorkbook(error.code, error.message)  # anew: the one that was raised holds what was inflated
            yield Source(member.name, member.size, member.file, member.members, told)
            continue
        if inner is None:
            yield member
        elif len(member.members) == 1:
            yield from _members(member, inner, allowance)
        else:
            deep = UnreadableWorkbook("not_workbook", "压缩包里套了两层以上的压缩包，未打开。请解压后再报。")
            yield Source(member.name, member.size, member.file, member.members, deep)


class _Allowance:
    """What one archive handed in may still cost, whatever archives stand in it: each file in them means inflating its archive again."""

    def __init__(self) -> None:
        self._members = MAX_MEMBERS
        self._bytes = MAX_INNER

    def over(self, outer: Source, entries: Sequence[zipfile.ZipInfo]) -> UnreadableWorkbook | None:
        """Take what the files of an archive cost; the refusal where that is too much."""
        again = len(entries) * outer.size if outer.members else 0
        if len(entries) > self._members or again > self._bytes:
            return UnreadableWorkbook("too_large", _NESTED)
        self._members -= len(entries)
        self._bytes -= again
        return None

    def look(self, member: Source) -> None:
        """Take what looking into a member costs. Raises UnreadableWorkbook where that is too much."""
        size = min(member.size, MAX_FILE)
        if size > self._bytes:
            raise UnreadableWorkbook("too_large", _NESTED)
        self._bytes -= size


def _inner_archive(member: Source, allowance: _Allowance) -> list[zipfile.ZipInfo] | None:
    """The entries of a member that is an archive itself; None for anything else. Only a name that ends so is worth inflating here. Raises
    UnreadableWorkbook where it cannot be had."""
    if not member.name.lower().endswith(".zip"):
        return None
    if len(member.members) > 1:
        return []  # not to be opened, whatever it holds
    allowance.look(member)
    data = member.read()
    entries = zip_directory(data)
    if entries is None or package_medium((entry.filename for entry in entries), opening=data[:200]) is not Medium.ZIP:
        return None
    return entries


def _over_cap(entries: Sequence[zipfile.ZipInfo]) -> UnreadableWorkbook | None:
    if len(entries) > MAX_MEMBERS:
        return UnreadableWorkbook("too_large", f"压缩包内有 {len(entries)} 个文件，超过上限 {MAX_MEMBERS} 个，未打开。请分成几个压缩包。")
    if sum(entry.file_size for entry in entries) > MAX_ARCHIVE:
        return UnreadableWorkbook("too_large", f"压缩包展开后超过 {MAX_ARCHIVE >> 30} GB 的上限，未打开。请分成几个压缩包。")
    return None


def _member_name(entry: zipfile.ZipInfo) -> str:
    """A member's name. Without the UTF-8 flag it is in the code page of whoever packed it: here UTF-8 or GBK, never really cp437."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            raw = name.encode("cp437")
        except UnicodeEncodeError:
            raw = b""
        for encoding in ("utf-8", "gb18030"):
            try:
                name = raw.decode(encoding) or name
                break
            except UnicodeDecodeError:
                continue
    return "/".join(step for step in name.replace("\\", "/").split("/") if step not in ("", ".", ".."))


def whole_file(file: Path) -> bytes:
    """The bytes of a file on disk. Raises OSError, and UnreadableWorkbook where it is no regular file or larger than any return."""
    data = read_regular(file, most=MAX_FILE)
    if len(data) > MAX_FILE:
        raise UnreadableWorkbook("too_large", f"文件超过 {MAX_FILE >> 20} MB 的上限，未读取。请删去无关内容后另存再报。")
    return data


def _file_window(file: Path) -> Window:
    """An archive on disk, of which only what is asked for is read."""

    def read(start: int, size: int) -> bytes:
        with open_regular(file) as handle:
            handle.seek(start)
            return handle.read(size)

    return read


def exists(path: Path) -> bool:
    """Whether there is such a file or folder. Of a name that no system takes, too long for example, Path.exists would raise an error."""
    return os.path.exists(path)  # noqa: PTH110 -- see above


def _gone(error: OSError) -> UnreadableWorkbook:
    if error.errno == errno.ENAMETOOLONG or (
        isinstance(error, FileNotFoundError) and len(str(error.filename)) >= WINDOWS_PATH and os.name == "nt"
    ):
        return UnreadableWorkbook("missing", "路径太长，系统打不开。请把文件移到浅一些的文件夹，或把名字改短后重试。")
    if isinstance(error, PermissionError):
        return UnreadableWorkbook("missing", "没有读取此文件的权限，或文件正被其他程序占用。请关闭后重试。")
    if isinstance(error, FileNotFoundError):
        return UnreadableWorkbook("missing", "找不到此文件（可能已被移走或改名）。")
    return UnreadableWorkbook("missing", f"无法读取此文件：{cause(error)}。")
