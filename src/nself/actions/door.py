"""The project's proxy on this machine: requests as users make them, addressed without asking any name server."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nself.actions.derived import remembered
from nself.actions.stack import open_stack
from nself.errors import ConfigError, NetworkError, UsageError
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.proxy import SslMode
from nself.model.resolved import Resolved
from nself.records import dataclass
from nself.services import graphql, nginx
from nself.tls import place

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 20.0
STANDARD = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the proxy answers, and the public host of each API and frontend behind it; `hosts` lacks what this project
    does not run."""

    scheme: str
    address: str
    port: int
    hosts: Mapping[str, str]
    ca: Path | None
    """Certificate authority to trust beside the system's; None trusts the system's alone."""
    admin_secret: str = field(repr=False)

    def client(self, *, timeout_s: float = TIMEOUT_S) -> httpx.Client:
        import httpx

        trust: ssl.SSLContext | bool = ssl.create_default_context(cafile=str(self.ca)) if self.ca else True
        return httpx.Client(verify=trust, timeout=timeout_s, trust_env=False, http2=False)

    def request(self, client: httpx.Client, service: str, method: str, path: str, **options: Any) -> httpx.Response:
        """One request to a service's public host, whatever it answers; NetworkError when nothing does."""
        import httpx

        host = self.hosts.get(service)
        if host is None:
            raise UsageError(f"this project runs no {service}", fixes=[f"nself service enable {service}"])
        headers = {"Host": self._authority(host), **options.pop("headers", {})}
        url = f"{self.scheme}://{self.address}:{self.port}{path}"
        try:
            return client.request(method, url, headers=headers, extensions={"sni_hostname": host}, **options)
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise NetworkError(
                f"{method} {self.scheme}://{host}{path}: {said}", fixes=["nself status", "nself start"]
            ) from error

    def url(self, service: str) -> str:
        """The public address of a service."""
        return f"{self.scheme}://{self._authority(self.hosts[service])}"

    def _authority(self, host: str) -> str:
        return host if self.port == STANDARD[self.scheme] else f"{host}:{self.port}"

    @property
    def admin(self) -> dict[str, str]:
        """Headers of who may do everything."""
        return {"X-Hasura-Admin-Secret": self.admin_secret}


def open_door(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Door:
    """Nothing is asked of it yet. NotRunningError while nothing of this project runs: who listens then is a stranger,
    and what is sent through the door holds secrets."""
    open_stack(project, host, environ).refuse_stopped()
    found = remembered(project, host)
    bound = found.published[(nginx.NAME, found.proxy.scheme)]
    local = found.proxy.tls and found.proxy.ssl_mode is SslMode.LOCAL
    ca = place.certificate_path(place.folder(environ)) if local else None
    if ca and not host.exists(ca):
        raise ConfigError(f"there is no certificate authority at {ca}", fixes=["nself start", "nself ssl renew"])
    return Door(
        scheme=found.proxy.scheme,
        address="127.0.0.1" if bound.host in {"0.0.0.0", "::"} else bound.host,
        port=bound.port,
        hosts=_hosts(project, found),
        ca=ca,
        admin_secret=project.settings(graphql.HasuraSettings).admin_secret,
    )


def _hosts(project: Project, found: Resolved) -> dict[str, str]:
    services = {spec.name: spec.routes[0].host for spec in found.specs if spec.routes}
    return {each.name: each.host for each in project.frontends} | services
