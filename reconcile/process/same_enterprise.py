"""The same enterprise met twice: in the lists of two units, in a list and in its own return, under two names, under two codes.

A credit code that can be right decides. Where one side has none, the name does, as far as names identify in this round: a name that
stands under two right codes tells nobody, and places must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconcile.model.enterprise import Firm, Likeness, abbreviates, likeness, place_words, read_firm, spellings
from reconcile.model.identity import check_credit_code, plain_number
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.process.roster_lines import Columns, Line
from reconcile.process.whose import plain_name

Key = tuple[str, str, str, int]
BY_CODE, BY_NAME, BY_LIKENESS = "统一社会信用代码相同", "名称相同", "名称相近"
"""What tells that two are one enterprise."""

_ENTERPRISES = frozenset({"enterprise", "institution"})  # kinds of unit that are themselves what lists name
_MANY = 300  # lines under one code or name that are compared with each other; more is a placeholder, not an enterprise
_AMBIGUOUS = 0.05  # share of names that stand under two right codes from which names do not identify in this round
_FEW = 2  # such names that any round may have: slips of the hand
_SHORTEST_NAME = 3  # characters of name and trade without which a name alone says nothing


@dataclass(frozen=True, slots=True, eq=False)
class Reporter:
    """An enterprise with a return of its own; `codes`: credit codes known to be its own."""

    unit: str
    return_id: str
    firm: Firm
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Meeting:
    """One line and what it meets: lines of others, or the enterprise's own return. `basis` in Chinese."""

    own: Line
    basis: str
    others: tuple[Line, ...] = ()
    reporter: Reporter | None = None


@dataclass(frozen=True)
class Lists:
    """All lines of a round that name enterprises, with what is needed to compare them."""

    lines: Sequence[Line]
    columns: Mapping[str, Columns]
    units: UnitTree
    around: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()
    names_tell: bool = True

    @classmethod
    def of(cls, lines: Iterable[Line], columns: Mapping[str, Columns], units: UnitTree) -> Lists:
        """The lines with an enterprise in them; how far names identify is learnt from those with right codes."""
        chosen = [line for line in lines if columns[line.list].code or (columns[line.list].name and line.firm.core)]
        codes: dict[str, set[str]] = {}
        for line in chosen:
            if line.code and line.firm.core:
                codes.setdefault(line.firm.core, set()).add(line.code)
        doubtful = frozenset(core for core, found in codes.items() if len(found) > 1)
        around = {code: _around(code, units) for code in {line.unit for line in chosen}}
        return cls(chosen, columns, units, around, doubtful, len(doubtful) <= max(_AMBIGUOUS * len(codes), _FEW))

    def agree(self, one: Line, other: Line) -> bool:
        """Whether the places of two names can be the same place, given who wrote them."""
        return places_agree(one.firm, self.around[one.unit], other.firm, self.around[other.unit])

    def basis(self, one: Line, other: Line) -> str:
        """What tells that two lines are one enterprise, "" where nothing does. Right codes decide where both lines have one."""
        if one.code and other.code:
            same = one.code == other.code and not names_differ(one.firm, other.firm)
            return BY_CODE if same else ""
        return self.by_name(one, other)

    def by_name(self, one: Line, other: Line) -> str:
        """The same for names alone."""
        if not self.names_tell or len(one.firm.core) < _SHORTEST_NAME or not self.agree(one, other):
            return ""
        if one.firm.core in self.ambiguous or other.firm.core in self.ambiguous:
            return ""
        return {Likeness.SAME: BY_NAME, Likeness.NEAR: BY_LIKENESS}.get(likeness(one.firm, other.firm), "")


