"""Robust measures of what is usual among many figures, and of how far one of them lies from it. NaN is no figure and is left out.

Sources: Hidiroglou and Berthelot, Survey Methodology 12 (1986) for the effect scores; Brys, Hubert and Struyf, J. Comput. Graph. Stat. 13
(2004) for the medcouple; Hubert and Vandervieren, Comput. Stat. Data Anal. 52 (2008) for the adjusted boxplot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

NORMAL = 1.4826  # a median absolute deviation times this is the standard deviation of normal data
COUNT_FLOOR = 0.02  # counts: relative spread that is never taken for a signal, beside the noise of counting itself
MONEY_FLOOR = 0.05  # money has no noise of counting; small sums vary by this much anyhow
_WHISKER = 1.5  # Tukey's
_STRETCH = (-4.0, 3.0)  # Hubert and Vandervieren: how the whiskers follow the medcouple
_FEWEST = 8  # figures, below which nothing is said of how they are spread
_LEAST_BETWEEN = 0.05  # units differ at least by this much, as a relative variance
_HALVINGS = 22  # of the interval from -1 to 1: leaves a two-millionth, in which few of a million pairs lie
_HAIR = 1e-9  # far more than the noise of doubles
_MOST = 2000  # above this many figures the medcouple is taken of evenly spaced order statistics, so that its pairs fit in memory


def medians(values: Floats) -> Floats:
    """Median of each column (rows × columns in, one number a column out); NaN where a column has no figure."""
    found = np.full(values.shape[1], np.nan)
    some = ~np.isnan(values).all(axis=0)
    found[some] = np.nanmedian(values[:, some], axis=0)
    return found


def spreads(values: Floats, centres: Floats) -> Floats:
    """Robust standard deviation of each column about its centre: 1.4826 times the median absolute deviation."""
    return NORMAL * medians(np.abs(values - centres))


def log_ratios(now: Floats, before: Floats) -> Floats:
    """ln((now + ½) / (before + ½)): half a case is added so that zeros have a ratio too. Figures of at least 0, any one shape."""
    return np.asarray(np.log((now + 0.5) / (before + 0.5)))


def noises(now: Floats, before: Floats, *, money: bool = False) -> Floats:
    """Variance that a log ratio has anyhow: that of counting (Poisson) and a floor of 2 % for counts, 5 % for money."""
    if money:
        return np.full(np.shape(now), MONEY_FLOOR**2)
    return np.asarray(1 / (now + 0.5) + 1 / (before + 0.5) + COUNT_FLOOR**2)


@dataclass(frozen=True, slots=True, eq=False)
class EffectScores:
    """What Hidiroglou and Berthelot's method says of pairs of figures (one entry a pair; NaN where a pair is not judged).

    scores: effects E; ratio: now / before; lower and upper: the ratios at which a pair of its size would be flagged; outliers: beyond them.
    median_ratio, quartiles and bounds are those of the pairs judged; `excluded` pairs changed from or to 0, or lack a figure.
    """

    scores: Floats
    ratio: Floats
    lower: Floats
    upper: Floats
    outliers: Truths
    median_ratio: float
    quartiles: tuple[float, float, float]
    bounds: tuple[float, float]
    excluded: int


def effect_scores(
    now: Floats,
    before: Floats,
    *,
    width: float | tuple[float, float] = 20.0,
    size_power: float = 0.5,
    least: float = 0.05,
    quantile: float = 0.25,
    keep_unchanged: bool = False,
) -> EffectScores:
    """Judge the changes of many units between two periods; a large unit may change by less than a small one.

    `width` is C (one number, or one for falls and one for rises), `size_power` U, `least` A: the quartiles count as at least A times the
    median away from it. Pairs with a zero are not judged. Unchanged pairs are left out, because where half of the units do not change the
    quartiles fall together; with `keep_unchanged` they stay. Where all quartiles are 0 all the same, nothing is an outlier: bounds NaN.
    """
    both = (now > 0) & (before > 0)
    changed = now != before
    judged = both if keep_unchanged else both & changed
    excluded = int((changed & ~both).sum())
    blank = np.full(now.shape, np.nan)
    none = EffectScores(blank, blank, blank, blank, np.zeros(now.shape, bool), np.nan, (np.nan,) * 3, (np.nan,) * 2, excluded)
    if not judged.any():
        return none
    ratio = np.where(judged, now / np.where(judged, before, 1), np.nan)
    middle = float(np.nanmedian(ratio))
    size = np.where(judged, np.maximum(now, before), np.nan) ** size_power
    scores = effects_of(now, before, middle=middle, size_power=size_power, judged=judged)
    low, half, high = (float(one) for one in np.nanquantile(scores, (quantile, 0.5, 1 - quantile)))
    if low == half == high == 0:
        return replace(none, scores=scores, ratio=ratio, median_ratio=middle, quartiles=(low, half, high))
    down, up = width if isinstance(width, tuple) else (width, width)
    bottom = half - down * max(half - low, abs(least * half))
    top = half + up * max(high - half, abs(least * half))
    with np.errstate(invalid="ignore"):
        outliers = (scores < bottom) | (scores > top)
        lower, upper = middle / (1 - bottom / size), middle * (1 + top / size)
    return EffectScores(scores, ratio, lower, upper, outliers, middle, (low, half, high), (bottom, top), excluded)


def effects_of(now: Floats, before: Floats, *, middle: float | Floats, size_power: float = 0.5, judged: Truths | bool = True) -> Floats:
    """The effects E of changes whose middle is known, elementwise; NaN where one of the figures is, or where a pair is not judged."""
    with np.errstate(invalid="ignore"):
        ratio = np.where(judged, now / np.where(judged, before, 1), np.nan)
        centred = np.where(ratio < middle, 1 - middle / ratio, ratio / middle - 1)
    return np.asarray(centred * np.where(judged, np.maximum(now, before), np.nan) ** size_power)


def medcouple(figures: Floats) -> float:
    """Robust skewness in [−1, 1]: 0 symmetric, above 0 a long tail upwards; NaN without figures.

    Up to 100 figures the mean of it and of minus that of the mirrored figures, as R's robustbase has it. Above 2,000 figures it is taken
    of 2,000 evenly spaced order statistics.
    """
    known = np.sort(figures[~np.isnan(figures)])
    if not known.size:
        return float("nan")
    if known.size > _MOST:
        known = known[np.round(np.linspace(0, known.size - 1, _MOST)).astype(np.int64)]
    found = _medcouple(known)
    return (found - _medcouple(np.sort(-known))) / 2 if known.size <= 100 else found


def _medcouple(known: Floats) -> float:
    """The median over all pairs around the median of how much farther the upper one lies; `known` sorted.

    Of an even number the lower of both, as the peers have it; the mirrored figures give the upper. Pairs of figures at the median itself
    go by their order, as if they lay a little apart: half of them -1, half 1, and 0 between; with any other figure they give 1 or -1.
    """
    centred = known - np.median(known)
    if centred[-1] == 0 or centred[0] == 0:  # half of the figures are the largest, or the smallest, one
        return -1.0 if centred[-1] == 0 else 1.0
    upper, lower, ties = centred[centred > 0], centred[centred < 0], int((centred == 0).sum())
    least, most = (ties * side.size + ties * (ties - 1) // 2 for side in (lower, upper))
    size = (upper.size + ties) * (lower.size + ties)
    middle = (size - 1) // 2
    if middle < least:
        return -1.0
    return 1.0 if middle >= size - most else _kth(upper, lower, ties, middle - least)


def _kth(upper: Floats, lower: Floats, zeros: int, place: int) -> float:
    """Of the kernel (u + l) / (u − l) over all pairs, and so many zeros, the one at `place` in order; both sides sorted.

    The kernel grows with both, so that how many lie below a bound is told without making it: the bound is drawn close by halving, and only
    what lies within a hair of it is made and put in order.
    """
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        bound = (low + high) / 2
        if int(_below(upper, lower, bound).sum()) + (zeros if bound >= 0 else 0) > place:
            high = bound
        else:
            low = bound
    low, high = low - _HAIR, high + _HAIR
    starts, ends = _below(upper, lower, low), _below(upper, lower, high)
    counts = ends - starts
    rows = np.repeat(np.arange(upper.size), counts)
    columns = np.arange(rows.size) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
    near = (upper[rows] + lower[columns]) / (upper[rows] - lower[columns])
    left = place - int(starts.sum()) - (zeros if low >= 0 else 0)
    if low < 0 <= high:
        near = np.concatenate([near, np.zeros(zeros)])
    return float(np.partition(near, left)[left])


def _below(upper: Floats, lower: Floats, bound: float) -> NDArray[np.int64]:
    """For each of `upper` how many of `lower` give at most `bound` with it."""
    if bound <= -1:
        return np.zeros(upper.size, dtype=np.int64)
    if bound >= 1:
        return np.full(upper.size, lower.size, dtype=np.int64)
    return np.asarray(np.searchsorted(lower, upper * ((bound - 1) / (bound + 1)), "right"), dtype=np.int64)


def adjusted_fences(figures: Floats) -> tuple[float, float]:
    """The whiskers' ends of a boxplot that follows the skewness of the figures; (NaN, NaN) without figures."""
    known = np.sort(figures[~np.isnan(figures)])
    if not known.size:
        return float("nan"), float("nan")
    low, high = _hinges(known)
    skew = medcouple(known)
    left, right = _STRETCH if skew >= 0 else (-_STRETCH[1], -_STRETCH[0])
    reach = _WHISKER * (high - low)
    return float(low - reach * np.exp(left * skew)), float(high + reach * np.exp(right * skew))


