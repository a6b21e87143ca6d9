"""Published corrections: typing errors, implied values, signs and swaps, rounding; the Office for National Statistics' two methods."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rapidfuzz.distance import DamerauLevenshtein

from reconcile.model.past import Past
from reconcile.model.quantity import format_number
from reconcile.model.suspicion import Slip
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.hitting_sets import hitting_sets
from reconcile.process.linked import against, gap, in_proportion, scaled
from reconcile.process.moves import Move
from reconcile.process.slips import sign_slips, slips
from reconcile.process.suggest import fewest
from reconcile.process.trial import Trial
from reconcile.scheme.branches import constraint
from reconcile.scheme.environment import ReturnsEnvironment
from reconcile.scheme.expression import Reference, parse
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.system import System

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

PEERS = Path(os.environ.get("RECONCILE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "peer_cases"
pytestmark = pytest.mark.skipif(not PEERS.is_dir(), reason="the peers' published cases are not in this checkout")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _number(written: str) -> float:
    return float(written) if written else math.nan


def _pairs(folder: str) -> list[Path]:
    return sorted(path for path in (PEERS / "data" / folder).glob("*.csv") if not path.stem.endswith("_output"))


THOUSANDS = _pairs("ons_thousand_pounds")
COMPONENTS = _pairs("ons_totals_components")
PARTS = ("1", "2", "3", "4")


def _cases(kind: str) -> list[Any]:
    path = PEERS / "corrections.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return [pytest.param(case, id=case["id"]) for case in found if case["kind"] == kind]


def _rules(case: Mapping[str, Any]) -> list[str]:
    return case["rules"] if isinstance(case["rules"], list) else [case["rules"]]


def _listed(written: object) -> list[Any]:
    return written if isinstance(written, list) else [written]


def _records(columns: Mapping[str, Any]) -> list[dict[str, float]]:
    """The columns of a case as records; what is missing is NaN."""
    lists = {name: [math.nan if one is None else float(one) for one in _listed(column)] for name, column in columns.items()}
    return [dict(zip(lists, line, strict=True)) for line in zip(*lists.values(), strict=True)]


def _trial(case: Mapping[str, Any], rules: Sequence[str], make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Trial:
    """A round of the product's own: each record a return, each variable an indicator, each rule an error with its tolerance."""
    tolerance = _arguments(case).get("eps", "")
    names, records = list(case["data"]), _records(case["data"])
    scheme = make_scheme(
        "\n".join(f"{name}|{name}|元|stock|2" for name in names),
        rules="\n".join(f"R{number}|{rule}||error|{tolerance or 0}|||broken|" for number, rule in enumerate(rules)),
    )
    figures = {
        f"u{number}": {name: "blank" if math.isnan(value) else value for name, value in one.items()} for number, one in enumerate(records)
    }
    units = UnitTree([Unit(code, code, "village") for code in figures])
    return Trial(ReturnsEnvironment(make_round(figures, codes=names), scheme, units, Past()))


def _arguments(case: Mapping[str, Any]) -> dict[str, Any]:
    return dict(case["args"]) if case["args"] else {}


def _system(rules: Sequence[str], names: Sequence[str], *, whole: bool) -> System:
    found = [constraint(f"R{number}", parse(rule)) for number, rule in enumerate(rules)]
    return System([one for one in found if one is not None], {Reference(name): Domain(whole=whole) for name in names})


def test_there_are_as_many_cases_as_published() -> None:
    assert [len(_cases(kind)) for kind in ("typo", "impute", "sign", "rounding")] == [7, 7, 10, 3]