def reporters(returns: Round, lines: Iterable[Line], *, units: UnitTree) -> list[Reporter]:
    """The enterprises that report for themselves, by unit code. Their credit code is the unit code, or that of a line naming themselves."""
    firms = [unit for unit in sorted(returns.counted) if unit in units and units[unit].kind in _ENTERPRISES]
    places = place_words(plain_name(unit.name) for unit in units if unit.kind not in _ENTERPRISES) if firms else {}
    own: dict[str, list[Line]] = {}
    for line in lines:
        own.setdefault(line.unit, []).append(line)
    found = []
    for unit in firms:
        firm = read_firm(units.name(unit), places=places)
        codes = {line.code for line in own.get(unit, ()) if line.code and likeness(line.firm, firm) is Likeness.SAME}
        if check_credit_code(unit).tier == "ok":
            codes.add(plain_number(unit))
        found.append(Reporter(unit, returns.counted[unit][0], firm, frozenset(codes)))
    return found


def listed_elsewhere(lists: Lists) -> Iterator[Meeting]:
    """Lines whose enterprise stands in the same list of another unit; papers only where they can be the same paper."""
    candidates = _candidates(lists)
    for line in lists.lines:
        met: dict[str, list[Line]] = {}
        for other in candidates.get(line.key, ()):
            if other.unit != line.unit and same_paper(line, other) and (basis := lists.basis(line, other)):
                met.setdefault(basis, []).append(other)
        for basis in (BY_CODE, BY_NAME, BY_LIKENESS):
            if basis in met:
                yield Meeting(line, basis, tuple(met[basis]))
                break


def listed_and_reported(lists: Lists, known: Sequence[Reporter]) -> Iterator[Meeting]:
    """Lines of other units whose enterprise reports for itself; papers not where its own list has only other kinds of them."""
    by_code = {code: one for one in known for code in sorted(one.codes)}
    spelt: dict[str, list[Reporter]] = {}
    for one in known:
        for spelling in spellings(one.firm.core):
            spelt.setdefault(spelling, []).append(one)
    kinds: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for line in lists.lines:
        kinds.setdefault((line.unit, line.list), set()).add(line.told[: lists.columns[line.list].kinds])
    for line in lists.lines:
        met = _by_its_code(line, by_code) or _by_its_name(line, spelt, lists)
        if met is None or met.reporter is None or met.reporter.unit == line.unit:
            continue
        own = kinds.get((met.reporter.unit, line.list))
        if own is None or line.told[: lists.columns[line.list].kinds] in own:
            yield met


def two_names(lists: Lists) -> Iterator[Meeting]:
    """Lines whose right code stands with a wholly different name elsewhere."""
    for group in _groups(lists.lines, lambda line: line.code):
        for line in group:
            others = tuple(other for other in group if other is not line and names_differ(line.firm, other.firm))
            if others:
                yield Meeting(line, BY_CODE, others)


def two_codes(lists: Lists) -> Iterator[Meeting]:
    """Lines whose full name stands with another right code elsewhere: only where names identify, and the places are surely the same."""
    if not lists.names_tell:
        return
    coded = (line for line in lists.lines if line.code and len(line.firm.core) >= _SHORTEST_NAME)
    for group in _groups(coded, lambda line: line.firm.core):
        if len({line.code for line in group}) != 2:
            continue
        for line in group:
            others = tuple(other for other in group if other.code != line.code and _one_place(line, other, lists))
            if others:
                yield Meeting(line, BY_NAME, others)


def names_differ(one: Firm, other: Firm) -> bool:
    """Whether two names with one code name two enterprises: neither is the other one shortened or slightly misspelt."""
    if not one.core or not other.core or likeness(one, other) is not Likeness.DIFFERENT:
        return False
    short, long = sorted((one.core, other.core), key=len)
    return not abbreviates(short, long)


def same_paper(one: Line, other: Line) -> bool:
    """Whether two lines can be the same paper: what tells papers apart is equal, or left out in one of them."""
    return all(mine == theirs or not mine or not theirs for mine, theirs in zip(one.told, other.told, strict=True))


def places_agree(one: Firm, around_one: frozenset[str], other: Firm, around_other: frozenset[str]) -> bool:
    """Whether two names can mean one place: the nearest place of one is among those of the other, or around who wrote the other.

    A name without a place may stand for any place around its writer; two names without places agree.
    """
    if not one.places and not other.places:
        return True
    return any(
        mine.places and mine.places[-1] in {*theirs.places, *around}
        for mine, theirs, around in ((one, other, around_other), (other, one, around_one))
    )


