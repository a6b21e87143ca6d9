"""The road: calls the acts in their order and hands the Outcome to the tellings. The one place that knows them all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath
from typing import NamedTuple

from reconcile.engine import Dask, Engine, Processes, Serial
from reconcile.errors import NothingToReadError, ReconcileError
from reconcile.files.archive import EDITION, Source, exists, find_files
from reconcile.files.cache import FOLDER, Cache
from reconcile.files.document import docx
from reconcile.files.form_again import FormsAgain
from reconcile.files.outbox import Outbox
from reconcile.files.parquet import installed
from reconcile.files.scheme_files import read_scheme, read_units
from reconcile.files.tables_beside import DATA, DataFiles, data_folder, large_tables
from reconcile.files.tidy import data_in_use
from reconcile.model.figures import own_figures
from reconcile.model.outcome import Outcome, all_checks
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.revision import Revision
from reconcile.model.round import Round, Standing, many, plain_texts
from reconcile.model.unit import UnitTree
from reconcile.process.adjustments import examine
from reconcile.process.aggregate import aggregate
from reconcile.process.collect import Collected, collect, edition
from reconcile.process.compare import compare
from reconcile.process.coverage import coverage
from reconcile.process.localise import localise
from reconcile.process.overlap import overlap
from reconcile.process.reading import cache_key
from reconcile.process.reasons import answered
from reconcile.process.tally import tally
from reconcile.process.validate import validate
from reconcile.process.validate_totals import validate_totals
from reconcile.process.versions import Version
from reconcile.report.listing import findings_csv
from reconcile.report.narrative import markdown, tell
from reconcile.report.queries import FOLDER as QUERIES
from reconcile.report.queries import queries
from reconcile.report.reminders import reminders
from reconcile.report.summary import summary
from reconcile.scheme.scheme import Scheme

_UNITS_FILES = ("units.csv", "名录.csv", "名录.xlsx", "名录.xls")
_PAST_PLACES = ("past.xlsx", "past")
_REMINDERS = "reminders.txt"
_MANY = 300  # files; from here on starting processes pays


@dataclass(frozen=True, slots=True)
class Work:
    """How files are read. `engine`: serial, processes or dask; None: by their number. `scheduler`: address of a Dask
    cluster. `kept`: the folder of results, where what was read is kept for the next run; None keeps nothing.
    `watched`: puts an engine under somebody's eyes.
    """

    engine: str | None = None
    scheduler: str | None = None
    kept: Path | None = None
    watched: Callable[[Engine], Engine] = lambda engine: engine

    def cache(self, scheme: Scheme, count: int) -> Cache | None:
        """Where what was read of so many files is kept; None where they are few, or pyarrow is not installed."""
        if self.kept is None or not many(count) or not installed():
            return None
        return Cache((self.kept / FOLDER).absolute(), cache_key(scheme))  # other machines' processes have other folders to start from

    def collect(
        self, sources: Sequence[Source], scheme: Scheme, *, units: UnitTree | None, period: Period | None, cache: Cache | None = None
    ) -> Collected:
        """Read the sources. Raises ReconcileError."""
        engine = self._engine(len(sources))
        found = [replace(one, file=one.file.absolute()) for one in sources] if isinstance(engine, Dask) else sources
        return collect(found, scheme, units=units, period=period, engine=self.watched(engine), cache=cache)

    def _engine(self, count: int) -> Engine:
        if self.scheduler is not None or self.engine == "dask":
            if self.scheduler is None or self.engine not in (None, "dask"):
                raise ReconcileError("用 Dask 集群要写明调度器地址：--engine dask --scheduler tcp://主机:8786。")
            return Dask(self.scheduler)
        return Processes() if self.engine == "processes" or (self.engine is None and count >= _MANY) else Serial()


HERE = Work()
"""One file after the other or, where there are many, in processes; nothing is kept."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. What is None is found beside the returns."""

    returns: tuple[Path, ...]
    period: str | None = None
    scheme: Path | None = None
    units: Path | None = None
    past: tuple[Path, ...] = ()
    root: str | None = None
    out: Path | None = None


