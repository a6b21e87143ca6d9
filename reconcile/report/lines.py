"""Lines for a terminal: a Chinese character takes two columns, and no line is longer than the narrowest usual window."""

from __future__ import annotations

import unicodedata

WIDTH = 80
"""Columns of the console that Windows opens by itself."""

_NOT_FIRST = frozenset("，。；：、）》”！？,.;:)%‰")


def width(text: str) -> int:
    """Columns that a text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def wrapped(text: str, *, indent: str = "", hanging: str = "") -> list[str]:
    """The text in lines of at most WIDTH columns, the first after `indent`, the others after `hanging`.

    Chinese breaks anywhere but before closing marks; numbers and Latin words are kept whole where a line can hold them.
    """
    lines: list[str] = []
    here = indent
    for piece in _pieces(text):
        for part in [piece] if width(hanging) + width(piece) <= WIDTH else piece:  # what is longer than a line breaks anywhere
            if width(here) + width(part) > WIDTH:
                lines.append(here.rstrip())
                here = hanging + part.lstrip()
            else:
                here += part
    return [*lines, here.rstrip()] if here.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    """What may stand apart: one Chinese character or one run of others, with the closing marks after it."""
    pieces: list[str] = []
    for sign in text:
        wide = unicodedata.east_asian_width(sign) in "WF"
        if pieces and (sign in _NOT_FIRST or (not wide and sign != " " and _is_run(pieces[-1]))):
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces


def _is_run(piece: str) -> bool:
    return piece[-1] != " " and unicodedata.east_asian_width(piece[-1]) not in "WF"
