"""The test's side of `hostile_watch`: a round of good returns, and the process that reads hostile files beside them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from hostile import UNIT, UNIT_NAME

from reconcile.files.form_book import Answers, blank_book
from reconcile.files.scheme_files import read_scheme
from reconcile.model.period import Period
from reconcile.model.unit import Unit

SECONDS, MEGABYTES = 10, 512
"""What one file may take: seconds of processor time (the wall says as much about the machine), megabytes at its peak."""

_HERE = Path(__file__).parent
_COUNTY = Unit("3301", "红山县总工会", "county")
_TOWNS = (Unit("330101", "城关镇总工会", "town", "3301"), Unit("330102", "河西镇总工会", "town", "3301"))
_VILLAGES = (Unit("330101001", "大王庄村工会", "village", "330101"), Unit("330101002", "小王庄村工会", "village", "330101"))
_OTHER = Unit(UNIT, UNIT_NAME, "village", "330102")


def good_round(folder: Path) -> Path:
    """Two good returns of one town in `folder`/returns, and the units, among which the hostile files' unit belongs to another town."""
    scheme, (returns, units) = read_scheme(None), (folder / "returns", folder / "units.csv")
    returns.mkdir(parents=True)
    for heads, unit in zip((35, 120), _VILLAGES, strict=True):
        figures = {"A008": heads, "A009": 20, "A014": heads - 5, "C021": 12.5}
        answers = Answers({}, {code: value for code, value in figures.items() if scheme.indicators[code].asked_of(unit.kind)}, {}, {}, {})
        (returns / f"{unit.code}.xlsx").write_bytes(blank_book(scheme, unit=unit, period=Period(2023, 6, "2023H1"), filled=answers))
    lines = (f"{one.code},{one.name},{one.kind},{one.parent}" for one in (_COUNTY, *_TOWNS, *_VILLAGES, _OTHER))
    units.write_text("\n".join(("code,name,kind,parent", *lines)), encoding="utf-8")
    return folder


class Watch:
    """Asks the watching process about one case or file after the other. A context manager."""

    def __init__(self, good: Path) -> None:
        self._good = good

    def __enter__(self) -> Watch:
        command = [sys.executable, str(_HERE / "hostile_watch.py"), str(self._good)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.communicate()

    def __call__(self, **asked: str) -> dict[str, Any]:
        """What was found: `read` and `road` as in `hostile_watch`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the watching process itself ended over {asked}"
        answer: dict[str, Any] = json.loads(line)
        return answer


def unharmed(found: dict[str, Any], *, kept: str | None) -> None:
    """Nothing broke, nothing took too long or too much, and the good returns' totals are as without the file."""
    for way in ("read", "road"):
        if way not in found:
            continue
        one = found[way]
        assert "traceback" not in one, f"{way}: {one['traceback']}"
        assert "death" not in one, f"{way}: {one['death']}"
        assert one["cpu"] <= SECONDS, f"{way}: {one['cpu']} s"
        assert one["peak"] <= MEGABYTES, f"{way}: {one['peak']} MB"
    if kept is not None and "road" in found:
        assert (found["road"]["kept"], found["road"]["good"]) == (kept, 2)
        assert found["road"]["explained"] == found["road"]["refused"]
