"""What a REST request says, as the variables of its query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode, VariableDefinitionNode

from nself.graphql.errors import ApiError
from nself.graphql.language.scalars import invalid

Texts = Mapping[str, Sequence[str]]
"""Values by name as a URL or a form has them: text, perhaps several of a name."""

_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_FLAGS: Final = {"": True, "true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
"""A flag without a value (`?archived`) is true."""
_PLAIN: Final = frozenset({"String", "ID", "text", "uuid", "date", "timestamp", "timestamptz", "citext", "bpchar"})
"""Texts of these types are never taken for JSON."""


def variables(
    declared: Mapping[str, VariableDefinitionNode], texts: Sequence[Texts], body: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of the declared variables; what else was sent is ignored. A name counts in one place only."""
    values: dict[str, Any] = {}
    for name, definition in declared.items():
        given = [coerced(place[name], definition.type) for place in texts if name in place]
        if name in body:
            given.append(body[name])
        if len(given) > 1:
            raise ApiError("bad-request", f'the variable "{name}" is given in more than one place')
        if given:
            values[name] = given[0]
        elif definition.default_value is None:
            if isinstance(definition.type, NonNullTypeNode):
                raise invalid(f'expecting a value for non-nullable variable: "{name}"', "$")
            values[name] = None
    return values


def coerced(texts: Sequence[str], type_: TypeNode) -> Any:
    """Text as a value of the type; text that does not look like one stays text, for the type to refuse."""
    match type_:
        case NonNullTypeNode(type=inner):
            return coerced(texts, inner)
        case ListTypeNode(type=of):
            return _list(texts, of)
        case NamedTypeNode(name=name):
            return _value(texts[-1], name.value)
        case _:
            return texts[-1]


def _list(texts: Sequence[str], of: TypeNode) -> Any:
    """`?id=1&id=2`, `?id=[1,2]` or one element."""
    if len(texts) == 1 and texts[0].lstrip().startswith("["):
        found = _json(texts[0])
        if isinstance(found, list):
            return found
    return [coerced([text], of) for text in texts]


def _value(text: str, type_name: str) -> Any:
    match type_name:
        case "Boolean":
            return _FLAGS.get(text.lower(), text)
        case "Int":
            return int(text) if _INTEGER.fullmatch(text) else text
        case "Float":
            return float(text) if _FLOAT.fullmatch(text) else text
        case name if name in _PLAIN:
            return text
        case _:
            return _json(text) if text.lstrip().startswith(("{", "[")) else text


def _json(text: str) -> Any:
    """The JSON that a text is, or else the text."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return text
