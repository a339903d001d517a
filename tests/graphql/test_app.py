from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from nself.errors import ConfigError
from nself.graphql.app import SERVER
from nself.graphql.engine import Engine
from nself.settings import describe, from_env, secrets_of
from tests.cluster import Cluster
from tests.conformance.server import lifespan
from tests.graphql.process import running
from tests.graphql.serving import ADMIN, Api, authors_and_articles, play, serving


def test_the_open_endpoints_answer_without_credentials(dsn: str) -> None:
    async def script(api: Api) -> None:
        for path in ("/healthz", "/hasura/healthz"):
            reply = await api.http.get(path)
            assert (reply.status_code, reply.text) == (200, "OK")
        version = (await api.http.get("/v1/version")).json()
        assert re.fullmatch(r"v2\.\d+\.\d+", version["version"])
        assert version["server_type"] == "ce"

    play(dsn, script)


def test_the_configuration_is_for_the_administrator_and_holds_no_secret(dsn: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.http.get("/v1alpha1/config")).status_code == 401
        assert (await api.http.get("/v1alpha1/config", headers={**ADMIN, "x-hasura-role": "user"})).status_code == 400
        reply = await api.http.get("/v1alpha1/config", headers=ADMIN)
        assert reply.json()["is_admin_secret_set"] is True
        assert ADMIN["x-hasura-admin-secret"] not in reply.text

    play(dsn, script)


def test_graphql_failures_are_200_and_elsewhere_statuses_show(dsn: str) -> None:
    async def script(api: Api) -> None:
        refused = await api.post("/v1/graphql", {"query": "{ a }"}, {})
        message = "x-hasura-admin-secret/x-hasura-access-key required, but not found"
        shown = {"message": message, "extensions": {"path": "$", "code": "access-denied"}}
        assert (refused.status_code, refused.json()) == (200, {"errors": [shown]})
        flat = {"path": "$", "error": message, "code": "access-denied"}
        for path in ("/v1/metadata", "/v1/query", "/v2/query", "/v1/graphql/explain"):
            reply = await api.post(path, {"query": "{ a }", "type": "export_metadata", "args": {}}, {})
            assert (reply.status_code, reply.json()) == (401, flat)
        wrong = await api.post("/v1alpha1/graphql", {"query": "{ nope }"})
        assert (wrong.status_code, wrong.json()["errors"][0]["extensions"]["code"]) == (400, "validation-failed")

    play(dsn, script)


def test_a_batch_is_answered_in_order_and_one_error_stops_nobody(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        batch = [{"query": "{ author(limit: 1) { name } }"}, {"query": "{ nope }"}, {"query": "{ article { id } }"}, 7]
        replies = (await api.post("/v1/graphql", batch)).json()
        assert [next(iter(reply)) for reply in replies] == ["data", "errors", "data", "errors"]

    play(dsn, script)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid-json"),
        (b"\xff\xfe", "invalid-json"),
        (b"", "invalid-json"),
        (b"[" * 100_000, "invalid-json"),
        (b'"query"', "parse-failed"),
        (b"{}", "parse-failed"),
        (b'{"query": 7}', "parse-failed"),
        (b'{"query": "{a}", "variables": [1]}', "parse-failed"),
        (b'{"query": "{a}", "operationName": {}}', "parse-failed"),
        (b'{"extensions": {"persistedQuery": {"sha256Hash": "x"}}}', "not-supported"),
        (b'{"query": "{"}', "validation-failed"),
    ],
)
def test_bodies_that_are_no_request_are_refused_with_a_code(dsn: str, body: bytes, code: str) -> None:
    async def script(api: Api) -> None:
        reply = await api.http.post("/v1/graphql", content=body, headers=ADMIN)
        assert reply.status_code == 200
        assert reply.json()["errors"][0]["extensions"]["code"] == code

    play(dsn, script)


def test_variables_may_be_null_and_extra_keys_are_ignored(dsn: str) -> None:
    async def script(api: Api) -> None:
        body = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": {"a": 1}}
        assert (await api.post("/v1/graphql", body)).json() == {"data": {"__typename": "query_root"}}

    play(dsn, script)


def test_a_body_beyond_the_limit_is_refused_declared_or_not(dsn: str) -> None:
    async def script(api: Api) -> None:
        async def drip() -> Any:
            for _ in range(17):
                yield b" " * 65536

        for content in (b" " * 1_100_000, drip()):
            reply = await api.http.post("/v1/graphql", content=content, headers=ADMIN)
            assert reply.status_code == 413

    play(dsn, script, HASURA_GRAPHQL_BODY_LIMIT="1")


