"""Real returns for the tests of this folder, built with the form the product hands out."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import openpyxl

from reconcile.files.form_book import Answers, blank_book
from reconcile.model.indicator import Kind
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.scheme.scheme import Scheme

H1 = Period(2023, 6, "2023H1")

COUNTY = Unit("3301", "红山县总工会", "county")
TOWN = Unit("330101", "城关镇总工会", "town", "3301")
OTHER_TOWN = Unit("330102", "河西镇总工会", "town", "3301")
BIG = Unit("33010101", "大王庄村工会", "village", "330101")
SMALL = Unit("33010102", "小王庄村工会", "village", "330101")
FAR = Unit("33010201", "柳林村工会", "village", "330102")
UNITS = UnitTree([COUNTY, TOWN, BIG, SMALL, OTHER_TOWN, FAR])


@dataclass(frozen=True)
class File:
    """A received file, as the door hands it on."""

    name: str
    data: bytes = b""
    members: tuple[str, ...] = ("in memory",)  # as if it stood in an archive: there is no file to look into again

    def read(self) -> bytes:
        return self.data


@dataclass(frozen=True)
class Filled:
    """What a clerk filled in; `change` may spoil the workbook afterwards."""

    figures: Mapping[str, object] = field(default_factory=dict)
    cover: Mapping[str, object] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, list[dict[str, object]]] = field(default_factory=dict)


def returned(
    scheme: Scheme,
    unit: Unit,
    filled: Filled | None = None,
    *,
    period: Period = H1,
    change: Callable[[openpyxl.Workbook], None] | None = None,
) -> bytes:
    """One return as bytes. Where the form asks its unit none of the figures, the last one that it asks is not applicable: no return is empty."""
    filled = filled or Filled({"A008": 35})
    asked = [one.code for one in scheme.indicators.values() if one.asked_of(unit.kind) and one.kind is not Kind.TEXT]
    figures = filled.figures if any(code in asked for code in filled.figures) else {**filled.figures, asked[-1]: "—"}
    answers = Answers(filled.cover, figures, filled.reasons, filled.texts, filled.rows)
    data = blank_book(scheme, unit=unit, period=period, filled=answers)
    if change is None:
        return data
    workbook = openpyxl.load_workbook(io.BytesIO(data))
    change(workbook)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()
