"""A scheme is tables; all its faults are told at once, each with table, row and column."""

from __future__ import annotations

import pytest

from reconcile.errors import Fault, SchemeError
from reconcile.scheme.loading import load_scheme
from reconcile.scheme.tables import Table

Tables = dict[str, Table]


def table(text: str) -> list[list[str]]:
    return [line.split("|") for line in text.strip().splitlines()]


def tables(**changed: str) -> Tables:
    plain = {
        "scheme": "key|value\nname|小报表\nversion|1\ndue_days|10",
        "measures": "measure|factor|base|whole|tolerance|synonyms\n人|1|人|是|0|名\n元|1|元|否|舍入|\n万元|10000|元|否|舍入|\n%|1|%|否|舍入|",
        "indicators": (
            "code|name|section|measure|kind|decimals|required|reported_by|formula|definition|aliases\n"
            "A001|职工人数|组织|人|stock|0|是|*||在岗职工|职工\n"
            "A002|会员人数|组织|人|stock|0|是|village;enterprise||在册会员|会员\n"
            "A003|入会率|组织|%|rate|1|否||会员人数 / 职工人数 * 100|会员占职工|\n"
            "C001|救助金额|帮扶|万元|flow|2|否|*|||\n"
            "C002|自筹金额|帮扶|万元|flow|2|否|*|||\n"
            "C003|上级金额|帮扶|万元|flow|2|否|*|||"
        ),
        "rules": (
            "id|check|when|tier|tolerance|missing|applies_to|message|advice\n"
            "A-1|会员人数 <= 职工人数||query||||会员{会员人数}多于职工|核对\n"
            "C-1|救助金额 = 自筹金额 + 上级金额||error|||||\n"
            "N-1|@missing_unit||query||||{单位}未报|催报"
        ),
        "lists": "list|column|name|type|measure|key|feeds\n帮扶名册|姓名|姓名|text|||\n帮扶名册|金额|金额|number|元||C001:sum",
        "form": "sheet|holds|what|cell|row|column\n封面|cover||||\n组织|section|组织|||\n帮扶名册|list|帮扶名册|||",
    }
    return {name: table(text) for name, text in (plain | changed).items()}


def faults(**changed: str) -> list[str]:
    with pytest.raises(SchemeError) as caught:
        load_scheme(tables(**changed), templates={})
    return [str(fault) for fault in caught.value.faults]


def test_a_small_scheme_loads() -> None:
    scheme = load_scheme(tables(), templates={})
    assert (scheme.name, scheme.due_days, scheme.sections) == ("小报表", 10, ("组织", "帮扶"))
    assert scheme.codes["会员"] == scheme.codes["会员人数"] == scheme.codes["A002"] == "A002"
    assert scheme.indicators["A002"].reported_by == {"village", "enterprise"}
    assert [rule.indicators for rule in scheme.rules] == [("A002", "A001"), ("C001", "C002", "C003"), ()]
    assert list(scheme.named) == ["missing_unit"]
    assert list(scheme.formulas) == ["A003"]


def test_tolerance_is_from_the_measure() -> None:
    heads, money, _ = load_scheme(tables(), templates={}).rules
    assert heads.tolerance == 0
    assert money.tolerance == pytest.approx(0.015)  # two parts and their sum, each rounded to 0.01 万元: (2 + 1) / 2 of the last digit


def test_a_rule_may_set_its_own_tolerance() -> None:
    rules = "id|check|when|tier|tolerance|missing|applies_to|message|advice\nC-1|救助金额 = 自筹金额||error|0.5||||"
    assert load_scheme(tables(rules=rules), templates={}).rules[0].tolerance == 0.5


