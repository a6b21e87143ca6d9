"""Make the sample county: `python sample_workbooks/make.py` writes 2023H1/ and 2023H1_faults/ anew, the same bytes each time.

The tables beside this file say everything: units.csv the units, returns.csv the files they send, figures.csv every figure as it is typed
(with last year's), planted.csv the faults of the second folder. Where a unit has no file in returns.csv, its return is missing.
"""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from books import archive, old_book
from faults import Fault, Planted, plant
from openpyxl import Workbook
from rosters import roster_rows

from reconcile.files.form_book import Answers, FormDesign, design, form_workbook
from reconcile.files.safe import workbook_bytes
from reconcile.files.scheme_files import read_scheme, read_units
from reconcile.model.indicator import Kind
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.run import Request, deliver, judge
from reconcile.scheme.form import COLUMNS, Role
from reconcile.scheme.scheme import Scheme

HERE = Path(__file__).resolve().parent
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")  # \d would take full-width digits too
_OF_MEASURE = re.compile(r"[\s,人次家份万元]+")
_LEAVES = ("enterprise", "village", "community", "institution")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of figures.csv: what a unit types for one indicator, the measure it writes over the printed one, what it reported a year
    before, and the reason it gives (each "" where nothing)."""

    unit: str
    indicator: str
    value: str
    measure: str
    previous: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """One line of returns.csv: the file a unit sends, "" where it sends none."""

    unit: str
    file: str
    filled_on: str


class County:
    """The tables of the sample county."""

    def __init__(self, folder: Path) -> None:
        self.scheme: Scheme = read_scheme(None)
        self.units: UnitTree = read_units(folder / "units.csv")
        self.lines: dict[str, list[Line]] = {code: [] for code in self.units.units}
        for row in _rows(folder / "figures.csv"):
            line = Line(row["unit"], row["indicator"], row["value"], row["measure"], row["previous"], row["reason"])
            self.lines[line.unit].append(line)
        self._designs: dict[frozenset[str], FormDesign] = {}
        self.sent = [Sent(row["unit"], row["file"], row["filled_on"]) for row in _rows(folder / "returns.csv")]
        self.planted = [
            Planted(row["what"], row["unit"], row["at"], row["typed"], row["rule"], row["tier"]) for row in _rows(folder / "planted.csv")
        ]

    def book(self, sent: Sent) -> Workbook:
        """A unit's filled return of the first half of 2023."""
        unit, lines = self.units[sent.unit], self.lines[sent.unit]
        filled = Answers(
            cover={"scope": "本级", "filler": "工会专干", "phone": "0000-0000000", "filled_on": date.fromisoformat(sent.filled_on)},
            figures={one.indicator: as_typed(one.value) for one in lines if not self._is_text(one)},
            reasons={one.indicator: one.reason for one in lines if one.reason},
            texts={one.indicator: one.value for one in lines if self._is_text(one)},
            rows=self._rosters(unit),
        )
        before = {one.indicator: float(one.previous) for one in lines if _NUMBER.fullmatch(one.previous)}
        made = self._design(unit.kind)
        workbook = form_workbook(self.scheme, unit=unit, period=_period("2023H1"), previous=before, filled=filled, made=made)
        places = made.plan.rows
        for one in lines:
            if one.measure:  # the clerk wrote another measure over the printed one
                sheet, row = places[one.indicator]
                workbook[sheet].cell(row=row, column=COLUMNS[Role.MEASURE], value=one.measure)
        return workbook

    def past_book(self, sent: Sent) -> Workbook:
        """The same unit's return of a year before: figures only."""
        figures = {one.indicator: as_typed(one.previous) for one in self.lines[sent.unit] if one.previous}
        filled = Answers(cover={"scope": "本级", "filled_on": date(2022, 7, 5)}, figures=figures)
        unit = self.units[sent.unit]
        return form_workbook(self.scheme, unit=unit, period=_period("2022H1"), filled=filled, made=self._design(unit.kind))

    def total_book(self, town: str, *, filled_on: str, figures: Mapping[str, float]) -> Workbook:
        """A town's own consolidated return (汇总) with a few figures."""
        below = [self.units[code] for code in self.units.subtree(town)]
        filled = Answers(cover={"scope": "汇总", "filled_on": date.fromisoformat(filled_on)}, figures=figures)
        made = self._design(*(unit.kind for unit in below))
        return form_workbook(self.scheme, unit=self.units[town], period=_period("2023H1"), filled=filled, made=made)

    def _design(self, *kinds: str) -> FormDesign:
        key = frozenset(kinds)
        if key not in self._designs:
            self._designs[key] = design(self.scheme, key)
        return self._designs[key]

    def figure(self, unit: str, indicator: str) -> float:
        """A figure in its indicator's measure; 0 where the unit does not report it."""
        line = next((one for one in self.lines[unit] if one.indicator == indicator), None)
        return self._in_measure(line) if line else 0.0

    def _in_measure(self, line: Line) -> float:
        """What a line of figures.csv comes to, read by a rule of its own: 21000元 and 9600 under 元 are 万元 where these are asked."""
        text = line.value.translate(str.maketrans("０１２３４５６７８９", "0123456789")).lstrip("'")
        number = _OF_MEASURE.sub("", text)
        if not _NUMBER.fullmatch(number):
            return float(text == "是")
        yuan = (text.endswith("元") and not text.endswith("万元")) or line.measure == "元"
        asked = self.scheme.indicators[line.indicator].measure
        return float(number) / 10000 if yuan and asked == "万元" else float(number)

    def _is_text(self, line: Line) -> bool:
        return self.scheme.indicators[line.indicator].kind is Kind.TEXT

    def _rosters(self, unit: Unit) -> dict[str, list[dict[str, object]]]:
        if unit.kind not in _LEAVES:
            return {}
        figures = {one.indicator: self._in_measure(one) for one in self.lines[unit.code] if not self._is_text(one)}
        number = list(self.units.units).index(unit.code) + 1
        return roster_rows(figures, number=number, place=unit.name.removesuffix("工会"), many=unit.kind in ("village", "community"))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _period(written: str) -> Period:
    found = Period.parse(written)
    if found is None:
        raise ValueError(written)
    return found


