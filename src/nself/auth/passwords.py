"""Passwords: hashed by bcrypt off the event loop, checked against the rules of this installation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

T = TypeVar("T")

COST = 10
MAX_BYTES = 72
"""bcrypt reads no further; a longer password would be equal to its first 72 bytes."""

NOBODY = b"$2a$10$Y5h/QPIM3CR2FT4FeaglV.uDImVkzEynQtnIZ60fHmWQn/G44ICtC"
"""Compared with where there is nothing to compare. What it was made from is forgotten, and a match would not count."""


class Passwords:
    """bcrypt with as many threads as there are processors: more would only make everybody wait longer.

    The 2a prefix is the one that pgcrypto and every other reader of the column understands.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="bcrypt")

    async def hash(self, password: str) -> str:
        salted = await self._run(lambda: bcrypt.hashpw(password.encode(), bcrypt.gensalt(COST, prefix=b"2a")))
        return salted.decode()

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Takes the same time when there is no such user or no password: absence must not be measurable."""
        known = hashed.encode() if hashed else NOBODY
        same = await self._run(lambda: _check(password.encode(), known))
        return same and hashed is not None and hashed != ""

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _check(password: bytes, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(password, hashed)
    except ValueError:  # a hash that is none, written by someone else: nobody's password
        return False
