"""The words of the rule language: numbers, quoted texts, names, operators, each with its column in the text as written.

ASCII, full-width and Chinese spellings become one here: `＞＝`, `≥` and `>=` are one operator, 且 and `and` one word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from reconcile.scheme.syntax import KEYWORDS, LEADING_KEYWORDS, NAME_PATTERN, ExpressionError

# One character for one character, so that a column counted here is the column in the text as written. Quotes keep their width.
_NARROW: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if code not in (0xFF02, 0xFF07, 0xFF40)}
_NARROW |= {ord(wide): narrow for wide, narrow in zip("\u3000×÷−≦≧⩽⩾【】、", " */-≤≥≤≥[],", strict=True)}
_OPERATORS = {"=": "==", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}
_TOKEN = re.compile(
    rf"""(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+|(?P<scale>[%万亿]))?)
    |(?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*'|“[^”]*”|‘[^’]*’)
    |(?P<quoted>`(?:[^`]|``)+`)
    |(?P<lead>{"|".join(LEADING_KEYWORDS)})
    |(?P<name>{NAME_PATTERN})
    |(?P<operator><=|>=|==|!=|<>|[-+*/()<>=,.\[\]≤≥≠])""",
    re.VERBOSE,
)
_WORD_OPERATORS = {"不大于": "<=", "不小于": ">=", "不等于": "!=", "大于": ">", "小于": "<", "等于": "=="}
_WORD = re.compile("|".join(_WORD_OPERATORS))
_SCALES = {"%": -2, "万": 4, "亿": 8}
_SPACE = re.compile(r"\s*")

_TokenKind: TypeAlias = Literal["number", "text", "quoted", "name", "word", "operator", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word. `value` is normalised: `==` for `＝`, `and` for 且; of a number, digits that float() reads."""

    kind: _TokenKind
    value: str
    written: str
    column: int


def tokens_of(text: str) -> list[Token]:
    """The words of a text, the last of kind `end`. Raises `ExpressionError` at the first that is none."""
    narrow = text.translate(_NARROW)
    tokens: list[Token] = []
    at = _SPACE.match(narrow, 0).end()  # type: ignore[union-attr] # \s* matches everywhere
    while at < len(narrow):
        # Two figures never stand side by side: what follows one and begins so is no name (a 不大于 b, but 大于30人企业数 < 5).
        word = _WORD.match(narrow, at) if tokens and _ends_figure(tokens[-1]) else None
        if word is not None:
            tokens.append(Token("operator", _WORD_OPERATORS[word[0]], word[0], at + 1))
            at = _SPACE.match(narrow, word.end()).end()  # type: ignore[union-attr] # \s* matches everywhere
            continue
        found = _TOKEN.match(narrow, at)
        if found is None:
            _refuse_character(text, at)
        tokens.append(_token(found, text))
        after = _SPACE.match(narrow, found.end()).end()  # type: ignore[union-attr] # \s* matches everywhere
        if found["number"] and after == found.end():
            _refuse_glued(narrow, text, at, after)
        at = after
    tokens.append(Token("end", "", "", len(text.rstrip()) + 1))
    return tokens


def _ends_figure(token: Token) -> bool:
    return token.kind in ("name", "quoted", "number", "text") or token.value in (")", "]")


def _token(found: re.Match[str], text: str) -> Token:
    written, column = text[found.start() : found.end()], found.start() + 1
    if found["number"]:
        digits = f"{found['number'][:-1]}e{_SCALES[found['scale']]}" if found["scale"] else found["number"]
        return Token("number", digits, written, column)
    if found["text"]:
        mark = written[0]
        return Token("text", written[1:-1].replace(mark * 2, mark) if mark in "\"'" else written[1:-1], written, column)
    if found["quoted"]:
        return Token("quoted", written[1:-1].replace("``", "`"), written, column)
    if found["lead"]:
        return Token("word", KEYWORDS[found["lead"]], written, column)
    if found["name"]:
        keyword = KEYWORDS.get(found["name"].lower())
        return Token("word", keyword, written, column) if keyword else Token("name", found["name"], written, column)
    return Token("operator", _OPERATORS.get(found[0], found[0]), written, column)


def _refuse_character(text: str, at: int) -> NoReturn:
    if text[at] in "\"'“‘":
        raise ExpressionError("这个引号没有相配的后引号", at + 1)
    if text[at] == "`":
        raise ExpressionError("这个反引号没有相配的另一个，或两个之间没有名称", at + 1)
    raise ExpressionError(f"不认识“{text[at]}”，指标名称中有特殊字符时请用反引号括起来", at + 1)


def _refuse_glued(narrow: str, text: str, start: int, end: int) -> None:
    """`3人` and `12.5.3` are slips, `3则` is not."""
    following = _TOKEN.match(narrow, end)
    if following is None or following["lead"] or _WORD.match(narrow, end):
        return
    if following["name"] or following["quoted"] or following["number"] or following[0] == ".":
        if (following["name"] or "").lower() in KEYWORDS:
            return
        name = text[start : following.end()]
        raise ExpressionError(f"“{name}”不是数，以数字开头的名称请用反引号括起来", start + 1)
