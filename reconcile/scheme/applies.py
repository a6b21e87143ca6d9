"""Applies: where a rule can be asked at all — not of a return whose form lacks one of its cells, nor where a cell says — ."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reconcile.model.indicator import Kind
from reconcile.model.round import State
from reconcile.scheme.expression import Environment, Expression, IsMissing, Name, Reference
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import children_of


class Stated(Environment, Protocol):
    """An environment of returns, whose cells are in states."""

    def states(self, code: str, /) -> NDArray[np.int8]:
        """How one indicator was answered in each return (State)."""


def outside(rule: Rule, environment: Stated, scheme: Scheme) -> NDArray[np.bool_]:
    """Where a cell that the rule reads is not on the form, or says that there is nothing to count.

    A cell of which the rule only asks whether it is missing keeps it applicable: that question has an answer for every cell.
    """
    found = np.zeros(environment.size, dtype=bool)
    for code in cells_read(rule.expression, rule.when):
        if scheme.indicators[code].kind is not Kind.TEXT:
            states = environment.states(code)
            found |= (states == State.ABSENT) | (states == State.NOT_APPLICABLE)
    return found


def cells_read(*nodes: Expression | None) -> tuple[str, ...]:
    """Codes of the cells of the return whose figures are read, not only asked whether they are there."""
    found: dict[str, None] = {}
    waiting = [node for node in nodes if node is not None]
    while waiting:
        met = waiting.pop(0)
        if isinstance(met, Name) and in_return(met.reference):
            found[met.reference.name] = None
        if not isinstance(met, IsMissing):
            waiting.extend(children_of(met))
    return tuple(found)


def in_return(reference: Reference) -> bool:
    """Whether a reference is to a cell of the return itself: of this period, the unit's own, no list."""
    return reference.kind == "indicator" and reference.period == "this" and reference.of == "unit"
