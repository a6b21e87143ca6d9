"""Relaxation: the rows of a system and the bounds of its figures as one linear program, the choices between branches left open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from reconcile.scheme.program import INFINITE, Program
from reconcile.scheme.records import Floats, Truths
from reconcile.scheme.row_matrix import RowMatrix


@dataclass(frozen=True, slots=True)
class Domain:
    """What a figure may be: between `lower` and `upper`, and a whole number or any."""

    lower: float = -INFINITE
    upper: float = INFINITE
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Relaxation:
    """`lower`, `upper` and `whole`: one entry a column of `rows`."""

    rows: RowMatrix
    lower: Floats
    upper: Floats
    whole: Truths

    @cached_property
    def program(self) -> Program:
        """The linear program, made when it is first needed."""
        return Program(self.rows.normal, self.rows.two_sided)
