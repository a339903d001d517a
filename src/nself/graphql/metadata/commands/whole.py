"""The metadata as a whole: out, in, again, empty, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nself.graphql.metadata import drop, export, parse
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, never
from nself.graphql.metadata.live import Draft, rendered
from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.metadata.store import DEFAULT_SOURCE


async def export_metadata(draft: Draft, call: Call) -> Reply:
    whole = export.shown(draft.metadata)
    return whole if call.version == 1 else {"resource_version": draft.version, "metadata": whole}


async def replace_metadata(draft: Draft, call: Call) -> Reply:
    """Version 2 takes `{metadata, allow_inconsistent_metadata}` and says what does not fit."""
    known = draft.metadata.sources.get("default", DEFAULT_SOURCE)
    if call.version == 1 and "metadata" not in call.args.object():
        draft.replace(_with_private(draft, parse.metadata(call.args.value, default_source=known)))
        return SUCCESS
    allow = call.args.get("allow_inconsistent_metadata")
    tolerate = allow.boolean() if allow else False
    wanted = _with_private(draft, parse.metadata(call.args.at("metadata").object(), default_source=known))
    draft.replace(wanted, tolerate=tolerate)
    await draft.settle(tolerate=tolerate)
    return _consistency(draft)


def _with_private(draft: Draft, wanted: Metadata) -> Metadata:
    """Cron triggers that are not exported do not go because a document does not have them."""
    private = {name: entry for name, entry in draft.metadata.cron_triggers.items() if not entry.included}
    return replace(wanted, cron_triggers=private | dict(wanted.cron_triggers))


async def reload_metadata(draft: Draft, call: Call) -> Reply:
    again = call.args.get("reload_remote_schemas")
    if again:
        every = again.boolean() if isinstance(again.value, bool) else None
        draft.engine.remotes.forget(again.names() if every is None else None if every else ())
    await draft.reload()
    again = call.args.get("recreate_event_triggers")
    if again and again.value is not False:
        await draft.recreate_event_triggers(draft.metadata.sources if again.value is True else again.names())
    state = _consistency(draft)
    return {**SUCCESS, **(state if draft.found else {"is_consistent": True})}


async def clear_metadata(draft: Draft, call: Call) -> Reply:
    """The source `default` stays, emptied."""
    sources = {}
    for name, entry in draft.metadata.sources.items():
        if name == "default":
            kept = {key: entry.rest[key] for key in ("configuration",) if key in entry.rest}
            sources[name] = Source(name=name, kind=entry.kind, rest=kept)
    draft.replace(Metadata(sources=sources))
    draft.forgets_events = True
    return SUCCESS


async def get_inconsistent_metadata(draft: Draft, call: Call) -> Reply:
    return _consistency(draft)


async def drop_inconsistent_metadata(draft: Draft, call: Call) -> Reply:
    """Until nothing inconsistent is left: what hangs on a dropped object goes too."""
    while draft.found:
        before = draft.metadata
        for entry in draft.found:
            draft.metadata = drop.without(draft.metadata, draft.engine.catalogs, entry)
        if draft.metadata is before:
            break
        draft.touched = True
        await draft.settle(tolerate=True)
    return SUCCESS


def _consistency(draft: Draft) -> dict[str, Any]:
    return {
        "is_consistent": not draft.found,
        "inconsistent_objects": [rendered(entry) for entry in draft.found],
    }


COMMANDS = (
    Command(name="export_metadata", run=export_metadata, changes=never),
    Command(name="replace_metadata", run=replace_metadata),
    Command(name="reload_metadata", run=reload_metadata),
    Command(name="clear_metadata", run=clear_metadata),
    Command(name="get_inconsistent_metadata", run=get_inconsistent_metadata, changes=never),
    Command(name="drop_inconsistent_metadata", run=drop_inconsistent_metadata),
)
