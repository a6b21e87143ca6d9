"""Environments: where the figures that an expression speaks of come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.figures import Floats, Subtrees, figures_of, from_micros, micros, own_figures
from reconcile.model.past import Earlier, Past
from reconcile.model.round import JUDGED, Round, Standing, State
from reconcile.model.succession import Group, groups, on_comparable_base
from reconcile.model.unit import UnitTree
from reconcile.scheme.expression import Reference
from reconcile.scheme.scheme import Scheme

Truths = NDArray[np.bool_]
_WHOLE = (Standing.STAND_IN, Standing.COMPARED)


@dataclass(frozen=True, eq=False)
class TotalsEnvironment:
    """Totals of some units. `figures`: (period, of whom) -> code -> column of `size`; what is not there is unknown. Lists are unknown."""

    size: int
    figures: Mapping[tuple[str, str], Mapping[str, Floats]]

    def figure(self, reference: Reference, /) -> Floats:
        """The totals of one indicator."""
        found = self.figures.get((reference.period, reference.of), {}).get(reference.name)
        return self._unknown() if found is None else found

    def absent(self, reference: Reference, /) -> Truths:
        """Where nobody reported it."""
        return np.isnan(self.figure(reference))

    def rows(self, roster: str, /) -> Floats:  # noqa: ARG002 - a total has no list of its own
        """Unknown."""
        return self._unknown()

    def column_total(self, roster: str, column: str, /) -> Floats:  # noqa: ARG002 - a total has no list of its own
        """Unknown."""
        return self._unknown()

    def _unknown(self) -> Floats:
        return np.full(self.size, np.nan)


@dataclass(frozen=True, eq=False)
class ReturnsEnvironment:
    """The returns of a round that are judged, one record each: those that count, and those of scope 汇总 beside them.

    Earlier figures are those of the unit itself, for a return of scope 汇总 those of the unit and all below it. A unit that took others
    over is compared with what all of them reported; where a group of merged and split units has several units now, each of them alone
    has no earlier figure.
    """

    returns: Round
    scheme: Scheme
    units: UnitTree
    past: Past
    _kept: dict[Reference, Floats] = field(default_factory=dict)
    _bases: dict[str, pd.DataFrame] = field(default_factory=dict)
    _groups: dict[str, tuple[Group, ...]] = field(default_factory=dict)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The returns, in the order of the register."""
        standing = self.returns.returns["standing"].isin([str(one) for one in JUDGED])
        return tuple(str(one) for one in self.returns.returns.index[standing.to_numpy(dtype=bool)])

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The unit of each return."""
        return tuple(str(unit) for unit in self.returns.returns.loc[list(self.ids), "unit"])

    @cached_property
    def whole(self) -> Truths:
        """Which returns speak for their unit and all below it (汇总)."""
        standing = self.returns.returns.loc[list(self.ids), "standing"]
        return standing.isin([str(one) for one in _WHOLE]).to_numpy(dtype=np.bool_)

    @property
    def size(self) -> int:
        """Number of returns judged."""
        return len(self.ids)

    def figure(self, reference: Reference, /) -> Floats:
        """One indicator in each return, or what another period or the units below say of it; NaN unknown."""
        if reference not in self._kept:
            self._kept[reference] = self._figure(reference)
        return self._kept[reference]

    def absent(self, reference: Reference, /) -> Truths:
        """Where the cell is blank or not on the form; of another period or of the units below, where nothing is known; where no text is."""
        if reference.period != "this" or reference.of != "unit":
            return np.isnan(self.figure(reference))
        if self._is_text(reference):
            return np.array([word is None for word in self.words(reference)], dtype=bool)
        states = self.states(reference.name)
        return np.asarray((states == State.BLANK) | (states == State.ABSENT))

    def states(self, code: str) -> NDArray[np.int8]:
        """How one indicator was answered in each return (State)."""
        column = self._columns.get(code)
        return np.full(self.size, State.ABSENT, dtype=np.int8) if column is None else self._states[:, column]

    def words(self, reference: Reference, /) -> NDArray[np.object_]:
        """Answers to a text indicator; None where there is none."""
        texts = self.returns.texts[self.returns.texts["indicator"] == reference.name]
        known = dict(zip(texts["return"], texts["text"], strict=True))
        return np.array([known.get(one) or None for one in self.ids], dtype=object)

    def rows(self, roster: str, /) -> Floats:
        """Number of rows of a list; NaN where the form does not have the list."""
        reference = Reference(roster, kind="list")
        if reference not in self._kept:
            self._kept[reference] = self._rows(roster)
        return self._kept[reference]

    def _rows(self, roster: str) -> Floats:
        lines = self.returns.lists[self.returns.lists["list"] == roster]
        counts = lines.drop_duplicates(["return", "row"])["return"].value_counts()
        return np.where(self._has_list(roster), counts.reindex(list(self.ids), fill_value=0).to_numpy(dtype=np.float64), np.nan)

    def column_total(self, roster: str, column: str, /) -> Floats:
        """Exact sum of a list's column; NaN where the form does not have the list, or one of its cells there could not be read."""
        reference = Reference(f"{roster}.{column}", kind="column")
        if reference not in self._kept:
            self._kept[reference] = self._column_total(roster, column)
        return self._kept[reference]

    def _column_total(self, roster: str, column: str) -> Floats:
        lists = self.returns.lists
        lines = lists[(lists["list"] == roster) & (lists["column"] == column)]
        row = {one: number for number, one in enumerate(self.ids)}
        at = np.array([row.get(one, -1) for one in lines["return"]], dtype=np.int64)
        values = lines["value"].to_numpy(dtype=np.float64)[at >= 0]
        wholes, unread = micros(values), np.isnan(values)
        sums = np.zeros(self.size, dtype=wholes.dtype)
        np.add.at(sums, at[at >= 0], wholes)
        broken = np.zeros(self.size, dtype=bool)
        broken[at[at >= 0][unread]] = True
        return np.where(self._has_list(roster) & ~broken, from_micros(sums), np.nan)

    def at(self, rows: NDArray[np.int64]) -> Narrowed:
        """The same for some of the returns."""
        return Narrowed(self, rows)

    def earlier(self, period: str) -> Earlier | None:
        """What is known of `previous`, `last` or `closing`; None where nothing was given."""
        now = self.returns.period
        return {"previous": self.past.previous, "last": self.past.last, "closing": self.past.closing}[period](now)

    def groups(self, period: str) -> tuple[Group, ...]:
        """Merged and split units whose make-up is another now than in an earlier period; none where that period is not known."""
        if period not in self._groups:
            earlier, now = self.earlier(period), self.returns.period
            known = () if earlier is None else groups(self.units, then=earlier.period, now=now, reporting=frozenset(self.codes))
            self._groups[period] = known
        return self._groups[period]

    def joined(self, period: str) -> dict[str, tuple[str, ...]]:
        """Units that stand alone for a group now -> the units whose figures of an earlier period were added for it."""
        return {group.now[0]: group.then for group in self.groups(period) if len(group.now) == 1}

    def basis(self, reference: Reference, record: int) -> str:
        """（含并入的甲村工会） where an earlier figure of a return holds those of units that its unit took over; else ""."""
        if reference.period == "this" or self.whole[record]:
            return ""
        unit = self.codes[record]
        others = [self.units.name(one) for one in self.joined(reference.period).get(unit, ()) if one != unit]
        return f"（含并入的{'、'.join(others)}）" if others else ""

    def _figure(self, reference: Reference) -> Floats:
        if reference.of == "children":
            return self._of_codes(self._below(reference.period), reference.name)
        if reference.period == "this":
            column = self._columns.get(reference.name)
            return self._unknown() if column is None else self._values[:, column]
        earlier = self.earlier(reference.period)
        if earlier is None:
            return self._unknown()
        if reference.period not in self._bases:
            self._bases[reference.period] = self._base(earlier, self.groups(reference.period))
        base = self._bases[reference.period]
        return base[reference.name].to_numpy(dtype=np.float64) if reference.name in base.columns else self._unknown()

    def _base(self, earlier: Earlier, concerned: tuple[Group, ...]) -> pd.DataFrame:
        """What each return is compared with, returns × codes."""
        own = on_comparable_base(earlier.own, self.units, self.scheme.indicators, concerned=concerned).reindex(list(self.codes))
        if self.whole.any():
            codes = own.columns.union(earlier.totals.columns, sort=False)
            own, totals = own.reindex(columns=codes), earlier.totals.reindex(index=list(self.codes), columns=codes)
            rows = self.whole[:, None]
            return pd.DataFrame(np.where(rows, totals.to_numpy(dtype=np.float64), own.to_numpy(dtype=np.float64)), columns=codes)
        return own

    def _of_codes(self, table: pd.DataFrame | None, code: str) -> Floats:
        """The column of a table of units, one entry a return."""
        if table is None or code not in table.columns:
            return self._unknown()
        return table[code].reindex(list(self.codes)).to_numpy(dtype=np.float64)

    def _below(self, period: str) -> pd.DataFrame | None:
        """What the units directly below each unit come to, for indicators that are added."""
        summed = [code for code, one in self.scheme.indicators.items() if one.kind.summed]
        if period == "this":
            return self._below_now[summed]
        earlier = self.earlier(period)
        return None if earlier is None else directly_below(earlier.totals.reindex(columns=summed), self.units)

    @cached_property
    def _below_now(self) -> pd.DataFrame:
        subtrees = Subtrees.of(self.units, "")
        own = own_figures(self.returns, self.scheme.indicators).reindex(index=list(subtrees.codes))
        return pd.DataFrame(subtrees.totals(own.to_numpy(), below=True), index=list(subtrees.codes), columns=own.columns)

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {str(code): column for column, code in enumerate(self.returns.values.columns)}

    @cached_property
    def _values(self) -> Floats:
        return np.asfortranarray(figures_of(self.returns, ids=self.ids, codes=tuple(self._columns)))

    @cached_property
    def _states(self) -> NDArray[np.int8]:
        states = self.returns.states.reindex(index=list(self.ids), columns=list(self._columns), fill_value=State.ABSENT)
        return np.asfortranarray(states.to_numpy(dtype=np.int8))

    def _has_list(self, roster: str) -> Truths:
        """Where the form has the list: it has rows, or it is on our form and one of the indicators that it feeds is on this return.

        A return of scope 汇总 without rows leaves the lists to the units below: there nothing is known.
        """
        listed = set(self.returns.lists.loc[self.returns.lists["list"] == roster, "return"])
        found = np.array([one in listed for one in self.ids], dtype=np.bool_)
        if any(place.holds == "list" and place.what == roster for place in self.scheme.form):
            fed = [feed.indicator for column in self.scheme.rosters[roster].columns for feed in column.feeds]
            for code in fed:
                found = found | ((self.states(code) != State.ABSENT) & ~self.whole)
        return found

    def _is_text(self, reference: Reference) -> bool:
        one = self.scheme.indicators.get(reference.name)
        return one is not None and one.kind == "text"

    def _unknown(self) -> Floats:
        return np.full(self.size, np.nan)


