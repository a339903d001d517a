"""A real nginx with the rendered configuration, and a small service behind it that tells what reached it."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from nself.host import LocalHost
from nself.model.loopback import LoopbackNetwork
from nself.model.ports import Ports
from nself.model.project import Project
from nself.model.proxy import proxy_settings
from nself.render import nginx
from nself.runtimes.native import binaries
from nself.services import catalogue
from tests.cluster import free_port
from tests.render.checkers import ACCOUNT, lay_out
from tests.services.projects import network


async def tell(request: Request) -> Response:
    """What arrived: headers, the number of bytes."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    headers = {"X-Frame-Options": "DENY"} if request.url.path == "/framed" else {}
    return JSONResponse({"headers": dict(request.headers), "size": size, "path": request.url.path}, headers=headers)


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


async def slow(request: Request) -> Response:
    await asyncio.sleep(30)
    return Response()


async def large(request: Request) -> Response:
    return JSONResponse({"text": "nginx " * 2000})


SERVICE = Starlette(
    routes=[
        WebSocketRoute("/socket", echo),
        Route("/slow", slow),
        Route("/large", large),
        Route("/{path:path}", tell, methods=["GET", "POST", "PUT"]),
    ]
)


@contextmanager
def service(port: int, host: str = "127.0.0.1") -> Iterator[None]:
    """The small service on `port`, in a thread."""
    server = uvicorn.Server(uvicorn.Config(SERVICE, host=host, port=port, log_level="error", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@dataclass
class Proxy:
    """A running nginx. `port` is the one its sites are on."""

    folder: Path
    net: LoopbackNetwork
    log: Path
    client: httpx.Client = field(repr=False)

    @property
    def port(self) -> int:
        return self.net.proxy_port

    def url(self, host: str, path: str = "/") -> str:
        return f"{self.net.scheme}://{host}:{self.port}{path}"

    def get(self, host: str, path: str = "/", **options: object) -> httpx.Response:
        return self.client.get(self.url(host, path), **options)  # type: ignore[arg-type]

    def curl(self, host: str, path: str, *options: str) -> str:
        """The system's curl, which speaks HTTP/2; every host is on this machine."""
        argv = [
            "curl",
            "-s",
            "--cacert",
            str(self.folder / "ca" / "ca.pem"),
            "--resolve",
            f"{host}:{self.port}:127.0.0.1",
        ]
        return subprocess.run(
            [*argv, *options, self.url(host, path)], capture_output=True, text=True, timeout=90
        ).stdout

    def logged_of(self, path: str) -> list[Mapping[str, str]]:
        """The access log's lines about `path`, once nginx has flushed one."""
        while True:
            lines = (json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{"))
            if found := [line for line in lines if line["path"] == path]:
                return found
            time.sleep(0.02)


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "ca" / "ca.pem"))


class Loopback(httpx.HTTPTransport):
    """Every host is this machine, whatever DNS says of it; TLS and Host still carry the name."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1")
        return super().handle_request(request)


@contextmanager
def proxy(
    project: Project,
    folder: Path,
    *,
    behind: str | None = None,
    among: Callable[[LoopbackNetwork], LoopbackNetwork] = lambda net: net,
) -> Iterator[Proxy]:
    """nginx for `project`, laid out in `folder`; the small service stands in for the service named `behind`. `among`
    changes the network that it finds its services in."""
    ports = Ports(numbers={claim.key: free_port() for claim in catalogue.claims(project)})
    net = among(network(project, ports))
    specs = catalogue.specs(project, net)
    files = nginx.render(specs, net, project, proxy_settings(project))
    configuration = lay_out(files, folder)
    log = folder / "nginx.log"
    argv = [binaries.nginx(LocalHost()), "-p", folder, "-c", configuration, "-g", "daemon off;" + "".join(ACCOUNT[1:])]
    # A pipe on stdout, as under the process manager.
    with log.open("wb") as out:
        process = subprocess.Popen([str(word) for word in argv], stdout=out, stderr=out)
    try:
        _await(net.listen("nginx", "health").port, process, log)
        client = httpx.Client(transport=Loopback(verify=trusting(folder), trust_env=False), timeout=90)
        with client:
            running = Proxy(folder, net, log, client)
            if behind is None:
                yield running
            else:
                with service(net.endpoint(behind).port):
                    yield running
    finally:
        process.terminate()
        process.wait(60)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)
