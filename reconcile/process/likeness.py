"""Returns alike beyond chance (雷同): pairs that share more figures than two units come to by themselves.

Each shared figure is weighed by how seldom two units agree on it, as −ln of the chance; shared figures are taken for independent, so the
weights add up. The chance is estimated from the round: how many units lie within a factor of 1.5, spread over the figures in that span
that people write (round ones oftener). Small figures and zeros do not count, nor does a figure that many units share; copies of one return
share all of them, and are one unit for this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
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
_PAIRS_AT_ONCE = 1 << 22  # pairs looked for at a time, to bound memory
_CELLS = 1 << 17  # and figures compared at a time, as many as stay close at hand
_MIX = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio's digits, as usual where bits are to be spread over a number


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows that are alike, `first` < `second`. `shared`: columns in which they agree, the rarest first; `both`: number of columns that
    count in both; `weight`: −ln of the chance of that many agreements."""

    first: int
    second: int
    shared: tuple[int, ...]
    both: int
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """What stands in each part of a form, as a number a row: parts that agree to the last bit have the same. counting: where a figure of
    the part counts."""

    parts: tuple[NDArray[np.uint64], ...]
    counting: tuple[NDArray[np.bool_], ...]

    @classmethod
    def of(cls, columns: Iterable[Figures], size: int) -> Keys:
        """From the figures, column by column."""
        parts = tuple(np.zeros(size, dtype=np.uint64) for _ in range(_BLOCKS))
        counting = tuple(np.zeros(size, dtype=np.bool_) for _ in range(_BLOCKS))
        for place, column in enumerate(columns):
            key = parts[place % _BLOCKS]
            key ^= np.ascontiguousarray(column, dtype=np.float64).view(np.uint64)
            key *= _MIX
            key ^= key >> np.uint64(29)
            counting[place % _BLOCKS][:] |= column >= _SMALL
        return cls(parts, counting)


def counts(column: Figures) -> bool:
    """Whether any figure of a column is large enough to count."""
    return bool((column >= _SMALL).any())


