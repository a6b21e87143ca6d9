"""Replies (说明): what a unit answered to a query, whether it says anything, and whether it was given for the values that stand now."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.model.finding import Finding, Tier
from reconcile.scheme.words import SAYS_NOTHING

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

# Checks that compare several units, or the lines of lists: what is written beside a figure that a list feeds does not speak of them.
_NOT_OF_A_FIGURE = frozenset(
    {
        *("alike", "alike_text", "listed_and_reported", "enterprise_twice", "enterprise_near"),
        *("aided_twice", "aided_elsewhere", "code_two_names", "name_two_codes", "repeated_line"),
    }
)
_NO_LETTER = re.compile(r"[\W\d_]+")
_LEAST = 2  # letters: no reason fits into one character (嗯, 好, 对), and 派遣 is one
_HOLLOW = re.compile("|".join(sorted(map(re.escape, SAYS_NOTHING), key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a unit wrote about one finding. It settles a query where it says something (`usable`) about the values that stand now."""

    text: str
    usable: bool
    lapsed: bool

    @property
    def settles(self) -> bool:
        """Whether the query is answered."""
        return self.usable and not self.lapsed


def says_something(text: str) -> bool:
    """Whether a reason is one: 核实无误, 情况属实, 同上, —, blanks and the like say nothing, however they are joined and punctuated."""
    letters = _NO_LETTER.sub("", unicodedata.normalize("NFKC", text)).lower()
    return len(_HOLLOW.sub("", letters)) >= _LEAST


def value_key(text: str) -> str:
    """A value as it is compared: 35, 35.0 and ３５ are one, blanks around it do not count."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        return f"{float(plain.replace(',', '')) + 0.0:.15g}"
    except ValueError:
        return plain


def values_key(finding: Finding, scheme: Scheme) -> str:
    """The values that a finding is about, as a short key: what stands in its cells, wherever they are; for a rule that is an expression
    also what was compared (last year's figure, the rows of a list). Equal values, equal keys."""
    rule = next((one for one in scheme.rules if one.id == finding.rule), None)
    said = sorted(value_key(cell.value) for cell in finding.cells)
    if not said or (rule is not None and rule.expression is not None):
        said += [value_key(finding.observed), value_key(finding.expected)]
    written = "\n".join([*sorted(finding.indicators), "", *said])
    return "k" + hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class Replies:
    """The replies of one round, ready to be looked up by finding."""

    def __init__(self, returns: Round, scheme: Scheme) -> None:
        self._scheme = scheme
        self._returns = returns
        self._on_query_only = frozenset(scheme.named[one].id for one in _NOT_OF_A_FIGURE if one in scheme.named)
        self._reasons: dict[tuple[str, str], str] = {}
        for one, code, text in returns.reasons[["return", "indicator", "text"]].itertuples(index=False):
            self._reasons[str(one), str(code)] = str(text)
        self._answers: dict[tuple[str, str], list[tuple[frozenset[str], str, str]]] = {}
        for one, rule, codes, values, text in returns.answers[["return", "rule", "indicators", "values", "text"]].itertuples(index=False):
            named = frozenset(code for code in str(codes).split(";") if code)
            self._answers.setdefault((str(one), str(rule)), []).append((named, str(values), str(text)))

    def to(self, finding: Finding) -> Reply | None:
        """The reply to a finding, the one that settles it before others; None where nothing was written.

        First what was answered to this very question about these values; then the reason beside one of its figures on the form. An
        answer that was given while other values stood has lapsed, and so has the same text on the form.
        """
        ids = (finding.return_id,) if finding.return_id else self._returns.counted.get(finding.unit, ())
        if not any(self._answers.get((one, rule)) for one in ids for rule in (finding.rule, "")) and not self._reasons:
            return None
        found = [reply for one in ids for reply in self._replies(finding, one)]
        return min(found, key=lambda reply: (not reply.settles, not reply.lapsed, not reply.usable), default=None)

    def _replies(self, finding: Finding, one: str) -> Iterator[Reply]:
        key, codes = values_key(finding, self._scheme), frozenset(finding.indicators)
        lapsed: set[str] = set()
        for named, values, text in self._answers.get((one, finding.rule), ()):
            if values == key:
                yield Reply(text, says_something(text), lapsed=False)
            elif codes and named == codes:  # without indicators nothing tells which of several rows of a list was meant
                lapsed.add(text)
        lapsed.update(text for named, _, text in self._answers.get((one, ""), ()) if named & codes)
        figures = () if finding.rule in self._on_query_only else finding.indicators
        standing = [text for text in self._beside(one, figures) if text not in lapsed]
        if standing:
            told = [text for text in standing if says_something(text)]
            yield Reply("；".join(told or standing), bool(told), lapsed=False)
        for text in sorted(lapsed):
            yield Reply(text, says_something(text), lapsed=True)

    def _beside(self, one: str, codes: Iterable[str]) -> tuple[str, ...]:
        """What is written beside these figures on the form, each text once."""
        return tuple(dict.fromkeys(text for code in codes if (text := self._reasons.get((one, code), ""))))


def state_said(finding: Finding) -> str:
    """What is still to be done about a finding: 待更正, 待核实, 已说明; "" for a note."""
    if finding.tier is Tier.NOTE:
        return ""
    return "待更正" if finding.tier is Tier.ERROR else "已说明" if finding.reason else "待核实"


def reply_said(reply: Reply | None) -> str:
    """What the unit wrote, with a remark where it does not count; "" for nothing."""
    if reply is None:
        return ""
    remark = "" if reply.settles else "（改数以前写的，不再适用）" if reply.usable else "（没有讲清原因）"
    return reply.text + remark


def standing_answers(findings: Iterable[Finding], scheme: Scheme) -> Iterator[Mapping[str, str]]:
    """The answered queries among findings as rows of ANSWERS_COLUMNS (without the return): what the next version carries along."""
    for finding in findings:
        if finding.reason:
            yield {
                "rule": finding.rule,
                "indicators": ";".join(finding.indicators),
                "values": values_key(finding, scheme),
                "text": finding.reason,
            }
