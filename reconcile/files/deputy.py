"""A deputy: a process that does in this one's stead what cannot be bounded here, one request after the other, within limits.

    with Deputy(script, memory=320 << 20) as deputy:
        answer = deputy.ask(file, seconds=9.0)       bytes; or DeputyGone is raised

What it does stands in a script that imports nothing of the package and defines `answer(data: bytes, *words: str) -> bytes`; `deputy_child`
runs it. A deputy that takes too long, too much or an instruction that ends it is replaced; it ends with the process that started it, too.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

_CHILD = Path(__file__).with_name("deputy_child.py")
_REQUEST, _ANSWER = struct.Struct("<Qd"), struct.Struct("<Q")  # its length and the seconds it may take; its length
_PIECE = 1 << 20


class DeputyGone(Exception):  # noqa: N818 -- named for what it is; whoever asks says it in Chinese
    """The deputy ended before it answered; `late` where it was ended for taking too long."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("too late" if late else "ended")
        self.late = late


class Deputy:
    """One process, started when first needed, kept for every request, and replaced when it died or was ended.

    A context manager; leaving it ends the process. Several threads may ask: one waits for the other.
    script: a file with `answer`; words: what it is given besides the data. memory: bytes of address space, where the system can limit them.
    """

    def __init__(self, script: Path, *words: str, memory: int) -> None:
        # -P: the script's neighbours must not stand in for modules of the same name. -O: xlrd asserts what Excel forgives.
        self._command = [sys.executable, "-P", "-O", str(_CHILD), str(script), str(memory), *words]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def ask(self, file: BinaryIO, *, seconds: float) -> bytes:
        """The answer to what an open file holds, from its beginning to its end.

        seconds: how long the answer may take, of the clock and of a processor. Raises DeputyGone; OSError where no process can be started.
        """
        with self._lock:
            process, late = self._running(), threading.Event()

            def stop() -> None:
                late.set()
                process.kill()

            timer, answer = threading.Timer(seconds, stop), None
            timer.start()
            try:
                with suppress(OSError):
                    answer = _exchange(process, file, seconds)
            finally:
                timer.cancel()
                timer.join()  # it may be at it
                if answer is None or late.is_set():
                    self._end()
        if answer is None or late.is_set():
            raise DeputyGone(late=late.is_set())
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        self._process = subprocess.Popen(  # noqa: S603 -- our own script
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # else glibc reserves 64 MB of the address space for each thread
        )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was still to be sent to a dead process is lost anyway
                    pipe.close()
        process.wait()


def _exchange(process: subprocess.Popen[bytes], file: BinaryIO, seconds: float) -> bytes | None:
    """One request and its answer; None where the process ended before answering, or the file is shorter than it was. Raises OSError."""
    if process.stdin is None or process.stdout is None:
        return None
    left = file.seek(0, os.SEEK_END)
    file.seek(0)
    process.stdin.write(_REQUEST.pack(left, seconds))
    while left and (piece := file.read(min(left, _PIECE))):
        process.stdin.write(piece)
        left -= len(piece)
    if left:
        return None
    process.stdin.flush()
    head = process.stdout.read(_ANSWER.size)
    if len(head) < _ANSWER.size:
        return None
    (length,) = _ANSWER.unpack(head)
    answer = process.stdout.read(length)
    return answer if len(answer) == length else None
