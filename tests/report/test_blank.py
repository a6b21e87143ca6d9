"""Blank returns for all units: names, prefilled figures, and who gets none."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import openpyxl
import pandas as pd
import pytest

from reconcile.files.form_reader import read_form
from reconcile.files.workbook import read_workbook
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.report.blank import blanks, group_blank
from reconcile.scheme.scheme import Scheme

PERIOD = Period(2023, 6, "2023H1")


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme("A001|职工人数|人|stock|0|*|\nA002|联合会数|份|stock|0|town|")


def test_every_unit_that_exists_gets_its_form(scheme: Scheme) -> None:
    units = UnitTree(
        [
            Unit("100", "河东镇总工会", "town"),
            Unit("101", "红旗/村:工会?", "village", "100"),
            Unit("102", "旧村工会", "village", "100", closed=date(2023, 3, 1)),
            Unit("103", "新村工会", "village", "100", opened=date(2023, 7, 1)),
        ]
    )
    made = dict(blanks(scheme, units=units, period=PERIOD))
    assert list(made) == ["100 河东镇总工会.xlsx", "101 红旗_村_工会_.xlsx"]
    forms = {name: read_form(read_workbook(data, name=name), scheme) for name, data in made.items()}
    town, village = (form for form in forms.values() if form is not None)
    assert (town.cover["unit"], list(town.figures)) == ("100", ["A001", "A002"])
    assert (village.cover["unit"], village.cover["unit_name"], list(village.figures)) == ("101", "红旗/村:工会?", ["A001"])


def test_last_years_figures_are_prefilled_and_unknown_ones_left_blank(scheme: Scheme) -> None:
    units = UnitTree([Unit("100", "河东镇总工会", "town"), Unit("101", "红旗村工会", "village", "100")])
    past = pd.DataFrame({"A001": [1200.0], "A002": [float("nan")]}, index=["100"])
    (_, town), (_, village) = blanks(scheme, units=units, period=PERIOD, past_own=past)
    column = [openpyxl.load_workbook(io.BytesIO(data))["组织"]["E4":"E5"] for data in (town, village)]
    assert [[cell.value for (cell,) in cells] for cells in column] == [[1200, None], [None, None]]


def test_names_that_differ_only_in_case_are_told_apart(scheme: Scheme) -> None:
    units = UnitTree([Unit("x1", "甲", "village"), Unit("X1", "甲", "village"), Unit("con", "", "village")])
    assert [name for name, _ in blanks(scheme, units=units, period=PERIOD)] == ["x1 甲.xlsx", "X1 甲（2）.xlsx", "_con.xlsx"]


def test_one_form_for_a_group(scheme: Scheme) -> None:
    units = UnitTree([Unit("100", "河东镇总工会", "town"), Unit("101", "红旗村工会", "village", "100")])
    name, data = group_blank(scheme, units=units, period=PERIOD)
    assert name == "小报表 2023年上半年（各单位通用）.xlsx"
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    assert [workbook["_名录"].cell(row, 1).value for row in (2, 3)] == ["100 河东镇总工会", "101 红旗村工会"]
