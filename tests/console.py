"""The command line in a console of a given environment: one process that has everything imported, forked for each command.

The process is started anew for each environment, since Python asks at its start what it speaks and how files are named; the forks only
spare each command the second that importing takes. Run as a script it is that process. Where nothing forks (Windows), each command is a
process of its own.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
FORKS = hasattr(os, "fork")
UTF8 = {"PYTHONIOENCODING": "utf-8"}


class Console:
    """A console whose `environment` is all that a command sees. A context manager."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**environment, "PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Console:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.communicate()

    def __call__(self, *words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
        """The command `reconcile` with these words, as it ended and what it printed."""
        said = [str(word) for word in words]
        if not FORKS:
            command = [sys.executable, "-m", "reconcile", *said]
            return subprocess.run(command, cwd=cwd, capture_output=True, check=False, env=self._environment)
        if self._process is None:
            command = [sys.executable, str(Path(__file__).resolve())]
            self._process = subprocess.Popen(command, stdin=-1, stdout=-1, cwd=ROOT, env=self._environment)
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            code = _asked(self._process, [*(str(place) for place in (cwd, out, err)), *said])
            return subprocess.CompletedProcess(["reconcile", *said], code, out.read_bytes(), err.read_bytes())


def _asked(process: subprocess.Popen[bytes], words: list[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([os.fsencode(word).hex() for word in words]).encode() + b"\n")
    process.stdin.flush()
    line = process.stdout.readline()
    assert line, f"the console itself ended over {words}"
    return int(line)


def _serve() -> None:
    """Answer each line of words with the exit code of the command, until the input ends."""
    import highspy  # noqa: F401 -- loaded here, so that no child loads it again

    import reconcile.cli
    import reconcile.report.console
    import reconcile.run  # noqa: F401 -- as above

    for line in sys.stdin.buffer:
        words = [os.fsdecode(bytes.fromhex(word)) for word in json.loads(line)]
        child = os.fork()
        if child == 0:
            _command(words)
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())


def _command(words: list[str]) -> NoReturn:
    """The forked side: `python -m reconcile` in its folder, printing into its two files; never comes back."""
    code = 1
    try:
        cwd, out, err, *said = words
        for place, stream in ((os.devnull, 0), (out, 1), (err, 2)):
            os.dup2(os.open(place, os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT), stream)
        os.chdir(cwd)
        sys.argv = ["reconcile", *said]
        runpy.run_module("reconcile", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 -- what a user would meet as a traceback
        import traceback

        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


if __name__ == "__main__":
    _serve()
