"""Planters that need more than a cell: lists, other units, whole returns. Written without looking at the finders."""

from __future__ import annotations

import numpy as np
from planted_draft import Draft, Fault
from planted_faults import LISTED, Rng, fault, pick, planter
from planted_history import PLANTERS
from planted_rounds import AIDED, CONTRACTS, NEW_FIRMS

__all__ = ["PLANTERS"]

_SUMMED = ((AIDED, "帮扶金额"), (NEW_FIRMS, "会员人数"), (CONTRACTS, "覆盖企业"), (CONTRACTS, "覆盖职工"))
_SEVERAL = ("village", "community")
_TOUCHED = 4  # cells that somebody who copies a return changes for show


def _row(draft: Draft, one: str, rng: Rng, rosters: tuple[str, ...]) -> tuple[str, int] | None:
    rows = [(roster, row) for roster in rosters for row in draft.roster_rows(one, roster)]
    return rows[int(rng.integers(len(rows)))] if rows else None


def _read(draft: Draft, one: str, roster: str) -> list[str]:
    """The columns of a list whose sums stand on this return's form too."""
    on_form = set(draft.codes(one))
    columns = draft.world.scheme.rosters[roster].columns
    fed = {each.column for each in columns if any(feed.indicator in on_form for feed in each.feeds)}
    return [column for name, column in _SUMMED if name == roster and column in fed]


