"""Killed, interrupted, out of space, refused: the results of the run before stay whole, and one sentence says what to do."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import faulty
import pytest
from faulty import Act, interrupted, killed, noted, preserved, refused, results, whole_tree

from reconcile.__main__ import start
from reconcile.files.outbox import MANIFEST, STAGING

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample_workbooks"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="faults are met by forks of the program, which Windows does not have")
AGAIN = 6  # after every how many moments the next run is tried
KILLED = 24  # at every how many moments the program is killed for real
TIMED = 8


class Round:
    """Two rounds of one town, one after the other into the same folder: what both write is known from undisturbed runs."""

    def __init__(self, folder: Path) -> None:
        self.out, self._kept = folder / "out", folder / "kept"
        chosen = {"old": ("2023H1_faults", "园区村工会2023年上半年报表.xlsx"), "new": ("2023H1_faults", "河口村工会2023年上半年报表.xlsx")}
        for name, (county, one) in chosen.items():
            (folder / name).mkdir(parents=True)
            shutil.copy(SAMPLE / "2023H1" / "units.csv", folder / name)
            for file in (one, "铸源镇总工会本级.xlsx", "企业/永顺铸造(1).xlsx"):
                shutil.copy(SAMPLE / county / "铸源镇" / file, folder / name)
        self.words = ("run", folder / "new", "-o", self.out, "--root", "990102")
        self.before = self._written("run", folder / "old", "-o", self.out, "--root", "990102")
        shutil.copytree(self.out, self._kept)
        self.after = self._written(*self.words)
        assert {name for name in self.before if name not in self.after} == {"queries/990102201 园区村工会.xlsx"}
        assert all(self.before[name] != self.after[name] for name in ("summary.xlsx", "narrative.docx", "findings.csv"))

    def _written(self, *words: object) -> dict[str, str]:
        ended = faulty.run(words)
        assert (ended.code, ended.err) == (0, "")
        return results(self.out)

    def old(self) -> None:
        """The folder as the first run left it."""
        self.be_as(self._kept)

    def be_as(self, folder: Path) -> None:
        """The folder of results as a copy of another."""
        shutil.rmtree(self.out)
        shutil.copytree(folder, self.out)

    @cached_property
    def events(self) -> list[str]:
        """What an undisturbed run does to the folder of results, in its order: `event path`, below the folder."""
        self.old()
        log = self.out.parent / "log"
        log.unlink(missing_ok=True)
        met = faulty.run(self.words, at=self.out, act=noted(log)).met
        lines = log.read_text(encoding="utf-8").replace(f"{self.out}{os.sep}", "").splitlines()
        assert len(lines) == met
        return lines

    def judge_whole(self) -> str:
        """Every file is the old or the new one, and opens. Says whether all are old, all new, or some of both."""
        there = results(self.out)
        for name, digest in there.items():
            assert digest in (self.before.get(name), self.after.get(name)), name
            if name.endswith((".xlsx", ".docx")):
                assert zipfile.ZipFile(self.out / name).testzip() is None
        assert not {name for name in (*self.before, *self.after) if name in self.before and name in self.after} - set(there)
        return "old" if there == self.before else "new" if there == self.after else "both"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Round:
    return Round(tmp_path_factory.mktemp("town"))


def one_sentence(text: str, *parts: str) -> None:
    """What a user reads: one line, no traceback, and in it what is named."""
    assert "Traceback" not in text
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    for part in parts:
        assert part in lines[0], text


@pytest.mark.slow
def test_killed_at_any_moment_the_old_results_stay_whole(town: Round, tmp_path: Path) -> None:
    """Before each single opening, rename and removal while files are staged and published. The next run takes what is there for its own.

    One run is looked at in every moment, for what is there then is what a kill leaves; that this is so is tried in some of them.
    """
    states = []
    town.old()
    met = faulty.run(town.words, at=town.out, act=preserved(town.out, tmp_path)).met
    for number in range(1, met + 1):
        left = tmp_path / f"{number:06}"
        if number % KILLED == KILLED // 2:
            town.old()
            assert faulty.run(town.words, at=town.out, number=number, act=killed).code == -signal.SIGKILL
            assert whole_tree(town.out) == whole_tree(left)
        town.be_as(left)
        states.append(town.judge_whole())
        if number % AGAIN == 0:
            assert faulty.run(town.words).code == 0
            assert results(town.out) == town.after
            assert not (town.out / STAGING).exists()
    assert len(states) > 20
    assert states == sorted(states, key=["old", "both", "new"].index)
    assert states.count("both") >= 2


@pytest.mark.slow
def test_killed_while_files_are_replaced_where_there_are_no_links(town: Round, tmp_path: Path) -> None:
    """On a stick with FAT the way back is a copy: no name stands empty at any moment, and the next run knows all for its own."""
    town.old()
    ended = faulty.run(town.words, at=town.out, act=without_links(preserved(town.out, tmp_path)))
    assert (ended.code, results(town.out)) == (0, town.after)
    states = []
    for number, left in enumerate(sorted(tmp_path.iterdir())):
        town.be_as(left)
        states.append(town.judge_whole())
        if states[-1] == "both" and number % 3 == 0:
            assert faulty.run(town.words).code == 0
            assert results(town.out) == town.after
    assert states == sorted(states, key=["old", "both", "new"].index)
    assert states.count("both") >= 6


@pytest.mark.parametrize("place", [1, 4, -2])
def test_refused_where_there_are_no_links_everything_goes_back(town: Round, place: int) -> None:
    town.old()
    meant = [town.out / event.split(" ", 1)[1] for event in (town.events[number - 1] for number in published(town.events))]
    town.old()
    ended = faulty.run(town.words, at=town.out, act=without_links(refused_at(meant[place])))
    assert (ended.code, town.judge_whole()) == (2, "old")
    one_sentence(ended.err, f"无法写入“{meant[place]}”", "重新运行。")
    assert faulty.run(town.words).code == 0
    assert results(town.out) == town.after


def without_links(act: Act) -> Act:
    """As `act`, on a file system that knows no hard links."""

    def acted(event: str, path: str) -> None:
        if event == "os.link":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM), path)
        act(event, path)

    return acted


def refused_at(name: Path) -> Act:
    """Nothing may be renamed onto this file, or away from it."""
    refuse = refused(errno.EACCES)

    def act(event: str, path: str) -> None:
        if event == "os.rename" and path == str(name):
            refuse(event, path)

    return act


def published(events: Sequence[str]) -> list[int]:
    """Numbers of the renames that users see, and of those of the manifest before and behind them."""
    told = ((number, *event.split(" ", 1)) for number, event in enumerate(events, start=1))
    return [number for number, event, path in told if event == "os.rename" and (path == MANIFEST or not path.startswith("."))]


@pytest.mark.slow
def test_killed_by_the_clock(town: Round) -> None:
    town.old()
    whole = faulty.run(town.words).seconds
    for place in range(1, TIMED + 1):
        town.old()
        ended = faulty.run(town.words, seconds=whole * place / (TIMED + 1))
        assert ended.code in (-signal.SIGKILL, 0)
        town.judge_whole()
    assert faulty.run(town.words).code == 0
    assert results(town.out) == town.after


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "磁盘空间不足"), (errno.EACCES, "没有写入权限"), (errno.EROFS, "只读"), (errno.EIO, "无法写入")],
)
def test_refused_once_at_any_moment_is_one_sentence(town: Round, number: int, said: str) -> None:
    """Each refusal at moments of its own."""
    failed, events, place = 0, len(town.events), (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO).index(number)
    for event in range(1 + place * events // 24, events + 1, events // 6):
        town.old()
        ended = faulty.run(town.words, at=town.out, number=event, act=refused(number))
        state = town.judge_whole()
        if ended.code == 0:  # it could be done without: a link for the way back, a folder to be cleared
            assert state == "new"
        else:
            assert (ended.code, state, ended.out) == (2, "old", "")
            one_sentence(ended.err, "无法写入", said, "重新运行。")
            failed += 1
    assert failed >= 2


def test_a_result_open_in_excel(town: Round) -> None:
    """Windows lets nobody rename onto a file that Excel has open, or write to it. All else stays as it was, too."""
    town.old()
    ended = faulty.run(town.words, at=town.out / "findings.csv", act=only_writing(errno.EACCES))
    assert (ended.code, town.judge_whole()) == (2, "old")
    one_sentence(ended.err, f"无法写入“{town.out / 'findings.csv'}”", "正在 Excel 或 WPS 中打开", "重新运行。")
    assert not (town.out / STAGING).exists()


def only_writing(number: int) -> Act:
    """As `refused`, but the file may be read."""
    refuse = refused(number)

    def act(event: str, path: str) -> None:
        if event != "open" or "_digest" not in (sys._getframe(depth).f_code.co_name for depth in range(2, 6)):
            refuse(event, path)

    return act


def test_a_disk_that_takes_no_more_bytes(town: Round) -> None:
    """A real limit of the kernel: the write itself fails half-way."""
    town.old()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
    try:
        ended = faulty.run(town.words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (ended.code, town.judge_whole()) == (2, "old")
    one_sentence(ended.err, "无法写入", "超过这块磁盘允许的大小")
    assert not (town.out / STAGING).exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 300 KB."""
    (tmp_path / "disk").mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "none", tmp_path / "disk"], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(reason=f"only root may mount a small disk here: {mounted.stderr.decode(errors='replace').strip()}")
    yield tmp_path / "disk"
    subprocess.run(["umount", tmp_path / "disk"], check=True)


