"""Where everything answers: the public URL and the one inside the stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nself.actions import derived, resolve
from nself.actions.unknown_service import unknown_service
from nself.host import LocalHost
from nself.model.loopback import LOOPBACK
from nself.model.project import Project
from nself.model.resolved import Resolved
from nself.model.spec import Port, Route, ServiceSpec
from nself.records import dataclass

SCHEMES = {"postgres": "postgresql", "smtp": "smtp", "https": "https"}
"""Of ports that do not speak HTTP in plain; by their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """`url` is None for what cannot be reached from outside."""

    name: str
    url: str | None
    description: str
    category: str
    service: str
    internal_url: str
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """`conflicts` is what would keep the project from starting here."""

    project: str
    environment: str
    base_domain: str
    protocol: str
    urls: tuple[Url, ...]
    conflicts: tuple[str, ...] = ()


def urls(
    project: Project,
    host: LocalHost,
    environ: Mapping[str, str],
    *,
    internal: bool = False,
    service: str | None = None,
    category: str | None = None,
) -> Urls:
    """Public URLs; with `internal` those of every port too. `service` and `category` narrow it down."""
    found = derived.remembered(project, host)
    entries = [*_services(found, internal=internal or service is not None), *_frontends(project, found)]
    return Urls(
        project=project.name,
        environment=project.env.value,
        base_domain=project.base_domain,
        protocol=found.network.scheme,
        urls=tuple(_chosen(entries, service, category)),
        conflicts=tuple(str(problem) for problem in resolve.conflicts(project, host, environ)),
    )


def _chosen(entries: list[Url], service: str | None, category: str | None) -> list[Url]:
    names = sorted({entry.service for entry in entries})
    if service is not None and service not in names:
        raise unknown_service(service, names)
    return [
        entry
        for entry in entries
        if (service is None or entry.service == service) and (category is None or entry.category == category)
    ]


def _services(found: Resolved, *, internal: bool) -> Iterator[Url]:
    for spec in found.specs:
        routed = {route.port for route in spec.routes}
        for route in spec.routes:
            yield _routed(spec, route, found)
        if internal:
            for port in spec.ports:
                if port.name not in routed:
                    yield _internal(spec, port, found)


def _routed(spec: ServiceSpec, route: Route, found: Resolved) -> Url:
    base = found.network.public_url(route.host)
    path = route.path.rstrip("/")
    return Url(
        name=spec.name if route is spec.routes[0] else f"{spec.name}{path}",
        url=base + path,
        description=route.description or spec.description,
        category=spec.category.value,
        service=spec.name,
        internal_url=found.network.endpoint(spec.name, route.port).url,
        endpoints=tuple(f"{base}{endpoint}" for endpoint in route.endpoints),
    )


def _internal(spec: ServiceSpec, port: Port, found: Resolved) -> Url:
    scheme = SCHEMES.get(port.name, "http")
    return Url(
        name=spec.name if port is spec.ports[0] else f"{spec.name}-{port.name}",
        url=None,
        description=spec.description if port is spec.ports[0] else f"{spec.description} ({port.name})",
        category=spec.category.value,
        service=spec.name,
        internal_url=f"{scheme}://{found.network.endpoint(spec.name, port.name)}",
    )


def _frontends(project: Project, found: Resolved) -> Iterator[Url]:
    for frontend in project.frontends:
        yield Url(
            name=frontend.name,
            url=found.network.public_url(frontend.host),
            description=frontend.display_name,
            category="frontend",
            service=frontend.name,
            internal_url=f"http://{LOOPBACK}:{frontend.port}",
        )
