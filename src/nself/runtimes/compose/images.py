"""Building one image: the words for `docker build`, its progress as events, its log, and what went wrong."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from nself.errors import DockerError, NetworkError, NselfError, ProgramMissingError
from nself.events import Emit, StepStarted
from nself.host import LocalHost
from nself.records import dataclass
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.docker_errors import (
    COLOUR,
    CommandFailedError,
    NoDiskError,
    NotInstalledError,
    PortTakenError,
    PullError,
)

CLASSIC_STEP = re.compile(r"^Step (?P<index>\d+)/(?P<total>\d+) : (?P<what>.*)")
BUILDKIT_STEP = re.compile(r"^#\d+ \[(?:\S+ )?\s*(?P<index>\d+)/(?P<total>\d+)\] (?P<what>.*)")
NOISE = re.compile(
    r"^(DEPRECATED: The legacy builder| +Install the buildx component| +https://docs\.docker\.com/go/buildx/"
    r"|Sending build context to Docker daemon| ---> Running in )"
)
"""Said by Docker's first builder whatever becomes of a build."""
SHOWN_LINES = 12
"""Of the failing step's output, in the error; all of it is in the log."""
STEP_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One image to build. `context` is a folder, or a tar that holds the Dockerfile too."""

    name: str
    """Of the service it is for: its log is called so."""
    reference: str
    context: Path
    dockerfile: str = "Dockerfile"
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    """Build arguments that may be seen by all: they end up in argv and in the image's history."""
    passed: tuple[str, ...] = ()
    """Names of build arguments whose values are taken from the environment."""
    labels: Mapping[str, str] = field(default_factory=dict)
    no_cache: bool = False

    def argv(self) -> list[str]:
        # Docker's first builder otherwise leaves the container of a step that failed.
        options = ["--force-rm", "--tag", self.reference]
        options += ["--target", self.target] if self.target else []
        options += [word for name, text in self.args.items() for word in ("--build-arg", f"{name}={text}")]
        options += [word for name in self.passed for word in ("--build-arg", name)]
        options += [word for name, text in sorted(self.labels.items()) for word in ("--label", f"{name}={text}")]
        options += ["--no-cache"] if self.no_cache else []
        if self.context.is_dir():
            return ["build", *options, "--file", str(self.context / self.dockerfile), str(self.context)]
        return ["build", *options, "--file", self.dockerfile, "-"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Builds recipes on one engine. `logs` is the folder their output goes to."""

    docker: Docker
    host: LocalHost
    logs: Path
    emit: Emit

    def begin(self, name: str) -> None:
        """Start a log anew: one image may take several builds."""
        self.host.write(self.log(name), "")

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def build(self, recipe: Recipe) -> str:
        """Build it and return the image's id; BuildFailedError has the failing step and its last lines."""
        log = self.log(recipe.name)
        before = self._id(recipe.reference)
        watch = _Watch(recipe, self.emit)
        with log.open("ab", buffering=0) as file:

            def on_line(line: str) -> None:
                # The disk of the project being full is no reason to end what another one has room for.
                with suppress(OSError):
                    file.write(f"{line}\n".encode())
                watch.line(line)

            exit_code = self._run(recipe, on_line)
        if exit_code:
            raise watch.failure(log, self.docker)
        after = self._id(recipe.reference)
        if after is None:
            raise CommandFailedError(f"docker build ended well, but there is no image {recipe.reference}")
        if before and before != after:
            # Now without a name. One that a container still runs from stays, and Docker refuses.
            self.docker.run("image", "rm", before, check=False)
        return after

    def _id(self, reference: str) -> str | None:
        found = self.docker.inspect_image(reference)
        return str(found["Id"]) if found else None

    def _run(self, recipe: Recipe, on_line: Callable[[str], None]) -> int:
        stdin = None if recipe.context.is_dir() else recipe.context
        # Lines instead of a drawing, from builders of either kind.
        env = self.docker.environment({"BUILDKIT_PROGRESS": "plain"})
        try:
            return self.host.follow(["docker", *recipe.argv()], on_line=on_line, stdin=stdin, env=env)
        except ProgramMissingError as error:
            raise NotInstalledError from error


class BuildFailedError(DockerError):
    """A step of a Dockerfile failed."""


@dataclass(slots=True)
class _Watch:
    """Follows a build by what it prints."""

    recipe: Recipe
    emit: Emit
    step: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=200))

    def line(self, text: str) -> None:
        line = COLOUR.sub("", text)
        found = CLASSIC_STEP.match(line) or BUILDKIT_STEP.match(line)
        if not found:
            if not NOISE.match(line):
                self.tail.append(line)
            return
        self.step = f"step {found['index']}/{found['total']}, {found['what'][:STEP_CHARACTERS]}"
        self.tail.clear()
        self.emit(
            StepStarted(
                int(found["index"]), int(found["total"]), f"{self.recipe.name}: {found['what'][:STEP_CHARACTERS]}"
            )
        )

    def failure(self, log: Path, docker: Docker) -> NselfError:
        text = "\n".join(self.tail)
        known = docker.refusal(text, doing="docker build")
        if isinstance(known, NoDiskError):
            return NoDiskError(f"{known.said} ({self.recipe.name}, {self.step or 'its context'})", where=known.where)
        if isinstance(known, PullError) and (base := re.search(r", FROM (?:--\S+ )*(\S+)", self.step)):
            return PullError(known.said, known.image or base[1])
        if not isinstance(known, CommandFailedError) and not self._of_its_own(known, text):
            return known
        shown = [line for line in self.tail if line.strip()][-SHOWN_LINES:]
        return BuildFailedError(
            "\n  ".join(
                [f"the image of {self.recipe.name} could not be built: {self.step or 'it did not begin'}", *shown]
            ),
            fixes=[f"all it printed is in {log}", f"mend it, then: nself build --images {self.recipe.name}"],
        )

    def _of_its_own(self, error: NselfError, text: str) -> bool:
        """A program that a step runs may say such things too, of what it fetches itself."""
        fetching = ", FROM " in self.step or not self.step or "failed to resolve source metadata" in text
        return isinstance(error, PortTakenError) or (isinstance(error, NetworkError) and not fetching)
