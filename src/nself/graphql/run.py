"""What one run of an operation may use, and what it gives back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import field as kept
from typing import Any

from msgspec import Struct, field

from nself.graphql.events.context import EventContext
from nself.graphql.sql.values import Bindings
from nself.graphql.webhooks.env_templates import Environ
from nself.graphql.webhooks.outgoing import Outgoing
from nself.pg.database import Database
from nself.records import dataclass


class PassedOn(Struct, kw_only=True):
    """What others than the database want the client to get beside the data."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What an engine reaches beside its database, opened once per server. `kept_in` holds the metadata and its logs;
    `action_waits` is set when the call of an asynchronous action was noted there."""

    outgoing: Outgoing
    environ: Environ
    kept_in: Database
    shows_internal: bool = True
    """Whether the administrator gets to see details of what failed."""
    action_waits: asyncio.Event = kept(default_factory=asyncio.Event)


class Run(Struct, frozen=True, kw_only=True):
    """`databases` are those of the sources, by name. `query` is the document as sent, `headers` are the client's, names
    in lower case (none on some transports)."""

    databases: Mapping[str, Database]
    bindings: Bindings
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    context: EventContext | None = None
    """For the triggers that write events; None where there are none."""
    passed_on: PassedOn = field(default_factory=PassedOn)
    outside: World | None = None

    @property
    def world(self) -> World:
        """An engine that serves fields of other places was given it."""
        assert self.outside is not None
        return self.outside

    def pass_on(self, *, headers: Iterable[tuple[str, str]] = (), errors: Iterable[Any] = ()) -> None:
        """Response headers (Set-Cookie) and GraphQL errors for the reply; the data goes out all the same."""
        self.passed_on.headers.extend(headers)
        self.passed_on.errors.extend(errors)


class Reply(Struct, frozen=True):
    """`body` is the complete JSON; `headers` belong to the HTTP response, where there is one."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
