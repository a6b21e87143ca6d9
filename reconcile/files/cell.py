"""What a clerk typed, and what it means. Four kinds of nothing are kept apart; nothing is guessed without a remark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from math import nan
from typing import NamedTuple

from reconcile.files.raw import CellDate, CellError, Raw, Uncomputed
from reconcile.model.quantity import Measure, Numeral, exact, read_number
from reconcile.model.round import State


class Reading(NamedTuple):
    """One cell, understood. `value` is in the indicator's measure, NaN where there is no number.

    typed: the text as typed, where it is not simply the value's digits; measure_typed: the measure it named, if any.
    remarks: names of the cell-level checks that apply (without @), each once.
    """

    value: float
    state: State
    typed: str | None = None
    measure_typed: str | None = None
    remarks: tuple[str, ...] = ()


BLANK = Reading(nan, State.BLANK)

_NIL = frozenset(("无", "没有", "暂无", "零", "〇", "○"))
_NOT_APPLICABLE = frozenset(("不适用", "不涉及", "无此项", "N/A", "n/a", "NA"))
_STROKES = re.compile(r"[-‐‑–—―−－─_/／\\]+")
_ERROR_TEXT = re.compile(r"#(?:REF!|DIV/0!|VALUE!|NAME\?|N/A|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|FIELD!|#+)", re.IGNORECASE)
_YES = frozenset(("是", "有", "√", "✓", "✔", "☑", "对", "y", "yes", "true", "1", "１", "已建", "已完成"))
_NO = frozenset(("否", "无", "没有", "×", "✗", "✘", "☒", "x", "n", "no", "false", "0", "０", "未建", "未完成", "零"))
_EDGES = "\u200b\ufeff\u2060"  # invisible characters that str.strip() leaves
_DATE = re.compile(r"(\d{4})(?:年|[-./])(\d{1,2})(?:月|[-./])(\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(?:\d{4}(?:年|[-./]))?(\d{1,2})(?:月份?)?")
_YEAR = re.compile(r"(\d{4})年?")
_WIDE_DIGITS = str.maketrans("０１２３４５６７８９．／－", "0123456789./-")
_EPOCH = date(1899, 12, 30)


def read_cell(  # noqa: PLR0911 -- a list of cases, one return each
    raw: Raw | None, *, indicator_measure: Measure, kind: str, measures: Mapping[str, Measure]
) -> Reading:
    """Understand one raw cell of an indicator.

    `kind` is the indicator's (flow, stock, rate, norm, flag, date); `measures` maps every word for a measure to it. Dates come back as the
    month's number (measure 月), the year's (年), or an Excel serial (any other). Text indicators are not read here. Never raises.
    """
    if type(raw) is float and kind in ("flow", "stock", "rate", "norm"):
        if raw >= 0 and (not indicator_measure.whole or raw.is_integer()):
            return Reading(raw, State.NUMBER)
        return _judged(raw, indicator_measure, kind)
    if raw is None:
        return BLANK
    if isinstance(raw, CellError):
        return _unreadable(raw.text, "error_value")
    if isinstance(raw, Uncomputed):
        return _unreadable(f"={raw.formula}", "uncomputed")
    if isinstance(raw, str):
        return _read_text(raw, indicator_measure, kind, measures)
    if kind == "flag":
        return _flag_number(raw)
    if kind == "date":
        return _date_number(raw, indicator_measure)
    return _read_other(raw, indicator_measure, kind)


def _read_other(raw: float | CellDate, measure: Measure, kind: str) -> Reading:
    """A number under a percent or date format, or TRUE and FALSE, where a number is asked."""
    if isinstance(raw, CellDate):
        return _unreadable(_shown_date(raw), "date_in_number")
    if isinstance(raw, bool):
        return _unreadable("TRUE" if raw else "FALSE", "unreadable_cell")
    shown = float(exact(float(raw)) * 100)
    if _is_percent(measure):
        return _judged(shown, measure, kind)
    return _judged(float(raw), measure, kind, typed=f"{shown:.15g}%", measure_typed="%", remarks=("measure_said",))


def _read_text(  # noqa: PLR0911 -- a list of cases, one return each
    raw: str, measure: Measure, kind: str, measures: Mapping[str, Measure]
) -> Reading:
    """What a text says where a number, a date or a yes is asked."""
    text = raw.strip().strip(_EDGES).strip()
    if not text:
        return BLANK
    if _ERROR_TEXT.fullmatch(text):
        return _unreadable(raw, "error_value")
    if kind == "flag" and text.lower() in _YES | _NO:
        return Reading(float(text.lower() in _YES), State.NUMBER, raw)
    if _STROKES.fullmatch(text) or text in _NOT_APPLICABLE:
        return Reading(nan, State.NOT_APPLICABLE, raw)
    if kind == "flag":
        return _unreadable(raw, "flag_value")
    if text in _NIL:
        return Reading(nan, State.NOT_APPLICABLE, raw) if kind == "date" else Reading(0.0, State.NIL, raw)
    if kind == "date":
        return _date_text(raw, text, measure)
    numeral = read_number(text)
    if numeral is None:
        return _unreadable(raw, "unreadable_cell")
    return _measured(raw, numeral, measure, kind, measures)


def _measured(raw: str, numeral: Numeral, measure: Measure, kind: str, measures: Mapping[str, Measure]) -> Reading:
    """A numeral brought into the indicator's measure, with a remark for everything that was not plain digits."""
    said: str | None = None
    number = numeral.value
    remarks: list[str] = []
    if "percent" in numeral.met:
        if not _is_percent(measure) or numeral.word:
            return _unreadable(raw, "unreadable_cell", said="%")
        said = "%"
        remarks.append("measure_said")
    elif numeral.word:
        found = _said_measure(numeral, measure, measures)
        if found is None or not found[1].comparable(measure):
            return _unreadable(raw, "unreadable_cell", said=numeral.magnitude + numeral.word)
        said, source, number = found
        converted = number * source.factor / measure.factor
        remarks.append("measure_said" if converted == number else "converted")
        if numeral.magnitude and said == numeral.word:
            remarks.append("magnitude")
        number = converted
    elif numeral.magnitude or (measure.factor >= 10000 and "chinese" in numeral.met and re.search("[万亿萬億]", raw)):
        if measure.factor < 10000:
            remarks.append("magnitude")
        elif numeral.scale in (1, measure.factor) or numeral.scale > measure.factor:
            number /= measure.factor  # 2.1万 where 万元 are asked means 2.1万元
            remarks.append("converted")
        else:
            return _unreadable(raw, "unreadable_cell")  # 2千 where 万元 are asked: 2千元 or 2千万元
    if numeral.roughly:
        remarks.append("approximate")
    if "chinese" in numeral.met:
        remarks.append("chinese_numeral")
    if "fullwidth" in numeral.met:
        remarks.append("fullwidth")
    return _judged(float(number), measure, kind, typed=raw, measure_typed=said, remarks=tuple(remarks) or ("text_number",))


