"""Reach: which figures a rule speaks of — those of a single unit, or also what a unit and all below it come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reconcile.model.indicator import Kind
from reconcile.model.unit import KINDS, UnitTree
from reconcile.scheme.expression import Comparison, Expression, Membership, aggregates, linear, references
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import walk

_IN_TOTALS = (Kind.FLOW, Kind.STOCK, Kind.RATE)


def kinds_at(units: UnitTree, code: str, *, whole: bool) -> frozenset[str]:
    """The kinds of unit that a figure of `code` speaks for: its own; with `whole`, also those of all below it.

    Where nothing below is known, a whole speaks for every kind up to its own. Empty for a unit that is not in the table.
    """
    if code not in units:
        return frozenset()
    own = units[code].kind
    if not whole:
        return frozenset({own})
    if units.children(code):
        return frozenset(units[one].kind for one in units.subtree(code))
    order = list(KINDS)
    return frozenset(order[: order.index(own) + 1]) if own in order else frozenset({own})


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Figures by whom they speak for: the kinds of unit, and whether it is a unit and all below it. Few differ, however many there are."""

    sorts: tuple[tuple[frozenset[str], bool], ...]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, figures: Iterable[tuple[frozenset[str], bool]]) -> Figures:
        """From one entry a figure."""
        sorts: dict[tuple[frozenset[str], bool], int] = {}
        places = [sorts.setdefault(one, len(sorts)) for one in figures]
        return cls(tuple(sorts), np.array(places, dtype=np.int64))


def reached(rule: Rule, figures: Figures | Sequence[tuple[frozenset[str], bool]], scheme: Scheme) -> NDArray[np.bool_]:
    """To which figures the rule applies."""
    known = figures if isinstance(figures, Figures) else Figures.of(figures)
    applies = [reaches(rule, kinds, scheme, whole=whole) for kinds, whole in known.sorts]
    return np.array(applies, dtype=np.bool_)[known.places] if applies else np.zeros(0, dtype=np.bool_)


def reaches(rule: Rule, kinds: frozenset[str], scheme: Scheme, *, whole: bool) -> bool:
    """Whether the rule applies to a figure that speaks for `kinds` of unit.

    A unit of unknown kind is judged by the rules for all kinds only. To the figures of a unit and all below it a rule applies where it
    applies to every kind that reports what it speaks of, and where it still makes sense for sums (`holds_for_sums`).
    """
    if not whole or not kinds:
        return kinds <= rule.applies_to if kinds else rule.applies_to >= frozenset(KINDS)
    asked = {kind for kind in kinds if any(scheme.indicators[code].asked_of(kind) for code in rule.indicators)}
    return (asked or kinds) <= rule.applies_to and holds_for_sums(rule, scheme)


def holds_for_sums(rule: Rule, scheme: Scheme) -> bool:
    """Whether a rule that holds for each unit can be asked of their total.

    Not where it sets a sum against a number (an enterprise has at most one union; twenty together have twenty), nor where it speaks of
    what is never added (answers of yes and no, standards, dates, texts), of rows of lists, of the units below, or of all units together.
    """
    nodes = [node for node in (rule.expression, rule.when) if node is not None]
    if any(aggregates(node) for node in nodes):
        return False
    for reference in (one for node in nodes for one in references(node)):
        if reference.kind != "indicator" or reference.of != "unit" or scheme.indicators[reference.name].kind not in _IN_TOTALS:
            return False
    demanded = rule.demanded  # a condition, like a guard, only says where to look
    return demanded is None or not any(_sets_a_size(part, scheme) for part in walk(demanded))


def _sets_a_size(node: Expression, scheme: Scheme) -> bool:
    """Whether the comparison sets something that is added against a number other than 0."""
    if not isinstance(node, Comparison | Membership):
        return False
    if not any(scheme.indicators[one.name].kind.summed for one in references(node)):
        return False
    return isinstance(node, Membership) or any(row.right != 0 for row in linear(node) or ())
