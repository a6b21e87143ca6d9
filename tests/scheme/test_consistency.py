"""Rules asked about each other: contradictions, what could be dropped, what follows from what.

The peers' cases come from R's validatetools; they are data for tests only and not part of this repository. Where the folder is not there the
tests are skipped; RECONCILE_SHARED names another place for it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeScheme

from reconcile.files.scheme_files import read_scheme
from reconcile.model.finding import Tier
from reconcile.scheme.consistency import Consistency, consistency
from reconcile.scheme.expression import Missing, parse, supposition
from reconcile.scheme.relations import Relations, condition, ids_of
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.rules import Rule

SHARED = Path(os.environ.get("RECONCILE_SHARED", Path(__file__).parents[3] / "shared")) / "peer_cases" / "ruleset.json"
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in json.loads(SHARED.read_text(encoding="utf-8"))} if SHARED.is_file() else {}
needs_cases = pytest.mark.skipif(not CASES, reason=f"the peers' cases are not at {SHARED}")
R_IF = re.compile(r"if \((.*?)\) (.*)")

INDICATORS = "A|甲|人|flow\nB|乙|人|flow\nC|丙|人|flow\nD|丁|人|flow\nR|率|%|rate|1||\nF|是否办|是否|flag"


def relation(name: str, check: str) -> Rule:
    return Rule(name, check, parse(check), "", None, Tier.ERROR, 0.0, Missing.SKIP, frozenset(), "", "", ())


def relations(rules: dict[str, str], *, words: frozenset[str] = frozenset()) -> Relations:
    """Rules in R's spelling; figures may be any number, words are counted through."""
    ours = {name: R_IF.sub(r"if \1 then \2", check) for name, check in rules.items()}
    return Relations.of(
        [relation(name, check) for name, check in ours.items()], lambda one: Domain(whole=True) if one.name in words else Domain()
    )


@needs_cases
@pytest.mark.parametrize("name", CASES)
def test_rule_sets_of_validatetools(name: str) -> None:
    case = CASES[name]
    asked = relations(case["rules"], words=frozenset({"job"}))
    assert (asked.contradiction() is not None) == case["infeasible"]
    expected = case["one_minimal_set_to_drop"]
    assert list(asked.to_drop()) == ([expected] if isinstance(expected, str) else expected)
    if case["infeasible"]:
        assert case["redundant"] == [None]  # nothing follows from rules that contradict each other
    else:
        found = {one.id: asked.unbreakable(one, beside=ids_of(asked.rules)) is not None for one in asked.rules}
        assert found == case["redundant"]
        never = [condition(one) for one in asked.rules if asked.unkeepable(one, beside=ids_of(asked.rules)) is not None]
        assert never == ([parse(case["contradicting_if"])] if "contradicting_if" in case else [])


def test_a_contradiction_names_no_rule_that_could_be_spared() -> None:
    asked = relations({"a": "x + y == z", "b": "x >= 0", "c": "y >= 0", "d": "z <= 100", "e": "x >= 101"})
    assert asked.contradiction() == {"a", "c", "d", "e"}
    assert asked.to_drop() == ("a",)
    two = relations({"a": "x > 1", "b": "x < 1", "c": "y > 1", "d": "y < 1", "e": "z > 1"})
    assert two.to_drop() == ("a", "c")


def test_many_contradictions_among_many_rules() -> None:
    """Five pairs apart, among 200 rules: what to drop is found from them, without trying the sets of five."""
    rules = {f"R{i:03}": f"x{i} == x{i + 1} + y{i}" for i in range(95)} | {f"S{i:03}": f"y{i} <= x{i}" for i in range(95)}
    for pair in range(5):
        rules |= {f"T{pair}": f"y{7 * pair} > 5 + z{pair}", f"U{pair}": f"y{7 * pair} < z{pair}"}
    assert relations(rules).to_drop() == ("T0", "T1", "T2", "T3", "T4")
    six = {f"{side}{pair}": f"y{pair} {side_says}" for pair in range(6) for side, side_says in (("T", "> 5"), ("U", "< 5"))}
    assert relations(six).to_drop() == ()


