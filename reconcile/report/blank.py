"""Blank returns: one form for every unit that owes one, or one form for a whole group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from reconcile.files.form_book import FormDesign, blank_book, design, group_book
from reconcile.files.safe import free_name, safe_name

if TYPE_CHECKING:
    import pandas as pd

    from reconcile.model.period import Period
    from reconcile.model.unit import UnitTree
    from reconcile.scheme.scheme import Scheme


def blanks(scheme: Scheme, *, units: UnitTree, period: Period, past_own: pd.DataFrame | None = None) -> Iterator[tuple[str, bytes]]:
    """(file name, content) of an empty return for each unit that exists at the period's end, in the order of the units.

    past_own: what each unit reported for the same period of last year (index = unit code, columns = indicator codes, NaN unknown).
    Names are `<code> <name>.xlsx` as every system accepts them; two that differ only in case are told apart by a number.
    """
    designs: dict[str, FormDesign] = {}
    taken: set[str] = set()
    for unit in units:
        if not unit.expected(period.last_day):
            continue
        if unit.kind not in designs:
            designs[unit.kind] = design(scheme, (unit.kind,))
        name = free_name(f"{unit.code} {unit.name}.xlsx", taken)
        yield name, blank_book(scheme, unit=unit, period=period, previous=_figures(past_own, unit.code), made=designs[unit.kind])


def group_blank(scheme: Scheme, *, units: UnitTree, period: Period, past_own: pd.DataFrame | None = None) -> tuple[str, bytes]:
    """(file name, content) of the one form for all units, to be sent to a group: each chooses itself on the cover.

    `past_own` as in `blanks`.
    """
    previous = {unit.code: figures for unit in units if (figures := _figures(past_own, unit.code))}
    name = safe_name(f"{scheme.name} {period.chinese}（各单位通用）.xlsx")
    return name, group_book(scheme, units=units, period=period, previous=previous)


def _figures(past_own: pd.DataFrame | None, unit: str) -> Mapping[str, float]:
    """Last year's known figures of one unit, by code."""
    if past_own is None or unit not in past_own.index:
        return {}
    figures = past_own.loc[unit].dropna()
    return dict(zip(figures.index.astype(str), figures.astype(float), strict=True))
