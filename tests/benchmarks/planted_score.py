"""Scoring: what of the planted was found, placed and mended."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray
from planted_draft import Fault
from planted_faults import PLANTERS
from planted_peers import random_choice
from planted_rounds import World

from reconcile.model.finding import Finding
from reconcile.model.outcome import Outcome
from reconcile.model.round import Round, State
from reconcile.model.suspicion import Suspicion
from reconcile.run import assess
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import evaluate
from reconcile.scheme.reach import kinds_at, reached
from reconcile.scheme.wording import amount

Verdicts = Mapping[str, NDArray[np.int8]]
"""Rule -> for each return 1 (holds), 0 (broken) or -1 (not judged)."""

COMMITTED_PAST = 26  # P-01 … P-26 are the scheme's own relations between periods; later rows belong to the finders under test


def judge(world: World, returns: Round | None = None) -> Outcome:
    """The whole road after reading."""
    return assess(returns or world.returns, world.scheme, units=world.units, root="990200", past=world.past)


def verdicts(world: World, returns: Round) -> Verdicts:
    """Every rule that is an expression, evaluated on every return: what is broken, told without the finders."""
    environment = ReturnsEnvironment(returns, world.scheme, world.units, world.past)
    kinds = [(kinds_at(world.units, code, whole=False), False) for code in environment.codes]
    found = {}
    for rule in world.scheme.rules:
        if rule.expression is None or (rule.id.startswith("P-") and int(rule.id[2:]) > COMMITTED_PAST):
            continue
        applies = reached(rule, kinds, world.scheme)
        for code in rule.indicators:
            states = environment.states(code)
            applies &= (states != State.ABSENT) & (states != State.NOT_APPLICABLE)
        rows = environment.at(np.arange(environment.size))
        verdict = evaluate(rule.expression, rows, tolerance=rule.tolerance, missing=rule.missing)
        true, false = (np.broadcast_to(side, applies.shape) for side in (verdict.true, verdict.false))
        if rule.when is not None:
            applies &= np.broadcast_to(evaluate(rule.when, rows, missing=rule.missing).true, applies.shape)
        found[rule.id] = np.where(applies & true, 1, np.where(applies & false, 0, -1)).astype(np.int8)
    return found


@dataclass(frozen=True)
class Baseline:
    """The clean round: its outcome, what is found in it, and how its rules come out."""

    outcome: Outcome
    known: frozenset[tuple[str, str, tuple[str, ...]]]
    verdicts: Verdicts
    rows: Mapping[str, int]
    rules: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, world: World) -> Baseline:
        """Judge the clean round once."""
        outcome = judge(world)
        known = frozenset((one.rule, one.return_id, one.indicators) for one in outcome.findings)
        held = verdicts(world, world.returns)
        rules: dict[str, list[str]] = {}
        for rule in world.scheme.rules:
            if rule.id in held:
                for cell in [*rule.indicators, *_list_cells(world, rule.check)]:
                    rules.setdefault(cell, []).append(rule.id)
        rows = {one: row for row, one in enumerate(ReturnsEnvironment(world.returns, world.scheme, world.units, world.past).ids)}
        return cls(outcome, known, held, rows, {cell: tuple(dict.fromkeys(ids)) for cell, ids in rules.items()})

    def touching(self, one: str, cell: str) -> int:
        """How many rules, judged in the clean return, read a cell."""
        return sum(self.verdicts[rule][self.rows[one]] >= 0 for rule in self.rules.get(cell, ()))


def _list_cells(world: World, check: str) -> list[str]:
    found = [name for name in world.scheme.rosters if f"count({name})" in check]
    return found + [
        f"{name}.{one.column}"
        for name, roster in world.scheme.rosters.items()
        for one in roster.columns
        if f"{name}.{one.column})" in check
    ]


@dataclass
class Score:
    """Sums over the faults of a kind. covered: those that a rule or identity covers; equal: an equality among them. many: covered, and
    more than one rule reads each true cell. first, tied, chance: of these; the same with `one_` where a single rule reads a true cell. best, some: the best suggestion, any suggestion exact, of covered faults; equal_best of those an equality covers.
    history: not covered; peer: those of them that the modified z-score flags."""

    planted: int = 0
    found: int = 0
    covered: int = 0
    found_covered: int = 0
    history: int = 0
    found_history: int = 0
    peer: int = 0
    many: int = 0
    first: int = 0
    tied: int = 0
    chance: float = 0.0
    one_many: int = 0
    one_first: int = 0
    one_tied: int = 0
    best: int = 0
    some: int = 0
    equal: int = 0
    equal_best: int = 0
    strong: int = 0
    strong_found: int = 0
    missed: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Add another score."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


def score_fault(
    fault: Fault,
    outcome: Outcome,
    *,
    world: World,
    base: Baseline,
    broken: Verdicts,
    flagged: Mapping[tuple[str, str], bool],
    beside: Iterable[str] = (),
) -> Score:
    """One fault in one outcome. `broken`: verdicts on the spoilt round; `flagged`: the peers' z-scores there; `beside`: cells of the same
    return that other faults made wrong."""
    score = Score(planted=1)
    row = base.rows[fault.return_id]
    new = [one for one in outcome.findings if (one.rule, one.return_id, one.indicators) not in base.known]
    fell = [rule for rule in broken if broken[rule][row] == 0 and base.verdicts[rule][row] != 0]
    own = bool(PLANTERS[fault.kind].named)
    hit = _found(fault, new, world)
    score.found = int(hit)
    relevant = [rule for rule in fell if _reads(world, rule, fault)]
    if own or relevant:
        score.covered, score.found_covered = 1, int(hit)
    else:
        _history(score, fault, hit, world=world, flagged=flagged)
    if not hit:
        score.missed.append(_told(fault, world))
    if fault.kind == "part_missing" or (relevant and not own):
        primary = _primary(fault, outcome, new, world)
        score.equal = int(own or any(_is_equality(world, rule) for rule in relevant))
        if fault.kind != "part_missing":
            _placed(score, fault, primary, world=world, base=base, wrong={*beside, *fault.truth})
        _mended(score, fault, primary, new, world=world, beside=set(beside))
    return score


def _history(score: Score, fault: Fault, hit: bool, *, world: World, flagged: Mapping[tuple[str, str], bool]) -> None:
    """A fault that no rule covers: only the unit's past, or its peers, can tell. strong: a true or wrong value of 5 and more last year."""
    unit = str(world.returns.returns.at[fault.return_id, "unit"])
    score.history, score.found_history = 1, int(hit)
    score.peer = int(any(flagged.get((unit, code), False) for code in fault.truth))
    before = world.past.previous(world.returns.period)
    if before is not None and any(code in before.own.columns and before.own.at[unit, code] >= 5 for code in fault.truth):
        score.strong, score.strong_found = 1, int(hit)


