"""Who needs whom inside a source: what a dropped or renamed table, column or relationship takes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, Literal

from nself.graphql.errors import ApiError
from nself.graphql.metadata import boolexp, edit
from nself.graphql.metadata.functions import returned_table
from nself.graphql.metadata.model import (
    BoolExp,
    DeletePermission,
    ForeignKeyUsing,
    InsertPermission,
    ManualUsing,
    Metadata,
    SelectPermission,
    Source,
    UpdatePermission,
)
from nself.graphql.metadata.remote_schemas import ToSource, left
from nself.graphql.metadata.targets import Target, resolve
from nself.pg.catalog import Catalog, Name
from nself.records import dataclass

REMOTE: Final = "remote relationship"


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Something that can go away. `name` is a column's, relationship's or field's, empty for the table itself."""

    kind: Literal["table", "column", "relationship", "computed field"]
    table: Name
    name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Dependent:
    """A relationship, a computed field, an event trigger, a function, or a role's permission (`kind` is then the
    operation). `source` is its own."""

    source: str
    table: Name
    kind: str
    name: str

    def __str__(self) -> str:
        if self.kind == "function":
            return f'function {self.table} in source "{self.source}"'
        if self.kind in ("relationship", REMOTE, "computed field", "event-trigger"):
            return f'{self.kind} {self.table}.{self.name} in source "{self.source}"'
        return f'permission {self.table}.{self.name}.{self.kind} in source "{self.source}"'


def refuse_or_drop(metadata: Metadata, catalog: Catalog, source: str, gone: set[Part], *, cascade: bool) -> Metadata:
    """The metadata without what depends on the parts; with dependents and no `cascade`, a dependency-error."""
    found = dependents(metadata, catalog, source, gone)
    if found and not cascade:
        raise _still_needed(found)
    for entry in found:
        metadata = _without(metadata, entry.source, entry)
    return metadata


def without_lost_functions(metadata: Metadata, catalog: Catalog, source: str, *, cascade: bool) -> Metadata:
    """Tracked functions that are no more go silently, as tables do; computed fields over them with leave only."""
    known = edit.source_of(metadata, source)
    kept = {name: entry for name, entry in known.functions.items() if name in catalog.functions}
    metadata = edit.put_source(metadata, replace(known, functions=kept))
    lost = [
        Dependent(source, table, "computed field", entry.name)
        for table, tracked in known.tables.items()
        for entry in tracked.computed_fields
        if entry.function not in catalog.functions
    ]
    if lost and not cascade:
        raise _still_needed(lost)
    for entry in lost:
        metadata = _without(metadata, source, entry)
    return metadata


def dependents(metadata: Metadata, catalog: Catalog, source: str, gone: set[Part]) -> list[Dependent]:
    """Everything that needs one of the parts, directly or through a relationship that goes too."""
    entry = edit.source_of(metadata, source)
    listed = chain(_needs(entry, catalog), _links(metadata, source))
    needs = {who: parts for who, parts in listed if who.source != source or Part("table", who.table) not in gone}
    found: set[Dependent] = set()
    wave = set(gone)
    while wave:
        hit = {who for who, parts in needs.items() if who not in found and parts & wave}
        found |= hit
        wave = {Part("relationship", who.table, who.name) for who in hit if who.kind == "relationship"}
        wave |= {Part("computed field", who.table, who.name) for who in hit if who.kind == "computed field"}
    return sorted(found)


def _needs(source: Source, catalog: Catalog) -> Iterator[tuple[Dependent, set[Part]]]:
    for table, tracked in source.tables.items():
        for entry in (*tracked.object_relationships, *tracked.array_relationships):
            parts: set[Part] = set()
            target = resolve(catalog, table, entry)
            if isinstance(target, Target):
                parts.add(Part("table", target.table))
                parts |= {Part("column", table, here) for here in target.mapping}
                parts |= {Part("column", target.table, there) for there in target.mapping.values()}
            parts |= _named(table, entry.using)
            yield Dependent(source.name, table, "relationship", entry.name), parts
        for computed in tracked.computed_fields:
            returned = returned_table(catalog, computed.function)
            tables = {Part("table", returned)} if returned else set[Part]()
            yield Dependent(source.name, table, "computed field", computed.name), tables
        for trigger in tracked.event_triggers:
            columns = {Part("column", table, column) for column in trigger.columns}
            yield Dependent(source.name, table, "event-trigger", trigger.name), columns
        for kind in edit.PERMISSION_KINDS:
            for permission in edit.permissions_of(tracked, kind):
                needed = _needed(source, catalog, table, permission)
                yield Dependent(source.name, table, kind, permission.role), needed
    for name in source.functions:
        returned = returned_table(catalog, name)
        yield Dependent(source.name, name, "function", ""), {Part("table", returned)} if returned else set()


