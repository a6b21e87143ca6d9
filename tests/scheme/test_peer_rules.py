"""Rules that peers published, with the results of their own programs, judged by ours record by record.

The cases come from R's validate (paper and cookbook) and from DHIS2; they are data for tests only and not part of this repository. Where
the folder is not there the tests are skipped; RECONCILE_SHARED names another place for it.
"""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reconcile.scheme.expression import Missing, Reference, Verdict, evaluate, parse, references, sides

SHARED = Path(os.environ.get("RECONCILE_SHARED", Path(__file__).parents[3] / "shared")) / "peer_cases"


def _cases(name: str) -> list[dict[str, Any]]:
    path = SHARED / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


CONFRONT = {case["id"]: case for case in _cases("validate_confront.json")}
DHIS2 = {case["id"]: case for case in _cases("dhis2_missing.json")}
needs_cases = pytest.mark.skipif(not CONFRONT, reason=f"the peers' cases are not at {SHARED}")

# What our language cannot say, and why. Each belongs to another part or to no return form.
ACROSS_RECORDS = "compares records with one another by key: not a rule within one return"
HIERARCHY = "a hierarchy is totalled by the act that aggregates, not by a rule over rows"
TEXT_FORM = "the form of a text is decided by a list column's type, not by a rule"
STATISTIC = "correlation is no relation that a return must satisfy"
LISTED = {
    "jss.correlation": STATISTIC,
    "jss.assign": "intermediate names and the share of a category are not in the language; write the whole rule",
    "jss.vargroup": "one rule for many columns: a scheme writes one row for each; and the case does not bring its data",
    "cb.missing.all": "counts missing cells over whole records; a rule names its indicators",
    "cb.length": TEXT_FORM,
    "cb.numfmt": TEXT_FORM,
    "cb.glob": TEXT_FORM,
    "cb.regex": TEXT_FORM,
    "cb.unique": ACROSS_RECORDS,
    "cb.atleast": ACROSS_RECORDS,
    "cb.atleast.keyset": ACROSS_RECORDS,
    "cb.exactly": ACROSS_RECORDS,
    "cb.linseq": ACROSS_RECORDS,
    "cb.forbidden": ACROSS_RECORDS,
    "cb.groupmedian": "a median by group is an outlier check, not a rule",
    "cb.existsone": ACROSS_RECORDS,
    "cb.samplonia.one": ACROSS_RECORDS,
    "cb.hierarchy.nace": HIERARCHY,
    "cb.hierarchy.samplonia": HIERARCHY,
    "cb.hierarchy.dedup": HIERARCHY,
    "cb.hierarchy.levels": HIERARCHY,
}
# Cases without a neutral form, as a scheme would write them.
WRITTEN = {
    "cb.complete": {
        "V1": "filled(id)",
        "V2": "filled(id) and filled(turnover)",
        "V3": "filled(id) and filled(turnover) and filled(profit)",
    },
    "cb.stat": {"V1": "mean(profit) >= 1"},
}
UNSAID = {
    ("cb.complete", "V4"): "one answer about all records: whether a return is complete is asked of each return",
    ("cb.stat", "V2"): STATISTIC,
}
# A whole and its parts stand in one record for each group; who belongs to a group is known by keys, what must hold is a rule.
FAMILIES = {
    "cb.partwhole.region": ("Samplonia == Agria + Induston", lambda row: (row["measure"], row["period"]), lambda row: row["region"]),
    "cb.partwhole.year": (
        "year == Q1 + Q2 + Q3 + Q4",
        lambda row: (row["region"], row["period"][:4], row["measure"]),
        lambda row: row["period"][4:] or "year",
    ),
}
LOGIC = {
    "logic3.and": "p == 1 and q == 1",
    "logic3.or": "p == 1 or q == 1",
    "logic3.implies": "if p == 1 then q == 1",
    "logic3.not": "not (p == 1)",
}
UNRESOLVED = "jss.badrule"
RUN = [case for case in CONFRONT if case not in (*LISTED, *LOGIC, *WRITTEN, *FAMILIES, UNRESOLVED)]


