"""Moves: what one slip may have done to a return — each the cells it touched with what they were meant to hold.

Most slips touch one cell. Two exchanged cells, or a number in the row beside its own, touch two at once and are one slip all the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reconcile.model.indicator import Kind
from reconcile.model.quantity import round_half_up
from reconcile.model.suspicion import Slip
from reconcile.process.linked import Row, against, gap, in_proportion, scaled, written_twice
from reconcile.process.slips import SHARES, other, slips
from reconcile.process.usual import PERCENT, Usual
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Arithmetic, Comparison, Expression, Name, Reference, aggregates, references, sides
from reconcile.scheme.hypothesis import Hypotheses, reads
from reconcile.scheme.rules import Rule
from reconcile.scheme.syntax import Period

_ADDRESS = re.compile(r"([A-Z]+)(\d+)")
_EARLIER: tuple[Period, ...] = ("previous", "last", "closing")
_RATES = 100.0  # a rate that no kind of slip explains may be any up to here: unlike a count its size is known
_LEAST_COPIED = 10  # smaller figures are equal to others by chance too often to say that one was copied
_DISTANCES = {1: 0.4, 2: 0.1}  # of numbers in each other's place, how many are by one cell and by two, in each direction
_SAME_MATTER = 0.9  # nearly all that are exchanged with a cell that is set against them in a rule: heads and visits, contracts and firms
_LONGEST_RUN = 8  # cells in a row that were filled one too low before somebody noticed
_ROW_AMOUNT = math.log(10)  # what a forgotten row held may be any of about ten figures that such rows hold
_LISTED = math.log(0.2)  # of a list and the figure beside it, the list was kept row by row and is the better witness
_ANOTHER_ROW = math.log(0.2)  # who forgets one row seldom forgets another
_TOGETHER = 0.3  # of amounts in another measure, how many are not alone
_NOTHING_TO_REPORT = math.log(0.1)  # who has nothing to report seldom writes a number without a reason that another kind of slip gives
_ROUNDED_STEPS = 2  # of the last digit: what rounding twice, before and after adding, can leave
_DIGITS = 6  # figures are kept to millionths
_MONEY_DECIMALS = 2  # amounts in lists are written to the cent
_STRAIGHT = 1e-9  # relative; what three points on a line differ by in binary


@dataclass(frozen=True, slots=True)
class Move:
    """What a slip would have changed: cells with what was meant. weight: logarithm of the probability of the slip, as in `Meant`.

    about: what the reason speaks of besides: the code of the other cell, or the period that was copied.
    """

    changes: tuple[tuple[Reference, float], ...]
    slip: Slip
    weight: float
    about: str = ""


@dataclass(frozen=True, eq=False)
class Form:
    """One return as it lies before a clerk: what stands in each cell, and which cells are side by side."""

    environment: ReturnsEnvironment
    record: int
    usual: Usual

    @property
    def return_id(self) -> str:
        """The return's id."""
        return self.environment.ids[self.record]

    def value(self, reference: Reference) -> float:
        """What was reported; NaN where there is no number."""
        if reference.kind == "list":
            return float(self.environment.rows(reference.name)[self.record])
        if reference.kind == "column":
            return float(self.environment.column_total(*reference.parts)[self.record])
        return float(self.environment.figure(reference)[self.record])

    def other(self, cell: Reference) -> float:
        """Weight of what stands in a cell, where no kind of slip explains it."""
        reported = self.value(cell)
        one = self.environment.scheme.indicators.get(cell.name) if cell.kind == "indicator" else None
        any_size = other(0.0 if math.isnan(reported) else reported, decimals=one.decimals if one else 0)
        if one is None or one.measure != PERCENT:
            return any_size
        return max(any_size, math.log(SHARES[Slip.IMPLIED]) - math.log(_RATES) - one.decimals * math.log(10))

    def beside(self, code: str, *, far: int = 1) -> tuple[str, ...]:
        """Codes of the cells `far` cells above, below, left and right; 1: directly."""
        steps = ((-far, 0), (far, 0), (0, -far), (0, far))
        return tuple(found for step in steps if (found := self.from_here(code, *step)))

    def from_here(self, code: str, rows: int, columns: int = 0) -> str:
        """Code of the cell so many rows below and columns to the right; "" where there is none."""
        there = self._places.get(code)
        return "" if there is None else self._codes.get((there[0], there[1] + rows, there[2] + columns), "")

    def rows(self, roster: str) -> tuple[Row, ...]:
        """The rows of one of its lists; a personal key by its digest."""
        typed = {one.column: one for one in self.environment.scheme.rosters[roster].columns}
        lines = self.environment.lines(self.record, roster)
        found: dict[int, tuple[dict[str, str], dict[str, str], dict[str, float]]] = {}
        cells = (lines[name].tolist() for name in ("row", "column", "text", "digest", "value"))
        for row, column, text, digest, value in zip(*cells, strict=True):
            keys, told, amounts = found.setdefault(row, ({}, {}, {}))
            if not math.isnan(value):
                amounts[column] = value
            elif column in typed and typed[column].key:
                keys[column] = digest or text
            else:
                told[column] = text
        return tuple(Row(*one) for one in found.values())

    @cached_property
    def _places(self) -> Mapping[str, tuple[str, int, int]]:
        register = self.environment.returns.returns
        layout = self.environment.returns.layouts.get(str(register.at[self.return_id, "layout"]), {})
        found = {}
        for code, (sheet, cell) in layout.items():
            address = _ADDRESS.fullmatch(cell)
            if address is not None:
                found[code] = (sheet, int(address[2]), _column_number(address[1]))
        return found

    @cached_property
    def _codes(self) -> Mapping[tuple[str, int, int], str]:
        return {place: code for code, place in self._places.items()}


