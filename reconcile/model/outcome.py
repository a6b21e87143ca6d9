"""Outcome (结果): everything about one round that the reports read. Reports compute nothing; what they print stands here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reconcile.model.finding import Finding, Tier
from reconcile.model.past import Past
from reconcile.model.suspicion import Suspicion

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.model.period import Period
    from reconcile.model.round import Round
    from reconcile.model.unit import UnitTree

TOTALS_COLUMNS: dict[str, str] = {
    "unit": "str",  # the unit at the top of what is totalled: it and all below
    "indicator": "str",
    "value": "float64",  # reported total in the indicator's measure; NaN where nobody below reported it
    "approved": "float64",  # the same with adjustments in place of what they replace; equal to value where there are none
    "reported": "int64",  # units at or below that answered the indicator itself and owe it (all, where nobody says who owes): <= expected
    "expected": "int64",  # units at or below that owe it; -1 where no table of units was given
    "addends": "int64",  # returns with a number for the indicator itself, also where the value was computed from other figures
    "open_errors": "int64",  # findings of tier error that touch one of the addends' cells of this indicator
    "stand_in": "bool",  # whether a 汇总 return stands in for units of which nothing was read
    "previous": "float64",  # the total of the same period of last year, without the units absent this time; NaN where unknown
    "closing": "float64",  # the same at the end of last year
}
"""Totals (汇总数), one row a unit with children (and each unit that reported, in a round that is not large) and indicator."""

DIFFERENCES_COLUMNS: dict[str, str] = {
    "unit": "str",
    "indicator": "str",
    "own": "float64",  # the total the unit reported itself (汇总 return)
    "computed": "float64",  # the total computed from below
    "difference": "float64",  # own − computed
    "return": "str",
}
"""Differences (差额)."""

CHECKS_COLUMNS: dict[str, str] = {
    "rule": "str",
    "passed": "int64",
    "failed": "int64",
    "not_evaluable": "int64",  # a cell it needs is missing or unreadable: never a pass
    "not_applicable": "int64",  # its condition does not hold, or a cell says —
}
"""How often each rule was judged, on returns and on totals, and how it came out."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who reported: unit codes in the order of the table. `late` are among `reported`; `unreadable` sent a file nobody could read."""

    expected: tuple[str, ...]
    reported: tuple[str, ...]
    missing: tuple[str, ...]
    unreadable: tuple[str, ...]
    late: tuple[str, ...]

    @property
    def received(self) -> tuple[str, ...]:
        """Expected units that reported: 实报. Others may have reported too, who owe nothing this time."""
        reported = set(self.reported)
        return tuple(code for code in self.expected if code in reported)

    @property
    def absent(self) -> tuple[str, ...]:
        """Expected units of which nothing counts, nothing having come or been readable. Their earlier figures are not compared with."""
        return (*self.missing, *self.unreadable)


@dataclass(frozen=True)
class Outcome:
    """One judged and totalled round, about the unit `root` and all below it. `edition` is the 数据版本, a short hash of all inputs."""

    period: Period
    root: str
    units: UnitTree
    round: Round
    totals: pd.DataFrame
    findings: tuple[Finding, ...]
    checks: pd.DataFrame
    differences: pd.DataFrame
    coverage: Coverage
    past: Past
    edition: str
    suspicions: tuple[Suspicion, ...] = ()

    def suspicion(self, finding: Finding) -> Suspicion | None:
        """What is suspected where this finding is; None where nothing is.

        A rule may be broken at several places of a return, each with a suspicion of its own: the one that names a figure of the finding;
        of several that name none, none.
        """
        some = self._suspicions.get((finding.return_id, finding.rule), [])
        named = (one for one in some if any(code in finding.indicators for cells in one.sets for code in cells))
        return next(named, some[0] if len(some) == 1 else None)

    @cached_property
    def _suspicions(self) -> dict[tuple[str, str], list[Suspicion]]:
        found: dict[tuple[str, str], list[Suspicion]] = {}
        for one in self.suspicions:
            for rule in one.rules:
                found.setdefault((one.return_id, rule), []).append(one)
        return found

    @property
    def subject(self) -> str:
        """The unit that the reports speak of: the root, or where there is none the only top unit; "" for several without a common top."""
        tops = self.units.children("")
        return self.root or (tops[0] if len(tops) == 1 else "")

    @property
    def draft(self) -> bool:
        """Whether the narrative is headed （初稿）: while any error stands."""
        return any(finding.tier is Tier.ERROR for finding in self.findings)

    def count(self, tier: Tier) -> int:
        """Number of findings of one tier."""
        return sum(finding.tier is tier for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules found, in the order of Finding.sort_key, and how often each was judged (CHECKS_COLUMNS)."""

    findings: tuple[Finding, ...]
    checks: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Tallied:
    """Totals that units reported themselves against those computed from below (DIFFERENCES_COLUMNS), and what is to be asked about them."""

    differences: pd.DataFrame
    findings: tuple[Finding, ...]


def all_checks(*tables: pd.DataFrame) -> pd.DataFrame:
    """Several tables of CHECKS_COLUMNS as one: each rule once, in order of first appearance, its counts added."""
    import pandas as pd

    return pd.concat(tables, ignore_index=True).groupby("rule", sort=False, as_index=False).sum()[list(CHECKS_COLUMNS)]
