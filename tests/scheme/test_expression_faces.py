"""The other faces of an expression: Excel formulas, linear rows, implied values, Chinese sentences."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from reconcile.scheme.expression import (
    Linear,
    Missing,
    Reference,
    equation,
    excel,
    excel_check,
    excel_value,
    implied,
    linear,
    parse,
    sentence,
)

CELLS = {"a": "C5", "b": "C6", "c": "C7", "d": "'表1'!C8", "previous(a)": "D5", "count(名册)": "E1"}
NAN = float("nan")


# ---- Excel


@pytest.mark.parametrize(
    ("rule", "formula"),
    [
        ("a <= b", '=IF(COUNT(C5,C6)<2,"",IF(C5-C6<=0.0000005,"","错"))'),
        ("a >= 0", '=IF(COUNT(C5)<1,"",IF(-C5<=0.0000005,"","错"))'),
        ("a < b", '=IF(COUNT(C5,C6)<2,"",IF(C6-C5>0.0000005,"","错"))'),
        ("a != b", '=IF(COUNT(C5,C6)<2,"",IF(ABS(C5-C6)>0.0000005,"","错"))'),
        (
            "a == b + c - d",
            "=IF(COUNT(C5,C6,C7,'表1'!C8)<4,\"\",IF(ABS(C5-(C6+C7-'表1'!C8))<=0.0000005+1E-14*(ABS(C6)+ABS(C7)+ABS('表1'!C8)),\"\",\"错\"))",
        ),
        (
            "a - (b - c) * -b <= -5",
            '=IF(COUNT(C5,C6,C7)<3,"",IF(C5-(C6-C7)*(-C6)-(-5)<=0.0000005+1E-14*(ABS(C5)+ABS((C6-C7)*(-C6))),"","错"))',
        ),
        ("a / b * 100 <= 95", '=IF(COUNT(C5,C6)<2,"",IFERROR(IF(C5/C6*100-95<=0.0000005,"","错"),""))'),
        ("a >= previous(a)", '=IF(COUNT(C5,D5)<2,"",IF(D5-C5<=0.0000005,"","错"))'),
        ("count(名册) == a", '=IF(COUNT(E1,C5)<2,"",IF(ABS(E1-C5)<=0.0000005,"","错"))'),
        ("max(a, b) <= abs(c)", '=IF(COUNT(C5,C6,C7)<3,"",IF(MAX(C5,C6)-ABS(C7)<=0.0000005+1E-14*ABS(ABS(C7)),"","错"))'),
        ("if a > 0 then b > 0", '=IF(AND(IF(COUNT(C5)=1,C5>0.0000005,FALSE),IF(COUNT(C6)=1,C6<=0.0000005,FALSE)),"错","")'),
        ("a > 0 or b > 0", '=IF(AND(IF(COUNT(C5)=1,C5<=0.0000005,FALSE),IF(COUNT(C6)=1,C6<=0.0000005,FALSE)),"错","")'),
        ("0 <= a <= 1", '=IF(OR(IF(COUNT(C5)=1,-C5>0.0000005,FALSE),IF(COUNT(C5)=1,C5-1>0.0000005,FALSE)),"错","")'),
        ("filled(a)", '=IF(IFERROR(LEN(TRIM(C5)),1)=0,"错","")'),
        ("not (filled(a) and filled(b))", '=IF(AND(IFERROR(LEN(TRIM(C5)),1)>0,IFERROR(LEN(TRIM(C6)),1)>0),"错","")'),
        ("a == '是'", '=IF(AND(IFERROR(LEN(TRIM(C5)),1)>0,NOT(IFERROR(EXACT(TRIM(C5),"是"),FALSE))),"错","")'),
        ("a not in [1]", '=IF(IF(COUNT(C5)=1,ABS(C5-1)<=0.0000005,FALSE),"错","")'),
    ],
)
def test_a_check_shows_its_message_exactly_where_the_rule_is_provably_broken(rule: str, formula: str) -> None:
    assert excel_check(parse(rule), CELLS, tolerance=0, message="错") == formula


def test_both_forms_of_a_rule() -> None:
    node = parse("a <= b")
    assert excel(node, CELLS, tolerance=0.5) == "IF(COUNT(C5,C6)=2,C5-C6<=0.5000005,FALSE)"
    assert excel(node, CELLS, tolerance=0.5, proves=False) == "IF(COUNT(C5,C6)=2,C5-C6>0.5000005,FALSE)"
    assert excel(parse("if a == 0 then b == 0"), CELLS, tolerance=0.5) == (
        "OR(IF(COUNT(C5)=1,ABS(C5)>0.0000005,FALSE),IF(COUNT(C6)=1,ABS(C6)<=0.5000005,FALSE))"
    )


def test_missing_answers_in_excel() -> None:
    node = parse("a == previous(a)")
    blank = "(IFERROR(LEN(TRIM(C5)),1)=0)"
    assert excel(node, CELLS, missing=Missing.ZERO) == f"IF(COUNT(C5,D5)+{blank}=2,ABS(N(C5)-D5)<=0.0000005,FALSE)"
    assert excel(node, CELLS, missing=Missing.SKIP_ALL) == (
        f"IF(AND(COUNT(C5,D5)+{blank}=2,COUNT(C5)>0,COUNT(D5)>0),ABS(N(C5)-D5)<=0.0000005,FALSE)"
    )
    assert excel_check(node, CELLS, message="错", missing=Missing.FAIL) == (
        f'=IF(OR(IF(COUNT(C5,D5)=2,ABS(C5-D5)>0.0000005,FALSE),AND(NOT(IF(COUNT(C5,D5)=2,ABS(C5-D5)<=0.0000005,FALSE)),{blank}>0)),"错","")'
    )


def test_a_formula_computes_only_what_is_known() -> None:
    assert excel_value(parse("a / b * 100"), CELLS) == '=IF(COUNT(C5,C6)<2,"",IFERROR(C5/C6*100,""))'
    assert excel_value(parse("a + b"), CELLS) == '=IF(COUNT(C5,C6)<2,"",C5+C6)'
    assert excel_value(parse("12"), CELLS) == "=12"


def test_cells_may_be_asked_for() -> None:
    def place(reference: Reference) -> str | None:
        return {"this": "A1", "previous": "B1"}.get(reference.period)

    assert excel(parse("x == previous(x)"), place) == "IF(COUNT(A1,B1)=2,ABS(A1-B1)<=0.0000005,FALSE)"
    assert excel(parse("x == last(x)"), place) is None


@pytest.mark.parametrize("rule", ["a == children(a)", "count(别的) == a", "mean(a) >= 1", "a > last(a)"])
def test_what_has_no_cell_has_no_face(rule: str) -> None:
    assert excel(parse(rule), CELLS) is None
    assert excel_check(parse(rule), CELLS, message="错") is None


def test_messages_are_quoted_and_long_ones_are_in_pieces() -> None:
    assert excel_check(parse("a > 0"), CELLS, message='是"0"') == '=IF(COUNT(C5)<1,"",IF(C5>0.0000005,"","是""0"""))'
    formula = excel_check(parse("a > 0"), CELLS, message="错" * 300)
    assert formula is not None
    assert f'"{"错" * 255}"&"{"错" * 45}"' in formula


