"""Cron triggers and one-off events: planned, due, late, failed, listed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conformance.webhooks import Helper, running
from tests.graphql.events.test_delivery import PATIENCE_S, until
from tests.graphql.serving import Api, serving

Json = Any
NIGHTLY = {"name": "nightly", "webhook": "http://localhost/", "schedule": "0 0 * * *", "include_in_metadata": True}
PAST = "2026-01-01T00:00:00Z"


def play(dsn: str, script: Callable[[Api, Helper], Awaitable[None]], **environ: str) -> None:
    async def go() -> None:
        async with running({"scheduled_webhook"}) as helpers, serving(dsn, **environ) as api:
            await script(api, helpers["scheduled_webhook"])

    asyncio.run(go())


async def planned(api: Api, name: str = "nightly") -> list[str]:
    sql = "SELECT to_char(scheduled_time AT TIME ZONE 'UTC', 'HH24:MI') FROM hdb_catalog.hdb_cron_events "
    return [row[0] for row in (await api.sql(f"{sql} WHERE trigger_name = '{name}'"))["result"][1:]]


def test_the_next_hundred_events_are_planned_and_planned_anew(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await api.metadata("create_cron_trigger", NIGHTLY)
        assert await planned(api) == ["00:00"] * 100
        await api.metadata("create_cron_trigger", {**NIGHTLY, "schedule": "30 5 * * *", "replace": True})
        assert await planned(api) == ["05:30"] * 100
        await api.metadata("delete_cron_trigger", {"name": "nightly"})
        assert await planned(api) == []

    play(dsn, script)


def test_importing_metadata_plans_and_keeps_what_is_not_exported(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await api.metadata("create_cron_trigger", NIGHTLY)
        await api.metadata("create_cron_trigger", {**NIGHTLY, "name": "hidden", "include_in_metadata": False})
        whole = await api.metadata("export_metadata", {})
        assert whole["cron_triggers"] == [NIGHTLY]
        changed = {**whole, "cron_triggers": [{**NIGHTLY, "schedule": "0 7 * * *"}]}
        await api.metadata("replace_metadata", changed)
        assert await planned(api) == ["07:00"] * 100
        names = [entry["name"] for entry in (await api.metadata("get_cron_triggers", {}))["cron_triggers"]]
        assert names == ["hidden", "nightly"]
        await api.metadata("clear_metadata", {})
        assert (await api.metadata("get_cron_triggers", {})) == {"cron_triggers": []}
        assert await planned(api, "hidden") == []

    play(dsn, script)


def test_a_due_event_is_delivered_and_logged(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        payload, comment = {"n": [1, "x"]}, "why"
        args = {**NIGHTLY, "webhook": webhook.url, "payload": payload, "comment": comment}
        await api.metadata("create_cron_trigger", args)
        await api.sql(
            "UPDATE hdb_catalog.hdb_cron_events SET scheduled_time = now() - interval '5 seconds' WHERE id = "
            "(SELECT id FROM hdb_catalog.hdb_cron_events ORDER BY scheduled_time LIMIT 1)"
        )
        body = (await webhook.next(PATIENCE_S)).body
        assert set(body) == {"id", "name", "scheduled_time", "payload", "comment"}
        assert (body["name"], body["payload"], body["comment"]) == ("nightly", payload, comment)
        asked = {"type": "cron", "trigger_name": "nightly", "get_rows_count": True}
        found = await until(
            lambda: api.metadata("get_scheduled_events", {**asked, "status": ["delivered"]}),
            lambda reply: reply["events"],
        )
        assert ([event["id"] for event in found["events"]], found["count"]) == ([body["id"]], 1)
        calls = await api.metadata("get_scheduled_event_invocations", asked)
        assert calls["count"] == 1
        assert calls["invocations"][0]["request"]["payload"]["name"] == "nightly"

    play(dsn, script)


def test_what_is_too_late_is_dead_without_a_call(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        late = {"webhook": webhook.url, "schedule_at": PAST, "payload": None}
        event = (await api.metadata("create_scheduled_event", late))["event_id"]
        dead = {"type": "one_off", "status": ["dead"]}
        found = await until(lambda: api.metadata("get_scheduled_events", dead), lambda reply: bool(reply["events"]))
        assert (found["events"][0]["id"], found["events"][0]["tries"]) == (event, 0)
        assert webhook.arrived.empty()
        tolerant = {**late, "retry_conf": {"tolerance_seconds": 10**9}}
        await api.metadata("create_scheduled_event", tolerant)
        assert (await webhook.next(PATIENCE_S)).body["scheduled_time"] == PAST

    play(dsn, script)


def test_a_failing_event_is_tried_as_often_as_said_and_then_an_error(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        retry_conf = {"num_retries": 1, "retry_interval_seconds": 0, "tolerance_seconds": 10**9}
        args = {"webhook": f"{webhook.url}/fail", "schedule_at": PAST, "retry_conf": retry_conf}
        await api.metadata("create_scheduled_event", args)
        error = {"type": "one_off", "status": ["error"]}
        found = await until(lambda: api.metadata("get_scheduled_events", error), lambda reply: bool(reply["events"]))
        assert found["events"][0]["tries"] == 2
        event = found["events"][0]["id"]
        calls = await api.metadata("get_scheduled_event_invocations", {"type": "one_off", "event_id": event})
        assert [call["status"] for call in calls["invocations"]] == [500, 500]
        assert await api.metadata("delete_scheduled_event", {"type": "one_off", "event_id": event})
        code, _, _ = await api.refused("delete_scheduled_event", {"type": "one_off", "event_id": event})
        assert code == "not-found"

    play(dsn, script)


def test_a_row_that_says_nothing_sensible_is_an_error_and_holds_up_nobody(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await api.sql(
            "INSERT INTO hdb_catalog.hdb_scheduled_events (webhook_conf, scheduled_time, status) "
            "VALUES ('[1]', now(), 'scheduled'), ('\"{{NOT_SET}}\"', now(), 'locked')"
        )
        await api.metadata(
            "create_scheduled_event",
            {"webhook": webhook.url, "schedule_at": "2026-01-01T00:00:00", "retry_conf": {"tolerance_seconds": 10**9}},
        )
        await webhook.next(PATIENCE_S)
        error = {"type": "one_off", "status": ["error"]}
        await until(lambda: api.metadata("get_scheduled_events", error), lambda reply: len(reply["events"]) == 2)

    play(dsn, script)


def test_what_a_dead_engine_had_locked_is_due_again(dsn: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        await api.sql(
            "INSERT INTO hdb_catalog.hdb_scheduled_events "
            "(webhook_conf, scheduled_time, status, next_retry_at, comment) "
            f"VALUES ('\"{webhook.url}\"', now(), 'locked', now() + interval '1 hour', 'held'), "
            f"('\"{webhook.url}\"', now(), 'locked', now() - interval '1 second', 'left')"
        )
        assert (await webhook.next(PATIENCE_S)).body["comment"] == "left"
        locked = {"type": "one_off", "status": ["locked"]}
        held = await until(
            lambda: api.metadata("get_scheduled_events", locked), lambda found: len(found["events"]) == 1
        )
        assert held["events"][0]["comment"] == "held"

    play(dsn, script)


def test_two_engines_plan_and_deliver_once(dsn: str) -> None:
    async def go() -> None:
        async with running({"scheduled_webhook"}) as helpers, serving(dsn) as one, serving(dsn) as other:
            webhook = helpers["scheduled_webhook"]
            await one.metadata("create_cron_trigger", NIGHTLY)
            weekly = {**NIGHTLY, "name": "weekly", "schedule": "@weekly"}
            await other.metadata("create_cron_trigger", weekly)
            assert len(await planned(one)) == len(await planned(one, "weekly")) == 100
            many = [{"webhook": webhook.url, "schedule_at": "2026-01-01", "payload": n} for n in range(40)]
            for args in many:
                await one.metadata("create_scheduled_event", {**args, "retry_conf": {"tolerance_seconds": 10**9}})
            got = [(await webhook.next(PATIENCE_S)).body["payload"] for _ in many]
            assert sorted(got) == list(range(40))
            everything = {"type": "one_off", "status": ["scheduled", "locked"]}
            await until(lambda: one.metadata("get_scheduled_events", everything), lambda reply: reply["events"] == [])
            assert webhook.arrived.empty()

    asyncio.run(go())


def test_headers_and_urls_from_the_environment(dsn: str) -> None:
    async def go() -> None:
        async with running({"scheduled_webhook"}) as helpers:
            webhook = helpers["scheduled_webhook"]
            async with serving(dsn, HOOK=webhook.url, KEY="s3cret-key") as api:
                headers = [{"name": "x-key", "value_from_env": "KEY"}]
                args = {"webhook": "{{HOOK}}/in", "schedule_at": "2026-01-01", "headers": headers}
                await api.metadata("create_scheduled_event", {**args, "retry_conf": {"tolerance_seconds": 10**9}})
                got = await webhook.next(PATIENCE_S)
                assert (got.path, got.headers["x-key"]) == ("/in", "s3cret-key")
                calls = await until(
                    lambda: api.metadata("get_scheduled_event_invocations", {"type": "one_off"}),
                    lambda reply: bool(reply["invocations"]),
                )
                assert "s3cret-key" not in json.dumps(calls)

    asyncio.run(go())


@pytest.mark.parametrize(
    ("kind", "args", "message"),
    [
        ("create_cron_trigger", {**NIGHTLY, "schedule": "61 * * * *"}, "minute: '61' is not between 0 and 59"),
        ("create_cron_trigger", {**NIGHTLY, "include_in_metadata": None}, "parsing Boolean failed"),
        ("create_scheduled_event", {"webhook": "http://x", "schedule_at": "soon"}, "expected a time such as"),
        ("create_scheduled_event", {"webhook": "http://x"}, 'key "schedule_at" not found'),
        ("get_scheduled_events", {"type": "weekly"}, "expected one of cron and one_off"),
        ("get_scheduled_events", {"type": "cron"}, 'key "trigger_name" not found'),
        ("get_scheduled_events", {"type": "one_off", "status": ["lost"]}, "expected one of scheduled, locked"),
    ],
)
def test_what_is_refused(dsn: str, kind: str, args: Json, message: str) -> None:
    async def script(api: Api, webhook: Helper) -> None:
        code, _, told = await api.refused(kind, args)
        assert code == "parse-failed"
        assert message in told

    play(dsn, script)
