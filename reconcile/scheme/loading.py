"""From tables to a Scheme: every cell is checked, every name resolved, and all faults told at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from reconcile.errors import SchemeError
from reconcile.model.finding import Tier
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.quantity import Measure
from reconcile.model.unit import KINDS
from reconcile.scheme.expression import Expression, Missing, references
from reconcile.scheme.rules import Rule, rounding_tolerance
from reconcile.scheme.scheme import Feed, Place, Roster, RosterColumn, Scheme
from reconcile.scheme.tables import Faults, Row, Table, check_size, rows
from reconcile.scheme.vocabulary import Vocabulary
from reconcile.scheme.words import CODES, COLUMNS, in_codes, in_columns

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,15}")
_CHECK_NAME = re.compile(r"@[a-z_]+")
_LONGEST_CHOICES = 250  # characters


def load_scheme(
    tables: Mapping[str, Table],
    *,
    templates: Mapping[str, str],
    borrowed: bool = False,
    titles: Mapping[str, str] | None = None,
    about: str = "报表制度",
) -> Scheme:
    """Build a Scheme from its tables (by the names in COLUMNS) and its narrative templates (file name -> text).

    `borrowed`: the templates are another scheme's. `titles` and `about`: what a table and the whole are called in messages. Chinese words
    for codes and headings are read as well; the scheme's own tables are told in codes. Raises SchemeError with every fault: table, row,
    column. What is only wrong because a table is missing, or lacks a column, is not told.
    """
    check_size(tables, titles=titles or {}, about=about)
    known = {name: in_codes(name, tables[name]) for name in COLUMNS if name in tables}
    loader = _Loader(known, Faults(titles or {}))
    settings = loader.settings()
    measures = loader.measures()
    indicators = loader.indicators(measures)
    rosters = loader.rosters(measures, indicators)
    names = loader.names(indicators)
    formulas = loader.formulas(indicators, names)
    rules = loader.rules(Vocabulary(names, indicators, measures, rosters, frozenset(loader.broken)))
    form = loader.form(indicators, rosters)
    if loader.faults.found:
        raise SchemeError(loader.faults.found, about=about)
    plain = {name: in_columns(name, table) for name, table in known.items()}
    plain["scheme"] = [
        line for line in plain["scheme"] if line[:1] != ["digest_key"]
    ]  # a secret: neither exported nor carried by summaries
    return Scheme(
        name=settings.get("name", ""),
        version=settings.get("version", ""),
        due_days=int(float(settings.get("due_days") or 10)),
        digest_key=settings.get("digest_key", ""),
        measures=measures,
        indicators=indicators,
        formulas=formulas,
        rules=rules,
        rosters=rosters,
        form=form,
        tables=plain,
        templates=dict(templates),
        borrowed=borrowed,
        hash=_hash(plain),
    )


@dataclass(frozen=True, slots=True)
class _Loader:
    """Reads table after table. `broken`: those that could not be read, so that what they name is not known."""

    tables: Mapping[str, Table]
    faults: Faults
    broken: set[str] = field(default_factory=set)
    lines: dict[str, Row] = field(default_factory=dict)  # code -> row of the table of indicators
    twice: set[str] = field(default_factory=set)  # what rows that repeat a code are kept under

    def _rows(self, table: str, needed: int) -> list[Row]:
        """Rows of a table whose first `needed` columns must be there."""
        before = len(self.faults.found)
        found = list(rows(self.tables, table, columns=list(COLUMNS[table])[:needed], faults=self.faults, faces=COLUMNS[table]))
        if len(self.faults.found) > before:
            self.broken.add(table)
        return found

    def _measure(self, row: Row, measures: Mapping[str, Measure], *, needed: bool) -> str:
        measure = row.text("measure", needed=needed)
        if measure and measure not in measures and "measures" not in self.broken:
            row.fault("measure", f"“{measure}”不在计量单位表中")
        return measure

    def settings(self) -> dict[str, str]:
        found = {}
        for row in self._rows("scheme", 2):
            key = row.text("key", needed=True)
            found[key] = row.text("value")
            if key == "due_days":
                replace(row, cells={"value": found[key]}).whole_or("value", 10)
        return found

    def measures(self) -> dict[str, Measure]:
        found: dict[str, Measure] = {}
        words: dict[str, str] = {}
        lines: dict[str, Row] = {}
        for row in self._rows("measures", 5):
            name = row.text("measure", needed=True)
            if name in found:
                if name:
                    row.fault("measure", f"“{name}”重复")
                continue
            synonyms = row.many("synonyms")
            for word in (name, *synonyms):
                if words.setdefault(word, name) != name:
                    row.fault("synonyms", f"“{word}”已属于计量单位“{words[word]}”")
            lines[name] = row
            tolerance = row.one_of("tolerance", ("0", "舍入"), default="0")
            found[name] = Measure(
                name=name,
                factor=_decimal(row, "factor"),
                base=row.text("base") or name,
                whole=row.flag("whole"),
                rounded=tolerance == "舍入",
                synonyms=synonyms,
            )
        for measure in found.values():
            if measure.base not in found:
                lines[measure.name].fault("base", f"“{measure.name}”的基本单位“{measure.base}”不在表中")
        return found

    def indicators(self, measures: Mapping[str, Measure]) -> dict[str, Indicator]:
        found: dict[str, Indicator] = {}
        for row in self._rows("indicators", 5):
            code = row.text("code", needed=True)
            if code and not _CODE.fullmatch(code):
                row.fault("code", f"“{code}”应由字母开头，只含字母和数字，如 A001")
            if code in found:
                row.fault("code", f"“{code}”重复")
                code = f"{code} {row.number}"  # the first row keeps the code; what else this one names stays known
                self.twice.add(code)
            self.lines[code] = row
            found[code] = Indicator(
                code=code,
                name=row.text("name", needed=True),
                section=row.text("section", needed=True),
                measure=self._measure(row, measures, needed=True),
                kind=Kind(row.one_of("kind", CODES["indicators", "kind"], default="flow")),
                decimals=row.whole_or("decimals", 0),
                required=row.flag("required"),
                reported_by=_reporters(row),
                formula=row.text("formula"),
                definition=row.text("definition"),
                aliases=row.many("aliases"),
            )
        return found

    def names(self, indicators: Mapping[str, Indicator]) -> dict[str, str]:
        """Every code, name and alias -> code; a word that means two indicators is a fault."""
        found: dict[str, str] = {}
        for code, indicator in indicators.items():
            for column, words in (("code", (code,)), ("name", (indicator.name,)), ("aliases", indicator.aliases)):
                for word in words:
                    if found.setdefault(word, code) != code and word and code not in self.twice:
                        self.lines[code].fault(column, f"“{word}”已是指标{found[word].split(' ')[0]}的名称或别名")
        return found

    def formulas(self, indicators: Mapping[str, Indicator], names: Mapping[str, str]) -> dict[str, Expression]:
        """Parsed formulas by code, each after those it needs."""
        parsed: dict[str, Expression] = {}
        vocabulary = Vocabulary(names, indicators, {}, {})
        for code, indicator in indicators.items():
            if indicator.formula:
                node = vocabulary.expression(self.lines[code], "formula", meaning="number")
                if node is not None:
                    parsed[code] = node
        ordered = _in_order(parsed)
        circling = [code for code in parsed if code not in ordered]
        if circling:
            heading = self.lines[circling[0]].headings["formula"]
            self.faults.add("indicators", 0, heading, f"计算公式互相引用，无法计算：{'、'.join(circling)}")
        return ordered

    def rosters(self, measures: Mapping[str, Measure], indicators: Mapping[str, Indicator]) -> dict[str, Roster]:
        found: dict[str, Roster] = {}
        for row in self._rows("lists", 4):
            name = row.text("list", needed=True)
            before = found.get(name, Roster(name, ()))
            column = row.text("column", needed=True)
            if any(one.column == column for one in before.columns):
                row.fault("column", f"名册“{name}”中“{column}”重复")
                continue
            made = RosterColumn(
                column=column,
                name=row.text("name", needed=True),
                type=(kind := row.one_of("type", CODES["lists", "type"], default="text")),
                measure=self._measure(row, measures, needed=False),
                key=row.flag("key"),
                feeds=_feeds(row, kind, None if "indicators" in self.broken else indicators),
                choices=_choices(row),
            )
            found[name] = replace(before, columns=(*before.columns, made))
        return found

    def rules(self, vocabulary: Vocabulary) -> tuple[Rule, ...]:
        found: dict[str, Rule] = {}
        for row in self._rows("rules", 4):
            code = row.text("id", needed=True)
            if code in found and code:
                row.fault("id", f"“{code}”重复")
            check = row.text("check", needed=True)
            named = check.startswith("@")
            if named and not _CHECK_NAME.fullmatch(check):
                row.fault("check", f"“{check}”应为 @ 加小写英文名")
            node = None if named or not check else vocabulary.expression(row, "check")
            when = vocabulary.expression(row, "when") if row.text("when") else None
            codes = () if node is None else tuple(dict.fromkeys(one.name for one in references(node) if one.kind == "indicator"))
            if not named:
                vocabulary.check_wording(row)
            found[code] = Rule(
                id=code,
                check=check,
                expression=node,
                named=check[1:] if named else "",
                when=when,
                tier=Tier(row.one_of("tier", CODES["rules", "tier"], default="query")),
                tolerance=_tolerance(row, codes, vocabulary),
                missing=Missing(row.one_of("missing", CODES["rules", "missing"], default="skip")),
                applies_to=_kinds(row, "applies_to"),
                message=row.text("message"),
                advice=row.text("advice"),
                indicators=codes,
            )
        return tuple(found.values())

    def form(self, indicators: Mapping[str, Indicator], rosters: Mapping[str, Roster]) -> tuple[Place, ...]:
        found = []
        sections = {indicator.section for indicator in indicators.values()}
        for row in self._rows("form", 3):
            holds = row.one_of("holds", CODES["form", "holds"], default="section")
            place = Place(row.text("sheet"), holds, row.text("what"), row.text("cell"), row.text("row"), row.text("column"))
            if holds == "section" and place.what not in sections and "indicators" not in self.broken:
                row.fault("what", f"指标表中没有“{place.what}”这个部分")
            if holds == "list" and place.what not in rosters and "lists" not in self.broken:
                row.fault("what", f"没有名册“{place.what}”")
            if holds == "cell" and not place.cell and not (place.row and place.column):
                row.fault("cell", "应写单元格地址，或同时写行标签和列标题")
            found.append(place)
        return tuple(found)


def _in_order(parsed: Mapping[str, Expression]) -> dict[str, Expression]:
    """The formulas, each after those it needs, as far as they do not need each other; else in the order of the table."""
    place = {code: number for number, code in enumerate(parsed)}
    needs = {code: {one.name for one in references(node)} & parsed.keys() for code, node in parsed.items()}
    users: dict[str, list[str]] = {}
    for code, needed in needs.items():
        for other in needed:
            users.setdefault(other, []).append(code)
    ordered: dict[str, Expression] = {}
    ready = [code for code, needed in needs.items() if not needed]
    while ready:
        ordered.update((code, parsed[code]) for code in ready)
        left = {code: needs[code] for done in ready for code in users.get(done, ())}
        for done in ready:
            for code in users.get(done, ()):
                needs[code].discard(done)
        ready = sorted((code for code, needed in left.items() if not needed), key=place.__getitem__)
    return ordered


def _decimal(row: Row, column: str) -> Decimal:
    written = row.text(column) or "1"
    try:
        found = Decimal(written)
    except InvalidOperation:
        row.fault(column, f"“{written}”应为数字")
        return Decimal(1)
    if not found.is_finite() or found <= 0:
        row.fault(column, f"“{written}”应为大于0的数")
        return Decimal(1)
    return found


def _kinds(row: Row, column: str) -> frozenset[str]:
    """Kinds of unit; `*` or blank means all."""
    words = row.many(column)
    if not words or "*" in words:
        return frozenset(KINDS)
    for word in words:
        if word not in KINDS:
            usable = KINDS.values() if row.chinese else [f"{kind}（{face}）" for kind, face in KINDS.items()]
            row.fault(column, f"“{word}”不是单位类型；可用：{'、'.join(usable)}")
    return frozenset(word for word in words if word in KINDS)


def _reporters(row: Row) -> frozenset[str]:
    """Who fills an indicator in; blank means nobody, which only a formula excuses."""
    if row.text("reported_by"):
        return _kinds(row, "reported_by")
    if not row.text("formula"):
        row.fault("reported_by", "没有单位填报，又没有计算公式，请填写单位类型（全部填 *）")
    return frozenset()


def _feeds(row: Row, kind: str, indicators: Mapping[str, Indicator] | None) -> tuple[Feed, ...]:
    """What a column feeds; None for the indicators where they are not known."""
    found = []
    for part in row.many("feeds"):
        code, _, how = part.partition(":")
        if indicators is not None and code not in indicators:
            row.fault("feeds", f"没有指标“{code}”")
        if how not in ("count", "sum") or (how == "sum" and kind != "number"):
            row.fault("feeds", f"“{part}”应写成 指标代码:行数（count）或 指标代码:合计（sum），合计只用于数字（number）列")
        found.append(Feed(code, how))
    return tuple(found)


def _choices(row: Row) -> tuple[str, ...]:
    """What a column offers to choose from: Excel takes a list of 255 characters that is parted by commas."""
    choices = row.many("choices")
    if any("," in word or '"' in word for word in choices) or len(",".join(choices)) > _LONGEST_CHOICES:
        row.fault("choices", f"选项之间用分号隔开，选项中不能有逗号和引号，合起来不超过{_LONGEST_CHOICES}个字符")
    return choices


def _tolerance(row: Row, codes: tuple[str, ...], vocabulary: Vocabulary) -> float:
    """As written; else 0 for heads, and for k figures rounded to their last digit, k halves of that digit, at most five digits."""
    rounded = [vocabulary.indicators[code] for code in codes if _is_rounded(code, vocabulary)]
    coarsest = min((indicator.decimals for indicator in rounded), default=0)
    tolerance = row.number_or("tolerance", rounding_tolerance(len(rounded), decimals=coarsest))
    if tolerance < 0:
        row.fault("tolerance", f"“{row.text('tolerance')}”不应小于0")
    return tolerance


def _is_rounded(code: str, vocabulary: Vocabulary) -> bool:
    indicator = vocabulary.indicators.get(code)
    if indicator is None or indicator.measure not in vocabulary.measures:
        return False
    return vocabulary.measures[indicator.measure].rounded


def _hash(tables: Mapping[str, Table]) -> str:
    """Twelve hex digits that change with any cell of any table. The narratives' wording is left out: a form does not depend on it."""
    plain = {name: [[str(cell) for cell in line] for line in table] for name, table in tables.items()}
    written = json.dumps(plain, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:12]
