"""Domains: what a figure may be, whoever reports it: counts are 0 or more, heads are whole, an answer of yes or no is 1 or 0."""

from __future__ import annotations

from reconcile.model.indicator import Kind
from reconcile.scheme.program import INFINITE
from reconcile.scheme.relaxation import Domain
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.syntax import Reference


def domain(reference: Reference, scheme: Scheme) -> Domain:
    """The domain of an indicator of any period, of the rows of a list, or of the sum of its column; only rates may be below 0."""
    if reference.kind == "list":
        return Domain(lower=0.0, whole=True)
    if reference.kind == "column":
        roster, column = reference.parts
        measure = next(one.measure for one in scheme.rosters[roster].columns if one.column == column)
        return Domain(lower=0.0, whole=scheme.measures[measure].whole)
    indicator = scheme.indicators[reference.name]
    if indicator.kind is Kind.TEXT:
        return Domain(whole=True)
    single = indicator.kind is Kind.FLAG and reference.of == "unit"
    return Domain(0.0 if counted(reference, scheme) else -INFINITE, 1.0 if single else INFINITE, scheme.measure(reference.name).whole)


def counted(reference: Reference, scheme: Scheme) -> bool:
    """Whether the figure cannot be below 0."""
    return reference.kind != "indicator" or scheme.indicators[reference.name].kind not in (Kind.RATE, Kind.TEXT)
