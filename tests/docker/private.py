"""A Docker engine of a test's own, to be killed, filled up and broken: its data in memory, its network in a namespace
that nothing else is in. Two engines in one network would take each other's bridge away."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.docker.engine import Engine, UnavailableError, link_plugins

STARTING_S = 60.0
SIZE = "400m"


@dataclass
class PrivateEngine:
    """`prefix` goes before a command that is to be in the engine's network, as those who publish ports there are."""

    folder: Path
    network: int
    """Process that keeps the network namespace."""
    _daemon: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def socket(self) -> Path:
        return self.folder / "docker.sock"

    @property
    def data(self) -> Path:
        """A file system of its own."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "dockerd.log"

    @property
    def environ(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_CONFIG": str(self.folder / "config")}

    @property
    def prefix(self) -> tuple[str, ...]:
        return ("nsenter", f"--net=/proc/{self.network}/ns/net")

    @property
    def client(self) -> Engine:
        return Engine(self.environ)

    def docker(self, *argv: str, check: bool = True) -> str:
        return self.client.run(*argv, check=check).stdout.strip()

    def start(self) -> None:
        """Until it answers; one that runs is left alone."""
        if self._daemon is not None and self._daemon.poll() is None:
            return
        deadline = time.monotonic() + STARTING_S
        self._launch()
        while self.client.run("info", check=False).returncode:
            if time.monotonic() > deadline:
                self.stop()
                lines = self.log.read_text(errors="replace").splitlines()
                raise UnavailableError(f"a second dockerd does not start: {lines[-1] if lines else 'it said nothing'}")
            if self._daemon is not None and self._daemon.poll() is not None:
                # What a killed one left keeps the next from starting for a while: a service manager tries again, too.
                self._launch()
            time.sleep(0.1)

    def _launch(self) -> None:
        # Its containerd ended with the one that was killed. While nobody has reaped that, the next would wait for it.
        for name in ("dockerd.pid", "exec/containerd/containerd.pid"):
            (self.folder / name).unlink(missing_ok=True)
        argv = ["dockerd", "--host", f"unix://{self.socket}", "--data-root", str(self.data)]
        argv += ["--exec-root", str(self.folder / "exec"), "--pidfile", str(self.folder / "dockerd.pid")]
        with self.log.open("ab") as log:
            self._daemon = subprocess.Popen([*self.prefix, *argv], stdout=log, stderr=log, start_new_session=True)

    def kill(self) -> None:
        """As the kernel does when memory runs out. What runs in containers goes on running, and nobody minds it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._daemon is not None:
            self._daemon.send_signal(number)
            self._daemon.wait(30)
            self._daemon = None

    @contextmanager
    def down(self) -> Iterator[None]:
        """Killed for a while, and back afterwards."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte is left where it keeps images and containers."""
        filler = self.data / "filler"
        fill(filler)
        try:
            yield
        finally:
            filler.unlink()


def fill(path: Path) -> None:
    """Write to `path` until its disk is full."""
    for size in (1 << 20, 1 << 12, 1):
        with path.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@contextmanager
def private_engine(folder: Path, *, size: str = SIZE) -> Iterator[PrivateEngine]:
    """UnavailableError says what is missing for one."""
    missing = [name for name in ("dockerd", "unshare", "nsenter", "ip", "mount") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        raise UnavailableError(f"a second engine needs root and {' '.join(missing) or 'nothing else'}")
    # It ends with these tests, however they end.
    keep = "ip link set lo up && echo up && exec cat"
    keeper = subprocess.Popen(["unshare", "--net", "sh", "-c", keep], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    engine = PrivateEngine(folder, keeper.pid)
    engine.data.mkdir(parents=True)
    (folder / "config" / "cli-plugins").mkdir(parents=True)
    link_plugins(folder / "config" / "cli-plugins")
    mounted = False
    try:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != b"up\n":
            raise UnavailableError("this machine does not give out network namespaces")
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0711", "tmpfs", str(engine.data)]
        mounted = subprocess.run(mount, check=False).returncode == 0
        if not mounted:
            raise UnavailableError("this machine does not let root mount a file system")
        engine.start()
        yield engine
    finally:
        _leave(engine, keeper, mounted=mounted)


def _leave(engine: PrivateEngine, keeper: subprocess.Popen[bytes], *, mounted: bool) -> None:
    if mounted:
        # One that was killed left containers running, which only an engine can end.
        with suppress(UnavailableError):
            engine.start()
            left = engine.docker("ps", "--all", "--quiet", check=False).split()
            engine.docker("rm", "--force", "--volumes", *left, check=False)
    engine.stop()
    keeper.kill()
    keeper.wait()
    for pipe in (keeper.stdin, keeper.stdout):
        if pipe is not None:
            pipe.close()
    if mounted:
        subprocess.run(["umount", "--lazy", str(engine.data)], check=True)
