"""Delivers captured events: fetched in batches that no other engine gets, sent with bounded concurrency, recorded.

An event is locked while it is under way, and the lock is renewed. What an engine that died had locked is taken over
when the lock has not been renewed for a while: delivered at least once, and once unless somebody dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from nself.graphql.events.event_log import SQL
from nself.graphql.events.invocation import Attempt, Caller
from nself.graphql.events.recorder import Recorder
from nself.graphql.events.triggers import EventTrigger
from nself.pg.database import CONNECTION_LOST, Database, DriverError, PostgresError, Row
from nself.web.json import encode

LOG = logging.getLogger("nself.graphql")
LEASE_S: Final = 60
"""A lock not renewed for so long belongs to nobody."""
_AWAY: Final = (*CONNECTION_LOST, DriverError, PostgresError)

Triggers = Callable[[], Mapping[str, EventTrigger]]
"""The event triggers in force, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look, how many events to take at a time, how many to have under way, how long to wait at the end."""

    interval_s: float = 1.0
    batch: int = 100
    at_once: int = 100
    lease_s: float = LEASE_S
    patience_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one event's attempt; `wait_s` is the time to the next one."""

    event: str
    trigger: str
    attempt: Attempt
    wait_s: int | None

    @property
    def failed(self) -> bool:
        return not self.attempt.succeeded and self.wait_s is None


@dataclass(slots=True, kw_only=True)
class Delivery:
    """`captured` wakes it before its time."""

    database: Database
    triggers: Triggers
    caller: Caller
    captured: asyncio.Event
    pace: Pace = field(default_factory=Pace)
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _recorder: Recorder[Outcome] = field(init=False)

    def __post_init__(self) -> None:
        self._recorder = Recorder(self._record)

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
            self.captured.clear()
            fetched = await self._fetch(room)
            for row in fetched:
                self._under_way[row["id"]] = asyncio.create_task(self._deliver(row))
            if len(fetched) < room:
                await self._idle()

    async def _idle(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.captured.wait(), self.pace.interval_s)

    async def _fetch(self, most: int) -> Sequence[Row]:
        names = list(self.triggers())
        if not names:
            return ()
        try:
            return await self.database.fetch(SQL["fetch"], names, most, self.pace.lease_s)
        except _AWAY as error:
            LOG.warning("events cannot be fetched now: %s: %s", type(error).__name__, error)
            return ()

    async def _deliver(self, row: Row) -> None:
        try:
            await self._attempt(row)
        finally:
            del self._under_way[row["id"]]

    async def _attempt(self, row: Row) -> None:
        trigger = self.triggers().get(row["trigger_name"])
        if trigger is None:
            await self._release([row["id"]])
            return
        attempt = await self.caller.attempt(trigger.webhook, body_of(row, trigger), trigger.retries.timeout_s)
        wait_s = attempt.wait_s(trigger.retries, row["tries"])
        if not attempt.succeeded:
            LOG.info("event %s of %s: attempt %d failed", row["id"], trigger.name, row["tries"] + 1)
        await self._recorder.record(Outcome(row["id"], trigger.name, attempt, wait_s))

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        attempts = [outcome.attempt for outcome in outcomes]
        await self.database.execute(
            SQL["record"],
            [outcome.event for outcome in outcomes],
            [outcome.trigger for outcome in outcomes],
            [attempt.status for attempt in attempts],
            [attempt.request for attempt in attempts],
            [attempt.response for attempt in attempts],
            [attempt.succeeded for attempt in attempts],
            [outcome.failed for outcome in outcomes],
            [outcome.wait_s for outcome in outcomes],
        )

    async def _renewing(self) -> None:
        while True:
            await asyncio.sleep(self.pace.lease_s / 3)
            if self._under_way:
                with contextlib.suppress(*_AWAY):
                    await self.database.execute(SQL["renew"], list(self._under_way))

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

    async def _release(self, events: Sequence[str]) -> None:
        with contextlib.suppress(*_AWAY):
            await self.database.execute(SQL["release"], events)


def body_of(row: Row, trigger: EventTrigger) -> bytes:
    """What the webhook gets. The captured part is JSON already."""
    head = {
        "id": row["id"],
        "created_at": row["created_at"],
        "table": {"schema": row["schema_name"], "name": row["table_name"]},
        "trigger": {"name": trigger.name},
        "delivery_info": {"current_retry": row["tries"], "max_retries": trigger.retries.most},
    }
    event: str = row["payload"]
    return encode(head)[:-1] + b',"event":' + event.encode() + b"}"
