"""All who ask the same with different values: one statement answers a batch of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from nself.graphql import execute
from nself.graphql.admission.gate import too_slow
from nself.graphql.errors import ApiError
from nself.graphql.plan.operation import SubscriptionPlan
from nself.graphql.sql.statement import rows_of, translated
from nself.graphql.sql.values import CursorValue
from nself.graphql.subscriptions.polled import Polled
from nself.graphql.subscriptions.subscriber import Cohort, Subscriber, digest_of
from nself.pg.database import CONNECTION_LOST, Database, DriverError, PostgresError

LOG = logging.getLogger("nself.graphql")
Values = tuple[str | None, ...]

_OWN_VALUES: Final = ("22", "42601")
"""SQLSTATEs of what one subscriber's values may cause; others in the batch are not to suffer for it."""
_PASSING: Final = ("08", "40", "53", "55", "57")
"""Classes of what may be over when asked again: no connection, conflicts, no room, locks, a server going down."""


class Asking:
    """How questions reach the database: a batch at a time, and never on all of its connections at once."""

    def __init__(self, database: Database, *, at_once: int) -> None:
        self.database, self.slots = database, asyncio.Semaphore(at_once)


class Group(Polled):
    """`limit_s` says how long a question may take, `on_empty` is called when the last one has left."""

    def __init__(
        self,
        asking: Asking,
        plan: SubscriptionPlan,
        *,
        interval_s: float,
        batch: int,
        limit_s: Callable[[], float | None],
        on_empty: Callable[[], object],
    ) -> None:
        super().__init__(interval_s)
        self._limit_s = limit_s
        assert plan.many is not None
        self.plan, self.statement = plan, plan.many
        self._asking_by, self._batch, self._on_empty = asking, batch, on_empty
        self._cohorts: dict[object, Cohort] = {}
        self._place_of: dict[Subscriber, object] = {}
        self._unanswered: dict[Cohort, None] = {}
        self._quiet = False
        kinds = [isinstance(source, CursorValue) for source in self.statement.parameters]
        self._cursor = kinds.index(True) if plan.streams else -1

    def join(self, subscriber: Subscriber, values: Values) -> None:
        """Whoever follows a stream goes at its own pace; others with the same values share."""
        key: object = subscriber if self.plan.streams else values
        cohort = self._cohorts.get(key)
        if cohort is None:
            cohort = self._cohorts[key] = Cohort(list(values) if self.plan.streams else values)
        cohort.subscribers[subscriber] = None
        cohort.newcomers.append(subscriber)
        self._unanswered[cohort] = None
        self._place_of[subscriber] = key
        subscriber.place = self

    def leave(self, subscriber: Subscriber) -> None:
        key = self._place_of.pop(subscriber, None)
        cohort = self._cohorts.get(key)
        if cohort is None:
            return
        cohort.subscribers.pop(subscriber, None)
        if not cohort.subscribers:
            del self._cohorts[key]
            self._unanswered.pop(cohort, None)
            if not self._cohorts:
                self._on_empty()

    def has(self, subscriber: Subscriber, values: Values) -> bool:
        """Whether it is here already, asking for just this."""
        key = self._place_of.get(subscriber)
        return key is subscriber or key == values

    def cursor_of(self, subscriber: Subscriber) -> str | None:
        """Where a stream's subscriber stands by now."""
        return self._cohorts[subscriber].values[self._cursor]

    @property
    def cursor(self) -> int:
        """Which of the values is the cursor's, -1 for none."""
        return self._cursor

    @property
    def size(self) -> tuple[int, int]:
        """(cohorts, subscribers)."""
        return len(self._cohorts), len(self._place_of)

    async def ask_all(self) -> None:
        await self._ask(list(self._cohorts.values()))

    async def ask_newcomers(self) -> None:
        waiting = [cohort for cohort in self._unanswered if cohort.newcomers]
        self._unanswered.clear()  # whom this fails is asked for with all others
        await self._ask(waiting)

    async def _ask(self, cohorts: Sequence[Cohort]) -> None:
        for start in range(0, len(cohorts), self._batch):
            await self._ask_batch(cohorts[start : start + self._batch])

    async def _ask_batch(self, batch: Sequence[Cohort]) -> None:
        arguments, limit_s = list(self._arguments(batch)), self._limit_s()
        time = asyncio.timeout(limit_s)
        try:
            async with self._asking_by.slots, time:
                rows = await rows_of(self._asking_by.database, self.statement, arguments)
        except PostgresError as error:
            await self._failed(batch, error)
        except (DriverError, *CONNECTION_LOST) as error:
            if limit_s is None or not time.expired():
                return self._lost(error)
            for cohort in batch:
                self._tell(cohort, too_slow(limit_s))
        else:
            self._quiet = False
            for row in rows:
                self._deliver(batch[row[0]], row[1:])
        return None

    def _arguments(self, batch: Sequence[Cohort]) -> Iterator[Sequence[Any]]:
        yield list(range(len(batch)))
        for index in range(len(self.statement.parameters)):
            yield [cohort.values[index] for cohort in batch]

    def _deliver(self, cohort: Cohort, texts: Sequence[str | None]) -> None:
        if not self.plan.streams:
            digest = digest_of(texts)
            if digest != cohort.digest or cohort.newcomers:
                cohort.deliver(digest, self._body(texts))
            return
        *shown, end = texts
        if end is None:
            cohort.newcomers = []  # nothing is told about an empty batch
            return
        assert isinstance(cohort.values, list)
        cohort.values[self._cursor] = end
        cohort.deliver(digest_of(texts), self._body(shown))

    def _body(self, texts: Sequence[str | None]) -> bytes:
        return execute.body((field.key, execute.shown(field, (texts,))) for field in self.plan.fields)

    async def _failed(self, batch: Sequence[Cohort], error: PostgresError) -> None:
        state = str(getattr(error, "sqlstate", "") or "")
        if isinstance(error, CONNECTION_LOST) or state.startswith(_PASSING):
            return self._lost(error)
        if len(batch) > 1 and state.startswith(_OWN_VALUES):
            half = len(batch) // 2
            await self._ask_batch(batch[:half])
            return await self._ask_batch(batch[half:])
        for cohort in batch:
            # Its own values: those of the others in the batch are not for it to see.
            own = [[0], *([value] for value in cohort.values)]
            self._tell(cohort, translated(error, "$", self.statement, own))
        return None

    def _tell(self, cohort: Cohort, error: ApiError) -> None:
        for subscriber in cohort.fail(error):
            self.leave(subscriber)

    def _lost(self, error: BaseException) -> None:
        """The sockets stay; the next answer tells what has changed meanwhile."""
        if not self._quiet:
            LOG.warning("a subscription's question will be asked again: %s: %s", type(error).__name__, error)
        self._quiet = True
