"""Changes as a reader meets them: on the terminal, grouped by unit, and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from reconcile.files.safe import harmless
from reconcile.model.characters import on_one_line
from reconcile.model.revision import Aspect, Revision
from reconcile.model.round import Standing
from reconcile.report.lines import wrapped

if TYPE_CHECKING:
    from reconcile.model.round import Round

_COLUMNS = ("单位代码", "单位名称", "类别", "代码", "名称", "旧位置", "新位置", "旧内容", "新内容", "差额")
_NOTHING = "空"
_ASIDE = (Standing.UNASSIGNED, Standing.UNREADABLE, Standing.TIED, Standing.WRONG_PERIOD, Standing.EMPTY)


def changes_text(revisions: Sequence[Revision], *, before: Round, after: Round) -> str:
    """All differences, a paragraph a unit, in lines of at most 80 columns; then the counts, and the files that were not compared."""
    lines: list[str] = []
    for total, group in groupby(revisions, key=lambda one: one.aspect is Aspect.TOTAL):
        for (code, name), told in groupby(group, key=lambda one: (one.unit, one.unit_name)):
            shown = f"{name}（{code}）" if name != code else name
            lines += [on_one_line(f"{shown or '全部单位'}{'汇总数' if total else ''}")]
            for one in told:
                lines += wrapped(on_one_line(_line(one)), indent="  ", hanging="    ")
            lines.append("")
    lines += wrapped(_closing(revisions, after))
    for side, files in (("旧版", before), ("新版", after)):
        for file in _aside(files):
            lines += wrapped(on_one_line(f"{side}未参加比较：{file}"))
    return "\n".join(lines)


def changes_csv(revisions: Iterable[Revision]) -> bytes:
    """The differences, one a line, with a Chinese heading; UTF-8 with the mark that Excel needs, lines ended as RFC 4180 says."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for one in revisions:
        cells = (one.unit, one.unit_name, one.aspect.chinese, one.code, one.name, one.before_place, one.after_place)
        writer.writerow([harmless(text) for text in (*cells, one.before, one.after, one.difference)])
    return out.getvalue().encode("utf-8-sig")


def _line(one: Revision) -> str:
    """[数据] A013 会员人数（组织建设!D16）：115人 → 118人（+3人）."""
    if one.aspect is Aspect.UNIT:
        return f"[{one.aspect.chinese}] {one.name}" + (f"是新增的：{one.after}" if one.after else f"没有了：{one.before}")
    where = _where(one)
    said = f"{one.before or _NOTHING} → {one.after or _NOTHING}"
    difference = f"（{one.difference}）" if one.difference else ""
    name = f"{one.code} {one.name}".strip()
    if one.aspect is Aspect.TOTAL:
        return f"{name}：{said}{difference}"
    if one.aspect is Aspect.ROW and (one.before_place == "" or one.after_place == "") and one.name.endswith(("增加", "减少")):
        said = one.after or one.before
    return f"[{one.aspect.chinese}] {name}{where}：{said}{difference}"


def _where(one: Revision) -> str:
    """The place, both where it moved."""
    places = dict.fromkeys(place for place in (one.before_place, one.after_place) if place)
    return f"（{' → '.join(places)}）" if places else ""


def _closing(revisions: Sequence[Revision], after: Round) -> str:
    period = after.period.chinese
    if not revisions:
        return f"{period}：两个版本没有差别。"
    met = Counter(one.aspect for one in revisions)
    counted = "、".join(f"{aspect.chinese}{met[aspect]}处" for aspect in Aspect if met[aspect])
    units = len({one.unit for one in revisions if one.aspect is not Aspect.TOTAL})
    return f"{period}：{units}个单位有差别；{counted}。"


def _aside(files: Round) -> list[str]:
    """Files of a version that count nowhere, each with its reason."""
    table = files.returns
    left = table[table["standing"].isin([str(one) for one in _ASIDE])]
    return [f"{file}（{note}）" if note else str(file) for file, note in zip(left["file"], left["note"], strict=True)]
