from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from nself.graphql.websocket import connection
from nself.web.tokens import Signer
from tests.graphql.serving import ADMIN, Api, authors_and_articles, play
from tests.graphql.sockets import KEEPALIVES, LEGACY, TRANSPORT, opened, talking

SLOW = {"HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE": "60"}
KEY = "k" * 32


@pytest.mark.parametrize("protocol", [TRANSPORT, LEGACY, None])
def test_a_query_and_a_mutation_are_answered_and_completed(dsn: str, protocol: str | None) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api, protocol) as talk:
            await talk.start("query ($n: Int!) { author(limit: $n, order_by: {id: asc}) { name } }", n=1)
            assert await talk.data() == {"author": [{"name": "Ada"}]}
            assert await talk.next() == {"type": "complete", "id": "1"}
            await talk.start('mutation { insert_author_one(object: {name: "Cy"}) { name } }')
            assert await talk.data() == {"insert_author_one": {"name": "Cy"}}
            assert await talk.next() == {"type": "complete", "id": "1"}

    play(dsn, script, **SLOW)


@pytest.mark.parametrize("protocol", [TRANSPORT, LEGACY])
def test_a_refused_operation_says_why(dsn: str, protocol: str) -> None:
    async def script(api: Api) -> None:
        async with talking(api, protocol) as talk:
            await talk.start("{ nothing }")
            assert await talk.refusal() == ("validation-failed", "field 'nothing' not found in type: 'query_root'")
            await talk.start("subscription { nothing }")
            message = "field 'nothing' not found in type: 'subscription_root'"
            assert await talk.refusal() == ("validation-failed", message)

    play(dsn, script, **SLOW)


