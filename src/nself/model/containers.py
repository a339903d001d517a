"""Containers' `Network` and `Place`: services find each other by name, and the project is mounted at one path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from nself.model import replicas
from nself.model.layout import Layout
from nself.model.place import EXPANSION, SECRETS
from nself.model.ports import Key
from nself.model.spec import Endpoint, Runtime, ServiceSpec
from nself.records import dataclass

ROOT = Path("/project")
"""Where what a container needs of the project is mounted, in the same folders as on disk."""
SECRET_FILES = Path("/run") / SECRETS / "nself"
EVERYWHERE = "0.0.0.0"
DOCKER_DNS = "127.0.0.11"
NAME_LASTS_S = 2
"""How long the proxy takes a name for the address it had: a container that was made anew may have another one."""
LEARNED_AFTER_S = 5.0
"""When the proxy surely knows a new address: the old one had its time, and one question more remained unanswered."""
NOBODYS = "latest"
"""Tag of an image that is built for a project without a number yet; before projects had one, of all that were."""
MACHINE = "host.docker.internal"
STANDARD = {"https": 443, "http": 80}


COMPOSE_FILE = "docker-compose.yml"


def dns_name(service: str) -> str:
    """A service's host name: `_` is not allowed in one."""
    return service.replace("_", "-")


def container_name(project: str, service: str, number: int = 1) -> str:
    """As Compose calls them; each is a host name on the project's network."""
    return f"{project}-{service}-{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerNetwork:
    """`numbers` are the usual ports: every container has an address of its own, so none is ever in another's way."""

    project: str
    numbers: Mapping[Key, int]
    copies: Mapping[str, int] = field(default_factory=dict)
    """{service: how many of it}, where that is not one."""
    resting: frozenset[str] = frozenset()
    """Copies that are not to be asked."""
    scheme: str = "https"
    proxy_port: int = 443
    runtime: Runtime = Runtime.COMPOSE
    resolver: str = DOCKER_DNS
    host: str = MACHINE

    def endpoint(self, service: str, port: str = "http") -> Endpoint:
        return Endpoint(dns_name(service), self.numbers[(service, port)])

    def endpoints(self, service: str, port: str = "http") -> Sequence[Endpoint]:
        count = self.copies.get(service, 1)
        number = self.numbers[(service, port)]
        asked = (copy for copy in range(1, count + 1) if replicas.name(service, copy) not in self.resting)
        return [Endpoint(container_name(self.project, service, copy), number) for copy in asked]

    def listen(self, service: str, port: str = "http") -> Endpoint:
        return Endpoint(EVERYWHERE, self.numbers[(replicas.service_of(service), port)])

    def public_url(self, host: str) -> str:
        suffix = "" if STANDARD[self.scheme] == self.proxy_port else f":{self.proxy_port}"
        return f"{self.scheme}://{host}{suffix}"


@dataclass(frozen=True, slots=True)
class ContainerPlace:
    """What the `{...}` names of one spec stand for in its container."""

    spec: ServiceSpec

    @property
    def build(self) -> Path:
        return Layout(ROOT).build(Runtime.COMPOSE)

    def expand(self, text: str) -> str:
        return EXPANSION.sub(lambda found: self._value(*found.groups()), text)

    def argv(self) -> list[str]:
        return [self.expand(word) for word in self.spec.command]

    def _value(self, kind: str | None, name: str | None, folder: str | None) -> str:
        if kind == "data":
            return next((volume.target for volume in self.spec.volumes if volume.name == name), f"{{data:{name}}}")
        if kind == "bin":
            programs = self.spec.image.programs if self.spec.image else {}
            return programs.get(name or "", name or "")
        layout = Layout(ROOT)
        folders = {
            "root": ROOT,
            "build": self.build,
            "secrets": SECRET_FILES,
            "run": layout.run,
            "logs": layout.logs,
            "certs": layout.certs,
        }
        return str(folders[folder or "root"])
