"""Results appear all together or not at all; what somebody changed is kept."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from reconcile.errors import ReconcileError
from reconcile.files import outbox as door
from reconcile.files.outbox import MANIFEST, STAGING, Outbox

ROOT = Path(__file__).resolve().parents[2]


def sent(folder: Path, results: Mapping[str, bytes], *, drop: tuple[str, ...] = ()) -> Outbox:
    """A run that writes these results."""
    with Outbox(folder) as outbox:
        for name, data in results.items():
            outbox.write(name, data)
        for name in drop:
            outbox.drop(name)
    return outbox


def there(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the manifest."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_writes_and_overwrites_its_own(tmp_path: Path) -> None:
    assert sent(tmp_path / "out", {"queries/1 甲.xlsx": b"one"}).written == (tmp_path / "out" / "queries" / "1 甲.xlsx",)
    sent(tmp_path / "out", {"queries/1 甲.xlsx": b"two"})
    assert there(tmp_path / "out") == {"queries/1 甲.xlsx": b"two"}
    assert (tmp_path / "out" / MANIFEST).read_text(encoding="utf-8") == f"{hashlib.sha256(b'two').hexdigest()} queries/1 甲.xlsx\n"


def test_nothing_appears_before_everything_is_there(tmp_path: Path) -> None:
    sent(tmp_path, {"a": b"old"})
    with Outbox(tmp_path) as outbox:
        outbox.write("a", b"new")
        outbox.write("b", b"new")
        assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").exists()) == (b"old", False)
    assert there(tmp_path) == {"a": b"new", "b": b"new"}


def test_an_error_inside_leaves_the_old_results(tmp_path: Path) -> None:
    sent(tmp_path, {"a": b"old"})
    with pytest.raises(KeyError), Outbox(tmp_path) as outbox:
        outbox.write("a", b"new")
        raise KeyError
    assert there(tmp_path) == {"a": b"old"}
    assert outbox.written == ()


def test_a_folder_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(KeyError), Outbox(tmp_path / "one" / "two") as outbox:
        outbox.write("a", b"new")
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    assert sent(tmp_path / "one" / "two", {}).written == ()
    assert list(tmp_path.iterdir()) == []


def test_the_same_again_is_not_touched(tmp_path: Path) -> None:
    sent(tmp_path, {"a": b"one"})
    before = (tmp_path / "a").stat()
    assert sent(tmp_path, {"a": b"one"}).written == (tmp_path / "a",)
    assert os.path.samestat(before, (tmp_path / "a").stat())


def test_a_writer_may_stream_into_a_file_or_a_folder(tmp_path: Path) -> None:
    with Outbox(tmp_path) as outbox:
        outbox.stage_path("values.parquet").write_bytes(b"figures")
        folder = outbox.stage_path("parts")
        (folder / "镇").mkdir(parents=True)
        (folder / "镇" / "1").write_bytes(b"one")
        (folder / "2").write_bytes(b"two")
    assert there(tmp_path) == {"parts/2": b"two", "parts/镇/1": b"one", "values.parquet": b"figures"}
    assert [path.name for path in outbox.written] == ["values.parquet", "2", "1"]
    assert sent(tmp_path, {"values.parquet": b"again"}, drop=("parts",)).left == ()
    assert there(tmp_path) == {"values.parquet": b"again"}


def test_keeps_what_somebody_changed(tmp_path: Path) -> None:
    (mine,) = sent(tmp_path, {"summary.xlsx": b"one"}).written
    mine.write_bytes(b"changed by the user")
    again = sent(tmp_path, {"summary.xlsx": b"two"}, drop=("summary.xlsx",))
    assert (again.written, again.left) == ((tmp_path / "summary（新）.xlsx",), ())
    assert there(tmp_path) == {"summary.xlsx": b"changed by the user", "summary（新）.xlsx": b"two"}
    assert sent(tmp_path, {"summary.xlsx": b"three"}).written == again.written
    again.written[0].write_bytes(b"changed too")
    assert sent(tmp_path, {"summary.xlsx": b"four"}).written[0].name == "summary（新2）.xlsx"


def test_keeps_what_it_did_not_write(tmp_path: Path) -> None:
    (tmp_path / "summary.xlsx").write_bytes(b"somebody's")
    assert sent(tmp_path, {"summary.xlsx": b"ours"}).written[0].name == "summary（新）.xlsx"


def test_two_results_never_meet(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"somebody's")
    sent(tmp_path, {"a.txt": b"one", "a（新）.txt": b"two"})
    assert there(tmp_path) == {"a.txt": b"somebody's", "a（新）.txt": b"one", "a（新）（新）.txt": b"two"}


def test_stays_inside_its_folder(tmp_path: Path) -> None:
    assert sent(tmp_path / "out", {"../../evil.txt": b"x"}).written == (tmp_path / "out" / "evil.txt",)


def test_drops_what_this_run_no_longer_has(tmp_path: Path) -> None:
    first = {"queries/甲.xlsx": b"1", "queries/乙.xlsx": b"2", "queries/丙.xlsx": b"3", "queries2.xlsx": b"4"}
    sent(tmp_path, first)
    (tmp_path / "queries" / "乙.xlsx").write_bytes(b"answered by the user")
    (tmp_path / "queries" / "丁.xlsx").write_bytes(b"never ours")
    again = sent(tmp_path, {"queries/丙.xlsx": b"new"}, drop=("queries",))
    assert again.left == (tmp_path / "queries" / "乙.xlsx",)
    kept = {"queries/乙.xlsx": b"answered by the user", "queries/丁.xlsx": b"never ours", "queries/丙.xlsx": b"new", "queries2.xlsx": b"4"}
    assert there(tmp_path) == kept
    assert sent(tmp_path, {}, drop=("queries2.xlsx",)).left == ()
    assert "queries2.xlsx" not in there(tmp_path)


@pytest.mark.parametrize("name", ["queries/../../mine.txt", "queries/..\\..\\mine.txt", "queries/C:\\mine.txt", "/mine.txt"])
def test_drops_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    sent(out, {"a.txt": b"x"})
    outside = tmp_path / "mine.txt"
    outside.write_bytes(b"mine")
    with (out / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(f"{hashlib.sha256(b'mine').hexdigest()} {name}\n")
    assert sent(out, {}, drop=("queries", "")).left == ()
    assert outside.exists()


def test_manifest_does_not_grow(tmp_path: Path) -> None:
    for number in range(10):
        sent(tmp_path, {"a.txt": str(number).encode()})
    assert len((tmp_path / MANIFEST).read_text(encoding="utf-8").splitlines()) == 1


def test_a_folder_that_is_not_for_results_is_not_marked(tmp_path: Path) -> None:
    for data, name in ((b"one", "a.xlsx"), (b"one", "a.xlsx"), (b"two", "a（新）.xlsx")):
        with Outbox(tmp_path, marks=False) as outbox:
            outbox.write("a.xlsx", data)
        assert outbox.written == (tmp_path / name,)
    assert not (tmp_path / MANIFEST).exists()


@pytest.mark.parametrize("where", ["staged", "renamed"])
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "磁盘空间不足"),
        (errno.EROFS, "只读"),
        (errno.EACCES, "可能正在 Excel 或 WPS 中打开"),
        (errno.EFBIG, "超过这块磁盘允许的大小"),
        (errno.ENAMETOOLONG, "路径太长"),
        (errno.EIO, "无法写入"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str, where: str
) -> None:
    sent(tmp_path, {"a.xlsx": b"old", "b.xlsx": b"old", "c.xlsx": b"old"})
    whole, rename = Path.write_bytes, Path.replace

    def refuse_data(path: Path, data: bytes) -> int:
        return whole(path, data) if b"b" not in data else refuse(path)

    def refuse_name(path: Path, target: Path) -> Path:
        return rename(path, target) if target.name != "b.xlsx" or path.parent.name == "old" else refuse(target)

    def refuse(path: Path) -> int:
        raise OSError(number, f"error {number}", str(path))

    monkeypatch.setattr(Path, "write_bytes" if where == "staged" else "replace", refuse_data if where == "staged" else refuse_name)
    with pytest.raises(ReconcileError, match=said) as caught:
        sent(tmp_path, {"new/a.xlsx": b"new", "a.xlsx": b"new", "b.xlsx": b"new b"}, drop=("c.xlsx",))
    assert str(tmp_path / "b.xlsx") in str(caught.value)
    assert there(tmp_path) == {"a.xlsx": b"old", "b.xlsx": b"old", "c.xlsx": b"old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "a.xlsx", "b.xlsx", "c.xlsx"]
    monkeypatch.undo()
    sent(tmp_path, {"a.xlsx": b"new", "b.xlsx": b"new b"}, drop=("c.xlsx",))
    assert there(tmp_path) == {"a.xlsx": b"new", "b.xlsx": b"new b"}


def test_a_streaming_writer_that_finds_the_disk_full_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReconcileError, match="磁盘空间不足"), Outbox(tmp_path / "out") as outbox:
        outbox.stage_path("a.parquet").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError), Outbox(tmp_path / "out"):  # not about writing: whoever reads knows better what to say
        (tmp_path / "gone").read_bytes()


def test_results_of_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(tmp_path, {"a": b"old", "b": b"old"})
    without_links(monkeypatch)
    sent(tmp_path, {"a": b"new", "c": b"new"}, drop=("b",))
    assert there(tmp_path) == {"a": b"new", "c": b"new"}


def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stick with FAT or exFAT, and some shares."""

    def refuse(*_paths: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)


