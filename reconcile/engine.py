"""Where work runs: one function over many parts, here, in processes, or on a cluster. Knows no act and no file.

A part is a sequence of items. The function is called as `function(items, begin)` and calls `begin(place)` before each item, so that a
worker that dies or hangs is known to have had that one item in hand: the part is done again without it, and it comes back as lost. What
the function returns must depend on its items alone; then any engine, any partition and any order give the same.
"""

from __future__ import annotations

import faulthandler
import logging
import multiprocessing
import os
import pickle
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic, Protocol, TypeVar

from reconcile.errors import ReconcileError, cause

Item = TypeVar("Item")
Result = TypeVar("Result")
Begin = Callable[[int], None]
Function = Callable[[Sequence[Item], Begin], Result]

IDLE = -1
"""What a function begins when its items are done and it only puts together, or keeps, what it made of them: no item is in hand, and
nobody loses patience with a disk that does not answer."""

SECONDS = 60.0
"""How long one item may take before its worker is stopped; the second time it is lost. The readers' own bounds are tighter; this one is
for what they could not bound."""

_PATIENCE = 30.0  # seconds that a cluster may be silent before it is asked whether anybody is there
_KNOCKING = 10.0  # seconds to wait for a scheduler to answer at all
_ATTEMPTS = 3  # of a part whose worker died with no item in hand: not the items' fault
_FORK, _SPAWN = "fork", "spawn"
_CUT_OFF = "与 Dask 调度器的连接中断，没有写出新的结果。请检查集群后重新运行。"
_THREADS = "Dask 工作进程有多个线程，没有写出新的结果。请用 dask worker --nthreads 1 启动，每个核一个工作进程。"


@dataclass(frozen=True, slots=True)
class Lost(Generic[Item]):
    """An item that took its worker with it twice; `late` where the last one was stopped for taking too long."""

    item: Item
    late: bool


@dataclass(frozen=True, slots=True)
class Done(Generic[Item, Result]):
    """A part, or a piece of it, of `count` items, done: what the function made of it, and the items that are not in it."""

    count: int
    result: Result
    lost: tuple[Lost[Item], ...] = ()


class Engine(Protocol):
    """Runs a function over parts, and gives back what it made of each, in the order of the parts."""

    def map(self, function: Function[Item, Result], parts: Sequence[Sequence[Item]]) -> Iterator[Done[Item, Result]]:
        """Raises ReconcileError where the workers cannot be started or keep dying; what the function raises passes through."""


class Serial:
    """One part after the other, in this process. Nothing protects it from an item that kills or hangs."""

    def map(self, function: Function[Item, Result], parts: Sequence[Sequence[Item]]) -> Iterator[Done[Item, Result]]:
        """See Engine."""
        for part in parts:
            yield Done(len(part), function(part, lambda _place: None))


@dataclass(slots=True)
class _Job(Generic[Item]):
    """A part on its way: the places of its items that are still asked for, and what became of the others."""

    number: int
    items: Sequence[Item]
    left: list[int]
    suspects: set[int] = field(default_factory=set)  # one worker died of it, or of nothing; the second time it is lost
    lost: list[Lost[Item]] = field(default_factory=list)
    idle_deaths: int = 0


