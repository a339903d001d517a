"""Several databases behind one API: added, asked together, changed together, renamed, dropped, out of reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster import Cluster
from tests.graphql.serving import Api, play

NOTES = "CREATE TABLE {0} (id serial PRIMARY KEY, text text UNIQUE); INSERT INTO {0} (text) VALUES ('{0} 1')"


def at(url: Any, **info: Any) -> dict[str, Any]:
    return {"connection_info": {"database_url": url, **info}}


async def two_sources(api: Api, url: Any, **info: Any) -> None:
    """`here` in the source `default`, `there` in the source `second`."""
    await api.metadata("pg_add_source", {"name": "second", "configuration": at(url, **info)})
    for source, table in (("default", "here"), ("second", "there")):
        await api.sql(NOTES.format(table), source=source)
        await api.metadata("pg_track_table", {"source": source, "table": table})


async def activity(api: Api, url: str, like: str, wanted: int) -> bool:
    """Whether the database comes to have so many connections of which that is true."""
    name = url.split("?")[0].rsplit("/", 1)[1]
    rows: list[Any] = []
    for _ in range(600):
        asked = f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND {like}"
        _, *rows = (await api.sql(asked))["result"]
        if len(rows) == wanted:
            break
        await asyncio.sleep(0.05)
    return len(rows) == wanted


def test_one_query_asks_both_and_keeps_its_order(dsn: str, new_database: Callable[..., str]) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, {"from_env": "SECOND"})
        answer = await api.graphql("{ b: there { text } __typename a: here { text } c: there { id } }")
        assert list(answer["data"].items()) == [
            ("b", [{"text": "there 1"}]),
            ("__typename", "query_root"),
            ("a", [{"text": "here 1"}]),
            ("c", [{"id": 1}]),
        ]

    play(dsn, script, SECOND=new_database())


def test_a_mutation_that_fails_in_one_leaves_both_as_they_were(dsn: str, new_database: Callable[..., str]) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second)
        one, other = 'insert_there_one(object: {text: "new"})', 'insert_here_one(object: {text: "here 1"})'
        refused = await api.graphql(f"mutation {{ {one} {{ id }} {other} {{ id }} }}")
        assert refused["errors"][0]["extensions"]["code"] == "constraint-violation"
        assert (await api.graphql("{ there { text } here { text } }"))["data"] == {
            "there": [{"text": "there 1"}],
            "here": [{"text": "here 1"}],
        }
        other = other.replace("here 1", "new")
        done = await api.graphql(f"mutation {{ {one} {{ text }} {other} {{ text }} }}")
        assert done["data"] == {"insert_there_one": {"text": "new"}, "insert_here_one": {"text": "new"}}

    second = new_database()
    play(dsn, script)


def test_catalog_commands_and_row_commands_look_at_the_source_they_name(
    dsn: str, new_database: Callable[..., str]
) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second)
        await api.sql("CREATE TABLE later (id int)", source="second")
        tables = await api.metadata("pg_get_source_tables", {"source": "second"})
        assert [table["name"] for table in tables] == ["later", "there"]
        info = await api.metadata("pg_get_table_info", {"source": "second", "table": "there"})
        assert info["primary_key"] == ["id"]
        trackable = await api.metadata("pg_get_source_trackables", {"source": "second"})
        assert [table["name"] for table in trackable["tables"]] == ["later"]
        rows = {"source": "second", "table": "there", "columns": ["text"]}
        assert (await api.post("/v2/query", {"type": "select", "args": rows})).json() == [{"text": "there 1"}]
        await api.sql("ALTER TABLE there RENAME text TO words", source="second")
        assert (await api.graphql("{ there { words } }"))["data"] == {"there": [{"words": "there 1"}]}

    second = new_database()
    play(dsn, script)


def test_a_source_goes_by_its_new_name_and_is_gone_when_dropped(dsn: str, new_database: Callable[..., str]) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second)
        assert (await api.refused("rename_source", {"name": "second", "new_name": "default"}))[0] == "already-exists"
        await api.metadata("rename_source", {"name": "second", "new_name": "other"})
        assert (await api.graphql("{ there { id } }"))["data"] == {"there": [{"id": 1}]}
        await api.metadata("pg_drop_source", {"name": "other"})
        assert (await api.graphql("{ there { id } }"))["errors"]
        assert await api.refused("pg_drop_source", {"name": "other"}) == (
            "not-exists", "$.args", 'source with name "other" does not exist',
        )  # fmt: skip
        assert await activity(api, second, "true", 0), "its connections stayed open"

    second = new_database().split("?")[0]
    play(dsn, script)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/d", "connection error: "),
        ("nonsense hunter2", "the connection string is not a valid PostgreSQL URL"),
        ("postgresql://u:hunter2@127.0.0.1:hunter2/d", "the connection string is not a valid PostgreSQL URL"),
        ({"from_env": "NOWHERE"}, "environment variable 'NOWHERE' not set"),
    ],
)
def test_a_wrong_address_is_refused_and_never_repeated(
    dsn: str, url: Any, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(api: Api) -> None:
        code, path, message = await api.refused("pg_add_source", {"name": "second", "configuration": at(url)})
        assert (code, path) == ("invalid-configuration", "$.args")
        assert message.startswith("Inconsistent object: ")
        assert said in message
        reply = await api.post(
            "/v1/metadata", {"type": "pg_add_source", "args": {"name": "s", "configuration": at(url)}}
        )
        assert "hunter2" not in reply.text
        whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        assert [source["name"] for source in whole["sources"]] == ["default"]

    play(dsn, script)
    assert "hunter2" not in caplog.text


def test_a_source_that_is_down_is_inconsistent_the_others_are_served_and_it_comes_back(
    dsn: str, new_database: Callable[..., str], cluster: Cluster
) -> None:
    async def begin(api: Api) -> None:
        await two_sources(api, second)

    async def script(api: Api) -> None:
        state = await api.metadata("get_inconsistent_metadata", {})
        assert [(one["type"], one["name"]) for one in state["inconsistent_objects"]] == [("source", "source second")]
        assert name in state["inconsistent_objects"][0]["reason"]
        assert (await api.graphql("{ here { id } }"))["data"] == {"here": [{"id": 1}]}
        assert "not found in type" in (await api.graphql("{ there { id } }"))["errors"][0]["message"]
        code, _, message = await api.refused("run_sql", {"sql": "SELECT 1", "source": "second"}, path="/v2/query")
        assert code == "connection-not-established"
        assert 'source "second" cannot be reached' in message
        await asyncio.to_thread(cluster.run, "postgres", f'CREATE DATABASE "{name}"')
        async with asyncio.timeout(60):
            before = state["inconsistent_objects"]
            while (state := await api.metadata("get_inconsistent_metadata", {}))["inconsistent_objects"] == before:
                await asyncio.sleep(0.05)
        assert [one["name"] for one in state["inconsistent_objects"]] == ["table there in source second"]

    second = new_database()
    name = second.split("?")[0].rsplit("/", 1)[1]
    play(dsn, begin)
    cluster.run("postgres", f'ALTER DATABASE "{name}" RENAME TO "{name}_gone"')
    play(dsn, script)


def test_a_database_dropped_under_the_engine_leaves_the_others_alone(
    dsn: str, new_database: Callable[..., str], cluster: Cluster
) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second)
        await asyncio.to_thread(cluster.run, "postgres", f'DROP DATABASE "{name}" WITH (FORCE)')
        assert (await api.graphql("{ there { id } }"))["errors"]
        assert (await api.graphql("{ here { id } }"))["data"]
        reply = await api.metadata("reload_metadata", {"reload_sources": True})
        assert [one["name"] for one in reply["inconsistent_objects"]] == ["source second"]
        await api.metadata("drop_inconsistent_metadata", {})
        assert (await api.metadata("get_inconsistent_metadata", {}))["is_consistent"]

    second = new_database()
    name = second.split("?")[0].rsplit("/", 1)[1]
    play(dsn, script)


def test_when_all_connections_are_taken_the_answer_says_so(dsn: str, new_database: Callable[..., str]) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second, pool_settings={"max_connections": 1, "pool_timeout": 1})
        await api.sql("CREATE VIEW slow AS SELECT pg_sleep(3)::text AS nap", source="second")
        await api.metadata("pg_track_table", {"source": "second", "table": "slow"})
        nap = asyncio.create_task(api.graphql("{ slow { nap } }"))
        assert await activity(api, second, "query LIKE '%slow%' AND state = 'active'", 1)
        refused = await api.graphql("{ there { id } }")
        assert refused["errors"][0]["extensions"]["code"] == "postgres-max-connections-error"
        assert (await api.graphql("{ here { id } }"))["data"]
        assert (await nap)["data"]

    second = new_database()
    play(dsn, script)


def test_no_connection_is_used_for_longer_than_its_lifetime(dsn: str, new_database: Callable[..., str]) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second, pool_settings={"max_connections": 1, "connection_lifetime": 1})
        ask = "SELECT pg_backend_pid()"
        first = (await api.sql(ask, source="second"))["result"][1]
        async with asyncio.timeout(60):
            while (await api.sql(ask, source="second"))["result"][1] == first:
                await asyncio.sleep(0.05)

    second = new_database()
    play(dsn, script)


def test_reloading_looks_only_at_the_sources_named(dsn: str, new_database: Callable[..., str]) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second)
        for source, table in (("default", "here"), ("second", "there")):
            more = {"source": source, "check_metadata_consistency": False}
            await api.sql(f"ALTER TABLE {table} ADD COLUMN more int", **more)

        async def sees() -> tuple[bool, bool]:
            return (
                "data" in await api.graphql("{ here { more } }"),
                "data" in await api.graphql("{ there { more } }"),
            )

        await api.metadata("reload_metadata", {"reload_sources": False})
        assert await sees() == (False, False)
        await api.metadata("reload_metadata", {"reload_sources": ["second"]})
        assert await sees() == (False, True)
        await api.metadata("reload_metadata", {})
        assert await sees() == (True, True)

    second = new_database()
    play(dsn, script)


def test_a_read_only_source_answers_queries_and_refuses_mutations_in_the_databases_words(
    dsn: str, new_database: Callable[..., str], cluster: Cluster
) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second)
        name = second.split("?")[0].rsplit("/", 1)[1]
        await asyncio.to_thread(
            cluster.run, "postgres", f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'
        )
        configuration = at(second, pool_settings={"max_connections": 2}, isolation_level="repeatable-read")
        await api.metadata("pg_update_source", {"name": "second", "configuration": configuration})
        assert (await api.graphql("{ there { id } }"))["data"] == {"there": [{"id": 1}]}
        shown = await api.sql("SHOW transaction_isolation", source="second")
        assert shown["result"][1] == ["repeatable read"]
        refused = await api.graphql('mutation { insert_there_one(object: {text: "x"}) { id } }')
        assert refused["errors"][0]["extensions"]["internal"]["error"]["status_code"] == "25006"

    second = new_database()
    play(dsn, script)


def test_the_same_table_in_two_sources_is_refused_or_left_out_with_the_reason(
    dsn: str, new_database: Callable[..., str]
) -> None:
    async def script(api: Api) -> None:
        await two_sources(api, second)
        await api.sql("CREATE TABLE here (id int)", source="second")
        reply = await api.post(
            "/v1/metadata", {"type": "pg_track_table", "args": {"source": "second", "table": "here"}}
        )
        assert "'insert_here' defined in [table here in source default, table here in source second]" in reply.text
        whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        whole["sources"][1]["tables"].append({"table": {"schema": "public", "name": "here"}})
        args = {"metadata": whole, "allow_inconsistent_metadata": True}
        found = (await api.metadata("replace_metadata", args, version=2))["inconsistent_objects"]
        assert [one["name"] for one in found] == ["table here in source second"]
        assert 'is already taken by the table "here" in source "default"' in found[0]["reason"]
        assert (await api.graphql("{ here { text } }"))["data"]
        await api.metadata("drop_inconsistent_metadata", {})
        whole = (await api.metadata("export_metadata", {}, version=2))["metadata"]
        assert [len(source["tables"]) for source in whole["sources"]] == [1, 1]

    second = new_database()
    play(dsn, script)
