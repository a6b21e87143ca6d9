"""Find what was handed in: files, folders searched through, and zip archives, one archive inside another at most."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reconcile.files.inflate import Window, inflate, window, zip_directory
from reconcile.files.media import Medium, package_medium
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.safe import MANIFEST

MAX_FILE = 200 << 20  # bytes of one file
MAX_MEMBERS = 5000  # entries of one archive
MAX_ARCHIVE = 2 << 30  # bytes of all entries of one archive once inflated

_JUNK = frozenset(("thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"))


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
                return _whole_file(self.file)
            archive = _file_window(self.file)
            for member in self.members[:-1]:
                archive = window(inflate(archive, member, limit=min(MAX_FILE, member.file_size)))
            last = self.members[-1]
            return inflate(archive, last, limit=min(MAX_FILE, last.file_size))
        except OSError as error:
            raise _gone(error) from error
        except zlib.error as error:
            raise UnreadableWorkbook("damaged", "压缩包内的这个文件已损坏，无法取出。请重新压缩后发送。") from error


def find_files(paths: Sequence[Path], *, exclude: Callable[[Path], bool]) -> Iterator[Source]:
    """Every file under `paths`, in the order of their names; each once, although given twice.

    Folders are searched through, links in them are not followed, zip archives are opened (told by content: a workbook is a zip archive,
    too). A folder of results of an earlier run is told, not searched, unless it was given itself: its summary would bring back what was
    corrected since. Left out: what `exclude` says (a folder with all in it), Office's lock files, hidden files, leftovers of the system.
    Everything else is yielded, workbook or not, so that it can be registered; what cannot be read is a Source that says so. Never raises.
    Where several paths are given, a folder's own name leads the names of its files.
    """
    seen: set[Path] = set()
    for given in paths:
        lead = f"{given.resolve().name}/" if len(paths) > 1 and given.is_dir() else ""
        for file, name in _walk(given, exclude):
            try:
                real = file.resolve()
            except (OSError, RuntimeError):
                real = file
            if real not in seen:
                seen.add(real)
                yield from _opened(file, lead + name)


def _walk(given: Path, exclude: Callable[[Path], bool]) -> Iterator[tuple[Path, str]]:
    """Files under a path given, with their names relative to it. The path itself is taken whatever it is called."""
    if exclude(given):
        return
    if not given.is_dir():
        yield given, given.name
        return
    closed: list[OSError] = []
    for folder, folders, files in os.walk(given, onerror=closed.append, followlinks=False):
        here = Path(folder)
        if MANIFEST in files and here != given:  # results of an earlier run: reading them again would bring back what was corrected since
            folders.clear()
            yield here, here.relative_to(given).as_posix()
            continue
        folders[:] = sorted(name for name in folders if not _is_junk(name) and not exclude(here / name) and not (here / name).is_symlink())
        for name in sorted(files):
            path = here / name
            if not _is_junk(name) and not path.is_symlink() and not exclude(path):
                yield path, path.relative_to(given).as_posix()
    for path in sorted(Path(str(error.filename)) for error in closed):  # folders that do not let us in: reading them says so
        yield path, path.relative_to(given).as_posix() if path != given else given.name


def _is_junk(name: str) -> bool:
    """Lock files of Excel and WPS (~$…, .~…), hidden files, leftovers of the system."""
    return name.startswith((".", "~$")) or name.lower() in _JUNK


def _opened(file: Path, name: str) -> Iterator[Source]:
    """The file itself or, for an archive, what is in it."""
    if (file / MANIFEST).is_file():
        yield Source(name, 0, file, problem=UnreadableWorkbook("own_results", _OWN_RESULTS))
        return
    try:
        known = file.stat()
        if stat.S_ISFIFO(known.st_mode) or stat.S_ISSOCK(known.st_mode) or stat.S_ISCHR(known.st_mode):  # opening one would wait for ever
            yield Source(name, 0, file, problem=UnreadableWorkbook("not_workbook", "这不是普通文件，没有读取"))
            return
        size = known.st_size
        with file.open("rb") as handle:
            if handle.read(2) != b"PK":
                yield Source(name, size, file)
                return
            handle.seek(0)
            opening = handle.read(200)
            try:
                with zipfile.ZipFile(handle) as archive:
                    entries = archive.infolist()
            except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError):
                yield Source(name, size, file)  # a broken workbook or a broken archive: whoever reads it will say
                return
    except OSError as error:
        yield Source(name, 0, file, problem=_gone(error))
        return
    if package_medium((entry.filename for entry in entries), opening=opening) is not Medium.ZIP:
        yield Source(name, size, file)
    else:
        yield from _members(Source(name, size, file), entries)


def _members(outer: Source, entries: Sequence[zipfile.ZipInfo]) -> Iterator[Source]:
    """The files of an archive in the order of their names; archives among them are opened in turn, one level deep."""
    problem = _over_cap(entries)
    if problem is not None:
        yield Source(outer.name, outer.size, outer.file, outer.members, problem)
        return
    named = sorted(((_member_name(entry), entry) for entry in entries if not entry.is_dir()), key=lambda one: one[0])
    for name, entry in named:
        if not name or any(_is_junk(step) for step in PurePosixPath(name).parts):
            continue
        member = Source(f"{outer.name}/{name}", entry.file_size, outer.file, (*outer.members, entry))
        inner = _inner_archive(member)
        if inner is None:
            yield member
        elif len(member.members) == 1:
            yield from _members(member, inner)
        else:
            deep = UnreadableWorkbook("not_workbook", "压缩包里套了两层以上的压缩包，未打开。请解压后再报。")
            yield Source(member.name, member.size, member.file, member.members, deep)


def _inner_archive(member: Source) -> list[zipfile.ZipInfo] | None:
    """The entries of a member that is an archive itself; None for anything else. Only a name that ends so is worth inflating here."""
    if not member.name.lower().endswith(".zip"):
        return None
    try:
        data = member.read()
    except UnreadableWorkbook:
        return None  # its Source will say why
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


def _whole_file(file: Path) -> bytes:
    with file.open("rb") as handle:
        data = handle.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise UnreadableWorkbook("too_large", f"文件超过 {MAX_FILE >> 20} MB 的上限，未读取。请删去无关内容后另存再报。")
    return data


def _file_window(file: Path) -> Window:
    """An archive on disk, of which only what is asked for is read."""

    def read(start: int, size: int) -> bytes:
        with file.open("rb") as handle:
            handle.seek(start)
            return handle.read(size)

    return read


def _gone(error: OSError) -> UnreadableWorkbook:
    if isinstance(error, PermissionError):
        return UnreadableWorkbook("missing", "没有读取此文件的权限，或文件正被其他程序占用。请关闭后重试。")
    if isinstance(error, FileNotFoundError):
        return UnreadableWorkbook("missing", "找不到此文件（可能已被移走或改名）。")
    return UnreadableWorkbook("missing", f"无法读取此文件：{error.strerror or type(error).__name__}。")
