"""Aggregate (汇总): every indicator over each unit and all below it, with who stands behind the figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reconcile.model.figures import Floats, Subtrees, rows_of
from reconcile.model.finding import Finding, Tier
from reconcile.model.gathered import Gathered, adjusted_of, own_of, without
from reconcile.model.indicator import Kind
from reconcile.model.outcome import TOTALS_COLUMNS
from reconcile.model.past import Earlier, Past
from reconcile.model.round import Round, Standing, many
from reconcile.model.unit import UnitTree
from reconcile.process.addition import Addition, Owing, answers_of
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
    indicator but texts; units in the order of the tree, indicators in the order of the scheme. Where more than LARGE reported, only
    for units with others below them and those whose own total is compared: what a single unit comes to stands in its return.

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
    kept = subtrees.of_some(_kept(returns, units, subtrees))
    add = Addition(scheme, codes, subtrees, kept)
    own = own_of(returns, scheme.indicators, units=subtrees.codes)
    adjusted = adjusted_of(own, returns, units=subtrees.codes, known=subtrees.rows, indicators=codes)
    reported = add.totals(own)
    owing = _owing(returns, scheme, units=units, subtrees=subtrees, codes=codes)
    counts = add.counts(answers_of(add, returns, owing))
    expected = None if owing is None else owing.counts(add)
    made = {
        "value": reported,
        "approved": reported if adjusted is own else add.totals(adjusted),
        "reported": counts["counted"] if expected is None else np.minimum(counts["counted"], expected),
        "expected": np.full(reported.shape, -1, dtype=np.int64) if expected is None else expected,
        "addends": counts["numbers"],
        "open_errors": kept.add(_open_errors(returns, findings, add=add)),
        "stand_in": counts["stand_in"] > 0,
        "previous": _earlier(past.previous(returns.period), add, units=units, absent=absent),
        "closing": _earlier(past.closing(returns.period), add, units=units, absent=absent),
    }
    return _table(made, list(kept.codes), codes=codes)


def _kept(returns: Round, units: UnitTree, subtrees: Subtrees) -> list[int]:
    """The rows of the units that get totals."""
    few = not many(len(returns.counted))
    register = returns.returns
    compared = set(register.loc[register["standing"] == Standing.COMPARED, "unit"])
    return [
        row
        for row, code in enumerate(subtrees.codes)
        if row == 0 or units.children(code) or (few and code in returns.counted) or (not few and code in compared)
    ]


def _owing(returns: Round, scheme: Scheme, *, units: UnitTree, subtrees: Subtrees, codes: list[str]) -> Owing | None:
    """Which units themselves owe each indicator, which is a matter of their kind; None where no table of units says who there is."""
    if not units.known:
        return None
    day = returns.period.last_day
    kinds = [units[code].kind if code in units and units[code].expected(day) else "" for code in subtrees.codes]
    sorts = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
    asked = [[scheme.indicators[code].asked_of(kind) for code in codes] for kind in sorts]
    table = np.array(asked, dtype=np.bool_).reshape(len(sorts), len(codes))
    return Owing(np.array([sorts[kind] for kind in kinds], dtype=np.int64), table)


def _open_errors(returns: Round, findings: Iterable[Finding], *, add: Addition) -> Counts:
    """Error findings about each indicator in each unit's own returns, of those that count; where each is counted."""
    columns = {code: column for column, code in enumerate(add.codes)}
    counts = np.zeros((len(add.kept.codes), len(columns)), dtype=np.int64)
    rows, wrong = add.subtrees.rows, [one for one in findings if one.tier is Tier.ERROR and one.return_id]
    owners = {one: unit for unit, ids in returns.counted.items() for one in ids} if wrong else {}
    for finding in wrong:
        row = rows.get(owners[finding.return_id]) if finding.return_id in owners else None
        if row is not None:
            for code in set(finding.indicators) & columns.keys():
                counts[add.targets[row], columns[code]] += 1
    return counts


def _earlier(earlier: Earlier | None, add: Addition, *, units: UnitTree, absent: Collection[str]) -> Floats:
    """Totals of an earlier period, kept units × codes, without the units in `absent`."""
    codes, names = add.codes, add.subtrees.codes
    if earlier is None:
        return np.full((len(add.kept.codes), len(codes)), np.nan)
    if absent:
        return add.totals(without(Gathered.of(earlier.own, names), names, frozenset(absent)))
    found = Gathered.of(earlier.totals, add.kept.codes).block(codes)
    lost = np.flatnonzero(rows_of(earlier.totals.index, add.kept.codes) < 0).tolist()
    leaves = [row for row in lost if not units.children(add.kept.codes[row])]
    if leaves:  # a large round has no totals of single units: what they reported is all there is
        found[leaves] = add.totals(Gathered.of(earlier.own, names))[leaves]
    return found


def _table(made: dict[str, NDArray[np.generic]], names: list[str], *, codes: list[str]) -> pd.DataFrame:
    """The matrices (units × codes) as one long table with declared columns."""
    units = pd.array(names, dtype="str").take(np.repeat(np.arange(len(names)), len(codes)))
    indicators = pd.array(codes, dtype="str").take(np.tile(np.arange(len(codes)), len(names)))
    columns: dict[str, object] = {"unit": units, "indicator": indicators}
    columns.update({name: matrix.ravel() for name, matrix in made.items()})
    return pd.DataFrame(columns, columns=list(TOTALS_COLUMNS)).astype(
        {name: kind for name, kind in TOTALS_COLUMNS.items() if kind != "str"}
    )
