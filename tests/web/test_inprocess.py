"""A sibling in the same process answers as one across the network would."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from nself.web.client import client


async def echo(request: Request) -> Response:
    seen = {"path": request.url.path, "query": request.url.query, "body": (await request.body()).decode()}
    reply = JSONResponse({**seen, "x": request.headers.getlist("x")}, status_code=201)
    reply.headers.append("set-cookie", "a=1")
    reply.headers.append("set-cookie", "b=2")
    return reply


async def pieces(request: Request) -> Response:
    async def three() -> Any:
        for piece in (b"one ", b"two ", b"three"):
            yield piece

    return StreamingResponse(three())


async def broken(request: Request) -> Response:
    raise ZeroDivisionError


async def silent(request: Request) -> Response:
    await asyncio.Event().wait()
    raise AssertionError


APP = Starlette(
    routes=[
        Route("/v1/echo/{rest:path}", echo, methods=["POST"]),
        Route("/v1/pieces", pieces),
        Route("/v1/broken", broken),
        Route("/v1/silent", silent),
    ]
)


def ask(method: str, path: str, timeout_s: float = 30, **more: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        async with client("http://sibling:8080/v1", peer="it", peers={"it": APP}, timeout_s=timeout_s) as http:
            return await http.request(method, path, **more)

    return asyncio.run(go())


def test_everything_of_a_request_arrives_and_everything_of_the_answer_comes_back() -> None:
    reply = ask("POST", "/echo/a%20b?c=d%26e", content=b"body", headers=[("X", "1"), ("x", "2")])
    assert (reply.status_code, reply.headers.get_list("set-cookie")) == (201, ["a=1", "b=2"])
    assert reply.json() == {"path": "/v1/echo/a b", "query": "c=d%26e", "body": "body", "x": ["1", "2"]}


def test_an_answer_in_pieces_comes_as_one() -> None:
    assert ask("GET", "/pieces").text == "one two three"


def test_unknown_paths_are_the_siblings_to_refuse() -> None:
    assert ask("GET", "/nothing").status_code == 404


def test_what_escapes_the_sibling_is_its_own_500(caplog: pytest.LogCaptureFixture) -> None:
    assert ask("GET", "/broken").status_code == 500
    assert "ZeroDivisionError" in caplog.text


def test_a_sibling_that_hangs_is_a_timeout() -> None:
    with pytest.raises(httpx.ReadTimeout):
        ask("GET", "/silent", timeout_s=0.01)
