"""Which tables may serve as an enum: one text primary key, perhaps one text column of descriptions."""

from __future__ import annotations

from nself.graphql.metadata.functions import because
from nself.pg.catalog import Column, Table

_SQL_NAMES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
    "varchar": "character varying",
    "bpchar": "character",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
}


def objections(table: Table) -> str | None:
    """Why the table cannot be an enum, None if by its shape it can. Its rows are looked at elsewhere."""
    reasons = [*_key(table), *_columns(table)]
    if not reasons:
        return None
    return f'the table "{table.name}" cannot be used as an enum {because(reasons)}'


def _key(table: Table) -> list[str]:
    key = table.primary_key
    if key is None:
        return ["the table must have a primary key"]
    if len(key.columns) > 1:
        return [f"the table’s primary key must not span multiple columns ({', '.join(sorted(key.columns))})"]  # noqa: RUF001
    column = table.column(key.columns[0])
    return [] if column is None or _is_text(column) else [
        f'the table’s primary key ("{column.name}") must have type "text", not type "{_sql_name(column)}"'  # noqa: RUF001
    ]  # fmt: skip


def _columns(table: Table) -> list[str]:
    names = sorted(column.name for column in table.columns)
    if len(names) > 2:
        many = f"not {len(names)} columns ({', '.join(names)})"
        return [f"the table must have exactly one primary key and optionally one comment column, {many}"]
    key = table.primary_key.columns if table.primary_key else ()
    return [
        f'the table’s comment column ("{column.name}") must have type "text", not type "{_sql_name(column)}"'  # noqa: RUF001
        for column in table.columns
        if key and column.name not in key and not _is_text(column)
    ]


def _is_text(column: Column) -> bool:
    return column.type.name == "text" and not column.type.array


def _sql_name(column: Column) -> str:
    return _SQL_NAMES.get(column.type.name, column.type.name) + ("[]" if column.type.array else "")
