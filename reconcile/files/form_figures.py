"""The figures of a filled form, sheet by sheet: no object per cell unless somebody asks for that cell.

A return has some hundred figures, and all that most of them need is to be put into an array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reconcile.files.placed import Placed
from reconcile.files.raw import Raw


class Block(NamedTuple):
    """Figures that stand on one sheet, as columns of equal length. A raw is None where nobody answered, a measure "" where none stands."""

    sheet: str
    codes: tuple[str, ...]
    cells: Sequence[str]
    raws: list[Raw | None]
    measures: Sequence[str]

    def placed(self, place: int) -> Placed:
        """One of them with its place."""
        return Placed(self.sheet, self.cells[place], self.raws[place], self.measures[place])


class Figures(Mapping[str, Placed]):
    """Figures by code, each code once, in the order in which they stand. `blocks` is the quick way through all of them."""

    __slots__ = ("_placed", "blocks")

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        self._placed: dict[str, Placed] | None = None

    def _all(self) -> dict[str, Placed]:
        if self._placed is None:
            self._placed = {
                code: Placed(block.sheet, cell, raw, measure)
                for block in self.blocks
                for code, cell, raw, measure in zip(block.codes, block.cells, block.raws, block.measures, strict=True)
            }
        return self._placed

    def __getitem__(self, code: str) -> Placed:
        """The figure of a code."""
        return self._all()[code]

    def __iter__(self) -> Iterator[str]:
        """All codes."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many figures there are."""
        return sum(len(block.codes) for block in self.blocks)

    def __repr__(self) -> str:
        """As the dict that it stands for."""
        return repr(self._all())
