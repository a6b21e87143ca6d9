"""Benchmark of the localiser: all cheapest sets of each of 2,000 records whose optima are known.

    python tests/benchmarks/localiser.py

The records are trees of balance rules x_i = x_2i + x_(2i+1) with planted errors, of 10 and of 20 rules; the known optima are the size of the
smallest set and how many sets of that size there are. Without the folder of the cases nothing is measured.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

from reconcile.process.hitting_sets import Limits, hitting_sets
from reconcile.scheme.branches import constraint
from reconcile.scheme.expression import Reference, parse
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.system import System

SHARED = Path(os.environ.get("RECONCILE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "peer_cases" / "localise_bench"
SETS = (("tree10", "eq", 10, False), ("tree20", "nonneg", 20, True))


def tree(rules: int, *, nonnegative: bool) -> System:
    """x_i = x_2i + x_(2i+1) for i up to `rules`, each cell 0 or more where asked."""
    made = [constraint(f"B{i}", parse(f"x{i} = x{2 * i} + x{2 * i + 1}")) for i in range(1, rules + 1)]
    domain = Domain(lower=0.0) if nonnegative else Domain()
    cells = {Reference(f"x{i}"): domain for i in range(1, 2 * rules + 2)}
    return System([one for one in made if one is not None], cells)


def records(name: str) -> list[dict[Reference, float]]:
    """The records with errors of one set."""
    with (SHARED / f"{name}_dirty.csv").open(encoding="utf-8", newline="") as file:
        return [{Reference(cell): float(value) for cell, value in line.items() if value} for line in csv.DictReader(file)]


def optima(name: str) -> list[tuple[int, int]]:
    """Size of the optimum and number of optima of each record."""
    with (SHARED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(int(line["optimum"]), int(line["n_optima"])) for line in csv.DictReader(file)]


def measure() -> tuple[int, list[str]]:
    """Wrong records in all, and a line to print for each set."""
    wrong_in_all, lines = 0, []
    for name, kind, rules, nonnegative in SETS:
        system, data, known = tree(rules, nonnegative=nonnegative), records(name), optima(f"optimum_{name}_{kind}")
        hitting_sets(system, data[0])  # loading the solver is not a record's time
        wrong = programs = 0
        start = time.process_time()  # other programs on the machine are not the record's time
        for values, expected in zip(data, known, strict=True):
            found = hitting_sets(system, values, limits=Limits(cells=20))
            programs += found.programs
            wrong += (len(found.sets[0]) if found.sets else 0, len(found.sets)) != expected
        each = (time.process_time() - start) / len(data) * 1000
        lines.append(
            f"{name}_{kind}: {wrong} wrong of {len(data)}, {each:.2f} ms of processor a record, {programs / len(data):.1f} programs a record"
        )
        wrong_in_all += wrong
    return wrong_in_all, lines


if __name__ == "__main__":
    if not SHARED.is_dir():
        sys.exit(f"the cases are not at {SHARED}")
    print("\n".join(measure()[1]))
