"""The grammar: what can be written, how it is spelled back, what names it reads, and what is said when it makes no sense."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.errors import ReconcileError
from reconcile.scheme.expression import (
    And,
    Arithmetic,
    Comparison,
    ExpressionError,
    Implies,
    Name,
    Number,
    Or,
    Reference,
    aggregates,
    excel,
    linear,
    parse,
    references,
    rename,
    sentence,
    text,
    type_of,
)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("女会员 <= 会员人数", "女会员 <= 会员人数"),
        ("女会员≤会员人数", "女会员 <= 会员人数"),
        ("Ａ００１＝Ａ００２＋３", "A001 == A002 + 3"),
        ("a × b ÷ c － d ＞＝ （１）", "a * b / c - d >= 1"),
        ("a <> b", "a != b"),
        ("a ≠ b", "a != b"),
        ("如果会员>0，则女会员>0 且职工>0", "if 会员 > 0 then 女会员 > 0 and 职工 > 0"),
        ("如果 a>0 那么 b>0", "if a > 0 then b > 0"),
        ("IF a>0 THEN b>0 OR NOT c>0", "if a > 0 then b > 0 or not c > 0"),
        ("非 a>0 或 b>0 且 c>0", "not a > 0 or b > 0 and c > 0"),
        ("非公企业会员 <= 会员", "非公企业会员 <= 会员"),
        ("0 <= 率 <= 100%", "0 <= 率 and 率 <= 1"),
        ("a == 3万 + 1.5亿 - 7%", "a == 30000 + 150000000 - 0.07"),
        ("x in [1, 2、-3]", "x in [1, 2, -3]"),
        ("x 不属于 [“甲”，'乙']", 'x not in ["甲", "乙"]'),
        ('x == "说""好""了"', 'x == "说""好""了"'),
        ("x 不为空 且 y 为空", "x is not missing and y is missing"),
        ("已填(x) 且 缺报(y)", "x is not missing and y is missing"),
        ("not not x is missing", "not x is not missing"),
        ("行数(名册) == 合计(名册.`金 额`)", "count(名册) == total(名册.`金 额`)"),
        ("上年同期(下级合计(x)) < children(closing(y)) + last(z)", "previous(children(x)) < closing(children(y)) + last(z)"),
        ("最大(a, 绝对值(b)) >= 求和(a, b) - 平均(c)", "max(a, abs(b)) >= sum(a, b) - mean(c)"),
        ("`3人` > `and` + `且会员` + `a``b`", "`3人` > `and` + `且会员` + `a``b`"),
        ("a - (b + c) - (d - e) + (f)", "a - (b + c) - (d - e) + f"),
        ("(a + b) * c / (d / e)", "(a + b) * c / (d / e)"),
        ("-(-5) * -x - -2", "5 * -x - -2"),
        ("-(a + b) > -a", "-(a + b) > -a"),
        ("(if a>0 then b>0) or c>0", "(if a > 0 then b > 0) or c > 0"),
        ("if if a>0 then b>0 then c>0", "if (if a > 0 then b > 0) then c > 0"),
        ("(a>0 and b>0) and (c>0 or d>0)", "a > 0 and b > 0 and (c > 0 or d > 0)"),
        ("(期数>0) == (人次>0)", "(期数 > 0) == (人次 > 0)"),
        ("办结 / 受理 * 100", "办结 / 受理 * 100"),
        (" a\n>\u30001 ", "a > 1"),
    ],
)
def test_spellings_are_read_and_spelled_back(written: str, canonical: str) -> None:
    assert text(parse(written)) == canonical
    assert parse(canonical) == parse(written)


def test_the_tree_follows_precedence() -> None:
    a, b, c = (Name(Reference(name)) for name in "abc")
    assert parse("a + b * c - 1") == Arithmetic(a, (("+", Arithmetic(b, (("*", c),))), ("-", Number(1))))
    positive = [Comparison(">", one, Number(0)) for one in (a, b, c)]
    assert parse("a > 0 or b > 0 and c > 0") == Or((positive[0], And((positive[1], positive[2]))))
    assert parse("if a > 0 then b > 0 or c > 0") == Implies(positive[0], Or((positive[1], positive[2])))


def test_references_say_period_owner_and_kind_in_order() -> None:
    found = references(parse("b == previous(children(a)) + b + count(名册) + total(名册.金额)"))
    assert found == (
        Reference("b"),
        Reference("a", period="previous", of="children"),
        Reference("名册", kind="list"),
        Reference("名册.金额", kind="column"),
    )
    assert found[3].parts == ("名册", "金额")
    assert [str(one) for one in found] == ["b", "previous(children(a))", "count(名册)", "total(名册.金额)"]


def test_rename_changes_indicators_and_leaves_lists_of_the_same_name() -> None:
    codes = {"劳模": "F001", "会员": "A012"}
    node = rename(parse("last(会员) >= 劳模 and filled(会员) or count(劳模) in [1]"), lambda name: codes.get(name, name))
    assert text(node) == "last(A012) >= F001 and A012 is not missing or count(劳模) in [1]"
    lists = rename(parse("total(名册.金额) == x"), lambda name: f"新{name}", kinds=("list", "column"))
    assert text(lists) == "total(新名册.金额) == x"


def test_types_and_aggregates() -> None:
    assert type_of(parse("a / b * 100")) == "number"
    assert type_of(parse("a is missing")) == "truth"
    assert aggregates(parse("a <= 10 * mean(a)"))
    assert not aggregates(parse("a <= mean(a, b) + abs(c)"))


@pytest.mark.parametrize(
    ("written", "column", "message"),
    [
        ("", 1, "式子到此就结束了，还应有指标、数或括号"),
        ("a >", 4, "式子到此就结束了，还应有指标、数或括号"),
        ("a > (b + c", 11, "式子到此就结束了，还应有与第5列的“(”相配的右括号"),
        ("a > （b + c］", 11, "遇到“］”，应为与第5列的“（”相配的右括号"),
        ("会员 ＝＝＝ 3", 6, "遇到“＝”，应为指标、数或括号"),
        ("a b", 3, "遇到“b”，应为运算符、“且”“或”或式子的结尾"),
        ("3人 > 2", 1, "“3人”不是数，以数字开头的名称请用反引号括起来"),
        ("a > 12.5.3", 5, "“12.5.3”不是数，以数字开头的名称请用反引号括起来"),
        ("a > 'x", 5, "这个引号没有相配的后引号"),
        ("`` > 1", 1, "这个反引号没有相配的另一个，或两个之间没有名称"),
        ("` ` > 1", 1, "反引号里应写名称"),
        ("会员 @ 3", 4, "不认识“@”，指标名称中有特殊字符时请用反引号括起来"),
        ("x in [y]", 7, "遇到“y”，方括号里应是数或加引号的文字"),
        ("x in 3", 6, "遇到“3”，应为方括号“[”"),
        ("x in [1, 'a']", 7, "方括号里应全是数或全是文字"),
        ("x not 3", 7, "遇到“3”，应为“in”"),
        ("x is 3", 6, "遇到“3”，应为“missing”"),
        ("(x + 1) is missing", 1, "“is”前面应是一个指标"),
        ("x + 1 in ['a']", 1, "与文字比较的应是一个指标"),
        ("a + (b > 0)", 5, "“+”两边应是数，这里却是判断"),
        ("a > 1 且 b", 9, "“且”两边应是判断，这里却是数"),
        ("如果 a 那么 b > 0", 4, "“如果”后面应是判断，这里却是数"),
        ("如果 a > 会员则 b > 0", 12, "遇到“b”，应为“那么”或“则”（前面是名称时请留一个空格）"),
        ("a == 'x' + 1", 6, "“+”两边应是数，这里却是文字"),
        ("a < 'x'", 3, "文字只能比较相等或不等，不能用“<”"),
        ("(a>0) < (b>0)", 7, "判断只能比较相等或不等，不能用“<”"),
        ("(a>0) == 1", 10, "“==”两边应同是数或同是判断"),
        ("foo(x) > 1", 1, "没有“foo”这个函数，可用的有"),
        ("count(名册.列) > 0", 7, "“count(…)”里应是名册的名称，不带列名"),
        ("合计(x) > 0", 4, "“合计(…)”里应写“名册.列”，几个指标相加请用“求和”"),
        ("名册.列 > 0", 1, "名册的列“名册.列”只能写在“合计(…)”中"),
        ("previous(a + b) > 0", 10, "“previous(…)”里应是一个指标"),
        ("previous(last(a)) > 0", 10, "上年同期、本年上期、上年末不能套用"),
        ("abs(a, b) > 0", 6, "“abs(…)”里只应有一个数"),
        ("'甲'", 1, "式子应是判断或算式，这里却只有文字"),
        ("a > " + "9" * 400, 5, "太大"),
        ("a" * 4001, 4001, "式子长4001字，最多4000字"),
        ("(" * 61 + "a" + ")" * 61, 62, "括号和条件套得太深，最多60层"),
    ],
)
def test_faults_say_what_was_met_and_where(written: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(written)
    assert message in caught.value.message
    assert caught.value.column == column
    assert str(caught.value) == f"第{column}列：{caught.value.message}"
    assert isinstance(caught.value, ReconcileError)


FACES: list[Callable[..., object]] = [text, references, linear, sentence, lambda node: excel(node, lambda one: one.name)]


@pytest.mark.parametrize(
    "written",
    [
        "(" * 60 + "a" + ")" * 60 + " > 0",
        "0 == " + "1 + 2 * -(" * 30 + "a" + ")" * 30,
        "not " * 60 + "a > 0",
        "if a > 0 then " * 60 + "b > 0",
        "a > 0 and (b > 0 or (" * 30 + "c > 0" + "))" * 30,
        "+".join(["a"] * 900) + " > 0",
        " and ".join(["a>0"] * 400),
    ],
)
def test_the_deepest_and_longest_texts_need_no_deep_stack(written: str) -> None:
    node = parse(written)

    def below(frames: int) -> None:
        if frames:
            below(frames - 1)
            return
        assert parse(text(node)) == node
        for face in FACES:
            face(node)

    assert sys.getrecursionlimit() >= 1_000
    below(150)  # room for a command line, a scheduler or a test runner above


# ---- properties

_NAMES = st.sampled_from(["a", "会员人数", "A001", "3人", "且会员", "in", "a`b", "如果"])
_TOKENS = ["a", "会员", "3", "5%", "1.5万", "'甲'", "`b c`", "(", ")", "[", "]", ",", "、", ".", "+", "-", "*", "/", "<=", "＝", "!=", ">"]
_TOKENS += [
    "and",
    "或",
    "非",
    "not",
    "if",
    "如果",
    "则",
    "then",
    "in",
    "不属于",
    "is",
    "missing",
    "previous(",
    "行数(",
    "合计(",
    "max(",
    "filled(",
    "`",
]


@given(st.lists(st.sampled_from(_TOKENS), max_size=40).map(" ".join) | st.text(max_size=60) | st.text("(-非a>0", max_size=400))
@settings(max_examples=400, deadline=None)
def test_any_text_is_an_expression_or_a_fault(written: str) -> None:
    try:
        node = parse(written)
    except ExpressionError as fault:
        assert 1 <= fault.column <= len(written) + 1
        assert fault.message
    else:
        assert parse(text(node)) == node


def _leaf() -> st.SearchStrategy[str]:
    quoted = _NAMES.map(lambda name: "`" + name.replace("`", "``") + "`")
    numbers = st.floats(0, 1e18).map(repr) | st.integers(0, 10**9).map(str) | st.sampled_from(["5%", "1.5万", "2亿"])
    of = st.sampled_from(["previous", "last", "closing", "children"])
    return st.one_of(
        quoted, numbers, st.builds("{}({})".format, of, quoted), quoted.map("count({0})".format), quoted.map("total({0}.`列`)".format)
    )


def _numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*/"), inner),
        inner.map("({0})".format),
        inner.map("-{0}".format),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max", "sum", "mean"]), inner, inner),
        inner.map("abs({0})".format),
    )


_NUMBERS = st.recursive(_leaf(), _numbers, max_leaves=6)
_COMPARISONS = st.builds("{} {} {}".format, _NUMBERS, st.sampled_from(["<=", "==", "!=", "<", ">", ">="]), _NUMBERS)
_TRUTHS = st.recursive(
    _COMPARISONS | _NAMES.map(lambda name: "`" + name.replace("`", "``") + "` is not missing") | _NUMBERS.map("({0}) in [1, -2]".format),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("if {} then {}".format, inner, inner),
        st.builds("({}) == ({})".format, inner, inner),
        inner.map("not {0}".format),
        inner.map("({0})".format),
    ),
    max_leaves=6,
)


@given(_TRUTHS | _NUMBERS)
@settings(max_examples=300, deadline=None)
def test_the_canonical_spelling_reads_back_as_the_same_tree(written: str) -> None:
    node = parse(written)
    assert parse(text(node)) == node
    assert text(parse(text(node))) == text(node)
