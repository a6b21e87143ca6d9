"""Expected: what count each unit may be expected to report, from its own past and from what units of its kind report."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reconcile.model.figures import Floats
from reconcile.model.robust import count_scores, medians, rate_prior
from reconcile.process.history import Change, Growth
from reconcile.process.series import Series
from reconcile.scheme.syntax import Period

_DRIFT = 0.15**2  # relative variance by which a unit's activity changes from year to year at the least
_FLAT_SHAPE = 0.5  # of the prior where peers say nothing (Jeffreys)
_GROWTH = (0.7, 1.5)  # peers' median growth is trusted between these; beyond, it is their zeros and ones that speak
_SECOND_HALF = (0.0, 3.0)  # the rest of last year against the same months, likewise
_STILL = 0.02  # relative variance of a stock from one report to the next
_QUIET, _RESTLESS = 0.4, 3.0  # how much less or more than Poisson a stock may vary, by column
_FITS = 4.0  # scores beyond are left out where the size of ordinary ones is measured


@dataclass(frozen=True, eq=False)
class Rates:
    """What is known of the counts of a group of units, groups × columns: shape and weight of the prior of their rates, how much the rest
    of last year is against the same months, how the counts grew, by how much they drift, and how much more or less than its model a
    stock varies."""

    shape: Floats
    weight: Floats
    longer: Floats
    growth: Floats
    drift: Floats
    dispersion: Floats

    def of(self, group: NDArray[np.int64], columns: NDArray[np.int64]) -> Rates:
        """For each row those of its group, of some columns."""
        at = (group[:, None], columns[None, :])
        kinds = (self.shape, self.weight, self.longer, self.growth, self.drift, self.dispersion)
        return Rates(*(one[at] for one in kinds))


@dataclass(frozen=True, eq=False)
class Expected:
    """Matrices of the series' shape. mean: the count expected now, NaN where the unit's past is not known; score: signed deviance residual
    of what was reported; most, least: the largest and smallest count that the unit's own past periods by themselves would lead to."""

    mean: Floats
    score: Floats
    most: Floats
    least: Floats


def usual_rates(series: Series, found: tuple[Growth, ...]) -> Rates:
    """Learn the rates of a whole round, some columns at a time."""
    shape = (len(series.groups), len(series.codes))
    rates = Rates(*(np.full(shape, start) for start in (_FLAT_SHAPE, 0.0, np.nan, 1.0, _DRIFT, 1.0)))
    ratios = {one.period: one for one in found}.get("previous")
    for columns in series.stretches() if found else ():
        now = series.figures("this", columns)
        previous, closing = (_known(series, period, columns, found) for period in ("previous", "closing"))
        for place, (rows, are_peers) in enumerate(series.groups):
            _learn(rates, (place, columns), (now[rows], previous[rows], closing[rows]), are_peers=are_peers)
            if ratios is not None:
                rates.growth[place, columns] = np.clip(np.exp(ratios.usual[place, columns]), *_GROWTH)
                drift = np.nan_to_num(ratios.spread[place, columns] ** 2 - ratios.noise[place, columns])
                rates.drift[place, columns] = np.maximum(drift, _DRIFT)
    share = 1 / series.months("closing") - 1
    return replace(rates, longer=np.where(np.isnan(rates.longer), share, rates.longer))


def _learn(rates: Rates, at: tuple[int, slice], figures: tuple[Floats, Floats, Floats], *, are_peers: bool) -> None:
    now, previous, closing = figures
    if are_peers:
        shape, weight = rate_prior(np.where(previous > 0, previous, np.nan))
        rates.shape[at], rates.weight[at] = np.where(np.isnan(shape), _FLAT_SHAPE, shape), np.nan_to_num(weight)
    rest = closing - previous
    with np.errstate(divide="ignore", invalid="ignore"):
        rates.longer[at] = np.clip(medians(np.where((previous > 0) & (rest >= 0), rest / previous, np.nan)), *_SECOND_HALF)
    rates.dispersion[at] = _dispersion(_stock_scores(now, previous, closing))


