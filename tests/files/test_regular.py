"""What is no regular file is never waited for nor read without end, wherever it stands in the place of one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconcile.errors import ReconcileError
from reconcile.files.archive import Source
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.regular import open_regular, read_regular
from reconcile.files.scheme_files import BUILT_IN, read_scheme, read_units, shipped
from reconcile.files.tables_beside import DataFiles, TablesBeside

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no pipes and devices in folders")

SAID = "这不是普通文件"
Odd = Callable[[Path], None]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.fixture(params=[pipe, endless])
def odd(request: pytest.FixtureRequest) -> Odd:
    """Puts something in the place of a file."""
    found: Odd = request.param
    return found


def test_a_file_is_read_within_bounds(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"12345")
    assert [read_regular(tmp_path / "a.csv", most=most) for most in (3, 4, 5, 6)] == [b"1234", b"12345", b"12345", b"12345"]
    with open_regular(tmp_path / "a.csv") as file:
        assert file.read() == b"12345"
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none.csv")
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs files without a size")
def test_a_size_that_is_not_told_is_not_believed() -> None:
    assert Path("/proc/self/status").stat().st_size == 0
    assert read_regular(Path("/proc/self/status"), most=1 << 20).startswith(b"Name:")
    assert len(read_regular(Path("/proc/self/status"), most=9)) == 10


def test_a_pipe_put_there_after_the_look_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes(b"")
    before = (tmp_path / "b.csv").stat()
    monkeypatch.setattr(Path, "stat", lambda _: before)
    with pytest.raises(UnreadableWorkbook, match=SAID):
        open_regular(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["units.csv", "名录.xlsx"])
def test_a_table_of_units(tmp_path: Path, odd: Odd, name: str) -> None:
    odd(tmp_path / name)
    with pytest.raises(ReconcileError, match=f"^“{name}”：{SAID}，没有读取$"):
        read_units(tmp_path / name)


@pytest.mark.parametrize("name", ["制度.xlsx", "制度/measures.csv", "制度/scheme.toml", "制度/narratives/report.md.j2"])
def test_a_scheme_or_a_file_of_it(tmp_path: Path, odd: Odd, name: str) -> None:
    shutil.copytree(shipped("templates") / BUILT_IN, tmp_path / "制度")
    (tmp_path / name).unlink(missing_ok=True)
    odd(tmp_path / name)
    with pytest.raises(ReconcileError, match=f"^“{Path(name).name}”：{SAID}，没有读取$"):
        read_scheme(tmp_path / Path(name).parts[0])


def test_a_table_beside_a_summary(tmp_path: Path, odd: Odd) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "data" / "e1").mkdir(parents=True)
    odd(tmp_path / "data" / "e1" / "values.parquet")
    source = Source("summary.xlsx", 0, tmp_path / "summary.xlsx")
    with (
        TablesBeside(DataFiles("data/e1", {}), source.open_beside) as beside,
        pytest.raises(UnreadableWorkbook, match=f"“data/e1/values.parquet”：{SAID}"),
    ):
        beside.matrix("values", "float64")
