"""What is handed in may vanish, grow, be closed to us or be no file at all: the rest is read, and the one is named with what to do."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import faulty
import pytest
from faulty import Act
from test_faults import bound_by_permissions, one_sentence, reconcile

ROOT = Path(__file__).resolve().parent.parent
GOOD = ROOT / "sample_workbooks" / "2023H1" / "铸源镇" / "河口村工会2023年上半年报表.xlsx"
OTHER = GOOD.with_name("园区村工会2023年上半年报表.xlsx")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="faults are met by forks of the program, which Windows does not have")


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """A folder with one good return, to which the fault is added."""
    folder = tmp_path / "上报"
    folder.mkdir()
    shutil.copy(GOOD, folder / "好.xlsx")
    return folder


def told(folder: Path, *, before: Callable[[], None] | None = None) -> list[str]:
    """`check` counts the one good return; what it says of other files: `file: message`."""
    ended = reconcile("check", folder, "--format", "json", before=before)
    assert (ended.returncode in (0, 1), ended.stderr) == (True, ""), ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["summary"]["units_reported"] == 1
    return [
        f"{cell['file']}: {finding['message']}"
        for finding in answer["findings"]
        for cell in finding["cells"][:1]
        if cell["file"] != "好.xlsx"
    ]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("what", ["vanishes", "is cut", "grows", "is emptied"])
def test_a_return_that_changes_while_it_is_read(handed_in: Path, tmp_path: Path, what: str, number: int) -> None:
    """At its first opening it is read, at the second read again for the query."""
    target = handed_in / "园区村.xlsx"
    shutil.copy(OTHER, target)
    ended = faulty.run(("run", handed_in, "-o", tmp_path / "out"), at=target, number=number, act=changing(what))
    assert (ended.code, ended.err) == (0, "")
    assert (tmp_path / "out" / "summary.xlsx").exists()
    found = (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8-sig")
    named = [line for line in found.splitlines() if "园区村.xlsx" in line and "强制" in line]
    if number == 2 or what == "grows":  # read before that; and what stands behind the end of a zip archive hides nothing
        assert len(named) <= 1
    else:
        assert len(named) == 1
        assert {"vanishes": "找不到此文件", "is cut": "损坏", "is emptied": "空"}[what] in named[0]


def changing(what: str) -> Act:
    def act(_event: str, name: str) -> None:
        path = Path(name)
        if what == "vanishes":
            path.unlink()
        elif what == "grows":
            path.write_bytes(path.read_bytes() + b"PK\x03\x04" + b"x" * 5000)
        else:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 if what == "is cut" else 0])

    return act


@pytest.mark.parametrize("what", ["file", "folder"])
def test_no_permission_to_read(handed_in: Path, what: str) -> None:
    closed = handed_in / ("锁上.xlsx" if what == "file" else "锁上")
    if what == "file":
        shutil.copy(OTHER, closed)
    else:
        closed.mkdir()
    closed.chmod(0)
    try:
        assert ["没有读取此文件的权限" in line for line in told(handed_in, before=bound_by_permissions)] == [True]
    finally:
        closed.chmod(0o700)


def test_what_is_no_file(handed_in: Path) -> None:
    os.mkfifo(handed_in / "管道.xlsx")
    with socket.socket(socket.AF_UNIX) as door:
        here = Path.cwd()
        os.chdir(handed_in)  # the path of a socket is at most 108 bytes
        door.bind("套接字.xlsx")
        os.chdir(here)
        found = told(handed_in)
    assert [line.split("：")[0].split(":")[0] for line in found] == ["套接字.xlsx", "管道.xlsx"]
    assert all("这不是普通文件" in line for line in found)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/stdin"])
def test_a_device_is_not_read(device: str) -> None:
    ended = reconcile("check", device)
    assert ended.returncode == 3
    assert "这不是普通文件" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_links_lead_nowhere(handed_in: Path, tmp_path: Path) -> None:
    (handed_in / "甲" / "乙").mkdir(parents=True)
    (handed_in / "甲" / "乙" / "回去").symlink_to(handed_in, target_is_directory=True)
    (handed_in / "自己").symlink_to(handed_in / "自己")
    (tmp_path / "别处").mkdir()
    shutil.copy(OTHER, tmp_path / "别处" / "园区村.xlsx")
    (handed_in / "外面").symlink_to(tmp_path / "别处", target_is_directory=True)
    (handed_in / "外面.xlsx").symlink_to(tmp_path / "别处" / "园区村.xlsx")
    assert told(handed_in) == []


@pytest.fixture
def thousand(handed_in: Path) -> Iterator[Callable[[str], None]]:
    """thousand(name): a thousand folders of that name one inside the other; the last holds a return."""
    script = (
        "import os, shutil, sys\nos.chdir(sys.argv[1])\nfor _ in range(1000):\n    os.mkdir(sys.argv[3])\n    os.chdir(sys.argv[3])\n"
        "shutil.copy(sys.argv[2], '园区村.xlsx')"
    )
    yield lambda name: subprocess.run([sys.executable, "-c", script, handed_in, OTHER, name], check=True).check_returncode()
    subprocess.run(["rm", "-rf", handed_in], check=True)  # shutil.rmtree does not go so deep


def test_a_thousand_folders_deep(handed_in: Path, thousand: Callable[[str], None]) -> None:
    """With names that together no system call takes."""
    thousand("文件夹")
    (line,) = told(handed_in)
    assert line.startswith("文件夹/文件夹/")
    assert "路径太长" in line
    assert len(line) < 500


def test_a_thousand_folders_with_short_names(handed_in: Path, thousand: Callable[[str], None]) -> None:
    thousand("d")
    ended = reconcile("check", handed_in, "--format", "json")
    assert ended.stderr == ""
    assert json.loads(ended.stdout)["summary"]["units_reported"] == 2


def test_names_that_are_not_utf8(handed_in: Path, tmp_path: Path) -> None:
    """As an old archive tool leaves them: the bytes of GBK on a disk that speaks UTF-8."""
    raw = os.fsencode(handed_in) + b"/" + "你好.xlsx".encode("gbk")
    shutil.copy(OTHER, raw)
    Path(os.fsdecode(os.fsencode(handed_in) + b"/" + "坏的.xlsx".encode("gbk"))).write_bytes(b"PK broken")
    for words in (
        ("check", "--format", "full"),
        ("check", "--format", "concise"),
        ("check", "--format", "csv"),
        ("check", "--format", "json"),
    ):
        ended = reconcile(words[0], handed_in, *words[1:])
        assert (ended.returncode, ended.stderr) == (1, "")
        assert "坏的.xlsx" in ended.stdout
    ended = reconcile("run", handed_in, "-o", tmp_path / "out")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "坏的.xlsx" in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "{}"), "找不到"),
        (("check", "{}"), "找不到"),
        (("check", GOOD, "-s", "{}"), "找不到报表制度"),
        (("check", GOOD, "-u", "{}"), "打不开"),
        (("check", GOOD, "--past", "{}"), "找不到往期资料"),
        (("run", GOOD, "-o", "{}"), "路径太长"),
        (("blank", "-u", "{}", "-p", "2023H1"), "打不开"),
        (("blank", "-u", ROOT / "sample_workbooks" / "2023H1" / "units.csv", "-p", "2023H1", "-o", "{}"), "路径太长"),
        (("diff", "{}", GOOD), "找不到"),
        (("rules", "-s", "{}"), "找不到报表制度"),
        (("scheme", "check", "{}"), "找不到报表制度"),
        (("scheme", "export", "{}/制度.xlsx"), "路径太长"),
    ],
)
def test_names_that_no_system_takes(tmp_path: Path, words: tuple[object, ...], said: str) -> None:
    long = str(tmp_path / ("长" * 100))
    ended = reconcile(*(str(word).replace("{}", long) for word in words))
    assert ended.returncode == 2
    one_sentence(ended.stderr, said, "长长长")


UNITS = "单位代码,单位名称,单位类型,上级代码\n990102,铸源镇总工会,乡镇（街道）,{}\n990102203,河口村工会,村,{}\n{}"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (UNITS.format("990102203", "990102", ""), "上级绕回到它自己"),
        (UNITS.format("990102", "990102", ""), "上级绕回到它自己"),
        (UNITS.format("", "990199", ""), "上级代码“990199”不在表中"),
        (UNITS.format("", "990102", "990102203,河口村,村,990102\n"), "代码“990102203”重复"),
        ("", "空"),
        ("单位代码;单位名称\n", "缺少列：单位代码、单位名称"),
        ("\x00\x01\x02", "缺少列"),
    ],
)
def test_a_table_of_units_that_is_no_tree(handed_in: Path, table: str, said: str) -> None:
    (handed_in / "units.csv").write_text(table, encoding="utf-8")
    ended = reconcile("check", handed_in)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("单位名录“units.csv”")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "table", [UNITS.format("", "", ""), "单位代码,单位名称,单位类型,上级代码\n"], ids=["two roots", "a heading without units"]
)
def test_a_table_of_units_that_says_little(handed_in: Path, tmp_path: Path, table: str) -> None:
    (handed_in / "units.csv").write_text(table, encoding="utf-8")
    ended = reconcile("run", handed_in, "-o", tmp_path / "out")
    assert (ended.returncode, ended.stderr) in ((0, ""), (3, ended.stderr))
    assert "Traceback" not in ended.stderr
