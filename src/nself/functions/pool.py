"""Workers of one runtime: started when needed, ended when idle, replaced when they broke or have become old."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nself.functions.errors import BusyError
from nself.functions.worker import Program, Worker

log = logging.getLogger("nself.functions")


class Pool:
    """At most `most` calls at a time; up to `queue` more wait for their turn, `patience_s` at longest."""

    def __init__(self, program: Program, sockets: Path, *, most: int, queue: int, idle_s: float) -> None:
        self.program, self.sockets, self.idle_s = program, sockets, idle_s
        self._turns, self._queue, self._waiting = asyncio.Semaphore(most), queue, 0
        self._idle: list[tuple[Worker, asyncio.TimerHandle]] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    @asynccontextmanager
    async def worker(self, generation: int, *, patience_s: float) -> AsyncIterator[Worker]:
        """A worker of this generation, for one call. If the block fails, the worker is killed, else it is kept."""
        await self._turn(patience_s)
        try:
            worker = await self._take(generation)
            try:
                yield worker
            except BaseException:
                self._end(worker)
                raise
            self._keep(worker)
        finally:
            self._turns.release()

    async def close(self) -> None:
        for worker, timer in self._idle:
            timer.cancel()
            self._end(worker)
        self._idle.clear()
        await asyncio.gather(*self._ending)

    async def _turn(self, patience_s: float) -> None:
        if self._turns.locked() and self._waiting >= self._queue:
            raise BusyError(f"{self._waiting} calls are waiting already")
        self._waiting += 1
        try:
            async with asyncio.timeout(patience_s):
                await self._turns.acquire()
        except TimeoutError:
            raise BusyError(f"no worker was free within {patience_s:g} s") from None
        finally:
            self._waiting -= 1

    async def _take(self, generation: int) -> Worker:
        while self._idle:
            worker, timer = self._idle.pop()
            timer.cancel()
            if worker.generation == generation and await worker.alive():
                return worker
            self._end(worker)
        socket = self.sockets / f"{next(self._numbers)}.sock"
        return await Worker.start(self.program, socket=socket, generation=generation)

    def _keep(self, worker: Worker) -> None:
        timer = asyncio.get_running_loop().call_later(self.idle_s, self._retire, worker)
        self._idle.append((worker, timer))

    def _retire(self, worker: Worker) -> None:
        self._idle = [entry for entry in self._idle if entry[0] is not worker]
        self._end(worker)

    def _end(self, worker: Worker) -> None:
        """Without making anyone wait; `close` waits for all of them."""
        task = asyncio.create_task(worker.kill())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
