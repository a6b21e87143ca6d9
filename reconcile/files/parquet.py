"""Tables as Parquet files: written part by part with the same bytes for the same table, and read within bounds.

Written with what every program reads: snappy, dictionaries, no index, no statistics, nulls where there is no number. Text that UTF-8 cannot
hold (lone surrogates in the names of files) is written as `\\@:` and backslash escapes. Snappy also keeps a forged file harmless: it cannot
grow to more than some twenty times its size, as other codecs can.
"""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from reconcile.files.deputy import Deputy, DeputyGone
from reconcile.files.tidy_table import escape, unescape

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

PART = 16_384
"""Rows of one row group: what is held twice while a table is written."""

MAX_FILE = 512 << 20  # bytes of one file
MAX_SECONDS = 20.0
"""Of a trial, for all the tables of a summary: those of 100,000 returns with 200 figures take 2, and as long again to be read here, so that
what is slow is refused with its reason before `engine.SECONDS` takes the whole source away."""

_MAX_CELLS = 1 << 26  # of one table: 230,000 returns of 289 figures, half a gigabyte of numbers
_MAX_GROUP = 1 << 20  # rows of one row group
_ROWS_PER_BYTE = 64  # a table of ours has a column that differs from row to row; more is a file that repeats one value for ever
_LONGEST = 1 << 24  # bytes of one text: the longest are places of a layout and templates of a narrative
_MAX_FOOTER = 64 << 20  # bytes of a name in the footer, and entries of a list there
_ODD = "\\@:"
_CODECS = frozenset({"SNAPPY", "UNCOMPRESSED"})
_PIECE = 1 << 20
_SCRIPT = Path(__file__).with_name("parquet_trial.py")


class BadParquet(ValueError):  # noqa: N818 - named for what it is; whoever reads the summary says it in Chinese
    """The file is no Parquet table with these columns, is damaged, or is larger than a table of ours can be."""


def installed() -> bool:
    """Whether pyarrow is there (the extra `large`)."""
    return importlib.util.find_spec("pyarrow") is not None


def write_parquet(path: Path, columns: Mapping[str, str], parts: Iterable[Sequence[Sequence[Any] | NDArray[Any]]]) -> str:
    """Write a table; the sha256 of the file comes back.

    columns: name -> str, bool, int8, int64 or float64. parts: rows in turn, each part one sequence a column, PART rows at most; NaN is
    written as null. Raises OSError.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([pa.field(name, _arrow(kind), nullable=kind == "float64") for name, kind in columns.items()])
    kinds = list(columns.values())
    nothing: list[Sequence[Any]] = [[] for _ in kinds]
    given = iter(parts)
    first = next(given, nothing)
    options = {"compression": "snappy", "use_dictionary": True, "write_statistics": False, "store_schema": False}
    with path.open("wb") as file, parquet.ParquetWriter(file, schema, **options) as out:
        for part in chain([first], given):
            arrays = [_array(cells, kind) for cells, kind in zip(part, kinds, strict=True)]
            out.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=PART)
    with path.open("rb") as written:
        return _digest(written)


def _arrow(kind: str) -> pa.DataType:
    import pyarrow as pa

    return {"str": pa.string(), "bool": pa.bool_(), "int8": pa.int8(), "int64": pa.int64(), "float64": pa.float64()}[kind]


def _array(cells: Sequence[Any] | NDArray[Any], kind: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind != "str":
        return pa.array(cells, type=_arrow(kind), from_pandas=kind == "float64")
    texts = cells.tolist() if isinstance(cells, np.ndarray) else list(cells)
    try:
        made = pa.array(texts, type=pa.string())
    except UnicodeEncodeError:
        return pa.array([_odd(text) for text in texts], type=pa.string())
    if pc.any(pc.starts_with(made, pattern=_ODD)).as_py():
        return pa.array([_odd(text) for text in texts], type=pa.string())
    return made


def _odd(text: str) -> str:
    """Text as UTF-8 can hold it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _ODD + escape(text)
    return _ODD + escape(text) if text.startswith(_ODD) else text


class Trial(Deputy):
    """Reads each file of one table set in a process of its own before this one does, since a forged file may end the process that reads it.

    seconds: for all the files together. memory: bytes of that process.
    """

    def __init__(self, *, seconds: float = MAX_SECONDS, memory: int = 4 << 30) -> None:
        super().__init__(_SCRIPT, memory=memory)
        self._left = seconds

    def check(self, file: BinaryIO) -> None:
        """Read an open file there; it stands at its beginning again. Raises BadParquet where that fails, or takes too long."""
        begun = time.monotonic()
        try:
            answer = self.ask(file, seconds=max(self._left, 0.0))
        except DeputyGone as gone:
            raise BadParquet(str(gone)) from gone
        finally:
            self._left -= time.monotonic() - begun
            file.seek(0)
        if answer != b"\x01":
            raise BadParquet("not to be read")


def parquet_digest(file: BinaryIO) -> str:
    """The sha256 of an open file, read in pieces; it stands at its beginning again. Raises BadParquet where it is too large."""
    found = _digest(file)
    file.seek(0)
    return found


def _digest(file: BinaryIO) -> str:
    found, size = hashlib.sha256(), 0
    while piece := file.read(_PIECE):
        size += len(piece)
        if size > MAX_FILE:
            raise BadParquet("too large")
        found.update(piece)
    return found.hexdigest()


