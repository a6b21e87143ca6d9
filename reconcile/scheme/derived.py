"""Derived figures: what a formula makes of other figures, for which units it speaks, and the cells that stand behind it.

Two kinds have formulas. A sum (专职 + 兼职) is completed in each unit's own row and then added up the tree like any other figure. A rate
is computed from sums over the units that gave all its parts: a numerator of one unit says nothing of the denominator of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.figures import Floats, Subtrees, from_micros, micros
from reconcile.model.finding import CellAt
from reconcile.model.indicator import Kind
from reconcile.model.trace import Addends
from reconcile.scheme.environment import TotalsEnvironment
from reconcile.scheme.expression import Arithmetic, Call, Expression, Missing, Name, Reference, references, value
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import walk

Truths = NDArray[np.bool_]


def completed(own: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Own figures (unit × code, as from `own_figures`) with each derived figure that a unit did not report computed from its own parts.

    What a unit reported stands. In a formula that only adds, a part that is not known counts as 0 where at least one part is; in any other
    all parts must be known. Rates stay as they were reported; a formula that reads one takes it as computed, where it can be.
    """
    known = {str(code): own[code].to_numpy(dtype=np.float64) for code in own.columns}
    made: dict[str, Floats] = {}
    for code, formula in scheme.formulas.items():  # each stands after those it needs
        if code not in known:
            continue
        mode = Missing.SKIP_ALL if _only_adds(formula) else Missing.SKIP
        computed = value(formula, TotalsEnvironment(len(own), {("this", "unit"): known}), missing=mode)
        if scheme.indicators[code].kind is Kind.RATE:
            known[code] = np.where(np.isnan(computed), known[code], computed)
        else:
            exact = np.where(np.isnan(computed), np.nan, from_micros(micros(computed)))
            known[code] = made[code] = np.where(np.isnan(known[code]), exact, known[code])
    return own.assign(**made) if made else own


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


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rate was computed from: the `units` that gave every figure it needs; `partial` where others gave only some of them."""

    units: frozenset[str]
    partial: bool


@dataclass(frozen=True, eq=False)
class Derived:
    """The units' own figures, completed, and the rates up the tree. `own`: one row a unit in the order of `subtrees`, codes as columns."""

    own: pd.DataFrame
    subtrees: Subtrees
    scheme: Scheme
    _rates: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(cls, own: pd.DataFrame, subtrees: Subtrees, scheme: Scheme) -> Derived:
        """From what the units reported themselves (unit × code, units in any order)."""
        return cls(completed(own.reindex(index=list(subtrees.codes)), scheme), subtrees, scheme)

    def rate(self, code: str) -> Floats:
        """A rate for each unit and all below it, from the units that gave all its parts; NaN where none did, or it cannot be computed."""
        if code not in self._rates:
            self._rates[code] = self._computed(code)
        return self._rates[code]

    def basis(self, unit: str, code: str) -> Basis | None:
        """The units at or below `unit` that its rate speaks for; None where it could not be computed from totals."""
        if unit not in self._rows or np.isnan(self.rate(code)[self._rows[unit]]):
            return None
        giving = self._named(unit, np.asarray(self._given(operands(code, self.scheme)).all(axis=1)))
        return Basis(giving, partial=self.unlike(unit, code))

    def unlike(self, unit: str, code: str) -> bool:
        """Whether some unit at or below `unit` gave some figures that its rate needs and not all: their totals are of other units."""
        given = self._given(operands(code, self.scheme))
        return bool(self._named(unit, np.asarray(given.any(axis=1) & ~given.all(axis=1))))

    def known(self, unit: str, code: str) -> frozenset[str]:
        """The units at or below `unit` that have a figure of their own, reported or completed."""
        return self._named(unit, self.gives(code))

    def gives(self, code: str) -> Truths:
        """Which units have a figure of their own, reported or completed, in the order of `subtrees`."""
        return self._given((code,))[:, 0]

    def _named(self, unit: str, there: Truths) -> frozenset[str]:
        """Of the units at or below `unit` those that are `there`."""
        row = self._rows.get(unit, len(self.subtrees.codes))
        inside = slice(row, int(self.subtrees.ends[row]) if row < len(there) else row)
        names = self.subtrees.codes[inside]
        return frozenset(names[at] for at in np.flatnonzero(there[inside]))

    def _computed(self, code: str) -> Floats:
        size, parts = len(self.subtrees.codes), operands(code, self.scheme)
        if not parts:
            return np.full(size, np.nan)
        own = self.own.reindex(columns=list(parts)).to_numpy(dtype=np.float64)
        own = np.where(self._given(parts).all(axis=1, keepdims=True), own, np.nan)
        added = self.subtrees.totals(own)
        for column, part in enumerate(parts):
            if not self.scheme.indicators[part].kind.summed:  # standards are never added: each unit has its own
                added[:, column] = own[:, column]
        figures = {part: added[:, column] for column, part in enumerate(parts)}
        return self._evaluated(code, figures)

    def _evaluated(self, code: str, figures: dict[str, Floats]) -> Floats:
        """A rate by its formula; the rates it reads are computed first, from the same units."""
        formula = self.scheme.formulas[code]
        for one in references(formula):
            if one.name not in figures:
                figures[one.name] = self._evaluated(one.name, figures)
        return value(formula, TotalsEnvironment(len(self.subtrees.codes), {("this", "unit"): figures}))

    def _given(self, parts: tuple[str, ...]) -> Truths:
        """Which units have each figure of their own (unit × part); nobody has one that is not in the table."""
        nobody = np.zeros(len(self.subtrees.codes), dtype=np.bool_)
        columns = [self._known.get(part, nobody) for part in parts]
        return np.column_stack(columns) if columns else nobody[:, None]

    @cached_property
    def _known(self) -> dict[str, Truths]:
        """Indicator -> which units have a figure of their own."""
        known = self.own.notna().to_numpy(dtype=np.bool_)
        return {str(code): known[:, column] for column, code in enumerate(self.own.columns)}

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {code: row for row, code in enumerate(self.subtrees.codes)}


@dataclass(frozen=True, eq=False)
class Origins:
    """From a total to the cells it came from, through formulas: of a rate the cells of the units that gave all its parts, of a derived
    sum each unit's own cell, or else those of its parts."""

    addends: Addends
    derived: Derived

    def cells(self, unit: str, code: str) -> tuple[CellAt, ...]:
        """The cells behind the total of `unit` and all below it."""
        return tuple(cell for part, among in self.sources(unit, code) for cell in self.addends.cells(unit, (part,), among=among))

    def sources(self, unit: str, code: str, among: frozenset[str] | None = None) -> Iterator[tuple[str, frozenset[str] | None]]:
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
            giving = basis.units if among is None else basis.units & among
            for part in operands(code, scheme):
                yield from self.sources(unit, part, giving)
        else:
            reported = self.addends.owners(unit, code)
            yield code, reported if among is None else reported & among
            rest = self.derived.known(unit, code) - reported
            rest = rest if among is None else rest & among
            for part in dict.fromkeys(one.name for one in references(formula) if _plain(one)) if rest else ():
                yield from self.sources(unit, part, rest)


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
