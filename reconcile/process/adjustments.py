"""Adjustments (核定): whether each can be applied. A figure that a person set counts only with its basis, name and date."""

from __future__ import annotations

from reconcile.model.figures import adjustment_faults
from reconcile.model.finding import Finding
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.wording import amount, finding


def examine(returns: Round, scheme: Scheme, *, units: UnitTree) -> tuple[Finding, ...]:
    """A finding (named check `adjustment`) for every entry that is not applied, and why; none where the scheme has no such check."""
    rule = scheme.named.get("adjustment")
    if rule is None:
        return ()
    table = returns.adjustments
    faults = adjustment_faults(returns, units=units, indicators=scheme.indicators)
    found = []
    for fault, (unit, indicator, _, adjusted, *_) in zip(faults, table.to_numpy().tolist(), strict=True):
        if fault:
            known = scheme.indicators.get(str(indicator))
            said = amount(float(adjusted), known, scheme) if known is not None else str(adjusted)
            words = {"指标": scheme.label(str(indicator)), "核定数": said, "原因": fault}
            code = str(unit)
            found.append(
                finding(rule, words, unit=code, unit_name=units.name(code), period=str(returns.period), indicators=(str(indicator),))
            )
    return tuple(found)
