"""Every workbook of the corpus (public test files of spreadsheet libraries, odd on purpose) is read or refused, in bounds."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hostile_asking import Watch, good_round, unharmed

CORPUS = Path(os.environ.get("RECONCILE_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
_FOLDERS = sorted(path.name for path in CORPUS.iterdir() if path.is_dir()) if CORPUS.is_dir() else []
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _FOLDERS, reason="the corpus of odd workbooks is not there (set RECONCILE_CORPUS to its folder)"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="measuring each file in a process of its own takes os.fork"),
]


@pytest.mark.parametrize("folder", _FOLDERS or ["none"])
def test_the_corpus_gives_workbooks_or_reasons(folder: str, tmp_path: Path) -> None:
    """One by one, and then all of a library together among good returns, whose totals stay as they are."""
    outcomes: Counter[str] = Counter()
    failed: list[str] = []
    with Watch(good_round(tmp_path)) as watch:
        for path in sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file()):
            found = watch(file=str(path), only="read")
            try:
                unharmed(found, kept=None)
            except AssertionError as fault:
                failed.append(f"{path.name}: {fault}")
            outcomes.update(found["read"].get("outcomes", ()))
        kept = str(watch(file=str(tmp_path), only="road")["road"]["kept"])
        together = watch(file=str(CORPUS / folder), only="road")["road"]
    assert not failed, failed
    assert outcomes.total() > 0
    assert "traceback" not in together, together["traceback"]
    assert "death" not in together, together["death"]
    assert (together["kept"], together["good"]) == (kept, 2)
    assert together["explained"] == together["refused"]
