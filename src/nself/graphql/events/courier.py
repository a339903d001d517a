"""Delivers what a queue holds: fetched in batches that no other engine gets, sent with bounded concurrency, recorded.

What is under way is locked, and the lock is renewed. What an engine that died had locked is taken over when the lock
has not been renewed for a while: delivered at least once, and once unless somebody dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import field
from typing import Final, Generic, Protocol, TypeVar

from nself.graphql.events.recorder import Recorder
from nself.pg.database import CONNECTION_LOST, DriverError, PostgresError, Row
from nself.records import dataclass

LOG = logging.getLogger("nself.graphql")
LEASE_S: Final = 60
"""A lock not renewed for so long belongs to nobody."""
AWAY: Final = (*CONNECTION_LOST, DriverError, PostgresError)

T = TypeVar("T")


class Queue(Protocol[T]):
    """Where deliveries come from and what came of them goes. Every row has an `id`."""

    name: str

    async def fetch(self, most: int, lease_s: float) -> Sequence[Row]:
        """Due rows, locked for us. Rows whose lock is older than `lease_s` are due again."""

    async def attempt(self, row: Row) -> T | None:
        """Make one attempt; None if there is nobody to deliver to any more."""

    async def record(self, outcomes: Sequence[T]) -> None: ...

    async def renew(self, ids: Sequence[str], lease_s: float) -> None: ...

    async def release(self, ids: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look, how many to take at a time, how many to have under way, how long to wait at the end."""

    interval_s: float = 1.0
    batch: int = 100
    at_once: int = 100
    lease_s: float = LEASE_S
    patience_s: float = 5.0


@dataclass(slots=True, kw_only=True)
class Courier(Generic[T]):
    """`woken` makes it look before its time."""

    queue: Queue[T]
    pace: Pace
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _recorder: Recorder[T] = field(init=False)

    def __post_init__(self) -> None:
        self._recorder = Recorder(self.queue.record)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """At the end, what is under way may finish for a while; the locks of the rest are released."""
        tasks = [asyncio.create_task(self._fetching()), asyncio.create_task(self._renewing())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._wind_up()

    async def _fetching(self) -> None:
        while True:
            room = min(self.pace.at_once - len(self._under_way), self.pace.batch)
            if room <= 0:
                await asyncio.wait(self._under_way.values(), return_when=asyncio.FIRST_COMPLETED)
                continue
            self.woken.clear()
            fetched = await self._fetch(room)
            for row in fetched:
                self._under_way[row["id"]] = asyncio.create_task(self._deliver(row))
            if len(fetched) < room:
                await self._idle()

    async def _idle(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), self.pace.interval_s)

    async def _fetch(self, most: int) -> Sequence[Row]:
        try:
            return await self.queue.fetch(most, self.pace.lease_s)
        except AWAY as error:
            LOG.warning("%s cannot be fetched now: %s: %s", self.queue.name, type(error).__name__, error)
            return ()

    async def _deliver(self, row: Row) -> None:
        try:
            outcome = await self.queue.attempt(row)
            if outcome is None:
                await self._release([row["id"]])
            else:
                await self._recorder.record(outcome)
        finally:
            self._under_way.pop(row["id"], None)

    async def _renewing(self) -> None:
        while True:
            await asyncio.sleep(self.pace.lease_s / 3)
            if self._under_way:
                with contextlib.suppress(*AWAY):
                    await self.queue.renew(list(self._under_way), self.pace.lease_s)

    async def _wind_up(self) -> None:
        if self._under_way:
            await asyncio.wait(list(self._under_way.values()), timeout=self.pace.patience_s)
        left = dict(self._under_way)
        for task in left.values():
            task.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        await self._recorder.close()
        if left:
            await self._release(list(left))

    async def _release(self, ids: Sequence[str]) -> None:
        with contextlib.suppress(*AWAY):
            await self.queue.release(ids)
