"""Period (报告期): known by its last day."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

_WRITTEN = re.compile(r"(?P<year>\d{4})(?:(?:H(?P<half>[12]))|(?:Q(?P<quarter>[1-4]))|(?:-?M?(?P<month>0?[1-9]|1[0-2])))?", re.IGNORECASE)
_CHINESE = re.compile(
    r"(?P<year>\d{4})年?度?(?:(?P<half>上半年|下半年|半年)|第?(?P<quarter>[一二三四1-4])季度?|(?:1[-—至到])?(?P<month>\d{1,2})月份?|全年|年度|年报)?"
)
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A span that begins on 1 January (flows accumulate) and ends with month `month` of `year`; `written` is its short form.

    2023Q2, 2023H1 and 2023-06 end on one day and so carry the same cumulative figures; they compare equal in `same_end`.
    """

    year: int
    month: int
    written: str

    @classmethod
    def parse(cls, text: str) -> Period | None:
        """Read `2023H1`, `2023`, `2023Q2`, `2023-06`, `2023年上半年`, `2023年6月` …; None where it is no period."""
        squeezed = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
        if found := _WRITTEN.fullmatch(squeezed):
            return cls._from(found.groupdict())
        if found := _CHINESE.fullmatch(squeezed):
            parts = found.groupdict()
            parts["half"] = {"上半年": "1", "半年": "1", "下半年": "2"}.get(parts["half"] or "")
            if parts["quarter"]:
                parts["quarter"] = str(_QUARTERS.get(parts["quarter"], parts["quarter"]))
            return cls._from(parts)
        return None

    @classmethod
    def _from(cls, parts: dict[str, str | None]) -> Period | None:
        year = int(parts["year"] or 0)
        if not 1949 <= year <= 2199:
            return None
        if parts.get("half"):
            return cls(year, 6 * int(parts["half"] or 0), f"{year}H{parts['half']}")
        if parts.get("quarter"):
            return cls(year, 3 * int(parts["quarter"] or 0), f"{year}Q{parts['quarter']}")
        if parts.get("month"):
            month = int(parts["month"] or 0)
            return cls(year, month, f"{year}-{month:02d}") if 1 <= month <= 12 else None
        return cls(year, 12, str(year))

    @property
    def last_day(self) -> date:
        """The day that names the period."""
        following = date(self.year + (self.month == 12), self.month % 12 + 1, 1)
        return following - timedelta(days=1)

    @property
    def chinese(self) -> str:
        """The period's name in a sentence: 2023年上半年."""
        tail = self.written[4:]
        if not tail:
            return f"{self.year}年"
        if tail in ("H1", "H2"):
            return f"{self.year}年{'上半年' if tail == 'H1' else '下半年'}"
        if tail.startswith("Q"):
            return f"{self.year}年{'一二三四'[int(tail[1]) - 1]}季度"
        return f"{self.year}年{self.month}月"

    @property
    def previous(self) -> Period:
        """The same period of last year (上年同期)."""
        return Period(self.year - 1, self.month, f"{self.year - 1}{self.written[4:]}")

    @property
    def closing(self) -> Period:
        """The end of last year (上年末)."""
        return Period(self.year - 1, 12, str(self.year - 1))

    def same_end(self, other: Period) -> bool:
        """Whether both end on the same day, and so carry the same figures."""
        return (self.year, self.month) == (other.year, other.month)

    def __str__(self) -> str:
        return self.written
