"""Findings about single cells of a return and about its form: what was typed, what was left out, what was changed."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from reconcile.model.finding import CellAt, Finding
from reconcile.model.quantity import format_number
from reconcile.model.round import State
from reconcile.scheme.wording import amount, finding, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconcile.process.desk import Desk, Entry
    from reconcile.process.taken import Mark, Taken

_SHEET = re.compile(r"工作表“([^”]*)”")
_ABSENT_SHOWN = 5
_MARKS_SHOWN = 100  # alike cells of lists in one return
_UNKNOWN_SHOWN = 50  # rows with unknown codes in one return


def cell_findings(taken: Taken, entry: Entry, *, desk: Desk) -> list[Finding]:
    """All findings about the cells of one return that is counted or compared, and about its form."""
    found = [_mark_finding(mark, entry, desk) for mark in _bounded(taken.marks)]
    found.extend(_blanks(taken, entry, desk))
    found.extend(_form_findings(taken, entry, desk))
    return [one for one in found if one is not None]


def _bounded(marks: Sequence[Mark]) -> list[Mark]:
    """The marks to be told one by one; of a check that a hundred cells of lists fail, the rest as one: nobody reads a hundred thousand."""
    alike: dict[str, list[Mark]] = {}
    kept: list[Mark] = []
    for mark in marks:
        met = alike.setdefault(mark.check, [])
        if mark.code or len(met) < _MARKS_SHOWN:
            kept.append(mark)
        if not mark.code:
            met.append(mark)
    for met in alike.values():
        if rest := met[_MARKS_SHOWN:]:
            kept.append(rest[0]._replace(typed=listed([one.typed for one in rest], _ABSENT_SHOWN), value=math.nan))
    return kept


def _mark_finding(mark: Mark, entry: Entry, desk: Desk) -> Finding | None:
    value = ""
    if mark.code and not math.isnan(mark.value):
        value = amount(mark.value, desk.scheme.indicators[mark.code], desk.scheme)
    elif not math.isnan(mark.value):
        value = format_number(mark.value, 6)
    typed = mark.typed if not mark.said or mark.typed.endswith(mark.said) else mark.typed + mark.said
    label = mark.label or desk.scheme.label(mark.code)
    words = {"指标": label, "列": label, "值": value, "换算": f"{typed}={value}", "原因": mark.reason, "原文": mark.typed}
    words["计量单位"] = mark.said
    return _about(mark.check, words, entry, desk, code=mark.code, at=CellAt(entry.file, mark.sheet, mark.cell, mark.typed), observed=value)


def _blanks(taken: Taken, entry: Entry, desk: Desk) -> Iterator[Finding | None]:
    """Required figures that stand on the form and were left blank; a kind of unit is only asked for its own."""
    if entry.unit not in desk.units:
        return
    blank = desk.required(desk.units[entry.unit].kind) & (taken.states == State.BLANK)
    if not blank.any():
        return
    for code, left_out in zip(desk.scheme.indicators, blank.tolist(), strict=True):
        if left_out:
            sheet, cell = taken.places.get(code, ("", ""))
            words = {"指标": desk.scheme.label(code)}
            yield _about("required_blank", words, entry, desk, code=code, at=CellAt(entry.file, sheet, cell, ""))


def _form_findings(taken: Taken, entry: Entry, desk: Desk) -> Iterator[Finding | None]:
    whole = CellAt(entry.file, "", "", "")
    kind = desk.units[entry.unit].kind if entry.unit in desk.units else ""
    absent = [code for code in taken.absent if not kind or desk.scheme.indicators[code].asked_of(kind)]
    if absent:
        names = listed([f"{desk.scheme.label(code)}（{code}）" for code in absent], _ABSENT_SHOWN)
        yield _about("template_changed", {"缺少": names}, entry, desk, codes=tuple(absent), at=whole)
    for text, sheet, cell in _few(taken.unknown):
        yield _about("unknown_code", {"代码": text}, entry, desk, at=CellAt(entry.file, sheet, cell, text))
    if taken.relabelled:
        yield _about("relabelled", {"内容": listed(taken.relabelled, limit=5)}, entry, desk, at=CellAt(entry.file, "", "", ""))
    if taken.active:
        yield _about("active_content", {"内容": listed(taken.active, limit=len(taken.active))}, entry, desk, at=whole)
    for said in taken.hidden:
        named = _SHEET.search(said)
        yield _about("hidden", {"内容": said}, entry, desk, at=CellAt(entry.file, named[1] if named else "", "", ""))


def _few(unknown: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Rows with unknown codes to be told one by one, and the rest as one."""
    shown, rest = list(unknown[:_UNKNOWN_SHOWN]), unknown[_UNKNOWN_SHOWN:]
    if rest:
        shown.append((listed([text for text, _, _ in rest], _ABSENT_SHOWN), rest[0][1], rest[0][2]))
    return shown


def _about(
    check: str,
    words: dict[str, str],
    entry: Entry,
    desk: Desk,
    *,
    at: CellAt,
    code: str = "",
    codes: tuple[str, ...] = (),
    observed: str = "",
) -> Finding | None:
    rule = desk.scheme.named.get(check)
    if rule is None:
        return None
    return finding(
        rule,
        words,
        unit=entry.unit,
        unit_name=desk.units.name(entry.unit),
        period=str(desk.period),
        return_id=entry.return_id,
        indicators=(code,) if code else codes,
        cells=(at,),
        observed=observed,
    )
