"""The answer to an introspection, made off the event loop and kept as long as there is room.

A schema of hundreds of tables takes seconds to write down, and is megabytes long. One thread does that for the whole
process, so that other requests go on meanwhile; who asks the same again gets what was made.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from nself.graphql.run import Run

_WRITER: Final = ThreadPoolExecutor(1, thread_name_prefix="introspection")
_MOST_BYTES: Final = 48 * 1024 * 1024


class Described:
    """A part of a plan. `write` runs in the one thread."""

    def __init__(self, key: str, write: Callable[[], bytes]) -> None:
        self._key, self._write = key, write
        self._json: bytes | None = None

    async def run(self, run: Run) -> Mapping[str, bytes]:
        made = self._json
        if made is None:
            made = await asyncio.get_running_loop().run_in_executor(_WRITER, self._made)
            _KEPT.add(self, len(made))
        return {self._key: made}

    def forget(self) -> None:
        self._json = None

    def _made(self) -> bytes:
        """Whoever came second finds it made when the turn is theirs."""
        made = self._json
        if made is None:
            made = self._json = self._write()
        return made


class _Kept:
    """Which answers are held: the oldest are forgotten when all together grow too large."""

    def __init__(self, most: int) -> None:
        self._most, self._sizes = most, OrderedDict[weakref.ref[Described], int]()

    def add(self, one: Described, size: int) -> None:
        self._sizes[weakref.ref(one)] = size
        self._sizes = OrderedDict((held, size) for held, size in self._sizes.items() if held() is not None)
        while sum(self._sizes.values()) > self._most:
            held, _ = self._sizes.popitem(last=False)
            oldest = held()
            if oldest is not None:
                oldest.forget()


_KEPT: Final = _Kept(_MOST_BYTES)
