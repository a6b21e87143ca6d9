"""Environments: where the figures that an expression speaks of come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.figures import Floats, Subtrees, from_micros, micros, rows_of
from reconcile.model.gathered import Gathered, own_of, taken_of
from reconcile.model.partial import added
from reconcile.model.past import Earlier, Past
from reconcile.model.round import JUDGED, Round, Standing, State
from reconcile.model.succession import Group, groups, joined_base
from reconcile.model.unit import UnitTree
from reconcile.scheme.derived import Completed
from reconcile.scheme.expression import Reference
from reconcile.scheme.records import TotalsEnvironment
from reconcile.scheme.scheme import Scheme

__all__ = ["Narrowed", "ReturnsEnvironment", "TotalsEnvironment", "Truths", "directly_below"]

Truths = NDArray[np.bool_]
_KEPT = 1 << 22  # figures kept of what was asked for, in whole columns: 32 MB; the rest is gathered again when it is asked for again
_WHOLE = (Standing.STAND_IN, Standing.COMPARED)


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
    _stated: dict[str, NDArray[np.int8]] = field(default_factory=dict)
    _bases: dict[str, Gathered] = field(default_factory=dict)
    _groups: dict[str, tuple[Group, ...]] = field(default_factory=dict)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The returns, in the order of the register."""
        return tuple(_chosen(self.returns.returns.index, self._judged))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The unit of each return."""
        return tuple(_chosen(self.returns.returns["unit"], self._judged))

    @cached_property
    def standings(self) -> tuple[str, ...]:
        """The standing of each return."""
        return tuple(_chosen(self.returns.returns["standing"], self._judged))

    @cached_property
    def whole(self) -> Truths:
        """Which returns speak for their unit and all below it (汇总)."""
        return np.array([one in _WHOLE for one in self.standings], dtype=np.bool_)

    @cached_property
    def _judged(self) -> list[bool]:
        return [one in JUDGED for one in self.returns.returns["standing"].to_numpy(dtype=object).tolist()]

    @property
    def size(self) -> int:
        """Number of returns judged."""
        return len(self.ids)

    def figure(self, reference: Reference, /) -> Floats:
        """One indicator in each return, or what another period or the units below say of it; NaN unknown."""
        if reference not in self._kept:
            _make_room(self._kept, self.size)
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
        if code not in self._stated:
            _make_room(self._stated, self.size)
            self._stated[code] = self._states(code)
        return self._stated[code]

    def blanks(self, codes: Sequence[str], records: NDArray[np.int64]) -> Truths:
        """Where some returns left a cell of their form empty: records × codes."""
        table, rows = self.returns.states, self._state_rows[records]
        columns = rows_of(table.columns, codes)
        found = taken_of(table.to_numpy(dtype=np.int8), rows, columns) == State.BLANK
        return np.asarray(found & (rows >= 0)[:, None] & (columns >= 0)[None, :])

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

    def lines(self, record: int, roster: str) -> pd.DataFrame:
        """The rows that one return has in one list, as they stand in the round's lists."""
        found = self._line_places.get((self.ids[record], roster))
        return self.returns.lists.iloc[:0] if found is None else self.returns.lists.iloc[found]

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

    def table(self, period: str) -> Gathered | None:
        """The figures of this period ("this"), or what each return is compared with of an earlier one, by record; None where nothing was
        given."""
        earlier = None if period == "this" else self.earlier(period)
        if period != "this" and earlier is None:
            return None
        if period not in self._bases:
            self._bases[period] = Gathered.of(self.returns.values, self.ids) if earlier is None else self._base(earlier, period)
        return self._bases[period]

    def _figure(self, reference: Reference) -> Floats:
        if reference.of == "children":
            return self._of_children(reference.period, reference.name)
        table = self.table(reference.period)
        return self._unknown() if table is None else table.column(reference.name)

    def _base(self, earlier: Earlier, period: str) -> Gathered:
        """What each return is compared with: the unit's own figures, for merged units those of their groups, for a whole its totals."""
        own = Gathered.of(earlier.own, self.codes)
        joined = joined_base(earlier.own, self.units, self.scheme.indicators, concerned=self.groups(period))
        at = [record for record, unit in enumerate(self.codes) if unit in joined or self.whole[record]]
        if not at:
            return own
        codes = [str(code) for code in earlier.own.columns.union(earlier.totals.columns, sort=False)]
        totals = self._totals_then(earlier, [self.codes[record] for record in at], codes)
        alone = own.block(codes, np.array(at, dtype=np.int64))
        for place, record in enumerate(at):
            if self.whole[record]:
                alone[place] = totals[place]
            elif self.codes[record] in joined:
                alone[place] = joined[self.codes[record]].reindex(codes).to_numpy(dtype=np.float64)
        return own.with_rows(at, {code: alone[:, column] for column, code in enumerate(codes)})

    def _totals_then(self, earlier: Earlier, units: Sequence[str], codes: Sequence[str]) -> Floats:
        """Totals of an earlier period, units × codes; of a unit without others below it what it reported itself, completed."""
        found = Gathered.of(earlier.totals, units).block(codes)
        lost = rows_of(earlier.totals.index, units) < 0
        leaves = [row for row in np.flatnonzero(lost).tolist() if not self.units.children(units[row])]
        if leaves:
            own = Completed.of(earlier.own, [units[row] for row in leaves], self.scheme)
            found[leaves] = np.column_stack([own.column(code) if code in own else np.full(len(leaves), np.nan) for code in codes])
        return found

    def _of_children(self, period: str, code: str) -> Floats:
        """What the units directly below each unit come to, for indicators that are added."""
        indicator, earlier = self.scheme.indicators.get(code), None if period == "this" else self.earlier(period)
        if indicator is None or not indicator.kind.summed or (period != "this" and earlier is None):
            return self._unknown()
        subtrees = self._subtrees
        if earlier is None:
            own = own_of(self.returns, self.scheme.indicators, units=subtrees.codes)
            below = subtrees.totals(own.column(code)[:, None], below=True)[:, 0]
        else:
            then = pd.DataFrame({code: self._totals_then(earlier, subtrees.codes, [code])[:, 0]}, index=list(subtrees.codes))
            found = directly_below(then, self.units)[code]
            below = found.reindex(list(subtrees.codes)).to_numpy(dtype=np.float64)
        rows = np.array([subtrees.rows.get(unit, -1) for unit in self.codes], dtype=np.int64)
        return np.where(rows < 0, np.nan, below[rows])

    @cached_property
    def _subtrees(self) -> Subtrees:
        return Subtrees.of(self.units, "")

    @cached_property
    def _line_places(self) -> dict[tuple[str, str], NDArray[np.int64]]:
        """Where the rows of each return and list stand: many are asked for, one after the other."""
        return dict(self.returns.lists.groupby(["return", "list"], sort=False).indices)  # type: ignore[arg-type]  # the stubs say str

    def _states(self, code: str) -> NDArray[np.int8]:
        table = self.returns.states
        if code not in table.columns:
            return np.full(self.size, State.ABSENT, dtype=np.int8)
        states = table[code].to_numpy(dtype=np.int8)[self._state_rows]
        return np.where(self._state_rows < 0, np.int8(State.ABSENT), states)

    @cached_property
    def _state_rows(self) -> NDArray[np.int64]:
        return rows_of(self.returns.states.index, self.ids)

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
    children = [child for parent in parents for child in units.children(parent)]
    at = np.repeat(np.arange(len(parents), dtype=np.int64), [len(units.children(parent)) for parent in parents])
    figures = totals.reindex(children).to_numpy(dtype=np.float64)
    sums = from_micros(added(micros(figures), at, len(parents)))
    known = added((~np.isnan(figures)).astype(np.int64), at, len(parents))
    return pd.DataFrame(np.where(known > 0, sums, np.nan), index=parents, columns=totals.columns)


def _chosen(column: pd.Series | pd.Index, chosen: Sequence[bool]) -> Iterator[str]:
    """Some of a column's texts, without the detour that reading them one by one makes."""
    return map(str, compress(column.to_numpy(dtype=object).tolist(), chosen))


def _make_room(kept: dict[Any, Any], size: int) -> None:
    """Let go of the column kept longest where another of that size is one too many."""
    if len(kept) * max(size, 1) >= _KEPT:
        del kept[next(iter(kept))]
