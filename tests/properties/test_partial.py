"""Partials: any cut of the units, combined in any order, comes to the same, however large the figures are."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.model.figures import micros
from reconcile.model.partial import Partial, added, combined

calm = settings(max_examples=60, deadline=None)
wholes = st.integers(-(10**21), 10**21) | st.integers(-(10**9), 10**9)  # the largest: 10¹⁵ in millionths
rows = st.lists(st.tuples(st.sampled_from("abcde"), wholes, wholes, st.integers(0, 9)), min_size=1, max_size=20)


def partial(lines: list[tuple[str, int, int, int]]) -> Partial:
    """One partial of several rows: a unit, two sums, a count."""
    sums = np.array([line[1:3] for line in lines], dtype=object).reshape(len(lines), 2)
    small = all(abs(int(one)) < 2**62 for one in sums.ravel())
    counts = np.array([line[3:] for line in lines], dtype=np.int64).reshape(len(lines), 1)
    return Partial.of([line[0] for line in lines], sums.astype(np.int64) if small else sums, counts)


def both_of(one: Partial, other: Partial) -> Partial:
    return combined((one, other))


@calm
@given(lines=rows, data=st.data())
def test_any_cut_and_order_comes_to_the_same(lines: list[tuple[str, int, int, int]], data: st.DataObject) -> None:
    whole = partial(lines)
    shuffled = data.draw(st.permutations(lines))
    cut = data.draw(st.integers(0, len(lines)))
    parts = [partial([line]) for line in shuffled[:cut]] + ([partial(shuffled[cut:])] if shuffled[cut:] else [])
    one_by_one, at_once = reduce(both_of, parts), combined(reversed(parts))
    for made in (one_by_one, at_once):
        assert made == whole
        assert made.sums.dtype == whole.sums.dtype
    wanted = {unit: sum(line[1] for line in lines if line[0] == unit) for unit in whole.units}
    assert dict(zip(whole.units, map(int, whole.sums[:, 0]), strict=True)) == wanted


@calm
@given(one=rows, other=rows, third=rows)
def test_combining_is_associative_and_commutative(
    one: list[tuple[str, int, int, int]], other: list[tuple[str, int, int, int]], third: list[tuple[str, int, int, int]]
) -> None:
    a, b, c = partial(one), partial(other), partial(third)
    assert both_of(a, b) == both_of(b, a)
    assert both_of(both_of(a, b), c) == both_of(a, both_of(b, c))


def test_the_nations_largest_figures_do_not_overflow() -> None:
    figure = micros(np.full((1, 1), 1e15))  # one union with a thousand billion 元
    count = np.ones((1, 1), dtype=np.int64)
    province = Partial.of(["p"], figure * 90_000, count * 90_000)
    nation = combined([province] * 31)
    assert int(nation.sums[0, 0]) == 31 * 90_000 * 10**21
    assert nation.counts.tolist() == [[31 * 90_000]]


def test_64_bits_stay_64_bits_where_there_is_room() -> None:
    near = Partial.of(["a"], np.array([[2**61]]), np.array([[1]]))
    both = both_of(near, near)
    assert both.sums.dtype == object
    assert int(both.sums[0, 0]) == 2**62
    back = both_of(both, Partial.of(["a"], np.array([[-(2**61)]]), np.array([[0]])))
    assert back.sums.dtype == np.int64
    assert back.sums.tolist() == [[2**61]]


def test_only_like_can_be_combined() -> None:
    one = Partial.of(["a"], np.array([[1]]), np.array([[1]]))
    with pytest.raises(ValueError, match="same figures"):
        both_of(one, Partial.of(["a"], np.array([[1, 2]]), np.array([[1]])))
    with pytest.raises(ValueError, match="same figures"):
        combined([])
    assert one != "a"
    assert len({one, combined([one])}) == 1


@pytest.mark.parametrize("at", [[0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 0, 2], [5, 0, 5, 0, 5, 5], [0, 0, 1, 1, 2, 2]])
def test_rows_are_added_where_they_belong(at: list[int]) -> None:
    figures = np.arange(12, dtype=np.int64).reshape(6, 2)
    found = added(figures, np.array(at, dtype=np.int64), 6)
    assert found.tolist() == [
        [sum(figures[row, column] for row in range(6) if at[row] == place) for column in (0, 1)] for place in range(6)
    ]
