"""Compare (比对): each figure against the unit's own earlier ones and against those of units of the same kind."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.model.finding import Finding
from reconcile.model.past import Past
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.process.clues import Clue, unclaimed
from reconcile.process.expected import expected
from reconcile.process.history import agreed, changes
from reconcile.process.jumps import Evidence, jumps, zeros
from reconcile.process.levels import levels
from reconcile.process.outliers import outliers
from reconcile.process.periods import cumulative_falls, whole_years
from reconcile.process.runs import copied
from reconcile.process.series import Series
from reconcile.process.split import split_units
from reconcile.process.unit_slips import unit_slips
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.wording import finding


def compare(returns: Round, scheme: Scheme, *, units: UnitTree, past: Past) -> tuple[Finding, ...]:
    """Find what does not fit the past or the peers, though every rule within the return may hold.

    Looks for sums in the wrong measure, returns copied from an earlier one, the whole of last year in part of this, cumulative figures
    that fall, sudden zeros, jumps, and, where nothing earlier is known, outliers among units of the same kind. What several of these
    see in one cell is told once, by the first in that order. Wording and tier are rows of rules.csv (`@unit_slip` …); a check without
    a row is left out. Units that merged or split are compared as a group. Findings carry the cells of the return, the main one first.
    """
    environment = ReturnsEnvironment(returns, scheme, units, past)
    series = Series(environment)
    if not series.ids or not series.codes:
        return ()
    found = changes(series)
    evidence = Evidence(series, found, agreed(series, found), expected(series, found), levels(series))
    told = [_told(clue, series) for clue in unclaimed(_clues(evidence)) if clue.check in scheme.named]
    return tuple(sorted((*told, *split_units(environment)), key=lambda one: one.sort_key))


def _clues(evidence: Evidence) -> Iterator[Clue]:
    """Everything that is seen, what explains most first."""
    yield from unit_slips(evidence)
    yield from copied(evidence.series)
    yield from whole_years(evidence)
    yield from cumulative_falls(evidence.series)
    yield from zeros(evidence)
    yield from jumps(evidence)
    yield from outliers(evidence)


def _told(clue: Clue, series: Series) -> Finding:
    first, unit = clue.columns[0], series.owners[clue.row]
    return finding(
        series.scheme.named[clue.check],
        {"指标": series.indicator(first).name, **clue.fields},
        unit=unit,
        unit_name=series.units.name(unit),
        period=series.environment.returns.period.written,
        return_id=series.ids[clue.row],
        indicators=tuple(series.codes[column] for column in clue.columns),
        cells=tuple(series.cell(clue.row, column) for column in clue.columns),
        observed=series.said_now(clue.row, first),
        expected=clue.expected,
        difference=clue.difference,
    )
