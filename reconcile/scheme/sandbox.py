"""The sandbox of narrative templates: a small language, and a count of what a template does, so that none runs for ever.

A template is a program of whoever made the scheme. jinja2's sandbox keeps it from our objects, but not from nested loops, macros that
call each other, or a text doubled forty times. So each turn of a loop, each call and each character that is made is charged to one
allowance; what cannot be charged (methods of texts, most filters, powers, formats) is not part of the language. The count is of steps,
never of seconds: the same template is refused or rendered the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Sized
from typing import Any, NoReturn, TypeVar

from jinja2 import DictLoader, StrictUndefined, Template, TemplateRuntimeError, TemplateSyntaxError, Undefined, nodes
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 5_000_000
"""Turns, calls, nodes and characters of one narrative. The built-in ones take about 300,000, and five million pass in some seconds."""

LONGEST_VALUE = 100_000  # characters that an operator may make: a narrative has some ten thousand
LONGEST_TEMPLATE = 100_000
"""Characters of one template; the longest built-in one has 13,000."""
MOST_NODES = 20_000  # of one template's tree; the largest built-in one has 2,000

_TURN = 10  # steps for one turn of a loop, or one call, before anything is done in it
_FIGURE = 1_000  # for asking a figure: among ten thousand returns it takes as long as a hundred turns
_TEMPLATE = 100  # steps for looking up another template
_LARGEST = 10**18  # whole numbers beyond that have no exact double near them, and grow by squaring
_GLANCE = 20  # characters that are compared, searched or copied in one step
_FILTERS = ("default", "d", "length", "count", "first", "last", "trim")
_TESTS = ("defined", "undefined", "none", "string", "number", "boolean", "true", "false", "odd", "even")
_OPERATORS = frozenset({"+", "-", "*", "/", "//", "%", "**"})
_OPEN = (TemplateModule, LoopContext, BlockReference, TemplateReference)  # what has parts that a template may name: module.macro, loop.last

_Made = TypeVar("_Made", bound=nodes.Node)
_Value = TypeVar("_Value")


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment for one rendering of one narrative: it counts. `calls` are the names that templates may use.

    Raises TemplateRuntimeError where the allowance is spent, TemplateSyntaxError where a template uses what the language does not have.
    """

    def __init__(self, templates: Mapping[str, str], *, calls: Mapping[str, Any], extensions: Sequence[type[Extension]]) -> None:
        super().__init__(
            loader=DictLoader(templates),
            undefined=StrictUndefined,
            extensions=extensions,
            autoescape=False,  # the text is no HTML: each telling escapes for its own format
            finalize=self.told,
        )
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.tests = {name: test for name, test in self.tests.items() if name in _TESTS}
        self.intercepted_binops = _OPERATORS
        self.globals = dict(calls)
        self.spent = 0
        self._figures = frozenset(call for call in calls.values() if callable(call))

    # ---- the count

    def spend(self, steps: int) -> None:
        """Charge some steps to the allowance."""
        self.spent += steps
        if self.spent > MOST_STEPS:
            raise TemplateRuntimeError(f"运行超过{MOST_STEPS // 10_000}万步，可能有循环或宏停不下来，请改正模板")

    def told(self, value: object) -> str:
        """A value as it is printed, its characters charged."""
        if not isinstance(value, str):
            self._passed(value, glance=1)
        text = value if isinstance(value, str) else str(value)
        self.spend(len(text))
        return text

    def counted(self, values: object) -> Collection[object]:
        """What a loop goes through, each member charged."""
        if not isinstance(values, Collection):
            _refuse("循环只能用于列表和文字")
        self.spend(len(values))
        return values

    def weighed(self, value: _Value) -> _Value:
        """A value that is compared, searched or looked up, charged by all that is in it: forty lists that hold the one before twice are
        short, and without end."""
        self._passed(value, glance=_GLANCE)
        return value

    def copied(self, value: _Value) -> _Value:
        """A value of which a part is taken, charged by its length."""
        self.spend(len(value) // _GLANCE if isinstance(value, Sized) else 0)
        return value

    def _passed(self, value: object, *, glance: int) -> None:
        """Charge each member, and the texts by their characters, before anybody goes through them."""
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Mapping):
                self.spend(_TURN + len(one))
                waiting.extend((*one.keys(), *one.values()))
            elif isinstance(one, Collection) and not isinstance(one, str):
                self.spend(_TURN + len(one))
                waiting.extend(one)
            elif isinstance(one, str):
                self.spend(len(one) // glance)

    def joined(self, *values: object) -> str:
        """Texts put together by ~."""
        return str(self._bounded("".join(self.told(value) for value in values)))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - jinja2's signature: no name to clash
        """Call what a template calls, each call charged."""
        if __obj != __self.spend:
            __self.spend(_FIGURE if __obj in __self._figures else _TURN)
            for value in () if isinstance(__obj, Macro) else (*args, *kwargs.values()):  # a macro does nothing with them by itself
                __self.weighed(value)
        return super().call(__context, __obj, *args, **kwargs)

    def get_template(self, name: str | Template, parent: str | None = None, globals: Any = None) -> Template:
        """Another template, each look-up charged."""
        self.spend(_TEMPLATE)
        return super().get_template(name, parent, globals)

    # ---- the language

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - jinja2's signature
        """An operator between numbers; + also between texts."""
        texts = isinstance(left, str) and isinstance(right, str)
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" or not (numbers or (texts and operator == "+")):
            _refuse(f"“{operator}”不能用在这里，只能用于数的加减乘除和文字相加")
        return self._bounded(self.binop_table[operator](left, right))

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, str):
            self.spend(len(value))
            if len(value) > LONGEST_VALUE:
                _refuse(f"拼出的文字超过{LONGEST_VALUE // 10_000}万字")
        elif isinstance(value, int) and abs(value) > _LARGEST:
            _refuse("算出的数太大")
        return value

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only what other templates define, and the state of a loop, has parts."""
        return isinstance(obj, _OPEN) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ARG002 - jinja2's signature
        """No formats: the width of a field is a number that nobody charges."""
        return None

    def is_safe_callable(self, obj: Any) -> bool:
        """As jinja2 has it; a text or number is told to be none."""
        return callable(obj) and super().is_safe_callable(obj)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """Stands for a part that is not there for templates: using it says so."""
        return self.undefined(f"模板不能用“{attribute}”", obj=obj, name=attribute, exc=SecurityError)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The template's tree, if it is no longer than one that somebody wrote."""
        if len(source) > LONGEST_TEMPLATE:
            raise TemplateSyntaxError(f"超过{LONGEST_TEMPLATE // 10_000}万字，请缩短或分成几个模板", 1, name, filename)
        return super()._parse(source, name, filename)

    def _generate(self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False) -> str:
        """The template's program, with the charges written into it."""
        if sum(1 for _ in source.find_all((nodes.Node,))) > MOST_NODES:
            raise TemplateSyntaxError(f"写了{MOST_NODES // 10_000}万处以上的式子，请分成几个模板", 1, name, filename)
        for met in source.find_all((nodes.Filter, nodes.Test)):
            known = _FILTERS if isinstance(met, nodes.Filter) else _TESTS
            if met.name not in known:
                raise TemplateSyntaxError(f"没有“{met.name}”这个写法，可用的有{'、'.join(known)}", met.lineno, name, filename)
        return super()._generate(_Charging().visit(source), name, filename, defer_init)


