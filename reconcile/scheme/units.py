"""The table of units (units.csv or 名录.xlsx): who is expected to report, as a tree."""

from __future__ import annotations

from dataclasses import replace

from reconcile.errors import SchemeError
from reconcile.model.unit import KINDS, MOST_LEVELS, Unit, UnitTree, over_levels
from reconcile.scheme.tables import Faults, Row, Table, rows
from reconcile.scheme.words import KIND_WORDS

COLUMNS: dict[str, str] = {
    "code": "单位代码",
    "name": "单位名称",
    "kind": "单位类型",
    "parent": "上级代码",
    "contact": "联系人",
    "opened": "成立日期",
    "closed": "撤销日期",
    "successors": "承接单位",
}
"""Columns with the heading a clerk meets; both are read."""


def load_units(table: Table, *, name: str) -> UnitTree:
    """A tree of units from one table; `name` is the table's name in messages.

    Raises SchemeError with every fault: a code twice, a parent that is not there, a kind nobody knows, a circle or endless line of parents.
    """
    faults = Faults()
    found: dict[str, Unit] = {}
    lines: list[tuple[Row, Unit]] = []
    for row in rows({name: table}, name, columns=("code", "name"), faults=faults, faces=COLUMNS):
        unit = _unit(row)
        lines.append((row, unit))
        if unit.code and unit.code in found:
            row.fault("code", f"代码“{unit.code}”重复，已用于“{found[unit.code].name}”")
        found.setdefault(unit.code, unit)
    for row, unit in lines:
        if unit.parent and unit.parent not in found:
            row.fault("parent", f"上级代码“{unit.parent}”不在表中")
        for successor in unit.successors:
            if successor not in found:
                row.fault("successors", f"承接单位“{successor}”不在表中")
            elif successor == unit.code:
                row.fault("successors", f"“{unit.name}”的承接单位是它自己")
        if unit.opened is not None and unit.closed is not None and unit.closed < unit.opened:
            row.fault("closed", f"“{unit.name}”的撤销日期早于成立日期")
    circling = _circles(found)
    deep = frozenset() if circling else over_levels(found)
    for row, unit in lines:
        if unit.code in circling and found[unit.code] is unit:
            row.fault("parent", f"“{unit.name}”的上级绕回到它自己")
        if unit.code in deep and found[unit.code] is unit:
            row.fault("parent", f"“{unit.name}”上面已有{MOST_LEVELS}级单位，层级太多，请检查上级代码")
    if faults.found:
        raise SchemeError(faults.found, about=f"单位名录“{name}”")
    return UnitTree(_with_kinds(found))


def _unit(row: Row) -> Unit:
    written = row.text("kind")
    kind = KIND_WORDS.get(written, written)
    if kind and kind not in KINDS:
        row.fault("kind", f"“{written}”不是单位类型；可用：{'、'.join(KINDS.values())}")
    code = row.text("code", needed=True)
    return Unit(
        code=code,
        name=row.text("name", needed=True),
        kind=kind,
        parent=row.text("parent"),
        contact=row.text("contact"),
        opened=row.day("opened"),
        closed=row.day("closed"),
        successors=row.many("successors"),
    )


def _circles(units: dict[str, Unit]) -> frozenset[str]:
    """Codes that are their own ancestor."""
    reaches_top: set[str] = set()
    circling: set[str] = set()
    for code in units:
        path: dict[str, int] = {}
        here = code
        while here in units and here not in reaches_top and here not in path:
            path[here] = len(path)
            here = units[here].parent
        if here in path:
            circling.update(list(path)[path[here] :])
        reaches_top.update(path)
    return frozenset(circling)


def _with_kinds(units: dict[str, Unit]) -> list[Unit]:
    """A unit whose kind was left blank: a town where something stands below it, else an enterprise."""
    parents = {unit.parent for unit in units.values()}
    return [unit if unit.kind else replace(unit, kind=kind_of(unit.name, parent=unit.code in parents)) for unit in units.values()]


def kind_of(name: str, *, parent: bool) -> str:
    """The kind of unit that a name tells (村, 社区, 镇, 县 …), as a last resort where no table says it."""
    plain = name.removesuffix("委员会").removesuffix("工会联合会").removesuffix("联合工会").removesuffix("总工会").removesuffix("工会")
    endings = (
        ("社区", "community"),
        ("村", "village"),
        ("街道", "town"),
        ("镇", "town"),
        ("乡", "town"),
        ("县", "county"),
        ("区", "county"),
        ("市", "county"),
    )
    for ending, kind in endings:
        if plain.endswith(ending):
            return kind
    if any(word in plain for word in ("学校", "小学", "中学", "医院", "局", "机关")):
        return "institution"
    return "town" if parent else "enterprise"
