"""Load every function and call none: what cannot be loaded is found before anybody calls it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from nself.errors import NselfError
from nself.functions import programs
from nself.functions.catalog import Function, Language
from nself.functions.pool import Pool
from nself.functions.settings import FunctionsSettings
from nself.functions.wire import BrokenFrameError, Call
from nself.functions.worker import WorkerEndedError
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`error` is None for a function that loads."""

    function: Function
    error: str | None


async def load(functions: Sequence[Function], settings: FunctionsSettings) -> list[Loaded]:
    """One after the other, in workers of our own: those that answer calls keep what they have loaded."""
    found = []
    async with AsyncExitStack() as ending:
        sockets = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="nself-fn-")))
        pools: dict[bool, Pool] = {}
        for function in functions:
            python = function.language is Language.PYTHON
            try:
                if python not in pools:
                    folder = sockets / ("python" if python else "deno")
                    folder.mkdir()
                    program = programs.program(function.language, settings)
                    pools[python] = Pool(program, folder, most=1, queue=0, idle_s=settings.idle_s)
                    ending.push_async_callback(pools[python].close)
                error = await _loaded(function, pools[python], settings.timeout_s)
            except NselfError as problem:
                error = problem.message
            found.append(Loaded(function=function, error=error))
    return found


async def _loaded(function: Function, pool: Pool, timeout_s: float) -> str | None:
    call = Call(
        function=function.name,
        file=str(function.file),
        request_id="load",
        method="GET",
        url=f"http://localhost{function.route}",
        path=function.route,
        query="",
        headers=[],
        load=True,
    )
    try:
        async with pool.worker(0, patience_s=timeout_s) as worker, asyncio.timeout(timeout_s):
            reply, _ = await worker.call(call, b"", max_body=0)
    except TimeoutError:
        return f"it was not loaded after {timeout_s:g} s"
    except (WorkerEndedError, BrokenFrameError) as error:
        return str(error)
    return reply.failure.message if reply.failure else None
