"""The summary's sheets of what is no figure: 名册汇总 (the rows of each list) and 文字材料 (answers in words)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reconcile.report.summary_pages import CENTRE, NUMBER, PLAIN, TEXT, Column, TablePage, Telling, sheet_title
from reconcile.report.summary_units import MOST_LINES

if TYPE_CHECKING:
    from reconcile.files.bulk import Value


def add_rosters(telling: Telling) -> None:
    """名册汇总: the rows of each list of all returns that count, a sheet a list. Personal numbers come masked in the round."""
    outcome = telling.outcome
    counted = {one: unit for unit, ids in outcome.round.counted.items() for one in ids}
    lists = outcome.round.lists
    kept = lists[lists["return"].isin(list(counted))]
    shown = False
    for roster in telling.scheme.rosters.values():
        rows = kept[kept["list"] == roster.name]
        if rows.empty:
            continue
        shown = True
        columns = [
            Column("序号", 6, CENTRE),
            Column("单位代码", 18, PLAIN),
            Column("单位名称", 28, TEXT),
        ]
        columns += [
            Column(titled(one.name, one.measure), 20 if one.type == "text" else 16, NUMBER if one.type == "number" else TEXT)
            for one in roster.columns
        ]
        columns += [Column("文件", 40, TEXT), Column("行", 6, CENTRE)]
        page = TablePage(telling, sheet_title(f"名册汇总-{roster.name}"), columns, frozen=3)
        numbers = {one.column for one in roster.columns if one.type == "number"}
        gathered: dict[tuple[str, int], dict[str, Value]] = {}
        for one, row, column, text, value in rows[["return", "row", "column", "text", "value"]].itertuples(index=False):
            told: Value = float(value) if column in numbers and not math.isnan(value) else str(text)
            gathered.setdefault((str(one), int(row)), {})[str(column)] = told
        files = outcome.round.returns["file"]
        for number, ((one, row), cells) in enumerate(gathered.items(), start=1):
            head: list[Value] = [number, counted[one], outcome.units.name(counted[one])]
            page.add([*head, *(cells.get(column.column) for column in roster.columns), str(files[one]), row])
        page.close()
    if not shown:
        TablePage(telling, "名册汇总", [Column("说明", 60)]).nothing("本期没有收到名册")


def titled(name: str, measure: str) -> str:
    """The heading of a list's column, with what it is counted in."""
    return f"{name}（{measure}）" if measure not in ("", "文字", "日期") else name


def add_texts(telling: Telling) -> None:
    """文字材料: the answers to text indicators, by indicator, units in the order of the tree."""
    outcome = telling.outcome
    columns = [
        Column("项目", 16, CENTRE),
        Column("单位代码", 18, PLAIN),
        Column("单位名称", 26, TEXT),
        Column("内容", 90, TEXT),
        Column("文件", 36, TEXT),
    ]
    page = TablePage(telling, "文字材料", columns, frozen=3)
    order = {unit: number for number, unit in enumerate(outcome.units.subtree(outcome.root) if len(outcome.round.texts) else ())}
    counted = {one: unit for unit, ids in outcome.round.counted.items() for one in ids if unit in order}
    table = outcome.round.texts
    lines = [
        (code, one, text)
        for one, code, text in zip(table["return"].astype(str), table["indicator"].astype(str), table["text"].astype(str), strict=True)
    ]
    codes = {code: number for number, code in enumerate(telling.scheme.indicators)}
    lines = [line for line in lines if line[1] in counted]
    found = len(lines)
    if telling.large:
        lines = [line for line in lines if telling.shown.under[counted[line[1]]] == counted[line[1]]]
    lines.sort(key=lambda line: (codes.get(line[0], len(codes)), order[counted[line[1]]], line[1]))
    for code, one, text in lines[:MOST_LINES] if telling.large else lines:
        unit = counted[one]
        page.add([telling.scheme.label(code), unit, outcome.units.name(unit), text, str(outcome.round.returns.at[one, "file"])])
    if found > (kept := page.page.height - page.heading):
        page.section(f"以上为本级和所列各级单位的文字材料，另有{found - kept}条未列；{telling.elsewhere('texts')}")
    page.nothing("本期没有收到文字材料")
    page.close()
