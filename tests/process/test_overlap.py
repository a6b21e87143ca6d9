"""What two units tell, or one tells twice: which rows meet, which do not, and how it is said. The numbers are nobody's."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.round import LISTS_COLUMNS
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.overlap import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

    Run = Callable[..., tuple[Finding, ...]]

UNITS = UnitTree(
    [
        Unit("c", "临河县总工会", "county"),
        Unit("t1", "城关镇总工会", "town", "c"),
        Unit("t2", "河西镇总工会", "town", "c"),
        Unit("v1", "大王庄村工会", "village", "t1"),
        Unit("v2", "小王庄村工会", "village", "t1"),
        Unit("v3", "柳林村工会", "village", "t2"),
        Unit("e1", "临河县兴旺制衣有限公司工会", "enterprise", "t1"),
        Unit("91990100000100044D", "金穗粮油厂工会", "enterprise", "t2"),
    ]
)
CODES = ("919901000001000010", "9199010000010001XP", "91990100000100028P", "91990100000100036J")
GRAIN = "91990100000100044D"
INDICATORS = """
    A001|新增会员|人|flow|0|village;enterprise
    A002|会员人数|人|stock|0|village;enterprise
    A003|新建工会数|人|flow|0|village
    A004|新建工会会员数|人|flow|0|village
    B001|集体合同份数|份|stock|0|village;enterprise
    C001|帮扶职工|人|flow|0|village;enterprise
    T001|主要做法|文字|text
