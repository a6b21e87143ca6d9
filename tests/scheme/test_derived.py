"""Derived figures: completed sums, the units a rate speaks for, and the cells behind both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from reconcile.model.figures import Subtrees, own_figures
from reconcile.model.trace import Addends
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.derived import Derived, Origins, completed, operands

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

NAN = float("nan")
UNITS = UnitTree(
    [
        Unit("t", "镇", "town"),
        Unit("v1", "一村", "village", "t"),
        Unit("v2", "二村", "village", "t"),
        Unit("v3", "三村", "village", "t"),
    ]
)
INDICATORS = """
    X1|专职|人|stock
    X2|兼职|人|stock
    X3|合计|人|stock|0||专职 + 兼职
    X4|应有|人|stock
    X5|配备率|%|rate|1||合计 / 应有 * 100
    X6|净增|人|flow|0||专职 - 兼职
    X7|同比|%|rate|1||专职 / previous(专职)
    X8|经费|万元|flow|2
    X9|总经费|万元|flow|2||sum(经费, 经费)
"""


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS)


@pytest.fixture
def origins(scheme: Scheme, make_round: Callable[..., Round]) -> Origins:
    """一村 wrote the sum itself, 二村 only its parts, 三村 only one part and nothing to divide by."""
    rows: dict[str, dict[str, float | str]] = {
        "v1": {"X1": 1, "X2": 2, "X3": 4, "X4": 8},
        "v2": {"X1": 2, "X2": 3, "X4": 5},
        "v3": {"X2": 7},
    }
    returns = make_round(rows, codes=list(scheme.indicators))
    own = own_figures(returns, scheme.indicators)
    return Origins(Addends(returns, UNITS), Derived.of(own, Subtrees.of(UNITS, "t"), scheme))


def test_own_rows_are_completed_and_what_was_reported_stands(scheme: Scheme) -> None:
    own = pd.DataFrame(
        {
            "X1": [1.0, 2.0, NAN, NAN],
            "X2": [2.0, NAN, 7.0, NAN],
            "X3": [9.0, NAN, NAN, NAN],
            "X6": NAN,
            "X8": [0.1, 0.7, NAN, NAN],
            "X9": NAN,
        },
        index=["a", "b", "c", "d"],
    )
    made = completed(own, scheme)
    assert made["X3"].tolist()[:3] == [9, 2, 7]
    assert made["X6"].tolist()[:1] == [-1]
    assert made["X6"].isna().tolist() == [False, True, True, True]  # a difference needs both
    assert made["X9"].tolist()[:2] == [0.2, 1.4]
    assert made.loc["d"].isna().all()
    assert own["X3"].isna().sum() == 3


def test_what_a_rate_is_computed_from(scheme: Scheme) -> None:
    assert operands("X5", scheme) == ("X3", "X4")
    assert operands("X7", scheme) == ()  # another period: not from totals
    assert operands("X1", scheme) == ()


def test_the_basis_of_a_rate(origins: Origins) -> None:
    basis = origins.derived.basis("t", "X5")
    assert basis is not None
    assert (basis.units, basis.partial) == ({"v1", "v2"}, True)
    alone = origins.derived.basis("v1", "X5")
    assert alone is not None
    assert (alone.units, alone.partial) == ({"v1"}, False)
    assert origins.derived.basis("v3", "X5") is None
    assert origins.derived.basis("nowhere", "X5") is None
    assert origins.derived.unlike("t", "X5")
    assert origins.derived.rate("X5").tolist()[:2] == [pytest.approx(9 / 13 * 100), 50]


def test_cells_of_a_sum_are_each_units_own_or_its_parts(origins: Origins) -> None:
    found = sorted((cell.file, cell.cell, cell.value) for cell in origins.cells("t", "X3"))
    assert found == [("v1.xlsx", "D6", "4"), ("v2.xlsx", "D4", "2"), ("v2.xlsx", "D5", "3"), ("v3.xlsx", "D5", "7")]


def test_cells_of_a_rate_are_those_of_the_units_that_gave_all_parts(origins: Origins) -> None:
    found = sorted((cell.file, cell.cell) for cell in origins.cells("t", "X5"))
    assert found == [("v1.xlsx", "D6"), ("v1.xlsx", "D7"), ("v2.xlsx", "D4"), ("v2.xlsx", "D5"), ("v2.xlsx", "D7")]
    assert [cell.cell for cell in origins.cells("v3", "X2")] == ["D5"]