@dataclass
class Records:
    """Columns of texts as they stand in a data file; an empty text is a missing answer."""

    columns: dict[str, list[str]]

    @property
    def size(self) -> int:
        return len(next(iter(self.columns.values())))

    def figure(self, reference: Reference) -> NDArray[np.float64]:
        return np.array([float(cell) if cell else np.nan for cell in self.columns[reference.name]])

    def absent(self, reference: Reference) -> NDArray[np.bool_]:
        return np.array([not cell for cell in self.columns[reference.name]])

    def words(self, reference: Reference) -> NDArray[np.object_]:
        return np.array(self.columns[reference.name], dtype=np.object_)

    def rows(self, roster: str) -> NDArray[np.float64]:
        raise KeyError(roster)

    def column_total(self, roster: str, column: str) -> NDArray[np.float64]:
        raise KeyError(roster, column)


def _records(case: dict[str, Any]) -> Records:
    if case["data"] == "inline":
        return Records({name: [{"N": ""}.get(cell, cell) for cell in cells] for name, cells in case["inline"].items()})
    with (SHARED / case["data"]).open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    return Records({name: [{"NA": ""}.get(line[place], line[place]) for line in lines] for place, name in enumerate(header)})


def _marks(verdict: Verdict) -> str:
    return "".join("1" if yes else "0" if no else "N" for yes, no in zip(verdict.true, verdict.false, strict=True))


def _tolerance(rule: str, options: dict[str, Any]) -> float:
    """R's option for equalities or for inequalities, 1e-8 where none is given."""
    return float(options.get("lin.eq.eps" if "==" in rule else "lin.ineq.eps", 1e-8))


@needs_cases
@pytest.mark.parametrize("name", RUN)
def test_rules_of_validate(name: str) -> None:
    case = CONFRONT[name]
    options = case["options"] or {}
    missing = Missing.FAIL if options.get("na.value") is False else Missing.SKIP
    records = _records(case)
    expected = case["expected"]["values"]
    found = {}
    for rule in case["rules"]:
        verdict = evaluate(parse(rule["expr"]), records, tolerance=_tolerance(rule["expr"], options), missing=missing)
        assert verdict.scalar == (len(expected[rule["name"]]) == 1)
        found[rule["name"]] = _marks(verdict)
    assert found == expected


@needs_cases
@pytest.mark.parametrize("name", WRITTEN)
def test_rules_of_validate_as_a_scheme_writes_them(name: str) -> None:
    case = CONFRONT[name]
    records, expected = _records(case), case["expected"]["values"]
    found = {one: _marks(evaluate(parse(check), records, tolerance=1e-8)) for one, check in WRITTEN[name].items()}
    assert found == {one: marks for one, marks in expected.items() if (name, one) not in UNSAID}


@dataclass
class Families:
    """One record a group, a column for each place in it. A place that no row takes, or several, is not answered; one whose row has no value is
    answered and unknown."""

    groups: list[dict[str, list[str]]]

    @property
    def size(self) -> int:
        return len(self.groups)

    def figure(self, reference: Reference) -> NDArray[np.float64]:
        found = [group.get(reference.name, []) for group in self.groups]
        return np.array([float(cells[0]) if len(cells) == 1 and cells[0] else np.nan for cells in found])

    def absent(self, reference: Reference) -> NDArray[np.bool_]:
        return np.array([len(group.get(reference.name, [])) != 1 for group in self.groups])

    def rows(self, roster: str) -> NDArray[np.float64]:
        raise KeyError(roster)

    def column_total(self, roster: str, column: str) -> NDArray[np.float64]:
        raise KeyError(roster, column)


