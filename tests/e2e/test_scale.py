"""Replicas come and go under load: not one request is dropped, and each goes to a replica that lives."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster import free_port
from tests.e2e.conftest import Project, wait_until
from tests.e2e.load import Load

SERVER = '''
"""Answers with its own port after a moment, and ends when it has answered what it was asked."""
import os, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(0.005)
        body = os.environ["PORT"].encode()
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

if os.environ.get("ONLY_PORT", os.environ["PORT"]) != os.environ["PORT"]:
    sys.exit("this copy does not want to")
server = Server((os.environ["HOST"], int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever(poll_interval=0.05)
server.server_close()
'''
NEW = Callable[..., Project]
DOCUMENT = """\
version: "1"

services:
  web:            # the page
    command: python3 server.py
    port: {port}
    route: app
    depends_on: []
    # as many as we need
    replicas: 1   # for now
"""


@pytest.fixture
def shop(new_project: NEW) -> Project:
    """The proxy and one service of the user's; nothing else would add to what is tested."""
    found = new_project(
        POSTGRES_ENABLED="false", HASURA_ENABLED="false", DATABASE_URL="postgres://nobody@127.0.0.1:1/x"
    )
    (found.root / "nself.yml").write_text(DOCUMENT.format(port=free_port()))
    folder = found.root / "services" / "web"
    folder.mkdir(parents=True)
    (folder / "server.py").write_text(SERVER)
    found.nself("start")
    return found


def ports(shop: Project) -> dict[str, str]:
    """{replica: its port}."""
    numbers = json.loads((shop.root / ".nself" / "ports.json").read_text())["ports"]
    return {key.split("/")[0]: str(number) for key, number in numbers.items() if key.startswith("web")}


def load(shop: Project, *methods: str) -> Load:
    return Load("app.localhost", shop.port("NGINX_SSL_PORT"), methods or ("GET", "POST"))


def test_no_request_is_dropped_while_replicas_come_and_go(shop: Project) -> None:
    text = (shop.root / "nself.yml").read_text()
    told = shop.json("scale", "out", "web", "--replicas", "3", "--dry-run")
    assert told["dry_run"] and not told["applied"]
    assert told["steps"][1] == "start web.2 and wait until it is healthy"
    assert (shop.root / "nself.yml").read_text() == text
    with load(shop).running() as stream:
        assert set(stream.more(100)) == {ports(shop)["web"]}
        out = shop.json("scale", "out", "web", "--replicas", "3")
        assert (out["applied"], out["before"]["replicas"], out["after"]["replicas"]) == (True, 1, 3)
        everybody = ports(shop)
        assert len(everybody) == 3
        assert set(stream.more(300)) == set(everybody.values())
        back = shop.json("scale", "in", "web", "--replicas", "1")
        assert back["applied"]
        assert [step.split(":")[0] for step in back["steps"]] == ["reload nginx", "stop web.2", "stop web.3"]
        assert set(stream.more(150)) == {everybody["web"]}
    assert stream.failures == []
    assert stream.total > 500
    # Comments, order and everything else are as they were typed.
    assert (shop.root / "nself.yml").read_text() == text


def test_a_replica_that_is_killed_or_restarted_costs_nobody_anything(shop: Project) -> None:
    shop.nself("scale", "web", "3")
    with load(shop, "GET").running() as stream:
        assert len(stream.more(100)) == 3
        # Who is slow to answer on a busy machine is not well in that moment.
        wait_until(lambda: shop.status()["web"]["replicas"] == {"wanted": 3, "running": 3, "healthy": 3})
        status = shop.status()["web"]
        os.kill(status["instances"][2]["pid"], signal.SIGKILL)
        stream.more(200)
        # It comes back by itself, and gets its share again.
        wait_until(lambda: shop.status()["web"]["replicas"]["healthy"] == 3)
        wait_until(lambda: len(stream.more(60)) == 3)
        before = pids(shop)
        shop.nself("restart", "web.2")
        after = pids(shop)
        assert [name for name in before if before[name] != after[name]] == ["web.2"]
        shop.nself("restart", "web")
        stream.more(50)
    assert stream.failures == []
    assert not set(after.values()) & set(pids(shop).values())
    wait_until(lambda: used(shop)["replicas"]["healthy"] == 3)
    assert (used(shop)["memory"], used(shop)["autoscale"]) == ("256M", None)


