"""No reported value is changed anywhere: what was read is what every output calls reported."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import Cell

from reconcile.files.archive import find_files
from reconcile.files.form_again import FormsAgain
from reconcile.files.form_book import Answers, blank_book
from reconcile.files.raw import CellDate, CellError, Percent, Uncomputed
from reconcile.files.tidy import read_round
from reconcile.files.workbook import read_workbook
from reconcile.model.finding import Finding, Tier
from reconcile.model.narrative import Narrative
from reconcile.model.outcome import Outcome
from reconcile.model.past import Past
from reconcile.model.period import Period
from reconcile.model.round import Round, State
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.collect import collect
from reconcile.report.queries import queries
from reconcile.report.summary import summary
from reconcile.run import assess
from reconcile.scheme.scheme import Scheme

PERIOD = Period(2023, 6, "2023H1")
COUNTY, VILLAGE = Unit("99", "测试县总工会", "county"), Unit("9901", "大王庄村工会", "village", "99")
UNITS = UnitTree([COUNTY, VILLAGE])
INDICATORS = """
A001|职工|人|stock|0|*|
A002|女工|人|stock|0|*|
A003|女工率|%|rate|1|*|女工 / 职工 * 100
B001|帮扶资金|万元|flow|2|*|
B002|救助金|元|flow|0|*|
B003|是否试点|是否|flag|0|*|
B004|换届日期|文字|date|0|*|
T001|做法|文字|text|0|*|
"""
RULES = "R1|女工 <= 职工||error||||女工{女工}多于职工{职工}|请核对"
LISTS = "名册|姓名|姓名|text||是|\n名册|证号|身份证号|citizen_number|||\n名册|金额|金额|number|元||\n名册|日期|日期|date|||"
TABLES = ("typed", "texts", "reasons")
NUMBERS = ("A001", "A002", "A003", "B001", "B002")
WORDS = (
    "35人",
    "约30",
    "—",
    "/",
    "无",
    "2.1万",
    "１２",
    "1,850",
    "若干",
    "#REF!",
    "贰拾",
    " 7 ",
    "-3",
    "=1+1",
    "2023-06-30",
    "",
    "0.5万元",
)
typed = st.one_of(
    st.sampled_from(WORDS),
    st.integers(0, 10**7).map(float),
    st.decimals(0, 10**5, places=2).map(float),
    st.just(Percent(0.125)),
    st.just(CellDate(45110.0)),
    st.just(CellError("#DIV/0!")),
    st.just(Uncomputed("A1+B1")),
    st.booleans(),
    st.none(),
)
figures = st.fixed_dictionaries({}, optional=dict.fromkeys((*NUMBERS, "B003", "B004"), typed))
people = st.lists(
    st.fixed_dictionaries(
        {"姓名": st.sampled_from(("张三", "007", "=李四"))},
        optional={
            "证号": st.sampled_from(("110101199003077758", 110101199003077760.0, "11010119900307775X")),
            "金额": st.sampled_from((800.0, "800元", 0.5, "约300", CellDate(45110.0))),
            "日期": st.sampled_from((CellDate(45110.0), 45110.0, 20230705.0, "2023年7月5日", "忘记了")),
        },
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    return make_scheme(INDICATORS, rules=RULES, lists=LISTS)


def typed_into(cell: Cell, raw: Any) -> None:
    """Put a raw cell there as a spreadsheet program stores it; nothing of the program under test writes it."""
    if isinstance(raw, CellError):
        cell.value, cell.data_type = raw.text, "e"
    elif isinstance(raw, CellDate):
        cell.value, cell.number_format = raw.serial, "yyyy-mm-dd"
    elif isinstance(raw, Uncomputed):
        cell.value = f"={raw.formula}"
    elif isinstance(raw, str):
        cell.value, cell.data_type = raw, "s"
        cell.number_format = "General"
    else:
        cell.value = float(raw) if isinstance(raw, float) else raw
        cell.number_format = "0.0%" if isinstance(raw, Percent) else "General"


def returned(scheme: Scheme, filled: Mapping[str, Any], *, measure: str, people: list[Any]) -> bytes:
    """A village's return as a clerk may leave it; a rate that was not typed is what the form's formula shows."""
    answers = Answers(cover={"filled_on": "2023-07-03", "phone": "13900139000", "scope": "本级"})
    workbook = openpyxl.load_workbook(io.BytesIO(blank_book(scheme, unit=VILLAGE, period=PERIOD, filled=answers)))
    sheet = workbook["组织"]
    rows = {str(sheet.cell(row, 1).value): row for row in range(4, sheet.max_row + 1)}
    for code, raw in filled.items():
        if raw is not None:
            typed_into(sheet.cell(rows[code], 4), raw)
    parts = filled.get("A002"), filled.get("A001")
    if filled.get("A003") is None and all(type(part) is float and part for part in parts):
        sheet.cell(rows["A003"], 4).value = parts[0] / parts[1] * 100  # type: ignore[operator]  # floats, as just asked
    if measure:
        sheet.cell(rows["B001"], 3).value = measure
    typed_into(sheet.cell(rows["T001"], 4), "=抓落实，电话13800138000")
    sheet.cell(rows["A001"], 6).value, sheet.cell(rows["B001"], 6).value = "含派遣工", "同上"
    for row, person in enumerate(people, start=4):
        for column, name in enumerate(("姓名", "证号", "金额", "日期"), start=2):
            if name in person:
                typed_into(workbook["名册"].cell(row, column), person[name])
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def judged(folder: Path, scheme: Scheme) -> Outcome:
    collected = collect(find_files([folder], exclude=lambda _path: False), scheme, units=UNITS, period=PERIOD)
    outcome = assess(collected.returns, scheme, units=collected.units, root="99", past=Past())
    (mine,) = collected.returns.counted["9901"]
    asked = Finding(Tier.ERROR, "R1", "9901", VILLAGE.name, "2023H1", mine, ("A001",), (), "", "", "", "请核对", "")
    return replace(outcome, findings=(*outcome.findings, asked))  # something to ask, so that there is a query


def said(returns: Round) -> tuple[pd.DataFrame, pd.DataFrame, list[list[Any]]]:
    """Values, states and all else that the unit reported, of the one return that counts."""
    (mine,) = returns.counted["9901"]
    lines: list[list[Any]] = []
    for name in TABLES:
        table = getattr(returns, name)
        lines += [[name, *line] for line in table[table["return"] == mine].drop(columns="return").astype(str).to_numpy().tolist()]
    own = returns.lists[returns.lists["return"] == mine]
    number = {row: place for place, row in enumerate(sorted(set(own["row"])))}
    lines += [
        ["list", number[row], column, text, str(value), digest]
        for row, column, text, value, digest in own[["row", "column", "text", "value", "digest"]].itertuples(index=False)
    ]
    return returns.values.loc[[mine]], returns.states.loc[[mine]], sorted(lines, key=str)


@settings(
    max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filled=figures, people=people, measure=st.sampled_from(("", "元", "亿元", "万元")))
def test_outputs_say_what_was_read(
    scheme: Scheme, tmp_path_factory: pytest.TempPathFactory, filled: dict[str, Any], people: list[Any], measure: str
) -> None:
    folder = tmp_path_factory.mktemp("收表")
    (folder / "a.xlsx").write_bytes(returned(scheme, filled, measure=measure, people=people))
    outcome = judged(folder, scheme)
    before = said(outcome.round)
    _in_the_summary(outcome, scheme, before)
    forms = FormsAgain(find_files([folder], exclude=lambda _path: False), scheme, outcome.round)
    ((_, query),) = queries(outcome, scheme, forms=forms)
    (folder / "b.xlsx").write_bytes(query)
    again = judged(folder, scheme)
    assert again.round.returns.set_index("file")["standing"].to_dict() == {"a.xlsx": "superseded", "b.xlsx": "counted"}
    _the_same(before, said(again.round), computed=_computed(before, filled))


def _computed(before: tuple[pd.DataFrame, pd.DataFrame, list[list[Any]]], filled: Mapping[str, Any]) -> bool:
    """Whether the rate is the form's own: there a formula stands again, which only a spreadsheet program computes."""
    values = before[0].iloc[0]
    if type(filled.get("A003")) not in (float, type(None)) or not values["A001"]:
        return False
    return bool(np.isclose(values["A003"], values["A002"] / values["A001"] * 100, rtol=1e-9))


