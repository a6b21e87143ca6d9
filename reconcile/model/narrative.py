"""Narrative: what the official text is made of, and the Figure (数据) that every number in it is bound to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconcile.model.finding import CellAt


class Level(StrEnum):
    """What a block is on the page."""

    TITLE = "title"
    SUBTITLE = "subtitle"  # （初稿）, the unit's name under the title
    ADDRESSEE = "addressee"  # 主送机关: the unit that the report goes up to
    HEADING = "heading"  # 一、
    SUBHEADING = "subheading"  # （一）
    PARAGRAPH = "paragraph"
    SIGNATURE = "signature"  # unit and date at the end


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the text, numbering included ("一、组织建设"). `figures`: (start, end, Figure.number) of each figure in `text`."""

    level: Level
    text: str
    figures: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as the narrative prints it.

    `how` says what it is: total, previous (last year's), change, growth, share (of another total), leading (a single unit's), count (of
    units), date, text. `cells` are its addends' cells, all of them, in order; they may be many, and are then looked up one by one when they
    are asked for (`len` is known at once); for last year's figures those of the past round's files.
    """

    number: int
    text: str
    section: str
    sentence: str
    how: str
    indicator: str
    unit: str
    period: str
    value: float
    measure: str
    cells: Sequence[CellAt]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sentence that was not printed: where it would have stood, and the names of the indicators that nobody reported (or that are 0)."""

    section: str
    indicators: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Narrative:
    """The text with its register."""

    blocks: tuple[Block, ...]
    figures: tuple[Figure, ...]
    left_out: tuple[LeftOut, ...]
