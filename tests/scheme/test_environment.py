"""Where figures come from: returns, lists, earlier periods, the units below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.environment import ReturnsEnvironment, TotalsEnvironment, directly_below
from reconcile.scheme.expression import Reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

TREE = UnitTree([Unit("t", "镇", "town"), Unit("v1", "一村", "village", "t"), Unit("v2", "二村", "village", "t")])
NAN = float("nan")


@pytest.fixture(scope="module")
def environment(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> ReturnsEnvironment:
    scheme = make_scheme(
        "A001|职工人数|人|stock\nA002|入会率|%|rate|1\nT001|做法|文字|text",
        lists="名册|姓名|姓名|text||是|A001:count\n名册|金额|金额|number|元||",
        form="封面|cover||||\n名册|list|名册|||",
    )
    returns = make_round(
        {"t": {"A001": 9}, "v2": {"A001": "blank", "A002": 50}, "old": {"A001": 4}, "v1": {"A001": 3, "A002": 60}},
        standings={"t": "compared", "old": "superseded"},
        owners={"old": "v1"},
        lists=[("v1", "名册", 4, "姓名", "甲", NAN), ("v1", "名册", 4, "金额", "0.1", 0.1), ("v1", "名册", 6, "金额", "0.2", 0.2)],
        texts=[("v2", "T001", "走访")],
    )
    own = pd.DataFrame({"A001": [5.0, 6.0]}, index=["v1", "v2"])
    totals = pd.DataFrame({"A001": [11.0, 5.0, 6.0]}, index=["t", "v1", "v2"])
    period = Period.parse("2022")
    assert period is not None
    return ReturnsEnvironment(returns, scheme, TREE, Past([Earlier(period, own, totals, returns)]))


def test_records_are_the_returns_that_are_judged(environment: ReturnsEnvironment) -> None:
    assert (environment.ids, environment.codes, environment.whole.tolist()) == (("t", "v2", "v1"), ("t", "v2", "v1"), [True, False, False])


@pytest.mark.parametrize(
    ("reference", "figures"),
    [
        (Reference("A001"), [9, NAN, 3]),
        (Reference("Z999"), [NAN, NAN, NAN]),
        (Reference("A001", of="children"), [3, NAN, NAN]),
        (Reference("A002", of="children"), [NAN, NAN, NAN]),  # rates are not added
        (Reference("A001", period="closing"), [11, 6, 5]),  # a return for all below is set beside the total
        (Reference("A001", period="previous"), [NAN, NAN, NAN]),
        (Reference("A001", period="last"), [NAN, NAN, NAN]),
        (Reference("A001", period="closing", of="children"), [11, NAN, NAN]),
        (Reference("A001", period="previous", of="children"), [NAN, NAN, NAN]),
    ],
)
def test_figures(environment: ReturnsEnvironment, reference: Reference, figures: list[float]) -> None:
    np.testing.assert_array_equal(environment.figure(reference), figures)


def test_what_is_absent(environment: ReturnsEnvironment) -> None:
    assert environment.absent(Reference("A001")).tolist() == [False, True, False]
    assert environment.absent(Reference("Z999")).all()
    assert environment.absent(Reference("A001", of="children")).tolist() == [False, True, True]
    assert environment.absent(Reference("T001")).tolist() == [True, False, True]
    assert environment.words(Reference("T001")).tolist() == [None, "走访", None]


def test_lists(environment: ReturnsEnvironment) -> None:
    np.testing.assert_array_equal(environment.rows("名册"), [NAN, 0, 2])  # a return for all below leaves the lists to them
    np.testing.assert_array_equal(environment.column_total("名册", "金额"), [NAN, 0, 0.3])


def test_some_records_of_it(environment: ReturnsEnvironment) -> None:
    some = environment.at(np.array([2, 0]))
    assert (some.size, some.figure(Reference("A001")).tolist(), some.rows("名册").tolist()[0]) == (2, [3, 9], 2)
    assert some.absent(Reference("A001")).tolist() == [False, False]
    assert some.column_total("名册", "金额").tolist()[0] == 0.3
    assert some.words(Reference("T001")).tolist() == [None, None]


def test_totals_know_no_lists_and_no_other_period() -> None:
    totals = TotalsEnvironment(2, {("this", "unit"): {"A001": np.array([1.0, NAN])}})
    np.testing.assert_array_equal(totals.figure(Reference("A001")), [1, NAN])
    assert totals.absent(Reference("A001")).tolist() == [False, True]
    for unknown in (totals.figure(Reference("A001", period="last")), totals.rows("名册"), totals.column_total("名册", "金额")):
        assert np.isnan(unknown).all()


def test_directly_below_adds_exactly_and_knows_no_zero_from_nothing() -> None:
    totals = pd.DataFrame({"A001": [9.0, 0.1, 0.2], "A002": [9.0, NAN, NAN]}, index=["t", "v1", "v2"])
    found = directly_below(totals, TREE)
    assert found.index.tolist() == ["t"]
    np.testing.assert_array_equal(found.to_numpy(), [[0.3, NAN]])
