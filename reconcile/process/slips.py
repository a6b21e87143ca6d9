"""Slips: from a number that was reported, the numbers that one slip of the hand would have made it of.

Each comes with a weight: the natural logarithm of the probability that a hand which meant `value` and slipped wrote what stands there, the
share of that kind of slip among all of them included. Weights of different kinds and cells can therefore be compared and added.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from reconcile.model.quantity import exact, read_number
from reconcile.model.suspicion import Slip

# Shares of the kinds among all slips. Verhoeff (Error Detecting Decimal Codes, 1969) counted in 12,000 slips of six digits 79 % one wrong
# digit, 10 % two neighbours swapped and 10–20 % lost or added ones. Returns know slips that code numbers do not: those of measure and
# place, which reviewers name first, take one third here, and one tenth is left to what no kind explains.
SHARES: dict[Slip, float] = {
    Slip.WRONG_DIGIT: 0.24,
    Slip.SWAPPED_DIGITS: 0.10,
    Slip.LOST_DIGIT: 0.08,
    Slip.EXTRA_DIGIT: 0.08,
    Slip.SIGN: 0.04,
    Slip.UNIT: 0.14,
    Slip.EXCHANGED: 0.08,
    Slip.NEXT_ROW: 0.05,
    Slip.TOTAL_IN_PART: 0.04,
    Slip.CARRIED_OVER: 0.05,
    Slip.IMPLIED: 0.10,
}
# Of the slips of measure, how many are by 10ᵏ. Money is typed in 元 for 万元 or the reverse; heads get a zero too many or too few.
_MONEY_POWERS: dict[int, float] = {1: 0.06, 2: 0.05, 3: 0.04, 4: 0.35}
_OTHER_POWERS: dict[int, float] = {1: 0.32, 2: 0.10, 3: 0.05, 4: 0.03}
_NEIGHBOURS = 0.9  # of swapped digits, how many stand side by side: Verhoeff counted 10.2 % to 0.8 %
_DOUBLED = 0.6  # of digits too many, how many repeat the one beside them: a key held too long
_LONGEST = 15  # digits a double keeps
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Meant:
    """What may have been meant. `weight`: logarithm of the probability that this slip happens and makes of `value` what was written."""

    value: float
    slip: Slip
    weight: float


@dataclass(frozen=True, slots=True)
class Written:
    """A number as it was typed: `text` of digits with at most one point, its sign, and what the measure typed is of the measure kept."""

    text: str
    negative: bool
    factor: Decimal

    @classmethod
    def of(cls, value: float, typed: str = "") -> Written | None:
        """A finite value, as typed where that text can be read as this number; None for what has more than 15 digits."""
        if not math.isfinite(value):
            return None
        read = read_number(typed) if typed and value else None
        number, factor = exact(value), Decimal(1)
        if read is not None and read.value:
            number, factor = read.value / read.scale, exact(value) * read.scale / read.value
        text = f"{abs(number):f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return None if len(text) > _LONGEST else cls(text, number < 0, factor)

    @property
    def places(self) -> tuple[int, ...]:
        """Where in the text digits stand."""
        return tuple(place for place, character in enumerate(self.text) if character != ".")

    def meaning(self, text: str) -> float | None:
        """The value with another text in place of this; None for what nobody writes: nothing, 05, a bare point, 21.0."""
        whole, point, decimals = text.partition(".")
        if not whole or (point and not decimals.strip("0")) or (whole[0] == "0" and len(whole) > 1):
            return None
        size = Decimal(text) * self.factor
        return float(-size if self.negative else size)


def digit_slips(figure: Written) -> Iterator[Meant]:
    """Two digits swapped, one wrong, lost or too many: the four slips at an edit distance of 1 (Damerau, 1964)."""
    yield from _swapped(figure)
    yield from _wrong(figure)
    yield from _lost(figure)
    yield from _too_many(figure)


def unit_slips(value: float, *, money: bool) -> Iterator[Meant]:
    """Powers of ten: a zero too many, 元 for 万元. Nothing for 0."""
    if not value:
        return
    for power, share in (_MONEY_POWERS if money else _OTHER_POWERS).items():
        for signed in (-power, power):
            yield Meant(float(exact(value).scaleb(signed)), Slip.UNIT, math.log(SHARES[Slip.UNIT] * share))


def sign_slips(value: float) -> Iterator[Meant]:
    """The opposite number. Nothing for 0."""
    if value:
        yield Meant(-value, Slip.SIGN, math.log(SHARES[Slip.SIGN]))


def other(value: float, *, decimals: int = 0) -> float:
    """Weight of a number that no kind of slip explains: any number of up to five digits could stand there as well, each size as likely
    as another. `decimals`: to which such numbers are told."""
    return math.log(SHARES[Slip.IMPLIED]) - math.log(abs(value) * 10.0**decimals + 0.5) - math.log(5 * math.log(10))


def slips(value: float, *, typed: str = "", money: bool = False, decimals: int = 0, below_zero: bool = False) -> tuple[Meant, ...]:
    """All numbers that one slip within the cell makes `value` of, each once under its likeliest kind, the likeliest first.

    `typed`: what the clerk wrote, where it is not the value's digits. `money`: amounts, which slip by 10,000 first. What was meant has at
    most `decimals` decimals, or as many as stand there; below zero it is only with `below_zero`.
    """
    figure = Written.of(value, typed)
    if figure is None:
        return ()
    kept = decimals if decimals == 0 else max(decimals, -int(exact(value).normalize().as_tuple().exponent))
    found = merged([*digit_slips(figure), *unit_slips(value, money=money), *sign_slips(value)])
    return tuple(one for one in found if one.value != value and (below_zero or one.value >= 0) and one.value == round(one.value, kept))


def merged(found: Iterable[Meant]) -> tuple[Meant, ...]:
    """Each value once, under its likeliest kind, with the probability of all kinds that lead to it; the likeliest first."""
    best: dict[float, Meant] = {}
    for one in found:
        there = best.get(one.value)
        if there is None:
            best[one.value] = one
            continue
        likelier = one if one.weight > there.weight else there
        low, high = sorted((one.weight, there.weight))
        best[one.value] = Meant(one.value, likelier.slip, high + math.log1p(math.exp(low - high)))
    return tuple(sorted(best.values(), key=lambda one: (-one.weight, one.value)))


def _swapped(figure: Written) -> Iterator[Meant]:
    text = figure.text
    order = {place: number for number, place in enumerate(figure.places)}
    pairs = [(one, two) for one, two in combinations(order, 2) if text[one] != text[two]]
    near = sum(order[two] - order[one] == 1 for one, two in pairs)
    for one, two in pairs:
        meant = text[:one] + text[two] + text[one + 1 : two] + text[one] + text[two + 1 :]
        share = _NEIGHBOURS / near if order[two] - order[one] == 1 else (1 - _NEIGHBOURS) / (len(pairs) - near)
        yield from _meant(figure, meant, Slip.SWAPPED_DIGITS, share)


def _wrong(figure: Written) -> Iterator[Meant]:
    """9 other digits in each place."""
    text = figure.text
    for place in figure.places:
        for digit in _DIGITS:
            if digit != text[place]:
                yield from _meant(figure, text[:place] + digit + text[place + 1 :], Slip.WRONG_DIGIT, 1 / (9 * len(figure.places)))


def _lost(figure: Written) -> Iterator[Meant]:
    """What was meant has one digit more, of which any may have been lost. A zero lost at the end is a slip of measure."""
    text = figure.text
    longer = {text[:place] + digit + text[place:] for place in range(len(text) + 1) for digit in _DIGITS}
    if "." not in text:
        longer |= {f"{text}.{digit}" for digit in _DIGITS[1:]}
    count = len(figure.places) + 1
    for meant in sorted(longer - {text + "0"}):
        ways = sum(_shorter(meant, place) == text for place in range(len(meant)) if meant[place] != ".")
        yield from _meant(figure, meant, Slip.LOST_DIGIT, ways / count)


def _too_many(figure: Written) -> Iterator[Meant]:
    """What was meant has one digit less: one was repeated, or another key was hit besides. A zero at the end is a slip of measure."""
    text, count = figure.text, len(figure.places) - 1
    if count == 0:
        return
    for meant in sorted({_shorter(text, place) for place in figure.places} - ({text[:-1]} if text.endswith("0") else set())):
        repeated = any(meant[: place + 1] + meant[place:] == text for place in range(len(meant)))
        share = (1 - _DOUBLED) / (10 * (count + 1)) + (_DOUBLED / count if repeated else 0.0)
        yield from _meant(figure, meant, Slip.EXTRA_DIGIT, share)


def _shorter(text: str, place: int) -> str:
    """The text without one digit, and without a point that then ends it."""
    return (text[:place] + text[place + 1 :]).rstrip(".")


def _meant(figure: Written, text: str, slip: Slip, share: float) -> Iterator[Meant]:
    value = figure.meaning(text)
    if value is not None:
        yield Meant(value, slip, math.log(SHARES[slip] * share))
