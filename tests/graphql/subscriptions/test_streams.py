from __future__ import annotations

import pytest

from tests.graphql.serving import ADMIN, Api, play
from tests.graphql.sockets import talking
from tests.graphql.subscriptions.test_live import QUICK as LIVE
from tests.graphql.subscriptions.test_live import is_quiet

QUICK = {**LIVE, "HASURA_GRAPHQL_STREAMING_QUERIES_MULTIPLEXED_REFETCH_INTERVAL": "50"}
SCHEMA = """
    CREATE TABLE event (id serial PRIMARY KEY, at timestamptz NOT NULL, kind text, parent int REFERENCES event);
    INSERT INTO event (at, kind) VALUES
        ('2026-01-01', 'a'), ('2026-01-02', 'b'), ('2026-01-02', 'a'), ('2026-01-02', 'b'), ('2026-01-03', 'a');
"""


async def events(api: Api) -> None:
    await api.sql(SCHEMA)
    await api.metadata("pg_track_table", {"table": "event"})
    using = {"foreign_key_constraint_on": "parent"}
    await api.metadata("pg_create_object_relationship", {"table": "event", "name": "above", "using": using})


def ids(data: object) -> list[int]:
    assert isinstance(data, dict)
    return [row["id"] for row in data["event_stream"]]


def test_rows_that_share_the_last_value_of_a_batch_all_come(dsn: str) -> None:
    async def script(api: Api) -> None:
        await events(api)
        async with talking(api) as talk:
            await talk.start(
                """subscription ($after: timestamptz!) {
                    event_stream(batch_size: 2, cursor: {initial_value: {at: $after}}) { id } }""",
                after="2025-01-01",
            )
            assert sorted(ids(await talk.data())) == [1, 2, 3, 4]
            assert ids(await talk.data()) == [5]
            await is_quiet(talk)
            await api.sql("INSERT INTO event (at, kind) VALUES ('2026-01-04', 'new')")
            assert ids(await talk.data()) == [6]
            await api.sql("INSERT INTO event (at, kind) VALUES ('2026-01-01', 'too late')")
            await is_quiet(talk)

    play(dsn, script, **QUICK)


def test_everybody_follows_at_its_own_place_through_one_statement(dsn: str) -> None:
    async def script(api: Api) -> None:
        await events(api)
        query = """subscription ($after: Int!, $kind: String!) {
            event_stream(batch_size: 1, where: {kind: {_eq: $kind}},
                cursor: [{initial_value: {id: $after}, ordering: ASC}])
            { id above { id } } }"""
        async with talking(api) as talk:
            await talk.start(query, id_="1", after=0, kind="a")
            await talk.start(query, id_="2", after=0, kind="a")
            await talk.start(query, id_="3", after=2, kind="b")
            found: dict[str, list[int]] = {"1": [], "2": [], "3": []}
            for _ in range(7):
                message = await talk.next()
                found[message["id"]] += ids(message["payload"]["data"])
            assert found == {"1": [1, 3, 5], "2": [1, 3, 5], "3": [4]}
            shown = (await api.http.get("/dev/subscriptions", headers=ADMIN)).json()["streaming_queries"]
            assert [(group["cohorts"], group["subscribers"]) for group in shown] == [(3, 3)]

    play(dsn, script, **QUICK)


def test_a_stream_may_run_backwards(dsn: str) -> None:
    async def script(api: Api) -> None:
        await events(api)
        async with talking(api) as talk:
            cursor = "cursor: {initial_value: {id: 4}, ordering: DESC}"
            await talk.start(f"subscription {{ event_stream(batch_size: 2, {cursor}) {{ id }} }}")
            assert [ids(await talk.data()) for _ in range(2)] == [[3, 2], [1]]
            await is_quiet(talk)

    play(dsn, script, **QUICK)


def test_a_change_of_the_permission_does_not_lose_the_place(dsn: str) -> None:
    async def script(api: Api) -> None:
        await events(api)
        permission = {"columns": ["id", "kind"], "filter": {"kind": "a"}}
        args = {"table": "event", "role": "user"}
        await api.metadata("pg_create_select_permission", {**args, "permission": permission})
        async with talking(api, headers={**ADMIN, "x-hasura-role": "user"}) as talk:
            await talk.start("subscription { event_stream(batch_size: 9, cursor: {initial_value: {id: 0}}) { id } }")
            assert ids(await talk.data()) == [1, 3, 5]
            drop = {"type": "pg_drop_select_permission", "args": args}
            everything = {**args, "permission": {"columns": ["id"], "filter": {}}}
            await api.metadata("bulk", [drop, {"type": "pg_create_select_permission", "args": everything}])
            await api.sql("INSERT INTO event (at, kind) VALUES (now(), 'b')")
            assert ids(await talk.data()) == [6]

    play(dsn, script, **QUICK)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("batch_size: 1, cursor: []", "one streaming column field is expected"),
        ("batch_size: 1, cursor: {initial_value: {}}", "one streaming column field is expected"),
        ("batch_size: 1, cursor: {initial_value: {id: 1, kind: 2}}", "multiple column cursors are not supported yet"),
        (
            "batch_size: 1, cursor: [{initial_value: {id: 1}}, {initial_value: {id: 1}}]",
            "multiple column cursors are not supported yet",
        ),
        (
            "batch_size: -1, cursor: {initial_value: {id: 1}}",
            "expected a non-negative 32-bit integer for type 'Int', but found an integer",
        ),
        ("cursor: {initial_value: {id: 1}}", "missing required field 'batch_size'"),
    ],
)
def test_what_cannot_be_streamed_is_refused(dsn: str, arguments: str, message: str) -> None:
    async def script(api: Api) -> None:
        await events(api)
        async with talking(api) as talk:
            await talk.start(f"subscription {{ event_stream({arguments}) {{ id }} }}")
            assert (await talk.refusal()) == ("validation-failed", message)

    play(dsn, script, **QUICK)
