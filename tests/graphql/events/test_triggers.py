"""Event triggers in metadata: what is read, written and refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.events import triggers
from nself.graphql.metadata.reader import Reader
from tests.graphql.serving import Api, play, serving

Json = Any
DEFAULTS = {"num_retries": 0, "interval_sec": 10, "timeout_sec": 60}
ARGS = {"name": "t", "table": "users", "webhook": "http://localhost", "insert": {"columns": "*"}}


def test_defaults_are_left_out_and_retries_spelled_out() -> None:
    entry = triggers.of_command(Reader(ARGS))
    written = {
        "name": "t",
        "definition": {"enable_manual": False, "insert": {"columns": "*"}},
        "retry_conf": DEFAULTS,
        "webhook": "http://localhost",
    }
    assert triggers.exported(entry) == written
    assert triggers.parsed(Reader(written)) == entry


def test_everything_survives_being_read_and_written() -> None:
    written = {
        "name": "a-b_c1",
        "definition": {
            "enable_manual": True,
            "insert": {"columns": "*", "payload": ["id"]},
            "update": {"columns": ["id", "x"], "payload": "*"},
            "delete": {"columns": "*"},
        },
        "retry_conf": {"num_retries": 3, "interval_sec": 1, "timeout_sec": 2, "tolerance_seconds": 5},
        "webhook_from_env": "HOOK",
        "headers": [{"name": "a", "value": "b"}, {"name": "c", "value_from_env": "D"}],
        "comment": "why",
        "cleanup_config": {"schedule": "0 0 * * *", "batch_size": 10},
        "trigger_on_replication": True,
        "request_transform": {"version": 2, "template_engine": "Kriti"},
        "response_transform": {"version": 2, "template_engine": "Kriti"},
        "something_new": [1],
    }
    assert triggers.exported(triggers.parsed(Reader(written))) == written


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "1st"}, "only alphanumeric and underscore and hyphens allowed for name"),
        ({"name": "a b"}, "only alphanumeric and underscore and hyphens allowed for name"),
        ({"name": 'a"; DROP TABLE x; --'}, "only alphanumeric and underscore and hyphens allowed for name"),
        ({"name": "a" * 43}, "event trigger name can be at most 42 characters"),
        ({"webhook": None}, "must provide webhook or webhook_from_env"),
        ({"webhook_from_env": "X"}, "only one of webhook or webhook_from_env should be given"),
        ({"insert": None}, "atleast one amongst insert/update/delete/enable_manual spec must be provided"),
        ({"insert": {}}, 'key "columns" not found'),
        ({"insert": {"columns": 3}}, "parsing Array failed, expected Array, but encountered Number"),
        ({"retry_conf": {"num_retries": -1}}, "unexpected negative value"),
        ({"headers": [{"name": "x"}]}, "expecting value or value_from_env keys"),
    ],
)
def test_what_is_refused(change: Json, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        triggers.of_command(Reader({**ARGS, **change}))
    assert (caught.value.code, caught.value.message) == ("parse-failed", message)


def test_the_longest_name_makes_three_functions(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE users (id int)")
        await api.metadata("pg_track_table", {"table": "users"})
        every = {kind: {"columns": "*"} for kind in triggers.OPERATIONS}
        await api.metadata("pg_create_event_trigger", {**ARGS, **every, "name": "n" * 42})
        names = await api.sql("SELECT count(DISTINCT tgname) FROM pg_trigger WHERE tgname ~ 'nnn'")
        assert names["result"][1] == ["3"]

    play(dsn, script)


def test_commands_refuse_what_does_not_fit(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE users (id int); CREATE VIEW seen AS SELECT 1 AS id; CREATE TABLE other (id int)")
        tables = [{"table": "users"}, {"table": "seen"}, {"table": "other"}]
        await api.metadata("pg_track_tables", {"tables": tables})

        async def refused(**change: Json) -> tuple[str, str]:
            code, _, message = await api.refused("pg_create_event_trigger", {**ARGS, **change})
            return code, message

        assert (await refused(table="nowhere"))[0] == "not-exists"
        code, message = await refused(update={"columns": ["nope"]})
        assert (code, message.endswith('column "nope" does not exist')) == ("invalid-configuration", True)
        assert (await refused(table="seen"))[0] == "invalid-configuration"
        await api.metadata("pg_create_event_trigger", ARGS)
        assert (await refused())[0] == "already-exists"
        assert (await refused(table="other", replace=True))[0] == "not-supported"
        broken = {"version": 2, "template_engine": "Kriti", "url": "{{"}
        assert (await refused(name="u", request_transform=broken))[0] == "validation-failed"
        for kind, args in (
            ("pg_delete_event_trigger", {"name": "nope"}),
            ("pg_invoke_event_trigger", {"name": "nope", "payload": {}}),
            ("pg_get_event_logs", {"name": "nope"}),
            ("pg_redeliver_event", {"event_id": "nope"}),
            ("pg_get_event_by_id", {"event_id": "nope"}),
        ):
            assert (await api.refused(kind, args))[0] == "not-exists"

    play(dsn, script)


def test_events_are_asked_for_before_there_were_any(dsn: str) -> None:
    async def script(api: Api) -> None:
        for kind in ("pg_redeliver_event", "pg_get_event_by_id"):
            assert (await api.refused(kind, {"event_id": "x"}))[0] == "not-exists"

    play(dsn, script)


def test_clearing_the_metadata_takes_triggers_and_events_along(dsn: str) -> None:
    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE users (id int)")
        await api.metadata("pg_track_table", {"table": "users"})
        await api.metadata("pg_create_event_trigger", ARGS)
        await api.metadata("clear_metadata", {})
        gone = "SELECT to_regclass('hdb_catalog.event_log') IS NULL, count(*) FROM pg_trigger WHERE tgname ~ 'notify_'"
        assert (await api.sql(gone))["result"][1] == ["t", "0"]
        await api.metadata("pg_track_table", {"table": "users"})
        await api.metadata("pg_create_event_trigger", ARGS)
        await api.sql("INSERT INTO users VALUES (1)")
        assert (await api.sql("SELECT count(*) FROM hdb_catalog.event_log"))["result"][1] == ["1"]

    play(dsn, script, HASURA_GRAPHQL_EVENTS_FETCH_BATCH_SIZE="0")


def test_triggers_are_made_again_on_request_and_go_with_their_table(dsn: str) -> None:
    count = "SELECT count(*) FROM pg_trigger WHERE tgname ~ 'notify_hasura'"

    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE users (id int)")
        await api.metadata("pg_track_table", {"table": "users"})
        await api.metadata("pg_create_event_trigger", ARGS)
        await api.sql('DROP TRIGGER "notify_hasura_t_INSERT" ON users', check_metadata_consistency=False)
        await api.metadata("reload_metadata", {"recreate_event_triggers": True})
        assert (await api.sql(count))["result"][1] == ["1"]
        await api.metadata("pg_untrack_table", {"table": "users"})
        assert (await api.sql(count))["result"][1] == ["0"]

    play(dsn, script)


def test_what_another_engine_changed_is_looked_at_again(dsn: str) -> None:
    async def go() -> None:
        async with serving(dsn) as one, serving(dsn) as other:
            await one.sql("CREATE TABLE users (id int)")
            await one.metadata("pg_track_table", {"table": "users"})
            await one.metadata("pg_create_event_trigger", ARGS)
            await other.metadata("pg_delete_event_trigger", {"name": "t"})
            await one.metadata("pg_create_event_trigger", ARGS)
            found = await one.sql("SELECT tgname FROM pg_trigger WHERE tgname ~ 'notify_hasura'")
            assert found["result"][1:] == [["notify_hasura_t_INSERT"]]

    asyncio.run(go())
