"""Two returns of two figures each, with one of everything beside them, for what writes a round and reads it back."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from reconcile.files.raw import Workbook
from reconcile.files.tidy_table import TablesIn
from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.outcome import CHECKS_COLUMNS, DIFFERENCES_COLUMNS, TOTALS_COLUMNS, Coverage, Outcome
from reconcile.model.past import Past
from reconcile.model.period import Period
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
    ANSWERS_COLUMNS,
    LISTS_COLUMNS,
    REASONS_COLUMNS,
    RETURNS_COLUMNS,
    TEXTS_COLUMNS,
    TYPED_COLUMNS,
    Round,
    Standing,
)
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.scheme import Scheme

NASTY = "=cmd|' /C calc'!A0\x01\r\n\ud800_x0041_\\u0041 \\@1 "


def table(columns: dict[str, str], *rows: tuple[Any, ...]) -> pd.DataFrame:
    """A table of the model from its rows."""
    made = {
        name: pd.array([row[place] for row in rows], dtype="str") if kind == "str" else np.array([row[place] for row in rows], dtype=kind)
        for place, (name, kind) in enumerate(columns.items())
    }
    return pd.DataFrame(made, columns=list(columns))


SCHEME = Scheme(
    name="半年报",
    version="1",
    due_days=10,
    digest_key="k",
    measures={},
    indicators={code: Indicator(code, name, "组织", "人", Kind.STOCK) for code, name in (("A001", "职工人数"), ("A002", "女职工人数"))},
    formulas={},
    rules=(),
    rosters={},
    form=(),
    tables={"indicators": [["code", "name"], ["A001", "职工人数"], ["A002", ""], []], "rules": [["id"]]},
    templates={"a.md.j2": "第一行\n第二行 " + "长" * 40_000, "b.md.j2": ""},
    hash="abc123",
)
UNITS = (
    Unit("01", "甲镇", "town"),
    Unit("0101", "一村", "village", "01", contact="138****0000", opened=date(2020, 1, 1), successors=("x", "y")),
    Unit("0102", NASTY, "village", "01", closed=date(2024, 1, 1)),
)


def outcome(text: str = NASTY, values: tuple[float, ...] = (12.0, 0.1, float("nan"), 0.0)) -> Outcome:
    """Two returns of two figures each, with one of everything beside them."""
    index = pd.Index(["r1", "r2"], name="return")
    returns = table(
        RETURNS_COLUMNS,
        (
            "甲镇/一村.xlsx",
            "f" * 64,
            "",
            "0101",
            "一村",
            "本级",
            "2023H1",
            "abc123",
            "张",
            "2023-07-01",
            "李",
            "",
            "L1",
            Standing.COUNTED,
            "",
            "",
        ),
        (text, "e" * 64, "f" * 64, "0102", text, "", "", "", "", "", "", "", "L2", Standing.SUPERSEDED, "旧版本", "town.xlsx"),
    )
    returns.index = index
    finding = Finding(
        Tier.QUERY, "R1", "0101", "一村", "2023H1", "r1", ("A001", "A002"), (CellAt("f", "s", "C7", text),), "3人", "", "", text, "请核对"
    )
    codes = ["A001", "A002"]
    found = Round(
        period=Period(2023, 6, "2023H1"),
        returns=returns,
        values=pd.DataFrame(np.array(values).reshape(2, 2), index=index, columns=codes),
        states=pd.DataFrame(np.array([[1, 1], [2, 3]], dtype=np.int8), index=index, columns=codes),
        typed=table(TYPED_COLUMNS, ("r2", "A002", "无", ""), ("r1", "A001", text, "万人")),
        texts=table(TEXTS_COLUMNS, ("r1", "T001", "长" * 32_767), ("r1", "T002", text)),
        lists=table(
            LISTS_COLUMNS, ("r1", "名册", 5, "姓名", "王**", float("nan"), "A5", "d1"), ("r1", "名册", 5, "金额", "500", 500.0, "B5", "")
        ),
        reasons=table(REASONS_COLUMNS),
        answers=table(ANSWERS_COLUMNS, ("r1", "R1", "A001;A002", "k0123", text), ("r2", "", "A002", "", "含派遣工")),
        adjustments=table(ADJUSTMENTS_COLUMNS, ("0101", "A001", 12.0, 13.5, "来函", "王", "2023-07-20")),
        layouts={"L1": {"A001": ("一、组织", "C7"), "A002": ("二", "C8")}, "L2": {}},
        intake=(finding,),
    )
    totals = table(
        TOTALS_COLUMNS,
        ("01", "A001", 0.1 + 0.2, 13.5, 1, 2, 1, 0, True, float("nan"), 1e-7),
        ("0101", "A001", 12.0, 13.5, 1, 1, 1, 0, False, float("nan"), float("nan")),
    )
    return Outcome(
        period=found.period,
        root="01",
        units=UnitTree(UNITS),
        round=found,
        totals=totals,
        findings=(finding,),
        checks=table(CHECKS_COLUMNS, ("R1", 1, 2, 3, 4)),
        differences=table(DIFFERENCES_COLUMNS),
        coverage=Coverage((), (), (), (), ()),
        past=Past(),
        edition="e1",
    )


def totals_in(workbook: Workbook) -> pd.DataFrame:
    """The totals that a summary carries for other programs. Raises UnreadableWorkbook."""
    return TablesIn(workbook).frame("_totals", TOTALS_COLUMNS)


def same(one: Round, other: Round) -> None:
    """Two rounds are equal in every table, to the last digit."""
    for name in ("returns", "values", "states", "typed", "texts", "lists", "reasons", "answers", "adjustments"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert (one.period, one.layouts, one.intake) == (other.period, other.layouts, other.intake)
