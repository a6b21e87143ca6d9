"""Derived figures: what a formula makes of other figures, for which units it speaks, and the cells that stand behind it.

Two kinds have formulas. A sum (专职 + 兼职) is completed in each unit's own row and then added up the tree like any other figure. A rate
is computed from sums over the units that gave all its parts: a numerator of one unit says nothing of the denominator of another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.figures import Floats, Subtrees, from_micros, micros
from reconcile.model.gathered import Gathered
from reconcile.model.indicator import Kind
from reconcile.model.trace import Addends, Cells
from reconcile.scheme.expression import Arithmetic, Call, Expression, Missing, Name, Reference, references, value
from reconcile.scheme.records import TotalsEnvironment
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import walk

Truths = NDArray[np.bool_]


def completed(own: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Own figures (unit × code, as from `own_figures`) with each derived figure that a unit did not report computed from its own parts.

    What a unit reported stands. In a formula that only adds, a part that is not known counts as 0 where at least one part is; in any other
    all parts must be known. Rates stay as they were reported; a formula that reads one takes it as computed, where it can be.
    """
    table = Completed.of(own, [str(unit) for unit in own.index], scheme)
    made = {code: table.column(code) for code in own.columns if code in scheme.formulas and scheme.indicators[code].kind is not Kind.RATE}
    return own.assign(**made) if made else own


