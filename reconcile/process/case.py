"""Case (疑点案情): one group of broken rules in one return, as the localiser hands it to whoever suggests values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconcile.model.finding import Finding
from reconcile.scheme.expression import Reference
from reconcile.scheme.system import System

CellSet = tuple[Reference, ...]
"""Cells that would be changed together, in the order of the return."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What is broken in one return, among cells that hang together.

    record: the return's row in ReturnsEnvironment. rules: ids of the broken rules, errors first. cells: all cells that may change, those
    of broken rules first. values: as reported, for `cells` and for every constant the system reads (past figures, figures from below);
    NaN where nothing is known. sets: all equally cheap repairs. conflicts: cells that cannot all be right. left_out: ids of rules that no
    linear row can say. system: every rule that must hold after a repair, None where a finding from comparing is all there is: then `sets`
    are what that finding suspects. findings: those this case is about. unproved: ids of rules with products of which it is not proved that
    every set repairs them; a suggestion must all the same.
    """

    return_id: str
    unit: str
    record: int
    rules: tuple[str, ...]
    cells: CellSet
    values: Mapping[Reference, float]
    sets: tuple[CellSet, ...]
    conflicts: tuple[CellSet, ...]
    left_out: tuple[str, ...]
    too_many: bool
    system: System | None
    findings: tuple[Finding, ...]
    unproved: tuple[str, ...] = ()