def test_unknown_paths_and_methods_are_not_found_in_json(dsn: str) -> None:
    async def script(api: Api) -> None:
        for reply in (await api.http.get("/v2/nope"), await api.http.delete("/v1/metadata"), await api.http.get("/")):
            assert reply.status_code == 404
            assert reply.json() == {"path": "$", "error": "resource does not exist", "code": "not-found"}

    play(dsn, script)


def test_disabled_apis_do_not_exist(dsn: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.post("/v1/metadata", {"type": "export_metadata", "args": {}})).status_code == 404
        assert (await api.post("/v1/graphql", {"query": "{ __typename }"})).status_code == 200

    play(dsn, script, HASURA_GRAPHQL_ENABLED_APIS="graphql")


def test_answers_carry_the_requests_id_or_one_of_their_own(dsn: str) -> None:
    async def script(api: Api) -> None:
        assert (await api.http.get("/healthz", headers={"x-request-id": "abc-1"})).headers["x-request-id"] == "abc-1"
        made = (await api.http.get("/healthz", headers={"x-request-id": "a b" * 100})).headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{32}", made)

    play(dsn, script)


def test_large_answers_are_compressed_when_the_client_can(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        asked = {"query": "{ __schema { types { name fields { name } } } }"}
        reply = await api.post("/v1/graphql", asked, {**ADMIN, "accept-encoding": "gzip"})
        assert reply.headers["content-encoding"] == "gzip"
        assert reply.json()["data"]
        plain = await api.post("/v1/graphql", asked, {**ADMIN, "accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.headers["content-type"] == "application/json; charset=utf-8"

    play(dsn, script)


def allowed(api: Api, origin: str) -> Any:
    preflight = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-hasura-role",
    }
    return api.http.options("/v1/graphql", headers=preflight)


def test_browsers_may_call_from_the_origins_that_are_listed(dsn: str) -> None:
    async def script(api: Api) -> None:
        for origin in ("https://app.example.com", "http://localhost:3000", "http://127.0.0.1:5173", "http://127.0.0.1"):
            reply = await allowed(api, origin)
            assert reply.headers["access-control-allow-origin"] == origin
            assert reply.headers["access-control-allow-credentials"] == "true"
            assert "x-hasura-role" in reply.headers["access-control-allow-headers"]
        for origin in (
            "https://example.com",
            "https://a.b.example.com",
            "https://app.example.com.evil.org",
            "http://127.0.0.1:",
            "null",
        ):
            assert "access-control-allow-origin" not in (await allowed(api, origin)).headers
        error = await api.http.post("/v1/metadata", json={}, headers={"origin": "https://app.example.com"})
        assert error.headers["access-control-allow-origin"] == "https://app.example.com"

    play(dsn, script, HASURA_GRAPHQL_CORS_DOMAIN="https://*.example.com, http://localhost:3000/, http://127.0.0.1:*")


def test_by_default_every_origin_is_let_in_and_with_cors_disabled_none(dsn: str) -> None:
    async def everybody(api: Api) -> None:
        assert (await allowed(api, "https://x.org")).headers["access-control-allow-origin"] == "https://x.org"

    async def nobody(api: Api) -> None:
        assert "access-control-allow-origin" not in (await allowed(api, "https://x.org")).headers

    play(dsn, everybody)
    play(dsn, nobody, HASURA_GRAPHQL_DISABLE_CORS="true")


def test_a_fault_of_ours_gets_an_id_that_the_log_explains(
    dsn: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> bytes:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Engine, "execute", broken)

    async def script(api: Api) -> None:
        shown = await api.post("/v1alpha1/graphql", {"query": "{ a }"})
        error = shown.json()["errors"][0]
        assert (shown.status_code, error["extensions"]["code"]) == (500, "unexpected")
        incident = error["message"].removeprefix("internal error ")
        assert incident in caplog.text
        assert "secret detail" in caplog.text
        wrapped = await api.post("/v1/graphql", {"query": "{ a }"})
        assert wrapped.json()["errors"][0]["message"].startswith("internal error ")
        assert "secret detail" not in shown.text + wrapped.text

    play(dsn, script)


def test_internal_details_are_for_the_administrator_unless_in_development(dsn: str) -> None:
    asked = 'mutation { insert_author(objects: {id: 1, name: "x"}) { affected_rows } }'
    as_user = {**ADMIN, "x-hasura-role": "user"}
    permission = {"table": "author", "role": "user", "permission": {"check": {}, "columns": "*"}}

    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.metadata("pg_create_insert_permission", permission)
        assert "internal" not in (await api.graphql(asked, as_user))["errors"][0]["extensions"]

    async def hidden(api: Api) -> None:
        assert "internal" not in (await api.graphql(asked))["errors"][0]["extensions"]

    play(dsn, script)
    play(dsn, hidden, HASURA_GRAPHQL_ADMIN_INTERNAL_ERRORS="false")


def test_explain_shows_the_statement_as_the_given_user(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        body = {
            "query": {"query": "{ article { title } }"},
            "user": {"X-Hasura-Role": "user", "X-Hasura-Name": "Ada"},
        }
        (field,) = (await api.post("/v1/graphql/explain", body)).json()
        assert field["field"] == "article"
        assert "SELECT" in field["sql"].upper()
        assert isinstance(field["plan"], list)

    play(dsn, script)


def test_the_metadata_directory_is_applied_when_it_differs_from_what_was_applied(dsn: str, tmp_path: Path) -> None:
    files = {
        "version.yaml": "version: 3\n",
        "databases/databases.yaml": "- {name: default, kind: postgres, tables: !include default/tables/tables.yaml}\n",
        "databases/default/tables/tables.yaml": "- table: {schema: public, name: author}\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    async def tracked(api: Api) -> list[str]:
        return [table["table"]["name"] for table in (await api.exported())["tables"]]

    async def unchanged(api: Api) -> None:
        assert await tracked(api) == ["author", "article"]

    async def changed(api: Api) -> None:
        assert await tracked(api) == ["article", "gone"]
        assert (await api.graphql("{ article(limit: 1) { id } }"))["data"]["article"] == [{"id": 1}]

    async def broken(api: Api) -> None:
        assert await tracked(api) == ["article", "gone"]

    async def go() -> None:
        async with serving(dsn) as api:
            await api.sql("CREATE TABLE author (id serial PRIMARY KEY, name text UNIQUE NOT NULL)")

    asyncio.run(go())
    environ = {"HASURA_GRAPHQL_METADATA_DIR": str(tmp_path)}

    async def start_again(api: Api) -> None:
        assert await tracked(api) == ["author"]
        await api.sql("CREATE TABLE article (id int PRIMARY KEY); INSERT INTO article VALUES (1)")
        await api.metadata("pg_track_table", {"table": "article"})

    play(dsn, start_again, **environ)
    play(dsn, unchanged, **environ)
    (tmp_path / "databases/default/tables/tables.yaml").write_text("- table: article\n- table: gone\n")
    play(dsn, changed, **environ)
    (tmp_path / "version.yaml").write_text("version: [\n")
    play(dsn, broken, **environ)


def test_the_metadata_may_live_in_another_database(new_database: Any) -> None:
    data, kept = new_database(), new_database()

    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE t (id int)")
        await api.metadata("pg_track_table", {"table": "t"})
        assert (await api.sql("SELECT to_regclass('hdb_catalog.hdb_metadata')"))["result"][1] == ["NULL"]
        assert await api.graphql("{ t { id } }") == {"data": {"t": []}}

    play(data, script, HASURA_GRAPHQL_METADATA_DATABASE_URL=kept)


@pytest.mark.parametrize(
    "environ",
    [
        {"HASURA_GRAPHQL_JWT_SECRET": '{"type": "HS256"}'},
        {"HASURA_GRAPHQL_JWT_SECRET": '{"type": "none", "key": "x"}'},
        {"HASURA_GRAPHQL_JWT_SECRET": '{"type": "HS256", "key": "k"}', "HASURA_GRAPHQL_AUTH_HOOK": "http://h"},
    ],
)
def test_a_configuration_that_cannot_work_stops_the_start(dsn: str, environ: dict[str, str]) -> None:
    async def go() -> None:
        base = {"HASURA_GRAPHQL_DATABASE_URL": dsn, "HASURA_GRAPHQL_ADMIN_SECRET": "s"}
        app = SERVER.create(from_env(SERVER.settings, base | environ), {})
        async with lifespan(app):
            pass

    with pytest.raises((AssertionError, ConfigError)):
        asyncio.run(go())


def shut_down(cluster: Cluster) -> None:
    """PostgreSQL's fast shutdown: every connection breaks off."""
    cluster.process.send_signal(signal.SIGINT)
    cluster.process.wait(60)


def start_again(cluster: Cluster) -> None:
    with (cluster.folder / "log").open("ab") as log:
        cluster.process = subprocess.Popen(cluster.process.args, stdout=log, stderr=log)
    cluster.run("postgres", "SELECT 1", wait_s=60)


def test_the_server_recovers_by_itself_when_postgresql_restarts(caplog: pytest.LogCaptureFixture) -> None:
    cluster = Cluster.start()

    async def script(api: Api) -> None:
        await authors_and_articles(api)
        asked = "{ author(limit: 1) { name } }"
        assert "data" in await api.graphql(asked)
        await asyncio.to_thread(shut_down, cluster)
        reply = await api.post("/v1/graphql", {"query": asked})
        assert (reply.status_code, reply.json().get("code")) == (503, "connection-not-established"), reply.text
        assert (await api.http.get("/healthz")).text == "ERROR"
        await asyncio.to_thread(start_again, cluster)
        while (await api.post("/v1/graphql", {"query": asked})).status_code != 200:
            await asyncio.sleep(0.02)
        again = await api.graphql(asked)
        assert again.get("data") == {"author": [{"name": "Ada"}]}, again
        assert (await api.http.get("/healthz")).text == "OK"

    try:
        play(cluster.dsn("postgres"), script)
    finally:
        cluster.stop()
    assert not [record for record in caplog.records if record.name == "nself.graphql" and record.exc_info]


def test_it_runs_alone_as_a_process(dsn: str, tmp_path: Path) -> None:
    with running(dsn, tmp_path) as url:
        reply = httpx.post(f"{url}/v1/graphql", json={"query": "{ __typename }"}, trust_env=False)
        assert reply.json() == {"data": {"__typename": "query_root"}}


def test_settings_are_documented_and_secrets_marked() -> None:
    assert all(declared.variable.help for declared in describe(SERVER.settings))
    assert secrets_of(SERVER.settings) == {
        "HASURA_GRAPHQL_DATABASE_URL",
        "HASURA_GRAPHQL_METADATA_DATABASE_URL",
        "HASURA_GRAPHQL_ADMIN_SECRET",
        "HASURA_GRAPHQL_JWT_SECRET",
        "HASURA_GRAPHQL_JWT_SECRETS",
    }


def test_requests_under_way_are_waited_for_no_longer_than_the_setting_says(dsn: str, tmp_path: Path) -> None:
    with running(dsn, tmp_path, HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT="1") as url:
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port or 0), timeout=90) as client:
            body = b'{"type": "run_sql", "args": {"sql": "SELECT pg_sleep(60)"}}'
            client.sendall(b"POST /v2/query HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            _until_asleep(dsn)


def _until_asleep(dsn: str) -> None:
    async def look() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            ours = "application_name = 'nself-graphql' AND state = 'active' AND query LIKE '%pg_sleep%'"
            asleep = f"SELECT count(*) FROM pg_stat_activity WHERE {ours}"
            async with asyncio.timeout(90):
                while not await connection.fetchval(asleep):
                    await asyncio.sleep(0.02)
        finally:
            await connection.close()

    asyncio.run(look())


def test_variables_without_effect_are_named_at_start(dsn: str, caplog: pytest.LogCaptureFixture) -> None:
    async def name_one(api: Api) -> None:
        await api.sql("CREATE TABLE a (id int)")
        await api.metadata("pg_track_table", {"table": "a"})
        trigger = {"name": "t", "table": "a", "insert": {"columns": "*"}, "webhook_from_env": "HASURA_GRAPHQL_HOOK"}
        await api.metadata("pg_create_event_trigger", trigger)

    async def nothing(api: Api) -> None:
        pass

    environ = {"HASURA_GRAPHQL_HOOK": "http://127.0.0.1:9", "HASURA_GRAPHQL_TX_ISOLATION": "serializable"}
    play(dsn, name_one, **environ)
    caplog.clear()
    play(dsn, nothing, **environ, HASURA_GRAPHQL_DEV_MODE="true")
    named = [record.getMessage() for record in caplog.records if "no effect" in record.getMessage()]
    assert [text.split()[0] for text in named] == ["HASURA_GRAPHQL_TX_ISOLATION"]
