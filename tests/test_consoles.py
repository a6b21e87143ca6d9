"""Every command on the consoles there are: GBK as on Chinese Windows, plain C, UTF-8; and what a file gets that output is sent to."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Consoles

ROOT = Path(__file__).resolve().parent.parent
COUNTY = ROOT / "sample_workbooks" / "2023H1"
FAULTS = ROOT / "sample_workbooks" / "2023H1_faults"
ODD = "𠮷野家한국é😀村"
"""Characters that GBK lacks: beyond the basic plane, Korean, a face. (é it has.)"""

CONSOLES = {
    "GBK": {"PYTHONIOENCODING": "gbk:strict", "PYTHONUTF8": "0"},
    "GB18030": {"PYTHONIOENCODING": "gb18030:strict", "PYTHONUTF8": "0"},
    "C": {"LC_ALL": "C"},
    "POSIX, ASCII": {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii:strict"},
    "Windows, English": {"PYTHONIOENCODING": "cp1252:strict"},
}
# What arrives: click takes a stream that claims ASCII for misconfigured, and writes UTF-8.
ENCODINGS = {"GBK": "gbk", "GB18030": "gb18030", "C": "utf-8", "POSIX, ASCII": "utf-8", "Windows, English": "cp1252"}


Command = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def reconcile(consoles: Consoles) -> Command:
    """reconcile(word, …, console=…, cwd=…): the command on one of CONSOLES, or on that of an environment."""

    def command(*words: object, console: str | dict[str, str], cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONIO", "PYTHONUTF8"))}
        return consoles({**plain, **(CONSOLES[console] if isinstance(console, str) else console)})(*words, cwd=cwd)

    return command


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good and a faulty return and a table of units, whose names no GBK console can show."""
    folder = tmp_path_factory.mktemp("odd") / f"上报{ODD}"
    folder.mkdir()
    shutil.copy(FAULTS / "铸源镇" / "企业" / "永顺铸造(1).xlsx", folder / f"永顺{ODD}.xlsx")
    (folder / f"坏{ODD}.xlsx").write_bytes(b"PK broken")
    units = (COUNTY / "units.csv").read_text(encoding="utf-8-sig").replace("铸源永顺铸造有限公司工会", f"铸源永顺铸造有限公司工会{ODD}")
    (folder / "units.csv").write_text(units, encoding="utf-8")
    return folder


COMMANDS: dict[str, tuple[tuple[str, ...], int, str]] = {
    "run": (("run", "{odd}", "-o", "{out}"), 0, "下一步"),
    "check": (("check", "{odd}"), 1, "位置"),
    "check concise": (("check", "{odd}", "--format", "concise"), 1, "强制"),
    "check json": (("check", "{odd}", "--format", "json"), 1, '"findings"'),
    "check csv": (("check", "{odd}", "--format", "csv"), 1, "强制"),
    "diff": (("diff", "{county}/铸源镇/企业/永顺铸造(1).xlsx", "{odd}/永顺" + ODD + ".xlsx"), 0, "永顺"),
    "diff csv": (("diff", "{county}/铸源镇/企业/永顺铸造(1).xlsx", "{odd}/永顺" + ODD + ".xlsx", "--format", "csv"), 0, ","),
    "blank": (("blank", "-u", "{odd}/units.csv", "-p", "2023H1", "-o", "{out}", "--group"), 0, "空白表"),
    "rules": (("rules",), 0, "A-01"),
    "rule": (("rules", "A-01"), 0, "要求"),
    "scheme export": (("scheme", "export", "{out}" + ODD + ".xlsx"), 0, "已导出"),
    "scheme check": (("scheme", "check", "{templates}"), 0, "审核关系"),
    "help": (("--help",), 0, "审核汇总"),
    "help of a command": (("run", "--help"), 0, "报告期"),
    "no such option": (("check", "--colour" + ODD), 2, "没有选项"),
    "no such place": (("run", "没有" + ODD), 2, "找不到"),
    "faulty scheme": (("check", "{odd}", "-s", "{odd}"), 2, "缺少这张表"),
    "no return": (("run", "{odd}/坏" + ODD + ".xlsx", "-o", "{out}"), 3, "未计入"),
}


