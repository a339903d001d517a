"""A role's part of a remote schema: whether it is one, with every objection at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphql import GraphQLSyntaxError, parse_const_value
from graphql.language import print_ast

from nself.graphql.errors import ApiError
from nself.graphql.remote import sdl
from nself.graphql.remote.upstream import BUILT_IN, Argument, Preset, RemoteField, RemoteType, Upstream

_FAILED = "validation for the given role-based schema failed"
_KINDS = {
    "SCALAR": "Scalar",
    "OBJECT": "Object",
    "INTERFACE": "Interface",
    "UNION": "Union",
    "ENUM": "Enum",
    "INPUT_OBJECT": "Input object",
}


def role_schema(text: str, remote: Upstream) -> Upstream:
    """The schema that the document describes. Raises ApiError with the reasons why the remote does not have it."""
    wanted = sdl.upstream(sdl.document(text))
    found = list(dict.fromkeys(_objections(wanted, remote)))
    if len(found) == 1:
        raise ApiError("validation-failed", f"{_FAILED} because {found[0]}", path="$.args")
    if found:
        listed = "".join(f"\n • {reason}" for reason in found)
        raise ApiError("validation-failed", f"{_FAILED} for the following reasons:{listed}\n", path="$.args")
    return wanted


def _objections(wanted: Upstream, remote: Upstream) -> Iterator[str]:
    for name in filter(None, (wanted.query, wanted.mutation)):
        if name not in wanted.types:
            yield f'"{name}" has to be an object type'
    for which, own, theirs in (("query", wanted.query, remote.query), ("mutation", wanted.mutation, remote.mutation)):
        if own is not None and own != theirs and own in wanted.types:
            yield f'the {which} root is "{own}", but it is {_quoted(theirs)} in the upstream remote schema'
    for type_ in wanted.types.values():
        known = remote.types.get(type_.name)
        if known is None and type_.name in BUILT_IN:
            continue
        if known is None:
            yield f'{_KINDS[type_.kind]}: "{type_.name}" does not exist in the upstream remote schema'
        elif known.kind != type_.kind:
            yield (
                f'type "{type_.name}" is {_KINDS[type_.kind].lower()} here, '
                f"but {_KINDS[known.kind].lower()} in the upstream remote schema"
            )
        else:
            yield from _type(type_, known, wanted)


def _type(type_: RemoteType, known: RemoteType, wanted: Upstream) -> Iterator[str]:
    kind = _KINDS[type_.kind].lower()
    if type_.kind in ("OBJECT", "INTERFACE") and not type_.fields:
        yield f'"{type_.name}" has to have a field'
    extra = [name for name in type_.values if name not in known.values]
    if extra:
        yield f'enum: "{type_.name}" has the following values that do not exist upstream: {_listed(extra)}'
    extra = [name for name in type_.possible if name not in known.possible] if type_.kind == "UNION" else []
    if extra:
        yield f'union: "{type_.name}" has the following members that do not exist upstream: {_listed(extra)}'
    undefined = [name for name in type_.possible if name not in wanted.types]
    if undefined:
        yield f'union: "{type_.name}" has members that the schema document does not define: {_listed(undefined)}'
    extra = [name for name in type_.interfaces if name not in known.interfaces]
    if extra:
        yield f'custom interfaces are not supported. Object "{type_.name}" implements {_listed(extra)}'
    for name, field in type_.fields.items():
        if name not in known.fields:
            yield f'field "{name}" does not exist in the {kind}: "{type_.name}"'
        else:
            yield from _field(type_, field, known.fields[name], wanted)
    missing = _missing(type_.inputs, known.inputs)
    if missing:
        yield f'input object: "{type_.name}" expects the following non nullable fields to be present: {missing}'
    yield from _arguments(type_.inputs, known.inputs, f'input object "{type_.name}"', wanted)


def _field(owner: RemoteType, field: RemoteField, known: RemoteField, wanted: Upstream) -> Iterator[str]:
    if field.type != known.type:
        yield (
            f'expected type of "{field.name}" of {_KINDS[owner.kind].lower()} "{owner.name}" '
            f"to be {known.type} but received {field.type}"
        )
    if field.type.name not in wanted.types and field.type.name not in BUILT_IN:
        yield f'type "{field.type.name}" of field "{field.name}" is not defined in the schema document'
    missing = _missing(field.arguments, known.arguments)
    if missing:
        yield f'field: "{field.name}" expects the following non nullable arguments to be present: {missing}'
    yield from _arguments(field.arguments, known.arguments, f'field "{field.name}"', wanted)


def _missing(given: Mapping[str, Argument], known: Mapping[str, Argument]) -> str:
    return _listed(
        name
        for name, argument in known.items()
        if name not in given and argument.type.required and argument.default is None
    )


def _arguments(
    given: Mapping[str, Argument], known: Mapping[str, Argument], where: str, wanted: Upstream
) -> Iterator[str]:
    for name, argument in given.items():
        if name not in known:
            yield f'"{name}" does not exist in the {where}'
            continue
        if argument.type != known[name].type:
            yield f'expected type of "{name}" of {where} to be {known[name].type} but received {argument.type}'
        # A document need not say a default, but must not say another.
        if argument.default is not None and not _same(argument.default, known[name].default):
            yield (
                f'expected default value of input value: "{name}"of {where} '
                f"to be {known[name].default or ''} but received {argument.default}"
            )
        if argument.type.name not in wanted.types and argument.type.name not in BUILT_IN:
            yield f'type "{argument.type.name}" of "{name}" of {where} is not defined in the schema document'
        if argument.preset is not None:
            yield from _preset(argument, argument.preset, wanted)


def _preset(argument: Argument, preset: Preset, wanted: Upstream) -> Iterator[str]:
    """An object cannot be preset by a single value, nor a single value by an object."""
    type_ = wanted.types.get(argument.type.name)
    kind = type_.kind if type_ else "SCALAR"
    value = preset.value
    if preset.session and kind == "INPUT_OBJECT":
        yield f'session variable preset value is not supported for the input object "{argument.name}"'
    elif value is None and argument.type.required:
        yield f'unexpected preset value "null" for the non-null type {argument.type} of "{argument.name}"'
    elif value is not None and argument.type.listed != isinstance(value, list) and not preset.session:
        if isinstance(value, list):
            yield f'unexpected preset value, a list, for type {argument.type} of "{argument.name}"'
    elif kind == "INPUT_OBJECT" and value is not None and not isinstance(value, dict | list):
        yield f'expected preset value of input object "{argument.name}" to be an object, but received a scalar'
    elif kind == "ENUM" and type_ and not preset.session:
        unknown = [item for item in (value if isinstance(value, list) else [value]) if item not in type_.values]
        if unknown and value is not None:
            yield f'"{unknown[0]}" is not one of the values of enum "{type_.name}" that "{argument.name}" can have'
    elif kind == "SCALAR" and argument.type.name in BUILT_IN and isinstance(value, dict):
        yield f'unexpected preset value, an object, for type {argument.type} of "{argument.name}"'


def _same(one: str, other: str | None) -> bool:
    """Whether two values are the same, however they are laid out."""
    try:
        return other is not None and print_ast(parse_const_value(one)) == print_ast(parse_const_value(other))
    except (GraphQLSyntaxError, RecursionError):
        return False


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _quoted(name: str | None) -> str:
    return f'"{name}"' if name else "not there"
