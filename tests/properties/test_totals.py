"""What holds for totals of any tree, any figures and any order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconcile.model.figures import Subtrees
from reconcile.model.past import Past
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.process.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

    Rows = dict[str, dict[str, float | str]]

INDICATORS = """
    A001|职工人数|人|stock|0
    A002|会员人数|人|stock|0
    A003|入会率|%|rate|1||会员人数 / 职工人数 * 100
    C001|救助金额|万元|flow|6
    C002|无人填报|元|flow|2
    A004|职工和会员|人|stock|0||职工人数 + 会员人数
"""
RULES = "A-1|会员人数 <= 职工人数||error||||{会员人数}多于{职工人数}|\nC-1|救助金额 >= 0||error||||{救助金额}|"
CODES = ["A001", "A002", "A003", "C001", "C002", "A004"]

heads = st.integers(min_value=0, max_value=10**7).map(float)
amounts = st.decimals(min_value=-(10**8), max_value=10**8, places=6).map(float)
large = amounts | st.integers(-(10**13), 10**13).map(float)  # beyond what a double, or 64 bits of millionths, can add exactly
nothing = st.sampled_from(["blank", "—", "#REF!", "absent", "nil"])


@st.composite
def trees(draw: st.DrawFn) -> list[Unit]:
    """A tree of up to 20 units under r, its table in any order."""
    size = draw(st.integers(1, 20))
    units = [Unit("r", "根", "county")]
    units += [Unit(f"u{number}", f"单位{number}", "village", draw(st.sampled_from([one.code for one in units]))) for number in range(size)]
    return draw(st.permutations(units))


@st.composite
def rounds(draw: st.DrawFn, money: st.SearchStrategy[float] = amounts) -> tuple[list[Unit], Rows]:
    units = draw(trees())
    rows: Rows = {}
    for unit in units:
        if draw(st.booleans()):
            rows[unit.code] = {"A001": draw(heads | nothing), "A002": draw(heads | nothing), "C001": draw(money | nothing)}
    return units, rows


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS, rules=RULES)


def totals(returns: Round, scheme: Scheme, units: list[Unit], *, root: str = "r") -> pd.DataFrame:
    return aggregate(returns, scheme, units=UnitTree(units), root=root, findings=(), past=Past())


def exact(rows: Rows, code: str) -> Decimal | None:
    """The sum as a person would make it, in decimals; None where nobody reported."""
    said = [row[code] for row in rows.values() if row[code] == "nil" or not isinstance(row[code], str)]
    return sum((Decimal(0) if one == "nil" else Decimal(repr(one)) for one in said), Decimal(0)) if said else None


calm = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@calm
@given(drawn=rounds(money=large))
def test_the_roots_total_is_the_sum_of_all_that_was_reported(
    drawn: tuple[list[Unit], Rows], scheme: Scheme, make_round: Callable[..., Round]
) -> None:
    units, rows = drawn
    table = totals(make_round(rows, codes=CODES), scheme, units).set_index(["unit", "indicator"])["value"]
    for code in ("A001", "A002", "C001"):
        wanted = exact(rows, code)
        found = float(table["r", code])
        assert np.isnan(found) if wanted is None else found == float(wanted)


@calm
@given(drawn=rounds(money=large), data=st.data())
def test_the_order_of_returns_and_units_never_changes_a_total(
    drawn: tuple[list[Unit], Rows], data: st.DataObject, scheme: Scheme, make_round: Callable[..., Round]
) -> None:
    units, rows = drawn
    first = totals(make_round(rows, codes=CODES), scheme, units)
    others = {code: rows[code] for code in data.draw(st.permutations(list(rows)))}
    second = totals(make_round(others, codes=CODES), scheme, data.draw(st.permutations(units)))
    key = ["unit", "indicator"]
    pd.testing.assert_frame_equal(first.sort_values(key, ignore_index=True), second.sort_values(key, ignore_index=True), check_exact=True)


@calm
@given(drawn=rounds())
def test_a_total_is_the_units_own_and_the_totals_below(
    drawn: tuple[list[Unit], Rows], scheme: Scheme, make_round: Callable[..., Round]
) -> None:
    units, rows = drawn
    tree, returns = UnitTree(units), make_round(rows, codes=CODES)
    whole = totals(returns, scheme, units).set_index(["unit", "indicator"])["value"]
    for code in (unit.code for unit in units if tree.children(unit.code)):
        parts: Rows = {code: rows[code]} if code in rows else {}
        for child in tree.children(code):  # each part totalled by itself, as a town does before the county
            alone = totals(returns, scheme, units, root=child).set_index(["unit", "indicator"])["value"]
            parts[child] = {one: "blank" if np.isnan(alone[child, one]) else float(alone[child, one]) for one in ("A001", "A002", "C001")}
        for one in ("A001", "A002", "C001"):
            wanted = exact(parts, one)
            assert np.isnan(whole[code, one]) if wanted is None else whole[code, one] == float(wanted)


@calm
@given(drawn=rounds())
def test_a_rate_is_that_of_the_units_that_gave_both_parts(
    drawn: tuple[list[Unit], Rows], scheme: Scheme, make_round: Callable[..., Round]
) -> None:
    units, rows = drawn
    tree = UnitTree(units)
    found = totals(make_round(rows, codes=CODES), scheme, units).set_index(["unit", "indicator"])["value"]
    for unit in {"r", *rows}:
        both = [(_number(rows[one]["A001"]), _number(rows[one]["A002"])) for one in tree.subtree(unit) if one in rows]
        both = [pair for pair in both if not np.isnan(pair).any()]
        workers, members = (sum(pair[side] for pair in both) for side in (0, 1))
        assert np.isnan(found[unit, "A003"]) if not workers else found[unit, "A003"] == members / workers * 100


@calm
@given(drawn=rounds())
def test_a_derived_sum_is_the_sum_of_its_parts_totals(
    drawn: tuple[list[Unit], Rows], scheme: Scheme, make_round: Callable[..., Round]
) -> None:
    units, rows = drawn
    found = totals(make_round(rows, codes=CODES), scheme, units).set_index(["unit", "indicator"])["value"]
    for unit in {"r", *rows}:
        parts = [found[unit, code] for code in ("A001", "A002")]
        assert np.isnan(found[unit, "A004"]) if np.isnan(parts).all() else found[unit, "A004"] == np.nansum(parts)


@calm
@given(drawn=rounds())
def test_what_nobody_reported_stays_unknown(drawn: tuple[list[Unit], Rows], scheme: Scheme, make_round: Callable[..., Round]) -> None:
    units, rows = drawn
    table = totals(make_round(rows, codes=CODES), scheme, units)
    none = table[table["indicator"] == "C002"]
    assert none["value"].isna().all()
    assert none["approved"].isna().all()
    assert (none[["reported", "addends"]] == 0).all(axis=None)
    assert (table["value"].isna() == (table["addends"] == 0))[table["indicator"].isin(["A001", "A002", "C001"])].all()


@calm
@given(drawn=rounds())
def test_a_findings_cell_holds_the_value_it_names(drawn: tuple[list[Unit], Rows], scheme: Scheme, make_round: Callable[..., Round]) -> None:
    units, rows = drawn
    returns = make_round(rows, codes=CODES)
    judged = validate(returns, scheme, units=UnitTree(units), past=Past())
    broken = {(unit, "A-1") for unit, row in rows.items() if _number(row["A001"]) < _number(row["A002"])}
    broken |= {(unit, "C-1") for unit, row in rows.items() if _number(row["C001"]) < -5e-7}
    assert {(finding.unit, finding.rule) for finding in judged.findings} == broken
    for finding in judged.findings:
        for code, cell in zip(finding.indicators, finding.cells, strict=True):
            assert float(cell.value) == _number(rows[finding.unit][code])
            assert (cell.file, cell.sheet, cell.cell) == (f"{finding.unit}.xlsx", "组织", f"D{CODES.index(code) + 4}")
    assert (judged.checks[["passed", "failed", "not_evaluable", "not_applicable"]].sum(axis=1) == len(rows)).all()


def _number(said: float | str) -> float:
    return 0.0 if said == "nil" else float("nan") if isinstance(said, str) else said


@calm
@given(units=trees(), data=st.data())
def test_totals_below_are_totals_less_the_units_own(units: list[Unit], data: st.DataObject) -> None:
    subtrees = Subtrees.of(UnitTree(units), "r")
    own = np.array([data.draw(st.integers(0, 1000) | st.just(float("nan"))) for _ in subtrees.codes], dtype=np.float64).reshape(-1, 1)
    whole, below = subtrees.totals(own), subtrees.totals(own, below=True)
    both = np.nansum(np.hstack([own, below]), axis=1, keepdims=True)
    np.testing.assert_array_equal(np.where(np.isnan(whole), 0, whole), both)