@planter("a row of a list forgotten", asked="rule")
def list_row(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """One row less than was counted, and rows left."""
    found = _row(draft, one, rng, tuple(name for name in (AIDED, NEW_FIRMS, CONTRACTS) if len(draft.roster_rows(one, name)) > 1))
    if found is None:
        return None
    roster = found[0]
    truth = {f"{roster}.{column}": draft.total(one, roster, column) for column in _read(draft, one, roster)}
    truth[roster] = float(len(draft.roster_rows(one, roster)))
    draft.lists[one] = [line for line in draft.lists[one] if line[:2] != found]
    return Fault("list_row", one, truth)


@planter("a number in a list typed wrong", asked="rule")
def list_number(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """A zero too many or too few, or a digit beside the right one."""
    read = {(roster, column) for roster in (AIDED, NEW_FIRMS, CONTRACTS) for column in _read(draft, one, roster)}
    lines = [line for line in draft.lists[one] if (line[0], line[2]) in read and line[4] >= 1]
    if not lines:
        return None
    line = lines[int(rng.integers(len(lines)))]
    value = float(rng.choice([line[4] * 10, max(line[4] // 10, 1), line[4] + 1, line[4] + 100]))
    if value == line[4]:
        return None
    truth = {f"{line[0]}.{line[2]}": draft.total(one, line[0], line[2])}
    draft.write(one, (*line[:3], str(int(value)), value, *line[5:]))
    return Fault("list_number", one, truth)


@planter("a figure that is not its list's total", asked="rule")
def list_total(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Counted by hand, by one or two wrong; money by a row's amount."""
    code = pick(rng, [code for code in draft.codes(one, holds=lambda value: value >= 1 or 0 < value < 1) if code in LISTED])
    if code is None:
        return None
    step = 0.05 if code == "C006" else 1.0
    wrong = round(draft.get(one, code) + step * float(rng.choice([-2, -1, 1, 2])), 2)
    return fault("list_total", draft, one, {code: wrong}) if wrong > 0 else None


def _firm(draft: Draft, one: str, rng: Rng) -> tuple[str, tuple[str, str]] | None:
    """A reporting enterprise of the same town (else of any): its return, credit code and name."""
    firms = draft.world.firms
    known = [other for other in draft.others(one, ("enterprise",)) if draft.unit(other) in firms]
    town = draft.world.units[draft.unit(one)].parent
    near = [other for other in known if draft.world.units[draft.unit(other)].parent == town] or known
    if not near:
        return None
    other = near[int(rng.integers(len(near)))]
    return other, firms[draft.unit(other)]


def _enlist(draft: Draft, one: str, rng: Rng, *, name: str, code: str) -> bool:
    """Put a firm in place of another in one of the unit's lists of firms; without a code the cell stays empty."""
    found = _row(draft, one, rng, (NEW_FIRMS, CONTRACTS))
    if found is None:
        return False
    roster, row = found
    for column, text in (("企业名称" if roster == NEW_FIRMS else "单位名称", name), ("信用代码", code)):
        there = draft.cell(one, roster, row, column)
        if there is None:
            return False
        if text:
            draft.write(one, (*there[:3], text, there[4], *there[5:]))
        else:
            draft.lists[one].remove(there)
    return True


@planter("an enterprise in a village's list that reports itself: code", asked="rule", named=("listed_and_reported", "enterprise_twice"))
def firm_by_code(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """The same code, the name as the village writes it."""
    found = _firm(draft, one, rng) if draft.kind(one) in _SEVERAL else None
    if found is None or not _enlist(draft, one, rng, name=found[1][1], code=found[1][0]):
        return None
    return Fault("firm_by_code", one, {}, (found[0],))


@planter("the same by name only, as people write it", named=("listed_and_reported", "enterprise_twice", "enterprise_near"))
def firm_by_name(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """No code; 有限责任 for 有限, brackets round the place, the county put in front or left out."""
    found = _firm(draft, one, rng) if draft.kind(one) in _SEVERAL else None
    if found is None or not _enlist(draft, one, rng, name=_respelt(found[1][1], rng), code=""):
        return None
    return Fault("firm_by_name", one, {}, (found[0],))


def _respelt(name: str, rng: Rng) -> str:
    """A firm's name as somebody else writes it."""
    spellings = []
    if "有限责任公司" in name:
        spellings.append(name.replace("有限责任公司", "有限公司"))
    elif "股份有限公司" in name:
        spellings.append(name.replace("股份有限公司", "公司"))
    elif "有限公司" in name:
        spellings += [name.replace("有限公司", "有限责任公司"), name.replace("有限公司", "公司")]
    if name.startswith("桐泉县"):
        spellings += [name.removeprefix("桐泉县"), "（桐泉）" + name.removeprefix("桐泉县")]
    elif name.startswith("桐泉"):
        spellings += [name.removeprefix("桐泉"), "桐泉县" + name.removeprefix("桐泉"), "(桐泉)" + name.removeprefix("桐泉")]
    else:
        spellings += ["桐泉县" + name, "桐泉" + name]
    spellings += [f" {name} ", f"{name[:2]}　{name[2:]}"]
    return spellings[int(rng.integers(len(spellings)))]


@planter("the same person aided by two units", asked="rule", named=("aided_elsewhere",))
def person_twice(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """One worker in two lists."""
    here = _row(draft, one, rng, (AIDED,))
    giving = [other for other in draft.others(one, ("enterprise", *_SEVERAL, "institution")) if draft.roster_rows(other, AIDED)]
    if here is None or not giving:
        return None
    other = giving[int(rng.integers(len(giving)))]
    there = draft.roster_rows(other, AIDED)
    row = there[int(rng.integers(len(there)))]
    for column in ("姓名", "身份证号"):
        source, target = draft.cell(other, AIDED, row, column), draft.cell(one, AIDED, here[1], column)
        if source is None or target is None:
            return None
        draft.write(one, (*target[:3], source[3], source[4], target[5], source[6]))
    return Fault("person_twice", one, {}, (other,))


@planter("one credit code under two names", asked="rule", named=("code_two_names",))
def two_names(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Another firm's code copied from the row above in a neighbour's list."""
    giving = [other for other in draft.others(one, _SEVERAL) if draft.roster_rows(other, NEW_FIRMS)]
    here = _row(draft, one, rng, (NEW_FIRMS, CONTRACTS))
    if here is None or not giving:
        return None
    other = giving[int(rng.integers(len(giving)))]
    source = draft.cell(other, NEW_FIRMS, draft.roster_rows(other, NEW_FIRMS)[0], "信用代码")
    target = draft.cell(one, *here, "信用代码")
    if source is None or target is None:
        return None
    draft.write(one, (*target[:3], source[3], target[4], *target[5:]))
    return Fault("two_names", one, {}, (other,))


def _touch_up(draft: Draft, rng: Rng, copied: dict[str, float]) -> dict[str, float]:
    """Change a few copied counts, the head count among them, so that it does not look copied."""
    touched = dict(copied)
    able = [code for code, value in copied.items() if value >= 3 and draft.world.scheme.measures[draft.measure(code)].whole]
    for code in ["A008", *rng.permutation(able)[:_TOUCHED].tolist()]:
        if code in touched:
            touched[code] = float(round(touched[code] * rng.uniform(1.02, 1.15)))
    return touched


@planter("the whole return copied from last year, touched up", asked="rule", named=("copied", "carried", "copy"))
def copy_last(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """Last year's half-year figures; what the lists feed is kept, since the lists are new."""
    codes = [code for code in draft.codes(one) if code not in LISTED]
    before = {code: draft.earlier(one, code) for code in codes}
    return fault("copy_last", draft, one, _touch_up(draft, rng, {code: value for code, value in before.items() if not np.isnan(value)}))


@planter("copied from a neighbour, head count one's own", asked="rule", named=("alike",))
def copy_neighbour(draft: Draft, one: str, rng: Rng) -> Fault | None:
    """A neighbour's return under one's own name; with its lists and texts, or only its figures."""
    others = draft.others(one, (draft.kind(one),))
    if not others:
        return None
    other = others[int(rng.integers(len(others)))]
    with_lists = rng.random() < 0.5
    codes = [code for code in draft.codes(one, rows=True) if with_lists or code not in LISTED]
    copied = _touch_up(draft, rng, {code: draft.get(other, code) for code in codes})
    copied["A008"] = draft.get(one, "A008")
    made = fault("copy_neighbour", draft, one, copied)
    if made is None:
        return None
    if with_lists:
        draft.lists[one], draft.texts[one] = list(draft.lists[other]), list(draft.texts[other])
    return Fault(made.kind, one, made.truth, (other,))
