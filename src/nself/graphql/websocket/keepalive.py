"""Tells each socket, every so often, that it is still connected: one timer for all, and never all at once."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

_SLICES: Final = 50
"""Of the interval. What falls due together is told in one go, during which nobody else is served."""


class KeptAlive(Protocol):
    def keep_alive(self) -> None: ...


class Keepalive:
    """A timing wheel. Runs only while somebody is in it; an interval of 0 is never."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._slices: list[set[KeptAlive]] = [set() for _ in range(_SLICES)]
        self._slice_of: dict[KeptAlive, set[KeptAlive]] = {}
        self._now = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, member: KeptAlive) -> None:
        """Its turn comes when the wheel has gone round once."""
        if self._interval_s and member not in self._slice_of:
            self._slice_of[member] = self._slices[self._now]
            self._slices[self._now].add(member)
            if self._timer is None:
                self._wait()

    def discard(self, member: KeptAlive) -> None:
        self._slice_of.pop(member, set()).discard(member)
        if not self._slice_of and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._interval_s / _SLICES, self._turn)

    def _turn(self) -> None:
        self._wait()
        self._now = (self._now + 1) % _SLICES
        for member in list(self._slices[self._now]):
            member.keep_alive()
