"""Levels: how far each figure lies from those of units of the same kind, by itself and for each head."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reconcile.model.figures import Floats
from reconcile.model.robust import MONEY_FLOOR, adjusted_fences, medians, spreads
from reconcile.process.series import Series
from reconcile.scheme.environment import Truths

FEWEST_LEVELS = 8  # units with a figure above 0; the median of fewer moves about too much to say what is usual
FEWEST_BOXED = 30  # from so many on the fences of the adjusted boxplot are worth having: quartiles and medcouple of fewer are too rough


_BOXED_FROM = 3.0  # robust standard deviations: whoever asks for less far ones does not ask the boxplot


@dataclass(frozen=True, eq=False)
class Peers:
    """What is usual among the logarithms of one group's figures, groups × columns: centre and robust spread, NaN where too few have one;
    boxed: where the fences of the adjusted boxplot are worth having."""

    centre: Floats
    spread: Floats
    boxed: Truths


@dataclass(frozen=True, eq=False)
class Usual:
    """The levels of each group of units: of the figures themselves (`plain`), and for each head."""

    series: Series
    plain: Peers
    each: Peers
    _fences: dict[tuple[int, int, bool], tuple[float, float]] = field(default_factory=dict)

    def fences(self, group: int, column: int, *, each: bool) -> tuple[float, float]:
        """The ends of the whiskers among one group's logarithms."""
        if (group, column, each) not in self._fences:
            rows, _ = self.series.groups[group]
            logs = _logs(self.series.figures("this", slice(column, column + 1)))[:, 0]
            some = (logs - np.log(self.series.heads) if each else logs)[rows]
            self._fences[group, column, each] = adjusted_fences(some)
        return self._fences[group, column, each]


def usual_levels(series: Series) -> Usual:
    """Learn the levels of a whole round, some columns at a time."""
    shape = (len(series.groups), len(series.codes))
    plain, each = (Peers(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)) for _ in range(2))
    heads = np.log(series.heads)[:, None]
    for columns in series.stretches():
        logs = _logs(series.figures("this", columns))
        for place, (rows, are_peers) in enumerate(series.groups):
            if are_peers:
                _learn(plain, logs[rows], (place, columns))
                _learn(each, logs[rows] - heads[rows], (place, columns))
    return Usual(series, plain, each)


def _learn(peers: Peers, logs: Floats, at: tuple[int, slice]) -> None:
    known = (~np.isnan(logs)).sum(axis=0)
    enough = known >= FEWEST_LEVELS
    if enough.any():
        some = logs[:, enough]
        centre = medians(some)
        peers.centre[at][enough] = centre
        peers.spread[at][enough] = spreads(some, centre)
        peers.boxed[at] = known >= FEWEST_BOXED


@dataclass(frozen=True, eq=False)
class Level:
    """Where figures stand among those of their peers; matrices of the series' shape.

    score: signed robust standard deviations on the log scale, the weaker of the figure itself and of the figure for each head (0 where
    they disagree, where the figure is not above 0, or where too few peers have one): an indicator that does not grow with the unit is
    strange only by itself, one that does only for each head, and which it is need not be known. excess: in logs, likewise. boxed: where
    the adjusted boxplot does not speak against it, as far as the score makes that matter. each: the peers' logarithms for each head.
    """

    score: Floats
    excess: Floats
    boxed: Truths
    each: Floats
    group: NDArray[np.int64]

    def usual(self, row: int, column: int) -> float:
        """The peers' median for each head, NaN where it is not known."""
        return float(np.exp(self.each[self.group[row], column]))


def levels(series: Series, usual: Usual) -> Level:
    """The place of every figure among its peers'. Zeros are left out: that a unit does nothing of a kind is no matter of degree."""
    score, excess = np.zeros(series.now.shape), np.zeros(series.now.shape)
    columns = np.flatnonzero(~np.isnan(usual.plain.centre).all(axis=0))
    now = series.now[:, columns]
    logs = _logs(now)
    heads = np.log(series.heads)[:, None]
    noise = np.where(series.money[columns], MONEY_FLOOR**2, 1 / np.where(now > 0, now + 0.5, np.nan))
    plain, plain_excess = _scores(logs, usual.plain, series.group, columns, noise)
    each, each_excess = _scores(logs - heads, usual.each, series.group, columns, noise)
    headless = np.isnan(heads)
    agree = (np.sign(plain) == np.sign(each)) | headless
    weaker = np.where(headless | (np.abs(plain) <= np.abs(each)), plain, each)
    weaker_excess = np.where(headless | (np.abs(plain_excess) <= np.abs(each_excess)), plain_excess, each_excess)
    score[:, columns] = np.nan_to_num(np.where(agree, weaker, 0.0))
    excess[:, columns] = np.nan_to_num(np.where(agree, weaker_excess, 0.0))
    return Level(score, excess, _boxed(series, score, usual), usual.each.centre, series.group)


def _scores(logs: Floats, peers: Peers, group: NDArray[np.int64], columns: NDArray[np.int64], noise: Floats) -> tuple[Floats, Floats]:
    """Robust scores and excesses within each group of peers."""
    excess = logs - peers.centre[:, columns][group]
    return excess / np.sqrt(peers.spread[:, columns][group] ** 2 + noise), excess


def _boxed(series: Series, score: Floats, usual: Usual) -> Truths:
    """Whether the boxplots of the same logarithms agree, where a score is worth asking."""
    found = np.ones(score.shape, dtype=np.bool_)
    for row, column in np.argwhere(np.abs(score) >= _BOXED_FROM).tolist():
        group, log = int(series.group[row]), float(np.log(series.now[row, column]))
        head = float(np.log(series.heads[row]))
        for peers, each, figure in ((usual.plain, False, log), (usual.each, True, log - head)):
            if peers.boxed[group, column] and not (each and np.isnan(head)):
                low, high = usual.fences(group, column, each=each)
                found[row, column] &= figure < low or figure > high
    return found


def _logs(figures: Floats) -> Floats:
    return np.log(np.where(figures > 0, figures, np.nan))
