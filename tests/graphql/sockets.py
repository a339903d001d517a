"""A client of both subprotocols, for tests: what a message is called is its concern, what it says is theirs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from tests.graphql.serving import ADMIN, Api
from tests.websocket import Socket, connected

Json = Any
TRANSPORT, LEGACY = "graphql-transport-ws", "graphql-ws"
KEEPALIVES: list[Json] = [{"type": "ka"}, {"type": "ping", "payload": {"message": "keepalive"}}]


class Talk:
    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.strict = socket.subprotocol == TRANSPORT

    async def init(self, headers: Mapping[str, Any] | None = None) -> Json:
        """Tell who is asking; the server's answer."""
        await self.socket.send(
            {"type": "connection_init", "payload": {"headers": ADMIN if headers is None else headers}}
        )
        return await self.next()

    async def start(self, query: str, id_: str = "1", **variables: Json) -> None:
        payload = {"query": query, "variables": variables}
        await self.socket.send({"id": id_, "type": "subscribe" if self.strict else "start", "payload": payload})

    async def stop(self, id_: str = "1") -> None:
        await self.socket.send({"id": id_, "type": "complete" if self.strict else "stop"})

    async def next(self) -> Json:
        """The next message that is not there to keep the connection alive."""
        while True:
            message = await self.socket.receive()
            if message not in KEEPALIVES:
                return message

    async def data(self, id_: str = "1") -> Json:
        """The data of the next message, which must be a result of this operation."""
        message = await self.next()
        assert (message["type"], message.get("id")) == ("next" if self.strict else "data", id_), message
        return message["payload"]["data"]

    async def refusal(self) -> tuple[str, str]:
        """(code, message) of the next message, which must be an error."""
        message = await self.next()
        assert message["type"] == "error", message
        errors = message["payload"] if self.strict else message["payload"]["errors"]
        if not self.strict:
            assert await self.next() == {"type": "complete", "id": message["id"]}
        return errors[0]["extensions"]["code"], errors[0]["message"]


@contextlib.asynccontextmanager
async def opened(
    api: Api, protocol: str | None = TRANSPORT, path: str = "/v1/graphql", headers: Mapping[str, str] | None = None
) -> AsyncIterator[Talk]:
    async with connected(api.app, path, subprotocols=[protocol] if protocol else [], headers=headers) as socket:
        yield Talk(socket)


@contextlib.asynccontextmanager
async def talking(
    api: Api, protocol: str | None = TRANSPORT, headers: Mapping[str, Any] | None = None
) -> AsyncIterator[Talk]:
    """Let in already."""
    async with opened(api, protocol) as talk:
        assert await talk.init(headers) == {"type": "connection_ack"}
        yield talk
