"""The whole road at 1,000, 10,000 and 100,000 six-sheet returns, against libraries that only read them.

    python tests/benchmarks/scale.py [--returns 1000 10000 100000] [--keep FOLDER] [--nation]

In one run, on the same files: a plain openpyxl loop and pandas with calamine (over a sample), python-calamine reading values only and this
program's reading (over all files, in turns; the workbook alone, and with its form recognised and its figures taken), each in one process
on one core; then `reconcile run` as a user runs it, from nothing, again with every hundredth return changed, and again with nothing
changed. What counts are the ratios to the calamine loop. Memory is the proportional set size of all processes of the run together. Query
workbooks are timed apart, for a round of this kind has none. `--nation` combines totals of 2.8 million made-up units in 31 provinces.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from scale_nation import nation
from scale_returns import Template, figures, make, village_code

import reconcile
from reconcile.files.scheme_files import read_scheme

LIMIT = "python-calamine, values only"
SAMPLE = 200  # files for the libraries that take tens of milliseconds each
SLICE = 250  # files before the other reader has its turn
ASKED = 50  # units with a query workbook


class Measured(NamedTuple):
    """Wall and processor seconds, and the peak of the proportional set size of the process tree in MB."""

    wall: float
    cpu: float
    peak: float


def run(folder: Path, out: Path, *options: str) -> Measured:
    """`reconcile run` as a process of its own."""
    command = [sys.executable, "-m", "reconcile", "run", os.fspath(folder), "-o", os.fspath(out), *options]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = os.times()
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        watch = _Watch(process.pid)
        told, complained = process.communicate()
    wall, after = time.perf_counter() - start, os.times()
    peak = watch.end()
    if process.returncode != 0 or "强制0个、核实0个、提示0个" not in told:
        raise SystemExit(f"{' '.join(command)}:\n{told}\n{complained}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(wall, cpu, peak)


class _Watch(threading.Thread):
    """Adds up the memory of a process and all below it, many times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._peak, self._over = pid, 0.0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.1):
            self._peak = max(self._peak, sum(_pss(pid) for pid in _tree(self._pid)))

    def end(self) -> float:
        """The peak in MB; NaN where the system does not tell."""
        self._over.set()
        self.join()
        return self._peak / 1024 if self._peak else float("nan")


def _tree(pid: int) -> list[int]:
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in below for one in _tree(int(child)))]


