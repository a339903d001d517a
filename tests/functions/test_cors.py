"""Pages on other hosts may call functions, as far as the settings let them."""

from __future__ import annotations

import httpx
import pytest

from tests.functions.conftest import Folder, Running

PAGE = "https://app.example.com"
PREFLIGHT = {
    "origin": PAGE,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization,x-a",
}


@pytest.fixture
def server(functions: Folder, server: httpx.Client) -> httpx.Client:
    functions.write("f.py", "def handler(e, c): return e['method']\n")
    return server


def test_a_preflight_is_answered_for_the_function(server: httpx.Client) -> None:
    answer = server.options("/f", headers=PREFLIGHT)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "PUT"
    assert answer.headers["access-control-allow-headers"] == "authorization,x-a"


def test_answers_and_errors_can_be_read_by_the_page(server: httpx.Client) -> None:
    for path in ("/f", "/nope"):
        assert server.get(path, headers={"origin": PAGE}).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in server.get("/f").headers


def test_a_plain_options_request_reaches_the_function(server: httpx.Client) -> None:
    assert server.options("/f", headers={"origin": PAGE}).text == "OPTIONS"


def test_a_function_may_decide_itself(functions: Folder, server: httpx.Client) -> None:
    functions.write(
        "own.py",
        "def handler(e, c): return {'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'https://x'}}\n",
    )
    headers = server.get("/own", headers={"origin": PAGE}).headers
    assert headers.get_list("access-control-allow-origin") == ["https://x"]


def test_only_listed_origins_are_let_in(functions: Folder, running: Running) -> None:
    functions.write("f.py", "def handler(e, c): return e['method']\n")
    with running(cors_origins=(PAGE,)) as server:
        allowed = server.get("/f", headers={"origin": PAGE})
        assert (allowed.headers["access-control-allow-origin"], allowed.headers["vary"]) == (PAGE, "Origin")
        other = server.get("/f", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_without_origins_preflights_reach_the_function(functions: Folder, running: Running) -> None:
    functions.write("f.py", "def handler(e, c): return e['method']\n")
    with running(cors_origins=()) as server:
        assert server.options("/f", headers=PREFLIGHT).text == "OPTIONS"
