"""Whose a return is: by its code; else by exact names on the cover, in the file's name or in its folders. Never by likeness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz, process

from reconcile.model.unit import UnitTree

_DROPPED = re.compile(r"[\s()\[\]{}<>〈〉《》【】〔〕「」\"'“”‘’·.,，。、_—–-]+")
_UNION = ("基层工会委员会", "工会联合委员会", "工会联合会", "工会委员会", "联合工会", "总工会", "工会")
_PERIOD = re.compile(
    r"\d{4}年?度?(?:上半年|下半年|半年|第?[一二三四1-4]季度|全年|\d{1,2}月份?|[HhQq][1-4])?|(?:上半年|下半年|全年|年度|半年)"
)
_PAPER = re.compile(
    r"(?:工会)?(?:工作)?(?:统计|汇总|基层|半年|年|月|季)*(?:报表|报告|年报|月报|季报|填报表|上报表|表)"
    r"|(?:修改|更正|修订|最终|正式|终)[稿版]|副本|最终|更正|汇总|本级"
)
_BETWEEN = re.compile(r"[\s_()\[\]【】〔〕+,，、.·—–-]+")
_CODE = re.compile(r"[0-9A-Za-z]{4,}")
_NAMED_ABOVE = 8  # nation, province, city, county, town, village, enterprise, group: longer lines of names nobody writes
_SUGGESTED = 60  # below this score a likeness only confuses
_SHOWN = 3


def plain_name(name: str) -> str:
    """A name as it is compared: full width folded, spaces, brackets, words for a union left out. 大王庄 and 小王庄 stay two places."""
    folded = _DROPPED.sub("", unicodedata.normalize("NFKC", name))
    for ending in _UNION:
        if folded.endswith(ending) and len(folded) > len(ending):
            return folded.removesuffix(ending)
    return folded


def plain_code(written: str) -> str:
    """A unit code as it is compared: full width folded, spaces left out, capitals, without the .0 of a number cell."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", written)).upper().removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whose a file may be. `unit` is "" where nothing names exactly one unit; `basis` says in Chinese what named it (or what is alike)."""

    unit: str
    basis: str


class Names:
    """The names of all units, ready to be looked up."""

    def __init__(self, units: UnitTree) -> None:
        self.units = units

    @cached_property
    def _plain(self) -> dict[str, str]:
        return {unit.code: plain_name(unit.name) for unit in self.units}

    @cached_property
    def _codes(self) -> dict[str, set[str]]:
        """Which units a name may mean. Made when the first return comes that does not bear a unit's code."""
        found: dict[str, set[str]] = {}
        for unit in self.units:
            for name in self._written(unit.code):
                found.setdefault(name, set()).add(unit.code)
        return found

    @cached_property
    def _by_code(self) -> dict[str, str]:
        return {plain_code(unit.code): unit.code for unit in self.units}

    def _written(self, code: str) -> Iterable[str]:
        """A unit's name alone, and behind the names of the units above it, as 城关镇大王庄村 or 某某县城关镇大王庄村."""
        line = [self._plain[step] for step in self.units.ancestors(code)[:_NAMED_ABOVE]]
        yield line[0]
        for height in range(2, len(line) + 1):
            yield "".join(reversed(line[:height]))
            yield line[height - 1] + line[0]

    def code(self, written: str) -> str:
        """The unit with this code, however it was typed (full width, spaces); "" where there is none."""
        return written if written in self.units else self._by_code.get(plain_code(written), "")

    def propose(self, *, cover_name: str, file: str) -> Proposal:
        """The one unit that the cover's name, else the file's name, else a folder's name, names exactly.

        A name that several units bear is told apart by the folders. Where the cover bears a name, the file's must not say another
        place. A folder names a unit only where nothing is below that unit: a town's folder holds its villages' returns.
        """
        parts = [part for part in file.split("/") if part]
        folders, stem = parts[:-1], re.sub(r"\.[A-Za-z0-9]{1,5}$", "", parts[-1] if parts else "")
        above = frozenset().union(*(self._in_text(folder) for folder in folders))
        on_cover = self._narrowed(self._codes.get(plain_name(cover_name), set()), above) if cover_name else set()
        if len(on_cover) == 1:
            return Proposal(next(iter(on_cover)), f"封面单位名称“{cover_name}”")
        stated = self._in_text(stem)
        in_name = self._narrowed(self._lowest(stated), above | stated)
        if len(in_name) == 1 and self._agrees(next(iter(in_name)), cover_name):
            return Proposal(next(iter(in_name)), f"文件名“{parts[-1]}”")
        if not cover_name and not in_name:
            for folder in reversed(folders):
                held = {code for code in self._in_text(folder) if not self.units.children(code)}
                if len(held) == 1:
                    return Proposal(next(iter(held)), f"文件夹名“{folder}”")
        return Proposal("", self._alike(on_cover | in_name, cover_name or stem))

    def another(self, code: str, *, cover_name: str) -> str:
        """The unit, other than the one with this code, that a cover's name names exactly; "" where it names none or several, or may be
        this one's."""
        found = self._codes.get(plain_name(cover_name), set()) if cover_name else set()
        return next(iter(found)) if len(found) == 1 and code not in found else ""

    def _narrowed(self, found: set[str], above: frozenset[str]) -> set[str]:
        """Of several units with one name, those below a unit that the folders name."""
        if len(found) < 2:
            return found
        below = {code for code in found if any(step in above for step in self.units.ancestors(code)[1:])}
        return below or found

    def _in_text(self, text: str) -> set[str]:
        """Units that a file's or folder's name states, as a code or as whole names once period and kind of paper are left out."""
        folded = unicodedata.normalize("NFKC", text)
        for word in _CODE.findall(folded):
            if code := self.code(word):
                return {code}
        named = self._codes.get(plain_name(text), set())
        if named:
            return set(named)
        words = [word for word in _BETWEEN.split(_PAPER.sub(" ", _PERIOD.sub(" ", folded))) if word]
        if named := self._codes.get(plain_name("".join(words)), set()):
            return set(named)
        return set().union(*(self._codes.get(plain_name(word), set()) for word in words))

    def _lowest(self, found: set[str]) -> set[str]:
        """Without the units above others of them: 城关镇 大王庄村 speaks of the village."""
        above = {step for code in found for step in self.units.ancestors(code)[1:]}
        return found - above

    def _agrees(self, code: str, cover_name: str) -> bool:
        """Whether the cover's name may be a shorter writing of the unit's name (大王庄 for 大王庄村): the same from its first character."""
        return not cover_name or plain_name(self.units.name(code)).startswith(plain_name(cover_name))

    def _alike(self, found: set[str], written: str) -> str:
        if found:
            return "同名单位：" + "、".join(f"{self.units.name(code)}（{code}）" for code in sorted(found)[:_SHOWN])
        ranked = process.extract(plain_name(written), self._plain, scorer=fuzz.ratio, score_cutoff=_SUGGESTED, limit=_SHOWN)
        near = [f"{self.units.name(code)}（{code}）" for _, _, code in ranked]
        return f"名称相近：{'、'.join(near)}" if near else ""
