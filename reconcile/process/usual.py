"""Usual: how likely a figure is for a unit before anybody looks at what it is set against — from its own past, else from its peers.

With a past figure y₁, ln((y₂+½)/(y₁+½)) is taken to scatter about the median of units of the same kind with variance (1.4826·MAD)² plus the
noise of counting; without one, ln(y+½) less the unit's own size scatters about the median of its kind. Tails are those of Student's t with
3 degrees of freedom, because honest units jump too. Zeros have a probability of their own: that of zeros among the peers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reconcile.model.indicator import Indicator, Kind
from reconcile.model.robust import log_ratios, medians, noises, spreads
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Reference
from reconcile.scheme.syntax import Period

Floats = NDArray[np.float64]

_PEERS = 5  # ratios to another period are compared from five units on (facts of the field); with fewer, nothing is known of the usual ratio
_LOOSE = 0.5  # standard deviation of a log ratio where there are no such peers: up to 2.7 times more or less is nothing odd
_LEVEL_FLOOR = 0.5  # and of a level among peers: units of one kind differ by that much even where the ones met happen not to
_TAILS = 3.0  # degrees of freedom
_T_CONSTANT = math.lgamma((_TAILS + 1) / 2) - math.lgamma(_TAILS / 2) - 0.5 * math.log(_TAILS * math.pi)
_SCALED = (Kind.FLOW, Kind.STOCK, Kind.RATE)  # figures that have a size; a rate in 元 a head is one, one in % is compared by difference
PERCENT = "%"
_POINTS = 1.0  # percentage points that a rate may move between periods without being odd, where peers moved less
_BLANK = math.log(0.05)  # a cell that one may leave blank is left blank about so often
_EARLIER: dict[bool, tuple[Period, ...]] = {True: ("last", "closing", "previous"), False: ("previous",)}  # a stock's nearest; a flow's like


@dataclass(frozen=True, slots=True, eq=False)
class _Pattern:
    """What is usual for one indicator among units of one kind: centre and spread of log ratios or levels, share of zeros."""

    centre: float
    spread: float
    zeros: float


@dataclass(frozen=True, eq=False)
class Usual:
    """Likelihoods for the returns of one environment."""

    environment: ReturnsEnvironment
    _kept: dict[tuple[str, str, str, bool], _Pattern] = field(default_factory=dict)

    def likelihood(self, code: str, record: int, values: Floats) -> Floats:
        """Logarithm of the probability of each value (in the indicator's measure; NaN for a blank) in one return's cell.

        0 throughout where nothing can be said: of rates, standards, answers of yes and no, figures below zero.
        """
        one = self.environment.scheme.indicators.get(code)
        if one is not None and one.measure == PERCENT:
            return self._rate_likelihood(one, record, values)
        if one is None or one.kind not in _SCALED:
            return np.zeros(values.shape)
        centre, spread, before, zeros = self._expected(one, record)
        if math.isnan(centre):
            return np.zeros(values.shape)
        money = not self.environment.scheme.measure(code).whole
        sizes = np.where(values < 0, np.nan, values) * self._factor(code)
        noise = noises(sizes, np.full(sizes.shape, before), money=money) if not math.isnan(before) else 0.0
        deviation = np.sqrt(spread**2 + noise)
        odd = (np.log(sizes + 0.5) - centre) / deviation
        density = _T_CONSTANT - (_TAILS + 1) / 2 * np.log1p(odd**2 / _TAILS) - np.log(deviation)
        step = self._factor(code) * 10.0**-one.decimals
        found = math.log1p(-zeros) + np.minimum(0.0, density + math.log(step) - np.log(sizes + 0.5))
        found = np.where(values == 0, math.log(zeros), found)
        return np.where(np.isnan(values), _BLANK, np.where(values < 0, 2 * _T_CONSTANT + math.log(zeros / 2), found))

    def _rate_likelihood(self, one: Indicator, record: int, values: Floats) -> Floats:
        """The same for a rate in per cent: by its difference from the unit's last, or from the middle of its peers."""
        here = self._groups == self._groups[record]
        now = self.environment.figure(Reference(one.code))
        for period in _EARLIER[True]:
            before = self.environment.figure(Reference(one.code, period=period))
            if not math.isnan(before[record]):
                moved = (now - before)[here][:, None]
                break
        else:
            before, moved = np.zeros(now.shape), now[here][:, None]
        if (~np.isnan(moved)).sum() < _PEERS:
            return np.zeros(values.shape)
        centre = medians(moved)
        spread = max(_POINTS, float(spreads(moved, centre)[0]))
        odd = (values - before[record] - centre[0]) / spread
        found = _T_CONSTANT - (_TAILS + 1) / 2 * np.log1p(odd**2 / _TAILS) - math.log(spread) - one.decimals * math.log(10)
        return np.where(np.isnan(values), _BLANK, found)

    def oddness(self, code: str, record: int, values: tuple[float, float]) -> tuple[float, float]:
        """By how much (a logarithm) figures of each value's size are less likely than of the size expected; 0 where nothing is known.

        Unlike `likelihood` it compares sizes: of ten times larger figures each single one is ten times less likely, which is no oddness.
        """
        basis = self.expected(code, record)
        if math.isnan(basis):
            return 0.0, 0.0
        sizes = np.array([basis, *values])
        known = self.likelihood(code, record, sizes) + np.log(np.abs(np.nan_to_num(sizes)) * self._factor(code) + 0.5)
        return float(known[0] - known[1]), float(known[0] - known[2])

    def quantiles(self, code: str, record: int, count: int) -> Floats:
        """Values that stand for `count` equal shares of what is usual, in the indicator's measure; none where nothing is known."""
        one = self.environment.scheme.indicators.get(code)
        if one is None or one.kind not in _SCALED or one.measure == PERCENT:
            return np.empty(0)
        centre, spread, before, _ = self._expected(one, record)
        if math.isnan(centre):
            return np.empty(0)
        money = not self.environment.scheme.measure(code).whole
        middle = np.maximum(np.exp(np.array([centre])) - 0.5, 0.0)
        noise = float(noises(middle, np.array([before]), money=money)[0]) if not math.isnan(before) else 0.0
        shares = (np.arange(count) + 0.5) / count
        found = np.exp(centre + _student(shares) * math.sqrt(spread**2 + noise)) - 0.5
        return np.round(np.maximum(found, 0.0) / self._factor(code), one.decimals)

    def expected(self, code: str, record: int) -> float:
        """The figure that would be least odd, in the indicator's measure; NaN where nothing is known."""
        one = self.environment.scheme.indicators.get(code)
        if one is None or one.kind not in _SCALED or one.measure == PERCENT:
            return math.nan
        centre = self._expected(one, record)[0]
        return math.nan if math.isnan(centre) else max(0.0, (math.exp(centre) - 0.5) / self._factor(code))

    def _expected(self, one: Indicator, record: int) -> tuple[float, float, float, float]:
        """Where ln(value + ½) should lie, its spread, the earlier figure (NaN for a level) and the probability of a zero."""
        group = self._groups[record]
        for period in _EARLIER[one.kind is Kind.STOCK]:
            before = float(self.environment.figure(Reference(one.code, period=period))[record]) * self._factor(one.code)
            if math.isnan(before) or before < 0:
                continue
            pattern = self._pattern(one.code, period, group, before == 0)
            if before == 0:
                level = self._pattern(one.code, "", group, False)
                return level.centre + self._sizes[record], level.spread, math.nan, pattern.zeros
            return math.log(before + 0.5) + pattern.centre, pattern.spread, before, pattern.zeros
        level = self._pattern(one.code, "", group, False)
        return level.centre + self._sizes[record], level.spread, math.nan, level.zeros

    def _pattern(self, code: str, period: str, group: str, from_zero: bool) -> _Pattern:
        key = (code, period, group, from_zero)
        if key not in self._kept:
            self._kept[key] = self._ratios(code, period, group, from_zero) if period else self._levels(code, group)
        return self._kept[key]

    def _ratios(self, code: str, period: str, group: str, from_zero: bool) -> _Pattern:
        """Log ratios of the peers' figures to those of another period."""
        now = self.environment.figure(Reference(code)) * self._factor(code)
        before = self.environment.figure(Reference(code, period=period)) * self._factor(code)  # type: ignore[arg-type] # a period by its name
        known = (self._groups == group) & ~np.isnan(now) & ~np.isnan(before) & (now >= 0) & (before >= 0)
        alike = known & ((before == 0) == from_zero)
        zeros = (float((now[alike] == 0).sum()) + 0.5) / (float(alike.sum()) + 2.0)
        both = alike & (now > 0)
        if from_zero or both.sum() < _PEERS:
            return _Pattern(0.0, _LOOSE, zeros)
        ratios = log_ratios(now[both], before[both])[:, None]
        centre = medians(ratios)
        return _Pattern(float(centre[0]), float(spreads(ratios, centre)[0]), zeros)

    def _levels(self, code: str, group: str) -> _Pattern:
        """Logarithms of the peers' figures, each less its unit's size."""
        column = self._columns.get(code)
        if column is None:
            return _Pattern(math.nan, _LEVEL_FLOOR, 0.5)
        levels, centres = self._logs
        mine = self._groups == group
        figures = self.environment.figure(Reference(code))[mine]
        known = float((~np.isnan(figures)).sum())
        zeros = (float((figures == 0).sum()) + 0.5) / (known + 2.0)
        if (figures > 0).sum() < _PEERS:
            return _Pattern(math.nan, _LEVEL_FLOOR, 0.5)
        apart = levels[mine, column][:, None] - self._sizes[mine][:, None]
        spread = float(spreads(apart, medians(apart))[0])
        return _Pattern(float(centres[group][column]), max(_LEVEL_FLOOR, 0.0 if math.isnan(spread) else spread), zeros)

    @cached_property
    def _sizes(self) -> Floats:
        """By how much the logarithms of a unit's figures lie above those of its peers, in the middle of all its figures."""
        levels, centres = self._logs
        apart = np.stack([levels[record] - centres[group] for record, group in enumerate(self._groups)], axis=1)
        found = medians(apart)
        return np.where(np.isnan(found), 0.0, found)

    @cached_property
    def _logs(self) -> tuple[Floats, dict[str, Floats]]:
        """ln(figure + ½) of all figures over 0 (returns × indicators), and the medians of each group of units."""
        figures = np.stack([self.environment.figure(Reference(code)) * self._factor(code) for code in self._columns], axis=1)
        levels = np.log(np.where(figures > 0, figures, np.nan) + 0.5)
        return levels, {group: medians(levels[self._groups == group]) for group in np.unique(self._groups)}

    @cached_property
    def _columns(self) -> dict[str, int]:
        codes = [code for code, one in self.environment.scheme.indicators.items() if one.kind in _SCALED and one.measure != PERCENT]
        return {code: column for column, code in enumerate(codes)}

    @cached_property
    def _groups(self) -> NDArray[np.str_]:
        """The kind of each return's unit; those that speak for all below apart."""
        units = self.environment.units
        whole = zip(self.environment.codes, self.environment.whole.tolist(), strict=True)
        return np.array([(units[code].kind if code in units else "") + ("+" if every else "") for code, every in whole], dtype=np.str_)

    def _factor(self, code: str) -> float:
        return float(self.environment.scheme.measure(code).factor) if not self.environment.scheme.measure(code).whole else 1.0


def _student(shares: Floats) -> Floats:
    """Quantiles of Student's t with 3 degrees of freedom, by bisection of its distribution function."""
    low, high = np.full(shares.shape, -60.0), np.full(shares.shape, 60.0)
    for _ in range(60):
        middle = (low + high) / 2
        angle = middle / math.sqrt(_TAILS)
        below = 0.5 + (np.arctan(angle) + angle / (1 + angle**2)) / math.pi
        low, high = np.where(below < shares, middle, low), np.where(below < shares, high, middle)
    return np.asarray((low + high) / 2)
