"""Relations: rules asked about each other, without any data: can all hold, which could go, what follows from what.

Every answer is drawn from a system of rows that has no solution, so it is never wrong for being incomplete: rows in which two figures are
multiplied (rates) are asked less strictly than they are meant, and a trial that would take too many linear programs says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property

from reconcile.scheme.branches import Constraint, coding_of, constraint
from reconcile.scheme.expression import And, Expression, Implies, IsMissing, Not, Reference, aggregates, references
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.rules import Rule
from reconcile.scheme.syntax import walk
from reconcile.scheme.system import System, Trial

_ASKED = "?"  # the id of what is asked beside the rules
_NOTICED = 1e-3  # a rule is broken if it is by more than this: several guards of 5·10⁻⁷ that other rules allow do not add up to it
_MOST_DROPPED = 5  # sets of more rules to drop are not looked for: such a scheme needs its author
MOST_ASKED = 200_000
"""Systems of rules that one scheme is asked in, each counted as a hundred and its rules: a minute or so; the built-in one needs 25,000."""
_SYSTEM = 100
_MOST_ROUNDS = 60  # sets of rules tried to be dropped; five pairs that contradict each other take six


@dataclass
class Effort:
    """How much may still be asked. `unasked`: the rules of which something was no longer asked, in order."""

    left: int = MOST_ASKED
    unasked: dict[str, None] = field(default_factory=dict)

    def exhausted(self) -> bool:
        """Whether nothing more may be asked."""
        return self.left < 0

    def allows(self, constraints: int) -> bool:
        """Whether a system of so many constraints beside the one in question may be solved; charges it."""
        self.left -= constraints + _SYSTEM if constraints else 1
        return not self.exhausted()


@dataclass(frozen=True, eq=False)
class _Meaning:
    """What rules mean, by their ids: worked out once for all of a scheme, since thousands of rules are asked in many sets."""

    rules: tuple[Rule, ...]
    domain: Callable[[Reference], Domain]

    @cached_property
    def read(self) -> Mapping[str, frozenset[Reference]]:
        return {one.id: reads(one) for one in self.rules}

    @cached_property
    def readers(self) -> Mapping[Reference, list[str]]:
        found: dict[Reference, list[str]] = {}
        for one, references_read in self.read.items():
            for reference in references_read:
                found.setdefault(reference, []).append(one)
        return found

    @cached_property
    def domains(self) -> Mapping[Reference, Domain]:
        return {one: self.domain(one) for one in self.readers}

    @cached_property
    def never_below(self) -> frozenset[Reference]:
        return frozenset(one for one, domain in self.domains.items() if domain.lower >= 0)

    @cached_property
    def coding(self) -> dict[str, float]:
        return coding_of(node for rule in self.rules for node in _nodes(rule))

    @cached_property
    def constraints(self) -> Mapping[str, Constraint | None]:
        found: dict[str, Constraint | None] = {}
        for one in self.rules:
            if one.expression is not None:
                found[one.id] = self.constraint(one.id, one.expression, one.tolerance, when=one.when)
        return found

    def constraint(self, name: str, check: Expression, tolerance: float, *, when: Expression | None = None) -> Constraint | None:
        return constraint(name, check, when=when, tolerance=tolerance, coding=self.coding, nonnegative=self.never_below.__contains__)


@dataclass(frozen=True, eq=False)
class Relations:
    """Some rules that speak of the same returns, and what they mean. Rules that are no rows are passed over.

    `effort` is shared by all relations of one scheme: what goes beyond it is not asked, and noted there.
    """

    rules: tuple[Rule, ...]
    meaning: _Meaning
    effort: Effort = field(default_factory=Effort)
    _trials: dict[tuple[frozenset[str], Constraint | None], Trial] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Iterable[Rule], domain: Callable[[Reference], Domain]) -> Relations:
        """The rules that are expressions about one return. `domain` tells what each figure may be."""
        asked = tuple(one for one in rules if one.expression is not None and not aggregates(one.expression))
        return cls(asked, _Meaning(asked, domain))

    def among(self, rules: Iterable[Rule]) -> Relations:
        """Some of these rules alone."""
        return Relations(tuple(rules), self.meaning, self.effort)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Ids of the rules that are no rows and so are never asked."""
        return tuple(one.id for one in self.rules if self.meaning.constraints[one.id] is None)

    def can_hold(self) -> bool:
        """Whether it is known that all rules, and so any of them, can hold together."""
        trial = self._trial(ids_of(self.rules), None)
        return trial is not None and not trial.given_up and trial.repair is not None

    def contradiction(self) -> frozenset[str] | None:
        """Ids of some rules that cannot all hold, none of which could be spared; None where all can."""
        return self._smallest(ids_of(self.rules), None)

    def to_drop(self) -> tuple[str, ...]:
        """The fewest rules without which the others can hold, the first such set in the rules' order.

        Empty where all can hold, where more than five would have to go, or where it cannot be told.
        """
        everything, order = ids_of(self.rules), {one.id: place for place, one in enumerate(self.rules)}
        contradictions: list[frozenset[str]] = []
        some: tuple[str, ...] = ()
        for _ in range(_MOST_ROUNDS):
            conflict = self._smallest(everything - set(some), None)
            if conflict is None:
                trial = self._trial(everything - set(some), None)
                return () if trial is None or trial.given_up else some
            contradictions.append(conflict)
            some = _first_to_hit(contradictions, order)
            if not some:
                break
        return ()

    def unkeepable(self, rule: Rule, *, beside: Set[str]) -> frozenset[str] | None:
        """Where the rule's guard and condition can never hold together with what it then demands: the rules among those of the ids
        `beside` that stand against it (none but itself: the empty set). None where they can.
        """
        return self._against(rule, _with(rule, kept=True), beside, tolerance=rule.tolerance)

    def unbreakable(self, rule: Rule, *, beside: Set[str] = frozenset()) -> frozenset[str] | None:
        """Where the rule cannot be broken while those of the ids `beside` hold: the ones from which it follows, maybe none; None where it
        can.
        """
        return self._against(rule, _with(rule, kept=False), beside, tolerance=rule.tolerance + _NOTICED)

    def _against(self, rule: Rule, asked: Expression, beside: Set[str], *, tolerance: float) -> frozenset[str] | None:
        if self.effort.exhausted():
            self.effort.unasked[rule.id] = None
            return None
        made = self.meaning.constraint(_ASKED, asked, tolerance)
        if made is None:
            return None
        found = self._smallest(self._linked(rule, asked, beside), made)
        if self.effort.exhausted():
            self.effort.unasked[rule.id] = None
        return found

    def _linked(self, rule: Rule, asked: Expression, beside: Set[str]) -> frozenset[str]:
        """The rules beside this one that have to do with its figures, over however many others.

        One that reads what is asked to be missing is passed over: it says nothing then.
        """
        unanswered = {part.name.reference for part in walk(asked) if isinstance(part, IsMissing)}
        met, found = set(reads(rule)), set[str]()
        waiting = list(met)
        while waiting:
            for one in self.meaning.readers.get(waiting.pop(), ()):
                read = self.meaning.read[one]
                if one in beside and one != rule.id and one not in found and unanswered.isdisjoint(read):
                    found.add(one)
                    waiting.extend(read - met)
                    met |= read
        return frozenset(found)

    def _smallest(self, ids: frozenset[str], asked: Constraint | None) -> frozenset[str] | None:
        """Rules that contradict `asked` or each other, none of which could be spared; None where there is no contradiction."""
        found = self._proof(ids, asked)
        if found is None:
            return None
        for one in sorted(found):
            less = self._proof(found - {one}, asked)
            found = found if less is None else less
        return found

    def _proof(self, ids: frozenset[str], asked: Constraint | None) -> frozenset[str] | None:
        """Rules among `ids` that contradict `asked` or each other, not always the fewest; None where they do not, or nobody knows."""
        trial = self._trial(ids, asked)
        return None if trial is None or trial.given_up or trial.repair is not None else frozenset(trial.proof) - {_ASKED}

    def _trial(self, ids: frozenset[str], asked: Constraint | None) -> Trial | None:
        """Whether these can hold together; None where no more may be asked."""
        if (ids, asked) not in self._trials:
            if not self.effort.allows(len(ids)):
                return None
            made = [one for one in (self.meaning.constraints[identity] for identity in sorted(ids)) if one is not None]
            system = System(made if asked is None else [*made, asked], self.meaning.domains)
            self._trials[ids, asked] = system.trial({}, (), proving=False)
        return self._trials[ids, asked]


