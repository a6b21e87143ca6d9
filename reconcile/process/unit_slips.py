"""Unit slips: sums of money in another measure than the form's, one by one or a whole column of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from reconcile.model.figures import Floats
from reconcile.process.clues import Clue
from reconcile.process.jumps import Evidence
from reconcile.scheme.environment import Truths

_SURE = 3.5  # robust standard deviations of history or level from which a sum is worth explaining
_LEVEL_SURE = 4.5  # of the level alone: units of one kind differ more among each other than from year to year
_POWERS = (2, 3, 4)  # ×10 is a slip of the hand, told as a jump; 元 for 万元 is ×10 000, 千元 ×1 000, 百元 ×100
_NEAR = 0.5  # in powers of ten: how far a slipped sum may lie from the exact power, since it changed since last year too
_LEVEL_NEAR = 0.9  # of the level: nothing else tells 千 from 万
_COLUMN = 2  # so many sums slipped by one power are one slip
_WHOLE = 0.8  # of the sums above 0 of that measure that have slipped, for the whole column to be named
_SHOWN = 3
_POWER_WORDS = {2: "100倍", 3: "1000倍", 4: "1万倍", -2: "百分之一", -3: "千分之一", -4: "万分之一"}


def unit_slips(evidence: Evidence) -> Iterator[Clue]:
    """Sums that lie a power of ten (100 to 10,000) from the unit's own history, or where it has none from the level of its kind.

    Sums of one measure that slipped the same way are one clue (@column_slip), which is the only sign of a form filled in 元 throughout,
    whose balances all hold; one alone is @unit_slip.
    """
    powers = _powers(evidence)
    measures = np.array([one.measure for one in map(evidence.series.indicator, range(len(evidence.series.codes)))])
    for row in np.flatnonzero((powers != 0).any(axis=1)).tolist():
        for measure in dict.fromkeys(measures[powers[row] != 0].tolist()):
            for sign in (1, -1):
                columns = np.flatnonzero((np.sign(powers[row]) == sign) & (measures == measure)).tolist()
                if len(columns) >= _COLUMN:
                    filled = int(((evidence.series.now[row] > 0) & (measures == measure)).sum())
                    power = _commonest([int(powers[row, column]) for column in columns])
                    yield _column(evidence, row, columns, power=power, whole=len(columns) >= _WHOLE * filled)
                elif columns:
                    yield _single(evidence, row, columns[0], power=int(powers[row, columns[0]]))


def _commonest(powers: list[int]) -> int:
    """The power that most sums show; each alone is blurred by what changed since last year."""
    return max(set(powers), key=lambda power: (powers.count(power), abs(power)))


def _powers(evidence: Evidence) -> Floats:
    """By what power of ten each sum has slipped; 0 where it has not."""
    agreed, level, found = evidence.agreed, evidence.level, np.zeros(evidence.series.now.shape)
    money, known = evidence.series.money & _in_money(evidence), _known(evidence)
    for far, excess, near in (
        (money & known & (np.abs(agreed.score) >= _SURE), agreed.excess, _NEAR),
        (money & ~known & level.boxed & (np.abs(level.score) >= _LEVEL_SURE), level.excess, _LEVEL_NEAR),
    ):
        found[far] = _nearest(excess[far], near)
    return found


def _known(evidence: Evidence) -> Truths:
    """Where at least one earlier figure above 0 can be compared."""
    found = np.zeros(evidence.series.now.shape, dtype=np.bool_)
    for change in evidence.changes:
        found |= ~np.isnan(change.score)
    return found


def _in_money(evidence: Evidence) -> Truths:
    """Columns in a measure of which the scheme has others by powers of ten: 万元 beside 元 (but 亩 stands alone)."""
    scheme = evidence.series.scheme
    bases = [one.base for one in scheme.measures.values() if not one.whole]
    return np.array([bases.count(scheme.measure(code).base) > 1 for code in evidence.series.codes], dtype=np.bool_)


def _nearest(excess: Floats, near: float) -> Floats:
    """The power of ten next to an excess in logs where it is one of those that measures differ by, and near; else 0."""
    tens = excess / np.log(10)
    power = np.round(tens)
    fits = (np.abs(tens - power) <= near) & np.isin(np.abs(power), _POWERS)
    return np.where(fits, power, 0.0)


def _single(evidence: Evidence, row: int, column: int, *, power: int) -> Clue:
    series = evidence.series
    history = series.history(row, column)
    fields = {"依据": history or _per_head(evidence, row, column), "倍数": _POWER_WORDS[power], "猜测": _reading(evidence, column, power)}
    value = float(series.now[row, column]) / 10.0**power
    return Clue("unit_slip", row, (column,), fields, "约" + series.said(round(value, series.indicator(column).decimals), column))


def _column(evidence: Evidence, row: int, columns: list[int], *, power: int, whole: bool) -> Clue:
    series = evidence.series
    shown = "；".join(
        series.told(row, column) + ("" if series.history(row, column) else f"（{_per_head(evidence, row, column)}）")
        for column in columns[:_SHOWN]
    )
    measure = series.indicator(columns[0]).measure
    fields = {
        "项数": str(len(columns)),
        "范围": f"整张表以{measure}为单位的金额" if whole else "这些金额",
        "例": shown,
        "倍数": _POWER_WORDS[power],
        "猜测": _reading(evidence, columns[0], power),
    }
    return Clue("column_slip", row, tuple(columns), fields)


def _per_head(evidence: Evidence, row: int, column: int) -> str:
    """同类单位人均约0.02万元: what there is to go by without any history."""
    series, usual = evidence.series, evidence.level.usual(row, column)
    heads = float(series.heads[row])
    if not (np.isfinite(usual) and np.isfinite(heads)):
        return "同类单位的数"
    return f"按同类单位的一般水平约{series.said(float(f'{usual * heads:.2g}'), column)}"


def _reading(evidence: Evidence, column: int, power: int) -> str:
    """Which measure was probably meant: the one whose factor differs by that power."""
    scheme = evidence.series.scheme
    asked = scheme.measure(evidence.series.codes[column])
    alike = [one for one in scheme.measures.values() if one.base == asked.base]
    meant = next((one.name for one in alike if _is_power(asked.factor, one.factor, power)), "")
    return f"，像是以{meant}填报（表中单位是{asked.name}）" if meant else f"，像是弄错了计量单位（表中单位是{asked.name}）"


def _is_power(asked: Decimal, other: Decimal, power: int) -> bool:
    return asked == other * Decimal(10) ** power
