"""A tracked table asked by keys from elsewhere: one statement for all of them, with the caller's permissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from nself.graphql import joins
from nself.graphql.joins import Join
from nself.graphql.language.scalars import TEXT, anything
from nself.graphql.plan import rows
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected
from nself.graphql.run import Run
from nself.graphql.schema.means import RelatedAggregate, RelatedRow, RelatedRows
from nself.graphql.sql import tree as sql
from nself.graphql.sql.printer import printed
from nself.graphql.sql.statement import only_row
from nself.graphql.sql.values import Bound, Stored

_KEYS: Final = "keys"
_raw: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class RowsByKey(Struct, frozen=True):
    """A Lookup: each key is a list of values, one for each pair of the relation's mapping and in that order."""

    source: str
    statement: sql.Statement
    path: str
    joins: tuple[Join, ...]

    async def find(self, run: Run, keys: Sequence[list[Any]]) -> Sequence[Any]:
        columns = list(zip(*keys, strict=True))
        stored: dict[str, Bound] = {
            f"{_KEYS}.{n}": [self._text(value) for value in column] for n, column in enumerate(columns)
        }
        row = await only_row(run.databases[self.source], self.statement, replace(run.bindings, stored=stored))
        if not self.joins:
            return _raw(row[0])
        found: list[Any] = await joins.filled(run, joins.decode(row[0]), self.joins)
        return found

    def _text(self, value: Any) -> str | None:
        return None if value is None else anything(value, self.path)


def by_key(ctx: Context, one: Selected) -> RowsByKey:
    """For a field that means RelatedRow, RelatedRows or RelatedAggregate, of an object that is not a row of ours. The
    left sides of its relation's mapping are names for the parts of the key: anything will do."""
    assert one.of is not None
    means = one.of.means
    assert isinstance(means, RelatedRow | RelatedRows | RelatedAggregate)
    alias = ctx.aliases.next("k")
    there = means.table.model.by_sql
    arrays = tuple(
        sql.Parameter(Stored(f"{_KEYS}.{n}"), there[column].type, many=True)
        for n, (_, column) in enumerate(means.relation.mapping)
    )
    keys = sql.Unnest(arrays, alias, tuple(name for name, _ in means.relation.mapping))
    listed = sql.Call("json_agg", (rows.value(ctx, means.table, one, alias),))
    statement = printed(sql.Select(columns=((sql.Cast(listed, TEXT), None),), source=keys))
    return RowsByKey(means.table.model.source, statement, one.path, joins.taken(ctx, one.path))