def _by_its_code(line: Line, by_code: Mapping[str, Reporter]) -> Meeting | None:
    """The enterprise that bears the line's code; not where the names differ wholly, which is a case for `two_names`."""
    found = by_code.get(line.code) if line.code else None
    if found is None or (line.code != plain_number(found.unit) and names_differ(line.firm, found.firm)):
        return None
    return Meeting(line, BY_CODE, reporter=found)


def _by_its_name(line: Line, spelt: Mapping[str, Sequence[Reporter]], lists: Lists) -> Meeting | None:
    """The one enterprise that bears the line's name, else a near one; of two that do, which one is meant is not known."""
    near = {one.unit: one for spelling in spellings(line.firm.core) for one in spelt.get(spelling, ())}
    for basis in (BY_NAME, BY_LIKENESS):
        named = [one for one in near.values() if _reported_as(line, one, lists) == basis]
        if named:
            return Meeting(line, basis, reporter=named[0]) if len(named) == 1 else None
    return None


def _reported_as(line: Line, one: Reporter, lists: Lists) -> str:
    """How a line's name meets an enterprise with a return of its own. Names alone tell only within one town."""
    if one.unit == line.unit or (line.code and one.codes) or not lists.names_tell or line.firm.core in lists.ambiguous:
        return ""
    if len(line.firm.core) < _SHORTEST_NAME or not _one_town(line.unit, one.unit, lists.units):
        return ""
    if not places_agree(line.firm, lists.around[line.unit], one.firm, _around(one.unit, lists.units)):
        return ""
    return {Likeness.SAME: BY_NAME, Likeness.NEAR: BY_LIKENESS}.get(likeness(line.firm, one.firm), "")


def _one_place(one: Line, other: Line, lists: Lists) -> bool:
    """Whether two lines with one full name are surely of one place: it is written out, or both are told by one unit or town."""
    if one.firm != other.firm:
        return False
    return bool(one.firm.places) or _one_town(one.unit, other.unit, lists.units)


def _one_town(one: str, other: str, units: UnitTree) -> bool:
    """Whether two units stand under one unit, or one under the other; what the table of units does not have may stand anywhere."""
    if one not in units or other not in units:
        return True
    above, beside = units[one].parent, units[other].parent
    return other in (one, above) or beside == one or above == beside != ""


def _around(code: str, units: UnitTree) -> frozenset[str]:
    """The places that a unit stands in: its own name's and those above it."""
    words = place_words(plain_name(units.name(step)) for step in units.ancestors(code))
    return frozenset(words.values())


def _candidates(lists: Lists) -> dict[Key, list[Line]]:
    """For each line those of the same list that may be the same enterprise: by code, or by a spelling where one of them has no code."""
    found: dict[Key, dict[Key, Line]] = {}
    for group in _groups(lists.lines, lambda line: f"{line.list} {line.code}" if line.code else ""):
        for line in group:
            found.setdefault(line.key, {}).update((other.key, other) for other in group if other is not line)
    uncoded = [line for line in lists.lines if not line.code and line.firm.core]
    wanted = {(line.list, spelling) for line in uncoded for spelling in spellings(line.firm.core)}
    spelt: dict[tuple[str, str], list[Line]] = {}
    for line in lists.lines if wanted else ():
        for spelling in spellings(line.firm.core):
            if (line.list, spelling) in wanted:
                spelt.setdefault((line.list, spelling), []).append(line)
    for line in uncoded:
        for spelling in spellings(line.firm.core):
            for other in spelt.get((line.list, spelling), ())[:_MANY]:
                if other is not line:
                    found.setdefault(line.key, {})[other.key] = other
                    found.setdefault(other.key, {})[line.key] = line
    return {key: [others[one] for one in sorted(others)] for key, others in found.items()}


def _groups(lines: Iterable[Line], key: Callable[[Line], str]) -> Iterator[list[Line]]:
    """Lines with one key, where there are several; those with an empty key stand alone."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if named := key(line):
            found.setdefault(named, []).append(line)
    for group in found.values():
        if len(group) > 1:
            yield group[:_MANY]
