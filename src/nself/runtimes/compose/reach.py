"""Where tools on this machine reach containers: at the published port, else at the container's own address.

On Linux the machine is on every network of its engine. Elsewhere the engine runs in a virtual machine, and what is not
published cannot be reached from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from nself.errors import NetworkError
from nself.model import replicas
from nself.model.containers import ContainerNetwork
from nself.model.ports import Key
from nself.model.spec import Endpoint, Runtime
from nself.records import dataclass
from nself.runtimes.compose import containers
from nself.runtimes.compose.docker import Docker

LOOPBACK = "127.0.0.1"


@dataclass(kw_only=True)
class Reach:
    """A `Network` as seen from outside. Addresses are asked for when needed and kept until `forget`."""

    inside: ContainerNetwork
    published: Mapping[Key, Endpoint]
    docker: Docker
    runtime: Runtime = Runtime.COMPOSE
    resolver: None = None
    host: str = LOOPBACK
    _addresses: dict[str, str] = field(default_factory=dict)
    _closed: frozenset[str] = frozenset()
    """Copies that have nothing open on this machine, as one that was made among others."""

    def endpoint(self, service: str, port: str = "http") -> Endpoint:
        at = self.open_at(service, port)
        return Endpoint(_reachable(at.host), at.port) if at else self.inner(service, port)

    def inner(self, service: str, port: str) -> Endpoint:
        """Its container's own address."""
        return Endpoint(self._address(service), self.inside.listen(service, port).port)

    def open_at(self, service: str, port: str) -> Endpoint | None:
        """Where a port is open on this machine. None of several replicas has one, nor has one that was made as such."""
        alone = replicas.number_of(service) == 1 and self.inside.copies.get(service, 1) == 1
        return self.published.get((service, port)) if alone and service not in self._closed else None

    def endpoints(self, service: str, port: str = "http") -> Sequence[Endpoint]:
        count = self.inside.copies.get(service, 1)
        return [self.endpoint(replicas.name(service, number), port) for number in range(1, count + 1)]

    def listen(self, service: str, port: str = "http") -> Endpoint:
        """Where it is open on this machine, with the address it is open at."""
        return self.published.get((service, port)) or self.endpoint(service, port)

    def public_url(self, host: str) -> str:
        return self.inside.public_url(host)

    @property
    def scheme(self) -> str:
        return self.inside.scheme

    def forget(self) -> None:
        """Containers were made anew: they may have other addresses."""
        self._addresses.clear()

    def learn(self, found: Mapping[str, containers.Container]) -> None:
        self._addresses = {copy: each.address for copy, each in found.items() if each.address}
        self._closed = frozenset(copy for copy, each in found.items() if each.address and not each.published)

    def _address(self, copy: str) -> str:
        if copy not in self._addresses:
            self.learn(containers.of(self.docker, self.inside.project))
        try:
            return self._addresses[copy]
        except KeyError:
            raise NetworkError(
                f"{copy} has no address: its container does not run",
                fixes=[f"nself start {replicas.service_of(copy)}", "nself status"],
            ) from None


def _reachable(host: str) -> str:
    return LOOPBACK if host in {"0.0.0.0", "::"} else host
