"""Rows of A's and B's in every table, made on the stage; whose they are runs through foreign keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from nself.graphql.rehearsal import samples
from nself.graphql.rehearsal.people import PEOPLE, People, Person
from nself.graphql.rehearsal.stage import Stage
from nself.pg.catalog import Catalog, Column, ForeignKey, Name, Table, identifier
from nself.pg.database import PostgresError
from nself.records import dataclass

Row = Mapping[str, str | None]
"""Columns in PostgreSQL's text form."""


@dataclass(slots=True)
class Cast:
    """`failed` says of a table why no row could be made in it."""

    stage: Stage
    catalog: Catalog
    people: People
    rows: dict[tuple[Name, Person], Row] = field(default_factory=dict)
    failed: dict[Name, str] = field(default_factory=dict)
    _under_way: set[tuple[Name, Person]] = field(default_factory=set)
    _owned: dict[Name, bool] = field(default_factory=dict)
    _numbers: int = 0

    async def fill(self, tables: list[Name]) -> None:
        for table in tables:
            for person in PEOPLE:
                await self.row(table, person)

    def owned(self, table: Name) -> bool:
        """Whether a row of this table is somebody's: by a column of its own, or by what it refers to."""
        if table not in self._owned:
            self._owned[table] = bool(self.people.owners(table))
            # A table that leads back to itself is decided by its other keys.
            self._owned[table] = self._owned[table] or any(
                self.owned(key.target) for key in self.catalog.tables[table].foreign_keys if key.target != table
            )
        return self._owned[table]

    async def row(self, name: Name, person: Person) -> Row | None:
        """The person's row in this table, made if need be; None when it cannot be."""
        key = (name, person)
        if key in self.rows or name in self.failed or key in self._under_way:
            return self.rows.get(key)
        table = self.catalog.tables.get(name)
        if table is None or table.kind not in ("table", "partitioned"):
            self.failed[name] = "a view: its rows are those of its tables"
            return None
        self._under_way.add(key)
        try:
            made = await self._insert(table, await self.values(table, person))
        except PostgresError as error:
            self.failed[name] = self._reason(table, error)
            return None
        finally:
            self._under_way.discard(key)
        self.rows[key] = made
        return made

    def _reason(self, table: Table, error: PostgresError) -> str:
        """A row that is missing elsewhere is why this one is."""
        for key in table.foreign_keys:
            if key.target in self.failed:
                return f"it needs a row in {key.target}; {self.failed[key.target]}"
        return f"no row could be made in {table.name}: {str(error).splitlines()[0]}"

    async def values(self, table: Table, person: Person) -> dict[str, str | None]:
        """A new row of this person's, not yet inserted: what must be given, and what says whose it is."""
        self._numbers += 1
        found: dict[str, str | None] = {}
        for key in table.foreign_keys:
            if self.owned(key.target) or any(_must_be_given(table.column(name)) for name in key.columns):
                found |= await self._reference(key, person)
        for column in table.columns:
            owner = self.people.owner_values.get((table.name, column.name))
            if owner is not None and column.generated not in ("stored", "identity-always"):
                found[column.name] = owner[person]
            elif column.name not in found and _must_be_given(column):
                found[column.name] = samples.text(column.type, self.catalog, self._numbers)
        return found

    async def _reference(self, key: ForeignKey, person: Person) -> dict[str, str | None]:
        """The row that `key` leads to: the person's own, or any when rows there are nobody's."""
        row = None if self.owned(key.target) else await self._any(key.target)
        row = row or await self.row(key.target, person)
        if row is None:
            return {}
        return {here: row.get(there) for here, there in zip(key.columns, key.target_columns, strict=True)}

    async def _any(self, name: Name) -> Row | None:
        sql = f"SELECT to_json(t)::text FROM {name.quoted} AS t LIMIT 1"  # noqa: S608 # quoted
        found = await self.stage.fetch_row(sql)
        return _texts(found[0]) if found else None

    async def _insert(self, table: Table, values: Mapping[str, str | None]) -> Row:
        columns = [column for column in table.columns if column.name in values]
        if not columns:
            sql = f"INSERT INTO {table.name.quoted} AS t DEFAULT VALUES RETURNING to_json(t)::text"  # noqa: S608 # quoted
        else:
            names = ", ".join(identifier(column.name) for column in columns)
            holes = ", ".join(f"${number}::text::{_type(column)}" for number, column in enumerate(columns, 1))
            sql = f"INSERT INTO {table.name.quoted} AS t ({names}) VALUES ({holes}) RETURNING to_json(t)::text"  # noqa: S608 # quoted
        row = await self.stage.fetch_row(sql, *(values[column.name] for column in columns))
        assert row is not None
        return _texts(row[0])


def _must_be_given(column: Column | None) -> bool:
    return column is not None and not column.nullable and not column.has_default and not column.generated


def _texts(row: str) -> Row:
    def text(value: Any) -> str | None:
        return value if isinstance(value, str) or value is None else json.dumps(value)

    return {name: text(value) for name, value in json.loads(row).items()}


def _type(column: Column) -> str:
    return Name(column.type.schema, column.type.name).quoted + ("[]" if column.type.array else "")
