"""Where the metadata lives: one row of `hdb_catalog.hdb_metadata` and its resource version, as Hasura keeps it."""

from __future__ import annotations

import json

from nself.graphql.errors import ApiError
from nself.graphql.metadata import export, parse
from nself.graphql.metadata.model import Metadata, Source
from nself.pg import queries
from nself.pg.database import Connection, Database
from nself.records import dataclass

SQL = queries.load("nself.graphql.metadata")
DEFAULT_SOURCE = Source(
    rest={
        "configuration": {
            "connection_info": {
                "database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"},
                "isolation_level": "read-committed",
                "use_prepared_statements": True,
            }
        }
    }
)


@dataclass(frozen=True, slots=True)
class Stored:
    metadata: Metadata
    version: int


class StaleVersionError(ApiError):
    """Somebody changed the metadata since the caller read it."""

    def __init__(self, referenced: int) -> None:
        message = f"metadata resource version referenced ({referenced}) did not match current version"
        super().__init__("conflict", message, status=409)


class Store:
    """The metadata of one server, safe with several processes on it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def ensure(self) -> None:
        """Create what is missing. Two servers starting at once do not trip over each other."""
        if await self.database.fetch_value(SQL["exists"]):
            return
        async with self.database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('nself:hdb_catalog'))")
            await connection.execute(SQL["create"])
            await connection.execute(SQL["insert"], _text(Metadata(sources={"default": DEFAULT_SOURCE})))

    async def read(self) -> Stored:
        row = await self.database.fetch_row(SQL["read"])
        if row is None:
            await self.database.execute(SQL["insert"], _text(Metadata(sources={"default": DEFAULT_SOURCE})))
            return await self.read()
        return Stored(parse.metadata(json.loads(row["metadata"])), row["resource_version"])

    async def version(self) -> int:
        return int(await self.database.fetch_value(SQL["version"]) or 0)

    def is_in(self, database: Database) -> bool:
        """Whether one transaction can change the metadata together with that database."""
        return self.database is database

    async def save(self, metadata: Metadata, *, replacing: int, within: Connection | None = None) -> int:
        """Keep it if the stored version still is `replacing`; the new version. `within` a transaction under way, it
        comes into force with that."""
        fetch = within.fetchval if within else self.database.fetch_value
        version = await fetch(SQL["update"], _text(metadata), replacing)
        if version is None:
            raise StaleVersionError(replacing)
        return int(version)

    async def applied_digest(self) -> str | None:
        """What `HASURA_GRAPHQL_METADATA_DIR` held when it was applied last."""
        digest: str | None = await self.database.fetch_value(SQL["applied_digest"])
        return digest

    async def set_applied_digest(self, digest: str) -> None:
        await self.database.execute(SQL["set_applied_digest"], digest)


def _text(metadata: Metadata) -> str:
    return json.dumps(export.metadata(metadata), ensure_ascii=False)
