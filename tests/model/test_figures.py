"""Exact totals up the tree."""

from __future__ import annotations

import numpy as np
import pytest

from reconcile.model.figures import Subtrees, from_micros, micros
from reconcile.model.unit import Unit, UnitTree

TREE = UnitTree(
    [
        Unit("c", "县", "county"),
        Unit("t1", "甲镇", "town", "c"),
        Unit("t2", "乙镇", "town", "c"),
        Unit("v1", "一村", "village", "t1"),
        Unit("v2", "二村", "village", "t1"),
        Unit("v3", "三村", "village", "t2"),
    ]
)


def column(*figures: float) -> np.ndarray:
    return np.array(figures, dtype=np.float64).reshape(-1, 1)


def test_each_subtree_is_one_run_of_rows() -> None:
    subtrees = Subtrees.of(TREE, "c")
    assert subtrees.codes == ("c", "t1", "v1", "v2", "t2", "v3")
    assert subtrees.ends.tolist() == [6, 4, 3, 4, 6, 6]


def test_totals_take_in_the_unit_and_all_below_it() -> None:
    own = column(100, 10, 1, 2, np.nan, 3)
    assert Subtrees.of(TREE, "c").totals(own).ravel().tolist() == [116, 13, 1, 2, 3, 3]


def test_totals_below_leave_the_unit_itself_out() -> None:
    own = column(100, 10, 1, 2, np.nan, 3)
    found = Subtrees.of(TREE, "c").totals(own, below=True).ravel()
    np.testing.assert_array_equal(found, [16, 3, np.nan, np.nan, 3, np.nan])


def test_missing_is_not_zero() -> None:
    own = column(np.nan, np.nan, 0, np.nan, np.nan, np.nan)
    np.testing.assert_array_equal(Subtrees.of(TREE, "c").totals(own).ravel(), [0, 0, 0, np.nan, np.nan, np.nan])


def test_an_unnamed_top_stands_above_all() -> None:
    flat = UnitTree([Unit("a", "甲", "village"), Unit("b", "乙", "village")], known=False)
    subtrees = Subtrees.of(flat, "")
    assert subtrees.codes == ("", "a", "b")
    assert subtrees.totals(column(np.nan, 1, 2)).ravel().tolist() == [3, 1, 2]


def test_parts_of_ten_add_up_exactly() -> None:
    assert Subtrees.of(TREE, "t1").totals(column(np.nan, 0.1, 0.2)).ravel().tolist() == [0.3, 0.1, 0.2]


@pytest.mark.parametrize(
    ("figures", "total"),
    [
        ((1234567890.12, 0.01), 1234567890.13),  # 元, beyond what scaling in doubles can carry
        ((8_000_000_000_000.5, 7_000_000_000_000.25), 15_000_000_000_000.75),  # beyond 64 bits once scaled
        ((1e12, -1e12), 0.0),
    ],
)
def test_large_amounts_are_exact(figures: tuple[float, float], total: float) -> None:
    pair = UnitTree([Unit("t", "镇", "town"), Unit("v", "村", "village", "t")])
    assert Subtrees.of(pair, "t").totals(column(*figures))[0, 0] == total


def test_micros_switch_to_wider_integers_before_64_bits_overflow() -> None:
    assert micros(column(1, np.nan)).dtype == np.int64
    wide = micros(column(5e12, 5e12))
    assert wide.dtype == object
    assert int(wide.sum()) == 10**19
    assert from_micros(wide).ravel().tolist() == [5e12, 5e12]


def test_infinities_are_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        micros(column(np.inf))
