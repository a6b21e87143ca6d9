"""A process of its own that reads Parquet files and says whether that went well, before this program reads them itself.

pyarrow ends the process on some forged files (an unknown codec in the footer, a histogram of the wrong size), and believes what a file says
of its sizes. It is started as a plain script and imports nothing of the package. Each request is eight bytes of length (little endian) and
the file; each answer is one byte, 1 for a file that was read from beginning to end.
"""

from __future__ import annotations

import contextlib
import io
import struct
import sys
from typing import Any

_FOOTER = 64 << 20  # as in `parquet`


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


def main() -> None:
    """Answer requests until there are no more; the first argument is the limit of memory in bytes."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        limit = int(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while len(head := sys.stdin.buffer.read(8)) == 8:
        (length,) = struct.unpack("<Q", head)
        data = sys.stdin.buffer.read(length)
        sys.stdout.buffer.write(b"\x01" if len(data) == length and readable(data) else b"\x00")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