def test_a_question_given_up_says_nothing(make_scheme: MakeScheme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of which no two are the same, and a sum of them: more choices than may be tried."""
    monkeypatch.setattr("reconcile.scheme.system.MOST_PROGRAMS", 5)
    names = [f"n{place}" for place in range(10)]
    rules = [f"D{place}|{one} != {other}" for place, (one, other) in enumerate(combinations(names, 2))]
    rules.append("W1|" + " + ".join(f"{place} * {name}" for place, name in enumerate(names, 1)) + " = 500")
    table = "\n".join(f"{line}||error||||错|改" for line in rules)
    scheme = make_scheme("\n".join(f"A0{place}|{name}|人|flow" for place, name in enumerate(names)), rules=table)
    assert consistency(scheme).faults == ()
    asked = Relations.of(scheme.rules, lambda _: Domain(0.0, whole=True))
    assert (asked.contradiction(), asked.to_drop()) == (None, ())


def test_what_a_rule_follows_from_is_named() -> None:
    asked = relations({"a": "x <= y", "b": "y <= z", "c": "x <= z", "d": "w <= z"})
    by = {one.id: asked.unbreakable(one, beside=ids_of(asked.rules)) for one in asked.rules}
    assert by == {"a": None, "b": None, "c": {"a", "b"}, "d": None}


def of(make_scheme: MakeScheme, rules: str) -> Consistency:
    lines = [line.strip().split("|") + [""] * 4 for line in rules.strip().splitlines()]
    table = [f"{name}|{check}|{when}|{tier or 'error'}|||{kinds}|错|改" for name, check, when, tier, kinds in (line[:5] for line in lines)]
    return consistency(make_scheme(INDICATORS, rules="\n".join(table)))


def test_contradicting_errors_are_a_fault_of_the_kinds_they_share(make_scheme: MakeScheme) -> None:
    found = of(make_scheme, "X1|甲 > 乙 + 5|||village\nX2|甲 <= 乙|||village;town\nX3|丙 <= 丁")
    assert [(one.row, one.message) for one in found.faults] == [
        (2, "X1、X2互相矛盾，村的报表怎样填都不能全部满足；去掉或改正X1，其余就能同时成立")
    ]
    apart = of(make_scheme, "X1|甲 > 乙 + 5|||village\nX2|甲 <= 乙|||town")
    assert apart.faults == ()
    softer = of(make_scheme, "X1|甲 > 乙 + 5||query|village\nX2|甲 > 乙 + 9||query|village\nX3|丙 > 5\nX4|丙 < 5||query")
    assert [one.message for one in softer.faults] == ["X4与X3矛盾，各类单位的报表怎样填都不能同时满足"]


def test_a_rule_that_nothing_can_satisfy_is_a_fault(make_scheme: MakeScheme) -> None:
    found = of(make_scheme, "X1|甲 + 乙 < 0\nX2|甲 > 10|甲 < 10\nX3|if 甲 > 5 then 乙 > 甲\nX4|乙 <= 甲")
    assert [(one.row, one.message) for one in found.faults] == [
        (2, "怎样填都不能满足X1的要求"),
        (3, "“甲小于10”时，怎样填都不能满足X2的要求"),
        (4, "“甲大于5”时，X3与X4矛盾，各类单位的报表怎样填都不能同时满足"),
    ]
    never = of(make_scheme, "X3|if 甲 > 5 then 乙 > 甲\nX4|乙 <= 甲")
    assert [(one.row, one.message) for one in never.faults] == [(2, "“甲大于5”时，X3与X4矛盾，各类单位的报表怎样填都不能同时满足")]


def test_rules_that_could_go_are_hints(make_scheme: MakeScheme) -> None:
    found = of(
        make_scheme,
        "X1|甲 <= 乙\nX2|乙 <= 丙\nX3|甲 <= 丙||query\nX4|甲 >= 0\nX5|是否办 <= 1\nX6|丁 >= 1|丁 > 0\nX7|丁 >= 0.5|丁 > 0||town",
    )
    assert found.faults == ()
    assert [(one.rule, one.by, one.message) for one in found.hints] == [
        ("X3", ("X1", "X2"), "X3可由X1、X2推出，不必另列（乙缺报时除外）：甲不得大于丙"),
        ("X4", (), "X4不会有报表违反，可以删去或改正：甲不得小于0"),
        ("X5", (), "X5不会有报表违反，可以删去或改正：是否办不得大于1"),
        ("X6", (), "X6不会有报表违反，可以删去或改正：丁不得小于1"),
        ("X7", (), "X7不会有报表违反，可以删去或改正：丁不得小于0.5"),
    ]


@pytest.mark.parametrize(
    "rules",
    [
        "X1|甲 <= 乙||query\nX2|乙 <= 丙||query\nX3|甲 <= 丙",  # a query lets it pass
        "X1|甲 <= 乙|||town\nX2|乙 <= 丙\nX3|甲 <= 丙|||town;village",  # not asked of villages
        "X1|甲 = 乙 + 丙\nX2|丙 <= 甲|乙 is missing",  # judged just where the other cannot be
        "X1|率 = 甲 / 乙 * 100|乙 > 0\nX2|0 <= 率 <= 100",  # products are left out
    ],
)
def test_what_only_seems_to_follow_is_no_hint(make_scheme: MakeScheme, rules: str) -> None:
    assert of(make_scheme, rules).hints == ()
    assert of(make_scheme, rules).faults == ()


def test_the_scheme_in_use_has_no_contradiction_and_nothing_to_spare() -> None:
    found = consistency(read_scheme(None))
    assert (found.faults, found.hints, found.left_out) == ((), (), ())


def test_scheme_check_ends_with_code_2_where_rules_contradict(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    shutil.copytree(root / "templates" / "union_half_year", tmp_path / "制度")
    with (tmp_path / "制度" / "rules.csv").open("a", encoding="utf-8", newline="") as rules:
        rules.write("Z-01,女职工人数 > 职工人数,,error,,,*,错,改\nZ-02,女会员人数 <= 职工人数,,query,,,enterprise,疑,说明\n")
    result = subprocess.run(
        [sys.executable, "-m", "reconcile", "scheme", "check", str(tmp_path / "制度")],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0].startswith("报表制度“制度”有")
    assert "A-01、Z-01互相矛盾，各类单位的报表怎样填都不能全部满足；去掉或改正A-01，其余就能同时成立" in result.stderr.replace("\n", "")


def test_conditions_are_said_as_suppositions() -> None:
    given = condition(relation("a", "if x > 0 then y > 0"))
    assert given is not None
    assert supposition(given) == "x大于0"
