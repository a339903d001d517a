"""Replicas in containers come and go under load: what the proxy is asked meanwhile is answered by one that lives."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster import free_port
from tests.docker.engine import Engine
from tests.e2e.conftest import LEAN, PORTS, SECRET, Project, open_to_others, wait_until
from tests.e2e.load import Load

pytestmark = pytest.mark.e2e

SERVER = '''
"""Says in which container it runs. No connection is kept, so it ends once it has answered what it was asked."""
import os, signal, socket, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = socket.gethostname().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *words):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

if os.environ.get("BROKEN"):
    sys.exit("this one does not want to")
server = Server(("0.0.0.0", int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(poll_interval=0.05)
server.server_close()
'''
DOCKERFILE = """\
ARG PYTHON_IMAGE
FROM ${PYTHON_IMAGE}
COPY server.py /srv/server.py
USER 10001
CMD ["python3", "/srv/server.py"]
"""
DOCUMENT = """\
version: "1"
runtime: compose

services:
  web:
    build: services/web
    port: {port}
    route: app
    depends_on: []
    replicas: 1
"""


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, docker: Engine, server_image: str, base_image: Callable[[str], str]
) -> Iterator[Project]:
    """The proxy and one service of the user's, in containers."""
    folder = tmp_path_factory.mktemp("scaled")
    open_to_others(folder)
    name = f"scaled-{os.getpid()}"
    project = Project(folder, more={"PYTHON_IMAGE": base_image("python")})
    ports = {name: str(free_port()) for name in PORTS}
    off = {
        **LEAN,
        "POSTGRES_ENABLED": "false",
        "HASURA_ENABLED": "false",
        "JWT_KEY": SECRET,
        "HASURA_GRAPHQL_ADMIN_SECRET": SECRET,
    }
    project.write(
        PROJECT_NAME=name,
        ENV="dev",
        BASE_DOMAIN="localhost",
        DATABASE_URL="postgres://no@127.0.0.1:1/x",
        **off,
        **ports,
    )
    (folder / "nself.yml").write_text(DOCUMENT.format(port=free_port()))
    web = folder / "services" / "web"
    web.mkdir(parents=True)
    (web / "server.py").write_text(SERVER)
    (web / "Dockerfile").write_text(DOCKERFILE)
    try:
        project.nself("build", "--images", "web")
        project.nself("start")
        yield project
    finally:
        project.nself("stop", "--volumes", "--yes", check=False)
        docker.remove_images(name)


def load(shop: Project, *methods: str) -> Load:
    return Load("app.localhost", shop.port("NGINX_SSL_PORT"), methods)


def containers(shop: Project) -> dict[str, str]:
    """{replica: its container}."""
    found: list[dict[str, Any]] = shop.json("status", "web", check=False)["services"][0]["instances"]
    return {each["name"]: each["container_id"] for each in found}


def seen_by_the_proxy(shop: Project) -> str:
    """What it said of requests that went wrong."""
    lines = shop.nself("logs", "nginx", "--all", check=False).stdout.splitlines()
    return "\n".join(line for line in lines if '"status":"200"' not in line)


def test_no_request_is_dropped_while_replicas_come_and_go(shop: Project) -> None:
    with load(shop, "GET", "POST").running() as stream:
        alone = set(stream.more(50))
        assert shop.json("scale", "out", "web", "--replicas", "3")["applied"]
        assert len(everybody := set(stream.more(200))) == 3
        assert alone < everybody
        assert shop.json("scale", "in", "web", "--replicas", "1")["applied"]
        assert set(stream.more(50)) == alone
    assert stream.failures == [], seen_by_the_proxy(shop)


def test_a_restart_takes_one_replica_after_the_other(shop: Project, docker: Engine) -> None:
    shop.nself("scale", "web", "2")
    with load(shop, "GET").running() as stream:
        before = containers(shop)
        assert shop.json("restart", "web")["restarted"] == ["web", "web.2"]
        after = containers(shop)
        assert list(before) == list(after) == ["web", "web.2"]
        assert not set(before.values()) & set(after.values())
        assert set(stream.more(100)) == set(after.values())
    assert stream.failures == [], seen_by_the_proxy(shop)
    with load(shop, "GET").running() as stream:
        stream.more(20)
        docker.run("kill", "--signal", "KILL", after["web"])
        stream.more(100)
        shop.nself("start")
        wait_until(lambda: len(stream.more(20)) == 2)
    assert stream.failures == [], seen_by_the_proxy(shop)


@pytest.mark.timeout(400)
def test_a_rolling_restart_loses_no_request(shop: Project) -> None:
    shop.nself("scale", "web", "2")
    with load(shop, "GET", "POST").running() as stream:
        before = containers(shop)
        assert shop.json("restart", "web", "--rolling")["restarted"] == ["web", "web.2"]
        after = containers(shop)
        assert not set(before.values()) & set(after.values())
        wait_until(lambda: len(stream.more(20)) == 2)
    assert stream.failures == [], seen_by_the_proxy(shop)
    shop.nself("scale", "web", "1")
    refused = shop.nself("restart", "web", "--rolling", check=False)
    assert refused.returncode != 0 and "port open on this machine" in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may end what runs in a container from outside of Docker")
def test_a_proxy_that_took_up_changes_is_started_again_by_docker_when_it_ends(shop: Project, docker: Engine) -> None:
    shop.nself("scale", "web", "2")
    shop.nself("scale", "web", "1")
    proxy = shop.status()["nginx"]["container_id"]

    def pid() -> int:
        return int(docker.run("inspect", "--format", "{{.State.Pid}}", proxy).stdout)

    os.kill(before := pid(), signal.SIGKILL)
    wait_until(lambda: pid() not in {0, before})
    shop.becomes(nginx="healthy")


def test_a_change_that_does_not_come_up_ends_one_replica_only(shop: Project) -> None:
    shop.nself("scale", "web", "2")
    before = containers(shop)
    document = shop.root / "nself.yml"
    text = document.read_text()
    with load(shop, "GET").running() as stream:
        document.write_text(text + "    env: {BROKEN: 'yes'}\n")
        failed = {each["service"]: each for each in shop.json("start", check=False)["failed"]}
        assert set(failed) == {"web", "web.2"}
        assert "does not want to" in " ".join(failed["web"]["log"])
        assert failed["web.2"]["blocked"]
        assert containers(shop)["web.2"] == before["web.2"]
        document.write_text(text)
        shop.nself("start")
        wait_until(lambda: len(stream.more(20)) == 2)
    assert stream.failures == [], seen_by_the_proxy(shop)
    assert containers(shop)["web.2"] == before["web.2"]
