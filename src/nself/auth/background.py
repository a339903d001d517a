"""Work that outlives its request, held until it is done or the server stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from nself.errors import NselfError

log = logging.getLogger("nself.auth")


class Background:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        task = asyncio.create_task(self._logged(work, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self, *, wait_s: float = 0) -> None:
        """Give what is running a moment, then end it."""
        if self._tasks and wait_s:
            await asyncio.wait(self._tasks, timeout=wait_s)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _logged(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            await work
        except NselfError as error:
            log.error("%s failed: %s", name, error)
        except Exception:  # nobody awaits this task: an error not logged here would vanish
            log.exception("%s failed", name)
