"""Input types of `where`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nself.graphql.language.scalars import BOOL, INT, scalar_name
from nself.graphql.language.types import Enum, InputField, InputObject, ListOf, NonNull, Type, text
from nself.graphql.schema import columns, of_commands
from nself.graphql.schema.computed import ScalarField
from nself.graphql.schema.means import (
    CastTo,
    CastType,
    ComputedRows,
    Logic,
    Predicate,
    RelatedCount,
    RelatedRows,
    RoleTable,
)
from nself.graphql.schema.naming import HASURA, Naming
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import Relation, TableColumn
from nself.graphql.sql.operators import Operator, casts, for_type
from nself.pg import catalog

ENUM_OPERATORS = frozenset({"_eq", "_neq", "_in", "_nin", "_is_null"})


def bool_exp(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        yield InputField(name="_and", type=ListOf(NonNull(own)), means=Logic.AND)
        yield InputField(name="_not", type=own, means=Logic.NOT)
        yield InputField(name="_or", type=ListOf(NonNull(own)), means=Logic.OR)
        for column in table.readable:
            yield InputField(name=column.name, type=comparison_of(schema, table, column), means=column)
        for field in table.values:
            if isinstance(field, ScalarField):
                yield InputField(name=field.name, type=comparison(schema, field.type, table.naming), means=field)
        for rows, target in schema.computed_rows(table):
            yield InputField(name=rows.name, type=bool_exp(schema, target), means=ComputedRows(rows, target))
        for relation in table.model.relations.values():
            yield from _relation(schema, relation)
        if schema.row_commands:
            yield from of_commands.further(schema, table, bool_exp)

    own = schema.type_of(
        table,
        "{0}_bool_exp",
        lambda name: InputObject(
            name,
            fields,
            f'Boolean expression to filter rows from the table "{table.model.table.name}". '
            "All fields are combined with a logical 'AND'.",
        ),
    )
    return own


def _relation(schema: RoleSchema, relation: Relation) -> Iterator[InputField]:
    target = schema.related(relation)
    if target.rules.select is None:
        return
    yield InputField(name=relation.name, type=bool_exp(schema, target), means=RelatedRows(relation, target))
    if relation.many and target.select.aggregations:
        yield InputField(
            name=f"{relation.name}_aggregate",
            type=aggregate_bool_exp(schema, target),
            means=RelatedCount(relation, target),
        )


def aggregate_bool_exp(schema: RoleSchema, table: RoleTable) -> InputObject:
    def function(name: str, predicate: InputObject, chosen: Enum | None, *, many: bool) -> InputObject:
        def fields() -> Iterator[InputField]:
            if chosen is not None:
                type_: Type = ListOf(NonNull(chosen)) if many else NonNull(chosen)
                yield InputField(name="arguments", type=type_)
            yield InputField(name="distinct", type=columns.scalar_type(schema, "Boolean"))
            yield InputField(name="filter", type=bool_exp(schema, table))
            yield InputField(name="predicate", type=NonNull(predicate))

        return schema.type_of(
            table, f"{{0}}_aggregate_bool_exp_{name}", lambda type_name: InputObject(type_name, fields)
        )

    def fields() -> Iterator[InputField]:
        flags = [column for column in table.readable if column.type == BOOL]
        for name in ("bool_and", "bool_or") if flags else ():
            chosen = columns.select_column(schema, table, flags, f"_{name}_arguments_columns")
            predicate = comparison(schema, BOOL, table.naming)
            yield InputField(
                name=name,
                type=function(name, predicate, chosen, many=False),
                means=Predicate("bool_and" if name == "bool_and" else "bool_or"),
            )
        every = columns.select_column(schema, table)
        yield InputField(
            name="count",
            type=function("count", comparison(schema, INT, table.naming), every, many=True),
            means=Predicate("count"),
        )

    return schema.type_of(table, "{0}_aggregate_bool_exp", lambda name: InputObject(name, fields))


def comparison_of(schema: RoleSchema, table: RoleTable, column: TableColumn) -> InputObject:
    naming = table.naming
    enum = columns.enum_type(schema, column)
    if enum is None:
        return comparison(schema, column.type, naming)
    fields = [
        _operation(schema, operator, enum, column.type, naming)
        for operator in for_type(column.type)
        if operator.name in ENUM_OPERATORS
    ]
    return schema.shared_type(
        naming,
        f"{enum.name}_comparison_exp",
        lambda name: InputObject(
            name, lambda: fields, f'Boolean expression to compare columns of type "{enum.name}". {_ALL_COMBINED}'
        ),
    )


_ALL_COMBINED = "All fields are combined with logical 'AND'."


def comparison(schema: RoleSchema, type_: catalog.Type, naming: Naming = HASURA) -> InputObject:
    value = columns.sql_type(schema, type_)
    element = text(columns.scalar_type(schema, scalar_name(type_)))
    name = f"{element}_array_comparison_exp" if type_.array else f"{element}_comparison_exp"

    def fields() -> Iterator[InputField]:
        for operator in for_type(type_):
            yield _operation(schema, operator, value, type_, naming)
        if targets := casts(type_):
            yield InputField(name="_cast", type=_cast(schema, element, targets, naming), means=CastTo())

    description = f'Boolean expression to compare columns of type "{element}". {_ALL_COMBINED}'
    return schema.shared_type(naming, name, lambda name: InputObject(name, fields, description))


def _operation(schema: RoleSchema, operator: Operator, value: Type, type_: catalog.Type, naming: Naming) -> InputField:
    return InputField(
        name=operator.name,
        type=_operand(schema, operator, value, type_, naming),
        description=operator.description,
        means=operator,
        refuses_null=operator.operand != "boolean",
    )


def _operand(schema: RoleSchema, operator: Operator, value: Type, type_: catalog.Type, naming: Naming) -> Type:
    if operator.operand == "boolean":
        return columns.scalar_type(schema, "Boolean")
    if operator.operand == "many":
        return ListOf(NonNull(value))
    if operator.operand == "parts":
        return _parts(schema, operator, type_, naming)
    return value if operator.type is None else columns.sql_type(schema, operator.operand_type(type_))


def _parts(schema: RoleSchema, operator: Operator, type_: catalog.Type, naming: Naming) -> InputObject:
    def fields() -> Iterator[InputField]:
        for part, own in zip(operator.parts, operator.part_types(type_), strict=True):
            value = columns.scalar_type(schema, part.scalar) if part.scalar else columns.sql_type(schema, own)
            yield InputField(name=part.name, type=NonNull(value) if part.required else value, default=part.default)

    return schema.shared_type(naming, operator.input, lambda name: InputObject(name, fields))


def _cast(schema: RoleSchema, element: str, targets: Mapping[str, catalog.Type], naming: Naming) -> InputObject:
    def fields() -> Iterator[InputField]:
        for name, type_ in targets.items():
            yield InputField(name=name, type=comparison(schema, type_, naming), means=CastType(type_))

    return schema.shared_type(naming, f"{element}_cast_exp", lambda name: InputObject(name, fields))
