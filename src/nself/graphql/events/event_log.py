"""Captured events and the log of their deliveries, as the metadata commands read and change them."""

from __future__ import annotations

from typing import Any

import msgspec

from nself.graphql.errors import ApiError
from nself.pg import queries
from nself.pg.catalog import Name
from nself.pg.database import Database

SQL = queries.load("nself.graphql.events", "event_log.sql")
CATALOG = queries.load("nself.graphql.events", "catalog.sql")
STATUSES = ("all", "pending", "processed")


async def put(database: Database, table: Name, trigger: str, payload: str) -> str:
    """The id of the new event."""
    return str(await database.fetch_value(SQL["put"], table.schema, table.name, trigger, payload))


async def redeliver(database: Database, event: str) -> None:
    """From the start. Raises ApiError for an event that is not there, or on its way just now."""
    if not await _kept(database):
        raise _missing(event)
    if await database.fetch_value(SQL["redeliver"], event) is not None:
        return
    if await database.fetch_value(SQL["under_way"], event) is None:
        raise _missing(event)
    raise ApiError("busy", "event is already being processed", path="$.args.event_id")


async def event(database: Database, event: str) -> msgspec.Raw:
    """Raises ApiError for one that is not there."""
    text = await database.fetch_value(SQL["event"], event) if await _kept(database) else None
    if text is None:
        raise _missing(event)
    return msgspec.Raw(text.encode())


def _missing(event: str) -> ApiError:
    return ApiError("not-exists", f'event with id "{event}" does not exist', path="$.args.event_id")


async def _kept(database: Database) -> bool:
    """Whether there are tables of events: not before the first trigger."""
    return bool(await database.fetch_value(CATALOG["events_exist"]))


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
