"""No file can hurt it: every case of the hostile set gives a return or a coded finding, in bounds, and leaves the others' totals alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import small_return
from hostile_archives import old_workbook, truncated
from hostile_asking import Watch, good_round, unharmed
from hostile_set import hostile_set
from parts import zipped

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="measuring each file in a process of its own takes os.fork")

_COMPANIES = 16
"""Into so many companies the quick ones are divided."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return good_round(tmp_path_factory.mktemp("good"))


@pytest.fixture(scope="module")
def watch(good: Path) -> Iterator[Watch]:
    with Watch(good) as watching:
        yield watching


@pytest.fixture(scope="module")
def kept(good: Path, watch: Watch) -> str:
    """The digest of the good town's totals in the round without a hostile file."""
    return str(watch(file=str(good), only="road")["road"]["kept"])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if case.slow else []) for name, case in hostile_set().items()]
)
def test_no_file_can_hurt_it(name: str, watch: Watch, kept: str) -> None:
    case, found = hostile_set()[name], watch(name=name)
    unharmed(found, kept=kept)
    outcomes = set(found["read"]["outcomes"])
    assert outcomes, found
    assert outcomes <= set(case.expect.split("|")), found


@pytest.mark.parametrize("company", range(_COMPANIES))
def test_none_hurts_the_returns_beside_it(company: int, watch: Watch, kept: str, tmp_path: Path) -> None:
    """Those that are quick to read go the whole road in company; where a company fails, each of it goes alone, to be named."""
    members = [case for case in hostile_set().values() if not case.alone][company::_COMPANIES]
    assert len(members) > 9
    for case in members:
        (tmp_path / case.file).write_bytes(case.make())
    found = watch(file=str(tmp_path), only="road")
    try:
        unharmed({"road": found["road"]}, kept=kept)
    except (AssertionError, KeyError) as fault:
        for case in members:
            alone = watch(file=str(tmp_path / case.file), only="road")["road"]
            assert "traceback" not in alone, (case.name, alone["traceback"])
            assert alone.get("kept") == kept, (case.name, alone)
        raise AssertionError("only together") from fault


@pytest.mark.parametrize(
    ("kind", "step"), [("a return of ours", 1024), ("a small return", 64), ("an old workbook", 512), ("a zip of returns", 256)], ids=str
)
def test_cut_short_anywhere(kind: str, step: int, good: Path, watch: Watch, kept: str, tmp_path: Path) -> None:
    ours = next((good / "returns").iterdir()).read_bytes()
    whole = {
        "a return of ours": ours,
        "a small return": small_return(),
        "an old workbook": old_workbook(),
        "a zip of returns": zipped({"甲.xlsx": small_return(), "乙.xlsx": small_return()}),
    }[kind]
    pieces = truncated(whole, step=step)
    assert len(pieces) > 9
    for number, piece in enumerate(pieces):
        (tmp_path / f"{number:04}.xlsx").write_bytes(piece)
    found = watch(file=str(tmp_path))
    unharmed(found, kept=kept)
    assert set(found["read"]["outcomes"]) <= {"damaged", "empty", "not_workbook", "text"}