def _known(series: Series, period: Period, columns: slice, found: tuple[Growth, ...]) -> Floats:
    """Figures of an earlier period; NaN where it is not one of those that are compared."""
    if any(one.period == period for one in found):
        return series.figures(period, columns)
    return np.full((len(series.records), columns.stop - columns.start), np.nan)


def expected(series: Series, found: tuple[Change, ...], rates: Rates) -> Expected:
    """What counts are to be expected; sums of money are not counts and have none.

    A flow: the unit's rate is taken from the same months of last year and the rest of last year, drawn towards the rates of its peers by
    as much as the peers differ little (gamma prior, fitted to last year's counts), and grown as its peers grew. A stock: what stood last.
    """
    own = {one.period: series.before(one.period) for one in found}
    blank = np.full(series.now.shape, np.nan)
    if not found:
        return Expected(blank, blank, blank, blank)
    previous, closing, last = (own.get(period, blank) for period in ("previous", "closing", "last"))
    mean, score = blank.copy(), blank.copy()
    flows, stocks = (np.flatnonzero(~series.money & kind) for kind in (series.flows, ~series.flows))
    rate, variance = _rates(previous[:, flows], closing[:, flows], rates.of(series.group, flows), share=series.months("closing"))
    mean[:, flows], score[:, flows] = rate, count_scores(series.now[:, flows], rate, variance)
    stood = previous[:, stocks], closing[:, stocks]
    scores = _stock_scores(series.now[:, stocks], *stood) / np.sqrt(rates.of(series.group, stocks).dispersion)
    mean[:, stocks], score[:, stocks] = _stood(*stood), scores
    led = np.array([np.where(series.flows, side * share, side) for side, share in _shares(series, previous, closing, last)])
    known = ~np.isnan(led)
    most = np.where(known.any(axis=0), np.where(known, led, -np.inf).max(axis=0), np.nan)
    least = np.where(known.any(axis=0), np.where(known, led, np.inf).min(axis=0), np.nan)
    counted = ~np.isnan(mean)
    return Expected(*(np.where(counted, one, np.nan) for one in (mean, score, most, least)))


def _stood(previous: Floats, closing: Floats) -> Floats:
    return np.where(np.isnan(closing), previous, closing) + 0.5


def _stock_scores(now: Floats, previous: Floats, closing: Floats) -> Floats:
    """How far stocks lie from what stood last."""
    return count_scores(now, _stood(previous, closing), np.full(now.shape, _STILL))


def _shares(series: Series, *figures: Floats) -> list[tuple[Floats, float]]:
    return list(zip(figures, (series.months(period) for period in ("previous", "closing", "last")), strict=True))


def _rates(previous: Floats, closing: Floats, rates: Rates, *, share: float) -> tuple[Floats, Floats]:
    """The count expected in the same months and the relative variance of its rate; all of one shape."""
    rest = closing - previous
    further = ~np.isnan(rest) & (rest >= 0)
    seen = rates.shape + np.nan_to_num(previous) + np.where(further, rest, 0.0)
    months = rates.weight + (~np.isnan(previous)).astype(float) + np.where(further, rates.longer, 0.0)
    only = np.isnan(previous) & ~np.isnan(closing)  # nothing but the whole of last year
    seen = np.where(only, rates.shape + np.nan_to_num(closing), seen)
    months = np.where(only, rates.weight + 1 / share, months)
    known = ~np.isnan(previous) | only
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(known, seen / months * rates.growth, np.nan)
        return mean, np.where(known, 1 / seen + rates.drift, np.nan)


def _dispersion(scores: Floats) -> Floats:
    """How much more or less than its model each column varies: the mean square of its ordinary scores, within bounds."""
    ordinary = np.where(np.abs(scores) < _FITS, scores**2, np.nan)
    some = ~np.isnan(ordinary).all(axis=0)
    found = np.ones(scores.shape[1])
    found[some] = np.nanmean(ordinary[:, some], axis=0)
    return np.clip(found, _QUIET, _RESTLESS)
