"""What was read of returns, kept between runs by content: one Parquet file a part of the work, written whole or not at all.

A file is known by what it was made from and by its own digest, so that one that was cut short or altered by accident is passed over, as
if it had never been written. Against somebody who forges both there is no guard: who may write here may write the results as well.
Needs pyarrow (the extra `large`).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.regular import open_regular

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

FOLDER = ".reconcile-cache"
"""Name of the folder in OUT; hidden, so that it is never taken for returns."""

_READ_WITH = ("lxml", "numpy", "xlrd")
_WORN = 2  # where the greater part is no longer met, or parts are only half full, all is written anew
_TOGETHER = 250  # returns in a part of a common size
_KEY = re.compile(r"[0-9a-f]{32}")  # of `reading.cache_key`
_SEGMENT = re.compile(r"[0-9a-f]{16}-[0-9a-f]{32}\.parquet")  # as `_write` names them
_HALF = ".tmp"  # ending of a file that is being written, or was when its writer was killed
_LOOSE = 40  # small parts, each of what one run read anew, that are not worth the trouble


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What was read of some returns, one entry each: sha256 of the file, figures (returns × indicators), and the rest as JSON texts.

    layouts: key -> indicator code -> (sheet, cell), for the layouts that the texts name.
    """

    sha256: Sequence[str]
    values: NDArray[np.float64]
    states: NDArray[np.int8]
    facts: Sequence[str]
    layouts: Mapping[str, Mapping[str, tuple[str, str]]]


def program() -> str:
    """A digest of this program's own code, and of the versions of what it reads with: another version may read otherwise."""
    versions = (sys.version.split()[0], *(f"{name} {version(name)}" for name in _READ_WITH))
    digest = hashlib.sha256("\n".join(versions).encode())
    package = Path(__file__).parent.parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()


class Cache:
    """Returns read before, in `folder`/`key`; `key` says by which scheme and program. Nothing here raises for what lies in the folder.

    It can be sent to another process, without what was loaded; every process may `keep`, and only who started the others looks up and
    tidies.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder / key
        self._segments: dict[Path, Rows] = {}
        self._used: set[str] = set()

    def __getstate__(self) -> dict[str, Any]:
        return {"_folder": self._folder, "_segments": {}, "_used": set()}

    @property
    def _ours(self) -> bool:
        """Whether it lies where it says: a link leads into a folder of somebody else's, where nothing is read, written or deleted."""
        return not (self._folder.is_symlink() or self._folder.parent.is_symlink())

    def load(self) -> dict[str, tuple[Path, int]]:
        """Where each known return stands, by its sha256."""
        found: dict[str, tuple[Path, int]] = {}
        for path in sorted(self._folder.glob("*.parquet")) if self._ours else ():
            try:
                if not _SEGMENT.fullmatch(path.name) or path.is_symlink():
                    continue
                rows = self._segments.get(path) or _read(path)
            except (OSError, UnreadableWorkbook):  # somebody else's, or not to be had at the moment
                continue
            if rows is None:
                with suppress(OSError):
                    path.unlink()
                continue
            self._segments[path] = rows
            found.update((sha256, (path, row)) for row, sha256 in enumerate(rows.sha256))
        return found

    def row(self, sha256: str, place: tuple[Path, int]) -> tuple[Rows, int]:
        """A return that `load` found: its segment, and where in it."""
        self._used.add(sha256)
        return self._segments[place[0]], place[1]

    def keep(self, rows: Rows) -> None:
        """Write one segment. A full disk or a folder that admits nothing costs the next run its time, not this one its results."""
        if rows.sha256 and self._ours:
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                _write(rows, self._folder)

    def tidy(self) -> None:
        """Drop what other schemes and programs left, and write the returns met this time anew where they lie scattered among others."""
        if not self._ours:
            return
        with suppress(OSError):
            for other in self._folder.parent.iterdir():
                if other != self._folder and _KEY.fullmatch(other.name) and not other.is_symlink():
                    shutil.rmtree(other, ignore_errors=True)
            for half in self._folder.glob(f".*{_HALF}"):
                half.unlink(missing_ok=True)
        used = self._used
        held = sum(len(rows.sha256) for rows in self._segments.values())
        if held <= _WORN * len(used) and len(self._segments) <= _WORN * -(-held // _TOGETHER) + _LOOSE:
            return
        with suppress(OSError):  # where one cannot be written the old ones stay
            kept = {self._folder / _write(rows, self._folder) for rows in self._together()}
            for path in self._segments.keys() - kept:
                path.unlink(missing_ok=True)

    def _together(self) -> Iterator[Rows]:
        """The returns met this time, each once, in segments of a common size."""
        left = set(self._used)
        gathered: list[Rows] = []
        for rows in self._segments.values():
            there = {sha256: place for place, sha256 in enumerate(rows.sha256) if sha256 in left}
            places = sorted(there.values())
            left -= there.keys()
            if places:
                gathered.append(_taken(rows, places))
            if sum(len(one.sha256) for one in gathered) >= _TOGETHER:
                yield _joined(gathered)
                gathered = []
        if gathered:
            yield _joined(gathered)


def _taken(rows: Rows, places: Sequence[int]) -> Rows:
    facts = [rows.facts[place] for place in places]
    return Rows([rows.sha256[place] for place in places], rows.values[places], rows.states[places], facts, rows.layouts)


def _joined(parts: Sequence[Rows]) -> Rows:
    return Rows(
        [one for part in parts for one in part.sha256],
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.states for part in parts]),
        [one for part in parts for one in part.facts],
        {key: places for part in parts for key, places in part.layouts.items()},
    )