"""
LISTS = """
新建工会|企业名称|企业名称|text|文字||
新建工会|信用代码|信用代码|credit_code|文字|是|A003:count
新建工会|会员人数|会员人数|number|人||A004:sum
集体合同|单位名称|单位名称|text|文字||
集体合同|信用代码|信用代码|credit_code|文字|是|B001:count
集体合同|合同类型|合同类型|text|文字|||综合合同;工资合同
集体合同|签订日期|签订日期|date|||
帮扶职工|姓名|姓名|text|文字||
帮扶职工|身份证号|身份证号|citizen_number|文字|是|C001:count
帮扶职工|金额|金额|number|元||
"""
FORM = "封面|cover||||\n新建工会|list|新建工会|||\n集体合同|list|集体合同|||\n帮扶职工|list|帮扶职工|||"
RULES = """
A-1|新建工会会员数 <= 新增会员||query||||部分|核对
N-1|@alike||query||||与{另一单位}的{可比项数}项中{项数}项相同，如{举例}。{其他}|核对
N-2|@listed_and_reported||query||||{工作表}{单元格}的{企业}由{另一单位}填报（{依据}）：计入{重复项}，又报{另报}（{另一处}）|商定
N-3|@enterprise_twice||query||||{处}的{对象}，{另一单位}也有（{依据}，{另一处}），{个数}行|商定
N-4|@enterprise_near||query||||{处}的{对象}，与{另一单位}的（{另一处}）相近|商定
N-5|@aided_twice||query||||{单元格}的{对象}填了{次数}次（{另一处}）|合并
N-6|@aided_elsewhere||query||||{处}的{对象}，{另一单位}也有（{另一处}），{个数}行|商定
N-7|@code_two_names||query||||{单元格}的{代码}是{名称}，{另一处}是{另一名称}|核对
N-8|@name_two_codes||query||||{单元格}的{名称}是{代码}，{另一处}是{另一代码}|核对
N-9|@repeated_line||query||||{单元格}的{对象}填了{次数}次（{另一处}）|删去
N-10|@alike_text||note||||{指标}（{字数}字）与{另一单位}相同|核对
"""


@pytest.fixture(scope="module")
def scheme(make_scheme: Callable[..., Scheme]) -> Scheme:
    lists = LISTS.replace("|综合合同;工资合同", "")
    made = make_scheme(INDICATORS, rules=RULES, lists=lists.strip(), form=FORM)
    roster = made.rosters["集体合同"]
    kinds = tuple(replace(one, choices=("综合合同", "工资合同")) if one.name == "合同类型" else one for one in roster.columns)
    return replace(made, rosters={**made.rosters, "集体合同": replace(roster, columns=kinds)})


@pytest.fixture(scope="module")
def run(scheme: Scheme, make_round: Callable[..., Round]) -> Run:
    """run(rows, figures=…, texts=…): rows as unit, list, row, {column: text}; a citizen number as its digest with the masked text."""

    def found(
        rows: Sequence[tuple[str, str, int, dict[str, str]]] = (),
        *,
        figures: dict[str, dict[str, float]] | None = None,
        texts: Sequence[tuple[str, str, str]] = (),
        units: UnitTree = UNITS,
        shuffled: int = 0,
    ) -> tuple[Finding, ...]:
        told = {unit.code: {"A001": 4.0, "A002": 30.0} for unit in units if unit.kind in ("village", "enterprise")}
        returns = make_round({**told, **(figures or {})}, codes=["A001", "A002", "A003", "A004", "B001", "C001"], texts=texts)
        cells = [
            (unit, name, row, column, *cell(text), f"{name}!{'BCDE'[place]}{row}", digest(text))
            for unit, name, row, columns in rows
            for place, (column, text) in enumerate(columns.items())
        ]
        table = pd.DataFrame(
            [(unit, name, row, column, text, value, at, mark) for unit, name, row, column, text, value, at, mark in cells],
            columns=list(LISTS_COLUMNS),
        ).astype(LISTS_COLUMNS)
        if shuffled:
            order = list(range(len(table)))
            random.Random(shuffled).shuffle(order)  # noqa: S311 - an order of rows, no secret
            table = table.iloc[order].reset_index(drop=True)
            back = list(returns.values.index)[::-1]
            returns = replace(returns, returns=returns.returns.loc[back], values=returns.values.loc[back], states=returns.states.loc[back])
        return overlap(replace(returns, lists=table), scheme, units=units)

    return found


def cell(text: str) -> tuple[str, float]:
    return (f"0001**********{text[1:]}" if text.startswith("#") else text), float("nan")


def digest(text: str) -> str:
    return f"digest of {text}" if text.startswith("#") else ""


def firm(name: str, code: str = "", members: str = "12") -> dict[str, str]:
    return {column: text for column, text in (("企业名称", name), ("信用代码", code), ("会员人数", members)) if text}


def contract(name: str, code: str, kind: str = "综合合同", day: str = "2023-03-01") -> dict[str, str]:
    return {"单位名称": name, "信用代码": code, "合同类型": kind, "签订日期": day}


def aided(number: str, name: str = "某人") -> dict[str, str]:
    return {"姓名": name, "身份证号": number, "金额": "500"}


def said(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.rule, finding.unit, finding.message) for finding in findings]


def test_nothing_overlaps_in_plain_lists(run: Run) -> None:
    rows = [
        ("v1", "新建工会", 4, firm("大王庄恒丰五金厂", CODES[0])),
        ("v2", "新建工会", 4, firm("小王庄恒丰五金厂", CODES[1])),
        ("v1", "集体合同", 4, contract("大王庄恒丰五金厂", CODES[0])),
        ("v1", "集体合同", 5, contract("大王庄恒丰五金厂", CODES[0], "工资合同")),
        ("v1", "帮扶职工", 4, aided("#1234")),
        ("v2", "帮扶职工", 4, aided("#5678")),
    ]
    assert run(rows) == ()


def test_a_person_aided_by_two_units_is_asked_of_both(run: Run) -> None:
    found = run(
        [
            ("v1", "帮扶职工", 4, aided("#1234", "张某")),
            ("v1", "帮扶职工", 5, aided("#9999")),
            ("v3", "帮扶职工", 7, aided("#1234", "李某")),
        ]
    )
    assert said(found) == [
        ("N-6", "v1", "C4的0001**********1234，柳林村工会也有（v3.xlsx：帮扶职工!C7），1行"),
        ("N-6", "v3", "C7的0001**********1234，大王庄村工会也有（v1.xlsx：帮扶职工!C4），1行"),
    ]
    assert found[0].tier is Tier.QUERY
    assert found[0].indicators == ("C001",)
    assert found[0].cells == (
        CellAt("v1.xlsx", "帮扶职工", "C4", "0001**********1234"),
        CellAt("v3.xlsx", "帮扶职工", "C7", "0001**********1234"),
    )


def test_a_list_copied_whole_is_one_finding_a_unit(run: Run) -> None:
    numbers = [f"#{number}" for number in range(1001, 1031)]
    rows = [(unit, "帮扶职工", 4 + row, aided(number)) for unit in ("v1", "v3") for row, number in enumerate(numbers)]
    found = run(rows)
    assert [(one.unit, len(one.cells)) for one in found] == [("v1", 40), ("v3", 40)]
    assert found[0].message.startswith("C4、C5、C6等30个的0001**********1001、")
    assert found[0].message.endswith("，30行")


def test_a_person_twice_in_one_list_is_asked_once(run: Run) -> None:
    found = run([("v1", "帮扶职工", row, aided("#1234")) for row in (4, 6, 9)])
    assert said(found) == [("N-5", "v1", "C4的0001**********1234填了3次（帮扶职工!C6、帮扶职工!C9）")]


@pytest.mark.parametrize("number", ["—", "无", "#2000"])
def test_what_is_no_whole_number_is_nobody(run: Run, number: str) -> None:
    """A dash is everybody's; a number that ends in 000 was cut off by Excel, and strangers end so alike."""
    assert run([("v1", "帮扶职工", 4, aided(number)), ("v3", "帮扶职工", 4, aided(number))]) == ()


