"""Validate totals: the rules once more on what units and all below them come to, where no return below breaks the same rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.answers import Answers
from reconcile.model.figures import Subtrees
from reconcile.model.finding import CellAt, Finding
from reconcile.model.gathered import own_of
from reconcile.model.indicator import Kind
from reconcile.model.outcome import CHECKS_COLUMNS, Judged
from reconcile.model.round import Round
from reconcile.model.trace import Addends
from reconcile.model.unit import UnitTree
from reconcile.scheme.account import Account
from reconcile.scheme.derived import Derived, Origins, operands
from reconcile.scheme.expression import Arithmetic, Comparison, Expression, Implies, Negative, Reference, evaluate, references
from reconcile.scheme.reach import Figures, kinds_at, reached
from reconcile.scheme.records import TotalsEnvironment
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import walk
from reconcile.scheme.wording import finding

Truths = NDArray[np.bool_]
_TOLD = "汇总数："
_MOST_CELLS = 20


def validate_totals(totals: pd.DataFrame, returns: Round, scheme: Scheme, *, units: UnitTree, findings: Iterable[Finding]) -> Judged:
    """Judge the totals of every unit with units below it. A finding is about the unit: it has no return and no cells.

    A rule is asked of a total only where it makes sense for sums (see `reach`). It is not evaluable where the figures it compares are
    not of the same units (missing is not zero, and neither is —), or where it reaches back to another period and a unit below has not
    answered. A failure is told at the lowest total that shows it, with the first cells of the figures compared, and not where a return at
    or below the unit breaks the same rule.
    """
    codes, environment = _environment(totals, units)
    answers = Answers(returns, units)
    own = own_of(returns, scheme.indicators, units=answers.subtrees.codes)
    derived = Derived.of(own, answers.subtrees, scheme)
    origins = Origins(Addends(returns, units), derived)
    broken: dict[str, set[str]] = {}
    for one in findings:
        broken.setdefault(one.rule, set()).update(units.ancestors(one.unit))
    kinds = Figures.of((one, True) for one in _kinds(units, answers.subtrees, codes))
    found: list[Finding] = []
    checks = []
    for rule in scheme.rules:
        if rule.expression is None:
            continue
        applies = reached(rule, kinds, scheme)
        if not applies.any():
            continue
        known = _comparable(rule.expression, answers, derived, codes=codes)
        passed, failed, unknown = (applies & side for side in _judge(rule, rule.expression, environment, known))
        counts = [int(side.sum()) for side in (passed, failed, unknown)]
        checks.append((rule.id, *counts, int(applies.sum()) - sum(counts)))
        shown = failed & ~np.array([code in broken.get(rule.id, ()) for code in codes], dtype=bool)
        account = Account(rule, scheme, environment)
        for row in _lowest(shown, codes, units):
            told = _failure(account, row, codes[row], period=returns.period.written, name=units.name(codes[row]))
            found.append(replace(told, cells=_cells(rule.expression, origins, codes[row])))
    table = pd.DataFrame(checks, columns=list(CHECKS_COLUMNS)).astype(CHECKS_COLUMNS)
    return Judged(tuple(sorted(found, key=lambda one: one.sort_key)), table)


def _environment(totals: pd.DataFrame, units: UnitTree) -> tuple[tuple[str, ...], TotalsEnvironment]:
    """The units that have units below them, and their totals, one column an indicator."""
    kept = totals[totals["unit"].isin([unit.code for unit in units if units.children(unit.code)])]
    rows, codes = pd.factorize(kept["unit"])
    columns, indicators = pd.factorize(kept["indicator"])
    figures = {}
    for period, name in (("this", "value"), ("previous", "previous"), ("closing", "closing")):
        matrix = np.full((len(codes), len(indicators)), np.nan)
        matrix[rows, columns] = kept[name].to_numpy(dtype=np.float64)
        figures[period, "unit"] = {str(code): matrix[:, column] for column, code in enumerate(indicators)}
    return tuple(str(code) for code in codes), TotalsEnvironment(len(codes), figures)


def _kinds(units: UnitTree, subtrees: Subtrees, codes: tuple[str, ...]) -> list[frozenset[str]]:
    """The kinds of unit that the total of each of `codes` speaks for, as by `kinds_at`; every unit is looked at once."""
    names = list(dict.fromkeys(unit.kind for unit in units))
    place = {kind: number for number, kind in enumerate(names)}
    there = np.zeros((len(subtrees.codes), len(names)), dtype=np.int64)
    for row, code in enumerate(subtrees.codes):
        if code in units:
            there[row, place[units[code].kind]] = 1
    below = subtrees.add(there) > 0
    found = []
    for code in codes:
        few = code not in units or not units.children(code)
        chosen = () if few else np.flatnonzero(below[subtrees.rows[code]]).tolist()
        found.append(kinds_at(units, code, whole=True) if few else frozenset(names[one] for one in chosen))
    return found


def _judge(rule: Rule, check: Expression, environment: TotalsEnvironment, known: Truths) -> tuple[Truths, Truths, Truths]:
    """Where the rule passes, fails, and cannot be judged; where none of the three, its condition does not hold."""
    mode = rule.guard_missing  # who did not answer was told in the returns
    verdict = evaluate(check, environment, tolerance=rule.tolerance, missing=mode)
    true, false = (np.broadcast_to(side, known.shape) & known for side in (verdict.true, verdict.false))
    if rule.when is None:
        return true, false, ~(true | false)
    guard = evaluate(rule.when, environment, missing=mode)
    holds, doubtful = (np.broadcast_to(side, known.shape) for side in (guard.true, guard.unknown))
    return holds & true, holds & false, doubtful | (holds & ~(true | false))


def _comparable(check: Expression, answers: Answers, derived: Derived, *, codes: tuple[str, ...]) -> Truths:
    """For which of `codes` the figures compared speak for the same units.

    Each unit below has a number for all of them or for none; of `part <= whole` it may have one for the whole alone. A rate must be
    computed from figures of the same units. Where an earlier period is compared, every unit below that owes a figure must have answered
    it.
    """
    scheme = derived.scheme
    compared = [tuple(_summed(side, scheme) for side in _ordered(check))]
    rates = [one.name for one in references(check) if one.name in scheme.formulas and scheme.indicators[one.name].kind is Kind.RATE]
    compared += [(parts, parts) for parts in (operands(code, scheme) for code in rates)]
    gaps = np.zeros(len(answers.subtrees.codes), dtype=np.bool_)
    for smaller, larger in compared:
        if smaller and larger:
            below, above = ([derived.gives(code) for code in side] for side in (smaller, larger))
            gaps |= np.logical_or.reduce(below) & ~np.logical_and.reduce(above)
    if any(one.period != "this" for one in references(check)):
        for code in _summed(references(check), scheme):
            gaps |= answers.owing(scheme.indicators[code]) & ~answers.answered(code)
    return ~answers.at_or_below(gaps, codes)


def _summed(sides: tuple[Reference, ...], scheme: Scheme) -> tuple[str, ...]:
    return tuple(one.name for one in sides if one.period == "this" and scheme.indicators[one.name].kind.summed)


def _ordered(check: Expression) -> tuple[tuple[Reference, ...], tuple[Reference, ...]]:
    """What must be the smaller and what the larger, where the check is such a comparison; else all figures on both sides.

    A figure that is taken away works on the other side: then all must have been answered alike.
    """
    check = check.demanded if isinstance(check, Implies) else check
    if not isinstance(check, Comparison) or check.operator in ("==", "!=") or any(_takes_away(part) for part in walk(check)):
        return references(check), references(check)
    left, right = references(check.left), references(check.right)
    return (left, right) if check.operator in ("<", "<=") else (right, left)


def _takes_away(node: Expression) -> bool:
    return isinstance(node, Negative) or (isinstance(node, Arithmetic) and any(operator == "-" for operator, _ in node.rest))


def _lowest(shown: Truths, codes: tuple[str, ...], units: UnitTree) -> list[int]:
    """Of the units shown those with none below them that is shown too."""
    above = {one for row in np.flatnonzero(shown).tolist() for one in units.ancestors(codes[row])[1:]}
    return [row for row in np.flatnonzero(shown).tolist() if codes[row] not in above]


def _cells(check: Expression, origins: Origins, unit: str) -> tuple[CellAt, ...]:
    """Where to look: the cells behind the figures compared, those of one file together, no more than a clerk would go through."""
    by_file: dict[str, list[CellAt]] = {}
    for code in dict.fromkeys(one.name for one in references(check) if one.kind == "indicator" and one.period == "this"):
        for cell in origins.cells(unit, code):
            by_file.setdefault(cell.file, []).append(cell)
    return tuple(islice(dict.fromkeys(cell for cells in by_file.values() for cell in cells), _MOST_CELLS))


def _failure(account: Account, record: int, unit: str, *, period: str, name: str) -> Finding:
    told = finding(
        account.rule,
        account.fields(record),
        unit=unit,
        unit_name=name,
        period=period,
        indicators=account.rule.indicators,
        observed=account.observed(record),
        expected=account.expected(record),
        difference=account.difference(record),
    )
    return replace(told, message=_TOLD + told.message)
