"""Changes (修改): what differs between two versions of a return, or of all returns of a period."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.errors import ReconcileError
from reconcile.model.indicator import Kind
from reconcile.model.quantity import format_number
from reconcile.model.revision import Aspect, Revision
from reconcile.process.roster_changes import roster_changes
from reconcile.process.versions import Version, answer, differing, more_or_less
from reconcile.scheme.form import COVER_LABELS
from reconcile.scheme.wording import amount

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.model.indicator import Indicator
    from reconcile.scheme.scheme import Scheme

_COVER = {"cover_name": "unit_name", **{key: key for key in ("scope", "filler", "filled_on", "head", "phone")}}
"""Column of the register -> key of the cover field. Unit and period are the same, or the two are not compared."""
_ALL_DECIMALS = 6
_SHOWN_DIGITS = 8  # of a file's sha256: enough to tell two versions of one return apart
Sides = tuple[str, str]


def changes(old: Version, new: Version, scheme: Scheme, *, root: str) -> tuple[Revision, ...]:
    """Everything that differs: unit by unit in the order of the newer table of units, those that vanished after them, the totals of `root`
    last. Raises ReconcileError where the two are of different periods, or have no unit in common.
    """
    _comparable(old, new)
    alone = len(old.returns.returns) == len(new.returns.returns) == 1
    found: list[Revision] = []
    for unit in _units(old, new):
        teller = _Teller(old, new, scheme, unit)
        for before, after in _pairs(old.ids.get(unit, {}), new.ids.get(unit, {})):
            found.extend(teller.one_return(before, after, alone=alone) if before and after else teller.only_once(before, after))
    for unit in _units(old, new):
        found.extend(_Teller(old, new, scheme, unit).adjustments())
    found.extend(_Teller(old, new, scheme, root).totals())
    return tuple(found)


def _comparable(old: Version, new: Version) -> None:
    before, after = old.returns.period, new.returns.period
    if not before.same_end(after):
        raise ReconcileError(f"两边不是同一个报告期：旧的是{before.chinese}，新的是{after.chinese}，无法比较。")
    if old.ids and new.ids and not old.ids.keys() & new.ids.keys():
        raise ReconcileError(f"两边不是同一个单位的报表：旧的是{_whose(old)}，新的是{_whose(new)}，无法比较。")


def _whose(side: Version) -> str:
    code = next(iter(side.ids))
    return f"{side.units.name(code)}（{code}）{f'等{len(side.ids)}家' if len(side.ids) > 1 else ''}"


def _units(old: Version, new: Version) -> list[str]:
    """The units that reported in either version."""
    order: dict[str, int] = {}
    for code in (*new.units.units, *old.units.units):
        order.setdefault(code, len(order))
    return sorted({*old.ids, *new.ids}, key=lambda code: (code not in new.ids, order.get(code, len(order)), code))


def _pairs(old: Mapping[bool, str], new: Mapping[bool, str]) -> Iterator[Sides]:
    """The returns of one unit that belong together, "" where one side has none; one on each side always do, whatever their scopes."""
    if len(old) == len(new) == 1:
        yield from zip(old.values(), new.values(), strict=True)
        return
    for whole in (False, True):
        if whole in old or whole in new:
            yield old.get(whole, ""), new.get(whole, "")


@dataclass(frozen=True, eq=False, slots=True)
class _Teller:
    """Tells what differs about one unit."""

    old: Version
    new: Version
    scheme: Scheme
    unit: str

    def only_once(self, before: str, after: str) -> Iterator[Revision]:
        """A return that only one version has: the unit appeared or vanished, or one of its two returns did."""
        whole = (self.new if after else self.old).register(after or before, "scope") == "汇总"
        name = "汇总口径报表" if whole else "报表"
        yield self._told(Aspect.UNIT, "", name, (_file(self.old, before), _file(self.new, after)))

    def one_return(self, before: str, after: str, *, alone: bool) -> Iterator[Revision]:
        """Two versions of one return. `alone`: there is nothing else on either side, so that it need not be told which files they are."""
        if self.old.register(before, "sha256") == self.new.register(after, "sha256"):
            return
        if not alone:
            yield self._told(Aspect.RETURN, "", "换为新文件", (_file(self.old, before), _file(self.new, after)))
        for column, key in _COVER.items():
            sides = (self.old.register(before, column), self.new.register(after, column))
            if sides[0] != sides[1]:
                yield self._told(Aspect.COVER, "", COVER_LABELS[key][0], sides)
        yield from self._figures(before, after)
        yield from self._words("texts", Aspect.TEXT, before, after)
        for row in roster_changes(self.old.lists(before), self.new.lists(after), self.scheme):
            places = (row.before_place, row.after_place)
            yield self._told(Aspect.ROW, row.roster, row.name, (row.before, row.after), places=places, difference=row.difference)
        yield from self._words("reasons", Aspect.REASON, before, after)

    def _figures(self, before: str, after: str) -> Iterator[Revision]:
        codes = [code for code, one in self.scheme.indicators.items() if one.kind is not Kind.TEXT]
        old, new = self.old.answers(before, codes), self.new.answers(after, codes)
        for column in differing(old, new).tolist():
            indicator = self.scheme.indicators[codes[column]]
            values = (float(old[0][column]), float(new[0][column]))
            states = (int(old[1][column]), int(new[1][column]))
            said = (answer(values[0], states[0], indicator, self.scheme), answer(values[1], states[1], indicator, self.scheme))
            places = (self.old.place(before, codes[column]), self.new.place(after, codes[column]))
            difference = more_or_less(*values, indicator, self.scheme)
            yield self._told(Aspect.FIGURE, codes[column], indicator.name, said, places=places, difference=difference)

    def _words(self, table: str, aspect: Aspect, before: str, after: str) -> Iterator[Revision]:
        old, new = self.old.written(table, before), self.new.written(table, after)
        for code in (*self.scheme.indicators, *sorted({*old, *new} - set(self.scheme.indicators))):
            sides = (old.get(code, ""), new.get(code, ""))
            if sides[0] != sides[1]:
                places = (self.old.place(before, code), self.new.place(after, code))
                yield self._told(aspect, code, self.scheme.label(code), sides, places=places)

    def adjustments(self) -> Iterator[Revision]:
        """Figures that a person set for the unit in one version only, or otherwise."""
        old, new = self._adjusted(self.old), self._adjusted(self.new)
        for code in sorted({*old, *new}):
            sides = (old.get(code, ""), new.get(code, ""))
            if sides[0] != sides[1]:
                yield self._told(Aspect.ADJUSTMENT, code, self.scheme.label(code), sides)

    def _adjusted(self, side: Version) -> dict[str, str]:
        """Indicator -> what was set, with who, when and why, in words."""
        table = side.returns.adjustments
        found: dict[str, str] = {}
        for row in table[table["unit"] == self.unit].to_dict("records"):
            code, figure = str(row["indicator"]), float(row["adjusted"])
            indicator = self.scheme.indicators.get(code)
            said = format_number(figure, _ALL_DECIMALS) if indicator is None else amount(figure, indicator, self.scheme)
            found[code] = "，".join(part for part in (said, *(str(row[one]) for one in ("who", "date", "basis"))) if part)
        return found

    def totals(self) -> Iterator[Revision]:
        """What the unit and all below it come to."""
        if self.old.totals is None or self.new.totals is None:
            return
        old, new = self._totalled(self.old.totals), self._totalled(self.new.totals)
        for code, indicator in self.scheme.indicators.items():
            before, after = old.get(code, math.nan), new.get(code, math.nan)
            if before == after or (math.isnan(before) and math.isnan(after)):
                continue
            said = (self._total(before, indicator), self._total(after, indicator))
            yield self._told(Aspect.TOTAL, code, indicator.name, said, difference=more_or_less(before, after, indicator, self.scheme))

    def _total(self, figure: float, indicator: Indicator) -> str:
        if indicator.kind is Kind.FLAG and math.isfinite(figure):  # a flag's total is its count of yeses
            return f"{format_number(figure, 0)}家为是"
        return amount(figure, indicator, self.scheme)

    def _totalled(self, totals: pd.DataFrame) -> dict[str, float]:
        rows = totals[totals["unit"] == self.unit]
        return dict(zip(rows["indicator"].astype(str), rows["value"].astype(float), strict=True))

    def _told(self, aspect: Aspect, code: str, name: str, sides: Sides, *, places: Sides = ("", ""), difference: str = "") -> Revision:
        named = self.new.units if self.unit in self.new.units else self.old.units
        return Revision(aspect, self.unit, named.name(self.unit), code, name, *places, *sides, difference)


def _file(side: Version, one: str) -> str:
    """Which file a version is, by its name and the first digits of its sha256."""
    return f"{side.register(one, 'file')}（{side.register(one, 'sha256')[:_SHOWN_DIGITS]}）" if one else ""
