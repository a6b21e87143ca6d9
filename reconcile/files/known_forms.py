"""What the reader of many returns knows of their forms: where each row of a sheet stands, by the labels on it.

A plan is a function of the sheet's name and of the labels that bear on it, which are compared one by one before it is used again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from reconcile.files.form_rows import CodedRows, Heading, Words, coded_rows, find_heading, heading_by_codes, heads_codes
from reconcile.files.raw import Address, LaidCells, Layout, Picker, Raw, Sheet, column_letters, laid, picker
from reconcile.files.remembered import ENTRY
from reconcile.model.indicator import Kind
from reconcile.scheme.form import Role, sheet_title

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Scheme

_ROOM = 8 << 20  # bytes of all plans together
_ALIKE = 8  # plans for sheets of one name: a form for each kind of unit, and what clerks made of them
_MOST_KEYS = 500
_LAYOUTS = 12  # of sheets that one plan is known to fit

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
    printed: tuple[Raw | None, ...]
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
            printed=tuple(compress(self.printed, kept)),
            words=tuple(compress(self.words, kept)),
        )


class Columns(NamedTuple):
    """How rows are taken out of the raws of a sheet. `reasoned`: the codes for whose reasons the sheet has cells."""

    rows: Rows
    values: Picker
    measures: Picker
    reasons: Picker
    reasoned: tuple[str, ...]


def columns(rows: Rows, places: Mapping[Address, int]) -> Columns:
    """How these rows are taken out of sheets of a layout with these places."""
    there = [address in places for address in rows.reasons]
    return Columns(
        rows=rows,
        values=picker(places, rows.values),
        measures=picker(places, rows.measures),
        reasons=picker(places, compress(rows.reasons, there)),
        reasoned=tuple(compress(rows.codes, there)),
    )


class Reach(NamedTuple):
    """How a plan takes all that it needs out of sheets of one layout: its labels, where other texts would bear on it, figures, texts.

    bearing: any text there bears on it; `above`: those above the headings, that do where they head a column of codes.
    """

    labels: Picker
    bearing: Picker
    above: Picker
    figures: Columns
    texts: Columns


class SheetPlan:
    """Where the indicators of one sheet stand. `figures` are counted, `texts` are words; no code stands twice where `repeats` is False.

    It fits any other sheet on which the same labels stand, and no others that bear on it. `_elsewhere`: the labels' addresses, and those at
    which no text would bear on it; `_above`: those above the headings, where a text might.
    """

    __slots__ = (
        *("_above", "_elsewhere", "_labels", "_reaches", "_texts"),
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
        self._labels, self._texts = tuple(labels), tuple(labels.values())
        self._elsewhere = frozenset(address for address in cells if address in labels or not self._bears(address))
        self._above = tuple(address for address in cells if address[0] < heading.row)
        self._reaches: dict[Layout, Reach] = {}

    def _rows(self, rows: Sequence[tuple[int, str]], cells: Mapping[Address, Raw]) -> Rows:
        roles, numbers = self.heading.roles, tuple(row for row, _ in rows)
        letters = column_letters(roles[Role.VALUE])

        def addresses(role: Role) -> tuple[Address, ...]:
            return tuple((row, roles[role]) for row in numbers) if role in roles else ()

        printed = tuple(cells.get(address) for address in addresses(Role.MEASURE))
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

    def reach(self, cells: LaidCells, *, keep: bool) -> Reach | None:
        """How it takes what it needs out of sheets of this layout; None where its labels do not stand on this one.

        `keep`: others of the same layout are to be expected.
        """
        reach = self._reaches.get(cells.layout)
        if reach is None and tuple(map(cells.get, self._labels)) == self._texts:
            places = cells.layout.places()
            others = places.keys() - self._elsewhere
            reach = Reach(
                labels=picker(places, self._labels),
                bearing=picker(places, [address for address in others if self._bears(address)]),
                above=picker(places, {*self._above, *(address for address in others if address[0] < self.heading.row)}),
                figures=columns(self.figures, places),
                texts=columns(self.texts, places),
            )
            if keep:
                if len(self._reaches) >= _LAYOUTS:
                    self._reaches.clear()
                self._reaches[cells.layout] = reach
        return reach

    def fits(self, reach: Reach, raws: Sequence[Raw | None], words: Words) -> bool:
        """Whether the same texts bear on this sheet, and no others."""
        if reach.labels(raws) != self._texts or str in map(type, reach.bearing(raws)):
            return False
        return not any(type(text) is str and heads_codes(text, words) for text in reach.above(raws))

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with all that it may know of layouts."""
        labels = sum(ENTRY + 4 * len(text) for text in self._texts)
        reach = 10 * ENTRY + 16 * (len(self._labels) + 3 * len(self.codes))
        return labels + 3 * ENTRY * len(self.codes) + ENTRY * len(self._elsewhere) + _LAYOUTS * reach


class Fitted(NamedTuple):
    """A sheet with its plan: what stands in its cells, and how that is reached."""

    plan: SheetPlan
    cells: LaidCells
    reach: Reach


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

    def plan(self, sheet: Sheet) -> Fitted | None:
        """Where the indicators stand on a sheet; None where it has no rows known by code."""
        cells = laid(sheet.cells)
        met = cells is sheet.cells  # with a layout that the reader of sheets knows
        plans = self._plans.get(sheet.name, [])
        for place, plan in enumerate(plans):
            reach = plan.reach(cells, keep=met)
            if reach is not None and plan.fits(reach, cells.raws, self.words):
                if place:
                    plans.insert(0, plans.pop(place))  # returns of one kind of unit come together
                return Fitted(plan, cells, reach)
        texts = [(row, column, raw) for (row, column), raw in cells.items() if type(raw) is str]
        headed = find_heading(texts, self.words)
        heading = headed or heading_by_codes(texts, self.scheme.indicators, self.words)
        if heading is None:
            return None
        plan = SheetPlan(heading, coded_rows(sorted(texts), sheet.name, heading, self.scheme), cells, self.scheme)
        above = any(row < heading.row and heads_codes(text, self.words) for row, _, text in texts)
        plan.lasting = headed is not None and not above
        if plan.lasting:
            self._keep(sheet.name, plan)
        reach = plan.reach(cells, keep=met)
        return None if reach is None else Fitted(plan, cells, reach)  # the plan's own labels stand on it

    def _keep(self, sheet: str, plan: SheetPlan) -> None:
        weight = plan.weight
        if weight > _ROOM // 4:
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
