"""Actions and their types against each other and against the tables they lead to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from nself.graphql.language.scalars import BUILT_IN, scalar_name
from nself.graphql.metadata.actions import Action, export_action
from nself.graphql.metadata.custom_types import (
    CustomObject,
    CustomTypes,
    TypeField,
    TypeRelationship,
    described_custom_types,
)
from nself.graphql.metadata.functions import because
from nself.graphql.metadata.graphql_text import base, is_list
from nself.graphql.metadata.model import Inconsistency, Metadata
from nself.pg.catalog import Catalog

Catalogs: TypeAlias = Mapping[str, Catalog]
"""By the name of their source."""

_GRAPHQL_SCALARS: Final = frozenset({*BUILT_IN.values(), "ID"})
_DATABASE_SCALARS: Final = frozenset(
    {
        "bigint", "bit", "bpchar", "bytea", "char", "cidr", "circle", "citext", "date", "daterange", "float8", "hstore",
        "inet", "int4range", "int8range", "interval", "json", "jsonb", "jsonpath", "line", "lquery", "lseg", "ltree",
        "ltxtquery", "macaddr", "macaddr8", "money", "name", "numeric", "numrange", "oid", "path", "point", "polygon",
        "box", "smallint", "time", "timestamp", "timestamptz", "timetz", "tsquery", "tsrange", "tstzrange", "tsvector",
        "uuid", "varbit", "xml", "geography", "geometry", "raster", "box2d", "box3d",
    }
)  # fmt: skip
"""Types of PostgreSQL and of the extensions it is used with, under their GraphQL names."""


def check(metadata: Metadata, catalogs: Catalogs) -> list[Inconsistency]:
    """The types as a whole, or else each action."""
    reasons = list(_type_reasons(metadata, catalogs))
    if reasons:
        # Without its types an action cannot be told right from wrong: they are left out, not blamed.
        return [types_problem(metadata.custom_types, reasons)]
    found = ((entry, objection(entry, metadata.custom_types, catalogs)) for entry in metadata.actions.values())
    return [problem(entry, reason) for entry, reason in found if reason is not None]


def is_scalar(name: str, types: CustomTypes, catalogs: Catalogs) -> bool:
    """Whether an action may take and give values of this name that are no objects and no enums."""
    custom = {entry.name for entry in types.scalars}
    return name in _GRAPHQL_SCALARS | _DATABASE_SCALARS | custom or name in _of_columns(catalogs)


def type_names(types: CustomTypes) -> list[str]:
    names = [entry.name for entry in types.scalars] + [entry.name for entry in types.enums]
    return [*names, *(entry.name for entry in types.input_objects), *(entry.name for entry in types.objects)]


def _of_columns(catalogs: Catalogs) -> set[str]:
    tables = (table for catalog in catalogs.values() for table in catalog.tables.values())
    return {scalar_name(column.type) for table in tables for column in table.columns}


def _type_reasons(metadata: Metadata, catalogs: Catalogs) -> Iterator[str]:
    types = metadata.custom_types
    names = type_names(types)
    if twice := _repeated(names):
        yield f"the following type names are declared more than once: {twice}"
    if taken := sorted(_GRAPHQL_SCALARS.intersection(names)):
        yield f"the following type names are GraphQL's own: {', '.join(taken)}"
    for enum in types.enums:
        if twice := _repeated(value.value for value in enum.values):
            yield f'the enum type "{enum.name}" has duplicate values: {twice}'
        if not enum.values:
            yield f'the enum type "{enum.name}" has no values'
    enums, inputs = {entry.name for entry in types.enums}, {entry.name for entry in types.input_objects}
    for entry in types.input_objects:
        yield from _field_reasons("input object", entry.name, [member.name for member in entry.fields])
        for member in entry.fields:
            if base(member.type) not in enums | inputs and not is_scalar(base(member.type), types, catalogs):
                yield _unknown(member, "input object", entry.name)
    for found in types.objects:
        yield from _object_reasons(found, types, metadata, catalogs)


def _object_reasons(entry: CustomObject, types: CustomTypes, metadata: Metadata, catalogs: Catalogs) -> Iterator[str]:
    names = [member.name for member in entry.fields] + [relation.name for relation in entry.relationships]
    yield from _field_reasons("object", entry.name, names)
    known = {one.name for one in types.enums} | {one.name for one in types.objects}
    for member in entry.fields:
        if base(member.type) not in known and not is_scalar(base(member.type), types, catalogs):
            yield _unknown(member, " object", entry.name)
        if member.rest.get("arguments"):
            yield f'the field "{member.name}" in object type "{entry.name}" cannot have arguments'
    for relation in entry.relationships:
        yield from _relationship_reasons(entry, relation, types, metadata, catalogs)


def _field_reasons(kind: str, name: str, names: Sequence[str]) -> Iterator[str]:
    if not names:
        yield f'the {kind} type "{name}" has no fields'
    if twice := _repeated(names):
        yield f'the following fields of the {kind} type "{name}" are declared more than once: {twice}'


def _relationship_reasons(
    entry: CustomObject, relation: TypeRelationship, types: CustomTypes, metadata: Metadata, catalogs: Catalogs
) -> Iterator[str]:
    where = f'for relationship "{relation.name}" in object type "{entry.name}"'
    source = metadata.sources.get(relation.source)
    if source is None or relation.table not in source.tables:
        yield f'the remote table "{relation.table}" {where} does not exist'
        return
    # Of a source that cannot be reached nothing is known.
    table = catalogs[relation.source].tables.get(relation.table) if relation.source in catalogs else None
    fields = {member.name: member for member in entry.fields}
    for here, there in relation.mapping.items():
        if here not in fields:
            yield f'the field "{here}" {where} does not exist'
        elif is_list(fields[here].type):
            yield f'the type of the field "{here}" {where} is a list type'
        elif not _is_leaf(base(fields[here].type), types, catalogs):
            yield f'the type of the field "{here}" {where} is neither a scalar nor an enum'
        if table is not None and table.column(there) is None:
            yield f'the column "{there}" of remote table "{relation.table}" {where} does not exist'


def _is_leaf(name: str, types: CustomTypes, catalogs: Catalogs) -> bool:
    return is_scalar(name, types, catalogs) or any(entry.name == name for entry in types.enums)


def _unknown(member: TypeField, kind: str, name: str) -> str:
    return f'the type "{base(member.type)}" for field "{member.name}" in {kind} type "{name}" does not exist'


def _repeated(names: Iterable[str]) -> str:
    return ", ".join(sorted(name for name, times in Counter(names).items() if times > 1))


def objection(entry: Action, types: CustomTypes, catalogs: Catalogs) -> str | None:
    """What an action's definition names in vain."""
    enums, inputs = {one.name for one in types.enums}, {one.name for one in types.input_objects}
    if twice := _repeated(argument.name for argument in entry.definition.arguments):
        return f"the following arguments are declared more than once: {twice}"
    for argument in entry.definition.arguments:
        name = base(argument.type)
        if name not in enums | inputs and not is_scalar(name, types, catalogs):
            return (
                f'the type "{name}" of the argument "{argument.name}" is not defined in custom types '
                "or it is not a scalar/enum/input object type"
            )
    name = base(entry.definition.output_type)
    if name not in enums | {one.name for one in types.objects} and not is_scalar(name, types, catalogs):
        return f'the output type "{name}" is not defined in custom types or it is not an object/scalar/enum type'
    return None


def types_problem(types: CustomTypes, reasons: list[str]) -> Inconsistency:
    return Inconsistency(
        kind="custom_types",
        name="custom_types custom_types",
        reason=f"Inconsistent object: validation for the given custom types failed {because(reasons)}",
        definition=described_custom_types(types),
    )


def problem(entry: Action, reason: str) -> Inconsistency:
    return Inconsistency(
        kind="action",
        name=f"action {entry.name}",
        reason=f'Inconsistent object: in action "{entry.name}"; {reason}',
        definition=export_action(entry),
    )
