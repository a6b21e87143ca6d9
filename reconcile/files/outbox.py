"""Results go out all together or not at all, and a file that somebody changed is kept.

Results are staged as they come in a hidden folder inside the folder of results, and renamed into place once all are there. Killed, full or
interrupted before that, a run leaves the results of the run before it whole; a rename that fails is undone with those before it. Only a
kill between two, or a file that cannot be put back, leaves old and new side by side: each file is then one or the other, never half of
one, and the manifest knows both.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Self

from reconcile.errors import ReconcileError, cause
from reconcile.files.exchange import Exchange
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.regular import open_regular
from reconcile.files.safe import safe_name

MANIFEST = ".reconcile-out"
"""Name of the hidden file that marks a folder as our output and knows what was written there: lines `sha256 name`."""

STAGING = ".reconcile-staged"
"""Name of the hidden folder, inside the folder of results, that holds a run's results until all are there."""

WINDOWS_PATH = 260
"""MAX_PATH of Windows, which Excel and the shell keep to: of a path as long as that Windows says only that there is no such file."""

_LOCK = "lock"
_COPIES = 1000  # versions of one result that somebody changed and left lying; more is a folder to be tidied
_OUR_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)  # of an OSError: it was about writing, whatever it says

_ELSEWHERE = "请用 -o 换一个输出文件夹后"
_WHY: Mapping[int, str] = {
    errno.EEXIST: "路径中有一段是文件而不是文件夹",
    errno.ENAMETOOLONG: "路径太长",
    errno.EISDIR: "同名的文件夹已存在",
    errno.EACCES: "文件可能正在 Excel 或 WPS 中打开，或者没有写入权限",
}
"""errno -> what it means for results, where `cause` does not say that."""
_TODO: Mapping[int, str] = {
    errno.ENOSPC: "请清理磁盘或用 -o 换一个输出文件夹后",
    errno.EDQUOT: "请清理磁盘或用 -o 换一个输出文件夹后",
    errno.EFBIG: "请用 -o 换到其他磁盘后",
    errno.ENAMETOOLONG: "请用 -o 换一个路径短一些的输出文件夹后",
    errno.EISDIR: "请将它改名后",
    errno.EACCES: "请关闭该文件，或用 -o 换一个输出文件夹，再",
}
"""errno -> what to do; anything else: write elsewhere."""

Manifest = Mapping[str, tuple[str, ...]]
"""Name below the folder -> sha256 of what we wrote there: one, or two while the results are being put in place."""


@dataclass(slots=True)
class _Piece:
    """One result on its way: where it is meant to stand, where it lies until then, its sha256 ("" until it is known)."""

    wanted: Path
    staged: Path
    digest: str = ""


