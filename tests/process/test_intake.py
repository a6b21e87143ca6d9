"""What is taken from a form cell by cell: the short way and the long way agree, and nothing typed raises or leaks."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.files.cell import read_cell
from reconcile.files.form_figures import Block, Figures
from reconcile.files.form_reader import FilledForm, Placed, RosterRow
from reconcile.files.raw import CellDate, CellError, Percent, Raw, Uncomputed
from reconcile.files.scheme_files import read_scheme
from reconcile.model.identity import check_credit_code, mask_text
from reconcile.model.quantity import format_number
from reconcile.model.round import State
from reconcile.process.intake import Reader
from reconcile.process.taken import Taken, as_text, shown_day
from reconcile.scheme.scheme import Scheme

COVER = dict.fromkeys(("unit", "unit_name", "scope", "period", "filled_on", "filler", "phone", "head", "replaces", "scheme"), "")
PERSON = "99010619491231002X"


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


def taken(
    scheme: Scheme, *, figures: dict[str, Placed] | None = None, rows: tuple[RosterRow, ...] = (), cover: dict[str, str] | None = None
) -> Taken:
    blocks = [Block(one.sheet, (code,), (one.cell,), [one.raw], (one.measure,)) for code, one in (figures or {}).items()]
    form = FilledForm({**COVER, **(cover or {})}, Figures(blocks), {}, {}, rows, (), (), (), (), "layout")
    return Reader(scheme).take(form)


def value(scheme: Scheme, got: Taken, code: str) -> tuple[float, State]:
    column = list(scheme.indicators).index(code)
    return float(got.values[column]), State(int(got.states[column]))


RAWS = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.floats().map(Percent),
    st.floats(allow_nan=False, allow_infinity=False).map(CellDate),
    st.sampled_from(["#REF!", "#N/A"]).map(CellError),
    st.just(Uncomputed("A1+A2")),
    st.text(max_size=20),
    st.from_regex(r"[约近]?[0-9０-９,，.]{1,8}[万亿]?[人元户]?余?", fullmatch=True),
)
CODES = st.sampled_from(["A008", "C006", "A019", "A014"])


@settings(max_examples=300, deadline=None)
@given(raw=RAWS, code=CODES, measure=st.sampled_from(["", "人", "元", "万元", "户", "什么"]))
def test_whatever_is_typed_has_a_state_and_never_raises(scheme: Scheme, raw: Raw | None, code: str, measure: str) -> None:
    got = taken(scheme, figures={code: Placed("表", "D7", raw, measure)})
    number, state = value(scheme, got, code)
    assert state is not State.ABSENT
    assert math.isnan(number) == (state not in (State.NUMBER, State.NIL))
    assert math.isnan(number) or abs(number) < 1e15
    if state is State.UNREADABLE:
        assert got.marks


def personal(figure: float) -> bool:
    """Whether a figure, as written or without its decimals, looks like somebody's telephone or citizen number."""
    return any(mask_text(written) != written for written in (as_text(figure), format_number(figure, 0)))


@settings(max_examples=200, deadline=None)
@given(raw=st.floats(min_value=0, max_value=1e14).filter(lambda figure: not personal(figure)), code=CODES)
def test_the_short_way_reads_what_the_long_way_reads(scheme: Scheme, raw: float, code: str) -> None:
    indicator = scheme.indicators[code]
    long = read_cell(raw, indicator_measure=scheme.measure(code), kind=indicator.kind.value, measures=scheme.measure_words)
    got = taken(scheme, figures={code: Placed("表", "D7", raw)})
    assert value(scheme, got, code) == (long.value, long.state)
    assert [mark.check for mark in got.marks] == list(long.remarks)


@pytest.mark.parametrize(
    ("measure", "raw", "number", "checks"),
    [
        ("万元", 1.5, 1.5, []),
        ("元", 15000.0, 1.5, ["converted"]),
        ("亿元", 0.5, 5000.0, ["converted"]),
        ("（元）", 15000.0, 1.5, ["converted"]),
        ("元", "1.5万元", 1.5, ["converted"]),
        ("户", 3.0, 3.0, ["measure_said"]),
        ("千元", 3.0, 3.0, ["measure_unknown"]),
        ("千元", "3", 3.0, ["text_number", "measure_unknown"]),
        ("千元", "若干", math.nan, ["unreadable_cell"]),
        ("—", 3.0, 3.0, []),
    ],
)
def test_the_measure_column_is_believed_where_it_can_be_converted(
    scheme: Scheme, measure: str, raw: Raw, number: float, checks: list[str]
) -> None:
    got = taken(scheme, figures={"C006": Placed("表", "D7", raw, measure)})
    read, state = value(scheme, got, "C006")
    assert read == number or (math.isnan(read) and state is State.UNREADABLE)
    assert [mark.check for mark in got.marks] == checks


def test_an_unknown_measure_is_kept_with_what_was_typed(scheme: Scheme) -> None:
    got = taken(scheme, figures={"C006": Placed("表", "D7", 3.5, " 千元")})
    assert got.typed == [("C006", "3.5", "千元")]
    (mark,) = got.marks
    assert (mark.check, mark.typed, mark.said, mark.value) == ("measure_unknown", "3.5", "千元", 3.5)


