"""Metadata against the catalog: every object that names what is not there, with Hasura's words for the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nself.graphql.events import triggers
from nself.graphql.events.triggers import EventTrigger
from nself.graphql.metadata import action_checks, edit, endpoint_consistency, export
from nself.graphql.metadata.enum_tables import objections
from nself.graphql.metadata.functions import field_objection, function_objection, returned_table
from nself.graphql.metadata.inherited_roles import CONFLICT
from nself.graphql.metadata.model import (
    DeletePermission,
    Inconsistency,
    InsertPermission,
    Metadata,
    Relationship,
    SelectPermission,
    Source,
    TrackedFunction,
    TrackedTable,
    UpdatePermission,
)
from nself.graphql.metadata.targets import resolve
from nself.pg.catalog import Catalog, Table

AUTO_DERIVED = (
    'select permissions on computed field "{}" are auto-derived from the permissions on its returning table "{}" '
    "and cannot be specified manually"
)
_RELATION = {"object_relationships": "object_relation", "array_relationships": "array_relation"}


def check(metadata: Metadata, catalogs: Mapping[str, Catalog]) -> list[Inconsistency]:
    """Everything that does not fit, tables first; what hangs on an inconsistent table is not listed again. Of sources
    that have no catalog nothing is known: whether they can be reached is not asked here."""
    of_sources = [
        entry
        for name, source in metadata.sources.items()
        if name in catalogs
        for entry in _check_source(source, catalogs[name])
    ]
    return [*of_sources, *action_checks.check(metadata, catalogs), *endpoint_consistency.check(metadata)]


def out_of_reach(source: str, reason: str) -> Inconsistency:
    return Inconsistency(
        kind="source",
        name=f"source {source}",
        reason=f"Inconsistent object: {reason}",
        definition={"name": source},
    )


def _check_source(source: Source, catalog: Catalog) -> Iterator[Inconsistency]:
    broken = {}
    for tracked in source.tables.values():
        reason = _table_reason(tracked, catalog)
        if reason:
            broken[tracked.table] = tracked
            yield _table(source, tracked, reason)
    sound = [tracked for tracked in source.tables.values() if tracked.table not in broken]
    usable = {tracked.table for tracked in sound}
    for tracked in sound:
        table = catalog.tables[tracked.table]
        for part, kind in _RELATION.items():
            for entry in getattr(tracked, part):
                reason = _relationship_reason(tracked, table, entry, catalog, usable)
                if reason:
                    yield _relationship(source, tracked, kind, entry, reason)
    for tracked in sound:
        yield from _computed_fields(source, tracked, catalog)
        yield from _event_triggers(source, tracked, catalog.tables[tracked.table])
        yield from _permissions(source, tracked, catalog)
    for function in source.functions.values():
        objection = function_objection(function, source, catalog)
        if objection:
            yield _function(source, function, objection)


def _table_reason(tracked: TrackedTable, catalog: Catalog) -> str | None:
    table = catalog.tables.get(tracked.table)
    if table is None:
        return f'no such table/view exists in source: "{tracked.table}"'
    return _shared_field(tracked, table) or (objections(table) if tracked.is_enum else None)


def _shared_field(tracked: TrackedTable, table: Table) -> str | None:
    """Two columns cannot be one field: the second would be out of everybody's reach."""
    owners: dict[str, str] = {}
    for column in table.columns:
        custom = tracked.config.columns.get(column.name)
        field = custom.custom_name if custom and custom.custom_name else column.name
        first = owners.setdefault(field, column.name)
        if first != column.name:
            pair = f'"{first}" and "{column.name}"'
            return f'in table "{tracked.table}": the columns {pair} are mapped to the same field name, "{field}"'
    return None


def _relationship_reason(
    tracked: TrackedTable, table: Table, entry: Relationship, catalog: Catalog, usable: set[Any]
) -> str | None:
    conflict = _name_conflict(tracked, table, entry.name)
    if conflict:
        return conflict
    where = f'in table "{tracked.table}": in relationship "{entry.name}": '
    target = resolve(catalog, tracked.table, entry)
    if isinstance(target, str):
        return where + target
    if target.table not in usable:
        return f'table "{target.table}" is not tracked'
    there = catalog.tables[target.table]
    for owner, names in ((table, target.mapping), (there, target.mapping.values())):
        for name in names:
            if owner.column(name) is None:
                return f'{where}column "{name}" of table "{owner.name}" does not exist'
    return None


def _name_conflict(tracked: TrackedTable, table: Table, name: str) -> str | None:
    for column in table.columns:
        custom = tracked.config.columns.get(column.name)
        if custom and custom.custom_name == name:
            return f'field definition conflicts with custom field name for postgres column "{column.name}"'
        if column.name == name and not (custom and custom.custom_name):
            return "field definition conflicts with postgres column"
    return None


def _permissions(source: Source, tracked: TrackedTable, catalog: Catalog) -> Iterator[Inconsistency]:
    for kind in edit.PERMISSION_KINDS:
        for permission in edit.permissions_of(tracked, kind):
            missing = _missing(tracked, catalog, permission)
            if missing:
                yield permission_problem(source.name, tracked, kind, permission, missing)