def _links(metadata: Metadata, source: str) -> Iterator[tuple[Dependent, set[Part]]]:
    """Remote relationships of tables: of this source's, and of others' that lead to it."""
    for name, entry in metadata.sources.items():
        for table, tracked in entry.tables.items():
            for relation in tracked.remote_relationships:
                parts: set[Part] = set()
                if name == source:
                    parts |= {Part("column", table, here) for here in left(relation)}
                    parts |= {Part("computed field", table, here) for here in left(relation)}
                target = relation.definition
                if isinstance(target, ToSource) and target.source == source:
                    parts.add(Part("table", target.table))
                    parts |= {Part("column", target.table, there) for there in target.mapping.values()}
                yield Dependent(name, table, REMOTE, relation.name), parts


def _named(table: Name, using: ForeignKeyUsing | ManualUsing) -> set[Part]:
    """What a relationship names itself: it needs these even when the catalog no longer knows them."""
    if isinstance(using, ForeignKeyUsing):
        there = using.table or table
        tables = {Part("table", using.table)} if using.table else set()
        return tables | {Part("column", there, column) for column in using.columns}
    return {Part("table", using.table)}


def _needed(source: Source, catalog: Catalog, table: Name, permission: edit.Permission) -> set[Part]:
    found: set[Part] = set()
    if not isinstance(permission, DeletePermission):
        found |= {Part("column", table, column) for column in permission.columns.names}
    if isinstance(permission, InsertPermission | UpdatePermission):
        found |= {Part("column", table, column) for column in permission.set}
    if isinstance(permission, SelectPermission):
        found |= {Part("computed field", table, name) for name in permission.computed_fields}

    def column(where: Name, name: str) -> str:
        found.update((Part("column", where, name), Part("computed field", where, name)))
        return name

    def relationship(where: Name, name: str) -> str:
        found.update((Part("relationship", where, name), Part("computed field", where, name)))
        return name

    def named(where: Name) -> Name:
        found.add(Part("table", where))
        return where

    visitor = boolexp.Visitor(column=column, relationship=relationship, table=named, target=target_of(source, catalog))
    for expression in expressions(permission):
        boolexp.rewrite(expression, table, visitor)
    return found - {Part("table", table)}


def target_of(source: Source, catalog: Catalog) -> Callable[[Name, str], Name | None]:
    """`(table, relationship name) -> the table it leads to`, None where there is no such relationship. A computed field
    that gives rows counts as one."""

    def find(table: Name, name: str) -> Name | None:
        tracked = source.tables.get(table)
        for entry in (*tracked.object_relationships, *tracked.array_relationships) if tracked else ():
            if entry.name == name:
                target = resolve(catalog, table, entry)
                return target.table if isinstance(target, Target) else None
        computed = (entry for entry in (tracked.computed_fields if tracked else ()) if entry.name == name)
        return next((returned_table(catalog, entry.function) for entry in computed), None)

    return find


def expressions(permission: edit.Permission) -> list[BoolExp]:
    """`filter` and `check`, those that are there."""
    found = (getattr(permission, key, None) for key in ("filter", "check"))
    return [expression for expression in found if expression is not None]


def _still_needed(found: Sequence[Dependent]) -> ApiError:
    names = ", ".join(str(entry) for entry in found)
    return ApiError("dependency-error", f"cannot drop due to the following dependent objects: {names}", path="$.args")


def _without(metadata: Metadata, source: str, entry: Dependent) -> Metadata:
    known = edit.source_of(metadata, source)
    if entry.kind == "function":
        kept = {name: function for name, function in known.functions.items() if name != entry.table}
        return edit.put_source(metadata, replace(known, functions=kept))
    tracked = edit.table_of(metadata, source, entry.table)
    if entry.kind == "relationship":
        return edit.put_table(metadata, source, edit.without_relationship(tracked, entry.name))
    if entry.kind == REMOTE:
        kept_relations = tuple(one for one in tracked.remote_relationships if one.name != entry.name)
        return edit.put_table(metadata, source, replace(tracked, remote_relationships=kept_relations))
    if entry.kind == "event-trigger":
        return edit.put_table(metadata, source, edit.without_event_trigger(tracked, entry.name))
    if entry.kind == "computed field":
        return edit.put_table(metadata, source, edit.without_computed_field(tracked, entry.name))
    if all(permission.role != entry.name for permission in edit.permissions_of(tracked, entry.kind)):
        return metadata
    return edit.put_table(metadata, source, edit.without_permission(tracked, entry.kind, entry.name))
