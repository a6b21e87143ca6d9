"""The judgement's reach on one small planted round, so that a change that loses it is seen. The whole table: tests/benchmarks/planted.py."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

UNITS, EACH, SEED = 300, 3, 11


@pytest.fixture(scope="module")
def planted() -> ModuleType:
    """The benchmark, imported from its folder."""
    folder = str(Path(__file__).parent / "benchmarks")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("planted")
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def world(planted: ModuleType) -> Any:
    return planted.make_world(SEED, units=UNITS)


@pytest.fixture(scope="module")
def base(planted: ModuleType, world: Any) -> Any:
    return planted.Baseline.of(world)


@pytest.fixture(scope="module")
def scores(planted: ModuleType, world: Any, base: Any) -> dict[str, Any]:
    return planted.score_kinds(world, base, list(planted.PLANTERS), count=EACH, seed=(SEED,))


def total(scores: dict[str, Any], part: str, kinds: tuple[str, ...] = ()) -> int:
    return sum(getattr(score, part) for kind, score in scores.items() if not kinds or kind in kinds)


def test_clean_returns_are_left_alone(world: Any, base: Any) -> None:
    tiers = Counter(str(one.tier) for one in base.outcome.findings if one.unit not in world.shocked)
    returns = len(world.returns.returns) / 100
    assert tiers["error"] == 0
    assert tiers["query"] <= 4 * returns  # one round; the mean over rounds is half of it
    assert tiers["note"] <= 5 * returns


def test_every_kind_is_planted(scores: dict[str, Any]) -> None:
    assert {kind for kind, score in scores.items() if score.planted < EACH} == set()
    assert len(scores) >= 24


def test_what_a_rule_or_identity_covers_is_found(scores: dict[str, Any]) -> None:
    assert total(scores, "found_covered") >= 0.98 * total(scores, "covered")


def test_the_true_cell_stands_first(scores: dict[str, Any], planted: ModuleType) -> None:
    single = tuple(kind for kind in scores if kind not in planted.SEVERAL_CELLS)
    assert total(scores, "first", single) >= 0.85 * total(scores, "many", single)
    assert total(scores, "tied", single) >= 0.95 * total(scores, "many", single)
    assert total(scores, "first", single) > total(scores, "chance", single)


def test_slips_are_mended(scores: dict[str, Any]) -> None:
    slips = ("swapped_digits", "wrong_digit", "lost_digit", "doubled_digit", "unit_one", "ten_ruled", "hundred", "total_in_part")
    assert total(scores, "best", slips) >= 0.8 * total(scores, "covered", slips)


def test_the_same_seed_makes_the_same_round(planted: ModuleType) -> None:
    first, again = (planted.make_world(SEED, units=20, towns=2).returns for _ in range(2))
    assert again.values.equals(first.values)
    assert again.lists.equals(first.lists)
