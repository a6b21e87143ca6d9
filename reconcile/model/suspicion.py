"""Suspicion (疑点): which cells of a return are most likely wrong, and what they probably should be. Never applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconcile.model.finding import CellAt


class Slip(StrEnum):
    """How a hand slips, so that what stands in a cell is not what was meant."""

    UNIT = "unit"  # ×10ᵏ: 元 for 万元, 千 for 万, one zero too many
    SWAPPED_DIGITS = "swapped_digits"  # 两位数字颠倒: 36 for 63
    WRONG_DIGIT = "wrong_digit"  # 一位数字写错: 135 for 185
    LOST_DIGIT = "lost_digit"  # 漏写一位: 15 for 185
    EXTRA_DIGIT = "extra_digit"  # 多写或重复一位: 1885 for 185
    SIGN = "sign"  # 正负号: -12 for 12
    EXCHANGED = "exchanged"  # 两格填颠倒
    NEXT_ROW = "next_row"  # 填到相邻的一行
    TOTAL_IN_PART = "total_in_part"  # 合计数填进了分项
    CARRIED_OVER = "carried_over"  # 照抄上期数
    IMPLIED = "implied"  # no slip of the hand known: what the other cells make it


@dataclass(frozen=True, slots=True)
class Change:
    """One cell with what it probably should be. `reported` and `said` are texts with their measure; `value` is in the indicator's measure.

    `indicator` is a code, or a list's figure as the rule language writes it (`total(帮扶职工名册.帮扶金额)`), whose cell is then "".
    """

    indicator: str
    cell: CellAt
    reported: str
    value: float
    said: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What one slip of the hand would explain: the cells it touched (建议值), why in a few words, and the rules repaired, in words."""

    slip: Slip
    changes: tuple[Change, ...]
    reason: str  # 像是把元当作万元填报
    equation: str  # 115＝100＋20－5; "" where no equality is repaired
    repairs: tuple[str, ...]  # ids of the broken rules that hold with it, errors first
    score: float  # evidence, larger is likelier; comparable within one return only


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What is suspected where some rules are broken in one return: one a group of rules that share cells.

    sets: all equally cheap sets of cells that could explain it, the likeliest first; each cell a code, or a figure as the rule
    language writes it. Empty where the return has too many errors or nothing may change.
    conflicts: sets of cells that cannot all be right, smallest first. left_out: ids of rules that could not be taken into
    account, or of which it is not proved that every set repairs them.
    """

    return_id: str
    unit: str
    rules: tuple[str, ...]  # ids of the broken rules
    sets: tuple[tuple[str, ...], ...]
    conflicts: tuple[tuple[str, ...], ...]
    left_out: tuple[str, ...]
    too_many: bool  # 该表错误过多，建议退回重填
    suggestions: tuple[Suggestion, ...]  # best first
    message: str  # 下列单元格互相矛盾：…，改其一即可
