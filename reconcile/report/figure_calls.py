"""The calls by which a narrative template asks for figures. Each comes from the Outcome and is entered in a register with its cells."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reconcile.errors import ReconcileError
from reconcile.model.figures import Subtrees
from reconcile.model.finding import CellAt
from reconcile.model.gathered import Gathered, adjusted_of, own_of, without
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.outcome import Outcome
from reconcile.model.quantity import format_number, round_half_up
from reconcile.model.round import Standing
from reconcile.model.trace import Cells, Trace
from reconcile.scheme.comparison import CLOSING, PREVIOUS, Base, compare, money, share
from reconcile.scheme.derived import Basis, Derived, Origins, operands
from reconcile.scheme.expression import references
from reconcile.scheme.passage import BREAK, UNREPORTED, absent, gone, mark, plain, plain_name, zero
from reconcile.scheme.scheme import Scheme

_SUFFIX = re.compile(r"(?:总工会|工会联合会|工会委员会|联合工会|工会)$")
_NO_ANSWER = re.compile(r"[\s无没有暂—－\-/／。、，]*")
_LONGEST_EXCERPT = 150  # characters of a text from below; a unit's own text is told whole
_LONGEST_ANSWER = 20_000  # characters: longer than any report; the whole answer stands in the summary
_MOST_NAMED = 100  # units named in one sentence; they fill a page
_SENTENCE_ENDS = "。！？；"


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure as it was asked for, before it is known whether its sentence is printed."""

    how: str
    indicator: str
    unit: str
    period: str
    value: float
    measure: str
    cells: Sequence[CellAt]


