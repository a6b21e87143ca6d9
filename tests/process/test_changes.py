"""What differs between two versions: figures, rows of lists, words, cover; units that come and go; totals."""

from __future__ import annotations

import pandas as pd
import pytest
from making_returns import BIG, FAR, SMALL, TOWN, UNITS, File, Filled, returned

from reconcile.errors import ReconcileError
from reconcile.files.scheme_files import read_scheme
from reconcile.model.past import Past
from reconcile.model.period import Period
from reconcile.model.revision import Aspect, Revision
from reconcile.model.unit import Unit, UnitTree
from reconcile.process.aggregate import aggregate
from reconcile.process.changes import changes
from reconcile.process.collect import collect
from reconcile.process.versions import Version, more_or_less
from reconcile.scheme.scheme import Scheme

AIDED = "帮扶职工名册"
ZHANG = {"姓名": "张三", "身份证号": "11010519491231002X", "帮扶金额": 500.0}
LI = {"姓名": "李四", "身份证号": "440524188001010014", "帮扶金额": 800.0}


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return read_scheme(None)


def version(scheme: Scheme, *files: File, units: UnitTree = UNITS, total: str | None = None) -> Version:
    collected = collect(files, scheme, units=units, period=None)
    totals = None
    if total is not None:
        totals = aggregate(collected.returns, scheme, units=units, root=total, findings=(), past=Past())
    return Version(collected.returns, collected.units, totals)


def single(scheme: Scheme, unit: Unit, filled: Filled, *, name: str = "村.xlsx") -> Version:
    return version(scheme, File(name, returned(scheme, unit, filled)))


def told(revisions: tuple[Revision, ...]) -> list[tuple[str, str, str, str, str]]:
    return [(one.aspect.value, one.name, one.before, one.after, one.difference) for one in revisions]


def test_figures_with_their_places_and_differences(scheme: Scheme) -> None:
    old = single(scheme, BIG, Filled({"A008": 35, "A009": 12, "C006": 2.1, "A010": "无", "A022": 80.0}))
    new = single(scheme, BIG, Filled({"A008": 38, "A009": "—", "C006": 2.05, "A010": 0, "A022": 87.5, "A014": 5}))
    found = changes(old, new, scheme, root="")
    assert told(found) == [
        ("figure", "职工人数", "35人", "38人", "+3人"),
        ("figure", "女职工人数", "12人", "不适用", ""),
        ("figure", "农民工人数", "无", "0人", ""),
        ("figure", "会员人数", "空", "5人", ""),
        ("figure", "建会率", "80%", "87.5%", "+7.5个百分点"),
        ("figure", "帮扶资金", "2.1万元", "2.05万元", "-0.05万元"),
    ]
    assert {(one.unit, one.unit_name, one.code) for one in found[:1]} == {("33010101", "大王庄村工会", "A008")}
    assert found[0].before_place == found[0].after_place == old.place(next(iter(old.ids["33010101"].values())), "A008")
    assert found[0].after_place.startswith("一、组织建设!D")


def test_the_same_answers_differ_in_nothing(scheme: Scheme) -> None:
    filled = Filled({"A008": 35}, {"filled_on": "2023-07-05"}, {}, {"A008": "有新招"}, {AIDED: [ZHANG]})
    assert changes(single(scheme, BIG, filled), single(scheme, BIG, filled, name="又一份.xlsx"), scheme, root="") == ()


def test_cover_words_and_reasons(scheme: Scheme) -> None:
    text = next(code for code, one in scheme.indicators.items() if one.kind == "text" and one.asked_of("village"))
    old = single(scheme, BIG, Filled({"A008": 35}, {"filled_on": "2023-07-03", "filler": "甲"}, {text: "做了三件事"}, {"A008": "无"}))
    new = single(scheme, BIG, Filled({"A008": 35}, {"filled_on": "2023-07-12", "filler": "甲"}, {text: "做了四件事"}, {"A008": "招工"}))
    assert told(changes(old, new, scheme, root="")) == [
        ("cover", "填报日期", "2023-07-03", "2023-07-12", ""),
        ("text", scheme.label(text), "做了三件事", "做了四件事", ""),
        ("reason", "职工人数", "无", "招工", ""),
    ]


def rows(scheme: Scheme, before: list[dict[str, object]], after: list[dict[str, object]]) -> list[tuple[str, str, str, str]]:
    old, new = (single(scheme, BIG, Filled({"A008": 35}, rows={AIDED: one})) for one in (before, after))
    return [(one.name, one.before, one.after, one.difference) for one in changes(old, new, scheme, root="") if one.aspect is Aspect.ROW]


