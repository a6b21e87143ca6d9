"""Periods: figures that run through the year against what was reported earlier in it, or for the whole of last year."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reconcile.model.figures import Floats
from reconcile.process.clues import Clue
from reconcile.process.jumps import Evidence
from reconcile.process.series import Series
from reconcile.scheme.environment import Truths

_SEVERAL = 3  # so many figures of one return that fall are told at once: a whole form filled for the quarter alone
_SHOWN = 3
_BULK_LEAST = 6  # flows that must be comparable before their middle says anything of the return
_BULK_COUNT = 5.0  # counts from here on
_BULK_MIDDLE = 0.46  # the middle flow is 1.6 times what peers' growth leads to: half-years are not all that much larger at once
_BULK_SHARE = 0.6  # of the flows that are beyond
_BULK_EACH = 0.35  # a factor of 1.4 each
_SAME = 0.25  # in logs: the middle flow is within a quarter of last year's full figure


def cumulative_falls(series: Series) -> Iterator[Clue]:
    """Flows below what the same unit reported in the last period of this year (@cumulative_falls), several of one return at once."""
    if "last" not in series.periods:
        return
    before = series.before("last")
    # half a digit each for the rounding of both, as everywhere
    digits = np.array([series.indicator(column).decimals for column in range(len(series.codes))], dtype=np.float64)
    slack = np.where(series.money, 10.0**-digits, 0.0)
    falling = series.flows & (series.now < before - slack - 1e-9)
    for row in np.flatnonzero(falling.any(axis=1)).tolist():
        columns = np.flatnonzero(falling[row]).tolist()
        for some in [columns] if len(columns) >= _SEVERAL else [[column] for column in columns]:
            yield _fall(series, row, some)


def _fall(series: Series, row: int, columns: list[int]) -> Clue:
    before = series.before("last")
    shown = "；".join(
        f"{series.indicator(column).name}{series.said_now(row, column)}，本年上一期报表是{series.said(float(before[row, column]), column)}"
        for column in columns[:_SHOWN]
    )
    fields = {"例": shown, "项数": "" if len(columns) == 1 else f"共{len(columns)}项，", "口径": series.base(row)}
    if len(columns) > 1:
        return Clue("cumulative_falls", row, tuple(columns), fields)
    value, former = float(series.now[row, columns[0]]), float(before[row, columns[0]])
    said = [series.said(one, columns[0]) for one in (former, round(former - value, 6))]
    return Clue("cumulative_falls", row, tuple(columns), fields, "不小于" + said[0], said[1])


def whole_years(evidence: Evidence) -> Iterator[Clue]:
    """Returns for part of a year whose flows together are about as large as those of the whole of last year (@whole_year)."""
    series = evidence.series
    change = next((one for one in evidence.changes if one.period == "closing"), None)
    if change is None or series.months("closing") >= 1:
        return
    comparable = series.flows & ~np.isnan(change.excess) & ((series.now >= _BULK_COUNT) | series.money)
    former = next((one for one in evidence.changes if one.period == "previous"), None)
    for row in _bulky(comparable, change.excess):
        columns = np.flatnonzero(comparable[row])
        excess = change.excess[row, columns]
        ratio = excess + change.growth.usual[series.group[row], columns]
        if abs(float(np.median(ratio))) > _SAME:
            continue
        if former is not None and float(np.nanmedian(np.append(former.excess[row, columns], np.nan))) < _BULK_MIDDLE:
            continue
        beyond = columns[excess > _BULK_EACH]
        ordered = sorted(beyond.tolist(), key=lambda column: abs(float(ratio[columns == column][0])))
        shown = "；".join(series.told(row, one) for one in ordered[:_SHOWN])
        name = series.name("closing", ordered[0])
        fields = {"项数": str(len(ordered)), "来源": name, "程度": f"与{name}差不多", "例": shown, "口径": series.base(row)}
        yield Clue("whole_year", row, tuple(ordered), fields)


def _bulky(comparable: Truths, excess: Floats) -> list[int]:
    """The rows with enough comparable figures whose middle one, and most of which, lie far above what peers' growth leads to."""
    count = comparable.sum(axis=1)
    beyond = (comparable & (excess > _BULK_EACH)).sum(axis=1)
    likely = np.flatnonzero((count >= _BULK_LEAST) & (beyond >= _BULK_SHARE * count - 1)).tolist()  # the rest as exactly as ever
    found = []
    for row in likely:
        some = excess[row, comparable[row]]
        if float(np.median(some)) >= _BULK_MIDDLE and float((some > _BULK_EACH).mean()) >= _BULK_SHARE:
            found.append(row)
    return found
