"""Cron triggers, one-off scheduled events, and the events and calls there were."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any, Final

import msgspec

from nself.graphql.errors import ApiError
from nself.graphql.events import planning, scheduled, schedules
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, never
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.graphql.transforms.check import refuse_unreadable
from nself.pg.queries import Queries

_KINDS: Final = {"cron": scheduled.CRON, "one_off": scheduled.ONE_OFF}
_STATUSES: Final = ("scheduled", "locked", "delivered", "error", "dead")
_MOST: Final = 1000
"""Rows in one answer."""


async def create_cron(draft: Draft, call: Call) -> Reply:
    trigger, again = schedules.parsed(call.args), call.args.get("replace")
    refuse_unreadable(trigger.webhook.request_transform, trigger.webhook.response_transform)
    if trigger.name in draft.metadata.cron_triggers and not (again and again.boolean()):
        message = f'cron trigger with name: "{trigger.name}" already exists'
        raise ApiError("already-exists", message, path="$.args.name")
    triggers = {**draft.metadata.cron_triggers, trigger.name: trigger}
    draft.replace(replace(draft.metadata, cron_triggers=triggers), subject=f"cron_trigger {trigger.name}")
    return SUCCESS


async def delete_cron(draft: Draft, call: Call) -> Reply:
    """Deleting what is not there is no error, as with Hasura."""
    name = call.args.at("name").name()
    kept = {key: entry for key, entry in draft.metadata.cron_triggers.items() if key != name}
    if len(kept) < len(draft.metadata.cron_triggers):
        draft.replace(replace(draft.metadata, cron_triggers=kept))
    return SUCCESS


async def get_crons(draft: Draft, call: Call) -> Reply:
    """All of them, exported or not, retries spelled out."""
    triggers = sorted(draft.metadata.cron_triggers.values(), key=lambda entry: entry.name)
    return {"cron_triggers": [schedules.exported(entry, retries_in_full=True) for entry in triggers]}


async def create_event(draft: Draft, call: Call) -> Reply:
    args = call.args
    webhook, comment, headers = schedules.webhook(args), args.get("comment"), args.get("headers")
    retries = args.get("retry_conf")
    schedules.retries(retries)
    event = await draft.kept_in.fetch_value(
        planning.SQL["put"],
        json.dumps(schedules.exported_url(webhook)),
        _moment(args.at("schedule_at")),
        json.dumps(retries.value) if retries else None,
        json.dumps(args.value["payload"]) if args.get("payload") else None,
        json.dumps(headers.value) if headers else None,
        comment.text() if comment else None,
    )
    return {**SUCCESS, "event_id": event}


async def delete_event(draft: Draft, call: Call) -> Reply:
    sql, event = _sql(call.args), call.args.at("event_id").name()
    if await draft.kept_in.fetch_value(sql["delete"], event) is None:
        raise ApiError("not-found", f'scheduled event with id "{event}" does not exist', path="$.args.event_id")
    return SUCCESS


async def get_events(draft: Draft, call: Call) -> Reply:
    sql, name = _sql(call.args), _trigger_name(call.args, required=True)
    status = call.args.get("status")
    wanted = list(status.names()) if status else None
    for item in status.items() if status else ():
        if item.value not in _STATUSES:
            item.fail(f"expected one of {', '.join(_STATUSES)}, encountered {item.value}")
    return await _page(draft, call.args, "events", sql["events"], sql["count_events"], name, wanted)


async def get_invocations(draft: Draft, call: Call) -> Reply:
    """Of one event, of a cron trigger, or of all one-off events."""
    event = call.args.get("event_id")
    sql, name = _sql(call.args), _trigger_name(call.args, required=event is None)
    asked = event.name() if event else None
    return await _page(draft, call.args, "invocations", sql["invocations"], sql["count_invocations"], name, asked)


async def _page(draft: Draft, args: Reader, key: str, rows: Any, count: Any, *which: Any) -> Reply:
    most, skipped, counted = args.get("limit"), args.get("offset"), args.get("get_rows_count")
    limits = (min(most.natural(), _MOST) if most else _MOST), (skipped.natural() if skipped else 0)
    found = await draft.kept_in.fetch(rows, *which, *limits)
    answer: dict[str, Any] = {key: [msgspec.Raw(row[0].encode()) for row in found]}
    if counted and counted.boolean():
        answer["count"] = await draft.kept_in.fetch_value(count, *which)
    return answer


def _sql(args: Reader) -> Queries:
    kind = args.at("type")
    if kind.text() not in _KINDS:
        kind.fail(f"expected one of cron and one_off, encountered {kind.value}")
    return _KINDS[kind.value]


def _trigger_name(args: Reader, *, required: bool) -> str | None:
    if args.value["type"] != "cron":
        return None
    named = args.at("trigger_name") if required else args.get("trigger_name")
    return named.name() if named else None


def _moment(reader: Reader) -> dt.datetime:
    """ISO 8601; without an offset it is UTC."""
    try:
        moment = dt.datetime.fromisoformat(reader.text())
    except ValueError:
        reader.fail(f"expected a time such as 2026-01-31T12:00:00Z, encountered {reader.value}")
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _reads(name: str, run: Any) -> Command:
    return Command(name=name, run=run, changes=never)


COMMANDS = (
    Command(name="create_cron_trigger", run=create_cron),
    Command(name="delete_cron_trigger", run=delete_cron),
    _reads("get_cron_triggers", get_crons),
    _reads("create_scheduled_event", create_event),
    _reads("delete_scheduled_event", delete_event),
    _reads("get_scheduled_events", get_events),
    _reads("get_scheduled_event_invocations", get_invocations),
    _reads("get_event_invocations", get_invocations),
)
