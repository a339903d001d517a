"""`_service` and `_entities`: what a gateway asks of a subgraph."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Final

from msgspec import Struct

from nself.graphql import joins
from nself.graphql.elsewhere import Elsewhere, Part
from nself.graphql.errors import ApiError
from nself.graphql.federation.sdl import sdl
from nself.graphql.language.types import Field, InputField, ListOf, NonNull, Object, Union, arguments
from nself.graphql.plan.arguments import Leaf
from nself.graphql.plan.context import Context
from nself.graphql.plan.lookup import RowsByKey, by_key
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.run import Run
from nself.graphql.schema import columns, objects
from nself.graphql.schema.means import RelatedRow, RoleTable
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import Relation
from nself.records import dataclass
from nself.web.json import encode

_CONFIG: Final = "apollo_federation_config"


def entities(schema: RoleSchema) -> dict[str, RoleTable]:
    """The tables that a gateway may ask for rows of, by the name of their type: those whose key the role may read."""
    found = {}
    for table in schema.visible():
        key = table.model.primary_key
        readable = set(table.readable)
        if table.model.tracked.rest.get(_CONFIG) and key and readable.issuperset(key):
            found[objects.row(schema, table).name] = table
    return found


@dataclass(eq=False)
class Federation:
    """Root fields, and the place that answers them."""

    roles: Collection[str] = field(default=())

    def queries(self, schema: RoleSchema) -> Iterator[Field]:
        yield Field(name="_service", type=NonNull(_service(schema)), means=Elsewhere(self, "service"))
        if entities(schema):
            given = NonNull(ListOf(NonNull(columns.scalar_type(schema, "_Any"))))
            yield Field(
                name="_entities",
                type=NonNull(ListOf(_entity(schema))),
                means=Elsewhere(self, "entities"),
                arguments=arguments(InputField(name="representations", type=given)),
            )

    def mutations(self, schema: RoleSchema) -> Iterator[Field]:
        return iter(())

    def subscriptions(self, schema: RoleSchema) -> Iterator[Field]:
        return iter(())

    def plan(self, ctx: Context, fields: Sequence[Selected]) -> Sequence[Part]:
        return [
            _Service(one, ctx) if one.of and one.of.means.means == "service" else _entities(ctx, one) for one in fields
        ]


def _service(schema: RoleSchema) -> Object:
    def fields() -> Iterator[Field]:
        yield Field(name="sdl", type=NonNull(columns.scalar_type(schema, "String")), means="sdl")

    return schema.type("_Service", lambda name: Object(name, fields))


def _entity(schema: RoleSchema) -> Union:
    def possible() -> Iterator[Object]:
        return (objects.row(schema, table) for table in entities(schema).values())

    return schema.type(
        "_Entity", lambda name: Union(name, possible, "A union of all types that use the @key directive")
    )


class _Service:
    """The text is as large as the schema: it is written beside the event loop, and not kept."""

    def __init__(self, one: Selected, ctx: Context) -> None:
        self._key, self._schema = one.key, ctx.schema
        self._fields = [(each.key, each.typename if each.of is None else None) for each in fields_of(ctx, one)]

    async def run(self, run: Run) -> Mapping[str, bytes]:
        known = {name: typename for name, typename in self._fields if typename}
        text = await asyncio.to_thread(self._sdl) if len(known) < len(self._fields) else ""
        return {self._key: encode({name: known.get(name, text) for name, _ in self._fields})}

    def _sdl(self) -> str:
        keys = {name: " ".join(column.name for column in table.model.primary_key) for name, table in self._entities}
        return sdl(self._schema.to_describe, keys)

    @property
    def _entities(self) -> list[tuple[str, RoleTable]]:
        return list(entities(self._schema).items())


class _Group(Struct, frozen=True):
    """Representations of one type: where they stand, their keys, how the rows are found."""

    places: list[int]
    keys: list[list[Any]]
    lookup: RowsByKey


class _Entities(Struct, frozen=True):
    key: str
    count: int
    groups: tuple[_Group, ...]

    async def run(self, run: Run) -> Mapping[str, bytes]:
        found: list[Any] = [None] * self.count
        answers = await joins.together(group.lookup.find(run, group.keys) for group in self.groups)
        for group, rows in zip(self.groups, answers, strict=True):
            for place, row in zip(group.places, rows, strict=True):
                found[place] = row
        return {self.key: joins.encode(found)}


def _entities(ctx: Context, one: Selected) -> _Entities:
    """One statement for each type asked for. The keys are part of the plan, which is made for this request alone."""
    given = arguments_of(ctx, one)["representations"]
    assert isinstance(given, Leaf)
    ctx.reusable = False
    path = f"{one.path}.args.representations"
    asked = given.value if isinstance(given.value, list) else [given.value]
    known, places = entities(ctx.schema), dict[str, list[int]]()
    for number, each in enumerate(asked):
        name = each.get("__typename") if isinstance(each, dict) else None
        if not isinstance(name, str) or name not in known:
            raise _refused("expected an object with the __typename of an entity", f"{path}[{number}]")
        places.setdefault(name, []).append(number)
    groups = tuple(_group(ctx, one, known[name], asked, at, path) for name, at in places.items())
    return _Entities(one.key, len(asked), groups)


def _group(
    ctx: Context, one: Selected, table: RoleTable, asked: list[dict[str, Any]], places: list[int], path: str
) -> _Group:
    key = table.model.primary_key
    for place in places:
        lacking = next((column.name for column in key if asked[place].get(column.name) is None), None)
        if lacking:
            raise _refused(f'the key field "{lacking}" is missing', f"{path}[{place}]")
    mapping = tuple((f"k{number}", column.sql) for number, column in enumerate(key))
    name = table.model.table.name
    relation = Relation(
        source=table.model.source, name="_entities", many=False, target=name, mapping=mapping, unique=True
    )
    of = Field(name="_entities", type=objects.row(ctx.schema, table), means=RelatedRow(relation, table))
    keys = [[asked[place][column.name] for column in key] for place in places]
    return _Group(places, keys, by_key(ctx, replace(one, of=of)))


def _refused(message: str, path: str) -> ApiError:
    return ApiError("validation-failed", message, path=path)
