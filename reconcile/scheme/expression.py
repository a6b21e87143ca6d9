"""The rule language: one small grammar, one tree, four faces.

    女会员 <= 会员人数                                  期末会员 == closing(期末会员) + 新增会员 - 减少会员
    如果 培训期数 > 0，则 培训人次 > 0                    0 <= 建会率 <= 100%
    count(困难职工名册) == 建档户数                      新建工会 in [0, 1, 2]        女会员 is not missing

`parse` reads a text, `text` spells it canonically, `references` and `rename` resolve its names. The faces: `evaluate` and `value` (all
records at once), `excel` and its kin (a live formula), `linear` and `implied` (rows for the localiser), `sentence` and `equation`
(Chinese). All four share one tolerance and one guard against binary rounding; both are defined in `evaluation`.
"""

from __future__ import annotations

from reconcile.scheme.evaluation import GUARD, Missing, Verdict, evaluate, sides, value
from reconcile.scheme.formula import excel, excel_check, excel_value
from reconcile.scheme.grammar import parse
from reconcile.scheme.linear import Implied, Linear, implied, linear
from reconcile.scheme.printing import text
from reconcile.scheme.records import Environment, WordEnvironment
from reconcile.scheme.sentence import equation, sentence, supposition
from reconcile.scheme.syntax import (
    And,
    Arithmetic,
    Call,
    Comparison,
    Expression,
    ExpressionError,
    Implies,
    IsMissing,
    Membership,
    Name,
    Negative,
    Not,
    Number,
    Or,
    Reference,
    Text,
    aggregates,
    references,
    rename,
    type_of,
)

__all__ = [
    "GUARD",
    "And",
    "Arithmetic",
    "Call",
    "Comparison",
    "Environment",
    "Expression",
    "ExpressionError",
    "Implied",
    "Implies",
    "IsMissing",
    "Linear",
    "Membership",
    "Missing",
    "Name",
    "Negative",
    "Not",
    "Number",
    "Or",
    "Reference",
    "Text",
    "Verdict",
    "WordEnvironment",
    "aggregates",
    "equation",
    "evaluate",
    "excel",
    "excel_check",
    "excel_value",
    "implied",
    "linear",
    "parse",
    "references",
    "rename",
    "sentence",
    "sides",
    "supposition",
    "text",
    "type_of",
    "value",
]
