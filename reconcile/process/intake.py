"""One received file, read: what it is, and a return's answers as arrays. Plain numbers take a short way; only odd cells become objects."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from reconcile.files.cell import Reading, read_cell
from reconcile.files.familiar import Familiar
from reconcile.files.form_reader import FilledForm, Placed, read_form
from reconcile.files.known_forms import KnownForms
from reconcile.files.query_reader import lone_query
from reconcile.files.raw import LONGEST_TEXT, UnreadableWorkbook
from reconcile.files.tidy import is_summary, read_head, read_round, read_scheme_tables
from reconcile.files.workbook import read_workbook
from reconcile.model.finding import CellAt
from reconcile.model.identity import mask_phone, mask_text
from reconcile.model.indicator import Kind
from reconcile.model.quantity import Measure, convert, format_number
from reconcile.model.round import SCOPES, Standing, State
from reconcile.process.intake_lists import take_lists
from reconcile.process.other_scheme import compared, translated
from reconcile.process.taken import MOST, Mark, Taken, as_text
from reconcile.scheme.wording import finding

if TYPE_CHECKING:
    from reconcile.files.archive import Source
    from reconcile.files.raw import Workbook
    from reconcile.files.workbook import XlsWorker
    from reconcile.model.indicator import Indicator
    from reconcile.model.round import Round
    from reconcile.model.unit import Unit
    from reconcile.scheme.scheme import Scheme
    from reconcile.scheme.tables import Table

_NUMBERS = frozenset({Kind.FLOW, Kind.STOCK, Kind.RATE, Kind.NORM})
_PAPERS = frozenset({"not_workbook", "text", "html", "own_results"})
_ENDINGS = (".xlsx", ".xlsm", ".xls", ".et", ".xltx", ".xlsb", ".ods")
_LONG_COUNT = 1e10  # from here on a count of heads may be a telephone or a citizen number
MOST_TOGETHER = 500  # rows of codes that are remembered
MOST_LAYOUTS = 100  # of which it is remembered where each figure stands, at some 60 kB each
_NO_WORD = re.compile(r"[-‐‑–—―−－─_/／\\]*|无")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


class Slot(NamedTuple):
    """Where an indicator stands in the matrices, and what a plain number must be to need no second look: below `most` (of anything but a
    number, every one needs it), and whole.
    """

    column: int
    whole: bool
    measure: str
    most: float


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """One source, read: a return (`taken`), a summary (`summary`), or neither, with the reason in Chinese; or a return that counts and
    is known already by its content, then without its answers.

    `paper`: no workbook by its bytes nor by its name. `of`: code of the unit whose summary it is, where that cannot be read.
    """

    file: str
    sha256: str
    standing: Standing
    reason: str = ""
    taken: Taken | None = None
    summary: Round | None = None
    units: tuple[Unit, ...] = ()
    units_known: bool = False
    paper: bool = False
    of: str = ""

    @property
    def known(self) -> bool:
        """Whether it is a return that was not read, because an earlier run did."""
        return self.standing == Standing.COUNTED and self.taken is None and self.summary is None


class Reader:
    """Reads sources against one scheme. It keeps where things stand for each layout it met: a thousand returns share a few."""

    def __init__(self, scheme: Scheme, *, worker: XlsWorker | None = None) -> None:
        self._scheme = scheme
        self._worker = worker
        self._familiar, self._known = Familiar(), KnownForms(scheme)
        self._places: dict[str, Mapping[str, tuple[str, str]]] = {}
        self._together: dict[tuple[str, ...], list[tuple[int, bool, str, float]]] = {}
        self._slots = {
            code: Slot(column, whole := scheme.measure(code).whole, one.measure, _most(one.kind, whole=whole))
            for column, (code, one) in enumerate(scheme.indicators.items())
        }

    def receive(self, source: Source, *, known: Container[str] = ()) -> Received:
        """Read one source, unless its sha256 is `known`. Nothing about the file raises: what cannot be read says why."""
        try:
            data = source.read()
        except UnreadableWorkbook as error:
            return self._refused(source.name, "", error)
        sha256 = hashlib.sha256(data).hexdigest()
        return Received(source.name, sha256, Standing.COUNTED) if sha256 in known else self._understood(source, sha256, data)

    def _refused(self, name: str, sha256: str, error: UnreadableWorkbook) -> Received:
        """A file that could not be read, and why."""
        paper = error.code in _PAPERS and not name.lower().endswith(_ENDINGS)
        return Received(name, sha256, Standing.UNREADABLE, error.message, paper=paper)

    def _understood(self, source: Source, sha256: str, data: bytes) -> Received:
        """Read the bytes of one source."""
        name = source.name
        try:
            workbook = read_workbook(data, name=name, worker=self._worker, familiar=self._familiar, whole=False)
            if is_summary(workbook):
                return _summary(source, sha256, workbook, self._scheme)
            form = read_form(workbook, self._scheme, self._known)
        except UnreadableWorkbook as error:
            return self._refused(name, sha256, error)
        if form is None:
            return Received(name, sha256, Standing.FOREIGN, lone_query(workbook) or "不是本制度的报表")
        return Received(name, sha256, Standing.COUNTED, taken=self.take(form))

    def take(self, form: FilledForm) -> Taken:
        """The answers of a filled form, as arrays in the order of the scheme's indicators, with a mark for every odd cell."""
        taken = Taken(_cover(form.cover), form.layout, self._places_of(form))
        if form.cover["filled_on"].strip() and not taken.cover["filled_on"]:
            taken.odd_date = mask_text(form.cover["filled_on"].strip())
        self._take_figures(form, taken)
        for code, placed in form.texts.items():
            text = mask_text(as_text(placed.raw))
            taken.states[self._slots[code].column] = State.NOT_APPLICABLE if text else State.BLANK  # answered, and nothing to count
            if text:
                taken.texts.append((code, text))
        taken.reasons = [(code, mask_text(said)) for code, said in form.reasons.items() if code not in form.outdated]
        taken.answers = [(one.rule, one.indicators, one.values, mask_text(one.text)) for one in form.answers]
        taken.answers += [("", code, "", mask_text(form.reasons[code])) for code in sorted(form.outdated)]
        taken.active = form.active
        taken.absent, taken.hidden, taken.relabelled = form.absent, form.hidden, tuple(map(mask_text, form.relabelled))
        again = ((f"{text}（重复出现，未采用）", sheet, cell) for text, sheet, cell in form.repeated)
        taken.unknown = tuple((mask_text(text), sheet, cell) for text, sheet, cell in (*form.unknown, *again))
        take_lists(form.rows, self._scheme, taken=taken)
        return taken

    def _take_figures(self, form: FilledForm, taken: Taken) -> None:
        """A plain number, not negative, whole where heads are counted and in the scheme's measure, needs no second look."""
        number, blank = int(State.NUMBER), int(State.BLANK)
        values, states = [math.nan] * len(self._slots), bytearray(len(self._slots))  # ABSENT is 0
        for block in form.figures.blocks:
            slots = self._slots_of(block.codes)
            for place, ((column, whole, measure, most), raw, beside) in enumerate(zip(slots, block.raws, block.measures, strict=True)):
                if raw is None:
                    states[column] = blank
                elif type(raw) is float and 0 <= raw < most and (not whole or raw.is_integer()) and (not beside or beside == measure):
                    values[column], states[column] = raw, number
                else:
                    code, placed = block.codes[place], block.placed(place)
                    reading = _understand(placed, self._scheme.indicators[code], self._scheme)
                    values[column], states[column] = reading.value, int(reading.state)
                    _keep_odd(code, placed, reading, taken)
        taken.values, taken.states = np.array(values, dtype=np.float64), np.frombuffer(states, dtype=np.int8)

    def _places_of(self, form: FilledForm) -> Mapping[str, tuple[str, str]]:
        """Where each figure of a form stands: the same object for forms of one layout, as long as it is remembered."""
        found = self._places.get(form.layout)
        if found is None:
            if len(self._places) >= MOST_LAYOUTS:
                self._places.clear()
            found = self._places[form.layout] = form.places
        return found

    def _slots_of(self, codes: tuple[str, ...]) -> list[tuple[int, bool, str, float]]:
        """The slots of these codes, which stand together on most forms. Plain tuples are taken apart twice as fast as named ones."""
        found = self._together.get(codes)
        if found is None:
            if len(self._together) >= MOST_TOGETHER:
                self._together.clear()
            found = self._together[codes] = [(one.column, one.whole, one.measure, one.most) for one in map(self._slots.__getitem__, codes)]
        return found


