"""Metadata and a database, without a server between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nself.graphql.engine import Engine
from nself.graphql.metadata import consistency
from nself.graphql.metadata.live import merged, rendered
from nself.graphql.metadata.model import Metadata
from nself.graphql.metadata.store import DEFAULT_SOURCE, Store
from nself.graphql.remote.registry import RemoteSchemas
from nself.graphql.run import World
from nself.graphql.sources.pools import OneDatabase
from nself.graphql.webhooks.outgoing import Outgoing
from nself.pg.database import MISSING_OBJECT, Database


async def inconsistencies(dsn: str, metadata: Metadata, environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """What `get_inconsistent_metadata` would list were this metadata in force. Nothing is changed. `environ` is the
    service's, for what metadata names in it; remote schemas are asked for their types."""
    database = await Database.open(dsn, name="nself-check", max_size=2, wait_s=2, raw_json=True)
    try:
        async with Outgoing.open() as outgoing:
            engine = Engine(
                OneDatabase(database, dsn),
                remotes=RemoteSchemas(outgoing, environ),
                world=World(outgoing=outgoing, environ=environ, kept_in=database),
            )
            found = await engine.load(metadata)
        return [rendered(entry) for entry in merged(consistency.check(metadata, engine.catalogs), found)]
    finally:
        await database.close()


async def stored(dsn: str) -> Metadata:
    """The metadata that a server on this database runs on; an empty one when none ever did."""
    database = await Database.open(dsn, name="nself-check", max_size=1, wait_s=2, raw_json=True)
    try:
        return (await Store(database).read()).metadata
    except MISSING_OBJECT:
        return Metadata(sources={"default": DEFAULT_SOURCE})
    finally:
        await database.close()
