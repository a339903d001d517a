"""Registries as they differ: tokens for anybody, pages of tags, refusals. The protocol is played; a real registry
answers in tests/actions/images/test_updates.py."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from nself.errors import ConfigError
from nself.runtimes.compose.registry import Reference, Registries, UnknownError, UnreachableError, newer, parse

DIGEST = "sha256:" + "a" * 64


def asking(answer: Callable[[httpx.Request], httpx.Response]) -> Registries:
    return Registries(default="hub.example", client=httpx.Client(transport=httpx.MockTransport(answer)))


@pytest.mark.parametrize(
    ("text", "registry", "path", "tag", "digest"),
    [
        ("redis", "", "library/redis", "latest", None),
        ("redis:7.2-alpine", "", "library/redis", "7.2-alpine", None),
        ("axllent/mailpit:v1", "", "axllent/mailpit", "v1", None),
        ("r.example/a/b/c:1", "r.example", "a/b/c", "1", None),
        ("localhost/a:1", "localhost", "a", "1", None),
        (f"127.0.0.1:5000/a:1@{DIGEST}", "127.0.0.1:5000", "a", "1", DIGEST),
        (f"redis@{DIGEST}", "", "library/redis", "latest", DIGEST),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, registry: str, path: str, tag: str, digest: str | None) -> None:
    found = parse(text)
    assert (found.registry, found.path, found.tag, found.digest) == (registry, path, tag, digest)


def test_no_name_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not the name of an image"):
        parse(":7")


def test_a_token_that_anybody_gets_is_fetched_once_for_a_repository() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        if request.url.host == "auth.example":
            assert dict(request.url.params) == {"service": "hub", "scope": "repository:library/redis:pull"}
            return httpx.Response(200, json={"token": "t0ken"})
        if request.headers.get("authorization") != "Bearer t0ken":
            challenge = 'Bearer realm="https://auth.example/token",service="hub",scope="other"'
            return httpx.Response(401, headers={"www-authenticate": challenge})
        if request.url.path.endswith("/tags/list"):
            return httpx.Response(200, json={"tags": ["7", "8"]})
        return httpx.Response(200, headers={"docker-content-digest": DIGEST})

    registries = asking(answer)
    assert registries.digest(parse("redis:7")) == DIGEST
    assert registries.tags(parse("redis:7")) == ["7", "8"]
    assert len(asked) == 4


@pytest.mark.parametrize("realm", ["http://auth.example/token", "file:///etc/passwd", ""])
def test_a_token_is_asked_for_in_private_only(realm: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "hub.example"
        return httpx.Response(401, headers={"www-authenticate": f'Bearer realm="{realm}"'})

    with pytest.raises(UnknownError, match="wants an account"):
        asking(answer).digest(parse("redis:7"))


def test_pages_of_tags_are_followed_on_the_same_registry_only() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        match request.url.params.get("last"):
            case None:
                return httpx.Response(
                    200, json={"tags": ["1"]}, headers={"link": '</v2/a/b/tags/list?last=1>; rel="next"'}
                )
            case "1":
                link = '<https://evil.example/v2/a/b/tags/list?last=2>; rel="next"'
                return httpx.Response(200, json={"tags": ["2"]}, headers={"link": link})
        raise AssertionError(request.url)

    with pytest.raises(UnknownError, match="sends us elsewhere"):
        asking(answer).tags(parse("a/b:1"))


@pytest.mark.parametrize(
    ("status", "told"),
    [(403, "wants an account"), (404, "does not have it"), (429, "too often"), (500, "answered 500")],
)
def test_a_refusal_says_what_the_registry_meant(status: int, told: str) -> None:
    with pytest.raises(UnknownError, match=told):
        asking(lambda request: httpx.Response(status)).digest(parse("redis:7"))


def test_a_registry_that_is_away_is_named() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no such host")

    with pytest.raises(UnreachableError, match=r"the registry hub\.example cannot be reached: no such host"):
        asking(answer).digest(parse("redis:7"))


def test_only_this_machine_is_spoken_to_in_plain() -> None:
    schemes: dict[str, str] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        schemes[request.url.host] = request.url.scheme
        return httpx.Response(200, headers={"docker-content-digest": DIGEST})

    for host in ("localhost:5000", "127.0.0.1:5000", "10.0.0.1:5000", "r.example"):
        asking(answer).digest(Reference(registry=host, repository="a", tag="1", digest=None))
    assert schemes == {"localhost": "http", "127.0.0.1": "http", "10.0.0.1": "https", "r.example": "https"}


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("7.2-alpine", ["8.0-alpine", "7.10-alpine", "7.4-alpine"]),
        ("7.2", ["8.0"]),
        ("v1.9", ["v1.10"]),
        ("latest", []),
        ("8.0", []),
    ],
)
def test_newer_tags_are_those_of_the_same_shape(tag: str, found: list[str]) -> None:
    tags = ["7.2-alpine", "7.4-alpine", "7.10-alpine", "8.0-alpine", "8.0-rc1-alpine", "8.0", "7.2", "latest", "v1.10"]
    assert newer(tag, tags) == found
