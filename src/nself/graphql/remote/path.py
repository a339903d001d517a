"""Where a relationship leads in a remote schema: fields from the query root down, and the arguments that make the join.

`{user: {arguments: {id: "$author_id"}, field: {posts: {arguments: {}}}}}` is two steps; `$author_id` is the value of
that column or field, everything else is constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from nself.graphql.remote.presets import as_type
from nself.graphql.remote.upstream import Argument, Ref, RemoteField, Upstream


class Mapped(Struct, frozen=True):
    """An argument whose value is made of the join's key."""

    argument: Argument
    template: Any
    schema: Upstream

    def value(self, key: Mapping[str, Any]) -> Any:
        return self._filled(self.template, self.argument.type, key)

    def objections(self, fields: Mapping[str, str]) -> Iterator[str]:
        """What does not fit the argument, where the key's fields have these types."""
        yield from _misfits(self.template, self.argument.type, self.schema, fields)

    def _filled(self, template: Any, ref: Ref, key: Mapping[str, Any]) -> Any:
        match template:
            case str() if template.startswith("$"):
                found = key[template[1:]]
                if isinstance(found, list):
                    return [as_type(item, ref.name, template) for item in found]
                return as_type(found, ref.name, template)
            case dict():
                fields = self.schema.types[ref.name].inputs if ref.name in self.schema.types else {}
                return {
                    name: self._filled(item, fields[name].type if name in fields else Ref("JSON"), key)
                    for name, item in template.items()
                }
            case list():
                return [self._filled(item, ref, key) for item in template]
            case _:
                return template


_WHOLE: Final = frozenset({"Int", "smallint", "bigint", "numeric"})
_FRACTIONS: Final = frozenset({"Float", "float8", "numeric", "money"})
_PLAIN: Final = _WHOLE | _FRACTIONS | {"Boolean", "String", "ID", "uuid", "date", "timestamp", "timestamptz", "bpchar"}
_KINDS: Final[Mapping[str, Callable[[str], bool]]] = {
    "Int": lambda type_: type_ in _WHOLE or type_ not in _PLAIN,
    "Float": lambda type_: type_ in _WHOLE | _FRACTIONS or type_ not in _PLAIN,
    "Boolean": lambda type_: type_ == "Boolean" or type_ not in _PLAIN,
}
"""Which types an argument of these takes. Of a type that is no plain value nobody here knows what it looks like."""
_CONSTANTS: Final = {str: "String", bool: "Boolean", int: "Int", float: "Float"}


def _misfits(template: Any, ref: Ref, schema: Upstream, fields: Mapping[str, str]) -> Iterator[str]:
    type_ = schema.types.get(ref.name)
    match template:
        case str() if template.startswith("$"):
            found = fields.get(template[1:], "")
            if type_ is not None and type_.kind == "INPUT_OBJECT":
                yield f'expected an object of type "{ref}" but got "{found}"'
            elif ref.name in _KINDS and not _KINDS[ref.name](found):
                yield f'expected type "{ref.name}" but got "{found}"'
        case dict() if type_ is not None and type_.kind == "INPUT_OBJECT":
            for name, item in template.items():
                if name not in type_.inputs:
                    yield f'field with name "{name}" not found in the input object "{ref.name}"'
                else:
                    yield from _misfits(item, type_.inputs[name].type, schema, fields)
        case list():
            for item in template:
                yield from _misfits(item, ref, schema, fields)
        case str() | bool() | int() | float():
            found = _CONSTANTS[type(template)]
            if (ref.name in _KINDS and not _KINDS[ref.name](found)) or (ref.name == "String" and found != "String"):
                yield f'expected type "{ref.name}" but got "{found}"'
        case _:
            return


class Step(Struct, frozen=True):
    field: RemoteField
    mapped: tuple[Mapped, ...]


class NoSuchPath(Exception):  # noqa: N818 - a reason, in the words of the inconsistency it becomes
    """The remote schema does not have it."""


def steps(wanted: Mapping[str, Any], schema: Upstream, whole: Upstream) -> tuple[Step, ...]:
    """`schema` is what a role sees: its fields count; `whole` knows the arguments that only the relationship gives."""
    found: list[Step] = []
    type_, full = schema.query, whole.query
    for name, inner in _levels(wanted):
        field, declared = schema.fields_of(type_).get(name), whole.fields_of(full).get(name)
        if field is None or declared is None:
            raise NoSuchPath(f'remote field with name "{name}" and type "{type_}" not found')
        mapped = []
        for argument, template in inner["arguments"].items():
            if argument not in declared.arguments:
                raise NoSuchPath(f'argument with name "{argument}" not found in the remote field "{name}"')
            known = field.arguments.get(argument)
            if known is None or known.preset is None:
                mapped.append(Mapped(declared.arguments[argument], template, whole))
        found.append(Step(field, tuple(mapped)))
        type_ = full = field.type.name
    for step in found[:-1]:
        if step.field.type.listed:
            raise NoSuchPath(f'the remote field "{step.field.name}" is a list: there is no field below it to join with')
    return tuple(found)


def _levels(wanted: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    level: Mapping[str, Any] | None = wanted
    while level:
        ((name, inner),) = level.items()
        yield name, inner
        level = inner.get("field")


def variables_in(wanted: Mapping[str, Any]) -> Iterator[str]:
    """What the arguments take from the join's key."""
    for _, inner in _levels(wanted):
        yield from _variables(inner["arguments"])


def _variables(template: Any) -> Iterator[str]:
    match template:
        case str() if template.startswith("$"):
            yield template[1:]
        case dict():
            for item in template.values():
                yield from _variables(item)
        case list():
            for item in template:
                yield from _variables(item)