def test_persons_of_one_name_are_two(run: Run) -> None:
    assert run([("v1", "帮扶职工", 4, aided("#1234", "王芳")), ("v1", "帮扶职工", 5, aided("#1235", "王芳"))]) == ()


def test_an_enterprise_in_two_lists_is_told_by_its_code(run: Run) -> None:
    found = run([("v1", "新建工会", 4, firm("恒丰五金厂", CODES[0])), ("v3", "新建工会", 5, firm("河西镇恒丰五金有限公司", CODES[0]))])
    assert said(found) == [
        ("N-3", "v1", "C4的恒丰五金厂，柳林村工会也有（统一社会信用代码相同，v3.xlsx：新建工会!C5），1行"),
        ("N-3", "v3", "C5的河西镇恒丰五金有限公司，大王庄村工会也有（统一社会信用代码相同，v1.xlsx：新建工会!C4），1行"),
    ]
    assert found[0].indicators == ("A003", "A004")


def test_an_enterprise_without_a_code_is_told_by_its_name(run: Run) -> None:
    rows = [("v1", "新建工会", 4, firm("临河县恒丰（五金）有限公司")), ("v2", "新建工会", 5, firm("恒丰(五金) 有限责任公司", CODES[0]))]
    assert [(one.rule, one.unit) for one in run(rows)] == [("N-3", "v1"), ("N-3", "v2")]
    assert "名称相同" in run(rows)[0].message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("大王庄砖瓦厂", "小王庄砖瓦厂"),
        ("恒丰机械一厂", "恒丰机械二厂"),
        ("恒丰机械东厂", "恒丰机械西厂"),
        ("大王庄村恒丰五金厂", "小王庄村恒丰五金厂"),
        ("河西镇恒丰五金厂", "恒丰五金厂"),  # the other is told by a village of 城关镇
    ],
)
def test_alike_names_of_two_enterprises_are_no_finding(run: Run, one: str, other: str) -> None:
    assert run([("v1", "新建工会", 4, firm(one)), ("v2", "新建工会", 5, firm(other))]) == ()


def test_near_names_are_asked_about_with_less_certainty(run: Run) -> None:
    found = run([("v1", "新建工会", 4, firm("恒丰五金配件厂")), ("v2", "新建工会", 5, firm("恒丰五金配间厂", CODES[0]))])
    assert said(found) == [
        ("N-4", "v1", "B4的恒丰五金配件厂，与小王庄村工会的（v2.xlsx：新建工会!C5）相近"),
        ("N-4", "v2", "C5的恒丰五金配间厂，与大王庄村工会的（v1.xlsx：新建工会!B4）相近"),
    ]


