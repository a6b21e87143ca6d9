"""Form (表式): where each thing of a scheme stands in the form we hand out, and the words by which it is found in any form.

A form comes back with rows inserted, columns moved and headings retyped, so nothing is read by address: codes, headings and labels decide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconcile.model.indicator import Kind

if TYPE_CHECKING:
    from reconcile.scheme.scheme import Place, Scheme

FORM_VERSION = "1"
MARK_SHEET = "_reconcile"
UNITS_SHEET = "_名录"
PAST_SHEET = "_上年同期"
QUERY_SHEET = "查询单"
ANSWERS_SHEET = "_说明"
OWN_SHEETS = frozenset({MARK_SHEET, UNITS_SHEET, PAST_SHEET, QUERY_SHEET, ANSWERS_SHEET})
"""Sheets of our own making that hold no figures: hidden ones, and the query sheet."""

HEADING_ROW = 3
FIRST_ROW = 4
PREPARED_ROWS = 200
"""Rows made ready on a list sheet."""

NO_FIGURE = ("无", "—", "/")
"""What may be typed in place of a number: 无 is zero, — and / are not applicable."""


class Role(StrEnum):
    """What a column of a coded sheet holds."""

    CODE = "code"
    NAME = "name"
    MEASURE = "measure"
    VALUE = "value"
    PREVIOUS = "previous"
    REASON = "reason"
    CHECK = "check"


COLUMNS: Mapping[Role, int] = {role: column for column, role in enumerate(Role, start=1)}
"""Where the columns stand in the form we hand out."""

HEADINGS: Mapping[Role, tuple[str, ...]] = {
    Role.CODE: ("指标代码", "代码", "编码", "指标编码", "指标编号", "代号"),
    Role.NAME: ("指标名称", "指标", "项目", "名称", "指标项目", "统计指标"),
    Role.MEASURE: ("计量单位", "单位", "计量"),
    Role.VALUE: (
        *("本期数", "本期", "本年累计", "本期累计", "本年", "本年数", "本期实际", "累计数", "累计", "自年初累计", "报告期数"),
        *("数量", "数值", "填报数", "填写内容", "今年", "本期数据"),
    ),
    Role.PREVIOUS: ("上年同期", "上年同期数", "去年同期", "去年同期数", "同期数", "同期", "上年", "上年数", "去年"),
    Role.REASON: ("说明", "情况说明", "原因说明", "原因", "差异说明", "备注"),
    Role.CHECK: ("审核提示", "审核", "审核结果", "核对提示", "校验"),
}
"""Words by which a column is known; the first is what we print."""

TEXT_HEADING = "填写内容"

COVER_LABELS: Mapping[str, tuple[str, ...]] = {
    "choice": ("填报单位", "报送单位", "编报单位", "选择单位", "单位"),
    "unit": ("单位代码", "统计代码", "工会统计代码", "组织代码", "单位编码", "填报单位代码", "工会代码"),
    "unit_name": ("单位名称", "工会名称", "填报单位名称", "单位全称", "工会全称"),
    "unit_kind": ("单位类型", "单位类别"),
    "scope": ("填报口径", "统计口径", "口径", "填报范围"),
    "period": ("报告期", "报告期别", "填报期", "统计期", "所属期", "报表期"),
    "filler": ("填表人", "填报人", "制表人", "制表", "经办人"),
    "phone": ("联系电话", "电话", "手机", "联系方式", "手机号码"),
    "filled_on": ("填报日期", "填表日期", "报出日期", "上报日期", "日期"),
    "head": ("单位负责人", "负责人", "工会主席", "主席", "领导签字"),
    "replaces": ("替代版本", "替代文件", "答复版本"),
    "scheme": ("制度版本", "报表制度版本"),
}
"""Cover fields and their labels; the first is what we print. `choice` holds code and name, or the name alone."""

_SPACES = re.compile(r"[\s\u200b\ufeff]+")
_NUMBERING = re.compile(
    r"^(?:第?[一二三四五六七八九十]{1,3}[、.,．]|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}(?:\.\d{1,2})*[、.)．]?(?![\d%])|[甲乙丙丁][、.])"
)
_OF_WHICH = re.compile(r"^(?:其中|其|#|\*|★|☆|※)+[::,]?")
_BRACKETS = re.compile(r"\([^()]*\)$")
_FORBIDDEN_IN_SHEET = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Answers:
    """What a form is filled with before it is handed out; everything may be empty.

    cover: keys as COVER_LABELS (scope, filler, phone, filled_on, head, replaces); figures and texts: by code, numbers or any text as typed;
    reasons: by code; rows: list -> rows, each column -> value; measures: by code, where the filler wrote another measure than the form's.
    """

    cover: Mapping[str, object] = field(default_factory=dict)
    figures: Mapping[str, object] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, object] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormSheet:
    """One sheet of the form: `holds` is cover, section, text or list; `codes` are its indicators in the order of their rows."""

    name: str
    holds: str
    what: str
    codes: tuple[str, ...] = ()

    @property
    def last_row(self) -> int:
        """The last row that holds an answer."""
        return FIRST_ROW + (PREPARED_ROWS if self.holds == "list" else len(self.codes)) - 1


@dataclass(frozen=True, slots=True)
class FormPlan:
    """The form for some kinds of unit. `rows`: code -> (sheet, row); `lists`: list -> sheet."""

    kinds: frozenset[str]
    cover: str
    sheets: tuple[FormSheet, ...]
    rows: Mapping[str, tuple[str, int]]
    lists: Mapping[str, str]


def plan(scheme: Scheme, kinds: Collection[str]) -> FormPlan:
    """The form for units of `kinds`: the indicators that at least one of them reports, on the sheets form.csv names.

    Where form.csv leaves a section out (or describes another, existing form) the section gets a sheet of its own name. A list is on the
    form when an indicator that it feeds is, or when it feeds none.
    """
    asked = [one for one in scheme.indicators.values() if any(one.asked_of(kind) for kind in kinds)]
    places = {(place.holds, place.what): place.sheet for place in scheme.form if place.sheet}
    cover = sheet_title(next((place.sheet for place in scheme.form if place.holds == "cover" and place.sheet), "封面"))
    text_sheet = next((place.sheet for place in scheme.form if place.holds == "text" and place.sheet), "")
    held: dict[tuple[str, str, str], list[str]] = {}
    for holds, what, name in _sheet_order(scheme, places):
        held[(holds, what, name)] = []
    for one in asked:
        on_text = one.kind is Kind.TEXT and bool(text_sheet)
        key = ("text", "", text_sheet) if on_text else ("section", one.section, places.get(("section", one.section), one.section))
        held.setdefault(key, []).append(one.code)
    codes = frozenset(one.code for one in asked)
    sheets = []
    for (holds, what, name), members in held.items():
        if holds == "list":
            feeds = [feed.indicator for column in scheme.rosters[what].columns for feed in column.feeds]
            if not feeds or codes.intersection(feeds):
                sheets.append(FormSheet(sheet_title(name), holds, what))
        elif members:
            sheets.append(FormSheet(sheet_title(name), holds, what, tuple(members)))
    return FormPlan(
        kinds=frozenset(kinds),
        cover=cover,
        sheets=tuple(sheets),
        rows={code: (sheet.name, FIRST_ROW + offset) for sheet in sheets for offset, code in enumerate(sheet.codes)},
        lists={sheet.what: sheet.name for sheet in sheets if sheet.holds == "list"},
    )


def _sheet_order(scheme: Scheme, places: Mapping[tuple[str, str], str]) -> list[tuple[str, str, str]]:
    """Sheets in the order of form.csv; sections and lists it does not name follow in the order of their tables."""
    order = [(place.holds, place.what if place.holds != "text" else "", place.sheet) for place in scheme.form if _is_sheet(place)]
    order += [("section", section, section) for section in scheme.sections if ("section", section) not in places]
    order += [("list", name, name) for name in scheme.rosters if ("list", name) not in places]
    if len(order) > len(places):  # what form.csv does not name must not come behind the texts
        order.sort(key=lambda one: ("section", "list", "text").index(one[0]))
    return order


def _is_sheet(place: Place) -> bool:
    return place.holds in ("section", "list", "text") and bool(place.sheet)


def sheet_title(name: str) -> str:
    """`name` as Excel allows it for a sheet: at most 31 characters, none of []:*?/\\'."""
    return _FORBIDDEN_IN_SHEET.sub("_", name)[:31] or "表"


