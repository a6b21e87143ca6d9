"""Reads hostile files one by one, each in a process of its own with limits, so that a death or a hang names the file that caused it.

Run as a script: it takes JSON lines `{"name"}` of a case, or `{"file", "only"}` (`only`: `read` or `road`), on standard input and answers with one JSON line each. The reading process is
forked from this one, which has everything imported and the good returns at hand, so that a case costs a fraction of a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

HARD_SECONDS = 120  # a case is stopped here; what it may take is for the test to say
HARD_MEMORY = 6 << 30  # bytes of address space, to spare the machine
_QUICK = 0.05  # seconds in which a file is read that is then read by every other way too


def forked(work: Callable[[], dict[str, Any]], *, seconds: float = HARD_SECONDS) -> dict[str, Any]:
    """What `work` answers in a process of its own, with `seconds`, `cpu` (seconds) and `peak` (MB), its children's added; `death` or `traceback` where it fails."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _limited(work, writing, seconds)
    os.close(writing)
    start = time.monotonic()
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status, _ = os.wait4(pid, 0)
    answer: dict[str, Any] = json.loads(said) if said else {}
    answer["seconds"] = round(time.monotonic() - start, 2)
    if status != 0 or not said:
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        answer["death"] = f"hangs: over {seconds:g} s" if killed == signal.SIGALRM else f"status {status}, signal {killed}"
    return answer


def _limited(work: Callable[[], dict[str, Any]], writing: int, seconds: float) -> None:
    """The forked side; never comes back."""
    resource.setrlimit(resource.RLIMIT_AS, (HARD_MEMORY, HARD_MEMORY))
    signal.setitimer(signal.ITIMER_REAL, seconds)  # its default ends the process, wherever it is
    try:
        answer = work()
    except BaseException:  # noqa: BLE001 -- whatever it is, it is what the test looks for
        answer = {"traceback": traceback.format_exc()[-4000:]}
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    answer["peak"] = sum(one.ru_maxrss // 1024 for one in used)
    answer["cpu"] = round(sum(one.ru_utime + one.ru_stime for one in used), 2)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(json.dumps(answer).encode())
    os._exit(0)


@cache
def own_scheme() -> Any:
    """The built-in scheme, read once, before the first fork: it is none of the hostile files."""
    from reconcile.files.scheme_files import read_scheme

    return read_scheme(None)


def read_only(file: Path, facts: Callable[[Any], None] | None = None) -> dict[str, Any]:
    """What becomes of each workbook in a file: `return`, `foreign`, `summary`, or the cause why it cannot be read."""
    from reconcile.files.archive import find_files
    from reconcile.files.form_reader import read_form
    from reconcile.files.raw import UnreadableWorkbook
    from reconcile.files.tidy import is_summary
    from reconcile.files.workbook import read_workbook

    outcomes, said = [], []
    for source in find_files([file], exclude=lambda _: False):
        try:
            start, data = time.process_time(), source.read()
            book = read_workbook(data, name=source.name)
            if facts is not None:
                facts(book)
            if time.process_time() - start < _QUICK:
                _same_again(data, book)
            summary = is_summary(book)
            outcomes.append("summary" if summary else "foreign" if read_form(book, own_scheme()) is None else "return")
        except UnreadableWorkbook as error:
            outcomes.append(error.code)
            said.append(error.message)
    return {"outcomes": sorted(set(outcomes)), "said": said[:3]}


def _same_again(data: bytes, book: Any) -> None:
    """A reader that knows similar files, and one that takes the sure way through every sheet, read the same."""
    from lxml import etree

    from reconcile.files import sheet_xml
    from reconcile.files.familiar import Familiar
    from reconcile.files.raw import UnreadableWorkbook
    from reconcile.files.workbook import read_workbook
    from reconcile.files.xml import UnsafeMarkup

    if book.kind == "xls":
        return
    familiar = Familiar()
    for _ in range(2):
        assert read_workbook(data, name="again", familiar=familiar) == book
    quick = sheet_xml.scan_sheet
    sheet_xml.scan_sheet = lambda *_, **__: None
    try:
        assert read_workbook(data, name="again") == book
    except (UnreadableWorkbook, UnsafeMarkup, etree.XMLSyntaxError):
        return  # what stands outside the rows is looked at by the parser alone
    finally:
        sheet_xml.scan_sheet = quick


def whole_road(file: Path, good: Path, *, deliver: bool) -> dict[str, Any]:
    """The file among good returns: `kept` is a digest of the totals of the good town, `standings` and `findings` are about the file."""
    from reconcile.run import Request, judge
    from reconcile.run import deliver as write

    paths = (good / "returns", file) if file != good else (good / "returns",)
    request = Request(returns=paths, units=good / "units.csv", period="2023H1")
    outcome, scheme = judge(request)
    totals = outcome.totals
    mine = totals[totals["unit"].astype(str).str.startswith("330101")].to_csv(index=False)
    about = outcome.round.returns[~outcome.round.returns["file"].str.startswith("returns/")]
    told = [one for one in outcome.findings if any(not cell.file.startswith("returns/") for cell in one.cells)]
    if deliver:
        with tempfile.TemporaryDirectory() as folder:
            write(outcome, scheme, request=request, folder=Path(folder), day=None)
    return {
        "kept": hashlib.sha256(mine.encode()).hexdigest(),
        "good": len(outcome.round.returns) - len(about),
        "standings": sorted(set(about["standing"])),
        "findings": sorted({one.rule for one in told}),
        "refused": sorted(about.loc[about["standing"].isin(["unreadable", "foreign"]), "file"]),
        "explained": sorted({cell.file for one in told if one.rule in ("N-01", "N-02") for cell in one.cells}),
    }


def _make(name: str, folder: Path) -> Path:
    from hostile_set import hostile_set

    case = hostile_set()[name]
    path = folder / case.file
    if not case.slow:
        path.write_bytes(case.make())
    if not path.exists():  # made elsewhere, so that what its making takes is not the reader's
        made = forked(lambda: {"size": path.write_bytes(case.make())})
        if not path.exists():
            raise RuntimeError(f"{name} was not made: {made}")
    return path


def _answer(asked: dict[str, Any], folder: Path, good: Path) -> dict[str, Any]:
    from hostile_set import hostile_set

    if "file" in asked:
        path = Path(asked["file"])
        ways = {"read": lambda: read_only(path), "road": lambda: whole_road(path, good, deliver=False)}
        return {"name": asked["file"], **{way: forked(work) for way, work in ways.items() if asked.get("only", way) == way}}
    case = hostile_set()[asked["name"]]
    path = _make(case.name, folder)
    read = forked(lambda: read_only(path, case.facts))
    answer = {"name": case.name, "read": read}
    if case.alone:
        answer["road"] = forked(lambda: whole_road(path, good, deliver=case.deliver))
    path.unlink()
    return answer


def main() -> None:
    """Answer until the input ends. The folder of good returns is the first argument."""
    import reconcile.run  # noqa: F401 -- so that no forked process has to import it again

    good = Path(sys.argv[1])
    own_scheme()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(BrokenPipeError):
        for line in sys.stdin:
            print(json.dumps(_answer(json.loads(line), Path(folder), good), ensure_ascii=False), flush=True)  # noqa: T201 -- the answer


if __name__ == "__main__":
    main()