def test_right_codes_that_differ_tell_two_enterprises_whatever_their_names(run: Run) -> None:
    assert run([("v1", "新建工会", 4, firm("恒丰五金配件厂", CODES[0])), ("v2", "新建工会", 5, firm("恒丰五金配间厂", CODES[1]))]) == ()


def test_a_listed_enterprise_with_its_own_return_is_counted_twice(run: Run) -> None:
    rows = [("v1", "新建工会", 4, firm("兴旺制衣有限责任公司", CODES[0]))]
    (found,) = run(rows, figures={"v1": {"A003": 1, "A004": 12}, "e1": {"A001": 12, "A002": 60}})
    assert said([found]) == [
        (
            "N-2",
            "v1",
            "新建工会C4的兴旺制衣有限责任公司由临河县兴旺制衣有限公司工会填报（名称相同）："
            "计入新建工会数、新建工会会员数（名册中会员人数12人），又报新增会员12人（e1.xlsx：组织!D4）",
        )
    ]
    assert [(one.file, one.cell, one.value) for one in found.cells] == [
        ("v1.xlsx", "C4", CODES[0]),
        ("v1.xlsx", "D6", "1"),
        ("v1.xlsx", "D7", "12"),
        ("e1.xlsx", "D4", "12"),
    ]


def test_an_enterprise_reports_for_itself_under_the_code_of_its_own_list(run: Run) -> None:
    rows = [("e1", "集体合同", 4, contract("兴旺制衣有限公司", CODES[0])), ("v3", "新建工会", 4, firm("兴旺", CODES[0]))]
    assert [(one.rule, one.unit) for one in run(rows)] == [("N-2", "v3")]


def test_a_code_whose_names_differ_is_asked_about_once(run: Run) -> None:
    rows = [("e1", "集体合同", 4, contract("兴旺制衣有限公司", CODES[0])), ("v3", "新建工会", 4, firm("柳林砖瓦厂", CODES[0]))]
    assert [(one.rule, one.unit) for one in run(rows)] == [("N-7", "e1"), ("N-7", "v3")]


def test_an_enterprise_reports_for_itself_under_its_unit_code(run: Run) -> None:
    (found,) = run([("v1", "新建工会", 4, firm("金穗粮油", GRAIN))])
    assert (found.rule, "统一社会信用代码相同" in found.message) == ("N-2", True)


def test_an_enterprise_that_reports_nobody_contradicts_the_list(run: Run) -> None:
    (found,) = run([("v1", "新建工会", 4, firm("兴旺制衣有限责任公司"))], figures={"e1": {"A001": 0, "A002": 0}})
    assert found.message.endswith("又报新增会员0人（e1.xlsx：组织!D4）")


def test_a_contract_in_two_lists_is_one_only_where_kind_and_day_agree(run: Run) -> None:
    own = ("e1", "集体合同", 4, contract("兴旺制衣有限公司", CODES[0]))
    told = {"e1": {"B001": 1}}
    assert [one.rule for one in run([own, ("v1", "集体合同", 4, contract("兴旺制衣", CODES[0]))], figures=told)] == ["N-3", "N-3"]
    assert run([own, ("v1", "集体合同", 4, contract("兴旺制衣", CODES[0], "工资合同"))], figures=told) == ()
    other = ("v1", "集体合同", 4, contract("兴旺制衣", CODES[0], day="2023-05-09"))
    (found,) = run([own, other], figures=told)
    assert found.message.endswith("计入集体合同份数，又报集体合同份数1份（e1.xlsx：组织!D8）")
    firms = [(unit, "集体合同", 4, contract("恒丰五金厂", CODES[1], day=day)) for unit, day in (("v1", "2023-03-01"), ("v2", "2023-05-09"))]
    assert run(firms) == ()


