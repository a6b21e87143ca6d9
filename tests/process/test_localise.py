"""Which cells are suspected where rules of a return are broken, and how it is said."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from reconcile.model.finding import CellAt, Finding, Tier
from reconcile.model.past import Earlier, Past
from reconcile.model.period import Period
from reconcile.model.suspicion import Suspicion
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.localise import localise
from reconcile.process.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconcile.model.round import Round
    from reconcile.scheme.scheme import Scheme

    Figures = Mapping[str, Mapping[str, float | str]]
    Locate = Callable[..., tuple[Suspicion, ...]]

TREE = UnitTree([Unit("t", "甲镇", "town"), Unit("v", "一村", "village", "t"), Unit("w", "二村", "village", "t")])
INDICATORS = """
    A001|职工人数|人|stock
    A002|女职工人数|人|stock
    A011|期初会员数|人|stock
    A012|新增会员|人|flow
    A013|减少会员|人|flow
    A014|会员人数|人|stock
    A015|女会员人数|人|stock
    A020|应建会|人|stock
    A021|已建会|人|stock
    A022|建会率|%|rate|1||已建会 / 应建会 * 100
    A024|新建工会|份|flow
    B013|上年末协议|份|stock
    B014|新签协议|份|flow
    B015|累计协议|份|stock
    B030|新建职代会|份|flow
    C004|帮扶职工|人|flow
    C006|帮扶资金|万元|flow|2
