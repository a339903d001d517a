from __future__ import annotations

import asyncio

import pytest

from nself.graphql.webhooks.outgoing import (
    Call,
    Connections,
    Outgoing,
    OutgoingError,
    Reply,
    forwarded,
    sendable,
    vouched_for,
)
from tests.graphql import hostile

LIMIT = 1000


def call(handler: hostile.Handler, *, timeout_s: float = 20, **more: object) -> Reply:
    async def go() -> Reply:
        async with hostile.listening(handler) as url, Outgoing.open() as outgoing:
            return await outgoing.send(Call(url=url, body=b"{}", timeout_s=timeout_s, limit=LIMIT, **more))  # type: ignore[arg-type]

    return asyncio.run(go())


def test_what_calls_need_is_made_once_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    made, make = [], Connections.of

    def counted(at_once: int) -> Connections:
        made.append(at_once)
        return make(at_once)

    async def go() -> None:
        monkeypatch.setattr(Connections, "of", counted)
        async with hostile.listening(hostile.redirects) as url, Outgoing.open(at_once=20) as outgoing:
            assert made == []
            await asyncio.gather(*(outgoing.send(Call(url=url, body=b"{}")) for _ in range(3)))

    asyncio.run(go())
    assert made == [20]


@pytest.mark.parametrize("handler", [hostile.hangs, hostile.trickles], ids=lambda handler: handler.__name__)
def test_the_time_limit_is_for_the_whole_call(handler: hostile.Handler) -> None:
    with pytest.raises(OutgoingError, match=r"no complete reply within 0\.3 seconds") as caught:
        call(handler, timeout_s=0.3)
    assert caught.value.reason == "timeout"


@pytest.mark.parametrize(
    "handler", [hostile.promises_more, hostile.talks_nonsense], ids=lambda handler: handler.__name__
)
def test_a_broken_reply_is_no_reply(handler: hostile.Handler) -> None:
    with pytest.raises(OutgoingError) as caught:
        call(handler)
    assert caught.value.reason == "connection"


def test_an_endless_reply_is_cut_at_the_limit() -> None:
    reply = call(hostile.never_ends)
    assert (reply.status, len(reply.body), reply.cut) == (200, LIMIT, True)


def test_a_small_reply_that_unpacks_to_a_huge_one_is_cut_too() -> None:
    reply = call(hostile.explodes)
    assert reply.cut
    assert len(reply.body) <= LIMIT


def test_redirects_are_not_followed() -> None:
    reply = call(hostile.redirects)
    assert (reply.status, reply.succeeded) == (307, False)
    assert reply.header("location") == "http://127.0.0.1:9/"


@pytest.mark.parametrize("url", ["", "not a url", "ftp://example.org/", "http://", "http://exa mple:x/", "http://[::1"])
def test_what_is_no_url_is_refused(url: str) -> None:
    async def go() -> None:
        async with Outgoing.open() as outgoing:
            await outgoing.send(Call(url=url, body=b"{}", timeout_s=60))

    with pytest.raises(OutgoingError) as caught:
        asyncio.run(go())
    assert caught.value.reason in ("invalid-request", "connection")


def test_a_header_that_http_cannot_carry_is_refused_without_its_value() -> None:
    with pytest.raises(OutgoingError) as caught:
        call(hostile.redirects, headers={"X-Secret": "s3cret\r\nHost: elsewhere"})
    assert caught.value.reason == "invalid-request"
    assert "s3cret" not in caught.value.message
    assert not sendable("X-A B", "x")
    assert sendable("X-A", "ü")


def test_nobody_there_is_a_connection_error() -> None:
    async def go() -> None:
        async with Outgoing.open() as outgoing:
            await outgoing.send(Call(url="http://127.0.0.1:1/", timeout_s=60))

    with pytest.raises(OutgoingError) as caught:
        asyncio.run(go())
    assert caught.value.reason == "connection"


def test_headers_about_the_clients_connection_stay_behind() -> None:
    given = {"host": "a", "content-length": "3", "cookie": "c", "x-tenant": "t", "authorization": "b"}
    assert forwarded(given) == {"cookie": "c", "x-tenant": "t", "authorization": "b"}
    assert forwarded(given, ignored=frozenset({"authorization"})) == {"cookie": "c", "x-tenant": "t"}


def test_what_a_client_says_of_itself_is_passed_on_only_if_the_session_says_so_too() -> None:
    client = {
        "x-hasura-user-id": "1",
        "x-hasura-role": "user",
        "x-mark": "m",
        "x-hasura-admin-secret": "s",
        "host": "h",
    }
    assert vouched_for(client, {"x-hasura-role": "user"}) == {"x-hasura-role": "user", "x-mark": "m"}
    assert vouched_for(client, {"x-hasura-user-id": "2"}, ignored=frozenset({"x-mark"})) == {}
