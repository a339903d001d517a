"""Deletes cron and scheduled events that are over (delivered, given up, or too late), with their logs, if told to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from nself.graphql.events import scheduled
from nself.graphql.events.courier import AWAY
from nself.pg.database import Database
from nself.records import dataclass

LOG = logging.getLogger("nself.graphql")
_BATCH = 5000
_LOOK_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`days` after their time they may go."""

    database: Database
    days: int

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._looking())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _looking(self) -> None:
        while True:
            try:
                if deleted := await self.enforce():
                    LOG.info("%d cron and scheduled events older than %d days deleted", deleted, self.days)
            except AWAY as error:
                LOG.warning("old scheduled events cannot be deleted now: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_LOOK_S)

    async def enforce(self) -> int:
        """How many events are gone. Several engines may do so at once: each takes what the others do not hold."""
        total = 0
        for sql in (scheduled.CRON, scheduled.ONE_OFF):
            while deleted := await self.database.fetch_value(sql["clean"], self.days, _BATCH):
                total += deleted
        return total