def refused_renames(monkeypatch: pytest.MonkeyPatch, refuse: Callable[[Path, Path], bool]) -> None:
    """A file system, or Excel, that lets no file be renamed where `refuse(path, target)` says so."""
    rename = Path.replace

    def renamed(path: Path, target: Path) -> Path:
        if refuse(path, target):
            raise PermissionError(errno.EACCES, "in use", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", renamed)


@pytest.mark.parametrize("links", [True, False])
def test_what_was_renamed_before_a_refusal_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool) -> None:
    """And the next run still knows it for its own: nothing is written beside it."""
    sent(tmp_path, {"a": b"old a", "b": b"old b", "c": b"old c", "d": b"old d"})
    os.utime(tmp_path / "a", (1_700_000_000, 1_700_000_000))
    with monkeypatch.context() as patch:
        if not links:
            without_links(patch)
        refused_renames(patch, lambda _path, target: target.name == "c")
        with pytest.raises(ReconcileError, match="可能正在 Excel 或 WPS 中打开"):
            sent(tmp_path, {"a": b"new a", "new/x/1": b"1", "new/y/2": b"2", "b": b"new b", "c": b"new c"}, drop=("d",))
    assert there(tmp_path) == {"a": b"old a", "b": b"old b", "c": b"old c", "d": b"old d"}
    assert (tmp_path / "a").stat().st_mtime == 1_700_000_000
    assert sorted(path.name for path in tmp_path.iterdir()) == [MANIFEST, "a", "b", "c", "d"]
    sent(tmp_path, {"a": b"newer a", "b": b"newer b", "c": b"newer c"}, drop=("d",))
    assert there(tmp_path) == {"a": b"newer a", "b": b"newer b", "c": b"newer c"}


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_what_cannot_be_put_back_is_known_as_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, first: bool, links: bool) -> None:
    if not first:
        sent(tmp_path, {"a": b"old a", "b": b"old b"})
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == "a":
            raise PermissionError(errno.EACCES, "in use", str(path))
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        if not links:
            without_links(patch)
        patch.setattr(Path, "unlink", refuse)
        refused_renames(patch, lambda path, target: target.name == "b" or (target.name == "a" and path.parent.name == "old"))
        with pytest.raises(ReconcileError, match="/b”：文件可能正在"):
            sent(tmp_path, {"a": b"new a", "b": b"new b"})
    assert there(tmp_path) == ({"a": b"new a"} if first else {"a": b"new a", "b": b"old b"})
    told = (tmp_path / MANIFEST).read_text(encoding="utf-8")
    for data in (b"new a", b"new b") if first else (b"old a", b"new a", b"old b", b"new b"):
        assert hashlib.sha256(data).hexdigest() in told
    sent(tmp_path, {"a": b"newer a", "b": b"newer b"})
    assert there(tmp_path) == {"a": b"newer a", "b": b"newer b"}


