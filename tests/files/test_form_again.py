"""A received file read a second time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconcile.files.archive import Source, find_files
from reconcile.files.form_again import FormsAgain
from reconcile.files.form_book import Answers, blank_book
from reconcile.model.period import Period
from reconcile.model.round import Round
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.collect import collect
from reconcile.scheme.scheme import Scheme

PERIOD = Period(2023, 6, "2023H1")
UNIT = Unit("01", "一村工会", "village")
LISTS = "名册|证号|身份证号|citizen_number||是|"


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme("A001|职工|人|stock|0|*|", lists=LISTS)


@pytest.fixture
def received(scheme: Scheme, tmp_path: Path) -> tuple[list[Source], Round, str]:
    filled = Answers(figures={"A001": "35人"}, rows={"名册": [{"证号": "110101199003077758"}]})
    (tmp_path / "a.xlsx").write_bytes(blank_book(scheme, unit=UNIT, period=PERIOD, filled=filled))
    sources = list(find_files([tmp_path], exclude=lambda _path: False))
    returns = collect(sources, scheme, units=UnitTree([UNIT]), period=PERIOD).returns
    return sources, returns, str(returns.returns.index[0])


def test_the_form_comes_with_its_own_personal_data(received: tuple[list[Source], Round, str], scheme: Scheme) -> None:
    sources, returns, one = received
    form = FormsAgain(sources, scheme, returns)(one)
    assert form is not None
    assert form.figures["A001"].raw == "35人"
    assert form.rows[0].cells["证号"].raw == "110101199003077758"
    assert not returns.lists["text"].str.contains("199003").any()


def test_another_file_is_not_taken_for_it(received: tuple[list[Source], Round, str], scheme: Scheme, tmp_path: Path) -> None:
    sources, returns, one = received
    assert FormsAgain(sources, scheme, returns)("unknown") is None
    assert FormsAgain([], scheme, returns)(one) is None
    through = replace(returns, returns=returns.returns.assign(source="汇总.xlsx"))
    assert FormsAgain(sources, scheme, through)(one) is None
    (tmp_path / "a.xlsx").write_bytes(blank_book(scheme, unit=UNIT, period=PERIOD))
    assert FormsAgain(sources, scheme, returns)(one) is None
    (tmp_path / "a.xlsx").unlink()
    assert FormsAgain(sources, scheme, returns)(one) is None
