"""The `auth` schema, brought up to date when a server starts."""

from __future__ import annotations

from nself.auth.settings import AuthSettings
from nself.pg import migrations
from nself.pg.database import Database

LEDGER = "nself_auth"
"""Not `auth`: other servers of this API keep a `schema_migrations` of another form there, and a database of theirs
must be usable here and stay usable there."""


async def ensure(settings: AuthSettings) -> None:
    """Servers starting at the same time wait for one another."""
    dsn = settings.migrations_url or settings.database_url
    database = await Database.open(dsn, name="nself-auth-migrations", max_size=1)
    try:
        async with database.connection() as connection:
            await migrations.up_package(connection, "nself.auth", schema=LEDGER)
    finally:
        await database.close()
