"""From rendered text to the blocks of a page: headings without a text vanish, what is left is numbered, every figure is found again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reconcile.model.narrative import Block, LeftOut, Level
from reconcile.scheme.passage import BREAK, FIGURE, POINT, left_out, settle

_HEADINGS = (("### ", Level.SUBHEADING), ("## ", Level.HEADING), ("# ", Level.TITLE))
_SENTENCE = re.compile(r"[^。！？]*[。！？]?[”’）]*")
_DIGITS = "零一二三四五六七八九"
OPENING = "导语"
"""The section of what stands before the first heading."""


@dataclass(slots=True)
class Piece:
    """One block on its way: `marked` still carries the marks of its figures. `section` is the heading it stands under, unnumbered."""

    level: Level
    marked: str
    section: str


@dataclass(slots=True)
class Page:
    """What a rendered template comes to."""

    pieces: list[Piece] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Printed:
    """A figure that made it to the page: its number in the template, its text, the section and the sentence it stands in."""

    number: int
    text: str
    section: str
    sentence: str


def chinese_number(number: int) -> str:
    """1 -> 一, 10 -> 十, 12 -> 十二, 23 -> 二十三: numbers of headings, up to 99."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (_DIGITS[ones] if ones or not tens else "")


def page(rendered: str) -> Page:
    """Cut rendered text at the template's blank lines and at headings; paragraphs without text and headings without paragraphs are gone."""
    made = Page()
    heading = subheading = ""
    for chunk in _chunks(rendered):
        text, traces = left_out(settle(chunk))
        text = text.strip()
        level, text = _level(text)
        if level is Level.HEADING:
            heading, subheading = text, ""
        elif level is Level.SUBHEADING:
            subheading = text
        section = "·".join(part for part in (heading, subheading) if part) or OPENING
        made.left_out.extend(LeftOut(section, names, reason) for reason, names in traces)
        if text:
            made.pieces.append(Piece(level, text, section))
    made.pieces = list(_numbered(_with_text(made.pieces)))
    return made


def finished(pieces: Iterable[Piece], *, start: int = 1) -> tuple[tuple[Block, ...], tuple[Printed, ...]]:
    """Blocks with plain text, and their figures in order; figures are numbered from `start` in the order in which they are read."""
    blocks, printed = [], []
    for piece in pieces:
        text, spans, met = _unmarked(_pointed(piece.marked))
        found = []
        for (begin, end), (number, said) in zip(spans, met, strict=True):
            printed.append(Printed(number, said, piece.section, _sentence_at(text, begin)))
            found.append((begin, end, start + len(printed) - 1))
        blocks.append(Block(piece.level, text, tuple(found)))
    return tuple(blocks), tuple(printed)


def _chunks(rendered: str) -> list[str]:
    """Paragraphs and headings, each as one string; a heading needs no blank line around it."""
    found: list[str] = []
    for chunk in rendered.split(BREAK):
        lines: list[str] = []
        for line in (one.strip() for one in chunk.splitlines()):
            if line.startswith(tuple(prefix for prefix, _ in _HEADINGS)):
                found.extend(("".join(lines), line))
                lines = []
            else:
                lines.append(line)
        found.append("".join(lines))
    return [chunk for chunk in found if chunk]


def _level(text: str) -> tuple[Level, str]:
    for prefix, level in _HEADINGS:
        if text.startswith(prefix):
            return level, text.removeprefix(prefix).strip()
    return Level.PARAGRAPH, text


def _with_text(pieces: list[Piece]) -> list[Piece]:
    """Without headings that have nothing under them, and without a subheading that would stand alone under its heading."""
    kept: list[Piece] = []
    for piece in reversed(pieces):
        following = kept[-1].level if kept else None
        if piece.level is Level.SUBHEADING and following is not Level.PARAGRAPH:
            continue
        if piece.level is Level.HEADING and following not in (Level.PARAGRAPH, Level.SUBHEADING):
            continue
        kept.append(piece)
    kept.reverse()
    under: dict[str, int] = {}
    for piece in kept:
        if piece.level is Level.SUBHEADING:
            heading = piece.section.partition("·")[0]
            under[heading] = under.get(heading, 0) + 1
    alone = {heading for heading, number in under.items() if number == 1}
    told = []
    for piece in kept:
        heading = piece.section.partition("·")[0]
        if heading not in alone:
            told.append(piece)
        elif piece.level is not Level.SUBHEADING:
            told.append(replace(piece, section=heading))
    return told


def _numbered(pieces: Iterable[Piece]) -> Iterable[Piece]:
    """Headings with 一、 and （一） before them."""
    first = second = 0
    for piece in pieces:
        if piece.level is Level.HEADING:
            first, second = first + 1, 0
            yield replace(piece, marked=f"{chinese_number(first)}、{piece.marked}")
        elif piece.level is Level.SUBHEADING:
            second += 1
            yield replace(piece, marked=f"（{chinese_number(second)}）{piece.marked}")
        else:
            yield piece


def _pointed(marked: str) -> str:
    """一是 … 二是 … counted over the sentences that are left; a single one is not counted."""
    parts = marked.split(POINT)
    if len(parts) <= 2:
        return "".join(parts)
    return parts[0] + "".join(f"{chinese_number(number)}是{part}" for number, part in enumerate(parts[1:], start=1))


def _unmarked(marked: str) -> tuple[str, list[tuple[int, int]], list[tuple[int, str]]]:
    """Plain text, where in it each figure stands, and each figure's number and text."""
    text, at, spans, met = "", 0, [], []
    for found in FIGURE.finditer(marked):
        text += marked[at : found.start()]
        spans.append((len(text), len(text) + len(found[2])))
        met.append((int(found[1]), found[2]))
        text += found[2]
        at = found.end()
    return text + marked[at:], spans, met


def _sentence_at(text: str, position: int) -> str:
    for found in _SENTENCE.finditer(text):
        if found.start() <= position < found.end():
            return found.group().strip()
    return text
