"""Event triggers: what is told to whom when rows change, and the events there were."""

from __future__ import annotations

import json
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.events import event_log, triggers
from nself.graphql.metadata import edit
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, never, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.reader import Reader
from nself.graphql.transforms.check import refuse_unreadable
from nself.pg.database import Database

MOST = 100
"""Entries of a log in one answer, unless the caller wants fewer."""


async def create(draft: Draft, call: Call) -> Reply:
    where, trigger = source(call.args), triggers.of_command(call.args)
    refuse_unreadable(trigger.webhook.request_transform, trigger.webhook.response_transform)
    table, again = call.args.at("table").qualified(), call.args.get("replace")
    tracked = edit.table_of(draft.metadata, where, table)
    known_on = edit.event_triggers(draft.metadata, where).get(trigger.name)
    if known_on:
        if not (again and again.boolean()):
            message = f'event trigger with name "{trigger.name}" already exists'
            raise ApiError("already-exists", message, path="$.args")
        if known_on.table != table:
            raise ApiError("not-supported", "the table of an event trigger cannot be changed", path="$.args.table")
    others = [entry for entry in tracked.event_triggers if entry.name != trigger.name]
    changed = edit.with_part(tracked, "event_triggers", (*others, trigger))
    subject = f"event_trigger {trigger.name} in table {table} in source {where}"
    draft.replace(edit.put_table(draft.metadata, where, changed), subject=subject)
    return SUCCESS


async def delete(draft: Draft, call: Call) -> Reply:
    where, name = source(call.args), call.args.at("name").name()
    tracked, _ = edit.event_trigger_of(draft.metadata, where, name)
    draft.replace(edit.put_table(draft.metadata, where, edit.without_event_trigger(tracked, name)))
    return SUCCESS


async def invoke(draft: Draft, call: Call) -> Reply:
    """Put an event of one's own in, if the trigger allows it."""
    where, name = source(call.args), call.args.at("name").name()
    call.args.at("payload")
    tracked, trigger = edit.event_trigger_of(draft.metadata, where, name)
    if not trigger.manual:
        message = f'manual mode is not enabled for event trigger: "{name}"'
        raise ApiError("not-supported", message, path="$.args")
    variables = {**draft.session.variables, "x-hasura-role": draft.session.role}
    payload = {"op": "MANUAL", "data": call.args.value["payload"], "session_variables": variables}
    event = await event_log.put(
        _database(draft, call), tracked.table, name, json.dumps(payload | {"trace_context": None})
    )
    draft.engine.captured.set()
    return {"event_id": event}


async def redeliver(draft: Draft, call: Call) -> Reply:
    """The attempts made so far are forgotten."""
    await event_log.redeliver(_database(draft, call), call.args.at("event_id").name())
    draft.engine.captured.set()
    return SUCCESS


async def logs(draft: Draft, call: Call) -> Reply:
    name = _known(draft, call)
    status = call.args.get("status")
    wanted = status.text() if status else "all"
    if wanted not in event_log.STATUSES:
        assert status is not None
        status.fail(f"expected one of {', '.join(event_log.STATUSES)}, encountered {wanted}")
    return await event_log.events(_database(draft, call), name, wanted, *_page(call.args))


async def invocation_logs(draft: Draft, call: Call) -> Reply:
    name = _known(draft, call)
    return await event_log.invocations(_database(draft, call), name, *_page(call.args))


async def event_by_id(draft: Draft, call: Call) -> Reply:
    """The event with what was sent and answered."""
    event = call.args.at("event_id").name()
    found = await event_log.event(_database(draft, call), event)
    attempts = call.args.get("invocation_log_limit"), call.args.get("invocation_log_offset")
    most, skipped = (part.natural() if part else otherwise for part, otherwise in zip(attempts, (MOST, 0), strict=True))
    return {"event": found, "invocations": await event_log.attempts(_database(draft, call), event, most, skipped)}


def _database(draft: Draft, call: Call) -> Database:
    return draft.engine.database_of(source(call.args))


def _known(draft: Draft, call: Call) -> str:
    name = call.args.at("name").name()
    edit.event_trigger_of(draft.metadata, source(call.args), name)
    return name


def _page(args: Reader) -> tuple[int, int]:
    """(how many, after how many)"""
    most, skipped = args.get("limit"), args.get("offset")
    return (min(most.natural(), MOST) if most else MOST), (skipped.natural() if skipped else 0)


def _reads(name: str, run: Any) -> Command:
    return Command(name=name, run=run, of_source=True, changes=never)


COMMANDS = (
    Command(name="create_event_trigger", run=create, of_source=True),
    Command(name="delete_event_trigger", run=delete, of_source=True),
    _reads("invoke_event_trigger", invoke),
    _reads("redeliver_event", redeliver),
    _reads("get_event_logs", logs),
    _reads("get_event_invocation_logs", invocation_logs),
    _reads("get_event_by_id", event_by_id),
)
