"""As clerks would: the county writes queries, a village corrects and answers in LibreOffice and sends the workbook back, the county runs again."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from reconcile.files.archive import find_files
from reconcile.files.form_again import FormsAgain
from reconcile.files.form_book import Answers, blank_book
from reconcile.files.form_reader import read_form
from reconcile.files.query_reader import ANSWER_HEADING, HIDDEN_HEADINGS
from reconcile.files.scheme_files import read_scheme, read_units
from reconcile.files.workbook import Workbook, read_workbook
from reconcile.model.finding import Finding
from reconcile.model.outcome import Outcome
from reconcile.model.period import Period
from reconcile.model.round import State
from reconcile.process.intake import Reader
from reconcile.process.taken import Taken
from reconcile.report.queries import queries
from reconcile.run import Request, deliver, judge

FAULTS = Path(__file__).parent.parent / "sample_workbooks" / "2023H1_faults"
Recalculated = Callable[[Mapping[str, bytes]], dict[str, Workbook]]
UNITS = "单位代码,单位名称,单位类型,上级代码,联系人\n99,测试县总工会,县（市、区）,,王芳 13800138000\n9901,大王庄村工会,村,99,\n9902,小王庄村工会,村,99,\n"
PERIOD = Period(2023, 6, "2023H1")
PERSON = {"姓名": "张三", "身份证号": "110101199003077758", "所在单位": "大王庄砖厂", "困难类型": "患病", "帮扶金额": 800.0}
FIGURES = {
    **{"基层工会数": 1, "涵盖单位数": 1, "职工人数": 60, "女职工人数": 25, "期初会员数": 50, "新增会员": 14, "减少会员": 0},
    **{"会员人数": 64, "女会员人数": 70, "农民工会员数": "约30", "帮扶困难职工": 1, "帮扶资金": 0.08},
}
"""A village with more members than workers (to be asked) and more women than members (to be corrected)."""


class County:
    """A folder of returns and one of results, as on a clerk's desk."""

    def __init__(self, folder: Path) -> None:
        self.returns, self.out = folder / "收表", folder / "结果"
        self.returns.mkdir()
        (self.returns / "units.csv").write_text(UNITS, encoding="utf-8")
        self.scheme = read_scheme(None)
        self.units = read_units(self.returns / "units.csv")

    def receive(self, name: str, data: bytes) -> None:
        (self.returns / name).write_bytes(data)

    def filled(self, code: str, figures: Mapping[str, object], **more: object) -> bytes:
        """A return on our own form: what is required and not given is 0."""
        required = {one.code: 0 for one in self.scheme.asked_of("village") if one.required}
        given = {self.scheme.codes[name]: figure for name, figure in figures.items()}
        answers = Answers(figures=required | given, cover={"filled_on": "2023-07-03", "phone": "13900139000"}, **more)  # type: ignore[arg-type] # `more`: reasons, texts or rows
        return blank_book(self.scheme, unit=self.units[code], period=PERIOD, filled=answers)

    def run(self) -> Outcome:
        request = Request((self.returns,), out=self.out)
        outcome, scheme = judge(request)
        deliver(outcome, scheme, request=request, folder=self.out, day=None)
        return outcome

    def query(self, code: str) -> Path:
        return next(self.out.glob(f"queries/{code} *.xlsx"))


def about(outcome: Outcome, rule: str, unit: str = "9901") -> list[Finding]:
    return [one for one in outcome.findings if one.rule == rule and one.unit == unit]


def edited(path: Path, change: Callable[[openpyxl.Workbook], None]) -> bytes:
    workbook = openpyxl.load_workbook(path)
    change(workbook)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def answer(sheet: Worksheet, rule: str, text: str) -> None:
    """Type into the column for answers on the line that asks about `rule`."""
    headed = {str(cell.value): cell for row in sheet.iter_rows(max_row=12) for cell in row if cell.value}
    column, hidden = headed[ANSWER_HEADING].column, headed[HIDDEN_HEADINGS["rule"]]
    assert column is not None and hidden.row is not None and hidden.column is not None
    for row in range(hidden.row + 1, sheet.max_row + 1):
        if sheet.cell(row, hidden.column).value == rule:
            sheet.cell(row, column).value = text
            return
    raise AssertionError(f"no line asks about {rule}")


