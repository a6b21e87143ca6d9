"""What all sheets of the summary share: looks, a table's page with its title and print set-up, and the words for standings."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from reconcile.files.bulk import LAST_ROW, Look
from reconcile.files.raw import column_letters
from reconcile.files.tables_beside import NO_PYARROW
from reconcile.model.finding import Tier
from reconcile.model.quantity import exact, round_half_up
from reconcile.model.round import LARGE, LONG_LISTS, Standing, many
from reconcile.report.summary_units import MANY_UNITS, ShownUnits
from reconcile.scheme.comparison import PREVIOUS, compare

if TYPE_CHECKING:
    from reconcile.files.bulk import Book, Page, Value
    from reconcile.files.tables_beside import DataFiles
    from reconcile.model.indicator import Indicator
    from reconcile.model.narrative import Narrative
    from reconcile.model.outcome import Outcome
    from reconcile.scheme.scheme import Scheme

_GREY, _PALE = "D9D9D9", "F2F2F2"
TITLE = Look(font="黑体", size=16, align="center")
SUBTITLE = Look(size=10, colour="404040")
HEADING = Look(font="黑体", size=10, border=True, fill=_GREY, align="center", wrap=True)
SECTION = Look(font="黑体", size=10, border=True, fill=_PALE)
TEXT = Look(border=True, wrap=True)
PLAIN = Look(border=True)
CENTRE = Look(border=True, align="center", wrap=True)
NUMBER = Look(border=True, align="right")
OPEN = Look(border=True, align="center", underline=True, colour="0563C1")  # short words only: LibreOffice wraps no links
NOTE = Look(size=9, colour="595959", wrap=True)
FAINT = Look(border=True, align="center", colour="808080")
TIER_FILLS = {Tier.ERROR: "F8CBAD", Tier.QUERY: "FFE699", Tier.NOTE: "DDEBF7"}

STANDINGS: dict[Standing, str] = {
    Standing.COUNTED: "计入汇总",
    Standing.COMPARED: "汇总口径，只作核对",
    Standing.STAND_IN: "汇总口径，代下级计入",
    Standing.SUPERSEDED: "已被新版本替代",
    Standing.TIED: "版本无法判定，未计入",
    Standing.UNASSIGNED: "单位无法识别，未计入",
    Standing.FOREIGN: "不是本制度的报表",
    Standing.UNREADABLE: "无法读取",
    Standing.WRONG_PERIOD: "报告期不符，未计入",
    Standing.EMPTY: "空白表，未计入",
    Standing.DUPLICATE: "重复文件",
}
AGREES, DIFFERS = "相符", "不符"
UNLIKE = "口径不一"  # a rate some of whose parts were not given by the same units
FILLED = "补算"  # a derived figure that units left open, computed from their parts
SEVERAL = "各单位"
UNREPORTED = "未报"
_LINE, _TALLEST = 13.5, 400.0  # points: a line of text in size 10, and what Excel allows for a row (409)
_COMPARED_WITH = re.compile(f"^(?:[与比]{PREVIOUS.name}|{PREVIOUS.growing})")
_BAD_TITLE = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, its width in characters of the default font, and how its cells look."""

    heading: str
    width: float
    look: Look = TEXT


@dataclass(frozen=True)
class Telling:
    """What every sheet is told from."""

    book: Book
    outcome: Outcome
    scheme: Scheme
    narrative: Narrative
    data: DataFiles | None = None

    @property
    def large(self) -> bool:
        """Whether the sheets show units down to the second level only."""
        return self.outcome.round.large

    @cached_property
    def crowded(self) -> bool:
        """Whether there are too many units to list each, be they heard of or not."""
        return self.large or len(self.outcome.units.subtree(self.outcome.root)) > MANY_UNITS

    @cached_property
    def shown(self) -> ShownUnits:
        """The units that the sheets of a large round, or of one with many units, show."""
        return ShownUnits(self.outcome.units, self.outcome.root)

    def elsewhere(self, table: str) -> str:
        """Where the rest of a sheet of a large round stands."""
        if self.data is None:
            return "其余在隐藏的数据页中"
        return f"其余见数据文件 {self.data.folder}/{table}.parquet"

    @property
    def beside_words(self) -> str:
        """What the reader of a large round's cover is told about the rest."""
        if self.data is None:
            return f"{self.many}，各表只列到第二级下级，逐单位数据在隐藏的数据页中。{NO_PYARROW}"
        return (
            f"{self.many}，各表只列到第二级下级，逐单位数据在本工作簿旁的“{self.data.folder}”文件夹中。"
            "报送或移动本工作簿时，请连同 data 文件夹一起，上级才能读取。"
        )

    @property
    def many(self) -> str:
        """Why the round is large."""
        return f"报表超过{LARGE}份" if many(len(self.outcome.round.returns)) else f"名册内容超过{LONG_LISTS // 10000}万格"

    @property
    def unit(self) -> str:
        """The name of the unit that the summary is about; several units without a common top have no name of their own."""
        return self.outcome.units.name(self.outcome.subject) or SEVERAL

    @cached_property
    def numeric(self) -> tuple[Indicator, ...]:
        """The indicators that have figures: all but the texts."""
        return tuple(one for one in self.scheme.indicators.values() if one.kind != "text")

    def label(self, indicators: Sequence[str]) -> str:
        """Names of indicators with their codes."""
        known = self.scheme.indicators
        return "、".join(f"{known[code].name}（{code}）" if code in known else code for code in indicators)


