"""What is really in the tables, and which of it an expression means: asked in SQL, past the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nself.graphql.metadata.model import Source
from nself.graphql.rehearsal.oracle import Oracle
from nself.graphql.rehearsal.stage import Stage
from nself.pg.catalog import Catalog, Name, identifier
from nself.records import dataclass

Expressions = Sequence[Mapping[str, Any]]
"""Any of them is enough: an inherited role has one of each parent."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Sees with the eyes of one session."""

    stage: Stage
    source: Source
    catalog: Catalog
    session: Mapping[str, str]

    async def rows(self, table: Name, allowed: Expressions, columns: Sequence[str]) -> list[list[Any]]:
        """The values of these columns in every row that is allowed."""
        values = ", ".join(f"t.{identifier(column)}" for column in columns)
        found = await self._ask(f"json_agg(json_build_array({values}))", table, allowed)
        return json.loads(found) if found else []

    async def count(self, table: Name, allowed: Expressions) -> int:
        return int(await self._ask("count(*)", table, allowed))

    async def has(self, table: Name, allowed: Expressions, row: Mapping[str, str | None]) -> bool:
        """Whether this very row is allowed."""
        known = self.catalog.tables[table].primary_key
        columns = known.columns if known else tuple(row)
        oracle = Oracle(self.source, self.catalog, self.session)
        where = _any([oracle.where(each, table, "t") for each in allowed])
        same = " AND ".join(
            f"to_jsonb(t)->>{oracle.value(column)} IS NOT DISTINCT FROM {oracle.value(row[column])}"
            for column in columns
        )
        sql = f"SELECT EXISTS (SELECT FROM {table.quoted} AS t WHERE {where} AND {same})"  # noqa: S608 # values are parameters
        return bool(await self.stage.fetch_value(sql, *oracle.values))

    async def _ask(self, what: str, table: Name, allowed: Expressions) -> Any:
        oracle = Oracle(self.source, self.catalog, self.session)
        where = _any([oracle.where(each, table, "t") for each in allowed])
        sql = f"SELECT ({what})::text FROM {table.quoted} AS t WHERE {where}"  # noqa: S608 # values are parameters
        return await self.stage.fetch_value(sql, *oracle.values)


def _any(conditions: Sequence[str]) -> str:
    return f"({' OR '.join(conditions)})" if conditions else "FALSE"
