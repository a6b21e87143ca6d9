"""Suggestions: what a slip of the hand explains and every rule accepts, the likeliest first, each with its reason and its equation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.suspicion import Slip
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.case import Case
from reconcile.process.suggest import suggest
from reconcile.process.trial import Trial
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Reference

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.model.suspicion import Suggestion
    from reconcile.scheme.scheme import Scheme

TREE = UnitTree([Unit("t", "镇", "town"), *(Unit(f"v{one}", f"村{one}", "village", "t") for one in range(1, 8))])
INDICATORS = """
    A1|期初会员数|人|stock|0
    A2|新增会员|人|flow|0
    A3|减少会员|人|flow|0
    A4|会员人数|人|stock|0
    A5|女会员|人|stock|0
    B1|创造效益|万元|flow|2
    B2|竞赛效益|万元|flow|2
    B3|建议效益|万元|flow|2
    B4|发放救济金|元|flow|2
    C1|人均补助|元|rate|2
    C2|补助人数|人|flow|0
    C3|补助金额|元|flow|2
"""
RULES = """
R1|会员人数 = 期初会员数 + 新增会员 - 减少会员||error||||不平|
R2|女会员 <= 会员人数||error||||超出|
R3|期初会员数 = closing(会员人数)||query||||不符|
R4|创造效益 = 竞赛效益 + 建议效益||error||||不平|
R5|人均补助 = 补助金额 / 补助人数|补助人数 > 0|error|0.5|||不符|
"""


class Desk:
    """One round with its trial; a case is made by naming the rules that are broken and the tied sets."""

    def __init__(self, returns: Round, scheme: Scheme, past: Past) -> None:
        self.environment = ReturnsEnvironment(returns, scheme, TREE, past)
        self.trial = Trial(self.environment)

    def ask(self, one: str, rules: Sequence[str], *sets: Sequence[str]) -> tuple[list[list[str]], tuple[Suggestion, ...]]:
        case = Case(
            return_id=one,
            unit=one,
            record=self.environment.ids.index(one),
            rules=tuple(rules),
            cells=tuple(dict.fromkeys(Reference(code) for codes in sets for code in codes)),
            values={},
            sets=tuple(tuple(Reference(code) for code in codes) for codes in sets),
            conflicts=(),
            left_out=(),
            too_many=False,
            system=Nothing(),  # type: ignore[arg-type] # these cases need nothing that follows for several cells at once
            findings=(),
        )
        ranked, suggestions = suggest(case, self.trial)
        return [[cell.name for cell in cells] for cells in ranked], suggestions


class Nothing:
    """A system of which nothing follows."""

    def determined(self, *_: object) -> dict[Reference, float]:
        return {}


@pytest.fixture
def desk(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Callable[..., Desk]:
    def make(figures: Mapping[str, Mapping[str, float]], closing: Mapping[str, Mapping[str, float]] | None = None) -> Desk:
        scheme = make_scheme(INDICATORS, rules=RULES)
        returns = make_round(figures, codes=list(scheme.indicators))
        earlier = []
        if closing is not None:
            before = make_round(closing, codes=list(scheme.indicators), period="2022")
            earlier = [Earlier(Period(2022, 12, "2022"), before.values, before.values, before)]
        return Desk(returns, scheme, Past(earlier))

    return make


def test_swapped_digits_repair_the_balance(desk: Callable[..., Desk]) -> None:
    ranked, suggestions = desk({"v1": {"A1": 100, "A2": 20, "A3": 5, "A4": 151, "A5": 60}}).ask(
        "v1", ["R1"], ["A1"], ["A2"], ["A3"], ["A4"]
    )
    assert ranked[0] == ["A4"]
    best = suggestions[0]
    assert (best.slip, best.changes[0].indicator, best.changes[0].value) == (Slip.SWAPPED_DIGITS, "A4", 115.0)
    assert (best.changes[0].reported, best.changes[0].said) == ("151人", "115人")
    assert best.reason == "像是把两位数字写颠倒了"
    assert best.equation == "115人＝100人＋20人－5人"
    assert best.repairs == ("R1",)
