"""Asking a URL, of a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from nself.actions.door import Door
from nself.actions.health import endpoint
from nself.actions.health.check import Patience
from nself.actions.health.endpoint import Answer, Expected
from nself.errors import UsageError
from nself.host import LocalHost
from tests.actions.health.test_check import Slept
from tests.cluster import free_port
from tests.storage.hosting import hosted


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    tries: list[int] = []

    async def hello(request: Request) -> Response:
        return PlainTextResponse(f"hello from {request.headers['host']}")

    async def third(request: Request) -> Response:
        tries.append(1)
        return PlainTextResponse("ok" if len(tries) == 3 else "not yet", status_code=200 if len(tries) == 3 else 503)

    async def moved(request: Request) -> Response:
        return RedirectResponse("/")

    with hosted(Starlette(routes=[Route("/", hello), Route("/third", third), Route("/moved", moved)])) as address:
        yield address


def asked(expected: Expected, tmp_path: Path, *, tries: int = 1, host: LocalHost | None = None) -> Answer:
    patience = Patience(timeout_s=60, tries=tries)
    return endpoint.endpoint(tmp_path, host or Slept(), {"HOME": str(tmp_path)}, expected, patience)


def test_an_answer_as_expected_is_healthy(url: str, tmp_path: Path) -> None:
    found = asked(Expected(url=url, contains="hello"), tmp_path)
    assert (found.status, found.code, found.details) == ("healthy", 200, "answered 200")


@pytest.mark.parametrize(
    ("path", "expected", "details"),
    [
        ("/", {"contains": "bye"}, "answered 200 without 'bye' in it"),
        ("/none", {}, "answered 404, expected 200"),
        ("/moved", {}, "answered 307, expected 200"),
    ],
)
def test_any_other_answer_says_what_is_wrong(
    url: str, tmp_path: Path, path: str, expected: dict[str, str], details: str
) -> None:
    found = asked(Expected(url=url + path, **expected), tmp_path)  # type: ignore[arg-type]
    assert (found.status, found.details) == ("unhealthy", details)


def test_another_code_may_be_what_is_expected(url: str, tmp_path: Path) -> None:
    assert asked(Expected(url=f"{url}/moved", status=307), tmp_path).status == "healthy"


def test_it_is_asked_again_until_it_is_well(url: str, tmp_path: Path) -> None:
    host = Slept()
    assert asked(Expected(url=f"{url}/third"), tmp_path, tries=9, host=host).status == "healthy"
    assert len(host.pauses) == 2


def test_nobody_there_is_unhealthy_without_a_code(tmp_path: Path) -> None:
    found = asked(Expected(url=f"http://127.0.0.1:{free_port()}/"), tmp_path)
    assert (found.status, found.code) == ("unhealthy", None)


@pytest.mark.parametrize(
    "text", ["", "localhost:80", "ftp://x/y", "http://", "file:///etc/passwd", "http://[", "http://a:b/"]
)
def test_what_is_no_url_is_an_error_of_the_command_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="is not a URL"):
        asked(Expected(url=text), tmp_path)


def test_a_name_that_no_name_can_be_is_unhealthy(tmp_path: Path) -> None:
    assert asked(Expected(url=f"http://{'a' * 70}.invalid/"), tmp_path).status == "unhealthy"


def test_a_host_of_the_project_is_asked_without_a_name_server(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(url.rsplit(":", 1)[1])
    door = Door(
        scheme="http", address="127.0.0.1", port=port, hosts={"api": "api.shop.invalid"}, ca=None, admin_secret=""
    )
    monkeypatch.setattr(endpoint, "_door", lambda *_: door)
    found = asked(Expected(url=f"http://api.shop.invalid:{port}/", contains="hello from api.shop.invalid"), tmp_path)
    assert found.status == "healthy"
    assert asked(Expected(url=f"http://other.shop.invalid:{port}/"), tmp_path).status == "unhealthy"
