"""What is kept between runs: tidied without loss."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reconcile.files import cache as door
from reconcile.files.cache import Cache, Rows

pytest.importorskip("pyarrow", reason="the extra `large` is not installed")

KEY = "0" * 32


def rows(numbers: Sequence[int]) -> Rows:
    """Two figures a return, that tell which one it is."""
    values = np.array([[number, -number] for number in numbers], dtype=np.float64)
    return Rows([f"{number:064d}" for number in numbers], values, np.ones(values.shape, dtype=np.int8), ["{}"] * len(numbers), {})


def met(folder: Path) -> Cache:
    """A cache of which everything is met once more."""
    cache = Cache(folder, KEY)
    for sha256, place in cache.load().items():
        cache.row(sha256, place)
    return cache


def known(folder: Path) -> dict[str, float]:
    """The first figure of each return that is there, by its sha256."""
    cache = Cache(folder, KEY)
    found = {sha256: cache.row(sha256, place) for sha256, place in cache.load().items()}
    return {sha256: float(segment.values[row, 0]) for sha256, (segment, row) in found.items()}


def scattered(folder: Path, segments: int = 200, each: int = 6) -> dict[str, float]:
    for number in range(segments):
        Cache(folder, KEY).keep(rows(range(number * each, (number + 1) * each)))
    return {f"{number:064d}": float(number) for number in range(segments * each)}


def test_small_segments_are_put_together(tmp_path: Path) -> None:
    wanted = scattered(tmp_path)
    met(tmp_path).tidy()
    assert len(list((tmp_path / KEY).iterdir())) == 5
    assert known(tmp_path) == wanted


def test_a_disk_that_fills_while_tidying_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = scattered(tmp_path)
    write, written = door._write, []

    def full(one: Rows, folder: Path) -> str:
        if written:
            raise OSError(errno.ENOSPC, "full")
        written.append(write(one, folder))
        return str(written[0])

    monkeypatch.setattr(door, "_write", full)
    met(tmp_path).tidy()
    assert written
    assert known(tmp_path) == wanted


def test_copies_of_a_return_are_kept_once(tmp_path: Path) -> None:
    Cache(tmp_path, KEY).keep(rows([1, 1, 1, 2, 2, 2]))
    met(tmp_path).tidy()
    (segment,) = (tmp_path / KEY).iterdir()
    met(tmp_path).tidy()
    assert list((tmp_path / KEY).iterdir()) == [segment]
    assert len(met(tmp_path)._segments[segment].sha256) == 2
    assert known(tmp_path) == {f"{1:064d}": 1.0, f"{2:064d}": 2.0}
