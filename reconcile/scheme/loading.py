"""From tables to a Scheme: every cell is checked, every name resolved, and all faults told at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from reconcile.errors import SchemeError
from reconcile.model.finding import Tier
from reconcile.model.indicator import Indicator, Kind
from reconcile.model.quantity import Measure
from reconcile.model.unit import KINDS
from reconcile.scheme.expression import Expression, ExpressionError, Missing, Reference, parse, references, rename, type_of
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Feed, Place, Roster, RosterColumn, Scheme
from reconcile.scheme.tables import Faults, Row, Table, rows

COLUMNS: dict[str, dict[str, str]] = {
    "scheme": {"key": "项目", "value": "内容"},
    "measures": {"measure": "计量单位", "factor": "倍数", "base": "基本单位", "whole": "整数", "tolerance": "容差", "synonyms": "同义词"},
    "indicators": {
        "code": "指标代码",
        "name": "指标名称",
        "section": "部分",
        "measure": "计量单位",
        "kind": "类型",
        "decimals": "小数位",
        "required": "必填",
        "reported_by": "填报单位类型",
        "formula": "计算公式",
        "definition": "指标解释",
        "aliases": "别名",
    },
    "rules": {
        "id": "编号",
        "check": "审核关系",
        "when": "适用条件",
        "tier": "级别",
        "tolerance": "容差",
        "missing": "缺报处理",
        "applies_to": "适用单位类型",
        "message": "提示语",
        "advice": "处理建议",
    },
    "lists": {
        "list": "名册",
        "column": "列代码",
        "name": "列名",
        "type": "类型",
        "measure": "计量单位",
        "key": "关键列",
        "feeds": "对应指标",
    },
    "form": {"sheet": "工作表", "holds": "内容类型", "what": "内容", "cell": "单元格", "row": "行标签", "column": "列标题"},
}
"""Columns of each table, in order, with the heading a clerk meets in a scheme exported to Excel; both are read."""

_SHEET_NAMES = {
    "scheme": "报表制度",
    "measures": "计量单位表",
    "indicators": "指标表",
    "rules": "审核关系表",
    "lists": "名册表",
    "form": "表式表",
}
_TYPES = ("text", "number", "date", "credit_code", "citizen_number", "phone")
_HOLDS = ("cover", "section", "list", "text", "cell")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,15}")
_CHECK_NAME = re.compile(r"@[a-z_]+")


def table_title(table: str) -> str:
    """The sheet name of a table in a scheme exported to Excel."""
    return _SHEET_NAMES[table]


def load_scheme(tables: Mapping[str, Table], *, templates: Mapping[str, str], borrowed: bool = False) -> Scheme:
    """Build a Scheme from its tables (by the names in COLUMNS) and its narrative templates (file name -> text).

    `borrowed`: the templates are another scheme's. Raises SchemeError with every fault: table, row, column.
    """
    loader = _Loader(tables, Faults())
    settings = loader.settings()
    measures = loader.measures()
    indicators = loader.indicators(measures)
    rosters = loader.rosters(measures, indicators)
    names = loader.names(indicators)
    formulas = loader.formulas(indicators, names)
    rules = loader.rules(names, _Vocabulary(indicators, measures, rosters))
    form = loader.form(indicators, rosters)
    if loader.faults.found:
        raise SchemeError(loader.faults.found)
    return Scheme(
        name=settings.get("name", ""),
        version=settings.get("version", ""),
        due_days=int(settings.get("due_days", "10")),
        digest_key=settings.get("digest_key", ""),
        measures=measures,
        indicators=indicators,
        formulas=formulas,
        rules=rules,
        rosters=rosters,
        form=form,
        tables={name: [list(line) for line in tables[name]] for name in COLUMNS if name in tables},
        templates=dict(templates),
        borrowed=borrowed,
        hash=_hash(tables),
    )


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """What the names in an expression may mean."""

    indicators: Mapping[str, Indicator]
    measures: Mapping[str, Measure]
    rosters: Mapping[str, Roster]

    def meant(self, reference: Reference) -> bool:
        """Whether the reference's name exists, once indicator names have become codes."""
        if reference.kind == "list":
            return reference.name in self.rosters
        if reference.kind == "column":
            roster, _, column = reference.name.partition(".")
            return roster in self.rosters and any(one.column == column for one in self.rosters[roster].columns)
        return reference.name in self.indicators