def _placed(score: Score, fault: Fault, primary: Suspicion | None, *, world: World, base: Baseline, wrong: set[str]) -> None:
    """Where the suspicion points: a set is true that holds all cells of the fault and no cell that is right."""
    truth = frozenset(fault.truth)
    sets = () if primary is None else tuple(frozenset(map(_bare, one)) for one in primary.sets)
    asked = (lambda one: bool(truth & one)) if PLANTERS[fault.kind].within else truth.issubset
    hits = [asked(one) and one <= wrong for one in sets]
    first, tied = hits[:1] == [True], any(hits)
    if min(base.touching(fault.return_id, cell) for cell in truth) > 1:
        score.many, score.first, score.tied, score.chance = 1, int(first), int(tied), random_choice(hits)
    else:
        score.one_many, score.one_first, score.one_tied = 1, int(first), int(tied)
    if not first:
        score.missed.append(f"[place] {_told(fault, world)}: {[sorted(one) for one in sets[:3]]}")


def _primary(fault: Fault, outcome: Outcome, new: list[Finding], world: World) -> Suspicion | None:
    """The suspicion about the gravest new finding of the return that reads a cell of the fault."""
    for one in sorted((each for each in new if each.return_id == fault.return_id), key=lambda each: each.sort_key):
        found = outcome.suspicion(one)
        if found is not None and _reads(world, one.rule, fault, one.indicators):
            return found
    return None


