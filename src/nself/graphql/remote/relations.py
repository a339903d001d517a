"""Remote relationships as fields: of rows to remote schemas and other tables, of remote types to tables and remotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace as with_changes

import msgspec

from nself.graphql.joins import Lookup
from nself.graphql.language.types import Field, nullable
from nself.graphql.metadata.remote_schemas import RemoteRelationship, ToRemoteSchema, ToSource, left
from nself.graphql.plan import lookup
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected
from nself.graphql.remote.bridge import Bridge, JoinField
from nself.graphql.remote.lookup import by_key
from nself.graphql.remote.path import NoSuchPath, steps
from nself.graphql.remote.roots import RemotePlace
from nself.graphql.remote.upstream import RemoteType
from nself.graphql.schema import objects
from nself.graphql.schema.means import Promised, RelatedAggregate, RelatedRow, RelatedRows, RoleTable
from nself.graphql.schema.role import RoleSchema
from nself.graphql.schema.tables import Relation, TableColumn, TableKey
from nself.records import dataclass

Plan = Callable[[Context, Selected], Lookup]


@dataclass(frozen=True, eq=False)
class RoleRelations:
    """One role's: what leads to where the role may not go is left out."""

    schema: RoleSchema
    place_of: Callable[[str], RemotePlace | None]
    of_types: Mapping[str, Mapping[str, tuple[RemoteRelationship, ...]]]
    """{remote schema: {type: its relationships}}."""

    def of_rows(self, table: RoleTable) -> Iterator[Field]:
        for relation in table.model.tracked.remote_relationships:
            columns = tuple(column for name in left(relation) if (column := column_of(table, name)))
            if len(columns) == len(left(relation)) and relation.name not in table.model.columns:
                for field, plan in self._fields(relation):
                    yield msgspec.structs.replace(field, means=Promised(columns, plan))

    def fields_of(self, bridge: Bridge, type_: RemoteType) -> Iterator[Field]:
        known = self.of_types.get(bridge.name, {})
        for relation in known.get(type_.name) or known.get(bridge.naming.types[type_.name], ()):
            keys = left(relation)
            if all(key in type_.fields for key in keys) and relation.name not in type_.fields:
                for field, plan in self._fields(relation):
                    yield msgspec.structs.replace(field, means=JoinField(keys, plan))

    def _fields(self, relation: RemoteRelationship) -> Iterator[tuple[Field, Plan]]:
        """Fields without their meaning, and who answers them."""
        match relation.definition:
            case ToSource() as definition:
                yield from self._to_rows(relation.name, definition)
            case ToRemoteSchema() as definition:
                found = self._to_remote(relation.name, definition)
                if found:
                    yield found

    def _to_rows(self, name: str, definition: ToSource) -> Iterator[tuple[Field, Plan]]:
        target = self.target(definition)
        if target is None or target.rules.select is None:
            return
        relation = Relation(
            name=name,
            source=definition.source,
            many=definition.many,
            target=definition.table,
            mapping=tuple(definition.mapping.items()),
        )
        if not definition.many and objects.is_shown(self.schema, target):
            means = RelatedRow(relation, target)
            yield Field(name=name, type=objects.row(self.schema, target)), _rows(means)
        for field in objects.related(self.schema, relation, target) if definition.many else ():
            yield field, _rows(field.means)

    def target(self, definition: ToSource) -> RoleTable | None:
        key = TableKey(definition.source, definition.table)
        return self.schema.table(key) if key in self.schema.tables else None

    def _to_remote(self, name: str, definition: ToRemoteSchema) -> tuple[Field, Plan] | None:
        place = self.place_of(definition.remote_schema)
        if place is None:
            return None
        bridge = place.bridge
        try:
            found = steps(definition.remote_field, bridge.upstream, bridge.naming.upstream)
        except NoSuchPath:
            return None
        last = found[-1]
        taken = {mapped.argument.name for mapped in last.mapped}
        declared = {key: argument for key, argument in last.field.arguments.items() if key not in taken}
        field = Field(name=name, type=nullable(bridge.ref(last.field.type)), arguments=bridge.inputs(declared))

        def plan(ctx: Context, one: Selected) -> Lookup:
            return by_key(ctx, one, bridge, place.endpoint, found, definition.lhs_fields)

        return field, plan


def _rows(means: RelatedRow | RelatedRows | RelatedAggregate) -> Plan:
    def plan(ctx: Context, one: Selected) -> Lookup:
        assert one.of is not None
        return lookup.by_key(ctx, with_changes(one, of=msgspec.structs.replace(one.of, means=means)))

    return plan


def column_of(table: RoleTable, name: str) -> TableColumn | None:
    return table.model.by_sql.get(name) or table.model.columns.get(name)