def test_all_faults_at_once_with_table_row_and_column() -> None:
    told = faults(
        indicators=(
            "code|name|section|measure|kind|decimals|required|reported_by|formula|definition|aliases\n"
            "A001|职工人数|组织|口|stock|0|是|*|||\n"
            "A001|会员人数|组织|人|stok|半|是|village;planet|||职工人数"
        ),
        rules="id|check|when|tier|tolerance|missing|applies_to|message|advice\nA-1|会员人数 <= 职员人数||fatal||||\nA-2|会员人数 <=||error||||",
        lists="list|column|name|type|measure|key|feeds\n帮扶名册|金额|金额|text|||C009:sum",
    )
    assert told == [
        "indicators 第2行“measure”列：“口”不在计量单位表中",
        "indicators 第3行“code”列：“A001”重复",
        "indicators 第3行“kind”列：“stok”不在可用的取值中：flow、stock、rate、norm、flag、date、text",
        "indicators 第3行“decimals”列：“半”应为数字",
        "indicators 第3行“reported_by”列：“planet”不是单位类型；可用：enterprise（企业）、village（村）、community（社区）、"
        "institution（机关事业单位）、town（乡镇（街道））、county（县（市、区））",
        "lists 第2行“feeds”列：没有指标“C009”",
        "lists 第2行“feeds”列：“C009:sum”应写成 指标代码:行数（count）或 指标代码:合计（sum），合计只用于数字（number）列",
        "rules 第2行“check”列：“职员人数”既不是指标，也不是名册或名册的列",
        "rules 第2行“tier”列：“fatal”不在可用的取值中：error、query、note",
        "rules 第3行“check”列：第8个字符处：式子到此就结束了，还应有指标、数或括号",
    ]


def test_a_word_cannot_mean_two_indicators() -> None:
    told = faults(
        indicators=(
            "code|name|section|measure|kind|decimals|required|reported_by|formula|definition|aliases\n"
            "A001|职工人数|组织|人|stock|0|是|*|||\nA002|会员人数|组织|人|stock|0|是|*|||职工人数"
        ),
        rules="id|check|when|tier|tolerance|missing|applies_to|message|advice\nA-1|会员人数 <= 职工人数||query||||",
        lists="list|column|name|type|measure|key|feeds",
        form="sheet|holds|what|cell|row|column\n封面|cover||||",
    )
    assert told == ["indicators 第3行“aliases”列：“职工人数”已是指标A001的名称或别名"]


def test_an_unknown_name_is_refused_when_loading() -> None:
    told = faults(rules="id|check|when|tier|tolerance|missing|applies_to|message|advice\nA-1|职员人数 <= 职工人数|未知数 > 0|query||||")
    assert told == [
        "rules 第2行“check”列：“职员人数”既不是指标，也不是名册或名册的列",
        "rules 第2行“when”列：“未知数”既不是指标，也不是名册或名册的列",
    ]


def test_a_rule_must_be_a_relation_and_a_formula_a_number() -> None:
    told = faults(rules="id|check|when|tier|tolerance|missing|applies_to|message|advice\nA-1|会员人数 + 职工人数|职工人数|query||||")
    assert told == [
        "rules 第2行“check”列：应写成能判断对错的关系，如 甲 <= 乙",
        "rules 第2行“when”列：应写成能判断对错的关系，如 甲 <= 乙",
    ]


def test_list_columns_are_known_to_rules() -> None:
    rules = "id|check|when|tier|tolerance|missing|applies_to|message|advice\nL-1|救助金额 = total(帮扶名册.金额) / 10000|count(帮扶名册) > 0|error||||"
    assert load_scheme(tables(rules=rules), templates={}).rules[0].indicators == ("C001",)
    wrong = "id|check|when|tier|tolerance|missing|applies_to|message|advice\nL-1|救助金额 = total(帮扶名册.数额)||error||||"
    assert len(faults(rules=wrong)) == 1


def test_formulas_that_need_each_other() -> None:
    told = faults(
        indicators=(
            "code|name|section|measure|kind|decimals|required|reported_by|formula|definition|aliases\n"
            "A001|甲数|组织|人|stock|0|否||乙数 + 1||\nA002|乙数|组织|人|stock|0|否||甲数 - 1||"
        ),
        rules="id|check|when|tier|tolerance|missing|applies_to|message|advice",
        lists="list|column|name|type|measure|key|feeds",
        form="sheet|holds|what|cell|row|column\n封面|cover||||",
    )
    assert told == ["indicators“formula”列：计算公式互相引用，无法计算：A001、A002"]


