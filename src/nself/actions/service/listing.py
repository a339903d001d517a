"""The services of the catalogue and the user's own: which are on, which run, where they answer, and for what."""

from __future__ import annotations

from collections.abc import Mapping

from nself.actions import status, urls
from nself.actions.status import ServiceStatus, View
from nself.errors import DockerError, UnknownNameError
from nself.events import Emit, Warned
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.service import Service
from nself.records import dataclass
from nself.services.catalogue import catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One service. `health` is None for one that is not enabled: nobody asks it."""

    name: str
    enabled: bool
    running: bool
    health: str | None
    url: str | None
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    services: tuple[Listed, ...]


def services(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Services:
    """Every service there is, enabled or not; then the project's own."""
    known = _observed(project, host, environ, emit)
    addresses = {each.service: each.url for each in reversed(urls.urls(project, host, environ).urls) if each.url}
    found = [
        _listed(name, known.get(name), service.wanted(project), addresses.get(name), service.help)
        for name, service in catalogue().items()
    ]
    found += [
        _listed(each.name, known.get(each.name), each.replicas > 0, addresses.get(each.name), "Your own service")
        for each in project.custom
    ]
    return Services(services=tuple(found))


def enabled(found: Services, word: str | None) -> Services:
    """Those that are enabled; or the one a word means, enabled or not."""
    if word is None:
        return Services(services=tuple(each for each in found.services if each.enabled))
    names = {each.name for each in found.services}
    name = word if word in names else find(word).name
    return Services(services=tuple(each for each in found.services if each.name == name))


def exit_code(found: Services) -> int:
    """0 all well, 1 some are not, 4 none runs."""
    if not any(each.running for each in found.services):
        return 4
    return 0 if all(each.running and each.health != "unhealthy" for each in found.services) else 1


def find(word: str) -> Service:
    """The service of the catalogue that a word means; UsageError with the nearest when it means none."""
    known = {alias: service for service in catalogue().values() for alias in (service.name, *service.words)}
    if word in known:
        return known[word]
    raise UnknownNameError(f"there is no service {word!r}", word, known, fixes=["nself service list"])


def _observed(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Mapping[str, ServiceStatus]:
    """What runs; nothing is known of containers when there is no Docker to ask."""
    try:
        found = status.status(project, host, environ, View(resources=False))
    except DockerError as error:
        emit(Warned(f"what runs is not known: {error.message}", fix=next(iter(error.fixes), "")))
        return {}
    return {service.name: service for service in found.services}


def _listed(name: str, found: ServiceStatus | None, enabled: bool, url: str | None, description: str) -> Listed:
    return Listed(
        name=name,
        enabled=enabled,
        running=found is not None and found.status == "running",
        health=(found.health if found else "unknown") if enabled else None,
        url=url,
        description=description,
    )
