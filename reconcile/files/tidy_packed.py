"""Columns of a long table packed into few cells: some hundred rows of one column as JSON in one cell.

A cell of its own for every value costs its reader 400 bytes and the writer five microseconds; a county's lists have a million. Packed they
take a twentieth of both, so that a whole round still fits one workbook. What repeats is written once and told by its number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

TOGETHER = 400
"""Rows in one cell: with texts of common length less than a cell can hold, with numbers less than half of it."""

LONGEST = 16 << 20  # characters of one packed cell; TOGETHER texts of the longest that a sheet can hold have 13 million
_MOST_TOGETHER = 10 * TOGETHER
_WORDS, _PLACES = "words", "at"
_EXACT = 1e15  # whole numbers below this are written without a point

Cells = Sequence[str] | Sequence[float]


def packed(cells: Cells) -> Iterator[str]:
    """A column, all texts or all numbers, as JSON texts of TOGETHER rows each. NaN becomes null; `unpacked` gives the same back."""
    for start in range(0, len(cells), TOGETHER):
        yield _packed([*map(_plain, cells[start : start + TOGETHER])])


def _plain(cell: str | float) -> str | float | None:
    """A cell as JSON says it shortest."""
    if isinstance(cell, str):
        return cell
    if math.isnan(cell):
        return None
    return int(cell) if abs(cell) < _EXACT and cell == int(cell) and (cell or math.copysign(1, cell) > 0) else float(cell)


def _packed(told: list[str | float | None]) -> str:
    """Values one after the other or, where half of them repeat, the different ones and the place of each."""
    numbers = {one: number for number, one in enumerate(dict.fromkeys(told))}
    if 2 * len(numbers) > len(told) or (0 in numbers and any(type(one) is float and not one for one in told)):  # 0 is not -0.0
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    coded = {_WORDS: list(numbers), _PLACES: [numbers[one] for one in told]}
    return json.dumps(coded, ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str, *, most: int) -> list[Any]:
    """The rows of one packed cell, `most` at most: texts, or numbers with None for NaN. Raises ValueError where it is none of ours."""
    if len(text) > LONGEST:
        raise ValueError("no cell of ours is so long")
    told = json.loads(text)
    if isinstance(told, dict):
        words, places = _alike(told.get(_WORDS)), _alike(told.get(_PLACES))
        if len(places) > min(most, _MOST_TOGETHER) or any(type(place) is not int or place < 0 for place in places):
            raise ValueError("places are whole numbers")
        return [words[place] for place in places]
    found = _alike(told)
    if len(found) > min(most, _MOST_TOGETHER):
        raise ValueError("more rows than there are")
    return found


def repeated(cells: list[Any]) -> int:
    """How many characters of these texts stand there because a text repeats; of numbers none."""
    return sum(map(len, cells)) - sum(map(len, set(cells))) if cells and isinstance(cells[0], str) else 0


def _alike(told: Any) -> list[Any]:
    """A list that holds nothing but texts, or nothing but numbers."""
    kinds = set(map(type, told)) if isinstance(told, list) else {dict}
    if not (kinds <= {str} or kinds <= {int, float, type(None)}):
        raise ValueError("a list of texts or of numbers was expected")
    found: list[Any] = told
    return found
