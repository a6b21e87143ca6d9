"""Split units: where one unit became several, what they report together against what was reported before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reconcile.model.figures import Floats, own_figures
from reconcile.model.finding import CellAt, Finding
from reconcile.model.indicator import Kind
from reconcile.model.succession import Group, total_of
from reconcile.scheme.account import Account
from reconcile.scheme.environment import ReturnsEnvironment, TotalsEnvironment
from reconcile.scheme.expression import Missing, evaluate, references
from reconcile.scheme.rules import Rule
from reconcile.scheme.wording import amount, finding

_PERIODS = ("previous", "closing", "last")
_FALLS = 0.5  # of the whole group: reviewers ask when what stands halves or doubles
_RISES = 2.0
_WEIGHTY = 30.0  # from so many on


@dataclass(frozen=True, eq=False)
class _Joint:
    """A group of several units now: its figures now, and then by period, as columns of one record; `said` names it in messages."""

    group: Group
    figures: TotalsEnvironment
    said: str


def split_units(environment: ReturnsEnvironment) -> Iterator[Finding]:
    """Judge groups of merged and split units that have several units now, none of which has an earlier figure of its own.

    Every rule that sets a figure against an earlier one is asked of the group's sums, and what stands (stocks that must be filled in) may
    not halve or double unnoticed (@jump). Only sums to which every unit of the group gave its figure are judged. A finding is told
    of the first of the units, with the cells of all.
    """
    for joint in _joints(environment):
        yield from _rules(joint, environment)
        yield from _jumps(joint, environment)


def _joints(environment: ReturnsEnvironment) -> Iterator[_Joint]:
    concerned = [period for period in _PERIODS if any(len(group.now) > 1 for group in environment.groups(period))]
    own = own_figures(environment.returns, environment.scheme.indicators) if concerned else pd.DataFrame()
    figures: dict[Group, dict[tuple[str, str], dict[str, Floats]]] = {}
    for period in concerned:
        earlier = environment.earlier(period)
        for group in environment.groups(period):
            if earlier is not None and len(group.now) > 1 and group.then:
                known = figures.setdefault(group, {("this", "unit"): _columns(own, group.now, environment)})
                known[period, "unit"] = _columns(earlier.own, group.then, environment)
    for group, known in figures.items():
        now, then = ("、".join(environment.units.name(one) for one in side) for side in (group.now, group.then))
        yield _Joint(group, TotalsEnvironment(1, known), f"{now}合计（由{then}拆分合并而来）：")


def _columns(own: pd.DataFrame, members: tuple[str, ...], environment: ReturnsEnvironment) -> dict[str, Floats]:
    totals = total_of(own, members, environment.units, environment.scheme.indicators)
    return {str(code): np.array([value]) for code, value in zip(own.columns, totals.tolist(), strict=True)}


def _rules(joint: _Joint, environment: ReturnsEnvironment) -> Iterator[Finding]:
    """Rules that look back, broken by the group's sums."""
    kinds = {environment.units[unit].kind for unit in joint.group.now}
    for rule in environment.scheme.rules:
        check = rule.expression
        if check is None or not kinds <= rule.applies_to or all(one.period == "this" for one in references(check)):
            continue
        codes = tuple(dict.fromkeys(one.name for one in references(check) if one.period == "this" and one.kind == "indicator"))
        if rule.when is not None and not evaluate(rule.when, joint.figures, missing=Missing.SKIP).true.all():
            continue
        if evaluate(check, joint.figures, tolerance=rule.tolerance, missing=Missing.SKIP).false.any():
            account = Account(rule, environment.scheme, joint.figures)
            sides = (account.observed(0), account.expected(0), account.difference(0))
            yield _told(rule, account.fields(0), joint, environment, codes=codes, sides=sides)


def _jumps(joint: _Joint, environment: ReturnsEnvironment) -> Iterator[Finding]:
    rule = environment.scheme.named.get("jump")
    if rule is None:
        return
    for code, indicator in environment.scheme.indicators.items():
        known = [(period, joint.figures.figures.get((period, "unit"), {}).get(code)) for period in ("closing", "previous")]
        before = next(((period, float(column[0])) for period, column in known if column is not None and np.isfinite(column[0])), None)
        now = joint.figures.figures["this", "unit"].get(code)
        if indicator.kind is not Kind.STOCK or not indicator.required or now is None or before is None or before[1] < _WEIGHTY:
            continue
        ratio = float(now[0]) / before[1]
        if _FALLS < ratio < _RISES or not np.isfinite(ratio):
            continue
        name = {"closing": "上年末", "previous": "上年同期"}[before[0]]
        value, former = (amount(one, indicator, environment.scheme) for one in (float(now[0]), before[1]))
        fields = {"指标": indicator.name, "值": value, "以往": name + former, "倍数": f"是{name}的{ratio:.1f}倍", "同类": "", "猜测": ""}
        yield _told(rule, fields, joint, environment, codes=(code,), sides=(value, former, ""))


def _told(
    rule: Rule,
    fields: dict[str, str],
    joint: _Joint,
    environment: ReturnsEnvironment,
    *,
    codes: tuple[str, ...],
    sides: tuple[str, str, str],
) -> Finding:
    returns = environment.returns
    ids = [one for unit in joint.group.now for one in returns.counted.get(unit, ())]
    cells: list[CellAt] = [returns.cell(one, code) for one in ids for code in codes]
    unit = joint.group.now[0]
    made = finding(
        rule,
        fields,
        unit=unit,
        unit_name=environment.units.name(unit),
        period=returns.period.written,
        return_id=ids[0] if ids else "",
        indicators=codes,
        cells=tuple(cells),
        observed=sides[0],
        expected=sides[1],
        difference=sides[2],
    )
    return replace(made, message=joint.said + made.message)
