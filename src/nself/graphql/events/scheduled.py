"""Cron events and one-off scheduled events: two queues of one kind, and what their webhooks get."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from nself.graphql.errors import ApiError
from nself.graphql.events import schedules
from nself.graphql.events.invocation import NO_REPLY, Attempt, Caller, client_error
from nself.graphql.events.schedules import CronTrigger
from nself.graphql.events.webhooks import Retries, Webhook
from nself.graphql.metadata.reader import Reader
from nself.pg import queries
from nself.pg.database import Database, Row
from nself.pg.queries import Queries
from nself.records import dataclass
from nself.web.json import encode

_TEMPLATES: Final = queries.load("nself.graphql.events", "scheduled.sql")


def _of(events: str, logs: str, trigger_name: str) -> Queries:
    tables = {"events": f"hdb_catalog.{events}", "logs": f"hdb_catalog.{logs}", "trigger_name": trigger_name}
    return Queries({name: text.format(**tables) for name, text in _TEMPLATES.items()})


CRON: Final = _of("hdb_cron_events", "hdb_cron_event_invocation_logs", "trigger_name")
ONE_OFF: Final = _of("hdb_scheduled_events", "hdb_scheduled_event_invocation_logs", "NULL::text")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The event's new status. Without an `attempt` it was too late for one."""

    event: str
    state: str
    attempt: Attempt | None = None
    wait_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Whom to call with what, as the event or its trigger says."""

    webhook: Webhook
    retries: Retries
    body: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class ScheduledQueue:
    """`due` says what to do about a row, None if nobody wants it any more; `names` limits a cron queue to triggers."""

    database: Database
    caller: Caller
    sql: Queries
    name: str
    due: Callable[[Row], Due | None]
    names: Callable[[], list[str] | None] = lambda: None

    async def fetch(self, most: int, lease_s: float) -> Sequence[Row]:
        names = self.names()
        return () if names == [] else await self.database.fetch(self.sql["fetch"], most, lease_s, names)

    async def attempt(self, row: Row) -> Outcome | None:
        try:
            due = self.due(row)
        except ApiError as error:
            return Outcome(row["id"], "error", _unreadable(error))
        if due is None:
            return None
        if due.retries.tolerance_s is not None and row["late_s"] > due.retries.tolerance_s:
            return Outcome(row["id"], "dead")
        attempt = await self.caller.attempt(due.webhook, encode(due.body), due.retries.timeout_s)
        wait_s = attempt.wait_s(due.retries, row["tries"])
        state = "delivered" if attempt.succeeded else "scheduled" if wait_s is not None else "error"
        return Outcome(row["id"], state, attempt, wait_s)

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        attempts = [outcome.attempt for outcome in outcomes]
        await self.database.execute(
            self.sql["record"],
            [outcome.event for outcome in outcomes],
            [attempt and attempt.status for attempt in attempts],
            [attempt and attempt.request for attempt in attempts],
            [attempt and attempt.response for attempt in attempts],
            [outcome.state for outcome in outcomes],
            [outcome.wait_s for outcome in outcomes],
        )

    async def renew(self, ids: Sequence[str], lease_s: float) -> None:
        await self.database.execute(self.sql["renew"], ids, lease_s)

    async def release(self, ids: Sequence[str]) -> None:
        await self.database.execute(self.sql["release"], ids)


def cron_due(triggers: Mapping[str, CronTrigger], row: Row) -> Due | None:
    trigger = triggers.get(row["trigger_name"])
    if trigger is None:
        return None
    body = {"id": row["id"], "name": trigger.name, "scheduled_time": row["scheduled_at"], "payload": trigger.payload}
    return Due(webhook=trigger.webhook, retries=trigger.retries, body=body | _comment(trigger.comment))


def one_off_due(row: Row) -> Due:
    """Raises ApiError for a row that says nothing sensible."""
    conf = {"webhook": _json(row["webhook_conf"]), "headers": _json(row["header_conf"])}
    retry_conf = _json(row["retry_conf"])
    payload = None if row["payload"] is None else msgspec.Raw(row["payload"].encode())
    times = {"scheduled_time": row["scheduled_at"], "created_at": row["made_at"]}
    return Due(
        webhook=schedules.webhook(Reader(conf)),
        retries=schedules.retries(None if retry_conf is None else Reader(retry_conf)),
        body={"id": row["id"], **times, "payload": payload, **_comment(row["comment"])},
    )


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _comment(text: str | None) -> dict[str, str]:
    return {} if text is None else {"comment": text}


def _unreadable(error: ApiError) -> Attempt:
    return Attempt(status=NO_REPLY, request="null", response=client_error(error.message))
