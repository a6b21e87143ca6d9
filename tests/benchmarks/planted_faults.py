"""The planters: each spoils one return as a person's hand or habit does, and says what was true. Written without looking at the finders.

A planter takes a draft, the return, and a source of chance, and gives the fault; None where this return offers nothing to spoil.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from planted_draft import Draft, Fault

Rng = np.random.Generator
Plant = Callable[[Draft, str, Rng], Fault | None]

_KEYPAD = {"0": "12", "1": "024", "2": "0135", "3": "26", "4": "157", "5": "2468", "6": "359", "7": "48", "8": "579", "9": "68"}
EQUALITIES = {  # cells of equalities by definition, each with the total first
    "A014": ("A011", "A012", "A013"),
    "A030": ("A031", "A032", "A033"),
    "A040": ("A038", "A039"),
    "C044": ("C039", "C040", "C041", "C043"),
    "D013": ("D003", "D010", "D012"),
}
LISTED = {"A023", "A024", "B001", "B002", "B003", "C004", "C006"}
_PAIRS = (("D016", "D017"), ("D001", "D002"), ("D005", "D006"), ("E011", "E012"), ("E013", "E014"), ("F007", "F008"), ("F017", "F018"))
_RATES = ("A019", "A022", "B006", "B029", "B044", "B025", "F022", "H004", "C035")


@dataclass(frozen=True)
class Planter:
    """asked: what the reach is promised for: "rule" (a rule or identity covers it), "history", or "" where nothing was promised.

    named: the checks made for the kind, one of which must tell. hint: whether a suggestion is asked to be exact. within: whether a part of
    the true cells is a true place, since two cells were exchanged and rules need but one of them changed.
    """

    plant: Plant
    asked: str
    said: str
    named: tuple[str, ...] = ()
    hint: bool = False
    within: bool = False


PLANTERS: dict[str, Planter] = {}


def planter(
    said: str, *, asked: str = "", named: tuple[str, ...] = (), hint: bool = False, within: bool = False
) -> Callable[[Plant], Plant]:
    """Register a planter under its function's name."""

    def register(plant: Plant) -> Plant:
        PLANTERS[plant.__name__] = Planter(plant, asked, said, named, hint, within)
        return plant

    return register


def fault(kind: str, draft: Draft, one: str, changes: Mapping[str, float]) -> Fault | None:
    """Type the changes; None where nothing is different."""
    truth = draft.typed(one, dict(changes))
    return Fault(kind, one, truth) if truth else None


def pick(rng: Rng, codes: list[str]) -> str | None:
    """One of them."""
    return codes[int(rng.integers(len(codes)))] if codes else None


def _in_digits(kind: str, change: Callable[[str, Rng], str | None]) -> Plant:
    """A planter that changes the digits of one count or sum, as they were typed."""

    def plant(draft: Draft, one: str, rng: Rng) -> Fault | None:
        for code in rng.permutation(draft.codes(one, holds=lambda value: value >= 1)).tolist():
            value = draft.get(one, code)
            digits = str(int(value)) if value.is_integer() else repr(value)
            changed = change(digits, rng)
            if changed is not None and float(changed) != value:
                return fault(kind, draft, one, {code: float(changed)})
        return None

    plant.__name__ = kind
    return plant


def _swapped(digits: str, rng: Rng) -> str | None:
    """Two neighbouring digits exchanged, the first not becoming 0."""
    places = [at for at in range(len(digits) - 1) if digits[at] != digits[at + 1] and "." not in digits[at : at + 2]]
    places = [at for at in places if at > 0 or digits[1] != "0"]
    if not places:
        return None
    at = places[int(rng.integers(len(places)))]
    return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]


def _mistyped(digits: str, rng: Rng) -> str | None:
    """One key beside the right one."""
    places = [at for at, digit in enumerate(digits) if digit != "."]
    at = places[int(rng.integers(len(places)))]
    beside = [key for key in _KEYPAD[digits[at]] if at > 0 or key != "0"]
    return digits[:at] + beside[int(rng.integers(len(beside)))] + digits[at + 1 :]


def _lost(digits: str, rng: Rng) -> str | None:
    """One key not pressed hard enough."""
    if len(digits.replace(".", "")) < 2:
        return None
    places = [at for at, digit in enumerate(digits) if digit != "."]
    at = places[int(rng.integers(len(places)))]
    left = digits[:at] + digits[at + 1 :]
    return left if left[0] not in "0." else None


def _doubled(digits: str, rng: Rng) -> str | None:
    """One key pressed twice."""
    places = [at for at, digit in enumerate(digits) if digit != "."]
    at = places[int(rng.integers(len(places)))]
    return digits[: at + 1] + digits[at:]


