"""What every template's service promises, asked of one that runs, whatever it is written in."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

LOG_FIELDS = {"time", "level", "service", "message"}
REQUEST_FIELDS = {"method", "path", "status", "duration_ms", "request_id"}
JSON = {"Content-Type": "application/json"}


def check(client: httpx.Client, name: str) -> None:
    """Every endpoint, as a client sees it."""
    assert answer(client.get("/"))["service"] == name
    health = answer(client.get("/health"))
    assert health["status"] == "ok" and health["uptime_s"] >= 0
    info = answer(client.get("/api/info"))
    assert info["service"] == name and info["language"] and info["framework"]
    payload = {"text": 'ü "quoted"', "numbers": [1, 2.5, None], "deep": {"a": True}}
    assert answer(client.post("/api/echo", json=payload)) == {"echo": payload}
    _check_refusals(client)
    _check_request_id(client)
    _check_metrics(client)


def _check_refusals(client: httpx.Client) -> None:
    for body in (b"{", b"", b"\xff\xfe"):
        failed(client.post("/api/echo", content=body, headers=JSON), 400)
    for _ in range(5):
        failed(client.post("/api/echo", content=b'"' + b"x" * 1_100_000 + b'"', headers=JSON), 413)
        # On the same connection: a server that closes it then does not say so too late.
        failed(client.get("/nowhere"), 404)
    failed(client.get("/api/echo"), 405, 404)


def _check_request_id(client: httpx.Client) -> None:
    assert client.get("/", headers={"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"
    for hostile in ("x" * 500, 'a" b'):
        own = client.get("/", headers={"X-Request-ID": hostile}).headers["X-Request-ID"]
        assert own != hostile and re.fullmatch(r"[\w.:-]{8,128}", own)


def _check_metrics(client: httpx.Client) -> None:
    """Counters count: five more requests are five more. Paths that lead nowhere make no series of their own."""
    before = count(client, "/api/info")
    for _ in range(5):
        client.get("/api/info")
    client.get("/nowhere/4711")
    assert count(client, "/api/info") == before + 5
    text = client.get("/metrics")
    assert text.headers["Content-Type"].startswith("text/plain")
    assert "nowhere" not in text.text
    assert re.search(r"^http_request_duration_seconds_bucket\{[^}]*le=", text.text, re.M)


def count(client: httpx.Client, route: str) -> float:
    """`http_requests_total` of one route's GETs that went well."""
    total = 0.0
    for labels, value in re.findall(r"^http_requests_total\{([^}]*)\} (\S+)$", client.get("/metrics").text, re.M):
        found = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if (found["route"], found["method"], found["status"]) == (route, "GET", "200"):
            total += float(value)
    return total


def answer(response: httpx.Response) -> Any:
    assert response.status_code == 200, (response.request.url, response.status_code, response.text)
    assert response.headers["Content-Type"].startswith("application/json")
    return response.json()


def failed(response: httpx.Response, *statuses: int) -> None:
    """JSON that says what was wrong and under which id the log has it, and nothing of the service's inside."""
    assert response.status_code in statuses, (response.request.url, response.status_code, response.text)
    body = response.json()
    assert body["error"] and body["request_id"] == response.headers["X-Request-ID"]
    assert "Traceback" not in response.text and "/services/" not in response.text


def check_log(text: str, name: str) -> None:
    """Each line is an object; the start and every request are told, a request with its own id."""
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    assert all(line.keys() >= LOG_FIELDS and line["service"] == name for line in lines), lines
    assert [line for line in lines if line["message"] == "started"]
    requests = [line for line in lines if line["message"] == "request"]
    assert all(line.keys() >= REQUEST_FIELDS for line in requests)
    (mine,) = [line for line in requests if line["request_id"] == "mine-1"]
    assert (mine["method"], mine["path"], mine["status"]) == ("GET", "/", 200)
    refused = [line for line in requests if line["status"] == 413]
    assert refused and refused[0]["path"] == "/api/echo"


def check_stop(text: str) -> None:
    lines = [json.loads(line) for line in text.splitlines() if line.strip()]
    assert lines[-1]["message"] == "stopped", lines[-3:]


def request_during_stop(host: str, port: int, stop: Callable[[], object]) -> Mapping[str, Any]:
    """Half a request, then `stop`, and once nobody new is let in its other half: what is answered to it."""
    body = b'{"half": "way"}'
    with socket.create_connection((host, port), timeout=90) as line:
        head = ["POST /api/echo HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        line.sendall("\r\n".join([*head, "", ""]).encode() + body[:5])
        _see_it_taken_up(host, port)
        stop()
        _wait_until_closed(host, port)
        line.sendall(body[5:])
        with line.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            length = 0
            while (header := answer.readline().strip().lower()) != b"":
                if header.startswith(b"content-length:"):
                    length = int(header.partition(b":")[2])
            assert status == 200
            found: Mapping[str, Any] = json.loads(answer.read(length))
            return found


def _see_it_taken_up(host: str, port: int) -> None:
    """A request on another connection, begun later and answered: the one before it was accepted by then."""
    httpx.get(f"http://{host}:{port}/health", timeout=90).raise_for_status()
    time.sleep(0.1)


def _wait_until_closed(host: str, port: int) -> None:
    """Refused, or left waiting at the door: gunicorn keeps its socket until the last request is answered."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://{host}:{port}/health", timeout=1)
        except httpx.TransportError:
            return
    raise AssertionError("it still answers new requests")
