"""Asked again at an interval, and earlier when something may have changed: when is it time."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Final

from nself.graphql.subscriptions.subscriber import Subscriber

_REST: Final = 1
"""After asking, rest this many times as long as it took, waiting for a connection included, before asking early again:
half of a busy database's time is left to others."""


class Polled(ABC):
    """What a pacer keeps going. One question at a time: an older answer must not arrive after a newer one."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._asking = asyncio.Lock()
        self._due = 0.0
        self._early = 0.0
        self.stale = False
        """Something has changed since it was asked last."""
        self.greeting = False
        """Newcomers are about to be asked for."""

    def is_due(self, now: float) -> bool:
        return not self._asking.locked() and now >= (self._early if self.stale else self._due)

    async def sweep(self) -> None:
        """Ask for everybody."""
        async with self._asking:
            loop = asyncio.get_running_loop()
            began, self.stale = loop.time(), False
            try:
                await self.ask_all()
            finally:
                ended = loop.time()
                self._due = max(ended, began + self._interval_s)
                self._early = min(self._due, ended + _REST * (ended - began))

    async def greet(self) -> None:
        """Ask for those who have just come."""
        async with self._asking:
            self.greeting = False
            await self.ask_newcomers()

    @abstractmethod
    async def ask_all(self) -> None: ...

    @abstractmethod
    async def ask_newcomers(self) -> None: ...

    @abstractmethod
    def leave(self, subscriber: Subscriber) -> None: ...
