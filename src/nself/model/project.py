"""What a project's files say, parsed and checked: the one object everything else starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast

from nself import settings
from nself.errors import Problem
from nself.model.layout import Layout
from nself.model.spec import Mount, Resources, Runtime, Volume
from nself.records import dataclass

T = TypeVar("T")


class Environment(StrEnum):
    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class Engine(StrEnum):
    NSELF = "nself"
    HASURA = "hasura"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of the cascade and where it came from. `file` is relative to the project, None for built-in layers."""

    key: str
    text: str = field(repr=False)
    layer: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomService:
    """A service of the user's own: `CS_N` or an entry of `services:` in nself.yml."""

    name: str
    template: str = "custom"
    port: int
    command: str | None = None
    """Run natively through the shell words of this text, in `workdir`, with PORT set."""
    image: str | None = None
    build: Path | None = None
    workdir: Path
    host: str | None = None
    """Public host; None keeps the service internal."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    needs: tuple[str, ...] = ()
    health_path: str = "/health"
    resources: Resources = field(default_factory=Resources)
    replicas: int = 1
    rate_per_minute: int | None = None
    port_setting: str | None = None
    """The variable that fixes `port` for good; None lets the native runtime move it."""
    path: str = field(default="", compare=False)
    """Where it is written: `CS_2`, or `services.web` of nself.yml."""
    access: tuple[str, ...] = ()
    """Secrets it asks for: `database` (DATABASE_URL and the owner's password), `admin` (the GraphQL admin secret),
    `redis` (REDIS_URL and its password)."""
    redis_db: int = 0
    database: str | None = None
    """Of its own in the project's PostgreSQL; None: the project's."""
    volumes: tuple[Volume, ...] = ()
    mounts: tuple[Mount, ...] = ()
    host_port: int | None = None
    """The port of this machine that it is reached at; None where it has whichever is free, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontend:
    """A development server or site of the user's that the proxy serves at `host`: `FRONTEND_APP_N_*`."""

    name: str
    display_name: str
    port: int
    host: str
    framework: str | None = None
    table_prefix: str | None = None
    path: str | None = None
    dist: str | None = None
    port_named: bool = field(default=False, compare=False)
    """Whether the project says its port; else it is only the usual one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSchema:
    """Another GraphQL endpoint to stitch in: `REMOTE_SCHEMA_N_*`."""

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much of a built-in service runs, where the project says so: an entry of `scale:` in nself.yml."""

    replicas: int | None = None
    memory: str | None = None
    cpu: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscale:
    """Between which numbers of replicas a service is kept by its load: an entry of `autoscale:` in nself.yml.
    `cpu_threshold`: percent of its limit that each is to use."""

    min: int
    max: int
    cpu_threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A checked project. `values` holds every variable that any layer set, after interpolation."""

    root: Path
    name: str
    env: Environment
    base_domain: str
    runtime: Runtime = Runtime.NATIVE
    engine: Engine = Engine.NSELF
    values: Mapping[str, Value] = field(default_factory=dict, repr=False)
    custom: tuple[CustomService, ...] = ()
    frontends: tuple[Frontend, ...] = ()
    remote_schemas: tuple[RemoteSchema, ...] = ()
    scale: Mapping[str, Scale] = field(default_factory=dict)
    """{built-in service: what the project says about it}."""
    autoscale: Mapping[str, Autoscale] = field(default_factory=dict)
    """{service, built in or its own: between what it is scaled by load}."""
    resting: frozenset[str] = frozenset()
    """Replicas the proxy is to ask nothing of for now: nobody writes this to a file."""
    pins: Mapping[str, str] = field(default_factory=dict, repr=False)
    """{image: digest} of `images.lock`."""
    warnings: tuple[Problem, ...] = ()
    """What works but should be mended. Mistakes never get here: a project with one does not load."""
    derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was made of this project alone, and would be made again just so: {what: result}. The next command that finds
    the same project gets it with it."""
    _read: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Settings made already: like the project, they do not change."""

    def settings(self, cls: type[T], **computed: Any) -> T:
        """A settings class as this project sets it: what the user wrote, else `computed`, else the default."""
        # Every service asks for those of several others, and for each of its own routes again.
        asked = (cls, tuple(computed.items()))
        try:
            found = self._read.get(asked)
        except TypeError:  # something computed cannot be a key
            return self._settings(cls, computed)
        if found is None:
            found = self._read[asked] = self._settings(cls, computed)
        return cast("T", found)

    def _settings(self, cls: type[T], computed: Mapping[str, Any]) -> T:
        return settings.from_env(cls, {key: value.text for key, value in self.values.items()}, **computed)

    def host(self, label: str) -> str:
        """The public host of a route label; an absolute host (trailing dot) and the empty label are understood."""
        if label.endswith("."):
            return label.rstrip(".")
        return f"{label}.{self.base_domain}" if label else self.base_domain

    @property
    def layout(self) -> Layout:
        return Layout(self.root)
