"""Metadata against a database, without a server: what `nself db metadata validate` asks."""

from __future__ import annotations

from typing import Any

from nself.graphql.engine import Engine
from nself.graphql.metadata import consistency
from nself.graphql.metadata.live import merged, rendered
from nself.graphql.metadata.model import Metadata
from nself.pg.database import Database


async def inconsistencies(dsn: str, metadata: Metadata) -> list[dict[str, Any]]:
    """What `get_inconsistent_metadata` would list were this metadata in force. Nothing is changed."""
    database = await Database.open(dsn, name="nself-check", max_size=2, wait_s=2, raw_json=True)
    try:
        engine = Engine(database)
        found = await engine.load(metadata)
        return [rendered(entry) for entry in merged(consistency.check(metadata, engine.catalog), found)]
    finally:
        await database.close()
