"""What is in the databases of the sources: their catalogs and the rows of their enum tables, read all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.schema.tables import EnumRows
from nself.graphql.sources.enums import enum_rows
from nself.graphql.sources.pools import Pools, said
from nself.pg.catalog import Catalog
from nself.pg.database import CONNECTION_LOST, Database, DriverError, PostgresError
from nself.pg.introspect import introspect
from nself.records import dataclass

_PATIENCE_S: Final = 60.0
"""A database that hangs must not hold up the changes of the others for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    database: Database
    catalog: Catalog
    enums: EnumRows


async def find(
    pools: Pools, metadata: Metadata, *, retry: bool = False, known: Mapping[str, Found] | None = None
) -> Mapping[str, Found]:
    """By source. Those absent are in `pools.failures`; a main database that is out of reach is an error. What is
    `known` of a database that is still the source's is not read again."""
    await pools.follow(metadata, retry=retry)
    still = {name: one for name, one in (known or {}).items() if one.database is pools.databases.get(name)}
    served = [source for source in metadata.sources.values() if source.name in pools.databases]
    read = [source for source in served if source.name not in still]
    found = await asyncio.gather(*(_find(pools, source) for source in read))
    fresh = {source.name: one for source, one in zip(read, found, strict=True)}
    every = {source.name: still.get(source.name) or fresh[source.name] for source in served}
    return {name: one for name, one in every.items() if one is not None}


async def _find(pools: Pools, source: Source) -> Found | None:
    database = pools.databases[source.name]
    if database is pools.main:
        return await _read(database, source)
    try:
        return await asyncio.wait_for(_read(database, source), _PATIENCE_S)
    except (*CONNECTION_LOST, DriverError, PostgresError) as error:
        pools.fail(source.name, f"connection error: {said(error)}")
        return None


async def _read(database: Database, source: Source) -> Found:
    catalog = await introspect(database)
    return Found(database=database, catalog=catalog, enums=await enum_rows(database, source, catalog))
