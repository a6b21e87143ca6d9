"""The register of one round (收表登记): for every file its unit, its period, its version, and what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from reconcile.model.identity import mask_text
from reconcile.model.period import Period
from reconcile.model.round import UNREAD, Standing
from reconcile.process.desk import Desk, Entry
from reconcile.process.whose import Names, plain_name
from reconcile.scheme.wording import listed

_SHA_PREFIX = 12  # digits of a sha256 that a cover shows
_COMPARED = "汇总口径，只与下级合计核对，不计入"
_NO_TREE = "汇总口径；没有单位名录，看不出它包括哪些单位，未计入，请补上名录"


class Changes(Protocol):
    """Compares two versions of a return."""

    def __call__(self, older: Entry, newer: Entry) -> str:
        """In Chinese: which figures and lists differ."""

    def none(self, one: Entry, other: Entry) -> bool:
        """Whether both say the same throughout: figures, lists, texts, reasons and answers."""


def round_period(written: Iterable[str]) -> Period | None:
    """The commonest period among covers: those that end on the same day are one. Where two are as common, the later one."""
    words = Counter(one for one in written if one)
    periods = [(period, times) for period, times in ((Period.parse(word), times) for word, times in words.items()) if period is not None]
    if not periods:
        return None
    ends: Counter[tuple[int, int]] = Counter()
    for period, times in periods:
        ends[period.year, period.month] += times
    chosen = max(ends, key=lambda end: (ends[end], end))
    forms: Counter[str] = Counter()
    for period, times in periods:
        if (period.year, period.month) == chosen:
            forms[period.written] += times
    spelled = min(forms, key=lambda form: (-forms[form], form))
    return Period(*chosen, spelled)


def assign(entries: Sequence[Entry], *, desk: Desk) -> None:
    """Give every entry its unit, by code or by an exact name. What stays unknown is UNASSIGNED (unreadable files keep their standing)."""
    names = Names(desk.units)
    for entry in entries:
        entry.unit = names.code(entry.code) if entry.code else ""
        if entry.unit:
            _compare_name(entry, desk)
            continue
        proposed = names.propose(cover_name=entry.cover_name, file=entry.file.rsplit("/", 1)[-1] if entry.paper else entry.file)
        entry.unit = proposed.unit
        if entry.standing != Standing.COUNTED:
            continue
        known = f"{desk.units.name(proposed.unit)}（{proposed.unit}）" if proposed.unit else ""
        if entry.code:
            fate = f"暂按{proposed.basis}计入{known}" if known else "没有计入"
            words = {"代码": mask_text(entry.code), "依据": proposed.basis, "处理": fate}
            desk.tell("unknown_unit", entry, words, expected=known or proposed.basis)
        if proposed.unit:
            entry.remark(f"按{proposed.basis}认定单位")
            if not entry.code:  # of a code that nobody has it is told already
                desk.tell("proposed_unit", entry, {"代码": proposed.unit, "依据": proposed.basis}, expected=known)
            continue
        entry.standing = Standing.UNASSIGNED
        entry.remark(f"无法确定填报单位{f'（{proposed.basis}）' if proposed.basis else ''}")
        if not entry.code and not entry.source:  # a summary told of it already
            desk.tell("unknown_unit", entry, {"代码": "（空）", "依据": proposed.basis, "处理": "没有计入"}, expected=proposed.basis)


def _compare_name(entry: Entry, desk: Desk) -> None:
    listed_name = desk.units.name(entry.unit)
    if entry.cover_name in ("", listed_name) or entry.standing != Standing.COUNTED:
        return
    if plain_name(entry.cover_name) != plain_name(listed_name):
        desk.tell("name_differs", entry, {"封面名称": entry.cover_name, "名录名称": listed_name})


def settle(entries: Sequence[Entry], *, desk: Desk, changes: Changes) -> None:
    """Decide what becomes of every entry: duplicates, wrong periods, versions, scopes, in this order."""
    _settle_duplicates(entries, desk)
    _settle_periods(entries, desk)
    _settle_empty(entries, desk)
    names = Names(desk.units)
    answered = _settle_replaced(entries, names, desk=desk, changes=changes)
    for entry in entries:
        if entry.standing == Standing.COUNTED:
            _settle_cover(entry, desk)
            if entry.scheme and entry.scheme != desk.scheme.hash:
                entry.remark("表式由另一版报表制度生成")
    _settle_versions(entries, answered, names, desk=desk, changes=changes)
    _settle_summaries(entries, desk)
    _settle_papers(entries)


def _settle_duplicates(entries: Sequence[Entry], desk: Desk) -> None:
    """Byte for byte the same return is counted once; a file read directly goes before the same one met in a summary."""
    kept: dict[tuple[str, str], Entry] = {}
    claimed: dict[str, Entry] = {}
    returns = [entry for entry in entries if entry.standing in (Standing.COUNTED, Standing.UNASSIGNED)]
    for entry in sorted(returns, key=lambda one: (not one.unit, one.source != "", one.file, one.source)):
        first = kept.setdefault((entry.sha256, entry.unit), entry) if entry.unit else claimed.get(entry.sha256, entry)
        claimed.setdefault(entry.sha256, entry)
        if first is entry:
            continue
        entry.standing = Standing.DUPLICATE
        entry.remark(f"与“{first.file}”完全相同")
        if entry.source == first.source:
            desk.tell("duplicate_file", entry, {"另一文件": first.file})


def _settle_periods(entries: Sequence[Entry], desk: Desk) -> None:
    read = {word: Period.parse(word) for word in {entry.period for entry in entries}}
    for entry in entries:
        if entry.standing not in (Standing.COUNTED, Standing.UNASSIGNED):
            continue
        found = read[entry.period]
        if found is None:
            entry.remark(
                f"封面报告期“{entry.period}”看不懂，按{desk.period.chinese}计入"
                if entry.period
                else f"封面没有报告期，按{desk.period.chinese}计入"
            )
            entry.period = ""
        elif not found.same_end(desk.period):
            entry.period = found.written
            entry.standing = Standing.WRONG_PERIOD
            entry.remark(f"封面报告期为{found.chinese}")
            desk.tell("wrong_period", entry, {"封面报告期": found.chinese, "报告期": desk.period.chinese})
        else:
            entry.period = found.written


def _settle_empty(entries: Sequence[Entry], desk: Desk) -> None:
    """A form on which nothing is filled reports nothing: its unit is asked as if nothing had come."""
    for entry in entries:
        if entry.empty and entry.standing == Standing.COUNTED:
            entry.standing = Standing.EMPTY
            entry.remark("空白表，一项也没有填写，没有计入")
            desk.tell("empty_return", entry)


def _settle_replaced(entries: Sequence[Entry], names: Names, *, desk: Desk, changes: Changes) -> dict[Entry, Entry]:
    """A return that names the version it answers supersedes it: of the same unit, or of nobody known. Returns what each one answers.

    What bears another unit's name is no answer, whoever's query workbook it was filled in (see `_of_another`)."""
    versions: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.standing in (Standing.COUNTED, Standing.UNASSIGNED, Standing.WRONG_PERIOD):
            versions.setdefault(entry.sha256[:_SHA_PREFIX], []).append(entry)
    links: dict[Entry, Entry] = {}
    answered: dict[Entry, Entry] = {}
    for newer in entries:
        if newer.standing != Standing.COUNTED or len(newer.replaces) < _SHA_PREFIX:
            continue
        if names.another(newer.unit, cover_name=newer.cover_name):
            continue
        for older in versions.get(newer.replaces[:_SHA_PREFIX], ()):
            if older is not newer and older.unit in (newer.unit, "") and older.sha256.startswith(newer.replaces):
                links.setdefault(older, newer)
                answered.setdefault(newer, older)
    for older, newer in links.items():
        if not _comes_back(older, links):
            _supersede(older, newer, desk, changes)
    return answered


def _comes_back(start: Entry, links: dict[Entry, Entry]) -> bool:
    """Whether versions answer each other in a circle, so that none of them is the last."""
    here, steps = start, 0
    while here in links and steps <= len(links):
        here, steps = links[here], steps + 1
        if here is start:
            return True
    return False


def _settle_cover(entry: Entry, desk: Desk) -> None:
    """本级 or 汇总; a unit without children has only its own figures, so there 汇总 says the same as 本级. And a date nobody can read."""
    if entry.odd_date:
        entry.remark(f"填报日期“{entry.odd_date}”看不懂，按未填处理")
        desk.tell("cover_date", entry, {"原文": entry.odd_date})
    if entry.scope == "" and desk.units.children(entry.unit):
        entry.remark("未注明填报口径，按本级计入")
        desk.tell("scope_undeclared", entry)


def _is_summary(entry: Entry, desk: Desk) -> bool:
    return entry.scope == "汇总" and (bool(desk.units.children(entry.unit)) or not desk.units.known)


def _settle_versions(entries: Sequence[Entry], answered: Mapping[Entry, Entry], names: Names, *, desk: Desk, changes: Changes) -> None:
    groups: dict[tuple[str, bool], list[Entry]] = {}
    for entry in entries:
        if entry.standing == Standing.COUNTED:
            groups.setdefault((entry.unit, _is_summary(entry, desk)), []).append(entry)
    for group in groups.values():
        if len(group) < 2:
            continue
        own = [entry for entry in group if not _of_another(entry, names, desk)]
        if len(own) > 1:
            _settle_group(own, answered, desk=desk, changes=changes)


def _of_another(entry: Entry, names: Names, desk: Desk) -> bool:
    """Turn away what bears this unit's code among other returns of it, but another unit's name: a form that was copied from a neighbour.
    A name that differs from the table's otherwise (see `_compare_name`) may be a new one."""
    other = names.another(entry.unit, cover_name=entry.cover_name)
    if not other:
        return False
    own, name = desk.units.name(entry.unit), desk.units.name(other)
    entry.standing = Standing.UNASSIGNED
    entry.remark(f"封面代码是“{own}”的，名称是“{name}”的，没有计入")
    desk.told = [one for one in desk.told if one[0] != "name_differs" or one[1] is not entry]
    desk.tell("other_unit", entry, {"代码": entry.unit, "代码单位": own, "名称单位": name, "名称单位代码": other}, unit=other)
    return True


