"""Scheme (报表制度): everything decided before a return arrives, as frozen values built from tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from reconcile.model.indicator import Indicator
from reconcile.model.period import Period
from reconcile.model.quantity import Measure
from reconcile.scheme.expression import Expression
from reconcile.scheme.rules import Rule
from reconcile.scheme.tables import Table


@dataclass(frozen=True, slots=True)
class Feed:
    """A list feeds an indicator: `how` is count (its rows with this column filled) or sum (this column added)."""

    indicator: str
    how: str


@dataclass(frozen=True, slots=True)
class RosterColumn:
    """One column of a list. `type`: text, number, date, credit_code, citizen_number or phone; `measure` for numbers.

    `choices` are offered to who fills it, who may write something else.
    """

    column: str
    name: str
    type: str
    measure: str
    key: bool
    feeds: tuple[Feed, ...]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """A list (名册) that a return carries: rows of detail."""

    name: str
    columns: tuple[RosterColumn, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One row of form.csv: where something stands.

    holds=cover: the cover sheet; section: a sheet of coded rows for the section `what`; list: a sheet for the list `what`;
    text: the sheet of text indicators; cell: the indicator or cover field `what` of a form that already exists, either at the address
    `cell`, or where the row labelled `row` meets the column headed `column` (a header path joined by "/").
    """

    sheet: str
    holds: str
    what: str
    cell: str
    row: str
    column: str


@dataclass(frozen=True)
class Scheme:
    """All tables, checked and resolved. Mappings keep the tables' order.

    `borrowed`: the templates are those of another scheme, because this one brought none; they may name indicators that it does not have.
    """

    name: str
    version: str
    due_days: int
    digest_key: str
    measures: Mapping[str, Measure]
    indicators: Mapping[str, Indicator]
    formulas: Mapping[str, Expression]
    rules: tuple[Rule, ...]
    rosters: Mapping[str, Roster]
    form: tuple[Place, ...]
    tables: Mapping[str, Table]
    templates: Mapping[str, str]
    hash: str
    borrowed: bool = False

    @cached_property
    def sections(self) -> tuple[str, ...]:
        """Names of the sections in the order of the indicators."""
        return tuple(dict.fromkeys(indicator.section for indicator in self.indicators.values()))

    @cached_property
    def codes(self) -> Mapping[str, str]:
        """Code, name or alias -> code."""
        found = {alias: one.code for one in self.indicators.values() for alias in one.aliases}
        found.update({one.name: one.code for one in self.indicators.values()})
        found.update({code: code for code in self.indicators})
        return found

    @cached_property
    def named(self) -> Mapping[str, Rule]:
        """Named checks (`@missing_unit` …) by name without the @."""
        return {rule.named: rule for rule in self.rules if rule.named}

    @cached_property
    def measure_words(self) -> Mapping[str, Measure]:
        """Every word for a measure -> the measure."""
        found = {word: measure for measure in self.measures.values() for word in measure.synonyms}
        found.update(self.measures)
        return found

    def measure(self, code: str) -> Measure:
        """The measure of an indicator."""
        return self.measures[self.indicators[code].measure]

    def label(self, code: str) -> str:
        """An indicator's name; the code itself where the scheme does not know it."""
        return self.indicators[code].name if code in self.indicators else code

    def due(self, period: Period) -> date:
        """The last day on which a return of `period` is in time."""
        return period.last_day + timedelta(days=self.due_days)

    def asked_of(self, kind: str) -> tuple[Indicator, ...]:
        """The indicators that a unit of this kind fills in."""
        return tuple(indicator for indicator in self.indicators.values() if indicator.asked_of(kind))
