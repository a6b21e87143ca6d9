"""Totals over a unit and all below it: what each kind of indicator comes to, and who stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from reconcile.model.finding import Finding, Tier
from reconcile.model.outcome import TOTALS_COLUMNS
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

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
INDICATORS = """
    A001|职工人数|人|stock|0|village
    A002|会员人数|人|stock|0|village
    A003|入会率|%|rate|1|village|会员人数 / 职工人数 * 100
    A004|新增会员|人|flow|0|village
    A005|是否试点|是否|flag|0|village
    A006|最低工资标准|元|norm|2|village;county
    A007|救助金额|万元|flow|2|village
    A008|男会员人数|人|stock|0||会员人数 - 新增会员
    T001|主要做法|文字|text
"""


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS)


def totals(
    returns: Round, scheme: Scheme, *, findings: tuple[Finding, ...] = (), past: Past | None = None, units: UnitTree = TREE, root: str = "c"
) -> pd.DataFrame:
    return aggregate(returns, scheme, units=units, root=root, findings=findings, past=past or Past())


def at(table: pd.DataFrame, unit: str, code: str, column: str = "value") -> float:
    row = table[(table["unit"] == unit) & (table["indicator"] == code)]
    assert len(row) == 1
    return row[column].iloc[0]


def test_columns_dtypes_and_order(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({"v3": {"A001": 3}, "v1": {"A001": 1}}), scheme)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == TOTALS_COLUMNS
    assert list(dict.fromkeys(table["unit"])) == ["c", "t1", "v1", "t2", "v3"]  # v2 neither reported nor has units below it
    assert list(table["indicator"][:9]) == ["A001", "A002", "A003", "A004", "A005", "A006", "A007", "A008", "A001"]


def test_stocks_flows_and_flags_are_added(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    rows = {
        "v1": {"A001": 10, "A004": 1, "A005": 1},
        "v2": {"A001": 20, "A004": "nil", "A005": 0},
        "v3": {"A001": 30, "A004": 2, "A005": 1},
    }
    table = totals(make_round(rows), scheme)
    assert [at(table, "c", code) for code in ("A001", "A004", "A005")] == [60, 3, 2]
    assert [at(table, "t1", code) for code in ("A001", "A004", "A005")] == [30, 1, 1]


def test_what_nobody_reported_is_missing_and_not_zero(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({"v1": {"A001": "blank", "A004": "—"}, "v3": {"A001": "#REF!", "A004": "nil"}}), scheme)
    assert np.isnan(at(table, "c", "A001"))
    assert np.isnan(at(table, "t1", "A004"))
    assert at(table, "c", "A004") == 0


def test_parts_of_wan_yuan_add_up_exactly(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({"v1": {"A007": 0.1}, "v2": {"A007": 0.2}, "v3": {"A007": 2.1}}), scheme)
    assert (at(table, "t1", "A007"), at(table, "c", "A007")) == (0.3, 2.4)


def test_rates_are_computed_from_totals_and_never_added(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    rows = {"v1": {"A001": 100, "A002": 50, "A003": 50}, "v2": {"A001": 300, "A002": 300, "A003": 99}, "v3": {"A001": 0, "A002": 0}}
    table = totals(make_round(rows), scheme)
    assert at(table, "t1", "A003") == 87.5
    assert at(table, "v2", "A003") == 100  # its own numbers, not the rate it wrote
    assert np.isnan(at(table, "t2", "A003"))  # 0 / 0
    assert at(table, "t1", "A003", "addends") == 2


def test_a_rate_that_cannot_be_computed_stands_if_one_unit_alone_reported_it(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    alone = totals(make_round({"v1": {"A003": 81.5}, "v2": {"A001": 7}}), scheme)
    assert (at(alone, "v1", "A003"), at(alone, "c", "A003")) == (81.5, 81.5)
    both = totals(make_round({"v1": {"A003": 81.5}, "v2": {"A003": 81.5}}), scheme)
    assert at(both, "v1", "A003") == 81.5
    assert np.isnan(at(both, "t1", "A003"))


def test_norms_are_only_the_units_own(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({"v1": {"A006": 1950.5}, "v2": {"A006": 1950.5}, "c": {"A006": 2070}}), scheme)
    assert (at(table, "v1", "A006"), at(table, "c", "A006")) == (1950.5, 2070)
    assert np.isnan(at(table, "t1", "A006"))


def test_a_derived_figure_is_what_each_unit_reported_else_what_its_parts_come_to(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    rows = {"v1": {"A002": 10, "A004": 4, "A008": 7}, "v2": {"A002": 5, "A004": 1}, "v3": {"A002": 3}}
    table = totals(make_round(rows), scheme)
    assert [at(table, unit, "A008") for unit in ("v1", "v2", "t1", "c")] == [7, 4, 11, 11]
    assert np.isnan(at(table, "t2", "A008"))  # a difference needs both its parts
    assert [at(table, unit, "A008", "addends") for unit in ("t1", "c")] == [1, 1]


def test_a_sum_is_completed_where_a_part_is_known(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    cadres = "X1|专职|人|stock|0|village;town\nX2|兼职|人|stock|0|village\nX3|专兼职|人|stock|0|town|专职 + 兼职"
    rows: dict[str, dict[str, float | str]] = {
        "t1": {"X1": 1, "X3": 3},
        "v1": {"X1": 4, "X2": 16, "X3": "absent"},
        "v2": {"X1": "—", "X2": 5},
        "v3": {"X1": "blank"},
    }
    table = totals(make_round(rows), make_scheme(cadres))
    assert [at(table, unit, "X3") for unit in ("v1", "v2", "t1", "c")] == [20, 5, 28, 28]  # parent: the sum of the columns below it
    assert np.isnan(at(table, "t2", "X3"))
    assert [at(table, "c", "X3", column) for column in ("reported", "expected", "addends")] == [1, 2, 1]


def test_never_more_units_answer_than_owe(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    scheme = make_scheme("X1|人数|人|stock|0|village")
    rows = {"c": {"X1": 1}, "t1": {"X1": 1}, "v1": {"X1": 1}, "v2": {"X1": 1}, "v3": {"X1": 1}}
    table = totals(make_round(rows), scheme)
    assert [at(table, "c", "X1", column) for column in ("value", "reported", "expected")] == [5, 3, 3]
    stands_in = totals(make_round({"t1": {"X1": 9}}, standings={"t1": "stand_in"}), scheme)
    assert [at(stands_in, "t1", "X1", column) for column in ("value", "reported", "expected")] == [9, 1, 2]


def test_a_rate_is_of_the_units_that_gave_all_its_parts(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    rows = {"v1": {"A001": 10, "A002": 5}, "v2": {"A002": 490, "A003": 99}, "v3": {"A001": 100, "A002": 90}}
    table = totals(make_round(rows), scheme)
    assert [at(table, unit, "A003") for unit in ("t1", "t2")] == [50, 90]
    assert at(table, "c", "A003") == pytest.approx(95 / 110 * 100)
    assert at(table, "v2", "A003") == 99  # its own: nothing to compute it from
    assert [at(table, "c", code) for code in ("A001", "A002")] == [110, 585]
    apart = totals(make_round({"v1": {"A001": 10}, "v2": {"A002": 49}}), scheme)
    assert np.isnan(at(apart, "t1", "A003"))


def test_parts_of_a_rate_are_followed_through_sums_and_rates(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    scheme = make_scheme(
        "X1|甲|人|stock\nX2|乙|人|stock\nX3|甲乙|人|stock|0||甲 + 乙\nX4|丙|人|stock\nX5|占比|%|rate|1||甲乙 / 丙\nX6|折合|%|rate|1||占比 * 乙"
    )
    rows = {"v1": {"X1": 3, "X2": 1, "X4": 2}, "v2": {"X1": 5, "X4": 8}, "v3": {"X2": 100}}
    table = totals(make_round(rows), scheme)
    assert at(table, "c", "X5") == 0.9  # (4 + 5) / (2 + 8): a sum stands where one of its parts is known
    assert at(table, "c", "X6") == 2  # 4 / 2 * 1: only one unit gave all three


def test_earlier_rates_and_sums_leave_out_the_absent_in_the_same_way(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    codes = list(scheme.indicators)[:-1]
    own = pd.DataFrame(np.nan, index=["v1", "v2", "v3"], columns=codes)
    own.loc["v1", ["A001", "A002"]] = [10, 5]
    own.loc["v2", "A002"] = 490
    own.loc["v3", ["A001", "A002"]] = [100, 90]
    period = Period.parse("2022H1")
    assert period is not None
    returns = make_round({"v1": {"A001": 10, "A002": 5}}, codes=codes)
    past = Past([Earlier(period, own, pd.DataFrame(), returns)])
    table = aggregate(returns, scheme, units=TREE, root="c", findings=(), past=past, absent=("v3",))
    assert at(table, "c", "A003", "previous") == 50
    assert at(table, "c", "A002", "previous") == 495


def test_compared_returns_are_never_added_and_stand_ins_are_marked(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    rows = {"t1": {"A001": 999}, "v1": {"A001": 1}, "v2": {"A001": 2}, "t2": {"A001": 30, "A004": "blank"}}
    table = totals(make_round(rows, standings={"t1": "compared", "t2": "stand_in"}), scheme)
    assert [at(table, unit, "A001") for unit in ("t1", "t2", "c")] == [3, 30, 33]
    assert [bool(at(table, unit, "A001", "stand_in")) for unit in ("t1", "t2", "c")] == [False, True, True]
    assert not at(table, "c", "A004", "stand_in")


def test_only_counted_versions_are_added(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    rows = {"old": {"A001": 5}, "new": {"A001": 7}, "what": {"A001": 900}}
    standings = {"old": "superseded", "what": "unassigned"}
    table = totals(make_round(rows, standings=standings, owners={"old": "v1", "new": "v1", "what": ""}), scheme)
    assert at(table, "c", "A001") == 7


def test_parts_of_one_unit_are_added_and_counted_once(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    rows = {"a": {"A001": 5, "A006": 10}, "b": {"A001": 7, "A006": 10}, "d": {"A001": 1, "A006": 3}, "e": {"A006": 4}}
    table = totals(make_round(rows, owners={"a": "v1", "b": "v1", "d": "v2", "e": "v2"}), scheme)
    assert (at(table, "v1", "A001"), at(table, "t1", "A001")) == (12, 13)
    assert (at(table, "t1", "A001", "addends"), at(table, "t1", "A001", "reported")) == (3, 2)
    assert at(table, "v1", "A006") == 10
    assert np.isnan(at(table, "v2", "A006"))  # two parts that disagree


def test_who_answered_and_who_owes(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({"v1": {"A001": 1}, "v2": {"A001": "—"}, "v3": {"A001": "blank"}}), scheme)
    assert [at(table, "c", "A001", column) for column in ("reported", "expected", "addends")] == [2, 3, 1]
    assert at(table, "c", "A006", "expected") == 4  # villages and the county


def test_without_a_table_of_units_nobody_is_known_to_owe(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    guessed = UnitTree([Unit("v1", "一村", "village"), Unit("v2", "二村", "village")], known=False)
    table = totals(make_round({"v1": {"A001": 1}, "v2": {"A001": 2}}), scheme, units=guessed, root="")
    assert (at(table, "", "A001"), at(table, "", "A001", "expected")) == (3, -1)


def test_units_that_were_closed_owe_nothing(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    day = make_round({}, codes=["A001"]).period.last_day
    units = UnitTree([Unit("t", "镇", "town"), Unit("v1", "一村", "village", "t"), Unit("v2", "二村", "village", "t", closed=day)])
    table = totals(make_round({"v1": {"A001": 1}}), scheme, units=units, root="t")
    assert at(table, "t", "A001", "expected") == 1


def test_adjustments_replace_the_units_own_figure_in_approved_only(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    adjustments = [("v1", "A002", 50, 60, "2023-07-08"), ("v1", "A002", 50, 80, "2023-07-05"), ("nowhere", "A002", 1, 2, "2023-07-01")]
    rows = {"v1": {"A001": 100, "A002": 50}, "v2": {"A001": 100, "A002": 40}}
    table = totals(make_round(rows, adjustments=adjustments), scheme)
    assert [at(table, unit, "A002", "value") for unit in ("v1", "t1", "c")] == [50, 90, 90]
    assert [at(table, unit, "A002", "approved") for unit in ("v1", "t1", "c")] == [60, 100, 100]
    assert (at(table, "t1", "A003"), at(table, "t1", "A003", "approved")) == (45, 50)
    assert (at(table, "v2", "A002"), at(table, "v2", "A002", "approved")) == (40, 40)


def error(return_id: str, *codes: str, tier: Tier = Tier.ERROR) -> Finding:
    return Finding(tier, "R", "", "", "2023H1", return_id, codes, (), "", "", "", "", "")


def test_open_errors_are_those_of_the_addends(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    returns = make_round({"v1": {"A001": 1}, "v2": {"A001": 2}, "t1": {"A001": 9}}, standings={"t1": "compared"})
    findings = (
        error("v1", "A001", "A002"),
        error("v2", "A001"),
        error("v2", "A001", tier=Tier.QUERY),
        error("t1", "A001"),
        error("", "A001"),
    )
    table = totals(returns, scheme, findings=findings)
    assert [at(table, unit, "A001", "open_errors") for unit in ("v1", "v2", "t1", "c")] == [1, 1, 2, 2]
    assert at(table, "c", "A002", "open_errors") == 1


def test_earlier_totals_stand_beside_or_are_unknown(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    returns = make_round({"v1": {"A001": 1}})
    known = pd.DataFrame({"A001": [7.0, 8.0]}, index=["c", "v1"])
    period = Period.parse("2022H1")
    assert period is not None
    table = totals(returns, scheme, past=Past([Earlier(period, known, known, returns)]))
    assert [at(table, unit, "A001", "previous") for unit in ("c", "v1")] == [7, 8]
    assert np.isnan(at(table, "t1", "A001", "previous"))
    assert np.isnan(at(table, "c", "A001", "closing"))
    assert np.isnan(at(table, "c", "A004", "previous"))


def test_a_root_below_the_top_sees_only_what_is_below_it(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({"v1": {"A001": 1}, "v3": {"A001": 30}}), scheme, root="t1")
    assert list(dict.fromkeys(table["unit"])) == ["t1", "v1"]
    assert at(table, "t1", "A001") == 1


def test_a_single_unit_gives_its_own_report(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({"v1": {"A001": 4, "A002": 1}}), scheme, root="v1")
    assert (at(table, "v1", "A001"), at(table, "v1", "A003")) == (4, 25)


def test_an_empty_round_still_has_the_units_with_units_below(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    table = totals(make_round({}, codes=["A001"]), scheme)
    assert list(dict.fromkeys(table["unit"])) == ["c", "t1", "t2"]
    assert table["value"].isna().all()
    assert at(table, "c", "A001", "expected") == 3