def put(workbook: openpyxl.Workbook, code: str, figure: object) -> None:
    """Type a figure into the row of its code."""
    for sheet in workbook.worksheets[1:]:
        for row in sheet.iter_rows(min_row=4, max_col=4):
            if row[0].value == code:
                row[3].value = figure  # type: ignore[assignment]  # any value may be typed
                return
    raise AssertionError(code)


@pytest.fixture
def county(tmp_path: Path) -> County:
    made = County(tmp_path)
    made.receive("大王庄.xlsx", made.filled("9901", FIGURES, rows={"帮扶职工名册": [PERSON]}))
    made.receive("小王庄.xlsx", made.filled("9902", {"基层工会数": 1, "涵盖单位数": 1}))
    return made


def test_a_query_answered_in_libreoffice_closes_and_a_changed_value_opens_again(
    county: County, recalculated: Recalculated, tmp_path: Path
) -> None:
    first = county.run()
    assert [one.open for rule in ("A-03", "A-09", "N-21") for one in about(first, rule)] == [True, True, True]
    assert [path.name for path in county.out.glob("queries/*")] == ["9901 大王庄村工会.xlsx"]

    def correct(workbook: openpyxl.Workbook) -> None:
        put(workbook, "A015", 24)
        answer(workbook.worksheets[0], "A-09", "4名会员是劳务派遣工，不在本村企业职工人数内")

    sent = county.query("9901")
    recalculated({sent.name: edited(sent, correct)})
    county.receive("回复 大王庄.xlsx", (tmp_path / "back" / sent.name).read_bytes())
    second = county.run()
    register = second.round.returns.set_index("file")["standing"]
    assert (register["大王庄.xlsx"], register["回复 大王庄.xlsx"]) == ("superseded", "counted")
    assert about(second, "A-03") == []
    (asked,) = about(second, "A-09")
    assert (asked.reason, asked.open) == ("4名会员是劳务派遣工，不在本村企业职工人数内", False)
    assert [one.open for one in about(second, "N-21")] == [True]  # 约30 was neither corrected nor answered
    book = openpyxl.load_workbook(county.query("9901"))
    assert "另有1条贵单位已说明原因" in str([cell.value for row in book.worksheets[0].iter_rows(max_row=8) for cell in row])

    sent = county.query("9901")
    recalculated_again = edited(sent, lambda workbook: put(workbook, "A014", 65))
    county.receive("再报 大王庄.xlsx", recalculated_again)
    third = county.run()
    (asked,) = about(third, "A-09")
    assert (asked.reason, asked.open) == ("", True)
    told = [one.message for one in about(third, "N-66")]
    assert len(told) == 1
    assert "4名会员是劳务派遣工" in told[0]

    county.receive("三报 大王庄.xlsx", edited(county.query("9901"), lambda workbook: put(workbook, "A014", 64)))
    assert [one.open for one in about(county.run(), "A-09")] == [True]  # a lapsed answer went no further


def test_what_was_answered_is_still_answered_in_the_version_after(county: County) -> None:
    county.run()
    county.receive("二.xlsx", edited(county.query("9901"), lambda book: answer(book.worksheets[0], "A-09", "4名会员是劳务派遣工")))
    county.run()
    county.receive("三.xlsx", edited(county.query("9901"), lambda book: put(book, "A015", 24)))
    outcome = county.run()
    assert outcome.round.returns.set_index("file")["standing"].to_dict() == {
        "大王庄.xlsx": "superseded",
        "二.xlsx": "superseded",
        "三.xlsx": "counted",
        "小王庄.xlsx": "counted",
    }
    assert [one.reason for one in about(outcome, "A-09")] == ["4名会员是劳务派遣工"]
    assert about(outcome, "A-03") == []


def test_words_that_say_nothing_are_asked_again(county: County) -> None:
    county.run()
    county.receive("二.xlsx", edited(county.query("9901"), lambda book: answer(book.worksheets[0], "A-09", "经核实，情况属实。")))
    outcome = county.run()
    assert [one.open for one in about(outcome, "A-09")] == [True]
    assert len(about(outcome, "N-65")) == 1
    sheet = openpyxl.load_workbook(county.query("9901")).worksheets[0]
    problems = [str(row[5].value) for row in sheet.iter_rows() if row[5].value]
    assert sum("“经核实，情况属实。”没有讲清原因" in one for one in problems) == 1


