"""Queries (查询单): for each unit that has still something to do a workbook that says what, and is a return itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from reconcile.files.form_book import FormDesign, design, form_workbook
from reconcile.files.query_book import QueryHead, QueryLine, Standing, query_book
from reconcile.files.query_reader import FORWARDED_HEADING, Answer
from reconcile.files.safe import free_name
from reconcile.model.finding import Finding, Tier
from reconcile.model.identity import mask_contact
from reconcile.model.round import Standing as Stands
from reconcile.report.query_form import Refilled, kinds_held, refilled
from reconcile.report.query_lines import Lines, Place, file_names
from reconcile.scheme.replies import Replies, standing_answers

if TYPE_CHECKING:
    from openpyxl import Workbook

    from reconcile.files.form_reader import FilledForm
    from reconcile.model.outcome import Outcome
    from reconcile.model.unit import Unit
    from reconcile.scheme.scheme import Scheme

FOLDER = "queries"
"""Folder of the queries among the results."""

Forms = Callable[[str], "FilledForm | None"]
"""Return id -> the form as its own file has it, personal numbers and all; None where there is no such file to read."""

_READ = (Stands.COUNTED, Stands.STAND_IN, Stands.COMPARED)
_OFFICE = frozenset({"missing_unit", "not_owed", "adjustment", "other_scheme"})
"""Named checks that the office which runs the program must settle itself: no unit can answer them on a form."""

_COUNTED = "贵单位报送的{subject}已收悉，谢谢支持。经审核，有{questions}，逐条列在下表，请对照台账和名册办理："
_NOT_COUNTED = "贵单位发来的文件已收到，谢谢支持，但贵单位的{subject}还不能计入汇总：有{questions}，逐条列在下表，办好后才能计入。"
_NOTHING_CAME = "贵单位自己的{subject}还没有收到。从已收到的其他报表看，有{questions}与贵单位有关，逐条列在下表，请对照台账办理："
_WITHOUT_FORM = "请按“问题和处理建议”栏办理，并把报表报送给{sender}；后面附有一份空白表，需要填写时可以直接使用。"

_FILE = re.compile(r".*?\.(?:xlsx|xlsm)(?=/|$)", re.IGNORECASE)
_NUMBERS = re.compile(r"[\d*+()（）-]{5,}|电话|手机|联系方式")


def queries(outcome: Outcome, scheme: Scheme, *, forms: Forms) -> Iterator[tuple[str, bytes]]:
    """(name, content) of a query workbook for each unit with open findings, in the order of the units; names are below `FOLDER`.

    A unit that sent its own file gets the questions and its form filled with what it reported, as a version that answers that file; one
    with two returns (本级 and 汇总) gets two workbooks. Where no file counts, or it cannot be read again, an empty form follows.
    Units whose returns came through a summary are asked through the unit that sent it: one workbook for each summary, without forms.
    """
    desk = _Desk(outcome, scheme, forms)
    taken: set[str] = set()
    for unit, return_id, found in desk.direct():
        mark = "（汇总）" if desk.standing.get(return_id) in (Stands.COMPARED, Stands.STAND_IN) else ""
        yield f"{FOLDER}/{free_name(f'{unit.code} {unit.name}{mark}.xlsx', taken)}", desk.workbook(unit, return_id, found)
    for source, found in desk.through().items():
        sender = desk.sender_of(source)
        name = f"{sender.code} {sender.name}（转下级）.xlsx" if sender else f"{_stem(source)}（转下级）.xlsx"
        yield f"{FOLDER}/{free_name(name, taken)}", desk.forwarded(sender.name if sender else _stem(source), found)


def _stem(source: str) -> str:
    return source.rsplit("/", 1)[-1].rsplit(".", 1)[0]


@dataclass(frozen=True)
class _Desk:
    """One round, ready to be asked about."""

    outcome: Outcome
    scheme: Scheme
    forms: Forms
    designs: dict[frozenset[str], FormDesign] = field(default_factory=dict)

    @cached_property
    def standing(self) -> Mapping[str, str]:
        """Return id -> what became of it."""
        return {str(one): str(said) for one, said in self.outcome.round.returns["standing"].items()}

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """Return id -> the summary that we received it in; "" for a file of its own."""
        told = self.outcome.round.returns["source"].items()
        return {str(one): found[0] if (found := _FILE.match(str(source))) else str(source) for one, source in told}

    @cached_property
    def asked(self) -> tuple[Finding, ...]:
        """The open findings that a unit can settle. About the totals of the office itself nobody else can be asked."""
        office = {rule.id for name, rule in self.scheme.named.items() if name in _OFFICE}
        told = (one for one in self.outcome.findings if one.open and one.unit in self.outcome.units and one.rule not in office)
        return tuple(one for one in told if one.return_id or one.unit != self.outcome.root)

    def direct(self) -> Iterator[tuple[Unit, str, list[Finding]]]:
        """Unit, its return that the questions are about ("" where none counts), and the questions; units in their order.

        What is asked about no return, or about a file that does not count, goes along with the return that does.
        """
        by_unit: dict[str, list[Finding]] = {}
        for one in self.asked:
            if not self._summary_of(one):
                by_unit.setdefault(one.unit, []).append(one)
        own = self._own_returns if by_unit else {}
        for unit in (unit for unit in self.outcome.units if unit.code in by_unit):
            ids = own.get(unit.code, [])
            groups: dict[str, list[Finding]] = {}
            for one in by_unit[unit.code]:
                groups.setdefault(one.return_id if one.return_id in ids else ids[0] if ids else "", []).append(one)
            for return_id in sorted(groups, key=lambda one: ids.index(one) if one else 0):
                yield unit, return_id, groups[return_id]

    def through(self) -> dict[str, list[Finding]]:
        """Summary -> the questions about the units whose returns it brought."""
        found: dict[str, list[Finding]] = {}
        for one in self.asked:
            if source := self._summary_of(one):
                found.setdefault(source, []).append(one)
        return found

    def _summary_of(self, one: Finding) -> str:
        """The summary that a question is about: that of its return; for one about totals, which no return holds, that of the unit."""
        if one.return_id:
            return self.sources.get(one.return_id, "")
        return "" if one.unit in self._own_returns else self._senders.get(one.unit, "")

    @cached_property
    def _senders(self) -> Mapping[str, str]:
        """Unit -> the summary it sent."""
        return {unit.code: source for source in dict.fromkeys(self.sources.values()) if source and (unit := self.sender_of(source))}

    @cached_property
    def _own_returns(self) -> dict[str, list[str]]:
        """Unit -> its returns that were read from files of their own, one that is added up first."""
        found: dict[str, list[str]] = {}
        for one, unit in self.outcome.round.returns["unit"].items():
            if self.standing[str(one)] in _READ and not self.sources[str(one)]:
                found.setdefault(str(unit), []).append(str(one))
        return {unit: sorted(ids, key=lambda one: _READ.index(Stands(self.standing[one]))) for unit, ids in found.items()}

    def sender_of(self, source: str) -> Unit | None:
        """The unit that a summary speaks for: the lowest above all that it brought; None where that is the office itself."""
        inside = [str(unit) for one, unit in self.outcome.round.returns["unit"].items() if self.sources[str(one)] == source]
        units = self.outcome.units
        code = units.common(unit for unit in inside if unit in units)
        return units[code] if code and code != self.outcome.root else None

    def workbook(self, unit: Unit, return_id: str, found: Sequence[Finding]) -> bytes:
        """The query of one unit."""
        form = self.forms(return_id) if return_id else None
        made = self._design(unit, form)
        filled = self._refilled(return_id, form, made) if form is not None else None
        lines = self._lines(found, file=self._file(return_id), places=filled.places if filled else {}, unnamed=False)
        answered = [one for one in self.outcome.findings if one.return_id == return_id and one.reason] if return_id else []
        sender = self._sender(unit)
        if filled is not None:
            opening = _opening(sender, self._subject, lines, answered=len(answered))
        else:
            came = self._came(unit.code, return_id).format(subject=self._subject, questions=_counted(lines))
            opening = [f"　　{came}", f"　　{_WITHOUT_FORM.format(sender=sender)}"]
        head = self._head(unit.name, (sender, opening))
        results = filled.results if filled else {}
        return query_book(head, lines, form=self._form(unit, made, filled), standing=self._standing(answered, filled), results=results)

    def _came(self, code: str, return_id: str) -> str:
        """What to say about what came from a unit whose own form does not follow."""
        if return_id:
            return _COUNTED
        register = self.outcome.round.returns
        files = register[(register["unit"] == code) & (register["source"] == "")]
        return _NOTHING_CAME if files.empty else _NOT_COUNTED

    def _design(self, unit: Unit, form: FilledForm | None) -> FormDesign:
        """The form of the unit's kind, wide enough for what was answered."""
        kinds = frozenset({unit.kind})
        if form is not None:
            below = {self.outcome.units[code].kind for code in self.outcome.units.subtree(unit.code)}
            kinds = kinds_held(form, self.scheme, kind=unit.kind, below=below)
        if kinds not in self.designs:
            self.designs[kinds] = design(self.scheme, kinds)
        return self.designs[kinds]

    def _refilled(self, return_id: str, form: FilledForm, made: FormDesign) -> Refilled:
        register, values = self.outcome.round.returns, self.outcome.round.values
        reported = {str(code): float(figure) for code, figure in values.loc[return_id].to_dict().items()}
        return refilled(form, self.scheme, made.plan, values=reported, replaces=str(register.at[return_id, "sha256"]))

    def forwarded(self, unit: str, found: Sequence[Finding]) -> bytes:
        """The query of a unit about those below it: a list to hand on."""
        lines = self._lines(found, file="", places={}, unnamed=True)
        head = self._head(unit, _forwarding(self._sender(None), self._subject, lines), answers=FORWARDED_HEADING)
        return query_book(head, lines, form=None)

    def _form(self, unit: Unit, made: FormDesign, filled: Refilled | None) -> Workbook:
        period = self.outcome.period
        earlier = self.outcome.past.previous(period)
        own = earlier.own if earlier is not None else None
        previous = {} if own is None or unit.code not in own.index else own.loc[unit.code].dropna().astype(float).to_dict()
        figures = {str(code): float(figure) for code, figure in previous.items()}
        if filled is None:
            return form_workbook(self.scheme, unit=unit, period=period, previous=figures, made=made)
        return form_workbook(self.scheme, unit=unit, period=period, previous=figures, made=made, filled=filled.answers, kind="query")

    def _standing(self, answered: Sequence[Finding], filled: Refilled | None) -> Standing | None:
        if filled is None:
            return None
        told = [Answer(row["rule"], row["indicators"], row["values"], row["text"]) for row in standing_answers(answered, self.scheme)]
        return Standing(tuple(dict.fromkeys(told)), filled.carried)

    def _lines(self, found: Iterable[Finding], *, file: str, places: Mapping[Place, Place], unnamed: bool) -> list[QueryLine]:
        lines = Lines(self.outcome, self.scheme, self._replies, file=file, places=places, names=self._names, unnamed=unnamed)
        return lines.of(found)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return file_names(self.outcome)

    @cached_property
    def _replies(self) -> Replies:
        return Replies(self.outcome.round, self.scheme)

    def _file(self, return_id: str) -> str:
        return str(self.outcome.round.returns.at[return_id, "file"]) if return_id else ""

    @property
    def _subject(self) -> str:
        return f"{self.outcome.period.chinese}{self.scheme.name}"

    def _sender(self, unit: Unit | None) -> str:
        """Who asks: the office that the report is about; where that is the asked unit itself, the unit above it. With a name to ask for."""
        units = self.outcome.units
        code = self.outcome.subject
        if unit is not None and code == unit.code:
            code = unit.parent
        if code not in units:
            return "上级工会"
        person = _NUMBERS.sub("", mask_contact(units[code].contact)).strip(" ，,、:：;；")
        return f"{units.name(code)}（联系人：{person}）" if person else units.name(code)

    def _head(self, unit: str, told: tuple[str, Sequence[str]], **more: str) -> QueryHead:
        sender, opening = told
        return QueryHead(
            title=f"{self._subject}数据查询单",
            unit=unit,
            period=self.outcome.period.chinese,
            edition=self.outcome.edition,
            sender=sender,
            opening=opening,
            footer=self.scheme.name,
            **more,
        )


