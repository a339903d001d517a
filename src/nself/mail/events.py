"""Live updates: every open page hears of new, read and deleted messages over one websocket each."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from nself.web.json import encode

log = logging.getLogger("nself.mail")
BACKLOG = 100
"""Events a listener may fall behind before it is cut off; it reconnects and reads the list anew."""

Queue = asyncio.Queue[str | None]


class Hub:
    """Spreads events. Telling never waits for a listener."""

    def __init__(self) -> None:
        self._queues: set[Queue] = set()

    def tell(self, kind: str, data: Any = None) -> None:
        text = encode({"Type": kind, "Data": data}).decode()
        for queue in list(self._queues):
            try:
                queue.put_nowait(text)
            except asyncio.QueueFull:
                self._queues.discard(queue)
                _end(queue)

    def close(self) -> None:
        for queue in self._queues:
            _end(queue)

    def subscribe(self) -> Queue:
        """Every event from now on, as JSON; None at the end."""
        queue: Queue = asyncio.Queue(BACKLOG)
        self._queues.add(queue)
        return queue

    async def listen(self, socket: WebSocket) -> None:
        """Serve one listener until it leaves or the hub closes."""
        await socket.accept()
        queue = self.subscribe()
        leaving = asyncio.create_task(_until_gone(socket, queue))
        try:
            while (text := await queue.get()) is not None:
                await socket.send_text(text)
        except WebSocketDisconnect:
            log.debug("a listener left while it was told something")
        finally:
            self._queues.discard(queue)
            leaving.cancel()


async def _until_gone(socket: WebSocket, queue: Queue) -> None:
    """A listener has nothing to say; reading is how its leaving is noticed."""
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, KeyError):
        _end(queue)


def _end(queue: Queue) -> None:
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)