class _Worker:
    """A process that does one part at a time. What it has in hand stands in memory that both sides see: place and time of beginning."""

    def __init__(self, function: Function[Any, Any], *, seconds: float, start: str, others: Sequence[_Worker]) -> None:
        context: Any = multiprocessing.get_context(start)
        self.hand = context.RawArray("d", [IDLE, 0.0])
        self.pipe, theirs = context.Pipe()
        ours = [one.pipe for one in (*others, self)] if start == _FORK else []  # else a dead parent would go unnoticed
        self.process = context.Process(target=_serve, args=(theirs, ours, function, self.hand, seconds), daemon=False)
        self.process.start()
        theirs.close()
        self.job: _Job[Any] | None = None

    def give(self, job: _Job[Any]) -> None:
        self.job = job
        self.hand[0] = IDLE
        with suppress(OSError):  # a dead worker is met when its answer is asked for
            self.pipe.send([job.items[place] for place in job.left])

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection, others: Sequence[Connection], function: Function[Any, Any], hand: Any, seconds: float) -> None:
    """The worker's side: answer until the other side closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its workers
    for other in others:
        other.close()
    watch = _Watch(hand, seconds)
    while True:
        try:
            items = pipe.recv()
        except (EOFError, OSError):
            return
        answer = _answered(function, items, watch)
        watch.rest()
        try:
            pipe.send_bytes(answer)
        except OSError:
            return


def _answered(function: Function[Any, Any], items: Sequence[Any], watch: Begin) -> memoryview:
    """What the function made of the items or raised, ready to be sent; of an error also where it was raised."""
    try:
        return ForkingPickler.dumps((True, function(items, watch)))
    except Exception as error:  # noqa: BLE001 -- handed over to the parent, which raises it again
        where = traceback.format_exc()
        error.add_note(where)
        try:
            return ForkingPickler.dumps((False, error))
        except Exception:  # noqa: BLE001 -- whatever an error may hold that cannot be sent: its text can
            return ForkingPickler.dumps((False, RuntimeError(where)))


class _Watch:
    """Says which item is in hand, and ends this process where it takes too long: from outside the interpreter, which may be stuck."""

    def __init__(self, hand: Any, seconds: float) -> None:
        self._hand, self._seconds = hand, seconds
        self._armed = 0.0
        self._nowhere = open(os.devnull, "w")  # noqa: SIM115, PTH123 -- must stay open as long as the watch may bite

    def __call__(self, place: int) -> None:
        if place == IDLE:
            self.rest()
            return
        now = time.monotonic()
        self._hand[1], self._hand[0] = now, place
        if now - self._armed > 1.0:  # arming costs a thread
            faulthandler.dump_traceback_later(self._seconds + 1.0, exit=True, file=self._nowhere)
            self._armed = now

    def rest(self) -> None:
        self._hand[0] = IDLE
        faulthandler.cancel_dump_traceback_later()
        self._armed = 0.0


class Processes:
    """Several processes on this machine; `workers` None: one a core.

    `start`: "fork" shares what is loaded already (the default on Linux); "spawn", a fresh interpreter that loads it again, is to be had
    everywhere.
    """

    def __init__(self, *, workers: int | None = None, seconds: float = SECONDS, start: str | None = None) -> None:
        self._workers = workers or available_cores()
        self._seconds = seconds
        self._start = start or (_FORK if sys.platform == "linux" else _SPAWN)

    def map(self, function: Function[Item, Result], parts: Sequence[Sequence[Item]]) -> Iterator[Done[Item, Result]]:
        """See Engine. Parts are given to whoever is free; results wait until those before them are there."""
        waiting = deque(_Job(number, part, list(range(len(part)))) for number, part in enumerate(parts))
        workers: list[_Worker] = []
        ready: dict[int, Done[Item, Result]] = {}
        following = 0
        try:
            for _ in range(min(self._workers, len(waiting))):
                workers.append(self._started(function, workers))
                workers[-1].give(waiting.popleft())
            while following < len(parts):
                for worker in _free(workers):
                    done = _answer(worker, self._seconds)
                    job, worker.job = worker.job, None
                    if job is None:
                        continue
                    if done is not None:
                        ready[job.number] = done
                    else:
                        waiting.appendleft(job)
                        worker.close()
                        workers.remove(worker)
                        worker = self._started(function, workers)  # noqa: PLW2901 -- the dead one's place is taken
                        workers.append(worker)
                    if waiting:
                        worker.give(waiting.popleft())
                while following in ready:
                    yield ready.pop(following)
                    following += 1
        finally:
            for worker in workers:
                worker.close()

    def _started(self, function: Function[Any, Any], others: Sequence[_Worker]) -> _Worker:
        try:
            return _Worker(function, seconds=self._seconds, start=self._start, others=others)
        except OSError as error:
            raise ReconcileError(f"无法启动工作进程：{cause(error)}。请关闭其他程序后重试，或加 --engine serial 逐份处理。") from error


def _free(workers: Sequence[_Worker]) -> list[_Worker]:
    """Workers that answered or died, as soon as there is one."""
    busy = [worker for worker in workers if worker.job is not None]
    told = wait([worker.pipe for worker in busy])
    return [worker for worker in busy if worker.pipe in told]


def _answer(worker: _Worker, seconds: float) -> Done[Any, Any] | None:
    """What the worker made of its part; None where it died, and its job is to be done again without what it died of."""
    job = worker.job
    if job is None:
        return None
    try:
        fine, result = worker.pipe.recv()
    except (EOFError, OSError):
        _bereaved(job, int(worker.hand[0]), late=time.monotonic() - worker.hand[1] >= seconds)
        return None
    if not fine:
        raise result
    return Done(len(job.items), result, tuple(job.lost))


def _bereaved(job: _Job[Any], place: int, *, late: bool) -> None:
    """Note which item a worker died of. That may be somebody else's doing, so that the first time only makes the item suspect."""
    if place == IDLE or place >= len(job.left):
        job.idle_deaths += 1
        if job.idle_deaths >= _ATTEMPTS:
            raise ReconcileError("工作进程反复意外中断，没有写出新的结果。请关闭其他程序后重试，或加 --engine serial 逐份处理。")
        return
    found = job.left[place]
    if found in job.suspects:
        job.left.remove(found)
        job.lost.append(Lost(job.items[found], late))
    job.suspects.add(found)


