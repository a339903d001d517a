"""What an event trigger says about cleaning up: when its old events are deleted, and how old that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from nself.graphql.events import cron
from nself.graphql.events.cron import Cron
from nself.graphql.metadata.reader import Reader
from nself.records import dataclass

BATCH_SIZE: Final = 10000
CLEAR_OLDER_THAN_H: Final = 168
TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """`written` is the whole of it as the metadata has it, for export."""

    schedule: str
    cron: Cron
    batch_size: int = BATCH_SIZE
    clear_older_than_h: int = CLEAR_OLDER_THAN_H
    timeout_s: int = TIMEOUT_S
    """For one batch. After one that took longer the rest is left to the next time."""
    clean_invocation_logs: bool = False
    paused: bool = False
    written: Mapping[str, Any] = field(default_factory=dict)


def parsed(reader: Reader) -> Cleanup:
    """A `cleanup_config`."""
    schedule = reader.at("schedule")
    return Cleanup(
        schedule=schedule.text(),
        cron=cron_of(schedule),
        batch_size=_positive(reader, "batch_size", BATCH_SIZE),
        clear_older_than_h=_natural(reader, "clear_older_than", CLEAR_OLDER_THAN_H),
        timeout_s=_positive(reader, "timeout", TIMEOUT_S),
        clean_invocation_logs=_flag(reader, "clean_invocation_logs"),
        paused=_flag(reader, "paused"),
        written=reader.object(),
    )


def cron_of(reader: Reader) -> Cron:
    try:
        return cron.parsed(reader.text())
    except ValueError as error:
        reader.fail(f"invalid cron expression {json.dumps(reader.value)}: {error}")


def _natural(reader: Reader, key: str, default: int) -> int:
    found = reader.get(key)
    return found.natural() if found else default


def _positive(reader: Reader, key: str, default: int) -> int:
    found = _natural(reader, key, default)
    if not found:
        reader.at(key).fail(f"{key} must be at least 1")
    return found


def _flag(reader: Reader, key: str) -> bool:
    found = reader.get(key)
    return found.boolean() if found else False
