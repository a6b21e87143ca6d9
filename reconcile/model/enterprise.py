"""Names of enterprises: what is place, what is name, what is legal form, so that one enterprise written in two ways is met again.

Sources: 企业名称登记管理规定 (2020) art. 6: a name is place, 字号, trade and legal form in this order, and is unique in its registry. Two
places, two numbers, two sides of a town are two enterprises, however alike their names look. Nothing here raises on odd input.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import OSA, Levenshtein


class Likeness(StrEnum):
    """How far two names speak for one enterprise."""

    SAME = "same"  # one name, written in two ways
    NEAR = "near"  # a slip of the hand or an abbreviation apart: to be asked, not to be taken for granted
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Firm:
    """An enterprise's name, taken apart. `places`: its places without 省市县镇村, outermost first; `core`: name and trade; `form`: the
    legal form in one word (公司, 厂, 合作社 …), "" where none is written."""

    places: tuple[str, ...]
    core: str
    form: str


_SEPARATORS = re.compile(r"[\s·.,，、。_\-—–\"'“”‘’「」《》【】\[\]]+")
_UNION = re.compile(r"(?:基层|联合)?工会(?:联合)?(?:委员)?会?$")  # an enterprise's union bears the enterprise's name
_BRACKETED = re.compile(r"\(([^()]*)\)")
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("集团", re.compile(r"集团(?:股份)?(?:有限)?(?:责任)?(?:公司)?$")),
    ("公司", re.compile(r"(?:股份|有限|责任)*(?:总|(?<![分子支]))公司$")),  # a branch is not its company
    ("合作社", re.compile(r"(?:专业)?合作(?:联)?社$")),
    ("厂", re.compile(r"(?:总|(?<![分支]))厂$")),
)
_PLACE_ENDINGS = re.compile(r"(?:自治区|街道办事处|街道|社区|居委会|村委会|省|市|县|区|镇|乡|村)$")
# 超市, 门市, 小区, 园区, 家乡, 农村 … are no places; the shortest reading wins, so that 浙江省临河县 is two places.
_ANY_PLACE = re.compile(
    r"[\u4e00-\u9fff]{2,5}?(?:自治区|街道|省|(?<![超门城菜夜上])市|县|(?<![小园景校社库林矿厂新])区|镇|(?<![家水同老故侨])乡|(?<![农新])村)"
)
_LEFT_AFTER_WORD = 3  # characters of name, trade and form that must be left behind 临河县: else it is the name itself
_WITH_STEM = 6  # and a bare 临河 with what is behind it: 临河砖瓦厂 may as well be called 临河
_NESTED = 4  # province, city, county, town

_TELLING = frozenset(
    "大小东西南北中前后左右上下新老旧内外第总分0123456789"  # sides, sizes, ages, branches
    "一二三四五六七八九十百千两零〇壹贰叁肆伍陆柒捌玖拾甲乙丙丁戊己庚辛"
)
"""Characters that tell one of several apart: 一厂 and 二厂, 大王庄 and 小王庄, 东城 and 西城."""

_LETTERS = re.compile(r"[A-Z]")
_NAME = 2  # characters of most 字号; a name that differs there is another name: 恒瑞 and 瑞恒 are two
_SHORTEST_SLIP = 4  # in shorter cores one character is too much of the name
_SHORTEST_ABBREVIATION = 3
_LONGEST = 200  # characters; the longest registered names have 86. Its spellings take the square of a name's length


def place_words(names: Iterable[str]) -> dict[str, str]:
    """How places are written -> the place: 合岭镇 and 合岭 -> 合岭. `names` are names of villages, towns, counties, without 工会."""
    found: dict[str, str] = {}
    for name in names:
        word = _folded(name)
        stem = _PLACE_ENDINGS.sub("", word)
        if len(stem) < 2:
            stem = word
        if len(stem) >= 2:
            found.setdefault(word, stem)
            found.setdefault(stem, stem)
    return found


def read_firm(name: str, *, places: Mapping[str, str]) -> Firm:
    """Take an enterprise's name apart. `places`: words -> places, as `place_words` makes them. What is too long for a name has no core."""
    if len(name) > _LONGEST:
        return Firm((), "", "")
    folded = _UNION.sub("", _folded(name))
    met: list[str] = []
    for inner in _BRACKETED.findall(folded):
        place = places.get(inner) or (_PLACE_ENDINGS.sub("", inner) if _ANY_PLACE.fullmatch(inner) else "")
        if place:
            met.append(place)
            folded = folded.replace(f"({inner})", "")
    folded = re.sub(r"[()]", "", folded)
    before: list[str] = []
    for _ in range(_NESTED):
        word, place = _leading_place(folded, places)
        if not word:
            break
        before.append(place)
        folded = folded[len(word) :]
    for form, ending in _FORMS:
        found = ending.search(folded)
        if found is not None and found.start() > 0:
            return Firm((*before, *met), folded[: found.start()], form)
    return Firm((*before, *met), folded, "")


def likeness(one: Firm, other: Firm) -> Likeness:
    """How far two names speak for one enterprise, their places apart (whether places agree, depends on who wrote them).

    Near: one character wrong, left out, added, or two neighbours exchanged; a shorter writing of the same name; the same name with
    another legal form. A difference in a number, a direction or another telling character makes two enterprises.
    """
    if not one.core or not other.core:
        return Likeness.DIFFERENT
    if one.core == other.core:
        return Likeness.SAME if one.form == other.form or not one.form or not other.form else Likeness.NEAR
    if one.core[:_NAME] != other.core[:_NAME] or _told_apart(one.core, other.core):
        return Likeness.DIFFERENT
    short, long = sorted((one.core, other.core), key=len)
    if len(short) >= _SHORTEST_SLIP and OSA.distance(short, long, score_cutoff=1) == 1:
        return Likeness.NEAR
    if len(short) >= _SHORTEST_ABBREVIATION and abbreviates(short, long):
        return Likeness.NEAR
    return Likeness.DIFFERENT


def abbreviates(short: str, long: str) -> bool:
    """Whether `short` is `long` with characters left out."""
    rest = iter(long)
    return all(character in rest for character in short)


def spellings(core: str) -> frozenset[str]:
    """Texts that two like cores have in common, to look one up by: the core, the core without any one character, its 字号."""
    return frozenset({core, core[:_NAME], *(core[:place] + core[place + 1 :] for place in range(len(core)))})


def _told_apart(one: str, other: str) -> bool:
    """Whether what differs holds a telling character, or a letter: A and B are two works."""
    touched: set[str] = set()
    for step in Levenshtein.opcodes(one, other):
        if step.tag != "equal":
            touched.update(one[step.src_start : step.src_end], other[step.dest_start : step.dest_end])
    if sorted(one) == sorted(other) and len(touched) == 2:
        return False  # the same characters: two of them exchanged
    return bool(touched & _TELLING) or any(_LETTERS.match(character) for character in touched)


def _leading_place(folded: str, places: Mapping[str, str]) -> tuple[str, str]:
    """The place that a name begins with, as written and as known; "" where it begins with none."""
    for length in range(min(len(folded), 12), 1, -1):
        word = folded[:length]
        place = places.get(word)
        if place is not None and len(folded) - length >= _LEFT_AFTER_WORD and (word != place or len(folded) >= _WITH_STEM):
            return word, place
    found = _ANY_PLACE.match(folded)
    if found is not None and len(folded) - found.end() >= _LEFT_AFTER_WORD:
        return found[0], _PLACE_ENDINGS.sub("", found[0])
    return "", ""


def _folded(name: str) -> str:
    """Full width folded, separators left out, capitals."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name)).upper()
