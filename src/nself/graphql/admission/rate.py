"""How many requests a client of a role makes in a minute, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from nself.records import dataclass

_WINDOW_S: Final = 60.0
_MOST_CLIENTS: Final = 100_000
"""Beyond these, the client that asked longest ago is forgotten."""


@dataclass(slots=True)
class _Count:
    """Requests in the minute that began at `began`, and in the one before."""

    began: float
    before: int = 0
    now: int = 0


class RateLimiter:
    """A sliding window out of two fixed ones: the last minute's share of the window before is estimated as even."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST_CLIENTS) -> None:
        self._clock, self._most = clock, most
        self._counts: OrderedDict[Hashable, _Count] = OrderedDict()

    def allows(self, client: Hashable, per_minute: int) -> bool:
        """Whether one more request is within the limit. One that is refused does not count."""
        now = self._clock()
        count = self._counts.get(client)
        if count is None:
            count = self._counts[client] = _Count(now)
            if len(self._counts) > self._most:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(client)
            _forward(count, now)
        share = 1 - (now - count.began) / _WINDOW_S
        if count.before * share + count.now + 1 > per_minute:
            return False
        count.now += 1
        return True


def _forward(count: _Count, now: float) -> None:
    windows = int((now - count.began) // _WINDOW_S)
    if windows:
        count.before = count.now if windows == 1 else 0
        count.began, count.now = count.began + windows * _WINDOW_S, 0
