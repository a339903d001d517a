"""uvicorn's websocket protocol with two things more, for an app that speaks to thousands of sockets at once.

A text message can be written without waiting, and a connection whose client does not read can be dropped: a polite
close waits until everything is written, which for such a client is never.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

DIRECT: Final = "nself.websocket.direct"
"""Name of the ASGI extension: `scope["extensions"][DIRECT]` is a `Direct`."""

_WHOLE_TEXT: Final = b"\x81"
"""First byte of a frame that is a whole text message, RFC 6455 section 5.2. A server's frames are not masked."""


class Direct(NamedTuple):
    """`write` takes a text message in UTF-8; False when it cannot go out now, `send` it then. `abort` drops the
    connection."""

    write: Callable[[bytes], bool]
    abort: Callable[[], object]


class DirectWebsocket(WebSocketsSansIOProtocol):
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # absent when the handshake was refused
            cast("dict[str, Any]", self.scope["extensions"])[DIRECT] = Direct(self.write, self.transport.abort)

    def write(self, message: bytes) -> bool:
        # Extensions, which would change the frame, are not negotiated: compression is off.
        ready = self.handshake_complete and not self.close_sent and self.writable.is_set()
        if not ready or self.conn.state is not State.OPEN or self.transport.is_closing():
            return False
        self.transport.write(b"%b%b%b" % (_WHOLE_TEXT, _size(len(message)), message))
        return True


def _size(size: int) -> bytes:
    if size < 126:
        return size.to_bytes(1, "big")
    if size < 1 << 16:
        return b"\x7e" + size.to_bytes(2, "big")
    return b"\x7f" + size.to_bytes(8, "big")
