"""Taking one inconsistent object out of the metadata, with what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from nself.graphql.metadata import dependencies, edit
from nself.graphql.metadata.custom_types import CustomTypes
from nself.graphql.metadata.inherited_roles import CONFLICT
from nself.graphql.metadata.model import Inconsistency, Metadata, TrackedTable
from nself.graphql.metadata.reader import Reader
from nself.graphql.metadata.remote_schemas import with_relationships
from nself.pg.catalog import Catalog

T = TypeVar("T")


def without(metadata: Metadata, catalogs: Mapping[str, Catalog], found: Inconsistency) -> Metadata:
    """The metadata without the object; unchanged if it is gone already."""
    definition = dict(found.definition)
    if found.kind == "action":
        kept_actions = {name: entry for name, entry in metadata.actions.items() if name != definition["name"]}
        return replace(metadata, actions=kept_actions)
    if found.kind == "custom_types":
        return replace(metadata, custom_types=CustomTypes())
    if found.kind == "source":
        name = definition["name"]
        return edit.without_source(metadata, name) if name in metadata.sources else metadata
    if found.kind == CONFLICT:
        # The permissions of the parents are sound, each for itself, and so is the role.
        return metadata
    if found.kind in {"rest_endpoint", "allowlist", "query_collections"}:
        return _offered(metadata, found)
    if found.kind.startswith("remote_schema"):
        return _of_remote_schema(metadata, found.kind, definition)
    if found.kind == "cron_trigger":
        kept_triggers = {name: entry for name, entry in metadata.cron_triggers.items() if name != definition["name"]}
        return replace(metadata, cron_triggers=kept_triggers)
    where = str(definition.get("source", found.source))
    if found.kind == "function":
        source, function = edit.source_of(metadata, where), Reader(definition).qualified()
        kept = {name: entry for name, entry in source.functions.items() if name != function}
        return edit.put_source(metadata, replace(source, functions=kept))
    table = Reader(definition if found.kind == "table" else definition["table"]).qualified()
    tracked = edit.source_of(metadata, where).tables.get(table)
    if tracked is None:
        return metadata
    if found.kind == "table":
        parts = {dependencies.Part("table", table)}
        kept_tables = dependencies.refuse_or_drop(metadata, catalogs[where], where, parts, cascade=True)
        return edit.without_table(kept_tables, where, table)
    return edit.put_table(metadata, where, _part(tracked, found.kind, definition))


def _offered(metadata: Metadata, found: Inconsistency) -> Metadata:
    """A REST endpoint, an entry of the allow list, or one query of a collection."""
    match found.kind:
        case "rest_endpoint":
            return replace(metadata, rest_endpoints=_but(metadata.rest_endpoints, found.definition["name"]))
        case "allowlist":
            return replace(metadata, allowlist=_but(metadata.allowlist, found.definition["collection"]))
        case _:
            collections = {
                name: replace(entry, queries=_but(entry.queries, found.definition["name"]))
                if found.name == f"query_collections {found.definition['name']} in {name}"
                else entry
                for name, entry in metadata.query_collections.items()
            }
            return replace(metadata, query_collections=collections)


def _but(entries: Mapping[str, T], gone: str) -> dict[str, T]:
    return {name: entry for name, entry in entries.items() if name != gone}


def _of_remote_schema(metadata: Metadata, kind: str, definition: dict[str, Any]) -> Metadata:
    """A whole remote schema, one of its permissions or one of its relationships."""
    kept = dict(metadata.remote_schemas)
    name = definition["name"] if kind == "remote_schema" else definition["remote_schema"]
    if name not in kept:
        return metadata
    entry = kept[name]
    match kind:
        case "remote_schema":
            del kept[name]
        case "remote_schema_permission":
            permissions = tuple(known for known in entry.permissions if known.role != definition["role"])
            kept[name] = replace(entry, permissions=permissions)
        case _:
            known = entry.relationships.get(definition["type_name"], ())
            left = [relation for relation in known if relation.name != definition["name"]]
            kept[name] = with_relationships(entry, definition["type_name"], left)
    return replace(metadata, remote_schemas=kept)


def _part(tracked: TrackedTable, kind: str, definition: dict[str, Any]) -> TrackedTable:
    match kind:
        case "object_relation" | "array_relation":
            part = f"{kind}ships"
            entries = tuple(entry for entry in getattr(tracked, part) if entry.name != definition["name"])
            return edit.with_part(tracked, part, entries)
        case "event_trigger":
            return edit.without_event_trigger(tracked, definition["name"])
        case "remote_relationship":
            left = tuple(entry for entry in tracked.remote_relationships if entry.name != definition["name"])
            return edit.with_part(tracked, "remote_relationships", left)
        case "computed_field":
            return edit.without_computed_field(tracked, definition["name"])
        case _:
            entries = tuple(entry for entry in getattr(tracked, f"{kind}s") if entry.role != definition["role"])
            return edit.with_part(tracked, f"{kind}s", entries)
