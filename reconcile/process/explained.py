"""Explained: a suggested change in a clerk's words — what it was, why, and the equation that holds with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reconcile.model.finding import CellAt
from reconcile.model.suspicion import Change, Slip, Suggestion
from reconcile.process.moves import Form, Move
from reconcile.scheme.expression import Comparison, Reference, equation, type_of
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import rebuilt
from reconcile.scheme.wording import figure_said, say
from reconcile.scheme.words import PERIOD_WORDS, SLIPS


def explained(moves: Sequence[Move], form: Form, *, rules: Sequence[Rule], given: Mapping[Reference, float], score: float) -> Suggestion:
    """Moves that go together as one suggestion, named by the first. rules: those they repair, errors first; given: all values supposed."""
    scheme = form.environment.scheme
    changes = tuple(_change(cell, value, form) for move in moves for cell, value in move.changes)
    return Suggestion(
        slip=moves[0].slip,
        changes=changes,
        reason="；".join(dict.fromkeys(_named(move, form, alone=len(moves) == 1) for move in moves)),
        equation=next((written for rule in rules if (written := _equation(rule, form, given, scheme))), ""),
        repairs=tuple(rule.id for rule in rules),
        score=round(score, 3),
    )


def _named(move: Move, form: Form, *, alone: bool) -> str:
    """The reason, with the cell's name before it where several are given."""
    return reason(move, form) if alone else f"{form.environment.scheme.label(move.changes[0][0].name)}{reason(move, form)}"


def reason(move: Move, form: Form) -> str:
    """Why this value is suggested, in a few words."""
    scheme = form.environment.scheme
    cell, meant = move.changes[0]
    if cell.kind == "column" and move.slip is not Slip.IMPLIED:
        return say(SLIPS["list_row"], {"行": move.about, "缘由": SLIPS.get(move.slip.value, SLIPS["scale"])})
    if move.slip is Slip.UNIT:
        why = unit_reason(cell, form.value(cell), meant, scheme)
        return say(SLIPS[move.about], {"缘由": why, "项数": str(len(move.changes))}) if move.about else why
    if move.slip is Slip.IMPLIED:
        return SLIPS[move.about or move.slip.value]
    fields = {"另一项": scheme.label(move.about), "时期": PERIOD_WORDS.get(move.about, "")}
    return say(SLIPS[move.slip.value], fields)


def unit_reason(cell: Reference, reported: float, meant: float, scheme: Scheme) -> str:
    """How a power of ten came in: another measure of the same base where there is one that far away, else zeros or the decimal point."""
    power = round(math.log10(abs(reported / meant)))
    measure = scheme.measure(cell.name)
    for one in scheme.measures.values():
        apart = math.log10(float(measure.factor / one.factor)) if one.comparable(measure) and one.name != measure.name else 0.0
        if apart == power and abs(power) > 1:
            pair = {"小单位": one.name, "大单位": measure.name} if power > 0 else {"小单位": measure.name, "大单位": one.name}
            return say(SLIPS["unit_up" if power > 0 else "unit_down"], pair)
    key = "point" if not (float(reported).is_integer() and float(meant).is_integer()) else "zeros_up" if power > 0 else "zeros_down"
    return say(SLIPS[key], {"位数": str(abs(power))})


def _change(cell: Reference, value: float, form: Form) -> Change:
    environment = form.environment
    scheme = environment.scheme
    at = CellAt(environment.returns.cell(form.return_id, "").file, "", "", "")
    if cell.kind == "indicator":
        at = environment.returns.cell(form.return_id, cell.name)
    return Change(cell.key, at, figure_said(cell, form.value(cell), scheme), value, figure_said(cell, value, scheme))


def _equation(rule: Rule, form: Form, given: Mapping[Reference, float], scheme: Scheme) -> str:
    """The rule's equality with figures in place of names, 115人＝100人＋20人－5人; "" where it is none or a figure is not known."""
    node = rule.demanded
    if not isinstance(node, Comparison) or node.operator != "==" or type_of(node.left) != "number":
        return ""
    known = True

    def figure(reference: Reference) -> Reference:
        nonlocal known
        value = given.get(reference, form.value(reference))
        known = known and not math.isnan(value)
        return Reference(figure_said(Reference(reference.name, kind=reference.kind), value, scheme) or "?")

    written = equation(rebuilt(node, figure))
    return written if known else ""
