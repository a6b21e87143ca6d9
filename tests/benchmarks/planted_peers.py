"""What peers would do on the same rounds: the modified z-score of year-on-year ratios, and a random choice among tied sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from planted_rounds import World

from reconcile.model.figures import own_figures
from reconcile.model.round import Round

LIMIT = 3.5  # Iglewicz and Hoaglin 1993, as the peers' packages have it


def modified_z(world: World, returns: Round) -> Mapping[tuple[str, str], bool]:
    """(unit, code) -> whether |0.6745 (x − median) / MAD| of this year over last year, among units of the kind, is above the limit.

    Without spread (MAD 0) nothing can be told, and nothing is flagged.
    """
    now = own_figures(returns, world.scheme.indicators)
    before = world.past.previous(returns.period)
    if before is None:
        return {}
    earlier = before.own.reindex(index=now.index, columns=now.columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(earlier.to_numpy() > 0, now.to_numpy() / earlier.to_numpy(), np.nan)
    kinds = np.array([world.units[str(unit)].kind for unit in now.index])
    found: dict[tuple[str, str], bool] = {}
    for kind in sorted(set(kinds.tolist())):
        rows = np.flatnonzero(kinds == kind)
        for column, code in enumerate(now.columns):
            part = ratios[rows, column]
            known = part[~np.isnan(part)]
            if len(known) < 5:
                continue
            middle = np.median(known)
            spread = np.median(np.abs(known - middle))
            if spread == 0:
                continue
            for row in rows[np.abs(0.6745 * (part - middle) / spread) > LIMIT].tolist():
                found[str(now.index[row]), str(code)] = True
    return found


def random_choice(hits: Sequence[bool]) -> float:
    """The chance that one of the tied sets, drawn at random, is a true one."""
    return sum(hits) / len(hits) if hits else 0.0
