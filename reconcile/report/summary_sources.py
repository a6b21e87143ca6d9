"""The summary's sheets behind the narrative: 数据来源 (every figure), 来源单元格 (every cell of every figure) and 未写入."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.model.quantity import exact
from reconcile.report.summary_pages import CENTRE, NUMBER, OPEN, PLAIN, TEXT, Column, TablePage, Telling
from reconcile.report.summary_parts import SUMMED, add_parts, codes_of, parts_of
from reconcile.scheme.wording import place

if TYPE_CHECKING:
    from reconcile.files.bulk import Value
    from reconcile.model.finding import CellAt
    from reconcile.model.narrative import Figure
    from reconcile.report.summary_totals import Totals

_HOW = {
    "total": "汇总数",
    "previous": "上年同期数",
    "closing": "上年末数",
    "change": "增减数",
    "growth": "增减幅度",
    "share": "占比",
    "leading": "单个单位的数",
    "count": "单位家数",
    "date": "日期",
    "text": "文字",
}
CELLS_SHEET = "来源单元格"
"""The sheet of all cells; in a large round of the totals of the units directly below."""

_COLUMNS = (
    Column("序号", 6, CENTRE),
    Column("文中数据", 12, CENTRE),
    Column("所在句子", 46, TEXT),
    Column("性质", 11, CENTRE),
    Column("指标", 26, TEXT),
    Column("数值（未取舍）", 14, NUMBER),
    Column("计量单位", 8, CENTRE),
    Column("单元格数", 8, CENTRE),
    Column("单元格清单", 11, OPEN),
    Column("所在部分", 18, TEXT),
    Column("单位", 24, TEXT),
    Column("报告期", 12, CENTRE),
    Column("首个单元格", 60, PLAIN),
)


def add_sources(telling: Telling, totals: Totals) -> None:
    """数据来源: each figure of the narrative with what it says, its value before rounding and where its cells are listed.

    Figures that came from the same cells share one list in 来源单元格, under the first of them.
    """
    figures = telling.narrative.figures
    parts = parts_of(telling, totals) if telling.large else {}
    groups = {} if telling.large else _groups(figures)
    page = TablePage(telling, "数据来源", list(_COLUMNS), frozen=2, printed=9)
    lengths = {number: len(cells) for cells, number in groups.items()} | {one.number: len(one.rows) for one in parts.values()}
    starts = _starts(lengths)
    units, plain = telling.outcome.units, telling.book.style(CENTRE)
    for figure in figures:
        group = groups.get(figure.cells) if groups and figure.cells else None
        if (part := parts.get((figure.unit, figure.indicator))) is not None and figure.how in SUMMED:
            group = part.number
        first = place(figure.cells[0], with_file=True) if figure.cells else ""
        codes = codes_of(figure.indicator)
        measure = telling.scheme.measures.get(figure.measure)
        values: list[Value] = [
            figure.number,
            figure.text,
            figure.sentence,
            _HOW.get(figure.how, figure.how),
            telling.label(codes),
            figure.value,
        ]
        values += [measure.name if measure else figure.measure, len(figure.cells), None if group is None else f"第{group}号"]
        values += [figure.section, units.name(figure.unit), figure.period, first]
        row = page.add(values, page.styles if group is not None else [*page.styles[:8], plain, *page.styles[9:]])
        if group is not None and group in starts:
            page.page.link(row, 9, inside=f"'{CELLS_SHEET}'!A{starts[group]}")
    page.nothing("没有文稿数据")
    page.close()
    if telling.large:
        add_parts(telling, CELLS_SHEET, parts.values())
    else:
        _add_cells(telling, groups)


def _groups(figures: Iterable[Figure]) -> dict[Sequence[CellAt], int]:
    """Each list of cells that some figure came from, and the number of the first that did."""
    groups: dict[Sequence[CellAt], int] = {}
    for figure in figures:
        if figure.cells:
            groups.setdefault(figure.cells, figure.number)
    return groups


def _starts(lengths: Mapping[int, int]) -> dict[int, int]:
    """The row in which each list begins, on the first sheet of lists; `lengths` of the lists by their numbers."""
    found: dict[int, int] = {}
    row = 4
    for number, length in lengths.items():
        found[number] = row
        row += length
    return {number: row for number, row in found.items() if row < 1_000_000}


def _add_cells(telling: Telling, groups: Mapping[Sequence[CellAt], int]) -> None:
    columns = [
        Column("数据序号", 9, CENTRE),
        Column("文中数据", 14, CENTRE),
        Column("文件", 50, PLAIN),
        Column("工作表", 20, PLAIN),
        Column("单元格", 10, CENTRE),
        Column("单元格内容", 18, NUMBER),
    ]
    page = TablePage(telling, CELLS_SHEET, columns, frozen=2, note="序号与“数据来源”一致；来自相同单元格的数据列在其中第一个的序号下")
    texts = {figure.number: figure.text for figure in telling.narrative.figures}
    sheets = 1
    for cells, number in groups.items():
        for cell in cells:
            if page.full:
                page.close()
                sheets += 1
                page = TablePage(telling, f"{CELLS_SHEET}（{sheets}）", columns, frozen=2)
            page.page.add([number, texts[number], cell.file, cell.sheet, cell.cell, _content(cell.value)], page.styles)
    page.nothing("没有单元格")
    page.close()


def _content(text: str) -> str | float:
    """The cell's content: a number where it is plainly one, so that it can be added up."""
    plain = text.removeprefix("-").replace(".", "", 1)
    if plain.isascii() and plain.isdigit() and len(plain) < 15 and (not plain.startswith("0") or "." in text or plain == "0"):
        return float(exact(float(text)))
    return text


def add_left_out(telling: Telling) -> None:
    """未写入: sentences that the narrative left out because nobody reported their figures."""
    columns = [
        Column("序号", 6, CENTRE),
        Column("部分", 24, TEXT),
        Column("涉及指标", 60, TEXT),
        Column("原因", 40, TEXT),
    ]
    page = TablePage(telling, "未写入", columns)
    for number, left in enumerate(telling.narrative.left_out, start=1):
        page.add([number, left.section, telling.label(left.indicators), left.reason])
    page.nothing("文稿没有略去的句子")
