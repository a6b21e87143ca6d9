"""What a clerk typed, and what it means."""

from decimal import Decimal
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.files.cell import Reading, read_cell
from reconcile.files.raw import CellDate, CellError, Percent, Raw, Uncomputed
from reconcile.model.quantity import Measure
from reconcile.model.round import State


def measure(name: str, factor: int = 1, base: str = "", *synonyms: str, whole: bool = True) -> Measure:
    return Measure(name, Decimal(factor), base or name, whole=whole, rounded=not whole, synonyms=synonyms)


PEOPLE = measure("人", 1, "人", "名", "位")
MEASURES = [
    PEOPLE,
    measure("家", 1, "家", "户"),
    measure("元", 1, "元", "圆", whole=False),
    measure("万元", 10000, "元", whole=False),
    measure("亿元", 10**8, "元", whole=False),
    measure("%", 1, "%", "百分点", whole=False),
    measure("月"),
    measure("日期"),
    measure("年"),
    measure("是否"),
]
NAMED = {one.name: one for one in MEASURES}
WORDS = NAMED | {word: one for one in MEASURES for word in one.synonyms}


def read(raw: Raw | None, name: str = "人", kind: str = "flow") -> Reading:
    return read_cell(raw, indicator_measure=NAMED[name], kind=kind, measures=WORDS)


@pytest.mark.parametrize(
    ("raw", "value", "remarks"),
    [
        (35.0, 35, ""),
        (-3.0, -3, "negative"),
        (2.5, 2.5, "fraction"),
        ("３５", 35, "fullwidth"),
        ("35", 35, "text_number"),
        ("1,850", 1850, "text_number"),
        ("1850 ", 1850, "text_number"),
        ("1，850", 1850, "fullwidth"),
        ("35人", 35, "measure_said"),
        ("35 名", 35, "measure_said"),
        ("约30", 30, "approximate"),
        ("30余人", 30, "measure_said approximate"),
        ("2.1万", 21000, "magnitude"),
        ("贰拾", 20, "chinese_numeral"),
        ("-5", -5, "text_number negative"),
        ("２.５", 2.5, "fullwidth fraction"),
        (Percent(0.5), 0.5, "measure_said fraction"),
    ],
)
def test_numbers_of_heads(raw: Raw, value: float, remarks: str) -> None:
    reading = read(raw)
    assert (reading.value, reading.state, reading.remarks) == (value, State.NUMBER, tuple(remarks.split()))
    assert reading.typed == (raw if isinstance(raw, str) else "50%" if isinstance(raw, Percent) else None)


def test_four_kinds_of_nothing_are_four_answers() -> None:
    for raw in ("无", "没有", "零"):
        assert read(raw)[:2] == (0.0, State.NIL)
    for raw in ("—", "／", "/", "-", "--", "——", "不适用"):
        assert read(raw).state == State.NOT_APPLICABLE
    for blank in (None, "", "  ", "\u3000\xa0", "\u200b"):
        assert read(blank).state == State.BLANK
    for raw in ("见附件", "O", "1,85", "30-40", "3 5", "35家", "50%"):
        reading = read(raw)
        assert (reading.state, reading.typed, reading.remarks) == (State.UNREADABLE, raw, ("unreadable_cell",))


@pytest.mark.parametrize(
    ("raw", "typed", "remark"),
    [
        (CellError("#DIV/0!"), "#DIV/0!", "error_value"),
        ("#REF!", "#REF!", "error_value"),
        (Uncomputed("SUM(A1:A3)"), "=SUM(A1:A3)", "uncomputed"),
        (CellDate(45107.0), "2023-06-30", "date_in_number"),
        (True, "TRUE", "unreadable_cell"),
    ],
)
def test_cells_without_a_figure_say_what_they_hold(raw: Raw, typed: str, remark: str) -> None:
    reading = read(raw)
    assert isnan(reading.value)
    assert (reading.state, reading.typed, reading.remarks) == (State.UNREADABLE, typed, (remark,))


