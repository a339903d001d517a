"""The ASGI end of a websocket: accepts it, reads its messages, writes its answers, leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace
from starlette.types import Message, Receive, Scope, Send

from nself.graphql.errors import ApiError
from nself.graphql.http.address import address_of
from nself.graphql.surface import Surface
from nself.graphql.websocket import protocols
from nself.graphql.websocket.connection import Connection, ReadRequest
from nself.graphql.websocket.handshake import Handshake
from nself.graphql.websocket.outbox import Outbox
from nself.web.websockets import DIRECT, Direct

_INDIRECT: Final = Direct(write=lambda _: False, abort=lambda: None)
"""Under a server that does not know the extension."""


class WebsocketEndpoint:
    """One path. `read` makes an operation's payload a request: it decides which schema answers."""

    def __init__(self, surface: Callable[[], Surface], handshake: Handshake, read: ReadRequest) -> None:
        self._surface, self._handshake, self._read = surface, handshake, read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        try:
            headers = self._handshake.headers(scope)
        except ApiError as error:
            return await _refuse(send, error)
        protocol, name = protocols.chosen(scope.get("subprotocols", ()))
        await send({"type": "websocket.accept", "subprotocol": name})
        outbox = Outbox(send, scope.get("extensions", {}).get(DIRECT, _INDIRECT))
        read = _from(address_of(scope), self._read)
        connection = Connection(self._surface(), protocol, outbox, headers, read)
        try:
            await _pump(connection, receive)
        finally:
            connection.end()
            await outbox.end()


def _from(address: str, read: ReadRequest) -> ReadRequest:
    """Requests of one connection come from one address."""
    return lambda payload, headers: replace(read(payload, headers), address=address)


async def _pump(connection: Connection, receive: Receive) -> None:
    while True:
        message: Message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        await connection.hear(message.get("bytes") or b"" if text is None else text)


async def _refuse(send: Send, error: ApiError) -> None:
    body = error.message.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": 400, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
