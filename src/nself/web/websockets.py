"""uvicorn's websocket protocol with one thing more: an app can drop a connection whose client does not read.

A polite close waits until everything is written, which for such a client is never.
"""

from __future__ import annotations

from typing import Any, Final, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

ABORT: Final = "nself.websocket.abort"
"""Name of the ASGI extension: `scope["extensions"][ABORT]["abort"]()`."""


class AbortableWebsocket(WebSocketsSansIOProtocol):
    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # absent when the handshake was refused
            cast("dict[str, Any]", self.scope["extensions"])[ABORT] = {"abort": self.transport.abort}
