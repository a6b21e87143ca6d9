"""The rule book (审核关系): every rule with its tier and its sentence, or one rule explained."""

from __future__ import annotations

import unicodedata

from reconcile.errors import ReconcileError
from reconcile.model.finding import Tier
from reconcile.model.unit import KINDS
from reconcile.report.lines import width, wrapped
from reconcile.scheme.account import Account
from reconcile.scheme.consistency import Consistency
from reconcile.scheme.example import example
from reconcile.scheme.expression import Name, equation, sentence, supposition
from reconcile.scheme.provoked import PROVOKED_BY
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme
from reconcile.scheme.wording import figure_said, finding

_SOME = 5  # ids of rules that are named
_MISSING = {
    "skip": "缺一个数就不判定，并计入“无法判定”",
    "skip_all": "全部缺报才不判定，个别缺报按0",
    "zero": "缺报按0判定",
    "fail": "缺报即不通过",
}


def rule_book(scheme: Scheme) -> str:
    """All rules, by tier, one a line: number and sentence."""
    lines = [scheme_line(scheme)]
    for tier in Tier:
        rules = [rule for rule in scheme.rules if rule.tier is tier]
        lines += ["", f"{tier.chinese}（{len(rules)}条）"]
        lines += [f"  {rule.id}  {_given(rule, scheme)}{_says(rule, scheme)}" for rule in rules]
    return "\n".join([*lines, "", "查看某一条：reconcile rules 编号"])


def rule_page(scheme: Scheme, code: str) -> str:
    """One rule with everything that is decided about it and its smallest example. Raises ReconcileError where there is no such rule."""
    asked = unicodedata.normalize("NFKC", code).strip().lower()
    rule = next((one for one in scheme.rules if one.id.lower() == asked), None)
    if rule is None:
        raise ReconcileError(f"没有编号为“{code}”的审核关系，运行 reconcile rules 查看全部编号。")
    kinds = "、".join(face for kind, face in KINDS.items() if kind in rule.applies_to)
    says = _says(rule, scheme)
    told = [("要求" if rule.expression is not None else "提示", says)]
    if rule.when is not None:
        told.append(("条件", supposition(rule.when, scheme.label)))
    if rule.expression is not None:
        formula = equation(rule.expression, scheme.label)
        told += [("算式", formula)] if formula != says else []
        told.append(("容差", f"{rule.tolerance:g}"))
        told.append(("缺报", _MISSING[rule.missing.value]))
        told.append(("提示", rule.message))
    told += [("建议", rule.advice), ("适用", kinds)]
    lines = [f"{rule.id}（{rule.tier.chinese}）"]
    for heading, words in told:
        lines += _paragraph(heading, words)
    lines += _example(rule, scheme)
    for indicator in rule.indicators:
        lines += _paragraph("指标", f"{indicator} {scheme.label(indicator)}——{scheme.indicators[indicator].definition}")
    return "\n".join(lines)


def scheme_report(scheme: Scheme, found: Consistency) -> str:
    """What `scheme check` says of a scheme without fault: its size, and which rules could be spared."""
    lines = [scheme_line(scheme)]
    if found.unasked:
        lines.append(f"已经比较的审核关系之间没有矛盾{f'；有{len(found.hints)}条可以省去：' if found.hints else '。'}")
    elif not found.hints:
        lines.append("审核关系之间没有矛盾，也没有多余的。")
    else:
        lines.append(f"审核关系之间没有矛盾；有{len(found.hints)}条可以省去：")
    for hint in found.hints:
        lines += wrapped(hint.message, indent="  ", hanging="    ")
    lines += unasked(found)
    if found.left_out:
        lines += wrapped(f"以下审核关系不能化为算式，没有互相比较：{'、'.join(found.left_out)}。")
    return "\n".join(lines)


def unasked(found: Consistency) -> list[str]:
    """What is said of rules that are too many to be compared in every way; nothing where all were."""
    if not found.unasked:
        return []
    some = "、".join(found.unasked[:_SOME]) + ("等" if len(found.unasked) > _SOME else "")
    return wrapped(f"审核关系太多，有{len(found.unasked)}条（{some}）没有与其他各条全部比较，结果不完整。")


def scheme_line(scheme: Scheme) -> str:
    """One line about a scheme that was read without fault."""
    return (
        f"{scheme.name}（版本{scheme.version}，{scheme.hash}）：{len(scheme.sections)}个部分，{len(scheme.indicators)}个指标，"
        f"{len(scheme.rules)}条审核关系，{len(scheme.rosters)}张名册。"
    )


def _given(rule: Rule, scheme: Scheme) -> str:
    """When the rule is asked at all, where that is not always."""
    return "" if rule.when is None else f"{supposition(rule.when, scheme.label)}时，"


def _says(rule: Rule, scheme: Scheme) -> str:
    """The rule's requirement in words; a named check is told by its message."""
    if rule.expression is None:
        return rule.message
    return sentence(rule.expression, scheme.label)


def _paragraph(heading: str, words: str) -> list[str]:
    """`heading：words` in lines that a console holds."""
    return wrapped(f"{heading}：{words}", indent="  ", hanging=" " * 8)


def _example(rule: Rule, scheme: Scheme) -> list[str]:
    """The smallest example: of a relation its figures as they break it and as they keep it, and what is then said; of a named check what
    provokes it, in words.
    """
    if rule.expression is None:
        return _paragraph("举例", PROVOKED_BY[rule.named]) if rule.named in PROVOKED_BY else []
    made = example(rule, scheme)
    if made is None:
        return _paragraph("举例", "这一条举不出简单的例子（比较文字、同时用到各单位的数，或者一般大小的数总是符合、总是不符合）。")
    table = [("", "不符合", "改为")]
    for place, reference in enumerate(made.references):
        before, after = (figure_said(reference, side[place], scheme) or "空" for side in (made.broken, made.repaired))
        table.append((sentence(Name(reference), scheme.label), before, "" if after == before else after))
    widths = [max(width(line[column]) for line in table) for column in range(3)]
    lines = _paragraph("举例", "最小的例子，右边是改动最少的改法。" if made.least else "一个小的例子，右边是改动最少的改法。")
    for name, before, after in table:
        shown = f"{name}{' ' * (widths[0] - width(name))}  {' ' * (widths[1] - width(before))}{before}"
        lines.append(f"        {shown}  {' ' * (widths[2] - width(after))}{after}".rstrip())
    fields = Account(rule, scheme, made.environment(made.broken)).fields(0)
    lines += wrapped(f"这时提示：{finding(rule, fields, unit_name='某单位').message}", indent=" " * 8, hanging=" " * 8)
    return lines
