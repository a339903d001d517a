"""A real Redis, started with the very words the stack would start it with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nself.host import LocalHost
from nself.model.place import Place
from nself.model.project import Project
from nself.model.spec import ServiceSpec
from nself.render import configuration
from nself.runtimes import probes
from nself.runtimes.resp import Connection
from nself.services.redis import WHEEL
from tests.cluster import free_port
from tests.services.projects import network, project, spec

PASSWORD = "pass word's \"$%&?/#@: ü {root}"
BINARY = shutil.which("redis-server") or shutil.which("valkey-server")
needs_redis = pytest.mark.skipif(BINARY is None, reason="neither redis-server nor valkey-server is installed")

VALKEY = Path(sys.prefix) / "share" / "valkey"
"""Where `tests/packages` puts the wheels of Valkey: on the import path of those alone who are to find them."""
needs_valkey = pytest.mark.skipif(not (VALKEY / WHEEL).exists(), reason="no Valkey (tests/packages installs it)")


@dataclass
class Redis:
    """One server of one project. It may be killed and started again on the same data."""

    project: Project
    process: subprocess.Popen[bytes] | None = None

    @property
    def spec(self) -> ServiceSpec:
        return spec(self.project, "redis")

    @property
    def place(self) -> Place:
        return Place(layout=self.project.layout, programs={"redis": Path(BINARY or "")})

    @property
    def log(self) -> Path:
        return self.project.root / "redis.log"

    def health(self) -> probes.Health:
        return probes.check(self.spec, network(self.project))

    def connect(self, password: str = PASSWORD) -> Connection:
        at = network(self.project).endpoint("redis", "redis")
        return Connection(at.host, at.port, password, timeout_s=60)

    def launch(self, prepare: Callable[[], None] | None = None) -> subprocess.Popen[bytes]:
        """Write its files and start it; `prepare` runs in the new process before Redis does."""
        host = LocalHost()
        for name, text in configuration.render([self.spec], self.place.expand).items():
            host.write(self.place.build / name, text, mode=0o600)
        self.project.layout.data("redis").mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # As supervisord starts it: no signal is ignored but what `prepare` says.
            self.process = subprocess.Popen(
                self.place.argv(self.spec), stdout=log, stderr=log, preexec_fn=prepare, restore_signals=prepare is None
            )
        return self.process

    def start(self, prepare: Callable[[], None] | None = None) -> Redis:
        process = self.launch(prepare)
        deadline = time.monotonic() + 90
        while not self.health().ok:
            assert process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.health()
            time.sleep(0.01)
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        return self.process.wait(60)


@contextmanager
def redis(root: Path, **values: str) -> Iterator[Redis]:
    """`values` are variables of the project beside the switch, a free port and a password full of marks."""
    base = {"REDIS_ENABLED": "true", "REDIS_PORT": str(free_port()), "REDIS_PASSWORD": PASSWORD}
    made = Redis(project(root, values={**base, **values}))
    try:
        yield made
    finally:
        if made.process is not None:
            made.end(signal.SIGKILL)
