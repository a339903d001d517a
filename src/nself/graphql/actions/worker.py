"""The worker that calls the webhooks of asynchronous actions: at least once each, whatever happens to the engine."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Final

from nself.graphql.actions.call import Question, ask
from nself.graphql.actions.log import ActionLog, Waiting
from nself.graphql.actions.output import check
from nself.graphql.engine import Engine
from nself.graphql.errors import ApiError
from nself.graphql.run import World
from nself.graphql.sessions.session import ADMIN
from nself.pg.database import CONNECTION_LOST, DriverError, PostgresError

LOG = logging.getLogger("nself.graphql")
_AT_ONCE: Final = 20
_LEASE_BEYOND_TIMEOUT_S: Final = 30.0


class ActionWorker:
    """One per server. `interval_s` is how often to look for calls that other servers noted."""

    def __init__(self, engine: Engine, world: World, interval_s: float) -> None:
        self._engine, self._world, self._interval_s = engine, world, interval_s
        self._log = ActionLog(world.kept_in)
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def run(self) -> None:
        """Until cancelled. What is under way then is given back."""
        try:
            while True:
                # Cleared before looking: a call noted from here on is not missed.
                self._world.action_waits.clear()
                taken = await self._take()
                if not taken:
                    await self._something_to_do()
        finally:
            await asyncio.shield(self._stop())

    async def _take(self) -> bool:
        """Begin what waits; whether there may be more."""
        free = _AT_ONCE - len(self._under_way)
        if free <= 0:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
            return True
        try:
            waiting = await self._log.take(free, lease_s=self._engine.actions.longest_s + _LEASE_BEYOND_TIMEOUT_S)
        except (PostgresError, DriverError, *CONNECTION_LOST) as error:
            LOG.debug("the action log cannot be read now: %s", error)
            return False
        for one in waiting:
            task = asyncio.create_task(self._call(one))
            self._under_way[task] = one.id
            task.add_done_callback(self._ended)
        return len(waiting) == free

    async def _something_to_do(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._world.action_waits.wait(), self._interval_s)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and (error := task.exception()):
            # The lease ends by itself, then it is tried again.
            LOG.warning("the outcome of an action cannot be stored now: %s: %s", type(error).__name__, error)

    async def _call(self, waiting: Waiting) -> None:
        try:
            output = await self._answer(waiting)
        except ApiError as error:
            await self._log.finish(waiting.id, errors=_told(error))
        else:
            await self._log.finish(waiting.id, output=output)

    async def _answer(self, waiting: Waiting) -> Any:
        found = self._engine.actions.asynchronous(waiting.action, self._engine.schema(ADMIN))
        if found is None:
            raise ApiError("not-exists", f'asynchronous action "{waiting.action}" does not exist')
        action, type_ = found
        question = Question(
            action=action,
            input=waiting.input,
            session_variables=waiting.session_variables,
            headers=waiting.headers,
        )
        answer = await ask(question, self._world.outgoing, self._world.environ)
        try:
            check(answer.value, type_)
        except ApiError as error:
            error.internal = answer.internal
            raise
        return answer.value

    async def _stop(self) -> None:
        tasks = dict(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(PostgresError, DriverError, *CONNECTION_LOST):
            await self._log.give_back(list(tasks.values()))


def _told(error: ApiError) -> dict[str, Any]:
    told = {"code": error.code, "path": error.path, "error": error.message}
    return told if error.internal is None else {**told, "internal": error.internal}