@pytest.mark.parametrize("links", [True, False])
def test_the_manifest_knows_both_while_things_are_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool) -> None:
    """Even where the interrupt came when all was done: whoever is killed then leaves old files and new ones."""
    sent(tmp_path, {"a": b"old"})
    rename, seen = Path.replace, []
    if not links:
        without_links(monkeypatch)

    def interrupt(path: Path, target: Path) -> Path:
        if target.name == "a" and path.parent.name == "old":
            seen.append((tmp_path / MANIFEST).read_text(encoding="utf-8"))
        moved = rename(path, target)
        if target.name == MANIFEST and target.read_text(encoding="utf-8") == f"{hashlib.sha256(b'new').hexdigest()} a\n":
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sent(tmp_path, {"a": b"new"})
    assert seen == ["".join(f"{hashlib.sha256(data).hexdigest()} a\n" for data in (b"old", b"new"))]
    assert there(tmp_path) == {"a": b"old"}


def test_at_no_moment_is_a_file_missing_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(tmp_path, {"a": b"old", "b": b"old"})
    without_links(monkeypatch)
    rename, seen = Path.replace, []

    def look(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        seen.append({name: (tmp_path / name).read_bytes() for name in ("a", "b")})
        return moved

    monkeypatch.setattr(Path, "replace", look)
    sent(tmp_path, {"a": b"new", "b": b"new"})
    assert seen == [{"a": b"old", "b": b"old"}, {"a": b"new", "b": b"old"}, {"a": b"new", "b": b"new"}, {"a": b"new", "b": b"new"}]


def test_interrupted_between_renames_everything_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(tmp_path, {"a": b"old", "b": b"old", "c": b"old"})
    rename = Path.replace

    def interrupt(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        if target.name == "b" and moved.read_bytes() == b"new":
            raise KeyboardInterrupt
        return moved

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sent(tmp_path, {"a": b"new", "b": b"new"}, drop=("c",))
    assert there(tmp_path) == {"a": b"old", "b": b"old", "c": b"old"}


def test_a_folder_of_the_same_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "summary.xlsx").mkdir()
    with pytest.raises(ReconcileError, match="同名的文件夹"):
        sent(tmp_path, {"a": b"x", "summary.xlsx": b"x"})
    assert [path.name for path in tmp_path.iterdir()] == ["summary.xlsx"]


def test_what_a_killed_run_left_goes_at_the_next_run(tmp_path: Path) -> None:
    left = tmp_path / STAGING
    (left / "old").mkdir(parents=True)
    for name in ("000001.xlsx", "old/000001", "lock"):
        (left / name).write_bytes(b"half")
    (tmp_path / ".tmp").write_bytes(b"somebody's")
    sent(tmp_path, {"a": b"new"})
    assert there(tmp_path) == {".tmp": b"somebody's", "a": b"new"}


def test_a_link_in_place_of_the_staging_folder_is_not_followed(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "letter").write_bytes(b"dear")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / STAGING).symlink_to(documents, target_is_directory=True)
    sent(tmp_path / "out", {"a": b"new"})
    assert there(documents) == {"letter": b"dear"}


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from reconcile.files.outbox import Outbox\n"
        "with Outbox(Path(sys.argv[1])) as outbox:\n    print('in', flush=True); sys.stdin.read(); outbox.write('a', b'first')"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert first.stdin is not None
    assert first.stdout is not None
    assert first.stdout.readline() == b"in\n"
    with pytest.raises(ReconcileError, match="另一次运行正在向"):
        sent(tmp_path, {"a": b"second"})
    first.stdin.close()
    assert first.wait(20) == 0
    first.stdout.close()
    assert there(tmp_path) == {"a": b"first"}
    sent(tmp_path, {"a": b"third"})
    assert there(tmp_path) == {"a": b"third"}


