"""Succession (承接): units that merged or split, and their earlier figures on the comparable base."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reconcile.model.figures import from_micros, micros
from reconcile.model.unit import Unit, UnitTree

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.model.figures import Floats
    from reconcile.model.indicator import Indicator
    from reconcile.model.period import Period


@dataclass(frozen=True, slots=True)
class Group:
    """Units joined by succession: those that owed a return in the earlier period, and those that owe one now; each in the table's order."""

    then: tuple[str, ...]
    now: tuple[str, ...]

    @property
    def units(self) -> frozenset[str]:
        """All its units."""
        return frozenset((*self.then, *self.now))


def groups(units: UnitTree, *, then: Period, now: Period, reporting: Collection[str]) -> tuple[Group, ...]:
    """Units joined by `successors` whose make-up is not the same in both periods.

    Two units belong together where one succeeds the other, directly or through a third. A group that had the same units then as now
    (the succession lies outside the time between) is left out: its units are compared each with itself. `reporting` are the units of which
    there is a return now: one that has successors, no day of closing and no return is taken as closed by now.
    """
    found = []
    for members in _joined(units):
        open_ended = {unit.code for unit in members if unit.successors and unit.closed is None and unit.code not in reporting}
        before = tuple(unit.code for unit in members if unit.expected(then.last_day))
        after = tuple(unit.code for unit in members if unit.expected(now.last_day) and unit.code not in open_ended)
        if before != after:
            found.append(Group(before, after))
    return tuple(found)


def _joined(units: UnitTree) -> list[list[Unit]]:
    """The units of each group, in the order of the table."""
    group: dict[str, list[str]] = {}
    for unit in units:
        for successor in unit.successors:
            if successor in units and successor != unit.code:
                merged = [*group.get(unit.code, [unit.code]), *group.get(successor, [successor])]
                for code in (joint := list(dict.fromkeys(merged))):
                    group[code] = joint
    order = {code: place for place, code in enumerate(units.units)}
    distinct = {tuple(sorted(codes, key=order.__getitem__)) for codes in group.values()}
    return [[units[code] for code in codes] for codes in sorted(distinct, key=lambda codes: order[codes[0]])]


def on_comparable_base(
    own: pd.DataFrame, units: UnitTree, indicators: Mapping[str, Indicator], *, concerned: Collection[Group]
) -> pd.DataFrame:
    """Earlier figures (unit × code) as those of today's units: of a unit that took others over, what the whole group reported then.

    Where a group has several units today, its units have no figure of their own to compare with: unknown. A group's figure is unknown too
    while a unit of it that is asked for it, and owed a return then, gave no figure, and where it is of a kind that is not added (rates,
    standards) and more than one unit gave it. `own` itself where no group is concerned.
    """
    joined = joined_base(own, units, indicators, concerned=concerned)
    if not joined:
        return own
    made = own.reindex(index=[*own.index, *(code for code in joined if code not in own.index)]).astype("float64")
    for code, figures in joined.items():
        made.loc[code] = figures
    return made


def joined_base(
    own: pd.DataFrame, units: UnitTree, indicators: Mapping[str, Indicator], *, concerned: Collection[Group]
) -> dict[str, pd.Series]:
    """The rows of `on_comparable_base` that are others than those of `own`, by unit."""
    import pandas as pd

    nothing = pd.Series(np.nan, index=own.columns, dtype="float64")
    joined = dict.fromkeys(sorted({code for group in concerned for code in group.units}), nothing)
    for group in concerned:
        if len(group.now) == 1 and group.then:
            joined[group.now[0]] = pd.Series(total_of(own, group.then, units, indicators), index=own.columns)
    return joined


def total_of(figures: pd.DataFrame, members: Collection[str], units: UnitTree, indicators: Mapping[str, Indicator]) -> Floats:
    """What some units report together: one figure for each column of `figures` (unit × code), added exactly; NaN while one is missing.

    A unit of a kind that is not asked for an indicator, and gave none, takes nothing away. What is not added stands only for one unit.
    """
    parts = figures.reindex(list(members)).to_numpy(dtype=np.float64)
    known = ~np.isnan(parts)
    asked = np.array([[_asked(indicators, str(code), units, member) for code in figures.columns] for member in members], dtype=np.bool_)
    summed = np.array([str(code) in indicators and indicators[str(code)].kind.summed for code in figures.columns], dtype=np.bool_)
    whole = known.any(axis=0) & ~(asked & ~known).any(axis=0) & (summed | (known.sum(axis=0) == 1))
    return np.where(whole, from_micros(micros(parts).sum(axis=0)), np.nan)


def _asked(indicators: Mapping[str, Indicator], code: str, units: UnitTree, member: str) -> bool:
    one = indicators.get(code)
    return one is not None and member in units and one.asked_of(units[member].kind)
