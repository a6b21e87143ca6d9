"""Trial: what the rules, the unit's past and its peers say of supposed changes to one return.

Evidence is kept as logarithms of probabilities, so that it adds up: how often cells are wrong at all, how often a hand slips in that way,
how much likelier the value meant is for this unit than the one reported, and the rules that are repaired or newly broken. What stands
for one hypothesis more than for another is then comparable within a return, between slips, cells and sets of cells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reconcile.model.finding import Tier
from reconcile.process.moves import Form, Move
from reconcile.process.usual import Usual
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import GUARD, Comparison, Name, Reference, aggregates, sides
from reconcile.scheme.hypothesis import Hypotheses, judged, reads
from reconcile.scheme.reach import kinds_at, reached
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

WRONG = math.log(0.01)  # of all cells filled in, about one in a hundred is wrong before review (a return of 300 cells has one to three)
# What it says when a rule that was broken holds, or the reverse: honest returns break an error rule never, a query rule in about one of
# twenty returns that it is asked of, a note in one of three. An error left broken needs another wrong cell, hence `WRONG`.
EVIDENCE: Mapping[Tier, float] = {Tier.ERROR: -WRONG, Tier.QUERY: math.log(20), Tier.NOTE: math.log(3)}


@dataclass(frozen=True, slots=True)
class Weighed:
    """What becomes of a return with some moves undone. `accepted`: no error rule is newly broken. repaired: ids of the rules that hold
    again, errors first; left: ids of broken error rules that read one of the cells and stay broken; asked: of queries that read one and are
    broken with it, newly or still. score: the evidence in all."""

    moves: tuple[Move, ...]
    accepted: bool
    repaired: tuple[str, ...]
    left: tuple[str, ...]
    asked: tuple[str, ...]
    score: float


@dataclass(frozen=True, eq=False)
class Trial:
    """Judges suppositions about the returns of one environment."""

    environment: ReturnsEnvironment
    _readers: dict[tuple[frozenset[str], bool], Mapping[Reference, tuple[Rule, ...]]] = field(default_factory=dict)

    @cached_property
    def usual(self) -> Usual:
        """How likely figures are for their units."""
        return Usual(self.environment)

    def form(self, record: int) -> Form:
        """One return as a clerk sees it."""
        return Form(self.environment, record, self.usual)

    def readers(self, record: int, cells: Sequence[Reference]) -> tuple[Rule, ...]:
        """The rules that reach the unit and read one of the cells, in the order of the scheme."""
        index = self._index(record)
        found = {rule.id for cell in cells for rule in index.get(cell, ())}
        return tuple(rule for rule in self.environment.scheme.rules if rule.id in found)

    def about(self, record: int, cell: Reference) -> tuple[Rule, ...]:
        """The rules that read the cell; for a figure of a list those that read any figure of it, since one row is in all of them."""
        if cell.kind == "indicator":
            return self.readers(record, [cell])
        return self.readers(record, [one for one in self._index(record) if one.kind != "indicator" and one.parts[0] == cell.parts[0]])

    def weigh(self, record: int, suppositions: Sequence[tuple[Move, ...]], *, without: Sequence[Reference] = ()) -> tuple[Weighed, ...]:
        """Each supposition is one or more slips that happened together, in different cells. Rules that read a cell of `without` are not
        asked: that cell is wrong too, and nobody knows yet by how much.
        """
        if not suppositions:
            return ()
        supposed = _columns(suppositions)
        versions = Hypotheses(self.environment, record, len(suppositions) + 1, supposed)
        scores = np.array([sum(WRONG + move.weight for move in moves) for moves in suppositions])
        scores += self._likelier(record, supposed)
        accepted = np.ones(len(suppositions), dtype=np.bool_)
        repaired: list[list[str]] = [[] for _ in suppositions]
        left: list[list[str]] = [[] for _ in suppositions]
        asked: list[list[str]] = [[] for _ in suppositions]
        passed_over = {rule.id for rule in self.readers(record, without)}
        readers = [rule for rule in self.readers(record, list(supposed)) if rule.id not in passed_over]
        for rule in sorted(readers, key=lambda one: list(Tier).index(one.tier)):
            broken = judged(rule, versions, self.environment.scheme).broken
            newly, mended = broken[1:] & ~broken[0], ~broken[1:] & broken[0]
            scores += EVIDENCE[rule.tier] * (mended.astype(np.float64) - newly)
            if rule.tolerance:
                exactly = exactness(rule, versions, self.environment.scheme)
                scores += exactly[1:] - exactly[0]
            if rule.tier is Tier.ERROR:
                accepted &= ~newly
                self._note(rule, broken[1:] & broken[0] & _touched(rule, supposed), left)
            elif rule.tier is Tier.QUERY:
                self._note(rule, broken[1:] & _touched(rule, supposed), asked)
            self._note(rule, mended, repaired)
        lines = zip(suppositions, accepted.tolist(), repaired, left, asked, scores.tolist(), strict=True)
        return tuple(Weighed(moves, ok, tuple(held), tuple(still), tuple(said), score) for moves, ok, held, still, said, score in lines)

    @staticmethod
    def _note(rule: Rule, where: Truths, ids: list[list[str]]) -> None:
        for place in np.flatnonzero(where):
            ids[place].append(rule.id)

    def _likelier(self, record: int, supposed: Mapping[Reference, Floats]) -> Floats:
        """How much likelier the values meant are for the unit than those reported."""
        total = np.zeros(len(next(iter(supposed.values()))) - 1)
        for cell, column in supposed.items():
            if cell.kind != "indicator":
                continue
            reported = self.environment.figure(cell)[record]
            weights = self.usual.likelihood(cell.name, record, np.concatenate([column[1:], [reported]]))
            total += np.where(np.isnan(column[1:]), 0.0, weights[:-1] - weights[-1])
        return total

    def _index(self, record: int) -> Mapping[Reference, tuple[Rule, ...]]:
        """What is read -> the rules that read it, of those that reach the unit of a return."""
        whole = bool(self.environment.whole[record])
        kinds = (kinds_at(self.environment.units, self.environment.codes[record], whole=whole), whole)
        if kinds not in self._readers:
            found: dict[Reference, list[Rule]] = {}
            for rule in self.environment.scheme.rules:
                if rule.expression is not None and reached(rule, [kinds], self.environment.scheme)[0]:
                    for reference in reads(rule):
                        found.setdefault(reference, []).append(rule)
            self._readers[kinds] = {reference: tuple(rules) for reference, rules in found.items()}
        return self._readers[kinds]


def exactness(rule: Rule, versions: Hypotheses, scheme: Scheme) -> Floats:
    """What it says that an equality with a tolerance holds to the last digit of the figure that stands alone in it.

    By chance that happens as much more rarely than within the tolerance as half of that digit is smaller. 0 for all other rules.
    """
    nothing = np.zeros(versions.size)
    node = rule.demanded
    if not isinstance(node, Comparison) or node.operator != "==" or aggregates(node):
        return nothing
    alone = next((one for one in (node.left, node.right) if isinstance(one, Name)), None)
    if alone is None or alone.reference.name not in scheme.indicators:
        return nothing
    half = 0.5 * 10.0 ** -scheme.indicators[alone.reference.name].decimals
    found = sides(node, versions, missing=rule.missing)
    if found is None or rule.tolerance <= half:
        return nothing
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(found[0] - found[1]) <= half + GUARD, math.log(rule.tolerance / half), 0.0)


def _columns(suppositions: Sequence[tuple[Move, ...]]) -> dict[Reference, Floats]:
    """What each supposition makes of each cell, after one version in which nothing is changed; NaN where it leaves the cell alone."""
    found: dict[Reference, Floats] = {}
    for place, moves in enumerate(suppositions, start=1):
        for move in moves:
            for cell, value in move.changes:
                found.setdefault(cell, np.full(len(suppositions) + 1, np.nan))[place] = value
    return found


def _touched(rule: Rule, supposed: Mapping[Reference, Floats]) -> Truths:
    """Which suppositions change something that the rule reads."""
    columns = [~np.isnan(supposed[one][1:]) for one in reads(rule) if one in supposed]
    return np.asarray(np.logical_or.reduce(columns), dtype=np.bool_)
