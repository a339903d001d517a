"""Looks several times a second whether anything was committed, and lets what is due be asked."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Final

from nself.graphql.subscriptions.polled import Polled
from nself.pg.database import CONNECTION_LOST, Database, DriverError, PostgresError

LOG = logging.getLogger("nself.graphql")
_SNAPSHOT: Final = "SELECT pg_current_snapshot()::text"
"""Which transactions can be seen. While it stays the same, so does everything that was ever committed: tables without
a write-ahead log included, what a query takes from the clock or from elsewhere not."""
_WITHOUT_CHECKS_S: Final = 0.1
_PATIENCE_S: Final = 5.0


class Pacer:
    """Runs only while somebody is subscribed."""

    def __init__(self, database: Database, *, check_s: float) -> None:
        self._database, self._check_s = database, check_s
        self._polled: set[Polled] = set()
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen = ""

    def welcome(self, polled: Polled) -> None:
        """Somebody has joined: answer at once, and keep it going from now on."""
        self._polled.add(polled)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        if not polled.greeting:  # else the one that waits for its turn takes this newcomer along
            polled.greeting = True
            self._spawn(polled.greet())

    def discard(self, polled: Polled) -> bool:
        """Whether that was the last."""
        self._polled.discard(polled)
        if self._polled:
            return False
        if self._running is not None:
            self._running.cancel()
            self._running = None
        return True

    async def close(self) -> None:
        self._polled.clear()
        waiting = [*self._tasks, *([self._running] if self._running else [])]
        self._running = None
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._check_s or _WITHOUT_CHECKS_S)
            if self._check_s and await self._is_changed():
                for polled in self._polled:
                    polled.stale = True
            now = loop.time()
            for polled in [one for one in self._polled if one.is_due(now)]:
                self._spawn(polled.sweep())

    async def _is_changed(self) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                rows = await self._database.read(_SNAPSHOT)
        except (PostgresError, DriverError, *CONNECTION_LOST) as error:
            LOG.debug("the database cannot be looked at now: %s", error)
            return False
        except Exception:  # whoever is subscribed depends on this going on
            LOG.exception("internal error while looking whether anything was committed")
            return False
        before, self._seen = self._seen, rows[0][0]
        return before != self._seen

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[object, object, None]) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            try:
                await work
            except Exception:  # one group's trouble must not end the others; it is asked again when it is due
                LOG.exception("internal error while answering subscriptions")