def _said_measure(numeral: Numeral, measure: Measure, measures: Mapping[str, Measure]) -> tuple[str, Measure, Decimal] | None:
    """The measure a numeral names: (word, measure, number in it). The indicator's own words win; 万元 is tried before 元."""
    for word, number in ((numeral.magnitude + numeral.word, numeral.value / numeral.scale), (numeral.word, numeral.value)):
        if word == measure.name or word in measure.synonyms:
            return word, measure, number
        if word in measures:
            return word, measures[word], number
    return None


def _judged(
    value: float,
    measure: Measure,
    kind: str,
    *,
    typed: str | None = None,
    measure_typed: str | None = None,
    remarks: tuple[str, ...] = (),
) -> Reading:
    """A number, with remarks where it is negative or no whole number although the measure is."""
    if value < 0 and kind != "rate":
        remarks = (*remarks, "negative")
    if measure.whole and not value.is_integer():
        remarks = (*remarks, "fraction")
    return Reading(value, State.NUMBER, typed, measure_typed, remarks)


def _unreadable(typed: str, remark: str, *, said: str | None = None) -> Reading:
    return Reading(nan, State.UNREADABLE, typed, said, (remark,))


def _is_percent(measure: Measure) -> bool:
    return "%" in (measure.name, *measure.synonyms) or "％" in measure.name


def _flag_number(raw: float | CellDate) -> Reading:
    if isinstance(raw, CellDate):
        return _unreadable(_shown_date(raw), "flag_value")
    return Reading(float(raw), State.NUMBER) if raw in (0, 1) else _unreadable(f"{raw:.15g}", "flag_value")


def _date_number(raw: float | CellDate, measure: Measure) -> Reading:
    """A number or a date cell where a date, a month or a year is asked."""
    if isinstance(raw, bool):
        return _unreadable("TRUE" if raw else "FALSE", "unreadable_cell")
    if isinstance(raw, CellDate):
        day = _day(raw.serial)
        if day is None:
            return _unreadable(_shown_date(raw), "unreadable_cell")
        return Reading(_as_asked(day, measure), State.NUMBER, day.isoformat())
    limits = {"月": (1, 12), "年": (1949, 2100)}.get(measure.name, (10_000, 80_000))  # serials 1927 to 2119
    if raw.is_integer() and limits[0] <= raw <= limits[1]:
        return Reading(float(raw), State.NUMBER)
    return _date_text(f"{raw:.15g}", f"{raw:.15g}", measure)


def _date_text(raw: str, text: str, measure: Measure) -> Reading:
    """A date, month or year in words: 2023年6月30日, 2023.6, 6月, 六月, 2023年."""
    plain = re.sub(r"\s+", "", text).translate(_WIDE_DIGITS)
    remarks = ("fullwidth",) if re.search("[０-９]", text) else ()
    whole = _DATE.fullmatch(plain)
    if whole is not None:
        try:
            day = date(*(int(part) for part in whole.groups() if part is not None))
        except ValueError:
            return _unreadable(raw, "unreadable_cell")
        return Reading(_as_asked(day, measure), State.NUMBER, raw, None, remarks)
    if measure.name == "月":
        chinese = read_number(re.sub("月份?$", "", plain))
        if chinese is not None and "chinese" in chinese.met and not chinese.word:
            plain = str(chinese.value)
        month = _MONTH.fullmatch(plain)
        if month is not None and 1 <= int(month[1]) <= 12:
            return Reading(float(month[1]), State.NUMBER, raw, None, remarks)
    year = _YEAR.fullmatch(plain) if measure.name == "年" else None
    return Reading(float(year[1]), State.NUMBER, raw, None, remarks) if year else _unreadable(raw, "unreadable_cell")


def _day(serial: float) -> date | None:
    return _EPOCH + timedelta(days=int(serial)) if 1 <= serial < 2_958_466 else None


def _shown_date(raw: CellDate) -> str:
    day = _day(raw.serial)
    return day.isoformat() if day is not None else f"{raw.serial:.15g}"


def _as_asked(day: date, measure: Measure) -> float:
    """The month's number, the year's, or the Excel serial of a day."""
    if measure.name == "月":
        return float(day.month)
    return float(day.year) if measure.name == "年" else float((day - _EPOCH).days)
