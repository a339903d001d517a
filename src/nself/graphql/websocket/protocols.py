"""The two subprotocols: what their messages are called, and what each does about a client that breaks the rules."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from nself.graphql.errors import ApiError
from nself.web.json import encode


class Intent(Enum):
    """What a client's message asks for, whatever its protocol calls it."""

    INIT = auto()
    START = auto()
    STOP = auto()
    PING = auto()
    PONG = auto()
    TERMINATE = auto()


class Message(Struct, frozen=True):
    """A client's message. `id` names the operation, where there is one."""

    intent: Intent
    id: str = ""
    payload: Any = None


class Protocol(Struct, frozen=True, kw_only=True):
    """`strict` ones close the socket of a client that breaks a rule; the older one tells it and goes on."""

    name: str | None
    strict: bool
    intents: dict[str, Intent]
    data: str
    keepalive: bytes

    def read(self, raw: str | bytes) -> Message:
        """ApiError when it is no message of this protocol."""
        try:
            found = _DECODER.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ApiError("parse-failed", f"parsing ClientMessage failed: {error}") from error
        intent = self.intents.get(found.type)
        if intent is None:
            raise ApiError("parse-failed", f"parsing ClientMessage failed: unexpected type {found.type[:100]!r}")
        if intent in _WITH_ID and found.id is UNSET:
            raise ApiError("parse-failed", f"parsing ClientMessage failed: {found.type} needs an id")
        return Message(intent, found.id or "", found.payload)

    def opening(self, id_: str) -> bytes:
        """The beginning of every result of one operation; the payload follows, then a brace."""
        return b'{"type":"%b","id":%b,"payload":' % (self.data.encode(), encode(id_))

    def complete(self, id_: str) -> bytes:
        return encode({"type": "complete", "id": id_})

    def error(self, id_: str, errors: Sequence[Any]) -> bytes:
        payload = errors if self.strict else {"errors": errors}
        return encode({"type": "error", "id": id_, "payload": payload})


class _Frame(Struct, frozen=True):
    type: str
    id: str | UnsetType | None = UNSET
    payload: Any = None


_DECODER: Final = msgspec.json.Decoder(_Frame)
_WITH_ID: Final = frozenset({Intent.START, Intent.STOP})

LEGACY: Final = Protocol(
    name="graphql-ws",
    strict=False,
    intents={
        "connection_init": Intent.INIT,
        "start": Intent.START,
        "stop": Intent.STOP,
        "connection_terminate": Intent.TERMINATE,
    },
    data="data",
    keepalive=b'{"type":"ka"}',
)
"""subscriptions-transport-ws; also what a client speaks that names no subprotocol."""

TRANSPORT: Final = Protocol(
    name="graphql-transport-ws",
    strict=True,
    intents={
        "connection_init": Intent.INIT,
        "subscribe": Intent.START,
        "complete": Intent.STOP,
        "ping": Intent.PING,
        "pong": Intent.PONG,
    },
    data="next",
    keepalive=b'{"type":"ping","payload":{"message":"keepalive"}}',
)

ACK: Final = b'{"type":"connection_ack"}'
PONG: Final = b'{"type":"pong"}'


def connection_error(message: str) -> bytes:
    return encode({"type": "connection_error", "payload": message})


def chosen(offered: Sequence[str]) -> tuple[Protocol, str | None]:
    """The first one the client offers that we speak, and the name to accept it by."""
    known = {protocol.name: protocol for protocol in (LEGACY, TRANSPORT)}
    for name in offered:
        if name in known:
            return known[name], name
    return LEGACY, None
