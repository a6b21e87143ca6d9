"""History: how far each figure lies from what the unit's own earlier figures, and its peers' growth, let one expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconcile.model.figures import Floats
from reconcile.model.robust import effect_scores, effects_of, log_ratios, medians, noises, spreads
from reconcile.process.series import Series
from reconcile.scheme.environment import Truths
from reconcile.scheme.syntax import Period

FEWEST_RATIOS = 5  # from so many units on ratios to an earlier period have a median worth having (measured: fewer false alarms than z)
FEWEST_EFFECTS = 20  # from so many changed units on Hidiroglou and Berthelot's quartiles are worth having
EFFECT_WIDTH = 20.0  # their C, Statistics Norway's default
# What is usual where there are too few peers to say: reviewers ask when a stock doubles or halves and when a flow trebles; those are four
# standard deviations here, as the flag of the robust ratio is.
_USUAL_STOCK = np.log(2) / 4
_USUAL_FLOW = np.log(3) / 4


@dataclass(frozen=True, eq=False)
class Growth:
    """What is usual of the changes against one earlier period, groups × columns.

    usual: the peers' median log ratio, and spread: their robust standard deviation, both what reviewers go by where there are too few peers
    (`peers` False). noise: the median of the variance that a ratio has anyhow. middle, low, high: the median ratio and the effects at which
    the Hidiroglou–Berthelot method flags; NaN where it has too little to go by.
    """

    period: Period
    usual: Floats
    spread: Floats
    peers: Truths
    noise: Floats
    middle: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Change:
    """How figures changed against one earlier period; matrices of the series' shape, NaN where not both figures are above 0.

    excess: log ratio less the peers' median; score: excess in robust standard deviations, signed. effects: where the Hidiroglou–Berthelot
    method flags. `growth` is what is usual, of the rows' groups.
    """

    period: Period
    excess: Floats
    score: Floats
    effects: Truths
    growth: Growth


def growths(series: Series) -> tuple[Growth, ...]:
    """Learn what is usual of a whole round against each earlier period that is known, some columns at a time."""
    return tuple(_growth(series, period) for period in series.periods)


def _growth(series: Series, period: Period) -> Growth:
    shape = (len(series.groups), len(series.codes))
    unknown = (np.full(shape, np.nan) for _ in range(4))
    usual = np.broadcast_to(_expected(series, period), shape).copy()
    spread = np.broadcast_to(np.where(series.flows, _USUAL_FLOW, _USUAL_STOCK), shape).copy()
    found = Growth(period, usual, spread, np.zeros(shape, dtype=np.bool_), *unknown)
    for columns in series.stretches():
        now, before = _both(series.figures("this", columns), series.figures(period, columns))
        ratio, noise = _ratios(now, before, series.money[columns])
        for place, (rows, are_peers) in enumerate(series.groups):
            at = (place, columns)
            found.noise[at] = medians(noise[rows])
            count = (~np.isnan(ratio[rows])).sum(axis=0) if are_peers else np.zeros(ratio.shape[1], dtype=np.int64)
            enough = count >= FEWEST_RATIOS
            found.peers[at] = enough
            some = ratio[rows][:, enough]
            centre = medians(some)
            found.usual[at][enough], found.spread[at][enough] = centre, spreads(some, centre)
            for column in np.flatnonzero(count >= FEWEST_EFFECTS).tolist():
                _learn_effects(found, now[rows, column], before[rows, column], (place, columns.start + column))
    return found


def _learn_effects(found: Growth, now: Floats, before: Floats, at: tuple[int, int]) -> None:
    """The bounds of Hidiroglou and Berthelot, once enough units changed at all."""
    if (now != before)[~np.isnan(now)].sum() >= FEWEST_EFFECTS:
        scores = effect_scores(now, before, width=EFFECT_WIDTH)
        found.middle[at], (found.low[at], found.high[at]) = scores.median_ratio, scores.bounds


def _both(now: Floats, before: Floats) -> tuple[Floats, Floats]:
    """The figures where both are above 0, else NaN."""
    there = (now > 0) & (before > 0)
    return np.where(there, now, np.nan), np.where(there, before, np.nan)


def _ratios(now: Floats, before: Floats, money: Truths) -> tuple[Floats, Floats]:
    """Log ratios and the variance that they have anyhow."""
    ratio = np.where(money, np.log(now / before), log_ratios(now, before))
    return ratio, np.where(money, noises(now, before, money=True), noises(now, before))


def changes(series: Series, learned: tuple[Growth, ...]) -> tuple[Change, ...]:
    """The changes against each earlier period that is known."""
    return tuple(_change(series, growth) for growth in learned)


def _change(series: Series, growth: Growth) -> Change:
    now, before = _both(series.now, series.before(growth.period))
    ratio, noise = _ratios(now, before, series.money)
    excess = ratio - growth.usual[series.group]
    score = excess / np.sqrt(growth.spread[series.group] ** 2 + noise)
    effects = effects_of(now, before, middle=growth.middle[series.group])
    flagged = (now != before) & ((effects < growth.low[series.group]) | (effects > growth.high[series.group]))
    return Change(growth.period, excess, score, flagged, growth)


def _expected(series: Series, period: Period) -> Floats:
    """The log ratio of each column that one expects without peers: a flow grows with the months that it has run."""
    return np.where(series.flows, np.log(series.months(period)), 0.0)


@dataclass(frozen=True, eq=False)
class Agreed:
    """What all earlier periods that are known say together; matrices of the series' shape, 0 where none is known or they disagree.

    score, excess: the weakest of those that point the same way, signed; effects: where Hidiroglou–Berthelot flags against each.
    """

    score: Floats
    excess: Floats
    effects: Truths


def agreed(series: Series, found: tuple[Change, ...]) -> Agreed:
    """Bring the changes against all periods together: a figure that fits one of them is not strange, for then the other was."""
    shape = series.now.shape
    if not found:
        return Agreed(np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_))
    score, excess = (_weakest(np.array(several)) for several in ([one.score for one in found], [one.excess for one in found]))
    unknown = np.array([np.isnan(one.score) for one in found])
    flagged = np.array([one.effects for one in found])
    return Agreed(score, excess, (flagged | unknown).all(axis=0) & ~unknown.all(axis=0))


def _weakest(several: Floats) -> Floats:
    """Along the first axis, the number nearest to 0 where all that are known have one sign, else 0."""
    low, high = np.where(np.isnan(several), np.inf, several).min(axis=0), np.where(np.isnan(several), -np.inf, several).max(axis=0)
    return np.where((low > 0) & np.isfinite(low), low, np.where((high < 0) & np.isfinite(high), high, 0.0))
