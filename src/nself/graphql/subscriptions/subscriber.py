"""Who is subscribed, and what its place among those who ask the same is."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from nself.graphql.engine import Request
from nself.graphql.errors import ApiError
from nself.graphql.sessions.session import Session


class Listener(Protocol):
    """Where results go. Neither method may wait or raise: thousands are called in a row."""

    def data(self, body: bytes) -> None:
        """A changed result: the complete JSON of a response."""
        ...

    def failed(self, error: ApiError, *, ended: bool) -> None:
        """The operation cannot be answered now, or never again."""
        ...


class Subscriber:
    """One running operation. `sent` is the digest of what it got last; `place` is where it waits for the next."""

    __slots__ = ("listener", "place", "request", "sent", "session")

    def __init__(self, request: Request, session: Session, listener: Listener) -> None:
        self.request, self.session, self.listener = request, session, listener
        self.place: Place | None = None
        self.sent = b""


class Place(Protocol):
    def leave(self, subscriber: Subscriber) -> None: ...


class Cohort:
    """Subscribers with the very same values: one row of a statement answers them all. `digest` is of their result."""

    __slots__ = ("digest", "newcomers", "subscribers", "values")

    def __init__(self, values: Sequence[str | None]) -> None:
        self.values = values
        self.subscribers: dict[Subscriber, None] = {}
        self.newcomers: list[Subscriber] = []
        self.digest = b""

    def deliver(self, digest: bytes, body: bytes) -> None:
        """To everybody when it is news, else to those who have just come."""
        everybody = digest != self.digest
        if not everybody and not self.newcomers:
            return
        self.digest = digest
        waiting = list(self.subscribers) if everybody else self.newcomers
        self.newcomers = []
        for subscriber in waiting:
            # Who moved here from another plan may have the same already; who left in between wants nothing.
            if subscriber.sent != digest and subscriber in self.subscribers:
                subscriber.sent = digest
                subscriber.listener.data(body)

    def fail(self, error: ApiError) -> list[Subscriber]:
        """Tell those who have not heard of it. Returns the newcomers: for them there is nothing to go on from."""
        digest = digest_of((error.code, error.message))
        everybody = digest != self.digest
        ended, self.newcomers = self.newcomers, []
        self.digest = digest
        for subscriber in list(self.subscribers) if everybody else ended:
            final = subscriber in ended and not subscriber.sent
            subscriber.sent = digest
            subscriber.listener.failed(error, ended=final)
        return ended


def digest_of(texts: Sequence[str | None]) -> bytes:
    digest = blake2b(digest_size=16)
    for text in texts:
        # A length in front: two texts must not be mistaken for two others with the border elsewhere.
        raw = b"" if text is None else text.encode()
        digest.update(b"%d:" % (-1 if text is None else len(raw)))
        digest.update(raw)
    return digest.digest()
