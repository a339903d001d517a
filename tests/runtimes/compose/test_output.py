"""What containers said, on a real engine."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Generator
from typing import cast

from nself import children
from nself.host import LocalHost
from nself.runtimes.compose import output
from nself.runtimes.compose.docker import Docker
from nself.runtimes.native import processes
from tests.docker.engine import Engine

SAYING = "seq -f 'line %.0f of a log that goes on and on' 100000; echo last on the other stream >&2"


def readers(name: str) -> list[int]:
    """Programs below this one that read its log. An engine below it has others of its own."""
    found = children.below(os.getpid())
    return [pid for pid in found if {"logs", name} <= set(processes.command_line(pid))]


def test_a_large_log_passes_through_and_a_reader_who_leaves_ends_it(docker: Engine, debian_image: str) -> None:
    name = docker.container(debian_image, "sh", "-c", SAYING)
    docker.run("wait", name)
    host, client = LocalHost(), Docker(LocalHost(), dict(os.environ))
    try:
        # How far apart the engine notes down two streams is its own business.
        assert "line 100000 of a log that goes on and on" in list(output.stream(client, host, name, last=2))

        tracemalloc.start()
        assert sum(1 for _ in output.stream(client, host, name)) == 100_001
        assert tracemalloc.get_traced_memory()[1] < 2 * 1024**2
        tracemalloc.stop()

        reading = cast(Generator[str], output.stream(client, host, name))
        assert next(reading).startswith("line 1 ")
        assert readers(name)
        reading.close()
        assert not readers(name)
    finally:
        docker.run("rm", "--force", name)
