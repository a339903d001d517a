"""How the engine treats every container of a project: its logs, its restarts, where its image comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from nself.errors import Problem
from nself.model.project import Project, Value
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.settings import Form, describe, env


class LogDriver(StrEnum):
    """Docker's own, and `default`: whatever the engine is set to."""

    JSON_FILE = "json-file"
    LOCAL = "local"
    JOURNALD = "journald"
    SYSLOG = "syslog"
    NONE = "none"
    DEFAULT = "default"
    FLUENTD = "fluentd"
    GELF = "gelf"
    AWSLOGS = "awslogs"
    GCPLOGS = "gcplogs"
    SPLUNK = "splunk"
    ETWLOGS = "etwlogs"


ROTATED = frozenset({LogDriver.JSON_FILE, LogDriver.LOCAL})
"""Drivers that keep files, of which there may be so many of such a size."""
DEMANDING = frozenset(
    {LogDriver.FLUENTD, LogDriver.GELF, LogDriver.AWSLOGS, LogDriver.GCPLOGS, LogDriver.SPLUNK, LogDriver.ETWLOGS}
)
"""Drivers that have to be told where to send to, often with a secret: the engine's own configuration has a place for
that."""


class PullPolicy(StrEnum):
    MISSING = "missing"
    ALWAYS = "always"
    NEVER = "never"

    @classmethod
    def _missing_(cls, value: object) -> PullPolicy | None:
        """Kubernetes and older releases of Compose call it otherwise."""
        return cls.MISSING if value in ("ifnotpresent", "if_not_present") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSettings:
    """Variables of the container runtimes. Natively they mean nothing."""

    log_driver: LogDriver = env(
        "DOCKER_LOG_DRIVER",
        default=LogDriver.JSON_FILE,
        help="Where containers log to; default: as the engine is set up. nself logs reads all but none. Drivers that "
        "need options (fluentd, gelf, …) are set up in the engine's daemon.json, with default here.",
    )
    log_max_size: str = env(
        "DOCKER_LOG_MAX_SIZE",
        default="10m",
        pattern=Form(r"[1-9][0-9]*[kKmMgG]?", "a size, as 10m or 1g"),
        help="Size at which a container's log file is rotated, with json-file and local.",
    )
    log_max_files: int = env(
        "DOCKER_LOG_MAX_FILE",
        default=3,
        minimum=1,
        maximum=1000,
        help="How many log files are kept of a container, with json-file and local.",
    )
    restart_policy: str = env(
        "DOCKER_RESTART_POLICY",
        default="unless-stopped",
        pattern=Form(
            r"no|always|unless-stopped|on-failure(:[1-9][0-9]{0,5})?",
            "no, always, unless-stopped or on-failure[:times]",
        ),
        help="When the engine starts a container again that ended by itself.",
    )
    pull_policy: PullPolicy = env(
        "IMAGE_PULL_POLICY",
        default=PullPolicy.MISSING,
        help="When an image is pulled before a container is made from it. Those that nself builds never are.",
    )

    @property
    def driver(self) -> LogDriver:
        """The one that is used: what has to be told more than we know is not."""
        return LogDriver.JSON_FILE if self.log_driver in DEMANDING else self.log_driver


def settings(project: Project) -> ContainerSettings:
    return project.settings(ContainerSettings)


def checks(found: ContainerSettings, values: Mapping[str, Value], runtime: Runtime) -> Iterator[tuple[bool, Problem]]:
    """What is allowed and will surprise. Natively nothing here has a say."""
    if runtime is not Runtime.COMPOSE:
        return
    names = {item.field: item.variable.name for item in describe(ContainerSettings)}
    driver = found.log_driver
    if driver in DEMANDING:
        message = f"{driver} needs options that nself does not write: logs are kept as json-file"
        hint = f"set it up in the engine's daemon.json, and {names['log_driver']}={LogDriver.DEFAULT}"
        yield from _warned(values, names["log_driver"], message, hint)
    elif driver is LogDriver.NONE:
        message = "containers keep no logs: nself logs shows nothing, and a failed start cannot quote its last lines"
        yield from _warned(values, names["log_driver"], message, f"{LogDriver.LOCAL} keeps them small")
    elif driver not in ROTATED:
        for field in ("log_max_size", "log_max_files"):
            yield from _warned(values, names[field], f"has no effect with {names['log_driver']}={driver}")


def _warned(
    values: Mapping[str, Value], name: str, message: str, hint: str | None = None
) -> Iterator[tuple[bool, Problem]]:
    value = values.get(name)
    if value is not None:
        yield False, Problem(path=name, message=message, file=value.file, line=value.line, hint=hint)
