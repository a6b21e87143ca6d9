"""Templates from others: a small language, and no template that runs for ever or fills the memory."""

from __future__ import annotations

import time
from typing import Any

import pytest
from jinja2 import TemplateError

from reconcile.scheme.passage import environment
from reconcile.scheme.sandbox import LONGEST_TEMPLATE, MOST_STEPS

CALLS: dict[str, Any] = {"x": "甲" * 60, "n": lambda *_said, **_named: "1人", "big": "a" * 90_000, "several": ["甲", "乙"]}


def rendered(template: str, **others: str) -> str:
    return environment({"a": template, **others}, calls=CALLS).get_template("a").render()


def loops(depth: int, body: str = "") -> str:
    return "{% for a in x %}" * depth + body + "{% endfor %}" * depth


def test_what_templates_need_is_there() -> None:
    assert rendered("{% for a in several if a != '乙' %}{{ loop.index }}{{ a ~ '村' }}{% else %}无{% endfor %}") == "1甲村"
    assert (
        rendered("{% macro m(b, c='') %}{{ b }}{{ c }}{{ caller() }}{% endmacro %}{% call m(1 + 2, c='、') %}{{ n('人') }}{% endcall %}")
        == "3、1人"
    )
    assert rendered("{% import 'b' as b %}{{ b.said('甲') }}", b="{% macro said(name) %}{{ name|trim }}{% endmacro %}") == "甲"
    assert (
        rendered("{% set t %} 共{{ 7 * 6 }} {% endset %}{{ t|trim }}{{ '有' if several|length is even and '甲' in several else '无' }}")
        == "共42有"
    )
    assert rendered("{{ 7 // 2 }}{{ -3 % 2 }}{{ 1 - 2.5 }}{{ several[0] }}{{ x[1:3] }}{{ none|default('空') }}") == "31-1.5甲甲甲None"


NESTED = "{% set a = ['甲'] %}{% set b = ['甲'] %}" + "{% set a = [a, a] %}{% set b = [b, b] %}" * 60
STEPS = f"运行超过{MOST_STEPS // 10_000}万步"


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (loops(8), STEPS),
        (loops(4, "甲" * 20_000), STEPS),
        (loops(4, "{{ big }}"), STEPS),
        (loops(4, "{{ n('人') }}"), STEPS),
        (loops(4, "{% if 'b' in big %}{% endif %}"), STEPS),
        (loops(4, "{% if big == big ~ '' %}{% endif %}"), STEPS),
        (loops(4, "{{ big[1:]|trim|length }}"), STEPS),
        ("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}", STEPS),
        ("{% set a %}甲乙丙丁{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60, STEPS),
        ("{% set a = '甲' %}" + "{% set a = a ~ a %}" * 60, "拼出的文字超过10万字"),
        ("{% set a = '甲' %}" + "{% set a = a + a %}" * 60, "拼出的文字超过10万字"),
        ("{% set a = 3 %}" + "{% set a = a * a %}" * 60, "算出的数太大"),
        (NESTED + "{{ a }}", STEPS),
        (NESTED + "{{ '' ~ a }}", STEPS),
        (NESTED + "{% if a == b %}{% endif %}", STEPS),
        (NESTED + "{% if a in [b] %}{% endif %}", STEPS),
        (NESTED + "{{ a|trim }}", STEPS),
        (NESTED + "{{ n(a) }}", STEPS),
        (NESTED + "{{ {}[a] }}", STEPS),
        (NESTED.replace("[", "(").replace("]", ",)") + "{{ {a: 1} }}", STEPS),
        (NESTED + "{% for i in [1, 2] %}{% if loop.changed([a]) %}{% endif %}{% endfor %}", STEPS),
        ("{% macro f(n) %}{% if n %}{{ f(n - 1, varargs, varargs) }}{% else %}{{ varargs }}{% endif %}{% endmacro %}{{ f(60, 1) }}", STEPS),
        ("{{ [" + "big, " * 15_000 + "] }}", STEPS),
        ("{{ 'a' * 1000000000 }}", "“*”不能用在这里"),
        ("{{ several * 1000000000 }}", "“*”不能用在这里"),
        ("{{ several + several }}", "“+”不能用在这里"),
        ("{{ 10 ** 10 }}", "“**”不能用在这里"),
        ("{{ '%1000000000d' % 1 }}", "“%”不能用在这里"),
        ("{{ '{:1000000000}'.format(1) }}", "模板不能用“format”"),
        ("{{ 'a'.ljust(1000000000) }}", "模板不能用“ljust”"),
        ("{{ 'a'|center(1000000000) }}", "没有“center”这个写法"),
        ("{{ 1 is divisibleby(3) }}", "没有“divisibleby”这个写法"),
        ("{% for i in range(9) %}{% endfor %}", "'range' is undefined"),
        ("{{ lipsum(9) }}", "'lipsum' is undefined"),
        ("{{ ''.__class__.__mro__ }}", "模板不能用“__class__”"),
        ("{{ n.__globals__ }}", "模板不能用“__globals__”"),
        ("{{ self.__init__ }}", "模板不能用“__init__”"),
        ("{{ environment.spend(-1) }}", "'environment' is undefined"),
        ("{% for a in 5 %}{% endfor %}", "循环只能用于列表和文字"),
        ("1 < " * LONGEST_TEMPLATE, "超过10万字"),
        ("{{ " + "1<" * 15_000 + "1 }}", "写了2万处以上的式子"),
    ],
)
def test_a_template_that_asks_too_much_is_refused(template: str, told: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(TemplateError) as refused:
        rendered(template)
    assert told in str(refused.value.message)
    assert time.perf_counter() - begun < 30  # seconds; some three on a machine of its own: steps are counted, not time


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
        "{% for a in x %}" * 30 + "{% endfor %}" * 30,
        "{{ " + "1+" * 15_000 + "1 }}",
        "{% include 'a' %}",
        "{% extends 'a' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% block b %}{{ self.b() }}{% endblock %}",
        "{{ " + "9" * 90_000 + " }}",
    ],
)
def test_a_template_without_end_fails_in_a_way_that_is_told(template: str) -> None:
    with pytest.raises((RecursionError, SyntaxError, ValueError, TemplateError)):
        rendered(template)


def test_the_same_template_costs_the_same_everywhere() -> None:
    costs = set()
    for _ in range(3):
        made = environment({"a": loops(2, "{{ n('人') ~ '甲' }}")}, calls=CALLS)
        made.get_template("a").render()
        costs.add(made.spent)
    assert len(costs) == 1


def test_marks_of_ours_in_a_template_mean_nothing() -> None:
    assert rendered("\ue000\ue001假数\ue002\ue005") == "假数"


def test_blanks_without_end_are_read_once() -> None:
    begun = time.perf_counter()
    assert rendered("{% sentence %}甲{{ blanks }}乙{% endsentence %}".replace("{{ blanks }}", " " * 90_000)) == "甲" + " " * 90_000 + "乙。"
    assert time.perf_counter() - begun < 5  # seconds; looked for from each blank on it would take a minute
