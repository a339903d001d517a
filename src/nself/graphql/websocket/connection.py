"""One socket: its session, its operations by id, and what each message of the client does to them."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from nself.graphql.engine import Request
from nself.graphql.errors import ApiError
from nself.graphql.http.exchange import graphql_shape
from nself.graphql.http.operations import shows_internal
from nself.graphql.sessions.session import Session
from nself.graphql.subscriptions.subscriber import Subscriber
from nself.graphql.surface import Surface
from nself.graphql.websocket import protocols
from nself.graphql.websocket.handshake import request_headers
from nself.graphql.websocket.outbox import Outbox
from nself.graphql.websocket.protocols import Intent, Message, Protocol
from nself.web.json import encode

LOG = logging.getLogger("nself.graphql")
ReadRequest = Callable[[Any, Mapping[str, str]], Request]

_UNREAD_S: Final = 0.2
MOST_HELD: Final = 16 * 1024 * 1024
"""Characters of all operations of a socket that are not over yet."""
_OVERHEAD: Final = 2048
"""What an operation takes besides."""
NORMAL: Final = 1000
RESTART: Final = 1012
BAD_MESSAGE: Final = 4400
NOT_INITIALISED: Final = 4401
FORBIDDEN: Final = 4403
INIT_TIMEOUT: Final = 4408
DUPLICATE: Final = 4409
SECOND_INIT: Final = 4429


class Connection:
    """`hear` is called with one message after the other, `end` when the socket is gone."""

    def __init__(
        self, surface: Surface, protocol: Protocol, outbox: Outbox, handshake: Mapping[str, str], read: ReadRequest
    ) -> None:
        self._surface, self._protocol, self._outbox = surface, protocol, outbox
        self._handshake, self._read = handshake, read
        self._session: Session | None = None
        self._headers: dict[str, str] = {}
        self._operations: dict[str, asyncio.Task[None] | Subscriber] = {}
        self._held: dict[asyncio.Task[None] | Subscriber, int] = {}
        """What each operation takes that is not over, stopped ones included."""
        self._held_together = 0
        self._loop = asyncio.get_running_loop()
        timeout = surface.settings.websocket_init_timeout_s
        surface.sockets.add(self)
        self._timers = {"init": self._loop.call_later(timeout, self._no_init)}

    async def hear(self, raw: str | bytes) -> None:
        try:
            message = self._protocol.read(raw)
            match message.intent:
                case Intent.INIT:
                    await self._init(message.payload)
                case Intent.START:
                    self._start(message, len(raw) + _OVERHEAD)
                case Intent.STOP:
                    self._stop(message.id)
                case Intent.PING:
                    self._outbox.put(protocols.PONG)
                case Intent.TERMINATE:
                    self._outbox.close(NORMAL, "terminated")
                case Intent.PONG:
                    pass
        except ApiError as error:
            self._blame(BAD_MESSAGE, error.message)

    def restart(self) -> None:
        """Ask the client to come again."""
        self._outbox.close(RESTART, "Service restart")

    def keep_alive(self) -> None:
        self._outbox.put(self._protocol.keepalive)

    def end(self) -> None:
        self._surface.sockets.discard(self)
        self._surface.sockets.keepalive.discard(self)
        for timer in self._timers.values():
            timer.cancel()
        for id_ in list(self._operations):
            self._stop(id_)

    async def _init(self, payload: object) -> None:
        if self._session is not None:
            return self._blame(SECOND_INIT, "Too many initialisation requests")
        headers = request_headers(self._handshake, payload)
        self._timers["init"].cancel()
        try:
            session = await self._surface.authenticator.session(headers)
        except ApiError as error:
            return self._refuse(error.message)
        self._session, self._headers = session, headers
        self._outbox.put(protocols.ACK)
        if session.expires_at is not None:
            self._timers["expiry"] = self._loop.call_later(session.expires_at - time.time(), self._expired)
        if not self._protocol.strict:
            self._outbox.put(self._protocol.keepalive)
        self._surface.sockets.keepalive.add(self)
        return None

    def _refuse(self, reason: str) -> None:
        if not self._protocol.strict:
            self._outbox.put(protocols.connection_error(reason))
        self._outbox.close(FORBIDDEN, reason)

    def _blame(self, code: int, reason: str) -> None:
        """A message that breaks the rules."""
        if self._protocol.strict:
            self._outbox.close(code, reason)
        else:
            self._outbox.put(protocols.connection_error(reason))

    def _no_init(self) -> None:
        # A server that could do nothing for a while may have the message already, unread.
        self._timers["init"] = self._loop.call_later(_UNREAD_S, self._still_no_init)

    def _still_no_init(self) -> None:
        self._outbox.close(INIT_TIMEOUT, "Connection initialisation timeout")

    def _expired(self) -> None:
        self._outbox.close(FORBIDDEN, "the session has expired")

    def _start(self, message: Message, size: int) -> None:
        if self._session is None:
            if self._protocol.strict:
                return self._outbox.close(NOT_INITIALISED, "Unauthorized")
            return self._fail(message.id, ApiError("unexpected", "start received before the connection is initialised"))
        if message.id in self._operations:
            if self._protocol.strict:
                return self._outbox.close(DUPLICATE, f"Subscriber for {message.id} already exists")
            reason = ApiError("unexpected", f"an operation already exists with this id: {message.id}")
            return self._outbox.put(self._protocol.error(message.id, [graphql_shape(reason, internal=False)]))
        if self._held and self._held_together + size > MOST_HELD:
            return self._fail(message.id, ApiError("too-many-requests", "too many operations at once on one websocket"))
        work = self._guarded(message.id, self._run(message.id, message.payload, self._session))
        task = self._operations[message.id] = asyncio.create_task(work)
        self._hold(task, size)
        return None

    def _hold(self, operation: asyncio.Task[None] | Subscriber, size: int) -> None:
        self._held[operation] = size
        self._held_together += size

    def _release(self, operation: asyncio.Task[None] | Subscriber | None) -> int:
        size = self._held.pop(operation, 0) if operation is not None else 0
        self._held_together -= size
        return size

    def _stop(self, id_: str) -> None:
        """A query or mutation that is running goes on to its end, unheard."""
        operation = self._operations.pop(id_, None)
        if isinstance(operation, Subscriber):
            self._release(operation)
            self._surface.subscriptions.unsubscribe(operation)

    async def _run(self, id_: str, payload: object, session: Session) -> None:
        request = self._read(payload, self._headers)
        self._surface.engine.admit(request, session)
        results = Results(self, self._protocol.opening(id_), id_)
        subscriber = self._surface.subscriptions.subscribe(request, session, results)
        if subscriber is not None:
            self._keep(id_, subscriber)
            return
        reply = await self._surface.engine.answer(request, session)
        if self._is_current(id_):
            self._outbox.put(b"%b%b}" % (self._protocol.opening(id_), reply.body))
            self._outbox.put(self._protocol.complete(id_))

    def _keep(self, id_: str, subscriber: Subscriber) -> None:
        """Unless it was stopped, or the socket closed, before it began."""
        if self._is_current(id_):
            self._operations[id_] = subscriber
            self._hold(subscriber, self._release(asyncio.current_task()))
        else:
            self._surface.subscriptions.unsubscribe(subscriber)

    async def _guarded(self, id_: str, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except ApiError as error:
            self._fail(id_, error)
        except Exception:  # the client learns of every end, and the log why
            incident = uuid.uuid4().hex[:12]
            LOG.exception("internal error %s in a websocket operation", incident)
            self._fail(id_, ApiError("unexpected", f"internal error {incident}"))
        finally:
            self._release(asyncio.current_task())
            if self._is_current(id_):
                del self._operations[id_]

    def send(self, frame: bytes) -> None:
        self._outbox.put(frame)

    def failed(self, id_: str, error: ApiError, *, ended: bool) -> None:
        """A subscription cannot be answered: it ends, or hears of it in place of a result."""
        if ended:
            self._release(self._operations.pop(id_, None))
            return self._fail(id_, error)
        shown = graphql_shape(error, internal=shows_internal(self._surface, self._session))
        return self.send(b"%b%b}" % (self._protocol.opening(id_), encode({"errors": [shown]})))

    def _fail(self, id_: str, error: ApiError) -> None:
        shown = graphql_shape(error, internal=shows_internal(self._surface, self._session))
        self._outbox.put(self._protocol.error(id_, [shown]))
        if not self._protocol.strict:
            self._outbox.put(self._protocol.complete(id_))

    def _is_current(self, id_: str) -> bool:
        """Whether the task that asks is the operation of that id: another may have taken its place."""
        return self._operations.get(id_) is asyncio.current_task()


class Results:
    """The listener of one subscription: a result becomes a frame with as little work as can be."""

    __slots__ = ("_connection", "_id", "_opening")

    def __init__(self, connection: Connection, opening: bytes, id_: str) -> None:
        self._connection, self._opening, self._id = connection, opening, id_

    def data(self, body: bytes) -> None:
        self._connection.send(b"%b%b}" % (self._opening, body))

    def failed(self, error: ApiError, *, ended: bool) -> None:
        self._connection.failed(self._id, error, ended=ended)
