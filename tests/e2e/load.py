"""A steady stream of requests to one public host, from clients that keep their connection and clients that do not."""

from __future__ import annotations

import http.client
import itertools
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

KEEPING, CONNECTING = 3, 1
CLIENTS = KEEPING + CONNECTING
"""Those that keep their connection and those that do not, unless a test wants others."""
PAUSE_S = 0.004
"""Between two requests of one client: the machine is shared."""
WAIT_S = 90.0
"""For an answer, or for as many as a test asks for: how fast they come is not what these tests are about."""


class _Connection(http.client.HTTPSConnection):
    """To loopback, whatever the name says."""

    def connect(self) -> None:
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(raw, server_hostname=self.host)


@dataclass
class Load:
    """What was answered: by whom, and what went wrong."""

    host: str
    port: int
    methods: tuple[str, ...] = ("GET", "POST")
    answered: list[tuple[float, str]] = field(default_factory=list)
    """When each was asked, and by whom it was answered."""
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        return len(self.answered) + len(self.failures)

    @contextmanager
    def running(self, *, keeping: int = KEEPING, connecting: int = CONNECTING) -> Iterator[Load]:
        threads = [
            threading.Thread(target=self._client, args=(number < keeping,)) for number in range(keeping + connecting)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def more(self, count: int, *, wait_s: float = WAIT_S) -> Counter[str]:
        """Who answered the next `count` requests: those that are under way now were asked before."""
        now, failed, seen = time.monotonic(), len(self.failures), len(self.answered)
        deadline = now + wait_s
        while True:
            found = Counter(who for asked, who in self.answered[seen:] if asked >= now)
            if found.total() + len(self.failures) - failed >= count:
                return found
            assert time.monotonic() < deadline, f"{self.total} requests, and no more: {self.failures[-3:]}"
            time.sleep(0.01)

    def _client(self, keeps: bool) -> None:
        connection = _Connection(self.host, self.port, timeout=WAIT_S)
        for method in itertools.cycle(self.methods):
            if self._over.wait(PAUSE_S):
                break
            self._ask(connection, method)
            if not keeps:
                connection.close()
        connection.close()

    def _ask(self, connection: _Connection, method: str) -> None:
        began = time.monotonic()
        try:
            connection.request(method, "/", body=b"x" * 2000 if method == "POST" else None)
            answer = connection.getresponse()
            who = answer.read().decode()
            problem = "" if answer.status == 200 else f"{method}: {answer.status} {who}"
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            who, problem = "", f"{method}: {error!r}"
        with self._lock:
            self.seconds.append(time.monotonic() - began)
            if problem:
                self.failures.append(problem)
            else:
                self.answered.append((began, who))
