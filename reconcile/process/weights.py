"""Weights: what it takes to believe that a cell is wrong. A figure that something else confirms is less likely to be."""

from __future__ import annotations

from collections.abc import Collection

from reconcile.process.in_force import InForce, changeable
from reconcile.scheme.expression import Reference
from reconcile.scheme.system import System

# Each row of a list was written apart, so that a count or a sum of them is seldom wrong by one slip; and a slip in the figure beside it is
# the likelier. Under 2, so that one such figure still goes before any two cells.
LISTED = 1.5
# An equality outside the system that holds exactly and not by zeros (the opening stock is last year's closing) is rarely chance. Two of
# them count, a third adds nothing: 1.6 stays under two cells.
CONFIRMED = 0.3
_MOST_CONFIRMATIONS = 2


def weights(system: System, record: int, rules: Collection[str], force: InForce) -> dict[Reference, float]:
    """The weight of each column of a system in one return: 1 and more; infinite for what does not stand in the return.

    rules: those of the system, whose confirmation is already in it, because changing the figure would break them.
    """
    found = {one: (1.0 if one.kind == "indicator" else LISTED) if changeable(one) else float("inf") for one in system.columns}
    confirmed: dict[Reference, int] = {}
    for rule in force.equalities:
        if rule.id in rules or not force.holds(rule)[record]:
            continue
        for cell in force.reads(rule):
            if found.get(cell, 0.0) and force.figures(cell)[record]:
                confirmed[cell] = confirmed.get(cell, 0) + 1
    return {one: weight + CONFIRMED * min(confirmed.get(one, 0), _MOST_CONFIRMATIONS) for one, weight in found.items()}
