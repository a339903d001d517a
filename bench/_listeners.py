"""Many websockets in one thread, each with one subscription: as little work for a message as can be.

A library would be what is measured. Frames of the client must be masked: a mask of zeros leaves them as they are.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_UPGRADE = (
    b"GET /v1/graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_AT_ONCE = 200
_TIMESTAMPS = 35
"""SO_TIMESTAMPNS of socket(7): the kernel says when it received what is read."""
_TIMESPEC = struct.Struct("qq")


def frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    head = struct.pack("!BB", 0x80 | opcode, 0x80 | size) if size < 126 else b""
    head = head or struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    return head + b"\0\0\0\0" + payload


_INIT, _KEPT_ALIVE = frame(_TEXT, b'{"type":"connection_init"}'), frame(_TEXT, b'{"type":"pong"}')


@dataclass(slots=True)
class Heard:
    """What all of them have been told."""

    results: int = 0
    closed: int = 0
    reason: bytes = b""
    times: list[float] = field(default_factory=list)
    """When each result reached this machine's kernel, seconds since 1970: a reader that is late is not measured."""


@dataclass(slots=True)
class Listener:
    socket: socket.socket
    subscribe: bytes
    upgraded: bool = False
    unread: bytes = b""


class Listeners:
    """One connection for each payload; no more than some of them wait for their first answer at a time."""

    def __init__(self, port: int, payloads: Sequence[Any]) -> None:
        self.heard = Heard()
        self._port, self._waiting = port, list(reversed(payloads))
        self._opened = 0
        self._listeners: dict[int, Listener] = {}
        self._epoll = select.epoll()
        self._over = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Heard:
        self._thread.start()
        return self.heard

    def __exit__(self, *raised: object) -> None:
        self._over = True
        self._thread.join()
        for listener in self._listeners.values():
            listener.socket.close()

    def _run(self) -> None:
        while not self._over:
            while self._waiting and self._opened - self.heard.results < _AT_ONCE:
                self._open(self._waiting.pop())
            for number, _ in self._epoll.poll(0.02):
                self._read(self._listeners[number])

    def _open(self, payload: Any) -> None:
        opened = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        opened.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        opened.sendall(_UPGRADE)
        subscribe = json.dumps({"id": "1", "type": "subscribe", "payload": payload}).encode()
        self._listeners[opened.fileno()] = Listener(opened, frame(_TEXT, subscribe))
        self._epoll.register(opened, select.EPOLLIN)
        self._opened += 1

    def _read(self, listener: Listener) -> None:
        data, extras, _, _ = listener.socket.recvmsg(1 << 16, 64)
        if not data:
            self.heard.closed += 1
            self._epoll.unregister(listener.socket)
            return
        data = listener.unread + data if listener.unread else data
        if not listener.upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                listener.unread = head
                return
            assert b" 101 " in head, head
            listener.upgraded = True
            listener.socket.sendall(_INIT)
        while len(data) >= 2:
            start, size = 2, data[1]
            if size == 126:
                start, size = 4, int.from_bytes(data[2:4], "big")
            if len(data) < start + size:
                break
            self._hear(listener, data[0] & 15, data[start : start + size], extras)
            data = data[start + size :]
        listener.unread = data

    def _hear(self, listener: Listener, opcode: int, payload: bytes, extras: list[tuple[int, int, bytes]]) -> None:
        heard = self.heard
        if opcode == _CLOSE:
            heard.reason = payload
        elif opcode == _PING:
            listener.socket.sendall(frame(_PONG, payload))
        elif payload.startswith(b'{"type":"next"'):
            heard.times.append(_received(extras))
            heard.results += 1
        elif payload.startswith(b'{"type":"ping"'):
            listener.socket.sendall(_KEPT_ALIVE)
        elif payload.startswith(b'{"type":"connection_ack"'):
            listener.socket.sendall(listener.subscribe)


def _received(extras: list[tuple[int, int, bytes]]) -> float:
    for level, kind, content in extras:
        if (level, kind) == (socket.SOL_SOCKET, _TIMESTAMPS):
            seconds, nanoseconds = _TIMESPEC.unpack_from(content)
            return float(seconds) + nanoseconds / 1e9
    return time.time()


def until(heard: Heard, wanted: int, *, within_s: float = 180) -> None:
    deadline = time.monotonic() + within_s
    while heard.results < wanted:
        assert not heard.closed, f"{heard.closed} sockets were closed: {heard.reason!r}"
        assert time.monotonic() < deadline, f"{heard.results} of {wanted} have heard"
        time.sleep(0.005)
