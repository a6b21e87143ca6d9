"""The sample county as its tables say: units.csv, returns.csv, figures.csv and planted.csv, and the return that each unit fills in."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from rosters import roster_rows

from reconcile.files.form_book import Answers, FormDesign, design, form_workbook
from reconcile.files.scheme_files import read_scheme, read_units
from reconcile.model.indicator import Kind
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.form import COLUMNS, Role
from reconcile.scheme.scheme import Scheme

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")  # \d would take full-width digits too
_OF_MEASURE = re.compile(r"[\s,人次家份万元]+")
_LEAVES = ("enterprise", "village", "community", "institution")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of figures.csv: what a unit types for one indicator, the measure it writes over the printed one, what it reported a year
    before, and the reason it gives (each "" where nothing)."""

    unit: str
    indicator: str
    value: str
    measure: str
    previous: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of returns.csv: the file a unit sends, "" where it sends none."""

    unit: str
    file: str
    filled_on: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A line of planted.csv.

    `at`: an indicator's code, cover:field, list:name:row:column, or file:what. `rule` is "" where nothing must be found.
    """

    what: str
    unit: str
    at: str
    typed: str
    rule: str
    tier: str


class County:
    """The tables of the sample county."""

    def __init__(self, folder: Path) -> None:
        self.scheme: Scheme = read_scheme(None)
        self.units: UnitTree = read_units(folder / "units.csv")
        self.lines: dict[str, list[Line]] = {code: [] for code in self.units.units}
        for row in _rows(folder / "figures.csv"):
            line = Line(row["unit"], row["indicator"], row["value"], row["measure"], row["previous"], row["reason"])
            self.lines[line.unit].append(line)
        self._designs: dict[frozenset[str], FormDesign] = {}
        self.sent = [Sent(row["unit"], row["file"], row["filled_on"]) for row in _rows(folder / "returns.csv")]
        self.planted = [
            Planted(row["what"], row["unit"], row["at"], row["typed"], row["rule"], row["tier"]) for row in _rows(folder / "planted.csv")
        ]

    def book(self, sent: Sent) -> Workbook:
        """A unit's filled return of the first half of 2023."""
        unit, lines = self.units[sent.unit], self.lines[sent.unit]
        filled = Answers(
            cover={"scope": "本级", "filler": "工会专干", "phone": "0000-0000000", "filled_on": date.fromisoformat(sent.filled_on)},
            figures={one.indicator: as_typed(one.value) for one in lines if not self._is_text(one)},
            reasons={one.indicator: one.reason for one in lines if one.reason},
            texts={one.indicator: one.value for one in lines if self._is_text(one)},
            rows=self._rosters(unit),
        )
        before = {one.indicator: float(one.previous) for one in lines if _NUMBER.fullmatch(one.previous)}
        made = self._design(unit.kind)
        workbook = form_workbook(self.scheme, unit=unit, period=_period("2023H1"), previous=before, filled=filled, made=made)
        places = made.plan.rows
        for one in lines:
            if one.measure:  # the clerk wrote another measure over the printed one
                sheet, row = places[one.indicator]
                workbook[sheet].cell(row=row, column=COLUMNS[Role.MEASURE], value=one.measure)
        return workbook

    def past_book(self, sent: Sent) -> Workbook:
        """The same unit's return of a year before: figures only."""
        figures = {one.indicator: as_typed(one.previous) for one in self.lines[sent.unit] if one.previous}
        filled = Answers(cover={"scope": "本级", "filled_on": date(2022, 7, 5)}, figures=figures)
        unit = self.units[sent.unit]
        return form_workbook(self.scheme, unit=unit, period=_period("2022H1"), filled=filled, made=self._design(unit.kind))

    def total_book(self, town: str, *, filled_on: str, figures: Mapping[str, float]) -> Workbook:
        """A town's own consolidated return (汇总) with a few figures."""
        below = [self.units[code] for code in self.units.subtree(town)]
        filled = Answers(cover={"scope": "汇总", "filled_on": date.fromisoformat(filled_on)}, figures=figures)
        made = self._design(*(unit.kind for unit in below))
        return form_workbook(self.scheme, unit=self.units[town], period=_period("2023H1"), filled=filled, made=made)

    def _design(self, *kinds: str) -> FormDesign:
        key = frozenset(kinds)
        if key not in self._designs:
            self._designs[key] = design(self.scheme, key)
        return self._designs[key]

    def figure(self, unit: str, indicator: str) -> float:
        """A figure in its indicator's measure; 0 where the unit does not report it."""
        line = next((one for one in self.lines[unit] if one.indicator == indicator), None)
        return self._in_measure(line) if line else 0.0

    def _in_measure(self, line: Line) -> float:
        """What a line of figures.csv comes to, read by a rule of its own: 21000元 and 9600 under 元 are 万元 where these are asked."""
        text = line.value.translate(str.maketrans("０１２３４５６７８９", "0123456789")).lstrip("'")
        number = _OF_MEASURE.sub("", text)
        if not _NUMBER.fullmatch(number):
            return float(text == "是")
        yuan = (text.endswith("元") and not text.endswith("万元")) or line.measure == "元"
        asked = self.scheme.indicators[line.indicator].measure
        return float(number) / 10000 if yuan and asked == "万元" else float(number)

    def _is_text(self, line: Line) -> bool:
        return self.scheme.indicators[line.indicator].kind is Kind.TEXT

    def _rosters(self, unit: Unit) -> dict[str, list[dict[str, object]]]:
        if unit.kind not in _LEAVES:
            return {}
        figures = {one.indicator: self._in_measure(one) for one in self.lines[unit.code] if not self._is_text(one)}
        number = list(self.units.units).index(unit.code) + 1
        return roster_rows(figures, number=number, place=unit.name.removesuffix("工会"), many=unit.kind in ("village", "community"))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _period(written: str) -> Period:
    found = Period.parse(written)
    if found is None:
        raise ValueError(written)
    return found


def as_typed(value: str) -> object:
    """A cell of figures.csv as the clerk leaves it: digits are a number, a leading apostrophe makes them text, all else is text."""
    if value.startswith("'"):
        return value[1:]
    return float(value) if _NUMBER.fullmatch(value) else value
