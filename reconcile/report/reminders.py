"""Reminders (催报): short texts to paste into a message, one for the group and one for each unit that has to send something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from reconcile.model.characters import on_one_line
from reconcile.model.identity import mask_contact
from reconcile.model.round import Standing

if TYPE_CHECKING:
    from reconcile.model.outcome import Outcome
    from reconcile.scheme.scheme import Scheme

_RULE = "—" * 20
_MOST_TEXTS = 1_000  # texts that somebody may still send one by one; of more units, those above are asked to remind them
_MOST_NAMED = 200  # units named in one text; a message holds some thousand characters


def reminders(outcome: Outcome, scheme: Scheme, *, day: date | None) -> str:
    """All texts, ready to be copied one by one; "" where nobody has to be reminded. `day`: as of when, None where nobody said.

    A unit is reminded that sent nothing, or of which nothing counts because its files could not be read or told apart: then the text says
    what to send again. Telephone numbers are masked as everywhere. Where more units than anybody could write to sent nothing, the units
    directly above them get a text instead, and those without one no text of their own beyond a thousand.
    """
    teller = _Teller(outcome, scheme, day)
    missing, unclear = teller.missed, teller.unclear
    if not missing and not unclear:
        return ""
    parts = ["一、发到工作群", on_one_line(teller.group()), "二、单独发给有关单位"]
    sent = teller.silent() + [(code, teller.again(code)) for code in unclear]
    parts += [f"{on_one_line(f'【发给】{teller.addressee(code)}')}\n{on_one_line(words)}" for code, words in sent]
    return f"\n{_RULE}\n".join(parts) + "\n"


class _Teller:
    """Knows the words that all texts share."""

    def __init__(self, outcome: Outcome, scheme: Scheme, day: date | None) -> None:
        self._outcome = outcome
        self._day = day
        self._due = scheme.due(outcome.period)
        self._paper = f"{outcome.period.chinese}{scheme.name}"
        self._office = outcome.units.name(outcome.subject)
        # whoever sends the texts needs none
        self.missed = tuple(code for code in outcome.coverage.missing if code != outcome.subject)
        self._received: dict[str, list[tuple[str, str, str]]] = {}  # unit -> name of the file, standing and note of each that came
        register = outcome.round.returns
        for unit, *told in zip(*(register[column].astype(str) for column in ("unit", "file", "standing", "note")), strict=True):
            file, standing, note = told
            self._received.setdefault(unit, []).append((file.rsplit("/", 1)[-1], standing, note))
        unread = [code for code in outcome.coverage.unreadable if code != outcome.subject]
        self.unclear = tuple(code for code in unread if code in self._received)
        self._held = [code for code in unread if code not in self._received]  # they stand in a summary that could not be read

    @property
    def _late(self) -> bool:
        return self._day is not None and self._day > self._due

    def group(self) -> str:
        """The text for the group: who is missing, below which unit, and by when."""
        said = f"各位：{self._paper}的截止日期是{_chinese(self._due)}。"
        missing, unclear = self.missed, self.unclear
        until = f"截至{_chinese(self._day)}，" if self._day else "目前"
        told = [said]
        if missing:
            told.append(f"{until}还有{len(missing)}家没有收到：{self._named(missing)}。")
        if unclear:
            told.append(f"{'' if missing else until}{len(unclear)}家的报表打不开或有疑问，需要重报：{self._named(unclear)}。")
        ask = "请尽快报送" if self._late or self._day is None else f"请于{_chinese(self._due)}前报送"
        told.append(f"{ask}；已经报送的请告诉我们，以便查找。谢谢支持！{self._signed}")
        return "".join(told)

    def silent(self) -> list[tuple[str, str]]:
        """Whom to send which text because nothing came: the units themselves or, where they are too many, those above them."""
        if len(self.missed) <= _MOST_TEXTS:
            return [(code, self.missing(code)) for code in self.missed]
        units, below, alone = self._outcome.units, dict[str, list[str]](), list[str]()
        for code in self.missed:
            parent = units[code].parent if code in units else ""
            if parent in units and parent != self._outcome.subject:
                below.setdefault(parent, []).append(code)
            else:
                alone.append(code)
        return [(code, self.missing(code)) for code in alone[:_MOST_TEXTS]] + [
            (code, self._below(code, some)) for code, some in below.items()
        ]

    def _below(self, code: str, missing: Sequence[str]) -> str:
        """The text for a unit below which several sent nothing."""
        names = _some([self._outcome.units.name(one) for one in missing])
        ask = "请尽快催报" if self._late or self._day is None else "请督促按时报送"
        return (
            f"{self._outcome.units.name(code)}：您好！{self._paper}的截止日期是{_chinese(self._due)}，贵单位下级还有{len(missing)}家没有收到：{names}。"
            f"{ask}；已经报送的，请告知发送的时间和方式。谢谢支持！{self._signed}"
        )

    def missing(self, code: str) -> str:
        """The text for a unit from which nothing came."""
        name = self._outcome.units.name(code)
        when = f"已过截止日期{_chinese(self._due)}" if self._late else f"截止日期是{_chinese(self._due)}"
        ask = "请尽快报送" if self._late or self._day is None else "请按时报送"
        return (
            f"{name}：您好！贵单位的{self._paper}还没有收到，{when}，{ask}。"
            f"{''.join(self._problems(code))}已经报送的，请告知发送的时间和方式；本期确实不需填报的，请说明原因。谢谢支持！{self._signed}"
        )

    def again(self, code: str) -> str:
        """The text for a unit of which nothing that came counts: each file with its reason."""
        told = "".join(self._problems(code))
        below = sum(code in self._outcome.units.ancestors(one) for one in self._held)
        spared = f"下级{below}家的数在其中，请贵单位重报，下级不必重报。" if below else ""
        name = self._outcome.units.name(code)
        return f"{name}：您好！贵单位的{self._paper}已经收到，但还不能计入。{told}{spared}谢谢支持！{self._signed}"

    def _problems(self, code: str) -> Iterator[str]:
        received = self._received.get(code, ())
        tied = [name for name, standing, _ in received if standing == Standing.TIED]
        if tied:
            names = "”“".join(tied)
            yield f"收到的“{names}”分不清哪一份在后，请告知以哪一份为准，或者在封面写明填报日期后重报一份。"
        for name, standing, note in received:
            if standing == Standing.UNREADABLE:
                yield f"文件“{name}”打不开：{note.rstrip('。')}。"
            elif standing == Standing.WRONG_PERIOD:
                yield f"收到的文件“{name}”不是这一期的（{note.rstrip('。')}），请报{self._outcome.period.chinese}的。"

    def addressee(self, code: str) -> str:
        """The unit with its contact, where the table of units has one."""
        contact = mask_contact(self._outcome.units[code].contact) if code in self._outcome.units else ""
        name = self._outcome.units.name(code)
        return f"{name}（{contact}）" if contact else name

    def _named(self, codes: tuple[str, ...]) -> str:
        """Names of units, those below one unit together where they are below several."""
        units = self._outcome.units
        above: dict[str, str] = {}
        if len(codes) > _MOST_TEXTS:  # then by the units directly below the sender, and only how many
            above = {one: top for top in units.children(self._outcome.subject) for one in units.subtree(top)}
        by_parent: dict[str, list[str]] = {}
        for code in codes:
            parent = above.get(code) or (units[code].parent if code in units else "")
            by_parent.setdefault(parent, []).append(units.name(code))
        if len(by_parent) == 1:
            return _some(next(iter(by_parent.values())))
        if above:
            told = (f"及其下级{len(names)}家" if units.children(parent) else "" for parent, names in by_parent.items())
            return _some([f"{units.name(parent)}{many}" for parent, many in zip(by_parent, told, strict=True)])
        return "；".join(
            f"{units.name(parent)}下：{'、'.join(names)}" if parent in units else "、".join(names) for parent, names in by_parent.items()
        )

    @property
    def _signed(self) -> str:
        return f"（{self._office}）" if self._office else ""


def _some(names: Sequence[str]) -> str:
    """Names one after the other, the first of them where they are many."""
    return "、".join(names[:_MOST_NAMED]) + ("等" if len(names) > _MOST_NAMED else "")


def _chinese(day: date | None) -> str:
    return f"{day.month}月{day.day}日" if day else ""
