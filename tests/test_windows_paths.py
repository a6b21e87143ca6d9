"""Windows' paths where the program computes with paths: drive letters, backslashes, network shares, names that Windows refuses, 260 characters.

They run on every system: what is asked is what our own functions make of such a path, not what Windows does with it.
"""

from __future__ import annotations

import errno
import io
import ntpath
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from reconcile import run
from reconcile.files import outbox
from reconcile.files.archive import find_files
from reconcile.files.outbox import MANIFEST, Outbox
from reconcile.files.safe import safe_name

RESERVED = [
    "CON",
    "con.xlsx",
    "PRN .txt",
    "aux.tar.gz",
    "NUL",
    "COM1",
    "lpt9.xlsx",
    "COM¹",
    "CONIN$",
    "结尾. ",
    "a:b",
    "a|b",
    "a?b",
    "*",
    '"',
    "<>",
    "\\",
    "a\x00b",
]


@pytest.mark.parametrize(
    "name", [*RESERVED, "C:\\Windows\\win.ini", "\\\\server\\share\\x.xlsx", "//server/share", "C:", "..", ".", "~$甲.xlsx", "王" * 300]
)
def test_a_safe_name_is_one_name_on_windows(name: str) -> None:
    made = safe_name(name)
    path = PureWindowsPath("D:/结果") / made
    assert path.parts == ("D:\\", "结果", made)
    assert not path.is_reserved()
    assert made == made.rstrip(" .")
    assert not set(made) & set('<>:"/\\|?*')
    assert 0 < len(made) <= 80


@pytest.mark.parametrize(
    "name", ["C:/Windows/win.ini", "C:\\Windows\\win.ini", "\\\\server\\share\\x", "queries/..\\..\\x", "queries/C:x", "/x", "queries//x"]
)
def test_results_stay_in_their_folder_whatever_their_name(tmp_path: Path, name: str) -> None:
    with Outbox(tmp_path / "out") as box:
        box.write(name, b"x")
    (written,) = box.written
    below = PureWindowsPath(*written.relative_to(tmp_path / "out").parts)
    assert not below.is_absolute()
    assert (below.drive, ".." in below.parts) == ("", False)
    key = (tmp_path / "out" / MANIFEST).read_text(encoding="utf-8").split(" ", 1)[1].strip()
    assert key == below.as_posix()
    with Outbox(tmp_path / "out") as box:  # and it is known again as ours
        box.drop(PurePosixPath(key).parts[0])
    assert not written.exists()


class Windows:
    """`os.path` and `PurePath` as they are on Windows, for a function that computes with them."""

    path = ntpath


@pytest.mark.parametrize(
    ("folder", "start", "way"),
    [
        ("D:\\工会\\结果", "D:\\工会\\2023H1", "../2023H1"),
        ("D:\\工会\\2023H1\\out", "D:\\工会\\2023H1", ".."),
        ("D:\\结果", "E:\\2023H1", None),
        ("\\\\server\\share\\结果", "\\\\server\\share\\2023H1", "../2023H1"),
        ("D:\\结果", "\\\\server\\share\\2023H1", None),
        ("d:\\结果", "D:\\2023H1", "../2023H1"),
    ],
)
def test_the_way_from_the_results_to_the_returns(monkeypatch: pytest.MonkeyPatch, folder: str, start: str, way: str | None) -> None:
    class Given(PureWindowsPath):
        def is_dir(self) -> bool:
            return True

    monkeypatch.setattr(run, "os", Windows)
    monkeypatch.setattr(run, "PurePath", PureWindowsPath)
    assert run._way(Given(folder), [Given(start)]) == way  # type: ignore[arg-type] # a path of Windows stands for Path there


def test_members_of_an_archive_never_leave_it(tmp_path: Path) -> None:
    """An archive packed on Windows may name its members with backslashes; a malicious one with drives, shares and ways up."""
    names = [
        "镇\\甲村.xlsx",
        "C:\\Windows\\乙.xlsx",
        "\\\\server\\share\\丙.xlsx",
        "..\\..\\丁.xlsx",
        "/戊.xlsx",
        "../己.xlsx",
        "D:庚.xlsx",
    ]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x")
    (tmp_path / "镇.zip").write_bytes(data.getvalue())
    sources = list(find_files([tmp_path / "镇.zip"], exclude=lambda _path: False))
    shown = [PurePosixPath(source.name) for source in sources]
    assert sorted(name.name for name in shown) == sorted(["甲村.xlsx", "乙.xlsx", "丙.xlsx", "丁.xlsx", "戊.xlsx", "己.xlsx", "D:庚.xlsx"])
    assert all(name.parts[0] == "镇.zip" and ".." not in name.parts for name in shown)
    assert PurePosixPath("镇.zip/镇/甲村.xlsx") in shown


@pytest.mark.parametrize(("length", "said"), [(259, "没有这个文件"), (260, "路径太长"), (400, "路径太长")])
def test_a_path_that_windows_does_not_take(monkeypatch: pytest.MonkeyPatch, length: int, said: str) -> None:
    """Behind 260 characters Windows, Excel and the shell know no file; all they say is that there is none."""
    monkeypatch.setattr(outbox.sys, "platform", "win32")
    path = Path("/" + "x" * (length - 1))
    told = outbox._sentence(path, FileNotFoundError(errno.ENOENT, "没有这个文件"))
    assert said in told
    assert told.endswith("重新运行。")


def test_results_have_room_in_a_usual_folder() -> None:
    """The longest name of a result, in the folder of queries, staged and in place, below a usual user's folder."""
    longest = safe_name("9" * 18 + " " + "王" * 300 + ".xlsx")
    home = PureWindowsPath("C:/Users/Administrator/Documents/工会报表/2023年上半年/望泉县/结果")
    assert len(str(home / "queries" / longest.replace(".xlsx", "（新2）.xlsx"))) < 218  # what Excel opens
    assert len(str(home / outbox.STAGING / "old" / "000001")) < 260
