"""Returns alike beyond chance: what counts, what many share, how much may differ."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from reconcile.model.unit import Unit, UnitTree
from reconcile.process.likeness import alike
from reconcile.process.overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

ONE = [235, 221, 98, 640, 73, 1250, 47, 312, 86, 154]
OTHERS = [
    [118, 97, 45, 300, 31, 410, 22, 128, 37, 66],
    [402, 388, 171, 950, 0, 2100, 83, 540, 149, 260],
    [57, 51, 19, 120, 14, 230, 0, 71, 18, 33],
]


def pairs(*rows: Sequence[float]) -> list[tuple[int, int]]:
    return [(pair.first, pair.second) for pair in alike(np.array(rows, dtype=float), np.arange(len(rows)))]


def test_a_copy_is_found() -> None:
    (pair,) = alike(np.array([ONE, *OTHERS, ONE], dtype=float), np.arange(5))
    assert (pair.first, pair.second, pair.both, len(pair.shared)) == (0, 4, 10, 10)
    assert pair.weight > 30


def test_a_copy_with_a_few_figures_changed_is_found() -> None:
    changed = [*ONE[:7], 298, 91, 160]
    assert pairs(ONE, *OTHERS, changed) == [(0, 4)]


def test_half_of_the_figures_are_not_enough() -> None:
    assert pairs(ONE, *OTHERS, [*ONE[:5], 1330, 52, 298, 91, 160]) == []


def test_small_figures_and_zeros_do_not_count() -> None:
    small = [3, 0, 5, 7, 2, 1, 0, 8, 4, 6]
    assert pairs(small, *OTHERS, small) == []


def test_figures_that_many_share_do_not_count() -> None:
    rows = [[500, 200, 300, 450, 120, 60, 80, 35 + unit, 700 + 3 * unit, 11 * unit] for unit in range(12)]
    assert pairs(*rows) == []


@pytest.mark.parametrize("many", [2, 4, 30, 300])
def test_the_more_copies_the_surer(many: int) -> None:
    """Each copy has one cell of its own, as a hand changes it."""
    copies = [[*ONE[:9], 154 + number] for number in range(many)]
    told = pairs(*OTHERS, *copies)
    assert {row for pair in told for row in pair} == set(range(len(OTHERS), len(OTHERS) + many))


def test_round_figures_count_less() -> None:
    rounded = [200, 200, 100, 600, 50, 1000, 50, 300, 100, 150]
    assert pairs(rounded, *OTHERS, rounded) == []


def test_one_figure_in_many_cells_counts_once() -> None:
    assert pairs([235] * 10, *OTHERS, [235] * 10) == []


def test_missing_figures_are_no_agreement() -> None:
    sparse = [235, *[np.nan] * 9]
    assert pairs(sparse, *OTHERS, sparse) == []


def test_parts_of_one_unit_are_not_compared() -> None:
    figures = np.array([ONE, *OTHERS, ONE], dtype=float)
    assert alike(figures, np.array([0, 1, 2, 3, 0])) == []
    assert alike(figures[:1], np.array([0])) == []


def made(count: int, *, seed: int) -> NDArray[np.float64]:
    """Returns of units of very different sizes: lognormal, a third of the figures zero, a third written round, one handed out to many."""
    rng = np.random.default_rng(seed)
    size, level = rng.normal(4, 1.2, (count, 1)), rng.normal(-1, 1, (1, 45))
    figures = np.round(np.exp(size + level + rng.normal(0, 0.4, (count, 45))))
    figures = np.where(rng.random(figures.shape) < 0.3, np.round(figures, -1), figures)
    figures[rng.random(figures.shape) < 0.35] = 0
    figures[:, 3] = np.where(rng.random(count) < 0.4, 500, figures[:, 3])
    return figures.astype("float64")


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_clean_rounds_have_no_pair(seed: int) -> None:
    assert alike(made(300, seed=seed), np.arange(300)) == []


def test_ten_thousand_returns_take_seconds() -> None:
    figures = made(10_000, seed=7)
    figures[9_000] = figures[int(np.argmax((figures >= 10).sum(axis=1)))]
    started = time.perf_counter()
    found = alike(figures, np.arange(10_000))
    assert [pair.second for pair in found] == [9_000]
    assert time.perf_counter() - started < 10  # about half a second on two cores


INDICATORS = "\n".join([f"A{number:03d}|项目{number}|人|stock|0|village" for number in range(10)] + ["C001|资金|万元|flow|2|village"])
RULES = "N-1|@alike||query||||与{另一单位}（{另一文件}）的{可比项数}项中{项数}项相同，如{举例}。{其他}|核对"


@pytest.fixture(scope="module")
def found(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Callable[..., list[tuple[str, str, int]]]:
    """found(rows): unit, message and number of cells of each finding; units are v0, v1 …"""

    def run(*rows: Sequence[float]) -> list[tuple[str, str, int]]:
        scheme = make_scheme(INDICATORS, rules=RULES)
        codes = list(scheme.indicators)
        units = UnitTree([Unit(f"v{place}", f"{place}号村工会", "village") for place in range(len(rows))])
        returns = make_round({f"v{place}": dict(zip(codes, row, strict=False)) for place, row in enumerate(rows)}, codes=codes)
        return [(one.unit, one.message, len(one.cells)) for one in overlap(returns, scheme, units=units)]

    return run


def test_both_units_are_asked(found: Callable[..., list[tuple[str, str, int]]]) -> None:
    assert found([*ONE, 2.17], *OTHERS, [*ONE, 2.17]) == [
        ("v0", "与4号村工会（v4.xlsx）的11项中11项相同，如项目7312人、项目1221人、项目9154人。", 20),
        ("v4", "与0号村工会（v0.xlsx）的11项中11项相同，如项目7312人、项目1221人、项目9154人。", 20),
    ]


def test_a_third_copy_is_named_in_the_same_finding(found: Callable[..., list[tuple[str, str, int]]]) -> None:
    more = [[figure * share + 3 for figure in row] for row in OTHERS for share in (2, 3)]
    told = found(ONE, *OTHERS, *more, ONE, ONE)
    assert [unit for unit, _, _ in told] == ["v0", "v10", "v11"]
    assert told[0][1].endswith("与11号村工会也是这样。")