def test_what_is_beyond_the_limits_of_excel_has_no_face() -> None:
    assert excel(parse(" + ".join(["a"] * 900) + " > 0"), lambda _: "'一张名字很长的工作表'!C5") is None
    deep = parse("if a > 0 then " * 58 + "abs(abs(a)) == b")
    assert excel(deep, CELLS) is not None
    assert excel_check(deep, CELLS, message="错", missing=Missing.FAIL) is None


def test_a_formula_that_doubles_with_each_bracket_is_given_up_early() -> None:
    rule = "a > 0"
    for _ in range(40):
        rule = f"({rule}) == (b > 0)"
    assert excel(parse(rule), CELLS) is None


# ---- linear rows


def rows(rule: str) -> list[tuple[dict[str, float], str, float]] | None:
    found = linear(parse(rule))
    return None if found is None else [({str(one): factor for one, factor in row.terms}, row.operator, row.right) for row in found]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("期末 == closing(期末) + 新增 - 减少", [({"期末": 1, "closing(期末)": -1, "新增": -1, "减少": 1}, "==", 0)]),
        ("a >= 5", [({"a": -1}, "<=", -5)]),
        ("a > b", [({"b": 1, "a": -1}, "<", 0)]),
        ("0 <= a <= 1", [({"a": -1}, "<=", 0), ({"a": 1}, "<=", 1)]),
        ("a + b == b + 3", [({"a": 1}, "==", 3)]),
        ("2 * (a - b / 4) <= 60% * c + 1", [({"a": 2, "b": -0.5, "c": -0.6}, "<=", 1)]),
        ("sum(a, b) - mean(c, d) == 0", [({"a": 1, "b": 1, "c": -0.5, "d": -0.5}, "==", 0)]),
        ("abs(a - b) <= 5", [({"a": 1, "b": -1}, "<=", 5), ({"a": -1, "b": 1}, "<=", 5)]),
        ("not (a < b or c > 1)", [({"b": 1, "a": -1}, "<=", 0), ({"c": 1}, "<=", 1)]),
        ("not (if a > 0 then b > 0)", [({"a": -1}, "<", 0), ({"b": 1}, "<=", 0)]),
        ("count(名册) == a and children(a) <= a", [({"count(名册)": 1, "a": -1}, "==", 0), ({"children(a)": 1, "a": -1}, "<=", 0)]),
    ],
)
def test_linear_rows(rule: str, expected: list[tuple[dict[str, float], str, float]]) -> None:
    assert rows(rule) == expected


