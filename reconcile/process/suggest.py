"""Suggest: what the suspected cells probably should be, and which of equally cheap sets of cells is the likeliest.

For each set every slip that touches its cells is tried: whether all rules accept what it makes of the return is judged by `Trial`, which
also weighs the evidence. A set is as likely as all its explanations together, those without a known slip among them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from reconcile.model.finding import Tier
from reconcile.model.suspicion import Slip, Suggestion
from reconcile.process.case import Case, CellSet
from reconcile.process.explained import explained
from reconcile.process.moves import Form, Move, form_moves, implied_moves, joint_moves, moves_of
from reconcile.process.trial import WRONG, Trial, Weighed
from reconcile.scheme.expression import Reference
from reconcile.scheme.hypothesis import reads

_COMBINATIONS = 400  # slips in several cells at once are tried in so many combinations, the likeliest first
_SHOWN = 3  # suggestions a set: a clerk reads no more
_IN_ALL = 6  # and a case
_FAINT = math.log(50)  # what is fifty times less likely than the best suggestion of its set is not worth a line
_OUTDONE = math.log(1000)  # nor is what is a thousand times less likely than the best of all
# What history alone may suggest: slips that leave a mark of their own. That one digit would make a figure more usual, any figure allows.
_BY_HISTORY = frozenset((Slip.UNIT, Slip.EXCHANGED, Slip.NEXT_ROW))
_MORE_USUAL = math.log(5)  # the comparison has already found the figure odd; measured on jumps that are none, more adds next to nothing
_STILL_ODD = math.log(10)  # nor may what is suggested be odd itself: ten times less likely than the figure one would expect
_LEADING = 3  # amounts that may tell by which power a form slipped: the largest have the steadiest history
_FAR_LIKELIER = math.log(20)  # what is said before the cheapest sets must be as sure as one in twenty
_MOSTLY = math.log(3 / 2)  # what is twice as likely as all other explanations of a set together
# A comparison that is no equality lets many values through: one of them is worth saying where it has a third of what explains the set.
# A digit more, less or another is a guess even then. To a figure of one digit few values are left: one is worth saying where history is not
# against it; to a longer figure where history leaves nearly nothing else (in two planted rounds 19 of 19 were right, of the others 1 of 6).
_ANY_WOULD_DO = math.log(1 / 3)
_PINNED = math.log(0.85)
_HISTORY = math.log(3)  # by so much less odd than what was reported must be what history pins
_ANY_DIGIT = frozenset((Slip.WRONG_DIGIT, Slip.LOST_DIGIT, Slip.EXTRA_DIGIT))
_ONE_DIGIT = 10
_UNKNOWN = 9  # values at which a cell is tried whose value nothing fixes: enough to tell which part of what is usual the rules accept


@dataclass(frozen=True, slots=True)
class _Explained:
    """A set with what explains it, the likeliest first, and how likely it is in all (a logarithm)."""

    cells: CellSet
    explanations: tuple[Weighed, ...]
    weight: float


def suggest(case: Case, trial: Trial) -> tuple[tuple[CellSet, ...], tuple[Suggestion, ...]]:
    """The case's sets, the likeliest first, and what is suggested for them, the best first.

    Where rules are broken a suggestion repairs one at least, leaves no broken error that it touches and no query of the case, and breaks no
    error that held. Where only a comparison found something odd, what was meant must be far likelier for the unit than what was reported.
    """
    form = trial.form(case.record)
    if not case.sets:
        return (), _of_the_form(case, trial, form)
    ranked = sorted((_explain(case, cells, trial, form) for cells in case.sets), key=lambda one: -one.weight)  # stable: ties as they came
    ranked = sorted([*ranked, *_wider(case, trial, form, ranked[0].weight)], key=lambda one: -one.weight)
    shown = _SHOWN if case.system is not None else 1  # what nothing but history confirms is said once
    found = list(_distinct(suggestion for one in ranked for suggestion in _told(case, one, trial, form, shown=shown)))
    best = max((one.explanations[0].score for one in ranked if one.explanations), default=0.0)  # told or not
    sets = dict.fromkeys(cells for one in ranked for cells in (*_spread(one), one.cells))
    return tuple(sets), tuple(one for one in found if one.score >= best - _OUTDONE)[:_IN_ALL]


def _explain(case: Case, cells: CellSet, trial: Trial, form: Form) -> _Explained:
    if len(cells) == 1:
        tried = trial.weigh(case.record, [(move,) for move in _moves(cells[0], trial, form)])
        loose = _loose(cells[0], case, trial, form)
    else:
        tried, loose = _together(case, cells, trial, form), sum(_blind(cell, trial, form) for cell in cells)
    kept = sorted((one for one in tried if _explains(one, case, form)), key=_rank)
    weights = [one.score for one in kept] + [loose]
    return _Explained(cells, tuple(kept), float(np.logaddexp.reduce(weights)))


def fewest(trial: Trial, record: int, moves: Sequence[Move], *, errors: Collection[str], most: int) -> tuple[Weighed, ...]:
    """The fewest slips, of those given and at most `most`, that together repair all `errors` (ids) and break nothing: every such choice.

    No two of them touch the same cell. None where there is no such choice, or it is beyond the combinations that are tried.
    """
    for count in range(1, most + 1):
        several = (chosen for chosen in combinations(moves, count) if _apart(chosen))
        tried = trial.weigh(record, list(islice(several, _COMBINATIONS)))
        found = tuple(one for one in tried if one.accepted and not one.left and set(errors) <= set(one.repaired))
        if found:
            return found
    return ()


def _apart(moves: Sequence[Move]) -> bool:
    touched = [cell for move in moves for cell, _ in move.changes]
    return len(touched) == len(set(touched))


def _wider(case: Case, trial: Trial, form: Form, weight: float) -> Iterator[_Explained]:
    """Single slips that are none of the cheapest sets by themselves and repair every error of the case, every query where it has none:
    the fewest slips, not the fewest cells, is what one looks for. In several cells of the form, where that is far likelier than the best
    set (`weight`); in the rows of a list, where it is not far less likely."""
    if case.system is None:
        return
    rules = [rule for rule in trial.readers(form.record, case.cells) if rule.id in case.rules]
    errors = {rule.id for rule in rules if rule.tier is Tier.ERROR} or {rule.id for rule in rules}
    read = dict.fromkeys(cell for rule in rules for cell in case.cells if cell in reads(rule))
    known = {frozenset(cells) for cells in case.sets}
    moves = dict.fromkeys(move for cell in read for move in _joint(cell, trial, form))
    others = [move for move in moves if not any(cells <= {cell for cell, _ in move.changes} for cells in known)]
    found = [one for one in fewest(trial, form.record, others, errors=errors, most=1) if one.repaired]
    for in_lists, least in ((False, weight + _FAR_LIKELIER), (True, weight - _FAR_LIKELIER)):
        some = [one for one in found if (one.moves[0].changes[0][0].kind != "indicator") == in_lists]
        best = min(some, key=_rank, default=None)
        if best is not None and best.score > least:
            yield _Explained(tuple(cell for cell, _ in best.moves[0].changes), (best,), best.score)


def _spread(one: _Explained) -> Iterator[CellSet]:
    """All cells that a set's likeliest slip touched, where these are more than the set holds: two exchanged, a column mismeasured."""
    for likeliest in one.explanations[:1]:
        touched = tuple(dict.fromkeys(cell for move in likeliest.moves for cell, _ in move.changes))
        if set(one.cells) < set(touched) and likeliest.score > one.weight - _MOSTLY:
            yield touched


