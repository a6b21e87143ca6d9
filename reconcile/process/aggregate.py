"""Aggregate (汇总): every indicator over each unit and all below it, with who stands behind the figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.answers import ANSWERS
from reconcile.model.figures import Floats, Subtrees, figures_of, own_figures
from reconcile.model.finding import Finding, Tier
from reconcile.model.indicator import Kind
from reconcile.model.outcome import TOTALS_COLUMNS
from reconcile.model.past import Earlier, Past
from reconcile.model.round import Round, Standing, State
from reconcile.model.unit import UnitTree
from reconcile.scheme.environment import TotalsEnvironment
from reconcile.scheme.expression import value
from reconcile.scheme.scheme import Scheme

Counts = NDArray[np.int64]


def aggregate(
    returns: Round,
    scheme: Scheme,
    *,
    units: UnitTree,
    root: str,
    findings: Iterable[Finding],
    past: Past,
    absent: Collection[str] = (),
) -> pd.DataFrame:
    """Totals with TOTALS_COLUMNS: for each unit at or below `root` that reported or has units below it (`root` itself always), each
    indicator but texts; units in the order of the tree, indicators in the order of the scheme.

    Flows, stocks and flags are added (a flag's total is its count of yeses), exactly and in any order. Rates, and derived figures that
    nobody reported, are computed from totals by their formula; where that is not possible a rate stands if exactly one unit reported
    it. Norms and dates are never added: a unit's row has what it reported itself. `approved` is the same with each adjusted figure in
    place of the reported one. `addends` counts the returns with a number for the indicator itself, also where a rate was computed from
    other totals. `open_errors` counts the error findings about that indicator in the returns that count. `previous` and `closing` leave out
    the units in `absent`, of which nothing was received: both sides of a comparison are then about the same units.
    """
    subtrees = Subtrees.of(units, root)
    codes = [code for code, one in scheme.indicators.items() if one.kind is not Kind.TEXT]
    own = own_figures(returns, scheme.indicators).reindex(index=list(subtrees.codes), columns=codes)
    reported = _totals(own.to_numpy(), subtrees, codes=codes, scheme=scheme)
    adjusted = _with_adjustments(own, returns.adjustments)
    numbers, answered, stand_in = _addends(returns, subtrees, codes)
    made = {
        "value": reported,
        "approved": reported if adjusted is own else _totals(adjusted.to_numpy(), subtrees, codes=codes, scheme=scheme),
        "reported": subtrees.add((answered > 0).astype(np.int64)),
        "expected": _expected(returns, scheme, units=units, subtrees=subtrees, codes=codes),
        "addends": subtrees.add(numbers),
        "open_errors": subtrees.add(_open_errors(returns, findings, subtrees=subtrees, codes=codes)),
        "stand_in": subtrees.add(stand_in) > 0,
        "previous": _earlier(past.previous(returns.period), subtrees, codes=codes, scheme=scheme, absent=absent),
        "closing": _earlier(past.closing(returns.period), subtrees, codes=codes, scheme=scheme, absent=absent),
    }
    kept = [row for row, code in enumerate(subtrees.codes) if row == 0 or code in returns.counted or units.children(code)]
    return _table(made, [subtrees.codes[row] for row in kept], kept=kept, codes=codes)


def _totals(own: Floats, subtrees: Subtrees, *, codes: list[str], scheme: Scheme) -> Floats:
    """Own figures (units × codes) with what the kind of each indicator makes of them up the tree."""
    added = subtrees.totals(own)
    reporters = subtrees.add((~np.isnan(own)).astype(np.int64))
    found = {}
    for column, code in enumerate(codes):
        kind = scheme.indicators[code].kind
        if kind.summed:
            found[code] = added[:, column]
        elif kind is Kind.RATE:  # the sum of one is that one
            found[code] = np.where(reporters[:, column] == 1, added[:, column], np.nan)
        else:
            found[code] = own[:, column]
    for code, formula in scheme.formulas.items():  # each stands after those it needs
        if code not in found:
            continue
        computed = value(formula, TotalsEnvironment(len(subtrees.codes), {("this", "unit"): found}))
        first, second = (computed, found[code]) if scheme.indicators[code].kind is Kind.RATE else (found[code], computed)
        found[code] = np.where(np.isnan(first), second, first)
    return np.column_stack([found[code] for code in codes]) if codes else np.empty((len(subtrees.codes), 0))


def _with_adjustments(own: pd.DataFrame, adjustments: pd.DataFrame) -> pd.DataFrame:
    """Own figures with the adjusted ones in place; where one was adjusted twice, the later date counts. `own` itself where none applies."""
    known = adjustments[adjustments["unit"].isin(own.index) & adjustments["indicator"].isin(own.columns) & adjustments["adjusted"].notna()]
    if known.empty:
        return own
    made = own.copy()
    for unit, code, figure in known.sort_values("date", kind="stable")[["unit", "indicator", "adjusted"]].itertuples(index=False):
        made.at[unit, code] = figure
    return made


def _addends(returns: Round, subtrees: Subtrees, codes: list[str]) -> tuple[Counts, Counts, Counts]:
    """For each unit's own returns (units × codes): how many hold a number, how many an answer, how many stand in for those below."""
    rows = {code: row for row, code in enumerate(subtrees.codes)}
    ids = [one for unit, parts in returns.counted.items() if unit in rows for one in parts]
    at = [rows[unit] for unit, parts in returns.counted.items() if unit in rows for _ in parts]
    numbers = (~np.isnan(figures_of(returns, ids=ids, codes=codes))).astype(np.int64)
    states = returns.states.reindex(index=ids, columns=codes, fill_value=State.ABSENT).to_numpy(dtype=np.int8)
    standing_in = (returns.returns.loc[ids, "standing"] == Standing.STAND_IN).to_numpy(dtype=bool)
    found = []
    for part in (numbers, np.isin(states, ANSWERS), numbers * standing_in[:, None]):
        counts = np.zeros((len(rows), len(codes)), dtype=np.int64)
        np.add.at(counts, at, part.astype(np.int64))
        found.append(counts)
    return found[0], found[1], found[2]


def _expected(returns: Round, scheme: Scheme, *, units: UnitTree, subtrees: Subtrees, codes: list[str]) -> Counts:
    """How many units at or below owe each indicator; -1 where no table of units says who there is."""
    if not units.known:
        return np.full((len(subtrees.codes), len(codes)), -1, dtype=np.int64)
    day = returns.period.last_day
    kinds = [units[code].kind if code in units and units[code].expected(day) else "" for code in subtrees.codes]
    asked = {kind: [scheme.indicators[code].asked_of(kind) for code in codes] for kind in set(kinds)}
    return np.asarray(subtrees.add(np.array([asked[kind] for kind in kinds], dtype=np.int64).reshape(len(kinds), len(codes))))


def _open_errors(returns: Round, findings: Iterable[Finding], *, subtrees: Subtrees, codes: list[str]) -> Counts:
    """Error findings about each indicator in each unit's own returns, of those that count."""
    rows = {code: row for row, code in enumerate(subtrees.codes)}
    columns = {code: column for column, code in enumerate(codes)}
    owners = {one: rows[unit] for unit, parts in returns.counted.items() if unit in rows for one in parts}
    counts = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for finding in findings:
        if finding.tier is Tier.ERROR and finding.return_id in owners:
            for code in set(finding.indicators) & columns.keys():
                counts[owners[finding.return_id], columns[code]] += 1
    return counts


def _earlier(earlier: Earlier | None, subtrees: Subtrees, *, codes: list[str], scheme: Scheme, absent: Collection[str]) -> Floats:
    """Totals of an earlier period, units × codes, without the units in `absent`."""
    if earlier is None:
        return np.full((len(subtrees.codes), len(codes)), np.nan)
    if not absent:
        return earlier.totals.reindex(index=list(subtrees.codes), columns=codes).to_numpy(dtype=np.float64)
    own = earlier.own.reindex(index=list(subtrees.codes), columns=codes)
    own.loc[own.index.isin(list(absent))] = np.nan
    return _totals(own.to_numpy(dtype=np.float64), subtrees, codes=codes, scheme=scheme)


def _table(made: dict[str, NDArray[np.generic]], names: list[str], *, kept: list[int], codes: list[str]) -> pd.DataFrame:
    """The matrices (units × codes) as one long table with declared columns."""
    units = pd.array(names, dtype="str").take(np.repeat(np.arange(len(names)), len(codes)))
    indicators = pd.array(codes, dtype="str").take(np.tile(np.arange(len(codes)), len(names)))
    columns: dict[str, object] = {"unit": units, "indicator": indicators}
    columns.update({name: matrix[kept].ravel() for name, matrix in made.items()})
    return pd.DataFrame(columns, columns=list(TOTALS_COLUMNS)).astype(
        {name: kind for name, kind in TOTALS_COLUMNS.items() if kind != "str"}
    )
