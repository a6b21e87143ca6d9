"""Levels: how far each figure lies from those of units of the same kind, by itself and for each head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconcile.model.figures import Floats
from reconcile.model.robust import MONEY_FLOOR, adjusted_fences, medians, spreads
from reconcile.process.series import Series
from reconcile.scheme.environment import Truths

FEWEST_LEVELS = 8  # units with a figure above 0; the median of fewer moves about too much to say what is usual
FEWEST_BOXED = 30  # from so many on the fences of the adjusted boxplot are worth having: quartiles and medcouple of fewer are too rough


@dataclass(frozen=True, eq=False)
class Level:
    """Where figures stand among those of their peers; matrices of the series' shape.

    score: signed robust standard deviations on the log scale, the weaker of the figure itself and of the figure for each head (0 where
    they disagree, where the figure is not above 0, or where too few peers have one): an indicator that does not grow with the unit is
    strange only by itself, one that does only for each head, and which it is need not be known. excess: in logs, likewise. usual: the
    peers' median for each head, NaN where it is not known. boxed: where the adjusted boxplot does not speak against it.
    """

    score: Floats
    excess: Floats
    usual: Floats
    boxed: Truths


def levels(series: Series) -> Level:
    """The place of every figure among its peers'. Zeros are left out: that a unit does nothing of a kind is no matter of degree."""
    positive = series.now > 0
    figures = np.where(positive, series.now, np.nan)
    logs = np.log(figures)
    heads = np.log(series.heads)[:, None]
    plain, plain_excess, _, boxed = _scores(series, logs)
    each, each_excess, usual, each_boxed = _scores(series, logs - heads)
    headless = np.isnan(heads)
    agree = (np.sign(plain) == np.sign(each)) | headless
    weaker = np.where(headless | (np.abs(plain) <= np.abs(each)), plain, each)
    excess = np.where(headless | (np.abs(plain_excess) <= np.abs(each_excess)), plain_excess, each_excess)
    score = np.where(agree, weaker, 0.0)
    return Level(np.nan_to_num(score), np.nan_to_num(np.where(agree, excess, 0.0)), np.exp(usual), boxed & (each_boxed | headless))


def _scores(series: Series, logs: Floats) -> tuple[Floats, Floats, Floats, Truths]:
    """Robust scores, excesses and medians within each group of peers, and whether the boxplot of the same logs agrees."""
    score, excess, usual = (np.full(logs.shape, np.nan) for _ in range(3))
    boxed = np.ones(logs.shape, dtype=np.bool_)
    noise = np.where(series.money, MONEY_FLOOR**2, 1 / np.where(series.now > 0, series.now + 0.5, np.nan))
    for rows, are_peers in series.groups:
        some = logs[rows]
        known = (~np.isnan(some)).sum(axis=0)
        enough = are_peers & (known >= FEWEST_LEVELS)
        centre = np.where(enough, medians(some), np.nan)
        usual[rows] = centre
        excess[rows] = some - centre
        score[rows] = (some - centre) / np.sqrt(spreads(some, centre) ** 2 + noise[rows])
        for column in np.flatnonzero(are_peers & (known >= FEWEST_BOXED)).tolist():
            low, high = adjusted_fences(some[:, column])
            boxed[rows, column] = (some[:, column] < low) | (some[:, column] > high)
    return score, excess, usual, boxed
