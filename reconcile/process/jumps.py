"""Jumps: figures too far from the unit's own history, up, down, or down to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reconcile.model.figures import Floats
from reconcile.model.quantity import format_number
from reconcile.process.clues import Clue
from reconcile.process.expected import Expected
from reconcile.process.history import Agreed, Change
from reconcile.process.levels import Level
from reconcile.process.series import Series
from reconcile.scheme.environment import Truths
from reconcile.scheme.syntax import Comparison, Name, Period

FLAG = 4.0  # robust standard deviations at which a figure is asked about: at most 0.05 false in 100 returns, measured
_HINT = 3.3  # from here on a note, where peers' levels or the effect scores say the same
_BESIDE = 2.5  # standard deviations of the level that count as saying the same
_LEAST_STOCK = float(np.log(2))  # whatever the spread, a reviewer asks when what stands doubles or halves, not before,
_LEAST_FLOW = float(np.log(3))  # and when what happened trebles or falls to a third
_MONEY_LEAST = float(np.log(5))  # sums for few people vary by their number alone; below this factor it is worth a note
_ALONE = 1.0  # standard deviations more are asked for where only one earlier period is known, and nothing bears it out
_MANY_TIMES = 3.5  # a count must be so many times what any earlier period leads to, or that part of it, where only its size speaks
_TOGETHER = 4  # so many figures of one return that jump the same way are one event: a shop closed, units merged
_TENFOLD = float(np.log(10))
_NEAR_TENFOLD = 0.35  # in logs: a factor of 7 to 14 is read as one zero too many or too few


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of every cell of some returns."""

    series: Series
    changes: tuple[Change, ...]
    agreed: Agreed
    expected: Expected
    level: Level


def jumps(evidence: Evidence) -> Iterator[Clue]:
    """Figures that jumped, one clue a cell; several of a return that jumped the same way are one clue (@jump, @jump_weak)."""
    if not evidence.series.periods:
        return
    strong, weak = _strong(evidence), _weak(evidence)
    direction = np.sign(np.where(evidence.agreed.excess != 0, evidence.agreed.excess, np.nan_to_num(evidence.expected.score)))
    for row in np.flatnonzero((strong | weak).any(axis=1)).tolist():
        rest = set(np.flatnonzero(strong[row] | weak[row]).tolist())
        for sign in (1.0, -1.0):
            same = [column for column in np.flatnonzero(strong[row]).tolist() if direction[row, column] == sign]
            if len(same) >= _TOGETHER:
                yield _event(evidence, row, same, up=sign > 0)
                rest -= {column for column in rest if direction[row, column] == sign}
        for column in sorted(rest):
            yield _clue(evidence, row, column, check="jump" if strong[row, column] else "jump_weak")


def _strong(evidence: Evidence) -> Truths:
    """Robust log ratio at its flag against every earlier period; of small counts, the chance of so many or so few."""
    agreed, money = evidence.agreed, evidence.series.money
    flagged = (np.abs(agreed.score) >= _flag(evidence.series)) & (
        np.abs(agreed.excess) >= np.where(money, _MONEY_LEAST, _least(evidence.series))
    )
    return (flagged | _counted(evidence, FLAG)) & ~_stock_as_flow(evidence.series)


def _weak(evidence: Evidence) -> Truths:
    """Short of the flag, where the units of the same kind or the effect scores say the same; sums of money that moved less."""
    agreed, level, least = evidence.agreed, evidence.level, _least(evidence.series)
    same_way = level.score * np.sign(agreed.excess) >= _BESIDE
    hinted = (np.abs(agreed.score) >= _HINT) & (np.abs(agreed.excess) >= least) & (same_way & agreed.effects)
    moved = evidence.series.money & (np.abs(agreed.score) >= FLAG) & (np.abs(agreed.excess) >= least) & agreed.effects
    return (hinted | moved | _counted(evidence, _HINT)) & ~_strong(evidence) & ~_stock_as_flow(evidence.series)


def _flag(series: Series) -> Floats:
    """Robust standard deviations at which to ask: more of a flow of which the same months of last year are not known."""
    former = series.before("previous") if "previous" in series.periods else np.full(series.now.shape, np.nan)
    return np.where(series.flows & np.isnan(former), FLAG + _ALONE, FLAG)