def moves_of(cell: Reference, form: Form, rules: Sequence[Rule]) -> tuple[Move, ...]:
    """Every slip that touches this cell: within it, with a neighbour, and what the other cells make it. `rules`: those that read it."""
    found = [*_within(cell, form), *joint_moves(cell, form, rules), *implied_moves(cell, form, rules, {})]
    best: dict[tuple[tuple[Reference, float], ...], Move] = {}
    for move in found:
        there = best.get(move.changes)
        if there is None or move.weight > there.weight:
            best[move.changes] = move
    return tuple(best.values())


def joint_moves(cell: Reference, form: Form, rules: Sequence[Rule]) -> tuple[Move, ...]:
    """The slips that are not the cell's own alone: with other cells at once, or in a row of a list."""
    if cell.kind != "indicator":
        return tuple(_in_the_list(cell, form, rules))
    return (*_between(cell, form, rules), *_shifted(cell, form), *form_moves(cell, form), *_parts_together(cell, form, rules))


def implied_moves(cell: Reference, form: Form, rules: Sequence[Rule], given: Mapping[Reference, float]) -> Iterator[Move]:
    """What each equality makes the cell, the others being as reported or as `given`, under the kind of slip that this would be."""
    reported = form.value(cell)
    for rule in rules:
        value = _solved(rule, cell, form, given)
        if math.isnan(value) or value == reported:
            continue
        weight = form.other(cell)
        yield Move(((cell, value),), Slip.IMPLIED, weight if value else weight + _NOTHING_TO_REPORT)
        yield from _relabelled(cell, value, reported, form, rule)


