"""Suspected: what is said of a case in one sentence, naming each cell with its place and what stands there."""

from __future__ import annotations

from collections.abc import Iterable

from reconcile.process.case import Case
from reconcile.process.in_force import InForce
from reconcile.scheme.expression import Reference
from reconcile.scheme.wording import figure_name, figure_said, listed, place, say
from reconcile.scheme.words import SUSPICIONS

_CELLS_SAID = 8  # more cells than that nobody compares in a sentence; they are in the sets


def message(case: Case, force: InForce) -> str:
    """The sentence. Which one depends on how many cells must change, and whether there is a choice."""
    if case.too_many:
        return SUSPICIONS["too_many"]
    may = dict.fromkeys(cell for cells in case.sets for cell in cells)
    if case.system is None:
        return say(SUSPICIONS["compared"], {"可改": _said(case.cells, case, force)})
    if not case.sets:
        kind = "nothing" if case.conflicts else "left_out"
        involved = dict.fromkeys(cell for conflict in case.conflicts[:1] for cell in conflict) or case.cells
        return say(SUSPICIONS[kind], {"矛盾": _said(involved, case, force), "可改": _said(case.cells, case, force)})
    fewest = min(len(cells) for cells in case.sets)
    against = dict.fromkeys(cell for conflict in case.conflicts for cell in conflict)
    if fewest > 1:
        return say(SUSPICIONS["several"], {"矛盾": _said(against, case, force), "处数": str(fewest)})
    others = [cell for cell in against if cell not in may]
    kind = "one_of" if len(may) > 1 else "only" if others else "alone"
    return say(SUSPICIONS[kind], {"可改": _said(may, case, force), "其他": _said(others, case, force)})


def _said(cells: Iterable[Reference], case: Case, force: InForce) -> str:
    return listed([_named(cell, case, force) for cell in cells], _CELLS_SAID)


def _named(cell: Reference, case: Case, force: InForce) -> str:
    """会员人数（组织建设!D14）70人; a list's figure by its name; an earlier figure as its account calls it."""
    scheme, value = force.scheme, case.values.get(cell, float("nan"))
    where = place(force.environment.returns.cell(case.return_id, cell.name)) if cell.key in scheme.indicators else ""
    return f"{figure_name(cell.key, scheme)}{f'（{where}）' if where else ''}{figure_said(cell, value, scheme) or '无数据'}"
