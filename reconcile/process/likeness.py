"""Returns alike beyond chance (雷同): pairs that share more figures than two units come to by themselves.

Each shared figure is weighed by how seldom two units agree on it, as −ln of the chance; shared figures are taken for independent, so the
weights add up. The chance is estimated from the round: how many units lie within a factor of 1.5, spread over the figures in that span
that people write (round ones oftener). Small figures and zeros do not count, nor does a figure that many units share; copies of one return
share all of them, and are one unit for this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Figures = NDArray[np.float64]
Rows = NDArray[np.int64]

_SMALL = 10  # last digits of the figure; below that two units agree all the time
_SPAN = 1.5  # units within this factor are of the same size: half-year figures move about so much from year to year
_ROUND = (1000, 500, 100, 50, 10, 5)  # people write 300 rather than 297: a multiple counts as one of so many fewer figures
_RARE = 2.0  # −ln of the chance from which a shared figure makes a pair worth looking at: one unit in seven
_NEIGHBOURS = 19  # of units that share one figure, each is paired with so many next ones: a figure that more share says little
_SHARED_RARE = 3  # rare figures that a pair must share to be looked at
_ODDS = 1000.0  # a pair is told where chance would make one such pair in a thousand rounds of this size (Bonferroni over all pairs)
_FEWEST = 6  # different figures that must be shared: fewer may follow from one another (totals, all workers members)
_SHARE = 0.6  # of the figures that count in both returns: two units that share one campaign agree on its figures only
_BLOCKS = 6  # parts of a form of which copies have one at least in common, whatever a hand changed since
_COPIED = 0.9  # of the figures that count in both: from there on a return is a copy, not a unit that says how common a figure is
_AT_ONCE = 20_000  # pairs compared at a time, to bound memory


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that are alike, `first` < `second`. `shared`: columns in which they agree, the rarest first; `both`: number of columns that
    count in both; `weight`: −ln of the chance of that many agreements."""

    first: int
    second: int
    shared: tuple[int, ...]
    both: int
    weight: float


def alike(figures: Figures, units: Rows) -> list[Pair]:
    """All pairs of rows alike beyond chance, by first, then second row.

    figures: rows × columns, NaN where there is none, each in units of its last digit (money in 万元 with two decimals: ×100). units: a
    number for each row; rows of one unit are not compared with each other. Takes seconds for ten thousand rows: only pairs that share
    rare figures are compared at all.
    """
    count = figures.shape[0]
    if count < 2:
        return []
    originals = _originals(figures)
    weights = np.column_stack([_weights(figures[:, column], originals) for column in range(figures.shape[1])])
    firsts, seconds = _candidates(figures, weights, units)
    least = math.log(count * (count - 1) / 2) + math.log(_ODDS)
    found: list[Pair] = []
    for start in range(0, firsts.size, _AT_ONCE):
        first, second = firsts[start : start + _AT_ONCE], seconds[start : start + _AT_ONCE]
        counted = (weights[first] > 0) & (weights[second] > 0)
        equal = counted & (figures[first] == figures[second])
        total = np.where(equal, weights[first], 0.0).sum(axis=1)
        shared, both = equal.sum(axis=1), counted.sum(axis=1)
        for place in np.flatnonzero((total >= least) & (shared >= _FEWEST) & (shared >= _SHARE * both)).tolist():
            one, other = int(first[place]), int(second[place])
            pair = _pair(one, other, figures[one], weights[one], equal[place], int(both[place]))
            if pair is not None and pair.weight >= least:
                found.append(pair)
    return found


def _pair(one: int, other: int, figures: Figures, weights: Figures, equal: NDArray[np.bool_], both: int) -> Pair | None:
    """The pair with each figure weighed once, in however many columns it stands: all workers being members is no second agreement."""
    columns = sorted(np.flatnonzero(equal).tolist(), key=lambda column: (-weights[column], column))
    once: dict[float, float] = {}
    for column in columns:
        once.setdefault(float(figures[column]), float(weights[column]))
    return Pair(one, other, tuple(columns), both, sum(once.values())) if len(once) >= _FEWEST else None


def _originals(figures: Figures) -> NDArray[np.bool_]:
    """The rows without further copies of what has one already: what agrees with a row in a whole part of the form and nearly throughout."""
    counting = figures >= _SMALL
    first: dict[tuple[int, bytes], int] = {}
    paired: set[int] = set()
    originals = np.ones(figures.shape[0], dtype=np.bool_)
    for row in np.flatnonzero(counting.sum(axis=1) >= _FEWEST).tolist():
        for block in range(_BLOCKS):
            part = figures[row, block::_BLOCKS]
            met = first.setdefault((block, part.tobytes()), row) if counting[row, block::_BLOCKS].any() else row
            if met != row and _copied(figures[met], figures[row], counting[met] & counting[row]):
                originals[row] = met not in paired  # the two of a pair are left out of what is common anyhow
                paired.add(met)
                break
    return originals


def _copied(one: Figures, other: Figures, both: NDArray[np.bool_]) -> bool:
    same = one[both & (one == other)]
    return np.unique(same).size >= _FEWEST and same.size >= _COPIED * both.sum()


def _weights(figures: Figures, originals: NDArray[np.bool_]) -> Figures:
    """For each row −ln of the chance that another unit has the same figure in this column; 0 where the figure does not count. Only
    `originals` say how common a figure is."""
    weights = np.zeros(figures.size)
    known = np.sort(figures[np.isfinite(figures) & originals])
    rows = np.flatnonzero(figures >= _SMALL)  # NaN is not
    if not rows.size:
        return weights
    values = figures[rows]
    near = np.searchsorted(known, values * _SPAN, "right") - np.searchsorted(known, values / _SPAN, "left")
    same = np.searchsorted(known, values, "right") - np.searchsorted(known, values, "left")
    grain = np.ones(values.size)
    for step in reversed(_ROUND):
        grain[np.mod(values, step) == 0] = step
    written = np.maximum(values * (_SPAN - 1 / _SPAN) / grain, 1)  # figures that people would write in the span
    others = np.maximum(same - 2, 0) / max(known.size - 2, 1)  # besides the two of a pair
    chance = np.maximum(np.maximum(near, 1) / known.size / written, others)
    weights[rows] = -np.log(np.minimum(chance, 1))
    return weights


def _candidates(figures: Figures, weights: Figures, units: Rows) -> tuple[Rows, Rows]:
    """Pairs of rows of different units that share enough rare figures, each pair once, in order."""
    count = figures.shape[0]
    keys: list[Rows] = []
    for column in range(figures.shape[1]):
        rows = np.flatnonzero(weights[:, column] >= _RARE)
        rows = rows[np.argsort(figures[rows, column], kind="stable")]
        values = figures[rows, column]
        for step in range(1, min(_NEIGHBOURS, rows.size - 1) + 1):
            first, second = rows[:-step], rows[step:]
            met = (values[:-step] == values[step:]) & (units[first] != units[second])
            if not met.any() and not (values[:-step] == values[step:]).any():
                break
            keys.append(first[met] * count + second[met])
    if not keys:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    pairs, times = np.unique(np.concatenate(keys), return_counts=True)
    pairs = pairs[times >= _SHARED_RARE]
    return pairs // count, pairs % count