def as_typed(value: str) -> object:
    """A cell of figures.csv as the clerk leaves it: digits are a number, a leading apostrophe makes them text, all else is text."""
    if value.startswith("'"):
        return value[1:]
    return float(value) if _NUMBER.fullmatch(value) else value


def write_returns(folder: Path, books: Iterable[tuple[str, Workbook | bytes]]) -> None:
    """Write returns under their names; those below a name that ends in .zip go into one archive."""
    packed: dict[str, dict[str, bytes]] = {}
    for name, book in books:
        data = book if isinstance(book, bytes) else old_book(book) if name.endswith(".xls") else workbook_bytes(book)
        outer, inside, member = name.partition(".zip/")
        if inside:
            packed.setdefault(f"{outer}.zip", {})[member] = data
        else:
            _write(folder / name, data)
    for name, members in packed.items():
        _write(folder / name, archive(members))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_past(county: County, target: Path) -> None:
    """Last year's summary, as the program makes it from last year's returns."""
    with tempfile.TemporaryDirectory() as made:
        folder, out = Path(made) / "2022H1", Path(made) / "out"
        write_returns(folder, ((f"{sent.unit}.xlsx", county.past_book(sent)) for sent in county.sent))
        shutil.copy(HERE / "units.csv", folder / "units.csv")
        request = Request((folder,), out=out)
        outcome, scheme = judge(request)
        deliver(outcome, scheme, request=request, folder=out, day=None)
        shutil.copy(out / "summary.xlsx", target)


def write_faults(county: County, folder: Path) -> list[Fault]:
    """The county once more, with the faults of planted.csv; what is to be found, and where."""
    books: dict[str, Workbook | bytes] = {sent.file: county.book(sent) for sent in county.sent if sent.file}
    found = plant(books, county)
    write_returns(folder, books.items())
    return found


def main(target: Path = HERE) -> None:
    """Write both folders and faults.csv below `target`."""
    county = County(HERE)
    clean, faulty = target / "2023H1", target / "2023H1_faults"
    for folder in (clean, faulty):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(HERE / "units.csv", folder / "units.csv")
    write_returns(clean, ((sent.file, county.book(sent)) for sent in county.sent if sent.file))
    write_past(county, clean / "past.xlsx")
    shutil.copy(clean / "past.xlsx", faulty / "past.xlsx")
    faults = write_faults(county, faulty)
    with (target / "faults.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("what", "file", "sheet", "cell", "rule", "tier"))
        writer.writerows(faults)


if __name__ == "__main__":
    import sys

    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
