"""Tracked tables as GraphQL knows them, the same for every role: names, columns, relationships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final, NamedTuple

from nself.graphql.language.types import is_graphql_name
from nself.graphql.metadata.model import ManualUsing, Relationship, Source, TrackedTable
from nself.graphql.metadata.targets import Target, resolve
from nself.graphql.schema import computed
from nself.graphql.schema.computed import Computed, ScalarField
from nself.graphql.schema.naming import HASURA, Base, Naming, base
from nself.pg.catalog import Catalog, Column, Name, Table, Type
from nself.records import dataclass

_NO_ENUM_VALUES: Final = frozenset({"true", "false", "null"})


class TableKey(NamedTuple):
    """A table among those of all sources."""

    source: str
    name: Name


EnumRows = Mapping[TableKey, Mapping[str, str | None]]
"""The values of each enum table, with their descriptions."""


def is_enum_value(name: str) -> bool:
    return is_graphql_name(name) and name not in _NO_ENUM_VALUES


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableColumn:
    """`name` is GraphQL's, `sql` the database's. `enum` is the enum table it points to."""

    name: str
    sql: str
    type: Type
    nullable: bool
    writable: bool
    """Neither computed by the database nor an identity it insists on."""
    comment: str | None = None
    enum: TableKey | None = None
    named: bool = False
    """Whether a person gave it its GraphQL name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relation:
    """`mapping` is (column here, column there). `unique`: at most one row there can match. Both are of `source`."""

    source: str
    name: str
    many: bool
    target: Name
    mapping: tuple[tuple[str, str], ...]
    nullable: bool = True
    after_parent: bool = False
    unique: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableModel:
    """`name` is the base of its GraphQL names. `columns`, `relations` and `computed` are by GraphQL name."""

    source: str
    name: str
    table: Table
    tracked: TrackedTable
    columns: Mapping[str, TableColumn]
    relations: Mapping[str, Relation]
    by_sql: Mapping[str, TableColumn] = field(default_factory=dict)
    naming: Naming = HASURA
    computed: Mapping[str, Computed] = field(default_factory=dict)

    @property
    def base(self) -> Base:
        return base(self.tracked)

    @property
    def key(self) -> TableKey:
        return TableKey(self.source, self.table.name)

    @property
    def primary_key(self) -> tuple[TableColumn, ...]:
        key = self.table.primary_key
        return tuple(self.by_sql[name] for name in key.columns) if key else ()


Readable = TableColumn | ScalarField
"""What has one value in each row."""

Tables = Mapping[Name, TableModel]


def tables(source: Source, catalog: Catalog, enums: EnumRows, naming: Naming = HASURA) -> dict[Name, TableModel]:
    """Every tracked table that exists. Columns and relationships that do not fit are left out."""
    known = {name for name in source.tables if name in catalog.tables}
    found = {}
    for name in sorted(known):
        tracked, table = source.tables[name], catalog.tables[name]
        columns = _columns(source.name, tracked, table, enums, naming)
        named = {column.name for column in columns}
        relations = dict(_relations(source.name, tracked, catalog, known, named))
        found[name] = TableModel(
            source=source.name,
            name=base(tracked).name,
            table=table,
            tracked=tracked,
            columns={column.name: column for column in columns if is_graphql_name(column.name)},
            by_sql={column.sql: column for column in columns},
            naming=naming,
            relations=relations,
            computed={
                entry.name: entry
                for entry in computed.fields(tracked, catalog, known)
                if is_graphql_name(entry.name) and entry.name not in named | relations.keys()
            },
        )
    return found


def _columns(source: str, tracked: TrackedTable, table: Table, enums: EnumRows, naming: Naming) -> list[TableColumn]:
    keys = [(key.columns[0], TableKey(source, key.target)) for key in table.foreign_keys if len(key.columns) == 1]
    pointing = {column: target for column, target in keys if target in enums}
    chosen = {name: entry.custom_name for name, entry in tracked.config.columns.items() if entry.custom_name}
    others = [column.name for column in table.columns if column.name not in chosen]
    names = {**naming.words(others, chosen.values()), **chosen}
    return [_column(tracked, column, names[column.name], pointing.get(column.name)) for column in table.columns]


def _column(tracked: TrackedTable, column: Column, name: str, enum: TableKey | None) -> TableColumn:
    config = tracked.config.columns.get(column.name)
    return TableColumn(
        name=name,
        named=bool(config and config.custom_name),
        sql=column.name,
        type=column.type,
        nullable=column.nullable,
        writable=column.generated not in {"stored", "identity-always"},
        comment=(config and config.comment) or column.comment,
        enum=enum,
    )


def _relations(
    source: str, tracked: TrackedTable, catalog: Catalog, known: set[Name], taken: set[str]
) -> Iterator[tuple[str, Relation]]:
    both = ((tracked.object_relationships, False), (tracked.array_relationships, True))
    for entries, many in both:
        for entry in entries:
            target = resolve(catalog, tracked.table, entry)
            if isinstance(target, str) or target.table not in known or entry.name in taken:
                continue
            relation = _relation(source, catalog, tracked.table, entry, target, many=many)
            if relation and is_graphql_name(entry.name):
                yield entry.name, relation


def _relation(
    source: str, catalog: Catalog, here: Name, entry: Relationship, target: Target, *, many: bool
) -> Relation | None:
    table, there = catalog.tables[here], catalog.tables[target.table]
    left = [table.column(name) for name in target.mapping]
    if any(column is None for column in (*left, *map(there.column, target.mapping.values()))):
        return None
    manual = isinstance(entry.using, ManualUsing)
    reverse = not isinstance(entry.using, ManualUsing) and entry.using.table is not None
    return Relation(
        source=source,
        name=entry.name,
        many=many,
        target=target.table,
        mapping=tuple(target.mapping.items()),
        nullable=manual or reverse or any(column.nullable for column in left if column),
        after_parent=reverse
        or (isinstance(entry.using, ManualUsing) and entry.using.insertion_order == "after_parent"),
        unique=any(set(key.columns) <= set(target.mapping.values()) for key in there.unique),
        comment=entry.comment,
    )
