"""1,000 returns through the whole `run`, against a plain openpyxl loop that only loads the same files.

    python tests/benchmarks/thousand_returns.py [--returns 1000] [--keep FOLDER]

Both run as processes of their own, one after the other on the same files; what counts is the ratio. Prints wall time, peak memory, and the
time of `reconcile --help`. The returns hold no open finding.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from reconcile.files.form_book import Answers, blank_book, design
from reconcile.files.scheme_files import read_scheme
from reconcile.model.period import Period
from reconcile.model.unit import Unit
from reconcile.scheme.scheme import Scheme

TOWNS = 20
CODE, NAME = "CODE00000000", "某某某某某某工会"
CORE = {
    "基层工会数": 1,
    "涵盖单位数": 1,
    "职工人数": 120,
    "女职工人数": 48,
    "农民工人数": 60,
    "期初会员数": 100,
    "新增会员": 12,
    "减少会员": 2,
    "会员人数": 110,
    "女会员人数": 44,
    "农民工会员数": 50,
}

LOAD = """
import sys, openpyxl
from pathlib import Path
for path in sorted(Path(sys.argv[1]).rglob('*.xlsx')):
    openpyxl.load_workbook(path)
"""


def filled(scheme: Scheme, kind: str) -> bytes:
    """One return of this kind with every required figure, and zero wherever a rule allows it, under a stand-in code and name."""
    unit = Unit(CODE, NAME, kind)
    figures: dict[str, object] = {one.code: 0 for one in scheme.asked_of(kind) if one.kind in ("flow", "stock") and not one.formula}
    figures |= {scheme.codes[name]: value for name, value in CORE.items() if scheme.indicators[scheme.codes[name]].asked_of(kind)}
    answers = Answers(cover={"scope": "本级", "filled_on": "2023-07-05"}, figures=figures)
    period = Period.parse("2023H1")
    if period is None:
        raise SystemExit("no period")
    return blank_book(scheme, unit=unit, period=period, filled=answers, made=design(scheme, (kind,)))


def renamed(data: bytes, code: str, name: str) -> bytes:
    """The same return of another unit: code and name replaced in every part, whichever way the name is spelt in XML."""
    swaps = [(CODE.encode(), code.encode())]
    swaps += [(NAME.encode(how, "xmlcharrefreplace"), name.encode(how, "xmlcharrefreplace")) for how in ("utf-8", "ascii")]
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for info in source.infolist():
            part = source.read(info)
            for before, after in swaps:
                part = part.replace(before, after)
            target.writestr(info, part)
    return made.getvalue()


def make(folder: Path, count: int) -> None:
    """A county of `count` returns in a folder per town, with its table of units."""
    scheme = read_scheme(None)
    templates = {kind: filled(scheme, kind) for kind in ("village", "enterprise", "town", "county")}
    lines = ["单位代码,单位名称,单位类型,上级代码", "C,测算县总工会,县（市、区）,"]
    (folder / "C.xlsx").write_bytes(renamed(templates["county"], "C", "测算县总工会"))
    for town in range(TOWNS):
        code, name = f"T{town:02d}", f"第{town + 1}测算镇总工会"
        lines.append(f"{code},{name},乡镇（街道）,C")
        (folder / name).mkdir()
        (folder / name / f"{code}.xlsx").write_bytes(renamed(templates["town"], code, name))
    for number in range(count - TOWNS - 1):
        kind = "village" if number % 2 else "enterprise"
        town = number % TOWNS
        code, name = f"U{number:06d}", f"测算单位{number:06d}工会"
        lines.append(f"{code},{name},{'村' if kind == 'village' else '企业'},T{town:02d}")
        (folder / f"第{town + 1}测算镇总工会" / f"{code}.xlsx").write_bytes(renamed(templates[kind], code, name))
    (folder / "units.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def measured(command: list[str]) -> tuple[float, float, str]:
    """Wall seconds and peak memory in MB of one command (the largest process of its tree), and what it printed."""
    before = time.perf_counter()
    result = subprocess.run(
        ["/usr/bin/env", "time", "-v", *command] if _has_time() else command, capture_output=True, text=True, check=False
    )
    wall = time.perf_counter() - before
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{result.stdout}\n{result.stderr}")
    peak = [line.split(":")[1] for line in result.stderr.splitlines() if "Maximum resident" in line]
    return wall, float(peak[0]) / 1024 if peak else float("nan"), result.stdout


def _has_time() -> bool:
    return Path("/usr/bin/time").exists()


def main() -> None:
    """Make the returns, run both, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--returns", type=int, default=1000)
    parser.add_argument("--keep", type=Path, default=None)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary) / "returns"
        if not folder.exists():
            folder.mkdir(parents=True)
            make(folder, chosen.returns)
        out = Path(temporary) / "out"
        run_wall, run_peak, told = measured([sys.executable, "-m", "reconcile", "run", os.fspath(folder), "-o", os.fspath(out)])
        load_wall, load_peak, _ = measured([sys.executable, "-c", LOAD, os.fspath(folder)])
        help_wall = min(measured([sys.executable, "-m", "reconcile", "--help"])[0] for _ in range(5))
    print(told.strip())
    print(f"{'':24}{'seconds':>10}{'ms a return':>14}{'peak MB':>10}")
    for name, wall, peak in (("reconcile run, whole", run_wall, run_peak), ("openpyxl, loading only", load_wall, load_peak)):
        print(f"{name:24}{wall:10.2f}{wall / chosen.returns * 1000:14.2f}{peak:10.0f}")
    print(f"ratio run / openpyxl: {run_wall / load_wall:.3f}    reconcile --help: {help_wall:.2f} s")


if __name__ == "__main__":
    main()