def test_a_disk_that_is_full(town: Round, small_disk: Path) -> None:
    (small_disk / "full").write_bytes(b"x" * 250_000)
    words = (*town.words[:3], small_disk / "out", *town.words[4:])
    ended = faulty.run(words)
    assert ended.code == 2
    one_sentence(ended.err, "无法写入", "磁盘空间不足", "重新运行。")
    assert sorted(path.name for path in small_disk.iterdir()) == ["full"]


@pytest.mark.parametrize("what", ["file", "below a file", "file named as a result's folder", "folder named as a result"])
def test_a_place_that_cannot_take_results(town: Round, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    if what in ("file", "below a file"):
        out.write_bytes(b"mine")
    else:
        (out / ("queries" if what.startswith("file") else "summary.xlsx")).mkdir(parents=True)
        if what.startswith("file"):
            (out / "queries").rmdir()
            (out / "queries").write_bytes(b"mine")
    before = results(tmp_path)
    ended = faulty.run((*town.words[:3], out / "deeper" if what == "below a file" else out, *town.words[4:]))
    assert ended.code == 2
    one_sentence(ended.err, "无法写入", str(out))
    assert results(tmp_path) == before
    assert not (out / STAGING).exists()
    assert not (out / MANIFEST).exists()


def bound_by_permissions() -> None:
    """Makes root one user among others: without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH what is forbidden is forbidden to it, too."""
    if os.geteuid() == 0:
        import ctypes

        for capability in (1, 2):
            ctypes.CDLL(None, use_errno=True).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP, for what is executed next


def reconcile(*words: object, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reconcile", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        preexec_fn=how.get("before"),  # type: ignore[arg-type] # only ever a function
    )


@pytest.mark.parametrize("what", ["folder", "result"])
def test_a_place_that_may_not_be_written_to(town: Round, what: str) -> None:
    town.old()
    closed = town.out if what == "folder" else town.out / "summary.xlsx"
    closed.chmod(0o555 if what == "folder" else 0o444)
    try:
        ended = reconcile(*town.words, before=bound_by_permissions)
    finally:
        closed.chmod(0o755)
    assert (ended.returncode, town.judge_whole()) == (2, "old")
    one_sentence(ended.stderr, "无法写入", "没有写入权限", str(closed))


@pytest.mark.parametrize("moment", ["reading", "writing", "replacing", "at the end"])
def test_interrupted_the_old_results_stay_whole(town: Round, moment: str) -> None:
    town.old()
    at, number = next((town.out.parent / "new").glob("河口村*")), 1
    if moment != "reading":
        events = town.events
        staged = [place for place, event in enumerate(events, start=1) if event.startswith(f"open {STAGING}/0")]
        renames = published(events)
        at, number = town.out, {"writing": staged[2], "replacing": renames[3], "at the end": renames[-1]}[moment]
        town.old()
    ended = faulty.run(town.words, at=at, number=number, act=interrupted)
    assert (ended.code, town.judge_whole()) == (130, "old")
    one_sentence(ended.err, "已中断，没有写出新的结果。")
    assert not (town.out / STAGING).exists()


@pytest.mark.parametrize("seconds", [None, 2.7], ids=["workers", "late"])
def test_interrupted_by_the_clock_nobody_is_left(town: Round, seconds: float | None) -> None:
    """Ctrl-C in a terminal goes to the whole group: the program and its workers."""
    town.old()
    command = [sys.executable, "-m", "reconcile", *map(str, town.words), "--engine", "processes"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=-1, stderr=-1, start_new_session=True) as running:
        if seconds is None:
            await_workers(running)
        else:
            time.sleep(seconds)
        os.killpg(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=60)
    state = town.judge_whole()
    if state == "new":  # it was through already: at most its own ending was interrupted
        assert running.returncode in (0, -signal.SIGINT)
    else:
        assert (running.returncode, state) == (130, "old")
        one_sentence(told.decode(), "已中断")
    assert gone(lambda: os.killpg(running.pid, 0))


def test_interrupted_before_it_began_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    class Pressing:
        def find_spec(self, name: str, *_rest: object) -> None:
            if name == "reconcile.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "reconcile.cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Pressing(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == 130
    assert capfd.readouterr().err == "已中断，没有写出新的结果。\n"


def test_killed_its_workers_end_by_themselves(town: Round) -> None:
    town.old()
    command = [sys.executable, "-m", "reconcile", *map(str, town.words), "--engine", "processes"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=-1, stderr=-1, start_new_session=True) as running:
        await_workers(running)
        running.kill()
        running.wait()
    assert gone(lambda: os.killpg(running.pid, 0))
    town.judge_whole()


def await_workers(running: subprocess.Popen[bytes]) -> None:
    """Wait until a program has processes of its own."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    if not children.exists():
        pytest.skip("this system does not tell a process's children")
    while not children.read_text():
        assert running.poll() is None, "it ended before it had workers"
        time.sleep(0.005)


def gone(ask: Callable[[], None]) -> bool:
    """Whether, within ten seconds, a process group is no more."""
    for _ in range(100):
        try:
            ask()
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