@pytest.mark.parametrize(
    "rule",
    [
        *("a == b * c", "a / b <= 1", "a != b", "a > 0 or b > 0", "if a > 0 then b > 0", "filled(a)"),
        *("mean(a) >= 1", "abs(a) == 1", "abs(a) >= 1", "(a > 0) == (b > 0)", "a == '是'", "not (a == 1)", "a <= 1 / 0"),
    ],
)
def test_what_is_not_linear_or_leaves_a_choice_has_no_rows(rule: str) -> None:
    assert linear(parse(rule)) is None


def test_rows_are_values() -> None:
    found = linear(parse("a <= 3"))
    assert found == (Linear(((Reference("a"), 1.0),), "<=", 3.0),)
    assert found[0].coefficients == {Reference("a"): 1.0}


# ---- implied values


class Columns:
    """Indicators by canonical spelling; b is answered with "—" where it is NaN."""

    size = 5

    def figure(self, reference: Reference) -> NDArray[np.float64]:
        return np.array({"a": [10, NAN, 10, NAN, 10], "b": [4, 4, 4, 4, NAN], "c": [6, 5.1, NAN, NAN, 1]}[str(reference)])

    def absent(self, reference: Reference) -> NDArray[np.bool_]:
        return np.isnan(self.figure(reference)) & (reference.name != "b")

    def rows(self, roster: str) -> NDArray[np.float64]:
        return np.array([4, NAN, 4, 4, 4]) if roster == "名册" else np.zeros(5)

    def column_total(self, roster: str, column: str) -> NDArray[np.float64]:
        raise KeyError(roster, column)


def test_the_one_missing_figure_of_an_equality_is_implied() -> None:
    found = implied(parse("a == b + c"), Columns())
    assert found is not None
    assert found.references == (Reference("a"), Reference("b"), Reference("c"))
    assert found.index.tolist() == [-1, 0, 2, -1, -1]
    np.testing.assert_array_equal(found.values, [NAN, 9.1, 6, NAN, NAN])


def test_an_unread_figure_is_implied_when_asked() -> None:
    found = implied(parse("a == 2 * b + c"), Columns(), of="unknown")
    assert found is not None
    assert found.index.tolist() == [-1, 0, 2, -1, 1]
    np.testing.assert_array_equal(found.values, [NAN, 13.1, 2, NAN, 4.5])


def test_only_indicators_are_implied_and_only_by_one_equality() -> None:
    found = implied(parse("count(名册) == b"), Columns())
    assert found is not None
    assert found.index.tolist() == [-1, -1, -1, -1, -1]
    for rule in ("a <= b", "a == b and b == c", "a == b * c", "if a > 0 then b == c", "1 == 1"):
        assert implied(parse(rule), Columns()) is None


