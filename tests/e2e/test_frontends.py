"""A frontend's development server runs by itself on the machine; the proxy before it runs in a container."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.docker.engine import Engine
from tests.e2e.conftest import Project, wait_until

pytestmark = pytest.mark.e2e


class DevelopmentServer(BaseHTTPRequestHandler):
    """Tells for whom it was asked."""

    def do_GET(self) -> None:
        body = f"asked for {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def port(docker: Engine) -> Iterator[int]:
    """Of a server that listens where containers find this machine, and nowhere else."""
    bridge = docker.run("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").stdout.strip()
    with ThreadingHTTPServer((bridge, 0), DevelopmentServer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def test_it_is_found_from_the_container_of_the_proxy(
    new_project: Callable[..., Project], docker: Engine, server_image: str, port: int
) -> None:
    frontend = {"FRONTEND_APP_1_NAME": "panel", "FRONTEND_APP_1_PORT": str(port), "FRONTEND_APP_1_ROUTE": "panel"}
    off = {"POSTGRES_ENABLED": "false", "HASURA_ENABLED": "false", "DATABASE_URL": "postgres://no@127.0.0.1:1/x"}
    project = new_project(**off, **frontend)
    name = f"fronted-{os.getpid()}"
    project.write(PROJECT_NAME=name)
    (project.root / "nself.yml").write_text("version: '1'\nruntime: compose\n")
    try:
        project.nself("start")
        at = f"panel.localhost:{project.port('NGINX_SSL_PORT')}"

        def answer() -> httpx.Response:
            url = f"https://127.0.0.1:{project.port('NGINX_SSL_PORT')}/"
            return httpx.get(url, headers={"Host": at}, verify=False, timeout=90)

        wait_until(lambda: answer().status_code == 200)
        assert answer().text == f"asked for {at}"
    finally:
        project.nself("stop", "--volumes", "--yes", check=False)
