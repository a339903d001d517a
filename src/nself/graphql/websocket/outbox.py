"""What a socket has yet to be sent: bounded, so that a client which does not read costs its connection, not memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

LOG = logging.getLogger("nself.graphql")
MOST: Final = 8 * 1024 * 1024
"""Characters that may wait. A single larger result is let through when nothing else waits."""

Send = Callable[[Any], Awaitable[None]]


class Outbox:
    """`put` never waits. `write` runs beside the reader for the life of the socket."""

    def __init__(self, send: Send, abort: Callable[[], object], *, most: int = MOST) -> None:
        self._send, self._abort, self._most = send, abort, most
        self._frames: deque[str] = deque()
        self._waiting = 0
        self._wake = asyncio.Event()
        self._closing: tuple[int, str] | None = None

    def put(self, frame: str) -> None:
        if self._closing is not None:
            return
        if self._waiting and self._waiting + len(frame) > self._most:
            LOG.warning("websocket closed: its client does not read, %d characters were waiting", self._waiting)
            self._frames.clear()
            self._closing = 1008, "too slow"
            self._abort()
            return
        self._frames.append(frame)
        self._waiting += len(frame)
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """After what waits already; what is put later is dropped."""
        if self._closing is None:
            # A close frame has room for 123 bytes of reason.
            self._closing = code, reason.encode()[:120].decode(errors="ignore")
            self._wake.set()

    async def write(self) -> None:
        # The socket may go at any moment: the reader hears of it too and cleans up.
        with contextlib.suppress(OSError):
            while True:
                while self._frames:
                    frame = self._frames.popleft()
                    await self._send({"type": "websocket.send", "text": frame})
                    self._waiting -= len(frame)
                if self._closing is not None:
                    code, reason = self._closing
                    return await self._send({"type": "websocket.close", "code": code, "reason": reason})
                self._wake.clear()
                await self._wake.wait()