class Completed(Mapping[str, Floats]):
    """Own figures, completed as by `completed`, worked out column by column when asked for. As a mapping: the figures that formulas read,
    which differ for rates alone: those are taken as computed, where they can be."""

    def __init__(self, own: Gathered, scheme: Scheme, *, codes: Collection[str]) -> None:
        self.own = own
        self._scheme = scheme
        self._codes = frozenset(codes)
        self._computed: dict[str, Floats] = {}

    @classmethod
    def of(cls, own: pd.DataFrame | Gathered, units: Sequence[str], scheme: Scheme) -> Completed:
        """Of `units` in their order, from a table (unit × code) or from what was gathered for them, which knows every figure."""
        if isinstance(own, Gathered):
            return cls(own, scheme, codes=[code for code, one in scheme.indicators.items() if one.kind is not Kind.TEXT])
        return cls(Gathered.of(own, units), scheme, codes=[str(code) for code in own.columns])

    def column(self, code: str) -> Floats:
        """One figure a unit: reported, or else completed. Rates only as they were reported."""
        return self.own.column(code) if code not in self._scheme.formulas or self._is_rate(code) else self[code]

    def __getitem__(self, code: str) -> Floats:
        if code not in self._codes:
            raise KeyError(code)
        own = self.own.column(code)
        formula = self._scheme.formulas.get(code)
        if formula is None:
            return own
        if code not in self._computed:
            self._computed[code] = self._made(formula, own, is_rate=self._is_rate(code))
        return self._computed[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def _made(self, formula: Expression, own: Floats, *, is_rate: bool) -> Floats:
        mode = Missing.SKIP_ALL if _only_adds(formula) else Missing.SKIP
        computed = value(formula, TotalsEnvironment(len(self.own), {("this", "unit"): self}), missing=mode)
        if is_rate:
            return np.where(np.isnan(computed), own, computed)
        exact = np.where(np.isnan(computed), np.nan, from_micros(micros(computed)))
        return np.where(np.isnan(own), exact, own)

    def _is_rate(self, code: str) -> bool:
        return self._scheme.indicators[code].kind is Kind.RATE


def operands(code: str, scheme: Scheme) -> tuple[str, ...]:
    """The figures that a rate is computed from, through rates that its formula reads. Empty where it cannot be computed from totals:
    where there is no formula, or one that reads lists, other periods or the units below."""
    formula = scheme.formulas.get(code)
    found: dict[str, None] = {}
    for one in references(formula) if formula is not None else ():
        if not _plain(one):
            return ()
        nested = one.name in scheme.formulas and scheme.indicators[one.name].kind is Kind.RATE
        parts = operands(one.name, scheme) if nested else (one.name,)
        if not parts:
            return ()
        found.update(dict.fromkeys(parts))
    return tuple(found)


def rate_of(code: str, figures: dict[str, Floats], scheme: Scheme, *, size: int) -> Floats:
    """A rate of `size` records by its formula from the figures it needs (`operands`), which must be of the same units; the rates that it
    reads are computed first, from the same figures."""
    formula = scheme.formulas[code]
    for one in references(formula):
        if one.name not in figures:
            figures[one.name] = rate_of(one.name, figures, scheme, size=size)
    return value(formula, TotalsEnvironment(size, {("this", "unit"): figures}))


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What a rate was computed from: the units that gave every figure it needs (`giving`: in the order of `subtrees`); `partial` where
    others gave only some of them."""

    giving: Truths
    subtrees: Subtrees
    partial: bool

    @property
    def units(self) -> frozenset[str]:
        """Their codes."""
        return frozenset(self.subtrees.codes[row] for row in np.flatnonzero(self.giving).tolist())

    @property
    def count(self) -> int:
        """How many they are."""
        return int(np.count_nonzero(self.giving))


@dataclass(frozen=True, eq=False)
class Derived:
    """The units' own figures, completed, and the rates up the tree; columns have one entry a unit in the order of `subtrees`."""

    own: Completed
    subtrees: Subtrees
    scheme: Scheme
    _rates: dict[str, Floats] = field(default_factory=dict)
    _known: dict[str, Truths] = field(default_factory=dict)

    @classmethod
    def of(cls, own: pd.DataFrame | Gathered, subtrees: Subtrees, scheme: Scheme) -> Derived:
        """From what the units reported themselves: unit × code with units in any order, or gathered in the order of `subtrees`."""
        return cls(Completed.of(own, subtrees.codes, scheme), subtrees, scheme)

    def rate(self, code: str) -> Floats:
        """A rate for each unit and all below it, from the units that gave all its parts; NaN where none did, or it cannot be computed."""
        if code not in self._rates:
            self._rates[code] = self._computed(code)
        return self._rates[code]

    def basis(self, unit: str, code: str) -> Basis | None:
        """The units at or below `unit` that its rate speaks for; None where it could not be computed from totals."""
        if unit not in self.subtrees.rows or np.isnan(self.rate(code)[self.subtrees.rows[unit]]):
            return None
        giving = self.inside(unit) & self._all(operands(code, self.scheme))
        return Basis(giving, self.subtrees, partial=self.unlike(unit, code))

    def unlike(self, unit: str, code: str) -> bool:
        """Whether some unit at or below `unit` gave some figures that its rate needs and not all: their totals are of other units."""
        parts = operands(code, self.scheme)
        some = np.logical_or.reduce([self.gives(part) for part in parts]) if parts else self.gives("")
        return bool((self.inside(unit) & some & ~self._all(parts)).any())

    def gives(self, code: str) -> Truths:
        """Which units have a figure of their own, reported or completed."""
        if code not in self._known:
            known = code in self.own
            self._known[code] = ~np.isnan(self.own.column(code)) if known else np.zeros(len(self.subtrees.codes), dtype=np.bool_)
        return self._known[code]

    def inside(self, unit: str) -> Truths:
        """Which units are at or below `unit`."""
        found = np.zeros(len(self.subtrees.codes), dtype=np.bool_)
        row = self.subtrees.rows.get(unit)
        if row is not None:
            found[row : int(self.subtrees.ends[row])] = True
        return found

    def leaf(self, code: str) -> Floats:
        """The total of each unit that has none below it (of others only their own): what it reported, completed; of a rate as computed."""
        own = self.own.column(code) if code in self.own else np.full(len(self.subtrees.codes), np.nan)
        if self.scheme.indicators[code].kind is not Kind.RATE:
            return own
        computed = self.rate(code)
        return np.where(np.isnan(computed), own, computed)

    def _all(self, parts: tuple[str, ...]) -> Truths:
        """Which units have every one of some figures; none where no figures are named."""
        return np.logical_and.reduce([self.gives(part) for part in parts]) if parts else self.gives("")

    def _computed(self, code: str) -> Floats:
        size, parts = len(self.subtrees.codes), operands(code, self.scheme)
        if not parts:
            return np.full(size, np.nan)
        giving = self._all(parts)
        figures = {}
        for part in parts:
            own = np.where(giving, self.own.column(part), np.nan) if part in self.own else np.full(size, np.nan)
            summed = self.scheme.indicators[part].kind.summed  # standards are never added: each unit has its own
            figures[part] = self.subtrees.totals(own[:, None])[:, 0] if summed else own
        return rate_of(code, figures, self.scheme, size=size)


@dataclass(frozen=True, eq=False)
class Origins:
    """From a total to the cells it came from, through formulas: of a rate the cells of the units that gave all its parts, of a derived
    sum each unit's own cell, or else those of its parts."""

    addends: Addends
    derived: Derived

    def cells(self, unit: str, code: str) -> Cells:
        """The cells behind the total of `unit` and all below it."""
        return Cells(self.addends.at(part, self._rows(unit, part, among)) for part, among in self._sources(unit, code, None))

    def above_zero(self, unit: str, code: str) -> tuple[int, Cells]:
        """How many units at or below `unit` have a figure above zero of their own, and the cells of these figures."""
        owners = np.zeros(len(self.derived.subtrees.codes), dtype=np.bool_)
        cells = []
        for part, among in self._sources(unit, code, None):
            rows = self._rows(unit, part, among)
            rows = rows[self.addends.figures(part, rows) > 0]
            owners[self._places[rows]] = True
            cells.append(self.addends.at(part, rows))
        return int(np.count_nonzero(owners)), Cells(cells)

    def reported(self, unit: str, code: str) -> Truths:
        """Which units at or below `unit` reported a figure themselves, in the order of the subtrees."""
        found = np.zeros(len(self.derived.subtrees.codes), dtype=np.bool_)
        places = self._places[self.addends.rows(unit, code)]
        found[places[places >= 0]] = True
        return found

    def _rows(self, unit: str, code: str, among: Truths | None) -> NDArray[np.int64]:
        """The rows of the round with the figures that are added for `unit`, those of some units alone."""
        rows = self.addends.rows(unit, code)
        if among is None:
            return rows
        places = self._places[rows]
        return rows[(places >= 0) & among[places]]

    def _sources(self, unit: str, code: str, among: Truths | None) -> Iterator[tuple[str, Truths | None]]:
        """The indicators whose cells are to be taken, each with the units to take them from (None: all at or below `unit`)."""
        scheme = self.derived.scheme
        formula = scheme.formulas.get(code)
        if formula is None:
            yield code, among
        elif scheme.indicators[code].kind is Kind.RATE:
            basis = self.derived.basis(unit, code)
            if basis is None:
                yield code, among
                return
            giving = basis.giving if among is None else basis.giving & among
            for part in operands(code, scheme):
                yield from self._sources(unit, part, giving)
        else:
            reported = self.reported(unit, code)
            yield code, reported if among is None else reported & among
            rest = self.derived.inside(unit) & self.derived.gives(code) & ~reported
            rest = rest if among is None else rest & among
            for part in dict.fromkeys(one.name for one in references(formula) if _plain(one)) if rest.any() else ():
                yield from self._sources(unit, part, rest)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """For each row of the round the place of its unit in the subtrees; -1 where it is not there."""
        rows = self.derived.subtrees.rows
        return np.array([rows.get(unit, -1) for unit in self.addends.reporters], dtype=np.int64)


def _plain(reference: Reference) -> bool:
    """Whether it is a figure of the unit itself and of this period."""
    return reference.kind == "indicator" and reference.period == "this" and reference.of == "unit"


def _only_adds(formula: Expression) -> bool:
    """Whether a formula is a sum of figures of the unit, so that a part which is not there adds nothing."""
    for node in walk(formula):
        match node:
            case Name(reference) if _plain(reference):
                continue
            case Arithmetic(_, rest) if all(operator == "+" for operator, _ in rest):
                continue
            case Call("sum", (_, _, *_)):
                continue
            case _:
                return False
    return True