def _missing(tracked: TrackedTable, catalog: Catalog, permission: edit.Permission) -> str | None:
    table = catalog.tables[tracked.table]
    names: Sequence[str] = ()
    if not isinstance(permission, DeletePermission):
        names = permission.columns.names
    if isinstance(permission, InsertPermission | UpdatePermission):
        names = (*names, *permission.set)
    for name in names:
        if table.column(name) is None:
            return f'column "{name}" does not exist'
    if isinstance(permission, SelectPermission):
        known = {entry.name: entry.function for entry in tracked.computed_fields}
        for name in permission.computed_fields:
            if name not in known:
                return f'computed field "{name}" does not exist'
            returned = returned_table(catalog, known[name])
            if returned is not None:
                return AUTO_DERIVED.format(name, returned)
    return None


def _computed_fields(source: Source, tracked: TrackedTable, catalog: Catalog) -> Iterator[Inconsistency]:
    for entry in tracked.computed_fields:
        conflict = _name_conflict(tracked, catalog.tables[tracked.table], entry.name)
        reason = conflict or field_objection(tracked, entry, catalog)
        if reason:
            yield Inconsistency(
                kind="computed_field",
                name=f"computed_field {entry.name} in table {tracked.table} in source {source.name}",
                reason=f"Inconsistent object: {reason}",
                definition={
                    "comment": None,
                    **export.computed_field(entry),
                    "source": source.name,
                    "table": export.qualified(tracked.table),
                },
            )


def _event_triggers(source: Source, tracked: TrackedTable, table: Table) -> Iterator[Inconsistency]:
    for entry in tracked.event_triggers:
        missing = sorted(name for name in entry.columns if table.column(name) is None)
        where = f'in table "{tracked.table}": in event trigger "{entry.name}": '
        if missing:
            yield event_trigger_problem(source.name, tracked, entry, f'{where}column "{missing[0]}" does not exist')
        elif table.kind in ("view", "materialized") and entry.operations:
            reason = f"{where}events of a {table.kind} cannot be captured, only those of tables"
            yield event_trigger_problem(source.name, tracked, entry, reason)


def event_trigger_problem(source: str, tracked: TrackedTable, entry: EventTrigger, reason: str) -> Inconsistency:
    return Inconsistency(
        kind="event_trigger",
        name=f"event_trigger {entry.name} in table {tracked.table} in source {source}",
        reason=f"Inconsistent object: {reason}",
        definition={**triggers.exported(entry), "source": source, "table": export.qualified(tracked.table)},
    )


def _function(source: Source, entry: TrackedFunction, reason: str) -> Inconsistency:
    return Inconsistency(
        kind="function",
        name=f"function {entry.function} in source {source.name}",
        reason=f"Inconsistent object: {reason}",
        definition=export.qualified(entry.function),
        source=source.name,
    )


def _table(source: Source, tracked: TrackedTable, reason: str) -> Inconsistency:
    return Inconsistency(
        kind="table",
        name=f"table {tracked.table} in source {source.name}",
        reason=f"Inconsistent object: {reason}",
        definition=export.qualified(tracked.table),
        source=source.name,
    )


def _relationship(source: Source, tracked: TrackedTable, kind: str, entry: Relationship, reason: str) -> Inconsistency:
    return Inconsistency(
        kind=kind,
        name=f"{kind} {entry.name} in table {tracked.table} in source {source.name}",
        reason=f"Inconsistent object: {reason}",
        definition={
            "name": entry.name,
            "using": export.using(entry.using),
            "comment": entry.comment,
            "source": source.name,
            "table": export.qualified(tracked.table),
        },
    )


def disagreement(role: str, entity: str, source: str = "default") -> Inconsistency:
    """What an inherited role has to do without, as its parents grant different things."""
    return Inconsistency(
        kind=CONFLICT,
        name=f"inherited role {role}, {entity}",
        reason=f"Could not inherit permission for the role '{role}' for the entity: '{entity}'",
        source=source,
    )


def permission_problem(
    source: str, tracked: TrackedTable, kind: str, permission: edit.Permission, reason: str
) -> Inconsistency:
    """A role's permission that cannot be; `reason` goes on from "in permission for role ...: "."""
    where = f'in table "{tracked.table}": in permission for role "{permission.role}": '
    return Inconsistency(
        kind=f"{kind}_permission",
        name=f"{kind}_permission {permission.role} in table {tracked.table} in source {source}",
        reason=f"Inconsistent object: {where}{reason}",
        definition={
            "comment": None,
            **getattr(export, f"{kind}_permission")(permission),
            "permission": _spelled_out(kind, permission),
            "source": source,
            "table": export.qualified(tracked.table),
        },
    )


def _spelled_out(kind: str, permission: edit.Permission) -> dict[str, Any]:
    """As exported, defaults of a select permission included: so Hasura shows it."""
    exported: dict[str, Any] = getattr(export, f"{kind}_permission")(permission)["permission"]
    return {"allow_aggregations": False, "computed_fields": [], **exported} if kind == "select" else exported
