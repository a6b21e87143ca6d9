"""The rule book: every rule with tier and sentence; one rule with its smallest example."""

from __future__ import annotations

import re

import pytest
from conftest import MakeScheme

from reconcile.errors import ReconcileError
from reconcile.files.scheme_files import read_scheme
from reconcile.report.lines import WIDTH, width
from reconcile.report.rule_book import rule_book, rule_page, scheme_report
from reconcile.scheme.consistency import Consistency, Hint
from reconcile.scheme.scheme import Scheme

INDICATORS = "A|会员人数|人|stock\nB|女会员人数|人|stock\nC|新增会员|人|flow\nM|帮扶资金|万元|flow|2"
RULES = "\n".join(
    (
        "X1|女会员人数 <= 会员人数||error||||女会员{女会员人数}多于会员{会员人数}，多{差}。|请核对。",
        "X2|会员人数 >= previous(会员人数) * 0.5|previous(会员人数) >= 30|query||||会员{会员人数}，上年同期{上年同期会员人数}。|请说明。",
        "X3|@late||note||||{单位}报晚了。|请按时。",
        "X4|帮扶资金 <= 2 * mean(帮扶资金)||note||||太多。|请核对。",
    )
)


@pytest.fixture(scope="module")
def scheme(make_scheme: MakeScheme) -> Scheme:
    return make_scheme(INDICATORS, rules=RULES)


def test_the_book_lists_every_rule_under_its_tier(scheme: Scheme) -> None:
    assert rule_book(scheme).splitlines()[1:] == [
        "",
        "强制（1条）",
        "  X1  女会员人数不得大于会员人数",
        "",
        "核实（1条）",
        "  X2  上年同期会员人数不小于30时，会员人数不得小于上年同期会员人数乘以0.5",
        "",
        "提示（2条）",
        "  X3  {单位}报晚了。",
        "  X4  帮扶资金不得大于2乘以各单位帮扶资金的平均值",
        "",
        "查看某一条：reconcile rules 编号",
    ]


def test_a_page_shows_the_smallest_example_and_what_is_said_then(scheme: Scheme) -> None:
    assert rule_page(scheme, "x1").splitlines() == [
        "X1（强制）",
        "  要求：女会员人数不得大于会员人数",
        "  算式：女会员人数≤会员人数",
        "  容差：0",
        "  缺报：缺一个数就不判定，并计入“无法判定”",
        "  提示：女会员{女会员人数}多于会员{会员人数}，多{差}。",
        "  建议：请核对。",
        "  适用：企业、村、社区、机关事业单位、乡镇（街道）、县（市、区）",
        "  举例：最小的例子，右边是改动最少的改法。",
        "                    不符合  改为",
        "        女会员人数     1人",
        "        会员人数       0人   1人",
        "        这时提示：女会员1人多于会员0人，多1人。",
        "  指标：B 女会员人数——",
        "  指标：A 会员人数——",
    ]


def test_an_example_reaches_back_to_other_periods(scheme: Scheme) -> None:
    page = rule_page(scheme, "X2")
    assert "  条件：上年同期会员人数不小于30\n" in page
    assert "        会员人数             0人  15人\n" in page
    assert "        上年同期会员人数    30人\n" in page
    assert "        这时提示：会员0人，上年同期30人。\n" in page


def test_a_named_check_is_provoked_in_words(scheme: Scheme) -> None:
    page = rule_page(scheme, "X3").splitlines()
    assert page[1] == "  提示：{单位}报晚了。"
    assert page[-1] == "  举例：截止日期是7月10日，封面填报日期是7月11日。"


def test_a_rule_about_all_units_says_that_it_has_no_example(scheme: Scheme) -> None:
    assert "  举例：这一条举不出简单的例子" in rule_page(scheme, "X4")


def test_a_rule_that_is_not_there_is_one_sentence(scheme: Scheme) -> None:
    with pytest.raises(ReconcileError, match="没有编号为“X9”的审核关系"):
        rule_page(scheme, "X9")


def test_every_page_of_the_scheme_in_use_fits_the_console() -> None:
    scheme = read_scheme(None)
    for rule in scheme.rules:
        page = rule_page(scheme, rule.id)
        assert "举例：" in page, rule.id
        assert all(width(line) <= WIDTH for line in page.splitlines()), rule.id
        if rule.expression is not None:
            said = page.split("这时提示：")[1].split("\n  指标")[0]
            assert not re.search(r"[{}〔〕]|未填|无数据", said), said


def test_the_report_of_a_check_names_what_could_be_spared(scheme: Scheme) -> None:
    assert scheme_report(scheme, Consistency((), (), ())).splitlines()[1:] == ["审核关系之间没有矛盾，也没有多余的。"]
    found = Consistency((), (Hint("X1", ("X2",), "X1可由X2推出"),), ("X4",))
    assert scheme_report(scheme, found).splitlines()[1:] == [
        "审核关系之间没有矛盾；有1条可以省去：",
        "  X1可由X2推出",
        "以下审核关系不能化为算式，没有互相比较：X4。",
    ]
