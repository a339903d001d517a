"""The sockets that are open: for what concerns all of them."""

from __future__ import annotations

from typing import Protocol

from nself.graphql.websocket.keepalive import Keepalive


class Restarts(Protocol):
    def restart(self) -> None:
        """Close, so that the client connects again."""
        ...


class Sockets(set[Restarts]):
    """Each takes itself out when it is gone."""

    def __init__(self, keepalive: Keepalive) -> None:
        super().__init__()
        self.keepalive = keepalive

    def restart(self) -> None:
        for socket in list(self):
            socket.restart()
