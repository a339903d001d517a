"""Pure changes of metadata: the whole goes in, the changed whole comes out. Refuses what is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.events.triggers import EventTrigger
from nself.graphql.metadata.model import (
    DeletePermission,
    InsertPermission,
    Metadata,
    Relationship,
    SelectPermission,
    Source,
    TrackedTable,
    UpdatePermission,
)
from nself.pg.catalog import Name

Permission = SelectPermission | InsertPermission | UpdatePermission | DeletePermission
RELATIONSHIP_PARTS = ("object_relationships", "array_relationships")
PERMISSION_KINDS = ("select", "insert", "update", "delete")


def source_of(metadata: Metadata, name: str) -> Source:
    if name not in metadata.sources:
        raise ApiError("not-exists", f'source with name "{name}" does not exist', path="$.args")
    return metadata.sources[name]


def table_of(metadata: Metadata, source: str, table: Name) -> TrackedTable:
    tables = source_of(metadata, source).tables
    if table not in tables:
        raise ApiError("not-exists", f'table "{table}" does not exist in source: {source}', path="$.args")
    return tables[table]


def put_source(metadata: Metadata, source: Source) -> Metadata:
    return replace(metadata, sources={**metadata.sources, source.name: source})


def without_source(metadata: Metadata, name: str) -> Metadata:
    source_of(metadata, name)
    return replace(metadata, sources={key: entry for key, entry in metadata.sources.items() if key != name})


def put_table(metadata: Metadata, source: str, tracked: TrackedTable) -> Metadata:
    """Add the table, or replace it in its place."""
    entry = source_of(metadata, source)
    return put_source(metadata, replace(entry, tables={**entry.tables, tracked.table: tracked}))


def without_table(metadata: Metadata, source: str, table: Name) -> Metadata:
    entry = source_of(metadata, source)
    return put_source(metadata, replace(entry, tables={key: tr for key, tr in entry.tables.items() if key != table}))


def change_table(
    metadata: Metadata, source: str, table: Name, change: Callable[[TrackedTable], TrackedTable]
) -> Metadata:
    return put_table(metadata, source, change(table_of(metadata, source, table)))


def relationship_of(tracked: TrackedTable, name: str) -> tuple[str, Relationship]:
    """The part (`object_relationships`, `array_relationships`) that holds it, and it."""
    for part in RELATIONSHIP_PARTS:
        for entry in getattr(tracked, part):
            if entry.name == name:
                return part, entry
    raise ApiError("not-exists", f'relationship "{name}" does not exist', path="$.args.relationship")


def add_relationship(tracked: TrackedTable, part: str, entry: Relationship) -> TrackedTable:
    return with_part(tracked, part, (*getattr(tracked, part), entry))


def without_relationship(tracked: TrackedTable, name: str) -> TrackedTable:
    part, _ = relationship_of(tracked, name)
    return with_part(tracked, part, tuple(entry for entry in getattr(tracked, part) if entry.name != name))


def change_relationship(
    tracked: TrackedTable, name: str, change: Callable[[Relationship], Relationship]
) -> TrackedTable:
    part, _ = relationship_of(tracked, name)
    entries = tuple(change(entry) if entry.name == name else entry for entry in getattr(tracked, part))
    return with_part(tracked, part, entries)


def without_computed_field(tracked: TrackedTable, name: str) -> TrackedTable:
    """Roles that were granted the field lose the grant."""
    fields = tuple(entry for entry in tracked.computed_fields if entry.name != name)
    granted = tuple(
        replace(entry, computed_fields=tuple(other for other in entry.computed_fields if other != name))
        for entry in tracked.select_permissions
    )
    return replace(tracked, computed_fields=fields, select_permissions=granted)


def event_trigger_of(metadata: Metadata, source: str, name: str) -> tuple[TrackedTable, EventTrigger]:
    """The trigger and the table it is on."""
    for tracked in source_of(metadata, source).tables.values():
        for entry in tracked.event_triggers:
            if entry.name == name:
                return tracked, entry
    message = f'event trigger with name "{name}" does not exist in source "{source}"'
    raise ApiError("not-exists", message, path="$.args.name")


def event_triggers(metadata: Metadata, source: str) -> dict[str, TrackedTable]:
    """{the name of each trigger of a source: the table it is on}, empty without the source."""
    known = metadata.sources.get(source)
    tables = known.tables.values() if known else ()
    return {entry.name: tracked for tracked in tables for entry in tracked.event_triggers}


def without_event_trigger(tracked: TrackedTable, name: str) -> TrackedTable:
    return with_part(tracked, "event_triggers", tuple(entry for entry in tracked.event_triggers if entry.name != name))


def permissions_of(tracked: TrackedTable, kind: str) -> tuple[Permission, ...]:
    entries: tuple[Permission, ...] = getattr(tracked, f"{kind}_permissions")
    return entries


def permission_of(tracked: TrackedTable, kind: str, role: str) -> Permission:
    for entry in permissions_of(tracked, kind):
        if entry.role == role:
            return entry
    message = f'{kind} permission on "{tracked.table}" for role "{role}" does not exist'
    raise ApiError("not-exists", message, path="$.args")


def add_permission(tracked: TrackedTable, kind: str, entry: Permission) -> TrackedTable:
    return _with_permissions(tracked, kind, (*permissions_of(tracked, kind), entry))


def without_permission(tracked: TrackedTable, kind: str, role: str) -> TrackedTable:
    permission_of(tracked, kind, role)
    return _with_permissions(
        tracked, kind, tuple(entry for entry in permissions_of(tracked, kind) if entry.role != role)
    )


def change_permission(
    tracked: TrackedTable, kind: str, role: str, change: Callable[[Permission], Permission]
) -> TrackedTable:
    permission_of(tracked, kind, role)
    entries = tuple(change(entry) if entry.role == role else entry for entry in permissions_of(tracked, kind))
    return _with_permissions(tracked, kind, entries)


def _with_permissions(tracked: TrackedTable, kind: str, entries: tuple[Permission, ...]) -> TrackedTable:
    return with_part(tracked, f"{kind}_permissions", entries)


def with_part(tracked: TrackedTable, part: str, entries: tuple[Any, ...]) -> TrackedTable:
    changed: dict[str, Any] = {part: entries}
    return replace(tracked, **changed)