def _settle_group(group: Sequence[Entry], answered: Mapping[Entry, Entry], *, desk: Desk, changes: Changes) -> None:
    """Of several versions the one with the latest cover date counts. Where two share it, or one bears no date, the answer of most rounds
    counts, else nobody can tell; but the file itself goes before what an earlier summary kept of the unit.
    """
    latest = max(entry.filled_on for entry in group)
    last = [entry for entry in group if entry.filled_on in (latest, "")]
    for entry in group:
        if entry not in last:
            _supersede(entry, last[0], desk, changes)
    newest = _newest([entry for entry in last if not entry.source] or last, answered, changes)
    if len(newest) == 1:
        for entry in last:
            if entry is not newest[0]:
                _supersede(entry, newest[0], desk, changes)
        return
    before = {answered.get(entry) for entry in newest} - {None}
    _tie(last, before.pop() if len(before) == 1 else None, desk)


def _newest(last: Sequence[Entry], answered: Mapping[Entry, Entry], changes: Changes) -> Sequence[Entry]:
    """Those of several versions that may be the last: of answers, whoever answered what came of another answer; of equal ones the first."""
    if all(entry in answered for entry in last):
        rounds = {entry: _rounds(entry, answered) for entry in last}
        last = [entry for entry in last if rounds[entry] == max(rounds.values())]
    return last[:1] if all(changes.none(last[0], entry) for entry in last[1:]) else last