def read_parquet(file: BinaryIO, columns: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """A table with just these columns, each as an array: texts as objects, numbers by their kind, NaN for null.

    Raises BadParquet where it has other columns, is damaged, or would be too large. A file of others goes through a Trial first.
    """
    with _as_bad():
        source = _opened(file)
        schema = source.schema_arrow
        if schema.names != list(columns) or any(not _is(schema.field(name).type, kind) for name, kind in columns.items()):
            raise BadParquet("other columns")
        rows = source.metadata.num_rows
        made = {name: np.empty(rows, dtype=object if kind == "str" else kind) for name, kind in columns.items()}
        for at, table in _groups(source):
            for name, kind in columns.items():
                made[name][at : at + len(table)] = _texts(table.column(name)) if kind == "str" else _numbers(table.column(name), kind)
        return made


def read_matrix(file: BinaryIO, kind: str) -> tuple[str, list[str], NDArray[Any], NDArray[Any]]:
    """A table of one text column and numbers of one kind: the name of the first, the names of the others, the texts, and the numbers
    (rows × columns). Raises BadParquet."""
    with _as_bad():
        source = _opened(file)
        schema = source.schema_arrow
        names = schema.names
        if not names or not _is(schema.field(0).type, "str") or any(not _is(field.type, kind) for field in list(schema)[1:]):
            raise BadParquet("other columns")
        rows = source.metadata.num_rows
        texts = np.empty(rows, dtype=object)
        numbers = np.empty((rows, len(names) - 1), dtype=kind, order="F")
        for at, table in _groups(source):
            texts[at : at + len(table)] = _texts(table.column(0))
            for column in range(len(names) - 1):
                numbers[at : at + len(table), column] = _numbers(table.column(column + 1), kind)
        return names[0], names[1:], texts, numbers


@contextmanager
def _as_bad() -> Iterator[None]:
    """Whatever a forged file makes pyarrow say is told as what it is."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError, TypeError, ArithmeticError, MemoryError) as problem:
        raise BadParquet(str(problem)) from problem


def _opened(file: BinaryIO) -> Any:
    """The file with its footer read, once that says nothing impossible."""
    import pyarrow as pa
    from pyarrow import parquet

    size = file.seek(0, 2)
    file.seek(0)
    bounds = {"thrift_string_size_limit": _MAX_FOOTER, "thrift_container_size_limit": _MAX_FOOTER}
    source = parquet.ParquetFile(file, memory_map=False, pre_buffer=False, **bounds)
    names = source.schema_arrow.names
    texts = [name for name, field in zip(names, source.schema_arrow, strict=True) if pa.types.is_string(field.type)]
    told = source.metadata
    groups = [told.row_group(number) for number in range(told.num_row_groups)]
    rows = [group.num_rows for group in groups]
    if told.num_columns != len(names) or len(set(names)) != len(names):
        raise BadParquet("nested or repeated columns")
    if min(rows, default=0) < 0 or max(rows, default=0) > _MAX_GROUP or sum(rows) != told.num_rows:
        raise BadParquet("impossible row groups")
    if told.num_rows > size * _ROWS_PER_BYTE or told.num_rows * max(len(names), 1) > _MAX_CELLS:
        raise BadParquet("too many rows")
    if any(group.column(at).compression not in _CODECS for group in groups for at in range(told.num_columns)):
        raise BadParquet("another codec")
    file.seek(0)
    return parquet.ParquetFile(file, memory_map=False, pre_buffer=False, read_dictionary=texts, **bounds)


def _groups(source: Any) -> Iterator[tuple[int, Any]]:
    """Each row group as an arrow table, with the row it begins at. Raises BadParquet where one has not the rows it should."""
    at = 0
    for number in range(source.metadata.num_row_groups):
        table = source.read_row_group(number, use_threads=False)
        if len(table) != source.metadata.row_group(number).num_rows:
            raise BadParquet("rows are missing")
        yield at, table
        at += len(table)


def _is(found: Any, kind: str) -> bool:
    """Whether a column is of a kind; texts are read as dictionaries."""
    import pyarrow as pa

    return bool((found.value_type if pa.types.is_dictionary(found) else found) == _arrow(kind))


def _numbers(column: Any, kind: str) -> NDArray[Any]:
    if kind != "float64" and column.null_count:
        raise BadParquet("numbers are missing")
    found: NDArray[Any] = column.to_numpy()
    return found


def _texts(column: Any) -> NDArray[Any]:
    """Texts of a column read as a dictionary: each different one is one object, however often it stands there."""
    if column.null_count:
        raise BadParquet("texts are missing")
    parts: list[NDArray[Any]] = []
    for chunk in column.chunks:
        known = chunk.dictionary
        if len(known) and int(np.diff(np.frombuffer(known.buffers()[1], dtype=np.int32)[: known.offset + len(known) + 1]).max()) > _LONGEST:
            raise BadParquet("a text is too long")
        words = [unescape(text[len(_ODD) :]) if text.startswith(_ODD) else text for text in known.to_pylist()]
        parts.append(np.array([*words, None], dtype=object)[:-1][chunk.indices.to_numpy()])
    return np.concatenate(parts) if parts else np.empty(0, dtype=object)
