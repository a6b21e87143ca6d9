"""An adjustment counts only with number, basis, name and date; what is not applied is told, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from reconcile.model.past import Past
from reconcile.model.round import ADJUSTMENTS_COLUMNS, Round
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.adjustments import examine
from reconcile.process.aggregate import aggregate
from reconcile.scheme.scheme import Scheme

UNITS = UnitTree([Unit("t", "东镇", "town"), Unit("v", "大王庄", "village", "t")])
NAN = float("nan")


def entries(*lines: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(lines), columns=list(ADJUSTMENTS_COLUMNS)).astype(ADJUSTMENTS_COLUMNS)


def test_only_whole_entries_are_applied_and_the_rest_is_told(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    scheme = make_scheme("A001|会员人数|人|stock\nA002|职工人数|人|stock", rules="N-1|@adjustment||query||||{指标}没有采用：{原因}|")
    given = make_round({"v": {"A001": 10, "A002": 20}})
    table = entries(
        ("v", "A001", 10.0, 12.0, "来函", "审核员", "2023-07-08"),
        ("v", "A002", 20.0, 30.0, "", "审核员", ""),
        ("v", "A002", 20.0, NAN, "来函", "审核员", "2023-07-08"),
        ("x", "A001", 1.0, 2.0, "来函", "审核员", "2023-07-08"),
        ("v", "A009", 1.0, 2.0, "来函", "审核员", "2023-07-08"),
    )
    returns = replace(given, adjustments=table)
    assert [one.message for one in examine(returns, scheme, units=UNITS)] == [
        "职工人数没有采用：没有写依据、日期",
        "职工人数没有采用：核定数不是数字",
        "会员人数没有采用：单位名录中没有“x”",
        "A009没有采用：没有指标“A009”",
    ]
    totals = aggregate(returns, scheme, units=UNITS, root="t", findings=(), past=Past())
    top = totals[totals["unit"] == "t"].set_index("indicator")
    assert top["value"].to_dict() == {"A001": 10.0, "A002": 20.0}
    assert top["approved"].to_dict() == {"A001": 12.0, "A002": 20.0}


def test_what_was_adjusted_from_another_figure_is_told(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    """The town's total stands in the summary; whoever adjusts it would add it to what is below."""
    scheme = make_scheme("A001|会员人数|人|stock\nA002|职工人数|人|stock", rules="N-1|@adjustment||query||||{原因}|")
    given = make_round({"t": {"A002": 3}, "v": {"A001": 10, "A002": 20}})
    table = entries(
        ("t", "A001", 10.0, 11.0, "来函", "审核员", "2023-07-08"),
        ("t", "A002", 23.0, 24.0, "来函", "审核员", "2023-07-08"),
        ("v", "A001", 9.0, 12.0, "来函", "审核员", "2023-07-08"),
        ("v", "A002", 20.0, 30.0, "来函", "审核员", "2023-07-08"),
        ("w", "A001", 5.0, 6.0, "来函", "审核员", "2023-07-08"),
    )
    returns = replace(given, adjustments=table)
    units = UnitTree([*UNITS, Unit("w", "小王庄", "village", "t")])
    own = "；核定数只代替单位自己的数，不含下级"
    assert [one.message for one in examine(returns, scheme, units=units)] == [
        f"所写的上报数是10，而该单位自己没有报这一项{own}",
        f"所写的上报数是23，而该单位自己报的是3{own}",
        f"所写的上报数是9，而该单位自己报的是10{own}",
        f"所写的上报数是5，而该单位自己没有报这一项{own}",
    ]
    top = aggregate(returns, scheme, units=units, root="t", findings=(), past=Past()).set_index(["unit", "indicator"])
    assert top["approved"]["t"].to_dict() == {"A001": 10.0, "A002": 33.0}


def test_two_on_one_day_count_neither(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    scheme = make_scheme("A001|会员人数|人|stock", rules="N-1|@adjustment||query||||{原因}|")
    line = ("v", "A001", 10.0, 12.0, "来函", "审核员", "2023-07-08")
    returns = replace(make_round({"v": {"A001": 10}}), adjustments=entries(line, (*line[:3], 13.0, *line[4:])))
    assert [one.message for one in examine(returns, scheme, units=UNITS)] == ["同一天核定了两次，分不清用哪一个"] * 2
    totals = aggregate(returns, scheme, units=UNITS, root="t", findings=(), past=Past())
    assert set(totals["approved"]) == {10.0}