def _most(kind: Kind, *, whole: bool) -> float:
    if kind not in _NUMBERS:
        return 0.0
    return _LONG_COUNT if whole else MOST


def _summary(source: Source, sha256: str, workbook: Workbook, scheme: Scheme) -> Received:
    file = source.name

    def opener(path: str) -> BinaryIO:
        return source.open_beside(path)

    head = read_head(workbook)
    try:
        content, units = read_round(workbook, scheme, opener=opener)
    except UnreadableWorkbook as error:
        return Received(file, sha256, Standing.UNREADABLE, error.message, of=head.root)
    tables = (content.returns, content.values, content.states)
    if not all(table.index.is_unique and table.columns.is_unique for table in tables):
        return Received(file, sha256, Standing.UNREADABLE, "汇总表的数据页有重复的行或列，无法读取，请向报送单位索取原文件")
    if head.scheme != scheme.hash:
        written = read_scheme_tables(workbook, opener=opener)[0]
        content = _from_another_scheme(content, file=file, written=written, scheme=scheme)
    return Received(file, sha256, Standing.COUNTED, summary=content, units=units, units_known=head.units_known)


def _from_another_scheme(content: Round, *, file: str, written: Mapping[str, Table], scheme: Scheme) -> Round:
    """The round in our measures, with a finding that tells how the other scheme differs; `written`: its tables."""
    differences = compared(written, [str(code) for code in content.values.columns], scheme)
    if differences.turns or differences.columns:
        content = translated(content, differences)
    rule = scheme.named.get("other_scheme")
    if rule is None:
        return content
    words = {"文件": file, "内容": differences.said}
    told = finding(rule, words, unit_name=file, period=str(content.period), cells=(CellAt(file, "", "", ""),))
    return replace(content, intake=(*content.intake, told))


