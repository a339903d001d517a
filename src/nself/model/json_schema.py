"""The schema -> JSON Schema, for editors and other programs: of the variables, and of nself.yml."""

from __future__ import annotations

import re
import types
import typing
from enum import Enum
from typing import Any

from nself.model.document import LATER, LISTS, DocumentSettings, extra_fields, fields_of
from nself.model.schema import Schema
from nself.settings import FALSE, REQUIRED, TRUE, Declared, as_text, describe

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = "[1-9][0-9]{0,5}"


def variables(schema: Schema) -> dict[str, Any]:
    """Of an object {variable: text}, as an env file holds it: every value is a string, constrained by its type."""
    fixed, families = {}, {}
    for name, items in schema.declared.items():
        described = {"type": "string", **_described(items[0]), **_text_form(items[0])}
        if re.search(r"_N(_|$)", name):
            families[f"^{re.sub(r'_N(?=_|$)', f'_{_NUMBER}', name)}$"] = described
        else:
            fixed[name] = described
    families[f"^CS_{_NUMBER}_ENV_[A-Za-z_][A-Za-z0-9_]*$"] = {"type": "string"}
    return {"$schema": DIALECT, "title": "nself variables", "type": "object", "properties": fixed,
            "patternProperties": families, "additionalProperties": {"type": "string"}}  # fmt: skip


def document() -> dict[str, Any]:
    """Of nself.yml as a YAML reader gives it."""
    properties: dict[str, Any] = {}
    for item in describe(DocumentSettings):
        *path, last = item.variable.name.split(".")
        here = properties
        for step in path:
            section = here.setdefault(step, {"type": "object", "properties": {}, "additionalProperties": False})
            here = section["properties"]
        here[last] = _value(item)
    for section in LISTS:
        properties[section] = {"type": "object", "additionalProperties": _entry(section)}
    properties |= {name: {"description": "Not read by this version of nself."} for name in LATER}
    return {"$schema": DIALECT, "title": "nself.yml", "type": ["object", "null"], "properties": properties,
            "additionalProperties": False}  # fmt: skip


def _entry(section: str) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "template": {"type": "string", "description": "Template its folder was made from."},
        "env": {
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
            "description": "Variables of this service alone.",
        },
    }
    own = {key: _value(item) for key, item in fields_of(section).items()}
    chosen = {key: extra[key] for key in extra_fields(section)}
    return {"type": "object", "properties": own | chosen, "additionalProperties": False}


def _described(item: Declared) -> dict[str, Any]:
    variable = item.variable
    out: dict[str, Any] = {"description": variable.help} if variable.help else {}
    if item.default is not REQUIRED and item.default is not None and not variable.secret:
        out["default"] = as_text(item.default)
    if variable.secret:
        out["writeOnly"] = True
    return out


def _text_form(item: Declared) -> dict[str, Any]:
    """What the text of a variable must look like."""
    base, optional = _base(item)
    if isinstance(base, type) and issubclass(base, Enum):
        form: dict[str, Any] = {"enum": [str(member.value) for member in base]}
    elif base is bool:
        form = {"pattern": f"^({'|'.join(map(_any_case, sorted(TRUE | FALSE)))})$"}
    elif base is int:
        form = {"pattern": r"^\s*[+-]?[0-9][0-9_]*\s*$"}
    elif item.variable.pattern:
        form = {"pattern": f"^(?:{item.variable.pattern})$"}
    elif base is str and item.variable.minimum is not None:
        form = {"minLength": int(item.variable.minimum)}
    else:
        return {}
    return {"anyOf": [{"const": ""}, form]} if optional else form


def _value(item: Declared) -> dict[str, Any]:
    """What a value of nself.yml must be; numbers and booleans may stand in quotes too."""
    base, _ = _base(item)
    if isinstance(base, type) and issubclass(base, Enum):
        return {"enum": [member.value for member in base], **_described(item)}
    kinds = {bool: ["boolean", "string"], int: ["integer", "string"], float: ["number", "string"]}
    if typing.get_origin(base) is tuple:
        listed = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [listed, {"type": "string"}], **_described(item)}
    kind = [*kinds.get(base, ["string", "number"]), "null"]
    return {"type": kind, **_described(item)}


def _any_case(word: str) -> str:
    """JSON Schema's patterns know no flag for it."""
    return "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in word)


def _base(item: Declared) -> tuple[Any, bool]:
    """`int | None` -> (int, True)."""
    if typing.get_origin(item.type) in (types.UnionType, typing.Union):
        return next(arg for arg in typing.get_args(item.type) if arg is not type(None)), True
    return item.type, False
