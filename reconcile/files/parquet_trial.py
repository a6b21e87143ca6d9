"""Reads Parquet files and says whether that went well, before this program reads them itself: what a `Deputy` does for `parquet`.

pyarrow ends the process on some forged files (an unknown codec in the footer, a histogram of the wrong size), and believes what a file says
of its sizes. It imports nothing of the package. Each answer is one byte, 1 for a file that was read from beginning to end.
"""

from __future__ import annotations

import io
from typing import Any

_FOOTER = 64 << 20  # as in `parquet`


def answer(data: bytes) -> bytes:
    """Whether a file can be read."""
    return b"\x01" if readable(data) else b"\x00"


def readable(data: bytes) -> bool:
    """Whether every column of every row group can be read."""
    import pyarrow as pa
    from pyarrow import parquet

    bounds: dict[str, Any] = {"memory_map": False, "pre_buffer": False}
    bounds |= {"thrift_string_size_limit": _FOOTER, "thrift_container_size_limit": _FOOTER}
    try:
        plain = parquet.ParquetFile(io.BytesIO(data), **bounds)
        texts = [field.name for field in plain.schema_arrow if pa.types.is_string(field.type)]
        file = parquet.ParquetFile(io.BytesIO(data), read_dictionary=texts, **bounds)
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            for column in range(group.num_columns):
                str(group.column(column).compression)
            file.read_row_group(number, use_threads=False)
    except Exception:  # noqa: BLE001 -- pyarrow promises nothing about forged files; whatever it raises is the answer
        return False
    return True
