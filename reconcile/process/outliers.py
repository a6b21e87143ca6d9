"""Outliers: figures without any past of their own that lie far from those of units of the same kind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from reconcile.model.quantity import format_number
from reconcile.process.clues import Clue
from reconcile.process.jumps import Evidence

_FAR = 6.0  # robust standard deviations of the level, by itself and for each head, at which a figure is asked about
_NOTABLE = 5.0  # and at which it is worth a note
_LEAST = float(np.log(5))  # whatever the spread, five times what is usual, or a fifth of it
_FEW = 10.0  # counts below it are no level to speak of


def outliers(evidence: Evidence) -> Iterator[Clue]:
    """Figures of which nothing earlier is known, far above or below what units of the kind report (@outlier, @outlier_weak).

    Where the unit's own past is known, that past is the better judge: a unit may have been the largest for years.
    """
    series, level = evidence.series, evidence.level
    notable = level.boxed & (np.abs(level.score) >= _NOTABLE) & (np.abs(level.excess) >= _LEAST)
    if not notable.any():
        return
    for period in series.periods:
        notable &= np.isnan(series.before(period))
    notable &= (series.now >= _FEW) | series.money | (level.score < 0)
    for row, column in np.argwhere(notable).tolist():
        usual, heads = level.usual(row, column), float(series.heads[row])
        sized = bool(np.isfinite(usual * heads))
        about = float(f"{usual * heads:.2g}") if sized else float("nan")
        times = float(np.exp(level.excess[row, column]))
        degree = f"约为一般水平的{times:.0f}倍" if times >= 1 else f"只有一般水平的{format_number(times * 100, 1)}%"
        said = f"按同类单位的一般水平约{series.said(about, column)}，" if sized else ""
        fields = {"一般": said, "程度": degree}
        check = "outlier" if abs(level.score[row, column]) >= _FAR else "outlier_weak"
        yield Clue(check, row, (column,), fields, f"约{series.said(about, column)}" if sized else "")
