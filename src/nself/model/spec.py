"""One service, neutral: no compose, nginx, supervisor or Kubernetes words. Renderers turn specs into those.

A spec speaks in names; where a service answers is the runtime's business, asked through `Network`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from nself.records import dataclass


class Category(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    MONITORING = "monitoring"
    CUSTOM = "custom"


class Runtime(StrEnum):
    NATIVE = "native"
    COMPOSE = "compose"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something answers, as its clients inside the stack see it."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class Network(Protocol):
    """How services find each other on one runtime: loopback and chosen ports, or service names and fixed ports."""

    @property
    def runtime(self) -> Runtime: ...

    def endpoint(self, service: str, port: str = "http") -> Endpoint:
        """Where clients in the stack reach `service`'s named port."""
        ...

    def endpoints(self, service: str, port: str = "http") -> Sequence[Endpoint]:
        """The same for each of its replicas: what the proxy spreads requests over."""
        ...

    def listen(self, service: str, port: str = "http") -> Endpoint:
        """What `service` itself must bind."""
        ...

    @property
    def resolver(self) -> str | None:
        """The DNS server that knows the hosts of endpoints, when they come and go; None: they are addresses."""
        ...

    @property
    def host(self) -> str:
        """Where a program that runs on the machine itself, outside of the stack, is reached."""
        ...

    def public_url(self, host: str) -> str:
        """The outside URL of a routed host, with the scheme and, if it is not the standard one, the port."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port a service listens on. `number` is the usual one; the native runtime may choose another and keeps it.

    `setting` is the project variable that fixes it for good (`POSTGRES_PORT`).
    """

    name: str = "http"
    number: int
    setting: str | None = None
    private: bool = False
    """Between the parts of one service: containers never open it on the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How health is asked. http: GET `path` answers 2xx. tcp: connects. postgres: `SELECT 1` as the service's user.
    redis: `PING`, signed in with the service's REDIS_PASSWORD."""

    kind: Literal["http", "tcp", "postgres", "redis", "process"]
    path: str = "/healthz"
    port: str = "http"
    timeout_s: float = 2.0
    start_s: float = 30.0
    """How long a start may take before the service counts as failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A public host or path that the proxy forwards to a service's port."""

    host: str
    path: str = "/"
    port: str = "http"
    websocket: bool = False
    body_limit: str = "100m"
    """nginx's own size grammar; `0` is unlimited."""
    read_timeout_s: int = 60
    stream_request: bool = False
    """Pass the body on as it arrives (large uploads)."""
    rate_per_minute: int | None = None
    strict_paths: tuple[str, ...] = ()
    """Prefixes under a stricter rate limit: sign-in and the like."""
    endpoints: tuple[str, ...] = ()
    """Paths below it that people look for, for `nself urls`."""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Data that outlives the service. `target` is its path in a container; natively it is `.nself/data/<name>`."""

    name: str
    target: str
    cache: bool = False
    """What is in it can be made again: nobody misses it."""
    read_only: bool = False

    @property
    def variable(self) -> str:
        """What tells a user's own service where it is."""
        return _variable(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file or folder of the project that a service works on. `path` is relative to the project; `target` is its path
    in a container, natively it is where it is."""

    path: str
    target: str
    read_only: bool = False

    @property
    def variable(self) -> str:
        return _variable(self.path)


def _variable(name: str) -> str:
    return "VOLUME_" + "".join(each if each.isascii() and each.isalnum() else "_" for each in name).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A container image and what must be known about what is in it. Those we name are in `services/images.toml`."""

    reference: str
    """`repository:tag`, with `@sha256:…` behind it where the digest is known."""
    user: str | None = None
    """`uid:gid` to run as; None leaves it to the image, which then must not be root's."""
    entrypoint: tuple[str, ...] | None = None
    """Instead of the image's own; an empty one runs the command as it is."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Where `{bin:NAME}` is inside; a name that is not here is on the image's PATH."""
    health: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """{probe kind: argv that asks it from inside}, with `{url}`, `{host}` and `{port}` of what is asked."""
    writable: tuple[str, ...] = ()
    """Folders it writes to besides its volumes: kept in memory, so that the rest can be read-only."""
    read_only: bool = True
    built: bool = False
    """Ours or the user's own: made by `nself build --images`, never pulled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program the native runtime looks for: `{bin:NAME}` in a command. It is found on PATH under any of its names,
    in Debian's folders, or in a Python package of this environment."""

    name: str
    names: tuple[str, ...] = ()
    """What it may be called; its own name when empty. The first that is found counts."""
    package: str | None = None
    """Distribution on PyPI that brings it: looked for among the scripts and files of that package."""
    hint: str
    """How to get it: a command."""
    minimum: str | None = None
    """Oldest version that will do, as `--version` prints it; None: any."""
    otherwise: str | None = None
    """How to do with an older one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Commands that make something in a service's folder. Done when one of its `inputs` changed since it was done
    last, when something of what it makes is missing, or when an earlier task was done."""

    name: str
    run: tuple[tuple[str, ...], ...]
    """argv after argv, in the service's folder."""
    inputs: tuple[str, ...]
    """Files it reads, as globs below that folder. Where none is there, the task is not for this service any more."""
    makes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What a service needs done in its folder before it can run from there. An image has it done already."""

    programs: tuple[Program, ...] = ()
    """What its tasks and its command call by name."""
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    memory: str = "256M"
    cpu: float = 0.25
    shared_memory: str | None = None
    """Of `memory`, what processes may share in /dev/shm; containers have little of it unless told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    signal: Literal["TERM", "INT", "QUIT"] = "TERM"
    grace_s: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """Everything a runtime needs to run, check and expose one service."""

    name: str
    category: Category
    description: str = ""
    version: str = ""
    server: str | None = None
    """Name of our own server room (`graphql`); such services may share one process natively."""
    command: tuple[str, ...] = ()
    """argv on every runtime. `{data:NAME}` is a volume's folder, `{build}`, `{secrets}`, `{run}`, `{root}`, `{certs}`
    are the project's (in a container: where they are mounted); `{bin:NAME}` is a program of `programs` or of the
    image."""
    programs: tuple[Program, ...] = ()
    """What `command` names with `{bin:…}`, for the native runtime to find."""
    image: Image | None = None
    """None: it has no container and runs natively only."""
    build: Path | None = None
    """Folder with a Dockerfile that `image` is built from; None for images that are pulled, and for our own."""
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables whose values are secret: Kubernetes Secrets, 0600 files; never argv, never compose text.
    They are taken as they are, with braces and all."""
    ports: tuple[Port, ...] = ()
    probe: Probe | None = None
    needs: tuple[str, ...] = ()
    """Services that must be healthy first."""
    routes: tuple[Route, ...] = ()
    volumes: tuple[Volume, ...] = ()
    mounts: tuple[Mount, ...] = ()
    """What it works on of the project's folder, and may write to."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Configuration files of this service, relative to its folder in the build output."""
    secret_files: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Files with secrets in them, at `{secrets}/<service>/…` on every runtime. Natively 0600 below the build folder. A
    container gets them mounted read-only at /run/secrets/nself/<service>/…, readable by the image's user alone."""
    reads: tuple[str, ...] = ()
    """Folders and files of the project it reads, relative to the root. Containers get them mounted, read-only."""
    workdir: Path | None = None
    preparation: Preparation = field(default_factory=Preparation)
    """Done natively in `workdir` before each start that finds it undone."""
    resources: Resources = field(default_factory=Resources)
    stop: Stop = field(default_factory=Stop)
    reload: Literal["HUP"] | None = None
    """Signal on which it takes up changed files and drops nothing; None: it has to be restarted."""
    replicas: int = 1
    databases: tuple[str, ...] = ()
    """Databases of its own in the project's PostgreSQL, made before it starts."""
    buckets: tuple[str, ...] = ()
    """Buckets of its own in the project's S3 store, made before it starts."""