def _counted(lines: Sequence[QueryLine]) -> str:
    """有2处必须更正、3处需要核实."""
    errors = sum(line.tier is Tier.ERROR for line in lines)
    told = [f"{errors}处必须更正"] if errors else []
    told += [f"{len(lines) - errors}处需要核实"] if len(lines) > errors else []
    return "、".join(told)


def _opening(sender: str, subject: str, lines: Sequence[QueryLine], *, answered: int) -> list[str]:
    """What is asked of a unit whose form follows, in the order it is done."""
    told = [f"　　{_COUNTED.format(subject=subject, questions=_counted(lines))}"]
    steps = []
    if any(line.tier is Tier.ERROR for line in lines):
        steps.append("标“强制”的，请直接在后面的报表中改正。有关单元格已标色，点“查看”可以直接转到。")
    if any(line.tier is Tier.QUERY for line in lines):
        steps.append(
            "标“核实”的，数字有误的请在报表中改正；数字无误的，请在本页“说明”栏写明具体原因，只写“核实无误”“情况属实”“同上”的不算。"
        )
    steps.append(f"办完请保存，把本文件整个发回{sender}，不必另填新表。疑似单元格和建议值是推算的，仅供参考，请以实际情况为准。")
    told += [f"　　{number}. {step}" for number, step in enumerate(steps, start=1)]
    if answered:
        told.append(f"　　另有{answered}条贵单位已说明原因，不再询问；有关的数改动后，请重新说明。")
    return told


def _forwarding(sender: str, subject: str, lines: Sequence[QueryLine]) -> tuple[str, Sequence[str]]:
    told = [
        f"　　贵单位汇总报送的{subject}已收悉，谢谢支持。经审核，所属单位有{_counted(lines)}，逐条列在下表，请转告有关单位办理：",
        "　　1. 标“强制”的，由填报单位改正；标“核实”的，数字有误的改正，数字无误的在报表“说明”栏写明具体原因。",
        f"　　2. 收齐后请重新汇总，把新的汇总表报送{sender}。疑似单元格和建议值是推算的，仅供参考。",
    ]
    return sender, told