@dataclass(frozen=True, eq=False)
class Narrowed:
    """Some of an environment's records."""

    environment: ReturnsEnvironment
    chosen: NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of records chosen."""
        return len(self.chosen)

    def figure(self, reference: Reference, /) -> Floats:
        """Values of an indicator."""
        return self.environment.figure(reference)[self.chosen]

    def absent(self, reference: Reference, /) -> Truths:
        """Where nobody answered."""
        return self.environment.absent(reference)[self.chosen]

    def words(self, reference: Reference, /) -> NDArray[np.object_]:
        """Answers to a text indicator."""
        return self.environment.words(reference)[self.chosen]

    def basis(self, reference: Reference, record: int) -> str:
        """Whose figures an earlier figure holds besides the unit's own."""
        return self.environment.basis(reference, int(self.chosen[record]))

    def rows(self, roster: str, /) -> Floats:
        """Number of rows of a list."""
        return self.environment.rows(roster)[self.chosen]

    def column_total(self, roster: str, column: str, /) -> Floats:
        """Sum of a list's column."""
        return self.environment.column_total(roster, column)[self.chosen]


def directly_below(totals: pd.DataFrame, units: UnitTree) -> pd.DataFrame:
    """For each unit with children the exact sum of their totals (unit × code); NaN where none of them reported."""
    parents = [unit.code for unit in units if units.children(unit.code)]
    made = np.full((len(parents), len(totals.columns)), np.nan)
    for row, parent in enumerate(parents):
        figures = totals.reindex(list(units.children(parent))).to_numpy(dtype=np.float64)
        made[row] = np.where(np.isnan(figures).all(axis=0), np.nan, from_micros(micros(figures).sum(axis=0)))
    return pd.DataFrame(made, index=parents, columns=totals.columns)
