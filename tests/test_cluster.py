"""A Dask cluster that loses a worker in the middle of a run writes what one process writes, byte for byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reconcile.engine import Dask, Lost, split
from reconcile.errors import ReconcileError
from reconcile.files.scheme_files import read_scheme
from tests.benchmarks.scale_returns import make
from tests.test_engine import Deadly

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="kills a group of processes, which this system does not have"),
]

RETURNS = 1200
PATHS = [Path(__file__).parents[1]]  # where workers find what the tests define


def started(*command: str, at: Path) -> subprocess.Popen[bytes]:
    """A program of Dask in a group of its own, so that it can be killed with all its children, and in a folder of its own. A worker that
    died of a task is not sent others to die of it."""
    at.mkdir(exist_ok=True)
    environment = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0", "PYTHONPATH": os.pathsep.join(map(str, PATHS))}
    out = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, "-m", *command], stdout=out, stderr=out, start_new_session=True, cwd=at, env=environment)


def killed(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Cluster:
    """A scheduler and its workers, each of one thread but where asked otherwise."""

    def __init__(self, folder: Path, *, workers: int, threads: int) -> None:
        told = folder / "scheduler.json"
        self.scheduler = started(
            *("distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)), at=folder / "scheduler"
        )
        command = ("distributed.cli.dask_worker", "--scheduler-file", str(told), "--nworkers", "1", "--nthreads", str(threads))
        self.workers = [
            started(*command, "--no-dashboard", "--local-directory", str(folder / f"local{number}"), at=folder / f"worker{number}")
            for number in range(workers)
        ]
        self.address = _address(told)

    def end(self) -> None:
        for process in (self.scheduler, *self.workers):
            killed(process)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """Starts clusters, and ends them."""
    running: list[Cluster] = []

    def start(*, workers: int = 2, threads: int = 1) -> Cluster:
        folder = tmp_path / f"cluster{len(running)}"
        folder.mkdir()
        running.append(Cluster(folder, workers=workers, threads=threads))
        return running[-1]

    try:
        yield start
    finally:
        for one in running:
            one.end()


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


def test_a_worker_killed_half_way_changes_no_byte(tmp_path: Path, cluster: Callable[..., Cluster]) -> None:
    started_here = cluster()
    returns, alone, together = tmp_path / "returns", tmp_path / "alone", tmp_path / "together"
    returns.mkdir()
    make(returns, RETURNS, read_scheme(None))
    run = [sys.executable, "-m", "reconcile", "run", "returns"]
    command = [*run, "-o", "together", "--engine", "dask", "--scheduler", started_here.address]  # the workers stand in other folders
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        parts = RETURNS // 25
        while running.poll() is None and len(list(together.glob(".reconcile-cache/*/*.parquet"))) < parts // 2:
            time.sleep(0.002)
        done = len(list(together.glob(".reconcile-cache/*/*.parquet")))
        killed(started_here.workers[0])
        out, err = running.communicate(timeout=300)
    assert running.returncode == 0, err
    assert err == ""
    assert f"收到文件{RETURNS}个" in out
    assert parts // 2 <= done < parts, "the worker was not killed in the middle"
    subprocess.run([*run, "-o", "alone", "--engine", "serial", "--no-cache"], cwd=tmp_path, check=True, capture_output=True)
    assert results(together) == results(alone)


def test_an_item_that_kills_is_lost_alone_on_a_cluster_too(cluster: Callable[..., Cluster]) -> None:
    parts = split(range(40), 10)
    done = list(Dask(cluster().address).map(Deadly(kills=13), parts))
    assert [one for part in done for one in part.result or []] == [number * number for number in range(40) if number != 13]
    assert [part.lost for part in done] == [(), (Lost(13, late=False),), (), ()]
    assert [part.count for part in done] == [10, 10, 10, 10]


def test_a_scheduler_that_goes_away_is_one_sentence(cluster: Callable[..., Cluster]) -> None:
    here = cluster(workers=1)
    running = Dask(here.address).map(Deadly(), split(range(100, 3000), 10))
    next(running)
    killed(here.scheduler)
    with pytest.raises(ReconcileError, match="连接中断"):
        list(running)


def test_a_worker_of_several_threads_is_one_sentence(tmp_path: Path, cluster: Callable[..., Cluster]) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"no workbook")
    command = [sys.executable, "-m", "reconcile", "check", str(tmp_path / "a.xlsx"), "--scheduler", cluster(threads=2).address]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.strip().splitlines() == [line for line in result.stderr.splitlines() if "--nthreads 1" in line]


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