planter("two digits swapped", asked="rule", hint=True)(_in_digits("swapped_digits", _swapped))
planter("one digit wrong (keypad)", asked="rule", hint=True)(_in_digits("wrong_digit", _mistyped))
planter("a digit lost", asked="rule", hint=True)(_in_digits("lost_digit", _lost))
planter("a digit doubled", asked="rule", hint=True)(_in_digits("doubled_digit", _doubled))


@planter("元 in a 万元 cell, or the reverse", asked="rule", hint=True)
def unit_one(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """One sum of money in the other measure."""
    code = pick(rng, draft.codes(one, holds=lambda value: value > 0, money=True))
    return code and fault("unit_one", draft, one, {code: _other_measure(draft, one, code)})


def _other_measure(draft: Draft, one: str, code: str) -> float:
    value = draft.get(one, code)
    return round(value * 10000, 2) if draft.measure(code) == "万元" else round(value / 10000, 4)


def _column(draft: Draft, one: str, measure: str) -> list[str]:
    return [code for code in draft.codes(one, holds=lambda value: value > 0, money=True) if draft.measure(code) == measure]


@planter("half of the 万元 cells in 元", asked="rule")
def unit_half(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Half of the sheet was filled by the treasurer, who thinks in 元."""
    codes = _column(draft, one, "万元")
    if len(codes) < 4:
        return None
    start = int(rng.integers(len(codes) - len(codes) // 2 + 1))
    return fault("unit_half", draft, one, {code: _other_measure(draft, one, code) for code in codes[start : start + len(codes) // 2]})


@planter("every 万元 cell in 元", asked="rule")
def unit_all_up(draft: Draft, one: str, _rng: Rng) -> Fault | None:
    """The whole form in 元: every balance among them still holds."""
    codes = _column(draft, one, "万元")
    return fault("unit_all_up", draft, one, {code: _other_measure(draft, one, code) for code in codes}) if len(codes) > 1 else None


@planter("every 元 cell in 万元", asked="rule")
def unit_all_down(draft: Draft, one: str, _rng: Rng) -> Fault | None:
    """The whole form in 万元."""
    codes = _column(draft, one, "元")
    return fault("unit_all_down", draft, one, {code: _other_measure(draft, one, code) for code in codes}) if len(codes) > 1 else None


@planter("decimal point lost")
def point_lost(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """12.34 became 1234."""
    code = pick(rng, draft.codes(one, holds=lambda value: value > 0 and not value.is_integer(), money=True))
    return code and fault("point_lost", draft, one, {code: float(repr(draft.get(one, code)).replace(".", ""))})


def in_rules(draft: Draft, one: str) -> list[str]:
    found = (
        {code for total, parts in EQUALITIES.items() for code in (total, *parts)}
        | LISTED
        | {"A008", "A009", "A015", "B013", "B014", "B015"}
    )
    return [code for code in draft.codes(one, holds=lambda value: value >= 1, money=False) if code in found]


def alone(draft: Draft, one: str) -> list[str]:
    """Counts that no rule about this return alone speaks of, and that stood on last year's form."""
    spoken = {code for rule in draft.world.scheme.rules if not rule.id.startswith(("P-", "N-")) for code in rule.indicators}
    codes = draft.codes(one, holds=lambda value: value >= 1, money=False)
    return [code for code in codes if code not in spoken and draft.earlier(one, code) >= 1]


@planter("×10 in a count that rules cover", asked="rule", hint=True)
def ten_ruled(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """One zero too many."""
    code = pick(rng, in_rules(draft, one))
    return code and fault("ten_ruled", draft, one, {code: draft.get(one, code) * 10})


@planter("×10 in a count, only history", asked="history")
def ten_history(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The same where nothing on the form speaks of it."""
    code = pick(rng, alone(draft, one))
    return code and fault("ten_history", draft, one, {code: draft.get(one, code) * 10})


@planter("÷10 in a count, only history")
def tenth_history(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """A zero too few."""
    code = pick(rng, [code for code in alone(draft, one) if draft.get(one, code) >= 10])
    return code and fault("tenth_history", draft, one, {code: float(draft.get(one, code) // 10)})


@planter("×100 in a count", asked="rule", hint=True)
def hundred(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Two zeros too many."""
    code = pick(rng, draft.codes(one, holds=lambda value: value >= 1, money=False))
    return code and fault("hundred", draft, one, {code: draft.get(one, code) * 100})


@planter("number overwritten by the year", asked="rule")
def year_typed(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """2023 where a count was."""
    code = pick(rng, draft.codes(one, holds=lambda value: value >= 1, money=False))
    return code and fault("year_typed", draft, one, {code: 2023.0})


@planter("a minus sign", asked="rule", hint=True)
def sign(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Those who left typed as a negative number, or a stray stroke."""
    code = pick(rng, draft.codes(one, holds=lambda value: value >= 1))
    return code and fault("sign", draft, one, {code: -draft.get(one, code)})


@planter("two cells exchanged, one or two rows apart", asked="rule", hint=True, within=True)
def exchanged(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The eye slipped by a row."""
    rows = draft.world.plans[draft.kind(one)].rows
    codes = draft.codes(one, money=False)
    near = [
        (first, second)
        for first in codes
        for second in codes
        if rows[first][0] == rows[second][0]
        and 0 < rows[second][1] - rows[first][1] <= 2
        and draft.get(one, first) != draft.get(one, second)
    ]
    if not near:
        return None
    first, second = near[int(rng.integers(len(near)))]
    return fault("exchanged", draft, one, {first: draft.get(one, second), second: draft.get(one, first)})


@planter("a run of cells one row too low", asked="rule")
def next_row(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """From some row on everything one row lower, until the clerk noticed."""
    rows = draft.world.plans[draft.kind(one)].rows
    codes = draft.codes(one, money=False, rows=True)
    length = int(rng.integers(3, 7))
    starts = []
    for at in range(len(codes) - length):
        run = codes[at : at + length + 1]
        followed = all(rows[b][0] == rows[a][0] and rows[b][1] == rows[a][1] + 1 for a, b in pairwise(run))
        if followed and sum(draft.get(one, code) > 0 for code in run) >= 3:
            starts.append(run)
    if not starts:
        return None
    run = starts[int(rng.integers(len(starts)))]
    lower = {below: draft.get(one, above) for above, below in pairwise(run)}
    return fault("next_row", draft, one, {run[0]: float("nan")} | lower)


@planter("the total typed into a part", asked="rule", hint=True)
def total_in_part(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The sum where an addend belongs."""
    codes = set(draft.codes(one))
    parts = [(total, part) for total, several in EQUALITIES.items() for part in several if {total, part} <= codes]
    parts = [(total, part) for total, part in parts if draft.get(one, total) != draft.get(one, part)]
    if not parts:
        return None
    total, part = parts[int(rng.integers(len(parts)))]
    return fault("total_in_part", draft, one, {part: draft.get(one, total)})


@planter("a part left blank", asked="rule", named=("implied",), hint=True)
def part_missing(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """A cell that the others, all answered, imply."""
    indicators, codes = draft.world.scheme.indicators, set(draft.codes(one))
    whole = [(total, *parts) for total, parts in EQUALITIES.items() if {total, *parts} <= codes]
    code = pick(rng, sorted({code for cells in whole for code in cells if not indicators[code].required and draft.get(one, code) > 0}))
    return code and fault("part_missing", draft, one, {code: float("nan")})


@planter("one of a pair zero", asked="rule")
def pair_zero(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Occasions without heads, or heads without occasions: the blank row was filled with 0."""
    codes = set(draft.codes(one, holds=lambda value: value > 0))
    code = pick(rng, [code for pair in _PAIRS if set(pair) <= codes for code in pair])
    return code and fault("pair_zero", draft, one, {code: 0.0})


@planter("a rate off by ten, or of other cells", asked="rule", hint=True)
def rate_wrong(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The point misplaced, last year's rate, or what is missing to a hundred."""
    for code in rng.permutation([code for code in _RATES if code in draft.world.plans[draft.kind(one)].rows]).tolist():
        value = draft.get(one, code)
        if np.isnan(value) or value == 0:
            continue
        choices = [value / 10, value * 10, draft.earlier(one, code), 100 - value]
        wrong = round(choices[int(rng.integers(4))], draft.world.scheme.indicators[code].decimals)
        if not np.isnan(wrong) and wrong > 0 and abs(wrong - value) > 0.6:
            return fault("rate_wrong", draft, one, {code: wrong})
    return None


def _exchange(kind: str, pairs: tuple[tuple[str, str], ...]) -> Plant:
    def plant(draft: Draft, one: str, rng: Rng) -> Fault | None:
        codes = set(draft.codes(one))
        able = [pair for pair in pairs if set(pair) <= codes and draft.get(one, pair[0]) != draft.get(one, pair[1])]
        if not able:
            return None
        first, second = able[int(rng.integers(len(able)))]
        return fault(kind, draft, one, {first: draft.get(one, second), second: draft.get(one, first)})

    plant.__name__ = kind
    return plant


planter("heads and visits, or households and heads, exchanged", asked="rule", hint=True, within=True)(
    _exchange("heads_visits", (("C004", "C005"), ("C001", "C002"), ("C032", "C033"), ("C028", "C029")))
)
planter("contracts and firms exchanged", asked="rule", hint=True, within=True)(
    _exchange("papers_firms", (("B001", "B002"), ("B010", "B011")))
)


@planter("half a year's sum for a month's", asked="rule")
def six_months(draft: Draft, one: str, _rng: Rng) -> Fault | None:
    """低保 paid in six months where one was asked."""
    paid = draft.get(one, "C034") if "C034" in draft.codes(one) else 0.0
    return fault("six_months", draft, one, {"C034": paid * 6}) if paid > 0 else None