def _least(series: Series) -> Floats:
    return np.where(series.flows, _LEAST_FLOW, _LEAST_STOCK)


def _counted(evidence: Evidence, flag: float) -> Truths:
    """Counts above 0 that by their chance are not to be expected, and many times what each earlier period leads to (or part of it)."""
    series, guess = evidence.series, evidence.expected
    known = np.array([~np.isnan(series.before(period)) for period in series.periods]).sum(axis=0)
    bound = flag + np.where((known > 1) | ~series.flows, 0.0, _ALONE)
    up = (guess.score >= bound) & (series.now >= _MANY_TIMES * np.maximum(guess.most, 1))
    down = (guess.score <= -bound) & (series.now > 0) & (series.now * _MANY_TIMES <= guess.least)
    return np.asarray((up | down) & (guess.most > 0))


def _stock_as_flow(series: Series) -> Truths:
    """Flows that a rule of the form `flow < stock` already asks about: what there is was typed as what is new."""
    found = np.zeros(series.now.shape, dtype=np.bool_)
    place = {code: column for column, code in enumerate(series.codes)}
    for rule in series.scheme.rules:
        match rule.expression:
            case Comparison("<", Name(flow), Name(stock)) if flow.name in place and stock.name in place:
                found[:, place[flow.name]] |= series.now[:, place[flow.name]] >= series.now[:, place[stock.name]]
    return found


def _event(evidence: Evidence, row: int, columns: list[int], *, up: bool) -> Clue:
    """Many figures of one return that moved the same way; the farthest first."""
    series = evidence.series
    ordered = sorted(columns, key=lambda column: -abs(evidence.agreed.score[row, column]))
    shown = "；".join(series.told(row, column) for column in ordered[:3])
    fields = {"项数": str(len(columns)), "方向": "大幅增加" if up else "大幅减少", "例": shown, "口径": series.base(row)}
    return Clue("jump_many", row, tuple(ordered), fields)


def _clue(evidence: Evidence, row: int, column: int, *, check: str) -> Clue:
    series = evidence.series
    period, before = _nearest(evidence, row, column)
    value = float(series.now[row, column])
    fields = {
        "以往": series.history(row, column),
        "倍数": _times(value, before, series.name(period, column)),
        "同类": _usual(evidence, row, column, period),
        "猜测": _guess(float(evidence.agreed.excess[row, column]) or float(np.log(value / before))),
    }
    return Clue(check, row, (column,), fields, series.said(before, column), series.said(abs(value - before), column))


def _nearest(evidence: Evidence, row: int, column: int) -> tuple[Period, float]:
    """The earlier period to compare with in words: the same months of last year where it has a figure above 0, else the next known."""
    known = [(period, float(evidence.series.before(period)[row, column])) for period in evidence.series.periods]
    return next(((period, value) for period, value in known if value > 0), known[0])


def _times(value: float, before: float, name: str) -> str:
    """是上年同期的10倍, 不到上年同期的1成5."""
    if value >= before:
        return f"是{name}的{format_number(value / before, 1)}倍"
    return f"只有{name}的{format_number(value / before * 100, 1)}%"


def _usual(evidence: Evidence, row: int, column: int, period: Period) -> str:
    """，同类单位一般为0.8至1.3倍, of the figure of that period; "" where too few peers have both figures."""
    growth, group = next(one.growth for one in evidence.changes if one.period == period), evidence.series.group[row]
    if not growth.peers[group, column]:
        return ""
    centre, reach = float(growth.usual[group, column]), float(growth.spread[group, column])
    low, high = (format_number(float(np.exp(centre + side * reach)), 2) for side in (-1, 1))
    between = f"{low}至{high}倍" if low != high else f"{low}倍"
    return f"，同类单位一般为{between}"


def _guess(excess: float) -> str:
    """What a hand may have done: one zero too many or too few."""
    if abs(abs(excess) - _TENFOLD) > _NEAR_TENFOLD:
        return ""
    return "，像是多写了一位" if excess > 0 else "，像是少写了一位"
