"""The language of narrative templates: jinja2 in a sandbox, with sentences and clauses that vanish when a figure in them is missing.

While a template is rendered, what matters is carried in the text itself, between characters of the private use area: each figure with
its number, each figure that nobody reported, each sentence that was left out. So nothing has to be remembered beside the text, and a
template may put its text into macros and variables as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from reconcile.model.characters import shown
from reconcile.scheme.sandbox import Sandbox

OPEN, MIDDLE, CLOSE, ABSENT, ZERO, GONE, POINT, BETWEEN, BREAK = "\ue000\ue001\ue002\ue003\ue004\ue005\ue006\ue007\ue008"
FIGURE = re.compile(f"{OPEN}(\\d+){MIDDLE}([^{CLOSE}]*){CLOSE}")
"""A figure: its number and its text."""

UNREPORTED, IS_ZERO = "未填报", "为零"
"""Why a sentence was left out."""

_MARKS = re.compile("[\ue000-\ue00f]")
_ABSENT = re.compile(f"{ABSENT}([^{CLOSE}]*){CLOSE}")
_ZERO = re.compile(f"{ZERO}([^{CLOSE}]*){CLOSE}")
_GONE = re.compile(f"{GONE}[^{CLOSE}]*{CLOSE}")
_BLANK_LINE = re.compile(r"\n[ \t]*(?=\r?\n)")
_LINE_ENDS = re.compile(f"(?<![ \t])[ \t]*[\r\n{BREAK}][\\s{BREAK}]*")  # looked for once in a run of blanks, however long
_EMPTY_BRACKETS = re.compile(r"（[，、；：\s]*）")
_AFTER_BRACKET = re.compile(r"（[，、；：]+")
_BEFORE_BRACKET = re.compile(r"[，、；：]+）")
_RUN = re.compile(r"[，、；：。]{2,}")
_LONGEST_NAME = 200  # characters; the longest names in use have 86
_STRENGTH = "。；：，、"


class Passages(Extension):
    """`{% sentence %} … {% endsentence %}` and, inside, `{% clause %} … {% endclause %}`.

    A sentence holding a figure that nobody reported, or that is zero, is left out whole; a clause is left out alone. A sentence
    that lost all its clauses and has no figure of its own goes too. Punctuation is mended and a sentence ends with a full stop.
    Blank lines of a template are its paragraphs; line ends that are left over from tags and macros mean nothing.
    """

    tags = {"sentence", "clause"}  # noqa: RUF012 - jinja2 declares it as an attribute of the class

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - jinja2's signature
        """The template with its blank lines marked; lines keep their numbers."""
        return _BLANK_LINE.sub(f"\n{BREAK}", source)

    def parse(self, parser: Parser) -> nodes.Node:
        """The tag and its body as a call that gets the rendered body."""
        token = next(parser.stream)
        body = parser.parse_statements((f"name:end{token.value}",), drop_needle=True)
        return nodes.CallBlock(self.call_method(f"_{token.value}"), [], [], body).set_lineno(token.lineno)

    def _sentence(self, caller: Callable[[], str]) -> str:
        return settle(caller(), ending="。")

    def _clause(self, caller: Callable[[], str]) -> str:
        return settle(caller())


def environment(templates: Mapping[str, str], *, calls: Mapping[str, Any]) -> Sandbox:
    """The sandbox in which one narrative is rendered; `calls` are the names templates may use, in macros of other files too."""
    return Sandbox({name: _MARKS.sub("", text) for name, text in templates.items()}, calls=calls, extensions=[Passages])


def plain(text: str) -> str:
    """Text from outside as it may be shown, without the characters that marks are made of."""
    return _MARKS.sub("", shown(text))


def plain_name(text: str) -> str:
    """A name from outside on one line, which no page takes for a heading."""
    name = " ".join(plain(text[: 2 * _LONGEST_NAME]).split()).lstrip("# ")
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def mark(number: int, text: str) -> str:
    """A figure in the text."""
    return f"{OPEN}{number}{MIDDLE}{plain(text)}{CLOSE}"


def absent(name: str) -> str:
    """Stands where a figure would have stood that nobody reported."""
    return f"{ABSENT}{plain(name)}{CLOSE}"


def zero(name: str) -> str:
    """Follows a figure that is zero and not worth a sentence."""
    return f"{ZERO}{plain(name)}{CLOSE}"


def gone(reason: str, names: list[str]) -> str:
    """Stands where a sentence was left out."""
    return f"{GONE}{BETWEEN.join((reason, *dict.fromkeys(names)))}{CLOSE}"


def settle(text: str, *, ending: str = "") -> str:
    """One rendered sentence or clause -> itself, mended, or the trace of what was left out."""
    text = _LINE_ENDS.sub("", text).strip()
    traces = _GONE.findall(text)
    text = _GONE.sub("", text)
    missing, nothing = _ABSENT.findall(text), _ZERO.findall(text)
    if missing or nothing:
        return gone(UNREPORTED if missing else IS_ZERO, missing or nothing) + "".join(traces)
    if (traces and OPEN not in text) or not text:
        return "".join(traces)
    text = mend(text) if ending else text
    if ending and text[-1] not in "。！？；：":
        text = text.rstrip("，、") + ending
    return text + "".join(traces)


def mend(text: str) -> str:
    """Punctuation as it should be after clauses were dropped: of a run the strongest mark stays, none at the start, no empty brackets."""
    text = _EMPTY_BRACKETS.sub("", text)
    text = _BEFORE_BRACKET.sub("）", _AFTER_BRACKET.sub("（", text))
    text = _RUN.sub(lambda run: min(run.group(), key=_STRENGTH.index), text)
    return text.lstrip("，、；：。")


def left_out(text: str) -> tuple[str, list[tuple[str, tuple[str, ...]]]]:
    """Take the traces out of a text: what remains, and (reason, names of indicators) for each sentence that was left out."""
    found = []
    for trace in _GONE.findall(text):
        reason, *names = trace[1:-1].split(BETWEEN)
        found.append((reason, tuple(names)))
    return _GONE.sub("", text), found