def test_a_name_that_fits_no_file_system_is_cut(tmp_path: Path) -> None:
    (path,) = sent(tmp_path, {f"queries/{'王' * 300}.xlsx": b"x"}).written
    assert path.read_bytes() == b"x"
    assert path.name == f"{'王' * 71}.xlsx"


def test_the_longest_sentence_is_one_line() -> None:
    for number in (errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EISDIR, errno.EACCES, errno.EIO):
        told = door._sentence(Path("out/summary.xlsx"), OSError(number, "why"))
        assert "why" not in told
        assert told.startswith("无法写入“out/summary.xlsx”：")
        assert told.endswith("重新运行。")
        assert "\n" not in told


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")
def test_what_is_no_file_is_neither_written_nor_written_beside(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "制度.xlsx")
    with pytest.raises(ReconcileError, match="”：这不是普通文件"):
        sent(tmp_path, {"制度.xlsx": b"one"})
    assert [path.name for path in tmp_path.iterdir()] == ["制度.xlsx"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")
def test_a_manifest_that_is_no_file_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / door.MANIFEST)
    sent(tmp_path, {"a": b"one"})
    assert there(tmp_path) == {"a": b"one"}
    sent(tmp_path, {"a": b"two"})
    assert there(tmp_path) == {"a": b"two"}
