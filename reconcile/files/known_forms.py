"""What the reader of many returns knows of their forms: where each row of a sheet stands, by the labels on it.

A plan is a function of the sheet's name and of the labels that bear on it, which are compared one by one before it is used again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from reconcile.files.familiar import ENTRY
from reconcile.files.form_rows import CodedRows, Heading, coded_rows, find_heading, heading_by_codes, heads_codes
from reconcile.files.form_words import Words
from reconcile.files.raw import Address, Extent, Raw, Sheet, column_letters
from reconcile.model.indicator import Kind
from reconcile.scheme.form import Role, sheet_title

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Scheme

_ROOM = 4 << 20  # bytes of all plans together
_ALIKE = 8  # plans for sheets of one name: a form for each kind of unit, and what clerks made of them
_MOST_KEYS = 500
_OUTLINES = 20  # that one plan is known to fit

_Key = TypeVar("_Key")
_Made = TypeVar("_Made")


class Rows(NamedTuple):
    """Rows of a sheet as columns of equal length: code, number, name of the figure's cell, addresses (of measures and reasons maybe none).

    printed: what the form had in the cells for measures, and `words` the texts among that, "" for anything else.
    """

    codes: tuple[str, ...]
    numbers: tuple[int, ...]
    cells: tuple[str, ...]
    values: tuple[Address, ...]
    measures: tuple[Address, ...]
    reasons: tuple[Address, ...]
    printed: list[Raw | None]
    words: tuple[str, ...]

    def only(self, kept: Sequence[bool]) -> Rows:
        """Some of the rows."""
        return Rows(
            codes=tuple(compress(self.codes, kept)),
            numbers=tuple(compress(self.numbers, kept)),
            cells=tuple(compress(self.cells, kept)),
            values=tuple(compress(self.values, kept)),
            measures=tuple(compress(self.measures, kept)),
            reasons=tuple(compress(self.reasons, kept)),
            printed=list(compress(self.printed, kept)),
            words=tuple(compress(self.words, kept)),
        )


class SheetPlan:
    """Where the indicators of one sheet stand. `figures` are counted, `texts` are words; no code stands twice where `repeats` is False.

    It fits any other sheet on which the same labels stand. `_elsewhere`: the labels' addresses, and those at which no text would bear on
    it; `_above`: those above the headings, where a text might.
    """

    __slots__ = (
        *("_above", "_elsewhere", "_labels", "_texts", "_watched"),
        *("coded", "codes", "figures", "heading", "lasting", "repeats", "texts"),
    )

    def __init__(self, heading: Heading, coded: CodedRows, cells: Mapping[Address, Raw], scheme: Scheme) -> None:
        self.heading = heading
        self.coded = coded
        self.lasting = True
        words = [(row, code) for row, code in coded.rows if scheme.indicators[code].kind is Kind.TEXT]
        self.figures = self._rows([one for one in coded.rows if one not in words], cells)
        self.texts = self._rows(words, cells)
        self.codes = frozenset(code for _, code in coded.rows)
        self.repeats = len(self.codes) < len(coded.rows)
        labels = {address: raw for address, raw in cells.items() if type(raw) is str and self._bears(address)}
        self._labels, self._texts = tuple(labels), list(labels.values())
        self._elsewhere = frozenset(address for address in cells if address in labels or not self._bears(address))
        self._watched: dict[tuple[tuple[Address, ...], Extent], tuple[Address, ...]] = {}
        self._above = tuple(address for address in cells if address[0] < heading.row)

    def _rows(self, rows: Sequence[tuple[int, str]], cells: Mapping[Address, Raw]) -> Rows:
        roles, numbers = self.heading.roles, tuple(row for row, _ in rows)
        letters = column_letters(roles[Role.VALUE])

        def addresses(role: Role) -> tuple[Address, ...]:
            return tuple((row, roles[role]) for row in numbers) if role in roles else ()

        printed = [cells.get(address) for address in addresses(Role.MEASURE)]
        return Rows(
            codes=tuple(code for _, code in rows),
            numbers=numbers,
            cells=tuple(f"{letters}{row}" for row in numbers),
            values=addresses(Role.VALUE),
            measures=addresses(Role.MEASURE),
            reasons=addresses(Role.REASON),
            printed=printed,
            words=tuple(one if type(one) is str else "" for one in printed) or ("",) * len(numbers),
        )

    def _bears(self, address: Address) -> bool:
        """Whether a text there decides where things stand: among codes and names below the headings, or in the headings."""
        top, roles, beneath = self.heading
        if address[0] > top + beneath:
            return address[1] == roles[Role.CODE] or address[1] == roles.get(Role.NAME, 0)
        return address[0] >= top

    def fits(self, sheet: Sheet, words: Words) -> bool:
        """Whether the same texts bear on this sheet, and no others."""
        cells, outline = sheet.cells, sheet.outline
        if list(map(cells.get, self._labels)) != self._texts:
            return False
        watched = None if outline is None else self._watched.get(outline)
        if watched is None:
            addresses = cells.keys() if outline is None else {*outline[0], *outline[1].addresses}
            watched = (*self._above, *(addresses - self._elsewhere))
            if outline is not None:
                if len(self._watched) >= _OUTLINES:
                    self._watched.clear()
                self._watched[outline] = watched
        top = self.heading.row
        for address in watched:
            text = cells.get(address)
            if type(text) is str and (self._bears(address) if address[0] >= top else heads_codes(text, words)):
                return False
        return True

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return sum(ENTRY + 4 * len(text) for text in self._texts) + 3 * ENTRY * len(self.codes) + ENTRY * len(self._elsewhere)


class KnownForms:
    """The memory of one reader for the forms of one scheme. It changes nothing but time. Not to be shared between threads."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.words = Words()
        self.list_titles = {sheet_title(place.sheet): place.what for place in scheme.form if place.holds == "list" and place.sheet}
        self.list_words: dict[str, Mapping[str, str]] = {
            roster.name: {word: one.column for one in roster.columns for word in (one.column, one.name)}
            for roster in scheme.rosters.values()
        }
        self.columns = frozenset(word for some in self.list_words.values() for word in some)
        self.sheets_named = frozenset(place.sheet for place in scheme.form)
        self.covers_named = frozenset(place.sheet for place in scheme.form if place.holds == "cover")
        self._plans: dict[str, list[SheetPlan]] = {}
        self._used = 0
        self._layouts: dict[tuple[SheetPlan, ...], str] = {}
        self._absent: dict[tuple[tuple[SheetPlan, ...], str], tuple[str, ...]] = {}

    def plan(self, sheet: Sheet) -> SheetPlan | None:
        """Where the indicators stand on a sheet; None where it has no rows known by code."""
        for plan in self._plans.get(sheet.name, ()):
            if plan.fits(sheet, self.words):
                return plan
        texts = [(row, column, raw) for (row, column), raw in sheet.cells.items() if type(raw) is str]
        headed = find_heading(texts, self.words)
        heading = headed or heading_by_codes(texts, self.scheme.indicators, self.words)
        if heading is None:
            return None
        plan = SheetPlan(heading, coded_rows(sorted(texts), sheet.name, heading, self.scheme), sheet.cells, self.scheme)
        above = any(row < heading.row and heads_codes(text, self.words) for row, _, text in texts)
        plan.lasting = headed is not None and not above
        if plan.lasting:
            self._keep(sheet.name, plan)
        return plan

    def _keep(self, sheet: str, plan: SheetPlan) -> None:
        weight = plan.weight
        if weight > _ROOM // 8:
            plan.lasting = False
            return
        self._used += weight
        if self._used > _ROOM:
            self._plans, self._used, self._layouts, self._absent = {}, weight, {}, {}
        plans = self._plans.setdefault(sheet, [])
        plans.insert(0, plan)
        del plans[_ALIKE:]

    def layout(self, plans: tuple[SheetPlan, ...], make: Callable[[], str]) -> str:
        """The key of a layout that these plans alone decide."""
        return _kept(self._layouts, plans, make)

    def absent(self, plans: tuple[SheetPlan, ...], kinds: str, make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """The codes that a form for these kinds of unit holds and these plans do not."""
        return _kept(self._absent, (plans, kinds), make)


def _kept(kept: dict[_Key, _Made], key: _Key, make: Callable[[], _Made]) -> _Made:
    found = kept.get(key)
    if found is None:
        if len(kept) >= _MOST_KEYS:
            kept.clear()
        found = kept[key] = make()
    return found
