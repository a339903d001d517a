"""Custom types as one role sees them: what actions take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from graphql import ListTypeNode, NamedTypeNode, NonNullTypeNode, TypeNode
from msgspec import Struct

from nself.graphql.language.types import (
    Enum,
    EnumValue,
    Field,
    InputField,
    InputObject,
    ListOf,
    Named,
    NonNull,
    Object,
    Type,
)
from nself.graphql.metadata.custom_types import CustomEnum, CustomInput, CustomObject, CustomTypes, TypeRelationship
from nself.graphql.metadata.graphql_text import node
from nself.graphql.schema import columns, objects
from nself.graphql.schema.means import RelatedAggregate, RelatedRow, RelatedRows
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import Relation, TableKey

ANYTHING: Final = frozenset({"Int", "Float", "String", "Boolean", "ID"})
"""Scalars whose values are looked at; of others a webhook may give any JSON."""


class Given(Struct, frozen=True):
    """A field whose value the webhook gives, under this name."""

    name: str


class ActionTypes:
    """Finds types by name: custom ones first, then scalars of GraphQL and of the database."""

    def __init__(self, types: CustomTypes) -> None:
        self._enums = {entry.name: entry for entry in types.enums}
        self._inputs = {entry.name: entry for entry in types.input_objects}
        self._objects = {entry.name: entry for entry in types.objects}
        self._scalars = {entry.name: entry for entry in types.scalars}

    def input(self, schema: RoleSchema, text: str) -> Type:
        return _wrapped(node(text), lambda name: self._input(schema, name))

    def output(self, schema: RoleSchema, text: str) -> Type:
        return _wrapped(node(text), lambda name: self._output(schema, name))

    def _input(self, schema: RoleSchema, name: str) -> Named:
        if name in self._inputs:
            return self._input_object(schema, self._inputs[name])
        return self._leaf(schema, name)

    def _output(self, schema: RoleSchema, name: str) -> Named:
        if name in self._objects:
            return self._object(schema, self._objects[name])
        return self._leaf(schema, name)

    def _leaf(self, schema: RoleSchema, name: str) -> Named:
        return _enum(schema, self._enums[name]) if name in self._enums else columns.scalar_type(schema, name)

    def _input_object(self, schema: RoleSchema, entry: CustomInput) -> InputObject:
        def fields() -> Iterator[InputField]:
            for member in entry.fields:
                yield InputField(name=member.name, type=self.input(schema, member.type), description=member.description)

        return schema.type(entry.name, lambda name: InputObject(name, fields, entry.description))

    def _object(self, schema: RoleSchema, entry: CustomObject) -> Object:
        def fields() -> Iterator[Field]:
            for member in entry.fields:
                yield Field(
                    name=member.name,
                    type=self.output(schema, member.type),
                    means=Given(member.name),
                    description=member.description,
                )
            for relation in entry.relationships:
                yield from _related(schema, relation)

        return schema.type(entry.name, lambda name: Object(name, fields, entry.description))


def _enum(schema: RoleSchema, entry: CustomEnum) -> Enum:
    values = {value.value: EnumValue(value.value, value.description) for value in entry.values}
    return schema.type(entry.name, lambda name: Enum(name=name, values=values, description=entry.description))


def _wrapped(found: TypeNode, inner: Callable[[str], Named]) -> Type:
    match found:
        case NonNullTypeNode(type=of):
            return NonNull(_wrapped(of, inner))
        case ListTypeNode(type=of):
            return ListOf(_wrapped(of, inner))
        case NamedTypeNode(name=name):
            return inner(name.value)
        case _:
            raise AssertionError(found)


def _related(schema: RoleSchema, entry: TypeRelationship) -> Iterator[Field]:
    """The field of a relationship, if the role may read the table. The left sides of its mapping are the fields."""
    key = TableKey(entry.source, entry.table)
    if key not in schema.tables:
        return
    table = schema.table(key)
    if table.rules.select is None or not objects.is_shown(schema, table):
        return
    relation = Relation(
        source=entry.source,
        name=entry.name,
        many=entry.kind == "array",
        target=entry.table,
        mapping=tuple(entry.mapping.items()),
        unique=any(set(key.columns) <= set(entry.mapping.values()) for key in table.model.table.unique),
    )
    if not relation.many:
        yield Field(name=entry.name, type=objects.row(schema, table), means=RelatedRow(relation, table))
        return
    args = objects.table_arguments(schema, table)
    yield Field(
        name=entry.name, type=objects.rows_type(schema, table), means=RelatedRows(relation, table), arguments=args
    )
    if table.select.aggregations:
        yield Field(
            name=f"{entry.name}_aggregate",
            type=NonNull(objects.aggregate(schema, table)),
            means=RelatedAggregate(relation, table),
            arguments=args,
        )
