"""Rule (审核关系): what must hold, with tier, tolerance and wording as data."""

from __future__ import annotations

from dataclasses import dataclass

from reconcile.model.finding import Tier
from reconcile.scheme.expression import Expression, Implies, Missing


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of rules.csv, parsed, its names resolved to codes.

    Either `expression` is set, or `named` (the name of a check that is no expression, without @). `when` narrows where the rule applies.
    `tolerance` is in the measure of what is compared, one and the same for check, live formula and localiser. `indicators` are the codes
    the check speaks of, in order. `applies_to` are kinds of unit.
    """

    id: str
    check: str
    expression: Expression | None
    named: str
    when: Expression | None
    tier: Tier
    tolerance: float
    missing: Missing
    applies_to: frozenset[str]
    message: str
    advice: str
    indicators: tuple[str, ...]

    @property
    def demanded(self) -> Expression | None:
        """What the rule demands, without its conditions; None for a named check."""
        return self.expression.demanded if isinstance(self.expression, Implies) else self.expression

    @property
    def guard_missing(self) -> Missing:
        """How a guard takes what is missing: as the rule does, except that a missing figure never makes a guard fail."""
        return Missing.SKIP if self.missing is Missing.FAIL else self.missing


def rounding_tolerance(figures: int, *, decimals: int) -> float:
    """How far apart the two sides of a relation may be because each of its `figures` was rounded to its last digit: half a digit each, at
    most five digits; no number of rounded parts excuses more.
    """
    return float(min(figures / 2, 5) * 10.0**-decimals)
