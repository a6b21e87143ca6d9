"""Compare (比对): each figure against the unit's own earlier ones and against those of units of the same kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconcile.model.finding import Finding
from reconcile.model.past import Past
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.process.clues import Clue, unclaimed
from reconcile.process.expected import Rates, expected, usual_rates
from reconcile.process.history import Growth, agreed, changes, growths
from reconcile.process.jumps import Evidence, jumps
from reconcile.process.levels import Usual, levels, usual_levels
from reconcile.process.outliers import outliers
from reconcile.process.periods import cumulative_falls, whole_years
from reconcile.process.runs import Sameness, copied, usual_sameness
from reconcile.process.series import Series
from reconcile.process.split import split_units
from reconcile.process.unit_slips import unit_slips
from reconcile.process.zeros import Losses, usual_losses, zeros
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import Period
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
    if not len(series.ids) or not series.codes:
        return ()
    usual = _learnt(series)
    told = [
        _told(clue, part)
        for part in series.parts()
        for clue in unclaimed(_clues(_evidence(part, usual), usual))
        if clue.check in scheme.named
    ]
    return tuple(sorted((*told, *split_units(environment)), key=lambda one: one.sort_key))


@dataclass(frozen=True, slots=True, eq=False)
class _Usual:
    """What is usual in the whole round, so that each return can be judged by itself."""

    growths: tuple[Growth, ...]
    rates: Rates
    levels: Usual
    sameness: Mapping[Period, Sameness]
    losses: Losses


def _learnt(series: Series) -> _Usual:
    learned = growths(series)
    return _Usual(learned, usual_rates(series, learned), usual_levels(series), usual_sameness(series), usual_losses(series))


def _evidence(part: Series, usual: _Usual) -> Evidence:
    found = changes(part, usual.growths)
    return Evidence(part, found, agreed(part, found), expected(part, found, usual.rates), levels(part, usual.levels))


def _clues(evidence: Evidence, usual: _Usual) -> Iterator[Clue]:
    """Everything that is seen, what explains most first."""
    yield from unit_slips(evidence)
    yield from copied(evidence.series, usual.sameness)
    yield from whole_years(evidence)
    yield from cumulative_falls(evidence.series)
    yield from zeros(evidence.series, usual.losses)
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
