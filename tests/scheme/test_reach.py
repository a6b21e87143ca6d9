"""Which figures a rule speaks of: those of a single unit, or also sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile.model.unit import KINDS, Unit, UnitTree
from reconcile.scheme.reach import holds_for_sums, kinds_at, reached, reaches

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconcile.scheme.scheme import Scheme

TREE = UnitTree([Unit("t", "镇", "town"), Unit("v", "村", "village", "t"), Unit("e", "厂", "enterprise", "v"), Unit("t2", "乙镇", "town")])
INDICATORS = (
    "A001|职工人数|人|stock|0|village;enterprise\nA002|会员人数|人|stock|0|village\nA003|入会率|%|rate|1|village\nA005|是否试点|是否|flag"
)


@pytest.fixture(scope="module")
def scheme_with(make_scheme: Callable[..., Scheme]) -> Callable[[str], Scheme]:
    return lambda check, kinds="": make_scheme(INDICATORS, rules=f"R|{check}||error|||{kinds}||")


def test_kinds_that_a_figure_speaks_for() -> None:
    assert kinds_at(TREE, "t", whole=False) == {"town"}
    assert kinds_at(TREE, "t", whole=True) == {"town", "village", "enterprise"}
    assert kinds_at(TREE, "t2", whole=True) == set(KINDS) - {"county"}  # nothing is known of what is below it
    assert kinds_at(TREE, "?", whole=True) == frozenset()


def test_a_single_unit_is_reached_by_its_kind(scheme_with: Callable[..., Scheme]) -> None:
    scheme = scheme_with("会员人数 <= 职工人数", "village")
    (rule,) = scheme.rules
    figures = [(frozenset({"village"}), False), (frozenset({"enterprise"}), False), (frozenset(), False)]
    assert reached(rule, figures, scheme).tolist() == [True, False, False]


def test_a_unit_of_unknown_kind_is_judged_by_rules_for_all(scheme_with: Callable[..., Scheme]) -> None:
    scheme = scheme_with("会员人数 <= 职工人数", "*")
    assert reaches(scheme.rules[0], frozenset(), scheme, whole=False)


@pytest.mark.parametrize(
    ("check", "kinds", "holds"),
    [("会员人数 <= 5 * 职工人数", "village", False), ("会员人数 > 0", "village", True), ("会员人数 > 0", "county", False)],
)
def test_a_sum_is_reached_if_all_kinds_that_report_are(scheme_with: Callable[..., Scheme], check: str, kinds: str, holds: bool) -> None:
    scheme = scheme_with(check, kinds)  # enterprises report 职工人数 too
    assert reaches(scheme.rules[0], frozenset({"town", "village", "enterprise"}), scheme, whole=True) is holds


@pytest.mark.parametrize(
    ("check", "holds"),
    [
        ("会员人数 <= 职工人数", True),
        ("会员人数 / 职工人数 <= 2", True),
        ("0 <= 入会率 <= 100", True),
        ("if 职工人数 > 100 then 会员人数 > 0", True),
        ("会员人数 = 1", False),
        ("会员人数 <= 职工人数 + 5", False),
        ("会员人数 in [0, 1]", False),
        ("if 职工人数 > 0 then 会员人数 >= 3", False),
        ("是否试点 = 0 or 会员人数 > 0", False),
        ("会员人数 <= 3 * mean(会员人数)", False),
        ("会员人数 >= children(会员人数)", False),
    ],
)
def test_rules_that_hold_for_sums(scheme_with: Callable[..., Scheme], check: str, holds: bool) -> None:
    scheme = scheme_with(check)
    assert holds_for_sums(scheme.rules[0], scheme) is holds