def used(shop: Project) -> dict[str, Any]:
    found: dict[str, Any] = shop.json("scale", "status", "web")["services"][0]
    return found


def pids(shop: Project) -> dict[str, int]:
    """{replica: its process}; one that is alone is listed as the service only."""
    found = shop.status()["web"]
    return {each["name"]: each["pid"] for each in found["instances"] or [found]}


def test_a_replica_that_does_not_come_up_changes_nothing(shop: Project) -> None:
    document = shop.root / "nself.yml"
    text = document.read_text() + "    env: {ONLY_PORT: '" + ports(shop)["web"] + "'}\n"
    document.write_text(text)
    shop.nself("start")
    with load(shop).running() as stream:
        stream.more(20)
        ran = shop.json("scale", "out", "web", check=False)
        stream.more(50)
    assert stream.failures == []
    assert ran["rolled_back"] and not ran["applied"]
    (failure,) = ran["failed"]
    assert failure["service"] == "web.2"
    assert any("does not want to" in line for line in failure["log"])
    assert document.read_text() == text
    assert shop.status()["web"]["replicas"]["wanted"] == 1


def test_replicas_follow_the_load(shop: Project) -> None:
    """One round measures, decides and acts; what it did is in the history with its reason."""
    assert shop.json("scale", "auto", "web", "--min", "1", "--max", "3", "--cpu-threshold", "1")["changed"]
    with load(shop, "GET").running() as stream:
        stream.more(50)
        (decided,) = shop.json("scale", "auto", "run", "--once", "--interval", "1")["services"]
        assert (decided["service"], decided["before"], decided["after"], decided["changed"]) == ("web", 1, 2, True)
        assert decided["cpu_percent"] > 1
        wait_until(lambda: len(stream.more(20)) == 2)
        (again,) = shop.json("scale", "auto", "run", "--once", "--interval", "1")["services"]
        assert not again["changed"]
        assert "so soon" in again["why"]
    assert stream.failures == []
    shop.json("scale", "auto", "web", "--min", "1", "--max", "1")
    (back,) = shop.json("scale", "auto", "run", "--once", "--interval", "1")["services"]
    assert (back["before"], back["after"], back["changed"]) == (2, 1, True)
    assert used(shop)["autoscale"] == {"min": 1, "max": 1, "cpu_threshold": 1}
    history = (shop.root / ".nself" / "history" / "all.jsonl").read_text().splitlines()
    reasons = [each["details"].get("why") for line in history if (each := json.loads(line))["type"] == "scale"]
    assert reasons == [decided["why"], "2 is not between 1 and 1"]
    assert shop.json("scale", "auto", "web", "--disable")["autoscale"] is None
    assert shop.nself("scale", "auto", "run", "--once", check=False).returncode != 0


@pytest.mark.timeout(400)
def test_a_rolling_restart_loses_no_request_of_one_that_is_alone_nor_of_several(shop: Project) -> None:
    document = shop.root / "nself.yml"
    text = document.read_text()
    with load(shop).running() as stream:
        alone = pids(shop)
        assert shop.json("restart", "web", "--rolling")["restarted"] == ["web"]
        anew = pids(shop)
        assert list(anew) == ["web"] and anew != alone
        shop.nself("scale", "web", "2")
        two = pids(shop)
        assert shop.json("restart", "web", "--rolling")["restarted"] == ["web", "web.2"]
        assert not set(two.values()) & set(pids(shop).values())
        assert len(stream.more(60)) == 2
        shop.nself("scale", "web", "1")
        left = pids(shop)
        document.write_text(text + "    env: {ONLY_PORT: '1'}\n")
        ran = shop.json("restart", "web", "--rolling", check=False)
        assert [each["service"] for each in ran["failed"]] == ["web.2"]
        assert pids(shop) == left
        stream.more(50)
    assert stream.failures == []
    document.write_text(text)
    refused = shop.nself("restart", "nginx", "--rolling", check=False)
    assert refused.returncode != 0 and "not behind the proxy" in refused.stderr
