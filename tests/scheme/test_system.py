"""Systems of rules: which figures can repair a record, what follows, and what the rules themselves allow."""

from __future__ import annotations

import math

import pytest

from reconcile.scheme.branches import constraint
from reconcile.scheme.expression import Reference, parse
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.search import ExhaustedError
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
    assert system.trial(values, _free("r", "b")).relaxed == ("r = a / b * 100",)
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
