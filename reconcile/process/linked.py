"""Linked: figures that slip together — a whole column typed in another measure, parts that share one factor against their total.

Sources: the thousand-pounds and the totals-and-components corrections of the UK's Office for National Statistics.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconcile.model.quantity import exact

# The powers of ten by which a form slips as a whole, each with the bounds of the ratio to what was expected: half a power to either side,
# so that no honest change is taken for one (30 times more) and no slip is missed because the figures changed as well.
FORM_SLIPS: Mapping[int, tuple[float, float]] = {power: (10 ** (power - 0.5), 10 ** (power + 0.5)) for power in (4, 3, 2, -2, -3, -4)}


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
