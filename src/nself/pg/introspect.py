"""Reads a database's catalog in one round trip."""

from __future__ import annotations

import json
from typing import Any

from nself.pg.catalog import Argument, Catalog, Column, Constraint, ForeignKey, Function, Name, Table, Type
from nself.pg.database import Connection, Database
from nself.pg.queries import load

SQL = load("nself.pg", "introspect.sql")

_TABLE_KINDS: Any = {"r": "table", "v": "view", "m": "materialized", "p": "partitioned", "f": "foreign"}
_TYPE_KINDS: Any = {
    "b": "base",
    "e": "enum",
    "c": "composite",
    "d": "domain",
    "r": "range",
    "m": "range",
    "p": "pseudo",
}
_VOLATILITY: Any = {"i": "immutable", "s": "stable", "v": "volatile"}
_IDENTITY: Any = {"a": "identity-always", "d": "identity-default"}

# Bits of pg_relation_is_updatable: 1 << CMD_UPDATE, CMD_INSERT, CMD_DELETE.
_UPDATE, _INSERT, _DELETE = 4, 8, 16


async def introspect(database: Database | Connection) -> Catalog:
    """Everything outside the system's own schemas; over a connection, as its transaction sees it."""
    fetch = database.fetch_value if isinstance(database, Database) else database.fetchval
    facts = json.loads(await fetch(SQL["catalog"]))
    functions: dict[Name, tuple[Function, ...]] = {}
    for function in map(_function, facts["functions"]):
        functions[function.name] = (*functions.get(function.name, ()), function)
    return Catalog(
        tables={table.name: table for table in map(_table, facts["tables"])},
        functions=functions,
        enums={Name(schema, name): tuple(labels or ()) for schema, name, labels in facts["enums"]},
    )


def _table(row: list[Any]) -> Table:
    schema, name, kind, columns, uniques, links, comment, writable = row
    return Table(
        name=Name(schema, name),
        kind=_TABLE_KINDS[kind],
        columns=tuple(map(_column, columns or ())),
        unique=tuple(Constraint(name=n, primary=primary, columns=tuple(names)) for n, primary, names in uniques or ()),
        foreign_keys=tuple(map(_foreign_key, links or ())),
        comment=comment,
        insertable=bool(writable & _INSERT),
        updatable=bool(writable & _UPDATE),
        deletable=bool(writable & _DELETE),
    )


def _column(row: list[Any]) -> Column:
    name, type_name, space, is_array, kind, not_null, has_default, identity, generated, comment = row
    return Column(
        name=name,
        type=_type([type_name, space, is_array, kind]),
        nullable=not not_null,
        has_default=has_default,
        generated=_IDENTITY.get(identity, "stored" if generated else ""),
        comment=comment,
    )


def _foreign_key(row: list[Any]) -> ForeignKey:
    name, schema, table, pairs = row
    return ForeignKey(
        name=name,
        columns=tuple(here for here, _ in pairs),
        target=Name(schema, table),
        target_columns=tuple(there for _, there in pairs),
    )


def _function(row: list[Any]) -> Function:
    schema, name, arguments, result, table, returns_set, volatility, variadic, comment = row
    return Function(
        name=Name(schema, name),
        arguments=tuple(Argument(name=a[0], type=_type(a[1:5]), has_default=a[5]) for a in arguments),
        returns=_type(result),
        returns_table=Name(*table) if table else None,
        returns_set=returns_set,
        volatility=_VOLATILITY[volatility],
        variadic=variadic,
        comment=comment,
    )


def _type(row: list[Any]) -> Type:
    name, space, is_array, kind = row
    return Type(name=name, schema=space, array=is_array, kind=_TYPE_KINDS[kind])