def _joint(cell: Reference, trial: Trial, form: Form) -> tuple[Move, ...]:
    """Slips that touch the cell and others; in lists, those of a row too."""
    rules = trial.about(form.record, cell)
    in_rows = implied_moves(cell, form, rules, {}) if cell.kind == "column" else ()
    return (*joint_moves(cell, form, rules), *in_rows)


def _rank(one: Weighed) -> tuple[float, bool, int]:
    """The likeliest first; among equals what is only implied last, and fewer slips before more."""
    return -one.score, any(move.slip is Slip.IMPLIED for move in one.moves), len(one.moves)


def _explains(one: Weighed, case: Case, form: Form) -> bool:
    if not one.accepted or _leaves(one, case):
        return False
    if case.system is not None:
        return bool(one.repaired)
    if any(move.slip not in _BY_HISTORY for move in one.moves):
        return False
    oddness = [form.usual.oddness(cell.name, form.record, (form.value(cell), value)) for move in one.moves for cell, value in move.changes]
    return sum(before - after for before, after in oddness) >= _MORE_USUAL and all(after <= _STILL_ODD for _, after in oddness)


def _leaves(one: Weighed, case: Case) -> bool:
    """Whether a broken error that is touched stays broken, or a query that the case is about."""
    return any(rule not in case.left_out for rule in one.left) or any(rule in case.rules for rule in one.asked if rule not in case.left_out)


