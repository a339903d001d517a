"""Streaming root fields: the rows of a table after a cursor, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql.language.types import Enum, EnumValue, InputField, InputObject, ListOf, NonNull, arguments
from nself.graphql.schema import columns
from nself.graphql.schema.filters import bool_exp
from nself.graphql.schema.means import RoleTable
from nself.graphql.schema.naming import Naming
from nself.graphql.schema.role import RoleSchema


def stream_arguments(schema: RoleSchema, table: RoleTable) -> dict[str, InputField]:
    return arguments(
        InputField(
            name="batch_size",
            type=NonNull(columns.scalar_type(schema, "Int")),
            description="maximum number of rows returned in a single batch",
        ),
        InputField(
            name="cursor",
            type=NonNull(ListOf(_cursor(schema, table))),
            description="cursor to stream the results returned by the query",
        ),
        InputField(name="where", type=bool_exp(schema, table), description="filter the rows returned"),
    )


def _cursor(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        yield InputField(
            name="initial_value",
            type=NonNull(_initial_value(schema, table)),
            description="Stream column input with initial value",
        )
        yield InputField(name="ordering", type=_ordering(schema, table.naming), description="cursor ordering")

    description = f'Streaming cursor of the table "{table.name}"'
    return schema.type_of(table, "{0}_stream_cursor_input", lambda name: InputObject(name, fields, description))


def _initial_value(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        for column in table.readable:
            type_ = columns.value_type(schema, column)
            yield InputField(name=column.name, type=type_, description=column.comment or None, means=column)

    description = "Initial value of the column from where the streaming should start"
    return schema.type_of(table, "{0}_stream_cursor_value_input", lambda name: InputObject(name, fields, description))


def _ordering(schema: RoleSchema, naming: Naming) -> Enum:
    values = {
        "ASC": EnumValue("ASC", "ascending ordering of the cursor", "ASC"),
        "DESC": EnumValue("DESC", "descending ordering of the cursor", "DESC"),
    }
    return schema.shared_type(
        naming,
        "cursor_ordering",
        lambda name: Enum(name=name, values=values, description="ordering argument of a cursor"),
    )