def _relabelled(cell: Reference, value: float, reported: float, form: Form, rule: Rule) -> Iterator[Move]:
    """The same value, where what stands there instead was copied from somewhere."""
    change = ((cell, value),)
    if cell.kind == "column" and not math.isnan(reported):
        yield from _in_a_row(cell, value - reported, change, form)
    if cell.kind != "indicator" or math.isnan(reported):
        return
    scheme = form.environment.scheme
    step = 10.0 ** -scheme.indicators[cell.name].decimals
    if scheme.measure(cell.name).rounded and gap(reported, [value], absolute=_ROUNDED_STEPS * step).near:
        yield Move(change, Slip.IMPLIED, math.log(SHARES[Slip.WRONG_DIGIT] / (2 * _ROUNDED_STEPS)), "rounded")
    if abs(reported) < _LEAST_COPIED:
        return
    total = _alone(rule, cell)
    if total is not None and form.value(total[0]) == reported:
        yield Move(change, Slip.TOTAL_IN_PART, math.log(SHARES[Slip.TOTAL_IN_PART]), total[0].name)
    for code in form.beside(cell.name):
        if form.value(Reference(code)) == reported:
            yield Move(change, Slip.NEXT_ROW, math.log(SHARES[Slip.NEXT_ROW] * _DISTANCES[1]), code)
    for period in _EARLIER:
        if form.value(Reference(cell.name, period=period)) == reported:
            yield Move(change, Slip.CARRIED_OVER, math.log(SHARES[Slip.CARRIED_OVER]), period)


def _in_the_list(cell: Reference, form: Form, rules: Sequence[Rule]) -> Iterator[Move]:
    """A row of the list forgotten, or written twice: all that the list comes to is then off at once, and in one direction. `rules`: those
    that read any figure of the list."""
    roster = cell.parts[0]
    read = {one for rule in rules for one in reads(rule) if one.kind != "indicator" and one.parts[0] == roster}
    figures = sorted(read, key=lambda one: (one.kind != "list", one.name))
    yield from _row_twice(roster, figures, form)
    changes: list[tuple[Reference, float]] = []
    for one in figures:
        value = next((each for rule in rules if one in reads(rule) and not math.isnan(each := _solved(rule, one, form, {}))), math.nan)
        if not math.isnan(value) and value == form.value(one) and value:
            return  # a row that is there too little or too much would show in every column
        if not math.isnan(value) and value != form.value(one):
            changes.append((one, value))
    rows = [value - form.value(one) for one, value in changes if one.kind == "list"]
    if rows and all(value > form.value(one) for one, value in changes):
        columns = max(1, len(changes) - 1)  # where no amount bears it out that a row is missing, that is as much against it
        weight = _LISTED + math.log(SHARES[Slip.IMPLIED]) - columns * _ROW_AMOUNT + (rows[0] - 1) * _ANOTHER_ROW
        yield Move(tuple(changes), Slip.IMPLIED, weight, "row_forgotten")


def _row_twice(roster: str, figures: Sequence[Reference], form: Form) -> Iterator[Move]:
    """Rows struck out that the list holds a second time, with what they add to its sums."""
    for rows in written_twice(form.rows(roster)):
        lines = [{**row.amounts, "": 1.0} for row in rows]  # the list itself has no column and counts them
        less = {one: sum(line.get(one.parts[1], 0.0) for line in lines) for one in figures}
        changes = tuple((one, round(form.value(one) - amount, _DIGITS)) for one, amount in less.items() if amount)
        weight = _LISTED + math.log(SHARES[Slip.IMPLIED]) + (len(rows) - 1) * _ANOTHER_ROW
        if changes:
            yield Move(changes, Slip.IMPLIED, weight, "row_twice")


def _in_a_row(cell: Reference, apart: float, change: tuple[tuple[Reference, float]], form: Form) -> Iterator[Move]:
    """One row of a list whose figure a slip explains, so that the column's sum is off by `apart`."""
    roster, column = cell.parts
    lines = form.environment.lines(form.record, roster)
    lines = lines[lines["column"] == column]
    measures = {one.column: one.measure for one in form.environment.scheme.rosters[roster].columns}
    whole = form.environment.scheme.measures[measures[column]].whole
    best: Move | None = None
    for row, figure in zip(lines["row"].tolist(), lines["value"].tolist(), strict=True):
        if math.isnan(figure) or figure + apart < 0:
            continue
        for one in slips(figure, money=not whole, decimals=0 if whole else _MONEY_DECIMALS):
            if abs(one.value - figure - apart) < 10.0**-_DIGITS and (best is None or one.weight > best.weight):
                best = Move(
                    change, one.slip, _LISTED + one.weight, str(row)
                )  # more rows are more cells to be wrong in, and one of them is: no share
    if best is not None:
        yield best