class Dask:
    """The workers of a Dask cluster (the extra `cluster`). They must reach the files by the same paths, have this package installed, and
    run one thread each: what reads is not shared between threads, and a worker that one item takes with it takes all its threads.

    A part whose workers keep dying is done here, in a process that knows which item it dies of.
    """

    def __init__(self, scheduler: str, *, seconds: float = SECONDS) -> None:
        self._scheduler = scheduler
        self._seconds = seconds

    def map(self, function: Function[Item, Result], parts: Sequence[Sequence[Item]]) -> Iterator[Done[Item, Result]]:
        """See Engine."""
        client = _client(self._scheduler)
        try:
            loaded = client.submit(pickle.loads, pickle.dumps(function), pure=False)  # a task, so that it can be made again
            waiting = {client.submit(_remote, loaded, part, self._seconds, pure=False): number for number, part in enumerate(parts)}
            ready: dict[int, Done[Item, Result]] = {}
            following = 0
            while following < len(parts):
                for future in _finished(client, waiting):
                    number = waiting.pop(future)
                    ready[number] = self._done(future, function, parts[number])
                while following in ready:
                    yield ready.pop(following)
                    following += 1
        finally:
            client.close()

    def _done(self, future: Any, function: Function[Item, Result], part: Sequence[Item]) -> Done[Item, Result]:
        from distributed import KilledWorker

        try:
            return Done(len(part), future.result())
        except KilledWorker:
            return next(Processes(workers=1, seconds=self._seconds, start=_SPAWN).map(function, [part]))  # threads do not survive a fork
        except ImportError as error:
            raise ReconcileError(f"Dask 工作进程上没有安装同一版本的 reconcile（{error}），没有写出新的结果。") from error
        except _gone() as error:
            raise ReconcileError(_CUT_OFF) from error


def _gone() -> tuple[type[BaseException], ...]:
    """What distributed raises where the scheduler is gone."""
    from distributed.client import FuturesCancelledError
    from distributed.comm import CommClosedError

    return FuturesCancelledError, CommClosedError, CancelledError


def _finished(client: Any, waiting: Mapping[Any, int]) -> list[Any]:
    """Futures that are done, as soon as there is one. Raises ReconcileError where nobody works on them any more."""
    from distributed import wait as any_of

    while True:
        try:
            return list(any_of(list(waiting), timeout=_PATIENCE, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            try:
                if not client.scheduler_info()["workers"]:
                    raise ReconcileError("Dask 集群上没有可用的工作进程（dask worker），没有写出新的结果。请启动后重新运行。") from None
            except OSError as error:
                raise ReconcileError(_CUT_OFF) from error
        except _gone() as error:
            raise ReconcileError(_CUT_OFF) from error


def _client(scheduler: str) -> Any:
    """A client of the cluster. Raises ReconcileError."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ReconcileError('用 Dask 集群要先安装：pip install "gonghui-reconcile[cluster]"。') from error
    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # lost workers are told here, in one sentence or not at all
    try:
        return Client(scheduler, timeout=_KNOCKING)
    except (OSError, TimeoutError, ValueError) as error:
        raise ReconcileError(f"连不上 Dask 调度器“{scheduler}”，请检查地址（如 tcp://主机:8786）和网络。") from error


def _remote(function: Function[Any, Any], items: Sequence[Any], seconds: float) -> Any:
    """The cluster's side."""
    from distributed import get_worker

    if get_worker().state.nthreads > 1:
        raise ReconcileError(_THREADS)
    watch = _Watch([IDLE, 0.0], seconds)
    try:
        return function(items, watch)
    finally:
        watch.rest()


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def split(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Parts of at most `size` items, neighbours kept together."""
    return [items[start : start + size] for start in range(0, len(items), size)]