def _cover(written: Mapping[str, str]) -> dict[str, str]:
    """Cover fields as the register keeps them: personal numbers masked, a date only where it is one."""
    cover = {key: text.strip() for key, text in written.items()}
    cover["phone"] = mask_phone(mask_text(cover["phone"]))
    for key in ("filler", "head", "unit_name", "period"):
        cover[key] = mask_text(cover[key])
    cover["scope"] = next((scope for scope in SCOPES if scope in cover["scope"]), "")
    cover["replaces"] = cover["replaces"].lower()
    if not _ISO.fullmatch(cover["filled_on"]):
        cover["filled_on"] = ""
    return cover


def _understand(placed: Placed, indicator: Indicator, scheme: Scheme) -> Reading:
    """One odd cell. Where the measure column says another measure than the scheme's, the figure is read in that one and converted; where
    it says a word that nobody knows, in the scheme's, with a remark."""
    asked = scheme.measures[indicator.measure]
    word = _word_beside(placed.measure, asked)
    words = scheme.measure_words
    said = words.get(word)
    if said is None or said is asked:
        reading = read_cell(placed.raw, indicator_measure=asked, kind=indicator.kind.value, measures=words)
        if word and said is None:
            reading = _remarked(reading, mask_text(placed.measure.strip()), "measure_unknown")
    elif not said.comparable(asked):
        reading = read_cell(placed.raw, indicator_measure=asked, kind=indicator.kind.value, measures=words)
        reading = _remarked(reading, said.name, "measure_said")
    else:
        reading = _converted(read_cell(placed.raw, indicator_measure=said, kind=indicator.kind.value, measures=words), said, asked)
    if reading.state == State.NUMBER and (not abs(reading.value) < MOST or (asked.whole and _is_personal(placed, reading))):
        return Reading(math.nan, State.UNREADABLE, as_text(placed.raw), None, ("unreadable_cell",))
    return reading


def _remarked(reading: Reading, measure: str, remark: str) -> Reading:
    """A figure whose measure column says `measure`, with one more remark; what is no figure stays as it is."""
    if reading.state != State.NUMBER:
        return reading
    text = reading.typed or format_number(reading.value, 6)
    return reading._replace(typed=text, measure_typed=measure, remarks=(*reading.remarks, remark))


def _is_personal(placed: Placed, reading: Reading) -> bool:
    """Whether a count is the telephone or citizen number of somebody, in the wrong cell."""
    digits = format_number(abs(reading.value), 0)
    written = as_text(placed.raw)
    return mask_text(digits) != digits or mask_text(written) != written


def _word_beside(written: str, asked: Measure) -> str:
    """The word that the column beside the figure has for its measure; "" where it is blank, a stroke, or the measure asked for."""
    word = re.sub(r"[\s()（）]+", "", written)
    return "" if _NO_WORD.fullmatch(word) or word in (asked.name, *asked.synonyms) else word


def _converted(reading: Reading, said: Measure, asked: Measure) -> Reading:
    if reading.state != State.NUMBER or not math.isfinite(reading.value):
        return reading
    value = float(convert(reading.value, said, asked))
    typed = reading.typed or format_number(reading.value, 6)
    remarks = tuple(dict.fromkeys((*(one for one in reading.remarks if one != "fraction"), "converted")))
    if asked.whole and not value.is_integer():
        remarks = (*remarks, "fraction")
    return Reading(value, State.NUMBER, typed, reading.measure_typed or said.name, remarks)


def _keep_odd(code: str, placed: Placed, reading: Reading, taken: Taken) -> None:
    text = mask_text((reading.typed if reading.typed is not None else as_text(placed.raw))[:LONGEST_TEXT])
    if reading.typed is not None or reading.measure_typed:
        taken.typed.append((code, text, reading.measure_typed or ""))
    for check in reading.remarks:
        taken.marks.append(Mark(check, code, placed.sheet, placed.cell, text, reading.value, reading.measure_typed or ""))