def _hinges(known: Floats) -> tuple[float, float]:
    """Tukey's hinges: the medians of the lower and of the upper half, the middle figure in both."""
    half = (known.size + 1) // 2
    return float(np.median(known[:half])), float(np.median(known[known.size - half :]))


def count_scores(now: Floats, expected: Floats, variance: Floats) -> Floats:
    """Signed deviance residuals of counts: about standard normal where a count has mean `expected` and its rate the relative `variance`.

    The counts are taken as Poisson about a rate that is gamma distributed (negative binomial); unlike log ratios this stays true to size
    where little is counted. All of one shape; NaN where one of the three is.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = 1 / variance
        own = np.where(now > 0, now * np.log(now / expected), 0.0)
        deviance = 2 * (own - (now + shape) * np.log((now + shape) / (expected + shape)))
    return np.asarray(np.sign(now - expected) * np.sqrt(np.maximum(deviance, 0)))


def rate_prior(counts: Floats, *, highest: float = 0.9) -> tuple[Floats, Floats]:
    """Shape and rate of the gamma distribution that the units' rates follow, for each column of counts (rows × columns), by moments.

    Counts are cut at their quantile `highest`, so that a few large ones do not stretch it. NaN for a column with fewer than 8 counts.
    """
    known = (~np.isnan(counts)).sum(axis=0) >= _FEWEST
    shape, rate = np.full(counts.shape[1], np.nan), np.full(counts.shape[1], np.nan)
    if not known.any():
        return shape, rate
    some = counts[:, known]
    some = np.minimum(some, np.nanquantile(some, highest, axis=0))
    mean, variance = np.nanmean(some, axis=0), np.nanvar(some, axis=0)
    between = np.maximum(variance - mean, _LEAST_BETWEEN * mean**2)  # what Poisson noise does not explain
    with np.errstate(divide="ignore", invalid="ignore"):
        shape[known], rate[known] = mean**2 / between, mean / between
    return shape, rate
