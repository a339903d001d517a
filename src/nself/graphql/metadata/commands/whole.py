"""The metadata as a whole: out, in, again, empty, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.metadata import drop, export, parse
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, never
from nself.graphql.metadata.live import Draft, InconsistentError, rendered
from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.metadata.reader import Reader
from nself.graphql.metadata.store import DEFAULT_SOURCE


async def export_metadata(draft: Draft, call: Call) -> Reply:
    whole = export.shown(draft.metadata)
    return whole if call.version == 1 else {"resource_version": draft.version, "metadata": whole}


async def replace_metadata(draft: Draft, call: Call) -> Reply:
    """Version 2 takes `{metadata, allow_inconsistent_metadata}` and says what does not fit."""
    known = draft.metadata.sources.get("default", DEFAULT_SOURCE)
    if call.version == 1 and "metadata" not in call.args.object():
        wanted = _with_private(draft, parse.metadata(call.args.value, default_source=known))
        try:
            draft.replace(wanted)
        except InconsistentError as error:
            raise _inconsistent(error) from error
        return SUCCESS
    allow = call.args.get("allow_inconsistent_metadata")
    tolerate = allow.boolean() if allow else False
    wanted = _with_private(draft, parse.metadata(call.args.at("metadata").object(), default_source=known))
    try:
        draft.replace(wanted, tolerate=tolerate)
        await draft.settle(tolerate=tolerate)
    except InconsistentError as error:
        raise _inconsistent(error) from error
    return _consistency(draft)


def _inconsistent(error: InconsistentError) -> ApiError:
    """All of it is new here: Hasura does not say so."""
    return ApiError(error.code, "cannot continue due to inconsistent metadata", path="$.args", internal=error.internal)


def _with_private(draft: Draft, wanted: Metadata) -> Metadata:
    """Cron triggers that are not exported do not go because a document does not have them."""
    private = {name: entry for name, entry in draft.metadata.cron_triggers.items() if not entry.included}
    return replace(wanted, cron_triggers=private | dict(wanted.cron_triggers))


async def reload_metadata(draft: Draft, call: Call) -> Reply:
    """Each of the three takes true, false or names; the first two mean all of them when absent."""
    known = draft.metadata.remote_schemas
    asked = call.args.get("reload_remote_schemas")
    remotes = _chosen(asked, "Remote schema", known) if asked else known
    asked = call.args.get("reload_sources")
    sources = _chosen(asked, "Source", draft.metadata.sources) if asked else None
    triggers = _chosen(call.args.get("recreate_event_triggers"), "Source", draft.metadata.sources)
    if remotes:
        draft.engine.remotes.forget(remotes)
    await draft.reload(sources)
    if triggers:
        await draft.recreate_event_triggers(triggers)
    state = _consistency(draft)
    return {**SUCCESS, **(state if draft.found else {"is_consistent": True})}


def _chosen(asked: Reader | None, kind: str, known: Collection[str]) -> Collection[str]:
    if asked is None or asked.value is False:
        return ()
    if asked.value is True:
        return known
    for item in asked.items():
        if item.name() not in known:
            message = f'{kind} with name "{item.value}" not found in metadata'
            raise ApiError("not-exists", message, path=f"$.args{item.path}")
    return asked.names()


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
