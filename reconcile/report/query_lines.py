"""The lines of a query sheet: findings in a unit's words, in the order of its form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reconcile.files.query_book import QueryLine
from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.scheme.doubts import doubted
from reconcile.scheme.replies import values_key
from reconcile.scheme.wording import place

if TYPE_CHECKING:
    from reconcile.model.outcome import Outcome
    from reconcile.scheme.replies import Replies
    from reconcile.scheme.scheme import Scheme

Place = tuple[str, str]
"""Sheet and cell."""

_SAME_START = 3  # characters: 请对照, by which two clauses ask for the same
_CELLS_SHOWN = 6  # what a line of a table still shows; the rules of the built-in scheme read up to five cells


class Lines:
    """Makes lines for one workbook.

    file: the return that the questions are about; places: its cells -> where the same cells stand in the workbook; names: every file
    with what it is called to a unit (`file_names`); `unnamed`: the questions are about several units, which the place must name.
    """

    def __init__(
        self,
        outcome: Outcome,
        scheme: Scheme,
        replies: Replies,
        *,
        file: str,
        places: Mapping[Place, Place],
        names: Mapping[str, str],
        unnamed: bool,
    ) -> None:
        self._outcome = outcome
        self._scheme = scheme
        self._file = file
        self._places = places
        self._unnamed = unnamed
        self._replies = replies
        self._names = names
        self._order = {where: number for number, where in enumerate(places.values())}

    def of(self, findings: Iterable[Finding]) -> list[QueryLine]:
        """Errors first, then as the cells stand on the form. What is suspected is said once, at the first line that it concerns."""
        rank = {tier: number for number, tier in enumerate(Tier)}
        said: dict[str, int] = {}
        lines: list[QueryLine] = []
        for finding in sorted(findings, key=lambda one: (rank[one.tier], one.unit if self._unnamed else "", self._at(one), one.sort_key)):
            doubts = doubted(self._outcome.suspicion(finding), self._scheme, self._outcome.round, moved=self._places)
            before = said.setdefault(doubts, len(lines) + 1)
            lines.append(self._line(finding, f"见第{before}条" if doubts and before <= len(lines) else doubts))
        return lines

    def _line(self, finding: Finding, doubts: str) -> QueryLine:
        marked = tuple(dict.fromkeys(where for cell in finding.cells if (where := self._here(cell))))
        return QueryLine(
            tier=finding.tier,
            place=self._place(finding, marked),
            shown=self._shown(finding),
            problem=self._plain(self._problem(finding)),
            doubts=self._plain(doubts),
            rule=finding.rule,
            indicators=";".join(finding.indicators),
            values=values_key(finding, self._scheme),
            target=marked[0] if marked else None,
            marked=marked,
        )

    def _here(self, cell: CellAt) -> Place | None:
        """Where a cell of the return stands in the workbook."""
        return self._places.get((cell.sheet, cell.cell)) if cell.file == self._file and cell.cell else None

    def _at(self, finding: Finding) -> int:
        """How far down the form a finding is; behind everything where it is nowhere."""
        return min((self._order[where] for cell in finding.cells if (where := self._here(cell))), default=len(self._order))

    def _place(self, finding: Finding, marked: tuple[Place, ...]) -> str:
        """Sheets with their cells as in this workbook; else as in the files, each named once."""
        sheets: dict[str, list[str]] = {}
        if marked:
            for sheet, address in marked[:_CELLS_SHOWN]:
                sheets.setdefault(sheet, []).append(address)
            return "；".join(f"{sheet}!{'、'.join(cells)}" for sheet, cells in sheets.items())
        for cell in finding.cells[:_CELLS_SHOWN]:
            known = sheets.setdefault(_name(cell.file) if cell.file != self._file or not cell.cell else "", [])
            if cell.cell:
                known.append(place(cell))
        where = "\n".join("：".join(filter(None, (file, "、".join(cells)))) for file, cells in sheets.items())
        if self._unnamed:
            return "\n".join(filter(None, (finding.unit_name, "、".join(self._labels(finding)))))
        return where or "、".join(self._labels(finding)) or "整份报表"

    def _plain(self, text: str) -> str:
        """A sentence without the folders where we keep files: a cell of the unit's own file by its sheet, other files by their names."""
        if "/" in text:
            text = text.replace(f"{self._file}：", "") if self._file else text
            for file, name in self._names.items():
                text = text.replace(file, name)
        return text

    def _labels(self, finding: Finding) -> list[str]:
        return [self._scheme.label(code) for code in finding.indicators[:_CELLS_SHOWN]]

    def _shown(self, finding: Finding) -> str:
        """What stands in the cells: 会员人数：135, one a line; the text alone for a cell that is no indicator's."""
        codes = {where: code for code, where in self._layout(finding).items()}
        told = []
        for cell in finding.cells[:_CELLS_SHOWN]:
            code = codes.get((cell.sheet, cell.cell), "") if cell.cell else ""
            text = cell.value or ("（空）" if code else "")
            told.append(f"{self._scheme.label(code)}：{text}" if code else text)
        return "\n".join(dict.fromkeys(filter(None, told))) or finding.observed

    def _layout(self, finding: Finding) -> Mapping[str, Place]:
        register = self._outcome.round.returns
        layout = str(register.at[finding.return_id, "layout"]) if finding.return_id in register.index else ""
        return self._outcome.round.layouts.get(layout, {})

    def _problem(self, finding: Finding) -> str:
        """What does not hold, what to do, and why an earlier answer does not do."""
        told = [_briefer(finding.message, finding.advice), f"→ {finding.advice}" if finding.advice else ""]
        reply = self._replies.to(finding) if finding.tier is Tier.QUERY else None
        if reply is not None and reply.lapsed and reply.usable:
            told.append(f"（原来的说明“{reply.text}”是改数以前写的，请对照现在的数重新说明）")
        elif reply is not None and not reply.usable:
            told.append(f"（原来的说明“{reply.text}”没有讲清原因，请写具体）")
        return "\n".join(filter(None, told))


def _name(file: str) -> str:
    """A file's own name, without the folders and archives around it."""
    return file.rsplit("/", 1)[-1]


def file_names(outcome: Outcome) -> dict[str, str]:
    """Every file with folders before it -> its own name; longer paths first, for one may end like another."""
    files = {str(file) for file in outcome.round.returns["file"]} | {cell.file for one in outcome.findings for cell in one.cells}
    return {file: _name(file) for file in sorted(files, key=lambda one: (-len(one), one)) if "/" in file}


def _briefer(message: str, advice: str) -> str:
    """The message without its last clause where the advice begins with the same (请对照证照逐位核对)."""
    head, comma, clause = message.rpartition("，")
    repeated = bool(comma) and clause.startswith("请") and clause[:_SAME_START] == advice[:_SAME_START]
    return f"{head}。" if repeated else message
