"""A database that Hasura v2 has run on: its catalog is taken over as it is, with what we know nothing of."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from tests.conformance.webhooks import running
from tests.graphql.serving import ADMIN, serving

Json = Any
PATIENCE_S = 90.0
CATALOG = """
    CREATE SCHEMA hdb_catalog;
    CREATE FUNCTION hdb_catalog.gen_hasura_uuid() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()';
    CREATE TABLE hdb_catalog.hdb_version (
        hasura_uuid uuid PRIMARY KEY DEFAULT hdb_catalog.gen_hasura_uuid(), version text NOT NULL,
        upgraded_on timestamptz NOT NULL, cli_state jsonb NOT NULL DEFAULT '{}',
        console_state jsonb NOT NULL DEFAULT '{}', ee_client_id text, ee_client_secret text);
    CREATE UNIQUE INDEX hdb_version_one_row ON hdb_catalog.hdb_version ((version IS NOT NULL));
    CREATE TABLE hdb_catalog.hdb_metadata (
        id integer PRIMARY KEY, metadata json NOT NULL, resource_version integer NOT NULL DEFAULT 1 UNIQUE);
    CREATE TABLE hdb_catalog.hdb_schema_notifications (
        id integer PRIMARY KEY CHECK (id = 1), notification json NOT NULL,
        resource_version integer NOT NULL DEFAULT 1, instance_id uuid NOT NULL, updated_at timestamptz DEFAULT now());
    CREATE TABLE hdb_catalog.hdb_source_catalog_version (version text NOT NULL, upgraded_on timestamptz NOT NULL);
    CREATE TABLE hdb_catalog.hdb_action_log (
        id uuid PRIMARY KEY DEFAULT hdb_catalog.gen_hasura_uuid(), action_name text, input_payload jsonb NOT NULL,
        request_headers jsonb NOT NULL, session_variables jsonb NOT NULL, response_payload jsonb, errors jsonb,
        created_at timestamptz NOT NULL DEFAULT now(), response_received_at timestamptz,
        status text NOT NULL CHECK (status IN ('created', 'processing', 'completed', 'error')));
    CREATE TABLE hdb_catalog.event_log (
        id text DEFAULT hdb_catalog.gen_hasura_uuid() PRIMARY KEY, schema_name text NOT NULL, table_name text NOT NULL,
        trigger_name text NOT NULL, payload jsonb NOT NULL, delivered boolean NOT NULL DEFAULT FALSE,
        error boolean NOT NULL DEFAULT FALSE, tries integer NOT NULL DEFAULT 0, created_at timestamp DEFAULT now(),
        locked timestamptz, next_retry_at timestamp, archived boolean NOT NULL DEFAULT FALSE, unheard_of text);
    CREATE TABLE hdb_catalog.event_invocation_logs (
        id text DEFAULT hdb_catalog.gen_hasura_uuid() PRIMARY KEY, trigger_name text, event_id text, status integer,
        request json, response json, created_at timestamp DEFAULT now());
    CREATE TABLE hdb_catalog.event_log_cleanups (
        id text DEFAULT hdb_catalog.gen_hasura_uuid() PRIMARY KEY, trigger_name text NOT NULL,
        scheduled_at timestamp NOT NULL, deleted_event_logs integer, deleted_event_invocation_logs integer,
        status text NOT NULL CHECK (status IN ('scheduled', 'paused', 'completed', 'dead')),
        UNIQUE (trigger_name, scheduled_at));
    CREATE TABLE hdb_catalog.hdb_cron_events (
        id text DEFAULT hdb_catalog.gen_hasura_uuid() PRIMARY KEY, trigger_name text NOT NULL,
        scheduled_time timestamptz NOT NULL, status text NOT NULL DEFAULT 'scheduled', tries integer NOT NULL DEFAULT 0,
        created_at timestamptz DEFAULT now(), next_retry_at timestamptz, unheard_of integer DEFAULT 7,
        CHECK (status IN ('scheduled', 'locked', 'delivered', 'error', 'dead')));
    CREATE UNIQUE INDEX hdb_cron_events_unique_scheduled
        ON hdb_catalog.hdb_cron_events (trigger_name, scheduled_time) WHERE status = 'scheduled';
    CREATE TABLE hdb_catalog.hdb_cron_event_invocation_logs (
        id text DEFAULT hdb_catalog.gen_hasura_uuid() PRIMARY KEY,
        event_id text REFERENCES hdb_catalog.hdb_cron_events (id) ON UPDATE CASCADE ON DELETE CASCADE,
        status integer, request json, response json, created_at timestamptz DEFAULT now());
    CREATE TABLE hdb_catalog.hdb_scheduled_events (
        id text DEFAULT hdb_catalog.gen_hasura_uuid() PRIMARY KEY, webhook_conf json NOT NULL,
        scheduled_time timestamptz NOT NULL, retry_conf json, payload json, header_conf json,
        status text NOT NULL DEFAULT 'scheduled', tries integer NOT NULL DEFAULT 0,
        created_at timestamptz DEFAULT now(), next_retry_at timestamptz, comment text,
        CHECK (status IN ('scheduled', 'locked', 'delivered', 'error', 'dead')));
    CREATE TABLE hdb_catalog.hdb_scheduled_event_invocation_logs (
        id text DEFAULT hdb_catalog.gen_hasura_uuid() PRIMARY KEY,
        event_id text REFERENCES hdb_catalog.hdb_scheduled_events (id) ON UPDATE CASCADE ON DELETE CASCADE,
        status integer, request json, response json, created_at timestamptz DEFAULT now());
    CREATE TABLE hdb_catalog.hdb_of_tomorrow (id integer PRIMARY KEY, said text);
