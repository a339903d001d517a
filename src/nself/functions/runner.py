"""One call from its function's file to its answer: finds a worker, keeps the limits, words what went wrong."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from pathlib import Path

from nself.errors import NselfError
from nself.functions import answers, catalog, programs
from nself.functions.answers import Answer
from nself.functions.catalog import Function, Language
from nself.functions.errors import EndedError, FailedError, FunctionsError, TooSlowError
from nself.functions.pool import Pool
from nself.functions.settings import FunctionsSettings
from nself.functions.wire import BrokenFrameError, Call, Failure
from nself.functions.worker import WorkerEndedError
from nself.records import dataclass

log = logging.getLogger("nself.functions")


@dataclass(frozen=True, slots=True)
class _Problem:
    generation: int
    detail: str


class Runner:
    """Holds the worker pools, one a runtime, each made when its first function is called."""

    def __init__(self, settings: FunctionsSettings) -> None:
        self.settings = settings
        self.folder = programs.functions_folder(settings)
        self._pools: dict[str, Pool] = {}
        self._problems: dict[str, _Problem] = {}
        self._sockets: tempfile.TemporaryDirectory[str] | None = None

    async def run(self, function: Function, call: Call, body: bytes) -> Answer:
        """The function's answer, or a FunctionsError that says why there is none."""
        began = time.monotonic()
        try:
            answer = await self._run(function, call, body)
        except FunctionsError as error:
            log.warning(
                "%s [%s] %s: %s%s",
                call.function,
                call.request_id,
                error.code,
                error.detail or error,
                _below(error.stack),
            )
            raise
        log.info("%s [%s] %d in %.0f ms", call.function, call.request_id, answer.status, _ms_since(began))
        return answer

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()
        self._pools.clear()
        if self._sockets:
            self._sockets.cleanup()
            self._sockets = None

    def problems(self) -> dict[str, str]:
        """Functions that could not be loaded when last called, and have not been changed since."""
        current = self._generation()
        return {
            name: problem.detail for name, problem in sorted(self._problems.items()) if problem.generation == current
        }

    async def _run(self, function: Function, call: Call, body: bytes) -> Answer:
        generation = self._generation()
        limit = self.settings.timeout_s
        try:
            async with self._pool(function.language).worker(generation, patience_s=limit) as worker:
                async with asyncio.timeout(limit):
                    reply, content = await worker.call(call, body, max_body=self._max_body)
        except TimeoutError:
            raise TooSlowError(limit) from None
        except WorkerEndedError as error:
            raise EndedError(str(error)) from error
        except BrokenFrameError as error:
            raise FailedError(str(error)) from error
        self._remember(function, generation, reply.failure)
        if reply.failure:
            raise FailedError(reply.failure.message, stack=reply.failure.stack)
        return answers.checked(reply, content)

    def _remember(self, function: Function, generation: int, failure: Failure | None) -> None:
        if failure and failure.load:
            self._problems[function.name] = _Problem(generation, failure.message)
        else:
            self._problems.pop(function.name, None)

    def _pool(self, language: Language) -> Pool:
        runtime = "python" if language is Language.PYTHON else "deno"
        if runtime not in self._pools:
            try:
                program = programs.program(language, self.settings)
            except NselfError as error:
                raise FailedError(error.message) from error
            self._pools[runtime] = Pool(
                program,
                self._socket_folder(runtime),
                most=self.settings.workers,
                queue=self.settings.queue,
                idle_s=self.settings.idle_s,
            )
        return self._pools[runtime]

    def _socket_folder(self, runtime: str) -> Path:
        """Private to this user: who can open a worker's socket could play its server."""
        self._sockets = self._sockets or tempfile.TemporaryDirectory(prefix="nself-fn-")
        folder = Path(self._sockets.name, runtime)
        folder.mkdir()
        return folder

    def _generation(self) -> int:
        """In dev, a change to any file makes every loaded worker old; elsewhere code changes with a restart."""
        return catalog.fingerprint(self.folder) if self.settings.dev else 0

    @property
    def _max_body(self) -> int:
        return self.settings.max_body_mb * 1024 * 1024


def _ms_since(began: float) -> float:
    return (time.monotonic() - began) * 1000


def _below(stack: str) -> str:
    return f"\n{stack.rstrip()}" if stack else ""
