"""Relationships that the foreign keys between tracked tables suggest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nself.graphql.metadata import edit, export
from nself.graphql.metadata.command import Call, Command, Reply, never, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import TrackedTable
from nself.graphql.metadata.targets import Target, resolve
from nself.pg.catalog import Catalog, ForeignKey, Name


async def suggest(draft: Draft, call: Call) -> Reply:
    """With `omit_tracked`, only what is not there yet; with `tables`, only what begins at one of them."""
    omit, named = call.args.get("omit_tracked"), call.args.get("tables")
    where = source(call.args)
    tables = edit.source_of(draft.metadata, where).tables
    wanted = {item.qualified() for item in named.items()} if named else set(tables)
    catalog, found = draft.engine.catalog_of(where), []
    for suggestion, begins, ends, columns in _all(set(tables), catalog):
        known = omit and omit.boolean() and _is_tracked(tables[begins], ends, columns, catalog)
        if begins in wanted and not known:
            found.append(suggestion)
    return {"relationships": found}


def _all(tables: set[Name], catalog: Catalog) -> Iterator[tuple[dict[str, Any], Name, Name, dict[str, str]]]:
    for table in sorted(tables & set(catalog.tables)):
        for key in catalog.tables[table].foreign_keys:
            if key.target in tables:
                mapping = dict(zip(key.columns, key.target_columns, strict=True))
                here, there = _end(table, key.columns, key), _end(key.target, key.target_columns)
                yield {"type": "object", "from": here, "to": there}, table, key.target, mapping
                back = {other: own for own, other in mapping.items()}
                yield {"type": "array", "from": there, "to": here}, key.target, table, back


def _end(table: Name, columns: tuple[str, ...], key: ForeignKey | None = None) -> dict[str, Any]:
    named = {"constraint_name": key.name} if key else {}
    return {"table": export.qualified(table), "columns": list(columns), **named}


def _is_tracked(tracked: TrackedTable, ends: Name, mapping: dict[str, str], catalog: Catalog) -> bool:
    entries = (*tracked.object_relationships, *tracked.array_relationships)
    return Target(ends, mapping) in [resolve(catalog, tracked.table, entry) for entry in entries]


COMMANDS = (Command(name="suggest_relationships", run=suggest, of_source=True, changes=never),)
