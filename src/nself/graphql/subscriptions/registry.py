"""All subscriptions of a server: who asks the same is put together, and planned anew when the schema changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from nself.graphql.engine import Engine, Request
from nself.graphql.errors import ApiError
from nself.graphql.plan.operation import SubscriptionPlan
from nself.graphql.sessions.session import Session
from nself.graphql.settings import GraphqlSettings
from nself.graphql.sql.statement import bound
from nself.graphql.sql.values import as_text
from nself.graphql.subscriptions.group import Asking, Group, Values
from nself.graphql.subscriptions.pacer import Pacer
from nself.graphql.subscriptions.polled import Polled
from nself.graphql.subscriptions.subscriber import Listener, Subscriber
from nself.graphql.subscriptions.whole import Whole
from nself.pg.database import Database
from nself.records import dataclass

LOG = logging.getLogger("nself.graphql")
_SETTLED_S: Final = 0.1
"""A request that changes the metadata may do so in several steps: plans are made anew when it is over."""
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Pace:
    interval_s: float
    batch: int


@dataclass(frozen=True, slots=True)
class Source:
    asking: Asking
    pacer: Pacer


class Key(NamedTuple):
    """Who shares these shares statements. The names of root fields are in no statement, but in the answer."""

    database: Database
    role: str
    sql: str
    fields: tuple[Any, ...]


class Subscriptions:
    """Opened once per server."""

    def __init__(self, engine: Engine, settings: GraphqlSettings) -> None:
        self._engine, self._settings = engine, settings
        self._sources: dict[Database, Source] = {}
        self._live = Pace(settings.live_queries_interval_ms / 1000, settings.live_queries_batch_size)
        self._streams = Pace(settings.streaming_queries_interval_ms / 1000, settings.streaming_queries_batch_size)
        self._groups: dict[Key, Group] = {}
        self._subscribers: dict[Subscriber, None] = {}
        self._replanning: asyncio.Task[None] | None = None
        self._again = False

    def subscribe(self, request: Request, session: Session, listener: Listener) -> Subscriber | None:
        """Results go to the listener from now on. None if it is no subscription, ApiError if it is refused."""
        subscriber = Subscriber(request, session, listener)
        if not self._place(subscriber):
            return None
        try:
            self._engine.admit(request, session)
        except ApiError:
            self.unsubscribe(subscriber)
            raise
        self._subscribers[subscriber] = None
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.pop(subscriber, None)
        if subscriber.place is not None:
            subscriber.place.leave(subscriber)
            subscriber.place = None

    def replan(self) -> None:
        """The schema has changed: what roles may ask, or how."""
        self._again = True
        if self._replanning is None and self._subscribers:
            self._replanning = asyncio.create_task(self._replan())

    async def close(self) -> None:
        if self._replanning is not None:
            self._replanning.cancel()
        for source in self._sources.values():
            await source.pacer.close()

    def described(self) -> dict[str, Any]:
        """For developers: what is asked, and for how many."""
        live, streams = ([g for g in self._groups.items() if g[1].plan.streams is kind] for kind in (False, True))
        return {
            "live_queries": list(_described(live)),
            "streaming_queries": list(_described(streams)),
            "subscribers": len(self._subscribers),
        }

    def _place(self, subscriber: Subscriber) -> bool:
        """Put it where it belongs by the schema in force. False if it is no subscription."""
        found = self._engine.subscribed(subscriber.request, subscriber.session)
        if found is None:
            return False
        plan = found.plan
        if plan.many is None:
            self._place_whole(subscriber)
            return True
        values = tuple(map(as_text, bound(plan.many, found.bindings)))
        assert found.database is not None
        key = Key(found.database, subscriber.session.role, plan.many.text, plan.fields)
        group, old = self._group(key, plan), subscriber.place
        if group is old and group.has(subscriber, values):
            return True
        if isinstance(old, Group) and old.plan.streams and plan.streams:
            values = _with(values, group.cursor, old.cursor_of(subscriber))
        if old is not None:
            old.leave(subscriber)
        group.join(subscriber, values)
        self._groups[key] = group
        self._source(key.database).pacer.welcome(group)
        return True

    def _source(self, database: Database) -> Source:
        found = self._sources.get(database)
        if found is None:
            settings = self._settings
            # The rest of the connections is for queries and mutations.
            asking = Asking(database, at_once=max(1, settings.pg_connections // 4))
            pacer = Pacer(database, check_s=settings.live_queries_check_interval_ms / 1000)
            found = self._sources[database] = Source(asking, pacer)
        return found

    def _gone(self, polled: Polled, database: Database) -> None:
        """Nobody waits for it any more."""
        if self._source(database).pacer.discard(polled):
            del self._sources[database]

    def _group(self, key: Key, plan: SubscriptionPlan) -> Group:
        """The group that asks this statement; it is known to others once somebody has joined."""
        found = self._groups.get(key)
        if found is not None:
            return found
        pace = self._streams if plan.streams else self._live
        return Group(
            self._source(key.database).asking,
            plan,
            interval_s=pace.interval_s,
            batch=pace.batch,
            limit_s=lambda: self._engine.time_limit_s(key.role),
            on_empty=lambda: self._gone(self._groups.pop(key), key.database),
        )

    def _place_whole(self, subscriber: Subscriber) -> None:
        if subscriber.place is not None:
            subscriber.place.leave(subscriber)
        request, session = subscriber.request, subscriber.session
        # What actions have answered is kept beside the metadata.
        database = self._engine.kept_in
        whole = Whole(
            lambda: self._engine.answer_again(request, session),
            interval_s=self._live.interval_s,
            on_empty=lambda: self._gone(whole, database),
        )
        whole.join(subscriber)
        self._source(database).pacer.welcome(whole)

    async def _replan(self) -> None:
        while self._again:
            await asyncio.sleep(_SETTLED_S)
            self._again = False
            for number, subscriber in enumerate(list(self._subscribers)):
                if number % _AT_ONCE == _AT_ONCE - 1:
                    await asyncio.sleep(0)
                if subscriber in self._subscribers:
                    self._place_again(subscriber)
        self._replanning = None

    def _place_again(self, subscriber: Subscriber) -> None:
        try:
            self._place(subscriber)
        except ApiError as error:
            self._end(subscriber, error)
        except Exception:  # the others must not go on under permissions that are gone
            LOG.exception("internal error while a subscription was planned anew")
            self._end(subscriber, ApiError("unexpected", "the subscription cannot go on: subscribe again", status=500))

    def _end(self, subscriber: Subscriber, error: ApiError) -> None:
        self.unsubscribe(subscriber)
        subscriber.listener.failed(error, ended=True)


def _with(values: Values, index: int, value: str | None) -> Values:
    return (*values[:index], value, *values[index + 1 :])


def _described(groups: list[tuple[Key, Group]]) -> Iterator[dict[str, Any]]:
    for key, group in groups:
        cohorts, subscribers = group.size
        yield {"role": key.role, "sql": key.sql, "cohorts": cohorts, "subscribers": subscribers}
