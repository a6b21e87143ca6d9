"""A summary made with another scheme: its figures are brought into the measures asked for here, and what cannot be is not read."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from reconcile.model.indicator import Kind
from reconcile.model.quantity import Measure, convert
from reconcile.model.round import TYPED_COLUMNS, State
from reconcile.process.taken import as_text
from reconcile.scheme.wording import listed

if TYPE_CHECKING:
    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme
    from reconcile.scheme.tables import Table

_FIGURES = (State.NUMBER, State.NIL)
_EMPTY = (State.ABSENT, State.BLANK)


@dataclass(frozen=True, slots=True)
class Turn:
    """How figures of the other scheme become ours: converted from `source` to `target`, or not at all where `source` is None."""

    source: Measure | None
    target: Measure

    def value(self, number: float) -> float:
        """The figure in our measure; NaN where there is none."""
        if self.source is None or not math.isfinite(number):
            return math.nan
        return float(convert(number, self.source, self.target))


@dataclass(slots=True)
class Differences:
    """Where two schemes differ about what is counted. `turns`: indicators whose figures are not ours as they stand; `texts`: those of them
    that are text in one scheme; `columns`: the same for number columns of lists. The rest are names of indicators, for the reader.
    """

    turns: dict[str, Turn] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    columns: dict[tuple[str, str], Turn] = field(default_factory=dict)
    converted: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The differences in Chinese, without a full stop."""
        groups = (
            (self.converted, "计量单位不同，已换算：{}"),
            (self.unread, "计量单位不能换算或指标类型不同，没有读取：{}"),
            (self.unknown, "本制度没有，没有计入：{}"),
            (self.renamed, "代码相同而名称不同，请核实是否同一指标：{}"),
        )
        told = [words.format(listed(names)) for names, words in groups if names]
        return "；".join(told) if told else "两版的指标及其计量单位没有不同，照常计入"


def compared(tables: Mapping[str, Table], codes: Sequence[str], scheme: Scheme) -> Differences:
    """Compare the scheme that a summary carries (`tables`) with ours, for the codes that its values have."""
    found = Differences()
    measures = _measures(tables)
    lines = {line.get("code", ""): line for line in _lines(tables, "indicators")}
    for code in codes:
        theirs = lines.get(code, {})
        if code not in scheme.indicators:
            found.unknown.append(f"{theirs.get('name', '')}（{code}）")
            continue
        ours, asked = scheme.indicators[code], scheme.measure(code)
        source, label = measures.get(theirs.get("measure", "")), f"{ours.name}（{code}）"
        if theirs.get("kind") != ours.kind.value:
            found.turns[code] = Turn(None, asked)
            found.unread.append(label)
            if Kind.TEXT.value in (theirs.get("kind"), ours.kind.value):
                found.texts.add(code)
        elif (turn := _turn(source, asked)) is not None:
            found.turns[code] = turn
            said = "" if turn.source is None else f"{turn.source.name}→{asked.name}"
            (found.converted if said else found.unread).append(label + said)
        if theirs.get("name") and scheme.codes.get(theirs.get("name", "")) != code:
            found.renamed.append(f"{code}原为“{theirs.get('name', '')}”，现为“{ours.name}”")
    for line in _lines(tables, "lists"):
        _compare_column(line, measures, scheme, found)
    return found


def _compare_column(line: Mapping[str, str], measures: Mapping[str, Measure], scheme: Scheme, found: Differences) -> None:
    roster = scheme.rosters.get(line.get("list", ""))
    column = next((one for one in roster.columns if one.column == line.get("column")), None) if roster else None
    if roster is None or column is None or column.type != "number":
        return
    asked = scheme.measures.get(column.measure)
    turn = _turn(measures.get(line.get("measure", "")), asked) if asked is not None else None
    if turn is not None:
        found.columns[roster.name, column.column] = turn
        (found.unread if turn.source is None else found.converted).append(f"{roster.name}“{column.name}”")


def _turn(source: Measure | None, asked: Measure) -> Turn | None:
    """How a figure in `source` becomes one in `asked`; None where it is one already."""
    if source is None or not source.comparable(asked):
        return Turn(None, asked)
    return None if source.factor == asked.factor else Turn(source, asked)


def _measures(tables: Mapping[str, Table]) -> dict[str, Measure]:
    found = {}
    for line in _lines(tables, "measures"):
        try:
            factor = Decimal(line.get("factor", ""))
        except InvalidOperation:
            continue
        if factor.is_finite() and factor > 0:
            name = line.get("measure", "")
            found[name] = Measure(name, factor, line.get("base", ""), whole=line.get("whole") == "是", rounded=False)
    return found


def _lines(tables: Mapping[str, Table], name: str) -> list[dict[str, str]]:
    """The rows of a table by column; none where the summary does not carry the table."""
    header, *rest = tables.get(name) or [[]]
    lines = ({column: cell.strip() for column, cell in zip(header, row, strict=False)} for row in rest)
    return [line for line in lines if any(line.values())]


def translated(content: Round, differences: Differences) -> Round:
    """The round with its figures in our measures. What was converted keeps its figure and measure as typed; else it is UNREADABLE."""
    values, states = content.values.copy(), content.states.copy()
    typed = {(one, code): (text, measure) for one, code, text, measure in content.typed.itertuples(index=False)}
    for code, turn in differences.turns.items():
        before = states[code].to_numpy()
        numbers = values[code].to_numpy(dtype=np.float64)
        figures = np.isin(before, _FIGURES)
        if turn.source is None:
            lost = ~np.isin(before, _EMPTY) if code in differences.texts else figures
            states[code] = np.where(lost, State.UNREADABLE, before).astype(np.int8)
        for one, number, figure in zip(values.index, numbers.tolist(), figures.tolist(), strict=True):
            if figure and turn.source is not None:
                text, measure = typed.get((one, code), (as_text(number), ""))
                typed[one, code] = (text, measure or turn.source.name)
        values[code] = [turn.value(number) for number in numbers.tolist()]
    return replace(
        content,
        values=values,
        states=states,
        typed=_typed(typed),
        lists=_lists(content.lists, differences),
        adjustments=_adjustments(content.adjustments, differences),
    )


def _typed(cells: Mapping[tuple[str, str], tuple[str, str]]) -> pd.DataFrame:
    columns: list[list[Any]] = [[*key, *cell] for key, cell in cells.items()]
    return pd.DataFrame(columns, columns=list(TYPED_COLUMNS)).astype(TYPED_COLUMNS)


def _lists(table: pd.DataFrame, differences: Differences) -> pd.DataFrame:
    if not differences.columns:
        return table
    turned = [
        differences.columns[name, column].value(value) if (name, column) in differences.columns else value
        for name, column, value in table[["list", "column", "value"]].itertuples(index=False)
    ]
    return table.assign(value=np.array(turned, dtype=np.float64))


def _adjustments(table: pd.DataFrame, differences: Differences) -> pd.DataFrame:
    """Figures that a person set were set in the measures of the other scheme too."""
    turned = {
        column: [
            differences.turns[code].value(number) if code in differences.turns else number
            for code, number in table[["indicator", column]].itertuples(index=False)
        ]
        for column in ("reported", "adjusted")
    }
    return table.assign(**{column: np.array(numbers, dtype=np.float64) for column, numbers in turned.items()})
