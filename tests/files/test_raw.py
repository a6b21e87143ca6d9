"""Cells in a column beside their addresses are the cells in a dict."""

from __future__ import annotations

import pytest

from reconcile.files.raw import Address, LaidCells, Layout, Raw, laid, picker

LAYOUT = Layout(((1, 1), (1, 2), (2, 1), (2, 2)))
CELLS = {(1, 1): "代码", (2, 1): 5.0, (2, 2): True}


def column() -> LaidCells:
    return LaidCells(LAYOUT, ("代码", None, 5.0, True, None), count=3)


def test_laid_cells_are_those_that_hold_something() -> None:
    cells = column()
    assert cells == CELLS
    assert repr(cells) == repr(CELLS)
    assert (len(cells), list(cells), list(cells.items())) == (3, list(CELLS), list(CELLS.items()))
    assert (cells[2, 1], cells.get((1, 1)), cells.get((1, 2)), cells.get((9, 9), "")) == (5.0, "代码", None, "")
    assert ((2, 2) in cells, (1, 2) in cells, "代码" in cells) == (True, False, False)
    with pytest.raises(KeyError):
        cells[1, 2]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], ()),
        ([(2, 1)], (5.0,)),
        ([(9, 9)], (None,)),
        ([(2, 2), (1, 1), (1, 2), (3, 1), (1, 1)], (True, "代码", None, None, "代码")),
    ],
)
def test_a_picker_takes_what_stands_at_addresses(wanted: list[Address], expected: tuple[Raw | None, ...]) -> None:
    assert picker(LAYOUT.places(), wanted)(column().raws) == expected


def test_any_cells_can_be_laid_out() -> None:
    cells = laid(CELLS)
    assert cells == CELLS
    assert picker(cells.layout.places(), [(2, 1), (1, 2)])(cells.raws) == (5.0, None)
    assert laid(cells) is cells
    assert laid({}) == {}