def _rounds(entry: Entry, answered: Mapping[Entry, Entry]) -> int:
    """How many versions, each an answer to the one before, lie behind this one."""
    behind: list[Entry] = []
    while entry in answered and entry not in behind:
        behind.append(entry)
        entry = answered[entry]
    return len(behind)


def _tie(last: Sequence[Entry], before: Entry | None, desk: Desk) -> None:
    """Nobody can tell which one is the last: none counts. The version before, where they answer it, stands until somebody says."""
    stands = before is not None and before.standing == Standing.SUPERSEDED
    fate = f"暂按它们答复的“{before.file}”计入" if before is not None and stands else "都没有计入"
    if before is not None and stands:
        before.standing, before.note = Standing.COUNTED, "改正后的报表分不清先后，暂按这一份计入"
        desk.told = [one for one in desk.told if one[0] != "superseded" or one[1] is not before]
        _settle_cover(before, desk)
    for entry in last:
        others = [other.file for other in last if other is not entry]
        entry.standing = Standing.TIED
        entry.remark(f"与“{listed(others)}”分不清哪份在后，{fate}")
    words = {"份数": str(len(last)), "另一文件": listed([entry.file for entry in last[1:]]), "处理": fate}
    desk.tell("version_tie", last[0], words, beside=last[1:])


def _supersede(older: Entry, newer: Entry, desk: Desk, changes: Changes) -> None:
    changed = changes(older, newer)
    older.standing = Standing.SUPERSEDED
    older.remark(f"已由“{newer.file}”替代（{changed}）")
    desk.tell("superseded", older, {"替代文件": newer.file, "变化": changed}, difference=changed)


def _settle_summaries(entries: Sequence[Entry], desk: Desk) -> None:
    """A 汇总 return is compared where anything below was read; where nothing was, it stands in, and covers the unit's own return too."""
    counted = [entry for entry in entries if entry.standing == Standing.COUNTED]
    heights = {entry.unit: len(desk.units.ancestors(entry.unit)) for entry in counted}
    read = {step for entry in counted if not _is_summary(entry, desk) for step in desk.units.ancestors(entry.unit)[1:]}
    alone = len({entry.unit for entry in counted}) == 1
    for entry in sorted((one for one in counted if _is_summary(one, desk)), key=lambda one: -heights[one.unit]):
        if entry.unit in read or not (desk.units.known or alone):
            entry.standing = Standing.COMPARED
            entry.remark(_COMPARED if desk.units.known else _NO_TREE)
        else:
            entry.standing = Standing.STAND_IN
            entry.remark("下级报表一份未收到，以汇总口径代替")
            desk.tell("summary_scope", entry)
            for own in counted:
                if own.unit == entry.unit and own.standing == Standing.COUNTED:
                    own.standing = Standing.SUPERSEDED
                    own.remark(f"已包含在汇总口径报表“{entry.file}”中")
        read.update(desk.units.ancestors(entry.unit)[1:])


def _settle_papers(entries: Sequence[Entry]) -> None:
    """A scan or a letter stands for an unreadable return only where it is named after a unit from which nothing else was read."""
    heard = {entry.unit for entry in entries if entry.standing not in UNREAD}
    for entry in entries:
        if entry.paper and (not entry.unit or entry.unit in heard):
            entry.standing = Standing.FOREIGN
