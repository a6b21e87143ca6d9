"""Consistency: rules of a scheme that contradict each other, that nothing can satisfy, that nothing breaks, or that follow from others.

Contradictions are looked for among the error rules for one kind of unit, since a query may be answered with a reason. A rule is only said
to follow from rules of its own tier or a graver one that reach every kind of unit it reaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from reconcile.errors import Fault
from reconcile.model.finding import Tier
from reconcile.model.unit import KINDS
from reconcile.scheme.domains import domain
from reconcile.scheme.expression import Name, sentence, supposition
from reconcile.scheme.relations import Relations, condition, ids_of, reads
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.words import column_of, table_title

_MOST_NAMED = 20  # ids in one sentence
_GRAVITY = {tier: place for place, tier in enumerate(Tier)}


@dataclass(frozen=True, slots=True)
class Hint:
    """A rule that could go: it is never broken, or follows from the rules `by`. `message` says so in Chinese."""

    rule: str
    by: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Consistency:
    """What is wrong with the rules as a whole (`faults`), what could be spared (`hints`), and ids of rules too intricate to be asked
    (`left_out`), or of which not everything was asked because the rules are so many (`unasked`)."""

    faults: tuple[Fault, ...]
    hints: tuple[Hint, ...]
    left_out: tuple[str, ...]
    unasked: tuple[str, ...] = ()


def consistency(scheme: Scheme) -> Consistency:
    """Ask all rules that are expressions about each other. Takes some seconds for two hundred rules, so only `scheme check` does it; of
    thousands as much as MOST_ASKED allows."""
    everything = Relations.of(scheme.rules, lambda one: domain(one, scheme))
    hopeless = [one for one in everything.rules if everything.unkeepable(one, beside=frozenset()) is not None]
    faults = [_fault(one, f"{_when(one, scheme)}怎样填都不能满足{one.id}的要求", scheme) for one in hopeless]
    relations = everything.among(one for one in everything.rules if one not in hopeless)
    faults.extend(_contradictions(relations, scheme))
    hints = tuple(_hints(relations, scheme))
    return Consistency(tuple(faults), hints, everything.left_out, tuple(everything.effort.unasked))


def _contradictions(relations: Relations, scheme: Scheme) -> Iterator[Fault]:
    """All error rules for a kind together, then each rule against them; the same contradiction is told once for all kinds."""
    sound: list[str] = []
    met: dict[tuple[frozenset[str], tuple[str, ...]], list[str]] = {}
    sound_together = relations.among(one for one in relations.rules if one.tier is Tier.ERROR).can_hold()
    by_kind = {kind: relations.among(_errors(relations, kind)) for kind in KINDS}
    for kind, errors in by_kind.items():
        conflict = None if sound_together else errors.contradiction()
        if conflict is None:
            sound.append(kind)
        else:
            met.setdefault((conflict, errors.to_drop()), []).append(kind)
    for (conflict, drop), kinds in met.items():
        remedy = f"；去掉或改正{'、'.join(drop)}，其余就能同时成立" if drop else ""
        first = next(one for one in relations.rules if one.id in conflict)
        yield _fault(first, f"{_named(conflict)}互相矛盾，{_faces(kinds)}的报表怎样填都不能全部满足{remedy}", scheme)
    beside = {kind: ids_of(by_kind[kind].rules) for kind in sound}
    for rule in relations.rules:
        yield from _unkeepable(rule, {kind: some for kind, some in beside.items() if kind in rule.applies_to}, relations, scheme)


def _unkeepable(rule: Rule, beside: Mapping[str, Set[str]], relations: Relations, scheme: Scheme) -> Iterator[Fault]:
    """Where a rule cannot be kept beside the error rules of a kind of unit."""
    met: dict[frozenset[str], list[str]] = {}
    for kind, errors in beside.items():
        against = relations.unkeepable(rule, beside=errors)
        if against is not None:
            met.setdefault(against, []).append(kind)
    for others, some in met.items():
        yield _fault(rule, f"{_when(rule, scheme)}{rule.id}与{_named(others)}矛盾，{_faces(some)}的报表怎样填都不能同时满足", scheme)


def _named(ids: frozenset[str]) -> str:
    """Ids of rules, some of them where they are very many: then nobody had the time to tell which could be spared."""
    some = sorted(ids)
    return "、".join(some) if len(some) <= _MOST_NAMED else f"{'、'.join(some[:_MOST_NAMED])}等{len(some)}条"


def _faces(kinds: Sequence[str]) -> str:
    return "各类单位" if len(kinds) == len(KINDS) else "、".join(KINDS[kind] for kind in kinds)


def _hints(relations: Relations, scheme: Scheme) -> Iterator[Hint]:
    names = {one.id: one for one in relations.rules}
    groups: dict[tuple[frozenset[str], Tier], frozenset[str]] = {}
    for rule in relations.rules:
        if relations.unbreakable(rule) is not None:
            yield Hint(rule.id, (), f"{rule.id}不会有报表违反，可以删去或改正：{_said(rule, scheme)}")
            continue
        group = (rule.applies_to, rule.tier)
        if group not in groups:
            groups[group] = _graver(rule, relations)
        found = relations.unbreakable(rule, beside=groups[group])
        if not found:
            continue
        by = tuple(one.id for one in relations.rules if one.id in found)
        unless = _unless(rule, [names[identity] for identity in by], scheme)
        yield Hint(rule.id, by, f"{rule.id}可由{'、'.join(by)}推出，不必另列{unless}：{_said(rule, scheme)}")


def _graver(rule: Rule, relations: Relations) -> frozenset[str]:
    """The rules from which another may be said to follow: of its tier or a graver one, for every kind of unit that it is for."""
    return ids_of(one for one in relations.rules if one.applies_to >= rule.applies_to and _GRAVITY[one.tier] <= _GRAVITY[rule.tier])


def _unless(rule: Rule, by: Sequence[Rule], scheme: Scheme) -> str:
    """What the other rules need to know besides: while that is missing, the rule is still of use."""
    more = {one for other in by for one in reads(other)} - reads(rule)
    needed = "、".join(sorted(sentence(Name(one), scheme.label) for one in more))
    return f"（{needed}缺报时除外）" if needed else ""


def _errors(relations: Relations, kind: str) -> list[Rule]:
    return [one for one in relations.rules if one.tier is Tier.ERROR and kind in one.applies_to]


def _when(rule: Rule, scheme: Scheme) -> str:
    given = condition(rule)
    return "" if given is None else f"“{supposition(given, scheme.label)}”时，"


def _said(rule: Rule, scheme: Scheme) -> str:
    return "" if rule.expression is None else sentence(rule.expression, scheme.label)


def _fault(rule: Rule, message: str, scheme: Scheme) -> Fault:
    """A fault in the row of a rule."""
    lines = scheme.tables["rules"]
    column = [column_of("rules", str(cell)) for cell in lines[0]].index("id")
    row = next((number for number, line in enumerate(lines, start=1) if str(line[column]).strip() == rule.id), 0)
    return Fault(table_title("rules"), row, "", message)
