"""The nation in simulation: 2.8 million units in 31 provinces, their figures made up, their totals really combined."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Sequence

import numpy as np

from reconcile.files.scheme_files import read_scheme
from reconcile.model.partial import Partial, combined

UNITS, PROVINCES, PART = 2_800_000, 31, 1000
IN_A_COUNTY = 1000
_MICRO = 1_000_000


def nation(*, units: int = UNITS, each: float | None = None) -> None:
    """Combine the partials of all provinces in a tree and print what it took; `each`: measured milliseconds a return on this machine."""
    width = sum(one.kind.summed for one in read_scheme(None).indicators.values())
    start = time.perf_counter()
    provinces, expected, making = [], 0, 0.0
    for number in range(PROVINCES):
        share = units // PROVINCES + (number < units % PROVINCES)
        partials = []
        for counties, figures in _made_up(number, share, width):
            began = time.perf_counter()
            partials.append(Partial.of(counties, figures * _MICRO, np.ones((len(counties), 1), dtype=np.int64)))
            making += time.perf_counter() - began
            expected += int(figures[:, 0].sum())
        provinces.append(tree(partials))
    began = time.perf_counter()
    whole = tree(provinces)
    top = Partial.of(["全国"] * len(whole.units), whole.sums, whole.counts)
    joining = time.perf_counter() - began
    if int(top.sums[0, 0]) != expected * _MICRO or int(top.counts[0, 0]) != units:
        raise SystemExit("the nation's total is not the sum of its units")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nthe nation: {units:,} units in {PROVINCES} provinces and {len(whole.units):,} counties, {width} figures each")
    print(f"  partials made in {making:.1f} s, provinces joined in {joining:.2f} s, all with made-up figures {time.perf_counter() - start:.0f} s")
    print(f"  a province's partial {provinces[0].sums.nbytes / 1e6:.1f} MB, peak {peak:.0f} MB; the first figure of the nation {expected:,}")
    if each is not None:
        print(f"  reading and judging at {each:.2f} ms a return: {units * each / 3.6e6:.1f} hours on one such machine")


def _made_up(province: int, units: int, width: int) -> Iterator[tuple[list[str], np.ndarray]]:
    """Counties and figures (units × figures) of one part of a province after the other."""
    chance = np.random.default_rng(province)
    for start in range(0, units, PART):
        size = min(PART, units - start)
        counties = [f"{province:02d}{(start + place) // IN_A_COUNTY:04d}" for place in range(size)]
        yield counties, chance.integers(0, 2000, (size, width))


def tree(partials: Sequence[Partial]) -> Partial:
    """Combine neighbours until one is left."""
    while len(partials) > 1:
        partials = [combined(partials[at : at + 2]) for at in range(0, len(partials), 2)]
    return partials[0]


if __name__ == "__main__":
    nation()
