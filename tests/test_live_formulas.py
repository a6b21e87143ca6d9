"""Every live formula of the summaries, computed by LibreOffice, says what the file already says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from reconcile.files.workbook import Workbook, read_workbook
from reconcile.report.narrative import tell
from reconcile.report.summary import summary
from reconcile.run import Request, judge

Recalculated = Callable[[Mapping[str, bytes]], dict[str, Workbook]]
SAMPLES = Path(__file__).resolve().parent.parent / "sample_workbooks"


def test_summaries_agree_with_their_live_formulas(recalculated: Recalculated) -> None:
    books = {}
    for county in ("2023H1", "2023H1_faults"):
        outcome, scheme = judge(Request((SAMPLES / county,)))
        books[f"{county}.xlsx"] = summary(outcome, scheme, tell(outcome, scheme))
    computed = recalculated(books)
    for name, data in books.items():
        written = read_workbook(data, name=name)
        there = {sheet.name: sheet for sheet in computed[name].sheets}
        compared = 0
        for sheet in written.sheets:
            for place in sheet.formulas:
                before, after = sheet.cells.get(place), there[sheet.name].cells.get(place)
                compared += 1
                if isinstance(before, float):
                    assert after == pytest.approx(before, abs=1e-6), (name, sheet.name, place)
                else:
                    assert (after or "") == (before or ""), (name, sheet.name, place, sheet.formulas[place])
        assert compared > 500
