"""A role's schema in GraphQL's schema language, with `@key` on the types that a gateway may ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from nself.graphql.language.introspection import every_type
from nself.graphql.language.scalars import BUILT_IN
from nself.graphql.language.types import (
    Enum,
    Field,
    InputField,
    InputObject,
    Interface,
    Named,
    Object,
    Scalar,
    Union,
    text,
)
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.roots import mutation_root, subscription_root

OWN = frozenset({"_Any", "_Entity", "_Service"})
OWN_FIELDS = frozenset({"_entities", "_service"})
_PLAIN = frozenset(BUILT_IN.values()) | {"ID"}


def sdl(schema: RoleSchema, keys: Mapping[str, str]) -> str:
    """`keys` are the fields of the key of each entity, by the name of its type."""
    types = every_type(schema)
    shown = [types[name] for name in sorted(types) if not name.startswith("__") and name not in OWN | _PLAIN]
    return "\n\n".join([_roots(schema), *(_type(one, keys.get(one.name)) for one in shown)])


def _roots(schema: RoleSchema) -> str:
    lines = ["query: query_root"]
    lines += ["mutation: mutation_root"] if mutation_root(schema).fields else []
    lines += ["subscription: subscription_root"] if subscription_root(schema).fields else []
    return _braced("schema", lines)


def _type(one: Named, key: str | None) -> str:
    described = _description(one.description, "")
    match one:
        case Scalar():
            return f"{described}scalar {one.name}"
        case Enum():
            return described + _braced(f"enum {one.name}", one.values)
        case InputObject():
            return described + _braced(f"input {one.name}", map(_input, one.fields.values()))
        case Union():
            return f"{described}union {one.name} = {' | '.join(member.name for member in one.possible)}"
        case Object() | Interface():
            word = "type" if isinstance(one, Object) else "interface"
            implemented = " & ".join(other.name for other in one.interfaces)
            head = f"{word} {one.name}" + (f" implements {implemented}" if implemented else "")
            head += f' @key(fields: "{key}")' if key else ""
            return described + _braced(head, _fields(one.fields.values()))


def _fields(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        if field.name not in OWN_FIELDS:
            arguments = ", ".join(map(_input, field.arguments.values()))
            listed = f"({arguments})" if arguments else ""
            yield f"{_description(field.description, '  ')}{field.called}{listed}: {text(field.type)}"


def _input(field: InputField) -> str:
    default = f" = {field.default}" if field.default is not None else ""
    return f"{field.called}: {text(field.type)}{default}"


def _braced(head: str, lines: Iterable[str]) -> str:
    return f"{head} {{\n" + "".join(f"  {line}\n" for line in lines) + "}"


def _description(said: str | None, indent: str) -> str:
    # A string of JSON is one of GraphQL's.
    return f"{json.dumps(said, ensure_ascii=False)}\n{indent}" if said else ""
