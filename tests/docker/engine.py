"""Which Docker engine the tests use. One that answers is used as it is; else root starts one with its own socket and
data, and ends it when the run ends. Workers of one run share it."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
"""The real one: tests are given another by the environment."""
CACHE = HOME / ".cache" / "nself-tests"
RUN = "TESTS_DOCKER_RUN"
"""Names a folder of this run: set by whoever starts the workers, and inherited by them."""
LABEL = "nself.tests"
PLUGINS = (
    *(HOME / ".docker/cli-plugins", Path("/usr/local/lib/docker/cli-plugins")),
    *(Path("/usr/libexec/docker/cli-plugins"), Path("/usr/lib/docker/cli-plugins")),
)


@dataclass(frozen=True)
class Engine:
    """An engine that answers. `environ` is what `docker` must be run with to reach it."""

    environ: dict[str, str] = field(repr=False)

    def run(self, *argv: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *argv],
            env={**os.environ, **self.environ},
            text=True,
            capture_output=True,
            check=check,
            **options,
        )

    def has(self, image: str) -> bool:
        return self.run("image", "inspect", image, check=False).returncode == 0

    def remove_images(self, project: str) -> None:
        """Those that were built for a project."""
        found = self.run("image", "ls", "--quiet", "--no-trunc", "--filter", f"label=nself.project={project}").stdout
        if found:
            self.run("image", "rm", "--force", *dict.fromkeys(found.split()), check=False)

    def container(self, *argv: str) -> str:
        """Start a container in the background, labelled so that the end of the run removes it; its id."""
        return self.run("run", "--detach", "--label", f"{LABEL}={os.environ[RUN]}", *argv).stdout.strip()


class UnavailableError(Exception):
    """Why there is no engine to test with."""


def open_engine() -> Engine:
    if shutil.which("docker") is None:
        raise UnavailableError("docker is not installed")
    folder = Path(os.environ[RUN])
    with locked("engine"):
        (folder / "config" / "cli-plugins").mkdir(parents=True, exist_ok=True)
        link_plugins(folder / "config" / "cli-plugins")
        environ = {"DOCKER_CONFIG": str(folder / "config"), "PIP_CACHE_DIR": str(HOME / ".cache" / "pip")}
        socket = folder / "docker.sock"
        if socket.exists():
            environ["DOCKER_HOST"] = f"unix://{socket}"
        if Engine(environ).run("info", check=False).returncode == 0:
            return Engine(environ)
        return Engine(environ | _start(folder, socket))


def link_plugins(into: Path) -> None:
    """`docker compose` is looked for in the user's configuration, which tests do not share."""
    for folder in reversed(PLUGINS):
        for plugin in folder.glob("docker-*"):
            link = into / plugin.name
            link.unlink(missing_ok=True)
            link.symlink_to(plugin)


def _start(folder: Path, socket: Path) -> dict[str, str]:
    if os.getuid() != 0 or shutil.which("dockerd") is None:
        raise UnavailableError("no Docker engine answers, and only root can start one (dockerd)")
    if "DOCKER_HOST" in os.environ or _runs(Path("/var/run/docker.pid")):
        # Two engines on one machine would take each other's bridge away.
        raise UnavailableError("the Docker engine of this machine does not answer")
    data = CACHE / "docker"
    data.mkdir(parents=True, exist_ok=True)
    host = f"unix://{socket}"
    with (folder / "dockerd.log").open("ab") as log:
        program = subprocess.Popen(
            [
                *("dockerd", "--host", host, "--data-root", str(data)),
                *("--exec-root", str(folder / "exec"), "--pidfile", str(folder / "dockerd.pid")),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + 90
    while Engine({"DOCKER_HOST": host}).run("info", check=False).returncode:
        if program.poll() is not None or time.monotonic() > deadline:
            said = (folder / "dockerd.log").read_text(errors="replace").splitlines()
            raise UnavailableError(f"dockerd does not start: {said[-1] if said else 'it said nothing'}")
        time.sleep(0.2)
    clear(Engine({"DOCKER_HOST": host}))
    return {"DOCKER_HOST": host}


def clear(engine: Engine) -> None:
    """What a run left that was killed came up again with the engine; images and what was built for them are kept."""
    left = engine.run("ps", "--all", "--quiet").stdout.split()
    if left:
        engine.run("rm", "--force", "--volumes", *left, check=False)
    for kind in ("network", "volume"):
        engine.run(kind, "prune", "--force", check=False)


def end_daemon(folder: Path) -> None:
    """The engine that keeps its pidfile in `folder`, if it runs still, and the file system that it may have had."""
    pidfile, data = folder / "dockerd.pid", folder / "data"
    if _runs(pidfile):
        os.kill(int(pidfile.read_text()), signal.SIGTERM)
        deadline = time.monotonic() + 90
        while _runs(pidfile) and time.monotonic() < deadline:
            time.sleep(0.1)
    if data.is_mount():
        subprocess.run(["umount", "--lazy", str(data)], check=False)


def _runs(pidfile: Path) -> bool:
    """Whether its number is an engine's still."""
    with suppress(OSError):
        return Path("/proc", pidfile.read_text().strip(), "comm").read_text().strip() == "dockerd"
    return False


def close_run() -> None:
    """Remove what this run's tests left on the engine, and end the engine if the run started it."""
    folder = Path(os.environ[RUN])
    if not (folder / "config").exists():
        shutil.rmtree(folder, ignore_errors=True)
        return
    socket = folder / "docker.sock"
    engine = Engine({"DOCKER_HOST": f"unix://{socket}"} if socket.exists() else {})
    left = engine.run("ps", "--all", "--quiet", "--filter", f"label={LABEL}={folder}", check=False).stdout.split()
    if left:
        engine.run("rm", "--force", "--volumes", *left, check=False)
    end_daemon(folder)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(name: str) -> Iterator[None]:
    """One worker at a time, and one run at a time: they share the engine and the caches."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