"""
"""The tables as their public descriptions have them, and some that no version ever had."""

CAPTURE = """
    CREATE TABLE public.users (id integer PRIMARY KEY, name text);
    INSERT INTO users VALUES (1, 'Ada');
    CREATE FUNCTION hdb_catalog."notify_hasura_told_INSERT"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO hdb_catalog.event_log (schema_name, table_name, trigger_name, payload)
        VALUES ('public', 'users', 'told', json_build_object('op', 'THEIRS'));
        RETURN NULL;
    END $$;
    CREATE TRIGGER "notify_hasura_told_INSERT" AFTER INSERT ON public.users
        FOR EACH ROW EXECUTE FUNCTION hdb_catalog."notify_hasura_told_INSERT"();
"""

HISTORY = """
    INSERT INTO hdb_catalog.hdb_version (hasura_uuid, version, upgraded_on, cli_state)
    VALUES ('11111111-2222-3333-4444-555555555555', '48', now(), '{"settings": {"migration_mode": "true"}}');
    INSERT INTO hdb_catalog.hdb_schema_notifications (id, notification, resource_version, instance_id)
    VALUES (1, '{"metadata": false}', 41, gen_random_uuid());
    INSERT INTO hdb_catalog.hdb_source_catalog_version VALUES ('3', now());
    INSERT INTO hdb_catalog.hdb_of_tomorrow VALUES (1, 'kept');
    INSERT INTO hdb_catalog.hdb_action_log (id, action_name, input_payload, request_headers, session_variables,
        response_payload, response_received_at, status)
    VALUES ('99999999-2222-3333-4444-555555555555', 'greet', '{}', '[]', '{"x-hasura-role": "admin"}',
        '{"said": "hello"}', now(), 'completed');
    INSERT INTO hdb_catalog.event_log
        (id, schema_name, table_name, trigger_name, payload, delivered, locked, unheard_of)
    SELECT id, 'public', 'users', 'told', '{"op": "INSERT", "data": {"old": null, "new": {"id": 1}}}', id = 'done',
        CASE WHEN id = 'held' THEN now() - interval '1 hour' END, 'of ' || id
    FROM unnest(ARRAY['done', 'left', 'held']) AS id;
    INSERT INTO hdb_catalog.event_invocation_logs (trigger_name, event_id, status) VALUES ('told', 'done', 200);
    INSERT INTO hdb_catalog.event_log_cleanups (trigger_name, scheduled_at, status) VALUES ('told', now(), 'completed');
    INSERT INTO hdb_catalog.hdb_cron_events (id, trigger_name, scheduled_time, status)
    VALUES ('night', 'nightly', now() - interval '1 day', 'delivered'),
        ('stuck', 'nightly', now() - interval '1 minute', 'locked');
    INSERT INTO hdb_catalog.hdb_cron_event_invocation_logs (event_id, status) VALUES ('night', 200);
    INSERT INTO hdb_catalog.hdb_scheduled_events (id, webhook_conf, scheduled_time, retry_conf, payload, header_conf)
    VALUES ('once', '"{{HOOK}}/once"', now() - interval '1 minute', '{"num_retries": 0,
        "retry_interval_seconds": 10, "timeout_seconds": 60, "tolerance_seconds": 21600}', '{"a": 1}', '[]');