def _the_same(before: tuple[Any, Any, Any], after: tuple[Any, Any, Any], *, computed: bool) -> None:
    codes = [code for code in before[0].columns if not (computed and code == "A003")]
    np.testing.assert_array_equal(after[0][codes].to_numpy(), before[0][codes].to_numpy())
    assert after[1][codes].to_numpy().tolist() == before[1][codes].to_numpy().tolist()
    assert after[2] == before[2]
    if computed:
        assert int(after[1]["A003"].iloc[0]) == State.BLANK


def _in_the_summary(outcome: Outcome, scheme: Scheme, before: tuple[pd.DataFrame, pd.DataFrame, list[list[Any]]]) -> None:
    book = read_workbook(summary(outcome, scheme, Narrative((), (), ())), name="summary.xlsx")
    tidy, _ = read_round(book, scheme)
    for one, other in zip(said(tidy), before, strict=True):
        if isinstance(one, pd.DataFrame):
            np.testing.assert_array_equal(one.to_numpy(), other.to_numpy())  # type: ignore[union-attr]  # the same kind of table
        else:
            assert one == other
    recorded = next(sheet for sheet in book.sheets if sheet.name == "过录表")
    row = next(row for (row, column), raw in recorded.cells.items() if column == 1 and raw == "9901")
    heads = {str(raw).split("\n")[0]: column for (at, column), raw in recorded.cells.items() if at == 3}
    for code, value in before[0].iloc[0].items():
        if not np.isnan(value) and code != "B003":
            assert recorded.cells[row, heads[str(code)]] == value
