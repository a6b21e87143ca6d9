"""What becomes of received files: values, states, standings, and the findings made while reading."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making_returns import BIG, COUNTY, FAR, H1, OTHER_TOWN, SMALL, TOWN, UNITS, File, Filled, returned

from reconcile.errors import ReconcileError
from reconcile.files.form_book import blank_book
from reconcile.files.scheme_files import read_scheme
from reconcile.model.finding import Finding, Tier
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.round import ADJUSTMENTS_COLUMNS, LISTS_COLUMNS, RETURNS_COLUMNS, TYPED_COLUMNS, Round, State
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.collect import Collected, collect, edition
from reconcile.scheme.scheme import Scheme

NOTHING = Past()


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


def read(scheme: Scheme, *files: File, units: UnitTree | None = UNITS, period: Period | None = None) -> Collected:
    return collect(files, scheme, units=units, period=period)


def standings(returns: Round) -> dict[str, str]:
    return dict(zip(returns.returns["file"], returns.returns["standing"], strict=True))


def notes(returns: Round) -> dict[str, str]:
    return dict(zip(returns.returns["file"], returns.returns["note"], strict=True))


def found(collected: Collected, scheme: Scheme, check: str) -> list[Finding]:
    return [one for one in collected.returns.intake if one.rule == scheme.named[check].id]


def id_of(returns: Round, file: str) -> str:
    return str(returns.returns.index[returns.returns["file"] == file][0])


# --- a plain return


def test_a_return_becomes_one_row_of_every_matrix(scheme: Scheme) -> None:
    data = returned(scheme, BIG, Filled({"A008": 35, "A009": 12.0}, {"filled_on": "2023-07-05", "filler": "工会专干"}))
    returns = read(scheme, File("城关镇/大王庄村.xlsx", data)).returns
    sha256 = hashlib.sha256(data).hexdigest()
    assert returns.period == H1
    assert list(returns.returns.index) == [sha256[:16]]
    assert list(returns.returns.columns) == list(RETURNS_COLUMNS)
    row = returns.returns.iloc[0]
    assert (row["file"], row["sha256"], row["unit"], row["period"]) == ("城关镇/大王庄村.xlsx", sha256, "33010101", "2023H1")
    assert (row["standing"], row["filled_on"], row["filler"], row["source"]) == ("counted", "2023-07-05", "工会专干", "")
    assert list(returns.values.columns) == list(scheme.indicators)
    assert returns.values.at[sha256[:16], "A008"] == 35
    assert set(returns.values.dtypes) == {np.dtype("float64")}
    assert set(returns.states.dtypes) == {np.dtype("int8")}
    assert returns.states.at[sha256[:16], "A008"] == State.NUMBER
    assert returns.states.at[sha256[:16], "A010"] == State.BLANK
    asked_of_others = next(one.code for one in scheme.indicators.values() if not one.asked_of("village") and not one.formula)
    assert returns.states.at[sha256[:16], asked_of_others] == State.ABSENT
    cell = returns.cell(sha256[:16], "A008")
    assert (cell.sheet, cell.value) == ("一、组织建设", "35")
    assert len(returns.typed) == 0
    assert list(returns.typed.columns) == list(TYPED_COLUMNS)


def test_nothing_received_is_an_empty_round(scheme: Scheme) -> None:
    returns = read(scheme, period=H1).returns
    assert returns.values.shape == (0, len(scheme.indicators))
    assert list(returns.lists.columns) == list(LISTS_COLUMNS)
    assert {name: str(dtype) for name, dtype in returns.adjustments.dtypes.items()} == dict(ADJUSTMENTS_COLUMNS)
    assert returns.intake == ()


# --- odd cells


@pytest.mark.parametrize(
    ("code", "typed", "value", "state", "checks"),
    [
        ("A008", "约30", 30.0, State.NUMBER, {"approximate"}),
        ("A008", "３５", 35.0, State.NUMBER, {"fullwidth"}),
        ("A008", "35人", 35.0, State.NUMBER, {"measure_said"}),
        ("A008", "无", 0.0, State.NIL, set()),
        ("A008", "—", math.nan, State.NOT_APPLICABLE, set()),
        ("A008", "三十几", math.nan, State.UNREADABLE, {"unreadable_cell"}),
        ("A008", "#REF!", math.nan, State.UNREADABLE, {"error_value"}),
        ("A008", -3, -3.0, State.NUMBER, {"negative"}),
        ("A008", 35.5, 35.5, State.NUMBER, {"fraction"}),
        ("C006", "18500元", 1.85, State.NUMBER, {"converted"}),
        ("B001", "2.1万", 21000.0, State.NUMBER, {"magnitude"}),
    ],
)
def test_odd_cells_are_read_kept_and_told(scheme: Scheme, code: str, typed: object, value: float, state: State, checks: set[str]) -> None:
    collected = read(scheme, File("a.xlsx", returned(scheme, BIG, Filled({code: typed}))))
    returns = collected.returns
    return_id = str(returns.values.index[0])
    assert np.array_equal(returns.values.at[return_id, code], value, equal_nan=True)
    assert returns.states.at[return_id, code] == state
    assert returns.as_typed(return_id, code) == str(typed)
    told = {rule.named for rule in scheme.rules for one in returns.intake if one.rule == rule.id and code in one.indicators}
    assert told == checks
    for one in returns.intake:
        assert "〔" not in one.message


def test_a_finding_names_cell_value_and_conversion(scheme: Scheme) -> None:
    collected = read(scheme, File("a.xlsx", returned(scheme, BIG, Filled({"C006": "18500元"}))))
    (one,) = found(collected, scheme, "converted")
    assert one.unit == "33010101"
    assert one.unit_name == "大王庄村工会"
    assert one.cells[0].file == "a.xlsx"
    assert one.cells[0].sheet == "三、困难帮扶"
    assert one.cells[0].value == "18500元"
    assert "18500元=1.85万元" in one.message


def test_a_measure_changed_in_the_measure_column_is_converted(scheme: Scheme) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        for sheet in workbook:
            for row in sheet.iter_rows():
                if row[0].value == "C006":
                    next(cell for cell in row if cell.value == "万元").value = "元"

    data = returned(scheme, BIG, Filled({"C006": 18500}), change=change)
    collected = read(scheme, File("a.xlsx", data))
    assert collected.returns.values["C006"].tolist() == [1.85]
    (one,) = found(collected, scheme, "converted")
    assert "18500元=1.85万元" in one.message
    assert collected.returns.typed[["indicator", "text", "measure"]].to_numpy().tolist() == [["C006", "18500", "元"]]


def test_required_figures_left_blank_are_told_once_each(scheme: Scheme) -> None:
    collected = read(scheme, File("a.xlsx", returned(scheme, BIG, Filled({"A008": 35}))))
    blank = found(collected, scheme, "required_blank")
    wanted = {one.code for one in scheme.indicators.values() if one.required and one.asked_of("village")} - {"A008"}
    assert {one.indicators[0] for one in blank} == wanted
    assert all(one.cells[0].cell for one in blank)


def test_texts_and_reasons_are_kept(scheme: Scheme) -> None:
    text = next(one.code for one in scheme.indicators.values() if one.kind == "text" and one.asked_of("village"))
    data = returned(scheme, BIG, Filled({"A008": 35}, texts={text: "联系人电话13800138000"}, reasons={"A008": "新建企业3家"}))
    returns = read(scheme, File("a.xlsx", data)).returns
    assert returns.texts["indicator"].tolist() == [text]
    assert "13800138000" not in returns.texts["text"].iloc[0]
    assert returns.reasons[["indicator", "text"]].to_numpy().tolist() == [["A008", "新建企业3家"]]
    assert returns.states[text].tolist() == [State.NOT_APPLICABLE]


# --- lists


def test_lists_are_read_by_type_and_personal_numbers_masked(scheme: Scheme) -> None:
    person = {
        "姓名": "丙某",
        "身份证号": "99010619491231002X",
        "所在单位": "红山机械厂",
        "困难类型": "大病",
        "帮扶金额": "1,500元",
        "帮扶日期": "2023年3月5日",
    }
    wrong = {"姓名": "赵强", "身份证号": "990106194912310021", "帮扶金额": "一些"}
    data = returned(scheme, BIG, Filled({"C004": 2}, rows={"帮扶职工名册": [person, wrong]}))
    collected = read(scheme, File("a.xlsx", data))
    lists = collected.returns.lists
    assert {name: str(dtype) for name, dtype in lists.dtypes.items()} == dict(LISTS_COLUMNS)
    first = lists[lists["row"] == lists["row"].min()].set_index("column")
    assert first.at["帮扶金额", "value"] == 1500
    assert first.at["帮扶日期", "text"] == "2023-03-05"
    assert "19491231" not in first.at["身份证号", "text"]
    assert first.at["身份证号", "digest"]
    assert first.at["姓名", "digest"] == ""
    assert first.at["帮扶金额", "cell"].startswith("帮扶职工名册!")
    assert lists.loc[lists["text"] == "一些", "value"].isna().all()
    (damaged,) = found(collected, scheme, "list_cell")
    assert "帮扶金额" in damaged.message and "一些" in damaged.message
    (nobody,) = found(collected, scheme, "citizen_number")
    assert "19491231" not in str(nobody)
    everything = collected.returns.lists.to_csv() + collected.returns.returns.to_csv() + str(collected.returns.intake)
    assert "99010619491231002" not in everything


def test_the_same_person_has_the_same_digest_in_two_returns(scheme: Scheme) -> None:
    rows = {"帮扶职工名册": [{"姓名": "丙某", "身份证号": "99010619491231002X"}]}
    lower = {"帮扶职工名册": [{"姓名": "丙某", "身份证号": " 99010619491231002x"}]}
    returns = read(
        scheme,
        File("a.xlsx", returned(scheme, BIG, Filled({"A008": 1}, rows=rows))),
        File("b.xlsx", returned(scheme, SMALL, Filled({"A008": 1}, rows=lower))),
    ).returns
    digests = returns.lists.loc[returns.lists["column"] == "身份证号", "digest"].tolist()
    assert len(digests) == 2
    assert len(set(digests)) == 1


def test_a_wrong_credit_code_is_told(scheme: Scheme) -> None:
    rows = {
        "新建工会企业名册": [{"企业名称": "甲厂", "信用代码": "91350100M000100Y43"}, {"企业名称": "乙厂", "信用代码": "91350100M000200Y43"}]
    }
    collected = read(scheme, File("a.xlsx", returned(scheme, BIG, Filled({"A023": 2}, rows=rows))))
    (one,) = found(collected, scheme, "credit_code")
    assert one.cells[0].value == "91350100M000200Y43"


# --- what is no return


def test_files_that_are_no_returns_are_registered(scheme: Scheme) -> None:
    import io

    foreign = io.BytesIO()
    openpyxl.Workbook().save(foreign)
    collected = read(scheme, File("通知.xlsx", foreign.getvalue()), File("城关镇/小王庄村.xlsx", b"PK\x03\x04broken"), period=H1)
    returns = collected.returns
    assert standings(returns) == {"通知.xlsx": "foreign", "城关镇/小王庄村.xlsx": "unreadable"}
    assert dict(zip(returns.returns["file"], returns.returns["unit"], strict=True))["城关镇/小王庄村.xlsx"] == "33010102"
    assert len(found(collected, scheme, "foreign_file")) == 1
    (one,) = found(collected, scheme, "unreadable_file")
    assert "小王庄村.xlsx" in one.message
    assert "。。" not in one.message


def test_scans_and_letters_are_unreadable_returns_only_where_nothing_else_came(scheme: Scheme) -> None:
    scan = b"%PDF-1.7 scan"
    returns = read(
        scheme,
        File("大王庄村.xlsx", returned(scheme, BIG)),
        File("大王庄村签字.pdf", scan),
        File("大王庄村.pdf", scan + b" again"),
        File("小王庄村.pdf", scan + b"!"),
        File("柳林村/照片.jpg", b"\xff\xd8\xff scan"),
        File("读我.txt", "说明".encode()),
    ).returns
    assert standings(returns) == {
        "大王庄村.xlsx": "counted",
        "大王庄村签字.pdf": "foreign",
        "大王庄村.pdf": "foreign",
        "小王庄村.pdf": "unreadable",
        "柳林村/照片.jpg": "foreign",
        "读我.txt": "foreign",
    }


def test_identical_files_count_once(scheme: Scheme) -> None:
    data = returned(scheme, BIG)
    collected = read(scheme, File("b.xlsx", data), File("a.xlsx", data))
    assert standings(collected.returns) == {"a.xlsx": "counted", "b.xlsx": "duplicate"}
    short = hashlib.sha256(data).hexdigest()[:16]
    assert list(collected.returns.returns.index) == [short, f"{short}-2"]
    (one,) = found(collected, scheme, "duplicate_file")
    assert "a.xlsx" in one.message and "b.xlsx" in one.message


# --- whose


def test_unknown_codes_and_names_that_differ(scheme: Scheme) -> None:
    stranger = returned(scheme, BIG.__class__("99999999", "无名村工会", "village"))
    renamed = returned(scheme, SMALL.__class__("33010102", "新王庄村工会", "village"))
    collected = read(scheme, File("a.xlsx", stranger), File("b.xlsx", renamed))
    assert standings(collected.returns) == {"a.xlsx": "unassigned", "b.xlsx": "counted"}
    (one,) = found(collected, scheme, "unknown_unit")
    assert "99999999" in one.message
    (one,) = found(collected, scheme, "name_differs")
    assert "新王庄村工会" in one.message and "小王庄村工会" in one.message


def test_a_form_borrowed_from_a_neighbour_replaces_nobody(scheme: Scheme) -> None:
    borrowed = returned(scheme, BIG.__class__(BIG.code, SMALL.name, "village"), Filled({"A008": 77}, {"filled_on": "2023-07-09"}))
    own = returned(scheme, BIG, Filled({"A008": 8}, {"filled_on": "2023-07-05"}))
    collected = read(scheme, File("own.xlsx", own), File("borrowed.xlsx", borrowed))
    assert standings(collected.returns) == {"own.xlsx": "counted", "borrowed.xlsx": "unassigned"}
    (one,) = found(collected, scheme, "other_unit")
    assert (one.unit, one.tier) == (SMALL.code, Tier.ERROR)
    assert BIG.name in one.message and SMALL.name in one.message
    assert not found(collected, scheme, "name_differs") and not found(collected, scheme, "superseded")


def test_a_query_workbook_borrowed_from_a_neighbour_is_no_answer(scheme: Scheme) -> None:
    own = returned(scheme, BIG, Filled({"A008": 8}, {"filled_on": "2023-07-05"}))
    cover = {"filled_on": "2023-07-09", "replaces": hashlib.sha256(own).hexdigest()}
    borrowed = returned(scheme, BIG.__class__(BIG.code, SMALL.name, "village"), Filled({"A008": 77}, cover))
    collected = read(scheme, File("own.xlsx", own), File("borrowed.xlsx", borrowed))
    assert standings(collected.returns) == {"own.xlsx": "counted", "borrowed.xlsx": "unassigned"}
    assert [told.unit for told in found(collected, scheme, "other_unit")] == [SMALL.code]


def test_a_form_borrowed_by_several_counts_for_none_of_them(scheme: Scheme) -> None:
    one, two = (returned(scheme, BIG.__class__(BIG.code, unit.name, "village")) for unit in (SMALL, FAR))
    collected = read(scheme, File("one.xlsx", one), File("two.xlsx", two))
    assert standings(collected.returns) == {"one.xlsx": "unassigned", "two.xlsx": "unassigned"}
    assert {told.unit for told in found(collected, scheme, "other_unit")} == {SMALL.code, FAR.code}


def test_a_missing_code_is_proposed_by_the_exact_name(scheme: Scheme) -> None:
    def without_code(workbook: openpyxl.Workbook) -> None:
        for row in workbook["封面"].iter_rows():
            for cell in row:
                if cell.value == "33010101":
                    cell.value = None

    collected = read(scheme, File("a.xlsx", returned(scheme, BIG, change=without_code)))
    assert collected.returns.returns["unit"].tolist() == ["33010101"]
    assert standings(collected.returns) == {"a.xlsx": "counted"}
    (one,) = found(collected, scheme, "proposed_unit")
    assert "封面单位名称“大王庄村工会”" in one.message


# --- period


def test_the_commonest_period_is_the_rounds_and_same_ends_fit(scheme: Scheme) -> None:
    collected = read(
        scheme,
        File("a.xlsx", returned(scheme, BIG, period=H1)),
        File("b.xlsx", returned(scheme, SMALL, period=Period(2023, 6, "2023Q2"))),
        File("c.xlsx", returned(scheme, FAR, period=Period(2022, 6, "2022H1"))),
    )
    assert collected.returns.period.same_end(H1)
    assert standings(collected.returns) == {"a.xlsx": "counted", "b.xlsx": "counted", "c.xlsx": "wrong_period"}
    (one,) = found(collected, scheme, "wrong_period")
    assert "2022年上半年" in one.message


def test_the_period_asked_for_wins(scheme: Scheme) -> None:
    collected = read(scheme, File("a.xlsx", returned(scheme, BIG)), period=Period(2022, 6, "2022H1"))
    assert standings(collected.returns) == {"a.xlsx": "wrong_period"}
    assert len(collected.returns.intake) == 1


def _without_period(workbook: openpyxl.Workbook) -> None:
    for sheet in workbook:
        for row in sheet.iter_rows():
            for cell in row:
                if str(cell.value) in ("2023H1", "2023年上半年"):
                    cell.value = None


def test_no_period_on_the_cover_is_taken_as_the_rounds(scheme: Scheme) -> None:
    returns = read(
        scheme,
        File("a.xlsx", returned(scheme, BIG, change=_without_period)),
        File("b.xlsx", returned(scheme, SMALL)),
    ).returns
    assert standings(returns) == {"a.xlsx": "counted", "b.xlsx": "counted"}
    assert notes(returns)["a.xlsx"] == "封面没有报告期，按2023年上半年计入"


def test_no_period_anywhere_asks_for_one(scheme: Scheme) -> None:
    data = returned(scheme, BIG, change=_without_period)
    with pytest.raises(ReconcileError, match="-p"):
        read(scheme, File("a.xlsx", data))
    assert read(scheme, File("2023H1/a.xlsx", data)).returns.period == H1


def test_a_cover_date_that_is_none_is_noted(scheme: Scheme) -> None:
    returns = read(scheme, File("a.xlsx", returned(scheme, BIG, Filled({"A008": 35}, {"filled_on": "七月"})))).returns
    assert returns.returns["filled_on"].tolist() == [""]
    assert notes(returns)["a.xlsx"] == "填报日期“七月”看不懂，按未填处理"


# --- versions


def test_a_return_that_names_what_it_answers_supersedes_it(scheme: Scheme) -> None:
    first = returned(scheme, BIG, Filled({"A008": 35, "A009": 12}, {"filled_on": "2023-07-09"}))
    digest = hashlib.sha256(first).hexdigest()
    second = returned(scheme, BIG, Filled({"A008": 53, "A009": "无"}, {"filled_on": "2023-07-01", "replaces": digest[:12]}))
    collected = read(scheme, File("a.xlsx", first), File("b.xlsx", second))
    assert standings(collected.returns) == {"a.xlsx": "superseded", "b.xlsx": "counted"}
    assert notes(collected.returns)["a.xlsx"] == "已由“b.xlsx”替代（2项数据有变化：职工人数 35人→53人、女职工人数 12人→无）"
    (one,) = found(collected, scheme, "superseded")
    assert "b.xlsx" in one.message
    assert one.difference.startswith("2项数据有变化")
    assert all(one.cells[0].file == "b.xlsx" for one in found(collected, scheme, "required_blank"))


def test_else_the_later_cover_date_counts(scheme: Scheme) -> None:
    early = returned(scheme, BIG, Filled({"A008": 35}, {"filled_on": "2023-07-01"}))
    late = returned(scheme, BIG, Filled({"A008": 36}, {"filled_on": "2023-07-03"}))
    assert standings(read(scheme, File("b.xlsx", early), File("a.xlsx", late)).returns) == {"a.xlsx": "counted", "b.xlsx": "superseded"}


@pytest.mark.parametrize("days", [("2023-07-01", "2023-07-01"), ("", ""), ("2023-07-01", "")])
def test_a_tie_counts_neither(scheme: Scheme, days: tuple[str, str]) -> None:
    files = [
        File(name, returned(scheme, BIG, Filled({"A008": figure}, {"filled_on": day})))
        for name, figure, day in zip(("a.xlsx", "b.xlsx"), (35, 36), days, strict=True)
    ]
    collected = read(scheme, *files)
    assert standings(collected.returns) == {"a.xlsx": "tied", "b.xlsx": "tied"}
    assert len(found(collected, scheme, "version_tie")) == 1
    assert collected.returns.counted == {}


def answer(scheme: Scheme, to: bytes, figure: int, **cover: str) -> bytes:
    return returned(scheme, BIG, Filled({"A008": figure}, {"replaces": hashlib.sha256(to).hexdigest(), **cover}))


def test_a_late_answer_to_an_old_version_does_not_undo_the_newer_answer(scheme: Scheme) -> None:
    first = returned(scheme, BIG, Filled({"A008": 35}))
    second = answer(scheme, first, 36)
    third = answer(scheme, second, 37)
    late = answer(scheme, first, 38)
    files = [File(name, data) for name, data in (("a.xlsx", first), ("b.xlsx", second), ("c.xlsx", third), ("d.xlsx", late))]
    wanted = {"a.xlsx": "superseded", "b.xlsx": "superseded", "c.xlsx": "counted", "d.xlsx": "superseded"}
    assert standings(read(scheme, *files).returns) == wanted
    assert standings(read(scheme, *reversed(files)).returns) == wanted


def test_two_different_answers_leave_the_version_they_answer_counted(scheme: Scheme) -> None:
    first = returned(scheme, BIG, Filled({"A008": 35}))
    files = [File("a.xlsx", first), File("b.xlsx", answer(scheme, first, 36)), File("c.xlsx", answer(scheme, first, 37))]
    collected = read(scheme, *files)
    assert standings(collected.returns) == {"a.xlsx": "counted", "b.xlsx": "tied", "c.xlsx": "tied"}
    assert found(collected, scheme, "superseded") == []
    (tie,) = found(collected, scheme, "version_tie")
    assert "2份" in tie.message
    assert "暂按它们答复的“a.xlsx”计入" in tie.message


def test_a_form_on_which_nothing_is_filled_is_no_return(scheme: Scheme) -> None:
    empty = blank_book(scheme, unit=BIG, period=H1)
    collected = read(scheme, File("a.xlsx", empty), File("b.xlsx", returned(scheme, SMALL)))
    assert standings(collected.returns) == {"a.xlsx": "empty", "b.xlsx": "counted"}
    (one,) = found(collected, scheme, "empty_return")
    assert one.unit == BIG.code
    assert {one.unit for one in found(collected, scheme, "required_blank")} <= {SMALL.code}


def test_the_same_answer_saved_twice_counts_once(scheme: Scheme) -> None:
    first = returned(scheme, BIG, Filled({"A008": 35}))
    files = [File("a.xlsx", first), File("b.xlsx", answer(scheme, first, 36)), File("c.xlsx", answer(scheme, first, 36, filler="李四"))]
    collected = read(scheme, *files)
    assert standings(collected.returns) == {"a.xlsx": "superseded", "b.xlsx": "counted", "c.xlsx": "superseded"}
    assert found(collected, scheme, "version_tie") == []


def test_an_answer_under_the_right_period_takes_the_wrong_one_off_the_list(scheme: Scheme) -> None:
    wrong = returned(scheme, BIG, period=Period(2022, 6, "2022H1"))
    right = returned(scheme, BIG, Filled({"A008": 35}, {"replaces": hashlib.sha256(wrong).hexdigest()}))
    collected = read(scheme, File("a.xlsx", wrong), File("b.xlsx", right), period=H1)
    assert standings(collected.returns) == {"a.xlsx": "superseded", "b.xlsx": "counted"}
    assert found(collected, scheme, "wrong_period") == []


def test_a_neighbours_query_filled_in_by_mistake_does_not_supersede_the_neighbour(scheme: Scheme) -> None:
    first = returned(scheme, BIG)
    other = returned(scheme, SMALL, Filled({"A008": 9}, {"replaces": hashlib.sha256(first).hexdigest()}))
    assert standings(read(scheme, File("a.xlsx", first), File("b.xlsx", other)).returns) == {"a.xlsx": "counted", "b.xlsx": "counted"}


# --- scope


def test_a_summary_return_is_compared_where_anything_below_was_read(scheme: Scheme) -> None:
    own = returned(scheme, TOWN, Filled({}, {"scope": "汇总"}))
    below = returned(scheme, BIG)
    both = read(scheme, File("town.xlsx", own), File("a.xlsx", below))
    assert standings(both.returns) == {"town.xlsx": "compared", "a.xlsx": "counted"}
    alone = read(scheme, File("town.xlsx", own))
    assert standings(alone.returns) == {"town.xlsx": "stand_in"}
    assert len(found(alone, scheme, "summary_scope")) == 1


def test_a_stand_in_covers_the_units_own_return(scheme: Scheme) -> None:
    whole = returned(scheme, TOWN, Filled({}, {"scope": "汇总"}))
    own = returned(scheme, TOWN, Filled({}, {"scope": "本级"}))
    returns = read(scheme, File("whole.xlsx", whole), File("own.xlsx", own)).returns
    assert standings(returns) == {"whole.xlsx": "stand_in", "own.xlsx": "superseded"}


def test_stand_ins_below_make_the_county_compared(scheme: Scheme) -> None:
    county = returned(scheme, COUNTY, Filled({}, {"scope": "汇总"}))
    town = returned(scheme, OTHER_TOWN, Filled({}, {"scope": "汇总"}))
    returns = read(scheme, File("county.xlsx", county), File("town.xlsx", town)).returns
    assert standings(returns) == {"county.xlsx": "compared", "town.xlsx": "stand_in"}


def test_scope_matters_only_where_something_is_below(scheme: Scheme) -> None:
    def without_scope(workbook: openpyxl.Workbook) -> None:
        for row in workbook["封面"].iter_rows():
            for cell in row:
                if cell.value in ("本级", "汇总"):
                    cell.value = None

    leaf = read(scheme, File("a.xlsx", returned(scheme, BIG, Filled({"A008": 3}, {"scope": "汇总"}))))
    assert standings(leaf.returns) == {"a.xlsx": "counted"}
    undeclared = read(
        scheme, File("t.xlsx", returned(scheme, TOWN, change=without_scope)), File("b.xlsx", returned(scheme, BIG, change=without_scope))
    )
    assert standings(undeclared.returns) == {"t.xlsx": "counted", "b.xlsx": "counted"}
    (one,) = found(undeclared, scheme, "scope_undeclared")
    assert one.unit == "330101"


# --- the form


def test_rows_taken_off_and_codes_made_up_are_told(scheme: Scheme) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        for sheet in workbook:
            for row in sheet.iter_rows():
                if row[0].value == "A008":
                    row[0].value, row[1].value = "Z999", "自编指标"

    collected = read(scheme, File("a.xlsx", returned(scheme, BIG, Filled({"A008": 35, "A009": 12}), change=change)))
    (one,) = found(collected, scheme, "template_changed")
    assert "职工人数（A008）" in one.message
    (one,) = found(collected, scheme, "unknown_code")
    assert "Z999" in one.message
    assert one.cells[0].cell


def test_hidden_rows_with_figures_are_told(scheme: Scheme) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        workbook["一、组织建设"].row_dimensions[9].hidden = True

    collected = read(scheme, File("a.xlsx", returned(scheme, BIG, change=change)))
    (one,) = found(collected, scheme, "hidden")
    assert one.cells[0].sheet == "一、组织建设"
    assert collected.returns.values["A008"].tolist() == [35]


# --- without a table of units


def test_units_come_from_the_covers_where_no_table_was_given(scheme: Scheme) -> None:
    collected = read(scheme, File("a.xlsx", returned(scheme, BIG)), File("b.xlsx", returned(scheme, TOWN)), units=None)
    assert not collected.units.known
    assert {unit.code: (unit.name, unit.kind, unit.parent) for unit in collected.units} == {
        "33010101": ("大王庄村工会", "village", ""),
        "330101": ("城关镇总工会", "town", ""),
    }
    assert set(standings(collected.returns).values()) == {"counted"}


# --- order and edition


@pytest.fixture(scope="module")
def mixed(scheme: Scheme) -> list[File]:
    first = returned(scheme, BIG, Filled({"A008": 35, "A009": "约3"}, {"filled_on": "2023-07-01"}))
    return [
        File("城关镇/a.xlsx", first),
        File("城关镇/a副本.xlsx", first),
        File("城关镇/b.xlsx", returned(scheme, BIG, Filled({"A008": 36}, {"replaces": hashlib.sha256(first).hexdigest()}))),
        File("城关镇/小王庄村.xlsx", returned(scheme, SMALL, Filled({"A008": "x"}, {"filled_on": "2023-07-02"}))),
        File("城关镇/小王庄村2.xlsx", returned(scheme, SMALL, Filled({"A008": 7}, {"filled_on": "2023-07-02"}))),
        File("河西镇.xlsx", returned(scheme, OTHER_TOWN, Filled({}, {"scope": "汇总"}))),
        File("柳林村.xlsx", b""),
        File("通知.doc", b"hello"),
    ]


@pytest.fixture(scope="module")
def expected(scheme: Scheme, mixed: list[File]) -> Round:
    return read(scheme, *mixed).returns


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_order_of_files_never_matters(scheme: Scheme, mixed: list[File], expected: Round, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(mixed))
    got = read(scheme, *shuffled).returns
    assert got.returns.equals(expected.returns)
    assert got.values.equals(expected.values)
    assert got.states.equals(expected.states)
    assert got.typed.equals(expected.typed)
    assert got.intake == expected.intake
    both = (edition(one, scheme, units=UNITS, root="", past=NOTHING) for one in (got, expected))
    assert len(set(both)) == 1


def test_edition_changes_with_whatever_the_results_depend_on(scheme: Scheme, mixed: list[File], expected: Round) -> None:
    def of(returns: Round, *, units: UnitTree = UNITS, root: str = "", past: Past = NOTHING) -> str:
        return edition(returns, scheme, units=units, root=root, past=past)

    before = of(expected)
    assert len(before) == 12
    assert of(read(scheme, *mixed[:-1], File("通知.doc", b"hello!")).returns) == before  # a stray paper changes nothing
    assert of(read(scheme, *mixed[:-2], File("柳林村.xlsx", b"?"), mixed[-1]).returns) != before
    assert of(expected, root=COUNTY.code) != before
    assert of(expected, units=UnitTree([*UNITS, Unit("新", "新村", "village")])) != before
    empty = pd.DataFrame()
    assert of(expected, past=Past([Earlier(Period(2022, 6, "2022H1"), own=empty, totals=empty, returns=expected)])) != before
