"""Input types of `order_by`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from nself.graphql.language.types import Enum, EnumValue, InputField, InputObject
from nself.graphql.schema import columns
from nself.graphql.schema.computed import ScalarField
from nself.graphql.schema.means import FUNCTIONS, ComputedAggregate, Part, RelatedAggregate, RelatedRow, RoleTable
from nself.graphql.schema.naming import Naming
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import Readable

DIRECTIONS = {
    "asc": EnumValue("asc", "in ascending order, nulls last", "ASC NULLS LAST"),
    "asc_nulls_first": EnumValue("asc_nulls_first", "in ascending order, nulls first", "ASC NULLS FIRST"),
    "asc_nulls_last": EnumValue("asc_nulls_last", "in ascending order, nulls last", "ASC NULLS LAST"),
    "desc": EnumValue("desc", "in descending order, nulls first", "DESC NULLS FIRST"),
    "desc_nulls_first": EnumValue("desc_nulls_first", "in descending order, nulls first", "DESC NULLS FIRST"),
    "desc_nulls_last": EnumValue("desc_nulls_last", "in descending order, nulls last", "DESC NULLS LAST"),
}


def direction(schema: RoleSchema, naming: Naming) -> Enum:
    def make(name: str) -> Enum:
        spelled = {naming.enum_value(value): entry for value, entry in DIRECTIONS.items()}
        values = {value: structs.replace(entry, name=value) for value, entry in spelled.items()}
        return Enum(name=name, values=values, description="column ordering options")

    return schema.shared_type(naming, "order_by", make)


def order_by(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        for column in table.readable:
            yield InputField(name=column.name, type=direction(schema, table.naming), means=column)
        for field in table.values:
            if isinstance(field, ScalarField):
                yield InputField(name=field.name, type=direction(schema, table.naming), means=field)
        for rows, target in schema.computed_rows(table):
            if target.select.aggregations:
                means = ComputedAggregate(rows, target)
                yield InputField(name=f"{rows.name}_aggregate", type=aggregate_order_by(schema, target), means=means)
        for relation in table.model.relations.values():
            target = schema.related(relation)
            if target.rules.select is None:
                continue
            if not relation.many:
                yield InputField(name=relation.name, type=order_by(schema, target), means=RelatedRow(relation, target))
            elif target.select.aggregations:
                yield InputField(
                    name=f"{relation.name}_aggregate",
                    type=aggregate_order_by(schema, target),
                    means=RelatedAggregate(relation, target),
                )

    description = f'Ordering options when selecting data from "{table.model.table.name}".'
    return schema.type_of(table, "{0}_order_by", lambda name: InputObject(name, fields, description))


def aggregate_order_by(schema: RoleSchema, table: RoleTable) -> InputObject:
    def fields() -> Iterator[InputField]:
        yield InputField(name="count", type=direction(schema, table.naming), means=Part.COUNT)
        for function in FUNCTIONS:
            chosen = aggregated(table, function.name)
            if chosen:
                yield InputField(
                    name=function.name, type=_function(schema, table, function.name, chosen), means=function
                )

    description = f'order by aggregate values of table "{table.model.table.name}"'
    return schema.type_of(table, "{0}_aggregate_order_by", lambda name: InputObject(name, fields, description))


def _function(schema: RoleSchema, table: RoleTable, function: str, chosen: list[Readable]) -> InputObject:
    def fields() -> Iterator[InputField]:
        for column in chosen:
            yield InputField(
                name=column.name, type=direction(schema, table.naming), description=column.comment, means=column
            )

    description = f'order by {function}() on columns of table "{table.model.table.name}"'
    return schema.type_of(table, f"{{0}}_{function}_order_by", lambda name: InputObject(name, fields, description))


def aggregated(table: RoleTable, function: str) -> list[Readable]:
    """The columns and computed values an aggregate function takes."""
    fits = columns.is_comparable if function in {"min", "max"} else columns.is_numeric
    return [column for column in table.values if fits(column)]