def alike(figures: Figures, units: Rows, keys: Keys | None = None) -> list[Pair]:
    """All pairs of rows alike beyond chance, by first, then second row.

    figures: rows × columns, NaN where there is none, each in units of its last digit (money in 万元 with two decimals: ×100). units: a
    number for each row; rows of one unit are not compared with each other. keys: of the whole form, where columns in which nothing counts
    were left out of `figures`. Takes seconds for ten thousand rows: only pairs that share rare figures are compared at all.
    """
    count = figures.shape[0]
    if count < 2:
        return []
    keys = keys or Keys.of(figures.T, count)
    originals = _originals(figures, figures >= _SMALL, keys)
    weights = np.empty(figures.shape)
    for column in range(figures.shape[1]):
        weights[:, column] = _weights(figures[:, column], originals)
    firsts, seconds = _candidates(figures, weights, units)
    least = math.log(count * (count - 1) / 2) + math.log(_ODDS)
    counted = weights > 0
    found: list[Pair] = []
    step = max(1, _CELLS // max(1, figures.shape[1]))
    for start in range(0, firsts.size, step):
        first, second = firsts[start : start + step], seconds[start : start + step]
        comparable = counted[first] & counted[second]
        equal = comparable & (figures[first] == figures[second])
        shared, both = equal.sum(axis=1), comparable.sum(axis=1)
        for place in np.flatnonzero((shared >= _FEWEST) & (shared >= _SHARE * both)).tolist():
            one, other = int(first[place]), int(second[place])
            if float(np.where(equal[place], weights[one], 0.0).sum()) < least:
                continue
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


def _originals(figures: Figures, counting: NDArray[np.bool_], keys: Keys) -> NDArray[np.bool_]:
    """The rows without further copies of what has one already: what agrees with a row in a whole part of the form and nearly throughout."""
    originals = np.ones(figures.shape[0], dtype=np.bool_)
    filled = counting.sum(axis=1) >= _FEWEST
    shared = [_shared(key, filled & some) for key, some in zip(keys.parts, keys.counting, strict=True)]
    if not any(_any_copied(figures, counting, rows, firsts) for rows, firsts in shared):
        return originals
    met_in = [dict.fromkeys(rows.tolist()) for rows, _ in shared]
    first: dict[tuple[int, int], int] = {}
    paired: set[int] = set()
    for row in sorted({row for rows in met_in for row in rows}):
        for block, key in enumerate(keys.parts):
            met = first.setdefault((block, int(key[row])), row) if row in met_in[block] else row
            if met != row and _copied(figures[met], figures[row], counting[met] & counting[row]):
                originals[row] = met not in paired  # the two of a pair are left out of what is common anyhow
                paired.add(met)
                break
    return originals


def _shared(key: NDArray[np.uint64], eligible: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """The rows of which another has the same part of the form, and the first such row for each."""
    rows = np.flatnonzero(eligible)
    _, first, which, times = np.unique(key[rows], return_index=True, return_inverse=True, return_counts=True)
    several = times[which] > 1
    return rows[several], rows[first[which[several]]]


def _any_copied(figures: Figures, counting: NDArray[np.bool_], rows: Rows, firsts: Rows) -> bool:
    """Whether one of the rows is a copy of the first with the same part; until one is, no row stands aside for another."""
    others = rows != firsts
    rows, firsts = rows[others], firsts[others]
    step = max(1, _CELLS // max(1, figures.shape[1]))
    for start in range(0, rows.size, step):
        one, other = firsts[start : start + step], rows[start : start + step]
        both = counting[one] & counting[other]
        same = (both & (figures[one] == figures[other])).sum(axis=1)
        likely = np.flatnonzero((same >= _FEWEST) & (same >= _COPIED * both.sum(axis=1))).tolist()
        if any(_copied(figures[one[place]], figures[other[place]], both[place]) for place in likely):
            return True
    return False


def _copied(one: Figures, other: Figures, both: NDArray[np.bool_]) -> bool:
    same = one[both & (one == other)]
    return same.size >= _FEWEST and same.size >= _COPIED * np.count_nonzero(both) and np.unique(same).size >= _FEWEST


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
    orders = [_in_order(figures[:, column], weights[:, column]) for column in range(figures.shape[1])]
    times = math.ceil(sum(rows.size for rows, _ in orders) * _NEIGHBOURS / _PAIRS_AT_ONCE)
    step = math.ceil(count / max(1, times))
    found = [_of_rows(orders, units, start, min(start + step, count)) for start in range(0, count, max(1, step))]
    pairs = np.concatenate(found) if found else np.empty(0, dtype=np.int64)
    return pairs // count, pairs % count


def _in_order(figures: Figures, weights: Figures) -> tuple[NDArray[np.int32], Figures]:
    """The rows with a rare figure that another has too, by figure and row, and these figures."""
    rows = np.flatnonzero(weights >= _RARE)
    rows = rows[np.argsort(figures[rows], kind="stable")]
    values = figures[rows]
    same = np.concatenate([values[1:] == values[:-1], [False]]) if rows.size else np.zeros(0, dtype=np.bool_)
    kept = same | np.concatenate([[False], same[:-1]])[: rows.size]
    return rows[kept].astype(np.int32), values[kept]


def _of_rows(orders: Sequence[tuple[NDArray[np.int32], Figures]], units: Rows, start: int, end: int) -> Rows:
    """The pairs whose first row is one of some, as one number each."""
    keys: list[Rows] = []
    for rows, values in orders:
        at = np.flatnonzero((rows >= start) & (rows < end))
        for step in range(1, _NEIGHBOURS + 1):
            at = at[at + step < rows.size]
            at = at[values[at] == values[at + step]]
            if not at.size:
                break
            first, second = rows[at].astype(np.int64), rows[at + step].astype(np.int64)
            keys.append((first * units.size + second)[units[first] != units[second]])
    if not keys:
        return np.empty(0, dtype=np.int64)
    pairs = np.sort(np.concatenate(keys))
    starts = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]])) if pairs.size else np.empty(0, dtype=np.int64)
    times = np.diff(np.concatenate([starts, [pairs.size]]))
    return pairs[starts[times >= _SHARED_RARE]]
