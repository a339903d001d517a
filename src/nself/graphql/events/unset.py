"""Event and cron triggers whose webhook names environment variables that are not set: nobody to deliver to."""

from __future__ import annotations

from collections.abc import Iterator

from nself.graphql.env_templates import Environ
from nself.graphql.events import schedules
from nself.graphql.metadata.consistency import event_trigger_problem
from nself.graphql.metadata.model import Inconsistency, Metadata, Source


def unset(metadata: Metadata, environ: Environ) -> Iterator[Inconsistency]:
    """Their changes are captured all the same; delivery waits for the variable."""
    for source in metadata.sources.values():
        for tracked in source.tables.values():
            for entry in tracked.event_triggers:
                if objection := entry.webhook.objection(environ):
                    reason = f'in table "{tracked.table}": in event trigger "{entry.name}": {objection}'
                    yield event_trigger_problem(source.name, tracked, entry, reason)
    for trigger in metadata.cron_triggers.values():
        if objection := trigger.webhook.objection(environ):
            yield Inconsistency(
                kind="cron_trigger",
                name=f"cron_trigger {trigger.name}",
                reason=f"Inconsistent object: in cron trigger {trigger.name}: {objection}",
                definition=schedules.exported(trigger),
            )


def has_event_triggers(source: Source) -> bool:
    return any(tracked.event_triggers for tracked in source.tables.values())
