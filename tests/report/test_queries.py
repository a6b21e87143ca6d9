"""For whom there is a query, what it asks, and that the form behind it is the unit's own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

import openpyxl
import pytest
from small_outcome import NAN, UNITS, small_outcome, small_scheme

from reconcile.files.form_reader import FilledForm
from reconcile.files.placed import Placed, RosterRow
from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.outcome import Outcome
from reconcile.model.round import Standing
from reconcile.model.suspicion import Suspicion
from reconcile.model.unit import Unit, UnitTree
from reconcile.report.queries import queries
from reconcile.report.query_form import kinds_held, refilled
from reconcile.scheme.form import plan

SCHEME = small_scheme()
ERROR, NOTE = small_outcome().findings
QUERY = replace(
    ERROR, tier=Tier.QUERY, rule="Q1", message="比上年多", advice="", cells=(CellAt("a/一村.xlsx", "名册", "B9", "王**"),), indicators=()
)
COVER = dict.fromkeys(("unit", "unit_name", "scope", "period", "filled_on", "filler", "phone", "head", "replaces", "scheme"), "")


def form(**more: object) -> FilledForm:
    """What 一村 filled in, on a form of its own making: figures on 表1, a list on 名册 whose second row is empty."""
    figures = {
        "A001": Placed("表1", "C4", 10.0),
        "A002": Placed("表1", "C5", "１２"),
        "A003": Placed("表1", "C6", 120.0),
        "B002": Placed("表1", "C8", 1000.0, "元"),
    }
    rows = (
        RosterRow("名册", "名册", 7, {"姓名": Placed("名册", "B7", "张三")}),
        RosterRow("名册", "名册", 9, {"姓名": Placed("名册", "B9", "王五"), "金额": Placed("名册", "C9", 0.1)}),
    )
    given: dict[str, object] = {
        **{"cover": {**COVER, "phone": "13900139000", "filled_on": "2023-07-05"}, "figures": figures, "reasons": {"A002": "含派遣"}},
        **{"texts": {"T001": Placed("文字", "B2", "抓组建")}, "rows": rows, "absent": (), "unknown": (), "repeated": (), "hidden": ()},
    }
    return FilledForm(**(given | {"layout": "L"} | more))  # type: ignore[arg-type]  # fields as declared, some of them other than usual


def told(*findings: Finding, outcome: Outcome | None = None, **more: object) -> Outcome:
    return replace(outcome or small_outcome(), findings=findings, **more)  # type: ignore[arg-type]  # fields of an Outcome


def asked(outcome: Outcome, forms: Mapping[str, FilledForm] | None = None) -> dict[str, openpyxl.Workbook]:
    made = queries(outcome, SCHEME, forms=(forms if forms is not None else {"r1": form(), "r2": form()}).get)
    return {name: openpyxl.load_workbook(io.BytesIO(data)) for name, data in made}


def lines(workbook: openpyxl.Workbook) -> list[list[object]]:
    """The lines of the query sheet, from the number to the column for answers."""
    sheet = workbook["查询单"]
    top = next(row[0].row for row in sheet.iter_rows() if row[0].value == "序号")
    assert top is not None
    return [[cell.value for cell in row[:8]] for row in sheet.iter_rows(min_row=top + 1) if isinstance(row[0].value, int)]


def opening(workbook: openpyxl.Workbook) -> str:
    return "\n".join(str(row[0].value) for row in workbook["查询单"].iter_rows(max_row=8) if row[0].value)


def test_only_who_has_something_to_do_gets_a_query() -> None:
    settled = replace(QUERY, reason="新建企业", unit="0102", unit_name="二村工会", return_id="r2")
    assert list(asked(told(ERROR, settled, NOTE))) == ["queries/0101 一村工会.xlsx"]
    assert asked(told(settled, NOTE)) == {}


def test_what_the_office_must_settle_itself_is_asked_of_nobody() -> None:
    missing = Finding(Tier.ERROR, "R2", "0102", "二村工会", "2023H1", "", (), (), "", "", "", "未报", "")
    own_total = replace(ERROR, unit="01", unit_name="示范县总工会", return_id="")
    unknown = replace(ERROR, unit="", return_id="r3")
    assert asked(told(missing, own_total, unknown)) == {}


def test_the_lines_say_place_content_problem_and_suspicion() -> None:
    doubt = Suspicion("r1", "0101", ("R1", "Q1"), (("A002",),), (), (), False, (), "")
    (workbook,) = asked(told(QUERY, ERROR, suspicions=(doubt,))).values()
    assert lines(workbook) == [
        [1, "强制", "组织!D5、D4", "查看", "女职工人数：12\n职工人数：10", "女职工多于职工\n→ 请核对", "疑似：女职工人数（组织!D5）", None],
        [2, "核实", "名册!B5", "查看", "王**", "比上年多", "见第1条", None],
    ]
    assert workbook["组织"]["D4"].comment.text == "查询单第1条（强制）：女职工多于职工"
    assert workbook["名册"]["B5"].comment.text == "查询单第2条（核实）：比上年多"


def test_the_opening_asks_only_what_there_is_to_do() -> None:
    county = replace(UNITS[0], contact="王芳 13800138000")
    (both,) = asked(told(QUERY, ERROR, units=UnitTree([county, *UNITS[1:]]))).values()
    assert "有1处必须更正、1处需要核实" in opening(both)
    assert "3. 办完请保存，把本文件整个发回示范县总工会（联系人：王芳）" in opening(both)
    assert "1380" not in opening(both)
    (errors,) = asked(told(ERROR)).values()
    assert "标“核实”的" not in opening(errors)
    (answered,) = asked(told(ERROR, replace(QUERY, reason="新建企业"))).values()
    assert "另有1条贵单位已说明原因" in opening(answered)


def test_the_form_holds_what_was_reported_with_its_own_data() -> None:
    (workbook,) = asked(told(ERROR)).values()
    sheet = workbook["组织"]
    assert [(sheet[f"D{row}"].value, sheet[f"F{row}"].value) for row in (4, 5)] == [(10, None), ("１２", "含派遣")]
    assert str(sheet["D6"].value).startswith("=")
    assert (workbook["帮扶"]["C5"].value, workbook["帮扶"]["D5"].value) == ("元", 1000)
    assert [workbook["名册"][at].value for at in ("B4", "B5", "C5")] == ["张三", "王五", 0.1]
    marks = {row[0].value: row[1].value for row in workbook["_reconcile"].iter_rows()}
    assert (marks["kind"], marks["replaces"]) == ("query", "1" * 64)
    cover = [str(cell.value) for row in workbook["封面"].iter_rows() for cell in row]
    assert "13900139000" in cover


def test_a_file_that_does_not_count_gets_questions_and_an_empty_form() -> None:
    broken = Finding(
        Tier.ERROR, "N1", "0102", "二村工会", "2023H1", "r3", (), (CellAt("坏.xlsx", "", "", ""),), "", "", "", "打不开", "请重发"
    )
    gone = small_outcome().round.returns.drop("r2")
    gone.loc["r3", "unit"] = "0102"
    outcome = told(broken, round=replace(small_outcome().round, returns=gone))
    (workbook,) = asked(outcome).values()
    assert lines(workbook) == [[1, "强制", "坏.xlsx", None, None, "打不开\n→ 请重发", None, None]]
    assert "贵单位发来的文件已收到，谢谢支持，但贵单位的2023年上半年半年报还不能计入汇总：有1处必须更正" in opening(workbook)
    assert "后面附有一份空白表" in opening(workbook)
    marks = {row[0].value: row[1].value for row in workbook["_reconcile"].iter_rows()}
    assert (marks["kind"], marks["replaces"]) == ("return", None)
    assert workbook["组织"]["D4"].value is None


def test_what_is_asked_of_a_unit_from_which_nothing_came_says_so() -> None:
    gone = small_outcome().round.returns.drop("r2")
    total = replace(ERROR, unit="0102", unit_name="二村工会", return_id="", cells=())
    (workbook,) = asked(told(total, round=replace(small_outcome().round, returns=gone))).values()
    assert "贵单位自己的2023年上半年半年报还没有收到" in opening(workbook)
    assert "已收悉" not in opening(workbook)


def test_a_unit_is_told_names_of_files_and_not_our_folders() -> None:
    own, other = "a/一村.xlsx", "收/东片.zip/二村.xlsx"
    lost = replace(QUERY, cells=(CellAt(own, "名册", "Z9", "甲"), CellAt(other, "名册", "B4", "甲")))
    message = f"与“{other}”（见{other}：名册!B4、{own}：名册!Z9）重复，1/2相同，请对照证照逐位核对。"
    lost = replace(lost, message=message, advice="请对照身份证核对。")
    round_ = small_outcome().round
    files = round_.returns.assign(file=[own, *round_.returns["file"][1:]])
    (workbook,) = asked(told(lost, round=replace(round_, returns=files))).values()
    (line,) = lines(workbook)
    assert line[2] == "名册!Z9\n二村.xlsx：名册!B4"
    assert line[5] == "与“二村.xlsx”（见二村.xlsx：名册!B4、名册!Z9）重复，1/2相同。\n→ 请对照身份证核对。"


def test_a_file_beside_the_one_that_counts_is_asked_about_with_it() -> None:
    other = replace(ERROR, rule="N1", return_id="r3", cells=(CellAt("坏.xlsx", "", "", ""),), indicators=())
    (workbook,) = asked(told(ERROR, other)).values()
    assert [line[2] for line in lines(workbook)] == ["组织!D5、D4", "坏.xlsx"]


def test_a_form_that_cannot_be_read_again_is_not_made_up() -> None:
    (workbook,) = asked(told(ERROR), {}).values()
    assert workbook["组织"]["D4"].value is None
    assert lines(workbook)[0][2] == "表1!C5、表1!C4"


def through(source: str) -> Outcome:
    """The two villages below a town whose summary brought them."""
    units = UnitTree([UNITS[0], Unit("011", "甲镇工会", "town", "01"), *(replace(unit, parent="011") for unit in UNITS[1:])])
    round_ = small_outcome().round
    return replace(small_outcome(), units=units, round=replace(round_, returns=round_.returns.assign(source=[source, source, ""])))


def test_units_behind_a_summary_are_asked_through_its_sender() -> None:
    second = replace(ERROR, unit="0102", unit_name="二村工会", return_id="r2")
    total = replace(ERROR, unit="011", unit_name="甲镇工会", return_id="", cells=())
    made = asked(told(ERROR, second, total, outcome=through("收/甲镇.xlsx")))
    assert list(made) == ["queries/011 甲镇工会（转下级）.xlsx"]
    (workbook,) = made.values()
    assert workbook.sheetnames == ["查询单"]
    assert [line[2] for line in lines(workbook)] == [
        "一村工会\n女职工人数、职工人数",
        "二村工会\n女职工人数、职工人数",
        "甲镇工会\n女职工人数、职工人数",
    ]
    assert "把新的汇总表报送示范县总工会" in opening(workbook)


def test_the_sender_of_a_nested_summary_is_who_sent_it_to_us() -> None:
    assert list(asked(told(ERROR, outcome=through("收.zip/甲镇.xlsx/片区.xlsx")))) == ["queries/011 甲镇工会（转下级）.xlsx"]


def test_two_returns_of_one_unit_are_two_versions_to_answer() -> None:
    round_ = small_outcome().round
    returns = round_.returns.assign(unit=["0101", "0101", ""], standing=[Standing.COUNTED, Standing.COMPARED, Standing.UNREADABLE])
    total = replace(ERROR, return_id="r2", rule="Q2", tier=Tier.QUERY, cells=(CellAt("a/二 村.xlsx", "表1", "C4", "30"),))
    made = asked(told(ERROR, total, round=replace(round_, returns=returns)))
    assert list(made) == ["queries/0101 一村工会.xlsx", "queries/0101 一村工会（汇总）.xlsx"]
    assert [workbook["_reconcile"]["B7"].value for workbook in made.values()] == ["1" * 64, "2" * 64]


def test_names_are_safe_and_told_apart() -> None:
    units = UnitTree([UNITS[0], replace(UNITS[1], code="01/1", name="村:一"), replace(UNITS[2], code="01:1", name="村/一")])
    made = asked(told(*(replace(ERROR, unit=code, return_id="") for code in ("01/1", "01:1")), units=units))
    assert list(made) == ["queries/01_1 村_一.xlsx", "queries/01_1 村_一（2）.xlsx"]


@pytest.mark.parametrize(("rate", "stands"), [(120.0, False), (119.9, True), ("120%", True)])
def test_a_rate_of_the_form_itself_follows_its_parts_again(rate: object, stands: bool) -> None:
    figures = {"A001": Placed("表1", "C4", 10.0), "A002": Placed("表1", "C5", 12.0), "A003": Placed("表1", "C6", rate)}  # type: ignore[arg-type] # `rate` is whatever a cell may hold
    values = {"A001": 10.0, "A002": 12.0, "A003": NAN}
    made = refilled(form(figures=figures), SCHEME, plan(SCHEME, ("village",)), values=values, replaces="")
    assert ("A003" in made.answers.figures) is stands
    assert made.results == ({} if stands else {("组织", "D6"): 120.0})


def test_a_form_holds_the_kinds_of_all_that_was_answered() -> None:
    assert kinds_held(form(), SCHEME, kind="village", below=()) == {"village"}
    assert kinds_held(form(), SCHEME, kind="town", below=("village", "town")) == {"town", "village"}
    assert kinds_held(form(), SCHEME, kind="enterprise", below=()) == {"enterprise", "village"}
