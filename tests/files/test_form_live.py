"""The live checks of a form, computed by LibreOffice, against the engine's verdict on the same figures."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import openpyxl
import pytest
from numpy.typing import NDArray

from reconcile.files.form_book import Answers, FormDesign, blank_book, design, group_book
from reconcile.files.form_reader import FilledForm, read_form
from reconcile.files.scheme_files import read_scheme
from reconcile.files.workbook import Workbook, read_workbook
from reconcile.model.indicator import Kind
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.expression import Reference, evaluate, value
from reconcile.scheme.form import COLUMNS, Role
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme

Recalculated = Callable[[Mapping[str, bytes]], dict[str, Workbook]]
PERIOD = Period(2023, 6, "2023H1")
pytestmark = pytest.mark.usefixtures("soffice")


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


@dataclass(frozen=True)
class Filling:
    """One random return: this period's answers, last year's figures, and rows of lists."""

    answers: Answers
    previous: dict[str, float]


def filling(scheme: Scheme, kind: str, seed: int) -> Filling:
    """Small figures, so that rules of every sort are kept, broken and not evaluable."""
    draw = random.Random(seed)  # noqa: S311 -- test data, not a secret
    figures: dict[str, object] = {}
    previous: dict[str, float] = {}
    for one in scheme.asked_of(kind):
        if one.kind is Kind.FLAG:
            figures[one.code] = draw.choice(["是", "否"])
        if one.kind in (Kind.TEXT, Kind.FLAG) or one.code in scheme.formulas:
            continue
        sort = draw.random()
        if sort < 0.75:
            figures[one.code] = draw.choice([0, 0, 1, 2, 3, 5, 8, 13, 40, 100, 350])
        elif sort < 0.8:
            figures[one.code] = "—"
        if draw.random() < 0.7:
            previous[one.code] = float(draw.choice([0, 1, 5, 10, 30, 60, 200]))
    rows = {
        roster.name: [
            {one.column: draw.randint(0, 9) if one.type == "number" else f"甲{line}" for one in roster.columns}
            for line in range(draw.choice([0, 0, 1, 3, 5]))
        ]
        for roster in scheme.rosters.values()
    }
    return Filling(Answers(figures=figures, rows=rows), previous)


class OneReturn:
    """The engine's view of a filling: an environment of one record."""

    size = 1

    def __init__(self, scheme: Scheme, made: FormDesign, filled: Filling) -> None:
        self.filled = filled
        self.now = {code: float(x) for code, x in filled.answers.figures.items() if isinstance(x, int)}
        self.now |= {code: float(x == "是") for code, x in filled.answers.figures.items() if x in ("是", "否")}
        for code, formula in scheme.formulas.items():
            if code in made.plan.rows:
                self.now[code] = float(value(formula, self)[0])

    def figure(self, reference: Reference, /) -> NDArray[np.float64]:
        held = {"this": self.now, "previous": self.filled.previous}[reference.period]
        return np.array([held.get(reference.name, np.nan)])

    def absent(self, reference: Reference, /) -> NDArray[np.bool_]:
        answered = reference.name in self.filled.answers.figures or not np.isnan(self.now.get(reference.name, np.nan))
        return np.array([not answered])

    def rows(self, roster: str, /) -> NDArray[np.float64]:
        return np.array([float(len(self.filled.answers.rows[roster]))])

    def column_total(self, roster: str, column: str, /) -> NDArray[np.float64]:
        return np.array([sum(float(str(line[column])) for line in self.filled.answers.rows[roster])])


def broken(rule: Rule, environment: OneReturn) -> bool:
    assert rule.expression is not None
    applies = rule.when is None or bool(evaluate(rule.when, environment).true[0])
    return applies and bool(evaluate(rule.expression, environment, tolerance=rule.tolerance, missing=rule.missing).false[0])


def says(text: str, rule: Rule) -> bool:
    """Whether the check's text holds the rule's message: its words in their order, with anything where figures stand."""
    words = [re.escape(part) for part in re.split(r"\{[^{}]*\}", rule.message)]
    return re.search(".*?".join(words), text) is not None


def check_text(workbook: Workbook, made: FormDesign, code: str) -> str:
    sheet, row = made.plan.rows[code]
    cells = next(one for one in workbook.sheets if one.name == sheet).cells
    return str(cells.get((row, COLUMNS[Role.CHECK]), ""))


