"""Summaries whose hidden sheets lie, with digests that are right: whoever means harm computes those too."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from hostile import SUMMARY, UNIT, UNIT_NAME, Hostile, sheet, small_parts, small_return
from parts import OFFICE, zipped

from reconcile.files.raw import Raw, Sheet, column_letters, column_number
from reconcile.files.tidy_table import HEAD, _digest_of
from reconcile.files.workbook import read_workbook

Sheets = dict[str, dict[tuple[int, int], Raw]]


@cache
def _summary() -> bytes:
    """The summary of the small return, as the program writes it."""
    from reconcile.run import Request, deliver, judge

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "甲.xlsx").write_bytes(small_return())
        (place / "units.csv").write_text(
            f"code,name,kind,parent\n330102,河西镇总工会,town,\n{UNIT},{UNIT_NAME},village,330102\n", encoding="utf-8"
        )
        request = Request(returns=(place / "甲.xlsx",), units=place / "units.csv")
        outcome, scheme = judge(request)
        deliver(outcome, scheme, request=request, folder=place / "out", day=None)
        return (place / "out" / "summary.xlsx").read_bytes()


def sheets_of(data: bytes) -> Sheets:
    """The hidden sheets of a summary."""
    return {one.name: dict(one.cells) for one in read_workbook(data, name="summary").sheets if one.name.startswith("_")}


def remade(change: Callable[[Sheets], None], *, honest: bool = True) -> bytes:
    """The summary with its hidden sheets changed; `honest`: its digests say what it says now."""
    sheets = sheets_of(_summary())
    change(sheets)
    if honest:
        _sign(sheets)
    return _workbook(sheets)


def _sign(sheets: Sheets) -> None:
    head = sheets.get(HEAD, {})
    rows = {str(value): row for (row, column), value in head.items() if column == 1}
    for name in [*(one for one in sheets if one != HEAD), HEAD]:
        row = rows.get(f"digest:{name}")
        if row is not None:
            own = f"digest:{HEAD}" if name == HEAD else ""
            found = Sheet(
                name=name, hidden=True, cells=sheets[name], formulas={}, merged=(), hidden_rows=frozenset(), hidden_columns=frozenset()
            )
            head[row, 2] = _digest_of(found, without=own)


def _workbook(sheets: Sheets) -> bytes:
    parts = small_parts()
    listed, links = [], []
    for number, (name, cells) in enumerate(sheets.items(), start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet(_rows(cells))
        listed.append(f'<sheet name="{escape(name)}" sheetId="{number}" state="hidden" r:id="rId{number}"/>')
        links.append(f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>')
    book, rels = str(parts["xl/workbook.xml"]), str(parts["xl/_rels/workbook.xml.rels"])
    parts["xl/workbook.xml"] = book.partition("<sheets>")[0] + f"<sheets>{''.join(listed)}</sheets></workbook>"
    parts["xl/_rels/workbook.xml.rels"] = rels.partition("<Relationship ")[0] + "".join(links) + "</Relationships>"
    return zipped(parts)


def _rows(cells: Mapping[tuple[int, int], Raw]) -> str:
    lines: dict[int, list[str]] = {}
    for (row, column), value in sorted(cells.items(), key=lambda one: one[0]):
        at = f"{column_letters(column)}{row}"
        inside = (
            f'<c r="{at}"><v>{value!r}</v></c>'
            if isinstance(value, float)
            else f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'
        )
        lines.setdefault(row, []).append(inside)
    return "".join(f'<row r="{row}">{"".join(line)}</row>' for row, line in lines.items())


def put(name: str, **cells: Any) -> Callable[[Sheets], None]:
    """Put values into cells of a sheet; None takes what stands there away."""

    def change(sheets: Sheets) -> None:
        for address, value in cells.items():
            letters = address.rstrip("0123456789")
            at = int(address[len(letters) :]), column_number(letters)
            sheets[name].pop(at, None)
            if value is not None:
                sheets[name][at] = float(value) if isinstance(value, int | float) else value

    return change


def head(**facts: Any) -> Callable[[Sheets], None]:
    """Other facts in the head; a `__` in a name is a colon and an underscore."""

    def change(sheets: Sheets) -> None:
        rows = {str(value): row for (row, column), value in sheets[HEAD].items() if column == 1}
        for name, value in facts.items():
            row = rows.get(name.replace("__", ":_")) or max(row for row, _ in sheets[HEAD]) + 1
            sheets[HEAD][row, 1] = name.replace("__", ":_")
            sheets[HEAD][row, 2] = value

    return change


def both(*changes: Callable[[Sheets], None]) -> Callable[[Sheets], None]:
    def change(sheets: Sheets) -> None:
        for one in changes:
            one(sheets)

    return change


def without(name: str) -> Callable[[Sheets], None]:
    return lambda sheets: sheets.pop(name) and None


def copied_row(name: str, *, times: int, **changes: str) -> Callable[[Sheets], None]:
    """The first row of a table again and again, with `rows:` counted right; `{n}` in a change is the row's number."""

    def change(sheets: Sheets) -> None:
        cells = sheets[name]
        first = {column: value for (row, column), value in cells.items() if row == 2}
        last = max((row for row, _ in cells), default=1)
        for number in range(last + 1, last + 1 + times):
            for column, value in first.items():
                cells[number, column] = value
            for letters, said in changes.items():
                cells[number, column_number(letters)] = said.replace("{n}", str(number)).replace("{before}", str(number - 1))
        head(**{f"rows_{name}".replace("rows__", "rows__"): float(last - 1 + times)})(sheets)

    return change


