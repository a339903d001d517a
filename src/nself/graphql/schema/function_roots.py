"""Root fields that call SQL functions. A subscription has the fields of a query."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql.language.types import Field, NonNull, Type, arguments
from nself.graphql.schema import objects
from nself.graphql.schema.call_inputs import args_field
from nself.graphql.schema.functions import RootFunction
from nself.graphql.schema.means import FunctionRoot, RoleTable
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.spelling import shown


def queries(schema: RoleSchema) -> Iterator[Field]:
    for function, target in _callable(schema):
        if not function.mutation:
            yield from _rows(schema, function, target)
            yield from _aggregate(schema, function, target)


def mutations(schema: RoleSchema) -> Iterator[Field]:
    for function, target in _callable(schema):
        if function.mutation:
            yield from _rows(schema, function, target)


def _callable(schema: RoleSchema) -> Iterator[tuple[RootFunction, RoleTable]]:
    for function in schema.functions:
        target = schema.table(function.target)
        if target.rules.select is not None:
            yield function, target


def _rows(schema: RoleSchema, function: RootFunction, target: RoleTable) -> Iterator[Field]:
    if objects.is_shown(schema, target):
        type_ = objects.rows_type(schema, target) if function.many else objects.row(schema, target)
        default = f'execute {_named(function)} which returns "{target.model.table.name}"'
        yield _field(schema, function, target, "function", type_, default)


def _aggregate(schema: RoleSchema, function: RootFunction, target: RoleTable) -> Iterator[Field]:
    if target.select.aggregations:
        type_ = NonNull(objects.aggregate(schema, target))
        default = f'execute {_named(function)} and query aggregates on result of table type "{target.model.table.name}"'
        yield _field(schema, function, target, "function_aggregate", type_, default)


def _field(schema: RoleSchema, function: RootFunction, target: RoleTable, key: str, type_: Type, default: str) -> Field:
    naming, description = target.naming, f"input parameters for {_named(function)}"
    args = args_field(schema, function.routine, function.args_type(naming), description, naming)
    field = Field(
        name=function.field_name(key, naming),
        type=type_,
        means=FunctionRoot(function, target, aggregate=key == "function_aggregate"),
        arguments=arguments(args) | objects.table_arguments(schema, target),
        description=objects.described(function.comment, default),
    )
    return shown(naming, field)


def _named(function: RootFunction) -> str:
    return f'function "{function.routine.function.name}"'
