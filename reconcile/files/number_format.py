"""Whether a number under a number format is shown as a date or as a percentage (ECMA-376 part 1, 18.8.30 and 18.8.31)."""

import re
from typing import Literal

from reconcile.files.xml import local, parse

FormatKind = Literal["plain", "date", "percent"]

# 14–22 and 45–47 are everybody's; 27–36 and 50–58 are the Chinese and Japanese built-in dates, which files use without declaring them.
DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
PERCENT_FORMATS = frozenset([9, 10])

_LONGEST = 255  # letters of a format that any program writes (ECMA-376 limits them so); a longer one may take for ever to look through
_NOT_SHOWN = re.compile(r'"[^"]*"|[\\!_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE | re.DOTALL)
_GENERAL = re.compile(r"general|standard|g/通用格式", re.IGNORECASE)
_FRACTION_OF_SECOND = re.compile(r"s\]?[.,]0+", re.IGNORECASE)
_DATE_LETTER = re.compile(r"[ymdhs年月日时分秒]", re.IGNORECASE)


def format_kind(number: int, code: str | None) -> FormatKind:
    """Tell the kind of format `number`, whose declared text is `code` (None where the file declares none)."""
    if code is None:
        if number in DATE_FORMATS:
            return "date"
        return "percent" if number in PERCENT_FORMATS else "plain"
    shown = _GENERAL.sub("", _NOT_SHOWN.sub("", code[:_LONGEST])).split(";", 1)[0]
    if "%" in shown:
        return "percent"
    shown = _FRACTION_OF_SECOND.sub("s", shown)
    if _DATE_LETTER.search(shown) and not any(digit in shown for digit in "0#?"):
        return "date"
    return "plain"


def read_formats(styles: bytes) -> list[FormatKind]:
    """What each cell style of a styles part makes of a number, by the style's place. Raises UnsafeMarkup or lxml.etree.XMLSyntaxError."""
    declared: dict[int, str] = {}
    used: list[int] = []
    for table in parse(styles):
        if local(table) == "numFmts":
            declared |= {_whole(element.get("numFmtId")): element.get("formatCode", "") for element in table}
        elif local(table) == "cellXfs":
            used = [_whole(element.get("numFmtId")) for element in table if local(element) == "xf"]
    kinds = {number: format_kind(number, declared.get(number)) for number in set(used)}
    return [kinds[number] for number in used]


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else 0