@plain_texts
def judge(request: Request, *, work: Work = HERE) -> tuple[Outcome, Scheme]:
    """Read, judge and total one round. Raises ReconcileError where there is nothing to work on; bad data becomes findings."""
    scheme = read_scheme(request.scheme)
    period = _period(request.period)
    beside = _beside(request.returns)
    units_path = request.units or _first(beside, _UNITS_FILES)
    units = read_units(units_path) if units_path else None
    past_paths = request.past or tuple(path for path in (_first(beside, _PAST_PLACES),) if path)
    known = (folder / name for folder in beside for name in (*_UNITS_FILES, *_PAST_PLACES))
    aside = {path.resolve() for path in (units_path, request.out, *past_paths, *known) if path}
    sources = list(find_files(request.returns, exclude=_among(aside)))
    if not sources and request.out is not None and request.out.resolve() in {path.resolve() for path in request.returns}:
        raise ReconcileError(f"结果文件夹“{request.out}”就是报表所在的文件夹，请用 -o 另指一个文件夹。")
    if not sources:
        raise NothingToReadError("没有找到任何报表文件，请检查给出的文件或文件夹。")
    cache = work.cache(scheme, len(sources))
    collected = work.collect(sources, scheme, units=units, period=period, cache=cache)
    root = _root(request.root, collected.returns, collected.units)
    past = _past(past_paths, scheme, units=collected.units, root=root, work=work, cache=cache)
    if cache is not None:
        cache.tidy()
    if past.at(collected.returns.period) is not None:
        raise ReconcileError(f"往期资料和本次报表都是{collected.returns.period.chinese}的，无法比较；请检查 --past 或报表旁的 past.xlsx。")
    returns = collected.returns.within(collected.units.subtree(root))
    return assess(returns, scheme, units=collected.units, root=root, past=past), scheme


@plain_texts
def assess(returns: Round, scheme: Scheme, *, units: UnitTree, root: str, past: Past) -> Outcome:
    """Everything after reading: judge, compare, total one round about the unit `root`. Pure; bad data becomes findings."""
    judged = validate(returns, scheme, units=units, past=past)
    covered, absent = coverage(returns, scheme, units=units, root=root)
    between = (*compare(returns, scheme, units=units, past=past), *overlap(returns, scheme, units=units))
    findings = (*returns.intake, *judged.findings, *between, *absent, *examine(returns, scheme, units=units))
    totals = aggregate(returns, scheme, units=units, root=root, findings=findings, past=past, absent=covered.absent)
    above = validate_totals(totals, returns, scheme, units=units, findings=findings)
    tallied = tally(returns, totals, scheme, units=units)
    findings = answered((*findings, *above.findings, *tallied.findings), returns, scheme)
    return Outcome(
        period=returns.period,
        root=root,
        units=units,
        round=returns,
        totals=totals,
        findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        checks=all_checks(judged.checks, above.checks),
        differences=tallied.differences,
        coverage=covered,
        past=past,
        edition=edition(returns, scheme, units=units, root=root, past=past),
        suspicions=localise(returns, scheme, units=units, past=past, findings=findings),
    )


class Delivered(NamedTuple):
    """The paths written, in the order a reader wants them; results of earlier runs that are settled now, but that somebody changed; and
    the folder of a large round's tables."""

    written: tuple[Path, ...]
    left: tuple[Path, ...]
    data: Path | None = None


@plain_texts
def deliver(outcome: Outcome, scheme: Scheme, *, request: Request, folder: Path, day: date | None) -> Delivered:
    """Write everything to `folder`. Raises ReconcileError where it cannot write."""
    narrative = tell(outcome, scheme, date=day)
    with Outbox(folder) as outbox:
        tables = _data(outcome, scheme, outbox)
        outbox.write("summary.xlsx", summary(outcome, scheme, narrative, beside=_way(folder, request.returns), data=tables))
        outbox.write("narrative.docx", docx(narrative, edition=outcome.edition, day=day or outcome.period.last_day))
        outbox.write("narrative.md", markdown(narrative).encode("utf-8"))
        outbox.write("findings.csv", findings_csv(outcome, scheme))
        if told := reminders(outcome, scheme, day=day):
            outbox.write(_REMINDERS, told.encode("utf-8-sig"))  # with the mark that Notepad needs
        sources = find_files(request.returns, exclude=_among({folder.resolve()}))
        for name, data in queries(outcome, scheme, forms=FormsAgain(sources, scheme, outcome.round)):
            outbox.write(name, data)
        for name in (QUERIES, _REMINDERS):
            outbox.drop(name)  # what is settled now must not linger
        _drop_data(folder, outbox)
    _tidy_data(folder / DATA)
    inside = folder / tables.folder if tables is not None else None
    return Delivered(tuple(path for path in outbox.written if inside is None or inside not in path.parents), outbox.left, inside)


