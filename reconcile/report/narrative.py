"""The official narrative: facts from the Outcome, wording from templates, and every number in it bound to the cells it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date  # noqa: N812 - `date` is the keyword under which callers give it
from itertools import count

from jinja2 import TemplateError, TemplateSyntaxError

from reconcile.errors import ReconcileError
from reconcile.files.safe import in_markdown
from reconcile.model.narrative import Block, Figure, Level, Narrative
from reconcile.model.outcome import Outcome
from reconcile.model.period import Period
from reconcile.model.unit import KINDS, Unit
from reconcile.report.figure_calls import Entry, FigureCalls
from reconcile.scheme.passage import POINT, environment, plain_name
from reconcile.scheme.prose import Printed, finished, page
from reconcile.scheme.scheme import Scheme

_TEMPLATES = {
    "enterprise": ("enterprise",),
    "institution": ("institution", "enterprise"),
    "village": ("village", "community"),
    "community": ("community", "village"),
    "town": ("town",),
    "county": ("county",),
}
_PLACES = {"village": "村", "community": "社区", "town": "镇", "county": "县"}
_PLACE = re.compile(r"(社区|街道|乡|镇|县|市|区|村|州|盟|旗)(?=(?:总工会|工会联合会|工会委员会|联合工会|工会)?$)")


@dataclass(frozen=True, slots=True)
class _Span:
    """How a period is said: `name` in full, `short` in a sentence, `following` for the plan, `end` for what stands on its last day."""

    name: str
    short: str
    following: str
    end: str


def tell(outcome: Outcome, scheme: Scheme, *, date: Date | None = None) -> Narrative:
    """The report of the outcome's root, in the wording of the scheme's template for its kind of unit; of several units that have no common
    top a summary without a unit's name.

    `date` is the day it is signed, by default the period's last day. Nothing is computed here: figures come through `FigureCalls`, and a
    sentence whose figure nobody reported is left out and listed. Raises ReconcileError where the scheme has no such template, a template
    is faulty, or it names an indicator that the scheme does not know.
    """
    outcome = replace(outcome, root=outcome.subject)
    unit = outcome.units[outcome.root] if outcome.root in outcome.units else _together(outcome)
    template = _template(unit.kind, scheme)
    calls = FigureCalls(outcome, scheme, template=template)
    union = _union(plain_name(unit.name)) if unit.name else ""
    sheet = page(_rendered(template, scheme, calls=calls, words=_words(outcome, unit, union)))
    body, printed = finished(sheet.pieces)
    blocks = (*_opened(body, outcome), *_closed(outcome, union, date or outcome.period.last_day))
    figures = tuple(_figure(number, calls.entries, one) for number, one in zip(count(1), printed, strict=False))
    return Narrative(blocks, figures, tuple(dict.fromkeys(sheet.left_out)))


def markdown(narrative: Narrative) -> str:
    """The narrative as CommonMark: headings, paragraphs, unit and date last. What units typed is escaped and stays what it looks like."""
    prefixes = {Level.TITLE: "# ", Level.HEADING: "## ", Level.SUBHEADING: "### "}
    return "\n\n".join(prefixes.get(block.level, "") + in_markdown(block.text) for block in narrative.blocks) + "\n"


def _together(outcome: Outcome) -> Unit:
    """Stands for units without a common top: nameless, reported on like the unit above them would be."""
    kinds = {outcome.units[code].kind for code in outcome.units.children(outcome.root)}
    return Unit(outcome.root, outcome.root, "enterprise" if kinds <= {"enterprise", "institution"} else "town")


def _template(kind: str, scheme: Scheme) -> str:
    """The file name of the template for a kind of unit, or of its substitute."""
    for name in _TEMPLATES.get(kind, ("enterprise",)):
        if f"{name}.md.j2" in scheme.templates:
            return f"{name}.md.j2"
    raise ReconcileError(f"报表制度“{scheme.name}”没有{KINDS.get(kind, kind)}的报告模板，请在 narratives 文件夹中补上 {kind}.md.j2。")


def _rendered(template: str, scheme: Scheme, *, calls: FigureCalls, words: dict[str, str | bool]) -> str:
    sandbox = environment(scheme.templates, calls={**calls.names, **words})
    try:
        return sandbox.get_template(template).render()
    except TemplateSyntaxError as error:
        raise ReconcileError(f"报告模板“{error.name or template}”第{error.lineno}行写法有误：{error.message}") from error
    except TemplateError as error:
        raise ReconcileError(f"报告模板“{template}”无法套用：{error.message or type(error).__name__}") from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, SyntaxError, RecursionError, MemoryError) as error:
        # A template is a small program of the scheme's maker: what it computes wrongly is the template's fault, not ours.
        raise ReconcileError(f"报告模板“{template}”中有算不出来的式子（{type(error).__name__}），请改正模板。") from error


def _words(outcome: Outcome, unit: Unit, union: str) -> dict[str, str | bool]:
    """The words that templates may use beside the figures."""
    span = _span(outcome.period)
    found = _PLACE.search(unit.name)
    place = found[1] if found and unit.kind not in ("enterprise", "institution") else _PLACES.get(unit.kind, "") if union else ""
    return {
        "union": union,
        "place": place,
        "whole": f"全{place}" if place else "本单位" if union else "各单位",
        "period": span.name,
        "span": span.short,
        "following": span.following,
        "by_end": span.end,
        "year": f"{outcome.period.year}年",
        "point": POINT,
        "narrowed": bool(outcome.coverage.absent) and outcome.past.previous(outcome.period) is not None,
        "several": len(outcome.units.subtree(outcome.root)) > 1,
    }


def _span(period: Period) -> _Span:
    """Figures accumulate from 1 January, so every period is told as the months from then on, or as the half or whole year they make."""
    year, month = period.year, period.month
    end = f"截至{month}月底"
    if month == 12:
        return _Span(f"{year}年", "全年", "下一年", end)
    if month == 6:
        return _Span(f"{year}年上半年", "上半年", "下半年", end)
    if month == 3:
        return _Span(f"{year}年一季度", "一季度", "下一步", end)
    return _Span(f"{year}年1至{month}月", f"1至{month}月", "下一步", end)


def _union(name: str) -> str:
    return name if "工会" in name else f"{name}工会"


def _opened(body: Sequence[Block], outcome: Outcome) -> Iterable[Block]:
    """The body with （初稿） under its title while an error stands, and with the unit that the report goes up to."""
    parent = _parent(outcome)
    for block in body:
        yield block
        if block.level is Level.TITLE:
            if outcome.draft:
                yield Block(Level.SUBTITLE, "（初稿）")
            if parent:
                yield Block(Level.ADDRESSEE, f"{_union(plain_name(outcome.units.name(parent)))}：")


def _closed(outcome: Outcome, union: str, day: Date) -> Iterable[Block]:
    if _parent(outcome):
        yield Block(Level.PARAGRAPH, "特此报告。")
    if union:
        yield Block(Level.SIGNATURE, union)
    yield Block(Level.SIGNATURE, f"{day.year}年{day.month}月{day.day}日")


def _parent(outcome: Outcome) -> str:
    """The unit that the report goes up to; "" where there is none."""
    parent = outcome.units[outcome.root].parent if outcome.root in outcome.units else ""
    return parent if parent in outcome.units else ""


def _figure(number: int, entries: Sequence[Entry], printed: Printed) -> Figure:
    entry = entries[printed.number]
    return Figure(
        number=number,
        text=printed.text,
        section=printed.section,
        sentence=printed.sentence,
        how=entry.how,
        indicator=entry.indicator,
        unit=entry.unit,
        period=entry.period,
        value=entry.value,
        measure=entry.measure,
        cells=entry.cells,
    )
