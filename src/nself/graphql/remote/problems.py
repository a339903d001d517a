"""Remote relationships that lead nowhere, with the reason: they are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nself.graphql.language.scalars import scalar_name
from nself.graphql.metadata import export
from nself.graphql.metadata.model import Inconsistency, Metadata, Source, TrackedTable
from nself.graphql.metadata.remote_schemas import (
    RemoteRelationship,
    ToRemoteSchema,
    ToSource,
    export_relationship,
    left,
)
from nself.graphql.remote.path import NoSuchPath, steps, variables_in
from nself.graphql.remote.registry import Served
from nself.pg.catalog import Catalog, Table

_CANNOT = "cannot validate remote relationship because "


def of_tables(
    metadata: Metadata, source: Source, catalog: Catalog, served: Mapping[str, Served]
) -> Iterator[Inconsistency]:
    for tracked in source.tables.values():
        table = catalog.tables.get(tracked.table)
        for relation in tracked.remote_relationships if table else ():
            assert table is not None
            reason = _taken(tracked, table, relation) or _reason(metadata, relation, _types(table), served)
            if reason:
                where = f'in table "{tracked.table}": in remote relationship "{relation.name}": '
                yield Inconsistency(
                    kind="remote_relationship",
                    name=f"remote_relationship {relation.name} in table {tracked.table} in source {source.name}",
                    reason=f"Inconsistent object: {where}{reason}",
                    definition={
                        **export_relationship(relation),
                        "source": source.name,
                        "table": export.qualified(tracked.table),
                    },
                )


def of_remote_types(metadata: Metadata, served: Mapping[str, Served]) -> Iterator[Inconsistency]:
    for name, found in served.items():
        for type_name, relations in found.entry.relationships.items():
            original = {ours: theirs for theirs, ours in found.naming.types.items()}.get(type_name, type_name)
            type_ = found.upstream.types.get(type_name) or found.upstream.types.get(original)
            for relation in relations:
                if type_ is None or type_.kind != "OBJECT":
                    reason: str | None = f'type "{type_name}" is no object of the remote schema'
                else:
                    types = {key: field.type.name for key, field in type_.fields.items()}
                    reason = _reason(metadata, relation, types, served)
                if reason:
                    yield Inconsistency(
                        kind="remote_schema_remote_relationship",
                        name=f"remote_schema_remote_relationship {relation.name} on type {type_name} "
                        f"in remote schema {name}",
                        reason=f"Inconsistent object: {reason}",
                        definition={
                            **export_relationship(relation),
                            "remote_schema": name,
                            "type_name": type_name,
                        },
                    )


def _taken(tracked: TrackedTable, table: Table, relation: RemoteRelationship) -> str | None:
    custom = {column.custom_name for column in tracked.config.columns.values()}
    if relation.name in custom or table.column(relation.name) is not None:
        return f'field with name "{relation.name}" already exists in table "{tracked.table}"'
    return None


def _types(table: Table) -> dict[str, str]:
    return {column.name: scalar_name(column.type) for column in table.columns}


def _reason(
    metadata: Metadata, relation: RemoteRelationship, fields: Mapping[str, str], served: Mapping[str, Served]
) -> str | None:
    """`fields` are the types of the fields here."""
    unknown = [name for name in left(relation) if name not in fields]
    if unknown:
        return f'{_CANNOT}the field "{unknown[0]}" does not exist'
    match relation.definition:
        case ToSource(source=source, table=table):
            if source not in metadata.sources:
                return f'source with name "{source}" does not exist'
            if table not in metadata.sources[source].tables:
                return f'table "{table}" does not exist in source: {source}'
            return None
        case ToRemoteSchema() as definition:
            return _remote_reason(definition, fields, served)


def _remote_reason(definition: ToRemoteSchema, fields: Mapping[str, str], served: Mapping[str, Served]) -> str | None:
    found = served.get(definition.remote_schema)
    if found is None:
        return f'{_CANNOT}remote schema with name "{definition.remote_schema}" not found'
    for name in variables_in(definition.remote_field):
        if name not in definition.lhs_fields:
            return f'{_CANNOT}"${name}" is not one of the fields to join with'
    try:
        path = steps(definition.remote_field, found.upstream, found.upstream)
    except NoSuchPath as error:
        return f"{_CANNOT}{error}"
    for step in path:
        for mapped in step.mapped:
            for objection in mapped.objections(fields):
                return f"{_CANNOT}{objection}"
        given = {mapped.argument.name for mapped in step.mapped}
        for argument in step.field.arguments.values():
            missing = argument.type.required and argument.default is None and argument.name not in given
            if missing and step is not path[-1]:
                return f'{_CANNOT}the remote field "{step.field.name}" needs the argument "{argument.name}"'
    return None
