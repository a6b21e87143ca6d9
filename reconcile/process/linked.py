"""Linked: figures that slip together — a whole column typed in another measure, parts that share one factor against their total, all that a
row of a list adds to its sums.

Sources: the thousand-pounds and the totals-and-components corrections of the UK's Office for National Statistics.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from reconcile.model.quantity import exact

# The powers of ten by which a form slips as a whole, each with the bounds of the ratio to what was expected: half a power to either side,
# so that no honest change is taken for one (30 times more) and no slip is missed because the figures changed as well.
FORM_SLIPS: Mapping[int, tuple[float, float]] = {power: (10 ** (power - 0.5), 10 ** (power + 0.5)) for power in (4, 3, 2, -2, -3, -4)}


MOST_TWICE = 2  # rows that one hand writes twice; a list with more of them was not kept by rows
_CHOICES = 50  # rows that are alike may be struck out in so many ways before it does not matter any longer in which


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list. keys: what its key columns hold, those that are filled; told: what its other columns of words hold; amounts: its
    numbers, by column."""

    keys: Mapping[str, str]
    told: Mapping[str, str]
    amounts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Against:
    """A figure against what was expected. ratio: NaN where nothing was; power: by which power of ten it slipped, 0 for none."""

    ratio: float
    power: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A total against its parts. size: how far apart; near: within what a small correction may bridge; NaN and False without parts."""

    total: float
    size: float
    near: bool


def against(principal: float, expected: Sequence[float], *, slips: Mapping[int, tuple[float, float]] = FORM_SLIPS) -> Against:
    """The principal figure of a form against the first of several expectations that is known and not 0.

    slips: power of ten -> the open interval of the ratio in which a figure is taken to have slipped by it.
    """
    basis = next((one for one in expected if one and not math.isnan(one)), math.nan)
    ratio = principal / basis
    power = next((power for power, (lower, upper) in slips.items() if lower < ratio < upper), 0)
    return Against(ratio, power)


def scaled(values: Sequence[float], power: int) -> tuple[float, ...]:
    """The figures as they would be without a slip by 10^power, on decimals; NaN stays."""
    return tuple(value if math.isnan(value) else float(exact(value).scaleb(-power)) for value in values)


def gap(total: float, parts: Sequence[float], *, absolute: float | None = None, relative: float | None = None) -> Gap:
    """Whether a total lies so near to the sum of its parts that one of the two is to be corrected without asking what slipped.

    Near: at most `absolute` apart, or within `relative` of the sum; bounds belong to it. Parts that are NaN count nothing; where all are
    0 or unknown and the total is not, nothing can be said.
    """
    known = [part for part in parts if not math.isnan(part)]
    together = float(sum((exact(part) for part in known), exact(0)))
    if not together and total:
        return Gap(together, math.nan, False)
    size = abs(float(exact(total) - exact(together)))
    by_size = absolute is not None and size <= absolute
    by_share = relative is not None and size <= abs(together) * relative * (1 + 1e-12)  # the bound itself, which binary may miss
    return Gap(together, size, by_size or by_share)


def in_proportion(total: float, parts: Sequence[float]) -> tuple[float, ...]:
    """The parts with one factor between them, so that they come to the total; NaN stays. Parts that come to 0 stay as they are."""
    together = math.fsum(part for part in parts if not math.isnan(part))
    return tuple(part * total / together if together else part for part in parts)


def written_twice(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    """Rows that can be struck out because each of them is alike to a row that stays: single ones first, then at most MOST_TWICE.

    Alike are rows of the same keys; where a row has none, those that say the same in all their words.
    """
    alike: dict[frozenset[tuple[str, str]], set[int]] = {}
    about = [frozenset((row.keys or row.told).items()) for row in rows]
    for place, one in enumerate(about):
        alike.setdefault(one, set()).add(place)
    doubled = [place for place, one in enumerate(about) if one and len(alike[one]) > 1]
    for count in range(1, MOST_TWICE + 1):
        for chosen in islice(combinations(doubled, count), _CHOICES):
            if all(alike[about[place]].difference(chosen) for place in chosen):
                yield tuple(rows[place] for place in chosen)