def squeeze(text: str) -> str:
    """A label without what people vary: full width, spaces, line breaks, colons at its end."""
    if text.isascii():
        return _SPACES.sub("", text).rstrip(":")
    return _SPACES.sub("", unicodedata.normalize("NFKC", text)).strip(":*")


def bare(label: str) -> str:
    """A squeezed label without leading numbering (一、 1. （一）), 其中： and a bracket at its end: what is left names the thing."""
    stripped = label
    while True:
        shorter = _OF_WHICH.sub("", _NUMBERING.sub("", stripped)).strip(":")
        if shorter == stripped or not shorter:
            break
        stripped = shorter
    return _BRACKETS.sub("", stripped) or stripped


_ROLE_OF: Mapping[str, Role] = {word: role for role, words in HEADINGS.items() for word in words}
_ROLE_BEGINNINGS: tuple[tuple[str, Role], ...] = tuple(
    sorted(((word, role) for word, role in _ROLE_OF.items() if len(word) > 2 or word[0] in "本上去"), key=lambda pair: -len(pair[0]))
)
_BEGINNINGS = tuple(word for word, _ in _ROLE_BEGINNINGS)
_COVER_FIELD: Mapping[str, str] = {word: key for key, words in COVER_LABELS.items() for word in words}


def role_of(heading: str) -> Role | None:
    """The role of a column by its heading as typed; small changes of wording are tolerated (本期数（人）, 本期完成, 去年同期数)."""
    if (found := _ROLE_OF.get(heading)) is not None:
        return found
    plain = bare(squeeze(heading))
    if (found := _ROLE_OF.get(plain)) is not None or not plain.startswith(_BEGINNINGS):
        return found
    return next((role for word, role in _ROLE_BEGINNINGS if plain.startswith(word)), None)


def cover_field(label: str) -> str:
    """The cover field that a label as typed stands for; "" where it is none."""
    return _COVER_FIELD.get(label) or _COVER_FIELD.get(bare(squeeze(label)), "")


def printed_cover_field(label: str) -> str:
    """The same for a label just as it is printed."""
    return _COVER_FIELD.get(label, "")
