"""Runs: stretches of a form whose figures are the very ones of an earlier return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reconcile.model.figures import Floats
from reconcile.model.partial import added
from reconcile.process.clues import Clue
from reconcile.process.series import Series
from reconcile.scheme.environment import Truths
from reconcile.scheme.syntax import Period

_TRIVIAL = 5.0  # counts below it are the same twice too often to count
_KEPT = 0.8  # of the figures that somebody copies stay as they were (the rest is touched up)
_USUAL_FLOW, _USUAL_STOCK = 0.05, 0.5  # how often a flow, a stock, stays the same from one return to the next where peers say nothing
_WEIGHT = 4.0  # of that, in returns
_FOLLOWING = 0.4  # what a further equal cell of one family counts: who aids as many as last year visits as many
_EVIDENCE = 12.0  # log of the odds of copying in the best stretch, at which it is asked about: 1 in 160,000 for one of many
_FEWEST = 4  # so many equal figures at least
_FEWEST_FLOWS = 3  # and so many flows among them: what stands may well stand still
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class _Same:
    """Where figures are those of an earlier period, and how much each cell speaks for copying (log odds, 0 where it says nothing)."""

    same: Truths
    odds: Floats


@dataclass(frozen=True, eq=False)
class Sameness:
    """How often figures that tell something stayed the same since an earlier period, and how many of them there are: groups × columns."""

    equal: NDArray[np.int64]
    told: NDArray[np.int64]


def usual_sameness(series: Series) -> dict[Period, Sameness]:
    """Learn how often figures of a whole round stayed the same since each earlier period, some rows at a time."""
    size = len(series.groups)
    shape = (size, len(series.codes))
    found = {one: Sameness(np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)) for one in series.periods}
    for part in series.parts() if found else ():
        for period, usual in found.items():
            same, weighty = _equal(part, period)
            usual.equal[:] += added(same.astype(np.int64), part.group, size)
            usual.told[:] += added(weighty.astype(np.int64), part.group, size)
    return found


def copied(series: Series, usual: Mapping[Period, Sameness]) -> Iterator[Clue]:
    """Returns with a long run of figures equal to those of an earlier return, at most one clue a return and only of its best run.

    Every cell that is not trivial counts by how rarely such figures stay equal in the other returns of the round. Equal to the whole of
    last year in flows is @whole_year (the annual figure in a shorter period); else @copied.
    """
    best: dict[int, tuple[float, Period, list[int]]] = {}
    for period in series.periods:
        same = _same(series, period, usual[period])
        starts, ends, gains = _stretches(same.odds)
        enough = ((same.same & series.flows).sum(axis=1) >= _FEWEST_FLOWS) & (gains >= _EVIDENCE)
        for row in np.flatnonzero(enough).tolist():
            start, end, odds = int(starts[row]), int(ends[row]), float(gains[row])
            columns = [column for column in range(start, end) if same.same[row, column] and same.odds[row, column] > 0]
            flows = int(series.flows[columns].sum()) if columns else 0
            if len(columns) >= _FEWEST and flows >= _FEWEST_FLOWS and odds > best.get(row, (0.0, "this", []))[0]:
                best[row] = (odds, period, columns)
    for row, (_, period, columns) in sorted(best.items()):
        whole = period == "closing" and series.months("closing") < 1 and bool(series.flows[columns].mean() > 0.5)
        yield _clue(series, row, columns, period=period, check="whole_year" if whole else "copied")


def _equal(series: Series, period: Period) -> tuple[Truths, Truths]:
    """Which figures are those of an earlier period, of those that tell something; and which tell something."""
    now, before = series.now, series.before(period)
    counts = np.where(series.money, np.inf, _TRIVIAL)
    told = (now > 0) & (before > 0)
    weighty = (now >= counts) | (before >= counts)
    weighty[:, series.money] |= _uneven(now[:, series.money])
    weighty &= told
    return weighty & (now == before), weighty


def _same(series: Series, period: Period, usual: Sameness) -> _Same:
    same, weighty = _equal(series, period)
    often = np.where(series.flows, _USUAL_FLOW, _USUAL_STOCK)
    others = (usual.equal[series.group] - same + _WEIGHT * often) / (usual.told[series.group] - weighty + _WEIGHT)
    chance = np.clip(others, 0.005, 0.95)
    odds = np.where(same, np.log(_KEPT / chance), np.log((1 - _KEPT) / (1 - chance)))
    odds = np.where(same & _follows(series, same), odds * _FOLLOWING, odds)
    return _Same(same, np.where(weighty, odds, 0.0))


def _follows(series: Series, same: Truths) -> Truths:
    """Cells before which the return has an equal cell of the same family: flows that some rule sets against each other."""
    family = list(range(len(series.codes)))
    place = {code: column for column, code in enumerate(series.codes) if series.flows[column]}
    for rule in series.scheme.rules:
        members = [place[code] for code in rule.indicators if code in place]
        for one in members[1:]:
            old, new = family[one], family[members[0]]
            family = [new if each == old else each for each in family]
    names = np.array(family)
    found = np.zeros(same.shape, dtype=np.bool_)
    for name in np.unique(names):
        columns = np.flatnonzero(names == name)
        found[:, columns] = np.cumsum(same[:, columns], axis=1) > same[:, columns]
    return found


def _uneven(values: Floats) -> Truths:
    """Amounts with at least two digits that are not 0: nobody's round sum."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (np.floor(np.log10(np.where(values > 0, values, 1))))
    return np.abs(values / scale - np.round(values / scale)) > 1e-9


def _stretches(odds: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Of each row start, end (exclusive) and sum of the stretch whose sum is the largest; of equal starts the last."""
    running = np.concatenate([np.zeros((odds.shape[0], 1)), np.cumsum(odds, axis=1)], axis=1)
    lowest = np.minimum.accumulate(running, axis=1)
    gains = running - lowest
    ends = np.argmax(gains, axis=1)
    rows = np.arange(odds.shape[0])
    before = (running == lowest[rows, ends][:, None]) & (np.arange(running.shape[1]) <= ends[:, None])
    starts = running.shape[1] - 1 - np.argmax(before[:, ::-1], axis=1)
    return starts, ends, gains[rows, ends]


def _clue(series: Series, row: int, columns: list[int], *, period: Period, check: str) -> Clue:
    flows = [column for column in columns if series.flows[column]]
    name = series.name(period, flows[0])
    shown = "、".join(f"{series.indicator(column).name}{series.said_now(row, column)}" for column in flows[:_SHOWN])
    fields = {"项数": str(len(columns)), "来源": name, "程度": f"与{name}完全相同", "例": shown, "口径": series.base(row)}
    return Clue(check, row, tuple(columns), fields)