def _data(outcome: Outcome, scheme: Scheme, outbox: Outbox) -> DataFiles | None:
    """Stage the tables of a large round; None where it is not large, or pyarrow is not there."""
    if not (outcome.round.large and installed()):
        return None
    name = data_folder(outcome)
    return DataFiles(name, large_tables(outcome, scheme, outbox.stage_path(name)))


def _drop_data(folder: Path, outbox: Outbox) -> None:
    """Tables of earlier runs go, but for those of a summary that somebody changed (in 核定) and that is kept, therefore."""
    kept = data_in_use(path for path in sorted(folder.glob("summary*.xlsx")) if outbox.keeps(path.name))
    for path in sorted((folder / DATA).glob("*")):
        if (name := f"{DATA}/{path.name}") not in kept:
            outbox.drop(name)


def _tidy_data(data: Path) -> None:
    """Folders of tables that are empty now go, and theirs with them; what somebody else put there stays."""
    emptied = [old for old in data.glob("*") if re.fullmatch(EDITION, old.name)] if not data.is_symlink() else []
    for old in (*emptied, data) if emptied else ():
        with suppress(OSError):  # not empty, or a link
            old.rmdir()


def _way(folder: Path, returns: Sequence[Path]) -> str | None:
    """From the folder of results to where the files' shown paths begin, for links; None where there is no such one place or way."""
    if len(returns) != 1:
        return None
    start = returns[0] if returns[0].is_dir() else returns[0].parent
    try:
        return PurePath(os.path.relpath(start, folder)).as_posix()
    except ValueError:  # another drive
        return None


@plain_texts
def hand_out(
    units_path: Path, *, period: str, scheme: Path | None, past: Sequence[Path], folder: Path, group: bool
) -> tuple[tuple[Path, ...], int]:
    """Write the blank returns of a period, one a unit or one for all; the paths written, and for how many units last year's figures were
    found. Raises ReconcileError.
    """
    from reconcile.report.blank import blanks, group_blank

    loaded, units = read_scheme(scheme), read_units(units_path)
    chosen = _period(period)
    if chosen is None:
        raise ReconcileError("请用 -p 写明报告期，如 2023H1。")
    earlier = _past(tuple(past), loaded, units=units, root="").previous(chosen)
    own = earlier.own if earlier else None
    prefilled = 0 if own is None else sum(unit.code in own.index for unit in units)
    with Outbox(folder) as outbox:
        if group:
            outbox.write(*group_blank(loaded, units=units, period=chosen, past_own=own))
        else:
            for name, data in blanks(loaded, units=units, period=chosen, past_own=own):
                outbox.write(name, data)
    return outbox.written, prefilled


@plain_texts
def compare_versions(
    old: Path, new: Path, *, scheme: Path | None, units: Path | None, root: str | None, work: Work = HERE
) -> tuple[tuple[Revision, ...], tuple[Version, Version]]:
    """What differs between two versions of a return, of a summary or of a folder of returns, and both as read. Raises ReconcileError where
    one cannot be read or the two are not about the same.
    """
    from reconcile.process.changes import changes

    loaded = read_scheme(scheme)
    before, after = (_version(path, loaded, units_path=units, work=work) for path in (old, new))
    top = _root(root, after.returns, after.units)
    if root is not None:
        before, after = (replace(side, returns=side.returns.within(side.units.subtree(top))) for side in (before, after))
    if any(len(side.ids) > 1 or bool((side.returns.returns["source"] != "").any()) for side in (before, after)):
        before, after = (_totalled(side, loaded, root=top) for side in (before, after))
    return changes(before, after, loaded, root=top), (before, after)


def _version(path: Path, scheme: Scheme, *, units_path: Path | None, work: Work) -> Version:
    beside = _beside([path])
    found = units_path or _first(beside, _UNITS_FILES)
    known = (folder / name for folder in beside for name in (*_UNITS_FILES, *_PAST_PLACES))
    aside = {one.resolve() for one in (found, *known) if one} - {path.resolve()}
    sources = list(find_files([path], exclude=_among(aside)))
    if not sources:
        raise NothingToReadError(f"“{path}”里没有找到任何报表文件。")
    collected = work.collect(sources, scheme, units=read_units(found) if found else None, period=None)
    version = Version(collected.returns, collected.units)
    if not version.ids:
        why = "；".join(dict.fromkeys(note for note in collected.returns.returns["note"].astype(str) if note))
        raise NothingToReadError(f"“{path}”里没有可以比较的报表{f'（{why}）' if why else ''}。")
    return version