@dataclass(frozen=True, slots=True)
class _Loader:
    tables: Mapping[str, Table]
    faults: Faults

    def _rows(self, table: str, needed: int) -> list[Row]:
        """Rows of a table whose first `needed` columns must be there."""
        headings = {chinese: column for column, chinese in COLUMNS[table].items()}
        return list(
            rows(
                self.tables,
                table,
                columns=list(COLUMNS[table])[:needed],
                faults=self.faults,
                alias=lambda written: headings.get(written, written),
            )
        )

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
        for row in self._rows("measures", 5):
            name = row.text("measure", needed=True)
            if name in found:
                row.fault("measure", f"“{name}”重复")
            synonyms = row.many("synonyms")
            for word in (name, *synonyms):
                if words.setdefault(word, name) != name:
                    row.fault("synonyms", f"“{word}”已属于计量单位“{words[word]}”")
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
                self.faults.add("measures", 0, "base", f"“{measure.name}”的基本单位“{measure.base}”不在表中")
        return found

    def indicators(self, measures: Mapping[str, Measure]) -> dict[str, Indicator]:
        found: dict[str, Indicator] = {}
        for row in self._rows("indicators", 5):
            code = row.text("code", needed=True)
            if not _CODE.fullmatch(code):
                row.fault("code", f"“{code}”应由字母开头，只含字母和数字，如 A001")
            if code in found:
                row.fault("code", f"“{code}”重复")
            measure = row.text("measure", needed=True)
            if measure and measure not in measures:
                row.fault("measure", f"“{measure}”不在计量单位表中")
            found[code] = Indicator(
                code=code,
                name=row.text("name", needed=True),
                section=row.text("section", needed=True),
                measure=measure,
                kind=Kind(row.one_of("kind", [kind.value for kind in Kind], default="flow")),
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
        for number, indicator in enumerate(indicators.values(), start=2):
            for column, words in (("code", (indicator.code,)), ("name", (indicator.name,)), ("aliases", indicator.aliases)):
                for word in words:
                    if found.setdefault(word, indicator.code) != indicator.code:
                        self.faults.add("indicators", number, column, f"“{word}”已是指标{found[word]}的名称或别名")
        return found

    def formulas(self, indicators: Mapping[str, Indicator], names: Mapping[str, str]) -> dict[str, Expression]:
        """Parsed formulas by code, each after those it needs."""
        parsed: dict[str, Expression] = {}
        for number, indicator in enumerate(indicators.values(), start=2):
            if not indicator.formula:
                continue
            row = Row("indicators", number, {"formula": indicator.formula}, self.faults)
            vocabulary = _Vocabulary(indicators, {}, {})
            node = _expression(row, "formula", names, vocabulary, meaning="number")
            if node is not None:
                parsed[indicator.code] = node
        ordered: dict[str, Expression] = {}
        waiting = dict(parsed)
        while waiting:
            ready = [code for code, node in waiting.items() if not any(one.name in waiting for one in references(node))]
            if not ready:
                self.faults.add("indicators", 0, "formula", f"计算公式互相引用，无法计算：{'、'.join(waiting)}")
                break
            for code in ready:
                ordered[code] = waiting.pop(code)
        return ordered

    def rosters(self, measures: Mapping[str, Measure], indicators: Mapping[str, Indicator]) -> dict[str, Roster]:
        found: dict[str, Roster] = {}
        for row in self._rows("lists", 4):
            name = row.text("list", needed=True)
            before = found.get(name, Roster(name, ()))
            column = row.text("column", needed=True)
            if any(one.column == column for one in before.columns):
                row.fault("column", f"名册“{name}”中“{column}”重复")
            kind = row.one_of("type", _TYPES, default="text")
            measure = row.text("measure")
            if measure and measure not in measures:
                row.fault("measure", f"“{measure}”不在计量单位表中")
            made = RosterColumn(column, row.text("name", needed=True), kind, measure, row.flag("key"), _feeds(row, kind, indicators))
            found[name] = replace(before, columns=(*before.columns, made))
        return found

    def rules(self, names: Mapping[str, str], vocabulary: _Vocabulary) -> tuple[Rule, ...]:
        found: dict[str, Rule] = {}
        for row in self._rows("rules", 4):
            code = row.text("id", needed=True)
            if code in found:
                row.fault("id", f"“{code}”重复")
            check = row.text("check", needed=True)
            named = check.startswith("@")
            if named and not _CHECK_NAME.fullmatch(check):
                row.fault("check", f"“{check}”应为 @ 加小写英文名")
            node = None if named or not check else _expression(row, "check", names, vocabulary)
            when = _expression(row, "when", names, vocabulary) if row.text("when") else None
            codes = () if node is None else tuple(dict.fromkeys(one.name for one in references(node) if one.kind == "indicator"))
            found[code] = Rule(
                id=code,
                check=check,
                expression=node,
                named=check[1:] if named else "",
                when=when,
                tier=Tier(row.one_of("tier", [tier.value for tier in Tier], default="query")),
                tolerance=row.number_or("tolerance", _tolerance(codes, vocabulary)),
                missing=Missing(row.one_of("missing", [one.value for one in Missing], default="skip")),
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
            holds = row.one_of("holds", _HOLDS, default="section")
            place = Place(row.text("sheet"), holds, row.text("what"), row.text("cell"), row.text("row"), row.text("column"))
            if holds == "section" and place.what not in sections:
                row.fault("what", f"指标表中没有“{place.what}”这个部分")
            if holds == "list" and place.what not in rosters:
                row.fault("what", f"没有名册“{place.what}”")
            if holds == "cell" and not place.cell and not (place.row and place.column):
                row.fault("cell", "应写单元格地址，或同时写行标签和列标题")
            found.append(place)
        return tuple(found)


def _decimal(row: Row, column: str) -> Decimal:
    written = row.text(column) or "1"
    try:
        found = Decimal(written)
    except InvalidOperation:
        row.fault(column, f"“{written}”应为数字")
        return Decimal(1)
    if found <= 0:
        row.fault(column, f"“{written}”应大于0")
        return Decimal(1)
    return found


def _kinds(row: Row, column: str) -> frozenset[str]:
    """Kinds of unit, by their English or Chinese word; `*` or blank means all."""
    words = row.many(column)
    if not words or "*" in words or "全部" in words:
        return frozenset(KINDS)
    chinese = {face: kind for kind, face in KINDS.items()}
    found = set()
    for word in words:
        kind = chinese.get(word, word)
        if kind in KINDS:
            found.add(kind)
        else:
            row.fault(column, f"“{word}”不是单位类型；可用：{'、'.join(f'{kind}（{face}）' for kind, face in KINDS.items())}")
    return frozenset(found)


def _reporters(row: Row) -> frozenset[str]:
    """Who fills an indicator in; blank means nobody, which only a formula excuses."""
    if row.text("reported_by"):
        return _kinds(row, "reported_by")
    if not row.text("formula"):
        row.fault("reported_by", "没有单位填报，又没有计算公式，请填写单位类型（全部填 *）")
    return frozenset()


def _feeds(row: Row, kind: str, indicators: Mapping[str, Indicator]) -> tuple[Feed, ...]:
    found = []
    for part in row.many("feeds"):
        code, _, how = part.partition(":")
        if code not in indicators:
            row.fault("feeds", f"没有指标“{code}”")
        if how not in ("count", "sum") or (how == "sum" and kind != "number"):
            row.fault("feeds", f"“{part}”应写成 指标代码:count 或 指标代码:sum，sum 只用于 number 列")
        found.append(Feed(code, how))
    return tuple(found)


def _expression(row: Row, column: str, names: Mapping[str, str], vocabulary: _Vocabulary, *, meaning: str = "truth") -> Expression | None:
    """The parsed cell with its names turned into codes; None, with a fault noted, where it cannot be."""
    try:
        node = parse(row.text(column))
    except ExpressionError as error:
        row.fault(column, f"第{error.column}个字符处：{error.message}")
        return None
    node = rename(node, lambda name: names.get(name, name))
    unknown = [one.name for one in references(node) if not vocabulary.meant(one)]
    for name in dict.fromkeys(unknown):
        row.fault(column, f"“{name}”既不是指标，也不是名册或名册的列")
    if type_of(node) != meaning:
        row.fault(column, "应写成能判断对错的关系，如 甲 <= 乙" if meaning == "truth" else "应写成能算出数的式子，如 甲 / 乙 * 100")
        return None
    return None if unknown else node


def _tolerance(codes: tuple[str, ...], vocabulary: _Vocabulary) -> float:
    """0 for heads; for k figures rounded to their last digit, k halves of that digit, at most five digits."""
    rounded = [vocabulary.indicators[code] for code in codes if _is_rounded(code, vocabulary)]
    if not rounded:
        return 0.0
    digit = max(10.0**-indicator.decimals for indicator in rounded)
    return float(min(len(rounded) / 2, 5) * digit)


def _is_rounded(code: str, vocabulary: _Vocabulary) -> bool:
    indicator = vocabulary.indicators.get(code)
    if indicator is None or indicator.measure not in vocabulary.measures:
        return False
    return vocabulary.measures[indicator.measure].rounded


def _hash(tables: Mapping[str, Table]) -> str:
    """Twelve hex digits that change with any cell of any table. The narratives' wording is left out: a form does not depend on it."""
    plain = {name: [[str(cell) for cell in line] for line in table] for name, table in tables.items() if name in COLUMNS}
    written = json.dumps(plain, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:12]
