"""Groups: the rules of one return that hang together by the cells they read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reconcile.process.in_force import InForce
from reconcile.scheme.expression import Reference


@dataclass(frozen=True, slots=True)
class Group:
    """Ids of rules and the cells they read, both in the order met."""

    rules: tuple[str, ...]
    cells: tuple[Reference, ...]

    def among(self, ids: Collection[str]) -> tuple[str, ...]:
        """The rules of the group that are among these."""
        return tuple(one for one in self.rules if one in ids)

    def without(self, ids: Collection[str]) -> tuple[str, ...]:
        """The rules of the group that are not among these."""
        return tuple(one for one in self.rules if one not in ids)


def groups(ids: Sequence[str], force: InForce) -> tuple[Group, ...]:
    """The rules cut into groups that share no cell of the return; in the order of their first rules."""
    leader: dict[Reference, Reference] = {}

    def lead(cell: Reference) -> Reference:
        while leader[cell] != cell:
            leader[cell] = leader[leader[cell]]
            cell = leader[cell]
        return cell

    cells = {one: force.cells(force.rules[one]) for one in ids}
    for some in cells.values():
        for cell in some:
            leader.setdefault(cell, cell)
            leader[lead(cell)] = lead(some[0])
    found: dict[Reference, list[str]] = {}
    for one in ids:
        if cells[one]:
            found.setdefault(lead(cells[one][0]), []).append(one)
    return tuple(Group(tuple(some), _once(cell for one in some for cell in cells[one])) for some in found.values())


def _once(cells: Iterable[Reference]) -> tuple[Reference, ...]:
    return tuple(dict.fromkeys(cells))
