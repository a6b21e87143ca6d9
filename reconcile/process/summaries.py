"""Summaries among the sources: the returns that a lower level has already read come in as if their files had been read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from reconcile.model.finding import Finding
from reconcile.model.round import GONE, JUDGED, UNREAD, Standing
from reconcile.model.unit import without_circles
from reconcile.process.desk import Entry

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.model.unit import Unit
    from reconcile.scheme.scheme import Scheme

_AGAIN = frozenset(
    {
        *("name_differs", "other_unit", "wrong_period", "empty_return", "scope_undeclared"),
        *("superseded", "version_tie", "duplicate_file", "summary_scope"),
    }
)
_OF_FILES = frozenset({"unreadable_file", "foreign_file", "unknown_unit", "proposed_unit"})


@dataclass(frozen=True, slots=True, eq=False)
class Brought:
    """What one summary brought: its round as written, its units, and an entry for each of its returns (by the id it had there)."""

    round: Round
    units: tuple[Unit, ...]
    known: bool
    entries: Mapping[str, Entry]


def bring(file: str, content: Round, *, units: tuple[Unit, ...], known: bool) -> Brought:
    """Entries for the returns of a summary. What becomes of them is decided anew, together with everything else that was received."""
    columns = [one.name for one in fields(Entry) if one.metadata.get("register", True)]
    table = content.returns
    texts = {name: [str(value) for value in table[name]] for name in columns}
    entries: dict[str, Entry] = {}
    for row, return_id in enumerate(table.index):
        entry = Entry(texts["file"][row], texts["sha256"][row])
        for name in columns:
            setattr(entry, name, texts[name][row])
        entry.code = entry.unit
        entry.source = f"{file}/{entry.source}" if entry.source else file
        entry.period = entry.period or ("" if entry.standing in UNREAD else str(content.period))
        entry.empty = entry.standing == Standing.EMPTY
        if entry.standing not in UNREAD:
            entry.note = entry.note if entry.standing == Standing.COUNTED else ""
            entry.standing = Standing.COUNTED
        entries[str(return_id)] = entry
    return Brought(content, units, known, entries)


def overtaken(brought: Iterable[Brought], in_hand: Sequence[Entry]) -> None:
    """A summary may come along with the very files it was made of, for its 核定. What it could not read then is told by the file itself
    where that is still in hand, and is settled where its unit has sent a return since that counts; so its row is a duplicate. The same of
    a file whose unit nobody knew, where all returns of the summary are in hand as they were: it was made of this folder.
    """
    files = {entry.sha256 or entry.file for entry in in_hand}
    places = {(entry.file, entry.sha256) for entry in in_hand}
    for one in brought:
        returns = [entry for entry in one.entries.values() if entry.standing not in UNREAD]
        had = {entry.sha256 for entry in returns}
        anew = {entry.unit for entry in in_hand if entry.standing in JUDGED and entry.sha256 not in had}
        this_folder = bool(returns) and all((entry.file, entry.sha256) in places for entry in returns)
        for entry in one.entries.values():
            if entry.standing not in UNREAD:
                continue
            if (entry.sha256 or entry.file) in files or entry.unit in anew or (this_folder and not entry.unit):
                entry.standing = Standing.DUPLICATE
                entry.note = "以直接收到的文件为准"


def settled_units(brought: Iterable[Brought]) -> list[Unit]:
    """The units of all summaries, each once, by their codes: the order of the summaries does not matter.

    Where two summaries differ about a unit, one made with a table of units goes before one that took them from covers, then one that
    knows the unit's parent; a parent link that would close a circle is cut.
    """
    told = ((one.known, unit) for one in brought for unit in one.units)
    return without_circles(unit for _, unit in sorted(told, key=_trust))


def _trust(told: tuple[bool, Unit]) -> tuple[str, bool, bool, str]:
    known, unit = told
    return unit.code, not known, not unit.parent, repr(unit)


def findings_kept(brought: Brought, scheme: Scheme) -> list[Finding]:
    """Findings that cannot be made again from the values; those about versions, periods and scopes were made anew."""
    named = {rule.id: rule.named for rule in scheme.rules}
    kept = []
    for one in brought.round.intake:
        check = named.get(one.rule, "")
        entry = brought.entries.get(one.return_id)
        if check in _AGAIN:
            continue
        if entry is None:
            kept.append(one)
        elif entry.standing in JUDGED or (check in _OF_FILES and entry.standing not in GONE):
            kept.append(replace(one, return_id=entry.return_id))
    return kept