# ---- sentences


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("女会员 <= 会员人数", "女会员不得大于会员人数"),
        ("期末会员 == 期初会员 + 新增会员 - 减少会员", "期末会员应等于期初会员加上新增会员减去减少会员"),
        ("如果 培训期数 > 0 则 培训人次 > 0", "如果培训期数大于0，那么培训人次应大于0"),
        ("0 <= 建会率 <= 100", "建会率应在0至100之间"),
        ("0 <= 会员", "会员不得小于0"),
        ("a >= previous(a)", "a不得小于上年同期a"),
        ("期初 == closing(期末) and a > last(a)", "期初应等于上年末期末，且a应大于本年上期a"),
        ("a == children(a)", "a应等于下级a合计"),
        ("count(名册) == 建档户数", "名册行数应等于建档户数"),
        ("total(名册.金额) <= 3万", "名册中金额合计不得大于3万"),
        ("建会率 == 已建 / 应建 * 100", "建会率应等于已建除以应建乘以100"),
        ("a == b - (c + d)", "a应等于b减去c与d之和"),
        ("a == b * (c + d + e)", "a应等于b乘以c、d、e之和"),
        ("a == b / (c + d * e)", "a应等于b除以（c加上d乘以e）"),
        ("abs(a - b) <= 1.5万", "a与b之差的绝对值不得大于1.5万"),
        ("-a <= -5", "负的a不得大于-5"),
        ("max(a, b) != sum(c, d, e)", "a与b中的最大值不得等于c、d、e之和"),
        ("mean(利润) >= 1", "各单位利润的平均值不得小于1"),
        ("not (filled(a) and filled(b))", "不得出现a已填报且b已填报的情况"),
        ("filled(a) and b is missing", "a必须填报，且b应为空"),
        ("if a is missing then not b == 3", "如果a未填报，那么b不得等于3"),
        ("(期数 > 0) == (人次 > 0)", "期数与人次应同时有数或同时为0"),
        ("a in [1, 2] or b not in ['甲']", "a应为1、2之一，或b不得为“甲”"),
        ("a == '是' or (b > 0 and c > 0)", "a应为“是”，或（b应大于0，且c应大于0）"),
        ("a / b * 100", "a除以b乘以100"),
        ("(a > 1) == (b > 1)", "“a大于1”与“b大于1”应同时成立或同时不成立"),
        ("(a > 0 and b > 0) or (a = 0 and b = 0)", "a与b应同时有数或同时为0"),
        ("(0 = b and a = 0) or (a > 0 and 0 < b)", "a与b应同时有数或同时为0"),
        ("(a > 0 and b > 0) or (a = 0 and c = 0)", "（a应大于0，且b应大于0），或（a应等于0，且c应等于0）"),
        ("-10 <= 增幅 <= 50", "增幅应在-10至50之间"),
        ("a * 20 <= b <= a * 2万", "b应在a乘以20至a乘以2万之间"),
        ("a >= b >= c and d > 0", "b应在c至a之间，且d应大于0"),
        ("是否试点 >= 1", "是否试点应为“是”"),
        ("if 是否试点 = 0 then 试点数 = 0", "如果是否试点为“否”，那么试点数应等于0"),
    ],
)
def test_sentences(rule: str, said: str) -> None:
    assert sentence(parse(rule)) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("会员人数 = 期初会员数 + 新增会员 - 减少会员", "会员人数＝期初会员数＋新增会员－减少会员"),
        ("a <= (b + c) * 2 / -d", "a≤（b＋c）×2÷（－d）"),
        ("a = b - (c - 1.5万)", "a＝b－（c－1.5万）"),
        ("a > 0 and b > 0", "a应大于0，且b应大于0"),
    ],
)
def test_equations(rule: str, said: str) -> None:
    assert equation(parse(rule)) == said


def test_codes_are_said_as_names() -> None:
    names = {"A001": "女会员", "A002": "会员"}
    assert sentence(parse("A001 <= previous(A002)"), names.__getitem__) == "女会员不得大于上年同期会员"
