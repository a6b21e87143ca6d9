"""Large rounds: what bounds the work never changes what comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from reconcile.model.figures import own_figures
from reconcile.model.gathered import Gathered
from reconcile.model.past import Earlier, Past
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.process.compare import compare
from reconcile.process.likeness import alike
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Reference

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

INDICATORS = """
    A001|职工人数|人|stock
    A002|会员人数|人|stock
    A003|入会率|%|rate|1||会员人数 / 职工人数 * 100
    A004|救助金额|万元|flow|2
    A005|标准|元|norm|2
    A006|职工和会员|人|stock|0||职工人数 + 会员人数
    A007|培训人数|人|flow
"""
CHECKS = "\n".join(f"{name}|@{name}||query||||{{指标}}|" for name in ("jump", "jump_many", "unit_slip", "column_slip", "copied", "outlier"))
CODES = ["A001", "A002", "A003", "A004", "A005", "A006", "A007"]
VILLAGES = 40
TREE = UnitTree(
    [
        Unit("c", "县", "county"),
        *(Unit(f"t{town}", f"{town}镇", "town", "c") for town in range(4)),
        *(Unit(f"v{number:02d}", f"{number}村", "village", f"t{number % 4}") for number in range(VILLAGES)),
    ]
)


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS, rules=CHECKS)


def figures(seed: int, *, wrong: bool = False) -> dict[str, dict[str, float | str]]:
    """Villages and a town's own return; with `wrong`, some figures slipped."""
    chance = np.random.default_rng(seed)
    made: dict[str, dict[str, float | str]] = {"t1": {"A001": 7.0, "A002": 6.0, "A005": 3.5}}
    for number in range(VILLAGES):
        base = 100.0 + 10 * number
        sway = chance.uniform(0.95, 1.05, 4)
        row = {
            "A001": round(base * sway[0]),
            "A002": round(base * sway[1]),
            "A004": round(base * sway[2]) / 10,
            "A007": round(base * sway[3]),
        }
        made[f"v{number:02d}"] = {code: float(value) for code, value in row.items()}
    if wrong:
        made["v03"]["A007"] = 9000.0
        made["v07"]["A004"] = float(made["v07"]["A004"]) * 10_000
        made["v09"]["A001"] = "blank"
    return made


def past_of(scheme: Scheme, make_round: Callable[..., Round]) -> Past:
    before = make_round(figures(1), codes=CODES, period="2022H1")
    sums = aggregate(before, scheme, units=TREE, root="c", findings=(), past=Past())
    totals = sums.pivot(index="unit", columns="indicator", values="value")
    return Past([Earlier(before.period, own_figures(before, scheme.indicators), totals, before)])


@pytest.mark.parametrize("cells", [1, 30, 1 << 18])
def test_the_size_of_blocks_changes_no_finding_and_no_total(
    cells: int, scheme: Scheme, make_round: Callable[..., Round], monkeypatch: pytest.MonkeyPatch
) -> None:
    returns, past = make_round(figures(2, wrong=True), codes=CODES), past_of(scheme, make_round)
    wanted = compare(returns, scheme, units=TREE, past=past), compare(returns, scheme, units=TREE, past=Past())
    totals = aggregate(returns, scheme, units=TREE, root="c", findings=(), past=past)
    for place in ("reconcile.process.series._CELLS", "reconcile.process.addition._CELLS"):
        monkeypatch.setattr(place, cells)
    assert (compare(returns, scheme, units=TREE, past=past), compare(returns, scheme, units=TREE, past=Past())) == wanted
    assert {one.unit for one in wanted[0]} >= {"v03", "v07"}
    again = aggregate(returns, scheme, units=TREE, root="c", findings=(), past=past)
    pd.testing.assert_frame_equal(again, totals, check_exact=True)


def test_of_many_units_only_those_with_others_below_have_rows(
    scheme: Scheme, make_round: Callable[..., Round], monkeypatch: pytest.MonkeyPatch
) -> None:
    returns, past = make_round(figures(2), codes=CODES), past_of(scheme, make_round)
    every = aggregate(returns, scheme, units=TREE, root="c", findings=(), past=past)
    monkeypatch.setattr("reconcile.model.round.LARGE", 5)
    some = aggregate(returns, scheme, units=TREE, root="c", findings=(), past=past)
    assert list(dict.fromkeys(some["unit"])) == ["c", "t0", "t1", "t2", "t3"]
    wanted = every[every["unit"].isin(["c", "t0", "t1", "t2", "t3"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(some, wanted, check_exact=True)


def test_what_single_units_reported_earlier_is_found_without_rows_of_theirs(
    scheme: Scheme, make_round: Callable[..., Round], monkeypatch: pytest.MonkeyPatch
) -> None:
    returns, full = make_round(figures(2), codes=CODES), past_of(scheme, make_round)
    monkeypatch.setattr("reconcile.model.round.LARGE", 5)
    lean = past_of(scheme, make_round)
    below = Reference("A006", period="previous", of="children")
    found = [ReturnsEnvironment(returns, scheme, TREE, past).figure(below) for past in (full, lean)]
    np.testing.assert_array_equal(*found)
    assert np.isfinite(found[0][0])  # the town's
    monkeypatch.setattr("reconcile.model.round.LARGE", 500)
    tables = [aggregate(returns, scheme, units=TREE, root="c", findings=(), past=past) for past in (full, lean)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_copies_are_found_however_few_pairs_are_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(3)
    rows = chance.integers(10, 4000, (120, 12)).astype(np.float64)
    rows[70], rows[90] = rows[5], rows[5]
    rows[90, 0] += 1
    units = np.arange(120, dtype=np.int64)
    wanted = alike(rows, units)
    assert [(pair.first, pair.second) for pair in wanted] == [(5, 70), (5, 90), (70, 90)]
    for place in ("_PAIRS_AT_ONCE", "_CELLS"):
        monkeypatch.setattr(f"reconcile.process.likeness.{place}", 1)
    assert alike(rows, units) == wanted


def test_gathered_rows_are_those_of_the_table() -> None:
    table = pd.DataFrame({"A001": [1.0, 2.0], "A002": [3.0, np.nan]}, index=["a", "b"])
    found = Gathered.of(table, ["b", "x", "a"])
    np.testing.assert_array_equal(found.block(["A002", "Z9", "A001"]), [[np.nan, np.nan, 2], [np.nan] * 3, [3, np.nan, 1]])
    changed = found.with_rows([1], {"A001": np.array([7.0])})
    np.testing.assert_array_equal(changed.column("A001"), [2, 7, 1])
    np.testing.assert_array_equal(changed.block(["A001", "A002"], slice(1, 3)), [[7, np.nan], [1, 3]])
    assert len(replace(found, rows=found.rows[:1])) == 1
