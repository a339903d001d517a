"""Types of columns: scalars, lists of them, enums backed by a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nself.graphql.language.scalars import BUILT_IN, INCOMPARABLE, NUMERIC, array, found, invalid, scalar, scalar_name
from nself.graphql.language.types import Encode, Enum, EnumValue, ListOf, NonNull, Scalar, Type, nullable
from nself.graphql.schema.means import RoleTable
from nself.graphql.schema.naming import HASURA, Base
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import Readable, TableColumn, is_enum_value
from nself.pg import catalog


def scalar_type(schema: RoleSchema, name: str) -> Scalar:
    return schema.type(name, scalar)


def value_type(schema: RoleSchema, column: Readable) -> Type:
    """What a column holds, null aside."""
    enum = enum_type(schema, column) if isinstance(column, TableColumn) else None
    if enum is not None:
        return enum
    return sql_type(schema, column.type)


def sql_type(schema: RoleSchema, type_: catalog.Type) -> Type:
    element = scalar_type(schema, scalar_name(type_))
    return ListOf(NonNull(element), literal=True) if type_.array else element


def enum_type(schema: RoleSchema, column: TableColumn) -> Enum | None:
    values = schema.values_of(column)
    if values is None or column.enum is None or column.type.array:
        return None
    there = schema.table(column.enum) if column.enum in schema.tables else None
    naming, base = (there.naming, there.model.base) if there else (HASURA, Base(column.enum.name.name))
    spelled = schema.spelled_values(column)
    members = {spelled[name]: EnumValue(spelled[name], text, name) for name, text in sorted(values.items())}
    return schema.type(naming.type("{0}_enum", base), lambda name: Enum(name=name, values=members, open=True))


def output_type(schema: RoleSchema, column: Readable, *, masked: bool = False) -> Type:
    """`masked` columns are null in some rows whatever the database says."""
    type_ = value_type(schema, column)
    return type_ if column.nullable or masked else NonNull(type_)


def enum_values(table: RoleTable, columns: Iterable[TableColumn]) -> dict[str, EnumValue]:
    """Columns as the members of an enum."""
    naming = table.naming
    # A name of its own stays; others are spelled from what the database calls the column.
    named = {c.name if c.named else naming.enum_value(c.sql) if naming.graphql else c.name: c for c in columns}
    return {n: EnumValue(n, "column name", c) for n, c in sorted(named.items()) if is_enum_value(n)}


def select_column(
    schema: RoleSchema, table: RoleTable, chosen: Sequence[TableColumn] | None = None, suffix: str = ""
) -> Enum | None:
    """The enum of columns that may be named, None when there is none."""
    values = enum_values(table, table.readable if chosen is None else chosen)
    if not values:
        return None
    pattern = f"{{0}}_select_column_{{0}}_aggregate_bool_exp{suffix}" if suffix else "{0}_select_column"
    description = f'select columns of table "{table.model.table.name}"'
    return schema.type_of(table, pattern, lambda name: Enum(name=name, values=values, description=description))


def enum_encoder(enum: Enum) -> Encode:
    """Checks that a value is one of the enum's: they are rows of a table, so the statement does not name them."""
    listed = ", ".join(f"'{name}'" for name in enum.values)

    def encode(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise invalid(f"expected an enum value for type '{enum.name}', but found {found(value)}", path)
        known = enum.values.get(value)
        if known is None:
            raise invalid(f"expected one of the values [{listed}] for type '{enum.name}', but found '{value}'", path)
        return known.means if isinstance(known.means, str) else value

    return encode


def encoder_of(type_: Type) -> Encode:
    """How a value of a GraphQL type becomes text for PostgreSQL."""
    match nullable(type_):
        case Enum() as enum:
            return enum_encoder(enum)
        case ListOf(of):
            return array(encoder_of(of))
        case Scalar() as plain:
            return plain.encode
        case other:
            raise AssertionError(other)


def is_numeric(column: Readable) -> bool:
    return not column.type.array and column.type.name in NUMERIC


def is_comparable(column: Readable) -> bool:
    """Whether MIN and MAX know the type."""
    if column.type.array or column.type.kind in {"composite", "pseudo"}:
        return False
    known = (
        column.type.schema == "pg_catalog" or column.type.name in {*BUILT_IN, "citext"} or column.type.kind == "enum"
    )
    return known and column.type.name not in INCOMPARABLE


def is_jsonb(column: Readable) -> bool:
    return column.type.name == "jsonb" and not column.type.array


def is_json(column: Readable) -> bool:
    return column.type.name in {"json", "jsonb"} and not column.type.array