def _moves(cell: Reference, trial: Trial, form: Form) -> tuple[Move, ...]:
    return moves_of(cell, form, trial.about(form.record, cell))


def _loose(cell: Reference, case: Case, trial: Trial, form: Form) -> float:
    """How likely it is that the cell is wrong by no known slip: its value tried where it would usually lie."""
    values = trial.usual.quantiles(cell.name, form.record, _UNKNOWN) if cell.kind == "indicator" else np.empty(0)
    if not values.size:
        return _blind(cell, trial, form)
    weight = form.other(cell) - math.log(values.size)
    tried = trial.weigh(form.record, [(Move(((cell, value),), Slip.IMPLIED, weight),) for value in values.tolist()])
    likely = trial.usual.likelihood(cell.name, form.record, values)  # each stands for a share of all values, not for itself
    scores = [one.score - float(mine) for one, mine in zip(tried, likely, strict=True) if _explains(one, case, form)]
    return float(np.logaddexp.reduce(scores)) if scores else -math.inf


def _blind(cell: Reference, trial: Trial, form: Form) -> float:
    """The same where its value is not tried: how odd is what was reported."""
    reported = form.value(cell)
    if cell.kind != "indicator" or math.isnan(reported):
        return WRONG + form.other(cell)
    return WRONG + form.other(cell) - float(trial.usual.likelihood(cell.name, form.record, np.array([reported]))[0])


# ---- several cells at once


