"""Active content: what a workbook carries that could run, or fetch something, when it is opened in Excel or WPS.

Nothing of it is ever run, opened or followed here, and none of it reaches an output: what is written is made anew from figures and texts.
It is named, so that somebody asks the unit where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from lxml import etree

from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.xml import UnsafeMarkup, local, parse

if TYPE_CHECKING:
    from reconcile.files.xlsx_parts import Relation

MACROS = "宏"
MACRO_SHEETS = "宏表（Excel 4.0）"
EXTERNAL_LINKS = "指向其他文件的外部链接"
DDE_LINKS = "DDE 链接"
OLE_LINKS = "OLE 链接"
CONNECTIONS = "外部数据连接"
EMBEDDED = "嵌入的对象"
CONTROLS = "ActiveX 控件"
REMOTE = "指向外部的内容"

_NAMES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"vbaproject\.bin$", re.MULTILINE), MACROS),
    (re.compile(r"/macrosheets/[^/]+$", re.MULTILINE), MACRO_SHEETS),
    (re.compile(r"/(?:connections\.xml|querytables/[^/]+)$", re.MULTILINE), CONNECTIONS),
    (re.compile(r"/(?:activex|ctrlprops)/[^/]+$", re.MULTILINE), CONTROLS),
    (re.compile(r"/embeddings/[^/]+$", re.MULTILINE), EMBEDDED),
    (re.compile(r"/externallinks/[^/]+$", re.MULTILINE), EXTERNAL_LINKS),
)
_LINK = re.compile(r"(?:.*/)?externallinks/[^/]+\.xml")
_KINDS: Mapping[str, str] = {
    "vbaProject": MACROS,
    "xlMacrosheet": MACRO_SHEETS,
    "xlIntlMacrosheet": MACRO_SHEETS,
    "dialogsheet": MACRO_SHEETS,
    "connections": CONNECTIONS,
}
_HARMLESS_OUTSIDE = ("/hyperlink",)  # followed only when somebody clicks on it
_MOST_LINKS = 50  # parts of external links that are looked into; that there are any is told anyway

# A formula that asks another program for its value (cmd|'/c calc'!A0): a vertical bar has no other use in a formula but within a text;
# texts in quotes are passed over.
_QUOTED = re.compile(r'"[^"]*"')
_ASKS = re.compile(r"[A-Za-z][\w.\\ ]{0,80}'?\|[^!|]{0,300}!")
_MOST_LETTERS = 10_000  # of a formula that are looked at; programs write 8,192 at most

_ORDER = (MACROS, MACRO_SHEETS, DDE_LINKS, EXTERNAL_LINKS, OLE_LINKS, CONNECTIONS, CONTROLS, EMBEDDED, REMOTE)


def active_content(names: Collection[str], relations: Iterable[Relation], *, part: Callable[[str], bytes], asking: bool) -> tuple[str, ...]:
    """What a package carries, in Chinese words, each once, in a fixed order.

    names: of all parts, in lower case. relations: those of the workbook part. part: gives a part's content (raises UnreadableWorkbook).
    asking: whether a formula asks another program (`asks_outside`).
    """
    listed = "\n".join(names)
    found = {word for sign, word in _NAMES if sign.search(listed)}
    for relation in relations:
        word = _KINDS.get(relation.kind.rpartition("/")[2])
        if word is not None:
            found.add(word)
        if relation.external and not relation.kind.endswith(_HARMLESS_OUTSIDE):
            found.add(REMOTE)
    if EXTERNAL_LINKS in found:
        links = sorted(name for name in names if _LINK.fullmatch(name))
        found |= (told := _linked(links[:_MOST_LINKS], part))
        if told and EXTERNAL_LINKS not in told:
            found.remove(EXTERNAL_LINKS)
    if asking:
        found.add(DDE_LINKS)
    return tuple(word for word in _ORDER if word in found)


def asks_outside(formula: str) -> bool:
    """Whether a formula, without the equals sign, would start or ask another program."""
    return "|" in formula and _ASKS.search(_QUOTED.sub('""', formula[:_MOST_LETTERS])) is not None


def _linked(links: Iterable[str], part: Callable[[str], bytes]) -> set[str]:
    """What the parts of external links lead to; a part that cannot be read is a link all the same."""
    found: set[str] = set()
    kinds: Mapping[str, str] = {"externalBook": EXTERNAL_LINKS, "ddeLink": DDE_LINKS, "oleLink": OLE_LINKS}
    for name in links:
        try:
            root = parse(part(name))
        except (UnreadableWorkbook, UnsafeMarkup, etree.XMLSyntaxError):
            found.add(EXTERNAL_LINKS)
            continue
        found.update(kinds[local(child)] for child in root if local(child) in kinds)
    return found
