"""Overlap (重复): what is told by two units, or twice by one: alike returns, one enterprise or one person in two places."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np

from reconcile.model.finding import Finding
from reconcile.model.gathered import Gathered
from reconcile.model.indicator import Kind
from reconcile.model.round import Round
from reconcile.model.unit import UnitTree
from reconcile.process.likeness import Figures, Keys, Pair, alike, counts
from reconcile.process.overlap_findings import Teller
from reconcile.process.repeated_lines import aided_elsewhere, aided_twice, repeated
from reconcile.process.roster_lines import columns_of, lines_of
from reconcile.process.same_enterprise import BY_LIKENESS, Lists, listed_and_reported, listed_elsewhere, reporters, two_codes, two_names
from reconcile.scheme.scheme import Scheme

_LONG_TEXT = 60  # characters, two sentences: shorter answers are set phrases that two units come to by themselves
_SHARED_TEXT = 3  # units with one text: more have it from above
_NO_LETTER = re.compile(r"[\W_]+")


def overlap(returns: Round, scheme: Scheme, *, units: UnitTree) -> tuple[Finding, ...]:
    """Findings about what overlaps between the returns that are added up (and between the rows of one return's lists).

    Named checks: @alike, @alike_text; @listed_and_reported, @enterprise_twice, @enterprise_near, @code_two_names, @name_two_codes;
    @aided_twice, @aided_elsewhere, @repeated_line. What is between two units is asked of both, but @listed_and_reported only of the unit
    whose list names the other. A scheme without a check's row does without it.
    """
    teller = Teller(returns, scheme, units)
    lines = lines_of(returns, scheme, units=units)
    columns = {name: columns_of(roster) for name, roster in scheme.rosters.items()}
    lists = Lists.of(lines, columns, units)
    elsewhere = list(listed_elsewhere(lists))
    told = {(one.own.key, other.unit) for one in elsewhere for other in one.others}
    reported = [
        one
        for one in listed_and_reported(lists, reporters(returns, lists.lines, units=units))
        if one.reporter is not None and (one.own.key, one.reporter.unit) not in told
    ]
    found: list[Finding] = [
        *_alike(returns, scheme, teller),
        *_alike_texts(returns, teller),
        *teller.pages("aided_elsewhere", aided_elsewhere(lines)),
        *teller.pages("enterprise_twice", (one for one in elsewhere if one.basis != BY_LIKENESS)),
        *teller.pages("enterprise_near", (one for one in elsewhere if one.basis == BY_LIKENESS)),
        *teller.doubly_reported("listed_and_reported", (one for one in reported if one.basis != BY_LIKENESS)),
        *teller.doubly_reported("enterprise_near", (one for one in reported if one.basis == BY_LIKENESS)),
        *teller.contradictions("code_two_names", two_names(lists)),
        *teller.contradictions("name_two_codes", two_codes(lists)),
        *teller.repeats("aided_twice", aided_twice(lines)),
        *teller.repeats("repeated_line", repeated(lines, columns)),
    ]
    return tuple(sorted(found, key=lambda one: one.sort_key))


def _alike(returns: Round, scheme: Scheme, teller: Teller) -> Iterator[Finding]:
    """One finding for each unit that is in a pair: with the return most like its own, naming the others."""
    owner = {return_id: unit for unit, ids in returns.counted.items() for return_id in ids}
    ids = sorted((one for one in returns.values.index.tolist() if one in owner), key=lambda one: (owner[one], one))
    codes = [code for code, one in scheme.indicators.items() if one.kind in (Kind.FLOW, Kind.STOCK) and code not in scheme.formulas]
    codes = [code for code in codes if code in returns.values.columns]
    if not ids or not codes:
        return
    figures, keys, kept = _counting(returns, scheme, ids=ids, codes=codes)
    numbers = {unit: number for number, unit in enumerate(sorted(set(owner.values())))}
    pairs = alike(figures, np.array([numbers[owner[one]] for one in ids], dtype=np.int64), keys)
    met: dict[int, list[tuple[Pair, int]]] = {}
    for pair in pairs:
        met.setdefault(pair.first, []).append((pair, pair.second))
        met.setdefault(pair.second, []).append((pair, pair.first))
    for one in sorted(met):
        ranked = sorted(met[one], key=lambda found: (-found[0].weight, found[1]))
        closest = ranked[0][0]
        yield from teller.alike(
            ids[one], [ids[other] for _, other in ranked], shared=[kept[column] for column in closest.shared], both=closest.both
        )


def _counting(returns: Round, scheme: Scheme, *, ids: Sequence[str], codes: Sequence[str]) -> tuple[Figures, Keys, list[str]]:
    """Figures in units of their last digit (returns × indicators), of the indicators in which some figure counts; with the keys of all."""
    table = Gathered.of(returns.values, ids)
    kept: dict[str, Figures] = {}  # let go one by one, so that no two copies of all are held

    def columns() -> Iterator[Figures]:
        for code in codes:
            column = np.round(table.column(code) * 10.0 ** scheme.indicators[code].decimals)
            if counts(column):
                kept[code] = column
            yield column

    keys = Keys.of(columns(), len(ids))
    counted = list(kept)
    figures = np.empty((len(ids), len(counted)))
    for place, code in enumerate(counted):
        figures[:, place] = kept.pop(code)
    return figures, keys, counted


def _alike_texts(returns: Round, teller: Teller) -> Iterator[Finding]:
    """One finding for each long text that another unit has word for word."""
    owner = {return_id: unit for unit, ids in returns.counted.items() for return_id in ids}
    found: dict[str, list[tuple[str, str, str]]] = {}
    table = returns.texts
    for return_id, code, text in zip(table["return"].tolist(), table["indicator"].tolist(), table["text"].tolist(), strict=True):
        plain = _NO_LETTER.sub("", unicodedata.normalize("NFKC", text))
        if return_id in owner and len(plain) >= _LONG_TEXT:
            found.setdefault(plain, []).append((owner[return_id], return_id, code))
    for plain, answers in found.items():
        if 1 < len({unit for unit, _, _ in answers}) <= _SHARED_TEXT:
            yield from teller.texts(sorted(answers), length=len(plain))
