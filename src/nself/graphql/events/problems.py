"""Event and cron triggers that cannot do what they say: a webhook that nobody can name, a time that never comes."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql.events import schedules
from nself.graphql.events.cron import Cron
from nself.graphql.events.schedules import CronTrigger
from nself.graphql.events.triggers import EventTrigger
from nself.graphql.metadata.consistency import event_trigger_problem
from nself.graphql.metadata.model import Inconsistency, Metadata, Source
from nself.graphql.webhooks.env_templates import Environ


def objections(metadata: Metadata, environ: Environ) -> Iterator[Inconsistency]:
    """Changes are captured all the same; delivery waits for the variable."""
    for source in metadata.sources.values():
        for tracked in source.tables.values():
            for entry in tracked.event_triggers:
                if objection := _event_trigger(entry, environ):
                    reason = f'in table "{tracked.table}": in event trigger "{entry.name}": {objection}'
                    yield event_trigger_problem(source.name, tracked, entry, reason)
    for trigger in metadata.cron_triggers.values():
        if objection := _cron_trigger(trigger, environ):
            yield Inconsistency(
                kind="cron_trigger",
                name=f"cron_trigger {trigger.name}",
                reason=f"Inconsistent object: in cron trigger {trigger.name}: {objection}",
                definition=schedules.exported(trigger),
            )


def _event_trigger(entry: EventTrigger, environ: Environ) -> str | None:
    objection = entry.webhook.objection(environ)
    if objection or entry.cleanup is None:
        return objection
    return _never(entry.cleanup.cron, f"cleanup_config: the schedule {entry.cleanup.schedule}")


def _cron_trigger(entry: CronTrigger, environ: Environ) -> str | None:
    return entry.webhook.objection(environ) or _never(entry.cron, f"the schedule {entry.schedule}")


def _never(cron: Cron, what: str) -> str | None:
    return None if cron.comes else f"{what} never comes: none of its months has such a day"


def has_event_triggers(source: Source) -> bool:
    return any(tracked.event_triggers for tracked in source.tables.values())
