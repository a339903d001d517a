"""Looking at the database and at the engine: what there is to track, what a table holds, what tools remember here."""

from __future__ import annotations

from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata import catalog_state, edit, export
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, never, source
from nself.graphql.metadata.live import Draft, rendered
from nself.pg.catalog import Catalog, Column, Name, Table


async def source_tables(draft: Draft, call: Call) -> Reply:
    """Every table and view of the database, tracked or not."""
    catalog = await _catalog(draft, call)
    return [export.qualified(name) for name in sorted(catalog.tables) if _is_open(name)]


async def trackables(draft: Draft, call: Call) -> Reply:
    """What may still be tracked."""
    catalog = await _catalog(draft, call)
    known = edit.source_of(draft.metadata, source(call.args))
    tables = sorted(name for name in catalog.tables if _is_open(name) and name not in known.tables)
    functions = sorted(name for name in catalog.functions if _is_open(name) and name not in known.functions)
    return {
        "tables": [export.qualified(name) for name in tables],
        "functions": [export.qualified(name) for name in functions],
    }


async def table_info(draft: Draft, call: Call) -> Reply:
    name = call.args.at("table").qualified()
    table = (await _catalog(draft, call)).tables.get(name)
    if table is None:
        where = source(call.args)
        raise ApiError("not-exists", f'table "{name}" does not exist in source: {where}', path="$.args.table")
    return _described(table)


async def source_kinds(draft: Draft, call: Call) -> Reply:
    return {"sources": [{"kind": "postgres", "display_name": "PostgreSQL", "builtin": True, "available": True}]}


async def get_state(draft: Draft, call: Call) -> Reply:
    return await catalog_state.read(draft.store.database)


async def set_state(draft: Draft, call: Call) -> Reply:
    kind, state = call.args.at("type"), call.args.at("state").object()
    if kind.text() not in catalog_state.KINDS:
        kind.fail(f"expected one of {', '.join(catalog_state.KINDS)}, encountered {kind.value}")
    await catalog_state.write(draft.store.database, kind.value, state)
    return SUCCESS


async def internal_state(draft: Draft, call: Call) -> Reply:
    """What the engine has in mind, for the one who wonders why it answers as it does."""
    sources = {
        name: {
            "tables": [export.table(tracked) for tracked in entry.tables.values()],
            "functions": [export.function(function) for function in entry.functions.values()],
            "catalog": _seen(draft.engine.catalog_of(name)),
        }
        for name, entry in draft.metadata.sources.items()
    }
    return {
        "resource_version": draft.version,
        "sources": sources,
        "inconsistent_objects": [rendered(entry) for entry in draft.found],
    }


def _seen(catalog: Catalog) -> dict[str, Any]:
    tables = sorted(catalog.tables.items())
    return {
        "tables": {str(name): _described(table) for name, table in tables if _is_open(name)},
        "functions": [str(name) for name in sorted(catalog.functions) if _is_open(name)],
    }


async def connection_template(draft: Draft, call: Call) -> Reply:
    message = "connection templates are not supported: every request of a source goes to its one database"
    raise ApiError("not-supported", message, path="$.args")


async def _catalog(draft: Draft, call: Call) -> Catalog:
    """As the database is now: what was created behind the engine's back is there too."""
    where = source(call.args)
    edit.source_of(draft.metadata, where)
    return await draft.engine.look(where)


def _is_open(name: Name) -> bool:
    return name.schema != "hdb_catalog"


def _described(table: Table) -> dict[str, Any]:
    key = table.primary_key
    return {
        "name": [table.name.schema, table.name.name],
        "type": "view" if table.kind in ("view", "materialized") else "table",
        "description": table.comment,
        "columns": [_column(column) for column in table.columns],
        "primary_key": list(key.columns) if key else None,
        "foreign_keys": {
            entry.name: {
                "foreign_table": [entry.target.schema, entry.target.name],
                "column_mapping": dict(zip(entry.columns, entry.target_columns, strict=True)),
            }
            for entry in table.foreign_keys
        },
        "insertable": table.insertable,
        "updatable": table.updatable,
        "deletable": table.deletable,
    }


def _column(column: Column) -> dict[str, Any]:
    writable = column.generated not in ("stored", "identity-always")
    return {
        "name": column.name,
        "type": str(column.type),
        "nullable": column.nullable,
        "description": column.comment,
        "insertable": writable,
        "updatable": writable,
    }


COMMANDS = (
    Command(name="get_source_tables", run=source_tables, of_source=True, changes=never),
    Command(name="get_source_trackables", run=trackables, of_source=True, changes=never),
    Command(name="get_table_info", run=table_info, of_source=True, changes=never),
    Command(name="test_connection_template", run=connection_template, of_source=True, changes=never),
    Command(name="list_source_kinds", run=source_kinds, changes=never),
    Command(name="get_catalog_state", run=get_state, changes=never),
    Command(name="set_catalog_state", run=set_state, changes=never),
    Command(name="dump_internal_state", run=internal_state, changes=never),
)
