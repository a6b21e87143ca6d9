"""A reader of many returns takes from each what a reader of that one alone takes, in whatever order they come."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from reconcile.files.archive import Source, find_files
from reconcile.files.form_figures import Block, Figures
from reconcile.files.form_reader import FilledForm
from reconcile.files.scheme_files import read_scheme
from reconcile.process.intake import MOST_LAYOUTS, Reader, Received
from reconcile.scheme.scheme import Scheme

SAMPLE = Path(__file__).parents[2] / "sample_workbooks" / "2023H1_faults"


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    found = [one for one in find_files([SAMPLE], exclude=lambda _: False) if one.name.endswith(".xlsx") and "past" not in one.name]
    assert len(found) > 15
    return found


def told(received: Received) -> str:
    """All that was taken, as text, so that NaN equals NaN."""
    taken = received.taken
    if taken is None:
        return repr(received)
    fields = {name: getattr(taken, name) for name in type(taken).__slots__}
    fields |= {"values": taken.values.tolist(), "states": taken.states.tolist(), "places": sorted(taken.places.items())}
    return repr((received.standing, received.reason, fields))


def test_one_memory_for_many_files_changes_nothing(scheme: Scheme, sources: list[Source]) -> None:
    alone = {source.name: told(Reader(scheme).receive(source)) for source in sources}
    reader = Reader(scheme)
    for order in (sources, sources[::-1], sources[::2] + sources[1::2], sources, [one for one in sources for _ in range(4)]):
        assert {source.name: told(reader.receive(source)) for source in order} == alone


def moved(source: Source, folder: Path, change: str) -> Source:
    """The return as a clerk may have changed its form."""
    book = openpyxl.load_workbook(io.BytesIO(source.read()))
    sheet = book.worksheets[1]
    if change == "row":
        sheet.insert_rows(5)
        sheet.cell(5, 1, "A999")
        sheet.cell(5, 2, "自加的指标")
    elif change == "heading":
        sheet.cell(3, 1, "编 号")
    elif change == "above":
        sheet.cell(1, 8, "代码")
    elif change == "code":
        sheet.cell(4, 1, "")
    elif change == "second":
        book.copy_worksheet(sheet)
    book.save(folder / f"{change}.xlsx")
    return next(iter(find_files([folder / f"{change}.xlsx"], exclude=lambda _: False)))


def test_a_changed_form_is_never_read_by_the_plan_of_another(scheme: Scheme, sources: list[Source], tmp_path: Path) -> None:
    changed = [moved(sources[0], tmp_path, change) for change in ("none", "row", "heading", "above", "code", "second")]
    alone = [told(Reader(scheme).receive(source)) for source in changed]
    assert len(set(alone)) > 3
    reader = Reader(scheme)
    for _ in range(3):
        assert [told(reader.receive(source)) for source in changed] == alone
    for place in (5, 3, 1, 4, 2, 0, 3):
        assert told(reader.receive(changed[place])) == alone[place]


def test_a_folder_of_forms_no_two_of_which_are_alike_does_not_fill_the_memory(scheme: Scheme) -> None:
    reader = Reader(scheme)
    cover = dict.fromkeys(("unit", "unit_name", "scope", "period", "filled_on", "filler", "phone", "head", "replaces", "scheme"), "")
    for number in (*range(3 * MOST_LAYOUTS), 0, 1):
        block = Block("表", ("A008",), (f"D{number + 1}",), [5.0], ("人",))
        taken = reader.take(FilledForm(cover, Figures([block]), {}, {}, (), (), (), (), (), f"layout {number}"))
        assert taken.places == {"A008": ("表", f"D{number + 1}")}
    again = reader.take(FilledForm(cover, Figures([block]), {}, {}, (), (), (), (), (), "layout 1"))
    assert again.places is taken.places
    assert len(reader._places) <= MOST_LAYOUTS
