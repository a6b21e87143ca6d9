"""The part of collect that runs anywhere: some sources in, what was read of them out. Returns whose answers are known by content are
passed over; the others' answers are kept for the next run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from reconcile.engine import IDLE, split
from reconcile.errors import ReconcileError
from reconcile.files.archive import inside
from reconcile.files.cache import Cache, Rows, program
from reconcile.files.workbook import XlsWorker
from reconcile.model.round import Standing
from reconcile.process.intake import Reader, Received
from reconcile.process.taken import Mark, Taken

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.engine import Engine
    from reconcile.files.archive import Source
    from reconcile.scheme.scheme import Scheme

_FACTS = (
    *("cover", "layout", "odd_date", "typed", "texts", "reasons", "answers", "lists", "marks"),
    *("absent", "unknown", "hidden", "relabelled", "active"),
)
_LINES = {"typed", "texts", "reasons", "answers", "lists"}  # lists of tuples
_TUPLES = {"absent", "hidden", "relabelled", "active"}
_SMALLEST, _LARGEST = 25, 250  # sources in a part


_OTHER_VERSION = "工作进程上的 reconcile、Python 或 lxml、numpy、xlrd 与这里不是同一版本，没有写出新的结果。请在各台机器上安装同一版本。"
_LATE = "读取这个文件超过时限，已停止；请用 Excel 或 WPS 打开后另存为 .xlsx 再报"
_DEAD = "读取这个文件时程序意外中断；请用 Excel 或 WPS 打开后另存为 .xlsx 再报"


def read_all(sources: Iterable[Source], scheme: Scheme, *, engine: Engine, cache: Cache | None) -> list[Received]:
    """Everything about every source, in their order. A source that took its worker with it is a file that could not be read."""
    items = list(sources)
    recall = Recall(cache)
    reading = Reading(scheme, known=recall.known, cache=cache)
    found: list[Received] = []
    try:
        for done in engine.map(reading, split(items, part_size(len(items)))):
            found.extend(done.result.whole(recall))
            found.extend(Received(one.item.name, "", Standing.UNREADABLE, _LATE if one.late else _DEAD) for one in done.lost)
    finally:
        reading.close()
    return found


def part_size(count: int) -> int:
    """How many sources a part has: enough that passing it on costs nothing, few enough that all workers end together."""
    return max(_SMALLEST, min(_LARGEST, count // 64))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What was read of some sources, in their order. The figures of those read now stand in two matrices, a row each in the same order."""

    received: tuple[Received, ...]
    values: NDArray[np.float64]
    states: NDArray[np.int8]

    def whole(self, recall: Callable[[str], Taken]) -> list[Received]:
        """Everything as received; `recall` gives the answers of a return by its sha256."""
        row = 0
        found: list[Received] = []
        for one in self.received:
            if one.known:
                found.append(replace(one, taken=recall(one.sha256)))
                continue
            if one.taken is not None:
                one.taken.values, one.taken.states = self.values[row], self.states[row]
                row += 1
            found.append(one)
        return found


class Reading:
    """Reads sources against one scheme: the function that an engine maps over parts. It can be sent to another process, which then keeps
    its reader from part to part."""

    def __init__(self, scheme: Scheme, *, known: Iterable[str] = (), cache: Cache | None = None) -> None:
        self._scheme, self._known, self._cache = scheme, frozenset(known), cache
        self._reader: Reader | None = None
        self._worker: XlsWorker | None = None

    def __getstate__(self) -> dict[str, Any]:
        kept = {"_scheme": self._scheme, "_known": self._known, "_cache": self._cache, "_reader": None, "_worker": None}
        return {**kept, "program": program()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Raises ReconcileError in another version of this program, which may read otherwise, and would keep it as if this one had."""
        if state.pop("program") != program():
            raise ReconcileError(_OTHER_VERSION)
        self.__dict__.update(state)

    def __call__(self, sources: Sequence[Source], begin: Callable[[int], None]) -> Batch:
        """Read the sources. Nothing about them raises."""
        received: list[Received] = []
        for place, source in enumerate(sources):
            begin(place)
            for one in self._received(source):
                received.append(one)
                begin(place)  # each member of an archive has its time
        begin(IDLE)
        new = [one for one in received if one.taken is not None]
        rows = _rows(new, len(self._scheme.indicators))
        if self._cache is not None:
            self._cache.keep(rows)
        for one in new:
            if one.taken is not None:
                one.taken.values, one.taken.states = _NO_VALUES, _NO_STATES  # they travel in the matrices
        return Batch(tuple(received), rows.values, rows.states)

    def close(self) -> None:
        """End the process that reads .xls, where one was needed."""
        if self._worker is not None:
            self._worker.close()

    def _received(self, source: Source) -> Iterator[Received]:
        if self._reader is None:
            self._worker = XlsWorker()
            self._reader = Reader(self._scheme, worker=self._worker)
        received = self._reader.receive(source, known=self._known)
        members = inside(source) if received.standing == Standing.UNREADABLE else []
        if not members:
            yield received
        for member in members:
            yield from self._received(member)


_NO_VALUES = np.empty(0)
_NO_STATES = np.empty(0, dtype=np.int8)


class Recall:
    """Gives back the answers of returns read before."""

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self._places = cache.load() if cache is not None else {}

    @property
    def known(self) -> Iterable[str]:
        """The sha256 of every return that can be given back."""
        return self._places.keys()

    def __call__(self, sha256: str) -> Taken:
        """The answers of the return with this content."""
        if self._cache is None:
            raise KeyError(sha256)
        return _taken(*self._cache.row(sha256, self._places[sha256]))


def cache_key(scheme: Scheme) -> str:
    """What the answers of a return depend on besides its bytes: the scheme, the key of its digests, and this program."""
    return hashlib.sha256("\n".join((scheme.hash, scheme.digest_key, program())).encode()).hexdigest()[:32]


def _rows(new: Sequence[Received], width: int) -> Rows:
    taken = [(one.sha256, one.taken) for one in new if one.taken is not None]
    values, states = np.empty((len(taken), width)), np.empty((len(taken), width), dtype=np.int8)
    for row, (_, one) in enumerate(taken):
        values[row], states[row] = one.values, one.states
    facts = [json.dumps([getattr(one, name) for name in _FACTS]) for _, one in taken]
    return Rows([sha256 for sha256, _ in taken], values, states, facts, {one.layout: one.places for _, one in taken})


def _taken(rows: Rows, row: int) -> Taken:
    facts = dict(zip(_FACTS, json.loads(rows.facts[row]), strict=True))
    for name in _LINES:
        facts[name] = [tuple(line) for line in facts[name]]
    for name in _TUPLES:
        facts[name] = tuple(facts[name])
    facts["unknown"] = tuple(tuple(one) for one in facts["unknown"])
    facts["marks"] = [Mark(*mark) for mark in facts["marks"]]
    return Taken(**facts, places=rows.layouts[facts["layout"]], values=rows.values[row], states=rows.states[row])
