"""What each service is asked, how long it may take, and the settings that bear on it."""

from __future__ import annotations

from collections.abc import Mapping

from nself.actions import start
from nself.actions.stack import open_stack
from nself.actions.start import StartSettings
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes import probes
from nself.settings import as_text, describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`asked` is the question as it is sent. `timeout_s` is for the answer and `start_s` for the first good one; both
    are None where the process itself is all there is to look at."""

    service: str
    asked: str
    timeout_s: float | None
    start_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A variable of the environment nself runs in; `set` is false for its default."""

    key: str
    value: str
    set: bool
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    services: tuple[Asked, ...]
    settings: tuple[Setting, ...]


def configuration(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Configuration:
    """Nothing is asked."""
    runtime = open_stack(project, host, environ).runtime
    asked = []
    for spec in runtime.specs:
        probe = spec.probe if spec.probe and spec.probe.kind != "process" else None
        asked.append(
            Asked(
                service=spec.name,
                asked=probes.question(spec, runtime.network),
                timeout_s=probe.timeout_s if probe else None,
                start_s=probe.start_s if probe else None,
            )
        )
    return Configuration(services=tuple(asked), settings=tuple(_settings(environ)))


def _settings(environ: Mapping[str, str]) -> list[Setting]:
    values = start.settings(environ)
    return [
        Setting(
            key=item.variable.name,
            value=as_text(getattr(values, item.field)),
            set=item.variable.name in environ,
            help=item.variable.help,
        )
        for item in describe(StartSettings)
    ]
