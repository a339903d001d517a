"""Projects as a user has them: a folder with an .env, driven by the real program in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import free_offset, free_port

SECRET = "a-secret-that-is-long-enough-for-everything-0123456789"
PASSWORD = "pass word's \"$%&?/#@: ü"
PORTS = (
    "POSTGRES_PORT",
    "HASURA_PORT",
    "AUTH_PORT",
    "STORAGE_PORT",
    "FUNCTIONS_PORT",
    "MAILPIT_UI_PORT",
    "MAILPIT_SMTP_PORT",
    "NGINX_PORT",
    "NGINX_SSL_PORT",
    "NGINX_HEALTH_PORT",
)
LEAN = {"AUTH_ENABLED": "false", "STORAGE_ENABLED": "false", "FUNCTIONS_ENABLED": "false", "MAILPIT_ENABLED": "false"}
"""PostgreSQL, GraphQL and nginx: enough for most, and quicker."""


KEPT = ("PATH", "HOME", "PYTHONDONTWRITEBYTECODE", "DOCKER_HOST", "DOCKER_CONFIG", "PIP_CACHE_DIR")
"""Of the suite's own environment: the last three lead to the engine that tests use."""


@dataclass
class Project:
    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    """Before every command: to become another user."""
    more: dict[str, str] = field(default_factory=dict)
    """Variables of the shell it is driven from."""

    def write(self, **changes: str) -> None:
        """The .env, with `changes` on top."""
        self.variables |= changes
        lines = [f"{name}={json.dumps(text, ensure_ascii=False)}" for name, text in self.variables.items()]
        # `$` would begin a reference to another variable.
        text = "\n".join(lines).replace("$", "\\$") + "\n"
        (self.root / ".env").write_text(text, encoding="utf-8")
        (self.root / ".env").chmod(0o600)

    def argv(self, *arguments: str) -> list[str]:
        return [*self.prefix, sys.executable, "-m", "nself", *arguments]

    def nself(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the program in the project folder, without a terminal."""
        ran = subprocess.run(
            self.argv(*arguments),
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **{"timeout": 400, **options},
        )
        assert not check or ran.returncode == 0, f"exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran

    def json(self, *arguments: str, check: bool = True) -> Any:
        return json.loads(self.nself("--json", *arguments, check=check).stdout)

    def spawn(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, not waited for; a process group of its own, as a terminal would make it."""
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=hear_ctrl_c,
        )

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {**kept, "NO_COLOR": "1", "LANG": "C.UTF-8", **self.more}

    def status(self) -> dict[str, Mapping[str, Any]]:
        """By service name, whatever the exit code says."""
        return {service["name"]: service for service in self.json("status", check=False)["services"]}

    def health(self) -> dict[str, str]:
        return {name: service["health"] for name, service in self.status().items()}

    def becomes(self, whole: Mapping[str, str] | None = None, /, **some: str) -> None:
        """Until each service is as it is said to be: who is slow to answer on a busy machine is unwell just then."""

        def true() -> bool:
            found.clear()
            found.update(self.health())
            return (whole is None or found == whole) and some.items() <= found.items()

        found: dict[str, str] = {}
        wait_until(true, found)

    def becomes_well(self) -> None:
        self.becomes(dict.fromkeys(self.status(), "healthy"))

    def pid(self, service: str) -> int:
        return int(self.status()[service]["pid"])

    def pids(self) -> dict[str, int]:
        return {name: int(service["pid"] or 0) for name, service in self.status().items()}

    def sql(self, statement: str, *, check: bool = True) -> str:
        """Through `nself exec postgres`, as a user would."""
        argv = ("exec", "postgres", "psql", "-X", "-v", "ON_ERROR_STOP=1", "-Atqc", statement)
        return self.nself(*argv, check=check).stdout.strip()

    def port(self, name: str) -> int:
        return int(self.variables[name])

    def log(self, name: str) -> str:
        return (self.root / ".nself" / "logs" / f"{name}.log").read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def new_project(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """A factory of projects on free ports; whatever they started is stopped."""
    made: list[Project] = []

    def create(root: Path | None = None, *, lean: bool = True, **variables: str) -> Project:
        made.append(project_in(root or tmp_path / f"shop{len(made)}", **(LEAN if lean else {}), **variables))
        return made[-1]

    yield create
    for project in made:
        project.nself("stop", "--graceful", "5", check=False)


def project_in(folder: Path, **variables: str) -> Project:
    """A folder with an .env."""
    folder.mkdir(parents=True, exist_ok=True)
    open_to_others(folder)
    project = Project(folder)
    ports = {name: str(free_port()) for name in PORTS}
    base = {"PROJECT_NAME": "shop", "ENV": "dev", "BASE_DOMAIN": "localhost", "JWT_KEY": SECRET}
    secrets = {"HASURA_GRAPHQL_ADMIN_SECRET": SECRET, "POSTGRES_PASSWORD": PASSWORD}
    project.write(**base, **secrets, **ports, **variables)
    return project


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One lean project for all tests of a file that want a stack to be running, and not to be the first to use it."""
    project = project_in(tmp_path_factory.mktemp("kept") / "shop", **LEAN)
    yield project
    project.nself("stop", "--graceful", "5", check=False)


@pytest.fixture
def running(kept: Project) -> Iterator[Project]:
    """It runs, with the variables it always has, whatever the test before did to it."""
    before = dict(kept.variables)
    kept.nself("start")
    yield kept
    if kept.variables != before:
        kept.variables = before
        kept.write()


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    return new_project()


def choose_apart(folder: Path) -> None:
    """What is not a fixed port is chosen where no other project of these tests looks for one: it is free for two that
    look at once. One port that is remembered keeps the others beside it."""
    offset = free_offset()
    usual = {"web/http": 8001, "seaweedfs/master": 9333, "minio/console": 9001, "garage/rpc": 3901}
    remembered = {"offset": offset, "ports": {key: number + offset for key, number in usual.items()}}
    (folder / ".nself").mkdir(exist_ok=True)
    (folder / ".nself" / "ports.json").write_text(json.dumps(remembered))


def hear_ctrl_c() -> None:
    """A suite that runs in the background ignores SIGINT, and what it starts would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def open_to_others(folder: Path) -> None:
    """As root the stack runs as another account, which pytest's private folders would shut out."""
    if os.geteuid() == 0:
        for parent in [folder, *folder.parents]:
            if "pytest" in str(parent) and parent.stat().st_mode & 0o001 == 0:
                parent.chmod(0o755)


def wait_until(true: Callable[[], bool], seen: object = "", *, wait_s: float = 90.0) -> float:
    """Seconds until `true` was; fails when it never was, with what was `seen` last."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < wait_s, f"it did not come true in time {seen}"
        time.sleep(0.02)
    return time.monotonic() - began
