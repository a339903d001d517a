"""Many websockets in one process, each with one subscription: as little work for a message as can be.

A library would be what is measured. Frames of the client must be masked: a mask of zeros leaves them as they are.
"""

from __future__ import annotations

import asyncio
import json
import struct
import time
from dataclasses import dataclass, field
from typing import Any, cast

_UPGRADE = (
    b"GET /v1/graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_AT_ONCE = 100


def frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    head = struct.pack("!BB", 0x80 | opcode, 0x80 | size) if size < 126 else b""
    head = head or struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


@dataclass(slots=True)
class Heard:
    """What all of them have been told."""

    ready: int = 0
    results: int = 0
    closed: int = 0
    reason: bytes = b""
    times: list[float] = field(default_factory=list)
    """When each result arrived, from the monotonic clock."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Listener(asyncio.Protocol):
    def __init__(self, heard: Heard, payload: Any) -> None:
        self._heard, self._payload = heard, payload
        self._unread = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(_UPGRADE)

    def connection_lost(self, error: Exception | None) -> None:
        self._heard.closed += 1

    def data_received(self, data: bytes) -> None:
        data = self._unread + data if self._unread else data
        if not self._upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._unread = head
                return
            assert b" 101 " in head, head
            self._upgraded = True
            self._transport.write(frame(_TEXT, b'{"type":"connection_init"}'))
        while len(data) >= 2:
            start, size = 2, data[1]
            if size == 126:
                start, size = 4, int.from_bytes(data[2:4], "big")
            if len(data) < start + size:
                break
            self._hear(data[0] & 15, data[start : start + size])
            data = data[start + size :]
        self._unread = data

    def _hear(self, opcode: int, payload: bytes) -> None:
        heard = self._heard
        if opcode == _CLOSE:
            heard.reason = payload
        elif opcode == _PING:
            self._transport.write(frame(_PONG, payload))
        elif payload.startswith(b'{"type":"next"'):
            heard.results += 1
            heard.times.append(time.monotonic())
            heard.changed.set()
        elif payload.startswith(b'{"type":"connection_ack"'):
            heard.ready += 1
            message = {"id": "1", "type": "subscribe", "payload": self._payload}
            self._transport.write(frame(_TEXT, json.dumps(message).encode()))


async def listen(port: int, payloads: list[Any], heard: Heard) -> None:
    """One connection for each payload, some at a time."""
    loop = asyncio.get_running_loop()
    for start in range(0, len(payloads), _AT_ONCE):
        batch = payloads[start : start + _AT_ONCE]
        opened = (loop.create_connection(_made(heard, one), "127.0.0.1", port) for one in batch)
        await asyncio.gather(*opened)
        await until(heard, lambda: heard.ready, start + len(batch))


def _made(heard: Heard, payload: Any) -> Any:
    return lambda: Listener(heard, payload)


async def until(heard: Heard, count: Any, wanted: int, *, within_s: float = 120) -> None:
    async with asyncio.timeout(within_s):
        while count() < wanted:
            assert not heard.closed, f"{heard.closed} sockets were closed: {heard.reason!r}"
            heard.changed.clear()
            # The event tells of results only; what else is waited for is looked at often enough.
            try:
                await asyncio.wait_for(heard.changed.wait(), 0.05)
            except TimeoutError:
                continue
