"""Collect: from received files to one Round. Every file becomes a row of the register, whatever it is; nothing in the data raises."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconcile.engine import Serial
from reconcile.errors import ReconcileError
from reconcile.model.period import Period
from reconcile.model.round import SCOPES, Round, Standing
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.assembly import Changes, Sheaf, assemble, filled, matrices
from reconcile.process.desk import Desk, Entry
from reconcile.process.intake import Received
from reconcile.process.reading import read_all
from reconcile.process.register import assign, round_period, settle
from reconcile.process.summaries import Brought, bring, overtaken, settled_units
from reconcile.process.whose import plain_code, plain_name
from reconcile.scheme.units import kind_of

if TYPE_CHECKING:
    from reconcile.engine import Engine
    from reconcile.files.archive import Source
    from reconcile.files.cache import Cache
    from reconcile.model.past import Past
    from reconcile.scheme.scheme import Scheme

_RETURNS = frozenset({Standing.COUNTED, Standing.UNASSIGNED})
_IN_A_PATH = re.compile(r"(?<!\d)\d{4}(?:[Hh][12]|[Qq][1-4]|-(?:0[1-9]|1[0-2])(?!\d)|年(?:上半年|下半年|第?[一二三四]季度|\d{1,2}月))")
_NO_PERIOD = Period(1949, 12, "1949")  # where not one file was a return: nothing is told about it


@dataclass(frozen=True, slots=True)
class Collected:
    """What was received: the round, and the units that it is about (those given, else those that covers and summaries name)."""

    returns: Round
    units: UnitTree


def collect(
    sources: Iterable[Source],
    scheme: Scheme,
    *,
    units: UnitTree | None,
    period: Period | None,
    engine: Engine | None = None,
    cache: Cache | None = None,
) -> Collected:
    """Read every source and register it; neither the order of the sources nor the engine that reads them matters.

    `units` None: the units are taken from the covers (and from summaries). `period` None: the commonest period on the covers. `engine`
    None: here, one after the other. `cache`: returns that an earlier run read are not read again. Raises ReconcileError only where there
    are returns, and neither a cover, nor a path, nor the caller says of which period they are.
    """
    received = read_all(sources, scheme, engine=engine or Serial(), cache=cache)
    sheaves = [_sheaf(one) for one in received if one.summary is None]
    brought = [bring(one.file, one.summary, units=one.units, known=one.units_known) for one in received if one.summary is not None]
    sheaves.extend(Sheaf(entry, brought=one, there=there) for one in brought for there, entry in one.entries.items())
    entries = [sheaf.entry for sheaf in sheaves]
    chosen = period or _period(entries)
    tree = units or _units(entries, brought)
    desk = Desk(scheme, tree, chosen)
    assign(sorted(entries, key=lambda entry: (entry.file, entry.source, entry.sha256)), desk=desk)
    sheaves = _in_order(sheaves, tree)
    values, states = matrices(sheaves, scheme)
    for sheaf, figures in zip(sheaves, filled(states).tolist(), strict=True):
        if sheaf.taken is not None:  # not even a word that could not be read
            sheaf.entry.empty = not (figures or sheaf.taken.worded)
    settle([sheaf.entry for sheaf in sheaves], desk=desk, changes=Changes(sheaves, scheme, values=values, states=states))
    overtaken(brought, [sheaf.entry for sheaf in sheaves if not sheaf.entry.source])
    return Collected(assemble(sheaves, brought, desk=desk, values=values, states=states), tree)


def edition(returns: Round, scheme: Scheme, *, units: UnitTree, root: str, past: Past) -> str:
    """The 数据版本: twelve hex digits of all that the results depend on, however it came: the bytes of the returns (not of stray papers),
    adjustments, scheme, narratives, the units, whom the report is about, and the earlier rounds.
    """
    lines = [str(returns.period), scheme.hash, root]
    lines += (f"{name}\t{text}" for name, text in sorted(scheme.templates.items()))
    lines += sorted(_line(unit.code, unit.name, unit.kind, unit.parent, unit.opened, unit.closed) for unit in units)
    for one in (returns, *(earlier.returns for earlier in past.periods)):
        received = one.returns[one.returns["standing"] != Standing.FOREIGN]
        lines += [str(one.period), *sorted({str(sha256) for sha256 in received["sha256"].tolist()})]
        lines += sorted(_line(*cells) for cells in one.adjustments.to_numpy().tolist())
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()[:12]


def _line(*cells: object) -> str:
    return "\t".join(str(cell) for cell in cells)


def _sheaf(received: Received) -> Sheaf:
    entry = Entry(received.file, received.sha256, standing=received.standing, note=received.reason, paper=received.paper)
    if received.of:
        entry.code, entry.scope = received.of, SCOPES[1]
    taken = received.taken
    if taken is not None:
        cover = taken.cover
        entry.code, entry.cover_name, entry.scope, entry.period = cover["unit"], cover["unit_name"], cover["scope"], cover["period"]
        entry.filler, entry.filled_on, entry.head, entry.phone = cover["filler"], cover["filled_on"], cover["head"], cover["phone"]
        entry.replaces, entry.scheme, entry.layout = cover["replaces"], cover["scheme"], taken.layout
        entry.odd_date = taken.odd_date
        taken.cover = {}  # of a hundred thousand returns it would be the greater part
    return Sheaf(entry, taken=taken)


def _period(entries: Sequence[Entry]) -> Period:
    """The commonest period on the covers; else the commonest in the paths."""
    returns = [entry for entry in entries if entry.standing in _RETURNS]
    found = round_period(entry.period for entry in returns)
    found = found or round_period(word for entry in entries for word in _IN_A_PATH.findall(entry.file))
    if found is None and returns:
        raise ReconcileError("报表封面都没有写明报告期，请用 -p 写明，如 -p 2023H1。")
    return found or _NO_PERIOD


def _units(entries: Sequence[Entry], brought: Sequence[Brought]) -> UnitTree:
    """Units where no table was given: those of the summaries, and one for each code on the covers.

    A return without a code stands under its cover's name: without a table nothing else tells units apart. What is known of the units is
    whole only where every one of them comes from a summary that was made with a table.
    """
    found = {unit.code: unit for unit in settled_units(brought)}
    names: dict[str, Counter[str]] = {}
    for entry in entries:
        if entry.standing in _RETURNS and (code := plain_code(entry.code) or plain_name(entry.cover_name)):
            names.setdefault(code, Counter())[entry.cover_name] += bool(entry.cover_name)
    added = sorted(set(names) - set(found))
    for code in added:
        name = min(names[code], key=lambda one: (-names[code][one], one)) or code
        found[code] = Unit(code, name, kind_of(name, parent=False))
    return UnitTree(found.values(), known=bool(brought) and not added and all(one.known for one in brought))


def _in_order(sheaves: Sequence[Sheaf], units: UnitTree) -> list[Sheaf]:
    """By unit as in the table, then by file; ids given in this order, so that nothing depends on the order of the sources."""
    place = {code: number for number, code in enumerate(units.units)}
    ordered = sorted(
        sheaves,
        key=lambda one: (place.get(one.entry.unit, len(place)), one.entry.source != "", one.entry.file, one.entry.source, one.entry.sha256),
    )
    met: Counter[str] = Counter()
    for sheaf in ordered:
        short = sheaf.entry.sha256[:16] or hashlib.sha256(sheaf.entry.file.encode("utf-8", "replace")).hexdigest()[:16]
        met[short] += 1
        sheaf.entry.return_id = short if met[short] == 1 else f"{short}-{met[short]}"
    return ordered
