"""A subscription that other places than the database answer as well: asked for itself alone, like a query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nself.graphql.errors import ApiError
from nself.graphql.subscriptions.polled import Polled
from nself.graphql.subscriptions.subscriber import Cohort, Subscriber, digest_of


class Whole(Polled):
    """`ask` gives a complete response."""

    def __init__(
        self, ask: Callable[[], Awaitable[bytes]], *, interval_s: float, on_empty: Callable[[], object]
    ) -> None:
        super().__init__(interval_s)
        self._ask, self._on_empty = ask, on_empty
        self._cohort = Cohort(())

    def join(self, subscriber: Subscriber) -> None:
        self._cohort.subscribers[subscriber] = None
        self._cohort.newcomers.append(subscriber)
        subscriber.place = self

    def leave(self, subscriber: Subscriber) -> None:
        if self._cohort.subscribers.pop(subscriber, subscriber) is None:
            self._on_empty()

    async def ask_all(self) -> None:
        if not self._cohort.subscribers:
            return
        try:
            body = await self._ask()
        except ApiError as error:
            for subscriber in self._cohort.fail(error):
                self.leave(subscriber)
        else:
            self._cohort.deliver(digest_of((body.decode(),)), body)

    async def ask_newcomers(self) -> None:
        if self._cohort.newcomers:
            await self.ask_all()
