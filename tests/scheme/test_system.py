"""Systems of rules: which figures can repair a record, what follows, and what the rules themselves allow."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from reconcile.scheme.branches import constraint
from reconcile.scheme.expression import Reference, parse
from reconcile.scheme.program import ExhaustedError
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.system import System

COUNT = Domain(0.0, whole=True)


def _system(*rules: str, tolerance: float = 0.0, **domains: Domain) -> System:
    made = [
        constraint(rule, parse(rule), tolerance=tolerance, nonnegative=lambda one: domains.get(one.name, Domain()).lower >= 0)
        for rule in rules
    ]
    return System([one for one in made if one is not None], {Reference(name): domain for name, domain in domains.items()})


def _values(**figures: float) -> dict[Reference, float]:
    return {Reference(name): value for name, value in figures.items()}


def _free(*names: str) -> list[Reference]:
    return [Reference(name) for name in names]


def _named(cells: object) -> set[str]:
    return {str(one) for one in cells}  # type: ignore[attr-defined] # any collection of references


def test_a_trial_says_how_or_why_not() -> None:
    system = _system("p + c = t", "c >= 0.6 * t", "c >= 0", "p >= 0")
    values = _values(p=755, c=125, t=200)
    assert system.broken(values) == ("p + c = t",)
    assert system.trial(values, _free("p")).repair == pytest.approx(_values(p=75), abs=1e-5)
    refused = system.trial(values, _free("c"))
    assert refused.repair is None
    assert _named(refused.conflict) == {"p", "t"}
    assert refused.proof == ("p + c = t", "c >= 0.6 * t")


def test_missing_figures_are_free() -> None:
    system = _system("x + y = z", "x >= 0", "y >= 0")
    assert system.broken(_values(x=10, z=5)) == ()
    assert _named(system.trial(_values(x=10, y=math.nan, z=5), ()).conflict) == {"x", "z"}


def test_tolerance_and_guard_are_those_of_evaluation() -> None:
    system = _system("a = b", tolerance=0.5)
    assert system.broken(_values(a=1, b=1.5000004)) == ()
    assert system.broken(_values(a=1, b=1.500001)) == ("a = b",)
    assert _system("a + b = c").broken(_values(a=0.1, b=0.2, c=0.3)) == ()
    assert _system("a > 0").broken(_values(a=4e-7)) == ("a > 0",)
    assert _system("a > 0").broken(_values(a=6e-7)) == ()


def test_large_figures_are_neither_thrown_away_nor_mistaken() -> None:
    system = _system("profit = turnover - cost", "cost >= 0.6 * turnover", "turnover >= 0")
    values = _values(profit=1e10, cost=200, turnover=300)
    assert [name for name in ("profit", "cost", "turnover") if system.trial(values, _free(name)).repair is not None] == ["profit"]
    assert system.determined(values, _free("profit")) == _values(profit=100)
    large = _system("a + b = c", a=COUNT, b=COUNT, c=COUNT)
    assert large.broken(_values(a=1e12, b=1, c=1e12 + 1)) == ()
    assert large.broken(_values(a=1e12, b=1, c=1e12)) == ("a + b = c",)
    assert large.determined(_values(a=1e12, b=5, c=1e12 + 1), _free("b")) == _values(b=1)
    assert _named(large.trial(_values(a=1e12, b=0, c=7), ()).conflict) == {"a", "b", "c"}


def test_a_rate_can_be_repaired_at_either_end() -> None:
    system = _system("r = a / b * 100", tolerance=0.06, a=COUNT, b=COUNT, r=Domain())
    values = _values(r=50, a=21, b=40)
    assert system.determined(values, _free("r")) == _values(r=52.5)
    assert system.determined(values, _free("a")) == _values(a=20)
    assert system.determined(values, _free("b")) == _values(b=42)
    both = system.trial(values, _free("r", "b"))
    assert both.relaxed == ()
    assert both.repair is not None
    assert system.broken({**values, **both.repair}) == ()
    assert system.trial(values, _free("r", "b"), proving=False).relaxed == ("r = a / b * 100",)
    assert system.trial(values, _free("a", "b")).relaxed == ()


def test_a_rate_that_no_whole_number_makes() -> None:
    """4 of b households are 55 %: 7.27 of them; a of 8: 4.4."""
    system = _system("r = a / b * 100", tolerance=0.06, a=COUNT, b=COUNT)
    values = _values(r=55, a=4, b=8)
    assert [name for name in "rab" if system.trial(values, _free(name)).repair is not None] == ["r"]
    assert _system("r = a / b * 100", tolerance=0.06).trial(values, _free("b")).repair == pytest.approx(_values(b=7.27), abs=0.02)


def test_a_division_by_a_kept_zero_says_nothing() -> None:
    system = _system("r = a / b", a=COUNT, b=COUNT)
    assert system.broken(_values(r=3, a=4, b=0)) == ()
    assert system.trial(_values(r=3, a=4, b=0), _free("a")).repair is not None


def test_strict_rules_step_by_whole_numbers() -> None:
    system = _system("a < b", "b <= 3", a=COUNT, b=COUNT)
    repair = system.trial(_values(a=9, b=3), _free("a")).repair
    assert repair is not None
    assert repair[Reference("a")] <= 2
    assert system.extremes({Reference("a"): 1.0}, {}, ()) == pytest.approx((0, 2), abs=1e-5)


def test_branches_are_followed_and_their_contradictions_joined() -> None:
    system = _system("(a > 0 and b > 0) or (a = 0 and b = 0)", "a + b <= c", a=COUNT, b=COUNT, c=COUNT)
    assert system.trial(_values(a=3, b=0, c=9), ()).conflict == frozenset(_free("a", "b"))
    assert system.trial(_values(a=0, b=5, c=9), _free("a")).repair is not None
    refused = system.trial(_values(a=0, b=5, c=5), _free("a"))
    assert _named(refused.conflict) == {"b", "c"}


def test_determined_needs_all_branches_to_agree() -> None:
    system = _system("a = 1 or a = 2", "b = a", a=COUNT, b=COUNT)
    assert system.determined(_values(a=5, b=2), _free("a")) == _values(a=2)
    assert system.determined(_values(a=5, b=7), _free("a", "b")) == {}
    assert system.determined(_values(a=5, b=7), _free("a")) == {}


def test_what_is_forced_by_not_being_negative() -> None:
    system = _system("t = a + b", "t <= 0", t=COUNT, a=COUNT, b=COUNT)
    assert system.determined(_values(t=4, a=1, b=3), _free("t", "a", "b")) == _values(t=0, a=0, b=0)


def test_guards_may_be_escaped_in_trials_but_determine_nothing() -> None:
    rule = constraint("r", parse("a = 3"), when=parse("b > 0"))
    assert rule is not None
    system = System([rule], {Reference("b"): COUNT, Reference("a"): COUNT})
    assert system.trial(_values(a=1, b=2), _free("b")).repair == _values(b=0)
    assert system.determined(_values(a=1, b=2), _free("a")) == _values(a=3)


def test_rules_alone() -> None:
    """Without values the questions are about the rules: which contradict, and how far a sum may reach."""
    contradiction = _system("x > 0", "x < 0").trial({}, ())
    assert contradiction.repair is None
    assert contradiction.conflict == frozenset()
    assert contradiction.proof == ("x > 0", "x < 0")
    system = _system("if a > 0 then b > 0", "b <= 5", "a + b = 7")
    assert system.extremes({Reference("a"): 1.0}, {}, ()) == pytest.approx((2, 7), abs=1e-5)
    assert system.extremes({Reference("b"): 1.0}, {}, ()) == pytest.approx((0, 5), abs=1e-5)
    assert _system("a >= 1").extremes({Reference("a"): 1.0}, {}, ()) == (pytest.approx(1), math.inf)
    assert _system("a >= 1", "a <= 0").extremes({Reference("a"): 1.0}, {}, ()) is None


def test_blank_where_it_must_be_answered() -> None:
    system = _system("filled(a) == filled(b)")
    assert system.broken(_values(a=1)) == ()  # the missing one may be filled in
    exclusive = _system("not (filled(a) and filled(b))")
    assert exclusive.broken(_values(a=1, b=2)) == ("not (filled(a) and filled(b))",)
    assert exclusive.trial(_values(a=1, b=2), _free("a")).repair is not None


def test_programs_are_counted() -> None:
    system = _system("a = b", "b = c")
    search = system.search(system.reported(_values(a=1, b=2, c=2)), limit=1)
    search.trial([0])
    with pytest.raises(ExhaustedError):
        search.trial([0])


def test_a_system_without_rules() -> None:
    system = System([], {})
    assert system.broken({}) == ()
    assert system.trial({}, ()).repair == {}


def _no_two_alike() -> System:
    """Ten counts, no two the same, and a sum of them all."""
    names = "abcdefghij"
    apart = [f"{one} != {other}" for one, other in combinations(names, 2)]
    return _system(*apart, " + ".join(f"{place} * {name}" for place, name in enumerate(names, 1)) + " = 500", **dict.fromkeys(names, COUNT))


def test_a_question_given_up_is_no_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.scheme.system.MOST_PROGRAMS", 5)
    trial = _no_two_alike().trial({}, ())
    assert (trial.repair, trial.given_up) == (None, True)


def test_whole_numbers_that_come_to_even_ones_only() -> None:
    """No rounded figures are passed off as a repair: twice three counts is never 61, nor with 60 of it given."""
    counts = dict.fromkeys("abcd", COUNT)
    system = _system("2 * a + 2 * b + 2 * c = d", **counts)
    refused = system.trial(_values(a=10, b=10, c=10, d=61), _free("a", "b"))
    assert (refused.repair, refused.given_up, refused.proof) == (None, False, ("2 * a + 2 * b + 2 * c = d",))
    assert _named(refused.conflict) == {"c", "d"}
    pinned = _system("2 * a + 2 * b + 2 * c = d", "d = 61", **counts).trial(_values(a=10, b=10, c=10, d=61), _free("a", "b", "c", "d"))
    assert (pinned.repair, pinned.proof) == (None, ("2 * a + 2 * b + 2 * c = d", "d = 61"))


def test_whole_numbers_that_are_not_found_are_not_made_up() -> None:
    """6·a + 10·b + 15·c = 2·d + 2·e + 7 with c even has none either; it takes two rows to see that."""
    rules = ("6 * a + 10 * b + 15 * c = 2 * d + 2 * e + 7", "c = 2 * f")
    trial = _system(*rules, **dict.fromkeys("abcdef", COUNT)).trial({}, ())
    assert (trial.repair, trial.given_up) == (None, True)


RATES = ("率 = 已建 / 应建 * 100", "率 >= 60", "应建 = C + D", "应建 = E + F")


def test_a_repair_by_figures_that_are_multiplied_is_proved() -> None:
    system = _system(*RATES, tolerance=0.0, **dict.fromkeys(("应建", "已建", "C", "D", "E", "F"), COUNT), 率=Domain(0.0))
    values = _values(应建=100, 已建=10, 率=50, C=40, D=60, E=30, F=70)
    refused = system.trial(values, _free("应建", "率"))
    assert refused.repair is None
    assert _named(refused.conflict) in ({"已建", "C", "D"}, {"已建", "E", "F"})
    assert set(refused.proof) > {"率 = 已建 / 应建 * 100", "率 >= 60"}
    found = system.trial(values, _free("应建", "率", "D", "F", "C", "E"))
    assert found.relaxed == ()
    assert found.repair is not None
    assert system.broken({**values, **found.repair}) == ()


def test_a_broken_count_is_no_value_to_prove_a_repair_by() -> None:
    """r·b = 3 would hold with the 1.5 reported for b, which is a count."""
    system = _system("r * b = 3", "r <= 2", b=COUNT, r=Domain(0.0))
    repair = system.trial(_values(r=2, b=1.5), _free("r", "b")).repair
    assert repair is not None
    assert repair[Reference("b")] >= 2
    assert repair[Reference("b")] == round(repair[Reference("b")])


def test_what_cannot_be_proved_is_named() -> None:
    """r·a = 7·c and r·b = 5·c, with 5·a = 7·b + 1: neither a value that does nor so few that all can be tried."""
    rules = ("r = 7 * c / a", "r = 5 * c / b", "5 * a = 7 * b + 1", "1 <= a <= 5000", "c >= 1000")
    trial = _system(*rules, **dict.fromkeys("abc", COUNT), r=Domain(0.0)).trial({}, ())
    assert trial.repair is not None
    assert trial.relaxed == ("r = 7 * c / a", "r = 5 * c / b")


def test_a_solver_that_finds_no_answer_is_no_contradiction() -> None:
    system = _system("a + b = c", "a <= b", "c <= 5")
    search = system.search(system.reported(_values(a=9, b=2, c=7)))
    search.relaxation.program._highs.setOptionValue("simplex_iteration_limit", 0)
    with pytest.raises(ExhaustedError):
        search.trial([0, 1, 2])
    with pytest.raises(ExhaustedError):
        search.least(np.array([1.0, 2.0, -1.0]), [0, 1, 2])
    assert system.trial(_values(a=9, b=2, c=7), _free("a", "b", "c")).given_up
