"""How an overlap is told: which cells, which words. The sentences themselves stand in rules.csv."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconcile.model.finding import CellAt, Finding
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.process.roster_lines import Columns, Line, columns_of, place_of
from reconcile.process.same_enterprise import Meeting, Reporter
from reconcile.scheme.expression import Comparison, Name
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Roster, Scheme
from reconcile.scheme.wording import amount, finding, listed, place

_SHOWN = 20  # lines whose cells a finding carries on each side: who has more copied a whole list, and the message says how many
_ALIKE_SHOWN = 10  # figures of two alike returns whose cells a finding carries, the rarest first
_EXAMPLES = 3


@dataclass(frozen=True)
class Teller:
    """Tells overlaps of one round. A check that the scheme does not have tells nothing."""

    returns: Round
    scheme: Scheme
    units: UnitTree
    columns: dict[str, Columns] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", {name: columns_of(roster) for name, roster in self.scheme.rosters.items()})

    def pages(self, check: str, meetings: Iterable[Meeting]) -> Iterator[Finding]:
        """One finding for each list of a return with the same others: a list that was copied whole is one finding."""
        rule = self.scheme.named.get(check)
        groups: dict[tuple[str, ...], list[Meeting]] = {}
        for one in meetings if rule is not None else ():
            others = sorted({other.unit for other in one.others})
            groups.setdefault((one.own.return_id, one.own.list, one.basis, *others), []).append(one)
        for group in groups.values():
            own = [one.own for one in group]
            theirs = list({other.key: other for one in group for other in one.others}.values())
            yield from self._lines(rule, own, theirs, {"依据": group[0].basis})

    def contradictions(self, check: str, meetings: Iterable[Meeting]) -> Iterator[Finding]:
        """One finding for each return, code and name; within one return only from the first line."""
        rule = self.scheme.named.get(check)
        groups: dict[tuple[str, str, str], list[Meeting]] = {}
        for one in meetings if rule is not None else ():
            others = tuple(other for other in one.others if other.return_id != one.own.return_id or other.key > one.own.key)
            if others:
                groups.setdefault((one.own.return_id, one.own.code, one.own.name), []).append(Meeting(one.own, one.basis, others))
        for group in groups.values():
            own = [one.own for one in group]
            theirs = list({other.key: other for one in group for other in one.others}.values())
            names = [name for name in dict.fromkeys(other.name for other in theirs) if name != own[0].name]
            codes = [code for code in dict.fromkeys(other.code for other in theirs) if code != own[0].code]
            words = {"名称": own[0].name, "代码": own[0].code, "另一名称": listed(names), "另一代码": listed(codes)}
            yield from self._lines(rule, own, theirs, words)

    def repeats(self, check: str, groups: Iterable[Sequence[Line]]) -> Iterator[Finding]:
        """One finding for each group of lines of one unit: the first, and those that repeat it."""
        rule = self.scheme.named.get(check)
        for group in groups if rule is not None else ():
            yield from self._lines(rule, group[:1], group[1:], {"次数": str(len(group))})

    def doubly_reported(self, check: str, meetings: Iterable[Meeting]) -> Iterator[Finding]:
        """One finding for each line whose enterprise reports for itself, with what it reports of the same kind: it is counted twice, or
        (where that is nothing) the two returns contradict each other."""
        rule = self.scheme.named.get(check)
        for one in meetings if rule is not None else ():
            if rule is None or one.reporter is None:
                continue
            codes = self._counted_twice(self.scheme.rosters[one.own.list], self.units[one.reporter.unit].kind)
            theirs = tuple(self.returns.cell(one.reporter.return_id, code) for code in codes)
            words = {**self._reporter_words(one, one.reporter, theirs), "另报": "、".join(self._said(one.reporter.return_id, codes))}
            yield self._about(rule, [one.own], (*self._fed_cells(one.own), *theirs), words)

    def alike(self, return_id: str, others: Sequence[str], *, shared: Sequence[str], both: int) -> Iterator[Finding]:
        """A return and the others it is alike to, the most alike first; `shared`: figures shared with that one, the rarest first."""
        rule = self.scheme.named.get("alike")
        if rule is None:
            return
        shown = shared[:_ALIKE_SHOWN]
        cells = tuple(self.returns.cell(one, code) for one in (return_id, others[0]) for code in shown)
        words = {
            "另一单位": self._name(others[0]),
            "另一文件": cells[-1].file,
            "项数": str(len(shared)),
            "可比项数": str(both),
            "举例": "、".join(self._said(return_id, self._different(return_id, shared)[:_EXAMPLES])),
            "其他": f"与{listed([self._name(one) for one in others[1:]])}也是这样。" if len(others) > 1 else "",
        }
        yield self._finding(rule, return_id, cells, words, indicators=tuple(shown), observed=f"{len(shared)}项相同")

    def texts(self, answers: Sequence[tuple[str, str, str]], *, length: int) -> Iterator[Finding]:
        """One text in several units: (unit, return, indicator) each."""
        rule = self.scheme.named.get("alike_text")
        for unit, return_id, code in answers if rule is not None else ():
            others = [one for one in answers if one[0] != unit]
            if rule is None or not others:
                continue
            cells = tuple(self.returns.cell(one, asked) for one, asked in ((return_id, code), *(other[1:] for other in others)))
            words = {"指标": self.scheme.label(code), "另一单位": self._names(other[0] for other in others), "字数": str(length)}
            yield self._finding(rule, return_id, cells, words, indicators=(code,))

    def _lines(self, rule: Rule | None, own: Sequence[Line], theirs: Sequence[Line], words: Mapping[str, str]) -> Iterator[Finding]:
        """A finding about lines of one unit and the lines that they meet."""
        if rule is None or not own or not theirs:
            return
        met = tuple(self._at(line) for line in theirs[:_SHOWN])
        elsewhere = own[0].return_id != theirs[0].return_id
        told = {
            "另一单位": self._names(line.unit for line in theirs if line.unit != own[0].unit),
            "另一处": listed([place(cell, with_file=elsewhere) for cell in met]),
            "个数": str(len(own)),
        }
        yield self._about(rule, own, met, {**told, **words})

    def _about(self, rule: Rule, own: Sequence[Line], others: tuple[CellAt, ...], words: Mapping[str, str]) -> Finding:
        roster = self.scheme.rosters[own[0].list]
        cells = tuple(self._at(line) for line in own[:_SHOWN])
        told = {
            "名册": roster.name,
            "处": listed([cell.cell for cell in cells] if len(own) <= _SHOWN else [self._at(line).cell for line in own]),
            "对象": listed([self._who(line) for line in own]),
        }
        return self._finding(rule, own[0].return_id, (*cells, *others), {**told, **words}, indicators=_fed(roster))

    def _finding(
        self,
        rule: Rule,
        return_id: str,
        cells: tuple[CellAt, ...],
        words: Mapping[str, str],
        *,
        indicators: tuple[str, ...],
        observed: str = "",
    ) -> Finding:
        unit = self._unit(return_id)
        return finding(
            rule,
            words,
            unit=unit,
            unit_name=self.units.name(unit),
            period=self.returns.period.written,
            return_id=return_id,
            indicators=indicators,
            cells=cells,
            observed=observed,
        )

    def _reporter_words(self, one: Meeting, reporter: Reporter, theirs: tuple[CellAt, ...]) -> dict[str, str]:
        """What is said of an enterprise that reports for itself, and of how a list counts it."""
        roster = self.scheme.rosters[one.own.list]
        said = [
            f"{column.name}{one.own.cells[column.column][0]}{column.measure}"
            for column in roster.columns
            if column.column in one.own.cells and any(feed.how == "sum" for feed in column.feeds)
        ]
        counted = "、".join(self.scheme.label(code) for code in _fed(roster))
        return {
            "企业": self._who(one.own),
            "依据": one.basis,
            "另一单位": self.units.name(reporter.unit),
            "另一处": listed([place(cell, with_file=not number) for number, cell in enumerate(theirs)]),
            "重复项": f"{counted}（名册中{'、'.join(said)}）" if said else counted,
            "个数": "1",
        }

    def _fed_cells(self, line: Line) -> tuple[CellAt, ...]:
        """The figures of the line's own return that its list adds up to."""
        cells = (self.returns.cell(line.return_id, code) for code in _fed(self.scheme.rosters[line.list]))
        return tuple(cell for cell in cells if cell.cell)

    def _different(self, return_id: str, codes: Sequence[str]) -> list[str]:
        """The first code of each different figure."""
        return list({self._value(return_id, code): code for code in reversed(codes)}.values())[::-1]

    def _counted_twice(self, roster: Roster, kind: str) -> list[str]:
        """Figures of an enterprise's own return that a line of the list counts again.

        These are the indicators that the list feeds; where the enterprise is not asked for them, those of which they are a part by a
        rule without condition (新建工会会员数 <= 新增会员).
        """
        fed = _fed(roster)
        own = [code for code in fed if self.scheme.indicators[code].asked_of(kind)]
        return own or [whole for code in fed for whole in _wholes(code, self.scheme) if self.scheme.indicators[whole].asked_of(kind)]

    def _said(self, return_id: str, codes: Iterable[str]) -> list[str]:
        """Figures of a return in words: 新增会员12人."""
        known = self.scheme.indicators
        return [f"{self.scheme.label(code)}{amount(self._value(return_id, code), known[code], self.scheme)}" for code in codes]

    def _value(self, return_id: str, code: str) -> float:
        table = self.returns.values
        known = return_id in table.index and code in table.columns
        return float(table[code].to_numpy(dtype="float64")[table.index.get_loc(return_id)]) if known else math.nan

    def _at(self, line: Line) -> CellAt:
        return place_of(self.returns, line, self.columns[line.list])

    def _who(self, line: Line) -> str:
        """Whom a line is about: the enterprise's name or code, a person's masked number. Never a person's name."""
        return line.name or line.code or line.cells.get(self.columns[line.list].person, ("", ""))[0]

    def _unit(self, return_id: str) -> str:
        return str(self.returns.returns.at[return_id, "unit"])

    def _name(self, return_id: str) -> str:
        return self.units.name(self._unit(return_id))

    def _names(self, units: Iterable[str]) -> str:
        return listed([self.units.name(unit) for unit in dict.fromkeys(units)])


def _fed(roster: Roster) -> tuple[str, ...]:
    """Indicators that a list adds up to."""
    return tuple(dict.fromkeys(feed.indicator for column in roster.columns for feed in column.feeds))


def _wholes(code: str, scheme: Scheme) -> list[str]:
    """Indicators of which another one is a part, as rules without condition say (part <= whole)."""
    found = []
    for rule in scheme.rules:
        check = rule.expression
        plain = rule.when is None and isinstance(check, Comparison) and check.operator == "<=" and len(rule.indicators) == 2
        if plain and isinstance(check, Comparison) and isinstance(check.left, Name) and isinstance(check.right, Name):
            part, whole = rule.indicators
            found += [whole] if part == code else []
    return found
