"""Ask the services that are enabled whether they are well; who is not is asked again before it counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nself.actions import status
from nself.actions.health import history
from nself.actions.health.report import HOPEFUL, Report, ServiceHealth, Word, report
from nself.actions.service import listing as services
from nself.actions.stack import open_stack
from nself.actions.status import ServiceStatus, View
from nself.events import Emit
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass

PAUSE_S = 1.0
"""Between two tries of one check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """`timeout_s` is for one answer; `tries` are how often a service is asked before it counts as unwell."""

    timeout_s: float = 30.0
    tries: int = 3


def check(
    project: Project,
    host: LocalHost,
    environ: Mapping[str, str],
    emit: Emit,
    patience: Patience,
    service: str | None = None,
) -> Report:
    """One report; of all services it is kept in the history. DockerError when there is no Docker to ask."""
    found = _look(project, host, environ, patience, service)
    for _ in range(patience.tries - 1):
        if not any(each.status in HOPEFUL for each in found.services):
            break
        host.sleep(PAUSE_S)
        found = _look(project, host, environ, patience, service)
    if service is None:
        history.add(project, found, emit)
    return found


def watch(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, patience: Patience, *, every_s: float
) -> Iterator[Report]:
    """One report after the other, until the reader stops asking."""
    while True:
        yield check(project, host, environ, emit, patience)
        host.sleep(every_s)


def exit_code(report: Report) -> int:
    return 0 if report.total and report.healthy == report.total else 1


def _look(
    project: Project, host: LocalHost, environ: Mapping[str, str], patience: Patience, word: str | None
) -> Report:
    stack = open_stack(project, host, environ)
    names = {spec.name for spec in stack.runtime.specs}
    name = word if word is None or word in names else _named(word, project)
    if name is not None and name not in names:
        return report((_absent(name),), host.now())
    view = View(service=name, resources=False, timeout_s=patience.timeout_s)
    found = status.status(project, host, environ, view)
    unasked = {spec.name for spec in stack.runtime.specs if spec.probe is None or spec.probe.kind == "process"}
    return report(tuple(_health(each, asked=each.name not in unasked) for each in found.services), found.timestamp)


def _named(word: str, project: Project) -> str:
    """A service this project does not run, by any name people know it by."""
    own = {each.name for each in project.custom}
    return word if word in own else services.find(word).name


def _absent(name: str) -> ServiceHealth:
    return ServiceHealth(
        service=name,
        status="not_found",
        details=f"not enabled: nself service enable {name}",
        response_time_ms=None,
    )


def _health(found: ServiceStatus, *, asked: bool) -> ServiceHealth:
    # Nobody is asked who is being stopped.
    word: Word = "stopped" if found.health == "unknown" else found.health
    return ServiceHealth(
        service=found.name,
        status="running" if word == "healthy" and not asked else word,
        details=found.answer,
        response_time_ms=found.response_time_ms,
    )
