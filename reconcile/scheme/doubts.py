"""How a suspicion is said (疑似单元格, 建议值): the same words on the query sheet, in the summary, on the terminal and in lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconcile.scheme.wording import figure_name, place

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.model.suspicion import Suggestion, Suspicion
    from reconcile.scheme.scheme import Scheme

# More than three possibilities are no help to who must go through them; the whole list stands in the figures of the suspicion.
_SETS_SAID = 3
_SUGGESTIONS_SAID = 3
_PARTS_SAID = 4  # cells of one possibility


Moved = Mapping[tuple[str, str], tuple[str, str]]
"""Sheet and cell of a return -> where the same cell stands for the reader (on a form that was filled again)."""


def suspected(suspicion: Suspicion | None, scheme: Scheme, returns: Round, *, moved: Moved | None = None) -> str:
    """Which cells are most likely wrong, the likeliest first: 会员人数（一、组织建设!D17）；或新增会员（一、组织建设!D15）.

    Cells that are wrong only together are joined by 和. Where nothing can be singled out, what the suspicion itself says (退回重填); ""
    for no suspicion.
    """
    if suspicion is None:
        return ""
    if suspicion.too_many or not suspicion.sets:
        return suspicion.message
    shown = [_together(cells, suspicion, scheme, returns, moved or {}) for cells in suspicion.sets[:_SETS_SAID]]
    more = f"；等{len(suspicion.sets)}种可能" if len(suspicion.sets) > _SETS_SAID else ""
    return "；或".join(shown) + more


def suggested(suspicion: Suspicion | None, scheme: Scheme) -> str:
    """What the cells probably should be, the best first: 会员人数1350人→135人（多写一位；100＋40－5＝135）. "" for nothing."""
    if suspicion is None:
        return ""
    told, repaired = "", set[str]()
    for one in suspicion.suggestions[:_SUGGESTIONS_SAID]:
        apart = repaired.isdisjoint(one.repairs)  # what repairs other rules is no alternative, but needed beside
        told += (("；另外，" if apart and one.repairs else "；或") if told else "") + _suggestion(one, scheme)
        repaired.update(one.repairs)
    return told


def doubted(suspicion: Suspicion | None, scheme: Scheme, returns: Round, *, moved: Moved | None = None) -> str:
    """Both in two lines, each said what it is: 疑似：…, 建议：…; "" for no suspicion."""
    cells, values = suspected(suspicion, scheme, returns, moved=moved), suggested(suspicion, scheme)
    return "\n".join([*([f"疑似：{cells}"] if cells else []), *([f"建议：{values}"] if values else [])])


def _together(cells: Sequence[str], suspicion: Suspicion, scheme: Scheme, returns: Round, moved: Moved) -> str:
    """Cells that must be wrong together."""
    said = [_named(code, suspicion, scheme, returns, moved) for code in cells[:_PARTS_SAID]]
    return "和".join(said) + (f"等{len(cells)}格" if len(cells) > _PARTS_SAID else "")


def _named(code: str, suspicion: Suspicion, scheme: Scheme, returns: Round, moved: Moved) -> str:
    """A figure with its place; a list's figure has no single cell."""
    known = code in scheme.indicators and suspicion.return_id in returns.returns.index
    where = ""
    if known:
        cell = returns.cell(suspicion.return_id, code)
        sheet, address = moved.get((cell.sheet, cell.cell), (cell.sheet, cell.cell))
        where = place(replace(cell, sheet=sheet, cell=address))
    return figure_name(code, scheme) + (f"（{where}）" if where else "")


def _suggestion(one: Suggestion, scheme: Scheme) -> str:
    changes = "，".join(f"{figure_name(change.indicator, scheme)}{change.reported or '（空）'}→{change.said}" for change in one.changes)
    why = "；".join(filter(None, (one.reason, one.equation)))
    return changes + (f"（{why}）" if why else "")
