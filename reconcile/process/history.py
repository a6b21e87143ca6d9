"""History: how far each figure lies from what the unit's own earlier figures, and its peers' growth, let one expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconcile.model.figures import Floats
from reconcile.model.robust import effect_scores, log_ratios, medians, noises, spreads
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
class Change:
    """How figures changed against one earlier period; matrices of the series' shape, NaN where not both figures are above 0.

    excess: log ratio less the peers' median; score: excess in robust standard deviations, signed. usual: the peers' median log ratio, and
    spread: their robust standard deviation, both what reviewers go by where there are too few peers (`peers` False). noise: the variance
    that a ratio has anyhow. effects: where the Hidiroglou–Berthelot method flags.
    """

    period: Period
    excess: Floats
    score: Floats
    usual: Floats
    spread: Floats
    noise: Floats
    peers: Truths
    effects: Truths


def changes(series: Series) -> tuple[Change, ...]:
    """The changes against each earlier period that is known."""
    return tuple(_change(series, period) for period in series.periods)


def _change(series: Series, period: Period) -> Change:
    now, before = (np.where((series.now > 0) & (series.before(period) > 0), side, np.nan) for side in (series.now, series.before(period)))
    money = series.money
    ratio = np.where(money, np.log(now / before), log_ratios(now, before))
    noise = np.where(money, noises(now, before, money=True), noises(now, before))
    usual, spread = np.empty_like(ratio), np.empty_like(ratio)
    peers, effects = np.zeros(ratio.shape, dtype=np.bool_), np.zeros(ratio.shape, dtype=np.bool_)
    for rows, are_peers in series.groups:
        some = ratio[rows]
        count = (~np.isnan(some)).sum(axis=0)
        enough = are_peers & (count >= FEWEST_RATIOS)
        centre = np.where(enough, medians(some), _expected(series, period))
        usual[rows] = centre
        spread[rows] = np.where(enough, spreads(some, centre), np.where(series.flows, _USUAL_FLOW, _USUAL_STOCK))
        peers[rows] = enough
        for column in np.flatnonzero(are_peers & (count >= FEWEST_EFFECTS)).tolist():
            effects[rows, column] = _effects(now[rows, column], before[rows, column])
    excess = ratio - usual
    return Change(period, excess, excess / np.sqrt(spread**2 + noise), usual, spread, noise, peers, effects)


def _effects(now: Floats, before: Floats) -> Truths:
    """Where Hidiroglou and Berthelot flag, once enough units changed at all."""
    if (now != before)[~np.isnan(now)].sum() < FEWEST_EFFECTS:
        return np.zeros(now.shape, dtype=np.bool_)
    return effect_scores(now, before, width=EFFECT_WIDTH).outliers


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
