"""The nodes of a project's cluster, each signed in to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Literal

from nself.actions.redis import view
from nself.actions.redis.connection import connected
from nself.actions.redis.view import Known
from nself.actions.stack import Stack
from nself.errors import TimedOutError
from nself.model.spec import Endpoint
from nself.records import dataclass
from nself.runtimes.resp import Connection, Reply
from nself.runtimes.wire import RefusedError
from nself.services import redis, redis_cluster

ANSWER_S = 90.0
"""How long one command may take: the largest value is moved in one."""
PAUSE_S = 0.05


@dataclass(kw_only=True)
class Member:
    """`inside` and `bus` are where the other nodes reach it."""

    name: str
    inside: Endpoint
    bus: int
    connection: Connection
    _id: str = ""

    def call(self, *words: str | bytes | int) -> Reply:
        return self.connection.call(*words)

    @property
    def id(self) -> str:
        if not self._id:
            self._id = text(self.call("CLUSTER", "MYID"))
        return self._id

    def reset(self, how: Literal["SOFT", "HARD"]) -> None:
        """Let it forget the cluster and all keys: on disk, too, where a reset alone leaves what a replica had."""
        self.call("CLUSTER", "RESET", how)
        self.call("FLUSHALL", "SYNC")
        self._id = ""

    def view(self) -> dict[str, Known]:
        return view.parse(text(self.call("CLUSTER", "NODES")))

    def itself(self) -> Known:
        return self.view()[self.id]

    def keys(self) -> int:
        found = self.call("DBSIZE")
        assert isinstance(found, int)
        return found

    def state(self) -> dict[str, str]:
        """CLUSTER INFO: `cluster_state`, `cluster_slots_ok`, `cluster_known_nodes`, …"""
        lines = text(self.call("CLUSTER", "INFO")).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


@contextmanager
def opened_members(opened: Stack, names: Sequence[str]) -> Iterator[list[Member]]:
    """In this order. A node that does not answer is an error that names it."""
    with ExitStack() as stack:
        yield [
            Member(
                name=name,
                inside=opened.runtime.inner(name, redis.PORT.name),
                bus=opened.runtime.inner(name, redis_cluster.BUS.name).port,
                connection=stack.enter_context(connected(opened, name, wait_s=ANSWER_S)),
            )
            for name in names
        ]


def wait_for(amiss: Callable[[], str], wait_s: float, *, fixes: Sequence[str]) -> None:
    """Until nothing is amiss. TimedOutError says what still was."""
    began = time.monotonic()
    while said := amiss():
        if time.monotonic() - began > wait_s:
            raise TimedOutError(f"{said}, {wait_s:g} s after it was asked for", fixes=fixes)
        time.sleep(PAUSE_S)


def text(reply: Reply) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)


@contextmanager
def tolerating(*words: str) -> Iterator[None]:
    """A refusal with one of these words in it says that what was asked for is so already."""
    try:
        yield
    except RefusedError as error:
        if not any(word in f"{error.code} {error}" for word in words):
            raise
