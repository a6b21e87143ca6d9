"""Reading in parts: what a cache gives back is what was read, a changed return is read anew, and nothing in the cache is believed on sight."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making_returns import BIG, COUNTY, FAR, H1, OTHER_TOWN, SMALL, TOWN, UNITS, File, Filled, returned

from reconcile.engine import Done, Lost, Serial, split
from reconcile.errors import ReconcileError
from reconcile.files import cache
from reconcile.files.archive import find_files
from reconcile.files.cache import Cache
from reconcile.files.scheme_files import read_scheme
from reconcile.model.round import Round
from reconcile.process.collect import collect
from reconcile.process.intake import Reader
from reconcile.process.reading import Reading, cache_key
from reconcile.scheme.scheme import Scheme

ONE, ANOTHER = "1" * 32, "2" * 32  # keys

pytest.importorskip("pyarrow", reason="the extra `large` is not installed")


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


@pytest.fixture(scope="module")
def files(scheme: Scheme) -> list[File]:
    """Plain and odd returns, two versions, a picture, and a workbook that is cut short."""
    odd = Filled(
        {"A008": "约30", "A009": "１２", "A010": "#REF!", "A011": None, "C003": "2.1万"},
        {"filled_on": "七月初", "filler": "工会专干", "phone": "13800138000"},
        {"K001": "“五一”慰问，联系电话13900139000"},
        {"A008": "新招工人12人，已核对花名册"},
        {"帮扶职工名册": [{"姓名": "某甲", "身份证号": "990101199001011234", "救助金额": 500}]},
    )
    plain = returned(scheme, TOWN, Filled({"A008": 8}, {"filled_on": "2023-07-05"}))
    return [
        File("a/big.xlsx", returned(scheme, BIG, odd)),
        File("a/small.xlsx", returned(scheme, SMALL)),
        File("a/town.xlsx", plain),
        File("a/town again.xlsx", returned(scheme, TOWN, Filled({"A008": 9}, {"filled_on": "2023-07-06"}))),
        File("b/far.xlsx", returned(scheme, FAR)),
        File("b/far copy.xlsx", returned(scheme, FAR)),
        File("b/scan.png", b"\x89PNG rest"),
        File("b/cut.xlsx", plain[:3000]),
        File("county.xlsx", returned(scheme, COUNTY)),
        File("b/other town.xlsx", returned(scheme, OTHER_TOWN)),
    ]


def same(one: Round, other: Round) -> None:
    for name in ("returns", "values", "states", "typed", "texts", "lists", "reasons", "answers", "adjustments"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), obj=name)
    assert one.layouts == other.layouts
    assert one.intake == other.intake
    assert one.period == other.period


class Counting:
    """An engine that cuts the sources into parts of its own and counts what is really read."""

    def __init__(self, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.size, self.read = size, 0
        receive = Reader.receive

        def counted(*args: Any, **named: Any) -> Any:
            received = receive(*args, **named)
            self.read += not received.known
            return received

        monkeypatch.setattr(Reader, "receive", counted)

    def map(self, function: Any, parts: Sequence[Sequence[Any]]) -> Any:
        return Serial().map(function, split([one for part in parts for one in part], self.size))


def test_what_the_cache_gives_back_is_what_was_read(
    scheme: Scheme, files: list[File], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = collect(files, scheme, units=UNITS, period=H1).returns
    engine = Counting(3, monkeypatch)
    first = collect(files, scheme, units=UNITS, period=H1, engine=engine, cache=Cache(tmp_path, "key")).returns
    assert engine.read == len(files)
    engine.read = 0
    again = collect(files, scheme, units=UNITS, period=H1, engine=engine, cache=Cache(tmp_path, "key")).returns
    assert engine.read == 2  # the picture and the damaged file say again what they are
    same(first, plain)
    same(again, plain)
    assert plain.typed["text"].str.contains("约30").any()
    assert not plain.lists.empty


def test_only_the_changed_return_is_read(scheme: Scheme, files: list[File], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readable = [one for one in files if one.name not in ("b/scan.png", "b/cut.xlsx")]
    engine = Counting(4, monkeypatch)
    collect(readable, scheme, units=UNITS, period=H1, engine=engine, cache=Cache(tmp_path, "key"))
    engine.read = 0
    changed = [File(one.name, returned(scheme, SMALL, Filled({"A008": 77}))) if "small" in one.name else one for one in readable]
    now = collect(changed, scheme, units=UNITS, period=H1, engine=engine, cache=Cache(tmp_path, "key")).returns
    assert engine.read == 1
    same(now, collect(changed, scheme, units=UNITS, period=H1).returns)


def test_another_scheme_or_program_reads_all_anew(scheme: Scheme, files: list[File], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Counting(4, monkeypatch)
    for key in (ONE, ANOTHER):
        engine.read = 0
        collect(files, scheme, units=UNITS, period=H1, engine=engine, cache=Cache(tmp_path, key))
        assert engine.read == len(files)
    Cache(tmp_path, ANOTHER).tidy()
    assert [path.name for path in tmp_path.iterdir()] == [ANOTHER]


def test_the_key_speaks_of_scheme_digest_key_and_program(scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    keys = {cache_key(scheme), cache_key(replace(scheme, hash="other")), cache_key(replace(scheme, digest_key="other"))}
    monkeypatch.setattr("reconcile.process.reading.program", lambda: "another program")
    assert len({*keys, cache_key(scheme)}) == 4


@pytest.mark.parametrize("damage", ["cut", "bit", "renamed", "empty", "foreign"])
def test_a_damaged_cache_is_as_if_it_had_never_been(
    scheme: Scheme, files: list[File], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    engine = Counting(20, monkeypatch)
    collect(files, scheme, units=UNITS, period=H1, engine=engine, cache=Cache(tmp_path, "key"))
    (segment,) = (tmp_path / "key").glob("*.parquet")
    data = segment.read_bytes()
    spoilt = {
        "cut": data[: len(data) // 2],
        "bit": data[:100] + bytes([data[100] ^ 1]) + data[101:],
        "renamed": data,
        "empty": b"",
        "foreign": b"PAR1 nothing of ours PAR1",
    }
    segment.write_bytes(spoilt[damage])
    if damage == "renamed":
        segment.rename(segment.with_name("0-0.parquet"))
    engine.read = 0
    again = collect(files, scheme, units=UNITS, period=H1, engine=engine, cache=Cache(tmp_path, "key")).returns
    assert engine.read == len(files)
    same(again, collect(files, scheme, units=UNITS, period=H1).returns)


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(scheme: Scheme, files: list[File], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    written = collect(files, scheme, units=UNITS, period=H1, cache=Cache(tmp_path / "file", "key")).returns
    same(written, collect(files, scheme, units=UNITS, period=H1).returns)


def test_what_is_no_longer_met_is_dropped(scheme: Scheme, tmp_path: Path) -> None:
    for number in range(6):
        filled = [File(f"{place}.xlsx", returned(scheme, BIG, Filled({"A008": number * 10 + place}))) for place in range(3)]
        cache = Cache(tmp_path, "key")
        collect(filled, scheme, units=UNITS, period=H1, cache=cache)
        cache.tidy()
    cache = Cache(tmp_path, "key")
    assert len(cache.load()) <= 6  # of eighteen; this time's, and what was met the time before


@settings(max_examples=15, deadline=None)
@given(order=st.permutations(range(10)), size=st.integers(1, 10))
def test_no_partition_and_no_order_matters(scheme: Scheme, files: list[File], order: list[int], size: int) -> None:
    class Cut:
        def map(self, function: Any, parts: Sequence[Sequence[Any]]) -> Any:
            return Serial().map(function, split([one for part in parts for one in part], size))

    shuffled = collect([files[place] for place in order], scheme, units=UNITS, period=H1, engine=Cut()).returns
    same(shuffled, collect(files, scheme, units=UNITS, period=H1).returns)


def test_a_file_that_killed_its_worker_is_named(scheme: Scheme, files: list[File]) -> None:
    class Deadly:
        """Loses the second source, as if it had taken its worker with it."""

        def map(self, function: Any, parts: Sequence[Sequence[Any]]) -> Any:
            items = [one for part in parts for one in part]
            left = [*items[:1], *items[2:]]
            yield Done(len(items), function(left, lambda _place: None), (Lost(items[1], late=True),))

    collected = collect(files, scheme, units=UNITS, period=H1, engine=Deadly())
    (told,) = [one for one in collected.returns.intake if one.rule == scheme.named["unreadable_file"].id and "small" in one.cells[0].file]
    assert "超过时限" in told.message
    others = collect([one for one in files if "small" not in one.name], scheme, units=UNITS, period=H1).returns
    assert collected.returns.counted == others.counted


def test_a_reading_travels_without_its_reader(scheme: Scheme, files: list[File]) -> None:
    reading = Reading(scheme)
    reading(files[:2], lambda _place: None)
    sent = pickle.loads(pickle.dumps(reading))  # noqa: S301 -- made in this test
    again, first = sent(files, lambda _place: None), reading(files, lambda _place: None)
    assert [one.sha256 for one in again.received] == [one.sha256 for one in first.received]
    assert (again.states == first.states).all()
    reading.close()
    sent.close()


def test_an_archive_called_a_workbook_is_opened(scheme: Scheme, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "全村.xlsx", "w") as archive:
        archive.writestr("big.xlsx", returned(scheme, BIG))
        archive.writestr("small.xlsx", returned(scheme, SMALL))
    sources = list(find_files([tmp_path], exclude=lambda _path: False))
    assert [one.name for one in sources] == ["全村.xlsx"]
    collected = collect(sources, scheme, units=UNITS, period=H1)
    assert sorted(collected.returns.returns["file"]) == ["全村.xlsx/big.xlsx", "全村.xlsx/small.xlsx"]
    assert set(collected.returns.counted) == {BIG.code, SMALL.code}


def test_another_version_at_work_is_told(scheme: Scheme, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.dumps(Reading(scheme))
    monkeypatch.setattr("reconcile.process.reading.program", lambda: "another")
    with pytest.raises(ReconcileError, match="同一版本"):
        pickle.loads(sent)  # noqa: S301 -- made in this test


def test_a_cache_travels_empty_and_still_keeps(scheme: Scheme, files: list[File], tmp_path: Path) -> None:
    cache = Cache(tmp_path, "key")
    collect(files, scheme, units=UNITS, period=H1, cache=cache)
    before = len(pickle.dumps(cache))
    known = cache.load()
    assert known
    assert len(pickle.dumps(cache)) == before
    assert pickle.loads(pickle.dumps(cache)).load().keys() == known.keys()  # noqa: S301 -- made in this test


def test_a_full_disk_leaves_no_half_file(scheme: Scheme, files: list[File], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.write_bytes

    def half(path: Path, data: bytes) -> int:
        whole(path, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    collect(files, scheme, units=UNITS, period=H1, cache=Cache(tmp_path, "key"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_a_killed_writer_left_is_swept(scheme: Scheme, files: list[File], tmp_path: Path) -> None:
    cache = Cache(tmp_path, "key")
    collect(files, scheme, units=UNITS, period=H1, cache=cache)
    (tmp_path / "key" / ".half.tmp").write_bytes(b"half")
    cache.tidy()
    assert not list(tmp_path.rglob(".*.tmp"))
    assert list(tmp_path.rglob("*.parquet"))


def test_a_segment_that_cannot_be_opened_is_left(scheme: Scheme, files: list[File], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collect(files, scheme, units=UNITS, period=H1, cache=Cache(tmp_path, "key"))
    written = sorted(tmp_path.rglob("*.parquet"))

    def closed(_path: Path) -> BinaryIO:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(cache, "open_regular", closed)
        assert not Cache(tmp_path, "key").load()
    assert sorted(tmp_path.rglob("*.parquet")) == written


def test_nothing_of_others_in_the_cache_folder_is_touched(scheme: Scheme, files: list[File], tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    kept = [folder / "mine" / "letter.txt", folder / "key" / "mine.parquet"]
    for path in kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    (folder / ("0" * 32)).mkdir()
    pipe = folder / "key" / f"{'0' * 16}-{'0' * 32}.parquet"
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    cache = Cache(folder, "key")
    collect(files, scheme, units=UNITS, period=H1, cache=cache)
    cache.tidy()
    assert all(path.read_text() == "mine" for path in kept)
    assert not (folder / ("0" * 32)).exists(), "what another program left goes"
    assert Cache(folder, "key").load()


def test_a_cache_that_is_a_link_is_not_followed(scheme: Scheme, files: list[File], tmp_path: Path) -> None:
    for number, (link, cached) in enumerate((("cache", "cache"), ("real/key", "real"))):
        there = tmp_path / f"there{number}"
        (there / ("0" * 32)).mkdir(parents=True)
        (tmp_path / link).parent.mkdir(exist_ok=True)
        (tmp_path / link).symlink_to(there, target_is_directory=True)
        cache = Cache(tmp_path / cached, "key")
        collect(files, scheme, units=UNITS, period=H1, cache=cache)
        cache.tidy()
        assert [path.name for path in there.rglob("*")] == ["0" * 32]
        assert not Cache(tmp_path / cached, "key").load()
