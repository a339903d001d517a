"""A template's tree, with values for its names, -> a JSON value. Bounded in steps and in the size of what it makes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from nself.graphql import joins
from nself.graphql.transforms import syntax
from nself.graphql.transforms.failures import Code, Span, TemplateError
from nself.graphql.transforms.functions import BASIC, Function, UnfitError
from nself.graphql.transforms.parser import parsed, parsed_text
from nself.graphql.transforms.syntax import Node

Json = Any
_STEPS: Final = 200_000
_CHARACTERS: Final = 8 * 1024 * 1024


def evaluated(template: str, names: Mapping[str, Json], functions: Mapping[str, Function]) -> Json:
    """The JSON value a template makes. Raises TemplateError."""
    return _Evaluator(template, functions).value(parsed(template), names)


def filled(template: str, names: Mapping[str, Json], functions: Mapping[str, Function]) -> str | None:
    """The text a template makes (an URL, a header); None when the template is nothing but a value that is null."""
    node, evaluator = parsed_text(template), _Evaluator(template, functions)
    if isinstance(node, syntax.Text) and len(node.parts) == 1:
        (only,) = node.parts
        assert not isinstance(only, str)
        value = evaluator.value(only, names)
        return None if value is None else evaluator.shown(value, only.span)
    return str(evaluator.value(node, names))


class _Evaluator:
    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._text, self._functions = text, {**BASIC, **functions}
        self._steps, self._characters = 0, 0

    def value(self, node: Node, names: Mapping[str, Json]) -> Json:
        self._steps += 1
        if self._steps > _STEPS:
            self._fail("Limit Error", "the template takes too many steps", node.span)
        return _EVALUATE[type(node)](self, node, names)

    def name(self, node: syntax.Name, names: Mapping[str, Json]) -> Json:
        if node.name not in names:
            self._fail("Name Error", f"Variable '{node.name}' not in scope", node.span)
        return names[node.name]

    def path(self, node: syntax.Path, names: Mapping[str, Json]) -> Json:
        value = self.value(node.of, names)
        for step in node.steps:
            key = self.value(step.key, names)
            found, value = _looked_up(value, key)
            if not found and step.optional:
                return None
            if not found:
                self._fail("Path Error", f"'{key}' not found in path", step.key.span)
        return value

    def call(self, node: syntax.Call, names: Mapping[str, Json]) -> Json:
        function = self._functions.get(node.function)
        if function is None:
            self._fail("Name Error", f"Variable '{node.function}' not in scope", node.span)
        argument = self.value(node.argument, names)
        try:
            return self._counted(function(argument), node.span)
        except UnfitError as error:
            raise TemplateError("Function Error", str(error), self._text, node.argument.span) from error

    def infix(self, node: syntax.Infix, names: Mapping[str, Json]) -> Json:
        left = self.value(node.left, names)
        match node.operator:
            case "??":
                return self.value(node.right, names) if left is None else left
            case "&&":
                return self._truth(left, node.left) and self._truth(self.value(node.right, names), node.right)
            case "||":
                return self._truth(left, node.left) or self._truth(self.value(node.right, names), node.right)
        right = self.value(node.right, names)
        match node.operator:
            case "==":
                return _same(left, right)
            case "!=":
                return not _same(left, right)
            case "in":
                return self._contains(left, right, node)
            case symbol:
                return self._ordered(symbol, left, right, node)

    def _contains(self, item: Json, of: Json, node: syntax.Infix) -> bool:
        if isinstance(of, dict):
            return item in of if isinstance(item, str) else False
        if not isinstance(of, list):
            self._fail("Type Error", "`in` looks into arrays and objects.", node.right.span)
        return any(_same(item, one) for one in of)

    def _ordered(self, symbol: str, left: Json, right: Json, node: syntax.Infix) -> bool:
        if _kind(left) != _kind(right) or _kind(left) not in ("Number", "String"):
            self._fail("Type Error", f"Cannot compare {_kind(left)} with {_kind(right)}.", node.span)
        return bool(_ORDERS[symbol](left, right))

    def condition(self, node: syntax.If, names: Mapping[str, Json]) -> Json:
        for condition, branch in node.branches:
            if self._truth(self.value(condition, names), condition):
                return self.value(branch, names)
        return self.value(node.otherwise, names)

    def loop(self, node: syntax.Range, names: Mapping[str, Json]) -> list[Json]:
        items = self.value(node.of, names)
        if not isinstance(items, list):
            self._fail("Type Error", f"Expected an array to range over, found {_kind(items)}.", node.of.span)
        made = []
        for index, item in enumerate(items):
            bound = dict(names)
            bound |= {name: value for name, value in ((node.index, index), (node.item, item)) if name is not None}
            made.append(self.value(node.body, bound))
        return made

    def listed(self, node: syntax.Listed, names: Mapping[str, Json]) -> list[Json]:
        made: list[Json] = []
        for item in node.items:
            value = self.value(item, names)
            made += value if isinstance(item, syntax.Range) else [value]
        return made

    def mapping(self, node: syntax.Mapping, names: Mapping[str, Json]) -> dict[str, Json]:
        return {str(self.value(key, names)): self.value(item, names) for key, item in node.pairs}

    def text(self, node: syntax.Text, names: Mapping[str, Json]) -> str:
        parts = [
            part if isinstance(part, str) else self.shown(self.value(part, names), part.span) for part in node.parts
        ]
        return str(self._counted("".join(parts), node.span))

    def shown(self, value: Json, span: Span) -> str:
        """A value inside a string."""
        if isinstance(value, dict | list):
            self._fail("Type Error", f"Cannot interpolate type: '{_kind(value)}'.", span)
        return value if isinstance(value, str) else joins.encode(value).decode()

    def _truth(self, value: Json, node: Node) -> bool:
        if not isinstance(value, bool):
            self._fail("Type Error", f"Expected a boolean, found {_kind(value)}.", node.span)
        return value

    def _counted(self, made: Json, span: Span) -> Json:
        self._characters += len(made) if isinstance(made, str | list | dict) else 0
        if self._characters > _CHARACTERS:
            self._fail("Limit Error", "the template makes too much", span)
        return made

    def _fail(self, code: Code, message: str, span: Span) -> NoReturn:
        raise TemplateError(code, message, self._text, span)


def _looked_up(value: Json, key: Json) -> tuple[bool, Json]:
    if isinstance(value, dict) and isinstance(key, str):
        return key in value, value.get(key)
    if isinstance(value, list) and isinstance(key, int) and not isinstance(key, bool):
        return (True, value[key]) if 0 <= key < len(value) else (False, None)
    return False, None


def _same(left: Json, right: Json) -> bool:
    return _kind(left) == _kind(right) and bool(left == right)


def _kind(value: Json) -> str:
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case str():
            return "String"
        case list():
            return "Array"
        case dict():
            return "Object"
        case _:
            return "Number"


_ORDERS: Final[Mapping[str, Callable[[Json, Json], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}

_EVALUATE: Final[dict[type, Callable[[_Evaluator, Any, Mapping[str, Json]], Json]]] = {
    syntax.Literal: lambda evaluator, node, names: node.value,
    syntax.Name: _Evaluator.name,
    syntax.Path: _Evaluator.path,
    syntax.Call: _Evaluator.call,
    syntax.Infix: _Evaluator.infix,
    syntax.If: _Evaluator.condition,
    syntax.Range: _Evaluator.loop,
    syntax.Listed: _Evaluator.listed,
    syntax.Mapping: _Evaluator.mapping,
    syntax.Text: _Evaluator.text,
}
