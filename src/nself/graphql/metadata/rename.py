"""Carrying a new name of a table, column or relationship over to everything in the metadata that says the old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from nself.graphql.metadata import boolexp, edit, source_links
from nself.graphql.metadata.dependencies import target_of
from nself.graphql.metadata.model import (
    Columns,
    DeletePermission,
    ForeignKeyUsing,
    ManualUsing,
    Metadata,
    Relationship,
    SelectPermission,
    TrackedTable,
)
from nself.graphql.metadata.remote_schemas import RemoteRelationship, ToSource, with_left_renamed
from nself.pg.catalog import Catalog, Name
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """Old name to new, columns and relationships under their table's old name."""

    tables: Mapping[Name, Name] = field(default_factory=dict)
    columns: Mapping[tuple[Name, str], str] = field(default_factory=dict)
    relationships: Mapping[tuple[Name, str], str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns or self.relationships)

    def table(self, name: Name) -> Name:
        return self.tables.get(name, name)

    def column(self, table: Name, name: str) -> str:
        return self.columns.get((table, name), name)

    def relationship(self, table: Name, name: str) -> str:
        return self.relationships.get((table, name), name)


def rename_relationship(
    metadata: Metadata, catalog: Catalog, source: str, which: tuple[Name, str], new: str
) -> Metadata:
    return apply(metadata, catalog, source, Renames(relationships={which: new}))


def apply(metadata: Metadata, catalog: Catalog, source: str, renames: Renames) -> Metadata:
    """`catalog` is the one from before the renaming: relationships are followed by the old names."""
    entry = edit.source_of(metadata, source)
    visitor = boolexp.Visitor(
        column=renames.column,
        relationship=renames.relationship,
        table=renames.table,
        target=target_of(entry, catalog),
    )
    renamed = [_table(tracked, renames, visitor) for tracked in entry.tables.values()]
    changed = edit.put_source(metadata, replace(entry, tables={tracked.table: tracked for tracked in renamed}))
    return source_links.rewritten(changed, lambda one: _link(one, source, renames))


def _link(entry: RemoteRelationship, source: str, renames: Renames) -> RemoteRelationship:
    """A relationship from wherever to a table of the source."""
    definition = entry.definition
    if not isinstance(definition, ToSource) or definition.source != source:
        return entry
    there = definition.table
    mapping = {here: renames.column(there, column) for here, column in definition.mapping.items()}
    return replace(entry, definition=replace(definition, table=renames.table(there), mapping=mapping))


def _table(tracked: TrackedTable, renames: Renames, visitor: boolexp.Visitor) -> TrackedTable:
    old = tracked.table
    config = replace(
        tracked.config,
        columns={renames.column(old, name): column for name, column in tracked.config.columns.items()},
    )
    permissions: dict[str, Any] = {
        f"{kind}_permissions": tuple(
            _permission(old, entry, renames, visitor) for entry in edit.permissions_of(tracked, kind)
        )
        for kind in edit.PERMISSION_KINDS
    }
    relationships: dict[str, Any] = {
        part: tuple(_relationship(old, entry, renames) for entry in getattr(tracked, part))
        for part in edit.RELATIONSHIP_PARTS
    }
    triggers = tuple(entry.renamed(lambda name: renames.column(old, name)) for entry in tracked.event_triggers)
    remote = tuple(
        with_left_renamed(entry, lambda name: renames.column(old, name)) for entry in tracked.remote_relationships
    )
    return replace(
        tracked,
        table=renames.table(old),
        remote_relationships=remote,
        config=config,
        event_triggers=triggers,
        **permissions,
        **relationships,
    )


def _relationship(table: Name, entry: Relationship, renames: Renames) -> Relationship:
    return replace(entry, name=renames.relationship(table, entry.name), using=_using(table, entry, renames))


def _using(table: Name, entry: Relationship, renames: Renames) -> ForeignKeyUsing | ManualUsing:
    match entry.using:
        case ForeignKeyUsing(columns=columns, table=there):
            owner = there or table
            named = tuple(renames.column(owner, column) for column in columns)
            return ForeignKeyUsing(columns=named, table=renames.table(there) if there else None)
        case ManualUsing(table=there, mapping=mapping):
            changed = {renames.column(table, here): renames.column(there, other) for here, other in mapping.items()}
            return replace(entry.using, table=renames.table(there), mapping=changed)
        case _:
            raise AssertionError(entry.using)


def _permission(table: Name, entry: edit.Permission, renames: Renames, visitor: boolexp.Visitor) -> edit.Permission:
    changed: dict[str, Any] = {}
    for key in ("filter", "check"):
        expression = getattr(entry, key, None)
        if expression is not None:
            changed[key] = boolexp.rewrite(expression, table, visitor)
    if not isinstance(entry, DeletePermission):
        names = tuple(renames.column(table, name) for name in entry.columns.names)
        changed["columns"] = Columns(every=entry.columns.every, names=names)
    if not isinstance(entry, DeletePermission | SelectPermission):
        changed["set"] = {renames.column(table, name): value for name, value in entry.set.items()}
    return replace(entry, **changed)