def _totalled(side: Version, scheme: Scheme, *, root: str) -> Version:
    if root and root not in side.units:
        return side
    return replace(side, totals=aggregate(side.returns, scheme, units=side.units, root=root, findings=(), past=Past()))


def _past(paths: Sequence[Path], scheme: Scheme, *, units: UnitTree, root: str, work: Work = HERE, cache: Cache | None = None) -> Past:
    """Earlier periods: each path is a summary, a return, or a folder of them, of one period or of several."""
    earlier: dict[tuple[int, int], Earlier] = {}
    for path in paths:
        if not exists(path):
            raise ReconcileError(f"找不到往期资料“{path}”，请检查 --past 的路径。")
        sources = list(find_files([path], exclude=lambda _path: False))
        first = work.collect(sources, scheme, units=units, period=None, cache=cache)
        if not first.returns.counted:
            why = "；".join(dict.fromkeys(first.returns.returns["note"].astype(str)))
            raise ReconcileError(f"往期资料“{path}”里没有可用的报表（{why}）。请换成去年的 summary.xlsx，不作比较就把它移开。")
        others = _other_periods(first.returns)
        again = (work.collect(sources, scheme, units=units, period=period, cache=cache) for period in others)
        for collected in (first, *again):
            returns = collected.returns
            ends = (returns.period.year, returns.period.month)
            if ends in earlier:
                raise ReconcileError(f"往期资料中有两份{returns.period.chinese}的，不知道用哪一份；请只给一份（见“{path}”）。")
            totals = aggregate(returns, scheme, units=collected.units, root=root, findings=(), past=Past())
            table = totals.pivot(index="unit", columns="indicator", values="value")
            earlier[ends] = Earlier(returns.period, own=own_figures(returns, scheme.indicators), totals=table, returns=returns)
    return Past(earlier.values())


def _other_periods(returns: Round) -> list[Period]:
    """Periods of the returns that were set aside because the round is of another."""
    table = returns.returns
    written = table.loc[table["standing"] == Standing.WRONG_PERIOD, "period"]
    found = {(period.year, period.month): period for period in map(Period.parse, written.astype(str)) if period is not None}
    return [found[ends] for ends in sorted(found)]


def _period(written: str | None) -> Period | None:
    if written is None:
        return None
    found = Period.parse(written)
    if found is None:
        raise ReconcileError(f"看不懂报告期“{written}”，请写成 2023H1（上半年）、2023（全年）、2023Q2（二季度）或 2023-06。")
    return found


def _beside(paths: Iterable[Path]) -> list[Path]:
    """Folders where the table of units and last year's summary are looked for: what was given, and the folder it lies in."""
    found: list[Path] = []
    for path in paths:
        if not exists(path):
            raise ReconcileError(f"找不到“{path}”，请检查路径。")
        found.extend([path, path.resolve().parent] if path.is_dir() else [path.resolve().parent])
    return list(dict.fromkeys(found))


def _among(paths: Collection[Path]) -> Callable[[Path], bool]:
    """Whether a path is one of these, however it is written. Finding out what a link leads to is slow, and hardly ever needed."""
    names = {path.name.casefold() for path in paths} | {"", ".."}  # capitals do not matter on Windows; "" and ".." are folders' own names
    islink = os.path.islink  # of a path that is too long, Path.is_symlink would raise an error
    return lambda path: (path.name.casefold() in names or islink(path)) and path.resolve() in paths


def _first(folders: Iterable[Path], names: Sequence[str]) -> Path | None:
    return next((folder / name for folder in folders for name in names if exists(folder / name)), None)


def _root(written: str | None, returns: Round, units: UnitTree) -> str:
    """The unit that the report is about: as asked, else the lowest unit above all that reported, or of which a summary came."""
    if written is not None:
        if written in units:
            return written
        named = [unit.code for unit in units if unit.name == written]
        if len(named) == 1:
            return named[0]
        raise ReconcileError(f"单位名录中没有“{written}”，--root 应写单位代码或全称。")
    found = units.common(unit for unit in (*returns.counted, *returns.unread_summaries) if unit in units) if returns.counted else None
    return found if found is not None else ""
