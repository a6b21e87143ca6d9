"""A Dask cluster that loses a worker in the middle of a run writes what one process writes, byte for byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reconcile.files.scheme_files import read_scheme
from tests.benchmarks.scale_returns import make

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills a group of processes, which this system does not have"),
]

RETURNS = 1200


def started(*command: str) -> subprocess.Popen[bytes]:
    """A program of Dask in a group of its own, so that it can be killed with all its children."""
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    return subprocess.Popen([sys.executable, "-m", *command], **options)  # type: ignore[call-overload]  # options are these three


def killed(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler, and its two workers."""
    told = tmp_path / "scheduler.json"
    running = [started("distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))]
    try:
        for number in range(2):
            folder = tmp_path / f"worker{number}"
            running.append(
                started(
                    *("distributed.cli.dask_worker", "--scheduler-file", str(told), "--nworkers", "1", "--nthreads", "1"),
                    *("--no-dashboard", "--local-directory", str(folder)),
                )
            )
        yield _address(told), running[1:]
    finally:
        for process in running:
            killed(process)


def _address(told: Path) -> str:
    import json

    for _ in range(300):
        with suppress(OSError, ValueError):
            return str(json.loads(told.read_text())["address"])
        time.sleep(0.1)
    raise AssertionError("the scheduler did not start")


def results(folder: Path) -> dict[str, bytes]:
    """Everything a run wrote for people and programs, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".reconcile-cache")
    }


def test_a_worker_killed_half_way_changes_no_byte(tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]) -> None:
    scheduler, workers = cluster
    returns, alone, together = tmp_path / "returns", tmp_path / "alone", tmp_path / "together"
    returns.mkdir()
    make(returns, RETURNS, read_scheme(None))
    run = [sys.executable, "-m", "reconcile", "run", str(returns)]
    command = [*run, "-o", str(together), "--engine", "dask", "--scheduler", scheduler]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        parts = RETURNS // 25
        while running.poll() is None and len(list(together.glob(".reconcile-cache/*/*.parquet"))) < parts // 2:
            time.sleep(0.002)
        done = len(list(together.glob(".reconcile-cache/*/*.parquet")))
        killed(workers[0])
        out, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    assert f"收到文件{RETURNS}个" in out
    assert parts // 2 <= done < parts, "the worker was not killed in the middle"
    subprocess.run([*run, "-o", str(alone), "--engine", "serial", "--no-cache"], check=True, capture_output=True)
    assert results(together) == results(alone)


def test_no_scheduler_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"no workbook")
    command = [sys.executable, "-m", "reconcile", "check", str(tmp_path), "--engine", "dask"]
    for address, said in ((None, "--scheduler"), ("tcp://127.0.0.1:1", "连不上 Dask 调度器")):
        asked = [*command, "--scheduler", address] if address else command
        result = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert said in result.stderr
        assert "Traceback" not in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