@pytest.mark.parametrize("console", ["GBK", "C"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_on_every_console(command: str, console: str, odd: Path, tmp_path: Path, reconcile: Command) -> None:
    words, code, said = COMMANDS[command]
    places = {"{odd}": odd, "{out}": tmp_path / "结果", "{county}": COUNTY, "{templates}": ROOT / "templates" / "union_half_year"}
    filled = []
    for word in words:
        for name, place in places.items():
            word = word.replace(name, str(place))  # noqa: PLW2901 -- filled in step by step
        filled.append(word)
    ended = reconcile(*filled, console=console, cwd=tmp_path)
    out, err = ended.stdout, ended.stderr
    data = command.endswith(("json", "csv"))  # data is UTF-8 wherever it goes
    told = (out + err).decode("utf-8-sig" if data else ENCODINGS[console])
    assert ended.returncode == code, told
    assert "Traceback" not in told
    assert data or "\ufffd" not in told
    if ENCODINGS[console] != "cp1252" or data:
        assert said in told
    if command == "check":
        assert {"gbk": "坏?野家??é?村.xlsx", "cp1252": "?"}.get(ENCODINGS[console], f"坏{ODD}.xlsx") in told


@pytest.mark.parametrize("console", ["GB18030", "POSIX, ASCII", "Windows, English"])
@pytest.mark.parametrize("command", ["check", "help", "no such place"])
def test_other_consoles(command: str, console: str, odd: Path, tmp_path: Path, reconcile: Command) -> None:
    test_every_command_on_every_console(command, console, odd, tmp_path, reconcile)


@pytest.mark.parametrize("console", ["GBK", "C", "Windows, English"])
def test_findings_sent_to_a_file_are_whole(console: str, odd: Path, reconcile: Command) -> None:
    """`check --format csv > 问题.csv` opens in Excel with every character; JSON is UTF-8 without a mark (RFC 8259, 8.1)."""
    as_csv = reconcile("check", odd, "--format", "csv", console=console).stdout
    assert as_csv.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(as_csv.decode("utf-8-sig"))))
    assert any(ODD in cell for row in rows for cell in row.values())
    as_json = reconcile("check", odd, "--format", "json", console=console).stdout
    assert not as_json.startswith(b"\xef\xbb\xbf")
    findings = json.loads(as_json.decode("utf-8"))["findings"]
    assert len(findings) == len(rows)
    assert any(ODD in cell["file"] for finding in findings for cell in finding["cells"])
    changed = reconcile(
        "diff", COUNTY / "铸源镇" / "企业" / "永顺铸造(1).xlsx", odd / f"永顺{ODD}.xlsx", "--format", "csv", console=console
    )
    assert changed.stdout.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("console", ["GBK", "C"])
def test_results_do_not_depend_on_the_console(console: str, odd: Path, tmp_path: Path, reconcile: Command) -> None:
    for name in (console, "GB18030"):
        assert reconcile("run", odd, "-o", tmp_path / name / "out", console=name).returncode == 0
    one, other = (
        {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.suffix}
        for name in (console, "GB18030")
    )
    assert one == other
    assert any(ODD in name for name in one)


def test_a_system_that_cannot_name_the_files(odd: Path, tmp_path: Path) -> None:
    """Python speaks UTF-8 where the locale is C; only who forbids it meets this."""
    shutil.copytree(odd, tmp_path / "in")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "reconcile", "run", "in", "-o", "out"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, env=env)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode() == (
        "系统的文字编码是 ascii：文件名里有系统的文字编码写不出的字，没有写出新的结果。请先运行 export LC_ALL=C.UTF-8，再重新运行。\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def gbk_locale(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Linux that speaks GBK throughout, its file names too."""
    made = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/charmaps/GBK.gz").exists():
        pytest.skip(reason="localedef and the sources of locales, of which the locale zh_CN.GBK is made, are not installed")
    subprocess.run(["localedef", "-c", "-i", "zh_CN", "-f", "GBK", str(made / "zh_CN.GBK")], capture_output=True, check=False)
    return {"LOCPATH": str(made), "LC_ALL": "zh_CN.GBK"}


def test_a_system_that_speaks_gbk_throughout(gbk_locale: dict[str, str], tmp_path: Path, reconcile: Command) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(FAULTS / "铸源镇" / "企业" / "永顺铸造(1).xlsx", os.fsencode(tmp_path / "in") + "/永顺.xlsx".encode("gbk"))
    shutil.copy(COUNTY / "units.csv", tmp_path / "in")
    ended = reconcile("run", "in", "-o", "out", console=gbk_locale, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "结果在“out”：summary.xlsx" in ended.stdout.decode("gbk")
    (query,) = (tmp_path / "out" / "queries").iterdir()
    assert os.fsencode(query.name) == "990102304 铸源永顺铸造有限公司工会.xlsx".encode("gbk")
    assert "永顺.xlsx" in (tmp_path / "out" / "findings.csv").read_text(encoding="utf-8-sig")
    units = (COUNTY / "units.csv").read_text(encoding="utf-8-sig").replace("铸源永顺铸造有限公司工会", f"铸源永顺铸造有限公司工会{ODD}")
    (tmp_path / "in" / "units.csv").write_text(units, encoding="utf-8")
    before = (tmp_path / "out" / "summary.xlsx").read_bytes()
    ended = reconcile("run", "in", "-o", "out", console=gbk_locale, cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert "文件名里有系统的文字编码写不出的字" in ended.stderr.decode("gbk")
    assert (tmp_path / "out" / "summary.xlsx").read_bytes() == before
