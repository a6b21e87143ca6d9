"""The small parts of an Office Open XML workbook: its relations, its list of sheets, its shared strings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lxml import etree

from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.remembered import ENTRY, Remembered, weigh_text
from reconcile.files.xml import UnsafeMarkup, decode_texts, is_plain_utf8, local, parse, unescape_excel

_ITEM = re.compile(rb'[ \t\n]*+<si><t(?: xml:space="preserve")?+>([^<]*+)</t>')
MAX_STRINGS = 600_000  # different texts of one workbook, as many as cells are read
_LEARNED = 5000  # strings never met before in one file, from which on it is no return like others
_STRINGS, _ENDS = 2 << 20, 1 << 20  # bytes of what is kept of strings, and of what stands around them
_COUNTED = 10_000


class Relation(NamedTuple):
    """A relation of a part. `target`: the name of the part it points to; of an external one, the address as it stands (never opened)."""

    id: str
    kind: str
    target: str
    external: bool


class Listed(NamedTuple):
    """A sheet in the list of sheets; `relation` is the id of the relation that leads to it."""

    name: str
    hidden: bool
    relation: str


class Book(NamedTuple):
    """The workbook part: its epoch, and its sheets in their order."""

    epoch1904: bool
    sheets: tuple[Listed, ...]


def relations_name(owner: str) -> str:
    """The part that holds the relations of `owner` ("" for the package)."""
    folder, _, file = owner.rpartition("/")
    return f"{folder}/_rels/{file}.rels".lstrip("/")


def read_relations(name: str, content: bytes) -> tuple[Relation, ...]:
    """The relations in the part `name`. Raises UnsafeMarkup or lxml.etree.XMLSyntaxError."""
    folder = name.rpartition("/")[0].removesuffix("_rels").rstrip("/")
    found = []
    for element in parse(content):
        external = element.get("TargetMode") == "External"
        target = element.get("Target", "")
        found.append(Relation(element.get("Id", ""), element.get("Type", ""), target if external else _resolve(folder, target), external))
    return tuple(found)


def _resolve(folder: str, target: str) -> str:
    """The part a relation points to, seen from `folder`."""
    target = target.replace("\\", "/")
    steps: list[str] = [] if target.startswith("/") else folder.split("/")
    for step in target.split("/"):
        if step == "..":
            steps[-1:] = []
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(step for step in steps if step)


def read_book(_: str, content: bytes) -> Book:
    """The workbook part. Raises UnsafeMarkup or lxml.etree.XMLSyntaxError."""
    root = parse(content)
    sheets = next((child for child in root if local(child) == "sheets"), ())
    return Book(
        epoch1904=any(element.get("date1904") in ("1", "true", "on") for element in root if local(element) == "workbookPr"),
        sheets=tuple(
            Listed(element.get("name", ""), element.get("state") in ("hidden", "veryHidden"), _relation_id(element)) for element in sheets
        ),
    )


def _relation_id(element: etree._Element) -> str:
    """The r:id of a sheet, in the transitional or the strict name space."""
    return str(next((value for name, value in element.attrib.items() if str(name).endswith("}id")), ""))


def string_item(item: etree._Element) -> str:
    """The text of an `si` or `is` element: runs joined, readings (phonetic runs) left out."""
    texts: list[str] = []
    for child in item:
        if local(child) == "t":
            texts.append(child.text or "")
        elif local(child) == "r":
            texts.extend(run.text or "" for run in child if local(run) == "t")
    return "".join(texts)


class KnownStrings:
    """Shared strings that were met before, each by its bytes; and whether what stands around them (`ends`) is as it should be."""

    __slots__ = ("_digits", "ends", "texts")

    def __init__(self) -> None:
        self.texts: Remembered[bytes, str] = Remembered(_STRINGS, weigh_text)
        self.ends: Remembered[tuple[bytes, bytes], bool] = Remembered(_ENDS, lambda ends, _: ENTRY + len(ends[0]) + len(ends[1]))
        self._digits: list[bytes] = []

    def digits(self, count: int) -> Sequence[bytes]:
        """The numbers of so many strings as cells write them. Of very many, only the first: the others are found by counting."""
        if len(self._digits) < min(count, _COUNTED):
            self._digits = [b"%d" % number for number in range(min(count, _COUNTED))]
        return self._digits


def read_strings(content: bytes, known: KnownStrings) -> list[str]:
    """The shared strings: rich text joined, readings left out. Raises UnsafeMarkup, lxml.etree.XMLSyntaxError, UnreadableWorkbook."""
    if len(content) > 4 * MAX_STRINGS and content.count(b"<si") > MAX_STRINGS:
        raise UnreadableWorkbook("too_large", f"工作簿的文字超过 {MAX_STRINGS // 10000} 万条的上限，未读取。请删去无关内容后另存再报。")
    quick = scan_strings(content, known)
    if quick is not None:
        return quick
    return [unescape_excel(string_item(item)) for item in parse(content) if local(item) == "si"]


def scan_strings(content: bytes, known: KnownStrings) -> list[str] | None:
    """The quick way: item by item, each looked at once; None unless every byte between the first and the last is one's."""
    start, end = content.find(b"<si>"), content.rfind(b"</si>")
    if start < 0 or end < start or not _ends(content[:start], content[end + 5 :], known):
        return None
    body = content[start:end]
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    items = body.split(b"</si>")
    texts = list(map(known.texts.known.get, items))
    missing = [place for place, text in enumerate(texts) if text is None]
    if missing:
        new = _texts_of({items[place] for place in missing}, known)
        if new is None:
            return None
        for place in missing:
            texts[place] = new[items[place]]
    return texts  # type: ignore[return-value]  # none is None any more


def _ends(head: bytes, tail: bytes, known: KnownStrings) -> bool:
    """Whether what stands around the items is one element of a plain UTF-8 part, without comments."""
    good = known.ends.find((head, tail))
    if good is None:
        good = b"<!" not in head and b"<!" not in tail and is_plain_utf8(head[:500] + b"<si>")
        try:
            good = good and len(parse(head + tail)) == 0
        except (UnsafeMarkup, etree.XMLSyntaxError):
            good = False
        known.ends.keep((head, tail), good)
    return good


def _texts_of(items: set[bytes], known: KnownStrings) -> dict[bytes, str] | None:
    """Items that are not at hand: met long ago, or new. None where one is not well formed by itself."""
    found: dict[bytes, str] = {}
    simple: dict[bytes, bytes] = {}
    try:
        for item in items:
            text = known.texts.find(item)
            if text is not None:
                found[item] = text
            elif (one := _ITEM.fullmatch(item)) is not None:
                simple[item] = one[1]
            else:
                found[item] = _rich(item)
        texts = decode_texts(set(simple.values()))
    except (UnsafeMarkup, UnicodeDecodeError, etree.XMLSyntaxError):
        return None
    found.update((item, unescape_excel(texts[raw])) for item, raw in simple.items())
    if len(found) <= _LEARNED:
        for item, text in found.items():
            known.texts.keep(item, text)
    return found


def _rich(item: bytes) -> str:
    """The text of an item in pieces, with fonts or readings. Raises UnsafeMarkup for what may not be looked at by itself."""
    if b"<!" in item or b"<?" in item or not item.lstrip().startswith(b"<si>"):
        raise UnsafeMarkup
    return unescape_excel(string_item(parse(item.lstrip() + b"</si>")))