def test_one_code_under_two_names(run: Run) -> None:
    found = run([("v1", "新建工会", 4, firm("恒丰五金厂", CODES[0])), ("v2", "新建工会", 5, firm("金利塑料制品厂", CODES[0]))])
    assert said(found) == [
        ("N-7", "v1", f"C4的{CODES[0]}是恒丰五金厂，v2.xlsx：新建工会!C5是金利塑料制品厂"),
        ("N-7", "v2", f"C5的{CODES[0]}是金利塑料制品厂，v1.xlsx：新建工会!C4是恒丰五金厂"),
    ]


def test_one_code_under_two_names_in_one_return_is_asked_once(run: Run) -> None:
    found = run([("v1", "新建工会", 4, firm("恒丰五金厂", CODES[0])), ("v1", "新建工会", 5, firm("金利塑料制品厂", CODES[0]))])
    assert said(found) == [("N-7", "v1", f"C4的{CODES[0]}是恒丰五金厂，新建工会!C5是金利塑料制品厂")]


def test_one_name_under_two_codes(run: Run) -> None:
    rows = [("v1", "新建工会", 4, firm("恒丰五金厂", CODES[0])), ("v1", "集体合同", 4, contract("恒丰五金厂", CODES[1]))]
    assert said(run(rows)) == [("N-8", "v1", f"C4的恒丰五金厂是{CODES[0]}，集体合同!C4是{CODES[1]}")]


def test_a_name_that_many_bear_tells_nobody(run: Run) -> None:
    rows = [("v1", "新建工会", 4 + row, firm("便民商店", code)) for row, code in enumerate(CODES[:3])]
    assert run([*rows, ("v2", "新建工会", 4, firm("便民商店"))]) == ()


def test_a_line_twice_in_one_list(run: Run) -> None:
    rows = [("v1", "新建工会", row, firm("恒丰五金厂", CODES[0])) for row in (4, 7)]
    assert said(run(rows)) == [("N-9", "v1", "C4的恒丰五金厂填了2次（新建工会!C7）")]
    rows = [("v1", "集体合同", row, contract("恒丰五金厂", CODES[0])) for row in (4, 7)]
    assert said(run(rows)) == [("N-9", "v1", "C4的恒丰五金厂填了2次（集体合同!C7）")]


def test_a_long_text_in_two_units(run: Run) -> None:
    text = "坚持每月走访困难职工家庭，逐户建立台账，协调民政和医保落实救助；在工业园区设立维权岗，每周三由律师值班，现场解答工资、工伤和社保问题。"
    found = run(texts=[("v1", "T001", text), ("v3", "T001", text.replace("，", ", ")), ("v2", "T001", "加强学习。")])
    assert said(found) == [("N-10", "v1", "主要做法（60字）与柳林村工会相同"), ("N-10", "v3", "主要做法（60字）与大王庄村工会相同")]
    assert run(texts=[("v1", "T001", "加强学习。"), ("v3", "T001", "加强学习。")]) == ()


def test_the_order_of_files_and_rows_does_not_matter(run: Run) -> None:
    rows = [
        ("v1", "新建工会", 4, firm("恒丰五金厂", CODES[0])),
        ("v2", "新建工会", 5, firm("金利塑料制品厂", CODES[0])),
        ("v3", "新建工会", 6, firm("金利塑料制品厂", CODES[0])),
        ("v1", "新建工会", 5, firm("兴旺制衣")),
        ("v2", "新建工会", 6, firm("兴旺制衣厂")),
        *((unit, "帮扶职工", row, aided(f"#{1000 + row}")) for unit in ("v1", "v2", "v3") for row in (4, 5)),
        ("v3", "帮扶职工", 9, aided("#1004")),
    ]
    found = run(rows)
    assert len(found) > 8
    assert [run(rows, shuffled=seed) for seed in (1, 2, 3)] == [found] * 3


def test_a_scheme_without_the_checks_does_without_them(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> None:
    plain = make_scheme(INDICATORS)
    assert overlap(make_round({"v1": {"A001": 1}, "v2": {"A001": 1}}), plain, units=UNITS) == ()