"""
LISTS = "帮扶名册|姓名|姓名|text||是|C004:count\n帮扶名册|金额|金额|number|元||C006:sum"
FORM = "封面|cover||||\n帮扶名册|list|帮扶名册|||"
BALANCE = "A-05|会员人数 = 期初会员数 + 新增会员 - 减少会员||error||||{差}|"
WOMEN = "A-03|女会员人数 <= 会员人数||error||||{差}|"
MEMBERS = "A-09|会员人数 <= 职工人数||query||||{差}|"
RATE = "A-13|建会率 = 已建会 / 应建会 * 100|应建会 > 0|error|0.06|||{差}|"
BUILT = "A-12|已建会 <= 应建会||error||||{差}|"
OPENING = "P-01|期初会员数 = closing(会员人数)||query||||{差}|"
LISTED = "L-05|帮扶职工 = count(帮扶名册)|count(帮扶名册) > 0|error||||{差}|"
PAID = "L-06|帮扶资金 = total(帮扶名册.金额) / 10000|count(帮扶名册) > 0|error||||{差}|"
SIGNED = "B-04|新建工会 <= 新签协议||query||||{差}|"
AGREED = "B-12|累计协议 = 上年末协议 + 新签协议||query||||{差}|"
COUNCILS = "B-16|新建职代会 <= 新建工会||query||||{差}|"
JUMP = "N-45|@jump||query||||{指标}|"
GOOD = {"A011": 40, "A012": 20, "A013": 2, "A014": 58}


@pytest.fixture(scope="module")
def locate(make_scheme: Callable[..., Scheme], make_round: Callable[..., Round]) -> Locate:
    def run(
        rules: list[str], figures: Figures, *, past: Past | None = None, more: tuple[Finding, ...] = (), keep: bool = True, **words: object
    ) -> tuple[Suspicion, ...]:
        scheme = make_scheme(INDICATORS, rules="\n".join(rules), lists=LISTS, form=FORM)
        returns = make_round(figures, codes=list(scheme.indicators), **words)
        past = past or Past()
        findings = validate(returns, scheme, units=TREE, past=past).findings if keep else ()
        return localise(returns, scheme, units=TREE, past=past, findings=(*findings, *more))

    return run


def closing(make_round: Callable[..., Round], members: float) -> Past:
    period = Period.parse("2022")
    assert period is not None
    table = pd.DataFrame({"A014": [members]}, index=["v"])
    return Past([Earlier(period, table, table, make_round({}))])


def sets(one: Suspicion) -> set[str]:
    return {"+".join(cells) for cells in one.sets}


def test_a_broken_balance_names_its_cells(locate: Locate) -> None:
    (found,) = locate([BALANCE], {"v": {**GOOD, "A014": 70}})
    assert (found.return_id, found.unit, found.rules) == ("v", "v", ("A-05",))
    assert sets(found) == {"A011", "A012", "A014"}  # 减少会员 would have to be -10
    assert found.conflicts == (("A014", "A011", "A012"),)
    assert not found.too_many
    assert found.message.startswith("下列单元格互相矛盾：")
    assert found.message.endswith("，改其一即可。")
    assert "会员人数（组织!D9）70人" in found.message


def test_a_rule_that_holds_leaves_one_cell(locate: Locate) -> None:
    figures = {"v": {"A020": 80, "A021": 42, "A022": 82.5}}
    (found,) = locate([RATE, BUILT], figures)
    assert sets(found) == {"A022", "A021"}  # 42 households are 82.5 % of no whole number
    (found,) = locate([WOMEN, BALANCE], {"v": {**GOOD, "A014": 8, "A015": 30}})
    assert sets(found) == {"A014"}
    assert found.rules == ("A-03", "A-05")
    assert found.message.startswith("会员人数（组织!D9）8人与")
    assert found.message.endswith("互相矛盾，只改前者就都能成立。")


def test_several_must_change(locate: Locate) -> None:
    (found,) = locate(
        [BALANCE, WOMEN, "A-01|女职工人数 <= 职工人数||error||||{差}|", "A-X|女会员人数 <= 女职工人数||error||||{差}|"],
        {"v": {**GOOD, "A014": 70, "A015": 10, "A001": 30, "A002": 40}},
    )
    assert {len(cells) for cells in found.sets} == {2}
    assert found.message.endswith("，至少要改其中2处。")


def test_groups_without_a_common_cell_are_apart(locate: Locate) -> None:
    first, second = locate([BALANCE, BUILT], {"v": {**GOOD, "A014": 70, "A020": 8, "A021": 9}})
    assert first.rules == ("A-05",)
    assert second.rules == ("A-12",)
    assert sets(second) == {"A020", "A021"}


def test_too_many_errors(locate: Locate) -> None:
    pairs = [("A001", "A002"), ("A011", "A012"), ("A013", "A014"), ("A015", "A020"), ("A021", "C004"), ("C006", "A022")]
    rules = [f"E-{place}|{one} = {other}||error||||{{差}}|" for place, (one, other) in enumerate(pairs)]
    rules += [f"F-{place}|{one[0]} <= {other[0]} + 1000||error||||{{差}}|" for place, (one, other) in enumerate(pairwise(pairs))]
    (found,) = locate(rules, {"v": {code: place for place, code in enumerate(code for pair in pairs for code in pair)}})
    assert found.too_many
    assert found.sets == ()
    assert found.message == "该表错误过多，建议退回重填。"


def test_a_figure_that_last_year_confirms_is_not_the_first_suspect(locate: Locate, make_round: Callable[..., Round]) -> None:
    figures = {"v": {**GOOD, "A014": 70}}
    (found,) = locate([BALANCE, OPENING], figures, past=closing(make_round, 40))
    assert sets(found) == {"A012", "A014"}


def test_a_broken_query_joins_where_the_same_change_repairs_it(locate: Locate) -> None:
    (found,) = locate([BALANCE, MEMBERS], {"v": {**GOOD, "A014": 70, "A001": 60}})
    assert found.rules == ("A-05", "A-09")
    assert sets(found) == {"A011", "A012", "A014"}


def test_a_query_of_its_own_keeps_the_error_rules_that_hold(locate: Locate) -> None:
    (found,) = locate([WOMEN, MEMBERS], {"v": {"A001": 50, "A014": 70, "A015": 60}})
    assert found.rules == ("A-09",)
    assert sets(found) == {"A001"}  # fewer members would be fewer than the women among them


def test_queries_that_no_one_cell_repairs_are_apart(locate: Locate) -> None:
    """They share a cell; but what repairs one leaves the other as it is."""
    signed, agreed = locate([SIGNED, AGREED], {"v": {"A024": 9, "B013": 20, "B014": 6, "B015": 25}})
    assert (signed.rules, agreed.rules) == (("B-04",), ("B-12",))
    assert (agreed.suggestions[0].changes[0].indicator, agreed.suggestions[0].changes[0].value) == ("B014", 5)
    assert all(one.repairs == ("B-12",) and one.equation for one in agreed.suggestions)
    assert signed.suggestions == ()  # nine or more, as far as anybody knows, and 29 in all then


def test_queries_that_one_cell_repairs_are_together(locate: Locate) -> None:
    (found,) = locate([MEMBERS, OPENING.replace("closing(会员人数)", "会员人数")], {"v": {"A001": 50, "A014": 70, "A011": 45}})
    assert found.rules == ("A-09", "P-01")
    assert sets(found) == {"A014"}
    first, second = locate([SIGNED, COUNCILS, AGREED], {"v": {"A024": 9, "B013": 20, "B014": 6, "B015": 26, "B030": 12}})
    assert (first.rules, second.rules) == (("B-04",), ("B-16",))  # more new unions would be more without an agreement


def test_a_rate_that_its_figures_make_is_no_suspect(locate: Locate) -> None:
    """It could be 99.96 % within the tolerance, and nobody would be asked any longer: no repair."""
    guarded = "B-04|新建工会 <= 新签协议|建会率 >= 100|query||||{差}|"
    (found,) = locate([guarded, RATE], {"v": {"A020": 7, "A021": 7, "A022": 100, "A024": 9, "B014": 5}})
    assert sets(found) == {"A024", "B014"}


def test_what_a_query_and_a_past_figure_disagree_about(locate: Locate, make_round: Callable[..., Round]) -> None:
    (found,) = locate([OPENING], {"v": {"A011": 40}}, past=closing(make_round, 45))
    assert sets(found) == {"A011"}
    assert found.conflicts == (("A011", "closing(A014)"),)
    assert found.message == "期初会员数（组织!D6）40人与上年末会员人数45人互相矛盾，只改前者就都能成立。"


def test_a_list_is_right_rather_than_the_figure_beside_it(locate: Locate) -> None:
    """The cheapest change is that of the figure; where a slip in the list is far likelier, ranking puts that before it."""
    lines = [("v", "帮扶名册", 2, "姓名", "甲", float("nan")), ("v", "帮扶名册", 2, "金额", "", 21000.0)]
    lines += [("v", "帮扶名册", 3, "姓名", "乙", float("nan")), ("v", "帮扶名册", 3, "金额", "", 1000.0)]
    first, second = locate([LISTED, PAID], {"v": {"C004": 1, "C006": 3.7}}, lists=lines)
    assert first.sets == (("C004",),)
    assert second.sets == (("total(帮扶名册.金额)",), ("C006",))  # 37000 in all: one digit of a row is wrong
    assert "帮扶名册的行数2行" in first.message
    assert "帮扶名册的金额合计22000元" in second.message


def rows(*lines: tuple[str, float]) -> list[tuple[str, str, int, str, str, float]]:
    """Rows of the list: of whom, and how much."""
    found = []
    for row, (name, amount) in enumerate(lines, start=2):
        found += [("v", "帮扶名册", row, "姓名", name, float("nan")), ("v", "帮扶名册", row, "金额", "", amount)]
    return found


def changes(one: Suspicion) -> list[dict[str, float]]:
    return [{change.indicator: change.value for change in some.changes} for some in one.suggestions]


def test_a_forgotten_row_explains_all_that_its_list_comes_to(locate: Locate) -> None:
    lines = rows(("甲", 700), ("乙", 700), ("丙", 700))
    (found,) = locate([LISTED, PAID], {"v": {"C004": 4, "C006": 0.28}}, lists=lines)
    assert found.rules == ("L-05", "L-06")
    assert found.sets[0] == ("count(帮扶名册)", "total(帮扶名册.金额)")
    assert changes(found)[0] == {"count(帮扶名册)": 4, "total(帮扶名册.金额)": 2800}
    assert found.suggestions[0].reason == "像是名册漏登了"


def test_a_row_is_there_twice_only_where_two_rows_are_alike(locate: Locate) -> None:
    four = rows(("甲", 1050), ("乙", 1050), ("丙", 1050), ("丁", 1050))
    (found,) = locate([LISTED, PAID], {"v": {"C004": 3, "C006": 0.39}}, lists=four)
    assert {cell for one in changes(found) for cell in one} == {"C004", "C006"}
    (found,) = locate([LISTED, PAID], {"v": {"C004": 3, "C006": 0.32}}, lists=four)
    assert {cell for one in changes(found) for cell in one} == {"C004", "C006"}
    twice = rows(("甲", 1050), ("乙", 950), ("丙", 1050), ("乙", 950))
    (found,) = locate([LISTED, PAID], {"v": {"C004": 3, "C006": 0.31}}, lists=twice)  # 3050元
    assert changes(found)[0] == {"count(帮扶名册)": 3, "total(帮扶名册.金额)": 3050}
    assert found.suggestions[0].reason == "像是名册重复登记了"


def test_no_list_is_emptied(locate: Locate) -> None:
    lines = rows(("甲", 1050), ("乙", 1050), ("丙", 1050))
    (found,) = locate([LISTED, PAID], {"v": {"C004": 3, "C006": 0.27}}, lists=lines)
    assert all("count(帮扶名册)" not in one for one in changes(found))


def test_a_blank_that_breaks_its_rule_is_no_suspect(locate: Locate) -> None:
    assert locate(["A-1|女职工人数 <= 职工人数||error||fail||{差}|"], {"v": {"A001": 3, "A002": "blank"}}) == ()


def test_a_blank_that_counts_as_zero_is_a_cell_like_others(locate: Locate) -> None:
    (found,) = locate(["A-1|会员人数 = 期初会员数 + 新增会员||error||zero||{差}|"], {"v": {"A014": 30, "A011": 20, "A012": "blank"}})
    assert sets(found) == {"A011", "A012", "A014"}


def test_rules_that_are_not_linear_are_named(locate: Locate) -> None:
    odd = "X-1|max(A001, A002, A011, A012, A013, A014, A015, A020, A021) = max(A002, A001, A012, A011, A014, A013, A020, A015, C004)||error||||{差}|"
    figures = dict.fromkeys(("A001", "A002", "A011", "A012", "A013", "A014", "A015", "A020", "C004"), 1)
    (found,) = locate([odd, BUILT], {"v": {**figures, "A020": 3, "A021": 4}})
    assert found.left_out == ("X-1",)
    assert sets(found) == {"A020", "A021"}
    (alone,) = locate([odd], {"v": {**figures, "A021": 4}})
    assert (alone.sets, alone.left_out) == ((), ("X-1",))
    assert alone.message.startswith("下列单元格之间的关系不能自动推算，请逐格核对：")


def test_what_comparing_found_is_suspected_as_it_stands(locate: Locate) -> None:
    cell = CellAt("v.xlsx", "组织", "D9", "700")
    jump = Finding(Tier.QUERY, "N-45", "v", "一村", "2023H1", "v", ("A014",), (cell,), "700人", "", "", "会员人数填报700人", "")
    (found,) = locate([JUMP, BALANCE], {"v": {"A014": 700}}, more=(jump,))
    assert found.rules == ("N-45",)
    assert found.sets == (("A014",),)
    assert found.message == "下列单元格请对照台账逐格核对：会员人数（组织!D9）700人。"


def test_what_is_settled_or_a_note_is_not_looked_into(locate: Locate) -> None:
    figures = {"v": {"A001": 50, "A014": 70}}
    (query,) = locate([MEMBERS], figures)
    assert query.rules == ("A-09",)
    assert locate([MEMBERS.replace("query", "note")], figures) == ()
    settled = Finding(Tier.QUERY, "A-09", "v", "一村", "2023H1", "v", ("A014", "A001"), (), "", "", "", "", "", reason="派遣工20人")
    assert locate([MEMBERS], figures, more=(settled,), keep=False) == ()


def test_returns_come_in_the_order_of_the_register(locate: Locate) -> None:
    found = locate([BUILT], {"w": {"A020": 8, "A021": 9}, "v": {"A020": 8, "A021": 9}, "t": {"A020": 8, "A021": 7}})
    assert [one.return_id for one in found] == ["w", "v"]


def test_nothing_broken_nothing_suspected(locate: Locate) -> None:
    assert locate([BALANCE, WOMEN, RATE], {"v": {**GOOD, "A015": 10}}) == ()


def test_a_set_that_is_not_proved_names_the_rules(locate: Locate) -> None:
    """Two shares of one figure and what they may be: there are too many whole numbers to see that nothing fits."""
    rules = [
        "R1|职工人数 = 7 * 女职工人数 / 期初会员数||error||||{差}|",
        "R2|职工人数 = 5 * 女职工人数 / 新增会员||error||||{差}|",
        "R3|5 * 期初会员数 = 7 * 新增会员 + 1||error||||{差}|",
        "R4|1 <= 期初会员数 <= 5000||error||||{差}|",
        "R5|女职工人数 >= 1000||error||||{差}|",
    ]
    (found,) = locate(rules, {"v": {"A001": 1, "A011": 0, "A012": 7, "A002": 900}})
    assert [set(one) for one in found.sets] == [{"A001", "A002", "A011", "A012"}]
    assert set(found.left_out) == {"R1", "R2"}
    assert found.suggestions == ()  # a suggestion is judged by every rule, proved or not
