"""Localise (查错定位): which cells of a return are most likely wrong, where its rules are broken. Nothing is changed.

A return with broken rules is cut into the groups of cells that hang together; for each, all equally cheap sets of cells are found whose
change can make every rule hold again. Broken queries join where such a change explains them; those that no change explains are asked on
their own, beside the error rules that hold. What comparing found odd is suspected as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconcile.model.finding import Finding, Tier
from reconcile.model.past import Past
from reconcile.model.round import Round
from reconcile.model.suspicion import Suspicion
from reconcile.model.unit import UnitTree
from reconcile.process.case import Case, CellSet
from reconcile.process.groups import Group, groups
from reconcile.process.hitting_sets import MOST_CELLS, Located, hitting_sets
from reconcile.process.in_force import InForce
from reconcile.process.suggest import suggest
from reconcile.process.suspected import message
from reconcile.process.trial import Trial
from reconcile.process.weights import weights
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Reference
from reconcile.scheme.scheme import Scheme

_SETS_TRIED = 50  # of the equally cheap sets, to see which of them repairs a broken query too: more cannot be read either

Broken = Mapping[str, Sequence[Finding]]
"""The open findings of one return by rule id."""


def localise(returns: Round, scheme: Scheme, *, units: UnitTree, past: Past, findings: Iterable[Finding]) -> tuple[Suspicion, ...]:
    """What is suspected in each return with open findings, in the order of the register.

    findings: those of validate and of compare, with the reasons that units gave. Rules about all returns together, notes, and findings
    about lists, texts or missing returns name no figure that could be repaired and are passed over.
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
    for group in groups([*errors, *held, *queries], force):
        if group.among(errors):
            for part in groups(group.without(queries), force):
                case = finder.case(part, part.among(errors))
                if case is not None:
                    case = finder.explaining(case, [one for one in group.among(queries) if one not in explained])
                    explained.update(case.rules)
                    yield case
    left = [one for one in queries if one not in explained]
    for group in groups([*left, *held], force):
        case = finder.case(group, group.among(left)) if group.among(left) else None
        if case is not None:
            yield case
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
        located = hitting_sets(system, values, weights=weights(system, self.record, said, force))
        if located.sets == ((),):
            if not any(one in left_out for one in broken):
                return None
            located = Located((), 0.0, (), too_many=False, programs=located.programs)
        first = [cell for rule in broken for cell in force.cells(force.rules[rule])]
        cells = tuple(dict.fromkeys((*first, *group.cells)))
        return replace(self._made(tuple(broken), cells, values, located), system=system, left_out=left_out)

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


def _suspicion(case: Case, trial: Trial, force: InForce) -> Suspicion:
    sets, suggestions = suggest(case, trial)
    return Suspicion(
        return_id=case.return_id,
        unit=case.unit,
        rules=case.rules,
        sets=tuple(tuple(cell.key for cell in cells) for cells in sets),
        conflicts=tuple(tuple(cell.key for cell in cells) for cells in case.conflicts),
        left_out=case.left_out,
        too_many=case.too_many,
        suggestions=suggestions,
        message=message(replace(case, sets=sets), force),
    )
