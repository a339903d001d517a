"""Starts what delivers: a courier for each database that has event triggers, and those of scheduled events."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import field

from nself.graphql.events import delivery, planning, scheduled
from nself.graphql.events.cleanup import Cleaning
from nself.graphql.events.courier import AWAY, Courier, Pace
from nself.graphql.events.delivery import EventQueue
from nself.graphql.events.invocation import Caller
from nself.graphql.events.planning import CronTriggers
from nself.graphql.events.retention import Retention
from nself.graphql.events.scheduled import ScheduledQueue
from nself.graphql.events.triggers import EventTrigger
from nself.graphql.metadata.live import LiveMetadata
from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.settings import GraphqlSettings
from nself.graphql.webhooks.env_templates import Environ
from nself.graphql.webhooks.outgoing import Outgoing
from nself.graphql.webhooks.tls_allowlist import TlsAllowlist
from nself.pg.database import Database
from nself.records import dataclass

LOG = logging.getLogger("nself.graphql")
ByName = Mapping[str, EventTrigger]
_LOOK_S = 0.2
"""How soon a changed metadata is noticed. Looking costs a comparison."""
_PLAN_S = 60.0


async def start(
    stack: contextlib.AsyncExitStack, settings: GraphqlSettings, live: LiveMetadata, allowlist: TlsAllowlist
) -> None:
    calling = Outgoing.open(at_once=settings.events_http_pool_size, allowlist=allowlist)
    outgoing = await stack.enter_async_context(calling)
    caller = Caller(outgoing=outgoing, environ=settings.environ, logs_env_headers=settings.log_headers_from_env)
    if settings.events_fetch_batch_size and settings.events_fetch_interval_ms:
        pace = Pace(
            interval_s=settings.events_fetch_interval_ms / 1000,
            batch=settings.events_fetch_batch_size,
            at_once=settings.events_http_pool_size,
        )
        await stack.enter_async_context(Deliveries(live=live, caller=caller, pace=pace).running())
    await stack.enter_async_context(Cleaning(live=live).running())
    if settings.scheduled_events_retention_days:
        retention = Retention(database=live.store.database, days=settings.scheduled_events_retention_days)
        await stack.enter_async_context(retention.running())
    pace = Pace(at_once=settings.events_http_pool_size)
    await stack.enter_async_context(Schedules(live=live, caller=caller, pace=pace).running())


@dataclass(slots=True, kw_only=True)
class Deliveries:
    """Follows the metadata in force: what is to be called, and where events are found."""

    live: LiveMetadata
    caller: Caller
    pace: Pace
    _triggers: Mapping[Database, ByName] = field(default_factory=dict)
    _started: dict[Database, contextlib.AsyncExitStack] = field(default_factory=dict)
    _seen: tuple[Metadata, Mapping[str, Database]] | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._following())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.gather(*(stack.aclose() for stack in self._started.values()))

    async def _following(self) -> None:
        while True:
            now = (self.live.stored.metadata, self.live.engine.databases)
            if self._seen is None or any(one is not other for one, other in zip(now, self._seen, strict=True)):
                self._triggers, self._seen = by_database(*now, self.caller.environ), now
                await self._adjust()
            await asyncio.sleep(_LOOK_S)

    async def _adjust(self) -> None:
        for database in self._started.keys() - self._triggers.keys():
            await self._started.pop(database).aclose()
        for database in self._triggers.keys() - self._started.keys():
            self._started[database] = stack = contextlib.AsyncExitStack()
            await stack.enter_async_context(self._courier(database).running())

    def _courier(self, database: Database) -> Courier[delivery.Outcome]:
        queue = EventQueue(database=database, triggers=lambda: self._triggers.get(database, {}), caller=self.caller)
        return Courier(queue=queue, pace=self.pace, woken=self.live.engine.captured)


@dataclass(slots=True, kw_only=True)
class Schedules:
    """Cron events and one-off events, which are beside the metadata."""

    live: LiveMetadata
    caller: Caller
    pace: Pace

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        database = self.live.store.database
        cron = ScheduledQueue(
            database=database,
            caller=self.caller,
            sql=scheduled.CRON,
            name="cron events",
            due=lambda row: scheduled.cron_due(self._triggers(), row),
            names=lambda: list(self._triggers()),
        )
        one_off = ScheduledQueue(
            database=database,
            caller=self.caller,
            sql=scheduled.ONE_OFF,
            name="scheduled events",
            due=scheduled.one_off_due,
        )
        planning_ahead = asyncio.create_task(self._planning(database))
        async with Courier(queue=cron, pace=self.pace).running(), Courier(queue=one_off, pace=self.pace).running():
            try:
                yield
            finally:
                planning_ahead.cancel()
                await asyncio.gather(planning_ahead, return_exceptions=True)

    def _triggers(self) -> CronTriggers:
        """Those whose webhooks can be called."""
        triggers = self.live.stored.metadata.cron_triggers
        environ = self.caller.environ
        return {name: entry for name, entry in triggers.items() if entry.webhook.objection(environ) is None}

    async def _planning(self, database: Database) -> None:
        while True:
            triggers = self.live.stored.metadata.cron_triggers
            try:
                if triggers:
                    async with database.transaction() as connection:
                        await planning.fill(connection, triggers)
            except AWAY as error:
                LOG.warning("cron events cannot be planned now: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_PLAN_S)


def by_database(metadata: Metadata, databases: Mapping[str, Database], environ: Environ) -> Mapping[Database, ByName]:
    """The event triggers whose webhooks can be called, by where their events are."""
    found: dict[Database, dict[str, EventTrigger]] = {}
    for name, database in databases.items():
        source = metadata.sources.get(name, Source(name=name))
        for tracked in source.tables.values():
            for entry in tracked.event_triggers:
                if entry.webhook.objection(environ) is None:
                    found.setdefault(database, {})[entry.name] = entry
    return found