def test_nobody_reports_it_and_no_formula() -> None:
    text = "code|name|section|measure|kind|decimals|required|reported_by|formula|definition|aliases\nA001|甲数|组织|人|stock|0|否||||"
    told = faults(
        indicators=text,
        rules="id|check|when|tier|tolerance|missing|applies_to|message|advice",
        lists="list|column|name|type|measure|key|feeds",
        form="sheet|holds|what|cell|row|column\n封面|cover||||",
    )
    assert told == ["indicators 第2行“reported_by”列：没有单位填报，又没有计算公式，请填写单位类型（全部填 *）"]


def test_missing_tables_and_columns() -> None:
    broken = tables(measures="measure|factor\n人|1")
    del broken["form"]
    with pytest.raises(SchemeError) as caught:
        load_scheme(broken, templates={})
    assert Fault("form", 0, "", "缺少这张表") in caught.value.faults
    assert Fault("measures", 1, "", "缺少列：base、whole、tolerance") in caught.value.faults


def test_chinese_headings_are_the_same_scheme() -> None:
    english = load_scheme(tables(), templates={})
    chinese = load_scheme(
        tables(
            measures="计量单位|倍数|基本单位|整数|容差|同义词\n人|1|人|是|0|名\n元|1|元|否|舍入|\n万元|10000|元|否|舍入|\n%|1|%|否|舍入|"
        ),
        templates={},
    )
    assert chinese.measures == english.measures


def test_a_fault_names_the_column_as_the_clerk_wrote_it() -> None:
    told = faults(
        measures="计量单位|倍数|基本单位|整数|容差|同义词\n人|1|人|是|0|名\n元|1|元|否|舍入|\n万元|一万|元|否|舍入|\n%|1|%|否|舍入|"
    )
    assert told == ["measures 第4行“倍数”列：“一万”应为数字"]


def test_the_hash_changes_with_any_cell() -> None:
    plain = load_scheme(tables(), templates={})
    assert plain.hash == load_scheme(tables(), templates={}).hash
    assert plain.hash != load_scheme(tables(scheme="key|value\nname|小报表\nversion|2\ndue_days|10"), templates={}).hash
    assert plain.hash == load_scheme(tables(), templates={"town.md.j2": "x"}).hash  # a form does not depend on the narratives' wording


RULES = "id|check|when|tier|tolerance|missing|applies_to|message|advice\n"


def test_chinese_words_beside_the_codes() -> None:
    english = load_scheme(tables(), templates={})
    chinese = load_scheme(
        tables(
            scheme="项目|内容\n制度名称|小报表\n版本|1\n报送期限（天）|10",
            indicators=(
                "指标代码|指标名称|部分|计量单位|类型|小数位|必填|填报单位类型|计算公式|指标解释|别名\n"
                "A001|职工人数|组织|人|期末|0|是|全部||在岗职工|职工\n"
                "A002|会员人数|组织|人|期末|0|是|村、企业||在册会员|会员\n"
                "A003|入会率|组织|%|率|1|否||会员人数 / 职工人数 * 100|会员占职工|\n"
                "C001|救助金额|帮扶|万元|累计|2|否|全部|||\n"
                "C002|自筹金额|帮扶|万元|累计|2|否|全部|||\n"
                "C003|上级金额|帮扶|万元|累计|2|否|全部|||"
            ),
            rules=(
                "编号|审核关系|适用条件|级别|容差|缺报处理|适用单位类型|提示语|处理建议\n"
                "A-1|会员人数 <= 职工人数||核实||||会员{会员人数}多于职工|核对\n"
                "C-1|救助金额 = 自筹金额 + 上级金额||强制||缺一不判|乡镇（街道）；县（市、区）||\n"
                "N-1|@missing_unit||核实||||{单位}未报|催报"
            ),
            lists="名册|列代码|列名|类型|计量单位|关键列|对应指标\n帮扶名册|姓名|姓名|文字|||\n帮扶名册|金额|金额|数字|元||C001：合计",
            form="工作表|内容类型|内容|单元格|行标签|列标题\n封面|封面||||\n组织|部分|组织|||\n帮扶名册|名册|帮扶名册|||",
        ),
        templates={},
    )
    assert chinese.indicators == english.indicators
    assert (chinese.rosters, chinese.form, chinese.name) == (english.rosters, english.form, "小报表")
    assert chinese.rules[1].applies_to == {"town", "county"}
    assert (chinese.rules[0], chinese.rules[2]) == (english.rules[0], english.rules[2])
    assert chinese.tables["indicators"][1:] == [
        [*line[:7], line[7].replace("、", ";"), *line[8:]] for line in english.tables["indicators"][1:]
    ]


