"""Aggregate (汇总): every indicator over each unit and all below it, with who stands behind the figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.answers import ANSWERS
from reconcile.model.figures import Floats, Subtrees, adjusted_figures, figures_of, own_figures
from reconcile.model.finding import Finding, Tier
from reconcile.model.indicator import Kind
from reconcile.model.outcome import TOTALS_COLUMNS
from reconcile.model.past import Earlier, Past
from reconcile.model.round import Round, Standing, State
from reconcile.model.unit import UnitTree
from reconcile.scheme.derived import Derived
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

    Flows, stocks and flags are added (a flag's total is its count of yeses), exactly and in any order; a derived figure that a unit did not
    report is first computed from the unit's own parts (see `derived`). Rates are computed by their formula from the units that gave all of
    its parts; where none did, a rate stands if exactly one unit reported it. Norms and dates are never added: a unit's row has what it
    reported itself. `approved` is the same with each adjusted figure in place of the reported one. `addends` counts the returns with a
    number for the indicator itself, also where the total was computed from other figures; `reported` counts the units that answered the
    indicator itself, of those that owe it. `open_errors` counts the error findings about that indicator in the returns that count.
    `previous` and `closing` leave out the units in `absent`, of which nothing was received: both sides of a comparison are then about the
    same units.
    """
    subtrees = Subtrees.of(units, root)
    codes = [code for code, one in scheme.indicators.items() if one.kind is not Kind.TEXT]
    own = own_figures(returns, scheme.indicators).reindex(index=list(subtrees.codes), columns=codes)
    reported = _totals(own, subtrees, scheme)
    adjusted = adjusted_figures(own, returns.adjustments)
    numbers, answered, stand_in = _addends(returns, subtrees, codes)
    owing = _owing(returns, scheme, units=units, subtrees=subtrees, codes=codes)
    made = {
        "value": reported,
        "approved": reported if adjusted is own else _totals(adjusted, subtrees, scheme),
        "reported": _reported(answered, stand_in, owing=owing, subtrees=subtrees),
        "expected": np.full(answered.shape, -1, dtype=np.int64) if owing is None else subtrees.add(owing),
        "addends": subtrees.add(numbers),
        "open_errors": subtrees.add(_open_errors(returns, findings, subtrees=subtrees, codes=codes)),
        "stand_in": subtrees.add(stand_in) > 0,
        "previous": _earlier(past.previous(returns.period), subtrees, codes=codes, scheme=scheme, absent=absent),
        "closing": _earlier(past.closing(returns.period), subtrees, codes=codes, scheme=scheme, absent=absent),
    }
    kept = [row for row, code in enumerate(subtrees.codes) if row == 0 or code in returns.counted or units.children(code)]
    return _table(made, [subtrees.codes[row] for row in kept], kept=kept, codes=codes)


def _totals(own: pd.DataFrame, subtrees: Subtrees, scheme: Scheme) -> Floats:
    """Own figures (unit × code, units as in `subtrees`) with what the kind of each indicator makes of them up the tree, as a matrix."""
    derived = Derived.of(own, subtrees, scheme)
    figures = derived.own.to_numpy(dtype=np.float64)
    made = subtrees.totals(figures)
    reporters = subtrees.add((~np.isnan(figures)).astype(np.int64))
    for column, code in enumerate(derived.own.columns):
        kind = scheme.indicators[code].kind
        if kind is Kind.RATE:
            computed = derived.rate(code)
            alone = np.where(reporters[:, column] == 1, made[:, column], np.nan)  # the sum of one is that one
            made[:, column] = np.where(np.isnan(computed), alone, computed)
        elif not kind.summed:
            made[:, column] = figures[:, column]
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


def _owing(returns: Round, scheme: Scheme, *, units: UnitTree, subtrees: Subtrees, codes: list[str]) -> Counts | None:
    """Which units themselves owe each indicator (1 or 0); None where no table of units says who there is."""
    if not units.known:
        return None
    day = returns.period.last_day
    kinds = [units[code].kind if code in units and units[code].expected(day) else "" for code in subtrees.codes]
    asked = {kind: [scheme.indicators[code].asked_of(kind) for code in codes] for kind in set(kinds)}
    return np.array([asked[kind] for kind in kinds], dtype=np.int64).reshape(len(kinds), len(codes))


def _reported(answered: Counts, stand_in: Counts, *, owing: Counts | None, subtrees: Subtrees) -> Counts:
    """How many units answered, of those that owe the figure, so that never more answered than owe it.

    A unit that was not asked counts only as the stand-in for those below it that were.
    """
    if owing is None:
        return np.asarray(subtrees.add((answered > 0).astype(np.int64)))
    counted = (answered > 0) & ((owing > 0) | (stand_in > 0))
    return np.minimum(subtrees.add(counted.astype(np.int64)), subtrees.add(owing))


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
    return _totals(earlier.own_without(absent).reindex(index=list(subtrees.codes), columns=codes), subtrees, scheme)


def _table(made: dict[str, NDArray[np.generic]], names: list[str], *, kept: list[int], codes: list[str]) -> pd.DataFrame:
    """The matrices (units × codes) as one long table with declared columns."""
    units = pd.array(names, dtype="str").take(np.repeat(np.arange(len(names)), len(codes)))
    indicators = pd.array(codes, dtype="str").take(np.tile(np.arange(len(codes)), len(names)))
    columns: dict[str, object] = {"unit": units, "indicator": indicators}
    columns.update({name: matrix[kept].ravel() for name, matrix in made.items()})
    return pd.DataFrame(columns, columns=list(TOTALS_COLUMNS)).astype(
        {name: kind for name, kind in TOTALS_COLUMNS.items() if kind != "str"}
    )
