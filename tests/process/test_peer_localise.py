"""Records that peers localised, with all cheapest answers, localised by ours.

The cases come from R's errorlocate, from the paper on validate, and from a bench of balance trees; they are data for tests only and not part
of this repository. Where the folder is not there the tests are skipped; RECONCILE_SHARED names another place for it.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest

from reconcile.process.hitting_sets import Limits, hitting_sets
from reconcile.scheme.branches import Constraint, coding_of, constraint
from reconcile.scheme.expression import Reference, Text, parse
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.syntax import walk
from reconcile.scheme.system import System

SHARED = Path(os.environ.get("RECONCILE_SHARED", Path(__file__).parents[3] / "shared")) / "peer_cases"


def _read(name: str) -> Any:
    path = SHARED / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


CASES = {case["id"]: case for case in _read("errorlocate.json")}
needs_cases = pytest.mark.skipif(not CASES, reason=f"the peers' cases are not at {SHARED}")

# A function of one number is in no return's rule; the peer leaves the rule out as well.
UNSAYABLE = {"sin(x) <= 1": "sine is not in the rule language"}
# The kit's own exceptions: the peer throws away values over ten million, and has no nested choice.
OURS = {"big1e10": ["profit"], "and.or.skip": ["x2"]}


def _ours(rule: str) -> list[str]:
    """A rule of R's validate in our language: one, or one for each variable of a group."""
    group = re.fullmatch(r"var_group\((.*)\)(.*)", rule)
    if group:
        return [f"{name.strip()}{group[2]}" for name in group[1].split(",")]
    bounds = re.fullmatch(r"in_range\((\w+), *(\w+), *(\w+)\)", rule)
    if bounds:
        return [f"{bounds[2]} <= {bounds[1]} <= {bounds[3]}"]
    rule = re.sub(r"if *\((.*?)\) ([^)]*\)?.*)$", r"if \1 then \2", rule) if rule.startswith("if") else rule
    rule = re.sub(r"!(\w+) %in% c\((.*?)\)", r"\1 not in [\2]", rule)
    rule = re.sub(r"(\w+) %in% c\((.*?)\)", r"\1 in [\2]", rule)
    rule = re.sub(r"&&?", "and", rule).replace("TRUE", "1").replace("FALSE", "0")
    return [rule.replace("'", '"')]


def _system(rules: list[str]) -> tuple[System, dict[str, float]]:
    """The system of some rules of R, and the numbers of its words. Peers know no whole numbers; words are."""
    nodes = [parse(one) for rule in rules if rule not in UNSAYABLE for one in _ours(rule)]
    coding = coding_of(nodes)
    made = [constraint(str(place), node, coding=coding) for place, node in enumerate(nodes)]
    worded = {Reference(one) for node in nodes for one in _worded(node)}
    return System([one for one in made if one is not None], dict.fromkeys(worded, Domain(whole=True))), coding


def _worded(node: Any) -> set[str]:
    """Names that are compared with words."""
    found = set()
    for met in walk(node):
        below = [getattr(met, "item", None), getattr(met, "left", None), getattr(met, "right", None), *getattr(met, "options", ())]
        if any(isinstance(one, Text) for one in below):
            found |= {one.reference.name for one in below if hasattr(one, "reference")}
    return found


def _number(value: Any, coding: dict[str, float]) -> float:
    if value is None:
        return math.nan
    return coding.get(value, -1.0) if isinstance(value, str) else float(value)


def _records(data: dict[str, Any], coding: dict[str, float]) -> list[dict[Reference, float]]:
    columns = {name: cells if isinstance(cells, list) else [cells] for name, cells in data.items()}
    size = len(next(iter(columns.values())))
    return [{Reference(name): _number(cells[place], coding) for name, cells in columns.items()} for place in range(size)]


def _answers(given: str | list[str]) -> set[frozenset[str]]:
    """All cheapest sets as the kit writes them: `a+b` is one set of two, "" the empty one."""
    return {frozenset(one.split("+")) - {""} for one in ([given] if isinstance(given, str) else given)}


def _found(system: System, values: dict[Reference, float], weight: dict[str, Any] | None) -> set[frozenset[str]]:
    weights = {Reference(name): float(one) for name, one in (weight or {}).items()}
    return {frozenset(one.name for one in cells) for cells in hitting_sets(system, values, weights=weights).sets}


@needs_cases
@pytest.mark.parametrize("name", CASES)
def test_errorlocate(name: str) -> None:
    case = CASES[name]
    system, coding = _system(case["rules"])
    records = _records(case["data"], coding)
    weights = case["weight"] if isinstance(case["weight"], list) else [case["weight"]] * len(records)
    expected = OURS.get(name, case["peer_answers"])
    assert [_found(system, values, weight) for values, weight in zip(records, weights, strict=True)] == [_answers(one) for one in expected]


@needs_cases
def test_every_rule_of_the_peers_can_be_said() -> None:
    said = {rule for case in CASES.values() for rule in case["rules"]}
    nodes = {rule: [parse(one) for one in _ours(rule)] for rule in said - set(UNSAYABLE)}
    assert all(constraint("r", node, coding=coding_of([node])) is not None for some in nodes.values() for node in some)
    assert said >= set(UNSAYABLE)


@needs_cases
def test_retailers() -> None:
    """60 records, 18 rules, staff and vat weighing 10; the peer adds random fractions to weights, so its list holds all ties found by it."""
    case = _read("errorlocate_retailers.json")
    rules = next(one for one in _read("validate_confront.json") if one["id"] == "jss.demo18.raw")["rules"]
    made: list[Constraint | None] = [constraint(rule["name"], parse(rule["expr"])) for rule in rules]
    system = System([one for one in made if one is not None], {})
    assert len(system.constraints) == 18
    weights = {name.replace(".", "_"): one for name, one in case["weight"].items()}
    with (SHARED / case["data"]).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    found = []
    for line in lines:
        values = {
            Reference(name.replace(".", "_")): float(cell) if cell not in ("NA", "") else math.nan
            for name, cell in line.items()
            if name != "size"
        }
        found.append(_found(system, values, weights))
    assert found == [_answers(one) for one in case["peer_answers"]]


@needs_cases
@pytest.mark.parametrize(("name", "kind", "rules"), [("tree10", "eq", 10), ("tree20", "nonneg", 20)])
def test_bench_of_balance_trees(name: str, kind: str, rules: int) -> None:
    """Size and number of optima of each of 1,000 records."""
    made = [constraint(f"B{i}", parse(f"x{i} = x{2 * i} + x{2 * i + 1}")) for i in range(1, rules + 1)]
    cells = {Reference(f"x{i}"): Domain(lower=0.0 if kind == "nonneg" else -math.inf) for i in range(1, 2 * rules + 2)}
    system = System([one for one in made if one is not None], cells)
    with (SHARED / "localise_bench" / f"{name}_dirty.csv").open(encoding="utf-8", newline="") as file:
        records = [{Reference(cell): float(value) for cell, value in line.items()} for line in csv.DictReader(file)]
    with (SHARED / "localise_bench" / f"optimum_{name}_{kind}.csv").open(encoding="utf-8", newline="") as file:
        expected = [(int(line["optimum"]), int(line["n_optima"])) for line in csv.DictReader(file)]
    found = [hitting_sets(system, values, limits=Limits(cells=20)) for values in records]
    assert [(len(one.sets[0]), len(one.sets)) for one in found] == expected
