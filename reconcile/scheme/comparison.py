"""How a figure is compared with an earlier one in official Chinese: 增长 for rates of change, 增加 for amounts, 个百分点 between rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from reconcile.model.quantity import exact, format_number, round_half_up

_SMALL_BASE = 10  # below this a rate of change says more than there is
_LARGEST_RATE = 1000  # percent; beyond it the amounts are plainer


@dataclass(frozen=True, slots=True)
class Compared:
    """`words`, then the figure `text` ("" where there is none to print). `how` is growth or change; `value`, unsigned and not rounded, is
    in `measure`."""

    words: str
    text: str
    how: str
    value: float
    measure: str


@dataclass(frozen=True, slots=True)
class Base:
    """What a figure is compared with: 上年同期 gives 同比增长 and 比上年同期增加; 上年末 gives 比上年末增长."""

    name: str
    growing: str


PREVIOUS = Base("上年同期", "同比")
CLOSING = Base("上年末", "比上年末")


def compare(now: float, before: float, *, base: Base, measure: str, decimals: int) -> Compared | None:
    """The comparison of two figures of one indicator, from what they are and rounded once, as it is printed; None where one is unknown.

    Base 0: no rate, and it is said. Base under 10, or a rate that would be rounded away or be over 1000 %: the absolute change.
    """
    if not (math.isfinite(now) and math.isfinite(before)):
        return None
    there = exact(before)
    difference = exact(now) - there
    if round_half_up(difference, decimals) == 0:
        return Compared(f"与{base.name}持平", "", "change", 0.0, measure)
    if measure == "%":
        words = f"比{base.name}{'提高' if difference > 0 else '下降'}"
        return Compared(words, f"{format_number(abs(difference), decimals)}个百分点", "change", float(abs(difference)), "个百分点")
    if there == 0:
        return Compared(f"{base.name}为零", "", "change", 0.0, measure)
    exact_rate = abs(difference) / abs(there) * 100
    rate = round_half_up(exact_rate, 1)
    if abs(there) < _SMALL_BASE or rate == 0 or rate >= _LARGEST_RATE:
        words = f"比{base.name}{'增加' if difference > 0 else '减少'}"
        return Compared(words, f"{format_number(abs(difference), decimals)}{measure}", "change", float(abs(difference)), measure)
    return Compared(f"{base.growing}{'增长' if difference > 0 else '下降'}", f"{rate}%", "growth", float(exact_rate), "%")


def share(part: float, whole: float) -> Decimal | None:
    """What per cent `part` is of `whole`, one decimal; None where it cannot be said."""
    if not (math.isfinite(part) and math.isfinite(whole)) or whole <= 0:
        return None
    return round_half_up(exact(part) / exact(whole) * 100, 1)


def money(value: float, *, decimals: int) -> tuple[str, str]:
    """An amount in 元 as it is printed: from 10,000 on in 万元, where that says the same amount with at most two decimals."""
    rounded = round_half_up(value, decimals)
    if abs(rounded) >= 10_000 and rounded % 100 == 0:
        return format_number(rounded / 10_000, 2), "万元"
    return format_number(rounded, decimals), "元"
