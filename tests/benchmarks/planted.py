"""How well the judgement works: faults planted in seeded, realistic rounds, with the truth known.

    python tests/benchmarks/planted.py [--units 300] [--per-kind 40] [--rounds 1] [--seed 1] [--kinds ten_ruled,copy_last] [--missed]

Every kind is planted alone, in rounds of its own, and then all kinds together with several faults in a return. Faults are made by
planted_faults.py, planted_history.py and planted_sharing.py, which know nothing of the finders. Prints what was asked beside what was measured.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from planted_draft import Draft, Fault
from planted_peers import modified_z
from planted_rounds import World, make_world
from planted_score import Baseline, Score, judge, score_fault, verdicts
from planted_sharing import PLANTERS
from planted_typed import HANDS, send, tell

from reconcile.model.finding import Tier

_WIDTH = 118
WHOLE_RETURNS = ("unit_half", "unit_all_up", "unit_all_down", "whole_year", "copy_last", "copy_neighbour")
SEVERAL_CELLS = (
    "unit_half",
    "unit_all_up",
    "unit_all_down",
    "next_row",
    "whole_year",
    "opening",
    "list_row",
    "copy_last",
    "copy_neighbour",
)
"""Kinds in which many cells are wrong at once, or two that bear each other out: no smallest set of cells could be the true one."""


def spoil(world: World, kinds: Sequence[str], *, count: int, seed: Sequence[int]) -> tuple[Draft, list[Fault]]:
    """A draft with `count` faults of each kind, one in a return, and none in a return that another fault is about."""
    draft, rng = Draft(world), np.random.default_rng([*seed, *"".join(kinds).encode()])
    found: list[Fault] = []
    used: set[str] = set()
    for kind in kinds:
        planted = 0
        for one in rng.permutation(world.leaves).tolist():
            if planted == count:
                break
            fault = None if one in used or draft.unit(one) in world.shocked else PLANTERS[kind].plant(draft, one, rng)
            if fault is not None and used.isdisjoint(fault.others):
                planted += 1
                found.append(fault)
                used |= {one, *fault.others}
    return draft, found


def portions(kind: str, count: int, units: int) -> list[int]:
    """How many faults of a kind in each round: where whole returns are wrong, at most one unit in twenty, since no more copy at once and
    what peers do would not be usual any longer."""
    most = max(units // 20, 1) if kind in WHOLE_RETURNS else count
    return [min(most, count - start) for start in range(0, count, most)]


def spoil_several(world: World, *, count: int, each: int, seed: Sequence[int]) -> tuple[Draft, list[list[Fault]]]:
    """A draft with `count` returns of `each` faults of different kinds that touch different cells of it alone."""
    draft, rng = Draft(world), np.random.default_rng([*seed, each])
    able = [name for name, one in PLANTERS.items() if one.asked and not one.named]
    found: list[list[Fault]] = []
    for one in rng.permutation(world.leaves).tolist():
        if len(found) == count:
            break
        here: list[Fault] = []
        touched: set[str] = set()
        for kind in rng.permutation(able).tolist():
            trial = Draft(world)
            trial.values, trial.states, trial.lists, trial.touched = (
                draft.values.copy(),
                draft.states.copy(),
                dict(draft.lists),
                set(draft.touched),
            )
            fault = PLANTERS[kind].plant(trial, one, rng)
            if fault is not None and touched.isdisjoint(fault.truth) and len(fault.truth) <= 3:
                draft.values, draft.states, draft.lists, draft.touched = trial.values, trial.states, trial.lists, trial.touched
                here.append(fault)
                touched |= fault.truth.keys()
            if len(here) == each:
                found.append(here)
                break
    return draft, found


def score_kinds(world: World, base: Baseline, kinds: Sequence[str], *, count: int, seed: Sequence[int]) -> dict[str, Score]:
    """Plant kinds in one round, one fault in a return, and score each kind."""
    draft, faults = spoil(world, kinds, count=count, seed=seed)
    scores = {kind: Score() for kind in kinds}
    for fault, score in zip(faults, _scored(world, base, draft, faults), strict=True):
        scores[fault.kind].add(score)
    return scores


def score_several(world: World, base: Baseline, *, count: int, each: int, seed: Sequence[int]) -> Score:
    """Plant several kinds in each of some returns; all is counted by fault; a place is true that holds its cells and no right one."""
    draft, groups = spoil_several(world, count=count, each=each, seed=seed)
    beside = {id(fault): {cell for other in group if other is not fault for cell in other.truth} for group in groups for fault in group}
    total = Score()
    for score in _scored(world, base, draft, [fault for group in groups for fault in group], beside=beside):
        total.add(score)
    return total


def _scored(
    world: World, base: Baseline, draft: Draft, faults: Sequence[Fault], *, beside: Mapping[int, set[str]] = MappingProxyType({})
) -> list[Score]:
    returns = draft.freeze()
    outcome = judge(world, returns)
    seen = {"world": world, "base": base, "broken": verdicts(world, returns), "flagged": modified_z(world, returns)}
    return [score_fault(fault, outcome, **seen, beside=beside.get(id(fault), ())) for fault in faults]


def share(part: float, whole: float) -> str:
    """A percentage, or a stroke where there is nothing."""
    return f"{part / whole * 100:.0f}%" if whole else "-"


def print_found(scores: dict[str, Score]) -> None:
    """The table of what was found."""
    print("\nFOUND (covered: a rule or identity covers it, asked 99%; history: nothing else can tell; 5+: last year's figure at least 5,")
    print("       asked 90% for ten_history; z-score: the peers' modified z-score of year-on-year ratios on the same history faults)")
    print(
        f"{'kind':<20}{'planted':>8}{'found':>7}{'covered':>9}{'found':>7}{'history':>9}{'found':>7}{'5+':>5}{'found':>7}{'z-score':>9}  what"
    )
    for kind, one in scores.items():
        told = PLANTERS[kind].said if kind in PLANTERS else ""
        cells = f"{kind:<20}{one.planted:>8}{share(one.found, one.planted):>7}{one.covered:>9}{share(one.found_covered, one.covered):>7}"
        cells += f"{one.history:>9}{share(one.found_history, one.history):>7}{one.strong:>5}{share(one.strong_found, one.strong):>7}"
        print(f"{cells}{share(one.peer, one.history):>9}  {told}"[:_WIDTH])


def print_placed(scores: dict[str, Score]) -> None:
    """The table of places and suggestions."""
    print(
        "\nPLACE AND VALUE (covered faults. more than one rule reads every true cell: true set first, asked 85%; among the tied, asked 97%;"
    )
    print("       random: the peers' choice among ties. one rule: the same where a single rule reads a true cell. value: suggestion exact,")
    print(
        "       best and any; equality: best, where an equality is broken; asked 80% for kinds marked *; of two cells exchanged a set within"
    )
    print("       the two is a true place, a suggestion must mend both)")
    print(
        f"{'kind':<20}{'many':>6}{'first':>7}{'tied':>6}{'random':>8}{'one rule':>10}{'first':>7}{'tied':>6}{'value':>7}{'best':>6}{'any':>6}{'equality':>10}{'best':>6}"
    )
    for kind, one in scores.items():
        whole = one.many + one.one_many + (one.planted if kind == "part_missing" else 0)
        if not whole:
            continue
        mark = "*" if kind in PLANTERS and PLANTERS[kind].hint else ""
        print(
            f"{kind + mark:<20}{one.many:>6}{share(one.first, one.many):>7}{share(one.tied, one.many):>6}{share(one.chance, one.many):>8}"
            f"{one.one_many:>10}{share(one.one_first, one.one_many):>7}{share(one.one_tied, one.one_many):>6}"
            f"{whole:>7}{share(one.best, whole):>6}{share(one.some, whole):>6}{one.equal:>10}{share(one.equal_best, one.equal):>6}"
        )


def print_typed(world: World, base: Baseline, *, count: int, seed: int) -> None:
    """The table of what was typed oddly, read through real workbooks."""
    returns, typed = send(world, count=count, seed=seed)
    outcome = judge(world, returns)
    named = {rule.id: rule.named for rule in world.scheme.rules}
    found: dict[str, set[str]] = {}
    for one in outcome.findings:
        found.setdefault(one.unit, set()).add(named[one.rule])
    print(
        "\nTYPED, in workbooks that were written, spoilt and read (told: the finding asked for; read right: every figure as it was meant)"
    )
    print(f"{'kind':<24}{'planted':>8}{'told':>7}{'read right':>12}  finding")
    for kind, (planted, told, asked, right) in tell(world, found, returns, typed).items():
        print(f"{kind:<24}{planted:>8}{share(told, planted):>7}{share(right, asked):>12}  {HANDS[kind][0]}")
    extra = Counter(
        one.rule
        for one in outcome.findings
        if one.tier is Tier.ERROR
        and named[one.rule] == ""
        and (one.rule, one.unit) not in {(each.rule, each.unit) for each in base.outcome.findings}
    )
    print(f"  errors by rules besides: {dict(extra.most_common(6))}")


def print_false(worlds: Sequence[World], bases: Sequence[Baseline]) -> None:
    """False findings on the clean rounds."""
    count = sum(len(world.returns.returns) for world in worlds)
    tiers, shocked, rules = Counter[Tier](), Counter[Tier](), Counter[str]()
    peers = 0
    for world, base in zip(worlds, bases, strict=True):
        peers += len(modified_z(world, world.returns))
        for one in base.outcome.findings:
            (shocked if one.unit in world.shocked else tiers)[one.tier] += 1
            rules.update([f"{one.rule} {one.tier.value}"] * (one.unit not in world.shocked))
    print(f"\nFALSE, per 100 of {count} clean returns (asked: 0 errors, at most 2 queries, 5 notes)")
    print(
        "  "
        + "   ".join(f"{tier.value} {tiers[tier] / count * 100:.2f}" for tier in Tier)
        + f"   (peers' z-score: {peers / count * 100:.0f})"
    )
    print("  " + "besides, of returns with an honest break (1 in 100): " + ", ".join(f"{tier.value} {shocked[tier]}" for tier in Tier))
    print("  most frequent: " + ", ".join(f"{rule} ×{number}" for rule, number in rules.most_common(8)))


_SWAPS = ("swapped_digits", "exchanged", "heads_visits", "papers_firms")
_DIGITS = ("wrong_digit", "lost_digit", "doubled_digit")
_SLIPS = ("unit_one", "ten_ruled", "hundred")


def print_reach(scores: dict[str, Score]) -> None:
    """What was asked beside what was measured, one fault in a return."""

    def pooled(kinds: Iterable[str], part: str, whole: str) -> str:
        some = [scores[kind] for kind in kinds if kind in scores]
        parts, wholes = sum(getattr(one, part) for one in some), sum(getattr(one, whole) for one in some)
        return f"{share(parts, wholes):>5} of {wholes}"

    def lowest(part: str, whole: str) -> str:
        """The worst of the kinds of which there are ten and more."""
        rates = sorted(
            (getattr(scores[kind], part) / getattr(scores[kind], whole), kind) for kind in single if getattr(scores[kind], whole) >= 10
        )
        return f"lowest kind {rates[0][1]} {rates[0][0]:.0%}" if rates else ""

    single = [kind for kind in scores if kind in PLANTERS and kind not in SEVERAL_CELLS]
    alone = [kind for kind in scores if kind in PLANTERS]
    ten = ["ten_history"]
    print("\nREACH (asked, measured; one fault in a return)")
    print(f"  found, where a rule or identity covers it             99%  {pooled(alone, 'found_covered', 'covered')}")
    print(
        f"  found, ×10 covered by history only                    90%  {pooled(ten, 'found_history', 'history')}; where last year's figure is 5 and more {pooled(ten, 'strong_found', 'strong')}"
    )
    print(
        f"  true set first, more than one rule touches it         85%  {pooled(single, 'first', 'many')}; faults of many cells too {pooled(alone, 'first', 'many')}"
    )
    print(
        f"  true set among the tied, likewise                     97%  {pooled(single, 'tied', 'many')}; faults of many cells too {pooled(alone, 'tied', 'many')}"
    )
    print(f"  peers: random choice among the tied, likewise              {pooled(single, 'chance', 'many')}")
    for name, kinds in (("swaps", _SWAPS), ("single digits", _DIGITS), ("unit slips", _SLIPS)):
        told = f"  best suggestion exact, {name}, a rule confirms"
        print(
            f"{told:<56}80%  {pooled(kinds, 'best', 'covered')}; where it is an equality {pooled(kinds, 'equal_best', 'equal')}; any suggestion {pooled(kinds, 'some', 'covered')}"
        )


def main() -> None:
    """Make the rounds, plant, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=300)
    parser.add_argument("--per-kind", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--clean", type=int, default=3, help="clean rounds for the false findings")
    parser.add_argument("--missed", action="store_true", help="say each fault that was missed or misplaced")
    chosen = parser.parse_args()
    started = time.perf_counter()
    worlds = [make_world(chosen.seed + number, units=chosen.units) for number in range(max(chosen.clean, chosen.rounds))]
    bases = [Baseline.of(world) for world in worlds]
    print_false(worlds, bases)
    kinds = [kind for kind in (chosen.kinds.split(",") if chosen.kinds else PLANTERS) if kind]
    scores = {kind: Score() for kind in kinds}
    several = {name: Score() for name in ("together, 1 a return", "mixed, 2 a return", "mixed, 3 a return") if not chosen.kinds}
    for number in range(chosen.rounds):
        world, base = worlds[number], bases[number]
        for kind in kinds:
            for part, count in enumerate(portions(kind, chosen.per_kind, chosen.units)):
                scores[kind].add(score_kinds(world, base, [kind], count=count, seed=(chosen.seed, number, part))[kind])
        for each, name in enumerate(several, start=1):
            if each == 1:
                for score in score_kinds(world, base, kinds, count=max(chosen.per_kind // 20, 1), seed=(chosen.seed, number)).values():
                    several[name].add(score)
            else:
                several[name].add(score_several(world, base, count=chosen.per_kind, each=each, seed=(chosen.seed, number)))
    print_found(scores | several)
    print_placed(scores | several)
    print_reach(scores)
    if not chosen.kinds:
        print_typed(worlds[0], bases[0], count=max(chosen.per_kind // 4, 2), seed=chosen.seed)
    if chosen.missed:
        print("\nMISSED OR MISPLACED")
        for one in scores.values():
            print("\n".join(f"  {line}" for line in one.missed))
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
