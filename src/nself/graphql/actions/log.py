"""`hdb_catalog.hdb_action_log`: calls of asynchronous actions, waiting, under way and done."""

from __future__ import annotations

from nself.pg import queries
from nself.pg.database import Database

SQL = queries.load("nself.graphql.actions")


class ActionLog:
    """Kept where the metadata is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self) -> None:
        await self._database.execute(SQL["create"])

    async def forget(self, action: str) -> None:
        """Every call of that action."""
        await self._database.execute(SQL["forget"], action)
