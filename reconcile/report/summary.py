"""The summary workbook: what was totalled, what does not hold, where every figure came from, and the round itself for the next level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconcile.files.bulk import Book, Look, Page
from reconcile.files.tidy import add_round
from reconcile.model.finding import Tier
from reconcile.report.summary_findings import add_adjustments, add_differences, add_findings, add_statistics
from reconcile.report.summary_large import RecordedUnits, add_covered_units, add_recorded_units, add_registered_units, add_roster_units
from reconcile.report.summary_lists import add_rosters, add_texts
from reconcile.report.summary_pages import NOTE, Telling
from reconcile.report.summary_returns import Recorded, add_coverage, add_recorded, add_register, coverage_line
from reconcile.report.summary_sources import add_left_out, add_sources
from reconcile.report.summary_totals import Totals, add_comparison, add_kinds, add_totals

if TYPE_CHECKING:
    from reconcile.files.tables_beside import DataFiles
    from reconcile.model.narrative import Narrative
    from reconcile.model.outcome import Outcome
    from reconcile.scheme.scheme import Scheme

_ABOUT: dict[str, str] = {
    "汇总表": "各项指标的汇总数、上年同期、覆盖情况和各下级数据",
    "分类汇总": "按单位类型分列",
    "同比表": "与上年同期、上年末比较",
    "上报情况": "各单位是否报送、何时报送",
    "问题清单": "逐条列出位置、问题和处理建议",
    "问题统计": "按审核关系和单位统计",
    "差额表": "自报汇总数与由下级汇总的差额",
    "过录表": "各单位各指标的上报数",
    "数据来源": "文稿中每个数据的出处",
    "来源单元格": "每个数据由哪些单元格相加",
    "未写入": "文稿因无数据而略去的句子",
    "文字材料": "各单位填报的文字",
    "收表登记": "收到的每个文件及其处理",
    "核定": "由有权限的人员填写核定数",
}
_COVER = "封面"
_LABEL = Look(font="黑体", size=12)
_LINE = Look(size=12, wrap=True)
_LINKED = Look(size=11, underline=True, colour="0563C1")


def summary(outcome: Outcome, scheme: Scheme, narrative: Narrative, *, beside: str | None = None, data: DataFiles | None = None) -> bytes:
    """The workbook as a file; the same input gives the same bytes.

    `beside`: the relative address from the workbook's folder to where the files' paths begin ("" for the same folder), for links in
    问题清单; None links to 过录表 instead. `data`: the files that `large_tables` wrote beside the workbook; None writes the round into
    hidden sheets, of any size. The sheets of a large round show units down to the second level below the root.
    """
    book = Book()
    cover = book.page(_COVER)
    telling = Telling(book, outcome, scheme, narrative, data)
    totals = Totals(telling)
    recorded = RecordedUnits(telling) if telling.large else Recorded(telling)
    add_totals(telling, totals)
    add_kinds(telling, totals)
    add_comparison(telling, totals)
    (add_covered_units if telling.crowded else add_coverage)(telling)
    add_findings(telling, recorded, beside=beside)
    add_statistics(telling)
    add_differences(telling)
    if isinstance(recorded, RecordedUnits):
        add_recorded_units(telling, totals, recorded)
    else:
        add_recorded(telling, totals, recorded)
    add_sources(telling, totals)
    add_left_out(telling)
    (add_roster_units if telling.large else add_rosters)(telling)
    add_texts(telling)
    (add_registered_units if telling.large else add_register)(telling)
    add_adjustments(telling)
    _fill_cover(cover, telling)
    add_round(book, outcome, scheme, data=data)
    return book.data(title=f"{telling.unit}{outcome.period.chinese}汇总", day=outcome.period.last_day)


def _fill_cover(cover: Page, telling: Telling) -> None:
    """Title, what the figures rest on, signatures, and the contents with links."""
    outcome, scheme, style = telling.outcome, telling.scheme, telling.book.style
    for letters, width in zip("ABCDEF", (4, 24, 22, 12, 24, 4), strict=True):
        cover.sheet.column_dimensions[letters].width = width
    cover.sheet.sheet_view.showGridLines = False
    cover.skip(2)
    title = Look(font="黑体", size=22, align="center", wrap=True)
    _across(cover, telling.unit, style(title), tall=60)
    _across(cover, f"{outcome.period.chinese}{scheme.name}汇总表", style(title), tall=44)
    if outcome.draft:
        _across(
            cover,
            f"（初稿：尚有{outcome.count(Tier.ERROR)}处强制性问题未改正）",
            style(Look(size=14, colour="C00000", align="center")),
            tall=26,
        )
    cover.skip(1)
    tiers = "，".join(f"{tier.chinese}{outcome.count(tier)}处" for tier in Tier)
    checks = {name: int(outcome.checks[name].sum()) for name in ("passed", "failed", "not_evaluable")}
    judged = f"通过{checks['passed']}项次，不通过{checks['failed']}项次，无法判断{checks['not_evaluable']}项次"
    lines = [("汇总单位", f"{telling.unit}（{outcome.root}）" if outcome.root else telling.unit), ("报告期", outcome.period.chinese)]
    lines += [("报表制度", f"{scheme.name} {scheme.version}".strip()), ("数据版本", outcome.edition), ("上报情况", coverage_line(telling))]
    lines += [("审核问题", tiers), ("审核关系", judged)]
    for label, words in lines:
        row = cover.add([None, f"{label}：", words], [0, style(_LABEL), style(_LINE), 0, 0], tall=36 if len(words) > 30 else 22)
        cover.merge(3, 5, row=row)
    cover.skip(2)
    _signatures(cover, telling)
    cover.skip(2)
    _contents(cover, telling)
    cover.skip(1)
    if telling.large:
        words = telling.beside_words
        _across(cover, words, style(NOTE), tall=30)
    note = "本表数据为各单位上报数之和，未报单位未估计、未计入；汇总单位不得改动上报数。隐藏的数据页供上级汇总读取，请勿删除。"
    _across(cover, note, style(NOTE), tall=30)
    cover.paper(edition=outcome.edition, across=False)


def _across(cover: Page, words: str, look: int, *, tall: float) -> None:
    cover.add([None, words, None, None, None], [0, look, look, look, look], tall=tall)
    cover.merge(2, 5)


def _signatures(cover: Page, telling: Telling) -> None:
    """Lines for the names and the date."""
    label, line = telling.book.style(_LABEL), telling.book.style(Look(size=12))
    for left, right in (("填报人：", "审核人："), ("负责人：", "日　期：")):
        date = "　　　年　　月　　日" if right.startswith("日") else "________________"
        cover.add([None, left, "________________", right, date], [0, label, line, label, line], tall=34)


def _contents(cover: Page, telling: Telling) -> None:
    """The sheets there are, each a link, with what it is for."""
    look, plain = telling.book.style(_LINKED), telling.book.style(Look(size=11, colour="404040"))
    cover.add([None, "目　录"], [0, telling.book.style(_LABEL)], tall=22)
    for title in telling.book.titles:
        if title == _COVER:
            continue
        about = "各单位名册合并" if title.startswith("名册汇总") else _ABOUT.get(title, "")
        row = cover.add([None, title, about], [0, look, plain], tall=17)
        cover.link(row, 2, inside=f"'{title}'!A1")
        cover.merge(3, 5)