def test_comparisons_in_words() -> None:
    rules = (
        RULES + "A-1|会员人数 不大于职工人数 + 3 且 会员人数 大于0||query||||||\nA-2|会员人数 <= 职工人数 + 3 and 会员人数 > 0||query||||||"
    )
    first, second = load_scheme(tables(rules=rules), templates={}).rules
    assert first.expression == second.expression
    assert faults(rules=RULES + "A-1|会员人数不大于职工人数||query||||||") == [
        "rules 第2行“check”列：“会员人数不大于职工人数”既不是指标，也不是名册或名册的列；如果是要比较，请在“不大于”前面留一个空格"
    ]


def test_a_table_that_cannot_be_read_is_not_blamed_on_what_names_its_rows() -> None:
    broken = tables(lists="list|column|name\n帮扶名册|姓名|姓名", indicators="code|name|section|measure\nA001|职工人数|组织|人")
    broken["rules"] = table(RULES + "A-1|会员人数 <= count(帮扶名册)||fatal|||||{没有}|")
    with pytest.raises(SchemeError) as caught:
        load_scheme(broken, templates={})
    assert [str(fault) for fault in caught.value.faults] == [
        "indicators 第1行：缺少列：kind",
        "lists 第1行：缺少列：type",
        "rules 第2行“tier”列：“fatal”不在可用的取值中：error、query、note",
    ]


def test_placeholders_that_mean_nothing() -> None:
    rules = RULES + (
        "A-1|会员人数 <= 职工人数||query||||{会员}{上年同期职工人数}{帮扶名册}{total(帮扶名册.金额)}{差}{没有的指标}|{total(帮扶名册.数额)}\n"
        "N-1|@missing_unit||query||||{代码}|"
    )
    told = faults(rules=rules)
    assert [line.partition("，")[0] for line in told] == [
        "rules 第2行“message”列：“{没有的指标}”不认识",
        "rules 第2行“advice”列：“{total(帮扶名册.数额)}”不认识",
    ]


def test_a_tolerance_is_a_number_of_at_least_0() -> None:
    rules = RULES + "A-1|会员人数 <= 职工人数||query|-1||||\nA-2|会员人数 <= 职工人数||query|nan||||"
    assert faults(rules=rules) == ["rules 第2行“tolerance”列：“-1”不应小于0", "rules 第3行“tolerance”列：“nan”应为数字"]


def test_choices_of_a_list() -> None:
    heading = "list|column|name|type|measure|key|feeds|choices\n"
    made = load_scheme(tables(lists=heading + "帮扶名册|姓名|姓名|text||||甲；乙;其他"), templates={})
    assert made.rosters["帮扶名册"].columns[0].choices == ("甲", "乙", "其他")
    assert faults(lists=heading + "帮扶名册|姓名|姓名|text||||甲,乙") == [
        "lists 第2行“choices”列：选项之间用分号隔开，选项中不能有逗号和引号，合起来不超过250个字符"
    ]