def test_live_checks_agree_with_the_engine(scheme: Scheme, recalculated: Recalculated) -> None:
    designs = {kind: design(scheme, (kind,)) for kind in ("village", "enterprise", "town", "county")}
    fillings = {(kind, seed): filling(scheme, kind, seed) for kind in designs for seed in (1, 2)}
    books = {
        f"{kind}{seed}.xlsx": blank_book(
            scheme,
            unit=Unit("1", "甲", kind),
            period=PERIOD,
            previous=filled.previous,
            filled=filled.answers,
            made=designs[kind],
        )
        for (kind, seed), filled in fillings.items()
    }
    computed = recalculated(books)
    verdicts = {True: 0, False: 0}
    wrong = []
    for (kind, seed), filled in fillings.items():
        made, workbook = designs[kind], computed[f"{kind}{seed}.xlsx"]
        environment = OneReturn(scheme, made, filled)
        for rule in scheme.rules:
            if rule.id in made.checks.rules:
                text = check_text(workbook, made, made.checks.rules[rule.id])
                expected = broken(rule, environment)
                verdicts[expected] += 1
                if says(text, rule) != expected:
                    wrong.append((kind, seed, rule.id, expected, text))
    assert wrong == []
    assert verdicts[True] > 40
    assert verdicts[False] > 200


def answers_of(form: FilledForm, computed: Collection[str]) -> tuple[object, ...]:
    rows = [(one.list, one.row, {column: placed.raw for column, placed in one.cells.items()}) for one in form.rows]
    figures = {code: placed.raw for code, placed in form.figures.items() if code not in computed}
    return form.cover, figures, form.reasons, {code: placed.raw for code, placed in form.texts.items()}, rows, form.absent, form.layout


def test_form_saved_by_another_program_reads_back_the_same(scheme: Scheme, recalculated: Recalculated) -> None:
    filled = filling(scheme, "village", 3)
    answers = Answers(
        cover={"filler": "工会专干", "phone": "0000-0000000", "head": "乙某", "filled_on": "2023年7月3日"},
        figures=filled.answers.figures,
        reasons={"A008": "新并入两家企业，共120人"},
        texts={"T001": "一是建会。\n二是维权。", "T003": "=不是公式"},
        rows={"帮扶职工名册": [{"姓名": "甲某", "身份证号": "000000199003070018", "帮扶金额": 500.5}]},
    )
    book = blank_book(scheme, unit=Unit("330102001", "红旗村工会", "village"), period=PERIOD, filled=answers)
    before = read_form(read_workbook(book, name="a.xlsx"), scheme)
    after = read_form(recalculated({"a.xlsx": book})["a.xlsx"], scheme)
    assert before is not None
    assert after is not None
    assert answers_of(after, scheme.formulas) == answers_of(before, scheme.formulas)
    assert after.cover["filled_on"] == "2023-07-03"
    assert after.reasons == {"A008": "新并入两家企业，共120人"}
    assert after.texts["T003"].raw == "=不是公式"


def test_a_group_form_is_empty_where_the_chosen_unit_does_not_report(scheme: Scheme, recalculated: Recalculated) -> None:
    units = UnitTree(
        [Unit("T", "东镇总工会", "town"), Unit("V", "大王庄村工会", "village", "T"), Unit("E", "机械厂工会", "enterprise", "T")]
    )
    blank = group_book(scheme, units=units, period=PERIOD)
    books: dict[str, bytes] = {}
    for unit in units:
        workbook = openpyxl.load_workbook(io.BytesIO(blank))
        workbook["封面"]["B4"] = f"{unit.code} {unit.name}"
        for row in workbook["一、组织建设"].iter_rows(min_row=4):
            if row[0].value in ("A008", "A014"):
                row[3].value = 8
        data = io.BytesIO()
        workbook.save(data)
        books[f"{unit.code}.xlsx"] = data.getvalue()
    computed = {name: read_form(workbook, scheme) for name, workbook in recalculated(books).items()}
    seen = {}
    for name, form in computed.items():
        assert form is not None
        seen[name] = (form.figures["A019"].raw, form.cover["scope"])
    assert seen == {"T.xlsx": (None, "请选择"), "V.xlsx": (100.0, "本级"), "E.xlsx": (None, "本级")}
