"""The documented shape of `--json`: JSON Schema printed from a command's result class, the same class it dumps."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from importlib import import_module
from pathlib import PurePath
from typing import Any, Literal

SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
    datetime: {"type": "string", "format": "date-time"},
    Any: {},
    object: {},
}


def of_result(path: str) -> dict[str, Any]:
    """The schema of a result named as `package.module:Class`."""
    module, _, name = path.partition(":")
    return schema(getattr(import_module(module), name))


def schema(hint: Any) -> dict[str, Any]:
    """JSON Schema of what `output.as_json` makes of a value of this type."""
    if hint in SCALARS:
        return SCALARS[hint]
    if isinstance(hint, typing.NewType):
        return schema(hint.__supertype__)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [schema(argument) for argument in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if isinstance(hint, type) and issubclass(hint, PurePath):
        return {"type": "string"}
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        return _object(hint)
    return _container(hint, origin, arguments)


def _object(cls: Any) -> dict[str, Any]:
    hidden = getattr(cls, "__not_json__", ())
    names = [item.name for item in fields(cls)] if is_dataclass(cls) else list(cls._fields)
    hints = typing.get_type_hints(cls)
    shown = {name: schema(hints[name]) for name in names if name not in hidden}
    return {"type": "object", "properties": shown, "required": list(shown), "additionalProperties": False}


def _container(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema(arguments[1])}
    if isinstance(origin, type):  # tuple, list, Sequence, frozenset
        items = arguments[0] if arguments else Any
        return {"type": "array", "items": schema(items)}
    if isinstance(hint, type) and issubclass(hint, Mapping):
        return {"type": "object"}
    raise TypeError(f"a result holds {hint}, which --json has no documented shape for")


def example(found: Mapping[str, Any]) -> Any:
    """A compact picture of a schema for people: field names with their types in place of values."""
    if "properties" in found:
        return {name: example(inner) for name, inner in found["properties"].items()}
    if "anyOf" in found:
        return next((example(inner) for inner in found["anyOf"] if inner.get("type") != "null"), None)
    if "enum" in found:
        return " | ".join(str(value) for value in found["enum"])
    if found.get("type") == "array":
        return [example(found["items"])]
    if found.get("type") == "object":
        return {"…": example(found["additionalProperties"])} if "additionalProperties" in found else {}
    return found.get("format") or found.get("type", "any")