def _nodes(rule: Rule) -> tuple[Expression, ...]:
    return tuple(node for node in (rule.expression, rule.when) if node is not None)


def reads(rule: Rule) -> frozenset[Reference]:
    """The figures of which a rule and its guard speak."""
    return frozenset(one for node in _nodes(rule) for one in references(node))


def ids_of(rules: Iterable[Rule]) -> frozenset[str]:
    """The rules by name."""
    return frozenset(one.id for one in rules)


def _first_to_hit(contradictions: list[frozenset[str]], order: Mapping[str, int]) -> tuple[str, ...]:
    """The fewest rules of which each contradiction has one, the first such set in the rules' order; none where they are too many."""
    for count in range(1, _MOST_DROPPED + 1):
        found = sorted(tuple(sorted(order[one] for one in some)) for some in _hitting(contradictions, count))
        if found:
            names = list(order)
            return tuple(names[place] for place in found[0])
    return ()


def _hitting(contradictions: list[frozenset[str]], count: int) -> set[frozenset[str]]:
    """All sets of at most `count` rules of which each contradiction has one."""
    if not contradictions:
        return {frozenset()}
    if not count:
        return set()
    first = min(contradictions, key=lambda one: (len(one), sorted(one)))
    return {more | {rule} for rule in first for more in _hitting([one for one in contradictions if rule not in one], count - 1)}


def condition(rule: Rule) -> Expression | None:
    """What must be so before the rule demands anything: its guard, and the conditions of its if…then; None where there is nothing."""
    parts = [] if rule.when is None else [rule.when]
    node = rule.expression
    while isinstance(node, Implies):
        parts.append(node.condition)
        node = node.consequence
    return parts[0] if len(parts) == 1 else And(tuple(parts)) if parts else None


def _with(rule: Rule, *, kept: bool) -> Expression:
    """That the rule's condition holds, and what it demands does or does not; the tolerance belongs to the demand alone."""
    demand = rule.demanded
    if demand is None:
        raise TypeError("a named check demands nothing that can be said as rows")
    given = condition(rule)
    if given is None:
        return demand if kept else Not(demand)
    return Not(Implies(given, Not(demand) if kept else demand))
