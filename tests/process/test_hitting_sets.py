"""All cheapest sets of cells, and the contradictions that explain them. More of it against brute force in tests/properties."""

from __future__ import annotations

import math
from random import Random

from reconcile.process.hitting_sets import Limits, Located, hitting_sets
from reconcile.scheme.branches import constraint
from reconcile.scheme.expression import Reference, parse
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.system import System


def _located(rules: list[str], weights: dict[str, float] | None = None, limits: Limits | None = None, **figures: float) -> Located:
    made = [constraint(rule, parse(rule)) for rule in rules]
    counts = {Reference(name): Domain(0.0, whole=True) for name in figures}
    system = System([one for one in made if one is not None], counts)
    costs = {Reference(name): weight for name, weight in (weights or {}).items()}
    return hitting_sets(system, {Reference(name): value for name, value in figures.items()}, weights=costs, limits=limits)


def _sets(found: Located) -> list[str]:
    return ["+".join(str(cell) for cell in cells) for cells in found.sets]


BALANCE = "期末 = 期初 + 新增 - 减少"


def test_all_ties_of_one_broken_balance() -> None:
    found = _located([BALANCE], 期末=70, 期初=40, 新增=20, 减少=2)
    assert _sets(found) == ["期末", "期初", "新增"]  # 减少 would have to be -10
    assert [sorted(map(str, one)) for one in found.conflicts] == [["新增", "期初", "期末"]]
    assert found.weight == 1


def test_a_rule_that_holds_rules_out_a_cell() -> None:
    assert _sets(_located([BALANCE, "女 <= 期末"], 期末=70, 期初=40, 新增=20, 减少=2, 女=65)) == ["期初", "新增"]


def test_two_contradictions_apart_need_two_cells() -> None:
    found = _located(["a = b", "c = d", "a <= c + 100"], a=1, b=2, c=3, d=4)
    assert _sets(found) == ["a+c", "a+d", "b+c", "b+d"]
    assert found.weight == 2


def test_weights_decide_and_infinite_ones_forbid() -> None:
    figures = {"期末": 70.0, "期初": 40.0, "新增": 20.0, "减少": 2.0}
    assert _sets(_located([BALANCE], {"期初": 1.3}, **figures)) == ["期末", "新增"]
    fixed = dict.fromkeys(figures, math.inf)
    assert _located([BALANCE], fixed, **figures) == Located((), math.inf, _located([BALANCE], fixed, **figures).conflicts, False, 0)


def test_missing_cells_are_free() -> None:
    found = _located([BALANCE], 期末=70, 期初=40, 新增=20, 减少=math.nan)
    assert _sets(found) == ["期末", "期初", "新增"]  # 减少 can only make it less
    assert _located([BALANCE], 期末=50, 期初=40, 新增=20, 减少=math.nan).sets == ((),)


def test_impossible_values_must_change() -> None:
    assert _sets(_located([BALANCE], 期末=62, 期初=40, 新增=20, 减少=-2)) == ["期末+减少", "期初+减少", "新增+减少"]
    assert _sets(_located(["a <= b"], a=1.5, b=3)) == ["a"]


def test_counts_stay_whole() -> None:
    """2·a = b: an odd b is wrong itself, or needs a that is no count."""
    assert _sets(_located(["2 * a = b"], a=4, b=7)) == ["b"]


def test_branches_join_their_contradictions() -> None:
    pair = "(a > 0 and b > 0) or (a = 0 and b = 0)"
    found = _located([pair, "b <= c"], a=5, b=0, c=0)
    assert _sets(found) == ["a"]
    assert [sorted(map(str, one)) for one in found.conflicts] == [["a", "b"], ["a", "c"]]
    assert _sets(_located([pair], a=5, b=0)) == ["a", "b"]


def test_limits_are_counts() -> None:
    rules = [f"a{place} = b{place}" for place in range(6)]
    figures = {f"{side}{place}": float(side == "a") for place in range(6) for side in "ab"}
    assert _located(rules, **figures).too_many
    assert not _located(rules[:5], **figures).too_many
    assert len(_located(rules[:5], **figures).sets) == 32
    assert _located(rules[:2], limits=Limits(programs=3), **figures).too_many


def test_nothing_broken_needs_nothing() -> None:
    assert _located([BALANCE], 期末=58, 期初=40, 新增=20, 减少=2).sets == ((),)


RATES = ["率 = 已建 / 应建 * 100", "率 >= 60", "应建 = C + D", "应建 = E + F", "已建 = M + N", "已建 = P + Q"]


def test_a_rate_and_what_it_is_a_share_of_are_no_way_out() -> None:
    """应建 is 100 by two sums, so that 率 is 10: 率 and 应建 together repair nothing, though the rule multiplies them."""
    figures = {"应建": 100.0, "已建": 10.0, "率": 50.0, "C": 40.0, "D": 60.0, "E": 30.0, "F": 70.0, "M": 4.0, "N": 6.0, "P": 5.0, "Q": 5.0}
    found = _located(RATES, **figures)
    assert sorted("+".join(sorted(one.split("+"))) for one in _sets(found)) == ["M+P+已建+率", "M+Q+已建+率", "N+P+已建+率", "N+Q+已建+率"]
    assert found.unproved == ()
    assert not found.too_many


def test_a_set_in_doubt_names_the_rule() -> None:
    """5·a = 7·b + 1 leaves no a and b for r·a = 7·c and r·b = 5·c; there are too many whole numbers to see that."""
    rules = ["r = 7 * c / a", "r = 5 * c / b", "5 * a = 7 * b + 1", "1 <= a <= 5000", "c >= 1000"]
    found = _located(rules, r=1, a=0, b=7, c=900)
    assert found.unproved == ("r = 7 * c / a", "r = 5 * c / b")
    assert _sets(found) == ["a+r+c+b"]


def test_counts_that_no_splitting_finds_are_given_up() -> None:
    rules = ["6 * a + 10 * b + 15 * c = 2 * d + 2 * e + 7", "c = 2 * f", "a + b + c + d + e + f >= 1"]
    assert _located(rules, a=1, b=1, c=1, d=1, e=1, f=1).too_many


def test_a_record_is_located_alike_alone_and_after_others() -> None:
    """The solver is used by all records of a system; what it found for one must not lead it for the next."""
    rules = [f"x{place} = x{2 * place} + x{2 * place + 1}" for place in range(1, 11)] + ["r = x2 / x1 * 100", "r <= 90"]
    made = [one for one in (constraint(rule, parse(rule), nonnegative=lambda _: True) for rule in rules) if one is not None]
    random = Random(7)  # noqa: S311 # records that are the same in every run
    records = []
    for _ in range(60):
        figures = {f"x{place}": float(random.randint(0, 3)) for place in range(11, 22)}
        for place in range(10, 0, -1):
            figures[f"x{place}"] = figures[f"x{2 * place}"] + figures[f"x{2 * place + 1}"]
        figures |= {f"x{random.randint(1, 21)}": float(random.randint(0, 40)) for _ in range(3)}
        records.append({Reference(name): value for name, value in {**figures, "r": float(random.randint(0, 100))}.items()})
    domains = {one: Domain(0.0, whole=one.name != "r") for one in records[0]}
    system = System(made, domains)
    together = [hitting_sets(system, one) for one in records]
    assert together == [hitting_sets(System(made, domains), one) for one in records]
    assert together == [hitting_sets(system, one) for one in reversed(records)][::-1]
