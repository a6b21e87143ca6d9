"""What was handed in: folders, files, archives within archives."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from parts import sheet_xml, xlsx, zipped

from reconcile.files import archive
from reconcile.files.archive import Source, find_files, inside
from reconcile.files.outbox import Outbox
from reconcile.files.raw import UnreadableWorkbook
from reconcile.files.workbook import read_workbook

RETURN = xlsx(sheet_xml('<row r="1"><c r="A1"><v>35</v></c></row>'))


def nothing(_path: Path) -> bool:
    return False


def found(*paths: Path, exclude: Callable[[Path], bool] = nothing) -> dict[str, Source]:
    return {source.name: source for source in find_files(paths, exclude=exclude)}


def write(path: Path, data: bytes = RETURN) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_folder_is_searched_in_order_and_leftovers_are_passed_over(tmp_path: Path) -> None:
    for name in (
        "乙镇/a.xlsx",
        "乙镇/~$a.xlsx",
        "乙镇/.~b.xlsx",
        ".git/c.xlsx",
        "甲镇/说明.docx",
        "甲镇/Thumbs.db",
        "__MACOSX/d.xlsx",
        ".DS_Store",
        "z.et",
    ):
        write(tmp_path / name)
    assert list(found(tmp_path)) == ["z.et", "乙镇/a.xlsx", "甲镇/说明.docx"]
    assert found(tmp_path)["乙镇/a.xlsx"].read() == RETURN


def test_what_the_caller_excludes_stays_out_with_all_in_it(tmp_path: Path) -> None:
    for name in ("a.xlsx", "out/summary.xlsx", "units.csv"):
        write(tmp_path / name)
    aside = {tmp_path / "out", tmp_path / "units.csv"}
    assert list(found(tmp_path, exclude=aside.__contains__)) == ["a.xlsx"]


def test_a_file_is_taken_once_and_two_folders_keep_their_names(tmp_path: Path) -> None:
    first, second = write(tmp_path / "甲/a.xlsx"), write(tmp_path / "乙/a.xlsx")
    assert list(found(first, first.parent, first)) == ["a.xlsx"]
    assert list(found(first.parent, second.parent)) == ["甲/a.xlsx", "乙/a.xlsx"]


def test_links_in_folders_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "外/a.xlsx")
    (tmp_path / "内").mkdir()
    (tmp_path / "内/链").symlink_to(tmp_path / "外", target_is_directory=True)
    (tmp_path / "内/圈").symlink_to(tmp_path / "内", target_is_directory=True)
    (tmp_path / "内/a.xlsx").symlink_to(tmp_path / "外/a.xlsx")
    assert found(tmp_path / "内") == {}


def test_archives_are_searched_one_inside_another(tmp_path: Path) -> None:
    inner = zipped({"村/b.xlsx": RETURN, "深.zip": zipped({"c.xlsx": RETURN})})
    write(tmp_path / "镇.zip", zipped({"a.xlsx": RETURN, "村.zip": inner, "__MACOSX/._a.xlsx": b"x", "~$a.xlsx": b"x", "空/": b""}))
    sources = found(tmp_path)
    assert list(sources) == ["镇.zip/a.xlsx", "镇.zip/村.zip/村/b.xlsx", "镇.zip/村.zip/深.zip"]
    assert read_workbook(sources["镇.zip/村.zip/村/b.xlsx"].read(), name="b").sheets[0].cells == {(1, 1): 35.0}
    with pytest.raises(UnreadableWorkbook, match="两层以上"):
        sources["镇.zip/村.zip/深.zip"].read()


def test_a_workbook_is_a_workbook_whatever_its_ending(tmp_path: Path) -> None:
    write(tmp_path / "报表.zip", RETURN)
    write(tmp_path / "压缩.xlsx", zipped({"a.xlsx": RETURN}))
    write(tmp_path / "单表.xlsx", RETURN)
    sources = found(tmp_path)
    assert list(sources) == ["单表.xlsx", "压缩.xlsx", "报表.zip"]  # what is called a workbook is looked into when it is read
    assert [one.name for one in inside(sources["压缩.xlsx"])] == ["压缩.xlsx/a.xlsx"]
    assert inside(sources["单表.xlsx"]) == []


def test_names_in_gbk_and_in_utf8_without_a_flag_are_read(tmp_path: Path) -> None:
    # The writer marks names beyond ASCII as UTF-8, so the bytes are put in afterwards.
    for encoding in ("gbk", "utf-8"):
        raw = "甲镇/报表.xlsx".encode(encoding)
        data = zipped({"x" * len(raw): RETURN}).replace(b"x" * len(raw), raw)
        write(tmp_path / f"{encoding}.zip", data)
    assert list(found(tmp_path)) == ["gbk.zip/甲镇/报表.xlsx", "utf-8.zip/甲镇/报表.xlsx"]


def test_names_cannot_climb_out(tmp_path: Path) -> None:
    write(tmp_path / "a.zip", zipped({"../../etc/b.xlsx": RETURN, "C:\\c.xlsx": RETURN}))
    assert list(found(tmp_path)) == ["a.zip/C:/c.xlsx", "a.zip/etc/b.xlsx"]


def test_bad_archives_say_so_when_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = zipped({"a.xlsx": RETURN, "b.txt": b"plain" * 50})
    write(tmp_path / "断.zip", whole[:-30])
    write(tmp_path / "坏.zip", whole.replace(b"PK\x03\x04", b"PK\x03\x05", 1))
    locked = bytearray(whole)
    for entry in zipfile.ZipFile(write(tmp_path / "密.zip", whole)).infolist():
        locked[entry.header_offset + 6] |= 1
    place = locked.find(b"PK\x01\x02")
    locked[place + 8] |= 1
    write(tmp_path / "密.zip", bytes(locked))
    sources = found(tmp_path)
    assert list(sources) == ["坏.zip/a.xlsx", "坏.zip/b.txt", "密.zip/a.xlsx", "密.zip/b.txt", "断.zip"]
    with pytest.raises(UnreadableWorkbook) as damaged:
        sources["坏.zip/a.xlsx"].read()
    with pytest.raises(UnreadableWorkbook) as encrypted:
        sources["密.zip/a.xlsx"].read()
    with pytest.raises(UnreadableWorkbook) as cut:
        read_workbook(sources["断.zip"].read(), name="断.zip")
    assert [error.value.code for error in (damaged, encrypted, cut)] == ["damaged", "encrypted", "damaged"]
    monkeypatch.setattr(archive, "MAX_MEMBERS", 1)
    with pytest.raises(UnreadableWorkbook, match="超过上限 1 个"):
        found(tmp_path)["坏.zip"].read()


def test_a_member_larger_than_it_claims_is_refused(tmp_path: Path) -> None:
    size = (250).to_bytes(4, "little")
    write(tmp_path / "a.zip", zipped({"b.txt": b"plain" * 50}).replace(size, (9).to_bytes(4, "little")))
    with pytest.raises(UnreadableWorkbook) as caught:
        found(tmp_path)["a.zip/b.txt"].read()
    assert caught.value.code == "too_large"


def test_files_that_vanish_or_are_closed_to_us_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = found(write(tmp_path / "a.xlsx"))["a.xlsx"]
    (tmp_path / "a.xlsx").unlink()
    never = found(tmp_path / "没有.xlsx")["没有.xlsx"]
    for source in (gone, never):
        with pytest.raises(UnreadableWorkbook, match="找不到此文件") as caught:
            source.read()
        assert caught.value.code == "missing"
    closed = write(tmp_path / "b.xlsx")

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(closed))

    monkeypatch.setattr("reconcile.files.archive.read_regular", refuse)
    with pytest.raises(UnreadableWorkbook, match="没有读取此文件的权限"):
        found(closed)["b.xlsx"].read()


def test_a_closed_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "关/a.xlsx")
    list_folder = os.scandir

    def refuse(folder: str | os.PathLike[str]) -> object:  # as the system does, also to a superuser, whom no mode keeps out
        if Path(folder).name == "关":
            raise PermissionError(13, "Permission denied", str(folder))
        return list_folder(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    sources = found(tmp_path)
    assert list(sources) == ["关"]
    with pytest.raises(UnreadableWorkbook):
        sources["关"].read()


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE", 100)
    with pytest.raises(UnreadableWorkbook) as caught:
        found(write(tmp_path / "a.xlsx"))["a.xlsx"].read()
    assert caught.value.code == "too_large"


def test_a_source_and_a_refusal_cross_processes(tmp_path: Path) -> None:
    write(tmp_path / "镇.zip", zipped({"a.xlsx": RETURN}))
    source = pickle.loads(pickle.dumps(found(tmp_path)["镇.zip/a.xlsx"]))  # noqa: S301 -- our own bytes
    assert source.read() == RETURN
    error = pickle.loads(pickle.dumps(UnreadableWorkbook("empty", "空")))  # noqa: S301 -- our own bytes
    assert (error.code, error.message) == ("empty", "空")


def test_results_of_an_earlier_run_are_told_and_not_read(tmp_path: Path) -> None:
    write(tmp_path / "大王庄.xlsx")
    with Outbox(tmp_path / "结果") as outbox:
        outbox.write("summary.xlsx", RETURN)
    sources = found(tmp_path)
    assert sorted(sources) == ["大王庄.xlsx", "结果"]
    with pytest.raises(UnreadableWorkbook, match="以前运行写出的结果文件夹"):
        sources["结果"].read()
    assert list(found(tmp_path / "结果")) == ["summary.xlsx"]


TABLES = "data/0123456789ab/returns.parquet"


def test_tables_beside_a_summary_belong_to_it(tmp_path: Path) -> None:
    write(tmp_path / "甲镇/summary.xlsx")
    write(tmp_path / "甲镇" / TABLES, b"PAR1")
    assert list(found(tmp_path)) == ["甲镇/summary.xlsx"]
    assert list(found(tmp_path / "甲镇")) == ["summary.xlsx"]
    packed = write(tmp_path / "报送.zip", zipped({"甲镇/summary.xlsx": RETURN, f"甲镇/{TABLES}": b"PAR1"}))
    assert list(found(packed)) == ["报送.zip/甲镇/summary.xlsx"]


@pytest.mark.parametrize(
    "name",
    ["data/2023H1/x.parquet.xlsx", "data/x/returns.parquet", "data/2023H1/returns.parquet", f"{TABLES}.xlsx", f"{TABLES}/b.xlsx"],
)
def test_what_only_looks_like_such_a_table_is_told(name: str, tmp_path: Path) -> None:
    write(tmp_path / "given/summary.xlsx")
    write(tmp_path / "given" / name)
    assert sorted(found(tmp_path / "given")) == sorted(["summary.xlsx", name])
    packed = write(tmp_path / "报送.zip", zipped({"summary.xlsx": RETURN, name: RETURN}))
    assert list(found(packed)) == sorted(["报送.zip/summary.xlsx", f"报送.zip/{name}"])


def test_tables_without_a_summary_are_told(tmp_path: Path) -> None:
    write(tmp_path / "given/summary.xlsx")
    write(tmp_path / "given/村" / TABLES, b"PAR1")
    assert list(found(tmp_path / "given")) == ["summary.xlsx", f"村/{TABLES}"]
    assert list(found(tmp_path / "given/村/data")) == [TABLES.removeprefix("data/")]
    packed = write(tmp_path / "报送.zip", zipped({"summary.xlsx": RETURN, f"村/{TABLES}": b"PAR1"}))
    assert list(found(packed)) == ["报送.zip/summary.xlsx", f"报送.zip/村/{TABLES}"]


def test_where_the_folder_given_stands_does_not_matter(tmp_path: Path) -> None:
    write(tmp_path / "summary.xlsx")
    write(tmp_path / TABLES, b"PAR1")
    assert list(found(tmp_path / TABLES)) == ["returns.parquet"]
    assert list(found((tmp_path / TABLES).parent)) == ["returns.parquet"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("甲\ud800.xlsx", "甲\ufffd.xlsx"), ("\udc80\udbff\udfff.xlsx", "\ufffd\ufffd\ufffd.xlsx"), ("\udcbc\udcd7.xlsx", "甲.xlsx")],
)
def test_names_that_are_no_text_have_one_all_the_same(name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system of Windows takes any lone surrogate into a name; others only those that stand for bytes."""
    file = write(tmp_path / "a.xlsx")
    monkeypatch.setattr(archive, "_walk", lambda _given, _exclude: iter([(file, name)]))
    assert list(found(tmp_path)) == [said]


def test_junctions_of_windows_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.xlsx")
    write(tmp_path / "接/b.xlsx")
    plain = os.scandir

    class Entry:
        """An entry that Windows would tell of: neither a link nor, to Python before 3.12, anything but a folder."""

        def __init__(self, entry: os.DirEntry[str]) -> None:
            self.name, self._entry = entry.name, entry

        def is_symlink(self) -> bool:
            return self._entry.is_symlink()

        def is_dir(self, *, follow_symlinks: bool = True) -> bool:
            return self._entry.is_dir(follow_symlinks=follow_symlinks)

        def stat(self, *, follow_symlinks: bool = True) -> SimpleNamespace:
            return SimpleNamespace(st_reparse_tag=0xA0000003 if self.name == "接" and not follow_symlinks else 0)

    @contextmanager
    def scandir(path: Path) -> Iterator[Iterator[Entry]]:
        with plain(path) as entries:
            yield map(Entry, entries)

    monkeypatch.setattr(os, "scandir", scandir)
    assert list(found(tmp_path)) == ["a.xlsx"]