@pytest.mark.parametrize(
    ("raw", "name", "value", "said", "remarks"),
    [
        ("56149元", "万元", 5.6149, "元", "converted"),
        ("1,850元", "万元", 0.185, "元", "converted"),
        ("2.1万元", "万元", 2.1, "万元", "measure_said"),
        ("2.1万", "万元", 2.1, None, "converted"),
        ("3亿", "万元", 30000, None, "converted"),
        ("2.1亿元", "万元", 21000, "亿元", "converted"),
        ("三万五", "万元", 3.5, None, "converted chinese_numeral"),
        ("2.1万", "元", 21000, None, "magnitude"),
        ("2.1万元", "元", 21000, "万元", "converted"),
        ("35圆", "元", 35, "圆", "measure_said"),
        ("3000", "万元", 3000, None, "text_number"),
    ],
)
def test_money_is_brought_into_the_measure_asked(raw: str, name: str, value: float, said: str | None, remarks: str) -> None:
    reading = read(raw, name)
    assert (reading.value, reading.typed, reading.measure_typed, reading.remarks) == (value, raw, said, tuple(remarks.split()))


def test_a_magnitude_that_could_mean_two_things_is_not_guessed() -> None:
    assert read("2千", "万元").state == State.UNREADABLE
    assert read("3人", "元").state == State.UNREADABLE


@pytest.mark.parametrize(
    ("raw", "value"), [(95.0, 95), (0.95, 0.95), (Percent(0.95), 95), (Percent(0.07), 7), ("95%", 95), ("5百分点", 5), (-3.0, -3)]
)
def test_rates(raw: Raw, value: float) -> None:
    reading = read(raw, "%", "rate")
    assert (reading.value, reading.state) == (value, State.NUMBER)
    assert "negative" not in reading.remarks


@pytest.mark.parametrize(
    ("raw", "value"), [("是", 1), ("√", 1), ("有", 1), ("Y", 1), (1.0, 1), (True, 1), ("否", 0), ("×", 0), ("无", 0), (0.0, 0)]
)
def test_yes_and_no(raw: Raw, value: float) -> None:
    assert read(raw, "是否", "flag")[:2] == (value, State.NUMBER)


def test_neither_yes_nor_no() -> None:
    for raw in ("也许", 2.0, CellDate(45107.0)):
        assert read(raw, "是否", "flag").remarks == ("flag_value",)
    assert read("—", "是否", "flag").state == State.NOT_APPLICABLE


@pytest.mark.parametrize("raw", [6.0, "6", "6月", "６月", "六月", "2023年6月", "2023.06", "2023年6月30日", CellDate(45107.5)])
def test_months(raw: Raw) -> None:
    assert read(raw, "月", "date")[:2] == (6.0, State.NUMBER)


@pytest.mark.parametrize("raw", ["2023年6月30日", "2023-6-30", "2023/06/30", 20230630.0, 45107.0, CellDate(45107.0)])
def test_days_are_serials(raw: Raw) -> None:
    assert read(raw, "日期", "date")[:2] == (45107.0, State.NUMBER)


def test_years_and_impossible_dates() -> None:
    assert read("2023年", "年", "date").value == 2023
    assert read(CellDate(45107.0), "年", "date").value == 2023
    for raw, name in (("13月", "月"), (13.0, "月"), ("2023-6-31", "日期"), ("昨天", "日期"), (CellDate(1e9), "日期")):
        assert read(raw, name, "date").state == State.UNREADABLE
    assert read("无", "月", "date").state == State.NOT_APPLICABLE


@given(
    st.one_of(
        st.none(),
        st.floats(allow_nan=False),
        st.booleans(),
        st.text(max_size=12),
        st.text("0123456789,.，万元人约%-— 一二十", max_size=8),
        st.builds(CellDate, st.floats(allow_nan=False)),
    ),
    st.sampled_from(sorted(NAMED)),
    st.sampled_from(["flow", "stock", "rate", "norm", "flag", "date"]),
)
def test_nothing_raises_and_a_number_is_a_number(raw: Raw | None, name: str, kind: str) -> None:
    reading = read(raw, name, kind)
    assert isnan(reading.value) == (reading.state not in (State.NUMBER, State.NIL))
