"""Schemes from others: what is larger than anybody writes is a fault, told at once, and nothing in one makes reading it endless."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconcile.errors import SchemeError
from reconcile.files.scheme_files import read_scheme
from reconcile.report.rule_book import scheme_report
from reconcile.scheme.consistency import consistency
from reconcile.scheme.loading import load_scheme
from reconcile.scheme.relations import Effort, Relations
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.tables import LONGEST_CELL, MOST_ROWS, Table
from reconcile.scheme.words import COLUMNS

MEASURES = [["measure", "factor", "base", "whole", "tolerance", "synonyms"], ["人", "1", "人", "是", "0", ""]]


def loaded(indicators: Sequence[Sequence[str]], rules: Sequence[Sequence[str]] = ()) -> Scheme:
    """indicators: name and formula of each; rules: check and message of each."""
    lines = [[f"A{at:05d}", name, "组织", "人", "flow", "0", "否", "*", formula, "", ""] for at, (name, formula) in enumerate(indicators)]
    checks = [[f"R{at:05d}", check, "", "error", "", "", "*", message, ""] for at, (check, message) in enumerate(rules)]
    tables: dict[str, Table] = {
        "scheme": [["key", "value"], ["name", "大报表"], ["version", "1"]],
        "measures": MEASURES,
        "indicators": [list(COLUMNS["indicators"]), *lines],
        "rules": [list(COLUMNS["rules"]), *checks],
        "lists": [list(COLUMNS["lists"])],
        "form": [list(COLUMNS["form"]), ["封面", "cover", "", "", "", ""]],
    }
    return load_scheme(tables, templates={})


def plain(count: int) -> list[tuple[str, str]]:
    return [(f"指标{at}", "") for at in range(count)]


def test_five_thousand_indicators_load_in_seconds() -> None:
    begun = time.perf_counter()
    rules = [(f"指标{at} <= 指标{(at * 7 + 1) % 5000}", "{差}") for at in range(5000)]
    assert len(loaded(plain(5000), rules).indicators) == 5000
    chain = [(f"指标{at}", f"指标{at + 1} + 1") for at in range(3000)]
    assert next(iter(loaded([*chain, ("指标3000", "")]).formulas)) == "A02999"
    assert time.perf_counter() - begun < 30  # seconds; some two on a machine of its own


def test_formulas_stand_in_the_order_of_the_table_where_they_may() -> None:
    made = loaded([("甲", "乙 + 丙"), ("乙", "丁 + 1"), ("丙", "1 + 1"), ("丁", ""), ("戊", "丁 * 2")])
    assert list(made.formulas) == ["A00001", "A00002", "A00004", "A00000"]
    with pytest.raises(SchemeError, match=r"计算公式互相引用，无法计算：A00000、A00001$"):
        loaded([("甲", "乙 + 1"), ("乙", "甲 + 1"), ("丙", "1 + 1")])


@pytest.mark.parametrize(
    "check",
    [
        *(
            "(" * 10_000 + "甲 > 0" + ")" * 10_000,
            "not " * 10_000 + "甲 > 0",
            "甲 > " + "-" * 10_000 + "1",
            "如果 甲 > 0 则 " * 3_000 + "甲 > 0",
        ),
        *("(" * 900 + "甲 > 0" + ")" * 900, "not " * 900 + "甲 > 0", "甲 > " + "-" * 3_900 + "1", "如果 甲 > 0 则 " * 300 + "甲 > 0"),
        *("abs(" * 900 + "甲" + ")" * 900 + " > 0", "甲 > " + "9" * 3_900, "甲 in [" + "[" * 900, "`" * 3_999),
    ],
)
def test_an_expression_without_end_is_a_fault(check: str) -> None:
    with pytest.raises(SchemeError):
        loaded([("甲", "")], [(check, "")])


@pytest.mark.parametrize("joined", [" and 甲 > 0", " or 甲 > 0", " + 1", " <= 甲"])
def test_an_expression_as_long_as_may_be_is_read(joined: str) -> None:
    made = loaded([("甲", "")], [("甲 >= 0" + joined * 390, "")])
    assert made.rules[0].expression is not None
    consistency(made)


def test_what_is_too_large_is_one_fault() -> None:
    with pytest.raises(SchemeError, match=f"有{MOST_ROWS + 5}行，最多{MOST_ROWS}行"):
        loaded(plain(MOST_ROWS + 5))
    with pytest.raises(SchemeError, match=f"“name”列：有{LONGEST_CELL + 1}字，最多{LONGEST_CELL}字"):
        loaded([("甲" * (LONGEST_CELL + 1), "")])
    with pytest.raises(SchemeError, match=r"各表共1\d{3}万字"):
        loaded([(f"{at}" + "甲" * 3_990, "") for at in range(2_600)])
    with pytest.raises(SchemeError, match="用了31处"):
        loaded([("甲", "")], [("甲 > 0", "".join(f"{{甲 + {at}}}" for at in range(31)))])


def test_nested_brackets_in_the_settings_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "scheme.toml").write_text("a = " + "[" * 50_000, encoding="utf-8")
    with pytest.raises(SchemeError, match="不是有效的 TOML 文件"):
        read_scheme(tmp_path)


def test_rules_that_are_too_many_are_compared_as_far_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [(f"指标{at % 9} <= 指标{(at * 7 + 1) % 9} + {at}", "") for at in range(40)]
    rules += [("指标0 > 指标1", ""), ("指标1 > 指标0", "")]
    made = loaded(plain(9), rules)
    assert consistency(made).unasked == ()
    whole = Relations.of

    def little(rules: object, domain: object) -> Relations:
        found = whole(rules, domain)  # type: ignore[arg-type] # as it is called
        return replace(found, effort=Effort(left=1_500))

    monkeypatch.setattr(Relations, "of", little)
    found = consistency(made)
    assert found.unasked
    assert "没有与其他各条全部比较，结果不完整" in "".join(scheme_report(made, found).split("\n"))