@pytest.mark.parametrize(
    ("code", "raw", "number", "typed"),
    [
        ("A008", 13800138000.0, math.nan, "138****8000"),
        ("A008", 8613800138000.0, math.nan, "86138****8000"),
        ("A008", 990106491231002.0, math.nan, "9901*******1002"),
        ("A008", "１３８００１３８０００", math.nan, "１３８****８０００"),
        ("A008", 12345678901.0, 12345678901.0, None),
        ("C006", 13800138000.0, 13800138000.0, None),
    ],
)
def test_a_personal_number_is_no_count(scheme: Scheme, code: str, raw: Raw, number: float, typed: str | None) -> None:
    got = taken(scheme, figures={code: Placed("表", "D7", raw)})
    read, state = value(scheme, got, code)
    assert read == number or (math.isnan(number) and state is State.UNREADABLE)
    assert [(mark.check, mark.typed) for mark in got.marks] == ([("unreadable_cell", typed)] if typed else [])
    assert [text for _, text, _ in got.typed] == ([typed] if typed else [])


def test_a_citizen_number_in_a_number_cell_is_no_figure(scheme: Scheme) -> None:
    got = taken(scheme, figures={"A008": Placed("表", "D7", 990106194912310021.0), "A014": Placed("表", "D8", PERSON)})
    assert value(scheme, got, "A008")[1] is State.UNREADABLE
    assert value(scheme, got, "A014")[1] is State.UNREADABLE
    assert "19491231" not in str(got)


@pytest.mark.parametrize(
    ("column", "raw", "text", "number", "checks"),
    [
        ("帮扶金额", 1500.0, "1500", 1500.0, []),
        ("帮扶金额", "0.15万元", "0.15万元", 1500.0, ["converted"]),
        ("帮扶金额", "—", "—", math.nan, []),
        ("帮扶金额", "若干", "若干", math.nan, ["list_cell"]),
        ("帮扶金额", CellError("#REF!"), "#REF!", math.nan, ["list_cell"]),
        ("帮扶金额", PERSON, "9901**********002X", math.nan, ["list_cell"]),
        ("帮扶金额", 990106194912310021.0, "9901**********0000", math.nan, ["list_cell"]),
        ("帮扶日期", CellDate(45000.0), "2023-03-15", 45000.0, []),
        ("帮扶日期", "2023年3月15日", "2023-03-15", 45000.0, []),
        ("帮扶日期", "三月", "三月", math.nan, ["list_cell"]),
        ("姓名", "丙某 13800138000", "丙某 138****8000", math.nan, []),
        ("身份证号", PERSON, "9901**********002X", math.nan, []),
        ("身份证号", 990106194912310000.0, "9901**********0000", math.nan, ["citizen_number"]),
    ],
)
def test_list_cells_are_read_by_the_type_of_their_column(
    scheme: Scheme, column: str, raw: Raw, text: str, number: float, checks: list[str]
) -> None:
    row = RosterRow("帮扶职工名册", "名册", 5, {column: Placed("名册", "B5", raw)})
    got = taken(scheme, rows=(row,))
    (line,) = got.lists
    assert line[:4] == ("帮扶职工名册", 5, column, text)
    assert line[4] == number or (math.isnan(line[4]) and math.isnan(number))
    assert line[5] == "名册!B5"
    assert bool(line[6]) == (column == "身份证号")
    assert [mark.check for mark in got.marks] == checks
    assert "19491231" not in str(got)


def test_a_right_credit_code_of_digits_alone_is_no_citizen_number(scheme: Scheme) -> None:
    code = next(f"91420100789345{number:04d}" for number in range(10_000) if check_credit_code(f"91420100789345{number:04d}").tier == "ok")
    for text, shown in ((code, code), (PERSON, "9901**********002X")):
        got = taken(scheme, rows=(RosterRow("集体合同名册", "名册", 5, {"信用代码": Placed("名册", "B5", text)}),))
        assert got.lists[0][3] == shown


def test_the_cover_is_masked_and_tidied(scheme: Scheme) -> None:
    cover = {"phone": "138 0013 8000", "filler": f"工会专干{PERSON}", "scope": "本级 ", "replaces": "ABCDEF012345", "filled_on": "7月5日"}
    got = taken(scheme, cover=cover)
    assert got.cover["phone"] == "138****8000" or "1234" not in got.cover["phone"]
    assert PERSON not in got.cover["filler"]
    assert (got.cover["scope"], got.cover["replaces"], got.cover["filled_on"]) == ("本级", "abcdef012345", "")
    assert got.odd_date == "7月5日"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (None, ""),
        (35.0, "35"),
        (0.5, "0.5"),
        (True, "是"),
        (Percent(0.95), "95%"),
        (CellDate(45000.0), "2023-03-15"),
        (CellDate(-1.0), "-1"),
        (CellError("#REF!"), "#REF!"),
        (Uncomputed("A1"), "=A1"),
        (" 无 ", "无"),
        (math.inf, "inf"),
    ],
)
def test_a_raw_cell_as_a_reader_sees_it(raw: Raw | None, text: str) -> None:
    assert as_text(raw) == text


def test_a_day_is_shown_with_its_month() -> None:
    assert shown_day(45000.9) == "2023-03-15"
    assert shown_day(3e6) == "3000000"
