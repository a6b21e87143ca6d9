"""The narrative: what is printed, what is left out, and which cells each figure came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from reconcile.errors import ReconcileError
from reconcile.files.scheme_files import read_scheme
from reconcile.model.figures import own_figures
from reconcile.model.finding import Finding, Tier
from reconcile.model.narrative import Level, Narrative
from reconcile.model.outcome import CHECKS_COLUMNS, DIFFERENCES_COLUMNS, Coverage, Outcome
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.report.narrative import markdown, tell
from reconcile.scheme.scheme import Scheme

Figures = Mapping[str, Mapping[str, float | str]]

UNITS = UnitTree(
    [
        Unit("1", "石桥镇总工会", "town", "0"),
        Unit("11", "河湾村工会", "village", "1"),
        Unit("12", "上坝村工会", "village", "1"),
        Unit("13", "后山村工会", "village", "1"),
        Unit("0", "清河县总工会", "county"),
    ]
)
INDICATORS = """
A1|新建工会数|份|flow|0|*|
A2|新增会员|人|flow|0|*|
A3|会员人数|人|stock|0|*|
A4|女会员人数|人|stock|0|*|
A5|救济金|元|flow|2|*|
A6|女会员比例|%|rate|1||A4 / A3 * 100
T1|存在问题|文字|text|0|*|
"""
ERROR = Finding(Tier.ERROR, "R1", "11", "河湾村工会", "2023H1", "11", ("A1",), (), "", "", "", "不一致", "请核对")


@pytest.fixture(scope="module")
def small(make_scheme) -> Scheme:  # type: ignore[no-untyped-def] # the fixture's type is a callable of conftest
    return make_scheme(INDICATORS)


@pytest.fixture(scope="module")
def built_in() -> Scheme:
    return read_scheme(None)


@pytest.fixture
def outcome_of(make_round):  # type: ignore[no-untyped-def] # a fixture that returns a function
    """outcome_of(scheme, {unit: {name: figure}}, root=…, last_year=…, texts=…): totals are the product's own."""

    def make(
        scheme: Scheme,
        figures: Figures,
        *,
        units: UnitTree = UNITS,
        root: str = "1",
        last_year: Figures | None = None,
        texts: tuple[tuple[str, str, str], ...] = (),
        findings: tuple[Finding, ...] = (),
        adjustments: tuple[tuple[str, str, float, float, str], ...] = (),
        standings: Mapping[str, str] | None = None,
        unreadable: tuple[str, ...] = (),
        period: str = "2023H1",
    ) -> Outcome:
        codes = [code for code, one in scheme.indicators.items() if one.kind != "text"]
        coded = {unit: {scheme.codes[name]: said for name, said in row.items()} for unit, row in figures.items()}
        said = [(unit, scheme.codes[name], text) for unit, name, text in texts]
        returns = make_round(coded, codes=codes, texts=said, adjustments=adjustments, standings=standings, period=period)
        past = Past()
        if last_year is not None:
            earlier = {unit: {scheme.codes[name]: value for name, value in row.items()} for unit, row in last_year.items()}
            before = make_round(earlier, codes=codes, period=str(Period.parse(period).previous))  # type: ignore[union-attr] # a period
            own = own_figures(before, scheme.indicators)
            sums = aggregate(before, scheme, units=units, root=root, findings=(), past=Past())
            past = Past([Earlier(before.period, own, sums.pivot(index="unit", columns="indicator", values="value"), before)])
        totals = aggregate(returns, scheme, units=units, root=root, findings=(), past=past)
        inside = units.subtree(root)
        reported, missing = ([unit for unit in inside if (unit in figures) is there] for there in (True, False))
        covered = Coverage(inside, tuple(reported), tuple(unit for unit in missing if unit not in unreadable), unreadable, ())
        empty = pd.DataFrame(columns=list(CHECKS_COLUMNS)), pd.DataFrame(columns=list(DIFFERENCES_COLUMNS))
        return Outcome(returns.period, root, units, returns, totals, findings, *empty, covered, past, "ab12cd34")

    return make


