"""Taking one inconsistent object out of the metadata, with what hangs on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nself.graphql.metadata import dependencies, edit
from nself.graphql.metadata.model import Inconsistency, Metadata, TrackedTable
from nself.graphql.metadata.reader import Reader
from nself.pg.catalog import Catalog


def without(metadata: Metadata, catalog: Catalog, found: Inconsistency) -> Metadata:
    """The metadata without the object; unchanged if it is gone already."""
    definition = dict(found.definition)
    if found.kind == "source":
        return edit.without_source(metadata, definition["name"])
    where = str(definition.get("source", "default"))
    if found.kind == "function":
        source, function = edit.source_of(metadata, where), Reader(definition["function"]).qualified()
        kept = {name: entry for name, entry in source.functions.items() if name != function}
        return edit.put_source(metadata, replace(source, functions=kept))
    table = Reader(definition if found.kind == "table" else definition["table"]).qualified()
    tracked = edit.source_of(metadata, where).tables.get(table)
    if tracked is None:
        return metadata
    if found.kind == "table":
        parts = {dependencies.Part("table", table)}
        kept_tables = dependencies.refuse_or_drop(metadata, catalog, where, parts, cascade=True)
        return edit.without_table(kept_tables, where, table)
    return edit.put_table(metadata, where, _part(tracked, found.kind, definition))


def _part(tracked: TrackedTable, kind: str, definition: dict[str, Any]) -> TrackedTable:
    match kind:
        case "object_relation" | "array_relation":
            part = f"{kind}ships"
            entries = tuple(entry for entry in getattr(tracked, part) if entry.name != definition["name"])
            return edit.with_part(tracked, part, entries)
        case "computed_field":
            return edit.without_computed_field(tracked, definition["name"])
        case _:
            entries = tuple(entry for entry in getattr(tracked, f"{kind}s") if entry.role != definition["role"])
            return edit.with_part(tracked, f"{kind}s", entries)
