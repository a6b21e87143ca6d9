"""In force: which rules a return must satisfy after a repair, as systems of rows over the cells that hang together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reconcile.model.finding import Tier
from reconcile.model.indicator import Kind
from reconcile.scheme.applies import outside
from reconcile.scheme.branches import Constraint, coding_of, constraint
from reconcile.scheme.domains import counted, domain
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Missing, Reference, aggregates, evaluate, linear, references
from reconcile.scheme.reach import Figures, kinds_at, reached
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.system import System

Truths = NDArray[np.bool_]
COMPARING = (
    *("unit_slip", "column_slip", "copied", "whole_year", "cumulative_falls"),
    *("sudden_zero", "jump", "jump_many", "outlier"),
)
_COUNTING = (Missing.ZERO, Missing.SKIP_ALL)  # the rules that count a blank as 0, always or where something else is answered
_MOST_SYSTEMS = 200  # kept; returns with the same broken rules share one, and each holds a solver of a few hundred kilobytes
_UNKNOWN_WORD = -1.0  # see branches.coding_of


@dataclass(frozen=True, eq=False)
class InForce:
    """The rules of a round's returns. Everything is worked out when first asked for, once for all returns."""

    environment: ReturnsEnvironment
    _applies: dict[str, Truths] = field(default_factory=dict)
    _holds: dict[str, Truths] = field(default_factory=dict)
    _unknown: dict[str, Truths] = field(default_factory=dict)
    _figures: dict[Reference, NDArray[np.float64]] = field(default_factory=dict)
    _reads: dict[str, tuple[Reference, ...]] = field(default_factory=dict)
    _cells: dict[str, tuple[Reference, ...]] = field(default_factory=dict)
    _systems: dict[tuple[str, ...], System] = field(default_factory=dict)

    @property
    def scheme(self) -> Scheme:
        """The scheme of the rules."""
        return self.environment.scheme

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """The rules of tier error and query that are about one return, by id, errors first."""
        found = [one for one in self.scheme.rules if one.expression is not None and not aggregates(one.expression)]
        return {one.id: one for tier in (Tier.ERROR, Tier.QUERY) for one in found if one.tier is tier}

    @cached_property
    def comparing(self) -> frozenset[str]:
        """Ids of the named checks of comparing whose findings suspect the cells they name."""
        return frozenset(self.scheme.named[one].id for one in COMPARING if one in self.scheme.named)

    @cached_property
    def constraints(self) -> Mapping[str, Constraint | None]:
        """Each rule as branches of rows; None where it cannot be said so."""
        found: dict[str, Constraint | None] = {}
        for one in self.rules.values():
            if one.expression is not None:
                found[one.id] = constraint(
                    one.id,
                    one.expression,
                    when=None if self._settled(one) else one.when,
                    tolerance=one.tolerance,
                    coding=self._coding,
                    nonnegative=lambda cell: counted(cell, self.scheme),
                )
        return found

    @cached_property
    def equalities(self) -> tuple[Rule, ...]:
        """The rules that are linear equalities."""
        rows = {one.id: linear(one.expression) for one in self.rules.values() if one.expression is not None}
        return tuple(self.rules[identity] for identity, some in rows.items() if some and all(row.operator == "==" for row in some))

    def errors(self, record: int) -> tuple[str, ...]:
        """The error rules that apply to a return, whether or not their guards hold as long as that depends on its cells.

        Not those that read a blank which another rule counts as 0 and they do not: while it is blank they ask nothing, and a system knows
        one figure for a cell only.
        """
        zeros = {one: self._counted(one, record) for one in self._counting if self.applies(one)[record]}
        known = frozenset(cell for cells in zeros.values() for cell in cells)
        found = [one for one in self.rules.values() if one.tier is Tier.ERROR and self.applies(one)[record]]
        return tuple(one.id for one in found if not known or known.isdisjoint(set(self.reads(one)) - set(zeros.get(one, ()))))

    def applies(self, rule: Rule) -> Truths:
        """The returns that a rule reaches, that have its cells, of which the earlier figures it reads are known, and in which its guard
        holds if that depends on no cell."""
        if rule.id not in self._applies:
            found = reached(rule, self._kinds, self.scheme) & ~outside(rule, self.environment, self.scheme)
            for one in self.reads(rule):
                if not changeable(one) or one.kind != "indicator":
                    found = found & ~np.isnan(self.figures(one))
            if rule.when is not None and self._settled(rule):
                found = found & evaluate(rule.when, self.environment, missing=rule.guard_missing).true
            self._applies[rule.id] = found
        return self._applies[rule.id]

    def holds(self, rule: Rule) -> Truths:
        """Where a rule applies, its guard holds and it is proved to hold."""
        if rule.id not in self._holds and rule.expression is not None:
            true = evaluate(rule.expression, self.environment, tolerance=rule.tolerance, missing=rule.missing).true
            if rule.when is not None:
                true = true & evaluate(rule.when, self.environment, missing=rule.guard_missing).true
            self._holds[rule.id] = true & self.applies(rule)
        return self._holds[rule.id]

    def reads(self, rule: Rule) -> tuple[Reference, ...]:
        """What a rule and its guard read."""
        if rule.id not in self._reads:
            nodes = [node for node in (rule.expression, rule.when) if node is not None]
            self._reads[rule.id] = tuple(dict.fromkeys(one for node in nodes for one in references(node)))
        return self._reads[rule.id]

    def cells(self, rule: Rule) -> tuple[Reference, ...]:
        """The figures of the return that a change could make it hold by; a guard that is settled reads none."""
        if rule.id not in self._cells:
            nodes = [node for node in (rule.expression, None if self._settled(rule) else rule.when) if node is not None]
            self._cells[rule.id] = tuple(dict.fromkeys(one for node in nodes for one in references(node) if changeable(one)))
        return self._cells[rule.id]

    def system(self, ids: Sequence[str]) -> System:
        """The system of some rules; those that cannot be said as rows are passed over."""
        key = tuple(ids)
        if key in self._systems:
            self._systems[key] = self._systems.pop(key)  # the last to be forgotten
        else:
            if len(self._systems) >= _MOST_SYSTEMS:
                del self._systems[next(iter(self._systems))]
            made = [one for one in (self.constraints[identity] for identity in key) if one is not None]
            read = dict.fromkeys(one for identity in key for one in self.reads(self.rules[identity]))
            # what may not change is not questioned
            self._systems[key] = System(made, {one: domain(one, self.scheme) if changeable(one) else Domain() for one in read})
        return self._systems[key]

    def values(self, record: int, columns: Iterable[Reference], rules: Iterable[str]) -> dict[Reference, float]:
        """What a return says of each figure, NaN where it says nothing; 0 for a blank that one of the rules counts as 0."""
        found = {one: float(self.figures(one)[record]) for one in columns}
        for rule in (self.rules[identity] for identity in rules):
            found.update((one, 0.0) for one in self._counted(rule, record) if one in found)
        return found

    def _counted(self, rule: Rule, record: int) -> tuple[Reference, ...]:
        """The blanks of a return that a rule counts as 0; none where it could not be judged for them."""
        if rule.missing not in _COUNTING or rule.expression is None:
            return ()
        cells = [one for one in self.reads(rule) if changeable(one) and one.kind == "indicator"]
        blank = tuple(one for one in cells if self.environment.absent(one)[record])
        if rule.missing is Missing.ZERO or not blank:
            return blank
        if rule.id not in self._unknown:
            self._unknown[rule.id] = evaluate(rule.expression, self.environment, tolerance=rule.tolerance, missing=rule.missing).unknown
        return () if self._unknown[rule.id][record] else blank

    @cached_property
    def _counting(self) -> tuple[Rule, ...]:
        return tuple(one for one in self.rules.values() if one.missing in _COUNTING)

    def figures(self, reference: Reference) -> NDArray[np.float64]:
        """What each return says of one figure; words as numbers."""
        if reference not in self._figures:
            self._figures[reference] = self._read(reference)
        return self._figures[reference]

    def _read(self, reference: Reference) -> NDArray[np.float64]:
        environment = self.environment
        if reference.kind == "list":
            return environment.rows(reference.name)
        if reference.kind == "column":
            return environment.column_total(*reference.parts)
        if changeable(reference) and self.scheme.indicators[reference.name].kind is Kind.TEXT:
            words = environment.words(reference)
            return np.array([np.nan if word is None else self._coding.get(str(word), _UNKNOWN_WORD) for word in words])
        return environment.figure(reference)

    def _settled(self, rule: Rule) -> bool:
        """Whether a guard says once and for all where its rule applies: it reads no single cell of the return. A list of many rows is not
        to be explained away so that a rule about it need not hold."""
        return rule.when is not None and not any(changeable(one) and one.kind == "indicator" for one in references(rule.when))

    @cached_property
    def _coding(self) -> dict[str, float]:
        return coding_of(node for rule in self.rules.values() for node in (rule.expression, rule.when) if node is not None)

    @cached_property
    def _kinds(self) -> Figures:
        speaks = zip(self.environment.codes, self.environment.whole.tolist(), strict=True)
        return Figures.of((kinds_at(self.environment.units, code, whole=whole), bool(whole)) for code, whole in speaks)


def changeable(reference: Reference) -> bool:
    """Whether a figure stands in the return itself, so that the unit can correct it: no earlier one, and none of the units below."""
    return reference.period == "this" and reference.of == "unit"