class _Charging(NodeTransformer):
    """Writes charges into a template: at the head of whatever may run again, and around what a loop goes through."""

    def visit_Template(self, node: nodes.Template) -> nodes.Template:  # noqa: N802 - jinja2 calls it by the node's name
        return self._charged(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Macro:  # noqa: N802 - see above
        return self._charged(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.CallBlock:  # noqa: N802 - see above
        return self._charged(node)

    def visit_Block(self, node: nodes.Block) -> nodes.Block:  # noqa: N802 - see above
        return self._charged(node)

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - see above
        made = self._charged(node)
        made.iter = _asked("counted", [made.iter])
        return made

    def visit_Concat(self, node: nodes.Concat) -> nodes.Call:  # noqa: N802 - see above
        made: nodes.Concat = self.generic_visit(node)  # type: ignore[assignment] # jinja2 promises no more than a node
        return _asked("joined", made.nodes)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802 - see above
        return _weighing(self.generic_visit(node), "expr")

    def visit_Operand(self, node: nodes.Operand) -> nodes.Node:  # noqa: N802 - see above
        return _weighing(self.generic_visit(node), "expr")

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802 - see above
        made = self.generic_visit(node)
        return _weighing(made, "node") if node.name == "trim" else made  # the others look at one member

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802 - see above
        made = _weighing(self.generic_visit(node), "node", "copied")
        return made if isinstance(node.arg, nodes.Const | nodes.Slice) else _weighing(made, "arg")

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:  # noqa: N802 - see above
        return _weighing(self.generic_visit(node), "key")

    def _charged(self, node: _Made) -> _Made:
        cost = _TURN + _size(node)
        made: Any = self.generic_visit(node)
        made.body = [nodes.ExprStmt(_asked("spend", [nodes.Const(cost)])), *made.body]
        return made  # type: ignore[no-any-return] # it is the node that came


def _weighing(node: nodes.Node, field: str, method: str = "weighed") -> nodes.Node:
    """The node with what stands in one of its fields charged."""
    if getattr(node, field) is not None:  # {% filter %} has a body in place of a value
        setattr(node, field, _asked(method, [getattr(node, field)]))
    return node


def _asked(method: str, arguments: list[Any]) -> nodes.Call:
    """A call of the environment's own method."""
    return nodes.Call(nodes.EnvironmentAttribute(method), arguments, [], None, None)


def _size(node: nodes.Node) -> int:
    """How many steps one passage takes at most: its nodes, and the characters that stand in it."""
    steps = 1
    for met in node.find_all((nodes.Node,)):
        said = met.data if isinstance(met, nodes.TemplateData) else met.value if isinstance(met, nodes.Const) else ""
        steps += 1 + (len(said) if isinstance(said, str) else 0)
    return steps


def _refuse(why: str) -> NoReturn:
    raise TemplateRuntimeError(f"{why}，请改正模板")
