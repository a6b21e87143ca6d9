"""Coverage: which units owed a return, which sent one, and which of those were late."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date
from typing import TYPE_CHECKING

from reconcile.model.finding import CellAt, Finding
from reconcile.model.outcome import Coverage
from reconcile.model.round import JUDGED, Round, Standing
from reconcile.scheme.wording import finding

if TYPE_CHECKING:
    from reconcile.model.unit import UnitTree
    from reconcile.scheme.scheme import Scheme

_SENT = frozenset({Standing.TIED, Standing.UNREADABLE})  # received for this period, though it does not count


def coverage(returns: Round, scheme: Scheme, *, units: UnitTree, root: str) -> tuple[Coverage, tuple[Finding, ...]]:
    """Who of `root` and all below it ("" for all units) reported, with a finding for every unit that is missing, late, or owes nothing.

    Every unit of the table that existed on the period's last day, of a kind that the scheme asks anything, owes one return; units below
    one whose 汇总 return stands in are not expected one by one. A unit that sent a file which could not be read (or counted) is not
    missing, nor are those below a unit whose summary could not be read: they may be in it. Without a table of units only those that
    reported are expected.
    """
    inside = [code for code in units.subtree(root) if code in units]
    sent = _files(returns)
    reported = [code for code in inside if any(standing in JUDGED for _, standing in sent.get(code, ()))]
    answered = frozenset(reported)
    day = returns.period.last_day
    asked = {kind for kind in {unit.kind for unit in units} if scheme.asked_of(kind)}
    owing = [code for code in inside if units[code].kind in asked and units[code].expected(day)] if units.known else reported
    excused = _below(units, owing, sent, {code for code, files in sent.items() if any(one == Standing.STAND_IN for _, one in files)})
    expected = [code for code in owing if code not in excused]
    spoken_for = _below(units, expected, sent, returns.unread_summaries)
    turned_away = {code for code, files in sent.items() if any(standing in _SENT for _, standing in files)} | spoken_for
    unreadable = [code for code in inside if code not in answered and code in turned_away]
    heard = answered.union(unreadable)
    missing = [code for code in expected if code not in heard]
    late, findings = _late(returns, scheme, units=units, reported=reported)
    findings.extend(_about_units("missing_unit", missing, returns, scheme=scheme, units=units))
    owed = frozenset(owing)
    findings.extend(_about_units("not_owed", [code for code in reported if code not in owed], returns, scheme=scheme, units=units))
    covered = Coverage(
        expected=tuple(expected),
        reported=tuple(reported),
        missing=tuple(missing),
        unreadable=tuple(unreadable),
        late=tuple(late),
    )
    return covered, tuple(sorted(findings, key=lambda one: one.sort_key))


def _files(returns: Round) -> dict[str, list[tuple[str, str]]]:
    """Unit -> (return id, standing) of every file it sent."""
    found: dict[str, list[tuple[str, str]]] = {}
    table = returns.returns
    columns = (column.to_numpy(dtype=object).tolist() for column in (table.index, table["unit"], table["standing"]))
    for return_id, unit, standing in zip(*columns, strict=True):
        found.setdefault(str(unit), []).append((str(return_id), str(standing)))
    return found


def _below(units: UnitTree, expected: list[str], sent: Mapping[str, list[tuple[str, str]]], speaking: Set[str]) -> set[str]:
    """Units that sent nothing and stand below one that speaks for them."""
    waiting = [code for code in expected if code not in sent] if speaking else []
    return {code for code in waiting if any(step in speaking for step in units.ancestors(code)[1:])}


def _late(returns: Round, scheme: Scheme, *, units: UnitTree, reported: list[str]) -> tuple[list[str], list[Finding]]:
    """Units of which a counted return bears a cover date past the last day. A return without a date is not late."""
    due = scheme.due(returns.period)
    rule = scheme.named.get("late")
    wanted = set(reported)
    tardy: dict[str, list[Finding]] = {}
    table = returns.returns
    names = ("unit", "standing", "file", "filled_on")
    columns = (column.to_numpy(dtype=object).tolist() for column in (table.index, *(table[name] for name in names)))
    for return_id, unit, standing, file, written in zip(*columns, strict=True):
        day = _day(str(written))
        if unit not in wanted or standing not in JUDGED or day is None or day <= due:
            continue
        tardy.setdefault(str(unit), [])
        if rule is not None:
            about = finding(
                rule,
                {"填报日期": _chinese(day), "截止日期": _chinese(due)},
                unit=str(unit),
                unit_name=units.name(str(unit)),
                period=str(returns.period),
                return_id=str(return_id),
                cells=(CellAt(str(file), "", "", str(written)),),
                observed=day.isoformat(),
                expected=due.isoformat(),
                difference=f"{(day - due).days}天",
            )
            tardy[str(unit)].append(about)
    return [code for code in reported if code in tardy], [one for found in tardy.values() for one in found]


def _about_units(check: str, codes: list[str], returns: Round, *, scheme: Scheme, units: UnitTree) -> list[Finding]:
    """A finding of the named check about each unit; none where the scheme has no such check."""
    rule = scheme.named.get(check)
    if rule is None:
        return []
    return [
        finding(rule, {"代码": code, "报告期": returns.period.chinese}, unit=code, unit_name=units.name(code), period=str(returns.period))
        for code in codes
    ]


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
