"""Events on their way: the whole server with real webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from tests.conformance.webhooks import Delivery, Helper, running
from tests.graphql import hostile
from tests.graphql.serving import ADMIN, Api, serving

Json = Any
ALL = {"insert": {"columns": "*"}, "update": {"columns": "*"}, "delete": {"columns": "*"}}
PATIENCE_S = 90.0


async def make(api: Api, webhook: str, name: str = "t", **more: Json) -> None:
    args = {"name": name, "table": "users", "webhook": webhook, **(ALL if "insert" not in more else {}), **more}
    await api.metadata("pg_create_event_trigger", args)


async def users(api: Api) -> None:
    await api.sql("CREATE TABLE users (id int PRIMARY KEY, name text)")
    await api.metadata("pg_track_table", {"table": "users"})


Script = Callable[[Api, Helper], Awaitable[None]]


def play(dsn: str, script: Script, **environ: str) -> None:
    async def go() -> None:
        async with running({"events_webhook"}) as helpers, serving(dsn, **environ) as api:
            await users(api)
            await script(api, helpers["events_webhook"])

    asyncio.run(go())


async def until(look: Callable[[], Awaitable[Json]], wanted: Callable[[Json], bool] = bool) -> Json:
    """What `look` finds once it is as wanted; a bounded wait."""
    async with asyncio.timeout(PATIENCE_S):
        while not wanted(found := await look()):
            await asyncio.sleep(0.05)
        return found


def data(delivery: Delivery) -> Json:
    return delivery.body["event"]["data"]["new"]


def test_a_mutation_is_delivered_with_its_session(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url, headers=[{"name": "X-Key", "value": "k"}])
        who = {"x-hasura-role": "admin", "x-hasura-user-id": "7"}
        mutation = 'mutation { insert_users(objects: [{id: 1, name: "Ada"}]) { affected_rows } }'
        await api.graphql(mutation, {"x-hasura-admin-secret": "s3cret", **who})
        got = await webhook.next(PATIENCE_S)
        assert got.headers["x-key"] == "k"
        assert got.headers["user-agent"].startswith("hasura-graphql-engine/v2")
        assert got.headers["content-type"] == "application/json"
        event = got.body["event"]
        assert event["session_variables"] == who
        assert set(event["trace_context"]) == {"trace_id", "span_id"}
        assert got.body["delivery_info"] == {"current_retry": 0, "max_retries": 0}
        assert (got.body["table"], got.body["trigger"]) == ({"schema": "public", "name": "users"}, {"name": "t"})

    play(dsn, script)


def test_an_event_belongs_to_the_trace_of_its_request(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url)
        traced = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
        mutation = 'mutation { insert_users(objects: [{id: 1, name: "Ada"}]) { affected_rows } }'
        await api.graphql(mutation, {**ADMIN, **traced})
        event = (await webhook.next(PATIENCE_S)).body["event"]
        whence = {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"}
        assert event["trace_context"] == whence

    play(dsn, script)


def test_sql_of_the_administrator_has_his_session(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url)
        for number, follows_schema in enumerate((False, True)):
            await api.sql(f"INSERT INTO users VALUES ({number})", check_metadata_consistency=follows_schema)
            event = (await webhook.next(PATIENCE_S)).body["event"]
            assert event["session_variables"] == {"x-hasura-role": "admin"}

    play(dsn, script)


def test_a_change_from_outside_has_no_session(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url)
        outside = await asyncpg.connect(dsn)
        await outside.execute("INSERT INTO users VALUES (1, 'Ada')")
        await outside.close()
        event = (await webhook.next(PATIENCE_S)).body["event"]
        assert (event["session_variables"], event["trace_context"]) == (None, None)

    play(dsn, script)


def test_after_the_last_attempt_the_event_is_an_error_and_can_be_redelivered(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        retry_conf = {"num_retries": 1, "interval_sec": 0}
        await make(api, f"{webhook.url}/fail", retry_conf=retry_conf)
        await api.sql("INSERT INTO users VALUES (1, 'Ada')")
        retries = [(await webhook.next(PATIENCE_S)).body["delivery_info"]["current_retry"] for _ in range(2)]
        assert retries == [0, 1]

        async def logged() -> Json:
            return await api.metadata("pg_get_event_logs", {"name": "t", "status": "processed"})

        (event,) = await until(logged)
        assert (event["error"], event["delivered"], event["tries"]) == (True, False, 2)
        assert await api.metadata("pg_get_event_logs", {"name": "t", "status": "pending"}) == []
        calls = await api.metadata("pg_get_event_invocation_logs", {"name": "t"})
        assert [call["status"] for call in calls] == [500, 500]
        assert await api.metadata("pg_redeliver_event", {"event_id": event["id"]}) == {"message": "success"}
        assert (await webhook.next(PATIENCE_S)).body["delivery_info"]["current_retry"] == 0
        whole = await until(
            lambda: api.metadata("pg_get_event_by_id", {"event_id": event["id"]}),
            lambda found: len(found["invocations"]) >= 3,
        )
        assert whole["event"]["id"] == event["id"]
        assert whole["invocations"][0]["request"]["payload"]["event"]["op"] == "INSERT"

    play(dsn, script)


def test_values_of_headers_from_the_environment_stay_out_of_the_log(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        headers = [{"name": "Authorization", "value_from_env": "HOOK_KEY"}, {"name": "x-plain", "value": "plain"}]
        await make(api, "{{HOOK}}/in?token={{HOOK_KEY}}", headers=headers)
        await api.sql("INSERT INTO users VALUES (1, 'Ada')")
        got = await webhook.next(PATIENCE_S)
        assert (got.path, got.headers["authorization"]) == ("/in", "s3cret-key")
        calls = await until(lambda: api.metadata("pg_get_event_invocation_logs", {"name": "t"}))
        assert calls[0]["request"]["headers"] == [
            {"name": "authorization", "value": "HOOK_KEY"},
            {"name": "x-plain", "value": "plain"},
        ]
        assert "s3cret-key" not in json.dumps(calls)
        assert "s3cret-key" not in json.dumps(await api.exported())

    async def go() -> None:
        async with running({"events_webhook"}) as helpers:
            hook = helpers["events_webhook"]
            async with serving(dsn, HOOK=hook.url, HOOK_KEY="s3cret-key") as api:
                await users(api)
                await script(api, hook)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (hostile.hangs, "no complete reply within 1 seconds"),
        (hostile.trickles, "no complete reply within 1 seconds"),
        (hostile.promises_more, "RemoteProtocolError"),
        (hostile.talks_nonsense, "RemoteProtocolError"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_webhook_that_misbehaves_fails_alone(dsn: str, handler: hostile.Handler, told: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        async with hostile.listening(handler) as bad:
            await make(api, bad, name="bad", retry_conf={"timeout_sec": 1})
            await make(api, webhook.url, name="good")
            await api.sql("INSERT INTO users VALUES (1, 'Ada')")
            assert (await webhook.next(PATIENCE_S)).body["trigger"] == {"name": "good"}
            calls = await until(lambda: api.metadata("pg_get_event_invocation_logs", {"name": "bad"}))
        assert calls[0]["status"] == 1000
        assert told in calls[0]["response"]["data"]["message"]

    play(dsn, script)


def test_of_an_endless_reply_the_log_keeps_the_beginning(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        async with hostile.listening(hostile.never_ends) as bad:
            await make(api, bad)
            await api.sql("INSERT INTO users VALUES (1, 'Ada')")
            calls = await until(lambda: api.metadata("pg_get_event_invocation_logs", {"name": "t"}))
        assert calls[0]["status"] == 200
        reply = calls[0]["response"]["data"]
        assert (len(reply["body"]), reply["truncated"]) == (64 * 1024, True)
        (event,) = await api.metadata("pg_get_event_logs", {"name": "t", "status": "processed"})
        assert event["delivered"]

    play(dsn, script)


def test_a_redirect_is_a_failure(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        async with hostile.listening(hostile.redirects) as bad:
            await make(api, bad)
            await api.sql("INSERT INTO users VALUES (1, 'Ada')")
            calls = await until(lambda: api.metadata("pg_get_event_invocation_logs", {"name": "t"}))
        assert calls[0]["status"] == 307
        (event,) = await api.metadata("pg_get_event_logs", {"name": "t", "status": "processed"})
        assert event["error"]

    play(dsn, script)


def test_retry_after_is_obeyed(dsn: str) -> None:
    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 Later\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n")

    async def script(api: Api, webhook: Helper) -> None:
        async with hostile.listening(later) as busy:
            await make(api, busy, retry_conf={"num_retries": 3, "interval_sec": 0})
            await api.sql("INSERT INTO users VALUES (1, 'Ada')")
            await until(lambda: api.metadata("pg_get_event_invocation_logs", {"name": "t"}))
        waiting = "SELECT next_retry_at > now() AT TIME ZONE 'UTC' + interval '59 min' FROM hdb_catalog.event_log"
        assert (await api.sql(waiting))["result"][1] == ["t"]

    play(dsn, script)


def test_a_transform_makes_another_call(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        transform = {
            "version": 2,
            "template_engine": "Kriti",
            "url": "{{$base_url}}/{{$body.event.op}}",
            "body": {"action": "transform", "template": '{"id": {{$body.event.data.new.id}}}'},
        }
        await make(api, webhook.url, request_transform=transform)
        await api.sql("INSERT INTO users VALUES (1, 'Ada')")
        got = await webhook.next(PATIENCE_S)
        assert (got.path, got.body) == ("/INSERT", {"id": 1})
        assert (await api.exported())["tables"][0]["event_triggers"][0]["request_transform"] == transform

    play(dsn, script)


def test_events_of_a_deleted_trigger_are_put_away(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, f"{webhook.url}/fail", retry_conf={"num_retries": 9, "interval_sec": 3600})
        await api.sql("INSERT INTO users VALUES (1, 'Ada')")
        await webhook.next(PATIENCE_S)
        await api.metadata("pg_delete_event_trigger", {"name": "t"})
        await api.sql("INSERT INTO users VALUES (2, 'Bob')")
        assert (await api.sql("SELECT archived FROM hdb_catalog.event_log"))["result"] == [["archived"], ["t"]]
        await make(api, webhook.url)
        assert await api.metadata("pg_get_event_logs", {"name": "t"}) == []

    play(dsn, script)


def test_replacing_a_trigger_keeps_its_pending_events(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, "http://127.0.0.1:1/", retry_conf={"num_retries": 9, "interval_sec": 1})
        await api.sql("INSERT INTO users VALUES (1, 'Ada')")
        await until(lambda: api.metadata("pg_get_event_invocation_logs", {"name": "t"}))
        await make(api, webhook.url, replace=True)
        assert data(await webhook.next(PATIENCE_S)) == {"id": 1, "name": "Ada"}

    play(dsn, script)


def test_renames_by_run_sql_are_followed(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url, insert={"columns": "*", "payload": ["name"]}, update={"columns": ["name"]})
        await api.sql("ALTER TABLE users RENAME name TO label; ALTER TABLE users RENAME TO people")
        await api.sql("INSERT INTO people VALUES (1, 'Ada')")
        got = await webhook.next(PATIENCE_S)
        assert (got.body["table"]["name"], data(got)) == ("people", {"label": "Ada"})
        definition = (await api.exported())["tables"][0]["event_triggers"][0]["definition"]
        assert definition["insert"] == {"columns": "*", "payload": ["label"]}
        assert definition["update"] == {"columns": ["label"]}

    play(dsn, script)


def test_a_listed_column_is_not_dropped_unnoticed(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url, insert={"columns": "*"}, update={"columns": ["name"]})
        drop = "ALTER TABLE users DROP COLUMN name"
        code, _, message = await api.refused("run_sql", {"sql": drop}, path="/v2/query")
        assert code == "dependency-error"
        assert 'event-trigger users.t in source "default"' in message
        await api.sql(drop, cascade=True)
        assert "event_triggers" not in (await api.exported())["tables"][0]
        await api.sql("INSERT INTO users VALUES (1)")
        assert (await api.sql("SELECT count(*) FROM hdb_catalog.event_log"))["result"][1] == ["0"]

    play(dsn, script)


def test_a_command_that_fails_leaves_the_triggers_as_they_were(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url)
        remove = {"type": "pg_delete_event_trigger", "args": {"name": "t"}}
        insert = {"type": "insert", "args": {"table": "users", "objects": [{"id": 9, "name": "x"}]}}
        wrong = {"type": "track_table", "args": {"name": "nowhere"}}
        remove["type"] = "delete_event_trigger"
        reply = await api.post("/v1/query", {"type": "bulk", "args": [remove, insert, wrong]})
        assert reply.status_code == 400
        await api.sql("INSERT INTO users VALUES (1, 'Ada')")
        assert data(await webhook.next(PATIENCE_S)) == {"id": 1, "name": "Ada"}

    play(dsn, script)


def test_a_webhook_named_by_an_unset_variable_waits_for_it(dsn: str) -> None:
    async def before(api: Api, webhook: Helper) -> None:
        refused = {"name": "t", "table": "users", "webhook_from_env": "HOOK", **ALL}
        code, _, message = await api.refused("pg_create_event_trigger", refused)
        assert (code, message.endswith("environment variables not set: HOOK")) == ("invalid-configuration", True)

    async def go() -> None:
        async with running({"events_webhook"}) as helpers:
            hook = helpers["events_webhook"]
            async with serving(dsn) as api:
                await users(api)
                await before(api, hook)
            async with serving(dsn, HOOK=hook.url) as api:
                await api.metadata(
                    "pg_create_event_trigger", {"name": "t", "table": "users", "webhook_from_env": "HOOK", **ALL}
                )
            async with serving(dsn) as api:
                await api.sql("INSERT INTO users VALUES (1, 'Ada')")
                found = await api.metadata("get_inconsistent_metadata", {})
                assert [entry["type"] for entry in found["inconsistent_objects"]] == ["event_trigger"]
            async with serving(dsn, HOOK=hook.url):
                assert data(await hook.next(PATIENCE_S)) == {"id": 1, "name": "Ada"}

    asyncio.run(go())


def test_two_engines_share_the_work_and_nothing_comes_twice(dsn: str) -> None:
    async def go() -> None:
        async with running({"events_webhook"}) as helpers, serving(dsn) as one, serving(dsn):
            hook = helpers["events_webhook"]
            await users(one)
            await make(one, hook.url)
            await one.sql("INSERT INTO users SELECT n, 'x' FROM generate_series(1, 300) n")
            got = [await hook.next(PATIENCE_S) for _ in range(300)]
            assert len({delivery.body["id"] for delivery in got}) == 300
            pending = lambda: one.metadata("pg_get_event_logs", {"name": "t", "status": "pending"})  # noqa: E731
            await until(pending, lambda found: found == [])
            assert hook.arrived.empty()

    asyncio.run(go())


def test_what_a_dead_engine_had_locked_is_taken_over_when_its_lease_ends(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url)
        lock = "SET session_replication_role = replica; INSERT INTO users VALUES (1, 'Ada');"
        lock += "INSERT INTO hdb_catalog.event_log (schema_name, table_name, trigger_name, payload, locked) VALUES "
        lock += """('public', 'users', 't', '{"op": "MANUAL", "data": {"new": 1}}', now() - interval '%d seconds')"""
        await api.sql(lock % 50)
        await api.sql("UPDATE users SET name = 'Bob'")
        assert data(await webhook.next(PATIENCE_S)) == {"id": 1, "name": "Bob"}
        await api.sql("UPDATE hdb_catalog.event_log SET locked = now() - interval '61 seconds' WHERE NOT delivered")
        assert data(await webhook.next(PATIENCE_S)) == 1

    play(dsn, script)


def test_stopping_releases_what_is_under_way(dsn: str) -> None:
    async def go() -> None:
        async with running({"events_webhook"}) as helpers, hostile.listening(hostile.hangs) as bad:
            async with serving(dsn) as api:
                await users(api)
                await make(api, bad)
                await api.sql("INSERT INTO users VALUES (1, 'Ada')")
                locked = lambda: api.sql("SELECT 1 FROM hdb_catalog.event_log WHERE locked IS NOT NULL")  # noqa: E731
                await until(locked, lambda found: len(found["result"]) == 2)
            async with serving(dsn, HASURA_GRAPHQL_EVENTS_FETCH_BATCH_SIZE="0") as api:
                assert (await api.sql("SELECT count(locked) FROM hdb_catalog.event_log"))["result"][1] == ["0"]
                await make(api, helpers["events_webhook"].url, replace=True)
            async with serving(dsn):
                assert data(await helpers["events_webhook"].next(PATIENCE_S)) == {"id": 1, "name": "Ada"}

    asyncio.run(go())


def test_manual_events(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await make(api, webhook.url, enable_manual=True)
        event = (await api.metadata("pg_invoke_event_trigger", {"name": "t", "payload": {"a": [1]}}))["event_id"]
        got = await webhook.next(PATIENCE_S)
        assert got.body["id"] == event
        assert (got.body["event"]["op"], got.body["event"]["data"]) == ("MANUAL", {"a": [1]})
        await make(api, webhook.url, name="quiet")
        code, _, message = await api.refused("pg_invoke_event_trigger", {"name": "quiet", "payload": {}})
        assert (code, message) == ("not-supported", 'manual mode is not enabled for event trigger: "quiet"')

    play(dsn, script)
