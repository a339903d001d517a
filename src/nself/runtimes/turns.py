"""One change of a stack at a time: who waits for whom, and who is ended instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.layout import Layout
from nself.runtimes.native import processes

_HOLDER = re.compile(r"nself (?P<command>[\w -]+) \(pid (?P<pid>\d+)")


@contextmanager
def taken(
    layout: Layout, host: LocalHost, emit: Emit, command: str, *, wait_s: float, ends: Collection[str] = ()
) -> Iterator[None]:
    """Hold the project's lock. A command that is among `ends` is told to end, as by SIGTERM, others are waited for."""
    path = layout.run / "lock"

    def waiting(holder: str) -> None:
        found = _HOLDER.match(holder)
        # What the file says may be older than who has the lock.
        if found and found["command"] in ends and processes.has_open(int(found["pid"]), path):
            emit(Note(f"ending {holder}"))
            host.terminate(int(found["pid"]))
        else:
            emit(Note(f"waiting for {holder}"))

    with host.lock(path, wait_s=wait_s, holder=f"nself {command}", waiting=waiting):
        yield
