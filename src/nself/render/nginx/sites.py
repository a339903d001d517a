"""One server a public host, with a location for each path that leads to a service."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field

from nself.errors import ConfigError
from nself.model import hosting
from nself.model.project import Environment, Project
from nself.model.proxy import ProxySettings
from nself.model.spec import Endpoint, Network, Route, ServiceSpec
from nself.records import dataclass
from nself.render.nginx import repeats, static
from nself.render.nginx.static import Folder
from nself.render.nginx.syntax import Lines, block, directive

WEBSOCKET = [
    directive("proxy_set_header", "Upgrade", "$upgrade"),
    directive("proxy_set_header", "Connection", "$connection_upgrade"),
]
CERTIFICATES = "../../../certs"
BURST = {"general": 200, "strict": 10}
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_PATH = re.compile(r"/[A-Za-z0-9._~!&'()*+,=:@/-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One route and where it leads: every replica of its service. `zone` is its own rate limit's name, empty when it
    has none."""

    route: Route
    upstream: str
    servers: tuple[Endpoint, ...]
    spare: Endpoint | None = None
    """Asked when nobody answers there."""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One public host. `root` is its folder of files, when no service answers at `/`."""

    name: str
    names: tuple[str, ...]
    places: tuple[Place, ...] = field(default=())
    root: Folder | None = None


def hosts(specs: Sequence[ServiceSpec], network: Network, project: Project, settings: ProxySettings) -> list[Site]:
    """Every public host of the project, in alphabetical order; the base domain is always one of them."""
    sites = _sites(project)
    found: dict[str, list[Place]] = {host: [] for host in (host_name(project.base_domain), *sites)}
    for place in _places(specs, network, project):
        found.setdefault(host_name(place.route.host), []).append(place)
    return [_site(host, places, sites.get(host), project, settings) for host, places in sorted(found.items())]


def server(site: Site, network: Network, settings: ProxySettings) -> Lines:
    places = sorted(site.places, key=lambda place: place.route.path)
    return block(
        "server",
        body=[
            *listen(network.listen("nginx", settings.scheme), settings),
            directive("server_name", *site.names),
            directive("include", "headers.conf"),
            directive("include", "answers.conf"),
            *(_general(settings) if site.root else []),
            *(line for place in places for line in _locations(place, settings, again=bool(network.resolver))),
            *(static.lines(site.root) if site.root else []),
        ],
    )


def listen(at: Endpoint, settings: ProxySettings | None, *more: str) -> Lines:
    """`settings` says whether this port speaks TLS; None: it does not."""
    tls = settings is not None and settings.tls
    address = f"[{at.host}]:{at.port}" if ":" in at.host else str(at)
    return [directive("listen", address, *(["ssl"] if tls else []), *more), *(_tls() if tls else [])]


def _tls() -> Lines:
    """The certificate is named in each server: nginx completes the path of one it reads for several at the first of
    them, and for the next takes a `$` in the project's folder for a variable."""
    return [
        "http2 on;",
        directive("ssl_certificate", f"{CERTIFICATES}/fullchain.pem"),
        directive("ssl_certificate_key", f"{CERTIFICATES}/privkey.pem"),
    ]


def host_name(text: str) -> str:
    """A host as certificates, DNS and nginx know it. Anything that is not one ends here."""
    try:
        found = text.lower() if text.isascii() else text.lower().encode("idna").decode("ascii")
    except UnicodeError:
        found = ""
    if not _HOST.fullmatch(found) or len(found) > 253:
        raise ConfigError(f"{text!r} is not a host name", fixes=["use letters, digits, hyphens and dots"])
    return found


def _places(specs: Sequence[ServiceSpec], network: Network, project: Project) -> Iterable[Place]:
    for spec in specs:
        for number, route in enumerate(spec.routes):
            yield Place(
                route=route,
                upstream=f"{spec.name}-{route.port}",
                servers=tuple(network.endpoints(spec.name, route.port)),
                zone=f"{spec.name}-{number}" if route.rate_per_minute else "",
            )
    for frontend in project.frontends:
        if hosting.folder(frontend, project):
            continue
        # Runs by itself on this machine: a development server, with its own reload over websockets.
        route = Route(host=frontend.host, websocket=True, description=frontend.display_name)
        at = Endpoint(network.host, frontend.port)
        # What listens on `localhost` is on the one address or the other, as the system happens to resolve it.
        spare = Endpoint("[::1]", frontend.port) if network.host == "127.0.0.1" else None
        yield Place(route=route, upstream=f"frontend-{frontend.name}", servers=(at,), spare=spare)


def _sites(project: Project) -> dict[str, Folder]:
    """{host: the built files of the frontend that has it}."""
    return {
        host_name(frontend.host): Folder(path=path, site=True, single_page=hosting.is_single_page(frontend))
        for frontend in project.frontends
        if (path := hosting.folder(frontend, project))
    }


def _site(host: str, places: Sequence[Place], hosted: Folder | None, project: Project, settings: ProxySettings) -> Site:
    base = host == host_name(project.base_domain)
    loopback = ("localhost", "127.0.0.1") if base and project.env is Environment.DEV else ()
    taken = any(place.route.path == "/" for place in places)
    return Site(
        name=host,
        names=tuple(dict.fromkeys((host, *loopback))),
        places=tuple(places),
        root=None if taken else hosted or (Folder(path=settings.web_root) if base else None),
    )


def _locations(place: Place, settings: ProxySettings, *, again: bool) -> Lines:
    route, passed_on = place.route, _passed_on(place)
    common = [*repeats.here(route), *passed_on] if again else passed_on
    lines = _location(route.path, [*_limits(place, settings, strict=False), *common])
    for path in route.strict_paths:
        lines += _location(path, [*_limits(place, settings, strict=True), *common])
    return [*lines, *(repeats.location(route, passed_on) if again else [])]


def _location(path: str, body: Lines) -> Lines:
    if not _PATH.fullmatch(path):
        raise ConfigError(f"{path!r} cannot be the path of a route", fixes=["start it with / and use plain letters"])
    return block("location", path, body=body)


def _passed_on(place: Place) -> Lines:
    route = place.route
    return [
        directive("client_max_body_size", route.body_limit),
        directive("proxy_read_timeout", f"{route.read_timeout_s}s"),
        *(["proxy_request_buffering off;"] if route.stream_request else []),
        directive("include", "proxy.conf"),
        *(WEBSOCKET if route.websocket else [directive("proxy_set_header", "Connection", "")]),
        directive("proxy_pass", f"http://{place.upstream}"),
    ]


def _general(settings: ProxySettings) -> Lines:
    """For what nginx answers itself; a location with limits of its own has those."""
    if not settings.rate_limit_enabled:
        return []
    return [directive("limit_req", "zone=general", f"burst={BURST['general']}", "nodelay")]


def _limits(place: Place, settings: ProxySettings, *, strict: bool) -> Lines:
    zones = []
    if settings.rate_limit_enabled:
        zones = [(name, BURST[name]) for name in (["general", "strict"] if strict else ["general"])]
    if place.zone:
        # So many at once, and so many more each minute.
        zones.append((place.zone, max(1, (place.route.rate_per_minute or 0) - 1)))
    return [directive("limit_req", f"zone={name}", f"burst={burst}", "nodelay") for name, burst in zones]
