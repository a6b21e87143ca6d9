"""Planters of what a unit's past belies. Written without looking at the finders."""

from __future__ import annotations

import numpy as np
from planted_draft import Draft, Fault
from planted_faults import LISTED, PLANTERS, Rng, alone, fault, in_rules, pick, planter

__all__ = ["PLANTERS"]

_CHAINS = (("A014", "A012"), ("A001", "A023"), ("B015", "B014"))


@planter("one cell carried over from last year", asked="rule")
def carried_cell(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The figure of the same half of last year, or of its end, left standing."""
    when = str(rng.choice(["previous", "closing"]))
    code = pick(rng, [code for code in in_rules(draft, one) if draft.earlier(one, code, when) >= 1])
    return code and fault("carried_cell", draft, one, {code: draft.earlier(one, code, when)})


@planter("last year's whole-year figures in flows")
def whole_year(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The annual figures, in one section with at least three of them or on the whole form; what lists feed is counted anew."""
    indicators = draft.world.scheme.indicators
    flows = [code for code in draft.codes(one) if indicators[code].kind == "flow" and code not in LISTED]
    yearly = {code: draft.earlier(one, code, "closing") for code in flows if draft.earlier(one, code, "closing") > 0}
    sections = sorted({code[0] for code in yearly if sum(other[0] == code[0] for other in yearly) >= 3})
    section = pick(rng, sections) if rng.random() < 0.5 else ""
    if section is None:
        return None
    return fault("whole_year", draft, one, {code: value for code, value in yearly.items() if code.startswith(section)})


@planter("what there is typed as what was new", asked="rule")
def stock_as_flow(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """新增 = 期末."""
    codes = set(draft.codes(one))
    chains = [(stock, flow) for stock, flow in _CHAINS if {stock, flow} <= codes and draft.get(one, stock) > max(draft.get(one, flow), 2)]
    if not chains:
        return None
    stock, flow = chains[int(rng.integers(len(chains)))]
    return fault("stock_as_flow", draft, one, {flow: draft.get(one, stock)})


@planter("opening is not last year's closing", asked="rule")
def opening(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The opening from a register of one's own; those who left are made to fit."""
    more = float(rng.integers(1, 12))
    left = draft.get(one, "A013")
    return fault("opening", draft, one, {"A011": draft.get(one, "A011") + more, "A013": (0 if np.isnan(left) else left) + more})


@planter("only the second quarter reported", asked="rule")
def falls(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """A figure that runs from January, started again in April."""
    before = {code: draft.earlier(one, code, "last") for code in ("A012", "C004", "D017", "G002") if code in draft.codes(one)}
    falling = {code: draft.get(one, code) - quarter for code, quarter in before.items() if quarter > draft.get(one, code) - quarter > 0}
    code = pick(rng, sorted(falling))
    return code and fault("falls", draft, one, {code: falling[code]})


@planter("a sudden zero")
def sudden_zero(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """0 where there were twenty and more for years."""
    codes = [code for code in draft.codes(one, holds=lambda value: value >= 20, money=False) if draft.earlier(one, code) >= 20]
    code = pick(rng, codes)
    return code and fault("sudden_zero", draft, one, {code: 0.0})


@planter("a jump that is no slip of digits, only history")
def jump(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Another unit's figure, or pure invention: 4 to 9 times as much."""
    code = pick(rng, [code for code in alone(draft, one) if draft.get(one, code) >= 10])
    return code and fault("jump", draft, one, {code: float(round(draft.get(one, code) * rng.uniform(4, 9)))})