def test_rows_are_known_by_their_key_not_by_their_place(scheme: Scheme) -> None:
    assert rows(scheme, [ZHANG, LI], [LI, ZHANG]) == []
    assert rows(scheme, [ZHANG, LI], [LI, {**ZHANG, "帮扶金额": 600.0}]) == [("第5行（张三）帮扶金额", "500", "600", "+100元")]
    assert rows(scheme, [ZHANG], [ZHANG, LI]) == [("第5行（李四）增加", "", "姓名李四，身份证号4405**********0014，帮扶金额800", "")]
    assert rows(scheme, [ZHANG, LI], [LI]) == [("第4行（张三）减少", "姓名张三，身份证号1101**********002X，帮扶金额500", "", "")]


def test_a_corrected_key_is_no_new_row(scheme: Scheme) -> None:
    wrong = {**ZHANG, "身份证号": "110105194912310021"}
    assert [one[0] for one in rows(scheme, [wrong, LI], [ZHANG, LI])] == ["第4行（张三）身份证号"]


def test_a_correction_in_the_masked_digits_is_told(scheme: Scheme) -> None:
    other = {**ZHANG, "身份证号": "11010519480101002X"}
    masked = "1101**********002X"
    assert [one[1:3] for one in rows(scheme, [other, LI], [ZHANG, LI])] == [(masked, f"{masked}（隐去的几位有更正）")]


def test_rows_without_a_key_are_known_by_what_stands_in_them(scheme: Scheme) -> None:
    bare = {"姓名": "王五", "帮扶金额": 100.0}
    assert rows(scheme, [bare, bare], [bare]) == [("第5行（王五）减少", "姓名王五，帮扶金额100", "", "")]


def test_units_that_come_and_go_and_files_that_are_replaced(scheme: Scheme) -> None:
    big, again = (File(name, returned(scheme, BIG, Filled({"A008": heads}))) for name, heads in (("大.xlsx", 35), ("大2.xlsx", 36)))
    small, far = File("小.xlsx", returned(scheme, SMALL)), File("远.xlsx", returned(scheme, FAR))
    old, new = version(scheme, big, small, total="3301"), version(scheme, again, far, total="3301")
    found = changes(old, new, scheme, root="3301")
    assert [(one.aspect.value, one.unit_name, one.name) for one in found] == [
        ("return", "大王庄村工会", "换为新文件"),
        ("figure", "大王庄村工会", "职工人数"),
        ("unit", "柳林村工会", "报表"),
        ("unit", "小王庄村工会", "报表"),
        ("total", "红山县总工会", "职工人数"),
    ]
    assert found[0].before.startswith("大.xlsx（")
    assert (found[2].before, found[3].after) == ("", "")
    assert (found[4].before, found[4].after, found[4].difference) == ("70人", "71人", "+1人")


def test_a_unit_with_one_return_on_each_side_is_one_pair_whatever_its_scope(scheme: Scheme) -> None:
    old, new = (single(scheme, TOWN, Filled({"A008": 35}, {"scope": scope})) for scope in ("本级", "汇总"))
    assert told(changes(old, new, scheme, root="")) == [("cover", "填报口径", "本级", "汇总", "")]
    both = version(
        scheme, *(File(f"{scope}.xlsx", returned(scheme, TOWN, Filled({"A008": 35}, {"scope": scope}))) for scope in ("本级", "汇总"))
    )
    assert len(both.ids["330101"]) == 1  # the whole stands in, and covers the unit's own


def test_another_period_or_another_unit_is_one_sentence(scheme: Scheme) -> None:
    here = single(scheme, BIG, Filled({"A008": 35}))
    before = version(scheme, File("去年.xlsx", returned(scheme, BIG, period=Period(2022, 6, "2022H1"))))
    with pytest.raises(ReconcileError, match="旧的是2022年上半年，新的是2023年上半年"):
        changes(before, here, scheme, root="")
    with pytest.raises(ReconcileError, match="旧的是大王庄村工会（33010101），新的是柳林村工会（33010201）"):
        changes(here, single(scheme, FAR, Filled({"A008": 35})), scheme, root="")


def test_adjustments_are_compared(scheme: Scheme) -> None:
    old, new = single(scheme, BIG, Filled({"A008": 35})), single(scheme, BIG, Filled({"A008": 35}))
    line = {
        "unit": "33010101",
        "indicator": "A008",
        "reported": 35.0,
        "adjusted": 34.0,
        "basis": "名册",
        "who": "赵六",
        "date": "2023-07-20",
    }
    new.returns.adjustments.loc[0] = pd.Series(line)
    assert told(changes(old, new, scheme, root="")) == [("adjustment", "职工人数", "", "34人，赵六，2023-07-20，名册", "")]


def test_differences_of_rates_are_those_of_what_is_printed(scheme: Scheme) -> None:
    rate, flag = scheme.indicators["A022"], next(one for one in scheme.indicators.values() if one.kind == "flag")
    assert more_or_less(92.2777, 92.1149, rate, scheme) == "-0.17个百分点"
    assert more_or_less(92.2777, 92.2779, rate, scheme) == ""
    assert more_or_less(0.1, 0.3, scheme.indicators["C006"], scheme) == "+0.2万元"
    assert more_or_less(0.0, 1.0, flag, scheme) == ""
