"""Who owed a return, who sent one, and who was late."""

from __future__ import annotations

from datetime import date

import pytest
from making_returns import BIG, COUNTY, FAR, H1, OTHER_TOWN, SMALL, TOWN, UNITS, File, Filled, returned

from reconcile.files.scheme_files import read_scheme
from reconcile.model.finding import Finding
from reconcile.model.outcome import Coverage
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.collect import collect
from reconcile.process.coverage import coverage
from reconcile.scheme.scheme import Scheme


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


def covered(scheme: Scheme, *files: File, units: UnitTree | None = UNITS, root: str = "3301") -> tuple[Coverage, tuple[Finding, ...]]:
    collected = collect(files, scheme, units=units, period=H1)
    return coverage(collected.returns, scheme, units=collected.units, root=root)


def test_missing_units_are_named_in_the_order_of_the_table(scheme: Scheme) -> None:
    found, findings = covered(scheme, File("a.xlsx", returned(scheme, SMALL)), File("b.xlsx", returned(scheme, OTHER_TOWN)))
    assert found.expected == ("3301", "330101", "33010101", "33010102", "330102", "33010201")
    assert found.reported == ("33010102", "330102")
    assert found.missing == ("3301", "330101", "33010101", "33010201")
    assert {(one.unit, one.unit_name) for one in findings if one.rule == scheme.named["missing_unit"].id} == {
        ("3301", "红山县总工会"),
        ("330101", "城关镇总工会"),
        ("33010101", "大王庄村工会"),
        ("33010201", "柳林村工会"),
    }


def test_only_the_units_at_or_below_the_root_are_asked(scheme: Scheme) -> None:
    found, _ = covered(scheme, File("a.xlsx", returned(scheme, SMALL)), File("b.xlsx", returned(scheme, FAR)), root="330102")
    assert found.expected == ("330102", "33010201")
    assert found.reported == ("33010201",)


def test_received_but_unreadable_is_not_missing(scheme: Scheme) -> None:
    found, findings = covered(scheme, File("城关镇/大王庄村.xlsx", b"PK\x03\x04cut"), root="330101")
    assert found.unreadable == ("33010101",)
    assert found.missing == ("330101", "33010102")
    assert {one.unit for one in findings} == {"330101", "33010102"}


def test_two_versions_that_tie_were_received(scheme: Scheme) -> None:
    files = [File(f"{figure}.xlsx", returned(scheme, BIG, Filled({"A008": figure}))) for figure in (1, 2)]
    found, _ = covered(scheme, *files, root="330101")
    assert found.reported == ()
    assert found.unreadable == ("33010101",)


def test_units_below_a_stand_in_are_not_asked_one_by_one(scheme: Scheme) -> None:
    whole = returned(scheme, TOWN, Filled({}, {"scope": "汇总"}))
    found, findings = covered(scheme, File("town.xlsx", whole), root="330101")
    assert found.expected == found.reported == ("330101",)
    assert found.missing == ()
    assert findings == ()


def test_a_unit_owes_nothing_before_it_opened_or_after_it_closed(scheme: Scheme) -> None:
    opened = Unit("33010103", "新村工会", "village", "330101", opened=date(2023, 7, 1))
    closed = Unit("33010104", "老村工会", "village", "330101", closed=date(2023, 6, 30))
    last_day = Unit("33010105", "末村工会", "village", "330101", closed=date(2023, 7, 1))
    found, _ = covered(scheme, units=UnitTree([TOWN, BIG, opened, closed, last_day]), root="330101")
    assert found.missing == ("330101", "33010101", "33010105")


@pytest.mark.parametrize(("day", "late"), [("2023-07-10", ()), ("2023-07-11", ("33010101",)), ("", ()), ("七月", ())])
def test_late_is_told_by_the_cover_date(scheme: Scheme, day: str, late: tuple[str, ...]) -> None:
    found, findings = covered(scheme, File("a.xlsx", returned(scheme, BIG, Filled({"A008": 3}, {"filled_on": day}))), root="33010101")
    assert found.late == late
    assert [one.unit for one in findings] == list(late)
    if late:
        assert findings[0].difference == "1天"
        assert "2023年7月11日" in findings[0].message and "2023年7月10日" in findings[0].message


def test_without_a_table_only_those_that_reported_are_expected(scheme: Scheme) -> None:
    found, findings = covered(scheme, File("a.xlsx", returned(scheme, BIG)), File("b.xlsx", returned(scheme, COUNTY)), units=None, root="")
    assert found.expected == found.reported == ("3301", "33010101")
    assert found.missing == ()
    assert findings == ()


def test_a_unit_that_owes_nothing_and_reports_is_asked_about(make_scheme, make_round) -> None:  # type: ignore[no-untyped-def] # fixtures
    scheme = make_scheme("A001|会员人数|人|stock", rules="N-1|@not_owed||query||||{单位}不需填报|")
    units = UnitTree([Unit("t", "东镇", "town"), Unit("v", "新村", "village", "t", opened=date(2023, 9, 1))])
    covered, findings = coverage(make_round({"t": {"A001": 1}, "v": {"A001": 2}}), scheme, units=units, root="t")
    assert (covered.expected, covered.received) == (("t",), ("t",))
    assert [(one.unit, one.message) for one in findings] == [("v", "新村不需填报")]
