"""Make the sample county: `python sample_workbooks/make.py` writes 2023H1/ and 2023H1_faults/ anew, the same bytes each time.

The tables beside this file say everything: units.csv the units, returns.csv the files they send, figures.csv every figure as it is typed
(with last year's), planted.csv the faults of the second folder. Where a unit has no file in returns.csv, its return is missing.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from books import archive, old_book
from county import County
from faults import Fault, plant
from openpyxl import Workbook

from reconcile.files.safe import workbook_bytes
from reconcile.run import Request, deliver, judge

HERE = Path(__file__).resolve().parent


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