@needs_cases
@pytest.mark.parametrize("name", FAMILIES)
def test_wholes_and_parts_of_validate(name: str) -> None:
    """Where a part is not there, or twice, the whole is wrong; where its value is not known, so is the verdict. All rows of a group share it."""
    check, group_of, place_of = FAMILIES[name]
    node = parse(check)
    case = CONFRONT[name]
    with (SHARED / case["data"]).open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    places = {one.name for one in references(node)}
    groups: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for line in lines:
        if place_of(line) in places:
            groups.setdefault(group_of(line), {}).setdefault(place_of(line), []).append(line["value"])
    marks = dict(zip(groups, _marks(evaluate(node, Families(list(groups.values())), tolerance=1e-8, missing=Missing.FAIL)), strict=True))
    found = "".join(marks[group_of(line)] if place_of(line) in places else "1" for line in lines)  # R passes what is neither whole nor part
    assert found == case["expected"]["values"]["V1"]


@needs_cases
@pytest.mark.parametrize("name", LOGIC)
def test_three_valued_logic_of_validate(name: str) -> None:
    case = CONFRONT[name]
    ((_, expected),) = case["expected"]["values"].items()
    assert _marks(evaluate(parse(LOGIC[name]), _records(case))) == expected


@needs_cases
def test_an_unknown_column_is_a_fault_of_the_rule() -> None:
    """It is found when names are resolved, before any record is judged: no crash, and no 60 failed records."""
    case = CONFRONT[UNRESOLVED]
    known = set(_records(case).columns)
    (rule,) = case["rules"]
    assert [one.name for one in references(parse(rule["expr"])) if one.name not in known] == ["employees"]
    assert case["expected"]["summary"][0]["error"]


# DHIS2's strategy for both sides -> ours; its two pairs are ordinary rules here.
STRATEGIES = {
    "NEVER_SKIP": Missing.ZERO,
    "SKIP_IF_ALL_VALUES_MISSING": Missing.SKIP_ALL,
    "SKIP_IF_ANY_VALUE_MISSING": Missing.SKIP,
    None: Missing.SKIP,
}
PAIRS = {"compulsory_pair": "filled({0}) == filled({1})", "exclusive_pair": "not (filled({0}) and filled({1}))"}


@needs_cases
@pytest.mark.parametrize("name", DHIS2)
def test_missing_value_strategies_of_dhis2(name: str) -> None:
    case = DHIS2[name]
    assert case["missing_left"] == case["missing_right"]
    missing = STRATEGIES[case["missing_left"]]
    left, right = " + ".join(case["left"]), " + ".join(case["right"])
    node = parse(PAIRS.get(case["operator"], f"{{0}} {case['operator']} {{1}}").format(left, right))
    periods = case["values"] if isinstance(case["values"], list) else [case["values"]]
    violations = case["violations"] if isinstance(case["values"], list) else (case["violations"] or [None])
    names = dict.fromkeys(case["left"] + case["right"])
    records = Records({one: [str(period.get(one, "")) for period in periods] for one in names})
    verdict = evaluate(node, records, missing=missing)
    # DHIS2 judges no unit and period of which it has no value at all; with us a unit that sent nothing has no record.
    reported = np.array([bool(period) for period in periods])
    assert (verdict.false & reported).tolist() == [violation is not None for violation in violations]
    both = sides(node, records, missing=missing)
    for place, violation in enumerate(violations):
        if both is not None and violation is not None:
            assert [side[place] for side in both] == violation


@needs_cases
def test_every_case_is_run_or_listed_with_its_reason() -> None:
    assert {*RUN, *LOGIC, *WRITTEN, *FAMILIES, UNRESOLVED, *LISTED} == set(CONFRONT)
    assert all(rule["expr"] for name in RUN for rule in CONFRONT[name]["rules"])
    said = {rule["name"] for name in LISTED for rule in CONFRONT[name]["rules"] if rule.get("expr")}
    assert said == {"V1"}  # unique() and median_by(): the two that are written out but are not in our language
    assert all((*LISTED.values(), *UNSAID.values()))
