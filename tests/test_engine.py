"""Where work runs never changes what comes out, and an item that takes its worker with it is the only one that is lost."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.engine import IDLE, Done, Lost, Processes, Serial, available_cores, split

Begin = Callable[[int], None]
STARTS = [one for one in ("fork", "spawn") if one in multiprocessing.get_all_start_methods()]
both_starts = pytest.mark.parametrize("start", STARTS)


def squared(items: Sequence[int], begin: Begin) -> list[int]:
    found = []
    for place, item in enumerate(items):
        begin(place)
        found.append(item * item)
    return found


class Deadly:
    """Squares numbers; dies of one, hangs at another; dies once with none in hand."""

    def __init__(self, *, kills: int = -1, hangs: int = -1, once: Path | None = None, idle: Path | None = None) -> None:
        self._kills, self._hangs, self._once, self._idle = kills, hangs, once, idle

    def __call__(self, items: Sequence[int], begin: Begin) -> list[int]:
        found = []
        for place, item in enumerate(items):
            if item == self._kills and self._idle is not None and not self._idle.exists():
                self._idle.touch()
                begin(IDLE)
                os._exit(9)
            begin(place)
            if item == self._kills and self._first():
                os._exit(9)
            if item == self._hangs and self._first():
                time.sleep(60)
            found.append(item * item)
        return found

    def _first(self) -> bool:
        if self._once is None:
            return True
        try:
            self._once.touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def merged(done: Sequence[Done[int, list[int]]]) -> list[int]:
    return [one for part in done for one in part.result or []]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 40), st.integers(1, 12), st.integers(1, 3))
def test_engines_and_partitions_give_the_same(count: int, size: int, workers: int) -> None:
    parts = split(range(count), size)
    assert [one for part in parts for one in part] == list(range(count))
    expected = [number * number for number in range(count)]
    assert merged(list(Serial().map(squared, parts))) == expected
    assert merged(list(Processes(workers=workers).map(squared, parts))) == expected


@both_starts
def test_a_deadly_item_is_lost_alone(start: str) -> None:
    done = list(Processes(workers=2, start=start).map(Deadly(kills=13), split(range(30), 10)))
    assert merged(done) == [number * number for number in range(30) if number != 13]
    assert [part.lost for part in done] == [(), (Lost(13, late=False),), ()]
    assert [part.count for part in done] == [10, 10, 10]


@both_starts
def test_a_hanging_item_is_lost_alone_and_said_to_be_late(start: str) -> None:
    began = time.monotonic()
    done = list(Processes(workers=2, seconds=0.5, start=start).map(Deadly(hangs=3), split(range(10), 5)))
    assert merged(done) == [number * number for number in range(10) if number != 3]
    assert done[0].lost == (Lost(3, late=True),)
    assert time.monotonic() - began < 30


@both_starts
def test_an_item_that_only_happened_to_be_in_hand_is_not_lost(start: str, tmp_path: Path) -> None:
    done = list(Processes(workers=2, start=start).map(Deadly(kills=4, once=tmp_path / "killed"), split(range(12), 6)))
    assert (tmp_path / "killed").exists()
    assert merged(done) == [number * number for number in range(12)]
    assert not any(part.lost for part in done)


def test_an_item_at_which_the_machine_hung_once_is_not_lost(tmp_path: Path) -> None:
    done = list(Processes(workers=1, seconds=0.5).map(Deadly(hangs=3, once=tmp_path / "hung"), [range(5)]))
    assert (tmp_path / "hung").exists()
    assert merged(done) == [0, 1, 4, 9, 16]
    assert not done[0].lost


def kept(items: Sequence[int], begin: Begin) -> list[int]:
    """Takes longer to keep what it made than an item may take."""
    found = squared(items, begin)
    begin(IDLE)
    time.sleep(2)
    return found


def test_a_disk_that_does_not_answer_costs_no_item() -> None:
    done = list(Processes(workers=1, seconds=0.5).map(kept, [range(3)]))
    assert (merged(done), done[0].lost) == ([0, 1, 4], ())


def test_deaths_of_an_item_and_of_nothing_are_counted_apart(tmp_path: Path) -> None:
    done = list(Processes(workers=1).map(Deadly(kills=4, idle=tmp_path / "killed"), [range(6)]))
    assert (tmp_path / "killed").exists()
    assert merged(done) == [0, 1, 4, 9, 25]
    assert done[0].lost == (Lost(4, late=False),)


def broken(items: Sequence[int], begin: Begin) -> None:
    begin(0)
    raise ValueError(f"not {items[0]}")


@both_starts
def test_what_the_function_raises_comes_through(start: str) -> None:
    with pytest.raises(ValueError, match="not 0") as raised:
        list(Processes(workers=1, start=start).map(broken, [[0]]))
    assert "in broken" in "".join(raised.value.__notes__), "where in the worker it was raised is told"
    with pytest.raises(ValueError, match="not 0"):
        list(Serial().map(broken, [[0]]))


def unsendable(items: Sequence[int], begin: Begin) -> object:
    begin(0)
    if items[0]:
        return threading.Lock()
    raise ValueError(threading.Lock())


def test_what_cannot_be_sent_is_an_error_that_says_what() -> None:
    for item, said in ((1, "cannot pickle"), (0, "in unsendable")):
        with pytest.raises((TypeError, RuntimeError)) as raised:
            list(Processes(workers=1).map(unsendable, [[item]]))
        assert said in "".join([str(raised.value), *getattr(raised.value, "__notes__", ())])


def whose(_items: Sequence[int], begin: Begin) -> int:
    begin(0)
    return os.getpid()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="elsewhere os.kill(pid, 0) does not ask whether a process is there")
def test_workers_end_with_whoever_started_them() -> None:
    running = Processes(workers=2).map(whose, [[1], [2], [3], [4]])
    first = next(running).result
    running.close()  # type: ignore[attr-defined]  # a generator, left early
    assert first is not None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_nothing_to_do_starts_nobody() -> None:
    assert list(Processes(workers=2).map(squared, [])) == []
    assert available_cores() >= 1
