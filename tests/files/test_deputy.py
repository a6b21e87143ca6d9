"""A process that works in this one's stead: within limits, for several threads, and never longer than the one that started it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.files.deputy import Deputy, DeputyGone

ROOT = Path(__file__).resolve().parents[2]
GENEROUS = 60.0  # seconds; no test waits for them
posix = pytest.mark.skipif(os.name != "posix", reason="nobody is killed like this on Windows")

Made = Callable[..., Deputy]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A deputy that answers with what a piece of code makes of `data`."""

    def make(code: str, *words: str, memory: int = 1 << 30) -> Deputy:
        lines = "\n".join(f"    {line}" for line in code.splitlines())
        (tmp_path / "script.py").write_text(f"import itertools, os, time\ndef answer(data, *words):\n{lines}\n", encoding="utf-8")
        return Deputy(tmp_path / "script.py", *words, memory=memory)

    return make


def asked(deputy: Deputy, data: bytes, *, seconds: float = GENEROUS) -> bytes:
    return deputy.ask(io.BytesIO(data), seconds=seconds)


def test_answers_one_after_the_other_in_one_process(made: Made) -> None:
    with made("return b' '.join((data, *(word.encode() for word in words), str(os.getpid()).encode()))", "甲", "乙") as deputy:
        first, second = asked(deputy, b"one").split(), asked(deputy, b"").split()
        assert first[:3] == [b"one", "甲".encode(), "乙".encode()]
        assert second == first[1:]
        large = bytes(range(256)) * 20_000
        assert asked(deputy, large).startswith(large)


def test_what_the_script_prints_is_no_answer(made: Made) -> None:
    with made("print('noise', flush=True)\nreturn data") as deputy:
        assert asked(deputy, b"x") == b"x"


def test_a_file_is_sent_from_its_beginning(made: Made) -> None:
    file = io.BytesIO(b"whole")
    file.seek(3)
    with made("return data") as deputy:
        assert deputy.ask(file, seconds=GENEROUS) == b"whole"


@pytest.mark.parametrize("code", ["os._exit(3)", "raise ValueError", "return 'no bytes'", "os.kill(os.getpid(), 9)"])
def test_one_that_ended_is_replaced(made: Made, code: str) -> None:
    with made(f"if data == b'bad':\n    {code}\nreturn data") as deputy:
        for _ in range(2):
            with pytest.raises(DeputyGone) as caught:
                asked(deputy, b"bad")
            assert not caught.value.late
            assert asked(deputy, b"good") == b"good"


def test_one_that_takes_too_long_is_replaced(made: Made) -> None:
    with made("if data == b'bad':\n    time.sleep(60)\nreturn data") as deputy:
        begun = time.monotonic()
        with pytest.raises(DeputyGone) as caught:
            asked(deputy, b"bad", seconds=0.2)
        assert caught.value.late
        assert time.monotonic() - begun < 10
        assert asked(deputy, b"good") == b"good"


def test_a_file_that_became_shorter_is_given_up(made: Made) -> None:
    class Shrinking(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return b""

    with made("return data") as deputy:
        with pytest.raises(DeputyGone):
            deputy.ask(Shrinking(b"gone"), seconds=GENEROUS)
        assert asked(deputy, b"good") == b"good"


def test_one_that_takes_too_much_memory_ends(made: Made) -> None:
    pytest.importorskip("resource", reason="this system cannot limit a process's memory")
    with made("return bytes(len(data) and int(data))", memory=256 << 20) as deputy:
        assert asked(deputy, b"100000000") == bytes(100_000_000)  # what it needs itself is little, its reading thread included
        with pytest.raises(DeputyGone) as caught:
            asked(deputy, str(512 << 20).encode())
        assert not caught.value.late


def test_each_request_has_its_own_seconds_of_the_processor(made: Made) -> None:
    pytest.importorskip("resource", reason="this system cannot limit a process's time")
    code = """
import resource
end = time.process_time() + float(data)
while time.process_time() < end:
    pass
return b"%d %d" % (resource.getrlimit(resource.RLIMIT_CPU)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])"""
    with made(code) as deputy:
        limits = [tuple(map(int, asked(deputy, b"1.1", seconds=20).split())) for _ in range(3)]
    assert limits[0][0] in (22, 23)
    assert limits[1][0] - limits[0][0] in (1, 2)
    assert limits[2][0] - limits[1][0] in (1, 2)
    assert {core for _, core in limits} == {0}


def test_several_threads_get_their_own_answers(made: Made) -> None:
    wrong: list[bytes] = []

    def ask(deputy: Deputy, mine: bytes) -> None:
        for number in range(30):
            data = mine * (1 + number * 3_000)
            if asked(deputy, data) != data[::-1]:
                wrong.append(mine)

    with made("return data[::-1]") as deputy:
        threads = [threading.Thread(target=ask, args=(deputy, bytes([letter]) + b"-")) for letter in b"abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


def test_a_thread_that_ends_does_not_take_the_process_with_it(made: Made) -> None:
    """As a signal at the parent's death would on Linux, where the parent is a thread."""
    found: list[bytes] = []
    with made("return str(os.getpid()).encode()") as deputy:
        for _ in range(2):
            thread = threading.Thread(target=lambda: found.append(asked(deputy, b"")))
            thread.start()
            thread.join()
    assert found[0] == found[1]


def test_closed_it_is_gone_and_can_be_asked_again(made: Made) -> None:
    deputy = made("return str(os.getpid()).encode()")
    deputy.close()
    first = int(asked(deputy, b""))
    deputy.close()
    assert ended(first, seconds=0)
    assert int(asked(deputy, b"")) != first
    deputy.close()


@posix
@pytest.mark.parametrize(
    ("busy", "seconds"),
    [
        ("while True:\n    pass", GENEROUS),
        ("time.sleep(60)", GENEROUS),
        ("sum(itertools.repeat(0))", 1),  # no thread of the interpreter runs any more: only the limit of the processor helps
    ],
    ids=["loop", "sleep", "holding the interpreter"],
)
def test_it_ends_with_the_process_that_started_it(tmp_path: Path, made: Made, busy: str, seconds: float) -> None:
    made(f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()) + '.')\n{busy}")
    code = f"""
import io, sys
from pathlib import Path
from reconcile.files.deputy import Deputy
Deputy(Path({str(tmp_path / "script.py")!r}), memory=1 << 30).ask(io.BytesIO(b"x"), seconds={seconds})"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL) as parent:
        deputy = started(tmp_path / "pid")
        parent.send_signal(signal.SIGKILL)
    assert ended(deputy, seconds=20)


def started(file: Path) -> int:
    """The process whose number stands in a file, as soon as it does."""
    for _ in range(400):
        if file.exists() and (told := file.read_text(encoding="utf-8")).endswith("."):
            return int(told[:-1])
        time.sleep(0.05)
    raise AssertionError("it never began")


def ended(process: int, *, seconds: float) -> bool:
    """Whether a process ends within some seconds. Where it does not, it is ended."""
    end = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() >= end:
            os.kill(process, signal.SIGKILL)
            return False
        time.sleep(0.05)
    return True


def alive(process: int) -> bool:
    """Whether a process runs still; one that is dead and whom nobody asked after (a zombie) does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    told = Path(f"/proc/{process}/stat")
    return not (told.exists() and told.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z")
