"""A websocket to an app of this process, without a port: what the server sends is read from a queue."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

Json = Any


class SocketClosed(Exception):  # noqa: N818 - an outcome, not an error
    """The server closed it, or refused it with an HTTP status."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code}: {reason}")
        self.code, self.reason = code, reason


class Socket:
    """`receive` gives one message after the other and raises `SocketClosed` at the end."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.subprotocol: str | None = None
        self.aborted = False

    async def send(self, message: Json) -> None:
        await self.inbox.put({"type": "websocket.receive", "text": json.dumps(message)})

    async def send_text(self, text: str) -> None:
        await self.inbox.put({"type": "websocket.receive", "text": text})

    async def receive(self, within: float = 10) -> Json:
        message = await asyncio.wait_for(self.outbox.get(), within)
        if message["type"] == "websocket.send":
            return json.loads(message["text"])
        raise SocketClosed(message.get("code", message.get("status", 0)), message.get("reason", ""))

    async def closed(self, within: float = 10) -> SocketClosed:
        """How the server closed it, whatever it said before."""
        try:
            while True:
                await self.receive(within)
        except SocketClosed as closed:
            await self.inbox.put({"type": "websocket.disconnect", "code": closed.code})
            return closed

    def abort(self) -> None:
        self.aborted = True
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})


@contextlib.asynccontextmanager
async def connected(
    app: Any, path: str, *, subprotocols: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> AsyncIterator[Socket]:
    """An accepted socket. Leaving the block drops it, and the app must then come to its end."""
    socket = Socket()
    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()],
        "subprotocols": list(subprotocols),
        "extensions": {"websocket.http.response": {}, "nself.websocket.abort": {"abort": socket.abort}},
    }
    await socket.inbox.put({"type": "websocket.connect"})
    task = asyncio.create_task(app(scope, socket.inbox.get, socket.outbox.put))
    try:
        first = await asyncio.wait_for(socket.outbox.get(), 60)
        if first["type"] != "websocket.accept":
            raise SocketClosed(first.get("code", first.get("status", 0)), first.get("reason", ""))
        socket.subprotocol = first["subprotocol"]
        yield socket
    finally:
        await socket.inbox.put({"type": "websocket.disconnect", "code": 1005})
        await asyncio.wait_for(task, 60)