def _bare(cell: str) -> str:
    """A list's figure without count( ) or total( )."""
    for word in ("count(", "total("):
        if cell.startswith(word):
            return cell.removeprefix(word).removesuffix(")")
    return cell


def _mended(score: Score, fault: Fault, primary: Suspicion | None, new: list[Finding], *, world: World, beside: set[str]) -> None:
    """Whether the best suggestion, and any, gives the truth, all of it and nothing else; those about other faults alone are passed over."""
    changed = [] if primary is None else [{_bare(each.indicator): each.value for each in one.changes} for one in primary.suggestions]
    exact = [_exact(one, fault.truth) for one in changed if not one.keys() <= beside]
    best, some = exact[:1] == [True], any(exact)
    if fault.kind == "part_missing" and not some:
        best = some = any(_implied(one, fault, world) for one in new)
    score.best, score.some, score.equal_best = int(best), int(some), int(best and score.equal)


def _exact(changes: Mapping[str, float], truth: Mapping[str, float]) -> bool:
    return changes.keys() == truth.keys() and all(
        math.isclose(changes[cell], value, rel_tol=1e-9, abs_tol=1e-9) for cell, value in truth.items()
    )


def _implied(finding: Finding, fault: Fault, world: World) -> bool:
    """Whether an implied value asked about is the true one."""
    cell, value = next(iter(fault.truth.items()))
    return finding.indicators[:1] == (cell,) and finding.expected == amount(value, world.scheme.indicators[cell], world.scheme)


def _found(fault: Fault, new: Iterable[Finding], world: World) -> bool:
    """Whether a new finding names a true cell, or is of the check made for the kind."""
    words = PLANTERS[fault.kind].named
    named = {rule.id: rule.named for rule in world.scheme.rules}
    about = {fault.return_id, *fault.others}
    units = {str(world.returns.returns.at[one, "unit"]) for one in about}
    lists = {cell.partition(".")[0] for cell in fault.truth if "名册" in cell}
    checks = {rule.id: rule.check for rule in world.scheme.rules}
    for one in new:
        if one.return_id not in about and not (one.return_id == "" and one.unit in units):
            continue
        if words:
            if named[one.rule] in words:
                return True
        elif not fault.truth.keys().isdisjoint(one.indicators) or any(name in checks[one.rule] for name in lists):
            return True
    return False


def _reads(world: World, rule: str, fault: Fault, named: Iterable[str] = ()) -> bool:
    """Whether a rule, or a finding by the cells it names, reads one of the true cells."""
    found = next(one for one in world.scheme.rules if one.id == rule)
    lists = {cell.partition(".")[0] for cell in fault.truth if "名册" in cell}
    return not fault.truth.keys().isdisjoint([*found.indicators, *named]) or any(name in found.check for name in lists)


def _is_equality(world: World, rule: str) -> bool:
    check = next(one.check for one in world.scheme.rules if one.id == rule)
    return " = " in check and " or " not in check


def _told(fault: Fault, world: World) -> str:
    unit = str(world.returns.returns.at[fault.return_id, "unit"])
    names = ", ".join(f"{cell} {world.scheme.label(cell)} true {value:g}" for cell, value in list(fault.truth.items())[:3])
    before = world.past.previous(world.returns.period)
    past = [f"{before.own.at[unit, cell]:g}" for cell in list(fault.truth)[:3] if before is not None and cell in before.own.columns]
    return f"{fault.kind} {world.units.name(unit)}: {names} (last year {', '.join(past)})"
