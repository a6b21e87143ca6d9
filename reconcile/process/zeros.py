"""Zeros: figures that are nothing now and clearly were something in every earlier period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reconcile.model.figures import Floats
from reconcile.model.finding import Tier
from reconcile.model.partial import added
from reconcile.model.robust import medians
from reconcile.process.clues import Clue
from reconcile.process.series import Series
from reconcile.scheme.environment import Truths
from reconcile.scheme.syntax import Comparison, Or

_NOTHING = 20.0  # what a unit had at least in each earlier period for a sudden 0 to be asked about
_RARE = 0.05  # and so few of its peers that had any before may have none now
_PAIR = 2


@dataclass(frozen=True, eq=False)
class Losses:
    """How many units of each group had a figure before, and how many of them have none now (groups × columns); least: what must have been
    there, by column."""

    had: NDArray[np.int64]
    lost: NDArray[np.int64]
    least: Floats


def usual_losses(series: Series) -> Losses:
    """Learn how many figures of a whole round came to nothing, some rows at a time."""
    size = len(series.groups)
    shape = (size, len(series.codes))
    found = Losses(np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64), _least_lost(series))
    for part in series.parts() if series.periods else ():
        empty, fewest = _empty(part), _fewest(part)
        found.had[:] += added((fewest > 0).astype(np.int64), part.group, size)
        found.lost[:] += added((empty & (fewest > 0)).astype(np.int64), part.group, size)
    return found


def zeros(series: Series, usual: Losses) -> Iterator[Clue]:
    """Cells that are 0 or blank now and clearly were not in any earlier period, while hardly any peer did the same.

    @sudden_zero; @sudden_zero_weak for sums of money, which often hang on an activity that was not held this time. A blank that an
    equation fills is asked about with what it must be.
    """
    if not series.periods:
        return
    empty, fewest = _empty(series), _fewest(series)
    found = empty & (fewest >= usual.least)
    if not found.any():
        return
    found &= _share(series, empty, fewest, usual) <= _RARE
    for row, column in np.argwhere(found).tolist():
        said = "没有填写" if series.blank[row, column] else f"填报{series.said_now(row, column)}"
        check = "sudden_zero_weak" if series.money[column] else "sudden_zero"
        expected = series.said(float(series.before(series.periods[0])[row, column]), column)
        yield Clue(check, row, (column,), {"以往": series.history(row, column), "现填": said}, expected)


def _empty(series: Series) -> Truths:
    """Cells where nothing is that may well have been something."""
    blank = series.blank & ~series.required & ~_implied(series) & ~_idle(series)
    return np.asarray(((series.now == 0) & ~_paired(series)) | blank)


def _fewest(series: Series) -> Floats:
    """The least that any earlier period leads to; NaN where none is known."""
    scaled = [np.where(series.flows, series.before(period) * series.months(period), series.before(period)) for period in series.periods]
    before = np.array(scaled)
    return np.where(np.isnan(before).all(axis=0), np.nan, np.where(np.isnan(before), np.inf, before).min(axis=0))


def _pairs(series: Series) -> list[list[int]]:
    """Columns that a rule demands to be above 0 together or 0 together."""
    place = {code: column for column, code in enumerate(series.codes)}
    found = [[place.get(code, -1) for code in rule.indicators] for rule in series.scheme.rules if isinstance(rule.expression, Or)]
    return [pair for pair in found if len(pair) == _PAIR and min(pair) >= 0]


def _paired(series: Series) -> Truths:
    """Columns with such a partner: where both are 0 nothing was held, so nobody came; that one alone is 0 is the rule's to say."""
    found = np.zeros(series.now.shape, dtype=np.bool_)
    for pair in _pairs(series):
        found[:, pair] = True
    return found


def _idle(series: Series) -> Truths:
    """Where the partner is not above 0 either."""
    found = np.zeros(series.now.shape, dtype=np.bool_)
    for pair in _pairs(series):
        found[np.ix_(np.flatnonzero(~(series.now[:, pair] > 0).any(axis=1)), np.array(pair))] = True
    return found


def _implied(series: Series) -> Truths:
    """Columns of equalities that must hold."""
    firm = [rule for rule in series.scheme.rules if rule.tier is Tier.ERROR and isinstance(rule.expression, Comparison)]
    codes = {
        code for rule in firm if isinstance(rule.expression, Comparison) and rule.expression.operator == "==" for code in rule.indicators
    }
    return np.array([code in codes for code in series.codes], dtype=np.bool_)


def _least_lost(series: Series) -> Floats:
    """What must have been there, by column: 20 of what is counted; of money, what most units with any have."""
    found = np.full(len(series.codes), _NOTHING)
    for columns in series.stretches() if series.periods else ():
        now = series.figures("this", columns)
        middle = medians(np.where((now > 0) & series.money[columns], now, np.nan))
        found[columns] = np.where(np.isnan(middle), _NOTHING, middle)
    return found


def _share(series: Series, empty: Truths, fewest: Floats, usual: Losses) -> Floats:
    """For each cell the share of the other units of its kind with a figure before that have none now; 0 without such units."""
    had = fewest > 0
    lost, all_had = empty & had, usual.had[series.group]
    others = np.maximum(all_had - had, 0)
    shares = np.where(others > 0, (usual.lost[series.group] - lost) / np.maximum(others, 1), 0.0)
    return np.where(series.peers[:, None], shares, 0.0)
