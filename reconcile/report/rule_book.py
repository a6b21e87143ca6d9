"""The rule book (审核关系): every rule with its tier and its sentence, or one rule explained."""

from __future__ import annotations

from reconcile.errors import ReconcileError
from reconcile.model.finding import Tier
from reconcile.model.unit import KINDS
from reconcile.scheme.expression import equation, sentence
from reconcile.scheme.rules import Rule
from reconcile.scheme.scheme import Scheme

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
        lines += [f"  {rule.id}  {_says(rule, scheme)}" for rule in rules]
    return "\n".join([*lines, "", "查看某一条：reconcile rules 编号"])


def rule_page(scheme: Scheme, code: str) -> str:
    """One rule with everything that is decided about it. Raises ReconcileError where there is no such rule."""
    rule = next((one for one in scheme.rules if one.id.lower() == code.lower()), None)
    if rule is None:
        raise ReconcileError(f"没有编号为“{code}”的审核关系，运行 reconcile rules 查看全部编号。")
    kinds = "、".join(face for kind, face in KINDS.items() if kind in rule.applies_to)
    lines = [f"{rule.id}（{rule.tier.chinese}）", f"  要求：{_says(rule, scheme)}"]
    if rule.when is not None:
        lines.append(f"  条件：{sentence(rule.when, scheme.label)}")
    if rule.expression is not None:
        lines.append(f"  算式：{equation(rule.expression, scheme.label)}")
        lines.append(f"  容差：{rule.tolerance:g}")
        lines.append(f"  缺报：{_MISSING[rule.missing.value]}")
    lines += [f"  适用：{kinds}", f"  提示：{rule.message}", f"  建议：{rule.advice}"]
    for indicator in rule.indicators:
        lines.append(f"  指标：{indicator} {scheme.label(indicator)}——{scheme.indicators[indicator].definition}")
    return "\n".join(lines)


def scheme_line(scheme: Scheme) -> str:
    """One line about a scheme that was read without fault."""
    return (
        f"{scheme.name}（版本{scheme.version}，{scheme.hash}）：{len(scheme.sections)}个部分，{len(scheme.indicators)}个指标，"
        f"{len(scheme.rules)}条审核关系，{len(scheme.rosters)}张名册。"
    )


def _says(rule: Rule, scheme: Scheme) -> str:
    """The rule's requirement in words; a named check is told by its message."""
    if rule.expression is None:
        return rule.message
    return sentence(rule.expression, scheme.label)
