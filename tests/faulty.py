"""The command line in children that meet a fault at a chosen moment: killed, interrupted, or refused by the file system.

A fault comes from an audit hook (PEP 578): the interpreter tells of every open, rename, link, removal and new folder before it happens, and
the hook may kill the process there, interrupt it, or raise the error that a file system would. Nothing of the program is replaced. The
program is imported once, and forked for every run.
"""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WRITES = ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir")
Act = Callable[[str, str], None]
"""What happens at the moment chosen, given the event and the path."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit code (minus the signal, where one ended it), what it printed, how many events it met, and seconds."""

    code: int
    out: str
    err: str
    met: int
    seconds: float


def run(words: Sequence[object], *, at: Path | None = None, number: int = 0, act: Act | None = None, seconds: float = 0.0) -> Ended:
    """Run the command line in a fork. At the `number`-th event (0: at each) that concerns the path `at`, or a file below it, `act`.

    Events are openings (of `at` itself: any; of files below it: for writing), renames, links, removals and new folders. `seconds`: when to
    kill it instead (0: not).
    """
    import highspy  # noqa: F401 -- loaded before the fork, so that no child loads it again

    import reconcile.cli
    import reconcile.report.console
    import reconcile.run  # noqa: F401 -- as above

    told, tell = os.pipe()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            os.close(told)
            _child(words, (out.fileno(), err.fileno(), tell), at=at, number=number, act=act)
        os.close(tell)
        if seconds and not select.select([told], [], [], seconds)[0]:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        met = os.read(told, 20)
        os.close(told)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        printed = []
        for file in (out, err):
            file.seek(0)
            printed.append(file.read().decode("utf-8", errors="replace"))
        return Ended(code, printed[0], printed[1], int(met or b"0"), time.monotonic() - begun)


def _child(words: Sequence[object], ends: tuple[int, int, int], *, at: Path | None, number: int, act: Act | None) -> None:
    from reconcile.cli import main

    code, met = 1, [0]
    try:
        os.setpgid(0, 0)
        for stream, end in zip((1, 2), ends, strict=False):
            os.dup2(end, stream)
        sys.stdout, sys.stderr = (open(stream, "w", encoding="utf-8", closefd=False) for stream in (1, 2))  # noqa: SIM115 -- as long as it lives
        sys.argv = ["reconcile", *map(str, words)]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if at is not None:
            sys.addaudithook(_hook(str(at), number, act, met))
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 -- what a user would meet as a traceback
        import traceback

        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        with suppress(OSError):
            os.write(ends[2], str(met[0]).encode())
        os._exit(code)


def _hook(at: str, number: int, act: Act | None, met: list[int]) -> Callable[[str, tuple[Any, ...]], None]:
    inside = at + os.sep
    acting: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
            concerned = name == at or (name.startswith(inside) and flags & (os.O_WRONLY | os.O_RDWR))
        elif event in _WRITES:
            names = [os.fsdecode(one) for one in arguments if isinstance(one, str | bytes | os.PathLike)]
            name = next((one for one in reversed(names) if one == at or one.startswith(inside)), "")
            concerned = bool(name)
        else:
            return
        if concerned and not acting:
            met[0] += 1
            if act is not None and number in (0, met[0]):
                acting.append(event)  # what the act itself does is no event
                try:
                    act(event, name)
                finally:
                    acting.clear()

    return hook


def killed(_event: str, _path: str) -> None:
    """As by `kill -9`, by the system that runs out of memory, or by a power cut that spares the disk."""
    os.kill(os.getpid(), signal.SIGKILL)


def interrupted(_event: str, _path: str) -> None:
    """As by Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


def refused(number: int) -> Act:
    """The file system says no, with this errno."""

    def act(_event: str, path: str) -> None:
        raise OSError(number, os.strerror(number), path)

    return act


def noted(file: Path) -> Act:
    """Nothing happens; `file` gets a line `event path` for each event."""
    log = file.open("a", encoding="utf-8")

    def act(event: str, path: str) -> None:
        log.write(f"{event} {path}\n")
        log.flush()

    return act


def preserved(folder: Path, into: Path) -> Act:
    """Nothing happens; `into` gets a copy of `folder` for each event, numbered from 1: what a kill at that moment would leave."""
    copies = iter(range(1, 1_000_000))

    def act(_event: str, _path: str) -> None:
        copy, child = into / f"{next(copies):06}", os.fork()  # a child, since who closes a file that is locked gives up the lock
        if child == 0:
            with suppress(OSError):
                shutil.copytree(folder, copy, symlinks=True)
            os._exit(0)
        os.waitpid(child, 0)

    return act


def whole_tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, the program's own too, with its sha256, and every folder."""
    found = sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def results(folder: Path) -> dict[str, str]:
    """Every file that a user sees below a folder, with its sha256. What begins with a dot is the program's own."""
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        name.as_posix(): hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in found
        if not any(part.startswith(".") for part in name.parts)
    }
