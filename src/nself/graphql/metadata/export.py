"""The typed model -> JSON of metadata version 3. Empty and default parts are left out, as Hasura does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nself.graphql.events import schedules, triggers
from nself.graphql.metadata import collections, customization, inherited_roles, rest_endpoints
from nself.graphql.metadata.actions import export_action
from nself.graphql.metadata.custom_types import export_custom_types
from nself.graphql.metadata.model import (
    ColumnConfig,
    Columns,
    ComputedField,
    DeletePermission,
    ForeignKeyUsing,
    InsertPermission,
    ManualUsing,
    Metadata,
    Relationship,
    SelectPermission,
    Source,
    TableConfig,
    TrackedFunction,
    TrackedTable,
    UpdatePermission,
)
from nself.graphql.metadata.remote_schemas import export_relationship, export_remote_schema
from nself.pg.catalog import Name

Exported = dict[str, Any]


def metadata(whole: Metadata) -> Exported:
    """`parse.metadata` of the answer is equal to `whole`."""
    sources = [source(entry) for entry in whole.sources.values()]
    return {"version": 3, "sources": sources, **_filled(beside_sources(whole)), **whole.rest}


def beside_sources(whole: Metadata) -> Exported:
    """What stands beside the sources."""
    disabled = list(whole.no_introspection)
    return {
        "remote_schemas": _each(export_remote_schema, tuple(whole.remote_schemas.values())),
        "cron_triggers": _each(schedules.exported, tuple(whole.cron_triggers.values())),
        "actions": _each(export_action, tuple(whole.actions.values())),
        "custom_types": export_custom_types(whole.custom_types),
        "query_collections": _each(collections.render_collection, tuple(whole.query_collections.values())),
        "allowlist": _each(collections.render_allowed, tuple(whole.allowlist.values())),
        "rest_endpoints": _each(rest_endpoints.render, tuple(whole.rest_endpoints.values())),
        "inherited_roles": inherited_roles.render(whole.inherited_roles),
        "api_limits": dict(whole.api_limits.raw),
        "graphql_schema_introspection": _filled({"disabled_for_roles": disabled}),
    }


def shown(whole: Metadata) -> Exported:
    """As users see it: without the cron triggers that are not to be part of it."""
    included = {name: entry for name, entry in whole.cron_triggers.items() if entry.included}
    return metadata(replace(whole, cron_triggers=included))


def source(entry: Source) -> Exported:
    tables = [table(tracked) for tracked in entry.tables.values()]
    functions = {"functions": _each(function, tuple(entry.functions.values()))}
    shown = {"customization": customization.exported(entry.customization)}
    return {"name": entry.name, "kind": entry.kind, "tables": tables, **_filled(functions | shown), **entry.rest}


def function(entry: TrackedFunction) -> Exported:
    roles = [{"role": role} for role in entry.roles]
    parts = {"configuration": dict(entry.configuration), "permissions": roles, "comment": entry.comment}
    return {"function": qualified(entry.function), **_filled(parts), **entry.rest}


def computed_field(entry: ComputedField) -> Exported:
    arguments = {"table_argument": entry.table_argument, "session_argument": entry.session_argument}
    definition = {"function": qualified(entry.function), **_filled(arguments)}
    return {"name": entry.name, "definition": definition, **_filled({"comment": entry.comment}), **entry.rest}


def table(tracked: TrackedTable) -> Exported:
    return _filled(
        {
            "table": qualified(tracked.table),
            "is_enum": tracked.is_enum,
            "configuration": config(tracked.config),
            "object_relationships": _each(relationship, tracked.object_relationships),
            "array_relationships": _each(relationship, tracked.array_relationships),
            "computed_fields": _each(computed_field, tracked.computed_fields),
            "remote_relationships": _each(export_relationship, tracked.remote_relationships),
            "event_triggers": _each(triggers.exported, tracked.event_triggers),
            "insert_permissions": _each(insert_permission, tracked.insert_permissions),
            "select_permissions": _each(select_permission, tracked.select_permissions),
            "update_permissions": _each(update_permission, tracked.update_permissions),
            "delete_permissions": _each(delete_permission, tracked.delete_permissions),
        }
    ) | dict(tracked.rest)


def qualified(name: Name) -> Exported:
    return {"schema": name.schema, "name": name.name}


def config(entry: TableConfig) -> Exported:
    roots: Exported = dict(entry.root_fields)
    for key, comment in entry.root_field_comments.items():
        roots[key] = _filled({"name": entry.root_fields.get(key), "comment": comment})
    return _filled(
        {
            "custom_name": entry.custom_name,
            "comment": entry.comment,
            "custom_root_fields": roots,
            "column_config": {name: column_config(column) for name, column in entry.columns.items()},
        }
    ) | dict(entry.rest)


def column_config(entry: ColumnConfig) -> Exported:
    return _filled({"custom_name": entry.custom_name, "comment": entry.comment}) | dict(entry.rest)


def relationship(entry: Relationship) -> Exported:
    return {"name": entry.name, "using": using(entry.using), **_filled({"comment": entry.comment}), **entry.rest}


def using(entry: ForeignKeyUsing | ManualUsing) -> Exported:
    match entry:
        case ForeignKeyUsing(columns=(column,), table=None):
            return {"foreign_key_constraint_on": column}
        case ForeignKeyUsing(columns=columns, table=None):
            return {"foreign_key_constraint_on": list(columns)}
        case ForeignKeyUsing(columns=columns, table=Name() as there):
            named = {"column": columns[0]} if len(columns) == 1 else {"columns": list(columns)}
            return {"foreign_key_constraint_on": {**named, "table": qualified(there)}}
        case ManualUsing(table=there, mapping=mapping, insertion_order=order):
            manual = {"column_mapping": dict(mapping), "insertion_order": order, "remote_table": qualified(there)}
            return {"manual_configuration": manual}
        case _:
            raise AssertionError(entry)


def select_permission(entry: SelectPermission) -> Exported:
    allowed = {"columns": columns(entry.columns), "filter": dict(entry.filter)} | _filled(
        {
            "limit": entry.limit,
            "allow_aggregations": entry.allow_aggregations,
            "computed_fields": list(entry.computed_fields),
        }
    )
    for key in ("query_root_fields", "subscription_root_fields"):
        if (named := getattr(entry, key)) is not None:
            allowed[key] = list(named)
    return _permission(entry, allowed)


def insert_permission(entry: InsertPermission) -> Exported:
    allowed = {"check": dict(entry.check), "columns": columns(entry.columns)}
    return _permission(entry, allowed | _filled({"set": dict(entry.set), "backend_only": entry.backend_only}))


def update_permission(entry: UpdatePermission) -> Exported:
    check = None if entry.check is None else dict(entry.check)
    allowed = {"columns": columns(entry.columns), "filter": dict(entry.filter), "check": check}
    return _permission(entry, allowed | _filled({"set": dict(entry.set), "backend_only": entry.backend_only}))


def delete_permission(entry: DeletePermission) -> Exported:
    return _permission(entry, {"filter": dict(entry.filter)} | _filled({"backend_only": entry.backend_only}))


def columns(entry: Columns) -> Any:
    return "*" if entry.every else list(entry.names)


def _permission(
    entry: SelectPermission | InsertPermission | UpdatePermission | DeletePermission, allowed: Exported
) -> Exported:
    return {"role": entry.role, "permission": allowed | dict(entry.rest), **_filled({"comment": entry.comment})}


def _each(render: Callable[[Any], Exported], entries: Sequence[Any]) -> list[Exported]:
    return [render(entry) for entry in entries]


def _filled(parts: Mapping[str, Any]) -> Exported:
    """Without what is empty or default: null, false, [], {}."""
    return {key: value for key, value in parts.items() if value not in (None, False, [], {})}