class FigureCalls:
    """What a template may call, for one Outcome. `entries` is the register: a figure's number in the marked text is its place in it."""

    def __init__(self, outcome: Outcome, scheme: Scheme, *, template: str) -> None:
        self.entries: list[Entry] = []
        self._outcome = outcome
        self._scheme = scheme
        self._template = template
        self._trace = Trace(outcome)
        self._subtrees = Subtrees.of(outcome.units, outcome.root)
        self._numeric = [code for code, one in scheme.indicators.items() if one.kind is not Kind.TEXT]
        units = self._subtrees.codes
        reported = own_of(outcome.round, scheme.indicators, units=units)
        own = adjusted_of(reported, outcome.round, units=units, known=outcome.round.counted, indicators=self._numeric)
        self._origins = Origins(self._trace.addends, Derived.of(own, self._subtrees, scheme))
        self._earlier_origins: dict[str, Origins] = {}

    @property
    def names(self) -> dict[str, Callable[..., Any]]:
        """The calls by the names that templates use."""
        return {
            "n": self.total,
            "money": self.money,
            "previous": self.previous,
            "growth": self.growth,
            "since_closing": self.since_closing,
            "share": self.share,
            "leading": self.leading,
            "units_with": self.units_with,
            "month": self.month,
            "gathered": self.gathered,
            "has": self.has,
            "expected": self.expected,
            "received": self.received,
            "not_received": self.not_received,
            "stood_in": self.stood_in,
            "base_year": self.base_year,
        }

    def total(self, name: str, word: str | None = None, *, of: str = "", zero: bool = False) -> str:
        """The total of the root and all below it with its measure: `n("新建工会数")` -> 9个. `word` replaces the measure, "" leaves it out.

        A total of 0 leaves its sentence out unless `zero` is set. With `of`, the name of a whole, the part is absent unless all who gave
        the whole gave the part. A yes-or-no indicator gives the number of units that said yes. A rate that some units gave only parts of
        says from how many units it was computed: 87.9%（按两项均填报的17家单位计算）.
        """
        one = self._indicator(name)
        value = self._value(one)
        if of and self._partial(one, self._indicator(of)):
            return absent(one.name)
        if word is None:
            word = "个" if one.kind is Kind.FLAG else one.measure
        return self._printed(one, value, format_number(value, one.decimals) + word, zero_too=zero)

    def money(self, name: str, *, zero: bool = False) -> str:
        """A total in 元, told in 万元 from 10,000 on where that is the same amount; other measures as by `n`."""
        one = self._indicator(name)
        if one.measure != "元":
            return self.total(name, zero=zero)
        value = self._value(one)
        return self._printed(one, value, "".join(money(value, decimals=one.decimals)) if math.isfinite(value) else "", zero_too=zero)

    def previous(self, name: str) -> str:
        """The total of the same period of last year, with its measure."""
        one = self._indicator(name)
        value = self._trace.total(self._outcome.root, one.code).previous
        basis = self._basis(one, base=PREVIOUS)
        if not math.isfinite(value) or (basis is not None and basis.partial):
            return absent(one.name)
        return self._earlier(one, value, PREVIOUS)

    def growth(self, name: str, lead: str = "，") -> str:
        """`lead` and the comparison with the same period of last year: ，同比增长12.3%. Nothing where it is unknown."""
        return self._compared(name, lead, PREVIOUS)

    def since_closing(self, name: str, lead: str = "，") -> str:
        """`lead` and the comparison with the end of last year: ，比上年末增长1.2%. For stocks."""
        return self._compared(name, lead, CLOSING)

    def share(self, part: str, whole: str) -> str:
        """What per cent the total of `part` is of the total of `whole`: 41.2%. Absent unless all who gave the whole gave the part."""
        few, all_ = self._indicator(part), self._indicator(whole)
        value = share(self._value(few), self._value(all_))
        root = self._outcome.root
        if value is None or self._partial(few, all_):
            return absent(few.name)
        cells = self._cells(few) + self._cells(all_)
        entry = Entry("share", f"{few.code};{all_.code}", root, self._period, float(value), "%", cells)
        return self._enter(f"{format_number(value, 1)}%", entry)

    def leading(self, name: str, count: int = 2, *, lead: str = "，其中", tail: str = "") -> str:
        """The units directly below with the highest figures: ，其中石桥镇、河口镇分别为5个和3个.

        Nothing unless at least three of them have a figure above zero; where units tie for the last place, none of those is named.
        """
        one = self._indicator(name)
        below = self._outcome.units.children(self._outcome.root)
        found = [(self._rounded(one, value), unit) for unit, value in zip(below, self._totals_of(one, below), strict=True)]
        ranked = sorted((pair for pair in found if pair[0] > 0), key=lambda pair: -pair[0])
        while count and len(ranked) > count and ranked[count - 1][0] == ranked[count][0]:
            count -= 1
        if len(ranked) < 3 or not count:
            return ""
        first = ranked[:count]
        names = "、".join(self.short_name(unit) for _, unit in first)
        figures = [self._leading(one, unit, value) for value, unit in first]
        said = figures[0] if len(figures) == 1 else f"{'、'.join(figures[:-1])}和{figures[-1]}"
        return f"{lead}{names}{'分别' if len(first) > 1 else ''}为{said}{tail}"

    def units_with(self, name: str, word: str = "家") -> str:
        """The number of units at or below the root whose own figure is above zero."""
        one = self._indicator(name)
        root = self._outcome.root
        count, cells = self._origins.above_zero(root, one.code)
        if not count:
            return absent(one.name)
        return self._enter(f"{count}{word}", Entry("count", one.code, root, self._period, float(count), word, cells))

    def month(self, name: str) -> str:
        """A month from the root's own return: 6月."""
        one = self._indicator(name)
        value = self._trace.addends.own_value(self._outcome.root, one.code)
        if value not in range(1, 13):
            return absent(one.name)
        cells = self._trace.addends.cells(self._outcome.root, (one.code,), own=True)
        return self._enter(f"{int(value)}月", Entry("date", one.code, self._outcome.root, self._period, value, "月", cells))

    def gathered(self, name: str, limit: int = 3, *, said: str = "：") -> str:
        """The root's own text, a paragraph a line; where it wrote none, what up to `limit` units below wrote, nearest first."""
        one = self._indicator(name)
        texts = self._texts(one.code)
        own = texts.get(self._outcome.root)
        if own is not None:
            lines = [line.strip() for line in own[0].splitlines() if line.strip()]
            return BREAK.join(self._text(one, self._outcome.root, self._ended(line), own[1]) for line in lines)
        told: list[str] = []
        tree = self._outcome.units
        below = sorted((unit for unit in self._subtrees.codes if unit in texts), key=lambda unit: len(tree.ancestors(unit)))
        for unit in below:
            if len(told) < limit:
                text = self._ended(_excerpt(_one_line(texts[unit][0])))
                told.append(f"{self.short_name(unit)}{said}" + self._text(one, unit, text, texts[unit][1]))
        return BREAK.join(told) or gone(UNREPORTED, [one.name])

    def has(self, *names: str) -> bool:
        """Whether every one of these was reported and is above zero."""
        return all(self._value(self._indicator(name)) > 0 for name in names)

    def expected(self) -> str:
        """How many units owe a return: 12家. Absent where no table of units was given."""
        coverage = self._outcome.coverage
        return self._counted("应报单位", len(coverage.expected) if self._outcome.units.known else 0)

    def received(self) -> str:
        """How many of the units that owe a return reported: 11家."""
        coverage = self._outcome.coverage
        return self._counted("实报单位", len(set(coverage.reported) & set(coverage.expected)))

    def not_received(self, *, unreadable: bool = False) -> dict[str, str]:
        """Units whose return is missing (or arrived but could not be read): `count` (2家) and `names` (甲、乙等 of many); "" for none."""
        coverage = self._outcome.coverage
        units = coverage.unreadable if unreadable else coverage.missing
        named = [self.short_name(unit) + ("本级" if self._outcome.units.children(unit) else "") for unit in units[:_MOST_NAMED]]
        names = "、".join(named) + ("等" if len(units) > len(named) else "")
        return {"count": self._counted("未报单位", len(units)) if units else "", "names": names}

    def stood_in(self) -> str:
        """Names of the units whose own 汇总 stands in for units of which nothing was read; "" where there are none."""
        returns = self._outcome.round.returns
        units = set(returns.loc[returns["standing"] == Standing.STAND_IN, "unit"].astype(str))
        return "、".join(self.short_name(unit) for unit in self._subtrees.codes if unit in units)

    def base_year(self) -> str:
        """The year before the period's: 2022年, the year whose results are built upon."""
        year = self._outcome.period.year - 1
        return self._enter(f"{year}年", Entry("date", "", self._outcome.root, self._period, float(year), "年", ()))

    def short_name(self, unit: str) -> str:
        """A unit's name as it stands in a sentence: without 工会 at its end."""
        name = plain_name(self._outcome.units.name(unit))
        return _SUFFIX.sub("", name) or name

    @property
    def _period(self) -> str:
        return self._outcome.period.written

    def _indicator(self, name: str) -> Indicator:
        code = self._scheme.codes.get(name)
        if code is None and self._scheme.borrowed:
            return Indicator(name, name, section="", measure="", kind=Kind.FLOW)  # reported by nobody: its sentence is left out
        if code is None:
            raise ReconcileError(f"报告模板“{self._template}”用到指标“{name}”，报表制度“{self._scheme.name}”中没有，请改正模板或指标表。")
        return self._scheme.indicators[code]

    def _value(self, one: Indicator) -> float:
        """The root's total, with adjusted figures in place; of standards, which are never added, the root's own."""
        return self._trace.total(self._outcome.root, one.code).value

    @staticmethod
    def _rounded(one: Indicator, value: float) -> float:
        return float(round_half_up(value, one.decimals))

    def _basis(self, one: Indicator, *, base: Base | None = None) -> Basis | None:
        """The units that a rate of the root was computed from, now or then; None for what is no rate, or was not computed."""
        if one.kind is not Kind.RATE:
            return None
        origins = self._origins if base is None else self._origins_of(base)
        return None if origins is None else origins.derived.basis(self._outcome.root, one.code)

    def _totals_of(self, one: Indicator, units: Sequence[str]) -> list[float]:
        """Totals of units below the root; of one that has no row among the totals of a large round, what it reported itself."""
        found = [self._trace.total(unit, one.code).value for unit in units]
        alone = [place for place, unit in enumerate(units) if not self._trace.knows(unit)]
        if alone and one.code in self._scheme.indicators:
            own = self._origins.derived.leaf(one.code)
            for place in alone:
                found[place] = float(own[self._subtrees.rows[units[place]]])
        return found

    def _giving(self, one: Indicator) -> NDArray[np.bool_]:
        """The units whose figures a total of the root speaks for, in the order of the subtrees."""
        basis = self._basis(one)
        return basis.giving if basis is not None else self._origins.derived.gives(one.code)

    def _partial(self, part: Indicator, whole: Indicator) -> bool:
        """Whether some unit counted in the whole did not give the part: the part's total would then be of another whole.

        A sum that was completed from its parts counts a part that was not given as 0, so there only those are asked who reported the sum.
        """
        formula = self._scheme.formulas.get(whole.code)
        if formula is not None and whole.kind is not Kind.RATE and part.code in {one.name for one in references(formula)}:
            asked = self._origins.reported(self._outcome.root, whole.code)
        else:
            asked = self._giving(whole)
        return bool((asked & ~self._giving(part)).any())

    def _cells(self, one: Indicator, unit: str = "") -> Cells:
        if one.kind is Kind.NORM:
            return self._trace.addends.cells(self._outcome.root, (one.code,), own=True)
        return self._origins.cells(unit or self._outcome.root, one.code)

    def _earlier_cells(self, one: Indicator, base: Base) -> Sequence[CellAt]:
        """The cells of last year's figure; empty where nothing was given."""
        origins = self._origins_of(base)
        return () if origins is None else origins.cells(self._outcome.root, one.code)

    def _origins_of(self, base: Base) -> Origins | None:
        earlier = self._trace.earlier(closing=base is CLOSING)
        if earlier is None:
            return None
        key = earlier.period.written
        if key not in self._earlier_origins:
            units, absent = self._subtrees.codes, frozenset(self._outcome.coverage.absent)
            own = without(Gathered.of(earlier.own, units), units, absent)
            self._earlier_origins[key] = Origins(self._trace.earlier_addends(earlier), Derived.of(own, self._subtrees, self._scheme))
        return self._earlier_origins[key]

    def _enter(self, text: str, entry: Entry) -> str:
        self.entries.append(entry)
        return mark(len(self.entries) - 1, text)

    def _printed(self, one: Indicator, value: float, text: str, *, zero_too: bool) -> str:
        if not math.isfinite(value):
            return absent(one.name)
        marked = self._enter(text, Entry("total", one.code, self._outcome.root, self._period, value, one.measure, self._cells(one)))
        marked += self._qualified(one)
        return marked if zero_too or self._rounded(one, value) else marked + zero(one.name)

    def _qualified(self, one: Indicator) -> str:
        """From how many units a rate was computed, where others gave only some of its parts: （按两项均填报的17家单位计算）."""
        basis = self._basis(one)
        if basis is None or not basis.partial:
            return ""
        count, items = basis.count, "两项" if len(operands(one.code, self._scheme)) == 2 else "各项"
        entry = Entry("count", one.code, self._outcome.root, self._period, float(count), "家", self._cells(one))
        return f"（按{items}均填报的{self._enter(f'{count}家', entry)}单位计算）"

    def _earlier(self, one: Indicator, value: float, base: Base) -> str:
        period = self._outcome.period.closing if base is CLOSING else self._outcome.period.previous
        cells = self._earlier_cells(one, base)
        text = format_number(value, one.decimals) + one.measure
        return self._enter(text, Entry("previous", one.code, self._outcome.root, period.written, value, one.measure, cells))

    def _compared(self, name: str, lead: str, base: Base) -> str:
        one = self._indicator(name)
        if any(basis is not None and basis.partial for basis in (self._basis(one), self._basis(one, base=base))):
            return ""  # rates of different units: their difference says nothing
        total = self._trace.total(self._outcome.root, one.code)
        before = total.closing if base is CLOSING else total.previous
        found = compare(total.value, before, base=base, measure=one.measure, decimals=one.decimals)
        if found is None:
            return ""
        if not found.text:
            return lead + found.words
        earlier = self._earlier_cells(one, base)
        entry = Entry(found.how, one.code, self._outcome.root, self._period, found.value, found.measure, self._cells(one) + earlier)
        return lead + found.words + self._enter(found.text, entry)

    def _leading(self, one: Indicator, unit: str, value: float) -> str:
        text = format_number(value, one.decimals) + one.measure
        return self._enter(text, Entry("leading", one.code, unit, self._period, value, one.measure, self._cells(one, unit)))

    def _counted(self, name: str, count: int) -> str:
        if not count:
            return absent(name)
        return self._enter(f"{count}家", Entry("count", "", self._outcome.root, self._period, float(count), "家", ()))

    def _text(self, one: Indicator, unit: str, text: str, cell: CellAt) -> str:
        return self._enter(text, Entry("text", one.code, unit, self._period, math.nan, "", (cell,)))

    def _texts(self, code: str) -> dict[str, tuple[str, CellAt]]:
        """Answers to a text indicator that say something, by unit."""
        returns = self._outcome.round
        asked = returns.texts[returns.texts["indicator"] == code]
        written = dict(zip(asked["return"].astype(str), asked["text"].astype(str), strict=True))
        found = {}
        for unit, ids in returns.counted.items():
            for one in ids:
                if one not in written:
                    continue
                text = _bounded(plain(written[one]).strip())
                if unit not in found and not _NO_ANSWER.fullmatch(text):
                    found[unit] = (text, self._trace.addends.text_cell(one, code, text))
        return found

    @staticmethod
    def _ended(text: str) -> str:
        return text if text[-1] in "。！？" else text.rstrip("；;，,、.") + "。"


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_ANSWER else f"{text[:_LONGEST_ANSWER]}……"


def _one_line(text: str) -> str:
    """A text of several lines as one; a line without a stop at its end gets a semicolon."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(line if line[-1] in "。！？；：，、" else f"{line}；" for line in lines[:-1]) + lines[-1]


def _excerpt(text: str) -> str:
    """The first sentences of a text, up to about 150 characters; a single longer sentence is told whole."""
    ends: Iterable[int] = (place + 1 for place, character in enumerate(text) if character in _SENTENCE_ENDS)
    before = 0
    for end in ends:
        if end > _LONGEST_EXCERPT:
            return text[: before or end]
        before = end
    return text
