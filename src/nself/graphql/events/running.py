"""Starts what delivers: one delivery for each database that has event triggers, as long as the server lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from nself.graphql.env_templates import Environ
from nself.graphql.events.delivery import Delivery, Pace
from nself.graphql.events.invocation import Caller
from nself.graphql.events.triggers import EventTrigger
from nself.graphql.metadata.live import LiveMetadata
from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.outgoing import Outgoing
from nself.graphql.settings import GraphqlSettings
from nself.pg.database import Database

ByName = Mapping[str, EventTrigger]
_LOOK_S = 0.2
"""How soon a changed metadata is noticed. Looking costs a comparison."""


async def start(stack: contextlib.AsyncExitStack, settings: GraphqlSettings, live: LiveMetadata) -> None:
    if settings.events_fetch_batch_size == 0:
        return
    outgoing = await stack.enter_async_context(Outgoing.open(at_once=settings.events_http_pool_size))
    caller = Caller(outgoing=outgoing, environ=settings.environ, logs_env_headers=settings.log_headers_from_env)
    pace = Pace(
        interval_s=settings.events_fetch_interval_ms / 1000,
        batch=settings.events_fetch_batch_size,
        at_once=settings.events_http_pool_size,
    )
    await stack.enter_async_context(Deliveries(live=live, caller=caller, pace=pace).running())


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
            await stack.enter_async_context(self._delivery(database).running())

    def _delivery(self, database: Database) -> Delivery:
        return Delivery(
            database=database,
            triggers=lambda: self._triggers.get(database, {}),
            caller=self.caller,
            captured=self.live.engine.captured,
            pace=self.pace,
        )


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
