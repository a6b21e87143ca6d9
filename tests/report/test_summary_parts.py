"""来源单元格 of a large round: from its rows every figure of the narrative that was added up can be made again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reconcile.files.workbook import Workbook, read_workbook
from reconcile.model.indicator import Kind
from reconcile.model.narrative import Figure, Narrative
from reconcile.model.outcome import Outcome
from reconcile.model.past import Past
from reconcile.model.round import ADJUSTMENTS_COLUMNS
from reconcile.report.narrative import tell
from reconcile.report.summary import summary
from reconcile.report.summary_parts import SUMMED, codes_of
from reconcile.run import Request, assess, judge
from reconcile.scheme.comparison import CLOSING, PREVIOUS, compare, share
from reconcile.scheme.derived import operands, rate_of
from reconcile.scheme.scheme import Scheme

COUNTY = Path(__file__).resolve().parents[2] / "sample_workbooks" / "2023H1"
NOW, BEFORE, CLOSED = range(3)
Sums = dict[tuple[str, int], float]


@pytest.fixture(scope="module", autouse=True)
def _five_are_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconcile.model.round.LARGE", 5)
        yield


@pytest.fixture(scope="module")
def county() -> tuple[Outcome, Scheme]:
    return judge(Request((COUNTY,)))


def adjusted(outcome: Outcome, scheme: Scheme) -> Outcome:
    """The same with figures set by hand: of a town's own, of a village, of a unit right below the county, and of the county's own."""
    village = next(unit for unit in outcome.units.subtree("990101") if unit in outcome.round.counted and unit != "990101")
    places = [("990101", "A008", 99999.0), (village, "A008", 5.0), ("990100101", "A014", 777.0), (outcome.root, "A038", 33.0)]
    rows = [(unit, code, np.nan, figure, "来函", "王", "2023-07-20") for unit, code, figure in places]
    table = pd.DataFrame(rows, columns=list(ADJUSTMENTS_COLUMNS)).astype(ADJUSTMENTS_COLUMNS)
    given = replace(outcome.round, adjustments=table)
    return assess(given, scheme, units=outcome.units, root=outcome.root, past=outcome.past)


def without_town(outcome: Outcome, scheme: Scheme) -> Outcome:
    """The same with half the returns of a town and that of the county itself not received."""
    gone = {*outcome.units.subtree("990102")[::2], outcome.root}
    given = outcome.round.within([unit for unit in outcome.units.subtree(outcome.root) if unit not in gone])
    return assess(given, scheme, units=outcome.units, root=outcome.root, past=outcome.past)


def rows_of(workbook: Workbook, name: str) -> list[list[object]]:
    """What stands below the headings of a sheet, fourteen columns wide."""
    cells = next(one for one in workbook.sheets if one.name == name).cells
    return [[cells.get((row, column)) for column in range(1, 15)] for row in range(4, max(row for row, _ in cells) + 1)]


def sums_of(workbook: Workbook) -> dict[str, Sums]:
    """The columns of figures in 来源单元格, added up: by 第N号, indicator and column."""
    found: dict[str, Sums] = defaultdict(lambda: defaultdict(float))
    for number, _, label, _, _, *figures in rows_of(workbook, "来源单元格"):
        if not isinstance(number, float):
            continue
        code = str(label).rsplit("（", 1)[1].removesuffix("）")
        for column in (NOW, BEFORE, CLOSED):
            if isinstance(figure := figures[column], float):
                found[f"第{number:.0f}号"][code, column] += figure
    return found


def total(sums: Sums, code: str, column: int, scheme: Scheme) -> float:
    """A total from the sums; a rate by its formula."""
    if scheme.indicators[code].kind is not Kind.RATE or (code, column) in sums:
        return sums.get((code, column), float("nan"))
    figures = {part: np.array([sums.get((part, column), np.nan)]) for part in operands(code, scheme)}
    return float(rate_of(code, figures, scheme, size=1)[0])


def again(figure: Figure, sums: Sums, scheme: Scheme) -> list[float]:
    """What the figure may be by the sums: what it was compared with stands in its words alone."""
    code, *whole = codes_of(figure.indicator)
    now = total(sums, code, NOW, scheme)
    earlier = [(base, total(sums, code, column, scheme)) for base, column in ((PREVIOUS, BEFORE), (CLOSING, CLOSED))]
    one = scheme.indicators[code]
    if figure.how == "total":
        return [now]
    if figure.how == "share":
        found = [share(now, total(sums, one, NOW, scheme)) for one in whole]
        return [float(one) for one in found if one is not None]
    if figure.how in ("previous", "closing"):
        return [before for _, before in earlier]
    compared = [compare(now, before, base=base, measure=one.measure, decimals=one.decimals) for base, before in earlier]
    return [made.value for made in compared if made is not None and made.how == figure.how]


def check(outcome: Outcome, scheme: Scheme) -> Narrative:
    narrative = tell(outcome, scheme)
    assert outcome.round.large
    workbook = read_workbook(summary(outcome, scheme, narrative), name="summary.xlsx")
    sums = sums_of(workbook)
    group = {row[0]: row[8] for row in rows_of(workbook, "数据来源")}
    added = [figure for figure in narrative.figures if figure.how in SUMMED]
    wrong = []
    for figure in added:
        made = again(figure, sums.get(str(group[float(figure.number)]), {}), scheme)
        if not any(round(one, 6) == round(figure.value, 6) for one in made):
            wrong.append((figure.number, figure.text, figure.how, figure.indicator, figure.value, made))
    assert not wrong
    assert len(added) > 150
    return narrative


def test_every_figure_is_the_sum_of_its_rows(county: tuple[Outcome, Scheme]) -> None:
    hows = {figure.how for figure in check(*county).figures}
    assert {"total", "growth", "change", "share"} <= hows


def test_the_rows_are_of_adjusted_figures_as_the_figure_is(county: tuple[Outcome, Scheme]) -> None:
    outcome, scheme = county
    narrative = check(adjusted(outcome, scheme), scheme)
    (workers,) = (figure for figure in narrative.figures if (figure.how, figure.indicator) == ("total", "A008"))
    assert workers.value > 99999


def test_earlier_figures_leave_out_who_is_left_out_now(county: tuple[Outcome, Scheme]) -> None:
    outcome, scheme = county
    made = without_town(outcome, scheme)
    assert outcome.root in made.coverage.absent
    check(made, scheme)


def test_without_earlier_rounds(county: tuple[Outcome, Scheme]) -> None:
    outcome, scheme = county
    check(assess(outcome.round, scheme, units=outcome.units, root=outcome.root, past=Past()), scheme)


def test_what_the_unit_reported_itself_has_a_row(county: tuple[Outcome, Scheme]) -> None:
    outcome, scheme = county
    workbook = read_workbook(summary(outcome, scheme, tell(outcome, scheme)), name="summary.xlsx")
    rows = [row for row in rows_of(workbook, "来源单元格") if row[3] == outcome.root]
    assert rows
    assert {row[4] for row in rows} == {f"{outcome.units.name(outcome.root)}（本级）"}
