"""How suspected cells and suggested values are said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconcile.model.finding import CellAt
from reconcile.model.round import Round
from reconcile.model.suspicion import Change, Slip, Suggestion, Suspicion
from reconcile.scheme.doubts import suggested, suspected
from reconcile.scheme.scheme import Scheme

EXTRA = Suggestion(
    slip=Slip.EXTRA_DIGIT,
    changes=(Change("A001", CellAt("一村.xlsx", "组织", "D4", "1350"), "1350人", 135.0, "135人"),),
    reason="多写一位数字",
    equation="100＋40－5＝135",
    repairs=("R1",),
    score=2.0,
)
DOUBT = Suspicion("01", "01", ("R1",), (("A001",), ("A002", "total(名册.金额)")), (), (), False, (EXTRA,), "下列单元格互相矛盾")


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme("A001|会员|人|stock|0|*|\nA002|新增|人|flow|0|*|", lists="名册|金额|帮扶金额|number|元|0|")


def test_the_likeliest_cells_come_first_with_their_places(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    returns = make_round({"01": {"A001": 1350.0, "A002": 40.0}})
    assert suspected(DOUBT, scheme, returns) == "会员（组织!D4）；或新增（组织!D5）和名册的帮扶金额合计"
    many = replace(DOUBT, sets=(("A001",), ("A002",), ("A001", "A002"), ("total(名册.金额)",)))
    assert suspected(many, scheme, returns) == "会员（组织!D4）；或新增（组织!D5）；或会员（组织!D4）和新增（组织!D5）；等4种可能"


def test_what_cannot_be_singled_out_is_said_as_it_is(scheme: Scheme, make_round: Callable[..., Round]) -> None:
    returns = make_round({"01": {"A001": 1.0}})
    hopeless = replace(DOUBT, too_many=True, message="该表错误过多，建议退回重填")
    assert suspected(hopeless, scheme, returns) == "该表错误过多，建议退回重填"
    assert suspected(replace(DOUBT, sets=()), scheme, returns) == "下列单元格互相矛盾"
    assert suspected(None, scheme, returns) == suggested(None, scheme) == ""


def test_a_suggestion_says_from_what_to_what_and_why(scheme: Scheme) -> None:
    assert suggested(DOUBT, scheme) == "会员1350人→135人（多写一位数字；100＋40－5＝135）"
    blank = replace(EXTRA, changes=(replace(EXTRA.changes[0], reported=""),), reason="", equation="")
    assert suggested(replace(DOUBT, suggestions=(EXTRA, blank)), scheme).endswith("；或会员（空）→135人")
    other = replace(EXTRA, changes=(replace(EXTRA.changes[0], reported="9人", said="90人"),), reason="", equation="", repairs=("R2",))
    assert suggested(replace(DOUBT, suggestions=(EXTRA, other)), scheme).endswith("；另外，会员9人→90人")