def _within(cell: Reference, form: Form) -> Iterator[Move]:
    """Slips of the number itself."""
    reported = form.value(cell)
    if math.isnan(reported) or cell.kind != "indicator":
        return  # how many rows there are, and what they come to, is typed by nobody
    scheme = form.environment.scheme
    one, measure = scheme.indicators[cell.name], scheme.measure(cell.name)
    if one.kind is Kind.FLAG:
        yield Move(((cell, 1.0 - reported),), Slip.WRONG_DIGIT, math.log(SHARES[Slip.WRONG_DIGIT]))
        return
    typed = form.environment.returns.as_typed(form.return_id, cell.name)
    for meant in slips(reported, typed=typed, money=not measure.whole, decimals=one.decimals, below_zero=one.kind is Kind.RATE):
        yield Move(((cell, meant.value),), meant.slip, meant.weight)


def _between(cell: Reference, form: Form, rules: Sequence[Rule]) -> Iterator[Move]:
    """Exchanged with a cell beside it or one further, or one of the two holds what belongs into the other."""
    mine = form.value(cell)
    matter = {one.name for rule in rules for one in reads(rule)}
    for far, share in _DISTANCES.items():
        for code in form.beside(cell.name, far=far):
            theirs = form.value(Reference(code))
            if mine == theirs or (math.isnan(mine) and math.isnan(theirs)) or not _alike(cell.name, code, form):
                continue
            slip = Slip.EXCHANGED if mine and theirs and not math.isnan(mine + theirs) else Slip.NEXT_ROW
            changes = ((cell, _or_zero(theirs)), (Reference(code), _or_zero(mine)))
            if any(value != form.value(one) for one, value in changes) and any(value for _, value in changes):
                yield Move(changes, slip, math.log(SHARES[slip] * (_SAME_MATTER if code in matter else share)), code)


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _shifted(cell: Reference, form: Form) -> Iterator[Move]:
    """A run of cells each of which holds what belongs into the one before it, from a cell left empty on: the rows were mixed up.

    What the last cell was meant to hold was written over; it stays as it is.
    """
    for step in (1, -1):
        start, back = cell.name, 0
        while start and form.value(Reference(start)) and back < _LONGEST_RUN and not math.isnan(form.value(Reference(start))):
            start, back = form.from_here(start, -step), back + 1
        if not start or (back == _LONGEST_RUN and form.value(Reference(start))):
            continue
        changes: list[tuple[Reference, float]] = []
        code = start
        while len(changes) < _LONGEST_RUN and (follows := form.from_here(code, step)):
            value = form.value(Reference(follows))
            if math.isnan(value) or not _alike(code, follows, form):
                break
            changes.append((Reference(code), value))
            code = follows
            if len(changes) > max(1, back):  # with two cells it is a single number in the wrong row
                yield Move(tuple(changes), Slip.NEXT_ROW, math.log(SHARES[Slip.NEXT_ROW] / (4 * _LONGEST_RUN)), follows)


def form_moves(cell: Reference, form: Form) -> Iterator[Move]:
    """All amounts that slipped with this one by the same power of ten: those that are that far from what is usual, or the whole column.

    Only amounts slip together, and only cells of one measure: who types 元 for 万元 does so in the 万元 cells.
    """
    scheme = form.environment.scheme
    if scheme.measure(cell.name).whole or not scheme.indicators[cell.name].kind.summed:
        return
    power = against(form.value(cell), (form.usual.expected(cell.name, form.record),)).power
    if not power:
        return
    column = [
        code
        for code, one in scheme.indicators.items()
        if one.measure == scheme.indicators[cell.name].measure and one.kind.summed and form.value(Reference(code)) > 0
    ]
    powers = {code: against(form.value(Reference(code)), (form.usual.expected(code, form.record),)) for code in column}
    known = [code for code in column if not math.isnan(powers[code].ratio)]
    alike = [code for code in known if powers[code].power == power]
    weight = math.log(SHARES[Slip.UNIT] * _TOGETHER)
    for several, about in ((column, "form"), (alike, "several")):
        if len(several) > 1 and 2 * len(alike) > (len(known) if several is column else 0):
            meant = scaled([form.value(Reference(code)) for code in several], power)
            yield Move(tuple((Reference(code), value) for code, value in zip(several, meant, strict=True)), Slip.UNIT, weight, about)


