"""A county with two towns' worth of sense in it: three units, five indicators, one of everything that a report tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.narrative import Block, Figure, LeftOut, Level, Narrative
from reconcile.model.outcome import CHECKS_COLUMNS, DIFFERENCES_COLUMNS, TOTALS_COLUMNS, Coverage, Outcome
from reconcile.model.past import Past
from reconcile.model.period import Period
from reconcile.model.round import (
    ADJUSTMENTS_COLUMNS,
    LISTS_COLUMNS,
    REASONS_COLUMNS,
    RETURNS_COLUMNS,
    TEXTS_COLUMNS,
    TYPED_COLUMNS,
    Round,
    Standing,
)
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.loading import load_scheme
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.words import COLUMNS

NAN = float("nan")


def table(columns: dict[str, str], *rows: tuple[Any, ...]) -> pd.DataFrame:
    """A table of the model from its rows."""
    made = {
        name: pd.array([row[place] for row in rows], dtype="str") if kind == "str" else np.array([row[place] for row in rows], dtype=kind)
        for place, (name, kind) in enumerate(columns.items())
    }
    return pd.DataFrame(made, columns=list(columns))


def small_scheme() -> Scheme:
    """Workers, women among them, their share, yes or no, money, and a text."""
    kinds = "village"
    tables = {
        "scheme": [["key", "value"], ["name", "半年报"], ["version", "1"], ["due_days", "10"]],
        "measures": [
            ["measure", "factor", "base", "whole", "tolerance", "synonyms"],
            ["人", "1", "人", "是", "0", ""],
            ["%", "1", "%", "否", "", ""],
            ["是否", "1", "是否", "是", "0", ""],
            ["万元", "1", "万元", "否", "舍入", ""],
            ["文字", "1", "文字", "否", "0", ""],
        ],
        "indicators": [
            list(COLUMNS["indicators"]),
            ["A001", "职工人数", "组织", "人", "stock", "0", "是", kinds, "", "", ""],
            ["A002", "女职工人数", "组织", "人", "stock", "0", "否", kinds, "", "", ""],
            ["A003", "女职工占比", "组织", "%", "rate", "1", "否", kinds, "女职工人数 / 职工人数 * 100", "", ""],
            ["B001", "是否试点", "帮扶", "是否", "flag", "0", "否", kinds, "", "", ""],
            ["B002", "救助金额", "帮扶", "万元", "flow", "2", "否", kinds, "", "", ""],
            ["T001", "主要做法", "文字", "文字", "text", "0", "否", "*", "", "", ""],
        ],
        "rules": [
            list(COLUMNS["rules"]),
            ["R1", "女职工人数 <= 职工人数", "", "error", "", "", "*", "女职工多于职工", "请核对"],
            ["R2", "@missing_unit", "", "error", "", "", "*", "{单位}未报", "请催报"],
        ],
        "lists": [
            list(COLUMNS["lists"]),
            ["名册", "姓名", "姓名", "text", "文字", "", ""],
            ["名册", "金额", "金额", "number", "万元", "", ""],
        ],
        "form": [list(COLUMNS["form"])],
    }
    return load_scheme(tables, templates={})


UNITS = (Unit("01", "示范县总工会", "county"), Unit("0101", "一村工会", "village", "01"), Unit("0102", "二村工会", "village", "01"))


def small_outcome() -> Outcome:
    """一村 reported (women exceed workers), 二村 reported late with holes; a third file could not be read."""
    index = pd.Index(["r1", "r2", "r3"])
    returns = table(
        RETURNS_COLUMNS,
        ("a/一村.xlsx", "1" * 64, "", "0101", "一村", "本级", "2023H1", "", "甲某", "2023-07-05", "", "", "L", Standing.COUNTED, "", ""),
        ("a/二 村.xlsx", "2" * 64, "", "0102", "二村", "本级", "2023H1", "", "=王", "2023-07-15", "", "", "L", Standing.COUNTED, "", ""),
        ("坏.xlsx", "3" * 64, "", "", "", "", "", "", "", "", "", "", "", Standing.UNREADABLE, "文件已加密", ""),
    )
    returns.index = index
    codes = ["A001", "A002", "A003", "B001", "B002"]
    values = [[10, 12, 120, 1, 0.1], [30, NAN, NAN, 0, 0.25]]
    states = [[1, 1, 1, 1, 1], [1, 2, 4, 1, 1]]
    cells = (CellAt("a/一村.xlsx", "表1", "C5", "12"), CellAt("a/一村.xlsx", "表1", "C4", "10"))
    finding = Finding(
        Tier.ERROR,
        "R1",
        "0101",
        "一村工会",
        "2023H1",
        "r1",
        ("A002", "A001"),
        cells,
        "12人",
        "不大于10人",
        "2人",
        "女职工多于职工",
        "请核对",
    )
    note = Finding(Tier.NOTE, "R9", "0102", "二村工会", "2023H1", "r2", ("A001",), (), "", "", "-5元", "=HYPERLINK(1)\n第二行", "+1")
    round_ = Round(
        period=Period(2023, 6, "2023H1"),
        returns=returns,
        values=pd.DataFrame(np.array(values, dtype=float), index=index[:2], columns=codes),
        states=pd.DataFrame(np.array(states, dtype=np.int8), index=index[:2], columns=codes),
        typed=table(TYPED_COLUMNS, ("r2", "A003", "—", "")),
        texts=table(TEXTS_COLUMNS, ("r2", "T001", "=抓落实"), ("r1", "T001", "抓组建")),
        lists=table(LISTS_COLUMNS, ("r1", "名册", 5, "姓名", "王**", NAN, "A5", ""), ("r1", "名册", 5, "金额", "0.1", 0.1, "B5", "")),
        reasons=table(REASONS_COLUMNS, ("r1", "A002", "含派遣")),
        adjustments=table(ADJUSTMENTS_COLUMNS),
        layouts={"L": {code: ("表1", f"C{row}") for row, code in enumerate(codes, 4)}},
    )
    totals = table(
        TOTALS_COLUMNS,
        ("01", "A001", 40, 40, 2, 2, 2, 1, False, 32, 35),
        ("01", "A002", 12, 12, 1, 2, 1, 1, False, 0, NAN),
        ("01", "A003", 30, 30, 2, 2, 1, 0, False, 28.8, NAN),
        ("01", "B001", 1, 1, 2, 2, 2, 0, False, NAN, NAN),
        ("01", "B002", 0.35, 0.35, 2, 2, 2, 0, False, 10.5, NAN),
        ("0101", "A001", 10, 10, 1, 1, 1, 1, False, NAN, NAN),
        ("0101", "A002", 12, 12, 1, 1, 1, 1, False, NAN, NAN),
        ("0101", "A003", 120, 120, 1, 1, 1, 0, False, NAN, NAN),
        ("0101", "B001", 1, 1, 1, 1, 1, 0, False, NAN, NAN),
        ("0101", "B002", 0.1, 0.1, 1, 1, 1, 0, False, NAN, NAN),
        ("0102", "A001", 30, 30, 1, 1, 1, 0, False, NAN, NAN),
        ("0102", "A002", NAN, NAN, 0, 1, 0, 0, False, NAN, NAN),
        ("0102", "A003", NAN, NAN, 1, 1, 0, 0, False, NAN, NAN),
        ("0102", "B001", 0, 0, 1, 1, 1, 0, False, NAN, NAN),
        ("0102", "B002", 0.25, 0.25, 1, 1, 1, 0, False, NAN, NAN),
    )
    return Outcome(
        period=round_.period,
        root="01",
        units=UnitTree(UNITS),
        round=round_,
        totals=totals,
        findings=(finding, note),
        checks=table(CHECKS_COLUMNS, ("R1", 0, 1, 1, 0)),
        differences=table(DIFFERENCES_COLUMNS, ("0101", "A001", 11.0, 10.0, 1.0, "r1")),
        coverage=Coverage(("0101", "0102"), ("0101", "0102"), (), (), ("0102",)),
        past=Past(),
        edition="abc123",
    )


def small_narrative() -> Narrative:
    """Two figures from the same cells, one from none, one sentence left out."""
    cells = (CellAt("a/一村.xlsx", "表1", "C4", "10"), CellAt("a/二 村.xlsx", "表1", "C4", "30"))
    return Narrative(
        (Block(Level.TITLE, "题"),),
        (
            Figure(1, "40", "组织", "职工40人，增长25%。", "total", "A001", "01", "2023H1", 40.0, "人", cells),
            Figure(2, "25%", "组织", "职工40人，增长25%。", "growth", "A001", "01", "2023H1", 25.0, "%", cells),
            Figure(3, "2", "组织", "2家。", "count", "", "01", "2023H1", 2.0, "家", ()),
        ),
        (LeftOut("帮扶", ("B002",), "无人填报"),),
    )
