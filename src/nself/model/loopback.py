"""The native runtime's `Network`: every service on the loopback address, on the port that was chosen for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, takewhile

from nself.model import replicas
from nself.model.ports import Ports
from nself.model.spec import Endpoint, Runtime
from nself.records import dataclass

LOOPBACK = "127.0.0.1"
STANDARD = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopbackNetwork:
    """`scheme` and `proxy_port` are how the outside reaches the proxy; `bind` is the address the proxy listens on."""

    ports: Ports
    scheme: str = "https"
    proxy_port: int = 443
    proxy: str = "nginx"
    bind: str = LOOPBACK
    runtime: Runtime = Runtime.NATIVE
    resolver: None = None
    host: str = LOOPBACK
    resting: frozenset[str] = frozenset()
    """Copies that are not to be asked."""

    def endpoint(self, service: str, port: str = "http") -> Endpoint:
        return Endpoint(LOOPBACK, self.ports[(service, port)])

    def endpoints(self, service: str, port: str = "http") -> Sequence[Endpoint]:
        copies = (replicas.name(service, number) for number in count(1))
        known = takewhile(lambda copy: (copy, port) in self.ports.numbers, copies)
        return [self.endpoint(copy, port) for copy in known if copy not in self.resting]

    def listen(self, service: str, port: str = "http") -> Endpoint:
        public = service == self.proxy and port in STANDARD
        return Endpoint(self.bind if public else LOOPBACK, self.ports[(service, port)])

    def public_url(self, host: str) -> str:
        suffix = "" if STANDARD[self.scheme] == self.proxy_port else f":{self.proxy_port}"
        return f"{self.scheme}://{host}{suffix}"
