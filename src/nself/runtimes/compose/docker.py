"""The `docker` command of this machine: what it is, and running it with every refusal explained.

Secrets go through `stdin` or `env`, never through argv: the words of a command are there for every account to read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from nself.errors import NselfError, ProgramMissingError, TimedOutError
from nself.host import Ran, free
from nself.records import dataclass
from nself.runtimes.compose.docker_errors import (
    ComposeMissingError,
    DaemonDownError,
    HangingError,
    NoDiskError,
    NotDockerError,
    NotInstalledError,
    TooOldError,
    recognise,
)

OLDEST_ENGINE = (20, 10)
"""The first whose containers reach the host by name, with limits of control groups v2 and `--pull`."""
OLDEST_COMPOSE = (2, 20)
"""The first whose `up --wait` tells a service that exited from one that is not ready yet."""
ASK_S = 30.0
"""Longest a question may take to which the answer is short; a daemon that hangs must not hang us."""
WORK_S = 600.0
"""Longest for what changes something, unless it is known to take longer."""


class Runner(Protocol):
    """What is needed of a machine: part of `host.Host`."""

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout_s: float | None = None,
    ) -> Ran: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """`os` and `architecture` are the engine's, in its words (`linux`, `amd64`): it may be on another machine."""

    client: str
    engine: str
    compose: str
    os: str
    architecture: str


@dataclass(frozen=True, slots=True)
class Docker:
    """`environ` is the caller's: DOCKER_HOST, DOCKER_CONTEXT, proxies and PATH are in it."""

    host: Runner
    environ: Mapping[str, str]

    def run(
        self,
        *argv: str,
        check: bool = True,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout_s: float | None = WORK_S,
    ) -> Ran:
        """`docker ARGV…` to its end. `env` is added to the environment; with `check` a failure is an error of ours."""
        try:
            ran = self.host.run(["docker", *argv], stdin=stdin, env=self.environment(env), cwd=cwd, timeout_s=timeout_s)
        except ProgramMissingError as error:
            raise NotInstalledError from error
        except TimedOutError as error:
            raise HangingError(f"docker {doing(argv)}", timeout_s or 0) from error
        if check and not ran.ok:
            raise self.refusal(ran.stderr or ran.stdout, doing=f"docker {doing(argv)}")
        return ran

    def refusal(self, printed: str, *, doing: str) -> NselfError:
        """The error behind what Docker printed; of a full disk, with how much of it is free."""
        error = recognise(printed, doing=doing)
        return NoDiskError(error.said, where=self._disk()) if isinstance(error, NoDiskError) else error

    def _disk(self) -> str:
        """Where the engine keeps everything, if that is on this machine."""
        ran = self.run("info", "--format", "{{.DockerRootDir}}", check=False, timeout_s=ASK_S)
        folder = Path(ran.stdout.strip())
        if not ran.ok or not folder.is_absolute() or not folder.exists():
            return ""
        return f"{folder} ({free(folder)})"

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """What `docker` is run with: a terminal it could draw on is never there."""
        return {**self.environ, "DOCKER_CLI_HINTS": "false", "COMPOSE_ANSI": "never", **(extra or {})}

    def json(self, *argv: str, check: bool = True, timeout_s: float | None = ASK_S) -> Any:
        """The one JSON document a command prints; None when it failed and `check` is off."""
        ran = self.run(*argv, check=check, timeout_s=timeout_s)
        return parsed(ran, ran.stdout) if ran.ok else None

    def ndjson(self, *argv: str, timeout_s: float | None = ASK_S) -> list[Any]:
        """A JSON document a line, as `--format '{{json .}}'` prints; some versions of Compose print one list."""
        ran = self.run(*argv, timeout_s=timeout_s)
        if ran.stdout.lstrip().startswith("["):
            return list(parsed(ran, ran.stdout))
        return [parsed(ran, line) for line in ran.stdout.splitlines() if line.strip()]

    def inspect_image(self, reference: str) -> dict[str, Any] | None:
        """What the engine knows of an image; None when it does not have it."""
        ran = self.run("image", "inspect", reference, check=False, timeout_s=ASK_S)
        if ran.ok:
            found: dict[str, Any] = parsed(ran, ran.stdout)[0]
            return found
        if re.search(r"no such image|not found", ran.stderr, re.IGNORECASE):
            return None
        raise self.refusal(ran.stderr, doing="docker image inspect")

    def version(self, *, compose: bool = True) -> Versions:
        """Of client, engine and Compose, or the error that says what is missing, down, denied or too old."""
        told = self.json("version", "--format", "{{json .}}")
        try:
            client, engine = told["Client"], told.get("Server")
            if not engine:
                raise DaemonDownError("it does not tell its version")
            found = Versions(
                client=client["Version"],
                engine=engine["Version"],
                compose=self._compose_version() if compose else "",
                os=engine["Os"],
                architecture=engine["Arch"],
            )
        except (KeyError, TypeError) as error:
            raise NotDockerError("docker version", json.dumps(told)) from error
        _require("Docker Engine", found.engine, OLDEST_ENGINE)
        _require("the docker client", found.client, OLDEST_ENGINE)
        if compose:
            _require("Docker Compose", found.compose, OLDEST_COMPOSE)
        return found

    def _compose_version(self) -> str:
        ran = self.run("compose", "version", "--short", check=False, timeout_s=ASK_S)
        if not ran.ok:
            raise ComposeMissingError
        return ran.stdout.strip().removeprefix("v")


def parsed(ran: Ran, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise NotDockerError(" ".join(ran.argv[:3]), text) from error


def doing(argv: Sequence[str]) -> str:
    """The words of a command that name it, for people: `compose up`, `image inspect`, `pull`."""
    words = []
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word in {"-f", "-p", "--file", "--project-name", "--project-directory", "--env-file", "--profile"}:
            skip = True
        elif not word.startswith("-"):
            words.append(word)
    return " ".join(
        words[: 2 if words[:1] and words[0] in {"compose", "image", "container", "network", "volume"} else 1]
    )


def _require(what: str, version: str, oldest: tuple[int, int]) -> None:
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < oldest:
        raise TooOldError(
            f"{what} is {version}; nself needs {oldest[0]}.{oldest[1]} or newer",
            fixes=["upgrade it as docs.docker.com/engine/install says", "or: nself start --runtime native"],
        )