def test_headers_of_the_init_message_are_those_of_every_operation(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        headers = {**ADMIN, "X-Hasura-Role": "user", "X-Hasura-Name": "Bob", "x-hasura-number": 7, "x-hasura-yes": True}
        async with talking(api, TRANSPORT, headers) as talk:
            await talk.start("{ article { title } }")
            assert await talk.data() == {"article": [{"title": "Three"}]}

    play(dsn, script, **SLOW)


def test_headers_of_the_handshake_count_too(dsn: str) -> None:
    async def script(api: Api) -> None:
        async with opened(api, headers=ADMIN) as talk:
            assert await talk.init({}) == {"type": "connection_ack"}

    play(dsn, script, **SLOW)


def test_whoever_breaks_the_rules_of_the_newer_protocol_is_closed_with_the_rules_number(dsn: str) -> None:
    query = {"id": "1", "type": "subscribe", "payload": {"query": "subscription { author { id } }"}}
    broken: list[tuple[list[Any], int]] = [
        ([{"type": "nonsense"}], 4400),
        ([[1]], 4400),
        ([{"type": "subscribe", "payload": {}}], 4400),
        ([{"type": "connection_init", "payload": ADMIN}, {"type": "connection_init"}], 4403),
        ([{"type": "connection_init", "payload": {"headers": 3}}], 4400),
        ([{"type": "connection_init", "payload": {"headers": {"x": [1]}}}], 4400),
        ([{"type": "connection_init", "payload": {"headers": ADMIN}}, {"type": "connection_init"}], 4429),
        ([query], 4401),
        ([{"type": "connection_init", "payload": {"headers": ADMIN}}, query, query], 4409),
        ([{"type": "connection_init", "payload": {"headers": {"x-hasura-admin-secret": "wrong"}}}], 4403),
    ]

    async def script(api: Api) -> None:
        await authors_and_articles(api)
        for messages, code in broken:
            async with opened(api) as talk:
                for message in messages:
                    await talk.socket.send(message)
                assert (await talk.socket.closed()).code == code, messages

    play(dsn, script, **SLOW)


def test_what_is_no_json_closes_or_is_told(dsn: str) -> None:
    async def script(api: Api) -> None:
        for text in ("{", "", "[" * 100_000, '{"type": "\\ud800"}'):
            async with opened(api) as talk:
                await talk.socket.send_text(text)
                assert (await talk.socket.closed()).code == 4400
            async with opened(api, LEGACY) as talk:
                await talk.socket.send_text(text)
                assert (await talk.next())["type"] == "connection_error"
                assert await talk.init() == {"type": "connection_ack"}

    play(dsn, script, **SLOW)


def test_the_older_protocol_tells_and_goes_on(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with opened(api, LEGACY) as talk:
            await talk.start("{ author { id } }")
            message = "start received before the connection is initialised"
            assert await talk.refusal() == ("unexpected", message)
            assert await talk.init() == {"type": "connection_ack"}
            assert (await talk.init())["type"] == "connection_error"
            await talk.start("subscription { author(limit: 1, order_by: {id: asc}) { id } }")
            assert await talk.data() == {"author": [{"id": 1}]}
            await talk.start("{ author { id } }")
            twice = await talk.next()
            assert twice["payload"]["errors"][0]["message"] == "an operation already exists with this id: 1"
            await talk.socket.send({"type": "connection_terminate"})
            assert (await talk.socket.closed()).code == 1000

    play(dsn, script, **SLOW)


def test_a_wrong_secret_is_told_in_the_older_protocol_before_it_is_closed(dsn: str) -> None:
    async def script(api: Api) -> None:
        async with opened(api, LEGACY) as talk:
            told = await talk.init({"x-hasura-admin-secret": "wrong"})
            message = 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"'
            assert told == {"type": "connection_error", "payload": message}
            await talk.socket.closed()

    play(dsn, script, **SLOW)


def test_who_never_says_who_he_is_is_closed(dsn: str) -> None:
    async def script(api: Api) -> None:
        async with opened(api) as talk:
            assert (await talk.socket.closed()).code == 4408

    play(dsn, script, HASURA_GRAPHQL_WEBSOCKET_CONNECTION_INIT_TIMEOUT="1")


@pytest.mark.parametrize(("protocol", "keepalive"), [(LEGACY, KEEPALIVES[0]), (TRANSPORT, KEEPALIVES[1])])
def test_the_connection_is_kept_alive(dsn: str, protocol: str, keepalive: Any) -> None:
    async def script(api: Api) -> None:
        async with talking(api, protocol) as talk:
            assert [await talk.socket.receive() for _ in range(2)] == [keepalive, keepalive]

    play(dsn, script, HASURA_GRAPHQL_WEBSOCKET_KEEPALIVE="1")


def test_pings_are_answered_and_pongs_taken(dsn: str) -> None:
    async def script(api: Api) -> None:
        async with opened(api) as talk:
            await talk.socket.send({"type": "pong"})
            await talk.socket.send({"type": "ping", "payload": {"any": "thing"}})
            assert await talk.next() == {"type": "pong"}

    play(dsn, script, **SLOW)


def test_a_token_that_expires_closes_its_socket(dsn: str) -> None:
    async def script(api: Api) -> None:
        claims = {"x-hasura-allowed-roles": ["user"], "x-hasura-default-role": "user"}
        signer = Signer.from_secret({"type": "HS256", "key": KEY})
        token = signer.sign({"https://hasura.io/jwt/claims": claims, "exp": int(time.time()) + 2})
        async with opened(api) as talk:
            assert await talk.init({"Authorization": f"Bearer {token}"}) == {"type": "connection_ack"}
            closed = await talk.socket.closed()
            assert (closed.code, closed.reason) == (4403, "the session has expired")

    secret = f'{{"type": "HS256", "key": "{KEY}"}}'
    play(dsn, script, HASURA_GRAPHQL_JWT_SECRET=secret, **SLOW)


def test_an_operation_that_was_stopped_is_not_heard_of_again(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.sql(
            "CREATE FUNCTION slow(author) RETURNS text STABLE LANGUAGE sql AS $$ SELECT pg_sleep(0.3)::text $$"
        )
        definition = {"function": "slow"}
        await api.metadata("pg_add_computed_field", {"table": "author", "name": "slow", "definition": definition})
        async with talking(api) as talk:
            await talk.start("{ author(limit: 1) { slow } }")
            await talk.stop()
            await talk.start("{ author_by_pk(id: 1) { slow } }", id_="2")
            assert await talk.data("2") == {"author_by_pk": {"slow": ""}}
            await asyncio.sleep(0.2)
            await talk.socket.send({"type": "ping"})
            assert [await talk.next() for _ in range(2)] == [{"type": "complete", "id": "2"}, {"type": "pong"}]

    play(dsn, script, **SLOW)


@pytest.mark.parametrize("leaves", [True, False])
def test_a_subscription_stopped_before_it_began_leaves_nothing_behind(dsn: str, leaves: bool) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        async with talking(api) as talk:
            await talk.start("subscription { author { name } }")
            await (talk.socket.inbox.put({"type": "websocket.disconnect"}) if leaves else talk.stop())
            await asyncio.sleep(0.1)  # time to begin, if it does
            nothing = {"live_queries": [], "streaming_queries": [], "subscribers": 0}
            async with asyncio.timeout(60):
                while (await api.http.get("/dev/subscriptions", headers=ADMIN)).json() != nothing:
                    await asyncio.sleep(0.02)

    play(dsn, script, **SLOW)


def test_what_a_socket_asks_at_once_has_an_end(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        padding = " " * (connection.MOST_HELD // 4)
        query = "subscription { author(order_by: {id: asc}, limit: 1) { name } }" + padding
        async with talking(api) as talk:
            for id_ in "123":
                await talk.start(query, id_=id_)
                assert await talk.data(id_) == {"author": [{"name": "Ada"}]}
            await talk.start(query, id_="4")
            assert (await talk.refusal())[0] == "too-many-requests"
            await talk.stop("2")
            await talk.start(query, id_="5")
            assert await talk.data("5") == {"author": [{"name": "Ada"}]}
            for _ in range(8):
                await talk.start("{ nothing }" + padding, id_="6")
                assert (await talk.refusal())[0] == "too-many-requests"
                await talk.start("{ nothing }", id_="6")
                assert (await talk.refusal())[0] == "validation-failed"

    play(dsn, script, **SLOW)
