"""Captured events and the log of their deliveries, as the metadata commands read and change them."""

from __future__ import annotations

from typing import Any

import msgspec

from nself.pg import queries
from nself.pg.catalog import Name
from nself.pg.database import Database

SQL = queries.load("nself.graphql.events", "event_log.sql")
STATUSES = ("all", "pending", "processed")


async def put(database: Database, table: Name, trigger: str, payload: str) -> str:
    """The id of the new event."""
    return str(await database.fetch_value(SQL["put"], table.schema, table.name, trigger, payload))


async def redeliver(database: Database, event: str) -> bool:
    """Whether there is such an event."""
    return await database.fetch_value(SQL["redeliver"], event) is not None


async def event(database: Database, event: str) -> msgspec.Raw | None:
    text = await database.fetch_value(SQL["event"], event)
    return None if text is None else msgspec.Raw(text.encode())


async def events(database: Database, trigger: str, status: str, most: int, skipped: int) -> list[msgspec.Raw]:
    """The newest first, each as JSON."""
    return _raw(await database.fetch(SQL["events"], trigger, status, most, skipped))


async def invocations(database: Database, trigger: str, most: int, skipped: int) -> list[msgspec.Raw]:
    return _raw(await database.fetch(SQL["invocations"], trigger, most, skipped))


async def attempts(database: Database, event: str, most: int, skipped: int) -> list[msgspec.Raw]:
    """Of one event."""
    return _raw(await database.fetch(SQL["attempts"], event, most, skipped))


def _raw(rows: list[Any]) -> list[msgspec.Raw]:
    return [msgspec.Raw(row[0].encode()) for row in rows]