def _together(case: Case, cells: CellSet, trial: Trial, form: Form) -> tuple[Weighed, ...]:
    """Combinations of slips that between them touch every cell of the set."""
    most = max(2, int(_COMBINATIONS ** (1 / len(cells))))
    fixed = case.system.determined(case.values, cells) if case.system is not None else {}
    choices: dict[Reference, list[Move]] = {}
    for cell in cells:
        others = [one for one in cells if one != cell]
        moves = [*_moves(cell, trial, form), *_fixed(cell, fixed, trial, form)]
        alone = trial.weigh(case.record, [(move,) for move in moves], without=others)
        fit = [one for one in alone if one.accepted and not _leaves(one, case)]
        confirmed = sorted((one for one in fit if one.repaired), key=_rank)[: most // 2]
        choices[cell] = [one.moves[0] for one in dict.fromkeys((*confirmed, *sorted(fit, key=_rank)[: most - len(confirmed)]))]
    combined = dict.fromkeys(islice(_combinations(cells, choices, trial, form), _COMBINATIONS))
    return trial.weigh(case.record, list(combined))


def _fixed(cell: Reference, fixed: Mapping[Reference, float], trial: Trial, form: Form) -> Iterator[Move]:
    """The value that follows once all cells of the set are given up, under the slip that explains it."""
    if cell not in fixed or fixed[cell] == form.value(cell):
        return
    given = {one: value for one, value in fixed.items() if one != cell}
    yield from implied_moves(cell, form, trial.readers(form.record, [cell]), given)


def _combinations(
    cells: CellSet, choices: Mapping[Reference, Sequence[Move]], trial: Trial, form: Form, taken: tuple[Move, ...] = ()
) -> Iterator[tuple[Move, ...]]:
    """One slip for each cell that no slip before touched; what the cells so far make the next one is tried too."""
    touched = {cell: value for move in taken for cell, value in move.changes}
    open_cells = [cell for cell in cells if cell not in touched]
    if not open_cells:
        yield taken
        return
    cell = open_cells[0]
    follows = implied_moves(cell, form, trial.readers(form.record, [cell]), touched) if taken else ()
    for move in _joined(follows, choices[cell]):
        if not any(one in touched for one, _ in move.changes):
            yield from _combinations(cells, choices, trial, form, (*taken, move))


def _joined(follows: Iterable[Move], chosen: Sequence[Move]) -> tuple[Move, ...]:
    return tuple(dict.fromkeys((*follows, *chosen)))


# ---- telling


def _told(case: Case, one: _Explained, trial: Trial, form: Form, *, shown: int) -> Iterator[Suggestion]:
    """The best explanations, with one suggestion for each part of them that can be undone by itself."""
    if not one.explanations:
        return
    best = one.explanations[0].score
    met: set[frozenset[Reference]] = set()
    for found in one.explanations[:shown]:
        if found.score < best - _FAINT:
            return
        given = {cell: value for move in found.moves for cell, value in move.changes}
        for moves in _hanging_together(case, found.moves, trial, form):
            cells = [cell for move in moves for cell, _ in move.changes]
            rules = [rule for rule in trial.readers(form.record, cells) if rule.id in found.repaired]
            rules.sort(key=lambda rule: found.repaired.index(rule.id))
            suggestion = explained(moves, form, rules=rules, given=given, score=found.score)
            changed = frozenset(cells)
            if suggestion.equation:
                if len(changed) > 1 or changed not in met or suggestion.slip is Slip.IMPLIED:  # else it fits by rounding only
                    yield suggestion
                met.add(changed)
            elif not found.asked and all(_worth_saying(move, form, found.score - one.weight) for move in moves):
                yield suggestion


def _worth_saying(move: Move, form: Form, share: float) -> bool:
    """Whether a slip is told that no equality confirms. share: logarithm of its share in what explains the set."""
    odd = [form.usual.oddness(cell.name, form.record, (form.value(cell), value)) for cell, value in move.changes]
    before, after = (sum(side) for side in zip(*odd, strict=True))
    if share < _ANY_WOULD_DO or (move.slip is Slip.UNIT and after > before):
        return False
    if move.slip not in _ANY_DIGIT:
        return True
    cell, meant = move.changes[0]
    if form.value(cell) < _ONE_DIGIT:
        return meant != 0 and after <= before + _MOSTLY
    return meant != 0 and after <= before - _HISTORY and share >= _PINNED


def _hanging_together(case: Case, moves: Sequence[Move], trial: Trial, form: Form) -> Iterator[tuple[Move, ...]]:
    """Slips in several cells, those apart that can be undone apart: no error rule reads one of them and another, nor a rule of the case."""
    groups: list[tuple[set[str], tuple[Move, ...]]] = []
    for move in moves:
        read = trial.readers(form.record, [cell for cell, _ in move.changes])
        rules = {rule.id for rule in read if rule.tier is Tier.ERROR or rule.id in case.rules}
        joined = [group for group in groups if group[0] & rules]
        groups = [group for group in groups if not group[0] & rules]
        groups.append((rules.union(*(group[0] for group in joined)), (*(one for group in joined for one in group[1]), move)))
    yield from (group[1] for group in groups)


def _of_the_form(case: Case, trial: Trial, form: Form) -> tuple[Suggestion, ...]:
    """What comparing suspects without telling cells apart: whether all amounts slipped together, the largest one leading."""
    amounts = sorted((cell for cell in case.cells if cell.kind == "indicator"), key=lambda cell: -_or_nothing(form.value(cell)))
    moves = dict.fromkeys(move for cell in amounts[:_LEADING] for move in form_moves(cell, form))
    tried = sorted((one for one in trial.weigh(case.record, [(move,) for move in moves]) if _explains(one, case, form)), key=_rank)
    best = _Explained(case.cells, tuple(tried), 0.0)
    return tuple(_distinct(_told(case, best, trial, form, shown=1)))


def _or_nothing(value: float) -> float:
    return 0.0 if math.isnan(value) else abs(value)


def _distinct(found: Iterable[Suggestion]) -> Iterator[Suggestion]:
    """Each change once."""
    met = set()
    for one in found:
        key = frozenset((change.indicator, change.value) for change in one.changes)
        if key not in met:
            met.add(key)
            yield one
