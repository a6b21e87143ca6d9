"""Expected: what count each unit may be expected to report, from its own past and from what units of its kind report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reconcile.model.figures import Floats
from reconcile.model.robust import count_scores, medians, rate_prior
from reconcile.process.history import Change
from reconcile.process.series import Series

_DRIFT = 0.15**2  # relative variance by which a unit's activity changes from year to year at the least
_FLAT_SHAPE = 0.5  # of the prior where peers say nothing (Jeffreys)
_GROWTH = (0.7, 1.5)  # peers' median growth is trusted between these; beyond, it is their zeros and ones that speak
_SECOND_HALF = (0.0, 3.0)  # the rest of last year against the same months, likewise
_STILL = 0.02  # relative variance of a stock from one report to the next
_QUIET, _RESTLESS = 0.4, 3.0  # how much less or more than Poisson a stock may vary, by column
_FITS = 4.0  # scores beyond are left out where the size of ordinary ones is measured


@dataclass(frozen=True, eq=False)
class Expected:
    """Matrices of the series' shape. mean: the count expected now, NaN where the unit's past is not known; score: signed deviance residual
    of what was reported; most, least: the largest and smallest count that the unit's own past periods by themselves would lead to."""

    mean: Floats
    score: Floats
    most: Floats
    least: Floats


def expected(series: Series, found: tuple[Change, ...]) -> Expected:
    """What counts are to be expected; sums of money are not counts and have none.

    A flow: the unit's rate is taken from the same months of last year and the rest of last year, drawn towards the rates of its peers by
    as much as the peers differ little (gamma prior, fitted to last year's counts), and grown as its peers grew. A stock: what stood last.
    """
    own = {one.period: series.before(one.period) for one in found}
    blank = np.full(series.now.shape, np.nan)
    previous, closing, last = (own.get(period, blank) for period in ("previous", "closing", "last"))
    mean, score = blank.copy(), blank.copy()
    ratios = {one.period: one for one in found}.get("previous")
    for rows, are_peers in series.groups:
        now = series.now[rows]
        rate, variance = _rates(previous[rows], closing[rows], ratios, rows=rows, peers=are_peers, share=series.months("closing"))
        flow = count_scores(now, rate, variance)
        stood = np.where(np.isnan(closing[rows]), previous[rows], closing[rows]) + 0.5
        stock = count_scores(now, stood, np.full(now.shape, _STILL))
        stock = stock / np.sqrt(_dispersion(stock))
        mean[rows], score[rows] = np.where(series.flows, rate, stood), np.where(series.flows, flow, stock)
    led = np.array([np.where(series.flows, side * share, side) for side, share in _shares(series, previous, closing, last)])
    known = ~np.isnan(led)
    most = np.where(known.any(axis=0), np.where(known, led, -np.inf).max(axis=0), np.nan)
    least = np.where(known.any(axis=0), np.where(known, led, np.inf).min(axis=0), np.nan)
    counted = ~series.money & ~np.isnan(mean)
    return Expected(*(np.where(counted, one, np.nan) for one in (mean, score, most, least)))


def _shares(series: Series, *figures: Floats) -> list[tuple[Floats, float]]:
    return list(zip(figures, (series.months(period) for period in ("previous", "closing", "last")), strict=True))


def _rates(previous: Floats, closing: Floats, ratios: Change | None, *, rows: Floats, peers: bool, share: float) -> tuple[Floats, Floats]:
    """The count expected in the same months and the relative variance of its rate, for one group of units."""
    shape, weight = rate_prior(np.where(previous > 0, previous, np.nan)) if peers else rate_prior(np.full((1, previous.shape[1]), np.nan))
    shape, weight = np.where(np.isnan(shape), _FLAT_SHAPE, shape), np.nan_to_num(weight)
    rest = closing - previous
    with np.errstate(divide="ignore", invalid="ignore"):
        longer = np.clip(medians(np.where((previous > 0) & (rest >= 0), rest / previous, np.nan)), *_SECOND_HALF)
    longer = np.where(np.isnan(longer), 1 / share - 1, longer)
    further = ~np.isnan(rest) & (rest >= 0)
    seen = shape + np.nan_to_num(previous) + np.where(further, rest, 0.0)
    months = weight + (~np.isnan(previous)).astype(float) + np.where(further, longer, 0.0)
    only = np.isnan(previous) & ~np.isnan(closing)  # nothing but the whole of last year
    seen, months = np.where(only, shape + np.nan_to_num(closing), seen), np.where(only, weight + 1 / share, months)
    growth = np.ones(previous.shape[1])
    drift = np.full(previous.shape[1], _DRIFT)
    if ratios is not None and rows.size:
        growth = np.clip(np.exp(ratios.usual[rows[0]]), *_GROWTH)
        drift = np.maximum(np.nan_to_num(ratios.spread[rows[0]] ** 2 - medians(ratios.noise[rows])), _DRIFT)
    known = ~np.isnan(previous) | only
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known, seen / months * growth, np.nan), np.where(known, 1 / seen + drift, np.nan)


def _dispersion(scores: Floats) -> Floats:
    """How much more or less than its model each column varies: the mean square of its ordinary scores, within bounds."""
    ordinary = np.where(np.abs(scores) < _FITS, scores**2, np.nan)
    some = ~np.isnan(ordinary).all(axis=0)
    found = np.ones(scores.shape[1])
    found[some] = np.nanmean(ordinary[:, some], axis=0)
    return np.clip(found, _QUIET, _RESTLESS)
