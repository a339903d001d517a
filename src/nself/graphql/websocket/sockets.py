"""The sockets that are open: for what concerns all of them."""

from __future__ import annotations

from typing import Protocol


class Restarts(Protocol):
    def restart(self) -> None:
        """Close, so that the client connects again."""
        ...


class Sockets(set[Restarts]):
    """Each takes itself out when it is gone."""

    def restart(self) -> None:
        for socket in list(self):
            socket.restart()