@pytest.mark.parametrize("case", _cases("typo"))
def test_typing_errors(case: Mapping[str, Any], make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    """The peers correct where balances leave one slip only; inequalities then have the last word."""
    names = [name for name in case["data"] if name not in _listed(_arguments(case).get("fixate"))]
    balances = [rule for rule in _rules(case) if "==" in rule]
    some, every = (_trial(case, rules, make_scheme, make_round) for rules in (balances, _rules(case)))
    for record, (values, wanted) in enumerate(zip(_records(case["data"]), _records(case["expected"]), strict=True)):
        moves = [
            Move(((Reference(name), meant.value),), meant.slip, meant.weight)
            for name in names
            for meant in slips(values[name], below_zero=True)
            if DamerauLevenshtein.distance(format_number(values[name], 6), format_number(meant.value, 6)) == 1
        ]
        able = [one for one in some.weigh(record, [(move,) for move in moves]) if one.accepted and one.repaired]
        most = [one for one in able if not any(set(one.repaired) < set(other.repaired) for other in able)]
        repairs = [set(one.repaired) for one in most]
        only = [one.moves for one in most if not one.left and sum(bool(set(one.repaired) & each) for each in repairs) == 1]
        for one in every.weigh(record, only):
            if one.accepted:
                values |= {cell.name: value for cell, value in one.moves[0].changes}
        assert values == wanted


@pytest.mark.parametrize("case", _cases("impute"))
def test_implied_values(case: Mapping[str, Any]) -> None:
    """What is missing and can be one value only has that value; all else stays missing."""
    system = _system(_rules(case), list(case["data"]), whole=False)
    for values, wanted in zip(_records(case["data"]), _records(case["expected"]), strict=True):
        found = system.determined({Reference(name): value for name, value in values.items()}, ())
        made = {name: found.get(Reference(name), value) for name, value in values.items()}
        assert made == pytest.approx(wanted, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("case", _cases("sign"))
def test_signs_and_exchanges(case: Mapping[str, Any], make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    """The fewest signs turned and pairs exchanged that repair everything; how many there are, and how many choices, is published too."""
    words = _arguments(case)
    fixed = _listed(words.get("fixate"))
    flips = [name for name in _listed(words.get("flip", list(case["data"]))) if name is not None and name not in fixed]
    trial = _trial(case, _rules(case), make_scheme, make_round)
    found = [_turned(trial, record, values, flips, words.get("swap", [])) for record, values in enumerate(_records(case["data"]))]
    for (made, *_), wanted in zip(found, _records(case["expected"]), strict=True):
        assert made == pytest.approx(wanted, nan_ok=True)
    if "status" in case:
        for name, place in (("weight", 1), ("degeneracy", 2), ("nflip", 3), ("nswap", 4)):
            assert [one[place] for one in found] == _listed(case["status"][name]), name


def _turned(
    trial: Trial, record: int, values: dict[str, float], flips: Sequence[str], pairs: Sequence[Sequence[str]]
) -> tuple[dict[str, float], int, int, int, int]:
    """A record corrected, with how many slips, how many choices of so few, how many signs and exchanges."""
    moves = [Move(((Reference(name), one.value),), one.slip, one.weight) for name in flips for one in sign_slips(values[name])]
    for first, second in pairs:
        changes = ((Reference(first), values[second]), (Reference(second), values[first]))
        moves.append(Move(changes, Slip.EXCHANGED, 0.0, second))
    nothing = Move(tuple((Reference(name), value) for name, value in values.items() if not math.isnan(value)), Slip.IMPLIED, 0.0)
    broken = trial.weigh(record, [(nothing,)])[0].left
    choices = fewest(trial, record, moves, errors=broken, most=len(moves)) if broken else ()
    if not choices:
        return values, 0, 0, 0, 0
    chosen = choices[0].moves
    made = values | {cell.name: value for move in chosen for cell, value in move.changes}
    kinds = [move.slip for move in chosen]
    return made, len(chosen), len(choices), kinds.count(Slip.SIGN), kinds.count(Slip.EXCHANGED)


@pytest.mark.parametrize("case", _cases("rounding"))
def test_rounding(case: Mapping[str, Any]) -> None:
    """All cheapest sets of cells, each with the values that follow: exactly the published answers that change as few cells.

    Where the published method is content with a balance that is off by one, what holds exactly is among its answers.
    """
    system = _system(_rules(case), list(case["data"]), whole=True)
    (values,) = _records(case["data"])
    figures = {Reference(name): value for name, value in values.items()}
    weights = {Reference(name): math.inf for name in _listed(_arguments(case).get("fixate")) if name}
    located = hitting_sets(system, figures, weights=weights)
    found = [{**values, **{one.name: value for one, value in system.determined(figures, cells).items()}} for cells in located.sets]
    published = [{name: float(value) for name, value in one.items()} for one in case["expected"]["all_solutions_over_200_seeds"]]
    exact = [one for one in published if not system.broken({Reference(name): value for name, value in one.items()})]
    least = min(sum(one[name] != values[name] for name in values) for one in exact)
    assert least == (case["expected"]["min_changed"] or 1)
    as_few = [one for one in exact if sum(one[name] != values[name] for name in values) == least]
    assert sorted(tuple(one.values()) for one in found) == sorted(tuple(one[name] for name in values) for one in as_few)


def test_all_published_pairs_are_there() -> None:
    assert (len(THOUSANDS), len(COMPONENTS)) == (12, 34)


@pytest.mark.parametrize("path", THOUSANDS, ids=lambda path: path.stem)
def test_thousand_pounds(path: Path) -> None:
    """Where the principal figure is about a thousand times what was expected, all figures of the return are brought down together."""
    for given, wanted in zip(_read(path), _read(path.with_name(path.stem + "_output.csv")), strict=True):
        linked = [name for name in ("q42", "q43") if name in given]
        bounds = {3: (float(given["threshold_lower"]), float(given["threshold_upper"]))}
        expected = (_number(given["predictive_val"]), _number(given["aux_val"]))
        found = against(_number(given["principal_val"]), expected, slips=bounds)
        marker = "S" if math.isnan(found.ratio) else "C" if found.power else "N"
        assert marker == wanted["tpc_marker"]
        assert found.ratio == pytest.approx(_number(wanted["tpc_ratio"]), rel=1e-9, nan_ok=True)
        figures = scaled([_number(given[name]) for name in ("principal_val", *linked)], found.power)
        names = ("principal_final_value", *(f"{name}_final_value" for name in linked))
        for value, name in zip(figures, names, strict=True):
            assert value == pytest.approx(_number(wanted[name]), rel=0, abs=0, nan_ok=True), name


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_totals_and_components(path: Path) -> None:
    """A total near to its parts is replaced by their sum, or the parts are brought to it in proportion; one far from them is left."""
    for given, wanted in zip(_read(path), _read(path.with_name(path.stem + "_output.csv")), strict=True):
        total, parts = _number(given["total"]), [_number(given[f"comp_{one}"]) for one in PARTS]
        expected = next(value for value in (_number(given["predictive"]), _number(given["auxiliary"])) if not math.isnan(value))
        bounds = [None if math.isnan(bound) else bound for bound in (_number(given["abs_threshold"]), _number(given["perc_threshold"]))]
        found = gap(expected, parts, absolute=bounds[0], relative=bounds[1])
        amend_total = given["amend_total"] == "TRUE"
        if math.isnan(found.size):
            marker = "S"
        elif found.total == total:
            marker = "N"
        else:
            marker = "M" if not found.near else "T" if amend_total else "C"
        assert marker == wanted["tcc_marker"]
        if wanted["abs_diff"]:
            assert found.size == _number(wanted["abs_diff"])
        final = found.total if marker == "T" else total
        pieces = in_proportion(total, parts) if marker == "C" else parts
        assert final == _number(wanted["final_total"])
        for one, piece in zip(PARTS, pieces, strict=True):
            assert piece == pytest.approx(_number(wanted[f"final_component_{one}"]), rel=1e-9, nan_ok=True)
