"""Captured events as a queue, and what their webhooks get."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from nself.graphql.events.event_log import SQL
from nself.graphql.events.invocation import Attempt, Caller
from nself.graphql.events.triggers import EventTrigger
from nself.pg.database import Database, Row
from nself.records import dataclass
from nself.web.json import encode

LOG = logging.getLogger("nself.graphql")

Triggers = Callable[[], Mapping[str, EventTrigger]]
"""The event triggers in force, by name."""


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
class EventQueue:
    """The events of one database."""

    database: Database
    triggers: Triggers
    caller: Caller
    name: str = "events"

    async def fetch(self, most: int, lease_s: float) -> Sequence[Row]:
        names = list(self.triggers())
        return await self.database.fetch(SQL["fetch"], names, most, lease_s) if names else ()

    async def attempt(self, row: Row) -> Outcome | None:
        trigger = self.triggers().get(row["trigger_name"])
        if trigger is None:
            return None
        attempt = await self.caller.attempt(trigger.webhook, body_of(row, trigger), trigger.retries.timeout_s)
        if not attempt.succeeded:
            LOG.info("event %s of %s: attempt %d failed", row["id"], trigger.name, row["tries"] + 1)
        return Outcome(row["id"], trigger.name, attempt, attempt.wait_s(trigger.retries, row["tries"]))

    async def record(self, outcomes: Sequence[Outcome]) -> None:
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

    async def renew(self, ids: Sequence[str], lease_s: float) -> None:
        await self.database.execute(SQL["renew"], ids)

    async def release(self, ids: Sequence[str]) -> None:
        await self.database.execute(SQL["release"], ids)


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