def told(outcome: Outcome, scheme: Scheme, template: str) -> Narrative:
    return tell(outcome, replace(scheme, templates={"town.md.j2": template}))


def body(narrative: Narrative) -> list[str]:
    """The text between title and signature, without the closing formula."""
    return [block.text for block in narrative.blocks if block.level in (Level.HEADING, Level.SUBHEADING, Level.PARAGRAPH)][:-1]


def test_a_figure_names_the_cells_it_was_added_from(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    outcome = outcome_of(
        small, {"11": {"新建工会数": 5}, "12": {"新建工会数": "nil"}, "13": {"新建工会数": "blank"}, "1": {"新建工会数": 4}}
    )
    narrative = told(outcome, small, '## 组建\n\n{% sentence %}新建工会{{ n("新建工会数", "个") }}。{% endsentence %}')
    assert body(narrative) == ["一、组建", "新建工会9个。"]
    (figure,) = narrative.figures
    assert (figure.number, figure.text, figure.section, figure.sentence, figure.how) == (1, "9个", "组建", "新建工会9个。", "total")
    assert (figure.indicator, figure.unit, figure.period, figure.value, figure.measure) == ("A1", "1", "2023H1", 9.0, "份")
    assert [(cell.file, cell.sheet, cell.cell, cell.value) for cell in figure.cells] == [
        ("1.xlsx", "组织", "D4", "4"),
        ("11.xlsx", "组织", "D4", "5"),
        ("12.xlsx", "组织", "D4", "0"),
    ]
    block = narrative.blocks[-4]
    assert [(block.text[begin:end], number) for begin, end, number in block.figures] == [("9个", 1)]


def test_a_sentence_whose_figure_nobody_reported_is_left_out_and_listed(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    template = (
        "## 甲\n\n{% sentence %}新建{{ n('新建工会数') }}{% clause %}，会员{{ n('新增会员') }}{% endclause %}。{% endsentence %}\n"
        "{% sentence %}会员总数{{ n('会员人数') }}，其中女会员{{ n('女会员人数') }}。{% endsentence %}\n\n"
        "## 乙\n\n{% sentence %}发放{{ n('救济金') }}。{% endsentence %}\n\n## 丙\n\n{% sentence %}女会员{{ n('女会员人数') }}。{% endsentence %}"
    )
    narrative = told(outcome_of(small, {"11": {"新建工会数": 5, "救济金": 0, "女会员人数": 7}}), small, template)
    assert body(narrative) == ["一、甲", "新建5份。", "二、丙", "女会员7人。"]
    assert [(one.section, one.indicators, one.reason) for one in narrative.left_out] == [
        ("甲", ("新增会员",), "未填报"),
        ("甲", ("会员人数",), "未填报"),
        ("乙", ("救济金",), "为零"),
    ]


def test_zero_is_printed_where_the_template_asks_for_it(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    narrative = told(
        outcome_of(small, {"11": {"新增会员": 0}}), small, "{% sentence %}新增会员{{ n('新增会员', zero=True) }}{% endsentence %}"
    )
    assert body(narrative) == ["新增会员0人。"]


def test_clauses_take_their_punctuation_with_them(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    template = (
        "{% sentence %}开展工作{% clause %}，新建{{ n('新建工会数') }}{% endclause %}{% clause %}；新增{{ n('新增会员') }}{% endclause %}"
        "{% clause %}（会员{{ n('会员人数') }}）{% endclause %}；。{% endsentence %}"
    )
    assert body(told(outcome_of(small, {"11": {"新增会员": 3}}), small, template)) == ["开展工作；新增3人。"]
    assert body(told(outcome_of(small, {"11": {"救济金": 3}}), small, template)) == []


def test_headings_without_text_vanish_before_the_rest_is_numbered(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    said = "{% sentence %}新建{{ n('新建工会数') }}。{% endsentence %}"
    unsaid = "{% sentence %}会员{{ n('会员人数') }}。{% endsentence %}"
    template = f"## 甲\n\n### 子一\n\n{unsaid}\n\n## 乙\n\n### 子二\n\n{said}\n\n### 子三\n\n{said}\n\n## 丙\n\n### 子四\n\n{unsaid}\n\n### 子五\n\n{said}"
    narrative = told(outcome_of(small, {"11": {"新建工会数": 5}}), small, template)
    assert body(narrative) == ["一、乙", "（一）子二", "新建5份。", "（二）子三", "新建5份。", "二、丙", "新建5份。"]
    assert [figure.section for figure in narrative.figures] == ["乙·子二", "乙·子三", "丙"]


def test_points_are_counted_over_the_sentences_that_are_left(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    names = ("新建工会数", "会员人数", "新增会员")
    template = "\n".join(f"{{% sentence %}}{{{{ point }}}}{name}{{{{ n('{name}') }}}}。{{% endsentence %}}" for name in names)
    assert body(told(outcome_of(small, {"11": {"新建工会数": 5, "新增会员": 2}}), small, template)) == [
        "一是新建工会数5份。二是新增会员2人。"
    ]
    assert body(told(outcome_of(small, {"11": {"新建工会数": 5}}), small, template)) == ["新建工会数5份。"]


def test_comparisons_name_the_cells_of_both_years(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    outcome = outcome_of(small, {"11": {"新增会员": 112}, "12": {"新增会员": 10}}, last_year={"11": {"新增会员": 100}})
    narrative = told(
        outcome, small, "{% sentence %}新增{{ n('新增会员') }}{{ growth('新增会员') }}，上年{{ previous('新增会员') }}{% endsentence %}"
    )
    assert body(narrative) == ["新增122人，同比增长22.0%，上年100人。"]
    assert [(one.how, one.text, one.period, len(one.cells)) for one in narrative.figures] == [
        ("total", "122人", "2023H1", 2),
        ("growth", "22.0%", "2023H1", 3),
        ("previous", "100人", "2022H1", 1),
    ]


def test_unknown_last_year_is_passed_over_in_silence(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    template = "{% sentence %}新增{{ n('新增会员') }}{{ growth('新增会员') }}{{ since_closing('会员人数') }}。{% endsentence %}"
    assert body(told(outcome_of(small, {"11": {"新增会员": 112}}), small, template)) == ["新增112人。"]


def test_leading_units_are_named_only_where_they_lead(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    template = "{% sentence %}新增{{ n('新增会员') }}{{ leading('新增会员', 2) }}。{% endsentence %}"

    def leaders(*values: float) -> str:
        rows = {f"1{row}": {"新增会员": value} for row, value in enumerate(values, start=1)}
        return body(told(outcome_of(small, rows), small, template))[0]

    assert leaders(5, 9, 4) == "新增18人，其中上坝村、河湾村分别为9人和5人。"
    assert leaders(4, 9, 4) == "新增17人，其中上坝村为9人。"
    assert leaders(4, 4, 4) == "新增12人。"
    assert leaders(5, 9, 0) == "新增14人。"


def test_a_share_is_told_only_of_the_same_units(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    template = (
        "{% sentence %}会员{{ n('会员人数') }}{% clause %}，女会员占{{ share('女会员人数', '会员人数') }}{% endclause %}。{% endsentence %}"
    )
    both = {"11": {"会员人数": 200, "女会员人数": 77}, "12": {"会员人数": 100, "女会员人数": 40}}
    assert body(told(outcome_of(small, both), small, template)) == ["会员300人，女会员占39%。"]
    one = {"11": {"会员人数": 200, "女会员人数": 77}, "12": {"会员人数": 100}}
    assert body(told(outcome_of(small, one), small, template)) == ["会员300人。"]


def test_a_rate_comes_from_the_cells_of_its_formula(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    outcome = outcome_of(small, {"11": {"会员人数": 300, "女会员人数": 110}})
    narrative = told(outcome, small, "{% sentence %}女会员占{{ n('女会员比例') }}。{% endsentence %}")
    assert body(narrative) == ["女会员占36.7%。"]
    assert [cell.cell for cell in narrative.figures[0].cells] == ["D7", "D6"]


def test_a_rate_that_some_gave_only_parts_of_says_from_whom_it_is(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    template = "{% sentence %}女会员占{{ n('女会员比例') }}{{ growth('女会员比例') }}。{% endsentence %}"
    now = {"11": {"会员人数": 200, "女会员人数": 77}, "12": {"会员人数": 100}, "13": {"会员人数": 100, "女会员人数": 40}}
    before = {"11": {"会员人数": 100, "女会员人数": 30}}
    narrative = told(outcome_of(small, now, last_year=before), small, template)
    assert body(narrative) == ["女会员占39%（按两项均填报的2家单位计算）。"]
    assert [(one.how, one.text, one.value, [cell.file for cell in one.cells]) for one in narrative.figures] == [
        ("total", "39%", 39.0, ["11.xlsx", "13.xlsx", "11.xlsx", "13.xlsx"]),
        ("count", "2家", 2.0, ["11.xlsx", "13.xlsx", "11.xlsx", "13.xlsx"]),
    ]
    whole = {unit: row for unit, row in now.items() if unit != "12"}
    assert body(told(outcome_of(small, whole, last_year=before), small, template)) == ["女会员占39%，比上年同期提高9个百分点。"]
    partly = {**before, "13": {"会员人数": 100}}
    assert body(told(outcome_of(small, whole, last_year=partly), small, template)) == ["女会员占39%。"]


def test_an_adjustment_that_fills_a_part_counts_its_unit(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    now = {"11": {"会员人数": 200, "女会员人数": 77}, "12": {"会员人数": 100, "女会员人数": "blank"}}
    outcome = outcome_of(small, now, adjustments=(("12", "A4", float("nan"), 40, "2023-07-01"),))
    assert body(told(outcome, small, "{% sentence %}女会员占{{ n('女会员比例') }}。{% endsentence %}")) == ["女会员占39%。"]


def test_a_sum_names_each_units_own_cell_or_its_parts(make_scheme, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    scheme = make_scheme("B1|专职|人|stock\nB2|兼职|人|stock\nB3|专兼职|人|stock|0||专职 + 兼职")
    template = "{% sentence %}干部{{ n('专兼职') }}{% clause %}，其中专职{{ n('专职', of='专兼职') }}{% endclause %}。{% endsentence %}"
    rows = {"11": {"专职": 4, "兼职": 16}, "12": {"专兼职": 8, "专职": 3}, "13": {"兼职": 1}}
    narrative = told(outcome_of(scheme, rows), scheme, template)
    assert body(narrative) == ["干部29人，其中专职7人。"]
    assert sorted((cell.file, cell.value) for cell in narrative.figures[0].cells) == [
        ("11.xlsx", "16"),
        ("11.xlsx", "4"),
        ("12.xlsx", "8"),
        ("13.xlsx", "1"),
    ]
    rows["12"] = {"专兼职": 8}
    assert body(told(outcome_of(scheme, rows), scheme, template)) == ["干部29人。"]


@pytest.mark.parametrize(("amount", "said"), [(9999.5, "9999.5元"), (21000, "2.1万元"), (56149, "56149元"), (1234500, "123.45万元")])
def test_money_is_told_in_ten_thousands_only_where_nothing_is_lost(small, outcome_of, amount, said) -> None:  # type: ignore[no-untyped-def] # fixtures
    narrative = told(outcome_of(small, {"11": {"救济金": amount}}), small, "{% sentence %}发放{{ money('救济金') }}。{% endsentence %}")
    assert body(narrative) == [f"发放{said}。"]
    assert narrative.figures[0].value == amount


def test_the_approved_figure_is_told(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    outcome = outcome_of(small, {"11": {"新增会员": 112}}, adjustments=(("11", "A2", 112, 110, "2023-07-01"),))
    assert body(told(outcome, small, "{% sentence %}新增{{ n('新增会员') }}。{% endsentence %}")) == ["新增110人。"]


def test_the_approved_standard_is_told(built_in, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    outcome = outcome_of(built_in, {"1": {"体检费标准": 100}, "11": {"体检费标准": 90}}, adjustments=(("1", "C037", 100, 120, "2023-07-01"),))
    narrative = told(outcome, built_in, "{% sentence %}每人{{ n('体检费标准') }}。{% endsentence %}")
    assert body(narrative) == ["每人120元。"]
    assert [cell.file for cell in narrative.figures[0].cells] == ["1.xlsx"]


def test_texts_are_the_roots_own_or_chosen_from_below(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    template = "## 问题\n\n{{ gathered('存在问题', 2, said='反映：') }}"
    blank: Figures = {"1": {}, "11": {}, "12": {}, "13": {}}
    below = (("11", "存在问题", "无"), ("12", "存在问题", "人手少\n经费不足，缺口3万元"), ("13", "存在问题", "\ue000会员流动大。"))
    narrative = told(outcome_of(small, blank, texts=below), small, template)
    assert body(narrative) == ["一、问题", "上坝村反映：人手少；经费不足，缺口3万元。", "后山村反映：会员流动大。"]
    assert [(one.how, one.unit, one.cells[0].file) for one in narrative.figures] == [("text", "12", "12.xlsx"), ("text", "13", "13.xlsx")]
    own = (("1", "存在问题", "# 一些企业不愿建会\n经费收缴不平衡"), *below)
    assert body(told(outcome_of(small, blank, texts=own), small, template)) == ["一、问题", "# 一些企业不愿建会。", "经费收缴不平衡。"]
    silent = told(outcome_of(small, blank), small, template)
    assert body(silent) == []
    assert [(one.section, one.indicators) for one in silent.left_out] == [("问题", ("存在问题",))]


def test_a_draft_says_so_and_the_report_names_whom_it_goes_to(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    def frame(day: date | None = None, **more: object) -> list[tuple[str, str]]:
        outcome = outcome_of(small, {"11": {"新增会员": 1}}, **more)
        narrative = tell(outcome, replace(small, templates={"town.md.j2": "# 报告\n\n正文。"}), date=day)
        return [(block.level.value, block.text) for block in narrative.blocks]

    assert frame() == [
        ("title", "报告"),
        ("addressee", "清河县总工会："),
        ("paragraph", "正文。"),
        ("paragraph", "特此报告。"),
        ("signature", "石桥镇总工会"),
        ("signature", "2023年6月30日"),
    ]
    assert frame(findings=(ERROR,))[1] == ("subtitle", "（初稿）")
    assert frame(date(2023, 7, 5))[-1] == ("signature", "2023年7月5日")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ n('新建工会') }}", "报告模板“town.md.j2”用到指标“新建工会”，报表制度“小报表”中没有"),
        ("甲\n{% sentence %}", "报告模板“town.md.j2”第2行写法有误"),
        ("{{ 没有 }}", "报告模板“town.md.j2”无法套用"),
        ("{{ n.__func__.__globals__ }}", "报告模板“town.md.j2”无法套用"),
        ("{% include 'other.j2' %}", "报告模板“town.md.j2”无法套用"),
    ],
)
def test_a_faulty_template_is_told_in_one_sentence(small, outcome_of, template, said) -> None:  # type: ignore[no-untyped-def] # fixtures
    with pytest.raises(ReconcileError, match=re.escape(said)):
        told(outcome_of(small, {"11": {"新增会员": 1}}), small, template)


def test_a_scheme_without_templates_is_told_in_one_sentence(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    with pytest.raises(ReconcileError, match="没有乡镇（街道）的报告模板"):
        tell(outcome_of(small, {"11": {"新增会员": 1}}), small)


def test_markdown_keeps_what_units_typed_as_it_looks(small, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    outcome = outcome_of(small, {"1": {}}, texts=(("1", "存在问题", "1. 经费*紧*张<b>\n# 人手[少](x)"),))
    text = markdown(told(outcome, small, "# 报告\n\n## 问题\n\n{{ gathered('存在问题') }}"))
    assert text == (
        "# 报告\n\n清河县总工会：\n\n## 一、问题\n\n1\\. 经费\\*紧\\*张\\<b\\>。\n\n\\# 人手\\[少\\](x)。\n\n特此报告。\n\n石桥镇总工会\n\n2023年6月30日\n"
    )


# ---- the built-in templates: what the six report systems state must be printed ----

COUNTY = UnitTree(
    [
        Unit("0", "清河县总工会", "county"),
        Unit("1", "石桥镇总工会", "town", "0"),
        Unit("11", "河湾村工会", "village", "1"),
        Unit("12", "上坝村工会", "village", "1"),
        Unit("2", "柳林镇总工会", "town", "0"),
        Unit("21", "杨家村工会", "village", "2"),
        Unit("3", "平山矿物业服务中心工会", "enterprise", "0"),
        Unit("4", "新华社区工会", "community", "0"),
    ]
)


def figures(text: str) -> dict[str, float | str]:
    """Names and figures, by turns, as in a report system's table."""
    words = text.split()
    return {name: float(value) for name, value in zip(words[::2], words[1::2], strict=True)}


S1 = figures("谈话家访 6 采纳合理化建议 21 救助特困职工 15 发放救济金 21000 看望慰问 6")
S2 = figures("街道清扫 15 保安 12 送水 1 打字复印服务点 1 服务点就业人数 1 低保户数 399 低保人数 739 低保月发放金额 56149 体检费标准 15")
S3 = figures("走访特困职工 31 联合走访特困职工 11 防疫检查外资企业数 3 工会主席会议次数 3 新闻报道篇数 4 目标考核内容项数 6")
S5_HERE = figures(
    """应签订集体合同单位数 20 已签订集体合同单位数 20 续签集体合同企业数 10 工资协议上年末企业数 45 工资协议新签企业数 5
    工资协议累计企业数 50 职代会建制单位数 46 劳动竞赛次数 19 竞赛参加人次 1300 竞赛经济效益 83 合理化建议条数 211
    合理化建议实施条数 125 建议经济效益 66 技术攻关革新项数 9 技术革新经济效益 63 培训期数 103 三级联创重点单位数 10"""
)
S5_THERE = figures(
    """培训人次 2500 应建未建企业数 15 已组建企业数 9 正在组建企业数 4 新建工会数 9 新增会员 1850 新建职代会企业数 10
    新建厂务公开企业数 12 规范化工会数 38 上报特困职工 32"""
)
S6 = figures(
    "返乡农民工会议人次 105 发放会员证张数 102 创业园创办人数 9 创业园面积 50.5 带动种植面积 310 宣传资料份数 520 现场解答人次 210"
)
S4 = figures(
    """安全生产月 6 消防安全竞赛 4 调查通知月份 3 安全媒体宣传次数 14 安全宣传发稿篇数 37 安全标语张数 260 安全横幅条数 41
    安全宣教活动场次 23 安全宣教活动人数 1900 安全示范企业数 7 补助户数 120 补助人数 300 月补助金额 45500 来人来电来信人次 330
    受理案件数 58 办结案件数 55 帮扶困难职工 260 帮扶资金 18.5 再就业人数 88 放映场次 64 技能培训基地计划数 5
    全国劳动模范 1 省劳动模范 4 市劳动模范 10 开明企业家 10 放映队 3 影片 102"""
)
RETURNS: Figures = {
    "0": S4,
    "1": {**S3, "是否开展职业健康试点": 1},
    "11": {**S5_HERE, "职业健康试点企业数": 8, "新建工会会员数": 410},
    "12": S5_THERE,
    "2": {"是否开展职业健康试点": 1},
    "21": S6,
    "3": S1,
    "4": S2,
}
TEXTS = (
    ("3", "纪检例会情况", "每月召开纪检例会"),
    ("3", "会费使用公布情况", "会费收支按季公布"),
    ("1", "存在问题", "部分企业建会意愿不强"),
)
SAID = {
    "3": "6人次 采纳合理化建议21条 救助特困职工15人 救济金2.1万元 职工家属6人次 每月召开纪检例会。 会费收支按季公布。",
    "4": "街道清扫15人 保安12人 送水1人 打字复印服务点1个 服务点就业1人 就业29人 低保家庭399户 739人 56149元 75.98元 15元的标准",
    "1": """基层工会上报特困职工32人 本级工会走访慰问31人 会同上级工会走访慰问11人 共检查3家 主席会议3次 工作报道4篇 6项考核内容
        集体合同签订率为100% 续签集体合同的企业10家 上年末已签订工资协议的企业45家 今年新签5家 累计达到50家 达到46家 竞赛19次
        1300人次 经济效益83万元 合理化建议211条 实施125条 66万元 技术革新9项 63万元 培训班103期 2500人次 重点单位10家
        应建未建企业15家 已组建9家 正在组建4家 新增会员1850人 新建立的企业10家 厂务公开的企业12家 规范化建设标准的工会38家""",
    "2": "会议105人次 会员证102张 9名毕业生 园区面积50.5亩 蔬菜种植310亩 宣传资料520份 解答问题210人次",
    "0": """6月，组织开展安全生产月 媒体宣传14次 稿件37篇 标语260张 直幅41条 活动23场 职工1900人 2个工业重点镇 试点的企业8家
        示范企业7家 4月，举办职工消防安全竞赛 巩固2022年 以2022年 新建基层工会9个 吸收会员410人 3月，下发通知 家庭120户
        人均每月151.67元 来人来电来信330人次 案件58件 处理率为94.8% 困难职工260人 帮扶资金18.5万元 再就业88人 放映64场
        技能培训基地5家 全国劳动模范1人 省级劳动模范4人 市级劳动模范10人 开明企业家10人 放映队3支 影片102部""",
}
"""Root -> what its report must say."""


@pytest.mark.parametrize("root", list(SAID))
def test_built_in_templates_print_every_figure_of_the_report_systems(built_in, outcome_of, root) -> None:  # type: ignore[no-untyped-def] # fixtures
    narrative = tell(outcome_of(built_in, RETURNS, units=COUNTY, root=root, texts=TEXTS), built_in)
    text = "\n".join(block.text for block in narrative.blocks)
    assert [said for said in SAID[root].split() if said not in text] == []
    assert not re.search(r"[，、；：]{2}|[，、；]。|。。|（）|nan|None|[\ue000-\uf8ff]", text)
    sourced = [figure for figure in narrative.figures if figure.indicator]
    assert [figure.text for figure in sourced if not figure.cells] == []
    assert [figure.text for figure in sourced if figure.text not in figure.sentence] == []


@pytest.mark.parametrize("root", list(SAID))
@pytest.mark.parametrize("period", ["2023H1", "2023", "2023-11"])
def test_no_digit_stands_outside_a_figure_but_those_of_the_period(built_in, outcome_of, root, period) -> None:  # type: ignore[no-untyped-def] # fixtures
    last_year = {unit: {name: value * 0.9 for name, value in row.items()} for unit, row in RETURNS.items()}  # type: ignore[operator] # all numbers
    outcome = outcome_of(built_in, RETURNS, units=COUNTY, root=root, texts=TEXTS, last_year=last_year, period=period)
    loose: set[str] = set()
    for block in tell(outcome, built_in).blocks:
        text = block.text
        for begin, end, _ in reversed(block.figures):
            text = text[:begin] + text[end:]
        loose.update(re.findall(r"\d+", text))
    last_day = outcome.period.last_day
    assert loose <= {str(last_day.year), str(last_day.month), str(last_day.day), "1"}


def test_missing_units_are_named(built_in, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    received = {unit: row for unit, row in RETURNS.items() if unit not in ("2", "12")}
    text = markdown(tell(outcome_of(built_in, received, units=COUNTY, root="0"), built_in))
    assert "应报单位8家，实报6家。另有2家未报，未计入，具体为上坝村、柳林镇本级。" in text


def test_of_many_missing_units_the_first_are_named(built_in, outcome_of, monkeypatch) -> None:  # type: ignore[no-untyped-def] # fixtures
    monkeypatch.setattr("reconcile.report.figure_calls._MOST_NAMED", 1)
    received = {unit: row for unit, row in RETURNS.items() if unit not in ("2", "12")}
    text = markdown(tell(outcome_of(built_in, received, units=COUNTY, root="0"), built_in))
    assert "另有2家未报，未计入，具体为上坝村等。" in text


def test_what_stands_in_and_what_could_not_be_read_is_disclosed(built_in, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    received: Figures = {"0": S4, "1": S5_HERE, "3": S1, "4": S2}
    outcome = outcome_of(built_in, received, units=COUNTY, root="0", standings={"1": "stand_in"}, unreadable=("2",))
    text = markdown(tell(outcome, built_in))
    assert "另有3家未报，未计入，具体为河湾村、上坝村、杨家村。" in text
    assert "柳林镇本级共1家报来的文件无法读取或版本不明，也未计入。" in text
    assert "石桥镇所属单位的报表未收到，以其自行汇总的数据代替。" in text


def test_villages_and_institutions_have_their_reports(built_in, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    units = UnitTree([Unit("7", "后山村", "village"), Unit("8", "县医院工会", "institution")])
    received: Figures = {"7": {"新增会员": 12}, "8": {"合理化建议采纳条数": 3}}
    village = markdown(tell(outcome_of(built_in, received, units=units, root="7"), built_in))
    assert village.startswith("# 后山村工会关于2023年上半年工会工作情况的报告\n")
    assert "上半年新增会员12人。" in village
    assert "采纳合理化建议3条。" in markdown(tell(outcome_of(built_in, received, units=units, root="8"), built_in))


def test_units_without_a_common_top_are_told_without_a_name(built_in, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    received: Figures = {"7": {"新增会员": 12, "基层工会数": 3}, "8": {"新增会员": 3}}
    units = UnitTree([Unit("7", "后山村", "village"), Unit("8", "前山村", "village")], known=False)
    narrative = tell(outcome_of(built_in, received, units=units, root=""), built_in)
    text = markdown(narrative)
    assert text.startswith("# 2023年上半年工会工作情况汇总\n\n2023年上半年，各单位工会围绕中心")
    assert "截至6月底，各单位共有基层工会3个" in text
    assert [block.text for block in narrative.blocks if block.level is Level.SIGNATURE] == ["2023年6月30日"]
    alone = UnitTree([Unit("7", "后山村", "village")], known=False)
    assert markdown(tell(outcome_of(built_in, {"7": {"新增会员": 12}}, units=alone, root=""), built_in)).startswith("# 后山村工会关于")


def test_parts_of_other_units_are_not_told_beside_a_whole(built_in, outcome_of) -> None:  # type: ignore[no-untyped-def] # fixtures
    rows: Figures = {"11": {"基层工会数": 5, "单独建会数": 3, "联合工会数": 2}, "12": {"基层工会数": 4}}
    text = markdown(tell(outcome_of(built_in, rows, units=COUNTY, root="1"), built_in))
    assert "共有基层工会9个。" in text
    assert "单独建会" not in text
    every: Figures = {**rows, "12": {"基层工会数": 4, "单独建会数": 4, "联合工会数": 0}}
    assert "共有基层工会9个，其中单独建会7个，联合建会2个。" in markdown(
        tell(outcome_of(built_in, every, units=COUNTY, root="1"), built_in)
    )
    signed: Figures = {"3": {"职工人数": 500, "应签劳动合同人数": 400, "劳动合同签订人数": 380}}
    text = markdown(tell(outcome_of(built_in, signed, units=COUNTY, root="3"), built_in))
    assert "应签劳动合同的职工400人中，已签订380人，签订率为95%。" in text
