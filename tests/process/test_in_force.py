"""Which rules a return must satisfy after a repair: blanks and guards as validating takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconcile.model.past import Past
from reconcile.model.unit import Unit, UnitTree
from reconcile.process import in_force
from reconcile.process.hitting_sets import hitting_sets
from reconcile.process.in_force import InForce
from reconcile.process.localise import localise
from reconcile.process.validate import validate
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

    Make = Callable[[list[str], Mapping[str, float | str]], tuple[Round, Scheme]]

TREE = UnitTree([Unit("v", "一村", "village")])
INDICATORS = "A|甲|人|stock\nB|乙|人|stock\nC|丙|人|stock\nD|丁|人|stock"
SUM = "R-1|甲 = 乙 + 丙||error||zero||{差}|"
SKIPS = "R-2|丁 <= 乙||error||||{差}|"
BLANK: Mapping[str, float | str] = {"A": 10, "B": "blank", "C": 4, "D": 3}


@pytest.fixture(scope="module")
def make(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Make:
    def made(rules: list[str], figures: Mapping[str, float | str]) -> tuple[Round, Scheme]:
        scheme = make_scheme(INDICATORS, rules="\n".join(rules))
        return make_round({"v": figures}, codes=list(scheme.indicators)), scheme

    return made


def _force(made: tuple[Round, Scheme]) -> InForce:
    returns, scheme = made
    return InForce(ReturnsEnvironment(returns, scheme, TREE, Past()))


def _suspects(made: tuple[Round, Scheme]) -> list[set[tuple[str, ...]]]:
    returns, scheme = made
    findings = validate(returns, scheme, units=TREE, past=Past()).findings
    return [set(one.sets) for one in localise(returns, scheme, units=TREE, past=Past(), findings=findings)]


def test_a_blank_that_one_rule_counts_as_zero_is_no_zero_for_the_others(make: Make) -> None:
    """甲 can be 4, 乙 6 or 丙 10: nothing was said that 丁 could exceed, as long as 乙 is blank."""
    made = make([SUM, SKIPS], BLANK)
    assert [one.rule for one in validate(*made, units=TREE, past=Past()).findings] == ["R-1"]
    assert _suspects(made) == [{("A",), ("B",), ("C",)}]
    assert _force(made).errors(0) == ("R-1",)


def test_where_it_is_answered_both_rules_are_in_force(make: Make) -> None:
    made = make([SUM, SKIPS], {**BLANK, "B": 0, "D": 0})
    assert _force(made).errors(0) == ("R-1", "R-2")
    assert _force(make([SKIPS], BLANK)).errors(0) == ("R-2",)  # nobody counts the blank as 0: it may be anything


def test_rules_that_count_it_alike_stay_in_force(make: Make) -> None:
    alike = SKIPS.replace("error||||", "error||zero||")
    assert _force(make([SUM, alike], {**BLANK, "D": 0})).errors(0) == ("R-1", "R-2")
    nothing = SKIPS.replace("error||||", "error||skip_all||")  # of its side nothing is answered
    assert _force(make([SUM, nothing], BLANK)).errors(0) == ("R-1",)


def test_a_guard_takes_blanks_as_the_rule_does(make: Make) -> None:
    """乙 <= 1 holds of a blank that counts as 0."""
    guarded = "R-3|甲 = 丙 + 6|乙 <= 1|error||{0}||{{差}}|"
    for missing, holds in (("zero", True), ("skip", False), ("fail", False)):
        force = _force(make([guarded.format(missing)], BLANK))
        assert force.holds(force.rules["R-3"]).tolist() == [holds]


def test_systems_are_kept_up_to_a_number(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_force, "_MOST_SYSTEMS", 2)
    force = _force(make([SUM, SKIPS, "R-4|丙 <= 甲||error||||{差}|"], BLANK))
    first, second = force.system(["R-1"]), force.system(["R-2"])
    assert force.system(["R-1"]) is first
    force.system(["R-4"])
    assert force.system(["R-1"]) is first
    assert force.system(["R-2"]) is not second


def test_what_is_located_in_a_system_of_a_return(make: Make) -> None:
    force = _force(make([SUM, SKIPS], {**BLANK, "B": 2}))
    system = force.system(force.errors(0))
    found = hitting_sets(system, force.values(0, system.columns, force.errors(0)))
    assert found.sets == ((Reference("B"),),)
