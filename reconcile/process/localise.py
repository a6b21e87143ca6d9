"""Localise (查错定位): which cells of a return are most likely wrong, where its rules are broken. Nothing is changed.

A return with broken rules is cut into the groups of cells that hang together; for each, all equally cheap sets of cells are found whose
change can make every rule hold again. What a list comes to hangs together where a row too few or too many would explain it.

Broken queries join where such a change explains them; those that no change explains are asked on their own, beside the error rules that
hold, together only where one cell could repair several. What comparing found odd is suspected as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconcile.model.finding import Finding, Tier
from reconcile.model.indicator import Kind
from reconcile.model.past import Past
from reconcile.model.round import Round
from reconcile.model.suspicion import Suspicion
from reconcile.model.unit import UnitTree
from reconcile.process.case import Case, CellSet
from reconcile.process.groups import Group, groups
from reconcile.process.hitting_sets import MOST_CELLS, Located, hitting_sets
from reconcile.process.in_force import InForce, changeable
from reconcile.process.suggest import suggest
from reconcile.process.suspected import message
from reconcile.process.trial import Trial
from reconcile.process.weights import weights
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Comparison, Name, Reference
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.system import System

_SETS_TRIED = 50  # of the equally cheap sets, to see which of them repairs a broken query too: more cannot be read either

Broken = Mapping[str, Sequence[Finding]]
"""The open findings of one return by rule id."""


def localise(returns: Round, scheme: Scheme, *, units: UnitTree, past: Past, findings: Iterable[Finding]) -> tuple[Suspicion, ...]:
    """What is suspected in each return with open findings, in the order of the register.

    findings: those of the round, with the reasons that units gave. Only open ones of expressions about one return, and of the checks that
    compare, are used; the others name no figure that could be repaired.
    """
    environment = ReturnsEnvironment(returns, scheme, units, past)
    record = {one: place for place, one in enumerate(environment.ids)}
    force = InForce(environment)
    broken: dict[str, dict[str, list[Finding]]] = {}
    for one in findings:
        if one.open and one.return_id in record and (one.rule in force.rules or one.rule in force.comparing):
            broken.setdefault(one.return_id, {}).setdefault(one.rule, []).append(one)
    if not broken:
        return ()
    trial = Trial(environment)
    concerned = sorted(broken, key=lambda one: record[one])
    return tuple(_suspicion(case, trial, force) for one in concerned for case in cases(record[one], broken[one], force))


def cases(record: int, findings: Broken, force: InForce) -> Iterator[Case]:
    """The cases of one return: errors, queries that no repair of them explains, and what comparing found odd."""
    return_id = force.environment.ids[record]
    finder = _Finder(return_id, record, findings, force)
    tiers = {one: force.rules[one].tier for one in findings if one in force.rules}
    errors = [one for one, tier in tiers.items() if tier is Tier.ERROR]
    queries = [one for one, tier in tiers.items() if tier is Tier.QUERY]
    held = [one for one in force.errors(record) if one not in tiers]
    explained: set[str] = set()
    around = groups([*errors, *held, *queries], force)
    for part in finder.by_rows(groups([*errors, *held], force), errors):
        case = finder.case(part, part.among(errors)) if part.among(errors) else None
        if case is not None:
            near = [one for group in around if group.among(part.rules) for one in group.among(queries) if one not in explained]
            case = finder.explaining(case, near)
            explained.update(case.rules)
            yield case
    left = [one for one in queries if one not in explained]
    for group in groups([*left, *held], force):
        yield from finder.asked(group, group.among(left))
    for rule, some in findings.items():
        if rule in force.comparing:
            yield from (finder.compared(one) for one in some if one.indicators)


@dataclass(frozen=True, slots=True, eq=False)
class _Finder:
    """Makes the cases of one return."""

    return_id: str
    record: int
    findings: Broken
    force: InForce

    def case(self, group: Group, broken: Sequence[str]) -> Case | None:
        """One group of rules that share cells; None where blanks alone are to blame, which the findings themselves say."""
        force = self.force
        said = [one for one in group.rules if force.constraints[one] is not None]
        left_out = tuple(one for one in group.rules if force.constraints[one] is None)
        system = force.system(said)
        columns = dict.fromkeys((*group.cells, *system.columns))
        values = force.values(self.record, columns, group.rules)
        located = self._located(system, values, said)
        if located.sets == ((),):
            if not any(one in left_out for one in broken):
                return None
            located = Located((), 0.0, (), too_many=False, programs=located.programs)
        first = [cell for rule in broken for cell in force.cells(force.rules[rule])]
        cells = tuple(dict.fromkeys((*first, *group.cells)))
        made = self._made(tuple(broken), cells, values, located)
        return replace(made, system=system, left_out=left_out, unproved=tuple(one for one in located.unproved if one not in left_out))

    def _located(self, system: System, values: Mapping[Reference, float], said: Sequence[str]) -> Located:
        """The cheapest sets; a rate that is what its figures make it stays so, where that leaves any."""
        costs = weights(system, self.record, said, self.force)
        sound = dict.fromkeys((cell for one in said for cell in self._made_by_formula(self.force.rules[one])), float("inf"))
        located = hitting_sets(system, values, weights={**costs, **sound})
        return located if located.sets or not sound else hitting_sets(system, values, weights=costs)

    def _made_by_formula(self, rule: Rule) -> tuple[Reference, ...]:
        """The rate that an equality which holds computes. Within its tolerance it could still move past a bound, which is no repair."""
        node, force = rule.demanded, self.force
        if not isinstance(node, Comparison) or node.operator != "==" or not force.holds(rule)[self.record]:
            return ()
        scheme = force.scheme
        alone = [side.reference for side in (node.left, node.right) if isinstance(side, Name) and changeable(side.reference)]
        return tuple(one for one in alone if one.name in scheme.formulas and scheme.indicators[one.name].kind is Kind.RATE)

    def by_rows(self, parts: Sequence[Group], broken: Collection[str]) -> tuple[Group, ...]:
        """The groups, those together whose broken rules one row of a list would explain: its number of rows and its sums are all too low,
        or all too high."""
        figures = [self._figures(part.among(broken)) for part in parts]
        leaning = [self._leaning(part, cells) for part, cells in zip(parts, figures, strict=True)]
        rows = {one for one, cells in zip(leaning, figures, strict=True) if one is not None and any(cell.kind == "list" for cell in cells)}
        found: dict[object, list[Group]] = {}
        for place, part in enumerate(parts):
            found.setdefault(leaning[place] if leaning[place] in rows else place, []).append(part)
        return tuple(_one_group(some) for some in found.values())

    def _figures(self, rules: Sequence[str]) -> tuple[Reference, ...]:
        """What the rules read of lists."""
        return tuple(dict.fromkeys(cell for rule in rules for cell in self.force.cells(self.force.rules[rule]) if cell.kind != "indicator"))

    def _leaning(self, part: Group, cells: Sequence[Reference]) -> tuple[str, bool] | None:
        """The list whose figures `cells` would repair a group by moving one way, and whether up; None where there is none."""
        force = self.force
        if not cells:
            return None
        system = force.system([one for one in part.rules if force.constraints[one] is not None])
        values = force.values(self.record, system.columns, part.rules)
        repair = system.trial(values, cells).repair
        moved = {(cell.parts[0], value > values[cell]) for cell, value in (repair or {}).items() if cell in cells and value != values[cell]}
        return moved.pop() if len(moved) == 1 else None

    def asked(self, group: Group, queries: Sequence[str]) -> Iterator[Case]:
        """The cases of broken queries, each with the errors that hold beside it: together those that a change of one cell can repair."""
        held, rest = group.without(queries), list(queries)
        while rest:
            chosen = [rest[0]]
            for query in rest[1:]:
                chosen += [query] if self._one_cell(held, [*chosen, query]) else []
            rest = [one for one in rest if one not in chosen]
            part = next(one for one in groups([*chosen, *held], self.force) if chosen[0] in one.rules)
            case = self.case(part, chosen)
            if case is not None:
                yield case

    def _one_cell(self, held: Sequence[str], queries: Sequence[str]) -> bool:
        """Whether one cell that all these queries read can be changed so that they and the errors that hold are satisfied."""
        force = self.force
        if any(force.constraints[one] is None for one in queries):
            return False
        said = [one for one in (*held, *queries) if force.constraints[one] is not None]
        system = force.system(said)
        values = force.values(self.record, system.columns, said)
        shared = [cell for cell in force.cells(force.rules[queries[0]]) if all(cell in force.cells(force.rules[one]) for one in queries)]
        return any(system.trial(values, (cell,)).repair is not None for cell in shared)

    def explaining(self, case: Case, queries: Sequence[str]) -> Case:
        """The case with the broken queries added that one of its sets can repair as well; the sets that repair most of them first."""
        if case.system is None or not case.sets:
            return case
        said = [one.id for one in case.system.constraints]
        repaired: dict[CellSet, int] = dict.fromkeys(case.sets, 0)
        also: list[str] = []
        for query in (one for one in queries if self.force.constraints[one] is not None):
            system = self.force.system([*said, query])
            values = self.force.values(self.record, system.columns, [*said, query])
            able = [cells for cells in case.sets[:_SETS_TRIED] if system.trial(values, cells).repair is not None]
            for cells in able:
                repaired[cells] += 1
            if able:
                also.append(query)
        sets = tuple(sorted(case.sets, key=lambda one: -repaired[one]))
        findings = (*case.findings, *(one for query in also for one in self.findings[query]))
        return replace(case, rules=(*case.rules, *also), sets=sets, findings=findings)

    def compared(self, one: Finding) -> Case:
        """What comparing found odd: its cells are wrong together; where there are many, none is singled out."""
        cells = tuple(Reference(code) for code in one.indicators)
        sets = (cells,) if len(cells) <= MOST_CELLS else ()
        located = Located(sets, 1.0, (), too_many=False, programs=0)
        return replace(self._made((one.rule,), cells, self.force.values(self.record, cells, ()), located), findings=(one,))

    def _made(self, rules: tuple[str, ...], cells: CellSet, values: Mapping[Reference, float], located: Located) -> Case:
        unit = self.force.environment.codes[self.record]
        findings = tuple(one for rule in rules for one in self.findings[rule])
        sets, conflicts = located.sets, located.conflicts
        return Case(self.return_id, unit, self.record, rules, cells, values, sets, conflicts, (), located.too_many, None, findings)


def _one_group(some: Sequence[Group]) -> Group:
    """Several groups as one."""
    rules = tuple(one for group in some for one in group.rules)
    return Group(rules, tuple(dict.fromkeys(cell for group in some for cell in group.cells)))


def _suspicion(case: Case, trial: Trial, force: InForce) -> Suspicion:
    sets, suggestions = suggest(case, trial)
    return Suspicion(
        return_id=case.return_id,
        unit=case.unit,
        rules=case.rules,
        sets=tuple(tuple(cell.key for cell in cells) for cells in sets),
        conflicts=tuple(tuple(cell.key for cell in cells) for cells in case.conflicts),
        left_out=(*case.left_out, *case.unproved),
        too_many=case.too_many,
        suggestions=suggestions,
        message=message(replace(case, sets=sets), force),
    )