class TablePage:
    """A sheet that holds one table below its title: printed on A4 across, as wide as the paper, headings on every page."""

    def __init__(
        self, telling: Telling, title: str, columns: Sequence[Column], *, note: str = "", frozen: int = 0, printed: int = 0
    ) -> None:
        """Begin the sheet. `note` follows the period and the edition, `frozen` columns stay in view, only the first `printed` go on paper
        (all if 0)."""
        self.book = telling.book
        self.page: Page = telling.book.page(title)
        self.columns = list(columns)
        self._printed = printed or len(columns)
        self.styles = [self.book.style(column.look) for column in columns]
        outcome = telling.outcome
        width = min(self._printed, 12)
        self.page.add([f"{telling.unit}{outcome.period.chinese}{title}"], self.book.style(TITLE), tall=30)
        self.page.merge(1, width)
        draft = "　（初稿）" if outcome.draft else ""
        said = f"报告期：{outcome.period.chinese}　单位：{telling.unit}　数据版本：{outcome.edition}{draft}"
        self.page.add([said + (f"　{note}" if note else "")], self.book.style(SUBTITLE), tall=18)
        self.page.merge(1, width)
        height = max(_lines(column.heading, column.width) for column in columns) * _LINE + 4
        self.heading = self.page.add([column.heading for column in columns], self.book.style(HEADING), tall=max(32, height))
        self._settings(frozen, outcome.edition)

    def _settings(self, frozen: int, edition: str) -> None:
        sheet = self.page.sheet
        for number, column in enumerate(self.columns, start=1):
            sheet.column_dimensions[column_letters(number)].width = column.width
        sheet.freeze_panes = f"{column_letters(frozen + 1)}{self.heading + 1}"
        sheet.print_title_rows = f"1:{self.heading}"
        self.page.paper(edition=edition)

    def add(self, values: Sequence[Value], looks: Sequence[int] | None = None, *, tall: float | None = None) -> int:
        """Add a row of the table; `looks` are style numbers where they differ from the columns'."""
        return self.page.add(values, self.styles if looks is None else looks, tall=tall or self._height(values))

    def _height(self, values: Sequence[Value]) -> float | None:
        """The height that the longest wrapped text needs; None for one line. Not every program makes rows fit when it opens a file."""
        lines = 1
        for value, column in zip(values, self.columns, strict=False):
            if isinstance(value, str) and column.look.wrap and (2 * len(value) > column.width - 1 or "\n" in value):
                lines = max(lines, _lines(value, column.width))
        return min(lines * _LINE + 2, _TALLEST) if lines > 1 else None

    def section(self, words: str, *, width: int | None = None) -> None:
        """Add a row that heads the rows below it."""
        width = width or len(self.columns)
        self.page.add([words, *[None] * (width - 1)], self.book.style(SECTION), tall=18)
        self.page.merge(1, width)

    def nothing(self, words: str) -> None:
        """Say that the table is empty where it is."""
        if self.page.height == self.heading:
            self.section(words)

    def note(self, words: str, *, lines: int = 1) -> None:
        """Add a remark below the table."""
        self.page.add([words], self.book.style(NOTE), tall=14.0 * lines)
        self.page.merge(1, min(len(self.columns), 12))

    def close(self) -> None:
        """Let the reader filter by any column, and print the columns that go on paper."""
        if self._printed < len(self.columns):
            self.page.sheet.print_area = f"A1:{column_letters(self._printed)}{max(self.page.height, self.heading)}"
        last = f"{column_letters(len(self.columns))}{max(self.page.height, self.heading)}"
        self.page.sheet.auto_filter.ref = f"A{self.heading}:{last}"

    @property
    def full(self) -> bool:
        """Whether the sheet takes no more rows."""
        return self.page.height >= LAST_ROW - 10


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column `width` wide; Chinese characters are two wide."""
    room = max(width - 1, 1)
    return sum(max(1, math.ceil(len(line.encode("gb18030", "replace")) / room)) for line in text.split("\n"))


def sheet_title(text: str) -> str:
    """`text` as Excel accepts a sheet's name: at most 31 characters, none of []:*?/\\ and no apostrophe at its ends."""
    return _BAD_TITLE.sub("_", text)[:31].strip("' ") or "表"


def figure_look(indicator: Indicator, value: float = 0.0, *, fill: str = "") -> Look:
    """How an indicator's number looks: with its decimals, or with all it has where it was reported with more."""
    shown = f"0.{'0' * indicator.decimals}" if indicator.decimals else "0"
    if math.isfinite(value) and round_half_up(value, indicator.decimals) != exact(value) and indicator.kind != "rate":
        shown = "General"
    return Look(border=True, align="right", number_format=shown, fill=fill)


def difference(left: float, right: float) -> float:
    """left − right on decimals: 0.3 − 0.1 is 0.2. NaN where one is unknown."""
    if not (math.isfinite(left) and math.isfinite(right)):
        return float("nan")
    return float(exact(left) - exact(right))


def growth(indicator: Indicator, value: float, base: float) -> str:
    """The change in the narrative's words and by its rules, but for what it is compared with: 增长12.3%, 提高1.2个百分点, 持平."""
    told = compare(value, base, base=PREVIOUS, measure=indicator.measure, decimals=indicator.decimals)
    if told is None:
        return "无上年数" if math.isfinite(value) else ""
    return _COMPARED_WITH.sub("", told.words) + told.text
