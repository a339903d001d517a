"""What an event says about the request that caused it, handed to the database triggers for one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from nself.graphql.events import trace
from nself.graphql.sessions.session import Session
from nself.pg.database import Connection

_SET: Final = "SELECT set_config('hasura.user', $1, true), set_config('hasura.tracecontext', $2, true)"


class EventContext(Struct, frozen=True):
    """`user` and `trace` are JSON texts; `sources` are those whose changes are captured."""

    user: str
    trace: str
    sources: frozenset[str]

    async def announce(self, connection: Connection) -> None:
        """Within a transaction, which forgets it at its end."""
        await connection.execute(_SET, self.user, self.trace)


def of(session: Session, sources: frozenset[str], headers: Mapping[str, str]) -> EventContext:
    """`headers` are the request's; they may name the trace it belongs to."""
    variables = {**session.variables, "x-hasura-role": session.role}
    return EventContext(json.dumps(variables), msgspec.json.encode(trace.of(headers)).decode(), sources)