def packed(name: str, *, rows: int, **columns: str) -> Callable[[Sheets], None]:
    """A table that claims to be packed, 4,000 rows in a cell: each column one word for ever, or the number 7 where it is named `columns`."""

    def change(sheets: Sheets) -> None:
        cells = sheets[name]
        heading = {column: str(value) for (row, column), value in cells.items() if row == 1}
        cells.clear()
        same = ",".join("0" * 4_000)
        for column, said in heading.items():
            cells[1, column] = said
            word = columns.get(said, '"x"')
            for row in range(2, 2 + rows // 4_000):
                cells[row, column] = f'{{"words":[{word}],"at":[{same}]}}'
        head(**{"format": "3", f"rows_{name}": float(rows // 4_000), f"packed_{name}": float(rows)})(sheets)

    return change


DEEP = "[" * 100_000
_CASES: dict[str, Callable[[Sheets], None]] = {
    "as it was": lambda _: None,
    "no head": without(HEAD),
    **{
        f"without {name}": without(name)
        for name in ("_values", "_returns", "_units", "_layouts", "_scheme", "_intake", "_lists", "_totals")
    },
    **{f"of the period {said[:12]}": head(period=said) for said in ("2023H3", "", "9" * 5000, "=1+1", "2023-13", "0000-00")},
    **{f"of the format {said[:8]}": head(format=said) for said in ("2", "", "x", "1" * 5000)},
    "of another root": head(root="../../etc"),
    "of a root of a megabyte": head(root="1" * 1_000_000),
    "of another scheme": head(scheme="0" * 64),
    **{
        f"with a million rows of {name}": head(**{f"rows_{name}": 1_000_000.0})
        for name in ("_values", "_returns", "_units", "_lists", "_typed", "_scheme", "_layouts", "_intake")
    },
    **{f"with {said[:9]} rows of values": head(rows__values=said) for said in ("-1", "1e9", "NaN", "9" * 5000, "二")},
    "with figures to the last column": both(put("_values", XFD1="Z999"), head(rows__values=1_000_000.0)),
    "with one figure at the last column": put("_values", XFD2=7),
    "with states of a million letters": put("_values", B2="s" + "1" * 1_000_000),
    "with states of letters": put("_values", B2="sX"),
    "with states in Chinese": put("_values", B2="s" + "一" * 289),
    "with a figure that is a text": put("_values", C2="十二"),
    "with a figure that is infinite": put("_values", C2="inf"),
    "with a figure of 1e308": put("_values", C2=1e308),
    "with an id that is a formula": put("_values", A2="=cmd|'/c calc'!A0"),
    "with a return twice": both(copied_row("_returns", times=1), copied_row("_values", times=1)),
    "with a return that has no figures": copied_row("_returns", times=1, A="other"),
    "with a thousand returns without figures": copied_row("_returns", times=1000, A="r{n}"),
    "with two columns of one name": put("_values", D1="A001"),
    "with a column of returns less": put("_returns", C1=None),
    "with a unit that is its own parent": put("_units", D2="330102"),
    "with units in a circle": put("_units", D2=UNIT),
    "with a unit twice": copied_row("_units", times=1),
    "with 5000 units": copied_row("_units", times=5000, A="u{n}", D="330102"),
    "with a chain of 5000 units": copied_row("_units", times=5000, A="u{n}", D="u{before}"),
    "with a unit of no kind": put("_units", C2="dragon"),
    "with a unit opened yesterday": put("_units", F2="昨天"),
    "with findings that are no JSON": copied_row("_lists", times=0),
    "with layouts that are no JSON": put("_layouts", C2="{oops"),
    "with layouts of 100000 brackets": put("_layouts", C2=DEEP),
    "with layouts that are a list": put("_layouts", C2="[1,2]"),
    "with layouts of numbers": put("_layouts", C2='{"A008":1e999}'),
    "with layouts of 5000 digits": put("_layouts", C2='{"A008":' + "9" * 5000 + "}"),
    "with a table 16384 columns wide": put("_scheme", B2=16384),
    "with a table of minus one column": put("_scheme", B2=-1),
    "with 2000 tables 16384 columns wide": copied_row("_scheme", times=2000, B="16384"),
    "with a table named otherwise": put("_scheme", A2="../../x"),
    "with a template that runs": put("_templates", B2="{% for a in range(10**9) %}{{ ''.__class__.__mro__ }}{% endfor %}"),
    "with a long text that is not there": put("_returns", B2="\\@99"),
    "with a long text of another": put("_returns", B2="\\@" + "9" * 5000),
    "with a file name that climbs out": put("_returns", B2="../../../etc/passwd"),
    "with a sheet of a million columns": put("_returns", ZZZ9=1),
    "with plain values that claim to be packed": head(format="3", packed__values=1.0),
    "with packed lists of two million rows": packed("_lists", rows=2_000_000, row="7", value="7"),
    "with packed lists of a million rows": packed("_lists", rows=1_400_000, row="7", value="7"),
    "with packed returns of the same name": packed("_returns", rows=48_000),
    "with a million packed returns": packed("_returns", rows=600_000),
    "with a million packed units": packed("_units", rows=1_000_000, opened='""', closed='""', successors='"[]"'),
    "with packed units of the same code": packed("_units", rows=296_000, opened='""', closed='""', successors='"[]"'),
    "with packed findings of brackets": packed("_intake", rows=96_000, tier='"error"', indicators='"[]"', cells='"[]"'),
}


def summaries() -> Iterator[Hostile]:
    """All of this file."""
    for name, change in _CASES.items():
        yield Hostile(f"a summary {name}", lambda change=change: remade(change), f"{SUMMARY}|damaged|foreign")  # type: ignore[misc] -- bound early on purpose
    yield Hostile("a summary with digests that are wrong", lambda: remade(put("_values", C2=1), honest=False), SUMMARY)
    outside = {"folder": "../../../../etc", "files": {"values": "0" * 64}}
    yield Hostile(
        "a summary with files in another place",
        lambda: remade(head(data=json.dumps(outside), beside=json.dumps(outside))),
        f"{SUMMARY}|damaged",
    )
