"""The desk at which one round is registered: an entry for each file in hand, and what is found about whole files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from reconcile.model.finding import CellAt, Finding
from reconcile.model.round import GONE, Standing
from reconcile.scheme.wording import finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reconcile.model.period import Period
    from reconcile.model.unit import UnitTree
    from reconcile.scheme.scheme import Scheme


@dataclass(slots=True, eq=False)
class Entry:
    """One row of the register in the making; the text fields are those of RETURNS_COLUMNS. `code` is the unit code as the cover has it;
    `paper` tells that an unreadable file is no workbook by its bytes nor by its name (a scan, a letter), `empty` that nothing is filled."""

    file: str
    sha256: str
    replaces: str = ""
    unit: str = ""
    cover_name: str = ""
    scope: str = ""
    period: str = ""
    scheme: str = ""
    filler: str = ""
    filled_on: str = ""
    head: str = ""
    phone: str = ""
    layout: str = ""
    standing: str = Standing.COUNTED
    note: str = ""
    source: str = ""
    code: str = field(default="", metadata={"register": False})
    return_id: str = field(default="", metadata={"register": False})
    paper: bool = field(default=False, metadata={"register": False})
    odd_date: str = field(default="", metadata={"register": False})
    empty: bool = field(default=False, metadata={"register": False})

    def remark(self, words: str) -> None:
        """Add to the note."""
        if words not in self.note.split("；"):
            self.note = f"{self.note}；{words}" if self.note else words


@dataclass(slots=True)
class Desk:
    """Where findings about files are written down. A check that the scheme does not name is silent."""

    scheme: Scheme
    units: UnitTree
    period: Period
    told: list[tuple[str, Entry, Finding]] = field(default_factory=list)

    masks: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    def required(self, kind: str) -> NDArray[np.bool_]:
        """Which indicators (in the scheme's order) a unit of this kind must answer."""
        if kind not in self.masks:
            wanted = [one.required and one.asked_of(kind) for one in self.scheme.indicators.values()]
            self.masks[kind] = np.array(wanted, dtype=np.bool_)
        return self.masks[kind]

    @property
    def found(self) -> list[Finding]:
        """All findings; about a file that another one replaced only that it was replaced, for nobody will mend it."""
        return [one for check, entry, one in self.told if entry.standing not in GONE or check in ("superseded", "duplicate_file")]

    def tell(
        self,
        check: str,
        entry: Entry,
        words: dict[str, str] | None = None,
        *,
        unit: str = "",
        expected: str = "",
        difference: str = "",
        beside: Sequence[Entry] = (),
    ) -> None:
        """Note a finding about a whole file, and about those beside it; for its unit, unless another `unit` is to hear of it."""
        rule = self.scheme.named.get(check)
        if rule is None:
            return
        about = finding(
            rule,
            words or {},
            unit=unit or entry.unit,
            unit_name=self.units.name(unit or entry.unit) if unit or entry.unit else entry.cover_name or entry.file,
            period=str(self.period),
            return_id=entry.return_id,
            cells=tuple(CellAt(one.file, "", "", "") for one in (entry, *beside)),
            expected=expected,
            difference=difference,
        )
        self.told.append((check, entry, about))
