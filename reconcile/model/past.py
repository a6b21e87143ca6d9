"""Past figures: what earlier periods said, looked up by period."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.model.period import Period

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.model.round import Round


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier period: what each unit itself reported (`own`) and the totals with all below it (`totals`).

    Both float64, index = unit code, columns = indicator codes, in each indicator's measure; NaN where unknown. `returns` is the round they
    were read from, so that an earlier figure can name its cells too.
    """

    period: Period
    own: pd.DataFrame
    totals: pd.DataFrame
    returns: Round

    def own_without(self, absent: Collection[str]) -> pd.DataFrame:
        """What each unit reported itself, NaN for the units in `absent`."""
        made = self.own.copy()
        made.loc[made.index.isin(list(absent))] = float("nan")
        return made


class Past:
    """Earlier periods by their last day. Unknown where nothing was given: never zero."""

    def __init__(self, earlier: Iterable[Earlier] = ()) -> None:
        self.periods: tuple[Earlier, ...] = tuple(sorted(earlier, key=lambda one: (one.period.year, one.period.month)))

    def at(self, period: Period) -> Earlier | None:
        """What was reported for a period that ends on the same day."""
        return next((one for one in self.periods if one.period.same_end(period)), None)

    def previous(self, period: Period) -> Earlier | None:
        """The same period of last year."""
        return self.at(period.previous)

    def closing(self, period: Period) -> Earlier | None:
        """The end of last year."""
        return self.at(period.closing)

    def last(self, period: Period) -> Earlier | None:
        """The latest earlier period of the same year."""
        found = [one for one in self.periods if one.period.year == period.year and one.period.month < period.month]
        return found[-1] if found else None
