"""Revision (修改): one thing in which two versions of a return, or of all returns, differ."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Aspect(StrEnum):
    """What kind of thing differs."""

    UNIT = "unit"  # reported in one version only
    RETURN = "return"  # another file counts
    COVER = "cover"
    FIGURE = "figure"
    TEXT = "text"
    ROW = "row"  # of a list
    REASON = "reason"
    ADJUSTMENT = "adjustment"
    TOTAL = "total"  # of the unit that the report is about

    @property
    def chinese(self) -> str:
        """The aspect as a clerk reads it."""
        return {
            "unit": "单位",
            "return": "报表",
            "cover": "封面",
            "figure": "数据",
            "text": "文字",
            "row": "名册",
            "reason": "说明",
            "adjustment": "核定",
            "total": "汇总数",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Revision:
    """One difference. `code` is an indicator's, or "" where there is none; `name` says what it is: an indicator, a cover field, a row and
    column of a list. `before` and `after` are texts with their measure, "" where that version has nothing; `difference` is after − before
    with its sign and measure, "" where it is no number. Places are 工作表!格, "" where there is none.
    """

    aspect: Aspect
    unit: str
    unit_name: str
    code: str
    name: str
    before_place: str
    after_place: str
    before: str
    after: str
    difference: str
