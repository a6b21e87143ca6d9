"""Validate (审核): every rule over all returns at once. A rule that cannot be judged is counted as such, never as a pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.outcome import CHECKS_COLUMNS, Judged
from reconcile.model.past import Past
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.scheme.account import Account
from reconcile.scheme.applies import in_return, outside
from reconcile.scheme.domains import counted
from reconcile.scheme.environment import Narrowed, ReturnsEnvironment
from reconcile.scheme.expression import Expression, Implied, Missing, aggregates, evaluate, implied, references
from reconcile.scheme.reach import Figures, kinds_at, reached
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.wording import amount, finding

Rows = NDArray[np.int64]


def validate(returns: Round, scheme: Scheme, *, units: UnitTree, past: Past) -> Judged:
    """Judge every rule that is an expression in each return that counts, stands in or is compared.

    Each return that a rule reaches by its kind of unit comes out in one of four ways. Not applicable: one of the rule's cells (its guard's
    among them) says — or is not on the form, or the guard is false. Not evaluable: the guard or the check is unknown, because a cell is
    blank or unreadable or an earlier figure is not known. Else passed or failed, and a failure is a finding. Where an equality of tier
    error fails to be evaluable for a single blank cell, the value that cell must have is asked about (@implied), once a cell.
    """
    environment = ReturnsEnvironment(returns, scheme, units, past)
    speaks = zip(environment.codes, environment.whole.tolist(), strict=True)
    kinds = Figures.of(_speaking(speaks, units))
    found: list[Finding] = []
    checks: list[tuple[str, int, int, int, int]] = []
    asked: dict[tuple[str, str], Finding] = {}
    for rule in scheme.rules:
        if rule.expression is None:
            continue
        outcome = _judge(rule, rule.expression, environment, kinds)
        checks.append((rule.id, *outcome.counts))
        found.extend(_failures(outcome, environment, units))
        for cell, query in _implied(outcome, environment, units):
            asked.setdefault(cell, query)
    found.extend(asked.values())
    table = pd.DataFrame(checks, columns=list(CHECKS_COLUMNS)).astype(CHECKS_COLUMNS)
    return Judged(tuple(sorted(found, key=lambda one: one.sort_key)), table)


def _speaking(speaks: Iterable[tuple[str, bool]], units: UnitTree) -> Iterator[tuple[frozenset[str], bool]]:
    """The kinds of unit that each return speaks for, and whether for all below it."""
    alone: dict[str, frozenset[str]] = {}
    for code, whole in speaks:
        kind = "" if whole or code not in units else units[code].kind
        found = alone.get(kind) if kind else kinds_at(units, code, whole=whole)
        if found is None:
            found = alone[kind] = kinds_at(units, code, whole=False)
        yield found, whole


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """How one rule came out. `judged`: the records of the environment on which the check itself was evaluated, `within`: these alone;
    `alone` tells that the rule is about all of them together. counts: passed, failed, not evaluable, not applicable."""

    rule: Rule
    judged: Rows
    within: Narrowed
    failed: Rows  # places in `judged`
    unknown: Rows  # places in `judged`
    counts: tuple[int, int, int, int]
    alone: bool


def _judge(rule: Rule, check: Expression, environment: ReturnsEnvironment, kinds: Figures) -> _Outcome:
    applies = reached(rule, kinds, environment.scheme)
    if aggregates(check):
        applies &= ~environment.whole  # a mean over units must not meet totals among them
    apart = outside(rule, environment, environment.scheme) & applies
    rows = np.flatnonzero(applies & ~apart)
    not_applicable, not_evaluable = int(apart.sum()), 0
    if rule.when is not None:
        guard = evaluate(rule.when, environment.at(rows), missing=rule.guard_missing)
        holds, fails = (np.broadcast_to(side, rows.shape) for side in (guard.true, guard.false))
        not_applicable += int(fails.sum())
        not_evaluable = int((~holds & ~fails).sum())
        rows = rows[holds]
    within = environment.at(rows)
    if not rows.size:
        return _Outcome(rule, rows, within, rows, rows, (0, 0, not_evaluable, not_applicable), alone=False)
    verdict = evaluate(check, within, tolerance=rule.tolerance, missing=rule.missing)
    counts = (int(verdict.true.sum()), int(verdict.false.sum()), not_evaluable + int(verdict.unknown.sum()), not_applicable)
    failed, unknown = np.flatnonzero(verdict.false), np.flatnonzero(verdict.unknown)
    return _Outcome(rule, rows, within, failed, unknown, counts, alone=verdict.scalar)


def _cells(node: Expression | None) -> tuple[str, ...]:
    """Codes of the cells of the return that an expression speaks of, in order."""
    return () if node is None else tuple(dict.fromkeys(one.name for one in references(node) if in_return(one)))


def _failures(outcome: _Outcome, environment: ReturnsEnvironment, units: UnitTree) -> Iterator[Finding]:
    """A finding for each failure, with every cell of the return that the rule reads; those of its guard where it reads none itself."""
    rule, returns = outcome.rule, environment.returns
    account = Account(rule, environment.scheme, outcome.within)
    indicators = rule.indicators or _cells(rule.when)
    cells = _cells(rule.expression) or indicators
    for place in outcome.failed.tolist():
        record = int(outcome.judged[place])
        one, unit = environment.ids[record], environment.codes[record]
        if outcome.alone:
            one, unit = "", units.common(environment.codes[row] for row in outcome.judged.tolist()) or ""
        yield finding(
            rule,
            account.fields(place),
            unit=unit,
            unit_name=units.name(unit),
            period=returns.period.written,
            return_id=one,
            indicators=indicators,
            cells=_places(returns, one, cells),
            observed=account.observed(place),
            expected=account.expected(place),
            difference=account.difference(place),
        )


def _places(returns: Round, one: str, codes: tuple[str, ...]) -> tuple[CellAt, ...]:
    return tuple(returns.cell(one, code) for code in codes) if one else ()


def _implied(outcome: _Outcome, environment: ReturnsEnvironment, units: UnitTree) -> Iterator[tuple[tuple[str, str], Finding]]:
    """What single blank cells must be for an equality of tier error to hold, where that is not 0; with the cell it is about."""
    rule, asking = outcome.rule, environment.scheme.named.get("implied")
    if (
        asking is None
        or rule.tier is not Tier.ERROR
        or rule.missing is not Missing.SKIP
        or not outcome.unknown.size
        or rule.expression is None
    ):
        return
    known: Implied | None = implied(rule.expression, outcome.within)
    if known is None:
        return
    account = Account(rule, environment.scheme, outcome.within)
    for place in outcome.unknown.tolist():
        value, reference = float(known.values[place]), known.references[known.index[place]]
        if known.index[place] < 0 or not in_return(reference) or not abs(value) > rule.tolerance:
            continue
        record, code = int(outcome.judged[place]), reference.name
        one, unit = environment.ids[record], environment.codes[record]
        said = amount(value, environment.scheme.indicators[code], environment.scheme)
        shown = f"{said}，小于0，说明算式中的其他各项有误" if value < 0 and counted(reference, environment.scheme) else said
        codes = (code, *(other for other in _cells(rule.expression) if other != code))
        query = finding(
            asking,
            {"指标": environment.scheme.label(code), **account.fields(place), "应为": shown},
            unit=unit,
            unit_name=units.name(unit),
            period=environment.returns.period.written,
            return_id=one,
            indicators=codes,
            cells=_places(environment.returns, one, codes),
            observed="",
            expected=said,
            difference="",
        )
        yield (one, code), query
