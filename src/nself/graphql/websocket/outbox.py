"""What a socket has yet to be sent: bounded, so that a client which does not read costs its connection, not memory."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from nself.web.websockets import Direct

LOG = logging.getLogger("nself.graphql")
MOST: Final = 8 * 1024 * 1024
"""Bytes that may wait. A single larger result is let through when nothing else waits."""

_GONE: Final = 1006, "the connection is gone"

Send = Callable[[Any], Awaitable[None]]


class Outbox:
    """`put` never waits: what cannot be written at once is written by a task that lives no longer than it must."""

    __slots__ = ("_closing", "_direct", "_frames", "_most", "_send", "_waiting", "_writing")

    def __init__(self, send: Send, direct: Direct, *, most: int = MOST) -> None:
        self._send, self._direct, self._most = send, direct, most
        self._frames: deque[bytes] | None = None
        self._waiting = 0
        self._writing: asyncio.Task[None] | None = None
        self._closing: tuple[int, str] | None = None

    def put(self, frame: bytes) -> None:
        if self._closing is not None:
            return
        if not self._waiting and self._direct.write(frame):
            return
        if self._waiting and self._waiting + len(frame) > self._most:
            LOG.warning("websocket closed: its client does not read, %d bytes were waiting", self._waiting)
            self._frames = None
            self._closing = 1008, "too slow"
            self._direct.abort()
            return
        if self._frames is None:
            self._frames = deque()
        self._frames.append(frame)
        self._waiting += len(frame)
        self._write_later()

    def close(self, code: int, reason: str) -> None:
        """After what waits already; what is put later is dropped."""
        if self._closing is None:
            # A close frame has room for 123 bytes of reason.
            self._closing = code, reason.encode()[:120].decode(errors="ignore")
            self._write_later()

    async def end(self) -> None:
        """The socket is gone, and so is what waits."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing

    def _write_later(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._frames:
                frame = self._frames.popleft()
                await self._send({"type": "websocket.send", "text": frame.decode()})
                self._waiting -= len(frame)
            if self._closing is not None:
                code, reason = self._closing
                return await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except OSError:
            # The socket may go at any moment: the reader hears of it too and cleans up.
            self._frames, self._closing = None, _GONE
        else:
            self._frames = self._writing = None
