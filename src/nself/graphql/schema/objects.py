"""Output types: rows, aggregates, and the arguments that choose rows."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql.language.types import Field, InputField, Interface, ListOf, NonNull, Object, Type, arguments
from nself.graphql.schema import columns
from nself.graphql.schema.call_inputs import args_field
from nself.graphql.schema.computed import Computed, RowsField, ScalarField
from nself.graphql.schema.filters import bool_exp
from nself.graphql.schema.means import (
    FUNCTIONS,
    ColumnValue,
    ComputedRows,
    ComputedValue,
    Function,
    Part,
    RelatedAggregate,
    RelatedRow,
    RelatedRows,
    RoleTable,
)
from nself.graphql.schema.ordering import aggregated, order_by
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import Readable, Relation, TableColumn


def row(schema: RoleSchema, table: RoleTable) -> Object:
    def fields() -> Iterator[Field]:
        for column in table.readable:
            yield _column(schema, table, column)
        for field in table.computed:
            yield _computed_value(schema, table, field)
        for rows, target in schema.computed_rows(table, plain=False):
            if is_shown(schema, target):
                yield _computed_rows(schema, table, rows, target)
        for relation in table.model.relations.values():
            target = schema.related(relation)
            if target.rules.select is not None:
                yield from related(schema, relation, target)
        for elsewhere in schema.row_fields:
            yield from elsewhere.of_rows(schema, table)

    comment = table.model.tracked.config.comment
    description = comment if comment is not None else table.model.table.comment
    default = f'columns and relationships of "{table.model.table.name}"'

    def abstract() -> Iterator[Interface]:
        if schema.dialect is not None:
            yield from schema.dialect.abstract(schema, table)

    title = described(description, default)
    return schema.type_of(table, "{0}", lambda name: Object(name, fields, title, abstract=abstract))


def is_shown(schema: RoleSchema, table: RoleTable) -> bool:
    """Whether a row has any field for this role: a permission may allow to count what it hides."""
    if table.rules.select is None:
        return False
    if table.readable or table.computed or any(schema.computed_rows(table, plain=False)):
        return True
    targets = (schema.related(relation) for relation in table.model.relations.values())
    return any(target.rules.select is not None for target in targets)


def described(comment: str | None, default: str | None) -> str | None:
    """A comment replaces the default description; an empty one takes it away."""
    return default if comment is None else comment or None


def _column(schema: RoleSchema, table: RoleTable, column: TableColumn) -> Field:
    return Field(
        name=column.name,
        type=columns.output_type(schema, column, masked=column.sql in table.select.masks),
        means=ColumnValue(column),
        arguments=arguments(_json_path(schema, column)),
        description=column.comment or None,
    )


def _json_path(schema: RoleSchema, of: Readable) -> InputField | None:
    if not columns.is_json(of):
        return None
    return InputField(name="path", type=columns.scalar_type(schema, "String"), description="JSON select path")


def _computed_value(schema: RoleSchema, table: RoleTable, field: ScalarField) -> Field:
    return Field(
        name=field.name,
        type=columns.output_type(schema, field),
        means=ComputedValue(field),
        arguments=arguments(_computed_args(schema, table, field), _json_path(schema, field)),
        description=_computed_description(field),
    )


def _computed_rows(schema: RoleSchema, table: RoleTable, field: RowsField, target: RoleTable) -> Field:
    args = _computed_args(schema, table, field)
    return Field(
        name=field.name,
        type=ListOf(NonNull(row(schema, target))),
        means=ComputedRows(field, target),
        arguments=arguments(args) | table_arguments(schema, target),
        description=_computed_description(field),
    )


def _computed_args(schema: RoleSchema, table: RoleTable, field: Computed) -> InputField | None:
    description = f'input parameters for computed field "{field.name}" defined on table "{table.model.table.name}"'
    name = table.naming.type(f"{field.name}_{{0}}_args", table.model.base)
    return args_field(schema, field.routine, name, description, table.naming)


def _computed_description(field: Computed) -> str | None:
    return described(field.comment, f'A computed field, executes function "{field.routine.function.name}"')


def related(schema: RoleSchema, relation: Relation, target: RoleTable) -> Iterator[Field]:
    """The fields of a relationship: the row, or the rows and their aggregate."""
    shown = is_shown(schema, target)
    if not relation.many:
        if not shown:
            return
        type_: Type = row(schema, target)
        yield Field(
            name=relation.name,
            type=type_ if relation.nullable else NonNull(type_),
            means=RelatedRow(relation, target),
            description=described(relation.comment, "An object relationship"),
        )
        return
    if shown:
        yield Field(
            name=relation.name,
            type=rows_type(schema, target),
            means=RelatedRows(relation, target),
            arguments=table_arguments(schema, target),
            description=described(relation.comment, "An array relationship"),
        )
    if target.select.aggregations:
        yield Field(
            name=f"{relation.name}_aggregate",
            type=NonNull(aggregate(schema, target)),
            means=RelatedAggregate(relation, target),
            arguments=table_arguments(schema, target),
            description="An aggregate relationship",
        )


def rows_type(schema: RoleSchema, table: RoleTable) -> Type:
    return NonNull(ListOf(NonNull(row(schema, table))))


def table_arguments(schema: RoleSchema, table: RoleTable) -> dict[str, InputField]:
    integer = columns.scalar_type(schema, "Int")
    chosen = columns.select_column(schema, table)
    return arguments(
        InputField(name="distinct_on", type=ListOf(NonNull(chosen)), description="distinct select on columns")
        if chosen
        else None,
        InputField(name="limit", type=integer, description="limit the number of rows returned"),
        InputField(name="offset", type=integer, description="skip the first n rows. Use only with order_by"),
        InputField(
            name="order_by",
            type=ListOf(NonNull(order_by(schema, table))),
            description="sort the rows by one or more columns",
        )
        if is_shown(schema, table)
        else None,
        InputField(name="where", type=bool_exp(schema, table), description="filter the rows returned"),
    )


def aggregate(schema: RoleSchema, table: RoleTable) -> Object:
    def fields() -> Iterator[Field]:
        yield Field(name="aggregate", type=_functions(schema, table), means=Part.AGGREGATE)
        if is_shown(schema, table):
            yield Field(name="nodes", type=rows_type(schema, table), means=Part.NODES)

    description = f'aggregated selection of "{table.model.table.name}"'
    return schema.type_of(table, "{0}_aggregate", lambda name: Object(name, fields, description))


def _functions(schema: RoleSchema, table: RoleTable) -> Object:
    def fields() -> Iterator[Field]:
        chosen = columns.select_column(schema, table)
        yield Field(
            name="count",
            type=NonNull(columns.scalar_type(schema, "Int")),
            means=Part.COUNT,
            arguments=arguments(
                InputField(name="columns", type=ListOf(NonNull(chosen))) if chosen else None,
                InputField(name="distinct", type=columns.scalar_type(schema, "Boolean")),
            ),
        )
        for function in FUNCTIONS:
            listed = aggregated(table, function.name)
            if listed:
                yield Field(name=function.name, type=_function(schema, table, function, listed), means=function)

    description = f'aggregate fields of "{table.model.table.name}"'
    return schema.type_of(table, "{0}_aggregate_fields", lambda name: Object(name, fields, description))


def _function(schema: RoleSchema, table: RoleTable, function: Function, listed: list[Readable]) -> Object:
    def fields() -> Iterator[Field]:
        for column in listed:
            kept = columns.value_type(schema, column) if function.keeps_type else columns.scalar_type(schema, "Float")
            means = ColumnValue(column) if isinstance(column, TableColumn) else ComputedValue(column)
            yield Field(name=column.name, type=kept, means=means, description=column.comment or None)

    description = f"aggregate {function.name} on columns"
    return schema.type_of(table, f"{{0}}_{function.name}_fields", lambda name: Object(name, fields, description))
