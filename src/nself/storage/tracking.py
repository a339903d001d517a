"""Telling GraphQL about our tables: `metadata.json` through the metadata API, until it has worked once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

import httpx
import msgspec

log = logging.getLogger("nself.storage")

_ALREADY = {"already-tracked", "already-exists"}
_SLOWEST_S = 10.0
Command = dict[str, Any]


class TrackingError(Exception):
    """GraphQL did not take a command, or did not answer."""


def tables() -> list[dict[str, Any]]:
    """Our tables as entries of a metadata directory's `tables`."""
    text = files("nself.storage").joinpath("metadata.json").read_bytes()
    return msgspec.json.decode(text, type=list[dict[str, Any]])


def commands(entries: Sequence[Mapping[str, Any]], source: str) -> Iterator[Command]:
    """Metadata API commands that make GraphQL know `entries`: tables first, relationships need both ends."""
    for entry in entries:
        args = {"source": source, "table": entry["table"], "configuration": entry["configuration"]}
        yield {"type": "pg_track_table", "args": args}
    for entry in entries:
        for kind in ("object", "array"):
            for relationship in entry.get(f"{kind}_relationships", ()):
                args = {"source": source, "table": entry["table"], **relationship}
                yield {"type": f"pg_create_{kind}_relationship", "args": args}


class Tracker:
    """Registers the tables over `client`, whose base is GraphQL's `/v1`."""

    def __init__(self, client: httpx.AsyncClient, *, admin_secret: str | None, source: str) -> None:
        self._client, self._source = client, source
        self._headers = {"x-hasura-admin-secret": admin_secret} if admin_secret else {}

    async def register(self) -> None:
        """Once. What is tracked already stays as it is. TrackingError says what went wrong."""
        for command in commands(tables(), self._source):
            await self._send(command)
        # Metadata may have named the tables before they were made: GraphQL has left them out and must look again.
        if not (await self._send({"type": "get_inconsistent_metadata", "args": {}})).get("is_consistent", True):
            await self._send({"type": "reload_metadata", "args": {"reload_sources": True}})

    async def _send(self, command: Command) -> dict[str, Any]:
        try:
            reply = await self._client.post("/metadata", json=command, headers=self._headers)
        except httpx.HTTPError as error:
            raise TrackingError(f"GraphQL does not answer ({type(error).__name__})") from error
        body = _object(reply.content)
        if not reply.is_success and body.get("code") not in _ALREADY:
            raise TrackingError(f"GraphQL answered {reply.status_code} to {command['type']}: {reply.text[:300]}")
        return body

    async def register_until_done(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Try until it works, ever more slowly; each new reason for failing is logged once."""
        delay, told = 0.1, ""
        while True:
            try:
                await self.register()
            except TrackingError as error:
                if str(error) != told:
                    told = str(error)
                    log.warning("the storage tables are not in GraphQL yet: %s", told)
                await sleep(delay)
                delay = min(delay * 2, _SLOWEST_S)
            else:
                log.info("the storage tables are in GraphQL")
                return


def _object(content: bytes) -> dict[str, Any]:
    """A JSON object; what is none has nothing in it that we look for."""
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
