"""Robust measures on figures small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reconcile.model.robust import (
    adjusted_fences,
    count_scores,
    effect_scores,
    log_ratios,
    medcouple,
    medians,
    noises,
    rate_prior,
    spreads,
)

NAN = float("nan")


def test_medians_and_spreads_leave_out_what_is_not_known() -> None:
    values = np.array([[1.0, NAN, NAN], [2.0, 5.0, NAN], [9.0, NAN, NAN]])
    np.testing.assert_array_equal(medians(values), [2, 5, NAN])
    np.testing.assert_allclose(spreads(values, medians(values)), [1.4826, 0, NAN])


def test_ratio_of_counts_has_the_noise_of_counting_and_a_floor() -> None:
    now, before = np.array([120.0, 0.0]), np.array([12.0, 3.0])
    np.testing.assert_allclose(log_ratios(now, before), [np.log(120.5 / 12.5), np.log(0.5 / 3.5)])
    np.testing.assert_allclose(noises(now, before), [1 / 120.5 + 1 / 12.5 + 0.0004, 1 / 0.5 + 1 / 3.5 + 0.0004])
    np.testing.assert_allclose(noises(now, before, money=True), [0.0025, 0.0025])


def test_effects_of_too_few_pairs_are_none() -> None:
    result = effect_scores(np.array([0.0, NAN, 5.0]), np.array([3.0, 4.0, 5.0]))
    assert (result.outliers.any(), result.excluded) == (False, 2)
    assert np.isnan(result.scores).all()


def test_a_large_unit_may_change_by_less_than_a_small_one() -> None:
    before = np.array([10.0, 1000.0, *range(100, 140)])
    now = np.array([12.0, 1200.0, *(value + (-1) ** value * 2 for value in range(100, 140))])
    assert effect_scores(now, before, width=30).outliers[:2].tolist() == [False, True]


def test_skewness_and_fences() -> None:
    assert medcouple(np.array([NAN])) != medcouple(np.array([NAN]))
    assert medcouple(np.array([1.0, 2, 3, 4, 5])) == 0
    right = np.exp(np.linspace(-2, 2, 41))
    assert medcouple(right) == -medcouple(-right) > 0.5
    low, high = adjusted_fences(right)
    assert high - np.median(right) > 3 * (np.median(right) - low)
    assert np.isnan(adjusted_fences(np.array([NAN]))).all()


def test_the_medcouple_of_very_many_figures_is_that_of_some_of_them() -> None:
    many = np.exp(np.linspace(-2, 2, 20_001))
    assert medcouple(many) == pytest.approx(medcouple(many[::20]), abs=0.01)


def test_counts_that_are_not_to_be_expected() -> None:
    scores = count_scores(np.array([50.0, 5.0, 0.0, NAN]), np.full(4, 5.0), np.full(4, 0.1))
    assert scores[0] > 5
    assert scores[1] == 0
    assert -3 < scores[2] < 0
    assert np.isnan(scores[3])


def test_units_that_are_alike_have_a_narrow_prior() -> None:
    alike, unlike = [4.0, 5, 6, 5, 4, 6, 5, 5], [1.0, 2, 40, 3, 90, 7, 15, 60]
    shape, rate = rate_prior(np.array([alike, unlike, [1.0] * 7 + [NAN]]).T)
    np.testing.assert_allclose((shape / rate)[:2], [np.mean(np.minimum(one, np.quantile(one, 0.9))) for one in (alike, unlike)])
    assert rate[0] > 10 * rate[1]
    assert np.isnan(shape[2])
    assert np.isnan(rate_prior(np.full((3, 1), NAN))[0]).all()