def _parts_together(cell: Reference, form: Form, rules: Sequence[Rule]) -> Iterator[Move]:
    """All parts of a sum in another measure than their total, which is an exact power of ten away from what they come to."""
    for total, rest in filter(None, (_alone(rule, cell) for rule in rules)):
        if not isinstance(rest, Arithmetic) or any(operator != "+" for operator, _ in rest.rest):
            continue
        parts = tuple(one for one in references(rest) if form.value(one))
        values = [form.value(one) for one in parts]
        power = against(math.fsum(values), (form.value(total),)).power
        shares = in_proportion(form.value(total), values)
        meant = scaled(values, power)
        if len(parts) > 1 and power and all(math.isclose(one, other_one) for one, other_one in zip(shares, meant, strict=True)):
            weight = math.log(SHARES[Slip.UNIT] * _TOGETHER)
            yield Move(tuple(zip(parts, meant, strict=True)), Slip.UNIT, weight, "several")


def _alike(one: str, two: str, form: Form) -> bool:
    """Whether a number of one cell could stand in the other: both counts, or amounts in one measure; neither an answer of yes and no."""
    scheme = form.environment.scheme
    if {scheme.indicators[code].kind for code in (one, two)} & {Kind.FLAG, Kind.TEXT, Kind.DATE}:
        return False
    first, second = scheme.measure(one), scheme.measure(two)
    return (first.whole and second.whole) or first.name == second.name


def _solved(rule: Rule, cell: Reference, form: Form, given: Mapping[Reference, float]) -> float:
    """What the cell must be for the rule's two sides to be equal; NaN where the rule is no equality or the cell stands in it otherwise
    than once, as a factor or a divisor. Found from three points: what lies on a line, by itself or times the cell, is solved."""
    node = rule.demanded
    if not isinstance(node, Comparison) or node.operator != "==" or aggregates(node) or cell not in references(node):
        return math.nan
    points = np.array([1.0, 2.0, 3.0])
    supposed = {one: np.full(3, value) for one, value in given.items()} | {cell: points}
    found = sides(node, Hypotheses(form.environment, form.record, 3, supposed), missing=rule.missing)
    if found is None:
        return math.nan
    gaps = found[0] - found[1]
    for line in (gaps, gaps * points):
        one, two, three = line.tolist()
        slope = two - one
        if slope and abs(three - two - slope) <= _STRAIGHT * max(1.0, abs(one), abs(three)):
            return _fit(1.0 - one / slope, cell, form, rule)
    return math.nan


def _fit(value: float, cell: Reference, form: Form, rule: Rule) -> float:
    """The value as its cell can hold it; NaN where it cannot: less than nothing, a fraction of a head where the rule has no tolerance."""
    scheme = form.environment.scheme
    value = round(value, _DIGITS) + 0.0
    if cell.kind == "indicator" and scheme.indicators[cell.name].kind is Kind.RATE:
        return float(round_half_up(value, scheme.indicators[cell.name].decimals))
    whole = cell.kind == "list" or (cell.kind == "indicator" and scheme.measure(cell.name).whole)
    if whole and rule.tolerance:
        value = float(round_half_up(value, 0))
    return value if value >= 0 and not (whole and value != int(value)) else math.nan


def _alone(rule: Rule, cell: Reference) -> tuple[Reference, Expression] | None:
    """The cell that stands alone in an equality, and the other side, where this one stands among several; None where there is no such."""
    node = rule.demanded
    if not isinstance(node, Comparison) or node.operator != "==":
        return None
    for side, rest in ((node.left, node.right), (node.right, node.left)):
        if isinstance(side, Name) and side.reference != cell and cell in references(rest) and len(references(rest)) > 1:
            return side.reference, rest
    return None


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
