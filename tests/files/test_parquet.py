"""Parquet files of tables: what is written is read back exactly, and what is forged is refused before it costs anything."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconcile import engine
from reconcile.files import parquet as door
from reconcile.files.parquet import BadParquet, Trial, parquet_digest, read_matrix, read_parquet, write_parquet

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COLUMNS = {"name": "str", "figure": "float64", "row": "int64", "kept": "bool", "state": "int8"}
PART = [["甲", "\ud800=1+1\x00", "\\@:\t"], np.array([0.1 + 0.2, float("nan"), -0.0]), [1, 2, 2**53], [True, False, True], [0, 5, 1]]


def written(tmp_path: Path, columns: dict[str, str], parts: list[Any]) -> bytes:
    write_parquet(tmp_path / "a.parquet", columns, parts)
    return (tmp_path / "a.parquet").read_bytes()


def test_a_table_comes_back_exactly(tmp_path: Path) -> None:
    found = read_parquet(io.BytesIO(written(tmp_path, COLUMNS, [PART, PART])), COLUMNS)
    assert found["name"].tolist() == [*PART[0], *PART[0]]
    assert np.array_equal(found["figure"], np.tile(PART[1], 2), equal_nan=True)
    assert np.signbit(found["figure"][2])
    assert [found[name].tolist() for name in ("row", "kept", "state")] == [[*PART[place], *PART[place]] for place in (2, 3, 4)]
    assert [str(cells.dtype) for cells in found.values()] == ["object", "float64", "int64", "bool", "int8"]


def test_no_number_is_null_for_other_programs(tmp_path: Path) -> None:
    assert parquet.read_table(io.BytesIO(written(tmp_path, COLUMNS, [PART])))["figure"].null_count == 1


def test_an_empty_table_has_its_columns(tmp_path: Path) -> None:
    assert [len(cells) for cells in read_parquet(io.BytesIO(written(tmp_path, COLUMNS, [])), COLUMNS).values()] == [0] * 5


def test_same_table_same_bytes(tmp_path: Path) -> None:
    data = written(tmp_path, COLUMNS, [PART])
    assert data == written(tmp_path, COLUMNS, [PART])
    assert write_parquet(tmp_path / "b.parquet", COLUMNS, [PART]) == parquet_digest(io.BytesIO(data))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.tuples(st.text(st.characters(), max_size=20), st.floats(allow_nan=False)), max_size=30))
def test_any_text_and_number_comes_back(lines: list[tuple[str, float]], tmp_path: Path) -> None:
    columns = {"a": "str", "b": "float64"}
    cells = [list(one) for one in zip(*lines, strict=True)] or [[], []]
    found = read_parquet(io.BytesIO(written(tmp_path, columns, [cells])), columns)
    assert list(zip(found["a"].tolist(), found["b"].tolist(), strict=True)) == lines


def test_a_matrix_comes_back(tmp_path: Path) -> None:
    columns = {"return": "str", "A001": "float64", "A002": "float64"}
    data = written(tmp_path, columns, [[["r1", "r2"], [1.0, float("nan")], [3.0, 4.0]]])
    first, codes, ids, numbers = read_matrix(io.BytesIO(data), "float64")
    assert (first, codes, ids.tolist()) == ("return", ["A001", "A002"], ["r1", "r2"])
    assert np.array_equal(numbers, [[1.0, 3.0], [np.nan, 4.0]], equal_nan=True)
    with pytest.raises(BadParquet):
        read_matrix(io.BytesIO(data), "int8")


def made(**columns: Any) -> Callable[..., bytes]:
    """A file as somebody else might make it."""

    def make(**options: Any) -> bytes:
        out = io.BytesIO()
        parquet.write_table(pa.table(columns), out, **{"compression": "snappy", **options})
        return out.getvalue()

    return make


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"\xff" * 64 + b"PAR1",
        made(a=["x"])(),  # a column is missing
        made(a=["x"], b=[1.0], c=[1])(),  # one too many
        made(b=[1.0], a=["x"])(),  # in another order
        made(a=[1], b=[1.0])(),  # numbers where texts should be
        made(a=["x"], b=["1"])(),
        made(a=[None], b=[1.0])(),  # no text
        made(a=[["x"]], b=[1.0])(),  # nested
        made(a=["x"], b=[1.0])(compression="gzip"),  # a codec that can grow a thousandfold
        made(a=["x"] * 3_000_000, b=[1.0] * 3_000_000)(),  # a small file that repeats one row for ever
        made(a=["x" * (17 << 20)], b=[1.0])(),  # an endless text
    ],
    ids=["nothing", "head", "noise", "missing", "more", "order", "number", "text", "null", "nested", "codec", "rows", "long"],
)
def test_forged_files_are_refused(data: bytes) -> None:
    with pytest.raises(BadParquet):
        read_parquet(io.BytesIO(data), {"a": "str", "b": "float64"})


def test_a_large_text_in_every_row_costs_its_size_once() -> None:
    repeated = pa.DictionaryArray.from_arrays(np.zeros(5_000, dtype=np.int32), ["长" * 1_000_000])
    data = made(a=repeated, b=[1.0] * 5_000)(store_schema=False)
    found = read_parquet(io.BytesIO(data), {"a": "str", "b": "float64"})
    assert len({id(one) for one in found["a"]}) == 1


def test_a_file_cut_or_changed_anywhere_is_read_or_refused(tmp_path: Path) -> None:
    """pyarrow ends its process on some of these: the trial dies in its stead."""
    data = written(tmp_path, COLUMNS, [PART])
    for cut in range(0, len(data), 7):
        with pytest.raises(BadParquet):
            read_parquet(io.BytesIO(data[:cut]), COLUMNS)
    chance, refused = random.Random(4), 0  # noqa: S311 - the same changes every time, and no secret
    with Trial() as trial:
        for _ in range(120):
            spoilt = bytearray(data)
            for _ in range(chance.randrange(1, 4)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            file = io.BytesIO(bytes(spoilt))
            try:
                trial.check(file)
                read_parquet(file, COLUMNS)
            except BadParquet:
                refused += 1
        trial.check(io.BytesIO(data))
    assert refused > 30


def test_all_files_of_a_trial_together_have_its_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tables that each take nearly as long as they may must not take as long as the engine gives the whole source."""
    assert door.MAX_SECONDS <= engine.SECONDS / 3
    (tmp_path / "slow.py").write_text("import time\ndef answer(data):\n    time.sleep(0.8)\n    return b'\\x01'\n", encoding="utf-8")
    monkeypatch.setattr(door, "_SCRIPT", tmp_path / "slow.py")
    begun, checked = time.monotonic(), 0
    with Trial(seconds=4.0) as trial, pytest.raises(BadParquet):
        for _ in range(6):
            trial.check(io.BytesIO(b"table"))
            checked += 1
    assert checked in (1, 2, 3, 4)
    assert time.monotonic() - begun < 6


def test_a_file_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    with Trial(seconds=0.0) as trial, pytest.raises(BadParquet):
        trial.check(io.BytesIO(written(tmp_path, COLUMNS, [PART])))