def _pss(pid: int) -> int:
    """Proportional set size in kB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def timed(read: Callable[[Path], object], files: Sequence[Path]) -> float:
    """Seconds to read the files one after the other."""
    start = time.perf_counter()
    for file in files:
        read(file)
    return time.perf_counter() - start


def libraries(files: Sequence[Path]) -> tuple[dict[str, float], int]:
    """Milliseconds a return of each way of reading, on one core, and the bytes of all files."""
    import openpyxl
    import pandas as pd
    import python_calamine

    from reconcile.files.archive import Source
    from reconcile.files.familiar import Familiar
    from reconcile.files.workbook import read_workbook
    from reconcile.process.intake import Reader

    def calamine(file: Path) -> None:
        book = python_calamine.CalamineWorkbook.from_path(file)
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python()

    reader = Reader(read_scheme(None))

    def ours(file: Path) -> None:
        if reader.receive(Source(file.name, 0, file)).taken is None:
            raise SystemExit(f"{file} was not read as a return")

    familiar = Familiar()

    def workbook(file: Path) -> None:
        read_workbook(file.read_bytes(), name=file.name, familiar=familiar)

    ways = {
        LIMIT: calamine,
        "reconcile, workbook alone": workbook,
        "reconcile, reading alone": ours,
    }
    spent = dict.fromkeys(ways, 0.0)
    size = sum(len(file.read_bytes()) for file in files)  # every reader then finds them in the system's cache
    for start in range(0, len(files), SLICE):
        for name, read in ways.items():
            spent[name] += timed(read, files[start : start + SLICE])
    found = {name: seconds / len(files) * 1000 for name, seconds in spent.items()}
    sample = files[:: max(1, len(files) // SAMPLE)][:SAMPLE]
    found["openpyxl"] = timed(openpyxl.load_workbook, sample) / len(sample) * 1000
    found["pandas with calamine"] = timed(lambda file: pd.read_excel(file, sheet_name=None, engine="calamine"), sample) / len(sample) * 1000
    return found, size


def change(folder: Path, count: int, *, again: int) -> None:
    """Give every hundredth village other figures."""
    scheme = read_scheme(None)
    template = Template(scheme, "village")
    for number in range(0, count, 100):
        code = village_code(number)
        (file,) = folder.glob(f"*/{number // 50:05d}/{code}.xlsx")
        file.write_bytes(template.filled(code, f"测算第{number + 1}村工会", figures(scheme, number + again * count)))


def measure(folder: Path, count: int) -> float:
    """Print the table of one size; milliseconds a return of a run from nothing."""
    start = time.perf_counter()
    if not folder.exists():
        folder.mkdir(parents=True)
        make(folder, count, read_scheme(None))
    made = time.perf_counter() - start
    files = sorted(folder.rglob("*.xlsx"))
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "out"
        reading, size = libraries(files)
        print(f"\n{count} returns, {size / 1e6:.0f} MB, made in {made:.0f} s; {len(os.sched_getaffinity(0))} cores")
        limit = reading[LIMIT]
        for name, each in reading.items():
            print(f"  {name:32}{each:9.2f} ms a return   ratio {each / limit:6.2f}", flush=True)
        first = run(folder, out)
        tell("run, from nothing", first, count, limit, first)
        change(folder, count, again=1)
        tell("run, 1 % changed", run(folder, out), count, limit, first)
        tell("run, nothing changed", run(folder, out), count, limit, first)
        tell("run, from nothing, --no-cache", run(folder, Path(temporary) / "other", "--no-cache"), count, limit, first)
        return first.wall / count * 1000


def ask(folder: Path) -> None:
    """Print what a query workbook takes: of units that report more women than members."""
    from reconcile.files.archive import find_files
    from reconcile.files.form_again import FormsAgain
    from reconcile.report.queries import queries
    from reconcile.run import Request, judge

    scheme = read_scheme(None)
    make(folder, ASKED, scheme)
    template, women = Template(scheme, "village"), scheme.codes["女会员人数"]
    for number, file in enumerate(sorted(folder.rglob("*.xlsx"))):
        wrong = {**figures(scheme, number), women: 1_000_000.0}
        file.write_bytes(template.filled(village_code(number), f"测算第{number + 1}村工会", wrong))
    outcome, scheme = judge(Request((folder,)))
    start = time.perf_counter()
    made = sum(
        1 for _ in queries(outcome, scheme, forms=FormsAgain(find_files([folder], exclude=lambda _path: False), scheme, outcome.round))
    )
    each = (time.perf_counter() - start) / made * 1000
    print(f"{made} query workbooks, {each:.0f} ms each", flush=True)


def tell(name: str, measured: Measured, count: int, limit: float, first: Measured) -> None:
    """One line: wall, ratio to the calamine loop, processor time, peak memory, share of the first run."""
    each = measured.wall / count * 1000
    print(
        f"  {name:32}{each:9.2f} ms a return   ratio {each / limit:6.2f}   {measured.wall:8.1f} s   CPU {measured.cpu:7.1f} s"
        f"   peak {measured.peak:6.0f} MB   {measured.wall / first.wall:6.1%} of the first",
        flush=True,
    )


def main() -> None:
    """Print everything asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--returns", type=int, nargs="*", default=[1000, 10000, 100000])
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--nation", action="store_true")
    chosen = parser.parse_args()
    each = None
    compileall.compile_dir(os.fspath(Path(reconcile.__file__).parent), quiet=2)  # as installing does; else the first run would
    with tempfile.TemporaryDirectory() as temporary:
        ask(Path(temporary) / "asked")
        for count in chosen.returns:
            each = measure((chosen.keep or Path(temporary)) / str(count), count)
    if chosen.nation:
        nation(each=each)


if __name__ == "__main__":
    main()