def test_a_reason_on_the_form_counts_and_lapses_with_its_figure(county: County) -> None:
    codes = county.scheme.codes
    county.receive("大王庄.xlsx", county.filled("9901", FIGURES, reasons={codes["会员人数"]: "含劳务派遣工4人"}))
    assert [one.reason for one in about(county.run(), "A-09")] == ["含劳务派遣工4人"]
    county.receive("二.xlsx", edited(county.query("9901"), lambda book: put(book, "A015", 24)))
    assert [one.reason for one in about(county.run(), "A-09")] == ["含劳务派遣工4人"]
    county.receive("三.xlsx", edited(county.query("9901"), lambda book: put(book, "A008", 61)))
    assert [one.reason for one in about(county.run(), "A-09")] == [""]


def test_a_unit_has_its_own_data_and_nobody_else_has(county: County) -> None:
    outcome = county.run()
    assert not outcome.round.lists["text"].str.contains("199003077758").any()
    book = openpyxl.load_workbook(county.query("9901"))
    texts = [str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert PERSON["身份证号"] in texts
    assert "13900139000" in texts
    assert "约30" in texts
    assert not any("13800138000" in text for text in texts)
    for other in ("summary.xlsx", "findings.csv", "narrative.md"):
        assert b"110101199003077758" not in (county.out / other).read_bytes()


def test_a_town_carries_the_answers_to_the_county(county: County, tmp_path: Path) -> None:
    county.run()
    county.receive("二.xlsx", edited(county.query("9901"), lambda book: answer(book.worksheets[0], "A-09", "4名会员是劳务派遣工")))
    county.run()
    above = tmp_path / "上级"
    above.mkdir()
    (above / "测试县.xlsx").write_bytes((county.out / "summary.xlsx").read_bytes())
    outcome, _ = judge(Request((above,)))
    assert [one.reason for one in about(outcome, "A-09")] == ["4名会员是劳务派遣工"]


def test_a_query_that_is_no_longer_needed_goes(county: County) -> None:
    county.run()
    assert county.query("9901").exists()
    clean = FIGURES | {"女会员人数": 20, "职工人数": 70, "农民工会员数": 30}
    county.receive("大王庄.xlsx", county.filled("9901", clean, rows={"帮扶职工名册": [PERSON]}))
    assert [one for one in county.run().findings if one.open and one.unit == "9901"] == []
    assert list(county.out.glob("queries/*")) == []


def told(taken: Taken, *, absent: Taken) -> dict[str, object]:
    """All that a return says, as it is judged; what `absent` has no row for counts as left blank, for our form has a row for all."""
    states = [State.BLANK if other == State.ABSENT else State(one) for one, other in zip(taken.states, absent.states, strict=True)]
    return {
        "values": [str(one) for one in taken.values],
        "states": states,
        "typed": sorted(taken.typed),
        "texts": sorted(taken.texts),
        "reasons": sorted(taken.reasons),
        "lists": [(name, column, text, str(value), key) for name, _, column, text, value, _, key in taken.lists],
        "marks": sorted((one.check, one.code, one.typed, one.label, one.reason) for one in taken.marks),
        # The version that is answered is new; so is the scheme's; a code that is nobody's gives way to the unit's own.
        "cover": {key: text for key, text in taken.cover.items() if key not in ("replaces", "scheme", "unit")},
    }


def test_a_query_workbook_that_nobody_touched_says_what_the_return_said() -> None:
    outcome, scheme = judge(Request((FAULTS,)))
    sources = find_files([FAULTS], exclude=lambda _path: False)
    forms = FormsAgain(sources, scheme, outcome.round)
    returns = {str(sha256): str(one) for one, sha256 in outcome.round.returns["sha256"].items()}
    reader = Reader(scheme)
    compared = []
    for name, data in queries(outcome, scheme, forms=forms):
        again = read_form(read_workbook(data, name=name), scheme)
        assert again is not None
        if again.cover["replaces"]:
            form = forms(returns[again.cover["replaces"]])
            assert form is not None
            then, now = reader.take(form), reader.take(again)
            assert told(now, absent=then) == told(then, absent=then), name
            compared.append(name.partition(" ")[2])
    assert len(compared) == 20
    assert "铸源镇总工会（汇总）.xlsx" in compared