"""

METADATA = {
    "version": 3,
    "sources": [
        {
            "name": "default",
            "kind": "postgres",
            "configuration": {"connection_info": {"database_url": {"from_env": "HASURA_GRAPHQL_DATABASE_URL"}}},
            "tables": [
                {
                    "table": {"schema": "public", "name": "users"},
                    "event_triggers": [
                        {
                            "name": "told",
                            "definition": {"enable_manual": False, "insert": {"columns": "*"}},
                            "retry_conf": {"num_retries": 0, "interval_sec": 10, "timeout_sec": 60},
                            "webhook": "{{HOOK}}/told",
                        }
                    ],
                }
            ],
        }
    ],
    "cron_triggers": [
        {"name": "nightly", "webhook": "{{HOOK}}/nightly", "schedule": "0 3 * * *", "include_in_metadata": True}
    ],
    "actions": [
        {
            "name": "greet",
            "definition": {
                "handler": "{{HOOK}}/greet",
                "kind": "asynchronous",
                "type": "mutation",
                "output_type": "Greeting",
            },
        }
    ],
    "custom_types": {"objects": [{"name": "Greeting", "fields": [{"name": "said", "type": "String"}]}]},
}
PLANNED = "SELECT count(*) FROM hdb_catalog.hdb_cron_events WHERE status = 'scheduled' AND unheard_of = 7"
UNTOUCHED = (
    "SELECT json_agg(v) FROM hdb_catalog.hdb_version v",
    "SELECT json_agg(n) FROM hdb_catalog.hdb_schema_notifications n",
    "SELECT json_agg(v) FROM hdb_catalog.hdb_source_catalog_version v",
    "SELECT json_agg(t) FROM hdb_catalog.hdb_of_tomorrow t",
    "SELECT json_agg(e) FROM hdb_catalog.event_log e WHERE id = 'done'",
    "SELECT json_agg(l) FROM hdb_catalog.event_invocation_logs l WHERE event_id = 'done'",
    "SELECT json_agg(c) FROM hdb_catalog.event_log_cleanups c",
    "SELECT json_agg(e) FROM hdb_catalog.hdb_cron_events e WHERE id = 'night'",
    "SELECT json_agg(l) FROM hdb_catalog.hdb_cron_event_invocation_logs l WHERE event_id = 'night'",
    "SELECT json_agg(to_jsonb(a) - 'lease_until') FROM hdb_catalog.hdb_action_log a",
    "SELECT json_agg(metadata) FROM hdb_catalog.hdb_metadata",
    "SELECT json_agg(unheard_of ORDER BY id) FROM hdb_catalog.event_log WHERE id IN ('done', 'left', 'held')",
)


async def laid_out(dsn: str) -> asyncpg.Connection[Any]:
    connection = await asyncpg.connect(dsn)
    await connection.execute(CATALOG + CAPTURE + HISTORY)
    insert = "INSERT INTO hdb_catalog.hdb_metadata VALUES (1, $1, 41)"
    await connection.execute(insert, json.dumps(METADATA))
    return connection


async def state(connection: asyncpg.Connection[Any]) -> list[Json]:
    return [json.loads(await connection.fetchval(sql)) for sql in UNTOUCHED]


def test_an_engine_takes_over_a_catalog_of_hasura_without_loss(dsn: str) -> None:
    async def go() -> None:
        connection = await laid_out(dsn)
        before = await state(connection)
        async with running({"events_webhook"}) as helpers:
            hook = helpers["events_webhook"]
            async with serving(dsn, HOOK=hook.url) as api:
                exported = await api.metadata("export_metadata", {}, version=2)
                assert exported["resource_version"] == 41
                assert (await api.metadata("get_inconsistent_metadata", {}))["is_consistent"] is True
                assert await api.graphql("{ users { id name } }") == {"data": {"users": [{"id": 1, "name": "Ada"}]}}
                asked = '{ greet(id: "99999999-2222-3333-4444-555555555555") { output { said } } }'
                assert (await api.graphql(asked))["data"] == {"greet": {"output": {"said": "hello"}}}
                got = sorted([(delivery.path, delivery.body["id"]) for delivery in await arrived(hook, 4)])
                assert got == [("/nightly", "stuck"), ("/once", "once"), ("/told", "held"), ("/told", "left")]
                await api.graphql('mutation { insert_users_one(object: {id: 2, name: "Bob"}) { id } }', ADMIN)
                event = (await hook.next(PATIENCE_S)).body["event"]
                assert (event["op"], event["data"]["new"]) == ("INSERT", {"id": 2, "name": "Bob"})
                state_of = await api.metadata("get_catalog_state", {})
                assert state_of["id"] == "11111111-2222-3333-4444-555555555555"
                assert await connection.fetchval(PLANNED) == 100
                assert await state(connection) == before
                await api.metadata("pg_delete_event_trigger", {"name": "told"})
                assert (await api.metadata("export_metadata", {}, version=2))["resource_version"] == 42
        await connection.close()

    asyncio.run(go())


async def arrived(hook: Any, count: int) -> list[Any]:
    return [await hook.next(PATIENCE_S) for _ in range(count)]


@pytest.mark.parametrize("older", ["2.12", "2.13"])
def test_old_events_can_be_deleted_in_a_catalog_that_held_on_to_their_logs(dsn: str, older: str) -> None:
    """Before 2.13 there was no table of cleanups, and a log entry referred to its event."""
    before_213 = """
        DROP TABLE hdb_catalog.event_log_cleanups;
        ALTER TABLE hdb_catalog.event_invocation_logs DROP COLUMN trigger_name,
            ADD FOREIGN KEY (event_id) REFERENCES hdb_catalog.event_log (id);
    """

    async def go() -> None:
        connection = await laid_out(dsn)
        if older == "2.12":
            await connection.execute(before_213)
        async with running({"events_webhook"}) as helpers, serving(dsn, HOOK=helpers["events_webhook"].url):
            await arrived(helpers["events_webhook"], 4)
            await connection.execute("DELETE FROM hdb_catalog.event_log WHERE id = 'done'")
            kept = "SELECT count(*) FROM hdb_catalog.event_invocation_logs WHERE event_id = 'done'"
            assert await connection.fetchval(kept) == 1
        await connection.close()

    asyncio.run(go())