class Outbox:
    """A folder that results are written to, as a context: they appear when the block ends, and none do when it ends with an error.

    After the block `written` holds the paths in the order of writing, and `left` those of `drop` that somebody changed. Errors are
    ReconcileErrors of one sentence. One run at a time: a second one on the same folder is refused.

    marks: whether the folder becomes one of results, known by its manifest and not searched for returns. Where it does not, nothing is
    known later of what was written, and a file that differs is always kept.
    """

    def __init__(self, folder: Path, *, marks: bool = True) -> None:
        self.folder = folder
        self._marks = marks
        self.written: tuple[Path, ...] = ()
        self.left: tuple[Path, ...] = ()
        self._pieces: dict[Path, _Piece] = {}
        self._dropped: list[str] = []
        self._made: list[Path] = []
        self._lock: BinaryIO | None = None

    def __enter__(self) -> Self:
        try:
            with _told(self.folder):
                self._made = [path for path in (self.folder, *self.folder.parents) if not path.exists()]
                self.folder.mkdir(parents=True, exist_ok=True)
                self._lock = _claimed(self.folder)
        except BaseException:
            self._clear()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if problem is None and (self._pieces or self._dropped):
                self._publish()
            elif isinstance(problem, OSError) and self._is_ours(problem):
                raise ReconcileError(_sentence(self.folder, problem)) from problem
        finally:
            self._clear()

    def write(self, name: str, data: bytes) -> None:
        """Stage `data` to appear under `name` ("/" between folders). The same name again replaces what was staged."""
        path = self.stage_path(name)
        piece = self._pieces[self._wanted(name)]
        with _told(piece.wanted):
            path.write_bytes(data)
        piece.digest = hashlib.sha256(data).hexdigest()

    def stage_path(self, name: str) -> Path:
        """A path for a writer that streams: the file, or the folder of files, that it makes there will appear under `name`."""
        wanted = self._wanted(name)
        piece = self._pieces.get(wanted)
        if piece is None:
            piece = _Piece(wanted, self.folder / STAGING / f"{len(self._pieces):06d}{wanted.suffix}")
            self._pieces[wanted] = piece
        piece.digest = ""
        return piece.staged

    def drop(self, name: str) -> None:
        """Remove, when the results appear, what earlier runs wrote as the file or below the folder `name` and this run does not write.

        What somebody changed since is not removed, but named in `left`.
        """
        self._dropped.append(name)

    def keeps(self, name: str) -> bool:
        """Whether a file stands under `name` that somebody put or changed there: it is kept, and what is written so goes beside it."""
        path = self._wanted(name)
        with _told(path):
            return path.is_file() and _digest(path) not in _manifest(self.folder).get(self._key(path), ())

    def _wanted(self, name: str) -> Path:
        return self.folder.joinpath(*(safe_name(part) for part in PurePosixPath(name).parts if part not in ("/", "..")))

    def _is_ours(self, problem: OSError) -> bool:
        """Whether an error that passed through the block is about writing results, not about reading returns."""
        inside = problem.filename is not None and STAGING in Path(os.fsdecode(problem.filename)).parts
        return inside or problem.errno in _OUR_FAULTS

    def _publish(self) -> None:
        with _told(self.folder):
            known = _manifest(self.folder)
            pieces = [one for piece in self._pieces.values() for one in _files(piece)]
        moves, written = self._planned(pieces, known)
        keep = {*written, *(piece.wanted for piece in pieces)}
        gone, left = self._settled(known, keep=keep)
        for path in (*moves, *gone):
            with _told(path):
                _try_out(path)
        digests = {self._key(target): (piece.digest,) for target, piece in zip(written, pieces, strict=True)}
        if not self._marks and not known:
            digests = {}
        both = {key: tuple(dict.fromkeys((*known.get(key, ()), *digests.get(key, ())))) for key in (*known, *digests)}
        vanished = {self._key(path) for path in gone}
        after = {key: digests.get(key, told) for key, told in both.items() if key not in vanished}
        exchange = Exchange(self.folder / STAGING / "old")
        try:
            with _told(self.folder):
                _note(self.folder, both)
            self._exchanged(exchange, moves, gone)
            with _told(self.folder):
                _note(self.folder, after)
        except BaseException:
            with suppress(OSError):
                _note(self.folder, both)  # until all is put back, and for good where something cannot be
            if exchange.undo():
                with suppress(OSError):
                    self._note_again(known)
            raise
        self.written, self.left = written, left

    def _planned(self, pieces: Iterable[_Piece], known: Manifest) -> tuple[dict[Path, Path], tuple[Path, ...]]:
        """Target -> staged file for each result that differs from what stands there, and the targets of all in their order."""
        moves: dict[Path, Path] = {}
        targets: dict[Path, None] = {}
        for piece in pieces:
            with _told(piece.wanted):
                target, same = self._free(piece, known, taken=targets)
            targets[target] = None
            if not same:
                moves[target] = piece.staged
        return moves, tuple(targets)

    def _free(self, piece: _Piece, known: Manifest, *, taken: Mapping[Path, None]) -> tuple[Path, bool]:
        """Where a result may stand: under its name, or beside what somebody put or changed there; and whether it stands there already."""
        wanted = piece.wanted
        for number in range(1, _COPIES):
            tail = "" if number == 1 else "（新）" if number == 2 else f"（新{number - 1}）"
            target = wanted.with_name(wanted.stem + tail + wanted.suffix)
            if target in taken:
                continue
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, "a folder of that name", str(target))
            if not target.exists():
                return target, False
            if not target.is_file():
                raise ReconcileError(f"无法写入“{target}”：这不是普通文件。请换一个文件名或文件夹后重新运行。")
            there = _digest(target)
            if there == piece.digest or there in known.get(self._key(target), ()):
                return target, there == piece.digest
        raise ReconcileError(f"“{wanted.name}”旁边已有太多改动过的副本，请先清理文件夹“{wanted.parent}”。")

    def _settled(self, known: Manifest, *, keep: Iterable[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        """What earlier runs wrote and this one drops: still as we wrote it, and changed since."""
        kept = frozenset(keep)
        gone: list[Path] = []
        left: list[Path] = []
        for key, digests in known.items():
            path = self.folder / key
            if not any(key == name or key.startswith(f"{name}/") for name in self._dropped) or path in kept or not path.is_file():
                continue
            with _told(path):
                (gone if _digest(path) in digests else left).append(path)
        return tuple(gone), tuple(left)

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _exchanged(self, exchange: Exchange, moves: Mapping[Path, Path], gone: Iterable[Path]) -> None:
        """Move everything into place, and what is dropped out of it."""
        for target, staged in moves.items():
            with _told(target):
                exchange.put(staged, target)
        for path in gone:
            with _told(path):
                exchange.take(path)

    def _note_again(self, known: Manifest) -> None:
        """The manifest as it was before this run."""
        _note(self.folder, known)
        if not known:
            (self.folder / MANIFEST).unlink(missing_ok=True)

    def _clear(self) -> None:
        """Remove what was staged, and the folders that were made for nothing."""
        if self._lock is not None:
            with suppress(OSError):
                _emptied(self.folder / STAGING, keep=_LOCK)
                if sys.platform == "win32":
                    self._lock.close()  # an open file cannot be removed there
                (self.folder / STAGING / _LOCK).unlink()
                (self.folder / STAGING).rmdir()
            self._lock.close()
        for path in self._made:
            with suppress(OSError):  # not empty: results are there
                path.rmdir()


def _claimed(folder: Path) -> BinaryIO:
    """The staging folder for this run alone, emptied of what a killed run left. Returns the lock, to be closed at the end.

    The lock goes with the process that holds it, however it ends.
    """
    staging = folder / STAGING
    while True:
        if staging.is_symlink():  # somebody's, and it leads elsewhere
            staging.unlink()
        staging.mkdir(exist_ok=True)
        try:
            lock = (staging / _LOCK).open("ab")
        except FileNotFoundError:  # removed by a run that ended just now, and so below
            continue
        if not _locked(lock):
            lock.close()
            raise ReconcileError(f"另一次运行正在向“{folder}”写结果，请等它结束后再运行，或用 -o 换一个输出文件夹。")
        if _is_there(staging / _LOCK, lock):
            _emptied(staging, keep=_LOCK)
            return lock
        lock.close()


def _locked(file: BinaryIO) -> bool:
    """Whether this process has the file now; True as well where the file system knows no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of the process: workers that it forks do not hold it
    except OSError as problem:
        return problem.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def _is_there(path: Path, file: BinaryIO) -> bool:
    """Whether an open file is still the one that the path names."""
    if sys.platform == "win32":
        return True  # an open file cannot be removed there
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _emptied(folder: Path, *, keep: str = "") -> None:
    for path in list(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != keep:
            path.unlink()


def _files(piece: _Piece) -> Iterator[_Piece]:
    """The files of a result: itself, or all in the folder that was made of it."""
    if not piece.staged.is_dir():
        yield piece if piece.digest else _Piece(piece.wanted, piece.staged, _digest(piece.staged))
        return
    for path in sorted(path for path in piece.staged.rglob("*") if path.is_file()):
        yield _Piece(piece.wanted / path.relative_to(piece.staged), path, _digest(path))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest(folder: Path) -> dict[str, tuple[str, ...]]:
    """What earlier runs wrote. Names that we would not write are passed over: they lead elsewhere."""
    try:
        with open_regular(folder / MANIFEST) as file:
            lines = file.read().decode(errors="replace").splitlines()
    except (FileNotFoundError, UnreadableWorkbook):  # a pipe of that name would be waited for
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        digest, _, key = line.partition(" ")
        if re.fullmatch("[0-9a-f]{64}", digest) and key and all(safe_name(part) == part for part in key.split("/")):
            found[key] = (*found.get(key, ()), digest)
    return found


def _note(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, whole or not at all; none where there is nothing to say."""
    if not manifest:
        return
    lines = [f"{digest} {key}\n" for key, digests in manifest.items() for digest in digests]
    draft = folder / STAGING / MANIFEST
    draft.write_text("".join(lines), encoding="utf-8", newline="\n")
    draft.replace(folder / MANIFEST)


def _try_out(path: Path) -> None:
    """Raises OSError where a file cannot be replaced: Excel keeps others from writing what it has open, and so does a mark as read-only."""
    if path.is_file():
        with path.open("r+b"):
            pass


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What goes wrong with `path` inside is one sentence for the user."""
    try:
        yield
    except OSError as problem:
        raise ReconcileError(_sentence(path, problem)) from problem


def _sentence(path: Path, problem: OSError) -> str:
    number = problem.errno or 0
    if sys.platform == "win32" and len(str(path.absolute())) >= WINDOWS_PATH:
        number = errno.ENAMETOOLONG  # Windows says only that there is no such path
    if isinstance(problem, PermissionError):
        number = errno.EACCES
    return f"无法写入“{path}”：{_WHY.get(number) or cause(problem)}。{_TODO.get(number, _ELSEWHERE)}重新运行。"
