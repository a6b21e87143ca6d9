"""Hypotheses: many versions of one return, in each of which some cells are supposed to hold something else.

A rule is then judged for all versions at once, with its own tolerance, guard and way with missing cells: exactly as it was judged before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reconcile.model.round import State
from reconcile.scheme.applies import Stated, in_return, outside
from reconcile.scheme.expression import Reference, WordEnvironment, aggregates, evaluate, references
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Hypotheses:
    """`size` versions of record `record` of an environment. changed: for some cells, or sums and rows of lists, what each version supposes
    (float64, one entry a version; NaN where that version leaves it as it was reported)."""

    environment: Stated
    record: int
    size: int
    changed: Mapping[Reference, Floats]

    def figure(self, reference: Reference, /) -> Floats:
        """Values of an indicator, supposed where they are supposed."""
        return self._supposed(reference, float(self.environment.figure(reference)[self.record]))

    def absent(self, reference: Reference, /) -> Truths:
        """Where nobody answered; a cell that is supposed to hold something is answered."""
        there = np.full(self.size, bool(self.environment.absent(reference)[self.record]))
        return there & np.isnan(self.changed[reference]) if reference in self.changed else there

    def states(self, code: str, /) -> NDArray[np.int8]:
        """States of a cell: a number where one is supposed."""
        found = np.full(self.size, self.environment.states(code)[self.record], dtype=np.int8)
        supposed = self.changed.get(Reference(code))
        return found if supposed is None else np.where(np.isnan(supposed), found, np.int8(State.NUMBER))

    def words(self, reference: Reference, /) -> NDArray[np.object_]:
        """Answers to a text indicator, which are never supposed. Raises TypeError where the environment has no words."""
        if not isinstance(self.environment, WordEnvironment):
            raise TypeError("the environment has no words")
        found = np.empty(self.size, dtype=object)
        found[:] = self.environment.words(reference)[self.record]
        return found

    def rows(self, roster: str, /) -> Floats:
        """Number of rows of a list."""
        return self._supposed(Reference(roster, kind="list"), float(self.environment.rows(roster)[self.record]))

    def column_total(self, roster: str, column: str, /) -> Floats:
        """Sum of a list's column."""
        reported = float(self.environment.column_total(roster, column)[self.record])
        return self._supposed(Reference(f"{roster}.{column}", kind="column"), reported)

    def _supposed(self, reference: Reference, reported: float) -> Floats:
        changed = self.changed.get(reference)
        return np.full(self.size, reported) if changed is None else np.where(np.isnan(changed), reported, changed)


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """How a rule comes out in each version: it applies and holds, it applies and is broken, or neither."""

    held: Truths
    broken: Truths


def judged(rule: Rule, versions: Hypotheses, scheme: Scheme) -> Standing:
    """One rule over all versions; that it reaches the unit by its kind is the caller's to know.

    Nothing holds and nothing is broken where the rule is no expression, draws all returns together, does not apply or cannot be judged.
    """
    nothing = np.zeros(versions.size, dtype=np.bool_)
    if rule.expression is None or aggregates(rule.expression):
        return Standing(nothing, nothing)
    asked = ~outside(rule, versions, scheme)
    if rule.when is not None:
        asked &= evaluate(rule.when, versions, missing=rule.guard_missing).true
    if not asked.any():
        return Standing(nothing, nothing)
    verdict = evaluate(rule.expression, versions, tolerance=rule.tolerance, missing=rule.missing)
    return Standing(asked & verdict.true, asked & verdict.false)


def reads(rule: Rule) -> frozenset[Reference]:
    """What a rule and its guard read of the return itself: cells, rows of lists, sums of their columns."""
    nodes = (node for node in (rule.expression, rule.when) if node is not None)
    return frozenset(one for node in nodes for one in references(node) if one.kind != "indicator" or in_return(one))
