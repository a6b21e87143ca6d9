"""Records: where an expression's figures come from, all of them at once or block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reconcile.scheme.syntax import Reference

Floats: TypeAlias = NDArray[np.float64]
Truths: TypeAlias = NDArray[np.bool_]


class Environment(Protocol):
    """Where an expression's figures come from: `size` records, every column of that length."""

    @property
    def size(self) -> int:
        """Number of records."""

    def figure(self, reference: Reference, /) -> Floats:
        """Values of an indicator; NaN unknown."""

    def absent(self, reference: Reference, /) -> Truths:
        """True where nobody answered; an answer that is no number ("—", unreadable) is unknown but not absent."""

    def rows(self, roster: str, /) -> Floats:
        """Number of rows of a list; NaN where the list is not known."""

    def column_total(self, roster: str, column: str, /) -> Floats:
        """Sum of a list's column; NaN where the list is not known."""


@runtime_checkable
class WordEnvironment(Protocol):
    """What an environment offers besides, when rules compare words."""

    def words(self, reference: Reference, /) -> NDArray[np.object_]:
        """Texts of an indicator; unknown where `absent`."""


@dataclass(slots=True, eq=False)
class Block:
    """Some records of an environment, `here`, and then others: every column is asked for once and kept whole."""

    environment: Environment
    size: int = 0
    here: slice | NDArray[np.intp] = field(default_factory=lambda: slice(0))
    _kept: dict[tuple[str, object], NDArray[Any]] = field(default_factory=dict)

    def figure(self, reference: Reference, /) -> Floats:
        """Values of an indicator."""
        return self._here("figure", reference, lambda: self.environment.figure(reference), np.float64)

    def absent(self, reference: Reference, /) -> Truths:
        """Where nobody answered."""
        return self._here("absent", reference, lambda: self.environment.absent(reference), np.bool_)

    def words(self, reference: Reference, /) -> NDArray[np.object_]:
        """Texts of an indicator. Raises TypeError where the environment has none."""
        source = self.environment
        if not isinstance(source, WordEnvironment):
            raise TypeError("the environment has no words")
        return self._here("words", reference, lambda: source.words(reference), np.object_)

    def rows(self, roster: str, /) -> Floats:
        """Number of rows of a list."""
        return self._here("rows", roster, lambda: self.environment.rows(roster), np.float64)

    def column_total(self, roster: str, column: str, /) -> Floats:
        """Sum of a list's column."""
        return self._here("total", (roster, column), lambda: self.environment.column_total(roster, column), np.float64)

    def _here(self, what: str, name: object, ask: Callable[[], Any], kind: type) -> NDArray[Any]:
        if (what, name) not in self._kept:
            self._kept[what, name] = np.asarray(ask(), dtype=kind)
        return self._kept[what, name][self.here]


@dataclass(frozen=True, eq=False)
class TotalsEnvironment:
    """Totals of some units. `figures`: (period, of whom) -> code -> column of `size`; what is not there is unknown. Lists are unknown."""

    size: int
    figures: Mapping[tuple[str, str], Mapping[str, Floats]]

    def figure(self, reference: Reference, /) -> Floats:
        """The totals of one indicator."""
        found = self.figures.get((reference.period, reference.of), {}).get(reference.name)
        return self._unknown() if found is None else found

    def absent(self, reference: Reference, /) -> Truths:
        """Where nobody reported it."""
        return np.isnan(self.figure(reference))

    def rows(self, roster: str, /) -> Floats:  # noqa: ARG002 - a total has no list of its own
        """Unknown."""
        return self._unknown()

    def column_total(self, roster: str, column: str, /) -> Floats:  # noqa: ARG002 - a total has no list of its own
        """Unknown."""
        return self._unknown()

    def _unknown(self) -> Floats:
        return np.full(self.size, np.nan)
