"""Asking a service whether it is well, straight at its own address: no DNS, no proxy, no heavy imports."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from nself.model.spec import Network, Probe, ServiceSpec
from nself.records import dataclass
from nself.runtimes import resp, wire

if TYPE_CHECKING:
    from ssl import SSLContext

SECURE_PORT = "https"


@dataclass(frozen=True, slots=True)
class Health:
    """`asked` is the probe as it was sent, `answer` what came back; both are shown when a start fails."""

    ok: bool
    asked: str
    answer: str
    code: str = ""
    """Its own word for why it refused: PostgreSQL's SQLSTATE, Redis' `WRONGPASS`, `LOADING`, …"""
    ms: int | None = field(default=None, compare=False)
    """How long the answer took; None where nothing was asked."""


def check(spec: ServiceSpec, network: Network, *, timeout_s: float | None = None) -> Health:
    """One question, one answer. A service without a probe is well when its process runs; the caller knows that."""
    probe = spec.probe
    if probe is None or probe.kind == "process":
        return Health(True, "process", "running")
    began = time.monotonic()
    found = _put(spec, probe, network, timeout_s or probe.timeout_s)
    return replace(found, ms=int((time.monotonic() - began) * 1000))


def question(spec: ServiceSpec, network: Network) -> str:
    """The probe as it would be sent."""
    probe = spec.probe
    if probe is None or probe.kind == "process":
        return "process"
    return _ASK[probe.kind](spec, probe, network, probe.timeout_s)[0]


def _put(spec: ServiceSpec, probe: Probe, network: Network, wait: float) -> Health:
    asked, ask = _ASK[probe.kind](spec, probe, network, wait)
    try:
        answer = ask()
    except wire.RefusedError as error:
        return Health(False, asked, f"{error.code} {error}", error.code)
    except TimeoutError:
        return Health(False, asked, f"no answer within {wait:g} s")
    except OSError as error:
        return Health(False, asked, error.strerror or str(error))
    return Health(_well(answer), asked, answer)


def check_all(
    specs: Sequence[ServiceSpec], network: Network, *, timeout_s: float | None = None
) -> Mapping[str, Health]:
    """All at once: the slowest decides how long it takes."""
    found: dict[str, Health] = {}

    def one(spec: ServiceSpec) -> None:
        found[spec.name] = check(spec, network, timeout_s=timeout_s)

    threads = [threading.Thread(target=one, args=(spec,), daemon=True) for spec in specs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


Asked = tuple[str, Callable[[], str]]


def _http(spec: ServiceSpec, probe: Probe, network: Network, wait: float) -> Asked:
    at = network.endpoint(spec.name, probe.port)
    secure = probe.port == SECURE_PORT
    host = next((route.host for route in spec.routes), at.host)

    def ask() -> str:
        with socket.create_connection((at.host, at.port), timeout=wait) as plain:
            connection = _unverified().wrap_socket(plain, server_hostname=host) if secure else plain
            connection.sendall(f"GET {probe.path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: nself-probe\r\n\r\n".encode())
            line = connection.makefile("rb").readline(1024).decode("latin-1").strip()
            return line or "closed the connection without an answer"

    return f"GET http{'s' if secure else ''}://{at}{probe.path}", ask


def _tcp(spec: ServiceSpec, probe: Probe, network: Network, wait: float) -> Asked:
    at = network.endpoint(spec.name, probe.port)

    def ask() -> str:
        socket.create_connection((at.host, at.port), timeout=wait).close()
        return "connected"

    return f"connect to {at}", ask


def _postgres(spec: ServiceSpec, probe: Probe, network: Network, wait: float) -> Asked:
    login = login_of(spec, network)

    def ask() -> str:
        wire.select_1(login, timeout_s=wait)
        return "1"

    return f"SELECT 1 as {login.user} at {login.host}:{login.port}", ask


def _redis(spec: ServiceSpec, probe: Probe, network: Network, wait: float) -> Asked:
    at = network.endpoint(spec.name, probe.port)

    def ask() -> str:
        with resp.Connection(at.host, at.port, spec.secrets.get("REDIS_PASSWORD", ""), timeout_s=wait) as connection:
            return str(connection.call("PING"))

    return f"PING at {at}", ask


_ASK = {"http": _http, "tcp": _tcp, "postgres": _postgres, "redis": _redis}


def login_of(spec: ServiceSpec, network: Network) -> wire.Login:
    """How the database service is signed in to; `postgres` exists in every cluster."""
    at = network.endpoint(spec.name, spec.probe.port if spec.probe else "postgres")
    return wire.Login(
        host=at.host,
        port=at.port,
        user=spec.env.get("POSTGRES_USER", "postgres"),
        password=spec.secrets.get("POSTGRES_PASSWORD", ""),
    )


def _well(answer: str) -> bool:
    if not answer.startswith("HTTP/"):
        return not answer.startswith("closed")
    words = answer.split(" ")
    return len(words) > 1 and words[1].startswith("2")


def _unverified() -> SSLContext:
    """A probe asks whether the service answers; whether its certificate is good is `ssl check`'s question."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