def _write(rows: Rows, folder: Path) -> str:
    """Write a segment under the name of its contents; the name. Raises OSError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    _, width = rows.values.shape
    columns = {
        "sha256": pa.array(rows.sha256, pa.string()),
        "values": pa.FixedSizeListArray.from_arrays(pa.array(rows.values.ravel(), pa.float64()), width),
        "states": pa.FixedSizeListArray.from_arrays(pa.array(rows.states.ravel(), pa.int8()), width),
        "facts": pa.array(rows.facts, pa.string()),
    }
    table = pa.table(columns).replace_schema_metadata({b"layouts": json.dumps(rows.layouts).encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1, use_dictionary=False, write_statistics=False, store_schema=True)
    data = sink.getvalue().to_pybytes()
    inputs = hashlib.sha256("\n".join(sorted(rows.sha256)).encode()).hexdigest()[:16]
    name = f"{inputs}-{_digest(data)}.parquet"
    temporary = folder / f".{secrets.token_hex(8)}{_HALF}"
    try:
        temporary.write_bytes(data)
        temporary.replace(folder / name)
    finally:
        temporary.unlink(missing_ok=True)
    return name


def _read(path: Path) -> Rows | None:
    """One segment; None where it is not what its name says. Raises OSError, and UnreadableWorkbook where it is no regular file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with open_regular(path) as file:
        data = file.read()
    try:
        if _digest(data) != path.stem.rpartition("-")[2]:
            return None
        table = pq.read_table(pa.BufferReader(data), use_threads=False).combine_chunks()
        layouts = json.loads(table.schema.metadata[b"layouts"])
        return Rows(
            table["sha256"].to_pylist(),
            _matrix(table, "values"),
            _matrix(table, "states"),
            table["facts"].to_pylist(),
            {key: {code: (sheet, cell) for code, (sheet, cell) in places.items()} for key, places in layouts.items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError, pa.ArrowException):
        return None


def _matrix(table: pa.Table, name: str) -> NDArray[Any]:
    column = table[name].combine_chunks()
    column = column.chunk(0) if hasattr(column, "chunk") else column
    return np.asarray(column.flatten().to_numpy(zero_copy_only=True)).reshape(len(column), -1)


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
